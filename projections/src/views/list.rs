//! Lists of subjects by status.

use super::subject::text;
use super::{Views, damaged, micros, sql};
use crate::error::ViewError;
use crate::key::owner;
use crate::model::{Filter, Listed, Page};
use crate::stretch;
use accord_domain::{AreaCode, Instant, Span, Subject, SubjectKind, Track, Value, Version};
use rusqlite::Connection;

/// One kind, area and status: the list index is ordered by it.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(super) struct Shelf {
    pub(super) kind: SubjectKind,
    /// 0 when no area is known.
    pub(super) area: u32,
    pub(super) status: String,
    pub(super) id: i64,
}

/// Where a page ended: shelf, and key in it.
struct Key {
    kind: i64,
    area: u32,
    status: String,
    key: i64,
}

impl Views {
    /// Who had which status at an instant, as known at another. A row is one subject and line; rows come by kind, area
    /// and status, and within these in the order the subjects were first recorded. Later appends move no row between
    /// pages as long as `known_at` stays the same.
    ///
    /// `after` is the `next` of the page before, under the same filter and coordinates.
    ///
    /// # Errors
    /// [`ViewError::Cursor`] for a cursor that is none of ours; else when the views cannot be read.
    pub fn list(
        &self,
        filter: &Filter,
        as_of: Instant,
        known_at: Instant,
        after: Option<&str>,
        limit: usize,
    ) -> Result<Page<Listed>, ViewError> {
        let after = after.map(Key::parse).transpose()?;
        self.with_moment(|connection| {
            let mut page = Page { items: Vec::new(), next: None };
            let mut last = None;
            for shelf in shelves(connection, filter)? {
                let start = match &after {
                    Some(key) => match key.starts(&shelf) {
                        Some(start) => start,
                        None => continue,
                    },
                    None => -1,
                };
                // One row more than asked for tells whether there is a next page.
                let wanted = limit + 1 - page.items.len();
                let found = fill(connection, &shelf, filter, (as_of, known_at), start, wanted, &mut page)?;
                if page.items.len() > limit {
                    page.items.truncate(limit);
                    let ended = found.len().checked_sub(2).map(|at| found[at]);
                    page.next = ended.map(|key| shelf.key(key)).or(last);
                    break;
                }
                if let Some(key) = found.last() {
                    last = Some(shelf.key(*key));
                }
            }
            Ok(page)
        })
    }
}

/// A period on a page, before it is told whose it is.
struct Found {
    key: i64,
    track: Track,
    cause: Version,
    from: Instant,
    until: Instant,
}

/// Adds rows of one shelf to the page and tells their keys.
fn fill(
    connection: &Connection,
    shelf: &Shelf,
    filter: &Filter,
    (as_of, known_at): (Instant, Instant),
    start: i64,
    wanted: usize,
    page: &mut Page<Listed>,
) -> Result<Vec<i64>, ViewError> {
    let (as_of, known_at) = (micros(as_of), micros(known_at));
    let value = Value::parse(&shelf.status).ok_or_else(|| damaged("a status"))?;
    let found = standing(connection, shelf, filter, (as_of, known_at), start, wanted)?;
    let keys = found.iter().map(|found| found.key).collect();
    let mut listed = connection.prepare_cached(sql::LISTED)?;
    for Found { key, track, cause, from, until } in found {
        let mut rows = listed.query((owner(key), as_of, known_at))?;
        let row = rows.next()?.ok_or_else(|| damaged("the subject of a period"))?;
        page.items.push(Listed {
            subject: text(row, 0, |code| Subject::parse_as(shelf.kind, code).ok())?,
            name: row.get(1)?,
            area: shelf.area(),
            span: Span { track, value, cause, from, until },
        });
    }
    Ok(keys)
}

/// The first periods of a shelf after a key that held at two dates.
fn standing(
    connection: &Connection,
    shelf: &Shelf,
    filter: &Filter,
    (as_of, known_at): (i64, i64),
    start: i64,
    wanted: usize,
) -> Result<Vec<Found>, ViewError> {
    let line = filter.line.map(|line| format!("/{line}"));
    let limit = i64::try_from(wanted).unwrap_or(i64::MAX);
    let mut statement = connection.prepare_cached(sql::LIST)?;
    let mut found: Vec<Found> = Vec::new();
    let mut last = i64::MAX;
    for stretch in stretch::from(connection, sql::LIST_STRETCH, shelf.id, stretch::first(as_of, known_at))? {
        let mut rows = statement.query((shelf.id, as_of, known_at, &line, start, last, limit, stretch))?;
        while let Some(row) = rows.next()? {
            found.push(Found {
                key: row.get(0)?,
                track: text(row, 1, Track::parse)?,
                cause: row.get(2)?,
                from: Instant::from_micros(row.get(3)?),
                until: Instant::from_micros(row.get(4)?),
            });
        }
        found.sort_unstable_by_key(|found| found.key);
        found.truncate(wanted);
        if found.len() == wanted {
            last = found.last().map_or(last, |found| found.key);
        }
    }
    Ok(found)
}

/// The shelves a filter asks for, in the order of the list.
pub(super) fn shelves(connection: &Connection, filter: &Filter) -> Result<Vec<Shelf>, ViewError> {
    let status = filter.status.map(|status| status.to_string());
    let mut statement = connection.prepare_cached(sql::SHELVES)?;
    let mut rows = statement.query([])?;
    let mut shelves = Vec::new();
    while let Some(row) = rows.next()? {
        let kind = kind_of(row.get(1)?)?;
        let shelf = Shelf { kind, area: row.get(2)?, status: row.get(3)?, id: row.get(0)? };
        if filter.kind.is_none_or(|wanted| wanted == kind)
            && filter.area.is_none_or(|wanted| wanted.number() == shelf.area)
            && status.as_ref().is_none_or(|wanted| *wanted == shelf.status)
        {
            shelves.push(shelf);
        }
    }
    Ok(shelves)
}

/// The number a kind has in the views.
pub(crate) const fn kind_number(kind: SubjectKind) -> i64 {
    match kind {
        SubjectKind::Institution => 0,
        SubjectKind::Practitioner => 1,
        SubjectKind::Enterprise => 2,
        SubjectKind::Insured => 3,
        SubjectKind::Area => 4,
        SubjectKind::Case => 5,
    }
}

pub(super) fn kind_of(number: i64) -> Result<SubjectKind, ViewError> {
    SubjectKind::ALL
        .into_iter()
        .find(|kind| kind_number(*kind) == number)
        .ok_or_else(|| damaged("a kind of subject"))
}

impl Shelf {
    pub(super) fn area(&self) -> Option<AreaCode> {
        (self.area != 0).then(|| AreaCode::from_number(self.area))
    }

    fn key(&self, key: i64) -> String {
        format!("{}.{}.{}.{key}", kind_number(self.kind), self.area, self.status)
    }
}

impl Key {
    fn parse(text: &str) -> Result<Self, ViewError> {
        let mut parts = text.split('.');
        let mut read = || {
            let key = Self {
                kind: parts.next()?.parse().ok()?,
                area: parts.next()?.parse().ok()?,
                status: parts.next()?.to_owned(),
                key: parts.next()?.parse().ok()?,
            };
            parts.next().is_none().then_some(key)
        };
        read().ok_or_else(|| ViewError::Cursor(text.chars().take(80).collect()))
    }

    /// After which row a shelf goes on; none when the whole shelf lies before this key.
    fn starts(&self, shelf: &Shelf) -> Option<i64> {
        let here = (kind_number(shelf.kind), shelf.area, shelf.status.as_str());
        match here.cmp(&(self.kind, self.area, self.status.as_str())) {
            std::cmp::Ordering::Less => None,
            std::cmp::Ordering::Equal => Some(self.key),
            std::cmp::Ordering::Greater => Some(-1),
        }
    }
}
