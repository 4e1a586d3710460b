//! A log that follows another one. Where the truth is kept elsewhere, a [`SqliteLog`](crate::SqliteLog) holds a copy of it
//! beside the program: it decides what each request comes to, asks before it commits, and answers all reads.
//!
//! What stands here are the words the two speak: whole requests with their events, and [`Gate`], which every commit of the
//! copy must pass.

use crate::port::{LogError, Stored};
use serde::{Deserialize, Serialize};
use std::path::Path;

/// A key as logs keep it, and the digest of what was asked under it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Keyed {
    /// First 16 bytes of the SHA-256 of the key.
    pub key: [u8; 16],
    /// Digest of the canonical command.
    pub digest: [u8; 32],
}

/// One request with all its events, as one log hands it to another.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Recorded {
    /// At least one, of one stream, in order.
    pub events: Vec<Stored>,
    /// Under which key it was asked, when there was one.
    pub keyed: Option<Keyed>,
}

impl Recorded {
    /// Where its first event is.
    #[must_use]
    pub fn first_position(&self) -> u64 {
        self.events.first().map_or(0, |event| event.position)
    }
}

/// Which ledger a log holds: the same in every copy.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Identity {
    /// The ledger's id.
    pub ledger: [u8; 16],
    /// Salt of its event ids.
    pub salt: u64,
    /// When the ledger was made.
    pub created_at: accord_domain::Instant,
}

impl Identity {
    /// That of a new ledger. Draw the salt at random: it goes into every event id, and tells this ledger from others.
    #[must_use]
    pub fn new(salt: u64, clock: &dyn crate::clock::Clock) -> Self {
        let created_at = clock.now();
        // No event stands at the largest position, so no event has this id.
        let ledger = crate::ids::event_id(created_at, crate::ids::POSITION_MAX, salt);
        Self { ledger: ledger.into_bytes(), salt, created_at }
    }
}

/// Where in which cluster a ledger is kept.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Place {
    /// Address, as the clients of the database read it: `esdb://node1:2113,node2:2113?tls=true`. It may hold a name and a
    /// password.
    pub address: String,
    /// Stream of the ledger's events.
    pub stream: String,
}

impl std::fmt::Debug for Place {
    /// Without the address: there may be a password in it.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Place").field("stream", &self.stream).finish_non_exhaustive()
    }
}

impl Place {
    /// What [`Place::read`] reads.
    #[must_use]
    pub fn text(&self) -> String {
        serde_json::to_string_pretty(self).unwrap_or_default() + "\n"
    }

    /// Reads what a copy says of where its ledger is kept, from [`SqliteLog::copy_of`](crate::SqliteLog::copy_of).
    ///
    /// # Errors
    /// [`LogError::NotALedger`] when it cannot be read.
    pub fn read(path: &Path) -> Result<Self, LogError> {
        let unreadable =
            |error: &dyn std::fmt::Display| LogError::NotALedger(format!("{}: {error}", path.display()));
        let text = std::fs::read_to_string(path).map_err(|error| unreadable(&error))?;
        // What is wrong and where, not what it says: there may be a password in it.
        serde_json::from_str(&text).map_err(|error| {
            unreadable(&format!("line {}, column {}: not a place in a cluster", error.line(), error.column()))
        })
    }
}

/// Where the truth is told of a commit before a copy makes it.
pub trait Gate: Send + Sync + std::fmt::Debug {
    /// Records the requests of one commit, in order, where the truth is kept. When this returns, they are recorded there,
    /// and the copy commits them. Blocks until that is so.
    ///
    /// # Errors
    /// The copy commits nothing then. [`LogError::Overtaken`]: somebody else recorded something, the copy must catch up
    /// first. [`LogError::Cluster`]: nothing was recorded. [`LogError::InDoubt`]: whether, or how much, was recorded
    /// is not known.
    fn pass(&self, requests: &[Recorded]) -> Result<(), LogError>;
}
