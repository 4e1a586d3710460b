//! How many stand where.

use super::list::shelves;
use super::subject::text;
use super::{Views, damaged, micros, sql};
use crate::error::ViewError;
use crate::model::{Census, CensusLine, Filter};
use crate::stretch;
use accord_domain::{AreaCode, Instant, Line, SubjectKind, Track, Value};
use std::collections::{BTreeMap, HashSet};

impl Views {
    /// How many had which status at an instant, as known at another: by kind, area, line and status.
    ///
    /// # Errors
    /// When the views cannot be read.
    pub fn census(
        &self,
        as_of: Instant,
        known_at: Instant,
        area: Option<AreaCode>,
    ) -> Result<Census, ViewError> {
        let (at, known) = (micros(as_of), micros(known_at));
        self.with_moment(|connection| {
            let filter = Filter { area, ..Filter::default() };
            let mut counts: BTreeMap<(SubjectKind, Option<AreaCode>, Option<Line>, Value), u64> =
                BTreeMap::new();
            let mut subjects: BTreeMap<SubjectKind, HashSet<i64>> = BTreeMap::new();
            for shelf in shelves(connection, &filter)? {
                let status = Value::parse(&shelf.status).ok_or_else(|| damaged("a status"))?;
                let mut statement = connection.prepare_cached(sql::CENSUS)?;
                let mut rows = statement.query((shelf.id, at, known, stretch::first(at, known)))?;
                while let Some(row) = rows.next()? {
                    let line = text(row, 1, Track::parse)?.line();
                    *counts.entry((shelf.kind, shelf.area(), line, status)).or_default() += 1;
                    subjects.entry(shelf.kind).or_default().insert(row.get(0)?);
                }
            }
            Ok(Census::new(as_of, known_at, counts, |kind| {
                subjects.get(&kind).map_or(0, HashSet::len) as u64
            }))
        })
    }
}

impl Census {
    /// From counts by kind, area, line and status.
    #[must_use]
    pub fn new(
        as_of: Instant,
        known_at: Instant,
        counts: BTreeMap<(SubjectKind, Option<AreaCode>, Option<Line>, Value), u64>,
        subjects: impl Fn(SubjectKind) -> u64,
    ) -> Self {
        let lines = counts
            .into_iter()
            .map(|((kind, area, line, status), count)| CensusLine { kind, area, line, status, count })
            .collect();
        let subjects = SubjectKind::ALL.into_iter().map(|kind| (kind, subjects(kind))).collect();
        Self { as_of, known_at, lines, subjects }
    }
}
