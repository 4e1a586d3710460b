//! Facts of other subjects that a decision rests on.
//!
//! A command touches one stream, and its decision may still depend on what stands elsewhere: whether the pooling area
//! admits anybody, whether a person it names may run an institution. [`Act::asks`] states what has to be known, purely from
//! the command; whoever carries the command out looks at those subjects, at the same coordinates as the decision, and hands
//! in what stands there ([`crate::Context::others`]). What was handed in is stored with the event, so that the decision can
//! be made again from its own stream alone.

use crate::area::AreaEvent;
use crate::command::Act;
use crate::event::{Event, EventData, EventRef};
use crate::id::{AreaCode, AreaSubject, PractitionerCode, Subject, Version};
use crate::institution::facts::{Application, InstitutionKind};
use crate::institution::{InstitutionCommand, InstitutionEvent};
use crate::personal::Personal;
use crate::practitioner::PractitionerEvent;
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
}

/// A fact of another subject that stands at a decision, as stored with the event decided. Fields stand in alphabetical
/// order (canonical form).
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct OtherFact {
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
}

/// The practitioner of this ledger by whose code a person is named. The one place that says who is meant: a code is a
/// reference. Names and numbers are sealed with the key of the subject they stand at and say nothing across subjects, and
/// who is only named alike is another one as far as a decision goes.
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
        }
    }

    /// The person asked about: subjects that say something of people are found by it.
    #[must_use]
    pub const fn person(&self) -> Option<PractitionerCode> {
        match self {
            Self::Admission { .. } => None,
            Self::Person { person } => Some(*person),
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
                (
                    Self::Admission { .. } | Self::Person { .. },
                    Says::NotAdmitted(_) | Says::MayNotManage | Says::Caused(_),
                ) => return None,
            };
            let event = EventRef::new(subject, known.event);
            Some(OtherFact { event, from: known.from, person, until: known.until.bounded(), what })
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
                (from < until).then_some(Known { event, from, until, says: Says::MayNotManage })
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
                (from < until).then_some(Known { event, from, until, says: Says::Caused(people) })
            })
            .collect(),
        Subject::Enterprise(_) | Subject::Insured(_) | Subject::Case(_) => Vec::new(),
    }
}

/// Whether an event can change what its subject says to decisions on others: then what is remembered of it is to be looked
/// at again. An act on the record always can.
#[must_use]
pub fn bears_on_others(data: &EventData) -> bool {
    if data.annulment().is_some() || data.correction().is_some() {
        return true;
    }
    !blamed(data).is_empty()
        || matches!(
            data,
            EventData::Area(AreaEvent::MoratoriumStarted(_) | AreaEvent::MoratoriumEnded(_))
                | EventData::Practitioner(PractitionerEvent::ManagerBanned(_))
        )
}

/// Those of whom an event of an institution says that no institution they run is admitted: by their codes it is found
/// again.
#[must_use]
pub fn blamed(data: &EventData) -> &[PractitionerCode] {
    match data {
        EventData::Institution(InstitutionEvent::AgreementTerminated(data))
            if data.responsible_until.is_some() =>
        {
            &data.responsible
        }
        _ => &[],
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

/// Who runs an institution at an instant, as known from its events. A change of a controller replaces the one it names as the
/// former, or all where it names none.
#[must_use]
pub fn runs_at(events: &[Event], at: Instant) -> Vec<PractitionerCode> {
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
    running.into_iter().filter_map(|(_, person)| practitioner(person)).collect()
}
