//! A refusal, as outsiders read it.

use super::Lang;
use accord_domain::others::OtherFact;
use accord_domain::rulebook::Confidence;
use accord_domain::{Basis, Rejection};
use serde::Serialize;
use uuid::Uuid;

/// Why a command was refused.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct Refusal {
    /// Stable code in kebab case, never translated.
    pub code: &'static str,
    /// The sentence for people.
    pub message: String,
    /// The rule that forbids it, by id; null where the state of the subject alone does.
    pub rule: Option<Box<str>>,
    /// The citation of that rule.
    pub basis: Vec<Basis>,
    /// How sure our reading of that rule is: `H` text read, `M` press, `L` memory.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub confidence: Option<Confidence>,
    /// Rules of equal rank that say otherwise, by id: which of them holds is for people to say.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub conflicts_with: Vec<Box<str>>,
    /// The events that stand in the way.
    pub blocked_by: Vec<Uuid>,
    /// The facts of other subjects that stand in the way.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub blocked_by_others: Vec<OtherFact>,
    /// What would have been accepted.
    pub allowed: Option<serde_json::Value>,
}

impl Refusal {
    /// From a rejection; `blocked_by` are the ids of the events it names by version.
    #[must_use]
    pub fn of(rejection: &Rejection, blocked_by: Vec<Uuid>, lang: Lang) -> Self {
        Self {
            code: rejection.code,
            message: lang.pick(&rejection.message).to_owned(),
            rule: rejection.rule.as_ref().map(|rule| rule.id.clone()),
            basis: rejection.rule.iter().map(|rule| rule.basis.clone()).collect(),
            confidence: rejection.rule.as_ref().map(|rule| rule.confidence),
            conflicts_with: rejection.rule.iter().flat_map(|rule| rule.conflicts_with.to_vec()).collect(),
            blocked_by,
            blocked_by_others: rejection.blocked_by_others.clone(),
            allowed: rejection.allowed.clone(),
        }
    }
}
