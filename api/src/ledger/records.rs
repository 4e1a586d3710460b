//! What is read of a ledger from its log alone: no view is needed for it, and no more of the law than this program can read.

use super::{Ledger, OpenError, existing, log_failed};
use accord_domain::{Instant, Laws};
use accord_projections::wait_for;
use accord_store::clock::Clock;
use accord_store::keys::Signer;
use accord_store::laws::{Ends, Readable};
use accord_store::{EventLog, SqliteLog};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// The records of a ledger, open for reading, beside a writer in another process.
#[derive(Debug)]
pub struct Records {
    dir: PathBuf,
    log: SqliteLog,
    signer: Option<Signer>,
    law: Readable,
}

impl Records {
    /// Opens the records of a directory. A law that cannot be read to its end is no error.
    ///
    /// # Errors
    /// [`OpenError`] says what is in the way.
    pub fn open(dir: &Path, clock: Arc<dyn Clock>) -> Result<Self, OpenError> {
        existing(dir)?;
        let log = SqliteLog::open_read_only(dir, clock).map_err(|error| log_failed(dir, error))?;
        let signer = Signer::open(dir, log.ledger_id()).ok();
        let law = wait_for(accord_store::laws::readable(&log)).map_err(|error| log_failed(dir, error))?;
        Ok(Self { dir: dir.to_owned(), log, signer, law })
    }

    /// The same under the whole law: one that cannot be read to its end is an error, as for [`Ledger::open`].
    ///
    /// # Errors
    /// [`OpenError`] says what is in the way.
    pub fn open_whole(dir: &Path, clock: Arc<dyn Clock>) -> Result<Self, OpenError> {
        let mut records = Self::open(dir, clock)?;
        records.law.ends.take().map_or(Ok(records), |ends| Err(log_failed(dir, ends.error)))
    }

    /// The log.
    #[must_use]
    pub fn log(&self) -> &SqliteLog {
        &self.log
    }

    /// The law, as far as it can be read.
    #[must_use]
    pub fn laws(&self) -> &Laws {
        &self.law.laws
    }

    /// Where the law ends that this program can read; none where it reads all.
    #[must_use]
    pub fn law_ends(&self) -> Option<&Ends> {
        self.law.ends.as_ref()
    }

    /// What a bundle is made from.
    #[must_use]
    pub fn source(&self) -> BundleSource<'_> {
        let (laws, ends) = (self.law.laws.clone(), self.law.ends.as_ref());
        BundleSource { dir: &self.dir, log: &self.log, signer: self.signer.as_ref(), laws, ends }
    }
}

/// What evidence is taken from.
#[derive(Clone)]
pub struct BundleSource<'a> {
    /// The ledger's directory: what witnesses signed is kept there.
    pub dir: &'a Path,
    /// The log.
    pub log: &'a dyn EventLog,
    /// What signs; none where the key cannot be read.
    pub signer: Option<&'a Signer>,
    /// The law, as far as it can be read.
    pub laws: Laws,
    /// Where that ends.
    pub ends: Option<&'a Ends>,
}

impl BundleSource<'_> {
    /// Where the law ends that can be read, if that was before an instant of recording or at it.
    #[must_use]
    pub fn law_ends_by(&self, known_at: Instant) -> Option<&Ends> {
        self.ends.filter(|ends| ends.recorded_at <= known_at)
    }
}

impl Ledger {
    /// What a bundle is made from.
    #[must_use]
    pub fn source(&self) -> BundleSource<'_> {
        BundleSource {
            dir: self.dir(),
            log: &**self.log(),
            signer: self.signer(),
            laws: self.laws(),
            ends: None,
        }
    }
}
