//! What can go wrong with the views.

use accord_store::LogError;
use rusqlite::ErrorCode;

/// Why the views could not do what was asked. The log is never harmed by any of these.
#[derive(Debug, thiserror::Error)]
pub enum ViewError {
    /// SQLite says no.
    #[error("the views cannot be read or written")]
    Sqlite(#[from] rusqlite::Error),
    /// The log says no.
    #[error("the log cannot be read for the views")]
    Log(#[from] LogError),
    /// Events were handed over with a hole before them.
    #[error("the views stand at position {expected} and were given position {found}")]
    Gap {
        /// The next position the views need.
        expected: u64,
        /// The one given.
        found: u64,
    },
    /// What was recorded by this process could not be written into the views so far: they would answer as if it were not.
    #[error(
        "the views hold {shown} of {recorded} events and could not be brought further; the log holds all of them"
    )]
    Behind {
        /// Events the views hold.
        shown: u64,
        /// Events that were answered as recorded.
        recorded: u64,
    },
    /// A row cannot be understood: the views must be rebuilt.
    #[error("the views are damaged ({0}); rebuild them")]
    Damaged(String),
    /// A cursor that no page of ours ended with.
    #[error("{0:?} is not a cursor of this list")]
    Cursor(String),
    /// The file could not be made or removed.
    #[error("the file of the views cannot be made")]
    File(#[source] std::io::Error),
    /// Cancelled by the caller; nothing was changed.
    #[error("cancelled")]
    Cancelled,
}

impl ViewError {
    /// Whether the file itself cannot be gone on with. It is made again from the log then.
    #[must_use]
    pub fn is_damage(&self) -> bool {
        match self {
            Self::Sqlite(error) => {
                matches!(
                    error.sqlite_error_code(),
                    Some(ErrorCode::NotADatabase | ErrorCode::DatabaseCorrupt)
                )
            }
            Self::Damaged(_) => true,
            Self::Log(_)
            | Self::Gap { .. }
            | Self::Behind { .. }
            | Self::Cursor(_)
            | Self::File(_)
            | Self::Cancelled => false,
        }
    }
}
