//! 参保人: insured persons, by an opaque code; whether their costs are settled online, and their credit.

mod decide;
mod evolve;

pub(crate) use decide::decide;
pub(crate) use evolve::evolve;

use crate::credit::facts::Rating;
use crate::event::vocabulary::vocabulary;
use crate::event::{Annulment, Correction};

vocabulary! {
    subject "insured";
    commands InsuredCommand {
        /// 信用评级.
        RateCredit = "rate-credit": Rating,
        /// 撤销.
        Annul = "annul": Annulment,
        /// 更正.
        Correct = "correct": Correction,
    }
    events InsuredEvent {
        /// 信用评级.
        500 CreditRated = "credit-rated" v 1: Rating,
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
        E::CreditRated(_) => &["name", "score", "year"],
        E::DecisionAnnulled(_) | E::RecordCorrected(_) => &[],
    }
}
