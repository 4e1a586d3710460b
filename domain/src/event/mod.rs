//! Events: facts in the past tense, their stored bytes, and how the bytes are read back.

#[cfg(test)]
mod fixtures;
#[cfg(test)]
pub(crate) mod samples;
pub(crate) mod upcast;
pub(crate) mod vocabulary;
mod wire;

pub use wire::{DecodeError, Header, Proposed, Stamp, encode};

use crate::area::AreaEvent;
use crate::case::CaseEvent;
use crate::enterprise::EnterpriseEvent;
use crate::id::{Subject, SubjectKind, Version};
use crate::institution::InstitutionEvent;
use crate::insured::InsuredEvent;
use crate::obligation::ObligationClosing;
use crate::others::OtherFact;
use crate::practitioner::PractitionerEvent;
use crate::time::Instant;
use serde::de::{self, MapAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize};
use std::collections::BTreeMap;
use std::fmt;
use std::marker::PhantomData;
use uuid::Uuid;

/// The stable number of an event type, as stored.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct EventType(pub u16);

impl EventType {
    /// Every event type: number, full name, newest schema version.
    pub fn all() -> impl Iterator<Item = &'static (u16, &'static str, u16)> {
        SubjectKind::ALL.into_iter().flat_map(types)
    }

    fn entry(self) -> Option<&'static (u16, &'static str, u16)> {
        let types = types(self.kind());
        // The tables stand in the order of their numbers; a test holds that.
        types.binary_search_by_key(&self.0, |(number, ..)| *number).ok().map(|index| &types[index])
    }

    /// The full name, `institution.agreement-suspended`; `unknown` for a number this version does not know.
    #[must_use]
    pub fn name(self) -> &'static str {
        self.entry().map_or("unknown", |(_, name, _)| name)
    }

    /// The newest schema version.
    #[must_use]
    pub fn schema(self) -> u16 {
        self.entry().map_or(0, |(.., schema)| *schema)
    }

    /// By full name.
    #[must_use]
    pub fn by_name(name: &str) -> Option<Self> {
        Self::all().find(|(_, known, _)| *known == name).map(|(number, ..)| Self(*number))
    }

    /// The kind of subject: institution events are numbered from 100, practitioner events from 300, those of the others
    /// from 400, 500, 600 and 700.
    #[must_use]
    pub const fn kind(self) -> SubjectKind {
        match self.0 {
            ..300 => SubjectKind::Institution,
            300..400 => SubjectKind::Practitioner,
            400..500 => SubjectKind::Enterprise,
            500..600 => SubjectKind::Insured,
            600..700 => SubjectKind::Area,
            700.. => SubjectKind::Case,
        }
    }

    /// Whether it is 撤销 or 更正, which act on another event: every kind numbers them x90 and x91.
    #[must_use]
    pub const fn acts_on_record(self) -> bool {
        matches!(self.0, 190 | 191 | 390 | 391 | 490 | 491 | 590 | 591 | 690 | 691 | 790 | 791)
    }
}

/// Number, full name and newest schema version of every event of a kind of subject.
const fn types(kind: SubjectKind) -> &'static [(u16, &'static str, u16)] {
    match kind {
        SubjectKind::Institution => InstitutionEvent::TYPES,
        SubjectKind::Practitioner => PractitionerEvent::TYPES,
        SubjectKind::Enterprise => EnterpriseEvent::TYPES,
        SubjectKind::Insured => InsuredEvent::TYPES,
        SubjectKind::Area => AreaEvent::TYPES,
        SubjectKind::Case => CaseEvent::TYPES,
    }
}

impl fmt::Display for EventType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// Names an event by its stream and place there, known as soon as it is decided: `institution-H37010200001@3`.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
#[serde(transparent)]
pub struct EventRef(pub Box<str>);

impl EventRef {
    /// An event of a subject's stream.
    #[must_use]
    pub fn new(subject: &Subject, version: Version) -> Self {
        Self(format!("{}-{}@{version}", subject.kind().name(), subject.code()).into())
    }

    /// The version part.
    #[must_use]
    pub fn version(&self) -> Option<Version> {
        self.0.rsplit_once('@').and_then(|(_, version)| version.parse().ok())
    }
}

/// The facts of an event.
#[derive(Clone, PartialEq, Debug)]
pub enum EventData {
    /// Of an institution.
    Institution(InstitutionEvent),
    /// Of a practitioner.
    Practitioner(PractitionerEvent),
    /// Of an enterprise.
    Enterprise(EnterpriseEvent),
    /// Of an insured person.
    Insured(InsuredEvent),
    /// Of a pooling area.
    Area(AreaEvent),
    /// Of a case.
    Case(CaseEvent),
}

impl EventData {
    /// Its type.
    #[must_use]
    pub const fn event_type(&self) -> EventType {
        match self {
            Self::Institution(event) => EventType(event.number()),
            Self::Practitioner(event) => EventType(event.number()),
            Self::Enterprise(event) => EventType(event.number()),
            Self::Insured(event) => EventType(event.number()),
            Self::Area(event) => EventType(event.number()),
            Self::Case(event) => EventType(event.number()),
        }
    }

    /// The annulment, if it is one.
    #[must_use]
    pub const fn annulment(&self) -> Option<&Annulment> {
        match self {
            Self::Institution(event) => event.annulment(),
            Self::Practitioner(event) => event.annulment(),
            Self::Enterprise(event) => event.annulment(),
            Self::Insured(event) => event.annulment(),
            Self::Area(event) => event.annulment(),
            Self::Case(event) => event.annulment(),
        }
    }

    /// The correction, if it is one.
    #[must_use]
    pub const fn correction(&self) -> Option<&Correction> {
        match self {
            Self::Institution(event) => event.correction(),
            Self::Practitioner(event) => event.correction(),
            Self::Enterprise(event) => event.correction(),
            Self::Insured(event) => event.correction(),
            Self::Area(event) => event.correction(),
            Self::Case(event) => event.correction(),
        }
    }

    /// The closing of an obligation, if it is one.
    #[must_use]
    pub const fn closing(&self) -> Option<&ObligationClosing> {
        match self {
            Self::Institution(event) => event.closing(),
            Self::Practitioner(event) => event.closing(),
            Self::Enterprise(event) => event.closing(),
            Self::Insured(event) => event.closing(),
            Self::Area(event) => event.closing(),
            Self::Case(event) => event.closing(),
        }
    }

    /// Writes `data` in canonical form.
    ///
    /// # Errors
    /// Only when the writer runs out of memory.
    pub fn write(&self, out: &mut Vec<u8>) -> Result<(), serde_json::Error> {
        match self {
            Self::Institution(event) => event.write(out),
            Self::Practitioner(event) => event.write(out),
            Self::Enterprise(event) => event.write(out),
            Self::Insured(event) => event.write(out),
            Self::Area(event) => event.write(out),
            Self::Case(event) => event.write(out),
        }
    }

    /// Reads `data` of a type at a schema version, through the upcasters when it is an old one.
    ///
    /// # Errors
    /// [`DecodeError`] for an unknown type, a newer schema, or facts of another form.
    pub fn read(kind: EventType, schema: u16, data: &str) -> Result<Self, DecodeError> {
        let newest = kind.schema();
        if newest == 0 {
            return Err(DecodeError::UnknownType(kind.0));
        }
        if schema > newest {
            return Err(DecodeError::NewerSchema { kind: kind.name(), schema, newest });
        }
        let upcast;
        let data = if schema < newest {
            upcast = upcast::to_newest(kind, schema, data)?;
            upcast.as_str()
        } else {
            data
        };
        let read = match kind.kind() {
            SubjectKind::Institution => {
                InstitutionEvent::read(kind.0, data).map(|event| event.map(Self::Institution))
            }
            SubjectKind::Practitioner => {
                PractitionerEvent::read(kind.0, data).map(|event| event.map(Self::Practitioner))
            }
            SubjectKind::Enterprise => {
                EnterpriseEvent::read(kind.0, data).map(|event| event.map(Self::Enterprise))
            }
            SubjectKind::Insured => InsuredEvent::read(kind.0, data).map(|event| event.map(Self::Insured)),
            SubjectKind::Area => AreaEvent::read(kind.0, data).map(|event| event.map(Self::Area)),
            SubjectKind::Case => CaseEvent::read(kind.0, data).map(|event| event.map(Self::Case)),
        };
        match read {
            Some(Ok(event)) => Ok(event),
            Some(Err(source)) => Err(DecodeError::Facts { kind: kind.name(), source }),
            None => Err(DecodeError::UnknownType(kind.0)),
        }
    }
}

/// An event as recorded, with its facts read.
#[derive(Clone, PartialEq, Debug)]
pub struct Event {
    /// Its place in the whole log, from 0.
    pub position: u64,
    /// Its id.
    pub id: Uuid,
    /// Its place in its stream, from 0.
    pub version: Version,
    /// From when it holds in law.
    pub effective_at: Instant,
    /// When the ledger learnt it.
    pub recorded_at: Instant,
    /// For a consequence: the event of the same stream that caused it.
    pub caused_by: Option<Version>,
    /// What happened.
    pub data: EventData,
}

/// Something `decide` noticed that does not stop the act: a departure, a step left out.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Finding {
    /// Stable code in kebab case.
    pub code: Box<str>,
    /// The rule it is about, where there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rule: Option<Box<str>>,
}

impl Finding {
    /// A finding about a rule.
    #[must_use]
    pub fn new(code: &str, rule: Option<&str>) -> Self {
        Self { code: code.into(), rule: rule.map(Into::into) }
    }
}

/// An event decided and not yet recorded.
#[derive(Clone, PartialEq, Debug)]
pub struct NewEvent {
    /// From when it holds in law.
    pub effective_at: Instant,
    /// What happened.
    pub data: EventData,
    /// The rules it was decided under, by id.
    pub rules: Vec<Box<str>>,
    /// For a consequence: which event of the same decision caused it, counted from 0.
    pub caused_by: Option<usize>,
    /// What was noticed.
    pub findings: Vec<Finding>,
    /// The facts of other subjects that it was decided on.
    pub others: Vec<OtherFact>,
}

impl NewEvent {
    /// An event that takes effect at an instant.
    #[must_use]
    pub fn new(effective_at: Instant, data: EventData) -> Self {
        Self {
            effective_at,
            data,
            rules: Vec::new(),
            caused_by: None,
            findings: Vec::new(),
            others: Vec::new(),
        }
    }

    /// Decided under this rule.
    #[must_use]
    pub fn rule(mut self, rule: &str) -> Self {
        if !self.rules.iter().any(|known| **known == *rule) {
            self.rules.push(rule.into());
        }
        self
    }

    /// A consequence of the event at this place of the decision.
    #[must_use]
    pub fn caused_by(mut self, index: usize) -> Self {
        self.caused_by = Some(index);
        self
    }

    /// With something noticed.
    #[must_use]
    pub fn finding(mut self, code: &str, rule: Option<&str>) -> Self {
        self.findings.push(Finding::new(code, rule));
        self
    }
}

/// How far an annulment reaches.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AnnulmentScope {
    /// As if it had never been made (自始无效).
    FromStart,
    /// It held until the date and no longer.
    FromDate,
    /// It holds, but for less: points lowered, a period shortened, a sum reduced.
    Partial,
}

/// 撤销: by a superior, a review body or a court.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Annulment {
    /// With [`AnnulmentScope::Partial`]: JSON pointer into the event (`/data/points`, `/data/until`) and what is left.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty", deserialize_with = "unique")]
    pub changes: BTreeMap<String, serde_json::Value>,
    /// Whether the consequences recorded with it go too; otherwise they stay and are listed for review.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub consequences: Option<bool>,
    /// With [`AnnulmentScope::FromDate`]: from when it no longer holds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub date: Option<Instant>,
    /// The event annulled.
    pub event: Uuid,
    /// How far it reaches.
    pub scope: AnnulmentScope,
}

/// 更正: clerical only.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Correction {
    /// JSON pointer into the event (`/data/number`, `/effective_at`) and the right value.
    #[serde(deserialize_with = "unique")]
    pub changes: BTreeMap<String, serde_json::Value>,
    /// The event corrected.
    pub event: Uuid,
}

/// Reads a map in which no key stands twice.
pub(crate) fn unique<'de, D, T>(deserializer: D) -> Result<BTreeMap<String, T>, D::Error>
where
    D: Deserializer<'de>,
    T: Deserialize<'de>,
{
    struct Unique<T>(PhantomData<T>);

    impl<'de, T: Deserialize<'de>> Visitor<'de> for Unique<T> {
        type Value = BTreeMap<String, T>;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("an object")
        }

        fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Self::Value, A::Error> {
            let mut map = BTreeMap::new();
            while let Some((key, value)) = members.next_entry::<String, T>()? {
                if map.contains_key(&key) {
                    return Err(de::Error::custom(format_args!("duplicate field `{key}`")));
                }
                map.insert(key, value);
            }
            Ok(map)
        }
    }

    deserializer.deserialize_map(Unique(PhantomData))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn event_types_are_found_by_number_and_by_name() {
        assert!(EventType::all().is_sorted_by_key(|(number, ..)| *number));
        for (number, name, schema) in EventType::all() {
            let (kind, act) = name.split_once('.').unwrap();
            assert_eq!(EventType(*number).kind().name(), kind);
            assert_eq!(
                EventType(*number).acts_on_record(),
                ["decision-annulled", "record-corrected"].contains(&act)
            );
            assert_eq!((EventType(*number).name(), EventType(*number).schema()), (*name, *schema));
            assert_eq!(EventType::by_name(name), Some(EventType(*number)));
        }
        assert_eq!(EventType(299).name(), "unknown");
    }
}
