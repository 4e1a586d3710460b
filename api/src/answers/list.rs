//! `list`: subjects by status. One row is one subject and line.

use accord_domain::track::Grade;
use accord_domain::{AreaCode, Instant, Line, Span, Subject, SubjectKind, Value};
use serde::Serialize;

/// A subject's status: on one agreement line, of its qualification, its credit grade, its moratorium, its case.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct Row {
    /// Code.
    pub subject: Box<str>,
    /// The word of its kind: `institution`, `practitioner` …
    pub kind: &'static str,
    /// Name at the coordinates; null when none was recorded by then.
    pub name: Option<String>,
    /// Pooling area of the agreement; of the first registration for a practitioner, of the first act for others, where known.
    pub area: Option<AreaCode>,
    /// Line; null for all but institutions.
    pub line: Option<Line>,
    /// Status, a word of the contract.
    pub status: &'static str,
    /// Since when.
    pub since: Instant,
    /// Until when, as far as what is recorded tells; null when open.
    pub until: Option<Instant>,
}

impl Row {
    /// From what stands.
    #[must_use]
    pub fn of(subject: &Subject, name: Option<String>, area: Option<AreaCode>, span: &Span) -> Self {
        Self {
            subject: subject.code().into(),
            kind: subject.kind().name(),
            name,
            area: span.track.area().or(area),
            line: span.track.line(),
            status: span.value.name(),
            since: span.from,
            until: span.until.bounded(),
        }
    }
}

/// The statuses lists go by: those of an agreement, then those of a qualification, a moratorium, a case and a credit rating
/// that have a word of their own.
pub const STATUSES: [Value; 32] = [
    Value::Applied,
    Value::Evaluating,
    Value::Candidate,
    Value::Refused,
    Value::InForce,
    Value::Suspended,
    Value::Terminated,
    Value::Lapsed,
    Value::NotRenewed,
    Value::Withdrawn,
    Value::Unregistered,
    Value::Normal,
    Value::On,
    Value::Open,
    Value::Unverified,
    Value::Inspecting,
    Value::Founded,
    Value::Unfounded,
    Value::Referred,
    Value::Transferred,
    Value::Closed,
    Value::Grade(Grade::APlus),
    Value::Grade(Grade::A),
    Value::Grade(Grade::B),
    Value::Grade(Grade::C),
    Value::Grade(Grade::CMinus),
    Value::Grade(Grade::D),
    Value::Grade(Grade::DMinus),
    Value::Grade(Grade::E),
    Value::Grade(Grade::Dishonest),
    Value::Grade(Grade::SeriouslyDishonest),
    Value::Grade(Grade::ExtremelyDishonest),
];

/// A status by its word.
///
/// # Errors
/// The words there are.
pub fn status(word: &str) -> Result<Value, String> {
    STATUSES
        .into_iter()
        .find(|value| value.name() == word)
        .ok_or_else(|| format!("known: {}", STATUSES.map(accord_domain::Value::name).join(", ")))
}

/// A kind by its word, singular or plural.
///
/// # Errors
/// The words there are.
pub fn kind(word: &str) -> Result<SubjectKind, String> {
    SubjectKind::parse(word)
        .ok_or_else(|| format!("known: {}", SubjectKind::ALL.map(SubjectKind::name).join(", ")))
}
