//! Keeping up with the log.

use crate::error::ViewError;
use crate::projector::Projector;
use crate::rebuild::{Progress, Report};
use crate::wait::wait_for;
use accord_store::Stored;
use std::ops::ControlFlow;
use std::sync::Arc;

/// Events read from the log at a time.
const BATCH_EVENTS: usize = 20_000;

/// Views with more than this ahead of them and nothing behind them are made by [`Projector::rebuild`], which is faster.
pub(crate) const REBUILD_FROM: u64 = 100_000;

impl Projector {
    /// How many events the log is ahead of the views.
    ///
    /// # Errors
    /// When the log cannot be read.
    pub fn lag(&self) -> Result<u64, ViewError> {
        Ok(wait_for(self.log.len())?.saturating_sub(self.position()))
    }

    /// Takes in everything the log holds. Gives how many events that were.
    ///
    /// # Errors
    /// [`ViewError::Cancelled`] when the report says to stop: what is taken in stays. Else as [`Projector::project`].
    pub fn catch_up(&mut self, report: &mut Report<'_>) -> Result<u64, ViewError> {
        let start = self.position();
        let lag = self.lag()?;
        if lag > REBUILD_FROM {
            tracing::warn!(
                events = lag,
                "the views are behind the log; they are computed first, which takes a while"
            );
            if start == 0 {
                self.rebuild(report)?;
                return Ok(self.position());
            }
        }
        let (log, total) = (Arc::clone(&self.log), start + lag);
        loop {
            let events = wait_for(log.read_all(self.position(), BATCH_EVENTS))?;
            if events.is_empty() {
                return Ok(self.position() - start);
            }
            self.project(&events)?;
            let done = self.position();
            if report(Progress { done, total: total.max(done) }).is_break() {
                return Err(ViewError::Cancelled);
            }
        }
    }

    /// Takes in events just recorded, and first those in between when some were missed: after an error of an earlier
    /// call the next one mends it.
    ///
    /// # Errors
    /// As [`Projector::project`].
    pub fn keep_up(&mut self, events: &[Stored]) -> Result<(), ViewError> {
        match events.first() {
            Some(first) if first.position > self.position() => {
                self.catch_up(&mut |_| ControlFlow::Continue(())).map(|_| ())
            }
            Some(_) | None => self.project(events),
        }
    }

    /// Follows the log until `stop` says so; `stop` is asked after each step. For a node that does not write the log
    /// itself. An error is told to `stop` too and tried again with the next event.
    pub async fn follow(&mut self, mut stop: impl FnMut(Result<u64, ViewError>) -> ControlFlow<()>) {
        let mut length = self.log.subscribe();
        loop {
            length.mark_unchanged();
            let step = self.catch_up(&mut |_| ControlFlow::Continue(()));
            if stop(step).is_break() || length.changed().await.is_err() {
                return;
            }
        }
    }
}
