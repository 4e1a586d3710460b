//! Law as data: instruments and rules with effective windows, places and citations.
//!
//! Rules are looked up by parameter, at a date, in an area and for a kind of institution. Every number read through here
//! comes with its citation.

use crate::envelope::Basis;
use crate::id::AreaCode;
use crate::time::Instant;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::sync::LazyLock;

/// How sure our reading is (fact sheet §0).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, Deserialize)]
pub enum Confidence {
    /// Text read.
    H,
    /// Press, or memory that agrees with a fragment read.
    M,
    /// Memory only.
    L,
}

/// Where a number comes from.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Citation {
    /// The rule's id in the rulebook.
    pub id: Box<str>,
    /// The instrument's title and number, and the article.
    #[serde(flatten)]
    pub basis: Basis,
    /// How sure our reading is.
    pub confidence: Confidence,
}

/// An instrument.
#[derive(Clone, PartialEq, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Instrument {
    /// Key, `D-2`.
    pub key: Box<str>,
    /// Title.
    pub title: Box<str>,
    /// Number, where known.
    #[serde(default)]
    pub number: Option<Box<str>>,
}

/// What a rule says.
#[derive(Clone, PartialEq, Debug, Deserialize)]
#[serde(untagged)]
pub enum RuleValue {
    /// Yes or no.
    Flag(bool),
    /// A number.
    Number(i64),
    /// A range, both ends included.
    Range {
        /// Least.
        min: i64,
        /// Most.
        max: i64,
    },
}

/// A rule.
#[derive(Clone, PartialEq, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rule {
    /// Id; one row of the fact sheet may give several rules: `R-113.5`.
    pub id: Box<str>,
    /// What it sets.
    pub param: Box<str>,
    /// Instrument key.
    pub instrument: Box<str>,
    /// Article.
    #[serde(default)]
    pub article: Option<Box<str>>,
    /// In force from.
    pub from: Instant,
    /// Until; open when left out.
    #[serde(default)]
    pub until: Option<Instant>,
    /// Province, prefecture or pooling area; the whole country when left out.
    #[serde(default)]
    pub area: Option<AreaCode>,
    /// What it says.
    pub value: RuleValue,
    /// How sure our reading is.
    pub confidence: Confidence,
    /// What to know about it.
    #[serde(default)]
    pub note: Option<Box<str>>,
}

/// Something read from the rulebook, with its citation.
#[derive(Clone, PartialEq, Debug)]
pub struct Cited<T> {
    /// What.
    pub value: T,
    /// From where.
    pub citation: Citation,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(default)]
    instrument: Vec<Instrument>,
    #[serde(default)]
    rule: Vec<Rule>,
}

/// A bad rulebook.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("rulebook {file}: {message}")]
pub struct RulebookError {
    /// File.
    pub file: String,
    /// Where and what.
    pub message: String,
}

/// All instruments and rules.
#[derive(Clone, PartialEq, Debug)]
pub struct Rulebook {
    instruments: Vec<Instrument>,
    rules: Vec<Rule>,
    hash: Box<str>,
}

static NATIONAL: LazyLock<Rulebook> = LazyLock::new(|| {
    Rulebook::read(&[("national.toml", include_str!("../rulebook/national.toml"))]).unwrap_or_else(|error| {
        // The text is compiled in and a test reads it: reaching this is a fault of the build.
        panic!("{error}")
    })
});

impl Rulebook {
    /// The rulebook compiled in.
    #[must_use]
    pub fn national() -> &'static Rulebook {
        &NATIONAL
    }

    /// Reads files of instruments and rules.
    ///
    /// # Errors
    /// [`RulebookError`] with file, line and reason.
    pub fn read(files: &[(&str, &str)]) -> Result<Self, RulebookError> {
        let mut book = Self { instruments: Vec::new(), rules: Vec::new(), hash: Box::default() };
        let mut digest = Sha256::new();
        for (name, text) in files {
            let fail = |message: String| RulebookError { file: (*name).to_owned(), message };
            let file: File = toml::from_str(text).map_err(|error| fail(error.to_string()))?;
            book.instruments.extend(file.instrument);
            book.rules.extend(file.rule);
            digest.update(name.as_bytes());
            digest.update([0]);
            digest.update(text.as_bytes());
        }
        for rule in &book.rules {
            if !book.instruments.iter().any(|instrument| instrument.key == rule.instrument) {
                let message = format!("rule {}: there is no instrument {:?}", rule.id, rule.instrument);
                return Err(RulebookError {
                    file: files.iter().map(|(name, _)| *name).collect::<Vec<_>>().join(", "),
                    message,
                });
            }
        }
        let hash: [u8; 32] = digest.finalize().into();
        book.hash = hash.iter().map(|byte| format!("{byte:02x}")).collect::<String>().into();
        Ok(book)
    }

    /// SHA-256 of the files, in hexadecimal: stored with every event decided under it.
    #[must_use]
    pub fn hash(&self) -> &str {
        &self.hash
    }

    /// All rules.
    #[must_use]
    pub fn rules(&self) -> &[Rule] {
        &self.rules
    }

    /// The rule that sets a parameter at a date in an area: of those in force, the most local one, and among equals the
    /// latest.
    #[must_use]
    pub fn rule(&self, param: &str, at: Instant, area: Option<AreaCode>) -> Option<&Rule> {
        let locality = |rule: &Rule| match (rule.area, area) {
            (None, _) => Some(0),
            (Some(place), Some(area)) if place == area => Some(3),
            (Some(place), Some(area)) if place == area.prefecture() => Some(2),
            (Some(place), Some(area)) if place == area.province() => Some(1),
            (Some(_), _) => None,
        };
        self.rules
            .iter()
            .filter(|rule| {
                &*rule.param == param && rule.from <= at && rule.until.is_none_or(|until| at < until)
            })
            .filter_map(|rule| locality(rule).map(|locality| (locality, rule.from, rule)))
            .max_by_key(|(locality, from, _)| (*locality, *from))
            .map(|(_, _, rule)| rule)
    }

    /// Where a rule comes from.
    #[must_use]
    pub fn citation(&self, rule: &Rule) -> Citation {
        let instrument = self.instruments.iter().find(|instrument| instrument.key == rule.instrument);
        let title = instrument.map_or_else(
            || rule.instrument.to_string(),
            |i| {
                i.number
                    .as_ref()
                    .map_or_else(|| i.title.to_string(), |number| format!("{} ({number})", i.title))
            },
        );
        Citation {
            id: rule.id.clone(),
            basis: Basis { article: rule.article.clone(), instrument: title.into() },
            confidence: rule.confidence,
        }
    }

    /// A number in force.
    #[must_use]
    pub fn number(&self, param: &str, at: Instant, area: Option<AreaCode>) -> Option<Cited<i64>> {
        let rule = self.rule(param, at, area)?;
        match rule.value {
            RuleValue::Number(value) => Some(Cited { value, citation: self.citation(rule) }),
            RuleValue::Flag(_) | RuleValue::Range { .. } => None,
        }
    }

    /// A range in force; a single number is a range of one.
    #[must_use]
    pub fn range(&self, param: &str, at: Instant, area: Option<AreaCode>) -> Option<Cited<(i64, i64)>> {
        let rule = self.rule(param, at, area)?;
        let value = match rule.value {
            RuleValue::Number(value) => (value, value),
            RuleValue::Range { min, max } => (min, max),
            RuleValue::Flag(_) => return None,
        };
        Some(Cited { value, citation: self.citation(rule) })
    }

    /// A flag in force; false where no rule sets it.
    #[must_use]
    pub fn flag(&self, param: &str, at: Instant, area: Option<AreaCode>) -> bool {
        matches!(self.rule(param, at, area).map(|rule| &rule.value), Some(RuleValue::Flag(true)))
    }
}
