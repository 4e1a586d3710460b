//! One subject: what stands, and why.

use super::list::kind_of;
use super::{Views, damaged, micros, salt, sql};
use crate::error::ViewError;
use crate::model::{Listing, Period, Reason};
use crate::names;
use accord_domain::timeline::Naming;
use accord_domain::{AreaCode, Basis, EventType, Instant, Span, Subject, Track, Value, Version};
use accord_store::ids;
use rusqlite::{OptionalExtension, Row};
use serde::Deserialize;

impl Views {
    /// What stood for a subject at an instant, as known at another: one span a track, sorted. Empty for a subject
    /// never heard of by then.
    ///
    /// # Errors
    /// When the views cannot be read.
    pub fn standing(
        &self,
        subject: &Subject,
        as_of: Instant,
        known_at: Instant,
    ) -> Result<Vec<Span>, ViewError> {
        self.with(|connection| {
            let mut statement = connection.prepare_cached(sql::STANDING)?;
            let rows = statement.query((subject.code(), micros(as_of), micros(known_at)))?;
            spans(rows)
        })
    }

    /// What stands for a subject over the whole effective axis, as known at an instant, by track and time.
    ///
    /// # Errors
    /// When the views cannot be read.
    pub fn timeline(&self, subject: &Subject, known_at: Instant) -> Result<Vec<Span>, ViewError> {
        self.with(|connection| {
            let mut statement = connection.prepare_cached(sql::TIMELINE)?;
            let rows = statement.query((subject.code(), micros(known_at)))?;
            spans(rows)
        })
    }

    /// Every row kept of a subject, whenever it was known: for comparing with the log.
    ///
    /// # Errors
    /// When the views cannot be read.
    pub fn periods(&self, subject: &Subject) -> Result<Vec<Period>, ViewError> {
        self.with(|connection| {
            let mut statement = connection.prepare_cached(sql::PERIODS)?;
            let mut rows = statement.query([subject.code()])?;
            let mut periods = Vec::new();
            while let Some(row) = rows.next()? {
                let instant = |at| row.get(at).map(Instant::from_micros);
                periods.push(Period {
                    span: span(row)?,
                    until_before: instant(5)?,
                    moved_at: instant(6)?,
                    known_from: instant(7)?,
                    known_until: instant(8)?,
                    listed: listing(row)?,
                });
            }
            Ok(periods)
        })
    }

    /// Every name of a subject over the whole effective axis, as known at an instant, by time.
    ///
    /// # Errors
    /// When the views cannot be read.
    pub fn names(&self, subject: &Subject, known_at: Instant) -> Result<Vec<Naming>, ViewError> {
        self.with(|connection| {
            let mut statement = connection.prepare_cached(sql::NAMES)?;
            let rows = statement.query_map((subject.code(), micros(known_at)), names::read)?;
            Ok(rows.collect::<Result<_, _>>()?)
        })
    }

    /// The newest version of a subject's stream as known at an instant; none when nothing was known of it then.
    ///
    /// # Errors
    /// When the views cannot be read.
    pub fn version(&self, subject: &Subject, known_at: Instant) -> Result<Option<Version>, ViewError> {
        self.with(|connection| {
            let mut statement = connection.prepare_cached(sql::VERSION)?;
            Ok(statement.query_row((subject.code(), micros(known_at)), |row| row.get(0)).optional()?)
        })
    }

    /// The event of a subject's stream that is the cause of a span, with its id and basis.
    ///
    /// # Errors
    /// When the views cannot be read.
    pub fn reason(&self, subject: &Subject, version: Version) -> Result<Option<Reason>, ViewError> {
        self.with(|connection| {
            let salt = salt(connection)?;
            let mut statement = connection.prepare_cached(sql::REASON)?;
            let mut rows = statement.query((subject.code(), version))?;
            rows.next()?.map(|row| reason(row, salt)).transpose()
        })
    }
}

fn spans(mut rows: rusqlite::Rows<'_>) -> Result<Vec<Span>, ViewError> {
    let mut spans = Vec::with_capacity(12);
    while let Some(row) = rows.next()? {
        spans.push(span(row)?);
    }
    spans.sort_unstable();
    Ok(spans)
}

/// Columns: track, value, cause, from, until.
fn span(row: &Row<'_>) -> Result<Span, ViewError> {
    Ok(Span {
        track: text(row, 0, Track::parse)?,
        value: text(row, 1, Value::parse)?,
        cause: row.get(2)?,
        from: Instant::from_micros(row.get(3)?),
        until: Instant::from_micros(row.get(4)?),
    })
}

/// Columns from the tenth on: kind, area, status of the shelf.
fn listing(row: &Row<'_>) -> Result<Option<Listing>, ViewError> {
    let Some(kind) = row.get(9)? else { return Ok(None) };
    let area = row.get::<_, u32>(10)?;
    Ok(Some(Listing {
        kind: kind_of(kind)?,
        area: (area != 0).then(|| AreaCode::from_number(area)),
        status: text(row, 11, Value::parse)?,
    }))
}

/// Reads a text column through a parser of the domain.
pub(super) fn text<T>(row: &Row<'_>, at: usize, parse: impl Fn(&str) -> Option<T>) -> Result<T, ViewError> {
    let text = row.get_ref(at)?.as_str().map_err(rusqlite::Error::from)?;
    parse(text).ok_or_else(|| damaged(text))
}

/// What an event was decided on, as kept once for all events that share it.
#[derive(Deserialize)]
struct Citation {
    #[serde(default)]
    basis: Vec<Basis>,
    #[serde(default)]
    rules: Vec<String>,
}

/// Columns: version, position, type, effective, recorded, citation, case.
pub(super) fn reason(row: &Row<'_>, salt: u64) -> Result<Reason, ViewError> {
    let (basis, rules) = citation(row, 5)?;
    let position = row.get::<_, i64>(1)?.cast_unsigned();
    let recorded_at = Instant::from_micros(row.get(4)?);
    Ok(Reason {
        version: row.get(0)?,
        position,
        id: ids::event_id(recorded_at, position, salt),
        kind: EventType(row.get(2)?),
        effective_at: Instant::from_micros(row.get(3)?),
        recorded_at,
        basis,
        rules,
        case: row.get(6)?,
    })
}

/// The basis and the ids of the rules.
pub(super) fn citation(row: &Row<'_>, at: usize) -> Result<(Vec<Basis>, Vec<String>), ViewError> {
    let json = row.get_ref(at)?.as_str().map_err(rusqlite::Error::from)?;
    let citation: Citation = serde_json::from_str(json).map_err(|_| damaged("a citation"))?;
    Ok((citation.basis, citation.rules))
}
