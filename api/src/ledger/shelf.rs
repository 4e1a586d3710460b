//! The law of an open ledger, for all who ask of it.

use accord_domain::Laws;
use std::sync::{Arc, PoisonError, RwLock};

/// One law that the writer brings forward and everybody reads. Whoever takes it down keeps what it was.
#[derive(Clone, Debug)]
pub(super) struct Shelf(Arc<RwLock<Shelved>>);

#[derive(Debug)]
struct Shelved {
    laws: Laws,
    /// Events of the log it was read from.
    events: u64,
}

impl Shelf {
    pub(super) fn new(laws: Laws, events: u64) -> Self {
        Self(Arc::new(RwLock::new(Shelved { laws, events })))
    }

    /// The law known.
    pub(super) fn laws(&self) -> Laws {
        self.0.read().unwrap_or_else(PoisonError::into_inner).laws.clone()
    }

    /// Events of the log that the law known was read from.
    pub(super) fn events(&self) -> u64 {
        self.0.read().unwrap_or_else(PoisonError::into_inner).events
    }

    /// Puts up what the law is after so many events.
    pub(super) fn put(&self, laws: Laws, events: u64) {
        let mut shelved = self.0.write().unwrap_or_else(PoisonError::into_inner);
        // Two readers may have read at once: the later word stays.
        if shelved.events <= events {
            *shelved = Shelved { laws, events };
        }
    }
}
