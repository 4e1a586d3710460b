//! One obligation over time.

use super::clock::Clock;
use super::kind::ObligationKind;
use super::words::sentence;
use super::{Law, Obligation, ObligationState};
use crate::id::{AreaCode, Version};
use crate::time::Instant;
use crate::track::Line;
use serde::Serialize;

/// How an obligation came to its end.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Ending {
    /// Done, by this event.
    Met(Version),
    /// No longer called for, because of this event.
    Dropped(Version),
    /// No longer called for: time ran out for what it was about.
    RunOut,
    /// The event that raised it was annulled.
    Annulled,
}

impl Ending {
    /// The event that ended it.
    #[must_use]
    pub const fn by(self) -> Option<Version> {
        match self {
            Self::Met(by) | Self::Dropped(by) => Some(by),
            Self::RunOut | Self::Annulled => None,
        }
    }
}

/// What an obligation is about, besides its kind.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
pub struct About {
    /// Pooling area whose worklist it stands on; none where nothing tells it.
    pub area: Option<AreaCode>,
    /// The line of an agreement it is about, where it is about one.
    pub line: Option<Line>,
    /// A word of its kind: the ground of a review, the facts to verify.
    pub detail: Box<str>,
}

/// An obligation: raised by an event, from when, by when, and how it ended. Its state at an instant is a pure function of
/// these, so nothing needs to have run for it to become late.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Entry {
    /// What kind.
    pub kind: ObligationKind,
    /// The event of the subject's stream that raised it.
    pub raised_by: Version,
    /// What it is about.
    pub about: About,
    /// From when it is called for.
    pub from: Instant,
    /// How the day is reckoned, from when.
    pub clock: Clock,
    /// The instant the clock starts from.
    pub start: Instant,
    /// By when: the last day, at 00:00; none where there is no day.
    pub due: Option<Instant>,
    /// The day may still move: it counts working days of a year whose holidays are not published.
    pub provisional: bool,
    /// From when, on the recorded axis, the calendar was known by which the day is reckoned; [`Instant::MIN`] where none is
    /// needed. An obligation whose day another calendar moved is as many entries as days were told.
    pub known_from: Instant,
    /// Until when it was the newest, without; [`Instant::MAX`] while it is.
    pub known_until: Instant,
    /// The rule that calls for it, by id; none where the decision itself set it.
    pub rule: Option<Box<str>>,
    /// When it ended; [`Instant::MAX`] while it has not.
    pub until: Instant,
    /// How it ended, or will by the passing of time.
    pub ending: Ending,
}

impl Entry {
    /// Whether it was ever called for: what is done before it falls due to arise never was.
    #[must_use]
    pub fn stood(&self) -> bool {
        self.from < self.until
    }

    /// Whether its day is reckoned by the calendar known at an instant of the recorded axis.
    #[must_use]
    pub fn is_read_at(&self, known_at: Instant) -> bool {
        // What is known last is known at the end of time as well.
        self.known_from <= known_at && (known_at < self.known_until || self.known_until == Instant::MAX)
    }

    /// How it stands at an instant; none before it is called for.
    #[must_use]
    pub fn state(&self, at: Instant) -> Option<ObligationState> {
        if at < self.from || !self.stood() {
            return None;
        }
        if self.until <= at {
            return Some(match self.ending {
                Ending::Met(_) => ObligationState::Met,
                Ending::Dropped(_) | Ending::RunOut | Ending::Annulled => ObligationState::Closed,
            });
        }
        Some(if self.is_late(at) { ObligationState::Late } else { ObligationState::Open })
    }

    /// Whether the whole of the last day is over.
    fn is_late(&self, at: Instant) -> bool {
        self.kind.on_worklist() && self.due.is_some_and(|due| day_after(due) <= at)
    }

    /// As told at an instant; none where nothing is to be told. Its rule is found by id: any law known since the event that
    /// raised it was recorded has it.
    #[must_use]
    pub fn at(&self, at: Instant, law: &Law<'_>) -> Option<Obligation> {
        let state = self.state(at)?;
        let over = self.until <= at;
        let rule = self.rule.as_deref().and_then(|id| law.rulebook.by_id(id));
        Some(Obligation {
            kind: self.kind,
            area: self.about.area,
            owed_by: self.kind.owed_by(),
            owed_to: self.kind.owed_to(),
            from: self.from,
            due: self.due,
            provisional: self.provisional,
            rule: rule.map(|rule| law.rulebook.citation(rule)),
            raised_by: self.raised_by,
            state,
            ended: over.then_some((self.until, self.ending)),
            was_late: over && self.is_late(self.until),
            sum: sentence(self, law),
        })
    }
}

/// 00:00 of the day after the one an instant lies in.
pub(crate) fn day_after(day: Instant) -> Instant {
    Instant::from_date(day.date()).plus_days(1)
}
