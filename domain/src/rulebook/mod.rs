//! Law as data: instruments with their rank, rules and provisions with effective windows, places and citations.
//!
//! Rules are looked up by parameter, at a date, in an area and for a kind of institution. Every number read through here
//! comes with its citation. Files are TOML; those of the country and its provinces are compiled in, and an area may adopt
//! more ([`crate::laws`]).
//!
//! Of several rules in force that set the same parameter, the one of higher rank holds; among equals the most local one, and
//! among these the latest. Where that settles nothing (a departmental rule and a local regulation, or two instruments of
//! equal rank, place and date) the more local or later written one is read, and its citation names the other
//! ([`Source::conflicts_with`]): which one holds is for people to say, and a decision under it carries a finding.

mod in_force;
mod model;
mod overlay;
mod read;
mod supposed;
#[cfg(test)]
mod tests;

pub use in_force::InForce;
pub use model::{
    AppliesTo, Citation, Cited, Confidence, Instrument, Parameter, Provision, Rank, Rule, RuleValue, Source,
    Unit,
};
pub(crate) use overlay::{Adopted, Window};
pub use read::RulebookError;

use crate::id::AreaCode;
use crate::time::Instant;
use std::collections::HashMap;
use std::sync::{Arc, LazyLock};

/// All instruments, rules and provisions.
#[derive(Clone, PartialEq, Debug)]
pub struct Rulebook {
    instruments: Vec<Instrument>,
    parameters: HashMap<Box<str>, Parameter>,
    rules: Vec<Rule>,
    /// The citation of the rule at the same place.
    citations: Vec<Citation>,
    provisions: Vec<Provision>,
    by_key: HashMap<Box<str>, Places>,
    by_id: HashMap<Box<str>, usize>,
    hash: Box<str>,
    /// Set where the law of one day is taken to hold at all times.
    as_if_of: Option<Instant>,
}

/// The rules that set one parameter, by where they hold.
#[derive(Clone, PartialEq, Debug, Default)]
struct Places {
    everywhere: Vec<usize>,
    local: HashMap<AreaCode, Vec<usize>>,
}

macro_rules! files {
    ($($name:literal),* $(,)?) => {
        &[$(($name, include_str!(concat!("../../rulebook/", $name)))),*]
    };
}

/// The files compiled in.
const NATIONAL_FILES: &[(&str, &str)] = files![
    "parameters.toml",
    "national/instruments.toml",
    "national/institution.toml",
    "national/practitioner.toml",
    "national/payment.toml",
    "national/credit.toml",
    "national/regulation-735.toml",
    "national/other-law.toml",
    "national/measures-2.toml",
    "national/measures-3.toml",
    "national/rules-7.toml",
    "national/template.toml",
    "national/qualification.toml",
    "national/notice-2018.toml",
    "national/opinion-2023.toml",
    "national/notice-2025.toml",
    "national/feeds.toml",
    "national/obligations.toml",
    "national/basis.toml",
    "provinces/beijing.toml",
    "provinces/fujian.toml",
    "provinces/gansu.toml",
    "provinces/gansu-zhangye.toml",
    "provinces/guangdong.toml",
    "provinces/guizhou.toml",
    "provinces/hainan.toml",
    "provinces/hubei.toml",
    "provinces/hunan.toml",
    "provinces/inner-mongolia.toml",
    "provinces/jiangsu-nantong.toml",
    "provinces/jiangxi.toml",
    "provinces/liaoning.toml",
    "provinces/ningxia.toml",
    "provinces/shandong-dezhou.toml",
    "provinces/shanghai.toml",
    "provinces/sichuan.toml",
    "provinces/sichuan-suining.toml",
    "provinces/tianjin.toml",
    "provinces/zhejiang.toml",
];

static NATIONAL: LazyLock<Arc<Rulebook>> = LazyLock::new(|| {
    let book = Rulebook::read(NATIONAL_FILES).unwrap_or_else(|error| {
        // The text is compiled in and a test reads it: reaching this is a fault of the build.
        panic!("{error}")
    });
    Arc::new(book)
});

impl Rulebook {
    /// The rulebook compiled in.
    #[must_use]
    pub fn national() -> &'static Rulebook {
        &NATIONAL
    }

    /// The same, to be shared.
    #[must_use]
    pub fn shared() -> &'static Arc<Rulebook> {
        &NATIONAL
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

    /// All provisions in words.
    #[must_use]
    pub fn provisions(&self) -> &[Provision] {
        &self.provisions
    }

    /// All instruments.
    #[must_use]
    pub fn instruments(&self) -> &[Instrument] {
        &self.instruments
    }

    /// The instrument of that key.
    #[must_use]
    pub fn instrument(&self, key: &str) -> Option<&Instrument> {
        self.instruments.iter().find(|instrument| &*instrument.key == key)
    }

    /// What a parameter is called; none where no file says.
    #[must_use]
    pub fn parameter(&self, key: &str) -> Option<&Parameter> {
        self.parameters.get(key)
    }

    /// Whether any rule, of any time and place, sets a parameter.
    #[must_use]
    pub fn sets(&self, param: &str) -> bool {
        self.by_key.contains_key(param)
    }

    /// The rule that sets a parameter at a date in an area: of those in force, the one of highest rank, among equals the
    /// most local one, and among these the latest.
    #[must_use]
    pub fn rule(&self, param: &str, at: Instant, area: Option<AreaCode>) -> Option<&Rule> {
        self.find(param, at, area).map(|index| &self.rules[index])
    }

    fn find(&self, param: &str, at: Instant, area: Option<AreaCode>) -> Option<usize> {
        let at = self.as_if_of.unwrap_or(at);
        self.candidates(param, area)
            .filter(|(_, index)| self.rules[*index].in_force(at))
            .max_by_key(|(locality, index)| {
                let rule = &self.rules[*index];
                (rule.rank.level(), *locality, rule.from, *index)
            })
            .map(|(_, index)| index)
    }

    /// The rules for a parameter that hold in an area at some time, with how local they are.
    fn candidates(&self, param: &str, area: Option<AreaCode>) -> impl Iterator<Item = (u8, usize)> {
        let places = self.by_key.get(param);
        let everywhere = places.map(|places| places.everywhere.as_slice()).unwrap_or_default();
        let around = places.filter(|places| !places.local.is_empty()).and(area).map(surroundings);
        let local = around.into_iter().flatten().flatten().flat_map(move |(locality, area)| {
            let here = places.and_then(|places| places.local.get(&area));
            here.map(Vec::as_slice).unwrap_or_default().iter().map(move |index| (locality, *index))
        });
        everywhere.iter().map(|index| (0, *index)).chain(local)
    }

    /// The rule of that id.
    #[must_use]
    pub fn by_id(&self, id: &str) -> Option<&Rule> {
        self.by_id.get(id).map(|index| &self.rules[*index])
    }

    /// Where a rule comes from.
    #[must_use]
    pub fn citation(&self, rule: &Rule) -> Citation {
        let own = self.by_id.get(&rule.id).map(|index| self.citations[*index].clone());
        own.unwrap_or_else(|| read::citation(rule, &rule.instrument, Box::default()))
    }

    /// The citation of what has that id: a rule, else a provision.
    #[must_use]
    pub fn cite(&self, id: &str) -> Option<Citation> {
        if let Some(index) = self.by_id.get(id) {
            return Some(self.citations[*index].clone());
        }
        let provision = self.provisions.iter().find(|provision| &*provision.id == id)?;
        Some(Citation::new(Source {
            id: provision.id.clone(),
            basis: self.basis(provision),
            confidence: provision.confidence,
            conflicts_with: Box::default(),
        }))
    }

    /// The rules of equal rank that say otherwise than this one while it is in force.
    #[must_use]
    pub fn conflicts(&self, id: &str) -> &[Box<str>] {
        self.by_id.get(id).map(|index| &*self.citations[*index].conflicts_with).unwrap_or_default()
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

/// An area and what it lies in, each once, with how local it is.
fn surroundings(area: AreaCode) -> [Option<(u8, AreaCode)>; 3] {
    let (prefecture, province) = (area.prefecture(), area.province());
    [
        (province != area && province != prefecture).then_some((1, province)),
        (prefecture != area).then_some((2, prefecture)),
        Some((3, area)),
    ]
}
