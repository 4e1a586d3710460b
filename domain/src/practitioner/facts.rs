//! What each act of a practitioner states. Fields stand in alphabetical order (canonical form).

use crate::id::{AreaCode, InstitutionCode};
use crate::institution::facts::{Text, facts};
use crate::personal::Personal;
use crate::time::Instant;
use crate::track::BarClass;
use serde::{Deserialize, Serialize};

/// 人员类别.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Category {
    /// 医师.
    Doctor,
    /// 护士.
    Nurse,
    /// 药师.
    Pharmacist,
    /// 技师.
    Technician,
    /// 费用审核人员.
    Auditor,
    /// 药店主要负责人.
    Principal,
}

/// 责任程度.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Responsibility {
    /// 一般责任.
    General,
    /// 重要责任.
    Important,
    /// 主要责任.
    Main,
}

facts! {
    /// 登记备案.
    Registration {
        /// The area whose rules apply; the institution's region when left out.
        ? area: AreaCode,
        /// Category.
        category: Category,
        /// Number of the certificate.
        ? certificate: Personal,
        /// Whether the service commitment (服务承诺) was signed.
        ? commitment_signed: bool,
        /// 公民身份号码.
        ? identity_number: Personal,
        /// Institution.
        institution: InstitutionCode,
        /// Name.
        ? name: Personal,
        /// Telephone number.
        ? phone: Personal,
    }
    /// A site joined: a further one, or one come back to.
    SiteJoined {
        /// Whether the service commitment (服务承诺) was signed.
        ? commitment_signed: bool,
        /// Institution.
        institution: InstitutionCode,
    }
    /// A site left.
    SiteAct {
        /// Institution.
        institution: InstitutionCode,
    }
    /// 记分, as asked.
    DeductionAct {
        /// First day of the conduct.
        ? act_from: Instant,
        /// End of the conduct.
        ? act_to: Instant,
        /// The area whose rules apply.
        area: AreaCode,
        /// Behaviour: a code of the catalogue (`art-38`) or words.
        behaviour: Text,
        /// When it was decided; the envelope's date, or the day it takes effect, when left out.
        ? decided_at: Instant,
        /// Why the points lie outside the behaviour's band.
        ? departure_reason: Text,
        /// Institution where it happened.
        institution: InstitutionCode,
        /// The institution's penalty or agreement measure it follows: an event id or a document number.
        ? measure: Text,
        /// Points, 1 to 12.
        points: u8,
        /// Degree.
        ? responsibility: Responsibility,
        /// Whether one decision alone gave the points that reach a threshold; when left out, it is so if the points of
        /// this decision reach it by themselves. Asked for where the consequence depends on it and it cannot be told.
        ? single: bool,
        /// Months of suspension, where the points reach 9 and the rule leaves a choice.
        ? suspend_months: u32,
    }
    /// 记分, as decided.
    Deduction {
        /// First day of the conduct.
        ? act_from: Instant,
        /// End of the conduct.
        ? act_to: Instant,
        /// The area whose rules apply.
        area: AreaCode,
        /// Behaviour.
        behaviour: Text,
        /// Points that count, after the cap of the year.
        counted: u8,
        /// When it was decided: its natural year is the year the points count in.
        decided_at: Instant,
        /// Why the points lie outside the behaviour's band.
        ? departure_reason: Text,
        /// Institution where it happened.
        institution: InstitutionCode,
        /// The institution's penalty or agreement measure it follows.
        ? measure: Text,
        /// Points as decided.
        points: u8,
        /// Degree.
        ? responsibility: Responsibility,
        /// Whether one decision alone gave them, where it was stated.
        ? single: bool,
        /// The year's total afterwards.
        total: u8,
    }
    /// 记分修复, as asked.
    RepairAct {
        /// By what: study, publicity, inspection …
        activity: Text,
        /// The area whose rules apply: that of the points, or one that stands over it.
        ? area: AreaCode,
        /// Points given back.
        points: u8,
    }
    /// 记分修复, as decided.
    Repair {
        /// By what.
        activity: Text,
        /// The area whose rules apply.
        ? area: AreaCode,
        /// Points given back.
        points: u8,
        /// The year's total afterwards.
        total: u8,
        /// The natural year they count in.
        year: i32,
    }
    /// 暂停医保支付资格.
    QualificationSuspension {
        /// From when, where it does not start with the decision.
        ? from: Instant,
        /// Why.
        ? ground: Text,
        /// End; none means until restored.
        ? until: Instant,
    }
    /// 恢复医保支付资格.
    Restoration {
        /// Words.
        ? note: Text,
    }
    /// 终止医保支付资格, as asked.
    QualificationTerminationAct {
        /// End of the bar, where the decision states one.
        ? barred_until: Instant,
        /// Why.
        ground: Text,
    }
    /// 终止医保支付资格, as decided.
    QualificationTermination {
        /// End of the bar to registering again; null when not known.
        ? barred_until: Instant,
        /// Class of the bar.
        class: BarClass,
        /// Why.
        ground: Text,
    }
    /// 变更.
    PersonChange {
        /// Before.
        ? from: Personal,
        /// After.
        to: Personal,
        /// What: `name`, `identity_number`, `phone`, `certificate`, `category` … All but `category`, `site`, `department`,
        /// `title` and `level` is taken for personal data.
        what: Text,
    }
    /// 约谈.
    Interview {
        /// Words.
        ? note: Text,
    }
    /// 移送.
    PersonReferral {
        /// Words.
        ? note: Text,
        /// To whom.
        to: Text,
    }
    /// 五年内禁止从事定点医药机构管理活动, as asked.
    ManagerBanAct {
        /// End, where the decision states one; the rule's years when left out.
        ? until: Instant,
    }
    /// 五年内禁止从事定点医药机构管理活动.
    ManagerBan {
        /// End.
        until: Instant,
    }
}
