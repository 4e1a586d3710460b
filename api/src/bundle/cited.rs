//! The rules that the events of a bundle cite, with the references to their texts: `rules.json`.

use crate::answers::AnswerError;
use accord_domain::rulebook::{Confidence, Rank, RuleValue, Rulebook};
use accord_domain::{AreaCode, Instant};
use accord_store::Stored;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// A rule cited.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub(super) struct Cited {
    /// Its id.
    pub(super) id: String,
    /// The versions of the events that name it.
    pub(super) events: Vec<u32>,
    /// What it is; null where the rulebook of this program has no rule of that id.
    pub(super) rule: Option<Text>,
}

/// A rule and where its text stands.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub(super) struct Text {
    /// Title of the instrument.
    pub(super) instrument: String,
    /// Its number; null where it has none, or it is not known.
    pub(super) number: Option<String>,
    /// Article; null where it is not known.
    pub(super) article: Option<String>,
    /// Rank of the instrument.
    pub(super) rank: Rank,
    /// In force from; null where it is not known.
    pub(super) from: Option<Instant>,
    /// Until; null when open.
    pub(super) until: Option<Instant>,
    /// Where; null for the whole country.
    pub(super) area: Option<AreaCode>,
    /// The parameter it sets; null for a provision in words.
    pub(super) param: Option<String>,
    /// What it sets it to.
    pub(super) value: Option<RuleValue>,
    /// What it says in Chinese, where the rulebook has words for it.
    pub(super) text: Option<String>,
    /// The same in English.
    pub(super) text_en: Option<String>,
    /// How sure the reading is: `H`, `M` or `L`.
    pub(super) confidence: Confidence,
    /// Whether the operative wording itself was read.
    pub(super) verified: bool,
    /// Rules of equal rank that say otherwise, by id.
    pub(super) conflicts_with: Vec<String>,
    /// What to know about it.
    pub(super) note: Option<String>,
}

/// The members of an event that name rules.
#[derive(Deserialize)]
struct Names {
    #[serde(default)]
    rules: Vec<String>,
    #[serde(default)]
    findings: Vec<Found>,
    version: u32,
}

#[derive(Deserialize)]
struct Found {
    #[serde(default)]
    rule: Option<String>,
}

/// Every rule that some events name, in the order of ids.
///
/// # Errors
/// When an event cannot be read.
pub(super) fn cited(book: &Rulebook, stored: &[&Stored]) -> Result<Vec<Cited>, AnswerError> {
    let mut named: BTreeMap<String, BTreeSet<u32>> = BTreeMap::new();
    for event in stored {
        let names: Names = serde_json::from_str(&event.body)
            .map_err(|source| AnswerError::Quote { position: event.position, source })?;
        let of_findings = names.findings.into_iter().filter_map(|found| found.rule);
        for id in names.rules.into_iter().chain(of_findings) {
            named.entry(id).or_default().insert(names.version);
        }
    }
    let cited = named.into_iter().map(|(id, events)| Cited {
        rule: text(book, &id),
        events: events.into_iter().collect(),
        id,
    });
    Ok(cited.collect())
}

/// `rules.json`: canonical, as the manifest is.
pub(super) fn document(cited: &[Cited]) -> Result<Vec<u8>, serde_json::Error> {
    serde_json::to_vec(&serde_json::to_value(cited)?)
}

fn text(book: &Rulebook, id: &str) -> Option<Text> {
    if let Some(rule) = book.by_id(id) {
        let parameter = book.parameter(&rule.param);
        return Some(Text {
            article: rule.article.as_deref().map(str::to_owned),
            from: Some(rule.from),
            until: rule.until,
            area: rule.area,
            param: Some(rule.param.to_string()),
            value: Some(rule.value),
            text: parameter.map(|parameter| parameter.zh.to_string()),
            text_en: parameter.map(|parameter| parameter.en.to_string()),
            conflicts_with: book.conflicts(id).iter().map(ToString::to_string).collect(),
            note: rule.note.as_deref().map(str::to_owned),
            ..of_instrument(book, &rule.instrument, rule.rank, rule.confidence)
        });
    }
    let provision = book.provisions().iter().find(|provision| &*provision.id == id)?;
    Some(Text {
        article: provision.article.as_deref().map(str::to_owned),
        from: provision.from,
        until: provision.until,
        area: provision.area,
        text: Some(provision.text.to_string()),
        text_en: Some(provision.en.to_string()),
        note: provision.note.as_deref().map(str::to_owned),
        ..of_instrument(book, &provision.instrument, provision.rank, provision.confidence)
    })
}

/// What follows from the instrument; the rest is left open.
fn of_instrument(book: &Rulebook, key: &str, rank: Rank, confidence: Confidence) -> Text {
    let instrument = book.instrument(key);
    Text {
        instrument: instrument.map_or_else(|| key.to_owned(), |instrument| instrument.title.to_string()),
        number: instrument.and_then(|instrument| instrument.number.as_deref().map(str::to_owned)),
        article: None,
        rank,
        from: None,
        until: None,
        area: None,
        param: None,
        value: None,
        text: None,
        text_en: None,
        confidence,
        verified: confidence.is_verified(),
        conflicts_with: Vec::new(),
        note: None,
    }
}
