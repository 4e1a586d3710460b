//! 医药企业: drug and device firms under credit rating.

mod decide;
mod evolve;

pub(crate) use decide::decide;
pub(crate) use evolve::evolve;

use crate::credit::facts::{
    Commitment, CreditRepair, Discipline, DisciplineLift, Objection, ObjectionDecision, Rating,
};
use crate::event::vocabulary::vocabulary;
use crate::event::{Annulment, Correction};
use crate::obligation::ObligationClosing;

vocabulary! {
    subject "enterprise";
    commands EnterpriseCommand {
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
        /// 异议.
        Object = "object": Objection,
        /// 异议处理.
        DecideObjection = "decide-objection": ObjectionDecision,
        /// 待办事项了结.
        CloseObligation = "close-obligation": ObligationClosing,
        /// 撤销.
        Annul = "annul": Annulment,
        /// 更正.
        Correct = "correct": Correction,
    }
    events EnterpriseEvent {
        /// 信用评级.
        400 CreditRated = "credit-rated" v 1: Rating,
        /// 信用承诺.
        401 Committed = "committed" v 1: Commitment,
        /// 失信惩戒.
        402 Disciplined = "disciplined" v 1: Discipline,
        /// 解除惩戒.
        403 DisciplineLifted = "discipline-lifted" v 1: DisciplineLift,
        /// 信用修复.
        404 CreditRepaired = "credit-repaired" v 1: CreditRepair,
        /// 异议.
        410 Objected = "objected" v 1: Objection,
        /// 异议处理.
        411 ObjectionDecided = "objection-decided" v 1: ObjectionDecision,
        /// 待办事项了结.
        412 ObligationClosed = "obligation-closed" v 1: ObligationClosing,
        /// 撤销.
        490 DecisionAnnulled = "decision-annulled" v 1: Annulment,
        /// 更正.
        491 RecordCorrected = "record-corrected" v 1: Correction,
    }
}

/// The facts that only describe.
pub(crate) fn clerical(event: &EnterpriseEvent) -> &'static [&'static str] {
    use EnterpriseEvent as E;
    match event {
        E::ObligationClosed(_) => &["reason"],
        E::CreditRated(_) => &["name", "score", "year"],
        E::Committed(_) => &["content", "public"],
        E::Disciplined(_) => &["ground"],
        E::DisciplineLifted(_) | E::ObjectionDecided(_) => &["note"],
        E::CreditRepaired(_) => &["activity"],
        E::Objected(_) => &["grounds"],
        E::DecisionAnnulled(_) | E::RecordCorrected(_) => &[],
    }
}
