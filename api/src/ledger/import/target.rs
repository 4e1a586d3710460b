//! Where an import puts what it decided: the log, or nowhere when it is only tried out.

use accord_domain::Instant;
use accord_projections::wait_for;
use accord_store::{Answer, Append, AppendError, Appended, Bulk, EventLog, Expected, LogError, SqliteLog};
use std::collections::HashMap;

/// Where a run puts its appends.
pub(super) trait Target {
    fn push(&mut self, append: Append) -> Result<Answer, AppendError>;
    fn committed(&self) -> u64;
    /// What was answered under a key, what is still under way included.
    fn request(&mut self, key: &str) -> Result<Option<([u8; 32], Appended)>, LogError>;
}

impl Target for Bulk {
    fn push(&mut self, append: Append) -> Result<Answer, AppendError> {
        Bulk::push(self, append)
    }

    fn committed(&self) -> u64 {
        Bulk::committed(self)
    }

    fn request(&mut self, key: &str) -> Result<Option<([u8; 32], Appended)>, LogError> {
        Bulk::request(self, key)
    }
}

/// Gives out numbers and writes nothing.
pub(super) struct Rehearsed<'a> {
    log: &'a SqliteLog,
    next: u64,
    recorded_at: Instant,
    keys: HashMap<Box<str>, ([u8; 32], Appended)>,
}

impl<'a> Rehearsed<'a> {
    /// What follows in a log, from a position and a moment on.
    pub(super) fn after(log: &'a SqliteLog, next: u64, now: Instant) -> Self {
        Self { log, next, recorded_at: now, keys: HashMap::new() }
    }
}

impl Target for Rehearsed<'_> {
    fn push(&mut self, append: Append) -> Result<Answer, AppendError> {
        let count = u32::try_from(append.events.len()).unwrap_or(u32::MAX);
        self.recorded_at = Instant::from_micros(self.recorded_at.as_micros() + i64::from(count));
        let first_version = match append.expected {
            Expected::Exact(version) => version + 1,
            Expected::NoStream | Expected::Any | Expected::Exists => 0,
        };
        let appended =
            Appended { first_position: self.next, first_version, count, recorded_at: self.recorded_at };
        self.next += u64::from(count);
        if let Some(request) = append.request {
            self.keys.insert(request.key, (request.digest, appended));
        }
        Ok(Answer { appended, repeated: false })
    }

    fn committed(&self) -> u64 {
        0
    }

    fn request(&mut self, key: &str) -> Result<Option<([u8; 32], Appended)>, LogError> {
        match self.keys.get(key) {
            Some(known) => Ok(Some(*known)),
            None => wait_for(self.log.request(key)),
        }
    }
}
