//! What is due of a subject: the rules call for it, somebody has to decide or do it.

use accord_domain::obligation::{Obligation, ObligationKind, ObligationState};
use accord_domain::rulebook::Confidence;
use accord_domain::{Basis, Instant, Subject, Version};
use serde::Serialize;
use uuid::Uuid;

/// An obligation.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct Due {
    /// Code.
    pub subject: Box<str>,
    /// What kind.
    pub kind: ObligationKind,
    /// By which day; null where the rule only says "in time" (及时).
    pub due: Option<String>,
    /// The same as an instant.
    pub due_at: Option<Instant>,
    /// The day may still move: it counts working days without knowing the public holidays.
    pub provisional: bool,
    /// The rule that calls for it, by id; null where the decision itself set it.
    pub rule: Option<Box<str>>,
    /// The citation of that rule.
    pub basis: Vec<Basis>,
    /// How sure our reading of that rule is: `H` text read, `M` press, `L` memory.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub confidence: Option<Confidence>,
    /// The event that raised it.
    pub raised_by: Uuid,
    /// Its place in the subject's history.
    #[serde(skip)]
    pub raised_by_version: Version,
    /// How it stands.
    pub state: ObligationState,
    /// In words, Chinese.
    pub sum: String,
    /// In words, English.
    pub sum_en: String,
}

impl Due {
    pub(super) fn of(subject: &Subject, obligation: &Obligation, raised_by: Uuid) -> Self {
        Self {
            subject: subject.code().into(),
            kind: obligation.kind,
            due: obligation.due.map(|due| due.date().to_string()),
            due_at: obligation.due,
            provisional: obligation.provisional,
            rule: obligation.rule.as_ref().map(|rule| rule.id.clone()),
            basis: obligation.rule.iter().map(|rule| rule.basis.clone()).collect(),
            confidence: obligation.rule.as_ref().map(|rule| rule.confidence),
            raised_by,
            raised_by_version: obligation.raised_by,
            state: obligation.state,
            sum: obligation.sum.zh.clone(),
            sum_en: obligation.sum.en.clone(),
        }
    }
}
