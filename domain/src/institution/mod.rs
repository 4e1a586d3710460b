//! 定点医药机构: designated medical institutions and pharmacies.

mod article;
mod decide;
mod evolve;
pub mod facts;

mod docket;
mod spans;
pub mod state;
#[cfg(test)]
mod tests;

pub(crate) use decide::decide;
pub(crate) use decide::law::INSPECTIONS_PER_YEAR;
pub(crate) use evolve::after_release;
pub(crate) use state::CameTo;
pub use state::Institution;

use crate::credit::facts::{
    Appeal, AppealAct, AppealDecision, Commitment, CreditRepair, Discipline, DisciplineLift, Objection,
    ObjectionDecision, Rating,
};
use crate::event::vocabulary::vocabulary;
use crate::event::{Annulment, Correction};
use crate::obligation::ObligationClosing;
use crate::personal::{PersonalErased, PersonalErasing, PersonalRead, PersonalReading};
use facts::{
    Application, Assessment, Audit, Bar, Change, ChangeFiling, Closure, Coefficient, DepartmentLift,
    DepartmentOrder, Evaluation, Fine, Hold, HoldAct, HoldRelease, InArea, Inspection, LiabilitySettlement,
    Measure, Money, MoneyAct, MoneyMeasure, ProbationExtension, ProbationPeriod, ProbationViolation,
    PublicNotice, RecordsDemand, RecordsDemandAct, RecordsProvision, RectificationOrder, RectificationResult,
    Referral, Refusal, Renewal, RenewalRefusal, Request, Resumption, Return, ReviewCall, SelfCheck,
    SettlementDeclaration, SettlementPayment, Signing, Suspension, SuspensionAct, Termination,
    TerminationAct,
};

vocabulary! {
    subject "institution";
    commands InstitutionCommand {
        /// 申请定点.
        Apply = "apply": Application,
        /// 受理.
        AcceptApplication = "accept-application": InArea,
        /// 退回补正.
        ReturnApplication = "return-application": Return,
        /// 评估.
        Evaluate = "evaluate": Evaluation,
        /// 拟定点公示.
        Publicise = "publicise": PublicNotice,
        /// 不予定点.
        Refuse = "refuse": Refusal,
        /// 签订协议.
        SignAgreement = "sign-agreement": Signing,
        /// 政策辅导期开始, where it was not part of the signing.
        StartProbation = "start-probation": ProbationPeriod,
        /// 政策辅导期延长.
        ExtendProbation = "extend-probation": ProbationViolation,
        /// 政策辅导期通过.
        PassProbation = "pass-probation": InArea,
        /// 续签.
        Renew = "renew": Renewal,
        /// 不予续签.
        RefuseRenewal = "refuse-renewal": RenewalRefusal,
        /// 到期终止.
        RecordLapse = "record-lapse": InArea,
        /// 申请中止.
        RequestSuspension = "request-suspension": Request,
        /// 中止协议.
        SuspendAgreement = "suspend-agreement": SuspensionAct,
        /// 恢复协议.
        ResumeAgreement = "resume-agreement": Resumption,
        /// 解除协议.
        TerminateAgreement = "terminate-agreement": TerminationAct,
        /// 机构主动退出.
        Withdraw = "withdraw": Request,
        /// 违约或处罚责任履行完毕.
        SettleLiability = "settle-liability": LiabilitySettlement,
        /// 暂停医保基金结算.
        HoldSettlement = "hold-settlement": HoldAct,
        /// 恢复医保基金结算.
        ReleaseSettlement = "release-settlement": HoldRelease,
        /// 责令暂停相关责任部门医药服务.
        OrderDepartment = "order-department": DepartmentOrder,
        /// 恢复相关责任部门医药服务.
        LiftDepartmentOrder = "lift-department-order": DepartmentLift,
        /// 开通异地就医结算.
        OpenCrossRegion = "open-cross-region": InArea,
        /// 不开通／关闭异地就医结算.
        CloseCrossRegion = "close-cross-region": InArea,
        /// 限期整改.
        OrderRectification = "order-rectification": RectificationOrder,
        /// 整改到位.
        AcceptRectification = "accept-rectification": RectificationResult,
        /// 整改不到位.
        FailRectification = "fail-rectification": RectificationResult,
        /// 约谈.
        Interview = "interview": Measure,
        /// 警示.
        Warn = "warn": Measure,
        /// 通报.
        Circulate = "circulate": Measure,
        /// 曝光.
        PubliciseCase = "publicise-case": Measure,
        /// 拒付.
        DenyPayment = "deny-payment": MoneyAct,
        /// 追回.
        RecoverFunds = "recover-funds": MoneyAct,
        /// 违约金.
        ChargeDamages = "charge-damages": MoneyAct,
        /// 罚款.
        ImposeFine = "impose-fine": Fine,
        /// 调整结算系数.
        AdjustCoefficient = "adjust-coefficient": Coefficient,
        /// 预付金.
        Prepay = "prepay": Money,
        /// 申报结算.
        DeclareSettlement = "declare-settlement": SettlementDeclaration,
        /// 拨付申报的费用.
        PaySettlement = "pay-settlement": SettlementPayment,
        /// 检查.
        RecordInspection = "record-inspection": Inspection,
        /// 要求提供资料.
        DemandRecords = "demand-records": RecordsDemandAct,
        /// 提供资料.
        ProvideRecords = "provide-records": RecordsProvision,
        /// 变更.
        ChangeDetails = "change-details": Change,
        /// 变更备案.
        FileChange = "file-change": ChangeFiling,
        /// 移送.
        Refer = "refer": Referral,
        /// 报告.
        Report = "report": Referral,
        /// 费用审核.
        RecordAudit = "record-audit": Audit,
        /// 年度考核.
        RecordAssessment = "record-assessment": Assessment,
        /// 自查自纠.
        RecordSelfCheck = "record-self-check": SelfCheck,
        /// 停业, 歇业 or 注销.
        Close = "close": Closure,
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
        /// 因其他主体的事件须复核, by the ledger's own reactions.
        RaiseReview = "raise-review": ReviewCall,
        /// 撤销.
        Annul = "annul": Annulment,
        /// 更正.
        Correct = "correct": Correction,
    }
    events InstitutionEvent {
        /// 申请定点.
        100 Applied = "applied" v 3: Application,
        /// 受理.
        101 ApplicationAccepted = "application-accepted" v 1: InArea,
        /// 退回补正.
        102 ApplicationReturned = "application-returned" v 1: Return,
        /// 评估.
        103 Evaluated = "evaluated" v 1: Evaluation,
        /// 拟定点公示.
        104 PublicNoticeGiven = "public-notice-given" v 1: PublicNotice,
        /// 不予定点.
        105 Refused = "refused" v 2: Refusal,
        /// A bar raised by a second failed evaluation or a refusal for fraud.
        106 BarRaised = "bar-raised" v 1: Bar,
        /// 签订协议.
        110 AgreementSigned = "agreement-signed" v 1: Signing,
        /// 政策辅导期开始.
        111 ProbationStarted = "probation-started" v 1: ProbationPeriod,
        /// 政策辅导期延长.
        112 ProbationExtended = "probation-extended" v 1: ProbationExtension,
        /// 政策辅导期通过.
        113 ProbationPassed = "probation-passed" v 1: InArea,
        /// 续签.
        114 AgreementRenewed = "agreement-renewed" v 1: Renewal,
        /// 不予续签.
        115 RenewalRefused = "renewal-refused" v 1: RenewalRefusal,
        /// 到期终止.
        116 AgreementLapsed = "agreement-lapsed" v 1: InArea,
        /// 申请中止.
        117 SuspensionRequested = "suspension-requested" v 1: Request,
        /// 中止协议.
        118 AgreementSuspended = "agreement-suspended" v 2: Suspension,
        /// 恢复协议.
        119 AgreementResumed = "agreement-resumed" v 1: Resumption,
        /// 解除协议.
        120 AgreementTerminated = "agreement-terminated" v 4: Termination,
        /// 机构主动退出.
        121 AgreementWithdrawn = "agreement-withdrawn" v 1: Request,
        /// 违约或处罚责任履行完毕.
        122 LiabilitySettled = "liability-settled" v 1: LiabilitySettlement,
        /// 暂停医保基金结算.
        130 SettlementHeld = "settlement-held" v 2: Hold,
        /// 恢复医保基金结算.
        131 SettlementReleased = "settlement-released" v 1: HoldRelease,
        /// 责令暂停相关责任部门医药服务.
        132 DepartmentOrdered = "department-ordered" v 1: DepartmentOrder,
        /// 恢复相关责任部门医药服务.
        133 DepartmentOrderLifted = "department-order-lifted" v 1: DepartmentLift,
        /// 开通异地就医结算.
        134 CrossRegionOpened = "cross-region-opened" v 1: InArea,
        /// 不开通／关闭异地就医结算.
        135 CrossRegionClosed = "cross-region-closed" v 1: InArea,
        /// 限期整改.
        140 RectificationOrdered = "rectification-ordered" v 1: RectificationOrder,
        /// 整改到位.
        141 RectificationAccepted = "rectification-accepted" v 1: RectificationResult,
        /// 整改不到位.
        142 RectificationFailed = "rectification-failed" v 1: RectificationResult,
        /// 约谈.
        143 InterviewHeld = "interview-held" v 2: Measure,
        /// 警示.
        144 Warned = "warned" v 2: Measure,
        /// 通报.
        145 Circulated = "circulated" v 2: Measure,
        /// 曝光.
        146 CasePublicised = "case-publicised" v 2: Measure,
        /// 拒付.
        150 PaymentDenied = "payment-denied" v 2: MoneyMeasure,
        /// 追回.
        151 FundsRecovered = "funds-recovered" v 2: MoneyMeasure,
        /// 违约金.
        152 LiquidatedDamagesCharged = "damages-charged" v 2: MoneyMeasure,
        /// 罚款.
        153 FineImposed = "fine-imposed" v 1: Fine,
        /// 调整结算系数.
        154 CoefficientAdjusted = "coefficient-adjusted" v 1: Coefficient,
        /// 预付金.
        155 Prepaid = "prepaid" v 1: Money,
        /// 申报结算.
        156 SettlementDeclared = "settlement-declared" v 1: SettlementDeclaration,
        /// 拨付申报的费用.
        157 SettlementPaid = "settlement-paid" v 1: SettlementPayment,
        /// 检查.
        160 InspectionRecorded = "inspection-recorded" v 1: Inspection,
        /// 要求提供资料.
        161 RecordsDemanded = "records-demanded" v 1: RecordsDemand,
        /// 提供资料.
        162 RecordsProvided = "records-provided" v 1: RecordsProvision,
        /// 变更.
        163 DetailsChanged = "details-changed" v 2: Change,
        /// 变更备案.
        164 ChangeFiled = "change-filed" v 1: ChangeFiling,
        /// 费用审核.
        165 AuditRecorded = "audit-recorded" v 1: Audit,
        /// 年度考核.
        166 AssessmentRecorded = "assessment-recorded" v 1: Assessment,
        /// 自查自纠.
        167 SelfCheckRecorded = "self-check-recorded" v 1: SelfCheck,
        /// 停业, 歇业 or 注销.
        168 Closed = "closed" v 1: Closure,
        /// 移送.
        170 Referred = "referred" v 1: Referral,
        /// 报告.
        171 Reported = "reported" v 1: Referral,
        /// 待办事项了结.
        172 ObligationClosed = "obligation-closed" v 1: ObligationClosing,
        /// 查阅个人信息.
        173 PersonalDataRead = "personal-data-read" v 1: PersonalRead,
        /// 删除个人信息.
        174 PersonalDataErased = "personal-data-erased" v 1: PersonalErased,
        /// 因其他主体的事件须复核.
        175 ReviewRaised = "review-raised" v 1: ReviewCall,
        /// 信用评级.
        180 CreditRated = "credit-rated" v 1: Rating,
        /// 信用承诺.
        181 Committed = "committed" v 1: Commitment,
        /// 失信惩戒.
        182 Disciplined = "disciplined" v 1: Discipline,
        /// 解除惩戒.
        183 DisciplineLifted = "discipline-lifted" v 1: DisciplineLift,
        /// 信用修复.
        184 CreditRepaired = "credit-repaired" v 1: CreditRepair,
        /// 异议.
        185 Objected = "objected" v 1: Objection,
        /// 异议处理.
        186 ObjectionDecided = "objection-decided" v 1: ObjectionDecision,
        /// 申诉, 复议 or 诉讼.
        187 Appealed = "appealed" v 1: Appeal,
        /// 申诉, 复议 or 诉讼 decided.
        188 AppealDecided = "appeal-decided" v 1: AppealDecision,
        /// 撤销.
        190 DecisionAnnulled = "decision-annulled" v 1: Annulment,
        /// 更正.
        191 RecordCorrected = "record-corrected" v 1: Correction,
    }
}
