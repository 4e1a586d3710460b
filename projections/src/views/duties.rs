//! Worklists: what is due in an area, or of a subject.

use super::{Views, damaged, micros, salt, sql};
use crate::duty;
use crate::error::ViewError;
use crate::model::{Duty, Page};
use accord_domain::obligation::Entry;
use accord_domain::{AreaCode, Instant, Subject};
use accord_store::ids;
use rusqlite::{Connection, Row};

/// Which obligations a worklist asks for; what is left out means any.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Worklist {
    /// Pooling area.
    pub area: Option<AreaCode>,
    /// Only what has a day, and one before this instant.
    pub due_before: Option<Instant>,
}

/// Where a page ended. Rows come by day, and within a day by subject.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Key {
    due: i64,
    key: i64,
}

impl Views {
    /// What is to be done at an instant, as known at another: by the day it is due, so what is late comes first and what has
    /// no day comes last. Rights and other clocks of the parties are not among it. Later appends move no row between pages
    /// as long as `known_at` stays the same.
    ///
    /// `after` is the `next` of the page before, under the same filter and coordinates.
    ///
    /// # Errors
    /// [`ViewError::Cursor`] for a cursor that is none of ours; else when the views cannot be read.
    pub fn worklist(
        &self,
        filter: &Worklist,
        as_of: Instant,
        known_at: Instant,
        after: Option<&str>,
        limit: usize,
    ) -> Result<Page<Duty>, ViewError> {
        let after = after.map(Key::parse).transpose()?.unwrap_or(Key { due: i64::MIN, key: -1 });
        let before = filter.due_before.map_or(i64::MAX, micros);
        // Without a day is `i64::MAX`: within reach only where no day is asked for.
        let last = if filter.due_before.is_some() { before.saturating_sub(1) } else { i64::MAX };
        self.with(|connection| {
            let salt = salt(connection)?;
            let areas = match filter.area {
                Some(area) => vec![i64::from(area.number())],
                None => areas(connection)?,
            };
            let wanted = limit.saturating_add(1);
            let mut found: Vec<(Key, Duty)> = Vec::new();
            let mut statement = connection.prepare_cached(sql::WORKLIST)?;
            for area in areas {
                let mut rows = statement.query((
                    area,
                    after.due,
                    after.key,
                    last,
                    micros(as_of),
                    micros(known_at),
                    i64::try_from(wanted).unwrap_or(i64::MAX),
                ))?;
                while let Some(row) = rows.next()? {
                    found.push((Key { due: row.get(8)?, key: row.get(16)? }, duty(row, salt)?));
                }
            }
            found.sort_by_key(|(key, _)| *key);
            let more = found.len() > limit;
            found.truncate(limit);
            let next = found.last().filter(|_| more).map(|(key, _)| key.write());
            Ok(Page { items: found.into_iter().map(|(_, duty)| duty).collect(), next })
        })
    }

    /// Every obligation of a subject over the whole effective axis, rights included, as known at an instant.
    ///
    /// # Errors
    /// When the views cannot be read.
    pub fn docket(&self, subject: &Subject, known_at: Instant) -> Result<Vec<Entry>, ViewError> {
        self.with(|connection| {
            let mut statement = connection.prepare_cached(sql::DOCKET)?;
            let mut rows = statement.query((subject.code(), micros(known_at)))?;
            let mut entries = Vec::new();
            while let Some(row) = rows.next()? {
                entries.push(duty::read(row)?);
            }
            entries.retain(Entry::stood);
            entries.sort_unstable();
            Ok(entries)
        })
    }
}

/// The areas that have a worklist.
fn areas(connection: &Connection) -> Result<Vec<i64>, ViewError> {
    let mut statement = connection.prepare_cached(sql::WORKLIST_AREAS)?;
    let areas = statement.query_map([], |row| row.get::<_, i64>(0))?;
    Ok(areas.collect::<Result<_, _>>()?)
}

fn duty(row: &Row<'_>, salt: u64) -> Result<Duty, ViewError> {
    let kind = super::list::kind_of(row.get(17)?)?;
    let code = row.get_ref(18)?.as_str().map_err(rusqlite::Error::from)?;
    Ok(Duty {
        subject: Subject::parse_as(kind, code).map_err(|_| damaged(code))?,
        name: row.get(19)?,
        entry: duty::read(row)?,
        raised_by: ids::event_id(
            Instant::from_micros(row.get(21)?),
            row.get::<_, i64>(20)?.cast_unsigned(),
            salt,
        ),
    })
}

impl Key {
    fn write(self) -> String {
        format!("{}/{}", self.due, self.key)
    }

    fn parse(text: &str) -> Result<Self, ViewError> {
        let mut parts = text.split('/').map(str::parse::<i64>);
        match (parts.next(), parts.next(), parts.next()) {
            (Some(Ok(due)), Some(Ok(key)), None) => Ok(Self { due, key }),
            _ => Err(ViewError::Cursor(text.to_owned())),
        }
    }
}
