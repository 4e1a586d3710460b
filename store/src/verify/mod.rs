//! Checking that what is stored is what was written: the words for it, and the check of one event.
//!
//! The whole ledger is checked by [`crate::SqliteLog::verify`], a receipt by [`receipt`].

mod columns;
pub mod receipt;

pub use columns::verify_columns;

use accord_domain::rejection::Words;

/// What kind of thing is wrong; what says most about one place comes first.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum FlawKind {
    /// Rows that were there are not.
    Missing,
    /// A row lies at another place than it was written to: swapped or put in.
    Moved,
    /// Bytes of an event, a column beside them or a hash are not what was written.
    Altered,
    /// The end is cut off.
    Truncated,
    /// Written by a newer version: cannot be checked here.
    UnknownVersion,
    /// Order of recording or of a stream is broken.
    Order,
    /// A stored hash of the tree does not follow from what it covers.
    Tree,
    /// Tables or guards of the file are not those of a ledger.
    Schema,
    /// The file is damaged below the level of rows.
    File,
    /// Of another ledger, or signed by another key.
    Foreign,
    /// A signature does not hold.
    Signature,
    /// Made to mislead or to harm a reader: an archive with tricks, or beyond the limits.
    Unsafe,
    /// The past was rewritten: what a receipt shows is not in this log's past.
    Rewritten,
    /// The index differs from the log, which is as it was written: the index is made again when it is deleted.
    Index,
}

impl FlawKind {
    /// Stable name in kebab case.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Altered => "altered",
            Self::Missing => "missing",
            Self::Moved => "moved",
            Self::Truncated => "truncated",
            Self::UnknownVersion => "unknown-version",
            Self::Order => "order",
            Self::Tree => "tree",
            Self::Schema => "schema",
            Self::File => "file",
            Self::Foreign => "foreign",
            Self::Signature => "signature",
            Self::Unsafe => "unsafe",
            Self::Rewritten => "rewritten",
            Self::Index => "index",
        }
    }
}

/// One thing that is not as it was written.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Flaw {
    /// Kind.
    pub kind: FlawKind,
    /// The position it is at, where it is at one.
    pub position: Option<u64>,
    /// The sentence for people.
    pub words: Words,
}

impl Flaw {
    /// A flaw at a position.
    #[must_use]
    pub fn at(position: u64, kind: FlawKind, words: Words) -> Self {
        Self { kind, position: Some(position), words }
    }

    /// A flaw of the ledger as a whole.
    #[must_use]
    pub fn of(kind: FlawKind, words: Words) -> Self {
        Self { kind, position: None, words }
    }
}

/// What the check of a whole ledger came to.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Verified {
    /// Events checked: the length of the log.
    pub events: u64,
    /// Root of the tree, computed from the stored bytes of every event.
    pub root: crate::merkle::Hash,
    /// What is wrong, by position; what is at no position comes last. At most [`FLAWS_MAX`].
    pub flaws: Vec<Flaw>,
    /// How many there are in all.
    pub count: u64,
}

impl Verified {
    /// The first position at which something is wrong.
    #[must_use]
    pub fn first(&self) -> Option<&Flaw> {
        self.flaws.first()
    }
}

/// Flaws named; further ones are counted.
pub const FLAWS_MAX: usize = 1_000;
