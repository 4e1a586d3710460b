//! `personal.db` and `keys/personal.key`.

use super::seal::{SECRET_BYTES, Secret};
use super::{Use, VaultError, random};
use crate::keys::{KeyError, make_private_dir, write_new};
use crate::merkle::note::NoteError;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use rusqlite::{Connection, OpenFlags, OptionalExtension, Transaction, TransactionBehavior, params};
use std::path::{Path, PathBuf};
use uuid::Uuid;
use zeroize::Zeroizing;

/// "acpd", and the newest form.
const APPLICATION: u32 = 0x6163_7064;
const FORMAT: u32 = 2;

const SCHEMA: &str = "
CREATE TABLE about (ledger BLOB NOT NULL) STRICT;
CREATE TABLE subjects (
    id INTEGER PRIMARY KEY,
    stream TEXT NOT NULL UNIQUE,
    -- The key, wrapped by the ledger's; null once it is destroyed, and where there never was one.
    wrapped BLOB,
    -- Whether there was a key once.
    had_key INTEGER NOT NULL,
    -- Whether an erasure was begun and not ended.
    erasing INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE INDEX erasing ON subjects (id) WHERE erasing = 1;
CREATE TABLE tokens (
    token BLOB NOT NULL,
    subject INTEGER NOT NULL REFERENCES subjects (id),
    PRIMARY KEY (token, subject)
) STRICT, WITHOUT ROWID;
CREATE INDEX tokens_of_subject ON tokens (subject);
";

/// Since form 2: which of the hashes are of identity numbers, and the mark that the number has under each subject's own key.
/// By it a person is the same across subjects without anything being opened.
const NUMBERS: &str = "
CREATE TABLE numbers (
    token BLOB NOT NULL,
    subject INTEGER NOT NULL REFERENCES subjects (id),
    mark TEXT NOT NULL,
    PRIMARY KEY (token, subject)
) STRICT, WITHOUT ROWID;
CREATE INDEX numbers_of_subject ON numbers (subject);
";

/// The open database.
#[derive(Debug)]
pub(super) struct File {
    db: Connection,
    path: PathBuf,
}

/// What is known of a subject.
pub(super) struct Row {
    pub(super) wrapped: Option<Vec<u8>>,
    pub(super) had_key: bool,
}

/// Why a transaction is given up.
pub(super) enum Stop {
    Db(rusqlite::Error),
    Vault(VaultError),
}

impl From<rusqlite::Error> for Stop {
    fn from(error: rusqlite::Error) -> Self {
        Self::Db(error)
    }
}

impl File {
    /// Makes the database, for its owner only.
    pub(super) fn make(path: &Path, ledger: Uuid) -> Result<Self, VaultError> {
        let mut options = std::fs::OpenOptions::new();
        options.write(true).create_new(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        options.open(path).map_err(|source| KeyError::File { path: path.to_owned(), source })?;
        let failed = |source| VaultError::File { path: path.to_owned(), source };
        let db = Connection::open(path).and_then(|db| set_up(&db).map(|()| db));
        let db = db.and_then(|db| begin(db, ledger)).map_err(failed)?;
        if let Some(dir) = path.parent() {
            std::fs::File::open(dir)
                .and_then(|dir| dir.sync_all())
                .map_err(|source| KeyError::File { path: dir.to_owned(), source })?;
        }
        Ok(Self { db, path: path.to_owned() })
    }

    pub(super) fn open(path: &Path, ledger: Uuid, usage: Use) -> Result<Self, VaultError> {
        let failed = |source| VaultError::File { path: path.to_owned(), source };
        let open = |frozen: bool| -> rusqlite::Result<Option<Connection>> {
            let db = if frozen {
                let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_URI;
                Connection::open_with_flags(frozen_uri(path), flags)?
            } else {
                Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_WRITE)?
            };
            if usage == Use::ReadWrite {
                set_up(&db)?;
            } else {
                db.pragma_update(None, "query_only", true)?;
            }
            let number = |name| db.pragma_query_value(None, name, |row| row.get::<_, u32>(0));
            let is_older = number("application_id")? == APPLICATION && number("user_version")? == 1;
            if is_older && usage == Use::ReadWrite {
                let tx = db.unchecked_transaction()?;
                tx.execute_batch(NUMBERS)?;
                tx.pragma_update(None, "user_version", FORMAT)?;
                tx.commit()?;
            }
            let is_known = is_older || number("user_version")? == FORMAT;
            if number("application_id")? != APPLICATION || !is_known {
                // A crash may have left the file that was about to be made.
                return if number("user_version")? == 0 && usage == Use::ReadWrite {
                    begin(db, ledger).map(Some)
                } else {
                    Ok(None)
                };
            }
            let own: Vec<u8> = db.query_row("SELECT ledger FROM about", [], |row| row.get(0))?;
            Ok((own == ledger.as_bytes()).then_some(db))
        };
        let opened = match open(false) {
            // As the log is read there: where not even SQLite's shared memory can be written.
            Err(error) if usage != Use::ReadWrite && is_unwritable(&error) && is_whole(path) => open(true),
            opened => opened,
        };
        let db = opened.map_err(failed)?.ok_or(VaultError::Foreign { path: path.to_owned() })?;
        Ok(Self { db, path: path.to_owned() })
    }

    /// One transaction, on the disk when it returns.
    pub(super) fn write(
        &mut self,
        work: &mut dyn FnMut(&Rows<'_>) -> Result<(), Stop>,
    ) -> Result<(), VaultError> {
        let failed = |source| VaultError::File { path: self.path.clone(), source };
        let rows = Rows(self.db.transaction_with_behavior(TransactionBehavior::Immediate).map_err(failed)?);
        match work(&rows) {
            Ok(()) => rows.0.commit().map_err(failed),
            Err(Stop::Db(source)) => Err(failed(source)),
            Err(Stop::Vault(error)) => Err(error),
        }
    }

    /// Empties the write-ahead log into the file and cuts it to nothing, so that no earlier page is left in either.
    pub(super) fn flush(&self) -> Result<(), VaultError> {
        let busy = self.db.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |row| row.get::<_, i64>(0));
        match busy {
            Ok(0) => Ok(()),
            Ok(_) => Err(self.failed(rusqlite::Error::SqliteFailure(
                rusqlite::ffi::Error::new(rusqlite::ffi::SQLITE_BUSY),
                Some("a reader holds the write-ahead log".to_owned()),
            ))),
            Err(error) => Err(self.failed(error)),
        }
    }

    pub(super) fn row(&self, stream: &str) -> Result<Option<Row>, VaultError> {
        row(&self.db, stream).map(|found| found.map(|(_, row)| row)).map_err(|error| self.failed(error))
    }

    /// Whether no key was ever wrapped.
    pub(super) fn is_empty(&self) -> Result<bool, VaultError> {
        self.db
            .query_row("SELECT NOT EXISTS (SELECT 1 FROM subjects WHERE had_key = 1)", [], |row| row.get(0))
            .map_err(|error| self.failed(error))
    }

    pub(super) fn erasing(&self) -> Result<Vec<String>, VaultError> {
        self.list("SELECT stream FROM subjects WHERE erasing = 1 ORDER BY id", [])
    }

    pub(super) fn streams_of(&self, token: &[u8]) -> Result<Vec<String>, VaultError> {
        self.list(
            "SELECT s.stream FROM tokens t JOIN subjects s ON s.id = t.subject WHERE t.token = ?1 ORDER BY s.stream",
            [token],
        )
    }

    pub(super) fn related(&self, stream: &str) -> Result<Vec<String>, VaultError> {
        self.list(
            "SELECT DISTINCT o.stream FROM subjects s JOIN tokens t ON t.subject = s.id JOIN tokens u ON u.token = t.token \
             JOIN subjects o ON o.id = u.subject WHERE s.stream = ?1 AND o.id <> s.id ORDER BY o.stream",
            [stream],
        )
    }

    /// The identity numbers brought of a subject: hash and mark of each.
    pub(super) fn numbers(&self, stream: &str) -> Result<Vec<(Vec<u8>, String)>, VaultError> {
        self.pairs(
            "SELECT n.token, n.mark FROM subjects s JOIN numbers n ON n.subject = s.id WHERE s.stream = ?1 ORDER BY n.token",
            [stream],
        )
    }

    /// The subjects of which a number was brought, by its hash: stream and mark of each.
    pub(super) fn with_number(&self, token: &[u8]) -> Result<Vec<(String, String)>, VaultError> {
        self.pairs(
            "SELECT s.stream, n.mark FROM numbers n JOIN subjects s ON s.id = n.subject WHERE n.token = ?1 ORDER BY s.stream",
            [token],
        )
    }

    /// Two columns; nothing where a form before 2 is only read.
    fn pairs<T: rusqlite::types::FromSql>(
        &self,
        sql: &str,
        params: impl rusqlite::Params,
    ) -> Result<Vec<(T, String)>, VaultError> {
        let read = || -> rusqlite::Result<Vec<(T, String)>> {
            let exists = "SELECT EXISTS (SELECT 1 FROM sqlite_schema WHERE name = 'numbers')";
            if !self.db.query_row(exists, [], |row| row.get::<_, bool>(0))? {
                return Ok(Vec::new());
            }
            let mut statement = self.db.prepare_cached(sql)?;
            statement.query_map(params, |row| Ok((row.get(0)?, row.get(1)?)))?.collect()
        };
        read().map_err(|error| self.failed(error))
    }

    fn list(&self, sql: &str, params: impl rusqlite::Params) -> Result<Vec<String>, VaultError> {
        let read = || -> rusqlite::Result<Vec<String>> {
            let mut statement = self.db.prepare_cached(sql)?;
            statement.query_map(params, |row| row.get(0))?.collect()
        };
        read().map_err(|error| self.failed(error))
    }

    fn failed(&self, source: rusqlite::Error) -> VaultError {
        VaultError::File { path: self.path.clone(), source }
    }
}

/// The rows, within a transaction.
pub(super) struct Rows<'a>(Transaction<'a>);

impl Rows<'_> {
    pub(super) fn find(&self, stream: &str) -> Result<Option<(i64, Row)>, Stop> {
        Ok(row(&self.0, stream)?)
    }

    pub(super) fn add(&self, stream: &str, wrapped: &[u8]) -> Result<i64, Stop> {
        let sql = "INSERT INTO subjects (stream, wrapped, had_key) VALUES (?1, ?2, 1) \
                   ON CONFLICT (stream) DO UPDATE SET wrapped = excluded.wrapped, had_key = 1 RETURNING id";
        Ok(self.0.prepare_cached(sql)?.query_row(params![stream, wrapped], |row| row.get(0))?)
    }

    pub(super) fn add_token(&self, token: &[u8], subject: i64) -> Result<(), Stop> {
        let sql = "INSERT OR IGNORE INTO tokens (token, subject) VALUES (?1, ?2)";
        self.0.prepare_cached(sql)?.execute(params![token, subject])?;
        Ok(())
    }

    pub(super) fn add_number(&self, token: &[u8], subject: i64, mark: &str) -> Result<(), Stop> {
        let sql = "INSERT OR IGNORE INTO numbers (token, subject, mark) VALUES (?1, ?2, ?3)";
        self.0.prepare_cached(sql)?.execute(params![token, subject, mark])?;
        Ok(())
    }

    pub(super) fn mark_erasing(&self, stream: &str, erasing: bool) -> Result<(), Stop> {
        let sql = "INSERT INTO subjects (stream, had_key, erasing) VALUES (?1, 0, ?2) \
                   ON CONFLICT (stream) DO UPDATE SET erasing = excluded.erasing";
        self.0.prepare_cached(sql)?.execute(params![stream, erasing])?;
        Ok(())
    }

    pub(super) fn destroy(&self, stream: &str) -> Result<(), Stop> {
        for table in ["tokens", "numbers"] {
            let sql =
                format!("DELETE FROM {table} WHERE subject = (SELECT id FROM subjects WHERE stream = ?1)");
            self.0.execute(&sql, [stream])?;
        }
        // From now on there is none, and none is made again.
        self.0.execute("UPDATE subjects SET wrapped = NULL, had_key = 1 WHERE stream = ?1", [stream])?;
        Ok(())
    }
}

fn row(db: &Connection, stream: &str) -> rusqlite::Result<Option<(i64, Row)>> {
    let sql = "SELECT id, wrapped, had_key FROM subjects WHERE stream = ?1";
    let read =
        |row: &rusqlite::Row<'_>| Ok((row.get(0)?, Row { wrapped: row.get(1)?, had_key: row.get(2)? }));
    db.prepare_cached(sql)?.query_row([stream], read).optional()
}

/// Makes the tables.
fn begin(mut db: Connection, ledger: Uuid) -> rusqlite::Result<Connection> {
    let tx = db.transaction()?;
    tx.pragma_update(None, "application_id", APPLICATION)?;
    tx.pragma_update(None, "user_version", FORMAT)?;
    tx.execute_batch(SCHEMA)?;
    tx.execute_batch(NUMBERS)?;
    tx.execute("INSERT INTO about (ledger) VALUES (?1)", [ledger.as_bytes().as_slice()])?;
    tx.commit()?;
    Ok(db)
}

/// What is deleted is overwritten, and what is acknowledged is on the disk.
fn set_up(db: &Connection) -> rusqlite::Result<()> {
    db.pragma_update_and_check(None, "journal_mode", "WAL", |_| Ok(()))?;
    db.pragma_update(None, "synchronous", "FULL")?;
    db.pragma_update_and_check(None, "secure_delete", "ON", |_| Ok(()))?;
    db.pragma_update(None, "temp_store", "MEMORY")?;
    db.busy_timeout(std::time::Duration::from_secs(5))
}

/// Whether a place where nothing can be written may be what is in the way.
fn is_unwritable(error: &rusqlite::Error) -> bool {
    use rusqlite::ErrorCode;
    matches!(
        error.sqlite_error_code(),
        Some(ErrorCode::CannotOpen | ErrorCode::ReadOnly | ErrorCode::PermissionDenied)
    )
}

/// Whether nothing is left in the write-ahead log, so that the file alone is the whole of it.
fn is_whole(path: &Path) -> bool {
    let mut wal = path.as_os_str().to_owned();
    wal.push("-wal");
    std::fs::metadata(PathBuf::from(wal)).map_or(true, |file| file.len() == 0)
}

/// A URI that tells SQLite that the file cannot change, with the characters that mean something in a URI escaped.
fn frozen_uri(path: &Path) -> String {
    let path = path.to_string_lossy().replace('%', "%25").replace('?', "%3f").replace('#', "%23");
    format!("file:{path}?immutable=1")
}

/// First word of the file of the ledger's key.
const PRIVATE: &str = "ACCORD-PERSONAL-KEY";

/// The ledger's key, one line: the word, the ledger's id and 64 bytes in base64, with a plus sign between them. Made where
/// that is allowed and there is none.
pub(super) fn ledger_key(path: &Path, ledger: Uuid, may_make: bool) -> Result<Secret, VaultError> {
    let text = match std::fs::read_to_string(path) {
        Ok(text) => Zeroizing::new(text),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound && may_make => {
            return make_ledger_key(path, ledger);
        }
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            return Err(KeyError::Missing { path: path.to_owned() }.into());
        }
        Err(source) => return Err(KeyError::File { path: path.to_owned(), source }.into()),
    };
    let mut parts = text.trim().splitn(3, '+');
    let fits = parts.next() == Some(PRIVATE) && parts.next() == Some(&ledger.to_string());
    let bytes = parts.next().filter(|_| fits).and_then(|data| STANDARD.decode(data).ok()).map(Zeroizing::new);
    let secret = bytes.and_then(|bytes| Secret::from_slice(&bytes));
    let form = || KeyError::Form {
        path: path.to_owned(),
        source: NoteError::Form { what: "a key of personal data" },
    };
    secret.ok_or_else(|| form().into())
}

fn make_ledger_key(path: &Path, ledger: Uuid) -> Result<Secret, VaultError> {
    let secret = random()?;
    let keys = path.parent().unwrap_or(path);
    let failed = |source| KeyError::File { path: keys.to_owned(), source };
    make_private_dir(keys).map_err(failed)?;
    let bytes: &[u8; SECRET_BYTES] = secret.bytes();
    let line = Zeroizing::new(format!("{PRIVATE}+{ledger}+{}\n", STANDARD.encode(bytes)));
    write_new(path, &line)?;
    std::fs::File::open(keys).and_then(|keys| keys.sync_all()).map_err(failed)?;
    Ok(secret)
}
