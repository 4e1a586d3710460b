//! What differs between two pairs of coordinates: of one subject, of an area, of the whole ledger.

use crate::ReplayError;
use crate::subjects::{self, Page, PageSize};
use accord_domain::difference::{Change, Field, Place, difference};
use accord_domain::timeline;
use accord_domain::{AreaCode, Event, Instant, Subject};
use accord_projections::{Report, home_area, wait_for};
use accord_store::{EventLog, LogError, Stored};
use std::ops::ControlFlow;

/// Two pairs of coordinates.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Between {
    /// The first day (生效).
    pub from: Instant,
    /// The second day.
    pub to: Instant,
    /// What was known at the first (记录).
    pub known_from: Instant,
    /// What was known at the second.
    pub known_to: Instant,
}

/// What differs of one subject.
#[derive(Clone, PartialEq, Debug)]
pub struct Differs {
    /// The subject.
    pub subject: Subject,
    /// Field by field.
    pub changes: Vec<Change>,
    /// Every event known at either pair of coordinates, as stored: steps name them by version.
    pub events: Vec<Stored>,
}

/// What differs of a subject whose events are given; those recorded after both coordinates are not looked at.
///
/// # Errors
/// When an event cannot be read.
pub fn differs(subject: Subject, stored: &[Stored], between: Between) -> Result<Differs, ReplayError> {
    let known = |at: Instant| stored.iter().take_while(|stored| stored.recorded_at <= at).count();
    let from = Place { as_of: between.from, known: known(between.known_from) };
    let to = Place { as_of: between.to, known: known(between.known_to) };
    let events = &stored[..from.known.max(to.known)];
    let decoded = decode(events)?;
    let changes = difference(subject.kind(), &decoded, from, to);
    Ok(Differs { subject, changes, events: events.to_vec() })
}

/// What differs of every subject, or of those of one pooling area, in the order in which they were first heard of. A
/// subject of which nothing differs is passed over.
///
/// # Errors
/// [`ReplayError::Cancelled`] when the report or the receiver says to stop; else when the log cannot be read.
pub fn diff(
    log: &dyn EventLog,
    between: Between,
    area: Option<AreaCode>,
    receive: &mut (dyn FnMut(Differs) -> ControlFlow<()> + Send),
    report: &mut Report<'_>,
) -> Result<(), ReplayError> {
    let len = wait_for(log.known(between.known_from.max(between.known_to)))?;
    let ask = |subject: Subject, stored: &[Stored]| told(subject, stored, between, area);
    subjects::each(log, len, &ask, receive, report)
}

/// A page of [`diff`], of subjects first heard of from a position on.
///
/// # Errors
/// When the log cannot be read.
pub fn diff_page(
    log: &dyn EventLog,
    between: Between,
    area: Option<AreaCode>,
    from: u64,
    size: PageSize,
) -> Result<Page<Differs>, ReplayError> {
    let known_at = between.known_from.max(between.known_to);
    let ask = |subject: Subject, stored: &[Stored]| told(subject, stored, between, area);
    subjects::page(log, known_at, from, size, &ask)
}

/// What differs of a subject, where anything of the area does.
fn told(
    subject: Subject,
    stored: &[Stored],
    between: Between,
    area: Option<AreaCode>,
) -> Result<Option<Differs>, ReplayError> {
    if !may_differ(stored, between) {
        return Ok(None);
    }
    let mut found = differs(subject, stored, between)?;
    if let Some(area) = area.filter(|_| !found.changes.is_empty()) {
        if !belongs(&found.subject, &decode(&found.events)?, area) {
            return Ok(None);
        }
        found.changes.retain(|change| keep(&change.field, area));
    }
    Ok((!found.changes.is_empty()).then_some(found))
}

/// Whether anything can differ: on one day, only where something was recorded between.
fn may_differ(stored: &[Stored], between: Between) -> bool {
    let (then, now) = (between.known_from.min(between.known_to), between.known_from.max(between.known_to));
    between.from != between.to
        || stored.iter().any(|stored| then < stored.recorded_at && stored.recorded_at <= now)
}

/// Whether a subject is of a pooling area: a practitioner registered there, an institution with anything there.
pub(crate) fn belongs(subject: &Subject, events: &[Event], area: AreaCode) -> bool {
    let home = events.first().and_then(home_area);
    home == Some(area)
        || timeline::timeline(subject.kind(), events).iter().any(|span| span.track.area() == Some(area))
}

/// Whether a field is of an area; what has none, a name or a bar, is of every area its subject is of.
pub(crate) fn keep(field: &Field, area: AreaCode) -> bool {
    match field {
        Field::Track(track) => track.area().is_none_or(|of| of == area),
        Field::Profile(_) => true,
    }
}

pub(crate) fn decode(stored: &[Stored]) -> Result<Vec<Event>, ReplayError> {
    stored.iter().map(decode_one).collect()
}

fn decode_one(stored: &Stored) -> Result<Event, ReplayError> {
    let read = stored.decode();
    read.map_err(|source| LogError::Undecodable { position: stored.position, source }.into())
}
