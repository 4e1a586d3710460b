//! Law as data: instruments and rules with effective windows, places and citations.
//!
//! Rules are looked up by parameter, at a date, in an area and for a kind of institution. Every number read through here
//! comes with its citation. Files are TOML; those of the country and its provinces are compiled in.

use crate::envelope::Basis;
use crate::id::AreaCode;
use crate::time::Instant;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::collections::HashMap;
use std::sync::LazyLock;
use toml::Spanned;

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
#[serde(untagged, expecting = "a value is true or false, a whole number, or a range { min = 1, max = 6 }")]
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
    instrument: Vec<Spanned<Instrument>>,
    #[serde(default)]
    rule: Vec<Spanned<Rule>>,
}

/// A bad rulebook: where, and what is wrong.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{file}:{line}: {message}")]
pub struct RulebookError {
    /// File.
    pub file: String,
    /// Line in it, from 1.
    pub line: usize,
    /// What is wrong.
    pub message: String,
}

/// All instruments and rules.
#[derive(Clone, PartialEq, Debug)]
pub struct Rulebook {
    rules: Vec<Rule>,
    /// The citation of the rule at the same place.
    citations: Vec<Citation>,
    by_param: HashMap<Box<str>, Vec<usize>>,
    hash: Box<str>,
}

/// The files compiled in.
const NATIONAL_FILES: &[(&str, &str)] = &[
    ("instruments.toml", include_str!("../rulebook/instruments.toml")),
    ("institution.toml", include_str!("../rulebook/institution.toml")),
    ("practitioner.toml", include_str!("../rulebook/practitioner.toml")),
];

static NATIONAL: LazyLock<Rulebook> = LazyLock::new(|| {
    Rulebook::read(NATIONAL_FILES).unwrap_or_else(|error| {
        // The text is compiled in and a test reads it: reaching this is a fault of the build.
        panic!("{error}")
    })
});

/// Something read and where it stands: file and line.
struct Placed<'a, T> {
    file: &'a str,
    line: usize,
    item: T,
}

impl<T> Placed<'_, T> {
    fn error(&self, message: String) -> RulebookError {
        RulebookError { file: self.file.to_owned(), line: self.line, message }
    }

    fn place(&self) -> String {
        format!("{}:{}", self.file, self.line)
    }
}

impl Rulebook {
    /// The rulebook compiled in.
    #[must_use]
    pub fn national() -> &'static Rulebook {
        &NATIONAL
    }

    /// Reads files of instruments and rules. A rule may name an instrument of another file.
    ///
    /// # Errors
    /// [`RulebookError`] with file, line and reason: text that is no TOML of this form, an instrument or rule id given
    /// twice, a rule of an unknown instrument or with an empty window, and two rules that set the same parameter for the
    /// same area from the same day, between which nothing could choose.
    pub fn read(files: &[(&str, &str)]) -> Result<Self, RulebookError> {
        let mut instruments = Vec::new();
        let mut rules = Vec::new();
        let mut digest = Sha256::new();
        for &(file, text) in files {
            digest.update(file.as_bytes());
            digest.update([0]);
            digest.update(text.as_bytes());
            digest.update([0]);
            let read: File = toml::from_str(text).map_err(|error| RulebookError {
                file: file.to_owned(),
                line: line_of(text, error.span().map_or(0, |span| span.start)),
                message: error.message().to_owned(),
            })?;
            instruments.extend(read.instrument.into_iter().map(|item| placed(file, text, item)));
            rules.extend(read.rule.into_iter().map(|item| placed(file, text, item)));
        }
        let instruments = index_instruments(&instruments)?;
        check_rules(&rules)?;
        let mut book =
            Self { rules: Vec::new(), citations: Vec::new(), by_param: HashMap::new(), hash: Box::default() };
        for placed in rules {
            let Some(title) = instruments.get(&*placed.item.instrument) else {
                let Rule { id, instrument, .. } = &placed.item;
                return Err(placed.error(format!("rule {id}: there is no instrument {instrument:?}")));
            };
            book.add(placed.item, title);
        }
        let hash: [u8; 32] = digest.finalize().into();
        book.hash = hash.iter().map(|byte| format!("{byte:02x}")).collect::<String>().into();
        Ok(book)
    }

    fn add(&mut self, rule: Rule, title: &str) {
        self.by_param.entry(rule.param.clone()).or_default().push(self.rules.len());
        self.citations.push(Citation {
            id: rule.id.clone(),
            basis: Basis { article: rule.article.clone(), instrument: title.into() },
            confidence: rule.confidence,
        });
        self.rules.push(rule);
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
        self.find(param, at, area).map(|index| &self.rules[index])
    }

    fn find(&self, param: &str, at: Instant, area: Option<AreaCode>) -> Option<usize> {
        let in_force = |rule: &Rule| rule.from <= at && rule.until.is_none_or(|until| at < until);
        self.by_param
            .get(param)?
            .iter()
            .filter(|index| in_force(&self.rules[**index]))
            .filter_map(|&index| {
                let rule = &self.rules[index];
                locality(rule.area, area).map(|locality| (locality, rule.from, index))
            })
            .max()
            .map(|(.., index)| index)
    }

    /// The rule of that id.
    #[must_use]
    pub fn by_id(&self, id: &str) -> Option<&Rule> {
        self.rules.iter().find(|rule| &*rule.id == id)
    }

    /// Where a rule comes from.
    #[must_use]
    pub fn citation(&self, rule: &Rule) -> Citation {
        let known = self.by_param.get(&rule.param).into_iter().flatten().map(|index| &self.citations[*index]);
        known.into_iter().find(|citation| citation.id == rule.id).cloned().unwrap_or_else(|| Citation {
            id: rule.id.clone(),
            basis: Basis { article: rule.article.clone(), instrument: rule.instrument.clone() },
            confidence: rule.confidence,
        })
    }

    /// A number in force.
    #[must_use]
    pub fn number(&self, param: &str, at: Instant, area: Option<AreaCode>) -> Option<Cited<i64>> {
        let index = self.find(param, at, area)?;
        match self.rules[index].value {
            RuleValue::Number(value) => Some(Cited { value, citation: self.citations[index].clone() }),
            RuleValue::Flag(_) | RuleValue::Range { .. } => None,
        }
    }

    /// A range in force; a single number is a range of one.
    #[must_use]
    pub fn range(&self, param: &str, at: Instant, area: Option<AreaCode>) -> Option<Cited<(i64, i64)>> {
        let index = self.find(param, at, area)?;
        let value = match self.rules[index].value {
            RuleValue::Number(value) => (value, value),
            RuleValue::Range { min, max } => (min, max),
            RuleValue::Flag(_) => return None,
        };
        Some(Cited { value, citation: self.citations[index].clone() })
    }

    /// A flag in force; false where no rule sets it.
    #[must_use]
    pub fn flag(&self, param: &str, at: Instant, area: Option<AreaCode>) -> bool {
        matches!(self.rule(param, at, area).map(|rule| &rule.value), Some(RuleValue::Flag(true)))
    }
}

fn placed<'a, T>(file: &'a str, text: &str, item: Spanned<T>) -> Placed<'a, T> {
    Placed { file, line: line_of(text, item.span().start), item: item.into_inner() }
}

fn line_of(text: &str, offset: usize) -> usize {
    text.bytes().take(offset).filter(|byte| *byte == b'\n').count() + 1
}

/// How local a rule is, seen from an area; none when it does not apply there.
fn locality(place: Option<AreaCode>, area: Option<AreaCode>) -> Option<u8> {
    match (place, area) {
        (None, _) => Some(0),
        (Some(place), Some(area)) if place == area => Some(3),
        (Some(place), Some(area)) if place == area.prefecture() => Some(2),
        (Some(place), Some(area)) if place == area.province() => Some(1),
        (Some(_), _) => None,
    }
}

/// Titles by key.
fn index_instruments<'a>(
    instruments: &'a [Placed<'_, Instrument>],
) -> Result<HashMap<&'a str, String>, RulebookError> {
    let mut titles = HashMap::new();
    let mut places = HashMap::new();
    for placed in instruments {
        let Instrument { key, title, number } = &placed.item;
        if let Some(first) = places.insert(&**key, placed.place()) {
            return Err(placed.error(format!("instrument {key} stands already at {first}")));
        }
        let title = match number {
            Some(number) => format!("{title} ({number})"),
            None => title.to_string(),
        };
        titles.insert(&**key, title);
    }
    Ok(titles)
}

fn check_rules(rules: &[Placed<'_, Rule>]) -> Result<(), RulebookError> {
    let mut ids = HashMap::new();
    let mut settings = HashMap::new();
    for placed in rules {
        let rule = &placed.item;
        let id = &rule.id;
        if let Some(first) = ids.insert(&**id, placed.place()) {
            return Err(placed.error(format!("rule {id} stands already at {first}")));
        }
        if let Some((other, first)) =
            settings.insert((&*rule.param, rule.area, rule.from), (id, placed.place()))
        {
            return Err(placed.error(format!(
                "rule {id} sets {} from {} where rule {other} ({first}) does so too: nothing tells which one holds",
                rule.param,
                rule.from.words()
            )));
        }
        if rule.until.is_some_and(|until| until <= rule.from) {
            return Err(placed.error(format!("rule {id} ends before it begins")));
        }
        if let RuleValue::Range { min, max } = rule.value
            && max < min
        {
            return Err(placed.error(format!("rule {id}: the range ends at {max}, before its begin {min}")));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    const INSTRUMENT: &str = "[[instrument]]\nkey = \"X\"\ntitle = \"某办法\"\nnumber = \"1号\"\n";

    fn rule(id: &str, rest: &str) -> String {
        format!("[[rule]]\nid = \"{id}\"\nparam = \"p\"\ninstrument = \"X\"\nconfidence = \"H\"\n{rest}\n")
    }

    fn read(rules: &str) -> Result<Rulebook, RulebookError> {
        Rulebook::read(&[("instruments.toml", INSTRUMENT), ("rules.toml", rules)])
    }

    fn refusal(rules: &str) -> String {
        read(rules).unwrap_err().to_string()
    }

    fn at(text: &str) -> Instant {
        Instant::parse(text).unwrap()
    }

    #[test]
    fn the_rulebook_compiled_in_reads_and_every_rule_finds_itself() {
        let book = Rulebook::national();
        assert!(!book.rules().is_empty());
        assert_eq!(book.hash().len(), 64);
        for rule in book.rules() {
            let found = book.rule(&rule.param, rule.from, rule.area).unwrap();
            assert_eq!(found.id, rule.id);
            assert_eq!(book.citation(rule).id, rule.id);
            assert!(!book.citation(rule).basis.instrument.is_empty());
        }
    }

    #[test]
    fn the_most_local_rule_in_force_wins_and_among_equals_the_latest() {
        let text = [
            rule("nation", "from = \"2025-01-01\"\nvalue = 1"),
            rule("nation-later", "from = \"2026-01-01\"\nvalue = 2"),
            rule("province", "from = \"2025-03-01\"\nuntil = \"2027-03-01\"\narea = \"430000\"\nvalue = 3"),
            rule("city", "from = \"2025-06-01\"\narea = \"430500\"\nvalue = 4"),
        ]
        .concat();
        let book = read(&text).unwrap();
        let value = |day: &str, area: Option<&str>| {
            book.number("p", at(day), area.map(|area| AreaCode::parse(area).unwrap()))
                .map(|cited| cited.value)
        };
        assert_eq!(value("2024-12-31", None), None);
        assert_eq!(value("2025-01-01", None), Some(1));
        assert_eq!(value("2026-01-01", None), Some(2));
        assert_eq!(value("2025-02-28", Some("430500")), Some(1));
        assert_eq!(value("2025-03-01", Some("430500")), Some(3));
        assert_eq!(value("2025-06-01", Some("430521")), Some(4));
        assert_eq!(value("2025-06-01", Some("430200")), Some(3));
        assert_eq!(value("2027-03-01", Some("430200")), Some(2));
        assert_eq!(value("2025-06-01", Some("440100")), Some(1));
        let cited = book.number("p", at("2025-06-01"), None).unwrap();
        assert_eq!(&*cited.citation.basis.instrument, "某办法 (1号)");
    }

    #[test]
    fn a_bad_rulebook_is_refused_with_file_line_and_reason() {
        let good = rule("a", "from = \"2025-01-01\"\nvalue = 1");
        let twice = refusal(&[good.clone(), rule("a", "from = \"2025-02-01\"\nvalue = 1")].concat());
        assert_eq!(twice, "rules.toml:8: rule a stands already at rules.toml:1");
        let conflict = refusal(&[good.clone(), rule("b", "from = \"2025-01-01\"\nvalue = 2")].concat());
        assert!(
            conflict.starts_with("rules.toml:8: rule b sets p from 2025-01-01 where rule a"),
            "{conflict}"
        );
        let unknown = refusal(&good.replace("instrument = \"X\"", "instrument = \"Y\""));
        assert_eq!(unknown, "rules.toml:1: rule a: there is no instrument \"Y\"");
        let empty = refusal(&rule("a", "from = \"2025-01-01\"\nuntil = \"2025-01-01\"\nvalue = 1"));
        assert_eq!(empty, "rules.toml:1: rule a ends before it begins");
        let backwards = refusal(&rule("a", "from = \"2025-01-01\"\nvalue = { min = 6, max = 1 }"));
        assert!(backwards.starts_with("rules.toml:1: rule a: the range"), "{backwards}");
        let value = refusal(&rule("a", "from = \"2025-01-01\"\nvalue = \"six\""));
        assert!(value.starts_with("rules.toml:7: a value is true or false, a whole number"), "{value}");
        let field = refusal(&rule("a", "from = \"2025-01-01\"\nvalu = 1"));
        assert!(field.starts_with("rules.toml:7: unknown field `valu`"), "{field}");
        let day = refusal(&rule("a", "from = \"2025-02-30\"\nvalue = 1"));
        assert!(day.starts_with("rules.toml:6: \"2025-02-30\" is not a date"), "{day}");
        let doubled = Rulebook::read(&[("a.toml", INSTRUMENT), ("b.toml", INSTRUMENT)]).unwrap_err();
        assert_eq!(doubled.to_string(), "b.toml:1: instrument X stands already at a.toml:1");
    }
}
