//! `list`: subjects by status. One row is one subject and line.

use accord_domain::{AreaCode, Instant, Line, Span, Subject, SubjectKind, Track, Value};
use serde::Serialize;

/// A subject's status on one agreement line, or its qualification.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct Row {
    /// Code.
    pub subject: Box<str>,
    /// `institution` or `practitioner`.
    pub kind: &'static str,
    /// Name now; null when none is recorded.
    pub name: Option<String>,
    /// Pooling area of the agreement; of the first registration for a practitioner, where known.
    pub area: Option<AreaCode>,
    /// Line; null for a practitioner.
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
        let line = match span.track {
            Track::Agreement(_, line) => Some(line),
            Track::Probation(_)
            | Track::CrossRegion(_)
            | Track::Hold { .. }
            | Track::Department(_)
            | Track::Bar(_)
            | Track::Qualification
            | Track::Site(_)
            | Track::Points => None,
        };
        Self {
            subject: subject.code().into(),
            kind: subject.kind().name(),
            name,
            area: span.track.area().or(area),
            line,
            status: span.value.name(),
            since: span.from,
            until: span.until.bounded(),
        }
    }
}

/// The statuses lists go by: those of an agreement, then those of a qualification that have a word of their own.
pub const STATUSES: [Value; 12] = [
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
    SubjectKind::parse(word).ok_or_else(|| "known: institution, practitioner".to_owned())
}
