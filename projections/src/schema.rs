//! The tables of `views.db`, and how its connections are opened.

use crate::error::ViewError;
use crate::stretch::over_in;
use crate::under_way;
use accord_domain::calendar::Calendar;
use accord_domain::rulebook::Rulebook;
use accord_store::limits::MAPPED_BYTES_MAX;
use rusqlite::config::DbConfig;
use rusqlite::{Connection, OpenFlags};
use std::path::Path;
use std::time::Duration;

/// Rises with every change of the tables below: older views are rebuilt, newer ones too.
pub(crate) const FORMAT: i64 = 8;

/// Rises when `evolve`, `spans` or the timeline of the domain come to another result for the same events. Views folded
/// under another number are rebuilt.
const FOLD: i64 = 9;

/// [`FOLD`], and the law by which obligations are derived: views computed under other rules compiled in or another calendar
/// are rebuilt. What areas adopted is in the log, and so is part of what the views are computed from.
pub(crate) fn fold() -> i64 {
    let law = &Rulebook::national().hash().as_bytes()[..8];
    let law = law.iter().chain(Calendar::china().hash().as_bytes()[..8].iter());
    let digest = law.fold(0_i64, |sum, byte| sum.wrapping_mul(31).wrapping_add(i64::from(*byte)));
    (FOLD << 48) | (digest & 0xFFFF_FFFF_FFFF)
}

/// How long a connection waits for another one's lock. Readers never need it in WAL mode but for a moment at opening.
const BUSY_WAIT: Duration = Duration::from_secs(5);

/// Size of a page of new views: as in the log, a subject's rows lie on one or two of them.
const PAGE_BYTES: u32 = 8_192;

/// Pages written ahead before they are moved into the file: an event changes some twenty, and many of them again and again.
const PAGES_AHEAD: u32 = 2_000;

/// Page cache of a side file, negative because SQLite takes a positive number for pages. Its tables are filled in order, so no
/// page is come back to once it is full: a small cache stays in the processor's own.
const SIDE_CACHE_KIB: i64 = -4_096;

/// The recorded axis uses `recorded_at` in microseconds; an open end is `i64::MAX`.
///
/// A row of `periods` is valid for the effective instants `[eff_from, until)` as known in `[rec_from, rec_to)`, where
/// `until` is `eff_first` as known before `cut_rec` and `eff_to` from then on: an event in order shortens what stood
/// until then and adds what stands now, which is one row changed and one row new instead of three.
///
/// The key of `periods`, `trail` and `obligations` is subject and row in one ([`crate::key`]); a row of the trail has the number
/// of its version.
pub(crate) const TABLES: &str = "
CREATE TABLE checkpoint (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    format INTEGER NOT NULL, fold INTEGER NOT NULL,
    ledger BLOB NOT NULL, salt INTEGER NOT NULL,
    position INTEGER NOT NULL, leaf BLOB, recorded_at INTEGER
) STRICT;
CREATE TABLE subjects (
    id INTEGER PRIMARY KEY, kind INTEGER NOT NULL, code TEXT NOT NULL UNIQUE,
    area INTEGER, version INTEGER NOT NULL,
    last_position INTEGER NOT NULL, last_recorded INTEGER NOT NULL, rows INTEGER NOT NULL
) STRICT;
CREATE TABLE shelves (
    id INTEGER PRIMARY KEY, kind INTEGER NOT NULL, area INTEGER NOT NULL, status TEXT NOT NULL,
    UNIQUE (kind, area, status)
) STRICT;
CREATE TABLE periods (
    key INTEGER PRIMARY KEY,
    track TEXT NOT NULL, value TEXT NOT NULL, cause INTEGER NOT NULL,
    eff_from INTEGER NOT NULL, eff_first INTEGER NOT NULL, eff_to INTEGER NOT NULL, cut_rec INTEGER NOT NULL,
    rec_from INTEGER NOT NULL, rec_to INTEGER NOT NULL, shelf INTEGER
) STRICT;
CREATE TABLE trail (
    key INTEGER PRIMARY KEY, position INTEGER NOT NULL, type INTEGER NOT NULL,
    effective_at INTEGER NOT NULL, recorded_at INTEGER NOT NULL, caused_by INTEGER,
    citation INTEGER NOT NULL, case_name TEXT, target INTEGER, act INTEGER, act_from INTEGER
) STRICT;
CREATE TABLE citations (id INTEGER PRIMARY KEY, json TEXT NOT NULL UNIQUE) STRICT;
CREATE TABLE points (
    subject INTEGER NOT NULL, version INTEGER NOT NULL, rec_from INTEGER NOT NULL, rec_to INTEGER NOT NULL,
    year INTEGER NOT NULL, points INTEGER NOT NULL, what TEXT NOT NULL, institution TEXT,
    decided_at INTEGER NOT NULL, effective_at INTEGER NOT NULL, void_from INTEGER NOT NULL,
    PRIMARY KEY (subject, version, rec_from)
) STRICT, WITHOUT ROWID;
CREATE TABLE people (
    whom TEXT NOT NULL, subject INTEGER NOT NULL, says INTEGER NOT NULL,
    PRIMARY KEY (whom, subject, says)
) STRICT, WITHOUT ROWID;
CREATE INDEX people_spoken_of ON people (whom, subject) WHERE says = 1;
CREATE TABLE reactions (position INTEGER PRIMARY KEY) STRICT;
CREATE TABLE parked (
    stream TEXT PRIMARY KEY, position INTEGER NOT NULL, error TEXT NOT NULL
) STRICT, WITHOUT ROWID;
";

/// Made last when all rows are written at once.
pub(crate) fn indexes() -> String {
    [LIST_INDEX, crate::duty::INDEX].concat()
}

/// Holds all of a row that a list tells or looks at to pass it over.
const LIST_INDEX: &str = concat!(
    "CREATE INDEX periods_list ON periods (shelf, ",
    over_in!(""),
    ", key, eff_from, rec_from, rec_to, cut_rec, eff_first, eff_to, track, cause) WHERE shelf IS NOT NULL;"
);

/// Everything, for starting over in place.
pub(crate) const DROP: &str = "
DROP TABLE IF EXISTS checkpoint; DROP TABLE IF EXISTS subjects; DROP TABLE IF EXISTS names;
DROP TABLE IF EXISTS grams; DROP TABLE IF EXISTS grams_of; DROP TABLE IF EXISTS shelves; DROP TABLE IF EXISTS periods;
DROP TABLE IF EXISTS trail; DROP TABLE IF EXISTS citations; DROP TABLE IF EXISTS points;
DROP TABLE IF EXISTS parked; DROP TABLE IF EXISTS people; DROP TABLE IF EXISTS reactions; DROP TABLE IF EXISTS obligations;
";

/// Tells whoever opened views in the moment in which others were put in their place that these are no longer the ones.
pub(crate) const RETIRE: &str = "UPDATE checkpoint SET format = 0; COMMIT;";

/// Opens the writer's connection; makes the file, readable by its owner alone.
pub(crate) fn open_writer(path: &Path) -> Result<Connection, ViewError> {
    owner_only(path)?;
    let connection = Connection::open(path)?;
    settings(&connection)?;
    // Has no effect on views that are there.
    connection.pragma_update(None, "page_size", PAGE_BYTES)?;
    connection.pragma_update(None, "journal_mode", "WAL")?;
    // Nothing is synced where it can be told afterwards that the machine stopped meanwhile: a sync beside those of the log holds
    // up appends by a third. Else before and after pages are moved from the WAL into the file.
    let synchronous = if under_way::this_run().is_some() { "OFF" } else { "NORMAL" };
    connection.pragma_update(None, "synchronous", synchronous)?;
    connection.pragma_update(None, "wal_autocheckpoint", PAGES_AHEAD)?;
    connection.pragma_update(None, "cache_size", -65_536)?;
    Ok(connection)
}

/// Opens a side file for a rebuild: no journal at all, for nobody reads it before it is whole. Its pages are as large as
/// those of the views it is made for, for it is copied page by page.
pub(crate) fn open_side(path: &Path, views: &Path) -> Result<Connection, ViewError> {
    let page_bytes: u32 = if views.exists() {
        open_reader(views)?.pragma_query_value(None, "page_size", |row| row.get(0))?
    } else {
        PAGE_BYTES
    };
    owner_only(path)?;
    let connection = Connection::open(path)?;
    settings(&connection)?;
    connection.pragma_update(None, "page_size", page_bytes)?;
    connection.pragma_update(None, "journal_mode", "OFF")?;
    connection.pragma_update(None, "synchronous", "OFF")?;
    connection.pragma_update(None, "cache_size", SIDE_CACHE_KIB)?;
    // The list index is sorted by both cores.
    connection.pragma_update(None, "threads", 1)?;
    Ok(connection)
}

/// Opens a reader's connection.
pub(crate) fn open_reader(path: &Path) -> Result<Connection, ViewError> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags)?;
    settings(&connection)?;
    connection.pragma_update(None, "cache_size", -16_384)?;
    connection.pragma_update_and_check(None, "mmap_size", MAPPED_BYTES_MAX, |_| Ok(()))?;
    Ok(connection)
}

/// Asks something of a connection that is to fail at once when another one is in the way.
pub(crate) fn without_waiting<T>(
    connection: &Connection,
    ask: impl FnOnce(&Connection) -> T,
) -> Result<T, ViewError> {
    connection.busy_timeout(Duration::ZERO)?;
    let answer = ask(connection);
    connection.busy_timeout(BUSY_WAIT)?;
    Ok(answer)
}

fn settings(connection: &Connection) -> Result<(), ViewError> {
    // Without it the bundled SQLite prepares a statement anew whenever a bound range changes.
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
    connection.busy_timeout(BUSY_WAIT)?;
    connection.set_prepared_statement_cache_capacity(64);
    Ok(())
}

fn owner_only(path: &Path) -> Result<(), ViewError> {
    use std::os::unix::fs::OpenOptionsExt;
    std::fs::OpenOptions::new()
        .create(true)
        .truncate(false)
        .write(true)
        .mode(0o600)
        .open(path)
        .map(drop)
        .map_err(ViewError::File)
}
