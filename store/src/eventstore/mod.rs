//! The log in an EventStoreDB cluster: the cluster keeps the truth, a [`SqliteLog`] beside the program a copy of it.
//!
//! - One stream holds one ledger, one event of the database one event of the ledger: the revision in the stream is the
//!   position, gapless, in one order for all. A request is one append, all or nothing.
//! - The copy decides what each request comes to: conditions, keys, numbers, times, hashes. Before it commits, the events go
//!   to the cluster, on condition that the stream still ends where the copy does. Only then does the copy commit, and answer.
//! - Where another node was first, the copy catches up and decides again. No two nodes can record on what the other did not
//!   know of.
//! - An answer that was lost is no failure: what stands in the stream is looked at, and the same sent again.
//! - A copy that was lost is made again from the cluster. One that does not agree with the cluster is refused, not mended.
//!
//! Layout: [`client`] alone knows the crate; [`wire`] how events look there; [`cluster`] asks until it knows. What is written
//! of the database here was read in its sources and tried against a double of its protocol, not against a cluster.

mod client;
mod cluster;
mod wire;

pub use crate::replica::Place;

use crate::clock::Clock;
use crate::limits::{CLUSTER_APPEND_BYTES_MAX, CLUSTER_DECISIONS_MAX, CLUSTER_PAGE_EVENTS};
use crate::merkle::{Frontier, Hash, Subtree};
use crate::port::{Answer, Append, AppendError, Appended, EventLog, Foretold, LogError, Scan, Stored};
use crate::replica::Identity;
use crate::sqlite::SqliteLog;
use accord_domain::{Instant, Version};
use async_trait::async_trait;
use cluster::Cluster;
use std::path::Path;
use std::sync::Arc;
use tokio::sync::watch;
use wire::Gathering;

/// The log in an EventStoreDB cluster.
#[derive(Debug)]
pub struct EventStoreLog {
    copy: Arc<SqliteLog>,
    cluster: Arc<Cluster>,
}

impl EventStoreLog {
    /// Makes an empty copy in a directory: of the ledger that is kept at the place, or of a new one, which is then made
    /// there with the salt given. Says whether it is a new one.
    ///
    /// # Errors
    /// [`LogError::NotALedger`] when a ledger is in the directory; [`LogError::Cluster`]; those of the file system.
    pub fn create(dir: &Path, place: &Place, salt: u64, clock: &dyn Clock) -> Result<bool, LogError> {
        if SqliteLog::exists(dir) {
            return Err(LogError::NotALedger(format!("{} holds a ledger already", dir.display())));
        }
        let new = Identity::new(salt, clock);
        let identity = Cluster::new(place)?.identity_or_make(&new)?;
        SqliteLog::create_copy(dir, &identity, place)?;
        Ok(identity == new)
    }

    /// Opens the copy in a directory for writing, and brings it up to the cluster.
    ///
    /// # Errors
    /// [`LogError::Damaged`] when the two do not agree, [`LogError::Cluster`] when the cluster cannot be asked, and those of
    /// [`SqliteLog::open`].
    pub fn open(dir: &Path, clock: Arc<dyn Clock>) -> Result<Self, LogError> {
        Self::open_at(dir, &Place::read(&SqliteLog::copy_of(dir))?, clock)
    }

    /// The same, with another address of the cluster than the one it was made with.
    ///
    /// # Errors
    /// As [`EventStoreLog::open`].
    pub fn open_at(dir: &Path, place: &Place, clock: Arc<dyn Clock>) -> Result<Self, LogError> {
        let cluster = Arc::new(Cluster::new(place)?);
        let gate: Arc<Cluster> = Arc::clone(&cluster);
        let copy = Arc::new(SqliteLog::open_copy(dir, clock, gate)?);
        let log = Self { copy, cluster };
        log.must_agree()?;
        log.catch_up()?;
        Ok(log)
    }

    /// The copy: for reading, and for a service that decides on more than one stream and therefore must not be decided
    /// again behind its back. What is appended there goes to the cluster too; where another node was first it is refused
    /// with [`LogError::Overtaken`].
    #[must_use]
    pub fn copy(&self) -> &Arc<SqliteLog> {
        &self.copy
    }

    /// Takes over what others recorded since. Says how long the log is.
    ///
    /// # Errors
    /// [`LogError::Cluster`]; [`LogError::Damaged`] when what is there does not follow what is here.
    pub fn catch_up(&self) -> Result<u64, LogError> {
        let mut length = self.copy_len();
        let mut gathering = Gathering::from(length, self.copy.salt());
        loop {
            let page = self.cluster.page(gathering.next())?;
            let is_last = page.len() < CLUSTER_PAGE_EVENTS;
            page.into_iter().try_for_each(|found| gathering.push(found))?;
            let whole = gathering.take();
            if !whole.is_empty() {
                length = self.copy.take_over(whole)?;
            }
            if is_last {
                return Ok(length);
            }
        }
    }

    /// Compares every event of the copy with the cluster, byte for byte; says how many there are.
    ///
    /// # Errors
    /// [`LogError::Damaged`] names the first that differs.
    pub fn compare(&self) -> Result<u64, LogError> {
        let length = self.copy_len();
        let mut position = 0;
        while position < length {
            let page = self.cluster.page(position)?;
            let mut ours = Vec::new();
            let end = (position + CLUSTER_PAGE_EVENTS as u64).min(length);
            self.copy.scanner()?.scan(position..end, &mut |raw| {
                ours.push((raw.position, raw.body.to_vec()));
                Ok(())
            })?;
            let mut theirs = page.into_iter();
            for (position, body) in ours {
                same(position, &body, theirs.next().as_ref())?;
            }
            position = end;
        }
        Ok(length)
    }

    fn copy_len(&self) -> u64 {
        *self.copy.subscribe().borrow()
    }

    /// The copy is one of this ledger, and no event of it is another in the cluster, or missing there: looked at is the
    /// newest; [`EventStoreLog::compare`] looks at all.
    fn must_agree(&self) -> Result<(), LogError> {
        let kept = self.cluster.identity()?.map(|identity| (identity.ledger, identity.salt));
        if kept != Some((self.copy.ledger_id().into_bytes(), self.copy.salt())) {
            let what = "this is a copy of another ledger than the one kept in the cluster".to_owned();
            return Err(LogError::NotALedger(what));
        }
        let Some(newest) = self.copy_len().checked_sub(1) else { return Ok(()) };
        let theirs = self.cluster.at(newest)?;
        self.copy.scanner()?.scan(newest..newest + 1, &mut |raw| same(newest, raw.body, theirs.as_ref()))
    }

    /// Appends requests that fit into one append to the cluster; adds what was recorded to `told`.
    async fn append_part(
        &self,
        part: Vec<Append>,
        told: &mut Vec<Stored>,
    ) -> Vec<Result<Answer, AppendError>> {
        let mut decisions = 1;
        loop {
            let before = self.copy_len();
            let mut recorded = Vec::new();
            let mut answers = self.copy.append_foretold(part.clone(), &mut |events| recorded = events).await;
            let overtaken = answers.iter().any(is_overtaken);
            // What was recorded shows that the copy knew everything. Where nothing was, a condition may have failed only for
            // what the copy did not know.
            let refused = recorded.is_empty() && answers.iter().any(is_conflict);
            told.append(&mut recorded);
            if !overtaken && !refused {
                return answers;
            }
            match self.catch_up() {
                Ok(length) if length == before && !overtaken => return answers,
                Ok(_) if decisions < CLUSTER_DECISIONS_MAX => decisions += 1,
                Ok(_) => return answers,
                Err(error) => {
                    let error = Arc::new(error);
                    for answer in
                        answers.iter_mut().filter(|answer| is_overtaken(answer) || is_conflict(answer))
                    {
                        *answer = Err(AppendError::Storage(Arc::clone(&error)));
                    }
                    return answers;
                }
            }
        }
    }
}

fn is_conflict(answer: &Result<Answer, AppendError>) -> bool {
    matches!(answer, Err(AppendError::Conflict { .. }))
}

fn is_overtaken(answer: &Result<Answer, AppendError>) -> bool {
    matches!(answer, Err(AppendError::Storage(error)) if matches!(**error, LogError::Overtaken { .. }))
}

/// An event of the copy is that of the cluster.
fn same(position: u64, ours: &[u8], theirs: Option<&client::Found>) -> Result<(), LogError> {
    let what = match theirs {
        Some(found) if found.revision == position && found.data == ours => return Ok(()),
        Some(_) => "the cluster has another event here than this copy",
        None => "this copy has an event here that the cluster has not",
    };
    Err(LogError::Damaged { position, what: what.to_owned() })
}

#[async_trait]
impl EventLog for EventStoreLog {
    /// Told is when all is recorded: the requests of one call may take several appends to the cluster.
    async fn append_foretold(
        &self,
        batch: Vec<Append>,
        foretold: &mut Foretold<'_>,
    ) -> Vec<Result<Answer, AppendError>> {
        let max = CLUSTER_APPEND_BYTES_MAX;
        let mut answers = Vec::with_capacity(batch.len());
        let mut told = Vec::new();
        for part in wire::parts(batch, max, wire::bytes_of) {
            match part.first().map(wire::bytes_of) {
                Some(size) if size > max => {
                    let what = "bytes of one request in a cluster";
                    answers.push(Err(AppendError::TooLarge { what, size, max }));
                }
                Some(_) | None => answers.extend(self.append_part(part, &mut told).await),
            }
        }
        if !told.is_empty() {
            foretold(told);
        }
        answers
    }

    async fn read_stream(&self, stream: &str, from: Version, limit: usize) -> Result<Vec<Stored>, LogError> {
        self.copy.read_stream(stream, from, limit).await
    }

    async fn areas(&self) -> Result<Vec<Arc<str>>, LogError> {
        self.copy.areas().await
    }

    async fn read_all(&self, from: u64, limit: usize) -> Result<Vec<Stored>, LogError> {
        self.copy.read_all(from, limit).await
    }

    async fn len(&self) -> Result<u64, LogError> {
        self.copy.len().await
    }

    async fn request(&self, key: &str) -> Result<Option<([u8; 32], Appended)>, LogError> {
        self.copy.request(key).await
    }

    async fn known(&self, at: Instant) -> Result<u64, LogError> {
        self.copy.known(at).await
    }

    async fn subtrees(&self, wanted: &[Subtree]) -> Result<Vec<Hash>, LogError> {
        self.copy.subtrees(wanted).await
    }

    async fn frontier(&self, size: u64) -> Result<Frontier, LogError> {
        self.copy.frontier(size).await
    }

    fn scanner(&self) -> Result<Box<dyn Scan>, LogError> {
        self.copy.scanner()
    }

    fn salt(&self) -> u64 {
        self.copy.salt()
    }

    fn subscribe(&self) -> watch::Receiver<u64> {
        self.copy.subscribe()
    }
}
