//! Reading rulebook files: strict, and every refusal names file, line and reason.

use super::model::{
    AppliesTo, Citation, Confidence, Instrument, Parameter, Provision, Rule, RuleValue, Source,
};
use super::{Places, Rulebook};
use crate::envelope::Basis;
use crate::id::AreaCode;
use crate::time::Instant;
use serde::Deserialize;
use sha2::{Digest, Sha256};
use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;
use toml::Spanned;

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

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct File {
    #[serde(default)]
    pub(super) instrument: Vec<Spanned<Instrument>>,
    #[serde(default)]
    pub(super) parameter: Vec<Spanned<Parameter>>,
    #[serde(default)]
    pub(super) rule: Vec<Spanned<RuleEntry>>,
    #[serde(default)]
    pub(super) provision: Vec<Spanned<ProvisionEntry>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RuleEntry {
    pub(super) id: Box<str>,
    pub(super) param: Box<str>,
    #[serde(default)]
    applies_to: Box<[AppliesTo]>,
    pub(super) instrument: Box<str>,
    #[serde(default)]
    article: Option<Box<str>>,
    #[serde(default)]
    pub(super) from: Option<Instant>,
    #[serde(default)]
    until: Option<Instant>,
    #[serde(default)]
    pub(super) area: Option<AreaCode>,
    value: RuleValue,
    confidence: Confidence,
    #[serde(default)]
    note: Option<Box<str>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ProvisionEntry {
    pub(super) id: Box<str>,
    pub(super) instrument: Box<str>,
    #[serde(default)]
    article: Option<Box<str>>,
    #[serde(default)]
    from: Option<Instant>,
    #[serde(default)]
    until: Option<Instant>,
    #[serde(default)]
    pub(super) area: Option<AreaCode>,
    #[serde(default)]
    applies_to: Box<[AppliesTo]>,
    class: Box<str>,
    text: Box<str>,
    en: Box<str>,
    #[serde(default)]
    ground_of: Option<Box<str>>,
    confidence: Confidence,
    #[serde(default)]
    note: Option<Box<str>>,
}

/// One file's text, to say where in it something stands.
#[derive(Clone, Copy)]
pub(super) struct Page<'a> {
    pub(super) file: &'a str,
    pub(super) text: &'a str,
}

impl Page<'_> {
    fn line(self, offset: usize) -> usize {
        self.text.bytes().take(offset).filter(|byte| *byte == b'\n').count() + 1
    }

    pub(super) fn error<T>(self, item: &Spanned<T>, message: String) -> RulebookError {
        RulebookError { file: self.file.to_owned(), line: self.line(item.span().start), message }
    }

    pub(super) fn parse(self) -> Result<File, RulebookError> {
        toml::from_str(self.text).map_err(|error| RulebookError {
            file: self.file.to_owned(),
            line: self.line(error.span().map_or(0, |span| span.start)),
            message: error.message().to_owned(),
        })
    }
}

impl Rulebook {
    /// Reads files of instruments, parameters, rules and provisions. A rule may name an instrument of another file.
    ///
    /// # Errors
    /// [`RulebookError`] with file, line and reason: text that is no TOML of this form; an instrument, parameter, rule or
    /// provision given twice; one of an unknown instrument, with an empty window or beginning before its instrument; a
    /// parameter set by a number here and by yes or no there; and two rules of one instrument that set the same parameter
    /// for the same area from the same day.
    pub fn read(files: &[(&str, &str)]) -> Result<Self, RulebookError> {
        let mut digest = Sha256::new();
        let mut read = Vec::new();
        for &(file, text) in files {
            for part in [file, text] {
                digest.update(part.as_bytes());
                digest.update([0]);
            }
            let page = Page { file, text };
            read.push((page, page.parse()?));
        }
        let mut book = Rulebook {
            instruments: Vec::new(),
            parameters: HashMap::new(),
            rules: Vec::new(),
            citations: Vec::new(),
            provisions: Vec::new(),
            by_key: HashMap::new(),
            by_id: HashMap::new(),
            hash: hex(digest).into(),
            as_if_of: None,
        };
        // Instruments of all files first, as rules name those of others.
        for (page, file) in &mut read {
            book.add_instruments(*page, std::mem::take(&mut file.instrument))?;
            book.add_parameters(*page, std::mem::take(&mut file.parameter))?;
        }
        for (page, file) in read {
            book.add_rules(page, file.rule)?;
            book.add_provisions(page, file.provision)?;
        }
        book.index();
        Ok(book)
    }

    pub(super) fn add_instruments(
        &mut self,
        page: Page<'_>,
        instruments: Vec<Spanned<Instrument>>,
    ) -> Result<(), RulebookError> {
        for entry in instruments {
            let key = &entry.get_ref().key;
            if self.instrument(key).is_some() {
                return Err(page.error(&entry, format!("instrument {key} stands already in the rulebook")));
            }
            self.instruments.push(entry.into_inner());
        }
        Ok(())
    }

    fn add_parameters(
        &mut self,
        page: Page<'_>,
        parameters: Vec<Spanned<Parameter>>,
    ) -> Result<(), RulebookError> {
        for entry in parameters {
            let key = &entry.get_ref().key;
            if self.parameters.contains_key(key) {
                return Err(page.error(&entry, format!("parameter {key} stands already in the rulebook")));
            }
            self.parameters.insert(key.clone(), entry.into_inner());
        }
        Ok(())
    }

    pub(super) fn add_rules(
        &mut self,
        page: Page<'_>,
        rules: Vec<Spanned<RuleEntry>>,
    ) -> Result<(), RulebookError> {
        let file: Arc<str> = page.file.into();
        for entry in rules {
            let rule = self.rule_of(&entry, page, &file).map_err(|message| page.error(&entry, message))?;
            self.by_id.insert(rule.id.clone(), self.rules.len());
            self.rules.push(rule);
        }
        Ok(())
    }

    fn rule_of(&self, entry: &Spanned<RuleEntry>, page: Page<'_>, file: &Arc<str>) -> Result<Rule, String> {
        let line = page.line(entry.span().start);
        let entry = entry.get_ref();
        let id = &entry.id;
        if let Some(first) = self.by_id(id) {
            return Err(format!("rule {id} stands already at {}", first.place()));
        }
        let Some(instrument) = self.instrument(&entry.instrument) else {
            return Err(format!("rule {id}: there is no instrument {:?}", entry.instrument));
        };
        let Some(from) = entry.from.or(instrument.from) else {
            return Err(format!("rule {id} has no `from`, nor has its instrument"));
        };
        if entry.until.is_some_and(|until| until <= from) {
            return Err(format!("rule {id} ends before it begins"));
        }
        if let Some(begin) = instrument.from.filter(|begin| from < *begin) {
            let (own, begin) = (from.words(), begin.words());
            return Err(format!("rule {id} begins on {own}, before its instrument on {begin}"));
        }
        if let RuleValue::Range { min, max } = entry.value
            && max < min
        {
            return Err(format!("rule {id}: the range ends at {max}, before its beginning {min}"));
        }
        let rule = Rule {
            id: id.clone(),
            param: entry.param.clone(),
            applies_to: entry.applies_to.clone(),
            instrument: entry.instrument.clone(),
            rank: instrument.rank,
            article: entry.article.clone(),
            from,
            until: entry.until.or(instrument.until),
            area: entry.area,
            value: entry.value,
            confidence: entry.confidence,
            note: entry.note.clone(),
            file: Arc::clone(file),
            line,
        };
        for other in self.rules.iter().filter(|other| other.param == rule.param) {
            let same_setting = other.instrument == rule.instrument
                && other.applies_to == rule.applies_to
                && (other.area, other.from) == (rule.area, rule.from);
            if same_setting {
                return Err(format!(
                    "rule {id} sets {} from {} where rule {} ({}) does so too: nothing tells which one holds",
                    rule.param,
                    from.words(),
                    other.id,
                    other.place()
                ));
            }
            if is_flag(other.value) != is_flag(rule.value) {
                return Err(format!(
                    "rule {id} sets {} by {}, rule {} ({}) by {}",
                    rule.param,
                    kind(rule.value),
                    other.id,
                    other.place(),
                    kind(other.value)
                ));
            }
        }
        Ok(rule)
    }

    pub(super) fn add_provisions(
        &mut self,
        page: Page<'_>,
        provisions: Vec<Spanned<ProvisionEntry>>,
    ) -> Result<(), RulebookError> {
        for entry in provisions {
            let provision =
                self.provision_of(entry.get_ref()).map_err(|message| page.error(&entry, message))?;
            self.provisions.push(provision);
        }
        Ok(())
    }

    fn provision_of(&self, entry: &ProvisionEntry) -> Result<Provision, String> {
        let id = &entry.id;
        if self.provisions.iter().any(|known| known.id == *id) {
            return Err(format!("provision {id} stands already in the rulebook"));
        }
        let Some(instrument) = self.instrument(&entry.instrument) else {
            return Err(format!("provision {id}: there is no instrument {:?}", entry.instrument));
        };
        let letters = entry.class.bytes();
        if entry.class.is_empty()
            || !letters.clone().is_sorted()
            || !letters.clone().all(|c| matches!(c, b'a'..=b'i'))
        {
            return Err(format!("provision {id}: class is some of the letters a to i in their order"));
        }
        let from = entry.from.or(instrument.from);
        let until = entry.until.or(instrument.until);
        if from.zip(until).is_some_and(|(from, until)| until <= from) {
            return Err(format!("provision {id} ends before it begins"));
        }
        Ok(Provision {
            id: id.clone(),
            instrument: entry.instrument.clone(),
            rank: instrument.rank,
            article: entry.article.clone(),
            from,
            until,
            area: entry.area,
            applies_to: entry.applies_to.clone(),
            class: entry.class.clone(),
            text: entry.text.clone(),
            en: entry.en.clone(),
            ground_of: entry.ground_of.clone(),
            confidence: entry.confidence,
            note: entry.note.clone(),
        })
    }

    /// Makes the lookups and the citations from the rules.
    pub(super) fn index(&mut self) {
        let mut kinds: HashMap<&str, BTreeSet<AppliesTo>> = HashMap::new();
        for rule in &self.rules {
            kinds.entry(&rule.param).or_default().extend(rule.applies_to.iter());
        }
        let mut by_key: HashMap<Box<str>, Places> = HashMap::new();
        for (index, rule) in self.rules.iter().enumerate().filter(|(_, rule)| rule.is_ever()) {
            let mut keys: Vec<String> = rule.keys().collect();
            if rule.applies_to.is_empty() {
                // What is set for everybody is found also by who asks for one kind.
                let kinds = kinds.get(&*rule.param).into_iter().flatten();
                keys.extend(kinds.map(|whom| format!("{}.{}", rule.param, whom.name())));
            }
            for key in keys {
                let places = by_key.entry(key.into()).or_default();
                match rule.area {
                    None => places.everywhere.push(index),
                    Some(area) => places.local.entry(area).or_default().push(index),
                }
            }
        }
        let citations = (0..self.rules.len()).map(|index| self.citation_of(index, &by_key)).collect();
        self.citations = citations;
        self.by_key = by_key;
    }

    fn citation_of(&self, index: usize, by_key: &HashMap<Box<str>, Places>) -> Citation {
        let rule = &self.rules[index];
        let title = self.instrument(&rule.instrument).map_or_else(|| rule.instrument.to_string(), title);
        let neighbours = rule.keys().flat_map(|key| {
            let places = by_key.get(&*key);
            let local = places.into_iter().flat_map(|places| places.local.values().flatten());
            places.into_iter().flat_map(|places| &places.everywhere).chain(local).copied()
        });
        let against: BTreeSet<usize> = neighbours
            .filter(|other| *other != index && rule.is_ever() && contradicts(rule, &self.rules[*other]))
            .collect();
        let mut against: Vec<Box<str>> =
            against.into_iter().map(|other| self.rules[other].id.clone()).collect();
        // What holds more than once stands more than once.
        against.dedup();
        let against = against.into();
        citation(rule, &title, against)
    }
}

/// Whether a rule, where it is read, has another of equal rank beside it that says otherwise.
fn contradicts(rule: &Rule, other: &Rule) -> bool {
    if rule.value == other.value || rule.rank.level() != other.rank.level() || !rule.overlaps(other) {
        return false;
    }
    if rule.area == other.area {
        return rule.from == other.from || rule.rank != other.rank;
    }
    // The more local one is read, and it is the one that says that there is another.
    let inside = match (rule.area, other.area) {
        (Some(_), None) => true,
        (Some(area), Some(around)) => is_within(area, around),
        (None, _) => false,
    };
    inside && rule.rank != other.rank
}

/// Whether an area is another or lies in it.
pub(super) fn is_within(area: AreaCode, around: AreaCode) -> bool {
    area == around || area.prefecture() == around || area.province() == around
}

pub(super) fn citation(rule: &Rule, title: &str, conflicts_with: Box<[Box<str>]>) -> Citation {
    Citation::new(Source {
        id: rule.id.clone(),
        basis: Basis { article: rule.article.clone(), instrument: title.into() },
        confidence: rule.confidence,
        conflicts_with,
    })
}

/// Title and number.
pub(super) fn title(instrument: &Instrument) -> String {
    match &instrument.number {
        Some(number) => format!("{} ({number})", instrument.title),
        None => instrument.title.to_string(),
    }
}

pub(super) fn hex(digest: Sha256) -> String {
    let bytes: [u8; 32] = digest.finalize().into();
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

const fn is_flag(value: RuleValue) -> bool {
    matches!(value, RuleValue::Flag(_))
}

const fn kind(value: RuleValue) -> &'static str {
    if is_flag(value) { "yes or no" } else { "a number" }
}
