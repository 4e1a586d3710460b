//! The port every log adapter implements, and the words it speaks.

use crate::merkle::{Frontier, Hash, Plan, Subtree};
use accord_domain::event::DecodeError;
use accord_domain::{Event, EventType, Instant, LawsError, Proposed, SubjectKind, Version};
use async_trait::async_trait;
use std::sync::Arc;
use tokio::sync::watch;
use uuid::Uuid;

/// What must be true of the stream for an append to go through.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Expected {
    /// Anything.
    Any,
    /// Nothing is recorded yet.
    NoStream,
    /// Something is recorded.
    Exists,
    /// The newest version is this one.
    Exact(Version),
}

impl Expected {
    /// Whether a stream whose newest version is `actual` is as expected.
    #[must_use]
    pub fn holds(self, actual: Option<Version>) -> bool {
        match self {
            Self::Any => true,
            Self::NoStream => actual.is_none(),
            Self::Exists => actual.is_some(),
            Self::Exact(version) => actual == Some(version),
        }
    }
}

/// Idempotency: what was asked under which key.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Request {
    /// The caller's key.
    pub key: Box<str>,
    /// Digest of the canonical command.
    pub digest: [u8; 32],
}

/// Whether a stream is that of a pooling area, by its name.
#[must_use]
pub fn is_area(stream: &str) -> bool {
    stream.strip_prefix(SubjectKind::Area.name()).is_some_and(|rest| rest.starts_with('-'))
}

/// One request: events for one stream, all or nothing.
#[derive(Clone, PartialEq, Debug)]
pub struct Append {
    /// Stream name, `institution-H37010200001`.
    pub stream: Arc<str>,
    /// Condition.
    pub expected: Expected,
    /// Key and digest, when the caller gave a key.
    pub request: Option<Request>,
    /// At least one.
    pub events: Vec<Proposed>,
}

/// What an append came to. Kept with its key: the same request again gets the same answer.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Appended {
    /// Position of the first event; the others follow without a gap.
    pub first_position: u64,
    /// Version of the first event in its stream.
    pub first_version: Version,
    /// How many.
    pub count: u32,
    /// When the last one was recorded.
    pub recorded_at: Instant,
}

impl Appended {
    /// When the event at this place of the request was recorded: its events lie a microsecond apart.
    #[must_use]
    pub fn recorded_at_of(&self, index: u32) -> Instant {
        let after = self.count.saturating_sub(1).saturating_sub(index);
        Instant::from_micros(self.recorded_at.as_micros() - i64::from(after))
    }
}

/// An append, and whether it was answered from an earlier one under the same key.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Answer {
    /// What it came to.
    pub appended: Appended,
    /// Whether this key had already been answered.
    pub repeated: bool,
}

/// An event as stored: the bytes and the columns beside them.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Stored {
    /// Place in the log, from 0: also its index in the Merkle tree.
    pub position: u64,
    /// Stream name.
    pub stream: Arc<str>,
    /// Place in the stream, from 0.
    pub version: Version,
    /// Type.
    pub kind: EventType,
    /// In force from.
    pub effective_at: Instant,
    /// Recorded.
    pub recorded_at: Instant,
    /// Leaf hash over the bytes: SHA-256 of 0x00 and the body (RFC 6962 §2.1).
    pub leaf: [u8; 32],
    /// The canonical bytes, UTF-8.
    pub body: Box<str>,
}

impl Stored {
    /// Reads the facts.
    ///
    /// # Errors
    /// [`DecodeError`] says what is wrong with the bytes.
    pub fn decode(&self) -> Result<Event, DecodeError> {
        Event::decode(
            self.kind,
            self.position,
            self.version,
            self.effective_at,
            self.recorded_at,
            self.body.as_bytes(),
        )
    }
}

/// Why one append was not done. Nothing of it was written, but for [`LogError::InDoubt`].
#[derive(Debug, Clone, thiserror::Error)]
pub enum AppendError {
    /// The stream is not as expected.
    #[error("the stream is at {actual:?}, expected {expected:?}")]
    Conflict {
        /// What was expected.
        expected: Expected,
        /// The newest version; none when nothing is recorded.
        actual: Option<Version>,
    },
    /// The key was used for something else.
    #[error("the key was used for another request, answered at position {first_position}")]
    KeyReused {
        /// Where that request's first event is.
        first_position: u64,
    },
    /// No events.
    #[error("an append needs at least one event")]
    Empty,
    /// A limit is passed.
    #[error("{what}: {size} is more than {max}")]
    TooLarge {
        /// Which limit.
        what: &'static str,
        /// How large it was.
        size: usize,
        /// How large it may be.
        max: usize,
    },
    /// The log cannot take writes now; nothing was acknowledged.
    #[error("the log cannot be written")]
    Storage(#[source] Arc<LogError>),
}

/// Why the log could not do what was asked of it.
#[derive(Debug, thiserror::Error)]
pub enum LogError {
    /// Another process has it open for writing.
    #[error("another process has the ledger open: {0}")]
    Locked(String),
    /// May not be written.
    #[error("the ledger cannot be written: {0}")]
    ReadOnly(String),
    /// No space left.
    #[error("no space left for the ledger: {0}")]
    Full(String),
    /// Made by a newer version.
    #[error("the ledger has format {found}, this version knows up to {known}")]
    NewerFormat {
        /// Found.
        found: u32,
        /// Known.
        known: u32,
    },
    /// No ledger is there, or something else is.
    #[error("{0}")]
    NotALedger(String),
    /// What is stored is not as it was written.
    #[error("position {position}: {what}")]
    Damaged {
        /// Where.
        position: u64,
        /// What is wrong.
        what: String,
    },
    /// Rules that an area adopted and that this version cannot read as law: nothing is decided without them.
    #[error("the law of the ledger is not known")]
    Law(#[from] LawsError),
    /// Stored bytes that this version cannot read.
    #[error("position {position} cannot be read")]
    Undecodable {
        /// Where.
        position: u64,
        /// Why.
        #[source]
        source: DecodeError,
    },
    /// The directory holds a copy of a ledger kept in a cluster, and it was to be written as if it were the ledger.
    #[error("{0}: a ledger kept in a cluster is written only through it")]
    Replica(String),
    /// The cluster that keeps the ledger cannot be reached or does not take what it is asked; nothing was recorded.
    #[error("the cluster of the ledger: {0}")]
    Cluster(String),
    /// Another node recorded something first: what was decided here is not recorded, for it did not know of that.
    #[error("another node recorded something at position {position} first")]
    Overtaken {
        /// Where the new events were to stand.
        position: u64,
    },
    /// Whether it was recorded is not known. Asking again under the same key is safe: it is recorded once.
    #[error("whether it was recorded is not known: {0}")]
    InDoubt(String),
    /// Anything else the store says.
    #[error("the store failed: {0}")]
    Other(String),
}

/// An event as it lies in the store, borrowed for the length of a visit: for scans of the whole log.
#[derive(Clone, Copy, Debug)]
pub struct Raw<'a> {
    /// Place in the log.
    pub position: u64,
    /// The stream as a dense number of this log, from 0; [`Scan::stream_name`] gives its name.
    pub stream: u64,
    /// Place in the stream.
    pub version: Version,
    /// Type.
    pub kind: EventType,
    /// In force from.
    pub effective_at: Instant,
    /// Recorded.
    pub recorded_at: Instant,
    /// Leaf hash.
    pub leaf: &'a [u8],
    /// The canonical bytes.
    pub body: &'a [u8],
}

/// A reader of its own for scanning the log in position order. Blocking; several may scan at once.
pub trait Scan: Send {
    /// Visits every event of the range that is there.
    ///
    /// # Errors
    /// Those of the store, and those of the visitor.
    fn scan(
        &mut self,
        range: std::ops::Range<u64>,
        visit: &mut dyn FnMut(Raw<'_>) -> Result<(), LogError>,
    ) -> Result<(), LogError>;

    /// Visits the events at some positions, in the order given; none where there is no event.
    ///
    /// # Errors
    /// Those of the store, and those of the visitor.
    fn pick(
        &mut self,
        positions: &mut dyn Iterator<Item = u64>,
        visit: &mut dyn FnMut(Raw<'_>) -> Result<(), LogError>,
    ) -> Result<(), LogError> {
        for position in positions {
            self.scan(position..position.saturating_add(1), visit)?;
        }
        Ok(())
    }

    /// The name of a stream.
    ///
    /// # Errors
    /// Those of the store.
    fn stream_name(&mut self, stream: u64) -> Result<Arc<str>, LogError>;
}

/// Is told the events of a commit, see [`EventLog::append_foretold`].
pub type Foretold<'a> = dyn FnMut(Vec<Stored>) + Send + 'a;

/// The log.
///
/// To add an adapter: implement this trait, keep the promises on top of this crate, and run the contract suite
/// (`contract_tests!`) on it. `append` may block its thread for the time of a commit: callers that serve others call it
/// from a thread that may block.
#[expect(clippy::len_without_is_empty, reason = "it is a position first; nobody asks whether a log is empty")]
#[async_trait]
pub trait EventLog: Send + Sync {
    /// Appends all requests in one commit, in the order given, each under its own condition; conditions see the earlier
    /// requests of the same batch. One answer a request, in order.
    async fn append(&self, batch: Vec<Append>) -> Vec<Result<Answer, AppendError>> {
        self.append_foretold(batch, &mut |_| {}).await
    }

    /// The same, and tells once, before it returns and where it can before the commit, the events that are made durable, in
    /// the order of their positions: the caller need not read them back, and can prepare what follows from them while the
    /// disk works. They are recorded if the requests they belong to are answered so; nothing that rests on them may be
    /// shown before. Nothing is told when there is nothing new.
    async fn append_foretold(
        &self,
        batch: Vec<Append>,
        foretold: &mut Foretold<'_>,
    ) -> Vec<Result<Answer, AppendError>>;

    /// Events of a stream from a version on, oldest first, at most `limit`. A stream that does not exist is empty.
    async fn read_stream(&self, stream: &str, from: Version, limit: usize) -> Result<Vec<Stored>, LogError>;

    /// The streams of pooling areas, in the order in which they began: they are few, and what they adopt is law to all the
    /// others. Found without looking at every stream.
    async fn areas(&self) -> Result<Vec<Arc<str>>, LogError>;

    /// Events of the log from a position on, at most `limit`.
    async fn read_all(&self, from: u64, limit: usize) -> Result<Vec<Stored>, LogError>;

    /// How many events there are: the next position.
    async fn len(&self) -> Result<u64, LogError>;

    /// The answer given under a key, and the digest of what was asked.
    async fn request(&self, key: &str) -> Result<Option<([u8; 32], Appended)>, LogError>;

    /// How many events were recorded up to an instant, it included: the position from which on nothing was known yet.
    async fn known(&self, at: Instant) -> Result<u64, LogError>;

    /// Hashes of complete subtrees of the Merkle tree, in the order asked for. Computed from all their leaves here: an
    /// adapter that keeps hashes answers faster.
    ///
    /// # Errors
    /// [`LogError::Damaged`] for a subtree that reaches beyond the log, and those of the store.
    async fn subtrees(&self, wanted: &[Subtree]) -> Result<Vec<Hash>, LogError> {
        let mut scanner = self.scanner()?;
        let mut hashes = Vec::with_capacity(wanted.len());
        for subtree in wanted {
            let (range, mut frontier) = (subtree.leaves(), Frontier::default());
            scanner.scan(range.clone(), &mut |raw| {
                let leaf = Hash::try_from(raw.leaf)
                    .map_err(|error| LogError::Damaged { position: raw.position, what: error.to_string() })?;
                frontier.push(leaf, &mut |_, _| {});
                Ok(())
            })?;
            if frontier.size() != range.end - range.start {
                let position = range.start + frontier.size();
                return Err(LogError::Damaged { position, what: "the event is missing".to_owned() });
            }
            hashes.push(frontier.root());
        }
        Ok(hashes)
    }

    /// The right edge of the Merkle tree over the first `size` events.
    ///
    /// # Errors
    /// Those of [`EventLog::subtrees`].
    async fn frontier(&self, size: u64) -> Result<Frontier, LogError> {
        let peaks = self.subtrees(Plan::root(size).subtrees()).await?;
        Frontier::of(size, peaks).ok_or_else(|| LogError::Other("the tree cannot be read".to_owned()))
    }

    /// What a plan comes to: the root or the proof.
    ///
    /// # Errors
    /// Those of [`EventLog::subtrees`].
    async fn prove(&self, plan: &Plan) -> Result<Vec<Hash>, LogError> {
        Ok(plan.assemble(&self.subtrees(plan.subtrees()).await?))
    }

    /// A reader for scanning.
    ///
    /// # Errors
    /// Those of the store.
    fn scanner(&self) -> Result<Box<dyn Scan>, LogError>;

    /// The salt of this ledger's event ids.
    fn salt(&self) -> u64;

    /// The length of the log, renewed after every commit this adapter made or saw. To follow the log: read from where you
    /// are to its end, then wait for a change.
    fn subscribe(&self) -> watch::Receiver<u64>;

    /// The id of the event at a place of an append: known to the caller without reading it back.
    fn event_id(&self, appended: &Appended, index: u32) -> Uuid {
        crate::ids::event_id(
            appended.recorded_at_of(index),
            appended.first_position + u64::from(index),
            self.salt(),
        )
    }

    /// The event of an id.
    async fn event(&self, id: Uuid) -> Result<Option<Stored>, LogError> {
        let position = crate::ids::position_of(id);
        let found = self.read_all(position, 1).await?;
        Ok(found
            .into_iter()
            .find(|stored| stored.position == position && stored.decode().is_ok_and(|event| event.id == id)))
    }
}
