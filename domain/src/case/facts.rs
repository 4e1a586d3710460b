//! What each act of a case states. Fields stand in alphabetical order (canonical form).

use crate::envelope::Authority;
use crate::id::{AreaCode, Subject};
use crate::institution::facts::{Text, facts};
use crate::limits::fen_if_known;
use crate::personal::Personal;
use crate::time::Instant;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// What came of a case.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CaseOutcome {
    /// 查实并处理.
    Handled,
    /// 查无实据.
    Unfounded,
    /// 移送 or 移交: handed over to another body or office.
    HandedOver,
    /// Anything else.
    Other,
}

/// Where a lead comes from.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LeadSource {
    /// 投诉举报.
    Complaint,
    /// 大数据筛查.
    Data,
    /// 检查发现.
    Inspection,
    /// 上级交办.
    Assigned,
    /// 其他机关移送.
    Referral,
    /// 媒体曝光.
    Media,
    /// Anything else.
    Other,
}

/// 检查的种类.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum InspectionKind {
    /// 日常检查.
    Routine,
    /// 专项检查.
    Special,
    /// 飞行检查.
    Flight,
    /// 双随机抽查.
    Random,
    /// 交叉检查.
    Cross,
    /// 联合检查.
    Joint,
    /// 举报核查.
    Complaint,
}

/// Whether it was found to be so.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FindingOutcome {
    /// 查实.
    Founded,
    /// 查无实据.
    Unfounded,
}

/// What a penalty case comes to (行政处罚法 art 57).
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PenaltyOutcome {
    /// 予以处罚.
    Imposed,
    /// 不予处罚, the act being slight.
    Waived,
    /// 违法事实不能成立.
    Unfounded,
    /// 移送司法机关.
    HandedOver,
}

facts! {
    /// 立案.
    Opening {
        /// Pooling area that handles it.
        area: AreaCode,
        /// Whom it is about, by their codes.
        * subjects: Subject,
        /// Title.
        ? title: Text,
    }
    /// 收到线索.
    Lead {
        /// Whom it is about, by their codes.
        * about: Subject,
        /// What it says.
        ? content: Text,
        /// Who reported it, where the report is in a name (实名举报). Kept secret (令735 art 35): sealed, and read only by an
        /// act that says who reads it and why.
        ? informant: Personal,
        /// Where the informant is answered.
        ? informant_phone: Personal,
        /// Where it comes from.
        source: LeadSource,
    }
    /// 开展检查.
    CaseInspection {
        /// Kind.
        inspection: InspectionKind,
        /// How many inspectors came (令735 art 29 asks for two).
        ? inspectors: u32,
        /// Words.
        ? note: Text,
        /// Which bodies took part, of a joint inspection.
        * together_with: Authority,
    }
    /// 作出认定.
    CaseFinding {
        /// Whom it is about, by their codes.
        * about: Subject,
        /// Sum concerned, in fen; null when the source does not say.
        #[serde(deserialize_with = "fen_if_known")]
        ? amount_fen: i64,
        /// What was found.
        * facts: Text,
        /// Whether it was found to be so.
        outcome: FindingOutcome,
    }
    /// 移送 to another body.
    CaseReferral {
        /// Number of the letter.
        ? document: Text,
        /// Words.
        ? note: Text,
        /// To whom.
        to: Authority,
    }
    /// 接收移送: of another body's referral by this one, or of this one's by another body.
    ReferralAcceptance {
        /// Who accepted it.
        by: Authority,
        /// Number of the letter or of the filing.
        ? document: Text,
        /// Who referred it.
        from: Authority,
    }
    /// 移交 inside the system.
    CaseTransfer {
        /// Words.
        ? note: Text,
        /// To which office.
        to: Text,
        /// The pooling area of that office.
        ? to_area: AreaCode,
    }
    /// 挂牌督办.
    Supervision {
        /// Who supervises.
        by: Text,
        /// By when it is to be handled.
        ? until: Instant,
    }
    /// 行政处罚立案: the procedure of the Administrative Penalty Law begins.
    PenaltyFiling {
        /// Whom it is against, by their codes.
        * against: Subject,
        /// Number of the filing.
        ? document: Text,
    }
    /// 行政处罚告知: what is intended, before it is decided (行政处罚法 arts 44, 63).
    PenaltyNotice {
        /// Number of the notice.
        ? document: Text,
        /// The filing.
        filing: Uuid,
        /// The fine intended, in fen.
        #[serde(deserialize_with = "fen_if_known")]
        ? fine_fen: i64,
        /// Whether the party was told that it may ask for a hearing.
        ? hearing: bool,
    }
    /// 申请听证.
    HearingRequest {
        /// Words.
        ? note: Text,
        /// The notice.
        notice: Uuid,
    }
    /// 听证.
    Hearing {
        /// Words.
        ? note: Text,
        /// The request.
        request: Uuid,
        /// When the party was told of time and place.
        ? told_on: Instant,
    }
    /// 行政处罚决定, or that there is none.
    PenaltyDecision {
        /// Whether the written decision was handed over where it was announced, the party being there.
        ? announced: bool,
        /// Number of the decision.
        ? document: Text,
        /// The filing.
        filing: Uuid,
        /// The fine, in fen, where one is imposed and the source tells it.
        #[serde(deserialize_with = "fen_if_known")]
        ? fine_fen: i64,
        /// What was decided.
        outcome: PenaltyOutcome,
    }
    /// 行政处罚决定书送达.
    PenaltyService {
        /// The decision.
        decision: Uuid,
        /// Words.
        ? note: Text,
    }
    /// 曝光.
    Publicity {
        /// Words.
        ? note: Text,
        /// Where.
        ? place: Text,
    }
    /// 举报奖励. The informant is not named (令735 art 35).
    Reward {
        /// Sum in fen; null when the source does not say.
        #[serde(deserialize_with = "fen_if_known")]
        ? amount_fen: i64,
        /// The lead rewarded.
        lead: Uuid,
    }
    /// 结案.
    Closing {
        /// Words.
        ? note: Text,
        /// What came of it.
        outcome: CaseOutcome,
    }
}
