//! Work shared by a few threads.

use crate::ReplayError;
use std::num::NonZero;
use std::sync::{Condvar, Mutex, PoisonError};
use std::thread;

/// More threads than this only wait for each other.
const THREADS_MAX: usize = 8;

/// How many threads to use.
fn count() -> usize {
    thread::available_parallelism().map_or(2, NonZero::get).clamp(2, THREADS_MAX)
}

/// Something that must be done in order, by whoever prepared the next piece.
#[derive(Debug)]
pub(crate) struct InOrder<T> {
    inner: Mutex<Turn<T>>,
    changed: Condvar,
}

#[derive(Debug)]
struct Turn<T> {
    next: u64,
    stopped: bool,
    value: T,
}

impl<T> InOrder<T> {
    pub(crate) fn new(value: T) -> Self {
        Self { inner: Mutex::new(Turn { next: 0, stopped: false, value }), changed: Condvar::new() }
    }

    /// Waits until it is the turn of a number and does the work; none when it was stopped.
    pub(crate) fn at<R>(&self, number: u64, work: impl FnOnce(&mut T) -> R) -> Option<R> {
        let mut turn = self.inner.lock().unwrap_or_else(PoisonError::into_inner);
        while turn.next != number && !turn.stopped {
            turn = self.changed.wait(turn).unwrap_or_else(PoisonError::into_inner);
        }
        if turn.stopped {
            return None;
        }
        let done = work(&mut turn.value);
        turn.next += 1;
        drop(turn);
        self.changed.notify_all();
        Some(done)
    }

    /// Lets everybody go who waits.
    pub(crate) fn stop(&self) {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner).stopped = true;
        self.changed.notify_all();
    }

    /// The value, when all is done.
    pub(crate) fn into_inner(self) -> T {
        self.inner.into_inner().unwrap_or_else(PoisonError::into_inner).value
    }
}

/// Runs the same work on a few threads; the first error is the answer, after `stop` let the others go.
pub(crate) fn on_threads(
    work: impl Fn() -> Result<(), ReplayError> + Sync,
    stop: impl Fn() + Sync,
) -> Result<(), ReplayError> {
    let guarded = || {
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
