//! Facts of other subjects that a decision rests on.
//!
//! A command touches one stream, and its decision may still depend on what stands elsewhere: whether the pooling area
//! admits anybody, whether a person it names may run an institution. [`Act::asks`] states what has to be known, purely from
//! the command; whoever carries the command out looks at those subjects, at the same coordinates as the decision, and hands
//! in what stands there ([`crate::Context::others`]). What was handed in is stored with the event, so that the decision can
//! be made again from its own stream alone.

use crate::area::AreaEvent;
use crate::case::CaseEvent;
use crate::case::facts::LeadSource;
use crate::command::Act;
use crate::event::{Event, EventData, EventRef};
use crate::id::{AreaCode, AreaSubject, InstitutionCode, PractitionerCode, Subject, Version};
use crate::institution::facts::{Application, InstitutionKind};
use crate::institution::{InstitutionCommand, InstitutionEvent};
use crate::personal::{Mark, Personal, PersonalKind};
use crate::practitioner::{PractitionerCommand, PractitionerEvent};
use crate::time::Instant;
use crate::timeline::{resolve, timeline};
use crate::track::Track;
use serde::{Deserialize, Serialize};

/// What a decision has to know of other subjects.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Ask {
    /// Whether a pooling area, or one it lies in, admits institutions of a kind.
    Admission {
        /// The pooling area applied to.
        area: AreaCode,
        /// The kind.
        kind: InstitutionKind,
    },
    /// Whether a person may manage or control an institution.
    Person {
        /// The person.
        person: PractitionerCode,
    },
    /// Whether a complaint about an institution waits to be verified.
    Complaints {
        /// The institution.
        about: InstitutionCode,
    },
}

/// Of whom a subject says something to decisions on others: by it that subject is found.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Whom {
    /// A person.
    Person(PractitionerCode),
    /// An institution.
    Institution(InstitutionCode),
}

impl Whom {
    /// The code: an institution's and a practitioner's differ.
    #[must_use]
    pub fn code(&self) -> &str {
        match self {
            Self::Person(code) => code.as_str(),
            Self::Institution(code) => code.as_str(),
        }
    }

    /// By the code.
    #[must_use]
    pub fn parse(code: &str) -> Option<Self> {
        let institution = || InstitutionCode::parse(code).ok().map(Self::Institution);
        PractitionerCode::parse(code).ok().map(Self::Person).or_else(institution)
    }
}

/// What a fact of another subject is.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum What {
    /// 暂停纳入.
    Moratorium,
    /// 禁止从事定点医药机构管理活动.
    ManagerBan,
    /// Caused the termination of another institution's agreement.
    Responsible,
    /// 投诉举报 that nobody has verified yet.
    Complaint,
}

/// A fact of another subject that stands at a decision, as stored with the event decided. Fields stand in alphabetical
/// order (canonical form).
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct OtherFact {
    /// The area under whose rules it stands, where those may be an area's own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub area: Option<AreaCode>,
    /// The event of the other subject's stream that says so.
    pub event: EventRef,
    /// From when it stands.
    pub from: Instant,
    /// The person it is about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub person: Option<PractitionerCode>,
    /// Until when; none where it has no end yet.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<Instant>,
    /// What.
    pub what: What,
}

/// What the events of a subject say to decisions on others, over the whole effective axis.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Known {
    area: Option<AreaCode>,
    event: Version,
    from: Instant,
    until: Instant,
    says: Says,
}

#[derive(Clone, PartialEq, Eq, Debug)]
enum Says {
    NotAdmitted(InstitutionKind),
    MayNotManage,
    Caused(Box<[PractitionerCode]>),
    Complained(Box<[InstitutionCode]>),
}

/// The practitioner of this ledger by whose code a person is named. The one place that says who is meant: a code is a
/// reference. Names are sealed with the key of the subject they stand at and say nothing across subjects: who is only named
/// alike is another one as far as a decision goes. Whom an application names by an identity number is looked up before it is
/// sealed: see [`Act::named_by_number`].
fn practitioner(person: &Personal) -> Option<PractitionerCode> {
    PractitionerCode::parse(person.plain()?.trim()).ok()
}

impl Act {
    /// What the decision has to know of other subjects; nothing for most acts, which costs nothing.
    #[must_use]
    pub fn asks(&self, subject: &Subject) -> Vec<Ask> {
        match (self, subject) {
            (Self::Institution(InstitutionCommand::Apply(data)), Subject::Institution(code)) => {
                application(data, InstitutionKind::of(code))
            }
            (Self::Institution(InstitutionCommand::ChangeDetails(data)), _) if role(&data.what).is_some() => {
                practitioner(&data.to).map(|person| Ask::Person { person }).into_iter().collect()
            }
            // One taken over with unknown begin was signed before the ledger knew of anything.
            (Self::Institution(InstitutionCommand::SignAgreement(data)), Subject::Institution(code))
                if data.from.is_some() =>
            {
                vec![Ask::Complaints { about: *code }]
            }
            (
                Self::Institution(_)
                | Self::Practitioner(_)
                | Self::Enterprise(_)
                | Self::Insured(_)
                | Self::Area(_)
                | Self::Case(_),
                _,
            ) => Vec::new(),
        }
    }
}

/// Whether the act that an event records may have asked for anything of other subjects ([`Act::asks`]).
#[must_use]
pub const fn may_ask(data: &EventData) -> bool {
    matches!(
        data,
        EventData::Institution(
            InstitutionEvent::Applied(_)
                | InstitutionEvent::AgreementSigned(_)
                | InstitutionEvent::DetailsChanged(_)
        )
    )
}

fn application(data: &Application, kind: InstitutionKind) -> Vec<Ask> {
    let mut asks = vec![Ask::Admission { area: data.area, kind }];
    for person in people(data) {
        let ask = Ask::Person { person };
        if !asks.contains(&ask) {
            asks.push(ask);
        }
    }
    asks
}

impl Act {
    /// Those it names as running an institution by an identity number that is not sealed yet: whoever holds the keys may find
    /// the practitioner of the same number, and ask about them by their code.
    #[must_use]
    pub fn named_by_number(&self) -> Vec<&str> {
        let people: Vec<&Personal> = match self {
            Self::Institution(InstitutionCommand::Apply(data)) => {
                let people = data.legal_representative.iter().chain(&data.principal);
                people.chain(&data.controllers).collect()
            }
            Self::Institution(InstitutionCommand::ChangeDetails(data)) if role(&data.what).is_some() => {
                vec![&data.to]
            }
            _ => return Vec::new(),
        };
        people
            .into_iter()
            .filter_map(Personal::plain)
            .filter(|text| PersonalKind::Name.of(text) == PersonalKind::IdentityNumber)
            .collect()
    }
}

impl Act {
    /// Whether it says the identity number of a person that others may be matched by.
    #[must_use]
    pub fn says_number(&self) -> bool {
        let registers = matches!(
            self,
            Self::Practitioner(PractitionerCommand::Register(data)) if data.identity_number.is_some()
        );
        registers || !self.named_by_number().is_empty()
    }
}

/// The people an application names by the codes of practitioners: legal representative, principal, actual controllers.
fn people(data: &Application) -> impl Iterator<Item = PractitionerCode> {
    let people = data.legal_representative.iter().chain(&data.principal).chain(&data.controllers);
    people.filter_map(practitioner)
}

impl Ask {
    /// The subjects to look at.
    #[must_use]
    pub fn subjects(&self) -> Vec<Subject> {
        match self {
            Self::Admission { area, .. } => {
                let mut areas = vec![*area, area.prefecture(), area.province()];
                areas.dedup();
                areas.into_iter().map(|area| Subject::Area(AreaSubject::of(area))).collect()
            }
            Self::Person { person } => vec![Subject::Practitioner(*person)],
            Self::Complaints { .. } => Vec::new(),
        }
    }

    /// Who is asked about: further subjects, those that say something of them, are found by it.
    #[must_use]
    pub const fn whom(&self) -> Option<Whom> {
        match self {
            Self::Admission { .. } => None,
            Self::Person { person } => Some(Whom::Person(*person)),
            Self::Complaints { about } => Some(Whom::Institution(*about)),
        }
    }

    /// What of the facts known of a subject answers this at an instant.
    pub fn answers<'a>(
        &'a self,
        subject: &'a Subject,
        known: &'a [Known],
        at: Instant,
    ) -> impl Iterator<Item = OtherFact> + 'a {
        known.iter().filter(move |known| known.from <= at && at < known.until).filter_map(move |known| {
            let (what, person) = match (self, &known.says) {
                (Self::Admission { kind, .. }, Says::NotAdmitted(of)) if kind == of => {
                    (What::Moratorium, None)
                }
                (Self::Person { person }, Says::MayNotManage) => (What::ManagerBan, Some(*person)),
                (Self::Person { person }, Says::Caused(people)) if people.contains(person) => {
                    (What::Responsible, Some(*person))
                }
                (Self::Complaints { about }, Says::Complained(of)) if of.contains(about) => {
                    (What::Complaint, None)
                }
                (
                    Self::Admission { .. } | Self::Person { .. } | Self::Complaints { .. },
                    Says::NotAdmitted(_) | Says::MayNotManage | Says::Caused(_) | Says::Complained(_),
                ) => return None,
            };
            let event = EventRef::new(subject, known.event);
            let (area, from, until) = (known.area, known.from, known.until.bounded());
            Some(OtherFact { area, event, from, person, until, what })
        })
    }
}

/// What the events of a subject say to decisions on others, as known from these events, in the order of recording.
#[must_use]
pub fn known(subject: &Subject, events: &[Event]) -> Vec<Known> {
    match subject {
        Subject::Area(_) => timeline(subject.kind(), events)
            .into_iter()
            .filter_map(|span| match span.track {
                Track::Moratorium(kind) => Some(Known {
                    area: None,
                    event: span.cause,
                    from: span.from,
                    until: span.until,
                    says: Says::NotAdmitted(kind),
                }),
                _ => None,
            })
            .collect(),
        Subject::Practitioner(_) => resolve(events)
            .into_iter()
            .filter_map(|known| {
                let EventData::Practitioner(PractitionerEvent::ManagerBanned(data)) = &known.event.data
                else {
                    return None;
                };
                let (from, until) = (known.event.effective_at, data.until.min(known.void_from));
                let event = known.event.version;
                (from < until).then_some(Known { area: None, event, from, until, says: Says::MayNotManage })
            })
            .collect(),
        Subject::Institution(_) => resolve(events)
            .into_iter()
            .filter_map(|known| {
                let EventData::Institution(InstitutionEvent::AgreementTerminated(data)) = &known.event.data
                else {
                    return None;
                };
                let (from, until) = (known.event.effective_at, data.responsible_until?.min(known.void_from));
                let people = data.responsible.clone().into();
                let event = known.event.version;
                let (area, says) = (Some(data.area), Says::Caused(people));
                (from < until).then_some(Known { area, event, from, until, says })
            })
            .collect(),
        Subject::Case(_) => complaints(events),
        Subject::Enterprise(_) | Subject::Insured(_) => Vec::new(),
    }
}

/// 投诉举报 and whom each is about, from its coming in until somebody finds what is so about them or the case is over. One
/// that names nobody is about those the case was opened against.
fn complaints(events: &[Event]) -> Vec<Known> {
    let resolved = resolve(events);
    let standing = resolved.iter().filter(|known| known.event.effective_at < known.void_from);
    let facts: Vec<_> = standing
        .filter_map(|known| match &known.event.data {
            EventData::Case(facts) => Some((known, facts)),
            _ => None,
        })
        .collect();
    let opened = facts.iter().find_map(|(_, facts)| match facts {
        CaseEvent::Opened(data) => Some(&*data.subjects),
        _ => None,
    });
    let mut found = Vec::new();
    for (lead, data) in facts.iter().filter_map(|(known, facts)| match facts {
        CaseEvent::LeadReceived(data) if data.source == LeadSource::Complaint => Some((*known, data)),
        _ => None,
    }) {
        let about = if data.about.is_empty() { opened.unwrap_or_default() } else { &data.about };
        for institution in institutions(about) {
            let verified = |facts: &CaseEvent| match facts {
                CaseEvent::Found(data) => {
                    data.about.is_empty() || institutions(&data.about).any(|about| about == institution)
                }
                CaseEvent::Closed(_) => true,
                _ => false,
            };
            let from = lead.event.effective_at;
            let end = facts.iter().find(|(known, facts)| from <= known.event.effective_at && verified(facts));
            let until = end.map_or(Instant::MAX, |(known, _)| known.event.effective_at).min(lead.void_from);
            if from < until {
                let says = Says::Complained([institution].into());
                found.push(Known { area: None, event: lead.event.version, from, until, says });
            }
        }
    }
    found
}

fn institutions(subjects: &[Subject]) -> impl Iterator<Item = InstitutionCode> {
    subjects.iter().filter_map(|subject| match subject {
        Subject::Institution(code) => Some(*code),
        _ => None,
    })
}

/// Whether an event can change what its subject says to decisions on others: then what is remembered of it is to be looked
/// at again. An act on the record always can.
#[must_use]
pub fn bears_on_others(data: &EventData) -> bool {
    if data.annulment().is_some() || data.correction().is_some() {
        return true;
    }
    !spoken_of(data).is_empty()
        || matches!(
            data,
            EventData::Area(AreaEvent::MoratoriumStarted(_) | AreaEvent::MoratoriumEnded(_))
                | EventData::Practitioner(PractitionerEvent::ManagerBanned(_))
                | EventData::Case(CaseEvent::LeadReceived(_) | CaseEvent::Found(_) | CaseEvent::Closed(_))
        )
}

/// Those of whom an event says something to decisions on others: who caused a termination or, as the head office of a chain,
/// brings other branches down with it, whom a case is about. By their codes the event's subject is found again.
#[must_use]
pub fn spoken_of(data: &EventData) -> Vec<Whom> {
    match data {
        EventData::Institution(InstitutionEvent::AgreementTerminated(data))
            if data.responsible_until.is_some() || data.head_office == Some(true) =>
        {
            data.responsible.iter().copied().map(Whom::Person).collect()
        }
        EventData::Case(CaseEvent::Opened(data)) => {
            institutions(&data.subjects).map(Whom::Institution).collect()
        }
        EventData::Case(CaseEvent::LeadReceived(data)) => {
            institutions(&data.about).map(Whom::Institution).collect()
        }
        _ => Vec::new(),
    }
}

/// Those an event of an institution names as running it, by the codes of practitioners: legal representative, principal,
/// actual controllers.
#[must_use]
pub fn running(data: &EventData) -> Vec<PractitionerCode> {
    match data {
        EventData::Institution(InstitutionEvent::Applied(data)) => people(data).collect(),
        EventData::Institution(InstitutionEvent::DetailsChanged(data)) if role(&data.what).is_some() => {
            practitioner(&data.to).into_iter().collect()
        }
        _ => Vec::new(),
    }
}

/// Whether an event can name somebody who runs an institution by identity number.
#[must_use]
pub fn may_name_by_number(data: &EventData) -> bool {
    match data {
        EventData::Institution(InstitutionEvent::Applied(_)) => true,
        EventData::Institution(InstitutionEvent::DetailsChanged(data)) => role(&data.what).is_some(),
        EventData::Institution(_)
        | EventData::Practitioner(_)
        | EventData::Enterprise(_)
        | EventData::Insured(_)
        | EventData::Area(_)
        | EventData::Case(_) => false,
    }
}

/// A subject that names a person by identity number, as the keys of personal data tell: the number itself is nowhere in it.
#[derive(Clone, PartialEq, Debug)]
pub struct Numbered {
    /// Who names.
    pub subject: Subject,
    /// The mark that the number has under that subject's own key.
    pub mark: Mark,
    /// Whose number it is.
    pub person: PractitionerCode,
    /// When the number was recorded of the person: it is matched from then on.
    pub since: Instant,
}

/// In what way somebody runs an institution.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Role {
    LegalRepresentative,
    Principal,
    Controller,
}

fn role(word: &str) -> Option<Role> {
    match word {
        "legal_representative" => Some(Role::LegalRepresentative),
        "principal" => Some(Role::Principal),
        "controller" | "controllers" => Some(Role::Controller),
        _ => None,
    }
}

/// Who runs an institution at an instant, as known from its events: by the code of a practitioner, or by a sealed identity
/// number whose mark is known there to be somebody's. A change of a controller replaces the one it names as the former, or all
/// where it names none.
#[must_use]
pub fn runs_at(events: &[Event], at: Instant, marked: &[(Mark, PractitionerCode)]) -> Vec<PractitionerCode> {
    let mut running: Vec<(Role, &Personal)> = Vec::new();
    let resolved = resolve(events);
    for known in &resolved {
        if at < known.event.effective_at || known.void_from <= at {
            continue;
        }
        match &known.event.data {
            EventData::Institution(InstitutionEvent::Applied(data)) => {
                let held = [
                    (Role::LegalRepresentative, data.legal_representative.as_slice()),
                    (Role::Principal, data.principal.as_slice()),
                    (Role::Controller, data.controllers.as_slice()),
                ];
                for (role, people) in held.into_iter().filter(|(_, people)| !people.is_empty()) {
                    running.retain(|(held, _)| *held != role);
                    running.extend(people.iter().map(|person| (role, person)));
                }
            }
            EventData::Institution(InstitutionEvent::DetailsChanged(data)) => {
                let Some(role) = role(&data.what) else { continue };
                running.retain(|(held, person)| {
                    let former = data.from.as_ref().is_none_or(|from| from == *person);
                    *held != role || (role == Role::Controller && !former)
                });
                running.push((role, &data.to));
            }
            _ => {}
        }
    }
    let by_mark = |person: &Personal| {
        let Personal::Sealed(sealed) = person else { return None };
        marked.iter().find(|(mark, _)| *mark == sealed.mark).map(|(_, code)| *code)
    };
    running.into_iter().filter_map(|(_, person)| practitioner(person).or_else(|| by_mark(person))).collect()
}
