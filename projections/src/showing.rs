//! What was answered and is not yet to be read: readers wait for it, writers do not.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex, PoisonError};

/// How far the views of this process have been promised, and how far they have come. Cloning shares it.
///
/// Whoever records events says so before it answers ([`Showing::announce`]), whoever writes the views says when they are
/// there ([`Showing::shown`]), and [`crate::Views::after`] lets every question wait for all that was announced before it.
#[derive(Clone, Debug)]
pub struct Showing(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    announced: AtomicU64,
    shown: AtomicU64,
    waiting: Mutex<()>,
    turn: Condvar,
}

impl From<u64> for Showing {
    /// Of views that hold everything before a position.
    fn from(position: u64) -> Self {
        let (announced, shown) = (AtomicU64::new(position), AtomicU64::new(position));
        Self(Arc::new(Inner { announced, shown, waiting: Mutex::new(()), turn: Condvar::new() }))
    }
}

impl Showing {
    /// Everything before a position is going to be shown.
    pub fn announce(&self, before: u64) {
        self.0.announced.fetch_max(before, Ordering::AcqRel);
    }

    /// Everything before a position is shown, as far as it ever will be.
    pub fn shown(&self, before: u64) {
        self.0.shown.fetch_max(before, Ordering::AcqRel);
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
    pub(crate) fn wait(&self) {
        let announced = self.0.announced.load(Ordering::Acquire);
        if announced <= self.0.shown.load(Ordering::Acquire) {
            return;
        }
        let mut held = self.0.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        while self.0.shown.load(Ordering::Acquire) < announced {
            held = self.0.turn.wait(held).unwrap_or_else(PoisonError::into_inner);
        }
    }
}

/// Ends all waiting when it is dropped.
#[derive(Debug)]
pub struct UntilDropped(Showing);

impl Drop for UntilDropped {
    fn drop(&mut self) {
        self.0.shown(u64::MAX);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_question_waits_for_what_was_announced_before_it_and_for_no_more() {
        let showing = Showing::from(3);
        showing.wait();
        showing.announce(5);
        let (asked, answered) = std::sync::mpsc::channel();
        std::thread::scope(|scope| {
            let reader = showing.clone();
            scope.spawn(move || {
                reader.wait();
                asked.send(()).unwrap();
            });
            showing.shown(4);
            assert!(answered.try_recv().is_err(), "4 is not there yet");
            showing.shown(5);
            answered.recv().unwrap();
        });
        showing.announce(6);
        drop(showing.clone().until_dropped());
        showing.wait();
    }
}
