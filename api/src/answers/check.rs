//! `check`: what is not as the rules have it.

use super::AnswerError;
use super::diff::{fields, reasons};
use super::gather::reason;
use super::{FieldChange, Reason};
use accord_domain::compliance::{Breach as Found, BreachKind};
use accord_domain::obligation::Party;
use accord_domain::rulebook::{Confidence, Rulebook};
use accord_domain::{AreaCode, Authority, Basis, Instant, Version};
use accord_replay::Checked;
use accord_store::Stored;
use serde::Serialize;

/// Something that is not as the rules have it.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct Breach {
    /// Code.
    pub subject: Box<str>,
    /// What kind.
    pub kind: BreachKind,
    /// What exactly, never translated: a kind of obligation, the code of a refusal or of a finding.
    pub code: Box<str>,
    /// In words, Chinese.
    pub words: String,
    /// In words, English.
    pub words_en: String,
    /// Pooling area it is of; null where nothing tells it.
    pub area: Option<AreaCode>,
    /// Who had to do it, where something was due.
    pub owed_by: Option<Party>,
    /// Who acted, where something was done.
    pub actor: Option<Authority>,
    /// The rule, by id; null where none is known.
    pub rule: Option<Box<str>>,
    /// How sure the reading of that rule is.
    pub confidence: Option<Confidence>,
    /// The citation of that rule.
    pub basis: Vec<Basis>,
    /// Rules of equal rank that say otherwise, by id: which of them holds is for people to say.
    pub conflicts_with: Vec<Box<str>>,
    /// Since when it is so.
    pub since: Instant,
    /// By which day it was due, the whole of it included.
    pub due: Option<String>,
    /// That day may still move.
    pub provisional: bool,
    /// When it was done; of what was recorded late, when it was recorded.
    pub done: Option<Instant>,
    /// By how many days: after the last day, where there is one; since it is called for, where there is none; between effect
    /// and record for what was recorded late.
    pub days: Option<i64>,
    /// What would have been accepted, where the act would have been refused.
    pub allowed: Option<serde_json::Value>,
    /// The events it rests on: the act itself, or what called for it, first.
    pub events: Vec<Reason>,
    /// What a late record changed of what stood on the day it took effect.
    pub changes: Vec<FieldChange>,
}

impl Breach {
    /// All that replay found of a subject; rules are cited from the law known.
    ///
    /// # Errors
    /// When an event cannot be quoted.
    pub fn all(checked: &Checked, law: &Rulebook) -> Result<Vec<Self>, AnswerError> {
        checked.breaches.iter().map(|found| Self::of(checked, found, law)).collect()
    }

    fn of(checked: &Checked, found: &Found, law: &Rulebook) -> Result<Self, AnswerError> {
        let stored = |version: Version| -> Option<&Stored> {
            checked.events.iter().find(|stored| stored.version == version)
        };
        let events = found
            .events
            .iter()
            .filter_map(|version| stored(*version))
            .map(|stored| reason(stored, law))
            .collect::<Result<Vec<_>, _>>()?;
        let named = reasons(&found.changes, &checked.events, law)?;
        Ok(Self {
            subject: checked.subject.code().into(),
            kind: found.kind,
            code: found.code.clone(),
            words: found.words.zh.clone(),
            words_en: found.words.en.clone(),
            area: found.area,
            owed_by: found.owed_by,
            actor: found.actor,
            rule: found.rule.as_ref().map(|rule| rule.id.clone()),
            confidence: found.rule.as_ref().map(|rule| rule.confidence),
            basis: found.rule.iter().map(|rule| rule.basis.clone()).collect(),
            conflicts_with: found.rule.iter().flat_map(|rule| rule.conflicts_with.to_vec()).collect(),
            since: found.since,
            due: found.due.map(|due| due.date().to_string()),
            provisional: found.provisional,
            done: found.done,
            days: found.days,
            allowed: found.allowed.clone(),
            events,
            changes: fields(&found.changes, &named),
        })
    }
}

/// A kind by its word.
///
/// # Errors
/// The words there are.
pub fn breach_kind(word: &str) -> Result<BreachKind, String> {
    let names: Vec<_> = BreachKind::ALL.iter().map(|kind| kind.name()).collect();
    BreachKind::parse(word).ok_or_else(|| format!("known: {}", names.join(", ")))
}
