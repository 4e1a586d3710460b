//! The path of imports: the caller's thread decides and plans, another one writes, a large batch a commit.

use super::files::Lock;
use super::index::digest128;
use super::plan::{Commit, Planner};
use super::read::Reader;
use super::sink::Sink;
use super::warm::Warming;
use super::{Shared, Writer};
use crate::limits::{BULK_BATCH_EVENTS, BULK_QUEUE_BATCHES};
use crate::port::{Answer, Append, AppendError, Appended, LogError, Raw};
use std::sync::mpsc::{SyncSender, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;

/// Is shown what became durable.
pub type Landed = Box<dyn FnMut(Raw<'_>) + Send>;

/// What the writing thread ends with: the writing end, and why it stopped early if it did.
type Written = (Sink, Result<(), Arc<LogError>>);

/// An import under way. Dropping it writes what was pushed and gives the writer back.
///
/// An answer of [`Bulk::push`] gives the numbers at once, so that the next command of the same subject can be decided;
/// it is an acknowledgement only when [`Bulk::committed`] has passed its positions. A crash loses whole batches that
/// were not acknowledged, never a part of one.
#[derive(Debug)]
pub struct Bulk {
    shared: Arc<Shared>,
    home: Arc<Mutex<Option<Writer>>>,
    planner: Option<Planner>,
    reader: Option<Reader>,
    lock: Option<Lock>,
    queue: Option<SyncSender<Commit>>,
    thread: Option<JoinHandle<Written>>,
}

impl Bulk {
    pub(super) fn start(
        shared: Arc<Shared>,
        home: Arc<Mutex<Option<Writer>>>,
        writer: Writer,
        mut landed: Landed,
    ) -> Result<Self, LogError> {
        let Writer { planner, warming, mut sink, _lock: lock } = writer;
        drop(warming);
        let (queue, batches) = sync_channel::<Commit>(BULK_QUEUE_BATCHES);
        let reader = shared.open_reader();
        let spawned = std::thread::Builder::new().name("log-writer".to_owned()).spawn(move || {
            sink.importing = true;
            let written = batches.into_iter().try_for_each(|mut batch| {
                sink.commit(&mut batch, &mut |_| {})?;
                batch.events.iter().for_each(|row| landed(row.raw()));
                Ok(())
            });
            sink.importing = false;
            (sink, written)
        });
        let thread = spawned.map_err(|error| LogError::Other(format!("starting the writer: {error}")))?;
        let mut bulk = Self {
            shared,
            home,
            planner: Some(planner),
            reader: None,
            lock: Some(lock),
            queue: Some(queue),
            thread: Some(thread),
        };
        // Only now, so that a failure gives the writer back.
        bulk.reader = Some(reader?);
        Ok(bulk)
    }

    /// Plans one request and hands over a batch to the writer when it is full.
    ///
    /// # Errors
    /// Those of an append. [`AppendError::Storage`] ends the import: what [`Bulk::committed`] says is durable, the rest is not.
    pub fn push(&mut self, append: Append) -> Result<Answer, AppendError> {
        let (Some(planner), Some(reader)) = (&mut self.planner, &self.reader) else {
            return Err(self.ended());
        };
        let answer = planner.plan(append, self.shared.lookup(reader), self.shared.clock.now())?;
        if planner.planned() >= BULK_BATCH_EVENTS {
            self.learn_what_is_new();
            self.hand_over()?;
        }
        Ok(answer)
    }

    /// The answer given under a key, what was pushed and is not yet durable included.
    ///
    /// # Errors
    /// Those of the store.
    pub fn request(&mut self, key: &str) -> Result<Option<([u8; 32], Appended)>, LogError> {
        let (Some(planner), Some(reader)) = (&mut self.planner, &self.reader) else { return Ok(None) };
        planner.request(&digest128(key), self.shared.lookup(reader))
    }

    /// Every event below this position is durable.
    #[must_use]
    pub fn committed(&self) -> u64 {
        *self.shared.len.borrow()
    }

    /// Hands over what was pushed so far without waiting for a full batch.
    ///
    /// # Errors
    /// [`AppendError::Storage`] when the writer has stopped.
    pub fn hand_over(&mut self) -> Result<(), AppendError> {
        let Some(planner) = &mut self.planner else { return Err(self.ended()) };
        if planner.planned() == 0 {
            return Ok(());
        }
        let commit = planner.take();
        match &self.queue {
            Some(queue) if queue.send(commit).is_ok() => Ok(()),
            _ => Err(self.ended()),
        }
    }

    /// After the first full batch an import is worth a filter: one pass over the index, then new keys and names cost no
    /// search. When the index was flushed during the pass, the next batch tries again.
    fn learn_what_is_new(&self) {
        let covered = self.shared.tail.read().unwrap_or_else(PoisonError::into_inner).unfiltered();
        let index = self.reader.as_ref().and_then(|reader| reader.index.as_ref());
        if let (Some(covered), Some(index)) = (covered, index)
            && let Ok(Some(filter)) = super::index::filter(index, &mut || true)
        {
            let mut tail = self.shared.tail.write().unwrap_or_else(PoisonError::into_inner);
            tail.take_filter(filter, covered);
        }
    }

    fn ended(&mut self) -> AppendError {
        let error = self
            .close()
            .err()
            .unwrap_or_else(|| Arc::new(LogError::Other("the import has ended".to_owned())));
        AppendError::Storage(error)
    }

    /// Waits until everything pushed is durable and gives the writer back; says how long the log is.
    ///
    /// # Errors
    /// Why the rest was not written.
    pub fn finish(mut self) -> Result<u64, Arc<LogError>> {
        let handed_over = self.hand_over();
        self.close()?;
        match handed_over {
            Ok(()) => Ok(self.committed()),
            Err(AppendError::Storage(error)) => Err(error),
            Err(other) => Err(Arc::new(LogError::Other(other.to_string()))),
        }
    }

    /// Ends the writing thread and puts the writer back in its place.
    fn close(&mut self) -> Result<(), Arc<LogError>> {
        self.queue = None;
        let Some(thread) = self.thread.take() else { return Ok(()) };
        let (Some(mut planner), Some(lock)) = (self.planner.take(), self.lock.take()) else { return Ok(()) };
        let Ok((mut sink, written)) = thread.join() else {
            return Err(Arc::new(LogError::Other("the writing thread stopped".to_owned())));
        };
        if let Err(error) = sink.next().map(|next| planner.back_to(next)) {
            sink.broken.get_or_insert_with(|| Arc::new(super::read::failed(error)));
        }
        sink.flush_index();
        *self.home.lock().unwrap_or_else(PoisonError::into_inner) =
            Some(Writer { planner, sink, warming: Warming::default(), _lock: lock });
        written
    }
}

impl Drop for Bulk {
    fn drop(&mut self) {
        if self.thread.is_some()
            && self.hand_over().and_then(|()| self.close().map_err(AppendError::Storage)).is_err()
        {
            tracing::warn!("an import was dropped and its last batch could not be written");
        }
    }
}
