//! What can go wrong between a command and its answer.

use accord_domain::{Rejection, Version};
use accord_store::LogError;
use accord_store::vault::VaultError;
use std::path::PathBuf;
use std::sync::Arc;
use uuid::Uuid;

/// Why a ledger could not be opened or made.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// A ledger is there already.
    #[error("there is a ledger in {0} already")]
    Exists(PathBuf),
    /// No ledger is there.
    #[error("there is no ledger in {0}; `accord init` makes one")]
    Missing(PathBuf),
    /// Other files of a ledger are there, its log is not.
    #[error("log.db is missing or empty in {dir}, where {file} of a ledger is")]
    LogMissing {
        /// Directory.
        dir: PathBuf,
        /// One of the other files.
        file: &'static str,
    },
    /// A ledger cannot be made where another one left files.
    #[error("{dir} holds {file} of another ledger")]
    Remains {
        /// Directory.
        dir: PathBuf,
        /// One of them.
        file: &'static str,
    },
    /// The log says no.
    #[error("the ledger in {dir} cannot be opened")]
    Log {
        /// Directory.
        dir: PathBuf,
        /// Why.
        #[source]
        source: LogError,
    },
    /// Its key cannot be used or made.
    #[error("the key of the ledger in {dir} cannot be used")]
    Key {
        /// Directory.
        dir: PathBuf,
        /// Why.
        #[source]
        source: accord_store::keys::KeyError,
    },
    /// The views could not be opened or rebuilt.
    #[error("the views in {dir} cannot be opened")]
    Views {
        /// Directory.
        dir: PathBuf,
        /// Why.
        #[source]
        source: accord_projections::ViewError,
    },
    /// The writer could not be started.
    #[error("the writer of the ledger could not be started")]
    Writer(#[source] std::io::Error),
}

/// Why a command was not carried out. Nothing was recorded, but for [`Failure::Interrupted`].
#[derive(Debug, Clone, thiserror::Error)]
pub enum Failure {
    /// Refused by a rule, by the state of the subject, or because somebody was faster.
    #[error("refused: {}", .rejection.code)]
    Rejected {
        /// The refusal.
        rejection: Box<Rejection>,
        /// Ids of the events that stand in the way, in the order of [`Rejection::blocked_by`].
        blocked_by: Vec<(Version, Uuid)>,
    },
    /// The log cannot take it now.
    #[error("the log failed")]
    Log(#[source] Arc<LogError>),
    /// The keys of personal data cannot be used.
    #[error("the keys of personal data cannot be used")]
    Vault(#[source] Arc<VaultError>),
    /// The ledger is opened for reading only.
    #[error("the ledger is open for reading only")]
    ReadOnly,
    /// The ledger is shutting down.
    #[error("the ledger is closing")]
    Closing,
    /// A fault stopped what writes the log or the views: nothing is recorded any more until the ledger is opened anew.
    #[error("a fault stopped what writes the ledger: start the program again; nothing was recorded")]
    Stopped,
    /// It did while this command was carried out.
    #[error(
        "a fault stopped what writes the ledger, and whether this was recorded is not known: start the program again, and \
         ask again under the same key"
    )]
    Interrupted,
}

impl From<VaultError> for Failure {
    fn from(error: VaultError) -> Self {
        Self::Vault(Arc::new(error))
    }
}

impl From<LogError> for Failure {
    fn from(error: LogError) -> Self {
        Self::Log(Arc::new(error))
    }
}
