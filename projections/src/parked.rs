//! Subjects set aside: an event of theirs cannot be understood, so their rows stay as of the event before it, and everybody
//! else's go on.
//!
//! They come back by themselves. The event in the way is looked at again whenever the views are opened for writing, by a
//! program that may be newer, and with every further event of its own subject: one event is read for it, and nothing is
//! folded until it is understood. Then the subject's events from there on are taken in. Their rows are those of a subject
//! that was never set aside, for every row says by its own event when it became known.

use crate::error::ViewError;
use crate::fold::{self, Citations};
use crate::projector::Projector;
use crate::wait::wait_for;
use crate::write::Statements;
use accord_domain::{Subject, Version};
use accord_store::Stored;
use rusqlite::OptionalExtension;
use std::collections::BTreeSet;
use std::sync::Arc;

/// Subjects looked at in one transaction when the views are opened.
const LOOKED_AT_AT_ONCE: usize = 1_000;

/// Events of a subject read at a time.
const PAGE_EVENTS: usize = 1_000;

pub(crate) const PARK: &str = "INSERT OR REPLACE INTO parked (stream, position, error) VALUES (?1, ?2, ?3)";

/// An event that cannot be understood, and why.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct NotUnderstood {
    pub(crate) position: u64,
    pub(crate) error: String,
}

/// Why an event was not taken in.
pub(crate) enum Trouble {
    /// An event of its subject cannot be understood.
    Park(NotUnderstood),
    /// The views or the log do not work.
    Views(ViewError),
}

impl<E: Into<ViewError>> From<E> for Trouble {
    fn from(error: E) -> Self {
        Self::Views(error.into())
    }
}

impl Projector {
    /// Sets a subject aside.
    pub(crate) fn park(&mut self, stream: &Arc<str>, why: &NotUnderstood) -> Result<(), ViewError> {
        let NotUnderstood { position, error } = why;
        tracing::error!(position, error, "a subject is parked: its event cannot be understood");
        self.connection.prepare_cached(PARK)?.execute((&**stream, position.cast_signed(), error))?;
        self.parked.insert(Arc::clone(stream), *position);
        Ok(())
    }

    /// Looks again at every subject set aside.
    pub(crate) fn bring_back_all(&mut self) -> Result<(), ViewError> {
        let mut streams: Vec<(u64, Arc<str>)> =
            self.parked.iter().map(|(stream, position)| (*position, Arc::clone(stream))).collect();
        streams.sort_unstable();
        for some in streams.chunks(LOOKED_AT_AT_ONCE) {
            self.connection.execute_batch("BEGIN IMMEDIATE")?;
            if let Err(error) = some.iter().try_for_each(|(_, stream)| self.bring_back(stream)) {
                self.withdraw()?;
                return Err(error);
            }
            self.show()?;
        }
        Ok(())
    }

    /// Looks again at the subjects set aside that events are about to be taken in of.
    pub(crate) fn bring_back_of(&mut self, events: &[Stored]) -> Result<(), ViewError> {
        if self.parked.is_empty() {
            return Ok(());
        }
        let streams = events.iter().map(|stored| &stored.stream);
        let mine: BTreeSet<Arc<str>> =
            streams.filter(|stream| self.parked.contains_key(*stream)).cloned().collect();
        mine.iter().try_for_each(|stream| self.bring_back(stream))
    }

    /// Takes in what was passed over of a subject, as far as it is understood now.
    fn bring_back(&mut self, stream: &Arc<str>) -> Result<(), ViewError> {
        let Some(&position) = self.parked.get(stream) else { return Ok(()) };
        if !self.is_understood(position)? {
            return Ok(());
        }
        self.parked.remove(stream);
        self.connection.prepare_cached("DELETE FROM parked WHERE stream = ?1")?.execute([&**stream])?;
        let (mut next, taken_in) = (self.next_version(stream)?, self.position());
        loop {
            let page = wait_for(self.log.read_stream(stream, next, PAGE_EVENTS))?;
            next += page.len() as Version;
            let is_last = page.len() < PAGE_EVENTS;
            for stored in page.iter().filter(|stored| stored.position < taken_in) {
                match self.take_in_one(stored, std::slice::from_ref(stored)) {
                    Ok(()) => {}
                    Err(Trouble::Park(why)) => {
                        self.write_head(stream)?;
                        return self.park(stream, &why);
                    }
                    Err(Trouble::Views(error)) => return Err(error),
                }
            }
            if is_last {
                break;
            }
        }
        tracing::info!(position, "a parked subject is back: its event is understood");
        self.write_head(stream)
    }

    /// Whether the event in the way is none any more. Nothing but this event is looked at.
    fn is_understood(&self, position: u64) -> Result<bool, ViewError> {
        let there = wait_for(self.log.read_all(position, 1))?;
        Ok(there.first().is_some_and(|stored| {
            let mut citations = Citations::default();
            Subject::parse(&stored.stream).is_ok_and(|subject| {
                // A second stream under the name of another is none that it could come back from.
                stored.version > 0 || self.is_known(&subject).is_ok_and(|known| !known)
            }) && fold::read(stored.into(), &stored.body, &mut citations).is_ok()
        }))
    }

    /// The version after the newest one in the file.
    fn next_version(&self, stream: &str) -> Result<Version, ViewError> {
        let Ok(subject) = Subject::parse(stream) else { return Ok(0) };
        let newest = self
            .connection
            .prepare_cached("SELECT version FROM subjects WHERE code = ?1")?
            .query_row([subject.code()], |row| row.get::<_, Version>(0))
            .optional()?;
        Ok(newest.map_or(0, |newest| newest + 1))
    }

    fn write_head(&mut self, stream: &str) -> Result<(), ViewError> {
        if let Some(head) = self.heads.get_mut(stream).filter(|head| head.waiting()) {
            self.writer.write(&mut Statements::new(&self.connection), head)?;
        }
        Ok(())
    }
}
