//! The read side: a pool of read-only connections, one page of SQL per question.

mod census;
mod duties;
mod list;
#[cfg(test)]
mod plans;
mod points;
mod search;
mod subject;
mod trail;

pub use duties::Worklist;
pub(crate) use list::kind_number;
pub(crate) use trail::{ANNULS, ANNULS_WITH_CONSEQUENCES, CORRECTS};

use crate::error::ViewError;
use crate::model::{Health, Parked};
use crate::projector::{Opened, Source, trust};
use crate::schema;
use crate::showing::Showing;
use crate::under_way;
use accord_domain::Instant;
use accord_store::EventLog;
use rusqlite::{Connection, OptionalExtension};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

/// Connections kept open when nobody uses them.
const IDLE_CONNECTIONS_MAX: usize = 16;

/// Answers from `views.db`. Cheap to clone; safe to use from many threads at once.
#[derive(Clone, Debug)]
pub struct Views {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    path: PathBuf,
    idle: Mutex<Vec<Connection>>,
    /// What questions wait for, where this process writes the views as well.
    showing: Option<Showing>,
}

impl Views {
    /// Reads the views at a path, which a [`crate::Projector`] has made.
    ///
    /// # Errors
    /// When there are none, or they are of another version and must be rebuilt.
    pub fn open(path: &Path) -> Result<Self, ViewError> {
        Self::open_with(path, None)
    }

    /// The same of a log: beside nobody who writes, the file may be older or newer than the log, or of another ledger, after one
    /// of them was put back from a copy.
    ///
    /// # Errors
    /// As [`Views::open`], and when they are not of this log.
    pub fn open_of(path: &Path, source: Source, log: &dyn EventLog) -> Result<Self, ViewError> {
        let views = Self::open(path)?;
        match views.on_a_connection(|connection| trust(connection, source, log))? {
            None => Ok(views),
            Some(Opened::Discarded(why)) => Err(ViewError::Damaged(why)),
            Some(Opened::Fresh | Opened::Resumed) => Err(ViewError::Damaged("there are none".to_owned())),
        }
    }

    /// As [`Views::open`] where this process writes the views as well: every question waits for what was announced before it was asked,
    /// and is refused with [`ViewError::Behind`] when that cannot be shown; [`Views::health`] and [`Views::position`] wait too and
    /// answer all the same.
    ///
    /// # Errors
    /// As [`Views::open`].
    pub fn open_after(path: &Path, showing: &Showing) -> Result<Self, ViewError> {
        Self::open_with(path, Some(showing.clone()))
    }

    fn open_with(path: &Path, showing: Option<Showing>) -> Result<Self, ViewError> {
        if under_way::was_cut_off(path)? {
            return Err(ViewError::Damaged("the machine stopped while they were written".to_owned()));
        }
        let connection = schema::open_reader(path)?;
        let (format, fold): (i64, i64) =
            connection
                .query_row("SELECT format, fold FROM checkpoint", [], |row| Ok((row.get(0)?, row.get(1)?)))?;
        if (format, fold) != (schema::FORMAT, schema::fold()) {
            return Err(ViewError::Damaged(format!(
                "format {format} and fold {fold}, this version has {} and {}",
                schema::FORMAT,
                schema::fold()
            )));
        }
        let (path, idle) = (path.to_owned(), Mutex::new(vec![connection]));
        Ok(Self { inner: Arc::new(Inner { path, idle, showing }) })
    }

    /// Where the file is.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.inner.path
    }

    /// The next position the views need: everything before it is in them.
    ///
    /// # Errors
    /// When the views cannot be read.
    pub fn position(&self) -> Result<u64, ViewError> {
        self.with_these(|connection| {
            Ok(connection
                .prepare_cached(sql::POSITION)?
                .query_row([], |row| row.get::<_, i64>(0))?
                .cast_unsigned())
        })
    }

    /// Whether what this process answered as recorded could not be written into the views so far.
    #[must_use]
    pub fn is_behind(&self) -> bool {
        self.inner.showing.as_ref().is_some_and(Showing::is_behind)
    }

    /// How many events this process announced; none where it does not write the views.
    #[must_use]
    pub fn announced(&self) -> Option<u64> {
        self.inner.showing.as_ref().map(Showing::announced)
    }

    /// How many subjects there are. Looks at all of them.
    ///
    /// # Errors
    /// When the views cannot be read.
    pub fn subjects(&self) -> Result<u64, ViewError> {
        self.with(|connection| {
            let count: i64 = connection.prepare_cached(sql::SUBJECTS)?.query_row([], |row| row.get(0))?;
            Ok(count.cast_unsigned())
        })
    }

    /// How far the views have come and what was set aside.
    ///
    /// # Errors
    /// When the views cannot be read.
    pub fn health(&self) -> Result<Health, ViewError> {
        self.with_these(|connection| {
            let connection = &*connection.unchecked_transaction()?;
            let (position, recorded_at) = connection
                .prepare_cached(sql::HEALTH)?
                .query_row([], |row| Ok((row.get::<_, i64>(0)?, row.get::<_, Option<i64>>(1)?)))?;
            let parked_count: i64 =
                connection.prepare_cached(sql::PARKED_COUNT)?.query_row([], |row| row.get(0))?;
            let mut statement = connection.prepare_cached(sql::PARKED)?;
            let parked = statement.query_map([], |row| {
                Ok(Parked {
                    stream: row.get(0)?,
                    position: row.get::<_, i64>(1)?.cast_unsigned(),
                    error: row.get(2)?,
                })
            })?;
            let pending_reactions: i64 =
                connection.prepare_cached(sql::PENDING_COUNT)?.query_row([], |row| row.get(0))?;
            Ok(Health {
                position: position.cast_unsigned(),
                recorded_at: recorded_at.map(Instant::from_micros),
                parked_count: parked_count.cast_unsigned(),
                parked: parked.collect::<Result<_, _>>()?,
                pending_reactions: pending_reactions.cast_unsigned(),
            })
        })
    }

    /// Runs several queries that belong together: they see the views as of one moment, for between two of them the views may go
    /// on. For a single one a transaction costs more than it is worth.
    pub(crate) fn with_moment<T>(
        &self,
        ask: impl FnOnce(&Connection) -> Result<T, ViewError>,
    ) -> Result<T, ViewError> {
        self.with(|connection| ask(&*connection.unchecked_transaction()?))
    }

    /// Runs a query on a connection of its own.
    pub(crate) fn with<T>(
        &self,
        ask: impl FnOnce(&Connection) -> Result<T, ViewError>,
    ) -> Result<T, ViewError> {
        if let Some(showing) = &self.inner.showing {
            showing.wait()?;
        }
        self.on_a_connection(ask)
    }

    /// The same where nothing is refused for what is missing: how far the views are is what is asked.
    fn with_these<T>(&self, ask: impl FnOnce(&Connection) -> Result<T, ViewError>) -> Result<T, ViewError> {
        if let Some(showing) = &self.inner.showing {
            let _all_there = showing.wait();
        }
        self.on_a_connection(ask)
    }

    fn on_a_connection<T>(
        &self,
        ask: impl FnOnce(&Connection) -> Result<T, ViewError>,
    ) -> Result<T, ViewError> {
        let idle = || self.inner.idle.lock().unwrap_or_else(PoisonError::into_inner);
        let taken = idle().pop();
        let connection = match taken {
            Some(connection) => connection,
            None => schema::open_reader(&self.inner.path)?,
        };
        let answer = ask(&connection);
        let mut idle = idle();
        if idle.len() < IDLE_CONNECTIONS_MAX {
            idle.push(connection);
        }
        answer
    }
}

/// Every query of the read side, in one place so that a test can look at their plans.
pub(crate) mod sql {
    use crate::key::{is_of, key_of, row_of, subject_of};
    use crate::stretch::{next_stretch, over_in};

    pub(crate) const POSITION: &str = "SELECT position FROM checkpoint WHERE id = 1";
    pub(crate) const HEALTH: &str = "SELECT position, recorded_at FROM checkpoint WHERE id = 1";
    pub(crate) const PENDING_COUNT: &str = "SELECT count(*) FROM reactions";
    pub(crate) const PARKED_COUNT: &str = "SELECT count(*) FROM parked";
    pub(crate) const PARKED: &str = "SELECT stream, position, error FROM parked ORDER BY position LIMIT 100";
    pub(crate) const SALT: &str = "SELECT salt FROM checkpoint WHERE id = 1";
    pub(crate) const NAMES: &str = "SELECT name, eff_from, eff_to FROM names \
         WHERE subject = (SELECT id FROM subjects WHERE code = ?1) AND rec_from <= ?2 AND rec_to > ?2 ORDER BY eff_from";

    /// The name borne by a subject at an instant, as known at another: at most one.
    macro_rules! name_at {
        (($($subject:tt)+), $as_of:literal, $known:literal) => {
            concat!(
                "(SELECT b.name FROM names b WHERE b.subject = ",
                $($subject)+,
                " AND b.eff_from <= ",
                $as_of,
                " AND b.eff_to > ",
                $as_of,
                " AND b.rec_from <= ",
                $known,
                " AND b.rec_to > ",
                $known,
                ")"
            )
        };
    }
    pub(crate) const STANDING: &str = concat!(
        "SELECT p.track, p.value, p.cause, p.eff_from, \
         CASE WHEN ?3 < p.cut_rec THEN p.eff_first ELSE p.eff_to END AS until \
         FROM subjects s CROSS JOIN periods p ON ",
        is_of!("p.key", "s.id"),
        " WHERE s.code = ?1 AND p.eff_from <= ?2 AND p.rec_from <= ?3 \
         AND p.rec_to > ?3 AND CASE WHEN ?3 < p.cut_rec THEN p.eff_first ELSE p.eff_to END > ?2"
    );
    pub(crate) const TIMELINE: &str = concat!(
        "SELECT p.track, p.value, p.cause, p.eff_from, \
         CASE WHEN ?2 < p.cut_rec THEN p.eff_first ELSE p.eff_to END AS until \
         FROM subjects s CROSS JOIN periods p ON ",
        is_of!("p.key", "s.id"),
        " WHERE s.code = ?1 AND p.rec_from <= ?2 AND p.rec_to > ?2"
    );
    pub(crate) const PERIODS: &str = concat!(
        "SELECT p.track, p.value, p.cause, p.eff_from, p.eff_to, p.eff_first, p.cut_rec, p.rec_from, p.rec_to, \
         h.kind, h.area, h.status FROM subjects s CROSS JOIN periods p ON ",
        is_of!("p.key", "s.id"),
        " LEFT JOIN shelves h ON h.id = p.shelf WHERE s.code = ?1"
    );
    pub(crate) const SUBJECTS: &str = "SELECT count(*) FROM subjects";
    pub(crate) const VERSION: &str = concat!(
        "SELECT ",
        row_of!("t.key"),
        " FROM subjects s CROSS JOIN trail t ON ",
        is_of!("t.key", "s.id"),
        " WHERE s.code = ?1 AND t.recorded_at <= ?2 ORDER BY t.key DESC LIMIT 1"
    );
    pub(crate) const REASON: &str = concat!(
        "SELECT ",
        row_of!("t.key"),
        ", t.position, t.type, t.effective_at, t.recorded_at, c.json, t.case_name \
         FROM subjects s CROSS JOIN trail t ON t.key = ",
        key_of!("s.id", "?2"),
        " JOIN citations c ON c.id = t.citation WHERE s.code = ?1"
    );
    pub(crate) const TRAIL: &str = concat!(
        "SELECT ",
        row_of!("t.key"),
        ", t.position, t.type, t.effective_at, t.recorded_at, c.json, \
         t.case_name, t.caused_by, t.target, t.act, t.act_from FROM subjects s CROSS JOIN trail t ON ",
        is_of!("t.key", "s.id"),
        " JOIN citations c ON c.id = t.citation WHERE s.code = ?1 AND t.recorded_at <= ?2 ORDER BY t.key"
    );
    pub(crate) const POINTS: &str = concat!(
        "SELECT p.version, p.points, p.what, p.institution, p.decided_at, p.void_from, \
         t.position, t.type, p.effective_at, t.recorded_at, c.json, t.case_name FROM points p \
         JOIN trail t ON t.key = ",
        key_of!("p.subject", "p.version"),
        " JOIN citations c ON c.id = t.citation \
         WHERE p.subject = (SELECT id FROM subjects WHERE code = ?1) AND p.year = ?2 AND p.effective_at <= ?3 \
         AND p.rec_from <= ?4 AND p.rec_to > ?4 AND p.void_from > ?3"
    );
    pub(crate) const SHELVES: &str = "SELECT id, kind, area, status FROM shelves ORDER BY kind, area, status";
    pub(crate) const LIST_STRETCH: &str =
        next_stretch!("periods INDEXED BY periods_list", "shelf", over_in!(""));
    pub(crate) const LIST: &str = concat!(
        "SELECT key, track, cause, eff_from, CASE WHEN ?3 < cut_rec THEN eff_first ELSE eff_to END AS until \
         FROM periods INDEXED BY periods_list WHERE shelf = ?1 AND ",
        over_in!(""),
        " = ?8 AND key > ?5 AND key <= ?6 AND eff_from <= ?2 AND rec_from <= ?3 \
         AND rec_to > ?3 AND CASE WHEN ?3 < cut_rec THEN eff_first ELSE eff_to END > ?2 \
         AND (?4 IS NULL OR substr(track, -length(?4)) = ?4) ORDER BY key LIMIT ?7"
    );
    pub(crate) const LISTED: &str =
        concat!("SELECT s.code, ", name_at!(("s.id"), "?2", "?3"), " FROM subjects s WHERE s.id = ?1");
    pub(crate) const CENSUS: &str = concat!(
        "SELECT ",
        subject_of!("key"),
        ", track FROM periods INDEXED BY periods_list WHERE shelf = ?1 AND ",
        over_in!(""),
        " >= ?4 AND eff_from <= ?2 AND rec_from <= ?3 AND rec_to > ?3 \
         AND CASE WHEN ?3 < cut_rec THEN eff_first ELSE eff_to END > ?2"
    );
    // A name has a row for every time it was borne: it is told once, by the first of those known then.
    pub(crate) const BY_NAME: &str = "SELECT s.code, n.name, EXISTS (SELECT 1 FROM names o \
         WHERE o.subject = n.subject AND o.name = n.name AND o.rec_from <= ?3 AND o.rec_to > ?3 \
         AND o.eff_from <= ?2 AND o.eff_to > ?2) \
         FROM grams g JOIN grams_of w ON w.id = g.rowid JOIN names n ON n.subject = w.subject AND n.row = w.row \
         JOIN subjects s ON s.id = n.subject WHERE grams MATCH ?1 AND n.rec_from <= ?3 AND n.rec_to > ?3 \
         AND NOT EXISTS (SELECT 1 FROM names o WHERE o.subject = n.subject AND o.row < n.row AND o.name = n.name \
         AND o.rec_from <= ?3 AND o.rec_to > ?3) ORDER BY g.rowid LIMIT ?4";
    pub(crate) const BY_CODE: &str = concat!(
        "SELECT s.code, ",
        name_at!(("s.id"), "?3", "?4"),
        " FROM subjects s WHERE s.code >= ?1 AND s.code < ?2 \
         AND EXISTS (SELECT 1 FROM trail t WHERE t.key = ",
        key_of!("s.id", "0"),
        " AND t.recorded_at <= ?4) \
         ORDER BY s.code LIMIT ?5"
    );

    /// What is known at an instant of when an obligation ends, how and by which event.
    macro_rules! entry_columns {
        ($known:literal) => {
            concat!(
                "o.kind, o.raised_by, o.area, o.line, o.detail, o.rule, o.clock, o.start, o.due, o.provisional, \
                 o.eff_from, CASE WHEN ",
                $known,
                " < o.cut_rec THEN o.eff_first ELSE o.eff_to END, CASE WHEN o.cut_rec = 9223372036854775807 OR ",
                $known,
                " >= o.cut_rec THEN o.ending ELSE 0 END, CASE WHEN o.cut_rec = 9223372036854775807 OR ",
                $known,
                " >= o.cut_rec THEN o.ended_by END, o.read_from, o.read_to"
            )
        };
    }
    /// The first keys of an area's worklist by day, of the rows over in one stretch that meet a condition. In two parts, because
    /// a pair of columns of which the second is the key is not compared within the index.
    macro_rules! next_due {
        ($condition:literal, $order:literal) => {
            concat!(
                "SELECT due, key FROM (SELECT i.due, i.key FROM obligations i INDEXED BY obligations_due \
                 WHERE i.listed = 1 AND i.area = ?1 AND ",
                over_in!("i.", "read_to"),
                " = ?8 AND ",
                $condition,
                " AND i.eff_from <= ?5 AND i.rec_from <= ?6 AND i.rec_to > ?6 AND i.read_from <= ?6 AND i.read_to > ?6 \
                 AND CASE WHEN ?6 < i.cut_rec THEN i.eff_first ELSE i.eff_to END > ?5 ORDER BY ",
                $order,
                " LIMIT ?7)"
            )
        };
    }
    pub(crate) const WORKLIST_KEYS: &str = concat!(
        next_due!("i.due = ?2 AND i.key > ?3 AND i.due <= ?4", "i.key"),
        " UNION ALL ",
        next_due!("i.due > ?2 AND i.due <= ?4", "i.due, i.key"),
        " ORDER BY due, key LIMIT ?7"
    );
    pub(crate) const WORKLIST_STRETCH: &str = next_stretch!(
        "obligations INDEXED BY obligations_due",
        "listed = 1 AND area",
        over_in!("", "read_to")
    );
    pub(crate) const WORKLIST: &str = concat!(
        "SELECT ",
        entry_columns!("?3"),
        ", s.kind, s.code, ",
        name_at!((subject_of!("o.key")), "?2", "?3"),
        ", t.position, t.recorded_at FROM obligations o CROSS JOIN subjects s ON s.id = ",
        subject_of!("o.key"),
        " CROSS JOIN trail t ON t.key = ",
        key_of!("s.id", "o.raised_by"),
        " WHERE o.key = ?1"
    );
    pub(crate) const WORKLIST_AREAS: &str = "WITH RECURSIVE areas (area) AS ( \
         SELECT min(area) FROM obligations INDEXED BY obligations_due WHERE listed = 1 UNION ALL \
         SELECT (SELECT min(o.area) FROM obligations o INDEXED BY obligations_due WHERE o.listed = 1 AND o.area > a.area) \
         FROM areas a WHERE a.area IS NOT NULL) SELECT area FROM areas WHERE area IS NOT NULL";
    pub(crate) const DOCKET: &str = concat!(
        "SELECT ",
        entry_columns!("?2"),
        " FROM subjects s CROSS JOIN obligations o ON ",
        is_of!("o.key", "s.id"),
        " WHERE s.code = ?1 AND o.rec_from <= ?2 AND o.rec_to > ?2 AND o.read_from <= ?2 AND o.read_to > ?2"
    );

    pub(crate) const SPEAKING_OF: &str = "SELECT s.code FROM people p JOIN subjects s ON s.id = p.subject \
         WHERE p.says = 1 AND p.whom = ?1 ORDER BY s.id";

    /// All of them, by name.
    #[cfg(test)]
    pub(crate) const ALL: &[(&str, &str)] = &[
        ("position", POSITION),
        ("health", HEALTH),
        ("parked", PARKED),
        ("parked count", PARKED_COUNT),
        ("pending reactions", PENDING_COUNT),
        ("salt", SALT),
        ("speaking of", SPEAKING_OF),
        ("names", NAMES),
        ("standing", STANDING),
        ("timeline", TIMELINE),
        ("periods", PERIODS),
        ("version", VERSION),
        ("reason", REASON),
        ("trail", TRAIL),
        ("points", POINTS),
        ("shelves", SHELVES),
        ("list stretch", LIST_STRETCH),
        ("list", LIST),
        ("listed", LISTED),
        ("census", CENSUS),
        ("by name", BY_NAME),
        ("by code", BY_CODE),
        ("worklist keys", WORKLIST_KEYS),
        ("worklist stretch", WORKLIST_STRETCH),
        ("worklist", WORKLIST),
        ("worklist areas", WORKLIST_AREAS),
        ("docket", DOCKET),
    ];
}

/// The largest coordinate: the open end `i64::MAX` itself would lie outside every half-open period.
fn micros(at: Instant) -> i64 {
    at.as_micros().min(i64::MAX - 1)
}

fn salt(connection: &Connection) -> Result<u64, ViewError> {
    Ok(connection
        .prepare_cached(sql::SALT)?
        .query_row([], |row| row.get::<_, i64>(0))
        .optional()?
        .unwrap_or_default()
        .cast_unsigned())
}

fn damaged(what: &str) -> ViewError {
    ViewError::Damaged(format!("{what} cannot be read"))
}
