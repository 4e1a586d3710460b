//! For tests: a subject's history made through the same door as a real one, commands in and events out.

use crate::command::Command;
use crate::decide::{Context, decide};
use crate::event::{Event, EventData, EventType, Finding, encode};
use crate::id::{Subject, SubjectKind, Version};
use crate::laws::Laws;
use crate::rejection::Rejection;
use crate::state::State;
use crate::time::Instant;
use crate::timeline::{state_at, timeline};
use crate::track::{Span, Track};
use serde_json::{Value, json};
use uuid::Uuid;

/// The events of one subject, and what was noticed about each.
pub(crate) struct History {
    pub(crate) subject: Subject,
    /// The area whose agency acts unless another is named.
    pub(crate) area: &'static str,
    pub(crate) events: Vec<Event>,
    pub(crate) findings: Vec<Vec<Finding>>,
    pub(crate) rules: Vec<Vec<Box<str>>>,
    /// Canonical bytes of each event, stamped.
    pub(crate) bodies: Vec<Vec<u8>>,
}

pub(crate) fn at(text: &str) -> Instant {
    Instant::parse(text).unwrap()
}

/// The id of the event at a place of a test history.
pub(crate) fn id(version: usize) -> Uuid {
    Uuid::from_u64_pair(0x0190_0000_0000_7000, 0x8000_0000_0000_0000 | version as u64)
}

/// A command by an agency; `extra` members replace or join the envelope's.
pub(crate) fn command(subject: &Subject, act: &str, on: &str, data: &Value, extra: &Value) -> Command {
    let mut whole = json!({
        "command": format!("{}.{act}", subject.kind().name()),
        "subject": subject.code(),
        "effective_at": on,
        "actor": { "authority": "agency", "area": "430500" },
        "data": data,
    });
    for (key, value) in extra.as_object().into_iter().flatten() {
        whole[key] = value.clone();
    }
    Command::parse(&whole.to_string()).unwrap_or_else(|error| panic!("{whole}: {error}"))
}

impl History {
    pub(crate) fn of(code: &str) -> Self {
        Self {
            subject: Subject::parse(code).unwrap(),
            area: "430500",
            events: Vec::new(),
            findings: Vec::new(),
            rules: Vec::new(),
            bodies: Vec::new(),
        }
    }

    pub(crate) fn kind(&self) -> SubjectKind {
        self.subject.kind()
    }

    /// Decides and records; the number of events is the answer.
    pub(crate) fn decide(&mut self, command: &Command) -> Result<usize, Rejection> {
        let on = command.envelope.effective_at.unwrap_or(at("2026-06-01"));
        let context = Context {
            effective_at: on,
            laws: Laws::national(),
            version: self.events.last().map(|event| event.version),
            history: &self.events,
            others: &[],
            erased: crate::personal::fence(&self.events),
        };
        let decided = decide(&self.state(on), command, &context)?;
        let first = Version::try_from(self.events.len()).unwrap();
        for (index, new) in decided.iter().enumerate() {
            let position = self.events.len();
            let recorded_at = at("2026-07-01").plus_days(i64::try_from(position).unwrap());
            let mut proposed = encode(command, new, first, index, false, "0").unwrap();
            proposed.stamp(id(position), recorded_at);
            let body = std::str::from_utf8(&proposed.body).unwrap();
            let version = Version::try_from(position).unwrap();
            let event =
                Event::decode(proposed.kind, position as u64, version, new.effective_at, recorded_at, body)
                    .unwrap();
            assert_eq!(event.data, new.data, "what is read back is what was decided");
            self.events.push(event);
            self.findings.push(new.findings.clone());
            self.rules.push(new.rules.clone());
            self.bodies.push(proposed.body);
        }
        Ok(decided.len())
    }

    /// An act of an agency that must be accepted.
    #[track_caller]
    pub(crate) fn act(&mut self, act: &str, on: &str, data: Value) -> &mut Self {
        self.act_with(act, on, data, json!({}))
    }

    /// An act that must be accepted, with more of an envelope.
    #[track_caller]
    #[expect(clippy::needless_pass_by_value, reason = "callers write json! in place")]
    pub(crate) fn act_with(&mut self, act: &str, on: &str, data: Value, extra: Value) -> &mut Self {
        let command = command(&self.subject, act, on, &data, &self.by(extra));
        if let Err(rejection) = self.decide(&command) {
            panic!("{act} on {on}: {} {}", rejection.code, rejection.message.en);
        }
        self
    }

    /// The agency of this history's area where no actor is named.
    fn by(&self, mut extra: Value) -> Value {
        if extra.get("actor").is_none() {
            extra["actor"] = json!({ "authority": "agency", "area": self.area });
        }
        extra
    }

    /// An act of an agency that must be refused.
    #[track_caller]
    pub(crate) fn refusal(&mut self, act: &str, on: &str, data: Value) -> Rejection {
        self.refusal_with(act, on, data, json!({}))
    }

    #[track_caller]
    #[expect(clippy::needless_pass_by_value, reason = "callers write json! in place")]
    pub(crate) fn refusal_with(&mut self, act: &str, on: &str, data: Value, extra: Value) -> Rejection {
        let command = command(&self.subject, act, on, &data, &self.by(extra));
        match self.decide(&command) {
            Err(rejection) => rejection,
            Ok(_) => panic!("{act} on {on} was accepted"),
        }
    }

    pub(crate) fn state(&self, on: Instant) -> State {
        state_at(self.kind(), &self.events, on)
    }

    pub(crate) fn timeline(&self) -> Vec<Span> {
        timeline(self.kind(), &self.events)
    }

    /// Types of the events, without the kind.
    pub(crate) fn types(&self) -> Vec<&'static str> {
        let name = |data: &EventData| EventType::name(data.event_type());
        self.events.iter().map(|event| name(&event.data).split_once('.').unwrap().1).collect()
    }

    /// Codes of what was noticed about one event.
    pub(crate) fn noticed(&self, version: usize) -> Vec<&str> {
        self.findings[version].iter().map(|finding| &*finding.code).collect()
    }

    /// What a track says at an instant.
    pub(crate) fn says(&self, track: &Track, on: &str) -> String {
        let on = at(on);
        let spans = self.timeline();
        let mut found = spans.iter().filter(|span| span.track == *track && span.covers(on));
        let value = found.next().map_or_else(|| "nothing".to_owned(), |span| span.value.to_string());
        assert_eq!(found.next(), None, "one value at a time");
        value
    }
}
