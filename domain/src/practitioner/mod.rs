//! 定点医药机构相关人员: practitioners and their payment qualification.

mod decide;
mod docket;
mod evolve;
pub mod facts;
pub mod state;
#[cfg(test)]
mod tests;

pub(crate) use decide::decide;
pub use state::Practitioner;

use crate::credit::facts::{Appeal, AppealAct, AppealDecision, Commitment, Objection, ObjectionDecision};
use crate::event::vocabulary::vocabulary;
use crate::event::{Annulment, Correction};
use crate::obligation::ObligationClosing;
use crate::personal::{PersonalErased, PersonalErasing, PersonalRead, PersonalReading};
use facts::{
    Deduction, DeductionAct, Interview, ManagerBan, ManagerBanAct, PersonChange, PersonReferral,
    QualificationSuspension, QualificationTermination, QualificationTerminationAct, Registration, Repair,
    RepairAct, Restoration, SiteAct, SiteJoined,
};

vocabulary! {
    subject "practitioner";
    commands PractitionerCommand {
        /// 登记备案.
        Register = "register": Registration,
        /// 增加执业点.
        AddSite = "add-site": SiteJoined,
        /// 撤出执业点.
        RemoveSite = "remove-site": SiteAct,
        /// 记分.
        DeductPoints = "deduct-points": DeductionAct,
        /// 记分修复.
        RepairPoints = "repair-points": RepairAct,
        /// 暂停医保支付资格.
        Suspend = "suspend": QualificationSuspension,
        /// 恢复医保支付资格.
        Restore = "restore": Restoration,
        /// 终止医保支付资格.
        Terminate = "terminate": QualificationTerminationAct,
        /// 重新登记备案.
        Reregister = "reregister": SiteJoined,
        /// 变更.
        ChangeDetails = "change-details": PersonChange,
        /// 约谈.
        Interview = "interview": Interview,
        /// 移送.
        Refer = "refer": PersonReferral,
        /// 五年内禁止从事定点医药机构管理活动.
        BanManager = "ban-manager": ManagerBanAct,
        /// 服务承诺.
        Commit = "commit": Commitment,
        /// 异议.
        Object = "object": Objection,
        /// 异议处理.
        DecideObjection = "decide-objection": ObjectionDecision,
        /// 申诉, 复议 or 诉讼.
        Appeal = "appeal": AppealAct,
        /// 申诉, 复议 or 诉讼 decided.
        DecideAppeal = "decide-appeal": AppealDecision,
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
    events PractitionerEvent {
        /// 登记备案.
        300 Registered = "registered" v 2: Registration,
        /// 增加执业点.
        301 SiteAdded = "site-added" v 2: SiteJoined,
        /// 撤出执业点.
        302 SiteRemoved = "site-removed" v 1: SiteAct,
        /// 重新登记备案.
        303 Reregistered = "reregistered" v 2: SiteJoined,
        /// 变更.
        304 DetailsChanged = "details-changed" v 2: PersonChange,
        /// 服务承诺.
        305 Committed = "committed" v 1: Commitment,
        /// 记分.
        310 PointsDeducted = "points-deducted" v 1: Deduction,
        /// 记分修复.
        311 PointsRepaired = "points-repaired" v 1: Repair,
        /// 暂停医保支付资格.
        312 QualificationSuspended = "qualification-suspended" v 1: QualificationSuspension,
        /// 恢复医保支付资格.
        313 QualificationRestored = "qualification-restored" v 1: Restoration,
        /// 终止医保支付资格.
        314 QualificationTerminated = "qualification-terminated" v 1: QualificationTermination,
        /// 五年内禁止从事定点医药机构管理活动.
        315 ManagerBanned = "manager-banned" v 1: ManagerBan,
        /// 约谈.
        320 InterviewHeld = "interview-held" v 1: Interview,
        /// 移送.
        321 Referred = "referred" v 1: PersonReferral,
        /// 待办事项了结.
        322 ObligationClosed = "obligation-closed" v 1: ObligationClosing,
        /// 查阅个人信息.
        323 PersonalDataRead = "personal-data-read" v 1: PersonalRead,
        /// 删除个人信息.
        324 PersonalDataErased = "personal-data-erased" v 1: PersonalErased,
        /// 异议.
        330 Objected = "objected" v 1: Objection,
        /// 异议处理.
        331 ObjectionDecided = "objection-decided" v 1: ObjectionDecision,
        /// 申诉, 复议 or 诉讼.
        332 Appealed = "appealed" v 1: Appeal,
        /// 申诉, 复议 or 诉讼 decided.
        333 AppealDecided = "appeal-decided" v 1: AppealDecision,
        /// 撤销.
        390 DecisionAnnulled = "decision-annulled" v 1: Annulment,
        /// 更正.
        391 RecordCorrected = "record-corrected" v 1: Correction,
    }
}
