//! What must follow on other streams: from an event, and what is known of the subjects it may concern, to the commands of
//! the ledger's own reactions.
//!
//! A command touches one stream. What the law makes follow elsewhere is another command there, with the causing event as its
//! origin and a key made from that event's id: however often it is asked for, it is carried out once. Where the law leaves a
//! choice, nothing is decided: a review is called for there.
//!
//! An act of the ledger itself has no reactions, so a reaction never leads to another.
//!
//! An institution may become known, or become known to be run by somebody, after what should have reached it was decided and
//! followed. Its own event ([`arrives`]) is then the occasion on which the earlier causes are asked once more, for it alone:
//! the same commands with the same keys, so what was carried out before is not carried out again.

#[cfg(test)]
mod tests;

use crate::command::{Act, Command, Envelope};
use crate::envelope::{Actor, Authority, Basis};
use crate::event::{Event, EventData, EventRef};
use crate::id::{AreaCode, PractitionerCode, Subject};
use crate::institution::facts::{ReviewCall, ReviewMatter, Termination, TerminationAct};
use crate::institution::{Institution, InstitutionCommand, InstitutionEvent};
use crate::others::runs_at;
use crate::personal::Mark;
use crate::practitioner::PractitionerEvent;
use crate::rejection::Rejection;
use crate::rulebook::{Citation, RuleValue, Rulebook};
use crate::state::State;
use crate::time::Instant;
use crate::timeline::{annulled_by, changed_event, resolve, state_at};
use std::collections::BTreeMap;
use uuid::Uuid;

/// What keys of reactions are made in (UUID version 5, RFC 9562): a constant of this program, drawn once.
const KEYS: Uuid = Uuid::from_u128(0x6f1c_52d4_9f0e_4b6b_a1f0_7c35_0d9e_48aa);

/// Whether an event can have reactions. An annulment or a correction has those of what it is about: ask that.
#[must_use]
pub fn concerns(data: &EventData) -> bool {
    match data {
        EventData::Institution(InstitutionEvent::AgreementTerminated(data)) => is_of_head_office(data),
        EventData::Practitioner(PractitionerEvent::ManagerBanned(_)) => true,
        EventData::Institution(_)
        | EventData::Practitioner(_)
        | EventData::Enterprise(_)
        | EventData::Insured(_)
        | EventData::Area(_)
        | EventData::Case(_) => false,
    }
}

/// Whether an event may make known that an institution is one that something decided elsewhere should have reached: who runs
/// it, or that it had an agreement, is told now.
#[must_use]
pub fn arrives(data: &EventData) -> bool {
    use InstitutionEvent as E;
    match data {
        EventData::Institution(event) => matches!(
            event,
            E::Applied(_)
                | E::DetailsChanged(_)
                | E::AgreementSigned(_)
                | E::AgreementRenewed(_)
                | E::DecisionAnnulled(_)
                | E::RecordCorrected(_)
        ),
        EventData::Practitioner(_)
        | EventData::Enterprise(_)
        | EventData::Insured(_)
        | EventData::Area(_)
        | EventData::Case(_) => false,
    }
}

/// The events of a subject that can have reactions, were recorded before a position and are annulled in nothing: with their
/// facts as corrected.
#[must_use]
pub fn causes(history: &[Event], before: u64) -> Vec<Event> {
    resolve(history)
        .into_iter()
        .filter(|known| known.event.position < before && concerns(&known.event.data))
        .filter(|known| known.void_from == Instant::MAX && annulled_by(history, &known.event).is_empty())
        .map(|known| known.event.into_owned())
        .collect()
}

/// A termination of a whole agreement for what the head office did, that follows no other.
fn is_of_head_office(data: &Termination) -> bool {
    data.head_office == Some(true)
        && data.origin.is_none()
        && data.line.is_none()
        && !data.responsible.is_empty()
}

/// The event whose reactions are asked for, as recorded: the one itself, or the one it annuls or corrects. None where there
/// are none.
#[must_use]
pub fn cause<'a>(event: &'a Event, history: &'a [Event]) -> Option<&'a Event> {
    let cause = match event.data.annulment() {
        Some(annulment) => history.iter().find(|event| event.id == annulment.event)?,
        None if event.data.correction().is_some() => changed_event(history, event)?,
        None => event,
    };
    concerns(&cause.data).then_some(cause)
}

/// Those whose institutions an event concerns.
#[must_use]
pub fn people(subject: &Subject, cause: &Event) -> Vec<PractitionerCode> {
    match (&cause.data, subject) {
        (EventData::Institution(InstitutionEvent::AgreementTerminated(data)), _) => data.responsible.clone(),
        (EventData::Practitioner(PractitionerEvent::ManagerBanned(_)), Subject::Practitioner(code)) => {
            vec![*code]
        }
        _ => Vec::new(),
    }
}

/// Another subject that an event may concern, with what is known of it.
#[derive(Clone, PartialEq, Debug)]
pub struct Candidate {
    /// Who.
    pub subject: Subject,
    /// Its events, in the order of recording.
    pub events: Vec<Event>,
    /// Practitioners whose identity number has these marks under the candidate's own key: whom its events name by number.
    pub marked: Vec<(Mark, PractitionerCode)>,
}

impl Candidate {
    fn is_run_by(&self, person: &PractitionerCode, at: Instant) -> bool {
        runs_at(&self.events, at, &self.marked).contains(person)
    }
}

/// The commands that must follow an event: one for each subject and pooling area concerned, in the order of the candidates.
///
/// `history` is that of the event's own subject: a decision that is annulled in anything reaches nobody, and one that is
/// corrected reaches with its facts as corrected whom it reaches, on the occasion of the correction too. What comes out depends
/// for each candidate on nothing but the decision as it stands and that candidate. Asking again later, when more candidates are
/// known, repeats the earlier commands; their keys are the same even where a correction came in between.
#[must_use]
pub fn react(
    subject: &Subject,
    event: &Event,
    by: Authority,
    history: &[Event],
    candidates: &[Candidate],
    law: &Rulebook,
) -> Vec<Command> {
    let Some(cause) = cause(event, history).filter(|_| by != Authority::System) else { return Vec::new() };
    let origin = EventRef::new(subject, cause.version);
    let others = candidates.iter().filter(|other| other.subject != *subject);
    if event.data.annulment().is_some() {
        let occasion = Occasion { subject, event, origin, law };
        return others.flat_map(|other| occasion.annulled(other)).collect();
    }
    let standing = causes(history, u64::MAX).into_iter().find(|standing| standing.id == cause.id);
    let Some(cause) = standing else { return Vec::new() };
    let occasion = Occasion { subject, event: &cause, origin, law };
    match &cause.data {
        EventData::Institution(InstitutionEvent::AgreementTerminated(data)) => {
            others.flat_map(|other| occasion.terminated(data, other)).collect()
        }
        EventData::Practitioner(PractitionerEvent::ManagerBanned(_)) => {
            others.flat_map(|other| occasion.banned(other)).collect()
        }
        _ => Vec::new(),
    }
}

/// The review that a refused reaction becomes, so that people see it; none for a review itself.
#[must_use]
pub fn refused(reaction: &Command, rejection: &Rejection) -> Option<Command> {
    let Act::Institution(InstitutionCommand::TerminateAgreement(data)) = &reaction.act else { return None };
    let key = refused_key(reaction)?;
    let call = ReviewCall {
        area: Some(data.area),
        origin: data.origin.clone()?,
        refusal: Some(rejection.code.into()),
        what: ReviewMatter::ChainTermination,
    };
    let mut review = reaction.clone();
    review.act = Act::Institution(InstitutionCommand::RaiseReview(call));
    review.envelope.key = Some(key);
    Some(review)
}

/// The key of the review that a refused reaction becomes, whatever refused it.
#[must_use]
pub fn refused_key(reaction: &Command) -> Option<Box<str>> {
    let key = format!("{}:refused", reaction.envelope.key.as_deref()?);
    Some(Uuid::new_v5(&KEYS, key.as_bytes()).to_string().into())
}

/// A decision as it stands, or its annulment, and what may follow.
struct Occasion<'a> {
    subject: &'a Subject,
    event: &'a Event,
    /// What is cited: the decision, also where it is its annulment that happened.
    origin: EventRef,
    law: &'a Rulebook,
}

impl Occasion<'_> {
    /// 令3 art 40: the other branches of the chain that the same people run.
    fn terminated(&self, data: &Termination, other: &Candidate) -> Vec<Command> {
        let (Subject::Institution(own), Subject::Institution(code)) = (self.subject, &other.subject) else {
            return Vec::new();
        };
        let at = self.event.effective_at;
        let rule = self.law.rule("institution.termination.chain.pharmacy", at, Some(data.area));
        let rule = rule.filter(|rule| matches!(rule.value, RuleValue::Flag(true)));
        let Some(rule) = rule.filter(|_| own.is_pharmacy() && code.is_pharmacy()) else { return Vec::new() };
        if !data.responsible.iter().any(|person| other.is_run_by(person, at)) {
            return Vec::new();
        }
        let cited = self.law.citation(rule);
        let commands = running(other, at, &self.origin).into_iter().map(|area| {
            let act = InstitutionCommand::TerminateAgreement(TerminationAct {
                act_from: data.act_from,
                act_to: data.act_to,
                area,
                fraud_found_on: None,
                ground: data.ground.clone(),
                head_office: None,
                line: None,
                origin: Some(self.origin.clone()),
                reason_class: data.reason_class,
                responsible: Vec::new(),
            });
            self.command(other, area, act, Some(&cited))
        });
        commands.collect()
    }

    /// 令735 art 43: institutions that somebody runs who may no longer do so. What becomes of them people decide.
    fn banned(&self, other: &Candidate) -> Vec<Command> {
        let at = self.event.effective_at;
        if !matches!(self.subject, Subject::Practitioner(code) if other.is_run_by(code, at)) {
            return Vec::new();
        }
        let cited = |area| {
            let rule = self.law.rule("practitioner.manager_ban.years", at, Some(area));
            rule.map(|rule| self.law.citation(rule))
        };
        let review = |area| self.review(area, ReviewMatter::ManagerBan);
        let commands = running(other, at, &self.origin).into_iter();
        commands.map(|area| self.command(other, area, review(area), cited(area).as_ref())).collect()
    }

    /// What followed a decision that is annulled now is to be looked at again.
    fn annulled(&self, other: &Candidate) -> Vec<Command> {
        let followed = other.events.iter().filter_map(|event| match &event.data {
            EventData::Institution(InstitutionEvent::AgreementTerminated(data)) => {
                (data.origin.as_ref() == Some(&self.origin)).then_some(data.area)
            }
            _ => None,
        });
        let review = |area| self.review(area, ReviewMatter::OriginAnnulled);
        followed.map(|area| self.command(other, area, review(area), None)).collect()
    }

    fn review(&self, area: AreaCode, what: ReviewMatter) -> InstitutionCommand {
        InstitutionCommand::RaiseReview(ReviewCall {
            area: Some(area),
            origin: self.origin.clone(),
            refusal: None,
            what,
        })
    }

    /// An act of the ledger itself on another subject, at the same moment.
    fn command(
        &self,
        other: &Candidate,
        area: AreaCode,
        act: InstitutionCommand,
        rule: Option<&Citation>,
    ) -> Command {
        let name = format!("{}:{}:{}:{area}", self.event.id, act.name(), other.subject.stream());
        let envelope = Envelope {
            effective_at: Some(self.event.effective_at),
            decided_at: None,
            actor: Actor {
                approver: None,
                area: None,
                authority: Authority::System,
                office: None,
                operator: None,
            },
            basis: rule.map(|rule| rule.basis.clone()).into_iter().collect::<Vec<Basis>>(),
            case: None,
            reason: None,
            evidence: Vec::new(),
            key: Some(Uuid::new_v5(&KEYS, name.as_bytes()).to_string().into()),
            expected_version: None,
            unknown: BTreeMap::new(),
        };
        Command { subject: other.subject.clone(), envelope, act: Act::Institution(act) }
    }
}

/// The pooling areas in which agreements of an institution run at an instant, in order. One that followed this very event
/// already is among them: asked again, the same comes out.
fn running(other: &Candidate, at: Instant, origin: &EventRef) -> Vec<AreaCode> {
    let before: Vec<Event> =
        other.events.iter().filter(|event| !is_followed(event, origin)).cloned().collect();
    let State::Institution(state) = state_at(other.subject.kind(), &before, at) else { return Vec::new() };
    areas(&state, at)
}

fn is_followed(event: &Event, origin: &EventRef) -> bool {
    matches!(
        &event.data,
        EventData::Institution(InstitutionEvent::AgreementTerminated(data)) if data.origin.as_ref() == Some(origin)
    )
}

fn areas(state: &Institution, at: Instant) -> Vec<AreaCode> {
    let live = state.agreements.iter().filter(|agreement| agreement.is_live(at));
    let mut areas: Vec<AreaCode> = live.map(|agreement| agreement.area).collect();
    areas.sort_unstable();
    areas.dedup();
    areas
}
