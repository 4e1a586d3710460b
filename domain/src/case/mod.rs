//! 案件: ties acts on several subjects together, from the lead to the end.

mod decide;
mod evolve;
pub mod facts;

pub(crate) use decide::decide;
pub(crate) use evolve::evolve;

use crate::event::vocabulary::vocabulary;
use crate::event::{Annulment, Correction};
use facts::{Closing, Opening};

vocabulary! {
    subject "case";
    commands CaseCommand {
        /// 立案.
        Open = "open": Opening,
        /// 结案.
        Close = "close": Closing,
        /// 撤销.
        Annul = "annul": Annulment,
        /// 更正.
        Correct = "correct": Correction,
    }
    events CaseEvent {
        /// 立案.
        700 Opened = "opened" v 1: Opening,
        /// 结案.
        710 Closed = "closed" v 1: Closing,
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
        E::Opened(_) => &["title"],
        E::Closed(_) => &["note"],
        E::DecisionAnnulled(_) | E::RecordCorrected(_) => &[],
    }
}
