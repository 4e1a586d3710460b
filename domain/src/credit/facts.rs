//! What each act of credit management, each objection and each appeal states. Fields stand in alphabetical order (canonical
//! form).

use crate::id::AreaCode;
use crate::institution::facts::{HoldOutcome, Text, facts};
use crate::personal::Personal;
use crate::time::Instant;
use crate::track::Grade;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// What came of an objection.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ObjectionOutcome {
    /// 异议成立.
    Upheld,
    /// 部分成立.
    PartlyUpheld,
    /// 异议不成立.
    Rejected,
    /// 撤回.
    Withdrawn,
}

/// Where an appeal goes; each has its own clock.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Forum {
    /// 申诉, to the body itself or its superior.
    Complaint,
    /// 行政复议.
    AdministrativeReview,
    /// 行政诉讼.
    Litigation,
}

/// What came of an appeal.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AppealOutcome {
    /// 维持.
    Maintained,
    /// 变更.
    Changed,
    /// 撤销.
    Annulled,
    /// 驳回.
    Dismissed,
    /// 不予受理.
    NotAccepted,
    /// 撤回.
    Withdrawn,
}

facts! {
    /// 信用评级.
    Rating {
        /// The area whose scheme of grades it follows.
        area: AreaCode,
        /// Grade.
        grade: Grade,
        /// Name of the subject, where nothing else tells it and it may be kept.
        ? name: Personal,
        /// Score it rests on.
        ? score: u32,
        /// End of its validity; none where the scheme states none.
        ? until: Instant,
        /// The natural year it is about.
        ? year: i32,
    }
    /// 信用承诺 or 服务承诺.
    Commitment {
        /// What is promised.
        content: Text,
        /// Whether it is public.
        ? public: bool,
        /// End, where it has one.
        ? until: Instant,
    }
    /// 失信惩戒.
    Discipline {
        /// Why.
        ground: Text,
        /// What is done.
        measures: Vec<Text>,
        /// The rating it follows from.
        ? rating: Uuid,
        /// End; none until lifted.
        ? until: Instant,
    }
    /// 解除惩戒.
    DisciplineLift {
        /// The event that imposed it.
        discipline: Uuid,
        /// Words.
        ? note: Text,
    }
    /// 信用修复.
    CreditRepair {
        /// By what: correction, training, return of gains …
        activity: Text,
        /// Grade from now on.
        grade: Grade,
        /// End of its validity; none where the scheme states none.
        ? until: Instant,
    }
    /// 暂停医疗费用联网结算.
    OnlineSuspension {
        /// Pooling area whose worklist it stands on; that of who decides when left out.
        ? area: AreaCode,
        /// Why: `art-41` (令735: three to twelve months), `art-30` (while somebody who refuses to cooperate is
        /// investigated), or words.
        ground: Text,
        /// The insured person refused to cooperate.
        ? refused_cooperation: bool,
        /// End; none until resumed.
        ? until: Instant,
    }
    /// 恢复医疗费用联网结算.
    OnlineResumption {
        /// Words.
        ? note: Text,
        /// How an investigation ended.
        ? outcome: HoldOutcome,
    }
    /// 异议.
    Objection {
        /// The event objected to.
        decision: Uuid,
        /// Why.
        grounds: Text,
        /// By when it is to be answered, where a local rule says so.
        ? reply_by: Instant,
    }
    /// 异议处理.
    ObjectionDecision {
        /// Words.
        ? note: Text,
        /// The objection.
        objection: Uuid,
        /// What came of it.
        outcome: ObjectionOutcome,
    }
    /// 申诉, 复议 or 诉讼, as asked.
    AppealAct {
        /// When it was accepted, where known: the time to decide begins.
        ? accepted_on: Instant,
        /// The event appealed against.
        decision: Uuid,
        /// Where it goes.
        forum: Forum,
        /// Why.
        ? grounds: Text,
        /// When the decision became known to whoever appeals; the time to appeal begins.
        ? informed_on: Instant,
        /// The appeal decided before, where this one sues after a review.
        ? review: Uuid,
    }
    /// 申诉, 复议 or 诉讼, with its clocks.
    Appeal {
        /// When it was accepted, where known.
        ? accepted_on: Instant,
        /// The last day to appeal, exclusive, where a rule and the facts tell.
        ? appeal_by: Instant,
        /// When it is to be decided, exclusive, where a rule and the facts tell.
        ? decide_by: Instant,
        /// The event appealed against.
        decision: Uuid,
        /// Where it goes.
        forum: Forum,
        /// Why.
        ? grounds: Text,
        /// When the decision became known.
        ? informed_on: Instant,
        /// The appeal decided before.
        ? review: Uuid,
    }
    /// 申诉, 复议 or 诉讼 decided.
    AppealDecision {
        /// The appeal.
        appeal: Uuid,
        /// Words: number of the decision.
        ? note: Text,
        /// What came of it.
        outcome: AppealOutcome,
    }
}
