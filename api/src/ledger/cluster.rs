//! Ledgers kept in an EventStoreDB cluster, with a copy in the directory: a feature that is off by default.
//!
//! One node at a time writes. A decision rests on more than the stream it is recorded in: on others it names, on the law as
//! adopted, on what the writer remembers. So where another node was first, nothing is decided again behind the writer's
//! back: the log refuses, and this node must be opened anew. Only one can win, and none records on what it did not know of.

use super::OpenError;
use accord_store::clock::Clock;
use accord_store::replica::Place;
use accord_store::{LogError, SqliteLog};
use std::path::Path;
use std::sync::Arc;

/// Makes a copy of the ledger kept at a place, or of a new one made there; says whether it is new.
#[cfg(feature = "eventstore")]
pub(super) fn create(dir: &Path, place: &Place, salt: u64, clock: &dyn Clock) -> Result<bool, LogError> {
    accord_store::eventstore::EventStoreLog::create(dir, place, salt, clock)
}

#[cfg(not(feature = "eventstore"))]
pub(super) fn create(dir: &Path, _: &Place, _: u64, _: &dyn Clock) -> Result<bool, LogError> {
    Err(LogError::Replica(dir.display().to_string()))
}

/// Opens a directory's log for writing, wherever the truth of it is kept.
pub(super) fn open(dir: &Path, clock: &Arc<dyn Clock>) -> Result<Arc<SqliteLog>, LogError> {
    #[cfg(feature = "eventstore")]
    if SqliteLog::copy_of(dir).exists() {
        let log = accord_store::eventstore::EventStoreLog::open(dir, Arc::clone(clock))?;
        return Ok(Arc::clone(log.copy()));
    }
    SqliteLog::open(dir, Arc::clone(clock)).map(Arc::new)
}

impl super::Ledger {
    /// Makes a copy of a ledger kept in a cluster in a directory that holds none; the ledger too, when there is none yet at
    /// that place. Says whether it was made.
    ///
    /// # Errors
    /// [`OpenError::Exists`], what the cluster and the file system say, and [`LogError::Replica`] in a program built without
    /// clusters.
    pub fn init_in_cluster(
        dir: &Path,
        place: &Place,
        salt: u64,
        clock: &dyn Clock,
    ) -> Result<bool, OpenError> {
        if SqliteLog::exists(dir) {
            return Err(OpenError::Exists(dir.to_owned()));
        }
        create(dir, place, salt, clock).map_err(|source| super::log_failed(dir, source))
    }
}
