//! The state of any subject.

use crate::event::{Event, EventData};
use crate::id::{AreaCode, SubjectKind, Version};
use crate::institution::Institution;
use crate::practitioner::Practitioner;
use crate::time::Instant;
use crate::track::{Line, Span, Value};

/// The state of a subject: dated facts folded from its events.
#[derive(Clone, PartialEq, Debug)]
pub enum State {
    /// Of an institution.
    Institution(Institution),
    /// Of a practitioner.
    Practitioner(Practitioner),
}

impl State {
    /// Before the first event.
    #[must_use]
    pub fn new(kind: SubjectKind) -> Self {
        match kind {
            SubjectKind::Institution => Self::Institution(Institution::default()),
            SubjectKind::Practitioner => Self::Practitioner(Practitioner::default()),
        }
    }

    /// Folds one event; one of another kind of subject changes nothing. Events come in the order of
    /// `(effective_at, position)`; annulments and corrections are applied before, by [`crate::timeline`].
    pub fn evolve(&mut self, event: &Event) {
        match (self, &event.data) {
            (Self::Institution(state), EventData::Institution(facts)) => state.evolve(event, facts),
            (Self::Practitioner(state), EventData::Practitioner(facts)) => state.evolve(event, facts),
            (Self::Institution(_), EventData::Practitioner(_))
            | (Self::Practitioner(_), EventData::Institution(_)) => {}
        }
    }

    /// Every span from an instant on, sorted by track and time.
    #[must_use]
    pub fn spans(&self, from: Instant) -> Vec<Span> {
        match self {
            Self::Institution(state) => state.spans(from),
            Self::Practitioner(state) => state.spans(from),
        }
    }

    /// What stands at an instant, for a state folded from the events effective by then.
    #[must_use]
    pub fn standing(&self, at: Instant) -> Vec<Span> {
        let mut spans = self.spans(at);
        spans.retain(|span| span.covers(at));
        spans
    }

    /// Tells the status of each agreement, with its area and line, or of the qualification, at an instant: what
    /// [`State::standing`] says of the tracks that are a status, without making the other spans. A census asks this of
    /// everybody.
    pub fn each_status(&self, at: Instant, mut tell: impl FnMut(Option<(AreaCode, Line)>, Value)) {
        match self {
            Self::Institution(state) => {
                for agreement in &state.agreements {
                    tell(Some((agreement.area, agreement.line)), state.status(agreement, at).0);
                }
            }
            Self::Practitioner(state) => {
                if let Some((value, _)) = state.status(at) {
                    tell(None, value);
                }
            }
        }
    }

    /// Version of the newest event folded.
    #[must_use]
    pub fn version(&self) -> Option<Version> {
        match self {
            Self::Institution(state) => state.version,
            Self::Practitioner(state) => state.version,
        }
    }

    /// Name, where one is known.
    #[must_use]
    pub fn name(&self) -> Option<&str> {
        match self {
            Self::Institution(state) => state.profile.name.as_deref(),
            Self::Practitioner(state) => state.name.as_deref(),
        }
    }

    /// Earlier names, oldest first.
    #[must_use]
    pub fn former_names(&self) -> &[Box<str>] {
        match self {
            Self::Institution(state) => &state.profile.former_names,
            Self::Practitioner(state) => state.former_names(),
        }
    }
}
