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
        Some(ErrorCode::NotADatabase) => LogError::NotALedger(text),
        _ => LogError::Other(text),
    }
}

/// Sorts a failure to open a file. SQLite says no more than that it cannot be opened: the file system says why.
pub(super) fn opening(path: &Path, what: &str, error: &rusqlite::Error) -> LogError {
    if error.sqlite_error_code() != Some(ErrorCode::CannotOpen) {
        return sqlite(what, error);
    }
    let text = format!("{what}: {error}");
    match std::fs::File::open(path).and_then(|file| file.metadata()) {
        Err(why) => io(path, &why),
        Ok(about) if !about.is_file() => LogError::NotALedger(text),
        // It opens: what SQLite has to keep beside it does not.
        Ok(_) => LogError::ReadOnly(text),
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

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::{Error, ErrorKind};

    #[test]
    fn a_file_that_may_not_be_read_is_not_called_something_else_than_a_ledger() {
        let path = Path::new("log.db");
        let told = |kind: ErrorKind| io(path, &Error::from(kind));
        assert!(matches!(told(ErrorKind::PermissionDenied), LogError::ReadOnly(_)));
        assert!(matches!(told(ErrorKind::NotFound), LogError::NotALedger(_)));
        let denied =
            rusqlite::Error::SqliteFailure(rusqlite::ffi::Error::new(rusqlite::ffi::SQLITE_CANTOPEN), None);
        assert!(
            !matches!(sqlite("reading", &denied), LogError::NotALedger(_)),
            "that says nothing of what it is"
        );
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("log.db");
        assert!(matches!(opening(&file, "opening", &denied), LogError::NotALedger(_)), "it is not there");
        std::fs::write(&file, "").unwrap();
        assert!(matches!(opening(&file, "opening", &denied), LogError::ReadOnly(_)), "it is there and opens");
        assert!(matches!(opening(dir.path(), "opening", &denied), LogError::NotALedger(_)), "a directory");
    }
}
