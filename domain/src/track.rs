//! What stands, as data: a subject is a bundle of tracks, each holding one value at any instant.
//!
//! A [`Span`] says: on this [`Track`], this [`Value`] holds in `[from, until)`, because of that event. Status views,
//! `show`, `payable`, lists, census and comparisons all read spans and nothing else, so an answer computed from the log
//! and one read from a view are the same kind of thing and can be compared row by row.

mod classes;

pub use classes::{BarClass, Grade};

use crate::id::{AreaCode, InstitutionCode, SubjectKind, Version};
use crate::institution::facts::InstitutionKind;
use crate::time::Instant;
use serde::{Deserialize, Serialize, Serializer};
use std::fmt;

/// 业务线: what part of the agreement.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Line {
    /// 基本: the agreement itself; the other lines live only while it does.
    Basic,
    /// 门诊统筹.
    OutpatientPooling,
    /// 门诊慢特病 / 特殊门诊.
    SpecialOutpatient,
    /// 双通道.
    DualChannel,
    /// 异地就医.
    CrossRegion,
    /// 互联网.
    Internet,
}

impl Line {
    /// All lines, `basic` first.
    pub const ALL: [Line; 6] = [
        Self::Basic,
        Self::OutpatientPooling,
        Self::SpecialOutpatient,
        Self::DualChannel,
        Self::CrossRegion,
        Self::Internet,
    ];

    /// The word in JSON and on the command line.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Basic => "basic",
            Self::OutpatientPooling => "outpatient_pooling",
            Self::SpecialOutpatient => "special_outpatient",
            Self::DualChannel => "dual_channel",
            Self::CrossRegion => "cross_region",
            Self::Internet => "internet",
        }
    }

    /// From the word.
    #[must_use]
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|line| line.name() == word)
    }
}

impl fmt::Display for Line {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// Which thing about a subject has a value over time.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Track {
    /// Status of the agreement of one pooling area and line.
    Agreement(AreaCode, Line),
    /// 政策辅导期 in a pooling area.
    Probation(AreaCode),
    /// Whether cross-region settlement (异地就医结算) is open.
    CrossRegion(AreaCode),
    /// One settlement hold (暂停医保基金结算), named by the event that placed it.
    Hold {
        /// The event that placed it.
        placed_by: Version,
        /// The pooling area it covers; none means all.
        area: Option<AreaCode>,
        /// The line it covers; none means all. A hold on several lines is several tracks.
        line: Option<Line>,
    },
    /// One department ordered off (责令暂停…部门医药服务).
    Department(Box<str>),
    /// One bar to applying or registering again, named by the event that raised it.
    Bar(Version),
    /// 医保支付资格 of a practitioner.
    Qualification,
    /// 登记备案 of a practitioner at an institution.
    Site(InstitutionCode),
    /// 记分 in the running natural year.
    Points,
    /// 信用等级.
    Credit,
    /// 暂停纳入 of a kind of institutions in a pooling area.
    Moratorium(InstitutionKind),
    /// 承诺 in force, named by the event that made it.
    Commitment(Version),
    /// 失信惩戒 in force, named by the event that imposed it.
    Discipline(Version),
    /// 医疗费用联网结算 of an insured person.
    OnlineSettlement,
    /// 异议 pending, named by the event that raised it.
    Objection(Version),
    /// 申诉, 复议 or 诉讼 pending, named by the event that raised it.
    Appeal(Version),
    /// The resource plan (资源配置规划) of a pooling area.
    Plan,
    /// Rules that a pooling area adopted for itself, by their name.
    Rules(Box<str>),
    /// How far a case has come.
    Case,
    /// 挂牌督办 of a case.
    Supervision,
}

impl Track {
    /// The text form, as stored in views: `agreement/430500/basic`.
    #[must_use]
    pub fn key(&self) -> String {
        self.to_string()
    }

    /// From the text form.
    #[must_use]
    pub fn parse(key: &str) -> Option<Self> {
        let mut parts = key.splitn(4, '/');
        let head = parts.next()?;
        let area = |text: &str| AreaCode::parse(text).ok();
        match head {
            "agreement" => Some(Self::Agreement(area(parts.next()?)?, Line::parse(parts.next()?)?)),
            "probation" => Some(Self::Probation(area(parts.next()?)?)),
            "cross-region" => Some(Self::CrossRegion(area(parts.next()?)?)),
            "hold" => {
                let placed_by = parts.next()?.parse().ok()?;
                let area = match parts.next()? {
                    "*" => None,
                    text => Some(area(text)?),
                };
                let line = match parts.next()? {
                    "*" => None,
                    text => Some(Line::parse(text)?),
                };
                Some(Self::Hold { placed_by, area, line })
            }
            "department" => Some(Self::Department(key.split_once('/')?.1.into())),
            "bar" => Some(Self::Bar(parts.next()?.parse().ok()?)),
            "qualification" => Some(Self::Qualification),
            "site" => InstitutionCode::parse(parts.next()?).ok().map(Self::Site),
            "points" => Some(Self::Points),
            "credit" => Some(Self::Credit),
            "moratorium" => {
                let word = parts.next()?;
                InstitutionKind::ALL.into_iter().find(|kind| kind.name() == word).map(Self::Moratorium)
            }
            "commitment" => Some(Self::Commitment(parts.next()?.parse().ok()?)),
            "discipline" => Some(Self::Discipline(parts.next()?.parse().ok()?)),
            "online-settlement" => Some(Self::OnlineSettlement),
            "objection" => Some(Self::Objection(parts.next()?.parse().ok()?)),
            "appeal" => Some(Self::Appeal(parts.next()?.parse().ok()?)),
            "plan" => Some(Self::Plan),
            "rules" => Some(Self::Rules(key.split_once('/')?.1.into())),
            "case" => Some(Self::Case),
            "supervision" => Some(Self::Supervision),
            _ => None,
        }
    }

    /// Whether lists and the census go by this track, for a kind of subject: the agreement of an institution, the
    /// qualification of a practitioner, the credit grade of an enterprise or an insured person, the moratorium of an area,
    /// the status of a case.
    #[must_use]
    pub const fn is_status_of(&self, kind: SubjectKind) -> bool {
        match self {
            Self::Agreement(..) | Self::Qualification => true,
            Self::Credit => matches!(kind, SubjectKind::Enterprise | SubjectKind::Insured),
            Self::Moratorium(_) => matches!(kind, SubjectKind::Area),
            Self::OnlineSettlement => matches!(kind, SubjectKind::Insured),
            Self::Case => matches!(kind, SubjectKind::Case),
            Self::Probation(_)
            | Self::CrossRegion(_)
            | Self::Hold { .. }
            | Self::Department(_)
            | Self::Bar(_)
            | Self::Site(_)
            | Self::Points
            | Self::Commitment(_)
            | Self::Discipline(_)
            | Self::Objection(_)
            | Self::Appeal(_)
            | Self::Plan
            | Self::Rules(_)
            | Self::Supervision => false,
        }
    }

    /// The line, for the status of an agreement.
    #[must_use]
    pub const fn line(&self) -> Option<Line> {
        if let Self::Agreement(_, line) = self { Some(*line) } else { None }
    }

    /// The pooling area, where the track has one.
    #[must_use]
    pub const fn area(&self) -> Option<AreaCode> {
        match self {
            Self::Agreement(area, _) | Self::Probation(area) | Self::CrossRegion(area) => Some(*area),
            Self::Hold { area, .. } => *area,
            Self::Department(_)
            | Self::Bar(_)
            | Self::Qualification
            | Self::Site(_)
            | Self::Points
            | Self::Credit
            | Self::Moratorium(_)
            | Self::Commitment(_)
            | Self::Discipline(_)
            | Self::OnlineSettlement
            | Self::Objection(_)
            | Self::Appeal(_)
            | Self::Plan
            | Self::Rules(_)
            | Self::Case
            | Self::Supervision => None,
        }
    }
}

impl fmt::Display for Track {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Agreement(area, line) => write!(f, "agreement/{area}/{line}"),
            Self::Probation(area) => write!(f, "probation/{area}"),
            Self::CrossRegion(area) => write!(f, "cross-region/{area}"),
            Self::Hold { placed_by, area, line } => {
                write!(f, "hold/{placed_by}/")?;
                match area {
                    Some(area) => write!(f, "{area}/")?,
                    None => f.write_str("*/")?,
                }
                f.write_str(line.map_or("*", Line::name))
            }
            Self::Department(name) => write!(f, "department/{name}"),
            Self::Bar(cause) => write!(f, "bar/{cause}"),
            Self::Qualification => f.write_str("qualification"),
            Self::Site(code) => write!(f, "site/{code}"),
            Self::Points => f.write_str("points"),
            Self::Credit => f.write_str("credit"),
            Self::Moratorium(kind) => write!(f, "moratorium/{}", kind.name()),
            Self::Commitment(cause) => write!(f, "commitment/{cause}"),
            Self::Discipline(cause) => write!(f, "discipline/{cause}"),
            Self::OnlineSettlement => f.write_str("online-settlement"),
            Self::Objection(cause) => write!(f, "objection/{cause}"),
            Self::Appeal(cause) => write!(f, "appeal/{cause}"),
            Self::Plan => f.write_str("plan"),
            Self::Rules(name) => write!(f, "rules/{name}"),
            Self::Case => f.write_str("case"),
            Self::Supervision => f.write_str("supervision"),
        }
    }
}

impl Serialize for Track {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// What holds on a track. The words are those of the contract.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Value {
    /// Agreement: applied for.
    Applied,
    /// Agreement: under evaluation.
    Evaluating,
    /// Agreement: passed evaluation, not yet signed (or signed and not yet begun).
    Candidate,
    /// Agreement: refused.
    Refused,
    /// Agreement: 正常履行.
    InForce,
    /// Agreement: 中止. Practitioner: 暂停.
    Suspended,
    /// Agreement: 解除. Practitioner: 终止.
    Terminated,
    /// Agreement: 到期终止.
    Lapsed,
    /// Agreement: 不予续签, after the end of its term.
    NotRenewed,
    /// Agreement: given up by the institution.
    Withdrawn,
    /// Probation: the first period.
    Initial,
    /// Probation: extended once.
    Extended,
    /// Cross-region settlement: open.
    Open,
    /// Cross-region settlement: closed.
    Closed,
    /// A hold or a department order is on.
    On,
    /// Hold: was on, and what waited became free when it was released as cleared.
    Cleared,
    /// Hold: was on, and what waited became free only then, when it was released as cleared after it had ended otherwise.
    ClearedLater(Instant),
    /// Hold: was on, and was released as confirmed: what waited still waits.
    Confirmed,
    /// A bar, and whether the liability that goes with it has been performed.
    Barred {
        /// The reason class.
        class: BarClass,
        /// Whether penalty or breach liability is performed.
        liability_performed: bool,
    },
    /// Practitioner: never registered, or no longer at any site.
    Unregistered,
    /// Practitioner: 正常.
    Normal,
    /// Practitioner: registered at this site.
    Registered,
    /// Points of the running year, 0 to 12.
    Points(u8),
    /// Credit grade.
    Grade(Grade),
    /// An objection or appeal: not decided yet.
    Pending,
    /// A case: a lead that nobody has verified.
    Unverified,
    /// A case: being inspected.
    Inspecting,
    /// A case: found to be so (查实).
    Founded,
    /// A case: not found to be so (查无实据).
    Unfounded,
    /// A case: referred to another body (移送).
    Referred,
    /// A case: handed to another office inside the system (移交).
    Transferred,
}

impl Value {
    /// The word of the contract, without details.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Applied => "applied",
            Self::Evaluating => "evaluating",
            Self::Candidate => "candidate",
            Self::Refused => "refused",
            Self::InForce => "in_force",
            Self::Suspended => "suspended",
            Self::Terminated => "terminated",
            Self::Lapsed => "lapsed",
            Self::NotRenewed => "not_renewed",
            Self::Withdrawn => "withdrawn",
            Self::Initial => "initial",
            Self::Extended => "extended",
            Self::Open => "open",
            Self::Closed => "closed",
            Self::On => "on",
            Self::Cleared | Self::ClearedLater(_) => "cleared",
            Self::Confirmed => "confirmed",
            Self::Barred { .. } => "barred",
            Self::Unregistered => "unregistered",
            Self::Normal => "normal",
            Self::Registered => "registered",
            Self::Points(_) => "points",
            Self::Grade(grade) => grade.name(),
            Self::Pending => "pending",
            Self::Unverified => "unverified",
            Self::Inspecting => "inspecting",
            Self::Founded => "founded",
            Self::Unfounded => "unfounded",
            Self::Referred => "referred",
            Self::Transferred => "transferred",
        }
    }

    const PLAIN: [Value; 27] = [
        Self::Applied,
        Self::Evaluating,
        Self::Candidate,
        Self::Refused,
        Self::InForce,
        Self::Suspended,
        Self::Terminated,
        Self::Lapsed,
        Self::NotRenewed,
        Self::Withdrawn,
        Self::Initial,
        Self::Extended,
        Self::Open,
        Self::Closed,
        Self::On,
        Self::Cleared,
        Self::Confirmed,
        Self::Unregistered,
        Self::Normal,
        Self::Registered,
        Self::Pending,
        Self::Unverified,
        Self::Inspecting,
        Self::Founded,
        Self::Unfounded,
        Self::Referred,
        Self::Transferred,
    ];

    /// From the text form (`in_force`, `points 10`, `barred breach unperformed`).
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        if let Some(plain) = Self::PLAIN.into_iter().find(|value| value.name() == text) {
            return Some(plain);
        }
        if let Some(grade) = Grade::parse(text) {
            return Some(Self::Grade(grade));
        }
        let mut words = text.split(' ');
        match words.next()? {
            "points" => words.next()?.parse().ok().map(Self::Points),
            "cleared" => Instant::parse(words.next()?).ok().map(Self::ClearedLater),
            "barred" => Some(Self::Barred {
                class: BarClass::parse(words.next()?)?,
                liability_performed: words.next()? == "performed",
            }),
            _ => None,
        }
    }
}

impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Points(total) => write!(f, "points {total}"),
            Self::ClearedLater(from) => write!(f, "cleared {from}"),
            Self::Barred { class, liability_performed } => {
                let performed = if *liability_performed { "performed" } else { "unperformed" };
                write!(f, "barred {} {performed}", class.name())
            }
            plain => f.write_str(plain.name()),
        }
    }
}

impl Serialize for Value {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// One value on one track for one stretch of time.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize)]
pub struct Span {
    /// Which thing.
    pub track: Track,
    /// First instant it holds.
    pub from: Instant,
    /// First instant it no longer holds; [`Instant::MAX`] when open.
    pub until: Instant,
    /// What holds.
    pub value: Value,
    /// The event of this subject's stream that made it so.
    pub cause: Version,
}

impl Span {
    /// The events it rests on: the one that made it so, and for a hold the one that placed it.
    pub fn causes(&self) -> impl Iterator<Item = Version> + use<> {
        let placed_by = if let Track::Hold { placed_by, .. } = self.track { Some(placed_by) } else { None };
        [Some(self.cause), placed_by].into_iter().flatten()
    }

    /// Whether it holds at an instant.
    #[must_use]
    pub fn covers(&self, at: Instant) -> bool {
        self.from <= at && at < self.until
    }
}
