//! What the history of one subject shows that is not as the rules have it: what was called for and not done, done late, done
//! without basis, out of range or by the wrong body, and what was recorded late.
//!
//! Each act is judged by the law of its day, on what was known of law and facts when it was recorded, in the same way in which it was decided:
//! nothing is held against anybody that only became known afterwards. An act that was annulled from the start is not
//! judged, one that was corrected is judged as corrected. Nothing here is a decision: each [`Breach`] names the events it
//! rests on, so that a person can look.

mod act;
mod due;
mod kind;
mod noticed;
#[cfg(test)]
mod tests;
mod yearly;

pub use kind::BreachKind;
pub use noticed::words_of;

use crate::difference::{Change, Place, difference};
use crate::envelope::Authority;
use crate::event::Event;
use crate::id::{AreaCode, Subject, Version};
use crate::laws::Laws;
use crate::obligation::Party;
use crate::rejection::Words;
use crate::rulebook::Citation;
use crate::time::Instant;
use crate::timeline::{self, Known};
use crate::what_if::Record;
use crate::words;
use serde_json::Value;

/// Days between effect and record that are not told when nobody says how many.
pub const LATE_DAYS_DEFAULT: u32 = 1;

/// What is asked.
#[derive(Clone, Copy, Debug)]
pub struct Asked<'a> {
    /// The day the question is about (生效): acts that take effect later are not looked at, and what is due is told as it
    /// stood then.
    pub as_of: Instant,
    /// As known when (记录): by which calendar working days are counted.
    pub known_at: Instant,
    /// Events recorded more than so many days after they took effect are told.
    pub late_days: u32,
    /// The law, of all times and as known at all times.
    pub laws: &'a Laws,
}

/// Something that is not as the rules have it.
#[derive(Clone, PartialEq, Debug)]
pub struct Breach {
    /// What kind.
    pub kind: BreachKind,
    /// What exactly, in kebab case, never translated: a kind of obligation, the code of a refusal, that of a finding.
    pub code: Box<str>,
    /// In words.
    pub words: Words,
    /// Pooling area it is of; none where nothing tells it.
    pub area: Option<AreaCode>,
    /// Who had to do it, where something was due.
    pub owed_by: Option<Party>,
    /// Who acted, where something was done.
    pub actor: Option<Authority>,
    /// The rule, where one is known.
    pub rule: Option<Citation>,
    /// Since when it is so.
    pub since: Instant,
    /// By when it was due, the whole of that day included.
    pub due: Option<Instant>,
    /// That day may still move.
    pub provisional: bool,
    /// When it was done.
    pub done: Option<Instant>,
    /// By how many days: after the last day, where there is one; since it is called for, where there is none; between effect
    /// and record for what was recorded late.
    pub days: Option<i64>,
    /// The events of the subject's stream it rests on, the act itself or what called for it first.
    pub events: Vec<Version>,
    /// What would have been accepted, where the act would have been refused.
    pub allowed: Option<Value>,
    /// For what was recorded late: what that changed of what stood on the day it took effect.
    pub changes: Vec<Change>,
}

impl Breach {
    fn new(kind: BreachKind, code: &str, words: Words, since: Instant) -> Self {
        Self {
            kind,
            code: code.into(),
            words,
            area: None,
            owed_by: None,
            actor: None,
            rule: None,
            since,
            due: None,
            provisional: false,
            done: None,
            days: None,
            events: Vec::new(),
            allowed: None,
            changes: Vec::new(),
        }
    }
}

/// An event as it is judged.
struct Judged<'a> {
    record: &'a Record,
    /// Its facts as corrected.
    known: &'a Known<'a>,
}

impl Judged<'_> {
    fn event(&self) -> &Event {
        &self.known.event
    }

    /// Whether it was changed by a correction or a partial annulment.
    fn is_changed(&self) -> bool {
        self.known.event.data != self.record.event.data
            || self.known.event.effective_at != self.record.event.effective_at
    }
}

/// Everything that is not as the rules have it, by the day since when it is so. `records` are the events known, in the
/// order of recording.
#[must_use]
pub fn breaches(subject: &Subject, records: &[Record], asked: &Asked<'_>) -> Vec<Breach> {
    let events: Vec<Event> = records.iter().map(|record| record.event.clone()).collect();
    let mut known = timeline::resolve(&events);
    known.sort_by_key(|known| known.event.position);
    let judged: Vec<Judged<'_>> =
        records.iter().zip(&known).map(|(record, known)| Judged { record, known }).collect();
    let mut found = due::breaches(subject, &events, asked);
    found.extend(act::breaches(subject, &events, &judged, asked));
    let in_effect = |judged: &&Judged<'_>| {
        judged.event().effective_at <= asked.as_of && judged.known.void_from != Instant::MIN
    };
    for judged in judged.iter().filter(in_effect) {
        found.extend(noticed::breaches(subject, &events, judged, asked));
    }
    found.extend(yearly::breaches(subject, &events, asked));
    found.extend(recorded_late(subject, &events, asked));
    found.sort_by(|a, b| {
        (a.since, a.kind, &a.code, &a.events, a.due).cmp(&(b.since, b.kind, &b.code, &b.events, b.due))
    });
    found
}

/// Events recorded more than so many days after they took effect, annulled or not: somebody may have relied on what was
/// known in between.
fn recorded_late(subject: &Subject, events: &[Event], asked: &Asked<'_>) -> Vec<Breach> {
    let mut found = Vec::new();
    for (at, event) in events.iter().enumerate() {
        let in_time = event.effective_at.plus_days(i64::from(asked.late_days));
        if event.recorded_at <= in_time || asked.as_of < event.effective_at {
            continue;
        }
        let days = event.recorded_at.days_since(event.effective_at);
        let place = |known| Place { as_of: event.effective_at, known };
        let words = words!("recorded {days} days after it took effect", "生效 {days} 日之后才记录",);
        found.push(Breach {
            area: crate::decide::area_of(event, events),
            done: Some(event.recorded_at),
            days: Some(days),
            events: vec![event.version],
            changes: difference(subject.kind(), &events[..=at], place(at), place(at + 1)),
            ..Breach::new(BreachKind::RecordedLate, "recorded-late", words, event.effective_at)
        });
    }
    found
}
