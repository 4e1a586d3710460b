//! What each act of an institution states. Command and event share these where the event adds nothing.
//!
//! Fields stand in alphabetical order (canonical form). An absent optional field means that the source does not say.

use crate::event::EventRef;
use crate::id::{AreaCode, InstitutionCode, PractitionerCode};
use crate::identifiers::Uscc;
use crate::personal::Personal;
use crate::time::Instant;
use crate::track::{BarClass, Line};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

macro_rules! facts {
    ($( $(#[$doc:meta])* $name:ident { $($body:tt)* } )*) => {
        $( facts!(@one [$(#[$doc])*] $name [] $($body)*); )*
    };
    (@one [$($doc:tt)*] $name:ident [$($done:tt)*]) => {
        $($doc)*
        #[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
        #[serde(deny_unknown_fields)]
        pub struct $name { $($done)* }
    };
    (@one [$($doc:tt)*] $name:ident [$($done:tt)*] $(#[$fdoc:meta])* ? $field:ident : $ty:ty, $($rest:tt)*) => {
        facts!(@one [$($doc)*] $name [$($done)* $(#[$fdoc])* #[serde(default, skip_serializing_if = "Option::is_none")] pub $field: Option<$ty>,] $($rest)*);
    };
    (@one [$($doc:tt)*] $name:ident [$($done:tt)*] $(#[$fdoc:meta])* * $field:ident : $ty:ty, $($rest:tt)*) => {
        facts!(@one [$($doc)*] $name [$($done)* $(#[$fdoc])* #[serde(default, skip_serializing_if = "Vec::is_empty")] pub $field: Vec<$ty>,] $($rest)*);
    };
    (@one [$($doc:tt)*] $name:ident [$($done:tt)*] $(#[$fdoc:meta])* $field:ident : $ty:ty, $($rest:tt)*) => {
        facts!(@one [$($doc)*] $name [$($done)* $(#[$fdoc])* pub $field: $ty,] $($rest)*);
    };
}
pub(crate) use facts;

mod measures;

pub use measures::{
    Assessment, Audit, Change, ChangeFiling, Closure, Coefficient, DepartmentLift, DepartmentOrder, Fine,
    Hold, HoldAct, HoldRelease, Inspection, Measure, Money, MoneyAct, MoneyMeasure, Portion, RecordsDemand,
    RecordsDemandAct, RecordsProvision, RectificationOrder, RectificationResult, Referral, SelfCheck,
    SettlementDeclaration, SettlementPayment,
};

/// Free text.
pub type Text = Box<str>;

/// 公立 or 民办.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Ownership {
    /// 公立.
    Public,
    /// 民办.
    Private,
}

/// Medical institution or pharmacy: some rules come from different instruments.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum InstitutionKind {
    /// 定点医疗机构.
    Medical,
    /// 定点零售药店.
    Pharmacy,
}

impl InstitutionKind {
    /// Both.
    pub const ALL: [InstitutionKind; 2] = [Self::Medical, Self::Pharmacy];

    /// The word in JSON.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Medical => "medical",
            Self::Pharmacy => "pharmacy",
        }
    }

    /// By the first letter of the code.
    #[must_use]
    pub fn of(code: &InstitutionCode) -> Self {
        if code.is_pharmacy() { Self::Pharmacy } else { Self::Medical }
    }

    /// Whether it is a medical institution.
    #[must_use]
    pub const fn is_medical(self) -> bool {
        matches!(self, Self::Medical)
    }
}

/// Result of an evaluation.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// 合格.
    Pass,
    /// 不合格.
    Fail,
}

/// How a hold ended.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum HoldOutcome {
    /// Not so: what waited is payable.
    Cleared,
    /// Found true.
    Confirmed,
}

/// 初审 or 复审.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AuditKind {
    /// 初审, of all costs.
    FirstReview,
    /// 抽查复审.
    SampledReview,
}

/// Why an agreement is terminated: decides the bar.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ReasonClass {
    /// 违法.
    Illegality,
    /// 严重违反协议.
    Breach,
    /// 申请时弄虚作假.
    FraudInApplication,
    /// By consent: no bar.
    Consent,
    /// Not rectified in time.
    NotRectified,
    /// Anything else.
    Other,
}

/// What of another subject is to be looked at.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ReviewMatter {
    /// A branch of the same chain was terminated for what its head office did (令3 art 40).
    ChainTermination,
    /// Somebody who runs it may no longer manage designated institutions (令735 art 43).
    ManagerBan,
    /// The decision that a reaction here followed was annulled.
    OriginAnnulled,
}

impl ReviewMatter {
    /// The word in JSON.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::ChainTermination => "chain-termination",
            Self::ManagerBan => "manager-ban",
            Self::OriginAnnulled => "origin-annulled",
        }
    }
}

facts! {
    /// 申请定点.
    Application {
        /// Pooling area applied to.
        area: AreaCode,
        /// Beds (床位).
        ? beds: u32,
        /// Commitments made.
        * commitments: Text,
        /// Actual controllers: name, identity number or the agency's own number of each.
        * controllers: Personal,
        /// Whether it has a department for insurance of its own (医保管理部门).
        ? insurance_department: bool,
        /// Insurance managers (医保管理人员).
        ? insurance_staff: u32,
        /// Legal representative: name, identity number or the agency's own number.
        ? legal_representative: Personal,
        /// Hospital grade.
        ? level: Text,
        /// Lines applied for; `basic` is always meant.
        * lines: Line,
        /// Name.
        name: Text,
        /// Since when it has been operating.
        ? opened_on: Instant,
        /// Ownership.
        ? ownership: Ownership,
        /// Licensed pharmacists (pharmacies).
        ? pharmacists: u32,
        /// Physicians first registered there.
        ? physicians: u32,
        /// Principal: name, identity number or the agency's own number.
        ? principal: Personal,
        /// 区域医疗中心.
        ? regional_medical_centre: bool,
        /// The shortest contract of pharmacists and insurance managers, in months (pharmacies).
        ? staff_contract_months: u32,
        /// Qualified technicians.
        ? technicians: u32,
        /// Whether it offers tests.
        ? tests_offered: bool,
        /// Whether it collects traceability codes of all drugs and consumables (应采尽采、依码结算).
        ? traceability_codes: bool,
        /// 统一社会信用代码.
        ? uscc: Uscc,
    }
    /// An act that needs no more than the pooling area.
    InArea {
        /// Pooling area.
        area: AreaCode,
    }
    /// 退回: what is missing.
    Return {
        /// Pooling area.
        area: AreaCode,
        /// What is missing.
        * missing: Text,
    }
    /// 评估.
    Evaluation {
        /// Pooling area.
        area: AreaCode,
        /// What was found.
        * findings: Text,
        /// Score.
        ? score: u32,
        /// Result.
        verdict: Verdict,
    }
    /// 公示.
    PublicNotice {
        /// Pooling area.
        area: AreaCode,
        /// First day.
        from: Instant,
        /// End.
        until: Instant,
    }
    /// 不予定点.
    Refusal {
        /// Pooling area.
        area: AreaCode,
        /// When it was found that the application was fraudulent, where that is why: the bar for it runs from then.
        ? fraud_found_on: Instant,
        /// Why.
        * grounds: Text,
    }
    /// 签订协议. `from` is null for an agreement taken over into the ledger whose beginning the source does not tell.
    Signing {
        /// Pooling area.
        area: AreaCode,
        /// Begin of the term.
        ? from: Instant,
        /// Lines; `basic` is always meant unless the agreement is one of a line alone.
        lines: Vec<Line>,
        /// Name of the institution, where no application is recorded.
        ? name: Text,
        /// Number of the agreement.
        ? number: Text,
        /// Ownership, where no application is recorded.
        ? ownership: Ownership,
        /// 区域医疗中心, where no application is recorded.
        ? regional_medical_centre: bool,
        /// Template of the text.
        ? template: Text,
        /// End of the term.
        ? until: Instant,
        /// 统一社会信用代码, where no application is recorded.
        ? uscc: Uscc,
    }
    /// 政策辅导期 begun.
    ProbationPeriod {
        /// Pooling area.
        area: AreaCode,
        /// Begin.
        from: Instant,
        /// End.
        until: Instant,
    }
    /// Asks for an extension of the probation.
    ProbationViolation {
        /// Pooling area.
        area: AreaCode,
        /// What happened.
        violation: Text,
    }
    /// 政策辅导期延长.
    ProbationExtension {
        /// Pooling area.
        area: AreaCode,
        /// New end.
        until: Instant,
        /// What happened.
        violation: Text,
    }
    /// 续签.
    Renewal {
        /// Pooling area.
        area: AreaCode,
        /// Begin of the new term; the end of the old one when left out.
        ? from: Instant,
        /// Number of the agreement.
        ? number: Text,
        /// End of the new term.
        ? until: Instant,
    }
    /// 不予续签.
    RenewalRefusal {
        /// Pooling area.
        area: AreaCode,
        /// Why.
        ground: Text,
    }
    /// The institution asks for suspension, or gives the agreement up, from a day on.
    Request {
        /// Pooling area.
        area: AreaCode,
        /// From when.
        from: Instant,
    }
    /// 中止协议, as asked.
    SuspensionAct {
        /// When the act began that it answers: the agreement and the law of its time apply.
        ? act_from: Instant,
        /// When it ended.
        ? act_to: Instant,
        /// Pooling area.
        area: AreaCode,
        /// Whether the institution asked for it.
        ? at_request: bool,
        /// Why.
        ground: Text,
        /// One line; none means all.
        ? line: Line,
        /// End; none means until resumed.
        ? until: Instant,
    }
    /// 中止协议, as decided.
    Suspension {
        /// When the act began that it answers: the agreement and the law of its time apply.
        ? act_from: Instant,
        /// When it ended.
        ? act_to: Instant,
        /// Pooling area.
        area: AreaCode,
        /// Whether the institution asked for it.
        ? at_request: bool,
        /// The signing or renewal whose term ran at the time of the act.
        ? bound_by: EventRef,
        /// Why.
        ground: Text,
        /// One line; none means all.
        ? line: Line,
        /// The suspension elsewhere that this one follows (令2 art 44).
        ? origin: EventRef,
        /// End; none means until resumed.
        ? until: Instant,
    }
    /// 恢复协议.
    Resumption {
        /// Pooling area.
        area: AreaCode,
        /// One line; none means all.
        ? line: Line,
    }
    /// 解除协议, as asked.
    TerminationAct {
        /// When the act began that it answers: the agreement and the law of its time apply.
        ? act_from: Instant,
        /// When it ended.
        ? act_to: Instant,
        /// Pooling area.
        area: AreaCode,
        /// When it was found that the application was fraudulent, where that is why: the bar for it runs from then.
        ? fraud_found_on: Instant,
        /// Why.
        ground: Text,
        /// Whether the violation is that of the head office of a chain: of its legal representative, person in charge or
        /// actual controller (令3 art 40).
        ? head_office: bool,
        /// One line; none, or `basic`, means all.
        ? line: Line,
        /// The termination of another institution that this one follows: for the ledger's own reactions alone.
        ? origin: EventRef,
        /// Class of the reason.
        reason_class: ReasonClass,
        /// Legal representative, principal or actual controllers who caused it, by the codes of practitioners.
        * responsible: PractitionerCode,
    }
    /// 解除协议, as decided.
    Termination {
        /// When the act began that it answers: the agreement and the law of its time apply.
        ? act_from: Instant,
        /// When it ended.
        ? act_to: Instant,
        /// Pooling area.
        area: AreaCode,
        /// The bar it raises, where it raises one.
        ? bar: BarTerms,
        /// The signing or renewal whose term ran at the time of the act.
        ? bound_by: EventRef,
        /// When it was found that the application was fraudulent, where that is why: the bar for it runs from then.
        ? fraud_found_on: Instant,
        /// Why.
        ground: Text,
        /// Whether the violation is that of the head office of a chain.
        ? head_office: bool,
        /// One line; none means all.
        ? line: Line,
        /// The termination elsewhere that this one follows: of another area (令2 art 44), or of another branch of the chain
        /// (令3 art 40).
        ? origin: EventRef,
        /// Class of the reason.
        reason_class: ReasonClass,
        /// Who caused it.
        * responsible: PractitionerCode,
        /// Until when nobody is admitted who has one of them as legal representative, principal or actual controller.
        ? responsible_until: Instant,
    }
    /// What happened to another subject may call for something here, and a person is to look at it.
    ReviewCall {
        /// Pooling area whose worklist it stands on.
        ? area: AreaCode,
        /// The event of the other subject.
        origin: EventRef,
        /// Why the ledger could not do on its own what the rule calls for: code of the refusal.
        ? refusal: Text,
        /// What is to be looked at.
        what: ReviewMatter,
    }
    /// The bar a termination, a second failed evaluation or a refusal for fraud raises.
    BarTerms {
        /// Class.
        class: BarClass,
        /// End of the time part.
        until: Instant,
        /// Whether it also lasts until liability is performed.
        until_performed: bool,
    }
    /// A bar raised by something other than a termination.
    Bar {
        /// Pooling area.
        area: AreaCode,
        /// Its terms.
        bar: BarTerms,
    }
    /// 违约或处罚责任履行完毕.
    LiabilitySettlement {
        /// The event that made the liability.
        liability: Uuid,
        /// When it was performed.
        performed_on: Instant,
    }
}
