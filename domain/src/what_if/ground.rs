//! The events an act is decided on.

use crate::command::{Act, Command};
use crate::decide::{Context, Decision, decide};
use crate::event::Event;
use crate::id::{SubjectKind, Version};
use crate::laws::Laws;
use crate::others::OtherFact;
use crate::personal::fence;
use crate::practitioner::PractitionerCommand as P;
use crate::rejection::Rejection;
use crate::state::State;
use crate::time::Instant;
use crate::timeline::{state_at, timeline};
use std::borrow::Cow;
use std::collections::BTreeSet;

/// Events in the order of recording, and their fold as long as that is also the order in which they took effect.
#[derive(Clone, Debug)]
pub(crate) struct Ground {
    kind: SubjectKind,
    pub(crate) events: Vec<Event>,
    state: State,
    last: Instant,
    tangled: bool,
}

impl Ground {
    pub(crate) fn new(kind: SubjectKind) -> Self {
        Self { kind, events: Vec::new(), state: State::new(kind), last: Instant::MIN, tangled: false }
    }

    pub(crate) fn push(&mut self, event: Event) {
        let on_record = event.data.annulment().is_some() || event.data.correction().is_some();
        if on_record || event.effective_at < self.last {
            self.tangled = true;
        }
        if !self.tangled {
            self.last = event.effective_at;
            self.state.evolve(&event);
        }
        self.events.push(event);
    }

    pub(crate) fn extend(&mut self, first: &Event, caused: &[Event]) {
        self.push(first.clone());
        caused.iter().for_each(|event| self.push(event.clone()));
    }

    /// The instants after one at which what stands turns, in order.
    pub(crate) fn turns(&self, after: Instant) -> Vec<Instant> {
        let effects = self.events.iter().map(|event| event.effective_at);
        let spans = timeline(self.kind, &self.events);
        let turns = effects.chain(spans.iter().flat_map(|span| [span.from, span.until]));
        let turns: BTreeSet<Instant> = turns.filter(|at| after < *at && *at != Instant::MAX).collect();
        turns.into_iter().collect()
    }

    fn state(&self, at: Instant) -> Cow<'_, State> {
        if self.tangled || at < self.last {
            Cow::Owned(state_at(self.kind, &self.events, at))
        } else {
            Cow::Borrowed(&self.state)
        }
    }

    /// Decides a command that names its `effective_at`, as if the newest version were this one and this law known, on the
    /// facts of other subjects that were recorded with it.
    pub(crate) fn decide(
        &self,
        command: &Command,
        newest: Option<Version>,
        laws: &Laws,
        others: &[OtherFact],
    ) -> Result<Decision, Rejection> {
        let effective_at = command.envelope.effective_at.unwrap_or(self.last);
        let version = if self.events.is_empty() { None } else { newest };
        let context = Context {
            effective_at,
            laws,
            version,
            history: &self.events,
            others,
            erased: fence(&self.events),
        };
        decide(&self.state(effective_at), command, &context)
    }

    /// Decides an act as it is recorded. Where the law asks for months that nobody chose, or the months chosen are not open
    /// to choice, the months are not known.
    pub(crate) fn decide_recorded(
        &self,
        command: &Command,
        newest: Option<Version>,
        laws: &Laws,
        others: &[OtherFact],
    ) -> Result<Decision, Rejection> {
        let decided = self.decide(command, newest, laws, others);
        let Err(rejection) = &decided else { return decided };
        let Act::Practitioner(P::DeductPoints(data)) = &command.act else { return decided };
        if !rejection.is_about(MONTHS) {
            return decided;
        }
        let mut again = command.clone();
        let mut data = data.clone();
        data.suspend_months = None;
        again.act = Act::Practitioner(P::DeductPoints(data));
        let without = self.decide(&again, newest, laws, others);
        if without.is_ok() {
            return without;
        }
        again.envelope.unknown.insert(MONTHS.to_owned(), "not chosen under this law".to_owned());
        self.decide(&again, newest, laws, others)
    }
}

/// The choice of a person that another law may not leave, or may ask for.
pub(crate) const MONTHS: &str = "/data/suspend_months";
