//! What would stand otherwise: had an act not been made, been another, or been decided under another law.
//!
//! The log is forked in memory, never written. Acts keep their places; what followed from a decision is replaced by what
//! would have followed. Whether an act comes out otherwise is told by deciding it twice, as things are and as supposed,
//! and comparing: so nothing is laid at the door of the supposition that is not its doing.

mod compare;
mod elsewhere;
mod ground;

pub use compare::{Stretch, compare};
pub use elsewhere::Elsewhere;

use crate::command::{Circumstances, Command};
use crate::decide::Decision;
use crate::event::{Event, EventRef, NewEvent};
use crate::id::{Subject, Version};
use crate::laws::Laws;
use crate::others::{self, OtherFact};
use crate::reactor;
use crate::rejection::{Rejection, Words};
use crate::time::Instant;
use crate::words;
use elsewhere::Follow;
pub(crate) use ground::Ground;
use std::borrow::Cow;
use uuid::Uuid;

/// An event and what a decision looks at beside it.
#[derive(Clone, PartialEq, Debug)]
pub struct Record {
    /// The event.
    pub event: Event,
    /// Who acted, and what was not known.
    pub circumstances: Circumstances,
}

/// Another course of one subject's acts.
#[derive(Clone, PartialEq, Debug)]
pub enum Fork {
    /// Without the act that this event records, and without what followed from it.
    Without(Version),
    /// With another command in the place of that act.
    Replace(Version, Box<Command>),
    /// With one more command, recorded after all others. It names its `effective_at`.
    Insert(Box<Command>),
}

impl Fork {
    /// The command supposed; none where an act is only left out.
    #[must_use]
    pub fn command(&self) -> Option<&Command> {
        match self {
            Self::Without(_) => None,
            Self::Replace(_, command) | Self::Insert(command) => Some(command),
        }
    }
}

/// What a supposition leaves open.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Unjudged {
    /// Who names the people concerned by identity number, and would be reached for that: the keys that tell it are not at hand,
    /// were made before they told it, or are destroyed.
    NumbersUnknown,
    /// What was matched, or would be, by an identity number that the act supposed or left out says itself.
    NamedByNumber,
}

impl Unjudged {
    /// Stable name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::NumbersUnknown => "numbers-unknown",
            Self::NamedByNumber => "named-by-number",
        }
    }

    /// In words.
    #[must_use]
    pub fn words(self) -> Words {
        match self {
            Self::NumbersUnknown => words!(
                "not judged: other subjects may name a person concerned by identity number; the keys of personal data that tell it are \
                 missing, older, or destroyed by an erasure. What the ledger would do there is not in this answer",
                "未作判断：其他主体可能以公民身份号码指明所涉人员，而据以识别的个人信息密钥缺失、为旧版所建或已随删除销毁；\
                 账本对这些主体会作何反应，不在本答复之内"
            ),
            Self::NamedByNumber => words!(
                "not judged: the act supposed or left out says the identity number of a person. Whom the ledger matched or would match by it, \
                 and what it refuses, notices or does on that ground, is left as recorded",
                "未作判断：所假设或去除的行为含有人员的公民身份号码；账本据此匹配或将会匹配何人，以及因此拒绝、提示或办理的事项，\
                 均按原记录保留"
            ),
        }
    }
}

/// What is supposed.
#[derive(Clone, Copy, Debug)]
pub struct Supposition<'a> {
    /// The law as it is.
    pub law: &'a Laws,
    /// The law supposed; the same where only the acts are.
    pub other: &'a Laws,
    /// Another course.
    pub fork: Option<&'a Fork>,
    /// What stands of other subjects that the command of the other course asks for.
    pub others: &'a [OtherFact],
    /// Another course of another subject's acts.
    pub elsewhere: Option<&'a Elsewhere>,
    /// Whether acts are decided again; otherwise what was recorded stands as it is.
    pub again: bool,
}

/// What becomes of an act.
#[derive(Clone, PartialEq, Debug)]
pub enum Outcome {
    /// It is left out, as asked.
    LeftOut,
    /// It would be decided otherwise: the events it would come to.
    Decided(Decision),
    /// It would be refused.
    Refused(Box<Rejection>),
    /// It acts on an event that would not be there.
    WithoutObject,
    /// It followed from an event of another subject that would not be there.
    WithoutCause,
}

/// An act that comes out otherwise.
#[derive(Clone, PartialEq, Debug)]
pub struct Otherwise {
    /// The event that records it; none for one that is supposed.
    pub act: Option<Version>,
    /// What becomes of it.
    pub outcome: Outcome,
    /// The event of another subject that it comes out otherwise for; none where the reason lies in its own history or in
    /// the law.
    pub because: Option<EventRef>,
}

/// A supposed history.
#[derive(Clone, PartialEq, Debug)]
pub struct Supposed {
    /// Its events, in the order of recording. What is recorded keeps its version; what is not has one beyond.
    pub events: Vec<Event>,
    /// The acts that come out otherwise, in the order of recording: the chain of reasons.
    pub acts: Vec<Otherwise>,
}

/// The history of a subject as it would be. `records` are its events in the order of recording.
#[must_use]
pub fn suppose(subject: &Subject, records: &[Record], supposition: Supposition<'_>) -> Supposed {
    let kind = subject.kind();
    let mut course = Course {
        subject,
        supposition,
        actual: Ground::new(kind),
        supposed: None,
        acts: Vec::new(),
        follows: supposition
            .elsewhere
            .map(|elsewhere| elsewhere.follows(subject, records, supposition.other))
            .unwrap_or_default(),
        next: records.iter().map(|record| record.event.version + 1).max().unwrap_or(0),
    };
    let mut rest = records;
    while let Some((first, others)) = rest.split_first() {
        course.follow(first.event.recorded_at);
        let follows = |record: &&Record| record.event.caused_by == Some(first.event.version);
        let count = others.iter().take_while(follows).count();
        let (caused, after) = others.split_at(count);
        course.take(first, &caused.iter().map(|record| record.event.clone()).collect::<Vec<_>>());
        rest = after;
    }
    course.follow(Instant::MAX);
    if let Some(Fork::Insert(command)) = supposition.fork {
        let others = course.met(command, &[]);
        course.insert(command, &others, Instant::MAX, None);
    }
    let events = course.supposed.unwrap_or(course.actual).events;
    Supposed { events, acts: course.acts }
}

struct Course<'a> {
    subject: &'a Subject,
    supposition: Supposition<'a>,
    actual: Ground,
    /// None as long as it is the same.
    supposed: Option<Ground>,
    acts: Vec<Otherwise>,
    /// What would follow from the other course elsewhere and is still to come.
    follows: Vec<Follow>,
    /// The next version nobody has.
    next: Version,
}

/// What becomes of an act, and the event elsewhere that makes it so.
type Becomes = (Outcome, Option<EventRef>);

impl Course<'_> {
    fn take(&mut self, first: &Record, caused: &[Event]) {
        let event = &first.event;
        let becomes = match self.supposition.fork {
            Some(Fork::Without(version)) if *version == event.version => Some((Outcome::LeftOut, None)),
            Some(Fork::Replace(version, command)) if *version == event.version => {
                let others = self.met(command, &first.circumstances.others);
                Some((outcome(self.decide_supposed(command, event, &others)), None))
            }
            Some(_) | None => self
                .without_object(event)
                .map(|outcome| (outcome, None))
                .or_else(|| self.without_cause(first, caused))
                .or_else(|| self.otherwise(first, caused)),
        };
        match becomes {
            None => {
                if let Some(supposed) = &mut self.supposed {
                    supposed.extend(event, caused);
                }
            }
            Some((outcome, because)) => {
                let mut supposed = self.supposed.take().unwrap_or_else(|| self.actual.clone());
                if let Outcome::Decided(decision) = &outcome {
                    let events = self.recorded_as(decision, Some(event), caused);
                    events.iter().for_each(|event| supposed.push(event.clone()));
                }
                self.supposed = Some(supposed);
                self.acts.push(Otherwise { act: Some(event.version), outcome, because });
            }
        }
        self.actual.extend(event, caused);
    }

    /// What the command supposed meets of other subjects, in the place of an act that met what is recorded with it. Whom it
    /// names by an identity number, sealed by then, is left as it was recorded ([`Unjudged::NamedByNumber`]).
    fn met(&self, command: &Command, recorded: &[OtherFact]) -> Vec<OtherFact> {
        let mut others = self.supposition.others.to_vec();
        if command.act.says_number() {
            let of_people = recorded.iter().filter(|fact| fact.person.is_some());
            others.extend(of_people.filter(|fact| !self.supposition.others.contains(fact)).cloned());
        }
        others
    }

    /// One more act, decided after what was recorded up to an instant.
    fn insert(&mut self, command: &Command, others: &[OtherFact], after: Instant, because: Option<EventRef>) {
        let mut decided = self.decide_new(command, others, after);
        if let Err(rejection) = &decided
            && let Some(review) = reactor::refused(command, rejection)
        {
            decided = self.decide_new(&review, &[], after);
        }
        let outcome = outcome(decided);
        let mut supposed = self.supposed.take().unwrap_or_else(|| self.actual.clone());
        if let Outcome::Decided(decision) = &outcome {
            let events = self.recorded_as(decision, None, &[]);
            events.iter().for_each(|event| supposed.push(event.clone()));
        }
        self.supposed = Some(supposed);
        self.acts.push(Otherwise { act: None, outcome, because });
    }

    /// What would follow from the other course elsewhere before an instant of recording, and is recorded by nothing.
    fn follow(&mut self, before: Instant) {
        while let Some(index) = self.follows.iter().position(|follow| {
            follow.instead_of.is_none() && (follow.after < before || before == Instant::MAX)
        }) {
            let Follow { command, after, origin, .. } = self.follows.remove(index);
            // Reactions ask for nothing.
            self.insert(&command, &[], after, Some(origin));
        }
    }

    /// A reaction whose cause elsewhere would not be, or would be another.
    fn without_cause(&mut self, first: &Record, caused: &[Event]) -> Option<Becomes> {
        let event = &first.event;
        let origin = self.supposition.elsewhere?.took_away(&event.data)?;
        let instead = self.follows.iter().position(|follow| follow.instead_of == Some(event.version));
        let Some(index) = instead else { return Some((Outcome::WithoutCause, Some(origin))) };
        let Follow { command, .. } = self.follows.remove(index);
        let decided = self.decide_supposed(&command, event, &first.circumstances.others);
        let same = decided.as_ref().is_ok_and(|decision| is_recorded(decision, event, caused));
        (!same).then(|| (outcome(decided), Some(origin)))
    }

    /// An annulment or correction of something that would not be there.
    fn without_object(&self, event: &Event) -> Option<Outcome> {
        let object = event.data.annulment().map(|data| data.event);
        let object = object.or_else(|| event.data.correction().map(|data| data.event))?;
        let there = |ground: &Ground| ground.events.iter().any(|event| event.id == object);
        let gone = there(&self.actual) && !self.supposed.as_ref().is_none_or(there);
        gone.then_some(Outcome::WithoutObject)
    }

    /// What an act would come to, where that is not what it came to.
    fn otherwise(&self, first: &Record, caused: &[Event]) -> Option<Becomes> {
        let Supposition { law, other, elsewhere, again, .. } = self.supposition;
        let event = &first.event;
        let on_record = event.data.annulment().is_some() || event.data.correction().is_some();
        let same_ground = self.supposed.is_none() && std::ptr::eq(law, other);
        let elsewhere = elsewhere.filter(|_| others::may_ask(&event.data));
        if !again || on_record || event.caused_by.is_some() || (same_ground && elsewhere.is_none()) {
            return None;
        }
        let mut command = Command::recorded(
            self.subject,
            event,
            caused,
            &first.circumstances,
            law.book_before(event.recorded_at),
        )?;
        let others = &first.circumstances.others;
        let (would_know, because) = match elsewhere.and_then(|elsewhere| elsewhere.others(&command, first)) {
            Some((facts, because)) => (Cow::Owned(facts), Some(because)),
            None if same_ground => return None,
            None => (Cow::Borrowed(others), None),
        };
        let mut supposed = self.decide_supposed(&command, event, &would_know);
        let as_recorded = |decided: &Result<Decision, Rejection>| {
            decided.as_ref().is_ok_and(|decision| is_recorded(decision, event, caused))
        };
        if as_recorded(&supposed) {
            return None;
        }
        let mut actual = self.decide(&self.actual, &command, event, law, others);
        if !as_recorded(&actual) {
            // An agreement signed late holds from its own first day, but was decided on the day it was signed: that day
            // is not recorded, and at the latest it was the day of the record.
            command.envelope.effective_at = Some(event.recorded_at);
            let later = self.decide(&self.actual, &command, event, law, others);
            if as_recorded(&later) {
                actual = later;
                supposed = self.decide_supposed(&command, event, &would_know);
            }
        }
        let same = match (&actual, &supposed) {
            (Ok(actual), Ok(supposed)) => comes_to(actual) == comes_to(supposed),
            (Err(actual), Err(supposed)) => actual.code == supposed.code,
            (Ok(_), Err(_)) | (Err(_), Ok(_)) => false,
        };
        (!same).then(|| (outcome(supposed), because))
    }

    fn decide_supposed(
        &self,
        command: &Command,
        at: &Event,
        others: &[OtherFact],
    ) -> Result<Decision, Rejection> {
        let ground = self.supposed.as_ref().unwrap_or(&self.actual);
        self.decide(ground, command, at, self.supposition.other, others)
    }

    /// A command in the place of a recorded event.
    fn decide(
        &self,
        ground: &Ground,
        command: &Command,
        at: &Event,
        laws: &Laws,
        others: &[OtherFact],
    ) -> Result<Decision, Rejection> {
        ground.decide_recorded(command, at.version.checked_sub(1), &laws.before(at.recorded_at), others)
    }

    /// A command that has no place in what is recorded.
    fn decide_new(
        &self,
        command: &Command,
        others: &[OtherFact],
        after: Instant,
    ) -> Result<Decision, Rejection> {
        let ground = self.supposed.as_ref().unwrap_or(&self.actual);
        let laws = self.supposition.other.known_at(after);
        ground.decide_recorded(command, self.next.checked_sub(1), &laws, others)
    }

    /// Events as they would be recorded: in the places of those of the act, and beyond them where there are more.
    fn recorded_as(&mut self, decision: &[NewEvent], first: Option<&Event>, caused: &[Event]) -> Vec<Event> {
        let mut places: Vec<&Event> = caused.iter().collect();
        let mut events: Vec<Event> = Vec::with_capacity(decision.len());
        for (index, new) in decision.iter().enumerate() {
            let same_type = |place: &&Event| place.data.event_type() == new.data.event_type();
            let place = match first.filter(|_| index == 0) {
                Some(first) => Some(first),
                None => places.iter().position(same_type).map(|at| places.remove(at)),
            };
            let caused_by = new.caused_by.and_then(|cause| events.get(cause)).map(|event| event.version);
            let event = match (place, first) {
                (Some(place), _) => place.clone(),
                (None, Some(first)) => self.beyond(first.clone()),
                (None, None) => self.beyond(self.last(new)),
            };
            events.push(Event { effective_at: new.effective_at, caused_by, data: new.data.clone(), ..event });
        }
        events
    }

    /// An event of a version nobody has, and an id that tells so.
    fn beyond(&mut self, event: Event) -> Event {
        let version = self.next;
        self.next += 1;
        Event { version, id: Uuid::from_u64_pair(u64::MAX, u64::from(version)), ..event }
    }

    /// The place after everything recorded, what changed the law included.
    fn last(&self, new: &NewEvent) -> Event {
        let newest = self.actual.events.last();
        let known = newest.map(|event| event.recorded_at).max(self.supposition.other.latest());
        Event {
            position: newest.map_or(0, |event| event.position + 1),
            id: Uuid::nil(),
            version: self.next,
            effective_at: new.effective_at,
            recorded_at: known.map_or(new.effective_at, |known| Instant::from_micros(known.as_micros() + 1)),
            caused_by: None,
            data: new.data.clone(),
        }
    }
}

fn outcome(decided: Result<Decision, Rejection>) -> Outcome {
    match decided {
        Ok(decision) => Outcome::Decided(decision),
        Err(rejection) => Outcome::Refused(Box::new(rejection)),
    }
}

/// Whether a decision is what was recorded.
pub(crate) fn is_recorded(decision: &[NewEvent], first: &Event, caused: &[Event]) -> bool {
    decision.len() == caused.len() + 1
        && decision
            .iter()
            .zip(std::iter::once(first).chain(caused))
            .all(|(new, event)| new.data == event.data && new.effective_at == event.effective_at)
}

/// What of a decision counts: not the citations, nor what was noticed.
fn comes_to(decision: &[NewEvent]) -> Vec<(Instant, &crate::event::EventData, Option<usize>)> {
    decision.iter().map(|new| (new.effective_at, &new.data, new.caused_by)).collect()
}

#[cfg(test)]
mod tests;
