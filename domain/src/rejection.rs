//! Refusals: typed values with a stable code, the fact that blocked and the rule that says so. Not exceptions.

use crate::id::Version;
use crate::others::OtherFact;
use crate::rulebook::Citation;
use serde::Serialize;

/// The same sentence in both languages.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Words {
    /// English.
    pub en: String,
    /// Chinese.
    pub zh: String,
}

/// Builds [`Words`] from two format strings over the same captured variables: `words!("no {x}", "没有{x}")`.
#[macro_export]
macro_rules! words {
    ($en:literal, $zh:literal $(, $($arg:tt)*)?) => {
        $crate::rejection::Words { en: format!($en $(, $($arg)*)?), zh: format!($zh $(, $($arg)*)?) }
    };
}

/// What kind of refusal, for exit codes and HTTP status.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum RejectionKind {
    /// A rule, or the state of the subject, forbids it: exit 1, HTTP 422.
    Rule,
    /// The subject or the event named is not in the ledger: exit 3, HTTP 404.
    NotFound,
    /// Somebody was faster, or the key was used for something else: exit 4, HTTP 409 or 412.
    Conflict,
}

/// Why a command was refused.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct Rejection {
    /// Stable code in kebab case, never translated: `barred`, `not-in-force`, `out-of-range`.
    pub code: &'static str,
    /// What kind.
    pub kind: RejectionKind,
    /// The sentence for people.
    pub message: Words,
    /// The rule that forbids it, where one does.
    pub rule: Option<Citation>,
    /// The events of the subject's stream that stand in the way.
    pub blocked_by: Vec<Version>,
    /// The facts of other subjects that stand in the way.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub blocked_by_others: Vec<OtherFact>,
    /// What would have been accepted, as JSON: `{"min": 1, "max": 6}`.
    pub allowed: Option<serde_json::Value>,
}

impl Rejection {
    /// A refusal by a rule or by the state of the subject.
    #[must_use]
    pub fn new(code: &'static str, message: Words) -> Self {
        Self {
            code,
            kind: RejectionKind::Rule,
            message,
            rule: None,
            blocked_by: Vec::new(),
            blocked_by_others: Vec::new(),
            allowed: None,
        }
    }

    /// With the kind of refusal.
    #[must_use]
    pub fn kind(mut self, kind: RejectionKind) -> Self {
        self.kind = kind;
        self
    }

    /// With the rule that forbids it.
    #[must_use]
    pub fn rule(mut self, rule: Citation) -> Self {
        self.rule = Some(rule);
        self
    }

    /// With an event that stands in the way.
    #[must_use]
    pub fn blocked_by(mut self, version: Version) -> Self {
        self.blocked_by.push(version);
        self
    }

    /// With a fact of another subject that stands in the way.
    #[must_use]
    pub fn blocked_by_other(mut self, fact: &OtherFact) -> Self {
        self.blocked_by_others.push(fact.clone());
        self
    }

    /// With what would have been accepted.
    #[must_use]
    pub fn allowed(mut self, allowed: serde_json::Value) -> Self {
        self.allowed = Some(allowed);
        self
    }

    /// Whether what would have been accepted names this field of the command.
    #[must_use]
    pub fn is_about(&self, pointer: &str) -> bool {
        let field = self.allowed.as_ref().and_then(|allowed| allowed.get("field"));
        field.and_then(serde_json::Value::as_str) == Some(pointer)
    }
}
