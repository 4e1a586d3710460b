//! 参保人: insured persons, by an opaque code; whether their costs are settled online, and their credit.

mod decide;
mod evolve;

pub(crate) use decide::decide;
pub(crate) use evolve::evolve;

use crate::credit::facts::{
    Commitment, CreditRepair, Discipline, DisciplineLift, Objection, ObjectionDecision, OnlineResumption,
    OnlineSuspension, Rating,
};
use crate::event::vocabulary::vocabulary;
use crate::event::{Annulment, Correction};
use crate::obligation::ObligationClosing;
use crate::personal::{PersonalErased, PersonalErasing, PersonalRead, PersonalReading};

vocabulary! {
    subject "insured";
    commands InsuredCommand {
        /// 信用评级.
        RateCredit = "rate-credit": Rating,
        /// 信用承诺.
        Commit = "commit": Commitment,
        /// 失信惩戒.
        Discipline = "discipline": Discipline,
        /// 解除惩戒.
        LiftDiscipline = "lift-discipline": DisciplineLift,
        /// 信用修复.
        RepairCredit = "repair-credit": CreditRepair,
        /// 暂停医疗费用联网结算.
        SuspendOnlineSettlement = "suspend-online-settlement": OnlineSuspension,
        /// 恢复医疗费用联网结算.
        ResumeOnlineSettlement = "resume-online-settlement": OnlineResumption,
        /// 异议.
        Object = "object": Objection,
        /// 异议处理.
        DecideObjection = "decide-objection": ObjectionDecision,
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
    events InsuredEvent {
        /// 信用评级.
        500 CreditRated = "credit-rated" v 2: Rating,
        /// 信用承诺.
        501 Committed = "committed" v 1: Commitment,
        /// 失信惩戒.
        502 Disciplined = "disciplined" v 1: Discipline,
        /// 解除惩戒.
        503 DisciplineLifted = "discipline-lifted" v 1: DisciplineLift,
        /// 信用修复.
        504 CreditRepaired = "credit-repaired" v 1: CreditRepair,
        /// 暂停医疗费用联网结算.
        505 OnlineSettlementSuspended = "online-settlement-suspended" v 2: OnlineSuspension,
        /// 恢复医疗费用联网结算.
        506 OnlineSettlementResumed = "online-settlement-resumed" v 1: OnlineResumption,
        /// 异议.
        510 Objected = "objected" v 1: Objection,
        /// 异议处理.
        511 ObjectionDecided = "objection-decided" v 1: ObjectionDecision,
        /// 待办事项了结.
        512 ObligationClosed = "obligation-closed" v 1: ObligationClosing,
        /// 查阅个人信息.
        513 PersonalDataRead = "personal-data-read" v 1: PersonalRead,
        /// 删除个人信息.
        514 PersonalDataErased = "personal-data-erased" v 1: PersonalErased,
        /// 撤销.
        590 DecisionAnnulled = "decision-annulled" v 1: Annulment,
        /// 更正.
        591 RecordCorrected = "record-corrected" v 1: Correction,
    }
}

/// The facts that only describe.
pub(crate) fn clerical(event: &InsuredEvent) -> &'static [&'static str] {
    use InsuredEvent as E;
    match event {
        E::ObligationClosed(_) => &["reason"],
        E::PersonalDataRead(_) | E::PersonalDataErased(_) => &[],
        E::CreditRated(_) => &["name", "score", "year"],
        E::Committed(_) => &["content", "public"],
        E::Disciplined(_) => &["ground"],
        E::DisciplineLifted(_) | E::ObjectionDecided(_) | E::OnlineSettlementResumed(_) => &["note"],
        E::CreditRepaired(_) => &["activity"],
        E::Objected(_) => &["grounds"],
        E::OnlineSettlementSuspended(_) => &["ground"],
        E::DecisionAnnulled(_) | E::RecordCorrected(_) => &[],
    }
}
