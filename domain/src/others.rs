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
use crate::institution::InstitutionCommand;
use crate::institution::facts::{Application, InstitutionKind, Text};
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
        /// The person, as the command names it.
        person: Text,
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
}

/// A fact of another subject that stands at a decision, as stored with the event decided. Fields stand in alphabetical
/// order (canonical form).
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct OtherFact {
    /// The event of the other subject's stream that says so.
    pub event: EventRef,
    /// From when it stands.
    pub from: Instant,
    /// The person it is about, as the command named it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub person: Option<Text>,
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
}

/// Who is meant by the text by which a command names a person.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Named {
    /// A practitioner of this ledger.
    Practitioner(PractitionerCode),
    /// A number or a name of somebody's own: alike is not the same.
    Unsure,
}

/// Who is meant. The one place that says when two texts name the same person: never because they are alike.
#[must_use]
pub fn person(text: &str) -> Named {
    PractitionerCode::parse(text.trim()).map_or(Named::Unsure, Named::Practitioner)
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
        let ask = Ask::Person { person: person.into() };
        if !asks.contains(&ask) {
            asks.push(ask);
        }
    }
    asks
}

/// The people an application names: legal representative, principal, actual controllers.
fn people(data: &Application) -> impl Iterator<Item = &str> {
    let people = data.legal_representative.iter().chain(&data.principal).chain(&data.controllers);
    // A practitioner's code is never sealed, and nothing else is looked up.
    people.filter_map(Personal::plain)
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
            Self::Person { person: text } => match person(text) {
                Named::Practitioner(code) => vec![Subject::Practitioner(code)],
                Named::Unsure => Vec::new(),
            },
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
                (Self::Person { person }, Says::MayNotManage) => (What::ManagerBan, Some(person.clone())),
                (Self::Admission { .. } | Self::Person { .. }, Says::NotAdmitted(_) | Says::MayNotManage) => {
                    return None;
                }
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
        Subject::Institution(_) | Subject::Enterprise(_) | Subject::Insured(_) | Subject::Case(_) => {
            Vec::new()
        }
    }
}

/// Whether an event can change what its subject says to decisions on others: then what is remembered of it is to be looked
/// at again. An act on the record always can.
#[must_use]
pub fn bears_on_others(data: &EventData) -> bool {
    if data.annulment().is_some() || data.correction().is_some() {
        return true;
    }
    matches!(
        data,
        EventData::Area(AreaEvent::MoratoriumStarted(_) | AreaEvent::MoratoriumEnded(_))
            | EventData::Practitioner(PractitionerEvent::ManagerBanned(_))
    )
}
