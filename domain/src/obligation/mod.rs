//! What is due: something the rules call for that somebody has to decide or do. The ledger never does it on its own.
//!
//! Obligations are derived from the events, the rules and the calendar; none is stored. A subject's [`docket`] holds each one
//! with the event that raised it, its last day and how it ended. How one stands at an instant follows from these alone.

mod clock;
pub(crate) mod closing;
mod docket;
mod entry;
mod kind;
#[cfg(test)]
mod tests;
mod words;

pub use clock::{Clock, Reading};
pub use closing::{ClosingOutcome, ObligationClosing};
pub use docket::{Docket, docket, home_area, whole};
pub(crate) use docket::{HOLD_CONFIRMED, Raise};
pub(crate) use entry::day_after;
pub use entry::{About, Ending, Entry};
pub use kind::{ObligationKind, Party};

use crate::calendar::Calendar;
use crate::event::Event;
use crate::id::{AreaCode, Subject, Version};
use crate::laws::Laws;
use crate::rejection::Words;
use crate::rulebook::{Citation, Rulebook};
use crate::time::Instant;
use serde::Serialize;

/// What the obligations of an event are derived from besides it.
#[derive(Clone, Copy, Debug)]
pub struct Law<'a> {
    /// The rules, as they were known when the event was recorded.
    pub rulebook: &'a Rulebook,
    /// The working days.
    pub calendar: &'a Calendar,
}

impl<'a> Law<'a> {
    /// These rules, and the working days compiled in.
    #[must_use]
    pub fn of(rulebook: &'a Rulebook) -> Self {
        Self { rulebook, calendar: Calendar::china() }
    }
}

/// How an obligation stands at an instant.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum ObligationState {
    /// Not done when it was due.
    Late,
    /// To be done.
    Open,
    /// Done.
    Met,
    /// No longer called for.
    Closed,
}

/// Something due, as told at an instant.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct Obligation {
    /// What kind.
    pub kind: ObligationKind,
    /// Pooling area whose worklist it stands on.
    pub area: Option<AreaCode>,
    /// Who has to do it.
    pub owed_by: Party,
    /// Who is to get it.
    pub owed_to: Party,
    /// From when it is called for.
    pub from: Instant,
    /// By when, the whole of that day included; none where the rule only says "in time" (及时).
    pub due: Option<Instant>,
    /// The day may still move: it counts working days of a year whose public holidays are not published.
    pub provisional: bool,
    /// The rule that calls for it; none where the decision itself set it.
    pub rule: Option<Citation>,
    /// The event of the subject's stream that raised it.
    pub raised_by: Version,
    /// How it stands.
    pub state: ObligationState,
    /// When and how it ended, where it has.
    pub ended: Option<(Instant, Ending)>,
    /// Whether it ended after its last day.
    pub was_late: bool,
    /// In words, with the reckoning of the day.
    pub sum: Words,
}

/// What is due of a subject at an instant, and what was, from the events known and the calendar known at another: late
/// first, then by day.
#[must_use]
pub fn obligations(
    subject: &Subject,
    events: &[Event],
    at: Instant,
    known_at: Instant,
    laws: &Laws,
) -> Vec<Obligation> {
    let (entries, law) = (docket(subject, events, laws, known_at), laws.law());
    let mut due: Vec<_> = entries.iter().filter_map(|entry| entry.at(at, &law)).collect();
    due.sort_by_key(|o| (o.state, o.due.unwrap_or(Instant::MAX), o.kind, o.raised_by));
    due
}
