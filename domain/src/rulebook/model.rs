//! What stands in the rulebook: instruments, rules that set a parameter, provisions in words, names of parameters.

use crate::envelope::Basis;
use crate::id::AreaCode;
use crate::time::Instant;
use serde::{Deserialize, Serialize, Serializer};
use std::ops::Deref;
use std::sync::Arc;

/// How sure our reading is.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, Deserialize)]
pub enum Confidence {
    /// Text read.
    H,
    /// Press, or memory that agrees with a fragment read.
    M,
    /// Memory only.
    L,
}

impl Confidence {
    /// Whether the operative wording itself was read. Where not, every answer says so.
    #[must_use]
    pub const fn is_verified(self) -> bool {
        matches!(self, Self::H)
    }
}

/// The rank of an instrument (效力位阶).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Rank {
    /// 法律.
    Law,
    /// 行政法规.
    AdministrativeRegulation,
    /// 部门规章.
    DepartmentalRule,
    /// 地方性法规、地方政府规章.
    LocalRegulation,
    /// 规范性文件.
    NormativeDocument,
    /// 协议文本.
    Agreement,
    /// The ledger's own answer to what no instrument answers.
    Policy,
}

impl Rank {
    /// Higher binds first. Departmental rules and local regulations are equals: which of them holds is not for a program to
    /// say (立法法: 由国务院提出意见, and further).
    #[must_use]
    pub const fn level(self) -> u8 {
        match self {
            Self::Law => 5,
            Self::AdministrativeRegulation => 4,
            Self::DepartmentalRule | Self::LocalRegulation => 3,
            Self::NormativeDocument => 2,
            Self::Agreement => 1,
            Self::Policy => 0,
        }
    }

    /// The word in files and answers.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Law => "law",
            Self::AdministrativeRegulation => "administrative-regulation",
            Self::DepartmentalRule => "departmental-rule",
            Self::LocalRegulation => "local-regulation",
            Self::NormativeDocument => "normative-document",
            Self::Agreement => "agreement",
            Self::Policy => "policy",
        }
    }
}

/// Whom a rule is about.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum AppliesTo {
    /// 定点医疗机构.
    Medical,
    /// 定点零售药店.
    Pharmacy,
    /// 相关人员.
    Practitioner,
    /// 参保人.
    Insured,
    /// 医药企业.
    Enterprise,
    /// 经办机构.
    Agency,
    /// 医保行政部门.
    Bureau,
}

impl AppliesTo {
    /// The word in files and at the end of a parameter's key.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Medical => "medical",
            Self::Pharmacy => "pharmacy",
            Self::Practitioner => "practitioner",
            Self::Insured => "insured",
            Self::Enterprise => "enterprise",
            Self::Agency => "agency",
            Self::Bureau => "bureau",
        }
    }
}

/// An instrument.
#[derive(Clone, PartialEq, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Instrument {
    /// Key, `D-2`.
    pub key: Box<str>,
    /// Title.
    pub title: Box<str>,
    /// Number, where known.
    #[serde(default)]
    pub number: Option<Box<str>>,
    /// Who issued it, where known.
    #[serde(default)]
    pub issuer: Option<Box<str>>,
    /// Its rank.
    pub rank: Rank,
    /// When it was issued, where known.
    #[serde(default)]
    pub issued: Option<Instant>,
    /// In force from, where known. A rule without a day of its own begins here, and none begins before.
    #[serde(default)]
    pub from: Option<Instant>,
    /// Until; open when left out.
    #[serde(default)]
    pub until: Option<Instant>,
    /// How sure our reading of its rank and dates is.
    pub confidence: Confidence,
    /// What to know about it.
    #[serde(default)]
    pub note: Option<Box<str>>,
}

/// What a rule says.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Deserialize, Serialize)]
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

/// A rule: it sets a parameter.
#[derive(Clone, PartialEq, Debug)]
pub struct Rule {
    /// Id; one row may give several rules: `R-113.5`.
    pub id: Box<str>,
    /// What it sets.
    pub param: Box<str>,
    /// Whom it is about; everybody the parameter is about when empty.
    pub applies_to: Box<[AppliesTo]>,
    /// Instrument key.
    pub instrument: Box<str>,
    /// The rank of the instrument.
    pub rank: Rank,
    /// Article.
    pub article: Option<Box<str>>,
    /// In force from.
    pub from: Instant,
    /// Until; open when none.
    pub until: Option<Instant>,
    /// Province, prefecture or pooling area; the whole country when none.
    pub area: Option<AreaCode>,
    /// What it says.
    pub value: RuleValue,
    /// How sure our reading is.
    pub confidence: Confidence,
    /// What to know about it.
    pub note: Option<Box<str>>,
    /// The file it stands in; for rules adopted by an area, the name they were adopted under.
    pub file: Arc<str>,
    /// The line in it, from 1.
    pub line: usize,
}

impl Rule {
    /// Whether it is in force.
    #[must_use]
    pub fn in_force(&self, at: Instant) -> bool {
        self.from <= at && self.until.is_none_or(|until| at < until)
    }

    /// Whether it is in force at some time: what was adopted and annulled again never was.
    pub(super) fn is_ever(&self) -> bool {
        self.until.is_none_or(|until| self.from < until)
    }

    /// The keys it is found under: its parameter, for each it is about with that word at the end.
    pub(crate) fn keys(&self) -> impl Iterator<Item = String> {
        let bare = self.applies_to.is_empty().then(|| self.param.to_string());
        bare.into_iter().chain(self.applies_to.iter().map(|whom| format!("{}.{}", self.param, whom.name())))
    }

    /// `file:line`.
    pub(super) fn place(&self) -> String {
        format!("{}:{}", self.file, self.line)
    }

    /// Whether both are in force at some time.
    pub(super) fn overlaps(&self, other: &Rule) -> bool {
        let until = |rule: &Rule| rule.until.unwrap_or(Instant::MAX);
        self.from < until(other) && other.from < until(self)
    }
}

/// What an instrument says in words: a duty, a power, a ground, a procedure. It sets no parameter.
#[derive(Clone, PartialEq, Debug)]
pub struct Provision {
    /// Id.
    pub id: Box<str>,
    /// Instrument key.
    pub instrument: Box<str>,
    /// The rank of the instrument.
    pub rank: Rank,
    /// Article.
    pub article: Option<Box<str>>,
    /// In force from; none where it is not known.
    pub from: Option<Instant>,
    /// Until; open when none.
    pub until: Option<Instant>,
    /// Province, prefecture or pooling area; the whole country when none.
    pub area: Option<AreaCode>,
    /// Whom it is about.
    pub applies_to: Box<[AppliesTo]>,
    /// Where it shows in the ledger: institution, practitioner, insured person, enterprise, obligation, record, referral,
    /// settlement, data feed, as the letters `a` to `i` in this order.
    pub class: Box<str>,
    /// What it says: its words where they were read, else their sense.
    pub text: Box<str>,
    /// The same in English.
    pub en: Box<str>,
    /// The command it is a ground of.
    pub ground_of: Option<Box<str>>,
    /// How sure our reading is.
    pub confidence: Confidence,
    /// What to know about it.
    pub note: Option<Box<str>>,
}

impl Provision {
    /// Whether it is in force. One whose begin is not known is shown at all times up to its end.
    #[must_use]
    pub fn in_force(&self, at: Instant) -> bool {
        self.from.is_none_or(|from| from <= at) && self.until.is_none_or(|until| at < until)
    }
}

/// What a parameter is called and counted in.
#[derive(Clone, PartialEq, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Parameter {
    /// Its key, as rules name it.
    pub key: Box<str>,
    /// Its name in Chinese.
    pub zh: Box<str>,
    /// Its name in English.
    pub en: Box<str>,
    /// What its number counts; none for yes and no.
    #[serde(default)]
    pub unit: Option<Unit>,
}

/// What a number counts.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Deserialize, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Unit {
    /// 日.
    Days,
    /// 个工作日.
    WorkingDays,
    /// 个月.
    Months,
    /// 年.
    Years,
    /// 分 of a score.
    Points,
    /// 人.
    People,
    /// 次.
    Times,
    /// 张 (beds).
    Beds,
    /// Tenths of a multiple: 10 is once.
    Tenths,
    /// Fen of money.
    Fen,
    /// 百分之.
    Percent,
}

/// Where a number comes from. Cheap to clone: all answers share the rulebook's own.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Citation(Arc<Source>);

/// What a [`Citation`] says.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Source {
    /// The rule's id in the rulebook.
    pub id: Box<str>,
    /// The instrument's title and number, and the article.
    #[serde(flatten)]
    pub basis: Basis,
    /// How sure our reading is.
    pub confidence: Confidence,
    /// Rules of equal rank that say otherwise while this one is in force, by id: which of them holds is for people to say.
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    pub conflicts_with: Box<[Box<str>]>,
}

impl Citation {
    /// A citation.
    #[must_use]
    pub fn new(source: Source) -> Self {
        Self(Arc::new(source))
    }
}

impl Deref for Citation {
    type Target = Source;

    fn deref(&self) -> &Source {
        &self.0
    }
}

impl Serialize for Citation {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.serialize(serializer)
    }
}

/// Something read from the rulebook, with its citation.
#[derive(Clone, PartialEq, Debug)]
pub struct Cited<T> {
    /// What.
    pub value: T,
    /// From where.
    pub citation: Citation,
}
