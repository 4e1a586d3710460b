//! The closed values of the facts of events.

use super::{Term, term};
use crate::case::facts::{CaseOutcome, FindingOutcome, InspectionKind, LeadSource, PenaltyOutcome};
use crate::credit::facts::{AppealOutcome, Forum, ObjectionOutcome};
use crate::event::AnnulmentScope;
use crate::institution::facts::{
    AuditKind, HoldOutcome, InstitutionKind, Ownership, ReasonClass, ReviewMatter, Verdict,
};
use crate::obligation::ClosingOutcome;
use crate::practitioner::facts::{Category, Responsibility};
use crate::track::BarClass;

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
