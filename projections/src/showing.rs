//! What was answered and is not yet to be read: readers wait for it, writers do not.

use crate::error::ViewError;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex, PoisonError};

/// How far the views of this process have been promised, and how far they have come. Cloning shares it.
///
/// Whoever records events says so before it answers ([`Showing::announce`]), whoever writes the views says when they are
/// there ([`Showing::shown`]) or cannot be for now ([`Showing::missed`]), and views opened by [`crate::Views::open_after`] let
/// every question wait for all that was announced before it. One that would be answered without some of it is refused.
#[derive(Clone, Debug)]
pub struct Showing(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    announced: AtomicU64,
    shown: AtomicU64,
    /// What nobody waits for any more: shown, or missed. Never less than `shown`.
    settled: AtomicU64,
    waiting: Mutex<()>,
    turn: Condvar,
}

impl From<u64> for Showing {
    /// Of views that hold everything before a position.
    fn from(position: u64) -> Self {
        let at = || AtomicU64::new(position);
        let (announced, shown, settled) = (at(), at(), at());
        Self(Arc::new(Inner { announced, shown, settled, waiting: Mutex::new(()), turn: Condvar::new() }))
    }
}

impl Showing {
    /// Everything before a position is going to be shown.
    pub fn announce(&self, before: u64) {
        self.0.announced.fetch_max(before, Ordering::AcqRel);
    }

    /// How many events were announced.
    #[must_use]
    pub fn announced(&self) -> u64 {
        self.0.announced.load(Ordering::Acquire)
    }

    /// Everything before a position is shown.
    pub fn shown(&self, before: u64) {
        self.0.shown.fetch_max(before, Ordering::AcqRel);
        self.settle(before);
    }

    /// What is before a position and not shown cannot be for now: who waits for it is refused instead, until it is
    /// [`Showing::shown`] after all.
    pub fn missed(&self, before: u64) {
        self.settle(before);
    }

    /// Whether something announced cannot be shown for now.
    #[must_use]
    pub fn is_behind(&self) -> bool {
        let [announced, shown, settled] = [&self.0.announced, &self.0.shown, &self.0.settled]
            .map(|position| position.load(Ordering::Acquire));
        shown < announced.min(settled)
    }

    fn settle(&self, before: u64) {
        self.0.settled.fetch_max(before, Ordering::AcqRel);
        // Under the lock, so that it is not missed by somebody between looking and sleeping.
        let _held = self.0.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        self.0.turn.notify_all();
    }

    /// Lets everybody go on, now and later, once the guard is dropped.
    #[must_use]
    pub fn until_dropped(self) -> UntilDropped {
        UntilDropped(self)
    }

    /// Waits for what has been announced by now.
    ///
    /// # Errors
    /// [`ViewError::Behind`] when some of it cannot be shown for now.
    pub(crate) fn wait(&self) -> Result<(), ViewError> {
        let announced = self.announced();
        if announced <= self.0.shown.load(Ordering::Acquire) {
            return Ok(());
        }
        let mut held = self.0.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        while self.0.settled.load(Ordering::Acquire) < announced {
            held = self.0.turn.wait(held).unwrap_or_else(PoisonError::into_inner);
        }
        let shown = self.0.shown.load(Ordering::Acquire);
        if announced <= shown { Ok(()) } else { Err(ViewError::Behind { shown, recorded: announced }) }
    }
}

/// Ends all waiting when it is dropped.
#[derive(Debug)]
pub struct UntilDropped(Showing);

impl Drop for UntilDropped {
    fn drop(&mut self) {
        self.0.missed(u64::MAX);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_question_waits_for_what_was_announced_before_it_and_for_no_more() {
        let showing = Showing::from(3);
        showing.wait().unwrap();
        showing.announce(5);
        let (asked, answered) = std::sync::mpsc::channel();
        std::thread::scope(|scope| {
            let reader = showing.clone();
            scope.spawn(move || {
                reader.wait().unwrap();
                asked.send(()).unwrap();
            });
            showing.shown(4);
            assert!(answered.try_recv().is_err(), "4 is not there yet");
            showing.shown(5);
            answered.recv().unwrap();
        });
    }

    #[test]
    fn a_question_that_would_miss_something_announced_is_refused_until_it_is_shown() {
        let showing = Showing::from(3);
        showing.announce(5);
        assert!(!showing.is_behind(), "it may come yet");
        showing.missed(5);
        assert!(showing.is_behind());
        assert!(matches!(showing.wait(), Err(ViewError::Behind { shown: 3, recorded: 5 })));
        showing.shown(5);
        assert!(!showing.is_behind());
        showing.wait().unwrap();

        drop(showing.clone().until_dropped());
        showing.wait().unwrap();
        showing.announce(6);
        assert!(matches!(showing.wait(), Err(ViewError::Behind { shown: 5, recorded: 6 })));
    }
}
