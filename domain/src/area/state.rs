//! What the events of a pooling area come to.

use super::facts::WorkRecord;
use super::work::Work;
use crate::dated::Record;
use crate::event::Event;
use crate::id::Version;
use crate::limits::WORK_YEARS_BACK_MAX;

/// The state of a pooling area.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Area {
    /// What stands.
    pub record: Record,
    /// From the first piece of work on. Apart, so that the state of any subject is no larger for it.
    agenda: Option<Box<Agenda>>,
}

#[derive(Clone, PartialEq, Debug, Default)]
struct Agenda {
    /// The work recorded, in effective order.
    works: Vec<Done>,
    /// The years whose work is called for, each with the event that began it.
    years: Vec<(i32, Version)>,
}

#[derive(Clone, PartialEq, Debug)]
struct Done {
    work: Work,
    year: i32,
    part: Option<u32>,
}

impl Area {
    /// Takes a piece of work.
    pub(super) fn work(&mut self, data: &WorkRecord) {
        self.agenda.get_or_insert_default().works.push(Done {
            work: data.work,
            year: data.year,
            part: data.part,
        });
    }

    /// From its first piece of work on an area keeps its work here: every event calls for that of its own year and of the
    /// next, and of years before in which nothing happened. Of an area that never recorded any, silence proves nothing.
    pub(super) fn begin_years(&mut self, event: &Event) {
        let Some(agenda) = &mut self.agenda else { return };
        let this = event.effective_at.year();
        let next = agenda.years.last().map_or(this, |(year, _)| year + 1);
        let from = next.max(this - WORK_YEARS_BACK_MAX);
        agenda.years.extend((from..=this + 1).map(|year| (year, event.version)));
    }

    /// The years whose work an event calls for.
    pub(super) fn begun_by(&self, version: Version) -> impl Iterator<Item = i32> {
        let years = self.agenda.iter().flat_map(|agenda| &agenda.years);
        years.filter(move |(_, by)| *by == version).map(|(year, _)| *year)
    }

    /// How often a kind of work was recorded about a year: each part of a year once.
    pub(super) fn count(&self, work: Work, year: i32) -> u32 {
        let mut parts: Vec<Option<u32>> = self.of_year(work, year).map(|done| done.part).collect();
        parts.sort_unstable();
        parts.dedup_by(|a, b| a == b && a.is_some());
        u32::try_from(parts.len()).unwrap_or(u32::MAX)
    }

    fn of_year(&self, work: Work, year: i32) -> impl Iterator<Item = &Done> {
        let works = self.agenda.iter().flat_map(|agenda| &agenda.works);
        works.filter(move |done| done.work == work && done.year == year)
    }
}
