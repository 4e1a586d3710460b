//! What was called for: not done, not decided, done late.

use super::{Asked, Breach, BreachKind};
use crate::event::Event;
use crate::id::Subject;
use crate::obligation::{ClosingOutcome, Ending, Entry, ObligationKind, ObligationState, day_after, docket};
use crate::time::Instant;

/// Everything of the docket that is not as it was called for.
pub(super) fn breaches(subject: &Subject, events: &[Event], asked: &Asked<'_>) -> Vec<Breach> {
    let entries = docket(subject, events, asked.laws, asked.known_at);
    entries.iter().filter_map(|entry| breach(entry, events, asked)).collect()
}

fn breach(entry: &Entry, events: &[Event], asked: &Asked<'_>) -> Option<Breach> {
    if !entry.kind.on_worklist() {
        return None;
    }
    let told = entry.at(asked.as_of, &asked.laws.law())?;
    let (kind, end) = match told.state {
        ObligationState::Late => (late(entry.kind), asked.as_of),
        ObligationState::Open => (open(entry)?, asked.as_of),
        ObligationState::Met if told.was_late => (BreachKind::DoneLate, entry.until),
        ObligationState::Met => return None,
        ObligationState::Closed => (closed(entry, told.was_late, events)?, entry.until),
    };
    let (since, start) = match entry.due {
        Some(due) => (day_after(due), due),
        None => (entry.from, entry.from),
    };
    let by = told.ended.and_then(|(_, ending)| ending.by());
    Some(Breach {
        area: entry.about.area,
        owed_by: Some(told.owed_by),
        rule: told.rule,
        due: entry.due,
        provisional: entry.provisional,
        done: (kind == BreachKind::DoneLate).then_some(entry.until),
        // None where time ran out with the last day, or it is called for since today.
        days: Some(end.days_since(Instant::from_date(start.date()))).filter(|days| *days > 0),
        events: std::iter::once(entry.raised_by).chain(by).collect(),
        ..Breach::new(kind, entry.kind.name(), told.sum, since)
    })
}

const fn late(kind: ObligationKind) -> BreachKind {
    if kind.is_review() { BreachKind::NotDecided } else { BreachKind::NotDone }
}

/// What has a day is not late before it; without one a review still waits for its decision, and a duty for its doing.
fn open(entry: &Entry) -> Option<BreachKind> {
    if entry.due.is_some() || is_choice(entry.kind) {
        return None;
    }
    Some(if entry.kind.is_review() { BreachKind::NotDecided } else { BreachKind::Outstanding })
}

/// A step that may be taken or left: nobody fails who does not take it.
const fn is_choice(kind: ObligationKind) -> bool {
    matches!(kind, ObligationKind::Reevaluate | ObligationKind::RestoreQualification)
}

/// What was no longer called for after its day had passed, unless somebody judged that it was not called for at all; and a
/// review that nobody decided before time ran out for what it was about.
fn closed(entry: &Entry, was_late: bool, events: &[Event]) -> Option<BreachKind> {
    match entry.ending {
        Ending::Dropped(by) => {
            let by = events.iter().find(|event| event.version == by);
            let judged = by.and_then(|event| event.data.closing());
            let not_called_for =
                judged.is_some_and(|closing| closing.outcome == ClosingOutcome::NotCalledFor);
            (was_late && !not_called_for).then(|| late(entry.kind))
        }
        Ending::RunOut => entry.kind.is_review().then_some(BreachKind::NotDecided),
        Ending::Met(_) | Ending::Annulled => None,
    }
}
