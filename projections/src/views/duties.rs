//! Worklists: what is due in an area, or of a subject.

use super::{Views, damaged, micros, salt, sql};
use crate::duty;
use crate::error::ViewError;
use crate::model::{Duty, Page};
use crate::stretch;
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
        let (as_of, known_at) = (micros(as_of), micros(known_at));
        self.with_moment(|connection| {
            let salt = salt(connection)?;
            let areas = match filter.area {
                Some(area) => vec![i64::from(area.number())],
                None => areas(connection)?,
            };
            let mut keys = Keys { page: Vec::new(), wanted: limit.saturating_add(1), after, last };
            for area in areas {
                keys.take(connection, area, as_of, known_at)?;
            }
            let mut keys = keys.page;
            let more = keys.len() > limit;
            keys.truncate(limit);
            let next = keys.last().filter(|_| more).map(|key| key.write());
            let mut statement = connection.prepare_cached(sql::WORKLIST)?;
            let mut items = Vec::with_capacity(keys.len());
            for Key { key, .. } in keys {
                let mut rows = statement.query((key, as_of, known_at))?;
                let row = rows.next()?.ok_or_else(|| damaged("what a worklist names"))?;
                items.push(duty(row, salt)?);
            }
            Ok(Page { items, next })
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

/// The keys of a page as far as they are found.
struct Keys {
    /// In order, no more than are wanted.
    page: Vec<Key>,
    wanted: usize,
    after: Key,
    /// The last day that can be on the page.
    last: i64,
}

impl Keys {
    /// Takes those of an area.
    fn take(
        &mut self,
        connection: &Connection,
        area: i64,
        as_of: i64,
        known_at: i64,
    ) -> Result<(), ViewError> {
        let mut next = connection.prepare_cached(sql::WORKLIST_KEYS)?;
        let limit = i64::try_from(self.wanted).unwrap_or(i64::MAX);
        let Key { due, key } = self.after;
        let first = stretch::first(as_of, known_at);
        for stretch in stretch::from(connection, sql::WORKLIST_STRETCH, area, first)? {
            let mut rows = next.query((area, due, key, self.last, as_of, known_at, limit, stretch))?;
            while let Some(row) = rows.next()? {
                self.page.push(Key { due: row.get(0)?, key: row.get(1)? });
            }
            self.page.sort_unstable();
            self.page.truncate(self.wanted);
            if self.page.len() == self.wanted {
                self.last = self.page.last().map_or(self.last, |key| key.due);
            }
        }
        Ok(())
    }
}

/// The areas that have a worklist.
fn areas(connection: &Connection) -> Result<Vec<i64>, ViewError> {
    let mut statement = connection.prepare_cached(sql::WORKLIST_AREAS)?;
    let areas = statement.query_map([], |row| row.get::<_, i64>(0))?;
    Ok(areas.collect::<Result<_, _>>()?)
}

fn duty(row: &Row<'_>, salt: u64) -> Result<Duty, ViewError> {
    let kind = super::list::kind_of(row.get(16)?)?;
    let code = row.get_ref(17)?.as_str().map_err(rusqlite::Error::from)?;
    Ok(Duty {
        subject: Subject::parse_as(kind, code).map_err(|_| damaged(code))?,
        name: row.get(18)?,
        entry: duty::read(row)?,
        raised_by: ids::event_id(
            Instant::from_micros(row.get(20)?),
            row.get::<_, i64>(19)?.cast_unsigned(),
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
