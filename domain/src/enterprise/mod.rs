//! 医药企业: drug and device firms under credit rating.

mod decide;
mod evolve;

pub(crate) use decide::decide;
pub(crate) use evolve::evolve;

use crate::credit::facts::Rating;
use crate::event::vocabulary::vocabulary;
use crate::event::{Annulment, Correction};

vocabulary! {
    subject "enterprise";
    commands EnterpriseCommand {
        /// 信用评级.
        RateCredit = "rate-credit": Rating,
        /// 撤销.
        Annul = "annul": Annulment,
        /// 更正.
        Correct = "correct": Correction,
    }
    events EnterpriseEvent {
        /// 信用评级.
        400 CreditRated = "credit-rated" v 1: Rating,
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
        E::CreditRated(_) => &["name", "score", "year"],
        E::DecisionAnnulled(_) | E::RecordCorrected(_) => &[],
    }
}
