//! The state of any subject.

use crate::area::Area;
use crate::dated::Record;
use crate::event::{Event, EventData};
use crate::id::{AreaCode, SubjectKind, Version};
use crate::institution::Institution;
use crate::institution::state::Profile;
use crate::personal::Personal;
use crate::practitioner::Practitioner;
use crate::time::Instant;
use crate::track::{Line, Span, Value};
use crate::{area, case, enterprise, insured};

/// The state of a subject: dated facts folded from its events.
#[derive(Clone, PartialEq, Debug)]
pub enum State {
    /// Of an institution.
    Institution(Institution),
    /// Of a practitioner.
    Practitioner(Practitioner),
    /// Of an enterprise.
    Enterprise(Record),
    /// Of an insured person.
    Insured(Record),
    /// Of a pooling area.
    Area(Area),
    /// Of a case.
    Case(Record),
}

impl State {
    /// Before the first event.
    #[must_use]
    pub fn new(kind: SubjectKind) -> Self {
        match kind {
            SubjectKind::Institution => Self::Institution(Institution::default()),
            SubjectKind::Practitioner => Self::Practitioner(Practitioner::default()),
            SubjectKind::Enterprise => Self::Enterprise(Record::default()),
            SubjectKind::Insured => Self::Insured(Record::default()),
            SubjectKind::Area => Self::Area(Area::default()),
            SubjectKind::Case => Self::Case(Record::default()),
        }
    }

    /// The kind of subject it is of.
    #[must_use]
    pub const fn kind(&self) -> SubjectKind {
        match self {
            Self::Institution(_) => SubjectKind::Institution,
            Self::Practitioner(_) => SubjectKind::Practitioner,
            Self::Enterprise(_) => SubjectKind::Enterprise,
            Self::Insured(_) => SubjectKind::Insured,
            Self::Area(_) => SubjectKind::Area,
            Self::Case(_) => SubjectKind::Case,
        }
    }

    /// Folds one event; one of another kind of subject changes nothing. Events come in the order of
    /// `(effective_at, position)`; annulments and corrections are applied before, by [`crate::timeline`].
    pub fn evolve(&mut self, event: &Event) {
        match (self, &event.data) {
            (Self::Institution(state), EventData::Institution(facts)) => state.evolve(event, facts),
            (Self::Practitioner(state), EventData::Practitioner(facts)) => state.evolve(event, facts),
            (Self::Enterprise(state), EventData::Enterprise(facts)) => {
                enterprise::evolve(state, event, facts);
            }
            (Self::Insured(state), EventData::Insured(facts)) => insured::evolve(state, event, facts),
            (Self::Area(state), EventData::Area(facts)) => area::evolve(state, event, facts),
            (Self::Case(state), EventData::Case(facts)) => case::evolve(state, event, facts),
            (
                Self::Institution(_)
                | Self::Practitioner(_)
                | Self::Enterprise(_)
                | Self::Insured(_)
                | Self::Area(_)
                | Self::Case(_),
                _,
            ) => {}
        }
    }

    /// Every span from an instant on, sorted by track and time.
    #[must_use]
    pub fn spans(&self, from: Instant) -> Vec<Span> {
        match self {
            Self::Institution(state) => state.spans(from),
            Self::Practitioner(state) => state.spans(from),
            Self::Enterprise(record)
            | Self::Insured(record)
            | Self::Area(Area { record, .. })
            | Self::Case(record) => record.dated.spans(from),
        }
    }

    /// Brings a span told of an earlier time to what the events folded since say of it.
    pub fn revise(&self, span: &mut Span) {
        if let Self::Institution(state) = self {
            state.revise(span);
        }
    }

    /// Whether an event, newest in effective order, says something of days before its own that cannot be told from this state.
    #[must_use]
    pub fn reaches_back(&self, event: &Event) -> bool {
        match (self, &event.data) {
            (Self::Institution(state), EventData::Institution(facts)) => state.reaches_back(facts),
            _ => false,
        }
    }

    /// What stands at an instant, for a state folded from the events effective by then.
    #[must_use]
    pub fn standing(&self, at: Instant) -> Vec<Span> {
        let mut spans = self.spans(at);
        spans.retain(|span| span.covers(at));
        spans
    }

    /// Tells each status at an instant, with the area and the line where the track has them: what [`State::standing`]
    /// says of the tracks that are a status, for institutions and practitioners without making the other spans. A census
    /// asks this of everybody.
    pub fn each_status(&self, at: Instant, mut tell: impl FnMut(Option<AreaCode>, Option<Line>, Value)) {
        match self {
            Self::Institution(state) => {
                for agreement in &state.agreements {
                    tell(Some(agreement.area), Some(agreement.line), state.status(agreement, at).0);
                }
            }
            Self::Practitioner(state) => {
                if let Some((value, _)) = state.status(at) {
                    tell(None, None, value);
                }
            }
            Self::Enterprise(_) | Self::Insured(_) | Self::Area(_) | Self::Case(_) => {
                for span in self.standing(at).iter().filter(|span| span.track.is_status_of(self.kind())) {
                    tell(span.track.area(), span.track.line(), span.value);
                }
            }
        }
    }

    /// Forgets who it is: names and numbers. No span rests on them, and a census holds the states of millions.
    pub fn forget_identity(&mut self) {
        match self {
            Self::Institution(state) => *state.profile = Profile::default(),
            Self::Practitioner(state) => state.name = None,
            Self::Enterprise(record)
            | Self::Insured(record)
            | Self::Area(Area { record, .. })
            | Self::Case(record) => record.name = None,
        }
    }

    /// Version of the newest event folded.
    #[must_use]
    pub fn version(&self) -> Option<Version> {
        match self {
            Self::Institution(state) => state.version,
            Self::Practitioner(state) => state.version,
            Self::Enterprise(record)
            | Self::Insured(record)
            | Self::Area(Area { record, .. })
            | Self::Case(record) => record.version,
        }
    }

    /// Name, where one is known and not sealed.
    #[must_use]
    pub fn name(&self) -> Option<&str> {
        match self {
            Self::Institution(state) => state.profile.name.as_deref(),
            Self::Practitioner(state) => state.name.as_ref().and_then(Personal::plain),
            Self::Enterprise(record)
            | Self::Insured(record)
            | Self::Area(Area { record, .. })
            | Self::Case(record) => record.name.as_deref(),
        }
    }

    /// Earlier names, oldest first.
    #[must_use]
    pub fn former_names(&self) -> &[Box<str>] {
        match self {
            Self::Institution(state) => &state.profile.former_names,
            Self::Practitioner(state) => state.former_names(),
            Self::Enterprise(record)
            | Self::Insured(record)
            | Self::Area(Area { record, .. })
            | Self::Case(record) => &record.former_names,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{Story, act};
    use serde_json::json;

    #[test]
    fn who_it_is_can_be_forgotten_and_what_stands_stays() {
        let signing = json!({ "area": "370100", "lines": ["basic"], "from": "2024-01-01", "until": "2027-01-01",
            "name": "某医院" });
        let hospital =
            Story::of("H37010200001").given(act("institution.sign-agreement", "2024-01-01", signing));
        let mut state = hospital.state("2025-01-01");
        assert_eq!(state.name(), Some("某医院"));
        let stood = state.spans(Instant::MIN);
        state.forget_identity();
        assert_eq!(state.name(), None);
        assert_eq!(state.spans(Instant::MIN), stood);
    }

    #[test]
    fn a_state_takes_little_room() {
        let most = size_of::<State>();
        assert!(most <= 104, "{most} bytes: a census counts on no more");
    }
}
