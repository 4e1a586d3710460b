//! The law in force at a date in a place, rule by rule.

use super::Coordinates;
use accord_domain::rulebook::{
    AppliesTo, Confidence, InForce, Parameter, Provision, Rank, RuleValue, Rulebook,
};
use accord_domain::{AreaCode, Instant, Laws};
use serde::Serialize;

/// The rules and provisions in force.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct Rules {
    /// The date.
    pub at: Instant,
    /// The area; the whole country when left out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub area: Option<AreaCode>,
    /// Where the question is asked: what areas adopted is law as it was known then. None without a ledger.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub coordinates: Option<Coordinates>,
    /// SHA-256 of the rulebook, as events name it.
    pub rulebook: Box<str>,
    /// What sets a parameter, in the order of parameters.
    pub rules: Vec<RuleInForce>,
    /// What is said in words, in the order of the files.
    pub provisions: Vec<ProvisionInForce>,
}

/// A rule in force.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct RuleInForce {
    /// Its id.
    pub id: Box<str>,
    /// What it sets.
    pub param: Box<str>,
    /// What that is called and counted in.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub parameter: Option<Parameter>,
    /// Whom it is about; everybody when empty.
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    pub applies_to: Box<[AppliesTo]>,
    /// What it says.
    pub value: RuleValue,
    /// The instrument's title and number.
    pub instrument: Box<str>,
    /// Article.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub article: Option<Box<str>>,
    /// The rank of the instrument.
    pub rank: Rank,
    /// How sure our reading is.
    pub confidence: Confidence,
    /// Whether the operative wording itself was read.
    pub verified: bool,
    /// In force from.
    pub from: Instant,
    /// Until; null when open.
    pub until: Option<Instant>,
    /// Where; null for the whole country.
    pub area: Option<AreaCode>,
    /// The file it stands in, or the name an area adopted it under.
    pub file: Box<str>,
    /// What was read for the parameter until this rule came into force.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub replaced: Option<Other>,
    /// What it takes precedence over: of lower rank, of a wider area, or older.
    pub overrides: Vec<Other>,
    /// What says otherwise with equal rank: which one holds is for people to say.
    pub conflicts_with: Vec<Other>,
    /// What to know about it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub note: Option<Box<str>>,
}

/// Another rule for the same parameter.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct Other {
    /// Its id.
    pub id: Box<str>,
    /// What it says.
    pub value: RuleValue,
    /// Where; null for the whole country.
    pub area: Option<AreaCode>,
}

/// A provision in words in force.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct ProvisionInForce {
    /// Its id.
    pub id: Box<str>,
    /// What it says, Chinese.
    pub text: Box<str>,
    /// What it says, English.
    pub en: Box<str>,
    /// Where it shows in the ledger, as letters: a institution, b practitioner, c insured person, d enterprise, e obligation,
    /// f record, g referral and publicity, h settlement, i data feed.
    pub class: Box<str>,
    /// Whom it is about.
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    pub applies_to: Box<[AppliesTo]>,
    /// The command it is a ground of.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ground_of: Option<Box<str>>,
    /// The instrument's title and number.
    pub instrument: Box<str>,
    /// Article.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub article: Option<Box<str>>,
    /// The rank of the instrument.
    pub rank: Rank,
    /// How sure our reading is.
    pub confidence: Confidence,
    /// Whether the operative wording itself was read.
    pub verified: bool,
    /// In force from; null where the day is not known.
    pub from: Option<Instant>,
    /// Until; null when open.
    pub until: Option<Instant>,
    /// Where; null for the whole country.
    pub area: Option<AreaCode>,
    /// What to know about it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub note: Option<Box<str>>,
}

impl Rules {
    /// What a ledger knew to be in force: see [`Rules::of`].
    #[must_use]
    pub fn known(laws: &Laws, at: Coordinates, area: Option<AreaCode>, only: Option<&str>) -> Self {
        let known = laws.known_at(at.known_at);
        Self { coordinates: Some(at), ..Self::of(known.book(), at.as_of, area, only) }
    }

    /// What is in force, or of it only what a word names: an id (`R-113` or `R-113.5`), a parameter, or its beginning.
    #[must_use]
    pub fn of(book: &Rulebook, at: Instant, area: Option<AreaCode>, only: Option<&str>) -> Self {
        let rules = book.in_force(at, area).into_iter().map(|entry| rule(book, &entry));
        let provisions = book.provisions_in_force(at, area).map(|entry| provision(book, entry));
        Self {
            at,
            area,
            coordinates: None,
            rulebook: book.hash().into(),
            rules: rules.filter(|rule| named(only, &[&rule.id, &rule.param])).collect(),
            provisions: provisions.filter(|provision| named(only, &[&provision.id])).collect(),
        }
    }

    /// Whether there is nothing.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.rules.is_empty() && self.provisions.is_empty()
    }
}

/// Whether one of the names is the word or goes on after it with a dot.
fn named(only: Option<&str>, names: &[&str]) -> bool {
    let Some(word) = only else { return true };
    names
        .iter()
        .any(|name| name.strip_prefix(word).is_some_and(|rest| rest.is_empty() || rest.starts_with('.')))
}

fn rule(book: &Rulebook, entry: &InForce<'_>) -> RuleInForce {
    let own = entry.rule;
    let citation = book.citation(own);
    let other = |rule: &accord_domain::rulebook::Rule| Other {
        id: rule.id.clone(),
        value: rule.value,
        area: rule.area,
    };
    let others = |rules: &[&accord_domain::rulebook::Rule]| rules.iter().map(|rule| other(rule)).collect();
    RuleInForce {
        id: own.id.clone(),
        param: own.param.clone(),
        parameter: book.parameter(&own.param).cloned(),
        applies_to: own.applies_to.clone(),
        value: own.value,
        instrument: citation.basis.instrument.clone(),
        article: own.article.clone(),
        rank: own.rank,
        confidence: own.confidence,
        verified: own.confidence.is_verified(),
        from: own.from,
        until: own.until,
        area: own.area,
        file: (&*own.file).into(),
        replaced: entry.replaced.map(other),
        overrides: others(&entry.overrides),
        conflicts_with: others(&entry.conflicts),
        note: own.note.clone(),
    }
}

fn provision(book: &Rulebook, own: &Provision) -> ProvisionInForce {
    ProvisionInForce {
        id: own.id.clone(),
        text: own.text.clone(),
        en: own.en.clone(),
        class: own.class.clone(),
        applies_to: own.applies_to.clone(),
        ground_of: own.ground_of.clone(),
        instrument: book.basis(own).instrument,
        article: own.article.clone(),
        rank: own.rank,
        confidence: own.confidence,
        verified: own.confidence.is_verified(),
        from: own.from,
        until: own.until,
        area: own.area,
        note: own.note.clone(),
    }
}
