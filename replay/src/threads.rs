//! Work shared by a few threads.

use crate::ReplayError;
use std::collections::BTreeMap;
use std::num::NonZero;
use std::ops::ControlFlow;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;

/// More threads than this only wait for each other.
const THREADS_MAX: usize = 8;

/// How many threads to use.
fn count() -> usize {
    thread::available_parallelism().map_or(2, NonZero::get).clamp(2, THREADS_MAX)
}

/// Pieces that wait to be taken in: beyond it, whoever hands one in waits for the one before.
const WAITING_MAX: usize = 8;

/// Something that takes in numbered pieces in their order, from threads that prepare them in any.
#[derive(Debug)]
pub(crate) struct InOrder<P, T> {
    waiting: Mutex<Waiting<P>>,
    changed: Condvar,
    value: Mutex<T>,
}

#[derive(Debug)]
struct Waiting<P> {
    pieces: BTreeMap<u64, P>,
    /// Number of the piece to be taken in next.
    next: u64,
    /// Whether somebody is taking pieces in.
    taking: bool,
    stopped: bool,
    /// Pieces that were taken in, with room to be used again.
    used: Vec<P>,
}

impl<P: Default, T> InOrder<P, T> {
    pub(crate) fn new(value: T) -> Self {
        let waiting =
            Waiting { pieces: BTreeMap::new(), next: 0, taking: false, stopped: false, used: Vec::new() };
        Self { waiting: Mutex::new(waiting), changed: Condvar::new(), value: Mutex::new(value) }
    }

    fn lock(&self) -> MutexGuard<'_, Waiting<P>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Hands in a piece. Whoever finds that it is the turn of one that is there takes in all that follow it, with `take`,
    /// which empties a piece and says whether to go on; the others go back to their work at once. Gives an emptied piece
    /// to be filled again; none when it was stopped.
    pub(crate) fn put(
        &self,
        number: u64,
        piece: P,
        take: impl Fn(&mut T, &mut P) -> ControlFlow<()>,
    ) -> Option<P> {
        let mut waiting = self.lock();
        while !waiting.stopped && waiting.next != number && waiting.pieces.len() >= WAITING_MAX {
            waiting = self.changed.wait(waiting).unwrap_or_else(PoisonError::into_inner);
        }
        waiting.pieces.insert(number, piece);
        if !waiting.taking {
            waiting.taking = true;
            waiting = self.take_in(waiting, take);
            waiting.taking = false;
        }
        let used = waiting.used.pop().unwrap_or_default();
        (!waiting.stopped).then_some(used)
    }

    fn take_in<'a>(
        &'a self,
        mut waiting: MutexGuard<'a, Waiting<P>>,
        take: impl Fn(&mut T, &mut P) -> ControlFlow<()>,
    ) -> MutexGuard<'a, Waiting<P>> {
        while !waiting.stopped {
            let next = waiting.next;
            let Some(mut piece) = waiting.pieces.remove(&next) else { break };
            drop(waiting);
            let go_on = take(&mut self.value.lock().unwrap_or_else(PoisonError::into_inner), &mut piece);
            waiting = self.lock();
            waiting.next += 1;
            waiting.stopped |= go_on.is_break();
            waiting.used.push(piece);
            self.changed.notify_all();
        }
        waiting
    }

    /// Lets everybody go who waits.
    pub(crate) fn stop(&self) {
        self.lock().stopped = true;
        self.changed.notify_all();
    }

    /// Whether it was stopped before everything was taken in, or by the last piece.
    pub(crate) fn was_stopped(&self) -> bool {
        self.lock().stopped
    }

    /// The value, when all is done.
    pub(crate) fn into_inner(self) -> T {
        self.value.into_inner().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Lets the others go when a thread ends by a fault.
struct OnFault<'a, F: Fn()>(&'a F);

impl<F: Fn()> Drop for OnFault<'_, F> {
    fn drop(&mut self) {
        if thread::panicking() {
            self.0();
        }
    }
}

/// Runs the same work on a few threads; the first error is the answer, after `stop` let the others go.
pub(crate) fn on_threads(
    work: impl Fn() -> Result<(), ReplayError> + Sync,
    stop: impl Fn() + Sync,
) -> Result<(), ReplayError> {
    let guarded = || {
        let _guard = OnFault(&stop);
        let done = work();
        if done.is_err() {
            stop();
        }
        done
    };
    thread::scope(|scope| {
        let workers: Vec<_> = (0..count()).map(|_| scope.spawn(guarded)).collect();
        let mut outcome = Ok(());
        for worker in workers {
            let done = worker.join().unwrap_or(Err(ReplayError::Stopped));
            if outcome.is_ok() {
                outcome = done;
            }
        }
        outcome
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicU64, Ordering};

    fn numbers(until: u64, stop_at: u64) -> Vec<u64> {
        let claimed = AtomicU64::new(0);
        let order = InOrder::new(Vec::new());
        let take = |all: &mut Vec<u64>, piece: &mut Vec<u64>| {
            all.append(piece);
            if all.len() as u64 == stop_at { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        };
        on_threads(
            || {
                let mut piece = Vec::new();
                loop {
                    let number = claimed.fetch_add(1, Ordering::Relaxed);
                    if number >= until {
                        return Ok(());
                    }
                    piece.push(number);
                    let Some(used) = order.put(number, piece, take) else { return Ok(()) };
                    assert!(used.is_empty());
                    piece = used;
                }
            },
            || order.stop(),
        )
        .unwrap();
        order.into_inner()
    }

    #[test]
    fn pieces_are_taken_in_by_number_and_nothing_after_the_end() {
        assert_eq!(numbers(5_000, u64::MAX), (0..5_000).collect::<Vec<_>>());
        assert_eq!(numbers(5_000, 77), (0..77).collect::<Vec<_>>());
    }

    #[test]
    fn a_fault_of_one_thread_lets_the_others_go() {
        let order = InOrder::<Vec<u64>, ()>::new(());
        let claimed = AtomicU64::new(0);
        let ended = on_threads(
            || {
                // Piece 0 never comes, so that the others wait for it.
                let first = claimed.fetch_add(1, Ordering::Relaxed);
                assert!(first > 0, "a fault, as wanted");
                let mut number = first;
                while order.put(number, Vec::new(), |(), _| ControlFlow::Continue(())).is_some() {
                    number += 100;
                }
                Ok(())
            },
            || order.stop(),
        );
        assert!(matches!(ended, Err(ReplayError::Stopped)));
    }
}
