//! What waits in heads goes into the file.

use crate::duty;
use crate::error::ViewError;
use crate::fold::{Head, Kept, Open, PointRow, Row, TrailRow};
use crate::key::{is_of, key, row_of};
use crate::model::Listing;
use crate::names;
use crate::schema;
use crate::views::kind_number;
use accord_domain::{AreaCode, Instant, SubjectKind, Track, Value};
use foldhash::fast::RandomState;
use rusqlite::{CachedStatement, Connection, OptionalExtension, Params};
use std::collections::HashMap;
use std::sync::Arc;

/// Citations remembered with their numbers; far more than there are instruments and clauses in use at a time.
const CITATIONS_REMEMBERED_MAX: usize = 50_000;

const SUBJECT: &str = "INSERT INTO subjects (id, kind, code, area, version, last_position, last_recorded, rows) \
     VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8) ON CONFLICT (id) DO UPDATE SET \
     version = excluded.version, last_position = excluded.last_position, last_recorded = excluded.last_recorded, \
     rows = excluded.rows";
const PERIOD: &str = "INSERT INTO periods (key, track, value, cause, eff_from, eff_first, eff_to, cut_rec, \
     rec_from, rec_to, shelf) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)";
const PERIOD_CHANGED: &str = "UPDATE periods SET eff_to = ?2, cut_rec = ?3, rec_to = ?4 WHERE key = ?1";
const TRAIL: &str = "INSERT INTO trail (key, position, type, effective_at, recorded_at, caused_by, \
     citation, case_name, target, act, act_from) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)";
const POINTS: &str = "INSERT INTO points (subject, version, rec_from, rec_to, year, points, what, institution, \
     decided_at, effective_at, void_from) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11) \
     ON CONFLICT (subject, version, rec_from) DO UPDATE SET rec_to = excluded.rec_to";

const PERSON: &str = "INSERT OR IGNORE INTO people (whom, subject, says) VALUES (?1, ?2, ?3)";
const REACTION: &str = "INSERT OR IGNORE INTO reactions (position) VALUES (?1)";

/// The statements that write rows, by far most of the work of making views.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Sql {
    Subject,
    Period,
    PeriodChanged,
    Trail,
    Points,
    Person,
    Reaction,
    Duty,
    DutyChanged,
    Name,
    NameChanged,
    GramsOf,
    Grams,
}

impl Sql {
    const COUNT: usize = Self::Grams as usize + 1;

    const fn text(self) -> &'static str {
        match self {
            Self::Subject => SUBJECT,
            Self::Period => PERIOD,
            Self::PeriodChanged => PERIOD_CHANGED,
            Self::Trail => TRAIL,
            Self::Points => POINTS,
            Self::Person => PERSON,
            Self::Reaction => REACTION,
            Self::Duty => duty::INSERT,
            Self::DutyChanged => duty::UPDATE,
            Self::Name => names::INSERT,
            Self::NameChanged => names::UPDATE,
            Self::GramsOf => names::INSERT_GRAMS_OF,
            Self::Grams => names::INSERT_GRAMS,
        }
    }
}

/// Statements at hand while many heads are written: each is looked up by its text once, not once a row.
pub(crate) struct Statements<'c> {
    connection: &'c Connection,
    held: [Option<CachedStatement<'c>>; Sql::COUNT],
}

impl<'c> Statements<'c> {
    pub(crate) fn new(connection: &'c Connection) -> Self {
        Self { connection, held: Default::default() }
    }

    /// Runs a statement, prepared when it is first wanted.
    pub(crate) fn run(&mut self, sql: Sql, params: impl Params) -> Result<(), ViewError> {
        let statement = match &mut self.held[sql as usize] {
            Some(statement) => statement,
            none => none.insert(self.connection.prepare_cached(sql.text())?),
        };
        statement.execute(params)?;
        Ok(())
    }

    /// The number of the row written last.
    pub(crate) fn last_id(&self) -> i64 {
        self.connection.last_insert_rowid()
    }
}

/// Writes heads; remembers the numbers of shelves and citations.
#[derive(Debug, Default)]
pub(crate) struct Writer {
    shelves: HashMap<(SubjectKind, u32, Value), i64, RandomState>,
    citations: HashMap<Arc<str>, i64, RandomState>,
}

impl Writer {
    /// Writes what waits in a head.
    pub(crate) fn write(&mut self, into: &mut Statements<'_>, head: &mut Head) -> Result<(), ViewError> {
        subject(into, head)?;
        let id = head.id;
        let (kind, home) = (head.subject.kind(), head.home);
        for row in head.settled.drain(..) {
            self.period(into, id, kind, home, &row)?;
        }
        for row in head.tail.iter_mut().filter(|row| row.kept != Kept::Same) {
            self.period(into, id, kind, home, row)?;
            row.kept = Kept::Same;
        }
        for row in head.trail.drain(..) {
            self.trail(into, id, &row)?;
        }
        for row in head.points.drain(..) {
            points(into, id.cast_signed(), &row)?;
        }
        head.duties.write(into, head.id)?;
        head.names.write(into, head.id)?;
        for (whom, says) in head.people.drain(..) {
            into.run(Sql::Person, (whom.code(), id.cast_signed(), says))?;
        }
        for position in head.causes.drain(..) {
            into.run(Sql::Reaction, [position.cast_signed()])?;
        }
        Ok(())
    }

    fn period(
        &mut self,
        into: &mut Statements<'_>,
        subject: u64,
        kind: SubjectKind,
        home: Option<AreaCode>,
        row: &Row,
    ) -> Result<(), ViewError> {
        let key = key(subject, row.row)?;
        if row.kept == Kept::Changed {
            let (until, cut, rec_to) = (row.until.as_micros(), row.cut.as_micros(), row.rec_to.as_micros());
            return into.run(Sql::PeriodChanged, (key, until, cut, rec_to));
        }
        let listed = Listing::of(kind, home, &row.track, row.value);
        let shelf = listed.map(|listing| self.shelf(into.connection, listing)).transpose()?;
        let values = (
            key,
            row.track.key(),
            row.value.to_string(),
            row.cause,
            row.from.as_micros(),
            row.first.as_micros(),
            row.until.as_micros(),
            row.cut.as_micros(),
            row.rec_from.as_micros(),
            row.rec_to.as_micros(),
            shelf,
        );
        into.run(Sql::Period, values)
    }

    fn trail(&mut self, into: &mut Statements<'_>, subject: u64, row: &TrailRow) -> Result<(), ViewError> {
        let citation = self.citation(into.connection, &row.citation)?;
        let (target, act, from) = row.act.map_or((None, None, None), |(target, act, from)| {
            (Some(target), Some(act), Some(from.as_micros()))
        });
        let values = (
            key(subject, row.version)?,
            row.position.cast_signed(),
            row.kind.0,
            row.effective_at.as_micros(),
            row.recorded_at.as_micros(),
            row.caused_by,
            citation,
            row.case.as_deref(),
            target,
            act,
            from,
        );
        into.run(Sql::Trail, values)
    }

    fn shelf(&mut self, connection: &Connection, listing: Listing) -> Result<i64, ViewError> {
        let Listing { kind, area, status } = listing;
        let area = area.map_or(0, AreaCode::number);
        if let Some(id) = self.shelves.get(&(kind, area, status)) {
            return Ok(*id);
        }
        let key = (kind_number(kind), area, status.to_string());
        connection
            .prepare_cached("INSERT OR IGNORE INTO shelves (kind, area, status) VALUES (?1, ?2, ?3)")?
            .execute((key.0, key.1, &key.2))?;
        let id = connection
            .prepare_cached("SELECT id FROM shelves WHERE kind = ?1 AND area = ?2 AND status = ?3")?
            .query_row((key.0, key.1, &key.2), |row| row.get(0))?;
        self.shelves.insert((kind, area, status), id);
        Ok(id)
    }

    fn citation(&mut self, connection: &Connection, json: &Arc<str>) -> Result<i64, ViewError> {
        if let Some(id) = self.citations.get(json) {
            return Ok(*id);
        }
        let found = connection
            .prepare_cached("SELECT id FROM citations WHERE json = ?1")?
            .query_row([&**json], |row| row.get(0))
            .optional()?;
        let id = match found {
            Some(id) => id,
            None => {
                connection.prepare_cached("INSERT INTO citations (json) VALUES (?1)")?.execute([&**json])?;
                connection.last_insert_rowid()
            }
        };
        if self.citations.len() >= CITATIONS_REMEMBERED_MAX {
            self.citations.clear();
        }
        self.citations.insert(Arc::clone(json), id);
        Ok(id)
    }
}

fn subject(into: &mut Statements<'_>, head: &Head) -> Result<(), ViewError> {
    let row = (
        head.id.cast_signed(),
        kind_number(head.subject.kind()),
        head.subject.code(),
        head.home.map(AreaCode::number),
        head.version,
        head.last_position.cast_signed(),
        head.last_recorded.as_micros(),
        head.next_row,
    );
    into.run(Sql::Subject, row)
}

fn points(into: &mut Statements<'_>, subject: i64, row: &PointRow) -> Result<(), ViewError> {
    let values = (
        subject,
        row.version,
        row.rec_from.as_micros(),
        row.rec_to.as_micros(),
        row.year,
        row.points,
        &*row.what,
        row.institution.as_deref(),
        row.decided_at.as_micros(),
        row.effective_at.as_micros(),
        row.void_from.as_micros(),
    );
    into.run(Sql::Points, values)
}

/// The open rows of a subject that end at an instant or later.
fn open_rows(connection: &Connection, subject: u64) -> Result<Vec<Row>, ViewError> {
    let mut statement = connection.prepare_cached(concat!(
        "SELECT ",
        row_of!("key"),
        ", track, value, cause, eff_from, eff_first, eff_to, cut_rec, rec_from FROM periods WHERE ",
        is_of!("key", "?1"),
        " AND rec_to = ?2",
    ))?;
    let mut rows = statement.query((subject.cast_signed(), i64::MAX))?;
    let mut open = Vec::new();
    while let Some(row) = rows.next()? {
        let damaged = || ViewError::Damaged("a period cannot be read".to_owned());
        let text = |at| row.get_ref(at).and_then(|text| Ok(text.as_str()?));
        open.push(Row {
            row: row.get(0)?,
            track: Track::parse(text(1)?).ok_or_else(damaged)?,
            value: Value::parse(text(2)?).ok_or_else(damaged)?,
            cause: row.get(3)?,
            from: Instant::from_micros(row.get(4)?),
            first: Instant::from_micros(row.get(5)?),
            until: Instant::from_micros(row.get(6)?),
            cut: Instant::from_micros(row.get(7)?),
            rec_from: Instant::from_micros(row.get(8)?),
            rec_to: Instant::MAX,
            kept: Kept::Same,
        });
    }
    Ok(open)
}

/// All open rows of a subject.
pub(crate) fn open(connection: &Connection, subject: u64) -> Result<Open, ViewError> {
    Ok(Open {
        rows: open_rows(connection, subject)?,
        points: open_points(connection, subject)?,
        duties: duty::open_rows(connection, subject)?,
    })
}

/// The open rows of a subject's points.
fn open_points(connection: &Connection, subject: u64) -> Result<Vec<PointRow>, ViewError> {
    let mut statement = connection.prepare_cached(
        "SELECT version, rec_from, year, points, what, institution, decided_at, effective_at, void_from FROM points \
         WHERE subject = ?1 AND rec_to = ?2",
    )?;
    let rows = statement.query_map((subject.cast_signed(), i64::MAX), |row| {
        Ok(PointRow {
            version: row.get(0)?,
            rec_from: Instant::from_micros(row.get(1)?),
            rec_to: Instant::MAX,
            year: row.get(2)?,
            points: row.get(3)?,
            what: row.get(4)?,
            institution: row.get(5)?,
            decided_at: Instant::from_micros(row.get(6)?),
            effective_at: Instant::from_micros(row.get(7)?),
            void_from: Instant::from_micros(row.get(8)?),
        })
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// Makes the tables, empty, for a ledger.
pub(crate) fn create(connection: &Connection, ledger: &[u8; 16], salt: u64) -> Result<(), ViewError> {
    connection.execute_batch(schema::DROP)?;
    connection.execute_batch(schema::TABLES)?;
    connection.execute_batch(duty::TABLE)?;
    connection.execute_batch(names::TABLES)?;
    connection.execute(
        "INSERT INTO checkpoint (id, format, fold, ledger, salt, position) VALUES (1, ?1, ?2, ?3, ?4, 0)",
        (schema::FORMAT, schema::fold(), ledger.as_slice(), salt.cast_signed()),
    )?;
    Ok(())
}
