//! For tests: facts of every event type, with the choices left to the caller.

use crate::event::EventData;
use crate::event::EventType;
use serde_json::{Value, json};

/// What a sample leaves open.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Open {
    /// A pooling area.
    Area,
    /// A pooling area or none, for all.
    AnyArea,
    /// A line.
    Line,
    /// A line or none, for all.
    AnyLine,
    /// An instant.
    Time,
    /// An instant or none.
    AnyTime,
    /// Yes or no.
    Flag,
    /// The id of an event of the same stream.
    Event,
    /// The code of an institution.
    Site,
    /// Points, 1 to 12.
    Points,
    /// A natural year.
    Year,
    /// How far an annulment reaches: its `scope` and `date`.
    Reach,
    /// Changes of a correction.
    Changes,
}

/// A value of that number as events hold it: the same number, the same value.
fn sealed(number: usize) -> Value {
    let mark = format!("{number:022}");
    json!({ "mark": mark, "sealed": format!("{number:0>60}") })
}

/// Facts of an event type. A type without a sample is noticed by the fixtures.
pub(crate) fn facts(name: &str, pick: &mut dyn FnMut(Open) -> Value) -> Option<Value> {
    use Open::{
        AnyArea, AnyLine, AnyTime, Area, Changes, Event, Flag, Line, Points, Reach, Site, Time, Year,
    };
    let bar = |pick: &mut dyn FnMut(Open) -> Value| json!({ "class": "breach", "until": pick(Time), "until_performed": pick(Flag) });
    Some(match name {
        "institution.applied" => json!({
            "area": pick(Area), "beds": 120, "commitments": ["按规定使用追溯码"], "controllers": [sealed(1)],
            "insurance_department": true, "insurance_staff": 2, "legal_representative": sealed(2), "level": "二级甲等", "lines": [pick(Line)], "name": "某某医院",
            "opened_on": pick(Time), "ownership": "private", "pharmacists": 2, "physicians": 30, "principal": sealed(3),
            "regional_medical_centre": pick(Flag), "staff_contract_months": 24, "technicians": 3, "tests_offered": true,
            "traceability_codes": true, "uscc": "12110000400686291H",
        }),
        "institution.application-accepted"
        | "institution.probation-passed"
        | "institution.agreement-lapsed"
        | "institution.cross-region-opened"
        | "institution.cross-region-closed" => json!({ "area": pick(Area) }),
        "institution.application-returned" => json!({ "area": pick(Area), "missing": ["执业许可证副本"] }),
        "institution.evaluated" => {
            let verdict = if pick(Flag) == json!(true) { "pass" } else { "fail" };
            json!({ "area": pick(Area), "findings": ["未设医保部门"], "score": 87, "verdict": verdict })
        }
        "institution.public-notice-given" => {
            json!({ "area": pick(Area), "from": pick(Time), "until": pick(Time) })
        }
        "institution.refused" => {
            json!({ "area": pick(Area), "fraud_found_on": pick(AnyTime), "grounds": ["不符合条件"] })
        }
        "institution.bar-raised" => json!({ "area": pick(Area), "bar": bar(pick) }),
        "institution.agreement-signed" => json!({
            "area": pick(Area), "from": pick(AnyTime), "lines": ["basic", pick(Line)], "name": "某某医院",
            "number": "2025-001", "ownership": "public", "regional_medical_centre": pick(Flag), "template": "2024版",
            "until": pick(AnyTime), "uscc": "12110000400686291H",
        }),
        "institution.probation-started" => {
            json!({ "area": pick(Area), "from": pick(Time), "until": pick(Time) })
        }
        "institution.probation-extended" => {
            json!({ "area": pick(Area), "until": pick(Time), "violation": "轻微违约" })
        }
        "institution.agreement-renewed" => {
            json!({ "area": pick(Area), "from": pick(AnyTime), "number": "2026-001", "until": pick(AnyTime) })
        }
        "institution.renewal-refused" => json!({ "area": pick(Area), "ground": "考核不合格" }),
        "institution.suspension-requested" | "institution.agreement-withdrawn" => {
            json!({ "area": pick(Area), "from": pick(Time) })
        }
        "institution.agreement-suspended" => json!({
            "act_from": pick(AnyTime), "act_to": pick(AnyTime), "area": pick(Area), "at_request": pick(Flag),
            "bound_by": "institution-H43050000001@1", "ground": "违反协议", "line": pick(AnyLine),
            "until": pick(AnyTime),
        }),
        "institution.agreement-resumed" => json!({ "area": pick(Area), "line": pick(AnyLine) }),
        "institution.agreement-terminated" => json!({
            "act_from": pick(AnyTime), "act_to": pick(AnyTime), "area": pick(Area), "bar": bar(pick),
            "bound_by": "institution-H43050000001@1", "fraud_found_on": pick(AnyTime), "ground": "严重违反协议",
            "head_office": pick(Flag),
            "line": pick(AnyLine), "reason_class": "breach", "responsible": ["HY430500000001"], "responsible_until": pick(Time),
        }),
        "institution.liability-settled" => json!({ "liability": pick(Event), "performed_on": pick(Time) }),
        "institution.settlement-held" => json!({
            "act_from": pick(AnyTime), "act_to": pick(AnyTime), "approved_by_principal": true, "area": pick(AnyArea),
            "bound_by": "institution-H43050000001@1", "ground": "art-30", "lines": [pick(Line)],
            "refused_cooperation": true,
        }),
        "institution.settlement-released" => json!({ "hold": pick(Event), "outcome": "cleared" }),
        "institution.department-ordered" => json!({ "department": "放射科", "until": pick(Time) }),
        "institution.department-order-lifted" => json!({ "department": "放射科" }),
        "institution.rectification-ordered" => {
            json!({ "area": pick(AnyArea), "problems": ["未按要求上传数据"], "until": pick(AnyTime) })
        }
        "institution.rectification-accepted" | "institution.rectification-failed" => {
            json!({ "note": "现场核查", "order": pick(Event) })
        }
        "institution.interview-held"
        | "institution.warned"
        | "institution.circulated"
        | "institution.case-publicised" => json!({ "note": "主要负责人", "recipient": sealed(2) }),
        "institution.payment-denied" | "institution.funds-recovered" | "institution.damages-charged" => {
            json!({
                "act_from": pick(AnyTime), "act_to": pick(AnyTime), "amount_fen": 9_900, "area": pick(AnyArea),
                "bound_by": "institution-H43050000001@1", "note": "追溯码重复结算",
            })
        }
        "institution.prepaid" => {
            json!({ "amount_fen": 9_900, "area": pick(AnyArea), "note": "追溯码重复结算" })
        }
        "institution.settlement-declared" => json!({
            "amount_fen": 5_000_000, "area": pick(Area), "from": pick(AnyTime), "note": "九月费用", "until": pick(AnyTime),
        }),
        "institution.settlement-paid" => json!({
            "amount_fen": 4_990_100, "complete": pick(Flag), "declaration": pick(Event), "note": "扣除拒付",
        }),
        "institution.fine-imposed" => json!({
            "amount_fen": 19_800, "article": "38", "base_fen": 9_900, "multiple_tenths": 20, "note": "两倍",
            "portions": [{ "amount_fen": 19_800, "base_fen": 9_900, "multiple_tenths": 20 }],
        }),
        "institution.coefficient-adjusted" => {
            json!({ "area": pick(Area), "coefficient_bp": 9_500, "note": "年度考核", "until": pick(AnyTime) })
        }
        "institution.inspection-recorded" => {
            json!({ "findings": ["超标准收费"], "inspection": "flight", "note": "飞行检查" })
        }
        "institution.records-demanded" => json!({ "due": pick(Time), "what": ["进销存台账"] }),
        "institution.records-provided" => json!({ "complete": pick(Flag), "demand": pick(Event) }),
        "institution.details-changed" => {
            json!({ "approved_on": pick(Time), "from": "某某医院", "to": "某某中心医院", "what": "name" })
        }
        "institution.change-filed" => json!({ "change": pick(Event) }),
        "institution.referred" | "institution.reported" | "practitioner.referred" => {
            json!({ "note": "涉嫌犯罪", "to": "公安机关" })
        }
        _ if name.ends_with(".decision-annulled") => {
            let mut data = pick(Reach);
            data["consequences"] = pick(Flag);
            data["event"] = pick(Event);
            data
        }
        _ if name.ends_with(".record-corrected") => {
            json!({ "changes": pick(Changes), "event": pick(Event) })
        }
        "practitioner.registered" => json!({
            "area": pick(Area), "category": "doctor", "certificate": sealed(4), "commitment_signed": true,
            "identity_number": sealed(5), "institution": pick(Site), "name": sealed(6), "phone": sealed(7),
        }),
        "practitioner.site-added" | "practitioner.reregistered" => {
            json!({ "commitment_signed": pick(Flag), "institution": pick(Site) })
        }
        "practitioner.site-removed" => json!({ "institution": pick(Site) }),
        "practitioner.details-changed" => json!({ "from": sealed(6), "to": sealed(8), "what": "name" }),
        "practitioner.points-deducted" => json!({
            "act_from": pick(Time), "act_to": pick(Time), "area": pick(Area), "behaviour": "art-38", "counted": 4,
            "decided_at": pick(Time), "departure_reason": "情节较重", "institution": pick(Site), "measure": "罚决1号",
            "points": pick(Points), "responsibility": "general", "single": pick(Flag), "total": 4,
        }),
        "practitioner.points-repaired" => json!({
            "activity": "政策宣传", "area": pick(Area), "points": pick(Points), "total": 3, "year": pick(Year),
        }),
        "practitioner.qualification-suspended" => {
            json!({ "from": pick(AnyTime), "ground": "art-40", "until": pick(AnyTime) })
        }
        "practitioner.qualification-restored" | "practitioner.interview-held" => json!({ "note": "期满前" }),
        "practitioner.qualification-terminated" => {
            json!({ "barred_until": pick(AnyTime), "class": "points_single", "ground": "art-40" })
        }
        "insured.credit-rated" => json!({
            "area": pick(Area), "grade": "b", "name": sealed(6), "score": 85, "until": pick(AnyTime), "year": pick(Year),
        }),
        _ if name.ends_with(".credit-rated") => json!({
            "area": pick(Area), "grade": "b", "name": "某某公司", "score": 85, "until": pick(AnyTime),
            "year": pick(Year),
        }),
        _ if name.ends_with(".committed") => {
            json!({ "content": "诚信经营", "public": true, "until": pick(AnyTime) })
        }
        _ if name.ends_with(".disciplined") => json!({
            "ground": "严重失信", "measures": ["增加检查频次"], "rating": pick(Event), "until": pick(AnyTime),
        }),
        _ if name.ends_with(".discipline-lifted") => json!({ "discipline": pick(Event), "note": "已修复" }),
        _ if name.ends_with(".credit-repaired") => {
            json!({ "activity": "整改并参加培训", "grade": "a", "until": pick(AnyTime) })
        }
        _ if name.ends_with(".objected") => {
            json!({ "decision": pick(Event), "grounds": "事实不清", "reply_by": pick(Time) })
        }
        _ if name.ends_with(".objection-decided") => {
            json!({ "note": "复核", "objection": pick(Event), "outcome": "rejected" })
        }
        _ if name.ends_with(".personal-data-read") => {
            json!({ "read": [{ "event": pick(Event), "fields": ["/data/name"] }] })
        }
        _ if name.ends_with(".personal-data-erased") => {
            json!({ "events": [pick(Event)], "in_plain_text": [pick(Event)], "note": "保存期限届满" })
        }
        "institution.review-raised" => json!({
            "area": pick(Area), "origin": "institution-P43050000002@3", "refusal": "key-reused",
            "what": "chain-termination",
        }),
        _ if name.ends_with(".obligation-closed") => json!({
            "event": pick(Event), "obligation": "reconsider-consequences", "outcome": "done", "reason": "经复核维持",
        }),
        _ if name.ends_with(".appealed") => json!({
            "accepted_on": pick(Time), "appeal_by": pick(Time), "decide_by": pick(Time), "decision": pick(Event),
            "forum": "administrative_review", "grounds": "适用依据错误", "informed_on": pick(Time),
            "review": pick(Event),
        }),
        _ if name.ends_with(".appeal-decided") => {
            json!({ "appeal": pick(Event), "note": "复决1号", "outcome": "maintained" })
        }
        "insured.online-settlement-suspended" => {
            json!({ "area": pick(Area), "ground": "art-41", "refused_cooperation": pick(Flag), "until": pick(AnyTime) })
        }
        "insured.online-settlement-resumed" => json!({ "note": "调查结束", "outcome": "cleared" }),
        "institution.audit-recorded" => json!({
            "area": pick(Area), "audit": "sampled_review", "denied_fen": 20_000, "denied_in_sample_fen": 1_000,
            "extrapolated": true, "note": "2025年一季度住院费用", "sample_bp": 500, "sample_fen": 50_000,
            "total_fen": 1_000_000,
        }),
        "institution.assessment-recorded" => json!({
            "area": pick(Area), "findings": ["未按时上传数据"], "result": "不合格", "score": 58, "year": pick(Year),
        }),
        "institution.self-check-recorded" => json!({
            "from": pick(Time), "problems": ["重复收费"], "refunded_fen": 9_900, "until": pick(Time),
        }),
        "institution.closed" => json!({ "ground": "歇业", "reported": pick(Flag) }),
        "area.resources-planned" => json!({
            "area": pick(Area), "departments_consulted": true, "medical_max": 120, "note": "动态调整", "pharmacy_max": 300,
            "provincial_review": true, "title": "2025年资源配置规划", "until": pick(AnyTime),
        }),
        "area.work-recorded" => {
            let works = ["special-inspection", "inspection-plan", "anomaly-feedback", "flight-plan"];
            let (yes, other) = (pick(Flag) == json!(true), pick(Flag) == json!(true));
            json!({
                "area": pick(Area), "document": "检查方案1号", "institutions": 12, "note": "重点检查", "part": 4,
                "published": pick(Flag), "work": works[usize::from(yes) + 2 * usize::from(other)], "year": pick(Year),
            })
        }
        "area.rules-adopted" => json!({
            "area": pick(Area), "name": "local.toml", "sha256": "0".repeat(64), "text": "# 本地规则\n",
        }),
        "case.lead-received" => {
            json!({
                "about": [pick(Site)], "content": "反映虚构诊疗", "informant": sealed(3), "informant_phone": sealed(4),
                "source": "complaint",
            })
        }
        "case.inspected" => json!({
            "inspection": "joint", "inspectors": 2, "note": "四不两直", "together_with": ["police", "health"],
        }),
        "case.found" => json!({
            "about": [pick(Site)], "amount_fen": 9_900, "facts": ["虚构诊疗服务"],
            "outcome": if pick(Flag) == json!(true) { "founded" } else { "unfounded" },
        }),
        "case.referred" => json!({ "document": "移送函1号", "note": "涉嫌犯罪", "to": "police" }),
        "case.referral-accepted" => json!({ "by": "police", "document": "立案决定书1号", "from": "bureau" }),
        "case.transferred" => json!({ "note": "属地处理", "to": "某县医疗保障局", "to_area": pick(Area) }),
        "case.supervised" => json!({ "by": "省医疗保障局", "until": pick(Time) }),
        "case.penalty-filed" => {
            json!({ "against": [pick(Site)], "document": "医保罚立〔2025〕1号" })
        }
        "case.penalty-decided" => json!({
            "announced": pick(Flag), "document": "医保罚决〔2025〕1号", "filing": pick(Event), "fine_fen": 19_800,
            "outcome": "imposed",
        }),
        "case.penalty-notified" => json!({
            "document": "医保罚告〔2025〕1号", "filing": pick(Event), "fine_fen": 19_800, "hearing": pick(Flag),
        }),
        "case.hearing-requested" => json!({ "note": "要求听证", "notice": pick(Event) }),
        "case.hearing-held" => json!({ "note": "公开听证", "request": pick(Event), "told_on": pick(Time) }),
        "case.penalty-served" => json!({ "decision": pick(Event), "note": "留置送达" }),
        "case.publicised" => json!({ "note": "典型案例", "place": "官方网站" }),
        "case.rewarded" => json!({ "amount_fen": 20_000, "lead": pick(Event) }),
        "area.moratorium-started" => json!({
            "area": pick(Area), "basis_agreement": pick(Flag), "designations": ["medical", "pharmacy"],
            "ground": "强监管期间", "until": pick(AnyTime),
        }),
        "area.moratorium-ended" => {
            json!({ "area": pick(Area), "designations": ["pharmacy"], "note": "强监管期结束" })
        }
        "case.opened" => {
            json!({ "area": pick(Area), "subjects": [pick(Site), "D430500000001"], "title": "某某案" })
        }
        "case.closed" => json!({ "note": "已处理完毕", "outcome": "handled" }),
        "practitioner.manager-banned" => json!({ "until": pick(Time) }),
        _ => return None,
    })
}

/// Facts of an event type as a value; members that are null are left out, as they are when written.
pub(crate) fn read(kind: EventType, mut facts: Value) -> EventData {
    if let Some(members) = facts.as_object_mut() {
        members.retain(|_, value| !value.is_null());
    }
    EventData::read(kind, kind.schema(), &facts.to_string())
        .unwrap_or_else(|error| panic!("{kind}: {error}: {:?}", std::error::Error::source(&error)))
}
