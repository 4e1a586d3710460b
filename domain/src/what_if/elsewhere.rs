//! How another course of one subject's acts bears on the others. What followed from it on their streams falls away with its
//! origin, what would follow joins, what rested on a fact of that subject is decided on what the fact would be, and where it
//! is a pooling area that would not have adopted its rules, the law is another.

use super::{Fork, Record, Supposed};
use crate::command::{Act, Command};
use crate::envelope::Authority;
use crate::event::{Event, EventData, EventRef};
use crate::id::{AreaCode, PractitionerCode, Subject, Version};
use crate::institution::facts::ReviewMatter;
use crate::institution::{InstitutionCommand, InstitutionEvent};
use crate::laws::{Laws, LawsError};
use crate::others::{self, Ask, Numbered, OtherFact, Whom, known};
use crate::personal::Mark;
use crate::reactor::{self, Candidate};
use crate::time::Instant;
use std::collections::BTreeMap;

/// The course of one subject's acts as it is and as it is supposed, to be asked what of it reaches another subject.
#[derive(Clone, PartialEq, Debug)]
pub struct Elsewhere {
    subject: Subject,
    actual: Vec<Event>,
    supposed: Vec<Event>,
    /// Recorded events that would not be, or would say something else.
    gone: Vec<Version>,
    /// Events that would be, and are not recorded so, with who would act.
    come: Vec<(Event, Authority)>,
    /// From which version on events are supposed to be recorded after all others.
    end: Version,
    /// Who names the people concerned by identity number, as far as that is known.
    numbered: Vec<Numbered>,
}

/// A command that would follow on another stream.
#[derive(Clone, PartialEq, Debug)]
pub(super) struct Follow {
    pub(super) command: Command,
    /// It is decided after what was recorded up to then.
    pub(super) after: Instant,
    pub(super) origin: EventRef,
    /// The recorded event that takes its place, where there is one.
    pub(super) instead_of: Option<Version>,
}

impl Follow {
    fn is(&self, reaction: &Reaction<'_>) -> bool {
        Reaction::commanded(&self.command.act).as_ref() == Some(reaction)
    }
}

/// What a reaction is, whether as a command or as an event.
#[derive(PartialEq, Eq)]
struct Reaction<'a> {
    origin: &'a EventRef,
    area: Option<AreaCode>,
    /// A termination and the review that a refused one became are the same reaction.
    matter: ReviewMatter,
}

impl Elsewhere {
    /// The supposed course of a subject beside its records.
    #[must_use]
    pub fn of(subject: &Subject, records: &[Record], supposed: &Supposed, fork: &Fork) -> Self {
        let recorded: BTreeMap<Version, &Record> =
            records.iter().map(|record| (record.event.version, record)).collect();
        let would: BTreeMap<Version, &Event> =
            supposed.events.iter().map(|event| (event.version, event)).collect();
        let gone = recorded
            .iter()
            .filter(|(version, record)| would.get(version) != Some(&&record.event))
            .map(|(version, _)| *version)
            .collect();
        let come = would
            .iter()
            .filter(|(version, event)| recorded.get(version).is_none_or(|record| record.event != ***event))
            .map(|(_, event)| ((*event).clone(), who(event, &recorded, fork)))
            .collect();
        let next = recorded.last_key_value().map_or(0, |(version, _)| version + 1);
        Self {
            subject: subject.clone(),
            actual: records.iter().map(|record| record.event.clone()).collect(),
            supposed: supposed.events.clone(),
            gone,
            come,
            end: if matches!(fork, Fork::Insert(_)) { next } else { Version::MAX },
            numbered: Vec::new(),
        }
    }

    /// The same, where it is known who names the people concerned ([`Elsewhere::people`]) by identity number.
    #[must_use]
    pub fn knowing(self, numbered: Vec<Numbered>) -> Self {
        Self { numbered, ..self }
    }

    /// The people for whom the other course may reach other subjects: whoever names one of them, by code or by identity
    /// number.
    #[must_use]
    pub fn people(&self) -> Vec<PractitionerCode> {
        let mut people = Vec::new();
        for event in self.changed() {
            let causes = [&self.actual, &self.supposed].map(|events| reactor::cause(event, events));
            people
                .extend(causes.into_iter().flatten().flat_map(|cause| reactor::people(&self.subject, cause)));
            people.extend(others::spoken_of(&event.data).into_iter().filter_map(|whom| match whom {
                Whom::Person(code) => Some(code),
                Whom::Institution(_) => None,
            }));
            if let (Subject::Practitioner(code), true) = (&self.subject, others::bears_on_others(&event.data))
            {
                people.push(*code);
            }
        }
        people.sort_unstable();
        people.dedup();
        people
    }

    /// The marks of what the events that would not be, or would say something else, say of people.
    #[must_use]
    pub fn marks(&self) -> Vec<Mark> {
        self.gone().flat_map(|event| event.data.sealed()).map(|(_, sealed)| sealed.mark).collect()
    }

    /// The recorded events that would not be, or would say something else.
    fn gone(&self) -> impl Iterator<Item = &Event> {
        self.actual.iter().filter(|event| self.gone.contains(&event.version))
    }

    /// These, and those that would be in their place.
    fn changed(&self) -> impl Iterator<Item = &Event> {
        self.gone().chain(self.come.iter().map(|(event, _)| event))
    }

    /// Whose acts are supposed to have taken another course.
    #[must_use]
    pub fn subject(&self) -> &Subject {
        &self.subject
    }

    /// Whether any other subject can be reached at all: for telling that one may ask about them.
    #[must_use]
    pub fn may_reach_others(&self) -> bool {
        self.changed().any(|event| {
            let events = [&self.actual, &self.supposed];
            let causes = events.iter().any(|events| reactor::cause(event, events).is_some());
            causes || others::bears_on_others(&event.data) || Laws::may_change(event.data.event_type())
        })
    }

    /// The law as it would be known; none where it is the same.
    ///
    /// # Errors
    /// [`LawsError`] for a text that cannot be read beside the others.
    pub fn law(&self, law: &Laws) -> Result<Option<Laws>, LawsError> {
        // What is adopted after all acts binds none of them.
        let events: Vec<&Event> = self.supposed.iter().filter(|event| event.version < self.end).collect();
        let supposed = law.on_the_course(&self.subject, &events)?;
        Ok((supposed != *law).then_some(supposed))
    }

    /// Whether what an event followed from elsewhere would not be.
    pub(super) fn took_away(&self, data: &EventData) -> Option<EventRef> {
        let reaction = Reaction::recorded(data)?;
        let caused = |version: Version| *reaction.origin == EventRef::new(&self.subject, version);
        let taken = match reaction.matter {
            ReviewMatter::OriginAnnulled => self.gone().any(|event| {
                let annulled = event.data.annulment().map(|annulment| annulment.event);
                self.actual.iter().any(|event| annulled == Some(event.id) && caused(event.version))
            }),
            _ => self.gone().any(|event| caused(event.version)),
        };
        taken.then(|| reaction.origin.clone())
    }

    /// What would follow on the stream of another subject, in the order of its causes. `records` are those of that subject.
    pub(super) fn follows(&self, other: &Subject, records: &[Record], laws: &Laws) -> Vec<Follow> {
        let mut follows = Vec::new();
        for (event, by) in &self.come {
            if reactor::cause(event, &self.supposed).is_none() {
                continue;
            }
            let at_end = event.version >= self.end;
            let (after, law) = if at_end {
                (Instant::MAX, laws.book())
            } else {
                (event.recorded_at, laws.book_before(event.recorded_at))
            };
            // What becomes known of it only later is reached then.
            let known = records.partition_point(|record| record.event.recorded_at < after);
            let later = records.iter().enumerate().skip(known);
            let arrivals = later.filter(|(_, record)| reactor::arrives(&record.event.data));
            let moments = arrivals.map(|(index, record)| (index + 1, record.event.recorded_at, Vec::new()));
            // By number only whom it names already is found, as the ledger does it.
            let numbered = self.numbered.iter().filter(|one| one.subject == *other && one.since < after);
            let marked: Vec<_> = numbered.map(|one| (one.mark, one.person)).collect();
            let now = std::iter::once((known, after, marked));
            for (count, after, marked) in now.chain(moments) {
                let events = records[..count].iter().map(|record| record.event.clone()).collect();
                let candidate = [Candidate { subject: other.clone(), events, marked }];
                // What annuls or corrects it only later has not happened yet.
                let then: Vec<Event> =
                    self.supposed.iter().filter(|one| one.recorded_at <= after).cloned().collect();
                for command in reactor::react(&self.subject, event, *by, &then, &candidate, law) {
                    let Some(reaction) = Reaction::commanded(&command.act) else { continue };
                    if follows.iter().any(|follow: &Follow| follow.is(&reaction)) {
                        continue;
                    }
                    let is_it =
                        |record: &&Record| Reaction::recorded(&record.event.data).as_ref() == Some(&reaction);
                    let instead_of = records.iter().find(is_it).map(|record| record.event.version);
                    if instead_of.is_some() && event.data.correction().is_some() {
                        // What followed before its cause was corrected stays as it is.
                        continue;
                    }
                    let origin = reaction.origin.clone();
                    follows.push(Follow { command, after, origin, instead_of });
                }
            }
        }
        follows
    }

    /// What a recorded act would have known of other subjects, and the event by which it would be something else; none
    /// where it is what it knew.
    pub(super) fn others(&self, command: &Command, first: &Record) -> Option<(Vec<OtherFact>, EventRef)> {
        let recorded = &first.circumstances.others;
        let mut asks = command.act.asks(&command.subject);
        // Whoever was found by an identity number is asked for by the code that was found.
        let found = recorded.iter().filter_map(|fact| fact.person).map(|person| Ask::Person { person });
        asks.extend(found);
        asks.extend(self.named_by_number(&command.subject, &first.event));
        let at = first.event.effective_at;
        let told = |events: &[Event]| -> Vec<OtherFact> {
            let then =
                |event: &&Event| event.recorded_at < first.event.recorded_at && event.version < self.end;
            let events: Vec<Event> = events.iter().filter(then).cloned().collect();
            let known = known(&self.subject, &events);
            let mut facts = Vec::new();
            for fact in asks.iter().flat_map(|ask| ask.answers(&self.subject, &known, at)) {
                if !facts.contains(&fact) {
                    facts.push(fact);
                }
            }
            facts
        };
        let (is, would) = (told(&self.actual), told(&self.supposed));
        let no_more: Vec<&OtherFact> = is.iter().filter(|fact| !would.contains(fact)).collect();
        let new: Vec<&OtherFact> = would.iter().filter(|fact| !is.contains(fact)).collect();
        let because = no_more.iter().chain(&new).next()?.event.clone();
        let kept = recorded.iter().filter(|fact| !no_more.contains(fact));
        Some((kept.chain(new.iter().copied()).cloned().collect(), because))
    }

    /// Whom an event of another subject names by identity number, as was found then.
    fn named_by_number(&self, other: &Subject, event: &Event) -> Vec<Ask> {
        if self.numbered.is_empty() || !others::may_name_by_number(&event.data) {
            return Vec::new();
        }
        let sealed = event.data.sealed();
        let named = self.numbered.iter().filter(|one| {
            one.subject == *other
                && one.since < event.recorded_at
                && sealed.iter().any(|(_, sealed)| sealed.mark == one.mark)
        });
        named.map(|one| Ask::Person { person: one.person }).collect()
    }

    /// Whether a subject can be reached: a first look that costs little.
    #[must_use]
    pub fn may_reach(&self, other: &Subject, records: &[Record]) -> bool {
        *other == self.subject
            || records.iter().any(|record| {
                let data = &record.event.data;
                Reaction::recorded(data).is_some() || others::may_ask(data)
            })
            || self.come.iter().any(|(event, _)| reactor::cause(event, &self.supposed).is_some())
    }
}

/// Who would act by an event that is not recorded so.
fn who(event: &Event, recorded: &BTreeMap<Version, &Record>, fork: &Fork) -> Authority {
    let act = event.caused_by.unwrap_or(event.version);
    match fork {
        Fork::Insert(command) if !recorded.contains_key(&act) => command.envelope.actor.authority,
        Fork::Replace(version, command) if *version == act => command.envelope.actor.authority,
        Fork::Without(_) | Fork::Replace(..) | Fork::Insert(_) => {
            recorded.get(&act).map_or(Authority::System, |record| record.circumstances.actor.authority)
        }
    }
}

impl<'a> Reaction<'a> {
    fn recorded(data: &'a EventData) -> Option<Self> {
        let EventData::Institution(facts) = data else { return None };
        match facts {
            InstitutionEvent::AgreementTerminated(data) => {
                let (origin, area) = (data.origin.as_ref()?, Some(data.area));
                Some(Self { origin, area, matter: ReviewMatter::ChainTermination })
            }
            InstitutionEvent::ReviewRaised(data) => {
                Some(Self { origin: &data.origin, area: data.area, matter: data.what })
            }
            _ => None,
        }
    }

    fn commanded(act: &'a Act) -> Option<Self> {
        let Act::Institution(act) = act else { return None };
        match act {
            InstitutionCommand::TerminateAgreement(data) => {
                let (origin, area) = (data.origin.as_ref()?, Some(data.area));
                Some(Self { origin, area, matter: ReviewMatter::ChainTermination })
            }
            InstitutionCommand::RaiseReview(data) => {
                Some(Self { origin: &data.origin, area: data.area, matter: data.what })
            }
            _ => None,
        }
    }
}
