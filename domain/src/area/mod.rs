//! 统筹地区: what holds for a pooling area as a whole.

mod decide;
pub(crate) mod docket;
mod evolve;
pub mod facts;
mod state;
#[cfg(test)]
mod tests;
pub mod work;

pub(crate) use decide::decide;
pub(crate) use evolve::evolve;
pub use state::Area;
pub use work::Work;

use crate::event::vocabulary::vocabulary;
use crate::event::{Annulment, Correction};
use crate::obligation::ObligationClosing;
use facts::{
    Moratorium, MoratoriumAct, MoratoriumEnd, MoratoriumEndAct, Plan, PlanAct, RulesAct, RulesAdoption,
    WorkAct, WorkRecord,
};

/// That a plan of resources is adjusted as things change, so that one that has run out is followed by another.
const PLAN_AGAIN: &str = "area.plan.again";

vocabulary! {
    subject "area";
    commands AreaCommand {
        /// 制定资源配置规划.
        PlanResources = "plan-resources": PlanAct,
        /// 采用本地规则.
        AdoptRules = "adopt-rules": RulesAct,
        /// 监管工作.
        RecordWork = "record-work": WorkAct,
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
        600 ResourcesPlanned = "resources-planned" v 2: Plan,
        /// 采用本地规则.
        601 RulesAdopted = "rules-adopted" v 1: RulesAdoption,
        /// 监管工作.
        602 WorkRecorded = "work-recorded" v 1: WorkRecord,
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
        E::WorkRecorded(_) => &["document", "institutions", "note"],
        E::MoratoriumStarted(_) => &["ground"],
        E::MoratoriumEnded(_) => &["note"],
        E::DecisionAnnulled(_) | E::RecordCorrected(_) => &[],
    }
}
