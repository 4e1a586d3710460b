//! The ledger's directory: who may look into it and who holds it.

use super::fault;
use crate::port::LogError;
use std::fs::{DirBuilder, File, OpenOptions, TryLockError};
use std::io::Write;
use std::path::{Path, PathBuf};

#[cfg(unix)]
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};

/// The log.
pub(super) fn log(dir: &Path) -> PathBuf {
    dir.join("log.db")
}

/// Its index.
pub(super) fn index(dir: &Path) -> PathBuf {
    dir.join("index.db")
}

/// Says that the log is a copy of a ledger kept in a cluster, and where that is.
pub(super) fn cluster(dir: &Path) -> PathBuf {
    dir.join("cluster.json")
}

/// Makes the directory, for its owner only. One that is there already keeps the rights it has.
pub(super) fn create_dir(dir: &Path) -> Result<(), LogError> {
    let mut builder = DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    builder.mode(0o700);
    builder.create(dir).map_err(|error| fault::io(dir, &error))
}

/// Makes a file that only its owner can read. SQLite gives its `-wal` and `-shm` the same rights.
pub(super) fn create_private(path: &Path) -> Result<File, LogError> {
    let mut options = OpenOptions::new();
    options.read(true).write(true).create(true).truncate(false);
    #[cfg(unix)]
    options.mode(0o600);
    options.open(path).map_err(|error| fault::io(path, &error))
}

/// Writes a text that only its owner can read, in the place of what was there.
pub(super) fn write_private(path: &Path, text: &str) -> Result<(), LogError> {
    let write = |mut file: File| {
        file.set_len(0)?;
        file.write_all(text.as_bytes())?;
        file.sync_all()
    };
    write(create_private(path)?).map_err(|error| fault::io(path, &error))
}

/// The right to write. The system takes it back when the process dies.
#[derive(Debug)]
pub(super) struct Lock(File);

impl Drop for Lock {
    /// Said, not left to the closing of the file: a process just being started has the file open too for a moment, and
    /// would hold the lock until then.
    fn drop(&mut self) {
        if let Err(error) = self.0.unlock() {
            tracing::warn!(error = &error as &dyn std::error::Error, "the lock of the ledger is left behind");
        }
    }
}

/// Takes the right to write.
pub(super) fn lock(dir: &Path) -> Result<Lock, LogError> {
    let path = dir.join("ledger.lock");
    let file = create_private(&path)?;
    match file.try_lock() {
        Ok(()) => Ok(Lock(file)),
        Err(TryLockError::WouldBlock) => Err(LogError::Locked(dir.display().to_string())),
        Err(TryLockError::Error(error)) => Err(fault::io(&path, &error)),
    }
}

/// Makes the names of new files in a directory last.
pub(super) fn sync_dir(dir: &Path) -> Result<(), LogError> {
    File::open(dir).and_then(|dir| dir.sync_all()).map_err(|error| fault::io(dir, &error))
}

/// Removes a database that can be made again.
pub(super) fn remove_database(path: &Path) -> Result<(), LogError> {
    for suffix in ["", "-wal", "-shm"] {
        let mut name = path.as_os_str().to_owned();
        name.push(suffix);
        let part = PathBuf::from(name);
        match std::fs::remove_file(&part) {
            Ok(()) => {}
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
            Err(error) => return Err(fault::io(&part, &error)),
        }
    }
    Ok(())
}

/// Whether a database has nothing left in its WAL, so that its file alone is the whole of it.
pub(super) fn is_checkpointed(path: &Path) -> bool {
    let mut wal = path.as_os_str().to_owned();
    wal.push("-wal");
    std::fs::metadata(PathBuf::from(wal)).map_or(true, |file| file.len() == 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lock_given_up_is_free_though_a_copy_of_its_file_is_still_open() {
        let dir = tempfile::tempdir().unwrap();
        let held = lock(dir.path()).unwrap();
        // As in a process that was started while the lock was held and has not yet closed its files.
        let _inherited = held.0.try_clone().unwrap();
        assert!(matches!(lock(dir.path()), Err(LogError::Locked(_))));
        drop(held);
        lock(dir.path()).unwrap();
    }
}
