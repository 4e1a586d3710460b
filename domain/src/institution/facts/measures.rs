//! What measures, money and supervision state: from the hold of a settlement to what is referred elsewhere.

use super::{AuditKind, HoldOutcome, Text};
use crate::event::EventRef;
use crate::id::AreaCode;
use crate::limits::{fen, fen_if_known};
use crate::personal::Personal;
use crate::time::Instant;
use crate::track::Line;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

facts! {
    /// 暂停医保基金结算, as asked.
    HoldAct {
        /// When the act began that it answers: the agreement and the law of its time apply.
        ? act_from: Instant,
        /// When it ended.
        ? act_to: Instant,
        /// The principal responsible person of the bureau approved (令735 art 30).
        ? approved_by_principal: bool,
        /// Pooling area; none means all.
        ? area: AreaCode,
        /// Why; `art-30` asks for the two booleans.
        ground: Text,
        /// Lines; none means all.
        * lines: Line,
        /// The institution refused to cooperate (令735 art 30).
        ? refused_cooperation: bool,
    }
    /// 暂停医保基金结算, as decided.
    Hold {
        /// When the act began that it answers: the agreement and the law of its time apply.
        ? act_from: Instant,
        /// When it ended.
        ? act_to: Instant,
        /// The principal responsible person of the bureau approved (令735 art 30).
        ? approved_by_principal: bool,
        /// Pooling area; none means all.
        ? area: AreaCode,
        /// The signing or renewal whose term ran at the time of the act.
        ? bound_by: EventRef,
        /// Why; `art-30` asks for the two booleans.
        ground: Text,
        /// Lines; none means all.
        * lines: Line,
        /// The institution refused to cooperate (令735 art 30).
        ? refused_cooperation: bool,
    }
    /// 恢复医保基金结算.
    HoldRelease {
        /// The event that placed the hold.
        hold: Uuid,
        /// How it ended.
        outcome: HoldOutcome,
    }
    /// 责令暂停相关责任部门医药服务.
    DepartmentOrder {
        /// When the act began that is punished: the law of its time applies unless that of today is lighter.
        ? act_from: Instant,
        /// When it ended.
        ? act_to: Instant,
        /// Department.
        department: Text,
        /// End.
        until: Instant,
    }
    /// Lifted early.
    DepartmentLift {
        /// Department.
        department: Text,
    }
    /// 限期整改.
    RectificationOrder {
        /// Pooling area.
        ? area: AreaCode,
        /// What is to be put right.
        * problems: Text,
        /// Deadline.
        ? until: Instant,
    }
    /// Result of a rectification.
    RectificationResult {
        /// Words.
        ? note: Text,
        /// The order.
        order: Uuid,
    }
    /// A measure that changes no status: 约谈, 警示, 通报, 曝光.
    Measure {
        /// Words.
        ? note: Text,
        /// Who was spoken to, told or shown.
        ? recipient: Personal,
    }
    /// One part of a sum, with its own multiple.
    Portion {
        /// Sum in fen.
        #[serde(deserialize_with = "fen")]
        amount_fen: i64,
        /// What the multiple applies to, in fen.
        #[serde(deserialize_with = "fen")]
        base_fen: i64,
        /// Multiple, in tenths: 20 is 2 times.
        multiple_tenths: u32,
    }
    /// 拒付, 追回, 违约金, as asked.
    MoneyAct {
        /// When the act began that it answers: the agreement and the law of its time apply.
        ? act_from: Instant,
        /// When it ended.
        ? act_to: Instant,
        /// Sum in fen; null when the source does not say.
        #[serde(deserialize_with = "fen_if_known")]
        ? amount_fen: i64,
        /// Pooling area.
        ? area: AreaCode,
        /// Words.
        ? note: Text,
    }
    /// 拒付, 追回, 违约金, as decided.
    MoneyMeasure {
        /// When the act began that it answers: the agreement and the law of its time apply.
        ? act_from: Instant,
        /// When it ended.
        ? act_to: Instant,
        /// Sum in fen; null when the source does not say.
        #[serde(deserialize_with = "fen_if_known")]
        ? amount_fen: i64,
        /// Pooling area.
        ? area: AreaCode,
        /// The signing or renewal whose term ran at the time of the act.
        ? bound_by: EventRef,
        /// Words.
        ? note: Text,
    }
    /// 预付金.
    Money {
        /// Sum in fen; null when the source does not say.
        #[serde(deserialize_with = "fen_if_known")]
        ? amount_fen: i64,
        /// Pooling area.
        ? area: AreaCode,
        /// Words.
        ? note: Text,
    }
    /// 申报结算.
    SettlementDeclaration {
        /// Sum declared, in fen; null when the source does not say.
        #[serde(deserialize_with = "fen_if_known")]
        ? amount_fen: i64,
        /// Pooling area.
        area: AreaCode,
        /// Begin of the time whose costs are declared.
        ? from: Instant,
        /// Words.
        ? note: Text,
        /// End of it.
        ? until: Instant,
    }
    /// 拨付.
    SettlementPayment {
        /// Sum paid, in fen; null when the source does not say.
        #[serde(deserialize_with = "fen_if_known")]
        ? amount_fen: i64,
        /// Whether nothing of what was declared is left to be paid: the rest is paid, denied or held.
        complete: bool,
        /// The declaration.
        declaration: Uuid,
        /// Words.
        ? note: Text,
    }
    /// 罚款.
    Fine {
        /// When the act began that is punished: the law of its time applies unless that of today is lighter.
        ? act_from: Instant,
        /// When it ended.
        ? act_to: Instant,
        /// Sum in fen; null when the source does not say.
        #[serde(deserialize_with = "fen_if_known")]
        ? amount_fen: i64,
        /// Article of 令735: 38, 39 or 40, in any common spelling.
        ? article: Text,
        /// What the multiple applies to, in fen.
        #[serde(deserialize_with = "fen_if_known")]
        ? base_fen: i64,
        /// Multiple, in tenths: 20 is 2 times.
        ? multiple_tenths: u32,
        /// Words.
        ? note: Text,
        /// Parts with different multiples.
        * portions: Portion,
    }
    /// 结算系数.
    Coefficient {
        /// Pooling area.
        area: AreaCode,
        /// In ten-thousandths: 9,500 is 0.95.
        coefficient_bp: u32,
        /// Words.
        ? note: Text,
        /// Until when.
        ? until: Instant,
    }
    /// 检查.
    Inspection {
        /// What was found.
        * findings: Text,
        /// Kind: daily, special, flight, random, complaint.
        inspection: Text,
        /// Words.
        ? note: Text,
    }
    /// 费用审核.
    Audit {
        /// Pooling area.
        area: AreaCode,
        /// First review or sampled second one.
        audit: AuditKind,
        /// Denied in all, in fen.
        #[serde(deserialize_with = "fen_if_known")]
        ? denied_fen: i64,
        /// Denied inside the sample, in fen.
        #[serde(deserialize_with = "fen_if_known")]
        ? denied_in_sample_fen: i64,
        /// Whether the denial is that of the sample, scaled up by its ratio.
        ? extrapolated: bool,
        /// Words: what period, what kind of costs.
        ? note: Text,
        /// Ratio of the sample, in ten-thousandths: 500 is 5 %.
        ? sample_bp: u32,
        /// Costs in the sample, in fen.
        #[serde(deserialize_with = "fen_if_known")]
        ? sample_fen: i64,
        /// All costs, in fen.
        #[serde(deserialize_with = "fen_if_known")]
        ? total_fen: i64,
    }
    /// 年度考核.
    Assessment {
        /// Pooling area.
        area: AreaCode,
        /// What was found.
        * findings: Text,
        /// Result in words, where the scheme has any.
        ? result: Text,
        /// Score.
        score: u32,
        /// The year it is about.
        year: i32,
    }
    /// 自查自纠.
    SelfCheck {
        /// Begin of what was looked at.
        ? from: Instant,
        /// What was found.
        * problems: Text,
        /// Paid back, in fen.
        #[serde(deserialize_with = "fen_if_known")]
        ? refunded_fen: i64,
        /// End of what was looked at.
        ? until: Instant,
    }
    /// 停业, 歇业 or 注销.
    Closure {
        /// What: closed for a time, closed for good, licence cancelled.
        ground: Text,
        /// Whether the institution reported it as it must.
        ? reported: bool,
    }
    /// 要求提供资料.
    RecordsDemandAct {
        /// Deadline; the rule's days from the demand when left out.
        ? due: Instant,
        /// What.
        what: Vec<Text>,
    }
    /// 要求提供资料, with its deadline.
    RecordsDemand {
        /// Deadline.
        due: Instant,
        /// What.
        what: Vec<Text>,
    }
    /// 提供资料.
    RecordsProvision {
        /// Whether all of it.
        complete: bool,
        /// The demand.
        demand: Uuid,
    }
    /// 变更.
    Change {
        /// When the authority approved it.
        ? approved_on: Instant,
        /// Before.
        ? from: Personal,
        /// After.
        to: Personal,
        /// What: `name`, `legal_representative`, `principal`, `controller`, `address`, `bank_account`, `level` …
        what: Text,
    }
    /// 变更备案.
    ChangeFiling {
        /// The change.
        change: Uuid,
    }
    /// 移送, 移交 or 报告.
    Referral {
        /// Words.
        ? note: Text,
        /// To whom.
        to: Text,
    }
}

impl Fine {
    /// The number of the article, as far as it can be read from how it is written.
    #[must_use]
    pub fn article_number(&self) -> Option<u32> {
        crate::institution::article::number(self.article.as_deref()?)
    }
}
