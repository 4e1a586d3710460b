//! What things are called, in Chinese and in English: one word for one thing, on every page and in every answer.
//!
//! 中止, 暂停, 终止 and 解除 are four different things and never share a word. The Chinese is the law's own; English pages
//! write it in brackets at first mention ([`Term::introduced`]).

use crate::case::facts::{CaseOutcome, FindingOutcome, InspectionKind, LeadSource, PenaltyOutcome};
use crate::credit::facts::{AppealOutcome, Forum, ObjectionOutcome};
use crate::envelope::Authority;
use crate::event::{AnnulmentScope, EventType};
use crate::id::SubjectKind;
use crate::institution::facts::{
    AuditKind, HoldOutcome, InstitutionKind, Ownership, ReasonClass, ReviewMatter, Verdict,
};
use crate::obligation::ClosingOutcome;
use crate::payable::{Outcome, ReasonCode};
use crate::practitioner::facts::{Category, Responsibility};
use crate::rulebook::{AppliesTo, Rank};
use crate::track::{BarClass, Grade, Line, Track, Value};
use serde::Serialize;

/// One thing's name in both languages.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize)]
pub struct Term {
    /// English.
    pub en: &'static str,
    /// Chinese.
    pub zh: &'static str,
}

impl Term {
    /// English with the Chinese in brackets, for the first mention on an English page.
    #[must_use]
    pub fn introduced(self) -> String {
        format!("{} ({})", self.en, self.zh)
    }
}

const fn term(en: &'static str, zh: &'static str) -> Term {
    Term { en, zh }
}

/// An event type; none for a number this version does not know.
#[must_use]
pub fn event_type(kind: EventType) -> Option<Term> {
    if let Some((_, act)) = kind.name().split_once('.') {
        match act {
            "decision-annulled" => return Some(term("decision annulled", "撤销决定")),
            "record-corrected" => return Some(term("record corrected", "更正记录")),
            "review-raised" => return Some(term("review called for from elsewhere", "因其他主体须复核")),
            "obligation-closed" => return Some(term("obligation closed", "待办事项了结")),
            "personal-data-read" => return Some(term("personal data read", "查阅个人信息")),
            "personal-data-erased" => return Some(term("personal data erased", "删除个人信息")),
            "credit-rated" => return Some(term("credit rated", "信用评级")),
            "credit-repaired" => return Some(term("credit repaired", "信用修复")),
            "committed" => return Some(term("commitment made", "作出承诺")),
            "disciplined" => return Some(term("disciplined for dishonesty", "失信惩戒")),
            "discipline-lifted" => return Some(term("discipline lifted", "解除惩戒")),
            "objected" => return Some(term("objection raised", "提出异议")),
            "objection-decided" => return Some(term("objection decided", "异议处理")),
            "appealed" => return Some(term("appealed", "申诉、复议或诉讼")),
            "appeal-decided" => return Some(term("appeal decided", "申诉、复议或诉讼结果")),
            _ => {}
        }
    }
    Some(match kind.name() {
        "institution.applied" => term("applied for designation", "申请定点"),
        "institution.application-accepted" => term("application accepted", "受理申请"),
        "institution.application-returned" => term("application returned", "退回补正"),
        "institution.evaluated" => term("evaluated", "评估"),
        "institution.public-notice-given" => term("public notice of candidates", "拟定点公示"),
        "institution.refused" => term("designation refused", "不予定点"),
        "institution.bar-raised" => term("barred from applying", "限制申请"),
        "institution.agreement-signed" => term("agreement signed", "签订协议"),
        "institution.probation-started" => term("probation started", "政策辅导期开始"),
        "institution.probation-extended" => term("probation extended", "政策辅导期延长"),
        "institution.probation-passed" => term("probation passed", "政策辅导期通过"),
        "institution.agreement-renewed" => term("agreement renewed", "续签协议"),
        "institution.renewal-refused" => term("renewal refused", "不予续签"),
        "institution.agreement-lapsed" => term("agreement lapsed", "到期终止"),
        "institution.suspension-requested" => term("suspension of the agreement requested", "申请中止协议"),
        "institution.agreement-suspended" => term("agreement suspended", "中止协议"),
        "institution.agreement-resumed" => term("agreement resumed", "恢复协议"),
        "institution.agreement-terminated" => term("agreement terminated", "解除协议"),
        "institution.agreement-withdrawn" => term("agreement given up by the institution", "机构主动退出"),
        "institution.liability-settled" => term("liability performed", "责任履行完毕"),
        "institution.settlement-held" => term("settlement held", "暂停医保基金结算"),
        "institution.settlement-released" => term("settlement released", "恢复医保基金结算"),
        "institution.department-ordered" => term("department order", "责令暂停相关责任部门医药服务"),
        "institution.department-order-lifted" => term("department order lifted", "恢复相关责任部门医药服务"),
        "institution.cross-region-opened" => term("cross-region settlement opened", "开通异地就医结算"),
        "institution.cross-region-closed" => {
            term("cross-region settlement closed", "不开通／关闭异地就医结算")
        }
        "institution.rectification-ordered" => term("rectification ordered", "限期整改"),
        "institution.rectification-accepted" => term("rectification accepted", "整改到位"),
        "institution.rectification-failed" => term("rectification failed", "整改不到位"),
        "institution.interview-held" | "practitioner.interview-held" => term("interview held", "约谈"),
        "institution.warned" => term("warned", "警示"),
        "institution.circulated" => term("circulated", "通报"),
        "institution.case-publicised" => term("publicised", "曝光"),
        "institution.payment-denied" => term("payment denied", "拒付"),
        "institution.funds-recovered" => term("funds recovered", "追回"),
        "institution.damages-charged" => term("liquidated damages charged", "违约金"),
        "institution.fine-imposed" => term("fine imposed", "罚款"),
        "institution.coefficient-adjusted" => term("settlement coefficient adjusted", "调整结算系数"),
        "institution.settlement-declared" => term("settlement declared", "申报结算"),
        "institution.settlement-paid" => term("declared costs paid", "拨付申报费用"),
        "institution.prepaid" => term("prepaid", "拨付预付金"),
        "institution.inspection-recorded" => term("inspection", "检查"),
        "institution.records-demanded" => term("records demanded", "要求提供资料"),
        "institution.records-provided" => term("records provided", "提供资料"),
        "institution.details-changed" | "practitioner.details-changed" => term("details changed", "信息变更"),
        "institution.change-filed" => term("change filed", "变更备案"),
        "institution.referred" | "practitioner.referred" => term("referral", "移送"),
        "institution.reported" => term("report", "报告"),
        "practitioner.registered" => term("registered", "登记备案"),
        "practitioner.site-added" => term("site added", "增加执业点"),
        "practitioner.site-removed" => term("site left", "撤出执业点"),
        "practitioner.reregistered" => term("registered again", "重新登记备案"),
        "practitioner.points-deducted" => term("points deducted", "记分"),
        "practitioner.points-repaired" => term("points repaired", "记分修复"),
        "practitioner.qualification-suspended" => term("qualification suspended", "暂停医保支付资格"),
        "practitioner.qualification-restored" => term("qualification restored", "恢复医保支付资格"),
        "practitioner.qualification-terminated" => term("qualification terminated", "终止医保支付资格"),
        "practitioner.manager-banned" => {
            term("banned from managing institutions", "禁止从事定点医药机构管理活动")
        }
        "area.moratorium-started" => term("admission suspended", "暂停两定医药机构纳入"),
        "area.moratorium-ended" => term("admission resumed", "恢复两定医药机构纳入"),
        "area.resources-planned" => term("resources planned", "制定资源配置规划"),
        "area.work-recorded" => term("work of supervision", "监管工作"),
        "area.rules-adopted" => term("local rules adopted", "采用本地规则"),
        "insured.online-settlement-suspended" => term("online settlement suspended", "暂停医疗费用联网结算"),
        "insured.online-settlement-resumed" => term("online settlement resumed", "恢复医疗费用联网结算"),
        "institution.audit-recorded" => term("claims audited", "费用审核"),
        "institution.assessment-recorded" => term("assessed", "年度考核"),
        "institution.self-check-recorded" => term("checked itself", "自查自纠"),
        "institution.closed" => term("closed down", "停业或注销"),
        "case.lead-received" => term("lead received", "收到线索"),
        "case.inspected" => term("inspection begun", "开展检查"),
        "case.found" => term("findings made", "作出认定"),
        "case.referred" => term("referral", "移送"),
        "case.referral-accepted" => term("referral accepted", "接收移送"),
        "case.transferred" => term("transfer", "移交"),
        "case.supervised" => term("put under supervision", "挂牌督办"),
        "case.penalty-filed" => term("penalty case filed", "行政处罚立案"),
        "case.penalty-notified" => term("penalty announced to the party", "行政处罚告知"),
        "case.hearing-requested" => term("hearing asked for", "申请听证"),
        "case.hearing-held" => term("hearing held", "听证"),
        "case.penalty-decided" => term("penalty case decided", "作出行政处罚决定"),
        "case.penalty-served" => term("penalty decision served", "送达行政处罚决定书"),
        "case.publicised" => term("publicised", "曝光"),
        "case.rewarded" => term("informant rewarded", "举报奖励"),
        "case.opened" => term("case opened", "立案"),
        "case.closed" => term("case closed", "结案"),
        _ => return None,
    })
}

/// An act that can be asked for, by its name: called as the event that records it; none for a name that is none.
#[must_use]
pub fn act(name: &str) -> Option<Term> {
    let (kind, act) = name.split_once('.')?;
    let (_, event) = ACTS.iter().find(|(known, _)| *known == act || *known == name)?;
    event_type(EventType::by_name(&format!("{kind}.{event}"))?)
}

/// Acts and the events that record them; with the kind of subject before those that mean something else there.
const ACTS: &[(&str, &str)] = &[
    ("apply", "applied"),
    ("accept-application", "application-accepted"),
    ("return-application", "application-returned"),
    ("evaluate", "evaluated"),
    ("case.publicise", "publicised"),
    ("publicise", "public-notice-given"),
    ("refuse", "refused"),
    ("sign-agreement", "agreement-signed"),
    ("start-probation", "probation-started"),
    ("extend-probation", "probation-extended"),
    ("pass-probation", "probation-passed"),
    ("renew", "agreement-renewed"),
    ("refuse-renewal", "renewal-refused"),
    ("record-lapse", "agreement-lapsed"),
    ("request-suspension", "suspension-requested"),
    ("suspend-agreement", "agreement-suspended"),
    ("resume-agreement", "agreement-resumed"),
    ("terminate-agreement", "agreement-terminated"),
    ("withdraw", "agreement-withdrawn"),
    ("settle-liability", "liability-settled"),
    ("hold-settlement", "settlement-held"),
    ("release-settlement", "settlement-released"),
    ("order-department", "department-ordered"),
    ("lift-department-order", "department-order-lifted"),
    ("open-cross-region", "cross-region-opened"),
    ("close-cross-region", "cross-region-closed"),
    ("order-rectification", "rectification-ordered"),
    ("accept-rectification", "rectification-accepted"),
    ("fail-rectification", "rectification-failed"),
    ("interview", "interview-held"),
    ("warn", "warned"),
    ("circulate", "circulated"),
    ("publicise-case", "case-publicised"),
    ("deny-payment", "payment-denied"),
    ("recover-funds", "funds-recovered"),
    ("charge-damages", "damages-charged"),
    ("impose-fine", "fine-imposed"),
    ("adjust-coefficient", "coefficient-adjusted"),
    ("prepay", "prepaid"),
    ("declare-settlement", "settlement-declared"),
    ("pay-settlement", "settlement-paid"),
    ("record-inspection", "inspection-recorded"),
    ("demand-records", "records-demanded"),
    ("provide-records", "records-provided"),
    ("change-details", "details-changed"),
    ("file-change", "change-filed"),
    ("refer", "referred"),
    ("report", "reported"),
    ("record-audit", "audit-recorded"),
    ("record-assessment", "assessment-recorded"),
    ("record-self-check", "self-check-recorded"),
    ("close", "closed"),
    ("rate-credit", "credit-rated"),
    ("commit", "committed"),
    ("discipline", "disciplined"),
    ("lift-discipline", "discipline-lifted"),
    ("repair-credit", "credit-repaired"),
    ("object", "objected"),
    ("decide-objection", "objection-decided"),
    ("appeal", "appealed"),
    ("decide-appeal", "appeal-decided"),
    ("close-obligation", "obligation-closed"),
    ("read-personal-data", "personal-data-read"),
    ("erase-personal-data", "personal-data-erased"),
    ("raise-review", "review-raised"),
    ("annul", "decision-annulled"),
    ("correct", "record-corrected"),
    ("register", "registered"),
    ("add-site", "site-added"),
    ("remove-site", "site-removed"),
    ("deduct-points", "points-deducted"),
    ("repair-points", "points-repaired"),
    ("suspend", "qualification-suspended"),
    ("restore", "qualification-restored"),
    ("terminate", "qualification-terminated"),
    ("reregister", "reregistered"),
    ("ban-manager", "manager-banned"),
    ("plan-resources", "resources-planned"),
    ("adopt-rules", "rules-adopted"),
    ("record-work", "work-recorded"),
    ("start-moratorium", "moratorium-started"),
    ("end-moratorium", "moratorium-ended"),
    ("open", "opened"),
    ("receive-lead", "lead-received"),
    ("inspect", "inspected"),
    ("find", "found"),
    ("accept-referral", "referral-accepted"),
    ("transfer", "transferred"),
    ("supervise", "supervised"),
    ("file-penalty", "penalty-filed"),
    ("notify-penalty", "penalty-notified"),
    ("request-hearing", "hearing-requested"),
    ("hold-hearing", "hearing-held"),
    ("decide-penalty", "penalty-decided"),
    ("serve-penalty", "penalty-served"),
    ("reward", "rewarded"),
    ("suspend-online-settlement", "online-settlement-suspended"),
    ("resume-online-settlement", "online-settlement-resumed"),
];

/// What stands on a track. The track matters: an agreement's 中止 and 解除 are not a person's 暂停 and 终止.
#[must_use]
pub const fn value(track: &Track, value: Value) -> Term {
    let person = matches!(track, Track::Qualification);
    match value {
        Value::Applied => term("applied", "已申请"),
        Value::Evaluating => term("under evaluation", "评估中"),
        Value::Candidate => term("candidate", "拟定点"),
        Value::Refused => term("refused", "不予定点"),
        Value::InForce => term("in force", "正常履行"),
        Value::Suspended if matches!(track, Track::OnlineSettlement) => {
            term("online settlement suspended", "暂停联网结算")
        }
        Value::Suspended if person => term("suspended", "暂停"),
        Value::Suspended => term("suspended", "中止"),
        Value::Terminated if person => term("terminated", "终止"),
        Value::Terminated => term("terminated", "解除"),
        Value::Lapsed => term("lapsed", "到期终止"),
        Value::NotRenewed => term("not renewed", "不予续签"),
        Value::Withdrawn => term("withdrawn", "主动退出"),
        Value::Initial => term("initial", "初始阶段"),
        Value::Extended => term("extended", "已延长"),
        Value::Open => match track {
            Track::Case => term("open", "已立案"),
            _ => term("open", "已开通"),
        },
        Value::Closed => match track {
            Track::Case => term("closed", "已结案"),
            _ => term("closed", "未开通"),
        },
        Value::On => match track {
            Track::Department(_) => term("ordered off", "责令暂停"),
            Track::Moratorium(_) => term("admission suspended", "暂停纳入"),
            Track::Commitment(_) => term("in force", "有效"),
            Track::Discipline(_) => term("in force", "执行中"),
            Track::Supervision => term("under supervision", "督办中"),
            Track::Plan | Track::Rules(_) => term("in force", "施行中"),
            _ => term("held", "暂停结算"),
        },
        Value::Cleared | Value::ClearedLater(_) => {
            term("held, released as cleared", "暂停结算（查清无误，已恢复）")
        }
        Value::Confirmed => term("held, released as confirmed", "暂停结算（查实，已恢复）"),
        Value::Barred { .. } => term("barred", "限制期内"),
        Value::Unregistered => term("unregistered", "未登记备案"),
        Value::Normal => term("normal", "正常"),
        Value::Registered => term("registered", "已登记备案"),
        Value::Points(_) => term("points", "记分"),
        Value::Grade(grade) => self::grade(grade),
        Value::Pending => term("pending", "待处理"),
        Value::Unverified => term("unverified", "待核实"),
        Value::Inspecting => term("being inspected", "检查中"),
        Value::Founded => term("found to be so", "查实"),
        Value::Unfounded => term("not found to be so", "查无实据"),
        Value::Referred => term("referred", "已移送"),
        Value::Transferred => term("transferred", "已移交"),
    }
}

/// A credit grade.
#[must_use]
pub const fn grade(grade: Grade) -> Term {
    match grade {
        Grade::APlus => term("grade A+", "A+级"),
        Grade::A => term("grade A", "A级"),
        Grade::B => term("grade B", "B级"),
        Grade::C => term("grade C", "C级"),
        Grade::CMinus => term("grade C-", "C-级"),
        Grade::D => term("grade D", "D级"),
        Grade::DMinus => term("grade D-", "D-级"),
        Grade::E => term("grade E", "E级"),
        Grade::Dishonest => term("dishonest", "失信"),
        Grade::SeriouslyDishonest => term("seriously dishonest", "严重失信"),
        Grade::ExtremelyDishonest => term("extremely dishonest", "特别严重失信"),
    }
}

/// What kind of thing a track tells of.
#[must_use]
pub const fn track(track: &Track) -> Term {
    match track {
        Track::Agreement(..) => term("agreement", "服务协议"),
        Track::Probation(_) => term("probation", "政策辅导期"),
        Track::CrossRegion(_) => term("cross-region settlement", "异地就医结算"),
        Track::Hold { .. } => term("settlement hold", "暂停医保基金结算"),
        Track::Department(_) => term("department order", "责令暂停相关责任部门医药服务"),
        Track::Bar(_) => term("bar", "限制期"),
        Track::Qualification => term("payment qualification", "医保支付资格"),
        Track::Site(_) => term("registration", "登记备案"),
        Track::Points => term("points this year", "年度记分"),
        Track::Credit => term("credit grade", "信用等级"),
        Track::Moratorium(_) => term("suspension of admission", "暂停两定医药机构纳入"),
        Track::Commitment(_) => term("commitment", "承诺"),
        Track::Discipline(_) => term("discipline for dishonesty", "失信惩戒"),
        Track::OnlineSettlement => term("online settlement", "医疗费用联网结算"),
        Track::Objection(_) => term("objection", "异议"),
        Track::Appeal(_) => term("appeal", "申诉、复议或诉讼"),
        Track::Plan => term("resource plan", "资源配置规划"),
        Track::Rules(_) => term("local rules", "本地规则"),
        Track::Case => term("case", "案件"),
        Track::Supervision => term("supervision", "挂牌督办"),
    }
}

/// A line of the agreement.
#[must_use]
pub const fn line(line: Line) -> Term {
    match line {
        Line::Basic => term("basic", "基本"),
        Line::OutpatientPooling => term("outpatient pooling", "门诊统筹"),
        Line::SpecialOutpatient => term("special outpatient", "门诊慢特病"),
        Line::DualChannel => term("dual channel", "双通道"),
        Line::CrossRegion => term("cross-region", "异地就医"),
        Line::Internet => term("internet", "互联网"),
    }
}

/// A body that acts.
#[must_use]
pub const fn authority(authority: Authority) -> Term {
    match authority {
        Authority::Agency => term("the agency", "医保经办机构"),
        Authority::Bureau => term("the bureau", "医保行政部门"),
        Authority::Court => term("the court", "法院"),
        Authority::Police => term("the police", "公安机关"),
        Authority::Procuratorate => term("the procuratorate", "检察机关"),
        Authority::Discipline => term("the discipline inspection body", "纪检监察机关"),
        Authority::Health => term("the health authority", "卫生健康部门"),
        Authority::Market => term("the market authority", "市场监管部门"),
        Authority::Drug => term("the drug authority", "药品监管部门"),
        Authority::Finance => term("the finance authority", "财政部门"),
        Authority::Institution => term("the institution", "定点医药机构"),
        Authority::Practitioner => term("the practitioner", "相关人员"),
        Authority::System => term("the ledger", "账本系统"),
    }
}

/// A kind of subject.
#[must_use]
pub const fn subject_kind(kind: SubjectKind) -> Term {
    match kind {
        SubjectKind::Institution => term("designated institution", "定点医药机构"),
        SubjectKind::Practitioner => term("practitioner", "相关人员"),
        SubjectKind::Enterprise => term("enterprise", "医药企业"),
        SubjectKind::Insured => term("insured person", "参保人"),
        SubjectKind::Area => term("pooling area", "统筹地区"),
        SubjectKind::Case => term("case", "案件"),
    }
}

/// The answer to "may this be paid?".
#[must_use]
pub const fn outcome(outcome: Outcome) -> Term {
    match outcome {
        Outcome::Payable => term("payable", "可支付"),
        Outcome::Held => term("held", "暂缓结算"),
        Outcome::Refused => term("refused", "不予支付"),
    }
}

/// The rank of an instrument.
#[must_use]
pub const fn rank(rank: Rank) -> Term {
    match rank {
        Rank::Law => term("law", "法律"),
        Rank::AdministrativeRegulation => term("administrative regulation", "行政法规"),
        Rank::DepartmentalRule => term("departmental rule", "部门规章"),
        Rank::LocalRegulation => term("local regulation", "地方性法规、地方政府规章"),
        Rank::NormativeDocument => term("normative document", "规范性文件"),
        Rank::Agreement => term("agreement", "协议文本"),
        Rank::Policy => term("this ledger's own convention", "本账本的处理约定"),
    }
}

/// Whom a rule is about.
#[must_use]
pub const fn applies_to(whom: AppliesTo) -> Term {
    match whom {
        AppliesTo::Medical => term("medical institutions", "定点医疗机构"),
        AppliesTo::Pharmacy => term("pharmacies", "定点零售药店"),
        AppliesTo::Practitioner => term("practitioners", "相关人员"),
        AppliesTo::Insured => term("insured persons", "参保人"),
        AppliesTo::Enterprise => term("enterprises", "医药企业"),
        AppliesTo::Agency => term("agencies", "经办机构"),
        AppliesTo::Bureau => term("bureaus", "医保行政部门"),
    }
}

/// A reason in the answer to "may this be paid?".
#[must_use]
pub const fn reason(code: ReasonCode) -> Term {
    match code {
        ReasonCode::NoAgreement => term("no agreement in this pooling area", "在该统筹地区未签订服务协议"),
        ReasonCode::AgreementNotInForce => term("the agreement is not in force", "协议尚未生效"),
        ReasonCode::AgreementSuspended => term("the agreement is suspended", "协议中止期内"),
        ReasonCode::AgreementEnded => term("the agreement has ended", "协议已结束"),
        ReasonCode::SettlementHeld => term("settlement is held", "暂停医保基金结算"),
        ReasonCode::SettlementReleased => {
            term("released as cleared: what waited is payable", "查清无误，恢复结算")
        }
        ReasonCode::SettlementConfirmed => term(
            "released as confirmed: what waited still waits",
            "查实后恢复结算，此前暂停结算的费用仍待处理",
        ),
        ReasonCode::LineNotInAgreement => term("the line is not in the agreement", "协议不含该业务"),
        ReasonCode::DepartmentOrderedOff => term("the department is ordered off", "该部门被责令暂停医药服务"),
        ReasonCode::CrossRegionClosed => term("cross-region settlement is closed", "未开通异地就医结算"),
        ReasonCode::PractitionerUnregistered => {
            term("the practitioner is not registered there", "该人员未在该机构登记备案")
        }
        ReasonCode::PractitionerSuspended => {
            term("the practitioner's qualification is suspended", "该人员医保支付资格暂停")
        }
        ReasonCode::PractitionerTerminated => {
            term("the practitioner's qualification is terminated", "该人员医保支付资格终止")
        }
        ReasonCode::EmergencyException => term("emergency or rescue: excepted", "急诊、抢救除外"),
    }
}

/// The class of a bar.
#[must_use]
pub const fn bar_class(class: BarClass) -> Term {
    match class {
        BarClass::Illegality => term("terminated for illegality", "因违法被解除协议"),
        BarClass::Breach => term("terminated for serious breach", "因严重违约被解除协议"),
        BarClass::FraudInApplication => term("fraud in application", "申请时弄虚作假"),
        BarClass::EvaluationFailed => term("failed evaluation twice", "两次评估不合格"),
        BarClass::Terminated2018 => term("terminated under the rule of 2018", "按2018年规定被解除协议"),
        BarClass::PointsAccumulated => term("points accumulated in the year", "年度累计记满分"),
        BarClass::PointsSingle => term("all points by one decision", "单次记满分"),
        BarClass::Decision => term("by decision", "另行决定"),
    }
}

/// A category of practitioners.
#[must_use]
pub const fn category(category: Category) -> Term {
    match category {
        Category::Doctor => term("doctor", "医师"),
        Category::Nurse => term("nurse", "护士"),
        Category::Pharmacist => term("pharmacist", "药师"),
        Category::Technician => term("technician", "技师"),
        Category::Auditor => term("cost auditor", "费用审核人员"),
        Category::Principal => term("principal", "主要负责人"),
    }
}

/// A degree of responsibility.
#[must_use]
pub const fn responsibility(degree: Responsibility) -> Term {
    match degree {
        Responsibility::General => term("general responsibility", "一般责任"),
        Responsibility::Important => term("important responsibility", "重要责任"),
        Responsibility::Main => term("main responsibility", "主要责任"),
    }
}

/// Who owns it.
#[must_use]
pub const fn ownership(ownership: Ownership) -> Term {
    match ownership {
        Ownership::Public => term("public", "公立"),
        Ownership::Private => term("private", "民办"),
    }
}

/// A kind of designated institution.
#[must_use]
pub const fn institution_kind(kind: InstitutionKind) -> Term {
    match kind {
        InstitutionKind::Medical => term("medical institutions", "定点医疗机构"),
        InstitutionKind::Pharmacy => term("pharmacies", "定点零售药店"),
    }
}

/// The result of an evaluation.
#[must_use]
pub const fn verdict(verdict: Verdict) -> Term {
    match verdict {
        Verdict::Pass => term("pass", "合格"),
        Verdict::Fail => term("fail", "不合格"),
    }
}

/// How a hold ended.
#[must_use]
pub const fn hold_outcome(outcome: HoldOutcome) -> Term {
    match outcome {
        HoldOutcome::Cleared => term("nothing found", "查清无误"),
        HoldOutcome::Confirmed => term("found to be so", "查实"),
    }
}

/// A kind of audit of claims.
#[must_use]
pub const fn audit(kind: AuditKind) -> Term {
    match kind {
        AuditKind::FirstReview => term("first review", "初审"),
        AuditKind::SampledReview => term("sampled second review", "抽查复审"),
    }
}

/// Why an agreement was terminated.
#[must_use]
pub const fn reason_class(class: ReasonClass) -> Term {
    match class {
        ReasonClass::Illegality => term("illegality", "违法"),
        ReasonClass::Breach => term("serious breach", "严重违约"),
        ReasonClass::FraudInApplication => term("fraud in application", "申请时弄虚作假"),
        ReasonClass::Consent => term("by consent", "协商一致"),
        ReasonClass::NotRectified => term("not rectified, or not in time", "逾期未整改或整改不到位"),
        ReasonClass::Other => term("other", "其他"),
    }
}

/// What of another subject is to be looked at.
#[must_use]
pub const fn review_matter(matter: ReviewMatter) -> Term {
    match matter {
        ReviewMatter::ChainTermination => term(
            "a branch of the same chain was terminated for what its head office did",
            "同一连锁企业的分支药店因总部原因被解除协议",
        ),
        ReviewMatter::ManagerBan => term(
            "somebody who runs it may no longer manage designated institutions",
            "任职人员被禁止从事定点医药机构管理活动",
        ),
        ReviewMatter::OriginAnnulled => term(
            "the decision on another subject that it rests on was annulled",
            "所依据的对其他主体的决定已被撤销",
        ),
    }
}

/// What came of an objection.
#[must_use]
pub const fn objection_outcome(outcome: ObjectionOutcome) -> Term {
    match outcome {
        ObjectionOutcome::Upheld => term("upheld", "异议成立"),
        ObjectionOutcome::PartlyUpheld => term("upheld in part", "部分成立"),
        ObjectionOutcome::Rejected => term("rejected", "异议不成立"),
        ObjectionOutcome::Withdrawn => term("withdrawn", "撤回"),
    }
}

/// Where an appeal goes.
#[must_use]
pub const fn forum(forum: Forum) -> Term {
    match forum {
        Forum::Complaint => term("complaint", "申诉"),
        Forum::AdministrativeReview => term("administrative review", "行政复议"),
        Forum::Litigation => term("litigation", "行政诉讼"),
    }
}

/// What came of an appeal.
#[must_use]
pub const fn appeal_outcome(outcome: AppealOutcome) -> Term {
    match outcome {
        AppealOutcome::Maintained => term("maintained", "维持"),
        AppealOutcome::Changed => term("changed", "变更"),
        AppealOutcome::Annulled => term("annulled", "撤销"),
        AppealOutcome::Dismissed => term("dismissed", "驳回"),
        AppealOutcome::NotAccepted => term("not accepted", "不予受理"),
        AppealOutcome::Withdrawn => term("withdrawn", "撤回"),
    }
}

/// What came of a case.
#[must_use]
pub const fn case_outcome(outcome: CaseOutcome) -> Term {
    match outcome {
        CaseOutcome::Handled => term("found to be so and handled", "查实并处理"),
        CaseOutcome::Unfounded => term("not found to be so", "查无实据"),
        CaseOutcome::HandedOver => term("handed over to another body or office", "移送或移交处理"),
        CaseOutcome::Other => term("other", "其他"),
    }
}

/// Where a lead comes from.
#[must_use]
pub const fn lead_source(source: LeadSource) -> Term {
    match source {
        LeadSource::Complaint => term("complaint or report", "投诉举报"),
        LeadSource::Data => term("data screening", "大数据筛查"),
        LeadSource::Inspection => term("inspection", "检查发现"),
        LeadSource::Assigned => term("assigned from above", "上级交办"),
        LeadSource::Referral => term("referral by another body", "其他机关移送"),
        LeadSource::Media => term("the media", "媒体曝光"),
        LeadSource::Other => term("other", "其他"),
    }
}

/// A kind of inspection.
#[must_use]
pub const fn inspection(kind: InspectionKind) -> Term {
    match kind {
        InspectionKind::Routine => term("routine inspection", "日常检查"),
        InspectionKind::Special => term("special inspection", "专项检查"),
        InspectionKind::Flight => term("flight inspection", "飞行检查"),
        InspectionKind::Random => term("random inspection", "双随机抽查"),
        InspectionKind::Cross => term("cross inspection", "交叉检查"),
        InspectionKind::Joint => term("joint inspection", "联合检查"),
        InspectionKind::Complaint => term("check of a complaint", "举报核查"),
    }
}

/// Whether it was found to be so.
#[must_use]
pub const fn finding_outcome(outcome: FindingOutcome) -> Term {
    match outcome {
        FindingOutcome::Founded => term("found to be so", "查实"),
        FindingOutcome::Unfounded => term("not found to be so", "查无实据"),
    }
}

/// What a penalty case comes to.
#[must_use]
pub const fn penalty_outcome(outcome: PenaltyOutcome) -> Term {
    match outcome {
        PenaltyOutcome::Imposed => term("penalty imposed", "予以处罚"),
        PenaltyOutcome::Waived => term("no penalty", "不予处罚"),
        PenaltyOutcome::Unfounded => term("the facts do not stand", "违法事实不能成立"),
        PenaltyOutcome::HandedOver => term("handed over to the justice system", "移送司法机关"),
    }
}

/// What came of an obligation.
#[must_use]
pub const fn closing_outcome(outcome: ClosingOutcome) -> Term {
    match outcome {
        ClosingOutcome::Done => term("done", "已办理"),
        ClosingOutcome::NotCalledFor => term("not called for", "无须办理"),
    }
}

/// How far an annulment reaches.
#[must_use]
pub const fn annulment_scope(scope: AnnulmentScope) -> Term {
    match scope {
        AnnulmentScope::FromStart => term("from the start", "自始"),
        AnnulmentScope::FromDate => term("from a date", "自某日起"),
        AnnulmentScope::Partial => term("in part", "部分"),
    }
}

/// A fact of an application that it may leave untold and that is then to be verified; none for others.
#[must_use]
pub fn fact_to_verify(field: &str) -> Option<Term> {
    Some(match field {
        "insurance_department" => term("insurance department", "设医保管理部门"),
        "insurance_staff" => term("insurance managers", "医保管理人员数"),
        "opened_on" => term("opened", "开业"),
        "ownership" => term("ownership", "性质"),
        "pharmacists" => term("pharmacists", "药师数"),
        "physicians" => term("physicians", "医师数"),
        "staff_contract_months" => term("shortest contract, in months", "人员合同最短月数"),
        "technicians" => term("technicians", "技师数"),
        "tests_offered" => term("tests offered", "开展检验检查"),
        "traceability_codes" => term("traceability codes", "采集追溯码"),
        _ => return None,
    })
}

/// A sum of fen in yuan: 1234567 is ¥12,345.67.
#[must_use]
pub fn yuan(fen: i128) -> String {
    let digits = (fen.unsigned_abs() / 100).to_string();
    let mut grouped = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    let sign = if fen < 0 { "−" } else { "" };
    format!("{sign}¥{grouped}.{:02}", fen.unsigned_abs() % 100)
}

/// A whole number of parts as a decimal without trailing noughts: of 25 tenths, 2.5.
#[must_use]
pub fn decimal(parts: i128, digits: usize) -> String {
    let sign = if parts < 0 { "-" } else { "" };
    let text = format!("{:0width$}", parts.unsigned_abs(), width = digits + 1);
    let (whole, rest) = text.split_at(text.len() - digits);
    match rest.trim_end_matches('0') {
        "" => format!("{sign}{whole}"),
        rest => format!("{sign}{whole}.{rest}"),
    }
}

/// A behaviour of the catalogue by which points are given; none for one told in words.
#[must_use]
pub fn behaviour(code: &str) -> Option<Term> {
    Some(match code {
        "agreement-measure" => {
            term("agreement measure against the institution", "机构受协议处理，人员负有责任")
        }
        "art-38" => term("institution penalised under article 38", "机构受条例第三十八条处罚，人员负有责任"),
        "art-39" => term("institution penalised under article 39", "机构受条例第三十九条处罚，人员负有责任"),
        "art-40" => term("institution penalised under article 40", "机构受条例第四十条处罚，人员负有责任"),
        "non-selected-products" => {
            term("unjustified use of high-priced non-selected products", "无正当理由超量使用高价非中选产品")
        }
        "qualification-revoked" => {
            term("registration cancelled or certificate revoked", "注销注册、吊销执业或职业资格证书")
        }
        "unregistered-settled" => term(
            "settling in another's name for one not registered, suspended or terminated",
            "为未登记备案或暂停、终止状态人员冒名结算",
        ),
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn every_event_type_has_a_name_in_both_languages_and_none_shares_another_ones() {
        for kind in SubjectKind::ALL {
            let mut seen = BTreeSet::new();
            for (number, name, _) in EventType::all().filter(|(number, ..)| EventType(*number).kind() == kind)
            {
                let term = event_type(EventType(*number)).unwrap_or_else(|| panic!("{name} has no name"));
                assert!(seen.insert(term.en), "{name} shares {:?}", term.en);
                assert!(seen.insert(term.zh), "{name} shares {:?}", term.zh);
            }
        }
        assert_eq!(event_type(EventType(9)), None);
    }

    /// One wording for one thing: what a behaviour is called is what its band of points is called.
    #[test]
    fn behaviours_are_called_as_the_bands_of_the_rulebook() {
        let book = crate::rulebook::Rulebook::national();
        let bands: BTreeSet<&str> =
            book.rules().iter().filter_map(|rule| rule.param.strip_prefix("practitioner.band.")).collect();
        assert_eq!(bands.len(), 7, "{bands:?}");
        for code in bands {
            let band = book.parameter(&format!("practitioner.band.{code}")).unwrap();
            let term = behaviour(code).unwrap_or_else(|| panic!("{code} has no words"));
            assert_eq!(*band.zh, format!("记分：{}", term.zh));
            assert_eq!(*band.en, format!("points: {}", term.en));
        }
    }

    #[test]
    fn the_four_words_of_stopping_are_never_confused() {
        let agreement = Track::Agreement(crate::AreaCode::from_number(430_500), Line::Basic);
        assert_eq!(value(&agreement, Value::Suspended).zh, "中止");
        assert_eq!(value(&Track::Qualification, Value::Suspended).zh, "暂停");
        assert_eq!(value(&agreement, Value::Terminated).zh, "解除");
        assert_eq!(value(&Track::Qualification, Value::Terminated).zh, "终止");
    }

    #[test]
    fn sums_are_told_in_yuan_and_parts_as_decimals() {
        assert_eq!([0, -5, 99_999, 123_456_789].map(yuan), ["¥0.00", "−¥0.05", "¥999.99", "¥1,234,567.89"]);
        assert_eq!([20, 25, 5, -5, 0].map(|tenths| decimal(tenths, 1)), ["2", "2.5", "0.5", "-0.5", "0"]);
        assert_eq!((decimal(9500, 4), decimal(525, 2)), ("0.95".to_owned(), "5.25".to_owned()));
    }

    #[test]
    fn every_act_has_a_name_in_both_languages() {
        for name in crate::command::Act::names() {
            assert!(act(name).is_some(), "{name} has no name");
        }
        assert_eq!(act("institution.terminate-agreement").unwrap().zh, "解除协议");
        assert_eq!(act("practitioner.terminate").unwrap().zh, "终止医保支付资格");
        assert_eq!(act("case.close").unwrap().zh, "结案");
        assert_eq!(act("area.apply"), None);
    }

    #[test]
    fn the_first_mention_carries_the_chinese_in_brackets() {
        assert_eq!(line(Line::DualChannel).introduced(), "dual channel (双通道)");
    }
}
