//! What each year should have seen. Told when the year is over: nothing is late before, and no worklist needs it.

use super::{Asked, Breach, BreachKind};
use crate::event::{Event, EventData};
use crate::id::Subject;
use crate::institution::facts::InstitutionKind;
use crate::institution::{INSPECTIONS_PER_YEAR, InstitutionEvent as I};
use crate::obligation::Party;
use crate::time::Instant;
use crate::timeline;
use crate::track::{Span, Track, Value};
use crate::words;

/// 每年实地检查 of medical institutions (row S2-21): in natural years through which an agreement was in force, as
/// the rule does not say how a part of a year counts, and which the ledger saw from their first day: of a history that was
/// taken over later, silence proves nothing.
pub(super) fn breaches(subject: &Subject, events: &[Event], asked: &Asked<'_>) -> Vec<Breach> {
    let Subject::Institution(code) = subject else { return Vec::new() };
    let first = events.iter().map(|event| event.effective_at).min();
    let Some(first) = first.filter(|_| InstitutionKind::of(code).is_medical()) else { return Vec::new() };
    // Also of a history that begins with a year, one whole year must be over.
    if asked.as_of < first.plus_years(1) {
        return Vec::new();
    }
    let mut standing = timeline::timeline(subject.kind(), events);
    standing.retain(|span| {
        matches!(span.track, Track::Agreement(..)) && matches!(span.value, Value::InForce | Value::Suspended)
    });
    standing.sort_by_key(|span| span.from);
    let inspections: Vec<&Event> = timeline::resolve(events)
        .iter()
        .filter(|known| known.void_from == Instant::MAX)
        .filter(|known| matches!(known.event.data, EventData::Institution(I::InspectionRecorded(_))))
        .filter_map(|known| events.iter().find(|event| event.version == known.event.version))
        .collect();
    let heard = events.iter().map(|event| event.recorded_at).min().unwrap_or(Instant::MAX);
    (first.year()..asked.as_of.year())
        .filter(|year| Instant::first_of_year(*year).is_some_and(|begin| heard <= begin))
        .filter_map(|year| of_year(year, &standing, &inspections, asked))
        .collect()
}

fn of_year(year: i32, standing: &[Span], inspections: &[&Event], asked: &Asked<'_>) -> Option<Breach> {
    let from = Instant::first_of_year(year)?;
    let until = from.plus_years(1);
    let first = through(standing, from, until)?;
    let (cause, area) = (first.cause, first.track.area());
    let least = asked.laws.book().number(INSPECTIONS_PER_YEAR, from, area)?;
    let held: Vec<_> = inspections
        .iter()
        .filter(|event| from <= event.effective_at && event.effective_at < until)
        .map(|event| event.version)
        .collect();
    let (count, min) = (held.len(), least.value);
    if min <= i64::try_from(count).unwrap_or(i64::MAX) {
        return None;
    }
    let words = words!(
        "inspected {count} times in {year}; in principle at least {min} times a year",
        "{year} 年实地检查 {count} 次；原则上每年至少 {min} 次"
    );
    let due = until.plus_days(-1);
    Some(Breach {
        owed_by: Some(Party::Agency),
        rule: Some(least.citation),
        due: Some(due),
        days: Some(asked.as_of.days_since(due)),
        events: std::iter::once(cause).chain(held).collect(),
        ..Breach::new(BreachKind::NotDone, "inspections-of-the-year", words, until)
    })
}

/// The first of the spans, sorted by begin, that together cover a time without a gap.
fn through(standing: &[Span], from: Instant, until: Instant) -> Option<&Span> {
    let mut covered = from;
    let mut first = None;
    for span in standing.iter().filter(|span| from < span.until) {
        if covered < span.from {
            return None;
        }
        first = first.or(Some(span));
        covered = covered.max(span.until);
        if until <= covered {
            return first;
        }
    }
    None
}
