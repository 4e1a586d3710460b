//! `log.db` and `index.db`: tables, pragmas, and the checks made on opening.

use super::fault;
use crate::limits::WAL_BYTES_KEPT;
use crate::port::LogError;
use rusqlite::config::DbConfig;
use rusqlite::{Connection, OpenFlags};
use std::path::Path;

/// Format of `log.db` (its `user_version`).
pub(super) const FORMAT: u32 = 1;
/// `application_id` of `log.db`: "Accd".
pub(super) const LOG_APPLICATION: u32 = 0x4163_6364;
/// `application_id` of `index.db`: "Acci".
pub(super) const INDEX_APPLICATION: u32 = 0x4163_6369;
/// Format of `index.db`; another one is thrown away and rebuilt.
pub(super) const INDEX_FORMAT: u32 = 5;
/// 3.51.3 is the first version in which a reset of the WAL cannot race with a checkpoint.
const SQLITE_VERSION_MIN: i32 = 3_051_003;

/// The log. `back` is the distance to the previous event of the same stream, 0 for the first: with it a stream is read
/// from its newest event backwards, and nothing but the ends of the tables is written on append.
pub(super) const LOG: &str = "
CREATE TABLE meta (
    one        INTEGER PRIMARY KEY CHECK (one = 1),
    ledger     BLOB    NOT NULL CHECK (length(ledger) = 16),
    salt       INTEGER NOT NULL,
    created_at INTEGER NOT NULL
) STRICT;
CREATE TABLE streams (
    id   INTEGER PRIMARY KEY,
    name TEXT    NOT NULL
) STRICT;
CREATE TABLE events (
    position     INTEGER PRIMARY KEY,
    stream       INTEGER NOT NULL,
    version      INTEGER NOT NULL,
    back         INTEGER NOT NULL CHECK (back >= 0),
    type         INTEGER NOT NULL,
    effective_at INTEGER NOT NULL,
    recorded_at  INTEGER NOT NULL,
    leaf         BLOB    NOT NULL CHECK (length(leaf) = 32),
    body         BLOB    NOT NULL
) STRICT;
CREATE TABLE requests (
    first_position INTEGER PRIMARY KEY,
    key            BLOB    NOT NULL CHECK (length(key) = 16),
    digest         BLOB    NOT NULL CHECK (length(digest) = 32),
    count          INTEGER NOT NULL CHECK (count > 0)
) STRICT;
";

/// The tree over the events; see `tree.rs`.
pub(super) const NODES: &str = "
CREATE TABLE nodes (
    level INTEGER NOT NULL CHECK (level > 0),
    n     INTEGER NOT NULL CHECK (n >= 0),
    hash  BLOB    NOT NULL CHECK (length(hash) = 32),
    PRIMARY KEY (level, n)
) STRICT, WITHOUT ROWID;
";

/// Tables of the log that never change a row.
pub(super) const GUARDED: [&str; 5] = ["meta", "streams", "events", "requests", "nodes"];

/// The index: where a stream's newest event is, which stream a name and which request a key may mean, which streams are
/// those of areas, the leaf hashes, sixteen to a row, and the filter of all names and keys, if whoever wrote the index had
/// one. The hashes of names and keys are the first 8 bytes of SHA-256; a
/// candidate is always compared with the log, so equal hashes do no harm.
pub(super) const INDEX: &str = "
CREATE TABLE covered (
    one     INTEGER PRIMARY KEY CHECK (one = 1),
    ledger  BLOB    NOT NULL,
    events  INTEGER NOT NULL,
    streams INTEGER NOT NULL,
    leaf    BLOB    NOT NULL
) STRICT;
CREATE TABLE heads (stream INTEGER PRIMARY KEY, position INTEGER NOT NULL) STRICT;
CREATE TABLE names (hash INTEGER NOT NULL, stream INTEGER NOT NULL, PRIMARY KEY (hash, stream)) STRICT, WITHOUT ROWID;
CREATE TABLE areas (stream INTEGER PRIMARY KEY) STRICT;
CREATE TABLE keys (hash INTEGER NOT NULL, position INTEGER NOT NULL, PRIMARY KEY (hash, position)) STRICT, WITHOUT ROWID;
CREATE TABLE leaves (run INTEGER PRIMARY KEY, hashes BLOB NOT NULL) STRICT;
CREATE TABLE filter (layer INTEGER PRIMARY KEY, room INTEGER NOT NULL, bits BLOB NOT NULL, digest BLOB NOT NULL) STRICT;
";

/// Triggers that refuse to change or remove what is recorded, whoever asks. The rows that an `INSERT OR REPLACE` pushes
/// out pass by them unless the connection has `recursive_triggers` on, as ours have; a trigger on INSERT would refuse that
/// too, but it makes SQLite journal every statement and costs an import a third of its speed. Verification names such rows.
pub(super) fn guards() -> String {
    GUARDED.map(guards_of).concat()
}

/// The triggers of one table.
pub(super) fn guards_of(table: &str) -> String {
    let mut sql = String::new();
    for (act, word) in [("UPDATE", "changed"), ("DELETE", "removed")] {
        sql.push_str(&format!(
            "CREATE TRIGGER {table}_never_{word} BEFORE {act} ON {table} \
             BEGIN SELECT RAISE(ABORT, 'what is recorded is never {word}'); END;\n"
        ));
    }
    sql
}

/// How a file is to be opened.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Mode {
    /// Made if it is not there.
    Create,
    /// Written.
    Write,
    /// Read.
    Read,
    /// Read from a place where nothing can be written, not even SQLite's shared memory.
    Frozen,
}

impl Mode {
    /// How a reader beside a connection of this mode opens its own.
    pub(super) const fn reading(self) -> Self {
        match self {
            Self::Create | Self::Write | Self::Read => Self::Read,
            Self::Frozen => Self::Frozen,
        }
    }
}

/// Opens a database file with the settings every connection has.
pub(super) fn connect(path: &Path, mode: Mode) -> Result<Connection, LogError> {
    let what = format!("opening {}", path.display());
    if rusqlite::version_number() < SQLITE_VERSION_MIN {
        return Err(LogError::Other(format!(
            "SQLite {} is too old: 3.51.3 or newer is needed",
            rusqlite::version()
        )));
    }
    let flags = OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let db = match mode {
        Mode::Create => Connection::open_with_flags(
            path,
            flags | OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_CREATE,
        ),
        Mode::Write => Connection::open_with_flags(path, flags | OpenFlags::SQLITE_OPEN_READ_WRITE),
        Mode::Read => Connection::open_with_flags(path, flags | OpenFlags::SQLITE_OPEN_READ_ONLY),
        Mode::Frozen => Connection::open_with_flags(
            frozen_uri(path),
            flags | OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_URI,
        ),
    }
    .map_err(|error| fault::opening(path, &what, &error))?;
    settle(&db, mode).map_err(|error| fault::opening(path, &what, &error))?;
    Ok(db)
}

/// A URI that tells SQLite that the file cannot change, with the characters that mean something in a URI escaped.
fn frozen_uri(path: &Path) -> String {
    let mut uri = "file:".to_owned();
    for c in path.to_string_lossy().chars() {
        match c {
            '%' => uri.push_str("%25"),
            '?' => uri.push_str("%3f"),
            '#' => uri.push_str("%23"),
            c => uri.push(c),
        }
    }
    uri + "?immutable=1"
}

fn settle(db: &Connection, mode: Mode) -> rusqlite::Result<()> {
    // Without the stability guarantee, bound ranges make SQLite prepare cached statements anew at every use.
    db.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
    db.pragma_update(None, "recursive_triggers", true)?;
    db.busy_timeout(std::time::Duration::from_secs(5))?;
    db.set_prepared_statement_cache_capacity(32);
    if matches!(mode, Mode::Read | Mode::Frozen) {
        db.pragma_update(None, "query_only", true)?;
    }
    Ok(())
}

/// Puts a new log in place: settings that are kept in the file, tables and guards, in one transaction.
pub(super) fn create_log(
    db: &Connection,
    ledger: &[u8; 16],
    salt: u64,
    created_at: i64,
) -> rusqlite::Result<()> {
    db.pragma_update(None, "page_size", 8192)?;
    db.pragma_update_and_check(None, "journal_mode", "WAL", |_| Ok(()))?;
    db.pragma_update(None, "synchronous", "FULL")?;
    let tx = db.unchecked_transaction()?;
    tx.pragma_update(None, "application_id", LOG_APPLICATION)?;
    tx.pragma_update(None, "user_version", FORMAT)?;
    tx.execute_batch(LOG)?;
    tx.execute_batch(NODES)?;
    tx.execute(
        "INSERT INTO meta (one, ledger, salt, created_at) VALUES (1, ?1, ?2, ?3)",
        (&ledger[..], salt.cast_signed(), created_at),
    )?;
    tx.execute_batch(&guards())?;
    tx.commit()
}

/// The connection that writes a log, and what the log says about itself.
pub(super) fn open_to_write(path: &Path) -> Result<(Connection, Meta), LogError> {
    let log = connect(path, Mode::Write)?;
    let meta = check_log(&log, path)?;
    tune_log(&log).map_err(|error| fault::sqlite("opening the ledger", &error))?;
    Ok((log, meta))
}

/// Settings of the connection that writes the log: a commit is on the disk when it returns.
fn tune_log(db: &Connection) -> rusqlite::Result<()> {
    db.pragma_update(None, "synchronous", "FULL")?;
    db.pragma_update(None, "wal_autocheckpoint", 1_000)?;
    limit_wal(db)
}

/// Gives back the room of a WAL that a large commit made long.
pub(super) fn limit_wal(db: &Connection) -> rusqlite::Result<()> {
    db.pragma_update_and_check(None, "journal_size_limit", WAL_BYTES_KEPT, |_| Ok(()))
}

/// What a log says about itself.
#[derive(Clone, Debug)]
pub(super) struct Meta {
    /// The ledger's id.
    pub(super) ledger: [u8; 16],
    /// Salt of its event ids.
    pub(super) salt: u64,
}

fn number(db: &Connection, pragma: &str) -> rusqlite::Result<u32> {
    db.pragma_query_value(None, pragma, |row| row.get(0))
}

/// Checks that a file is a log of a format this version knows.
pub(super) fn check_log(db: &Connection, path: &Path) -> Result<Meta, LogError> {
    let what = format!("reading {}", path.display());
    let failed = |error: rusqlite::Error| fault::opening(path, &what, &error);
    if number(db, "application_id").map_err(failed)? != LOG_APPLICATION {
        return Err(LogError::NotALedger(format!("{} is not a ledger", path.display())));
    }
    let found = number(db, "user_version").map_err(failed)?;
    if found > FORMAT {
        return Err(LogError::NewerFormat { found, known: FORMAT });
    }
    db.query_row("SELECT ledger, salt FROM meta", [], |row| {
        Ok(Meta { ledger: row.get(0)?, salt: row.get::<_, i64>(1)?.cast_unsigned() })
    })
    .map_err(failed)
}

/// Whether a file is an index of this format.
pub(super) fn is_index(db: &Connection) -> bool {
    number(db, "application_id").is_ok_and(|found| found == INDEX_APPLICATION)
        && number(db, "user_version").is_ok_and(|found| found == INDEX_FORMAT)
}

/// Puts an empty index in place.
pub(super) fn create_index(db: &Connection, ledger: &[u8; 16]) -> rusqlite::Result<()> {
    db.pragma_update_and_check(None, "journal_mode", "WAL", |_| Ok(()))?;
    let tx = db.unchecked_transaction()?;
    tx.pragma_update(None, "application_id", INDEX_APPLICATION)?;
    tx.pragma_update(None, "user_version", INDEX_FORMAT)?;
    tx.execute_batch(INDEX)?;
    tx.execute(
        "INSERT INTO covered (one, ledger, events, streams, leaf) VALUES (1, ?1, 0, 0, x'')",
        [&ledger[..]],
    )?;
    tx.commit()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::SystemClock;
    use crate::sqlite::{SqliteLog, files};

    /// Killing the process does not tell; only a loss of power would.
    #[test]
    fn a_commit_to_the_log_is_on_the_disk_when_it_returns() {
        let dir = tempfile::tempdir().unwrap();
        SqliteLog::create(dir.path(), 7, &SystemClock).unwrap();
        let (log, _) = open_to_write(&files::log(dir.path())).unwrap();
        let synchronous: i64 = log.pragma_query_value(None, "synchronous", |row| row.get(0)).unwrap();
        assert_eq!(synchronous, 2, "FULL");
        let journal: String = log.pragma_query_value(None, "journal_mode", |row| row.get(0)).unwrap();
        assert_eq!(journal, "wal", "where FULL flushes the WAL at every commit");
    }
}
