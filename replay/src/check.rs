//! What is not as the rules have it, of one subject, a page of the ledger, an area, the whole. The log is only read.

use crate::diff::belongs;
use crate::subject::read_stored;
use crate::what_if::records;
use crate::{ReplayError, subjects};
use accord_domain::compliance::{Asked, Breach, BreachKind, breaches};
use accord_domain::{AreaCode, Event, Instant, Subject};
use accord_projections::{Report, wait_for};
use accord_store::{EventLog, Stored};
use std::ops::ControlFlow;

/// What is asked.
#[derive(Clone, Debug)]
pub struct Checking<'a> {
    /// The day, the law, and what is late.
    pub asked: Asked<'a>,
    /// What is known (记录).
    pub known_at: Instant,
    /// Only what is of this pooling area.
    pub area: Option<AreaCode>,
    /// Only these kinds; all when empty.
    pub kinds: Vec<BreachKind>,
}

/// What is not as the rules have it of one subject.
#[derive(Clone, PartialEq, Debug)]
pub struct Checked {
    /// The subject.
    pub subject: Subject,
    /// By the day since when it is so; never empty where it is told of many subjects.
    pub breaches: Vec<Breach>,
    /// The events known, as stored: breaches name them by version.
    pub events: Vec<Stored>,
}

/// What is not as the rules have it of a subject whose events are given; those recorded later are not looked at.
///
/// # Errors
/// When an event cannot be read.
pub fn check_of(
    subject: Subject,
    stored: &[Stored],
    checking: &Checking<'_>,
) -> Result<Checked, ReplayError> {
    let known = stored.iter().take_while(|stored| stored.recorded_at <= checking.known_at).count();
    let stored = &stored[..known];
    let records = records(stored)?;
    let mut found = breaches(&subject, &records, &checking.asked);
    found.retain(|breach| checking.kinds.is_empty() || checking.kinds.contains(&breach.kind));
    if let Some(area) = checking.area.filter(|_| !found.is_empty()) {
        let events: Vec<Event> = records.into_iter().map(|record| record.event).collect();
        let of_area = belongs(&subject, &events, area);
        found.retain(|breach| breach.area.map_or(of_area, |of| of == area));
    }
    let events = if found.is_empty() { Vec::new() } else { stored.to_vec() };
    Ok(Checked { subject, breaches: found, events })
}

/// What is not as the rules have it of every subject, in the order in which they were first heard of. A subject of which all
/// is as it should be is passed over.
///
/// # Errors
/// [`ReplayError::Cancelled`] when the report or the receiver says to stop; else when the log cannot be read.
pub fn check(
    log: &dyn EventLog,
    checking: &Checking<'_>,
    receive: &mut (dyn FnMut(Checked) -> ControlFlow<()> + Send),
    report: &mut Report<'_>,
) -> Result<(), ReplayError> {
    let len = wait_for(log.known(checking.known_at))?;
    let ask = |subject: Subject, stored: &[Stored]| {
        let found = check_of(subject, stored, checking)?;
        Ok((!found.breaches.is_empty()).then_some(found))
    };
    subjects::each(log, len, &ask, receive, report)
}

/// Where in a walk over the ledger a page begins: at the subject whose first event has this position, after so many of its
/// breaches.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Mark {
    /// Position of the subject's first event, or one before the next subject's.
    pub position: u64,
    /// Breaches told of it before.
    pub told: usize,
}

/// A page of a walk over the ledger.
#[derive(Clone, PartialEq, Debug)]
pub struct CheckPage {
    /// What was found; the first may lack what was told before, the last what the next page tells.
    pub found: Vec<Checked>,
    /// Where the next page begins; none at the end of what is known.
    pub next: Option<Mark>,
}

/// So many breaches from a mark on, in the order of [`check`]. No more than so many subjects are looked at: where little is
/// found a page is short, never slow.
///
/// # Errors
/// When the log cannot be read.
pub fn check_page(
    log: &dyn EventLog,
    checking: &Checking<'_>,
    from: Mark,
    breaches_max: usize,
    subjects_max: usize,
) -> Result<CheckPage, ReplayError> {
    let len = wait_for(log.known(checking.known_at))?;
    let mut page = CheckPage { found: Vec::new(), next: None };
    let (mut room, mut looked) = (breaches_max, 0);
    let mut left = None;
    let next = subjects::walk(log, len, from.position, &mut |position, subject| {
        if looked == subjects_max || room == 0 || left.is_some() {
            return Ok(ControlFlow::Break(()));
        }
        looked += 1;
        let told = if position == from.position { from.told } else { 0 };
        let found = check_subject(log, subject, checking)?;
        left = page.take(found, Mark { position, told }, &mut room);
        Ok(ControlFlow::Continue(()))
    })?;
    page.next = left.or(next.map(|position| Mark { position, told: 0 }));
    Ok(page)
}

/// As [`check_page`], of one subject.
///
/// # Errors
/// When the log cannot be read.
pub fn check_subject_page(
    log: &dyn EventLog,
    subject: Subject,
    checking: &Checking<'_>,
    from: Mark,
    breaches_max: usize,
) -> Result<CheckPage, ReplayError> {
    let mut page = CheckPage { found: Vec::new(), next: None };
    let mut room = breaches_max;
    page.next = page.take(check_subject(log, subject, checking)?, from, &mut room);
    Ok(page)
}

fn check_subject(
    log: &dyn EventLog,
    subject: Subject,
    checking: &Checking<'_>,
) -> Result<Checked, ReplayError> {
    let stored = wait_for(read_stored(log, &subject.stream(), checking.known_at))?;
    check_of(subject, &stored, checking)
}

impl CheckPage {
    /// Takes what there is room for of a subject's, after what was told before; gives the mark of what is left.
    fn take(&mut self, mut found: Checked, mark: Mark, room: &mut usize) -> Option<Mark> {
        found.breaches.drain(..mark.told.min(found.breaches.len()));
        let left = found.breaches.len() > *room;
        found.breaches.truncate(*room);
        *room -= found.breaches.len();
        let next = left.then_some(Mark { told: mark.told + found.breaches.len(), ..mark });
        if !found.breaches.is_empty() {
            self.found.push(found);
        }
        next
    }
}
