//! given / when / then for subjects: commands as outsiders write them go through parsing, decision, stored bytes and back.
//!
//! ```ignore
//! Story::of("P43050300012")
//!     .given(act("institution.sign-agreement", "2025-01-01", json!({ … })))
//!     .when(act("institution.suspend-agreement", "2025-08-04", json!({ … })))
//!     .then(&["institution.agreement-suspended"]);
//! ```
//!
//! In `data`, the text `"@3"` stands for the id of the event of version 3. Every fault of a story panics: it is a test.

use crate::command::Command;
use crate::decide::{Context, decide};
use crate::event::{Event, Finding, NewEvent, encode};
use crate::id::{Subject, Version};
use crate::laws::Laws;
use crate::obligation::{self, Obligation, ObligationKind};
use crate::others;
use crate::rejection::Rejection;
use crate::rulebook::Rulebook;
use crate::state::State;
use crate::time::Instant;
use crate::timeline::{state_at, timeline};
use crate::track::Span;
use serde_json::{Value, json};
use std::sync::Arc;
use uuid::Uuid;

/// When commands without `effective_at` are asked.
const NOW: &str = "2029-12-31";

/// A command to be: an agency acts unless [`Act::by`] says otherwise.
#[derive(Clone, Debug)]
pub struct Act(Value);

/// A command of that name, effective on that day, with that `data`.
#[must_use]
#[expect(clippy::needless_pass_by_value, reason = "reads better with json! at the call")]
pub fn act(command: &str, effective_at: &str, data: Value) -> Act {
    Act(json!({
        "command": command, "effective_at": effective_at, "actor": { "authority": "agency" }, "data": data
    }))
}

impl Act {
    /// By another authority.
    #[must_use]
    pub fn by(mut self, authority: &str) -> Self {
        self.0["actor"]["authority"] = json!(authority);
        self
    }

    /// By the authority of an area.
    #[must_use]
    pub fn of_area(mut self, area: &str) -> Self {
        self.0["actor"]["area"] = json!(area);
        self
    }

    /// With another member of the envelope: `decided_at`, `expected_version`, `basis` …
    #[must_use]
    pub fn with(mut self, member: &str, value: Value) -> Self {
        self.0[member] = value;
        self
    }

    /// With a field the source does not tell, and why.
    #[must_use]
    pub fn unknown(mut self, pointer: &str, why: &str) -> Self {
        self.0["unknown"][pointer] = json!(why);
        self
    }
}

/// The history of one subject as told so far.
#[derive(Clone, Debug)]
pub struct Story {
    subject: Subject,
    laws: Laws,
    events: Vec<Event>,
    /// Events of the log so far, those of areas whose law it is under included.
    clock: u64,
    /// Other subjects that decisions may ask about.
    others: Vec<(Subject, Vec<Event>)>,
}

/// What came of a command.
#[derive(Clone, Debug)]
pub struct Outcome {
    story: Story,
    command: Command,
    decision: Result<Vec<NewEvent>, Rejection>,
}

impl Story {
    /// A subject of whom nothing is recorded.
    #[must_use]
    pub fn of(code: &str) -> Self {
        let subject = Subject::parse(code).unwrap_or_else(|error| panic!("{error}"));
        Self { subject, laws: Laws::national().clone(), events: Vec::new(), clock: 0, others: Vec::new() }
    }

    /// Under other rules than those compiled in.
    #[must_use]
    pub fn under(mut self, rulebook: Rulebook) -> Self {
        self.laws = Laws::new(Arc::new(rulebook));
        self
    }

    /// Under what an area adopted, as its own story tells. What is recorded from then on is recorded after it.
    #[must_use]
    pub fn in_area(mut self, area: &Story) -> Self {
        for event in &area.events {
            // One log has one line of positions and times; each story numbers from its own beginning.
            let event = Event { position: self.clock, recorded_at: self.next(), ..event.clone() };
            self.clock += 1;
            self.laws.take(&area.subject, &event).unwrap_or_else(|error| panic!("{error}"));
        }
        self
    }

    /// When the next event of the log is recorded.
    fn next(&self) -> Instant {
        instant("2030-01-01").plus_days(i64::try_from(self.clock).unwrap_or(i64::MAX))
    }

    /// With another subject whose facts decisions may ask for.
    #[must_use]
    pub fn beside(mut self, other: &Story) -> Self {
        self.others.push((other.subject.clone(), other.events.clone()));
        self
    }

    /// An act that is accepted and recorded.
    #[must_use]
    pub fn given(self, act: Act) -> Self {
        let outcome = self.when(act);
        match &outcome.decision {
            Ok(_) => outcome.record(),
            Err(rejection) => panic!("given {}: refused: {rejection:?}", outcome.command.act.name()),
        }
    }

    /// An act whose outcome is looked at.
    #[must_use]
    pub fn when(self, act: Act) -> Outcome {
        let mut act = act.0;
        act["subject"] = json!(self.subject.code());
        self.name_events(&mut act["data"]);
        let command = Command::parse(&act.to_string()).unwrap_or_else(|error| panic!("{error} in {act}"));
        let effective_at = command.envelope.effective_at.unwrap_or_else(|| instant(NOW));
        let mut facts = Vec::new();
        for ask in command.act.asks(&self.subject) {
            let speaks =
                |event: &Event| others::spoken_of(&event.data).iter().any(|whom| ask.whom() == Some(*whom));
            for (subject, events) in &self.others {
                if !ask.subjects().contains(subject) && !events.iter().any(speaks) {
                    continue;
                }
                facts.extend(ask.answers(subject, &others::known(subject, events), effective_at));
            }
        }
        let context = Context {
            effective_at,
            laws: &self.laws,
            version: self.events.last().map(|event| event.version),
            history: &self.events,
            others: &facts,
            erased: crate::personal::fence(&self.events),
        };
        let state = state_at(self.subject.kind(), &self.events, effective_at);
        let decision = decide(&state, &command, &context);
        Outcome { story: self, command, decision }
    }

    fn name_events(&self, data: &mut Value) {
        match data {
            Value::String(text) => {
                if let Some(version) = text.strip_prefix('@') {
                    let version: usize =
                        version.parse().unwrap_or_else(|_| panic!("{text} names no version"));
                    *text = self.events.get(version).map_or(id(999), |event| event.id).to_string();
                }
            }
            Value::Array(list) => list.iter_mut().for_each(|item| self.name_events(item)),
            Value::Object(object) => object.values_mut().for_each(|item| self.name_events(item)),
            Value::Null | Value::Bool(_) | Value::Number(_) => {}
        }
    }

    /// Who it is about.
    #[must_use]
    pub fn subject(&self) -> &Subject {
        &self.subject
    }

    /// The events recorded.
    #[must_use]
    pub fn events(&self) -> &[Event] {
        &self.events
    }

    /// The state as of a day.
    #[must_use]
    pub fn state(&self, day: &str) -> State {
        state_at(self.subject.kind(), &self.events, instant(day))
    }

    /// The whole timeline.
    #[must_use]
    pub fn spans(&self) -> Vec<Span> {
        timeline(self.subject.kind(), &self.events)
    }

    /// What stands at an instant: `agreement/430500/basic in_force`, one line a track, read from the whole timeline and
    /// compared with the state folded to that instant.
    #[must_use]
    pub fn standing(&self, at: &str) -> Vec<String> {
        let at = instant(at);
        let write = |span: &Span| format!("{} {}", span.track, span.value);
        let whole: Vec<_> = self.spans().iter().filter(|span| span.covers(at)).map(write).collect();
        let folded: Vec<_> =
            state_at(self.subject.kind(), &self.events, at).standing(at).iter().map(write).collect();
        assert_eq!(whole, folded, "timeline and state differ at {at}");
        whole
    }

    /// The value of one track at an instant; empty when nothing stands.
    #[must_use]
    pub fn value(&self, track: &str, at: &str) -> String {
        let standing = self.standing(at);
        let found = standing.iter().find_map(|line| line.strip_prefix(track)?.strip_prefix(' '));
        found.unwrap_or_default().to_owned()
    }

    /// What is due at an instant, and what was.
    #[must_use]
    pub fn obligations(&self, at: &str) -> Vec<Obligation> {
        obligation::obligations(&self.subject, &self.events, instant(at), Instant::MAX, &self.laws)
    }

    /// What is due at an instant of one kind.
    #[must_use]
    pub fn obligations_of(&self, kind: ObligationKind, at: &str) -> Vec<Obligation> {
        let mut due = self.obligations(at);
        due.retain(|obligation| obligation.kind == kind);
        due
    }
}

impl Outcome {
    /// Accepted with these events in this order; goes on with them recorded.
    pub fn then(self, events: &[&str]) -> Story {
        let decided: Vec<_> = self.accepted().iter().map(|event| event.data.event_type().name()).collect();
        assert_eq!(decided, events);
        self.record()
    }

    /// The events decided.
    pub fn accepted(&self) -> &[NewEvent] {
        match &self.decision {
            Ok(events) => events,
            Err(rejection) => panic!("{} was refused: {rejection:?}", self.command.act.name()),
        }
    }

    /// What came of it, either way.
    ///
    /// # Errors
    /// The refusal.
    pub const fn decided(&self) -> Result<&Vec<NewEvent>, &Rejection> {
        self.decision.as_ref()
    }

    /// The codes of what was noticed on the first event.
    #[must_use]
    pub fn findings(&self) -> Vec<&str> {
        self.accepted()[0].findings.iter().map(|Finding { code, .. }| &**code).collect()
    }

    /// Refused with this code.
    pub fn refused(self, code: &str) -> Rejection {
        match self.decision {
            Ok(events) => panic!("{} was accepted: {events:?}", self.command.act.name()),
            Err(rejection) => {
                assert_eq!(rejection.code, code, "{rejection:?}");
                assert!(!rejection.message.en.is_empty() && !rejection.message.zh.is_empty());
                rejection
            }
        }
    }

    /// Goes on whatever came of it: recorded when accepted, unchanged when refused.
    #[must_use]
    pub fn either_way(self) -> Story {
        match &self.decision {
            Ok(_) => self.record(),
            Err(_) => self.story,
        }
    }

    /// Writes the events as the log would, and reads them back.
    fn record(self) -> Story {
        let Self { mut story, command, decision } = self;
        let decision = decision.unwrap_or_default();
        let first = Version::try_from(story.events.len()).unwrap_or(Version::MAX);
        for (index, event) in decision.iter().enumerate() {
            let position = story.clock;
            let recorded_at = story.next();
            let version = first + Version::try_from(index).unwrap_or(Version::MAX);
            let mut proposed = encode(&command, event, first, index, false, story.laws.book().hash())
                .unwrap_or_else(|error| panic!("{error}"));
            proposed.stamp(id(version.into()), recorded_at);
            let body = String::from_utf8(proposed.body).unwrap_or_else(|error| panic!("{error}"));
            let read =
                Event::decode(proposed.kind, position, version, event.effective_at, recorded_at, &body);
            let read = read.unwrap_or_else(|error| panic!("{error}: {body}"));
            assert_eq!(read.data, event.data);
            story.events.push(read);
            story.clock += 1;
        }
        story
    }
}

/// The id of the event of a version of a story.
fn id(position: u64) -> Uuid {
    Uuid::from_u128((0x0190_0000_0000_7000_8000_u128 << 48) + u128::from(position))
}

fn instant(text: &str) -> Instant {
    Instant::parse(text).unwrap_or_else(|error| panic!("{error}"))
}
