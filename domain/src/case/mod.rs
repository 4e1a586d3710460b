//! 案件: ties acts on several subjects together, from the lead to the end. Acts on the subjects themselves are events of
//! their own, which name the case in the member `case`.

mod decide;
pub(crate) mod docket;
mod evolve;
pub mod facts;
#[cfg(test)]
mod tests;

pub(crate) use decide::decide;
pub(crate) use evolve::evolve;

use crate::event::vocabulary::vocabulary;
use crate::event::{Annulment, Correction};
use crate::obligation::ObligationClosing;
use crate::personal::{PersonalErased, PersonalErasing, PersonalRead, PersonalReading};
use facts::{
    CaseFinding, CaseInspection, CaseReferral, CaseTransfer, Closing, Hearing, HearingRequest, Lead, Opening,
    PenaltyDecision, PenaltyFiling, PenaltyNotice, PenaltyService, Publicity, ReferralAcceptance, Reward,
    Supervision,
};

vocabulary! {
    subject "case";
    commands CaseCommand {
        /// 立案.
        Open = "open": Opening,
        /// 收到线索.
        ReceiveLead = "receive-lead": Lead,
        /// 开展检查.
        Inspect = "inspect": CaseInspection,
        /// 作出认定.
        Find = "find": CaseFinding,
        /// 移送.
        Refer = "refer": CaseReferral,
        /// 接收移送.
        AcceptReferral = "accept-referral": ReferralAcceptance,
        /// 移交.
        Transfer = "transfer": CaseTransfer,
        /// 挂牌督办.
        Supervise = "supervise": Supervision,
        /// 行政处罚立案.
        FilePenalty = "file-penalty": PenaltyFiling,
        /// 行政处罚告知.
        NotifyPenalty = "notify-penalty": PenaltyNotice,
        /// 申请听证.
        RequestHearing = "request-hearing": HearingRequest,
        /// 听证.
        HoldHearing = "hold-hearing": Hearing,
        /// 行政处罚决定.
        DecidePenalty = "decide-penalty": PenaltyDecision,
        /// 行政处罚决定书送达.
        ServePenalty = "serve-penalty": PenaltyService,
        /// 曝光.
        Publicise = "publicise": Publicity,
        /// 举报奖励.
        Reward = "reward": Reward,
        /// 结案.
        Close = "close": Closing,
        /// 待办事项了结.
        CloseObligation = "close-obligation": ObligationClosing,
        /// 查阅个人信息.
        ReadPersonalData = "read-personal-data": PersonalReading,
        /// 删除个人信息.
        ErasePersonalData = "erase-personal-data": PersonalErasing,
        /// 撤销.
        Annul = "annul": Annulment,
        /// 更正.
        Correct = "correct": Correction,
    }
    events CaseEvent {
        /// 立案.
        700 Opened = "opened" v 1: Opening,
        /// 收到线索.
        701 LeadReceived = "lead-received" v 2: Lead,
        /// 开展检查.
        702 Inspected = "inspected" v 1: CaseInspection,
        /// 作出认定.
        703 Found = "found" v 1: CaseFinding,
        /// 移送.
        704 Referred = "referred" v 1: CaseReferral,
        /// 接收移送.
        705 ReferralAccepted = "referral-accepted" v 1: ReferralAcceptance,
        /// 移交.
        706 Transferred = "transferred" v 1: CaseTransfer,
        /// 挂牌督办.
        707 Supervised = "supervised" v 1: Supervision,
        /// 曝光.
        708 Publicised = "publicised" v 1: Publicity,
        /// 举报奖励.
        709 Rewarded = "rewarded" v 1: Reward,
        /// 结案.
        710 Closed = "closed" v 1: Closing,
        /// 待办事项了结.
        711 ObligationClosed = "obligation-closed" v 1: ObligationClosing,
        /// 行政处罚立案.
        712 PenaltyFiled = "penalty-filed" v 1: PenaltyFiling,
        /// 行政处罚决定.
        713 PenaltyDecided = "penalty-decided" v 2: PenaltyDecision,
        /// 行政处罚决定书送达.
        714 PenaltyServed = "penalty-served" v 1: PenaltyService,
        /// 行政处罚告知.
        715 PenaltyNotified = "penalty-notified" v 1: PenaltyNotice,
        /// 申请听证.
        716 HearingRequested = "hearing-requested" v 1: HearingRequest,
        /// 听证.
        717 HearingHeld = "hearing-held" v 1: Hearing,
        /// 查阅个人信息.
        720 PersonalDataRead = "personal-data-read" v 1: PersonalRead,
        /// 删除个人信息.
        721 PersonalDataErased = "personal-data-erased" v 1: PersonalErased,
        /// 撤销.
        790 DecisionAnnulled = "decision-annulled" v 1: Annulment,
        /// 更正.
        791 RecordCorrected = "record-corrected" v 1: Correction,
    }
}

/// The facts that only describe.
pub(crate) fn clerical(event: &CaseEvent) -> &'static [&'static str] {
    use CaseEvent as E;
    match event {
        E::ObligationClosed(_) => &["reason"],
        E::PersonalDataRead(_) | E::PersonalDataErased(_) => &[],
        E::Opened(_) => &["title"],
        E::LeadReceived(_) => &["content", "informant", "informant_phone"],
        E::Inspected(_) => &["inspectors", "note"],
        E::Found(_) => &["facts"],
        E::PenaltyFiled(_) | E::PenaltyDecided(_) | E::PenaltyNotified(_) => &["document"],
        E::PenaltyServed(_) | E::HearingRequested(_) | E::HearingHeld(_) => &["note"],
        E::Referred(_) => &["document", "note"],
        E::ReferralAccepted(_) => &["document"],
        E::Transferred(_) | E::Closed(_) => &["note"],
        E::Supervised(_) => &["by"],
        E::Publicised(_) => &["note", "place"],
        E::Rewarded(_) | E::DecisionAnnulled(_) | E::RecordCorrected(_) => &[],
    }
}
