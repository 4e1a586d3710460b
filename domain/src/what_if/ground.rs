//! The events an act is decided on.

use crate::command::Command;
use crate::decide::{Context, Decision, decide};
use crate::event::Event;
use crate::id::{SubjectKind, Version};
use crate::others::OtherFact;
use crate::rejection::Rejection;
use crate::rulebook::Rulebook;
use crate::state::State;
use crate::time::Instant;
use crate::timeline::state_at;
use std::borrow::Cow;

/// Events in the order of recording, and their fold as long as that is also the order in which they took effect.
#[derive(Clone, Debug)]
pub(super) struct Ground {
    kind: SubjectKind,
    pub(super) events: Vec<Event>,
    state: State,
    last: Instant,
    tangled: bool,
}

impl Ground {
    pub(super) fn new(kind: SubjectKind) -> Self {
        Self { kind, events: Vec::new(), state: State::new(kind), last: Instant::MIN, tangled: false }
    }

    pub(super) fn push(&mut self, event: Event) {
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

    pub(super) fn extend(&mut self, first: &Event, caused: &[Event]) {
        self.push(first.clone());
        caused.iter().for_each(|event| self.push(event.clone()));
    }

    fn state(&self, at: Instant) -> Cow<'_, State> {
        if self.tangled || at < self.last {
            Cow::Owned(state_at(self.kind, &self.events, at))
        } else {
            Cow::Borrowed(&self.state)
        }
    }

    /// Decides a command that names its `effective_at`, as if the newest version were this one, on the facts of other
    /// subjects that were recorded with it.
    pub(super) fn decide(
        &self,
        command: &Command,
        newest: Option<Version>,
        law: &Rulebook,
        others: &[OtherFact],
    ) -> Result<Decision, Rejection> {
        let effective_at = command.envelope.effective_at.unwrap_or(self.last);
        let version = if self.events.is_empty() { None } else { newest };
        let context = Context { effective_at, rulebook: law, version, history: &self.events, others };
        decide(&self.state(effective_at), command, &context)
    }
}
