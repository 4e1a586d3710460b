//! 统筹地区: what holds for a pooling area as a whole.

mod decide;
mod evolve;
pub mod facts;
#[cfg(test)]
mod tests;

pub(crate) use decide::decide;
pub(crate) use evolve::evolve;

use crate::event::vocabulary::vocabulary;
use crate::event::{Annulment, Correction};
use crate::obligation::ObligationClosing;
use facts::{
    Moratorium, MoratoriumAct, MoratoriumEnd, MoratoriumEndAct, Plan, PlanAct, RulesAct, RulesAdoption,
};

vocabulary! {
    subject "area";
    commands AreaCommand {
        /// 制定资源配置规划.
        PlanResources = "plan-resources": PlanAct,
        /// 采用本地规则.
        AdoptRules = "adopt-rules": RulesAct,
        /// 暂停两定医药机构纳入.
        StartMoratorium = "start-moratorium": MoratoriumAct,
        /// 恢复两定医药机构纳入.
        EndMoratorium = "end-moratorium": MoratoriumEndAct,
        /// 待办事项了结.
        CloseObligation = "close-obligation": ObligationClosing,
        /// 撤销.
        Annul = "annul": Annulment,
        /// 更正.
        Correct = "correct": Correction,
    }
    events AreaEvent {
        /// 制定资源配置规划.
        600 ResourcesPlanned = "resources-planned" v 1: Plan,
        /// 采用本地规则.
        601 RulesAdopted = "rules-adopted" v 1: RulesAdoption,
        /// 暂停两定医药机构纳入.
        610 MoratoriumStarted = "moratorium-started" v 1: Moratorium,
        /// 恢复两定医药机构纳入.
        611 MoratoriumEnded = "moratorium-ended" v 1: MoratoriumEnd,
        /// 待办事项了结.
        612 ObligationClosed = "obligation-closed" v 1: ObligationClosing,
        /// 撤销.
        690 DecisionAnnulled = "decision-annulled" v 1: Annulment,
        /// 更正.
        691 RecordCorrected = "record-corrected" v 1: Correction,
    }
}

/// The facts that only describe.
pub(crate) fn clerical(event: &AreaEvent) -> &'static [&'static str] {
    use AreaEvent as E;
    match event {
        E::ObligationClosed(_) => &["reason"],
        E::ResourcesPlanned(_) => &["note", "title"],
        E::RulesAdopted(_) => &[],
        E::MoratoriumStarted(_) => &["ground"],
        E::MoratoriumEnded(_) => &["note"],
        E::DecisionAnnulled(_) | E::RecordCorrected(_) => &[],
    }
}
