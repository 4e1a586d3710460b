//! What SQLite's and the file system's failures mean to a caller.

use crate::port::LogError;
use rusqlite::ErrorCode;
use std::path::Path;

/// Sorts a failure of SQLite; `what` says what was attempted.
pub(super) fn sqlite(what: &str, error: &rusqlite::Error) -> LogError {
    let text = format!("{what}: {error}");
    match error.sqlite_error_code() {
        Some(ErrorCode::DiskFull) => LogError::Full(text),
        Some(ErrorCode::ReadOnly | ErrorCode::PermissionDenied) => LogError::ReadOnly(text),
        Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => LogError::Locked(text),
        Some(ErrorCode::NotADatabase | ErrorCode::CannotOpen) => LogError::NotALedger(text),
        _ => LogError::Other(text),
    }
}

/// Sorts a failure of the file system at a path.
pub(super) fn io(path: &Path, error: &std::io::Error) -> LogError {
    let text = format!("{}: {error}", path.display());
    match error.kind() {
        std::io::ErrorKind::StorageFull | std::io::ErrorKind::QuotaExceeded => LogError::Full(text),
        std::io::ErrorKind::PermissionDenied | std::io::ErrorKind::ReadOnlyFilesystem => {
            LogError::ReadOnly(text)
        }
        std::io::ErrorKind::NotFound => LogError::NotALedger(text),
        _ => LogError::Other(text),
    }
}

/// Whether the writer must stop for good: after a failed write or sync of the file nobody knows what reached the disk,
/// so only opening the log anew, from what is there, can tell. A full disk is refused cleanly and may be tried again.
pub(super) fn is_fatal(error: &LogError) -> bool {
    match error {
        LogError::Full(_)
        | LogError::ReadOnly(_)
        | LogError::Locked(_)
        | LogError::Cluster(_)
        | LogError::Overtaken { .. }
        | LogError::InDoubt(_) => false,
        LogError::NewerFormat { .. }
        | LogError::NotALedger(_)
        | LogError::Damaged { .. }
        | LogError::Undecodable { .. }
        | LogError::Law(_)
        | LogError::Replica(_)
        | LogError::Other(_) => true,
    }
}
