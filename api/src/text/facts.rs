//! The facts of an event in a few words: `统筹地区 430500 · 业务线 门诊慢特病 · 止 2025-11-04`.

use super::visible::visible;
use super::words;
use crate::answers::Lang;
use accord_domain::area::Work;
use accord_domain::words::{self as names, Term};
use accord_domain::{Instant, Line, ObligationKind};
use serde::de::DeserializeOwned;
use serde_json::Value;

/// The facts of a JSON object, named. `kind` is the event type that states them, or nothing: the same member is not the same
/// thing everywhere, as the `outcome` of an objection and of a case.
#[must_use]
pub(crate) fn facts(kind: &str, data: &Value, lang: Lang) -> String {
    match data {
        Value::Object(members) => members
            .iter()
            .map(|(key, value)| match key.strip_prefix('/') {
                Some(_) => format!("{} {}", place(kind, key, lang), plain(kind, last(key), value, lang)),
                None => format!("{} {}", label(kind, key, lang), plain(kind, key, value, lang)),
            })
            .collect::<Vec<_>>()
            .join(" · "),
        other => plain(kind, "", other, lang),
    }
}

/// A JSON pointer into an event, in words: `/data/portions/0/amount_fen` is 分项 1 金额.
#[must_use]
pub(crate) fn place(kind: &str, pointer: &str, lang: Lang) -> String {
    let inside = pointer.strip_prefix("/data/").or_else(|| pointer.strip_prefix('/')).unwrap_or(pointer);
    let part = |part: &str| match part.parse::<usize>() {
        Ok(index) => (index + 1).to_string(),
        Err(_) => label(kind, part, lang).to_owned(),
    };
    inside.split('/').map(part).collect::<Vec<_>>().join(" ")
}

/// The member that a pointer leads to; that of a list, for one of its items.
fn last(pointer: &str) -> &str {
    pointer.rsplit('/').find(|part| part.parse::<usize>().is_err()).unwrap_or_default()
}

fn plain(kind: &str, key: &str, value: &Value, lang: Lang) -> String {
    match value {
        Value::Null => lang.of_two("未知", "unknown").to_owned(),
        Value::Bool(yes) => if *yes { lang.of_two("是", "yes") } else { lang.of_two("否", "no") }.to_owned(),
        Value::Number(number) => {
            number.as_i64().and_then(|number| counted(key, number)).unwrap_or_else(|| number.to_string())
        }
        Value::String(text) => string(kind, key, text, lang),
        Value::Array(list) => list
            .iter()
            .map(|item| plain(kind, key, item, lang))
            .collect::<Vec<_>>()
            .join(lang.of_two("、", ", ")),
        Value::Object(members)
            if members.len() == 2 && members.contains_key("mark") && members.contains_key("sealed") =>
        {
            lang.of_two("（封存）", "(sealed 封存)").to_owned()
        }
        Value::Object(_) => format!("({})", facts(kind, value, lang)),
    }
}

/// A number that counts parts of something.
fn counted(key: &str, number: i64) -> Option<String> {
    match key {
        "multiple_tenths" => Some(names::decimal(number.into(), 1)),
        "coefficient_bp" => Some(names::decimal(number.into(), 4)),
        "sample_bp" => Some(format!("{}%", names::decimal(number.into(), 2))),
        _ => key.ends_with("_fen").then(|| names::yuan(number.into())),
    }
}

/// A text fact of a profile in words: `public` of `ownership` is 公立.
pub(super) fn spoken(key: &str, text: &str, lang: Lang) -> String {
    string("", key, text, lang)
}

fn string(kind: &str, key: &str, text: &str, lang: Lang) -> String {
    let text = &*visible(text);
    // A stored instant always carries its offset; free text that happens to parse as one is a date all the same.
    if text.len() >= 20
        && let Ok(at) = Instant::parse(text)
    {
        return words::day(at);
    }
    match key {
        "line" | "lines" => Line::parse(text).map(|line| words::line(line, lang)),
        "fields" => Some(place(kind, text, lang)),
        "what" if act(kind) == "details-changed" => {
            known(kind, text).map(|term| lang.of_two(term.zh, term.en).to_owned())
        }
        "behaviour" | "ground" => catalogued(kind, key, text).map(|term| match lang {
            Lang::Zh => format!("{}（{text}）", term.zh),
            Lang::En => format!("{} ({text})", term.en),
        }),
        _ => closed(kind, key, text).map(|term| words::name(term, lang)),
    }
    .unwrap_or_else(|| text.to_owned())
}

/// What an event type says happened, without the kind of its subject.
fn act(kind: &str) -> &str {
    kind.split_once('.').map_or(kind, |(_, act)| act)
}

/// The ground of an act where it is a code that the rules know, not words.
fn catalogued(kind: &str, key: &str, code: &str) -> Option<Term> {
    match code {
        _ if key == "behaviour" || kind.starts_with("practitioner.") => names::behaviour(code),
        "art-30" => Some(Term { en: "article 30 of the Regulation", zh: "条例第三十条" }),
        "art-41" => Some(Term { en: "article 41 of the Regulation", zh: "条例第四十一条" }),
        _ => None,
    }
}

/// A word out of a closed list, in words.
fn closed(kind: &str, key: &str, text: &str) -> Option<Term> {
    fn of<T: DeserializeOwned>(text: &str, term: impl Fn(T) -> Term) -> Option<Term> {
        serde_json::from_value(Value::String(text.to_owned())).ok().map(term)
    }
    match (key, act(kind)) {
        ("from" | "to", "details-changed") => None,
        ("authority" | "by" | "from" | "to" | "together_with", _) => of(text, names::authority),
        ("category", _) => of(text, names::category),
        ("responsibility", _) => of(text, names::responsibility),
        ("class", _) => of(text, names::bar_class),
        ("ownership", _) => of(text, names::ownership),
        ("designations", _) => of(text, names::institution_kind),
        ("verdict", _) => of(text, names::verdict),
        ("audit", _) => of(text, names::audit),
        ("reason_class", _) => of(text, names::reason_class),
        ("what", "review-raised") => of(text, names::review_matter),
        ("forum", _) => of(text, names::forum),
        ("source", _) => of(text, names::lead_source),
        ("inspection", _) => of(text, names::inspection),
        ("grade", _) => of(text, names::grade),
        ("scope", _) => of(text, names::annulment_scope),
        ("work", _) => of(text, Work::term),
        ("obligation", _) => of(text, ObligationKind::term),
        ("outcome", "settlement-released" | "online-settlement-resumed") => of(text, names::hold_outcome),
        ("outcome", "objection-decided") => of(text, names::objection_outcome),
        ("outcome", "appeal-decided") => of(text, names::appeal_outcome),
        ("outcome", "found") => of(text, names::finding_outcome),
        ("outcome", "penalty-decided") => of(text, names::penalty_outcome),
        ("outcome", "closed") => of(text, names::case_outcome),
        ("outcome", "obligation-closed") => of(text, names::closing_outcome),
        _ => None,
    }
}

/// What a field is called; its own name where nobody named it.
pub(crate) fn label<'a>(kind: &str, key: &'a str, lang: Lang) -> &'a str {
    known(kind, key).map_or(key, |term| lang.of_two(term.zh, term.en))
}

fn known(kind: &str, key: &str) -> Option<Term> {
    let person = kind.starts_with("practitioner.") || kind.starts_with("insured.");
    let (zh, en) = match (key, act(kind)) {
        ("from", "details-changed") => ("变更前", "before"),
        ("to", "details-changed") => ("变更后", "after"),
        ("from", "referral-accepted") => ("来自", "from"),
        ("name", _) if person => ("姓名", "name"),
        ("title", _) if person => ("职称", "title"),
        ("complete", "settlement-paid") => ("结清", "nothing left to be paid"),
        _ => plainly(key)?,
    };
    Some(Term { en, zh })
}

/// What a field is called wherever it stands, in Chinese and in English.
fn plainly(key: &str) -> Option<(&'static str, &'static str)> {
    Some(match key {
        "about" => ("涉及主体", "about"),
        "accepted_on" => ("受理", "accepted"),
        "act_from" => ("行为始于", "act from"),
        "act_to" => ("行为止于", "act to"),
        "activity" => ("活动", "by"),
        "actor" => ("作出方", "by"),
        "address" => ("地址", "address"),
        "against" => ("当事人", "against"),
        "amount_fen" => ("金额", "amount"),
        "announced" => ("当场宣告并交付", "handed over when announced"),
        "appeal" => ("申诉、复议或诉讼", "appeal"),
        "appeal_by" => ("提出期限止", "to be filed until"),
        "approved_by_principal" => ("主要负责人批准", "approved by the principal"),
        "approved_on" => ("批准", "approved"),
        "approver" => ("审批", "approved by"),
        "area" => ("统筹地区", "area"),
        "article" => ("条款", "article"),
        "at_request" => ("依申请", "at request"),
        "audit" => ("审核", "audit"),
        "authority" => ("机关", "authority"),
        "bank_account" => ("银行账户", "bank account"),
        "bar" => ("限制", "bar"),
        "barred_until" => ("限制至", "barred until"),
        "base_fen" => ("基数", "base"),
        "basis" => ("依据", "basis"),
        "basis_agreement" => ("依据协议或考核办法", "rests on agreements or assessment rules"),
        "beds" => ("床位", "beds"),
        "behaviour" => ("行为", "behaviour"),
        "bound_by" => ("适用协议", "agreement of the act"),
        "by" => ("由", "by"),
        "case" => ("案件", "case"),
        "category" => ("类别", "category"),
        "certificate" => ("证书", "certificate"),
        "change" => ("变更", "change"),
        "changes" => ("改动", "changes"),
        "class" => ("类型", "class"),
        "coefficient_bp" => ("系数", "coefficient"),
        "commitment_signed" => ("已签承诺", "commitment signed"),
        "commitments" => ("承诺", "commitments"),
        "complete" => ("齐全", "complete"),
        "consequences" => ("连同后果", "with its consequences"),
        "content" => ("具体内容", "content"),
        "controller" => ("实际控制人", "controller"),
        "controllers" => ("实际控制人", "controllers"),
        "counted" => ("计入", "counted"),
        "data" => ("内容", "facts"),
        "date" => ("日期", "date"),
        "decide_by" => ("办理期限止", "to be decided until"),
        "decided_at" => ("决定", "decided"),
        "decision" => ("所涉决定", "decision"),
        "declaration" => ("所申报", "declaration"),
        "demand" => ("要求", "demand"),
        "denied_fen" => ("拒付", "denied"),
        "denied_in_sample_fen" => ("样本内拒付", "denied in the sample"),
        "department" => ("部门", "department"),
        "departments_consulted" => ("征求有关部门意见", "departments consulted"),
        "departure_reason" => ("超出幅度的理由", "reason for departure"),
        "designations" => ("机构类别", "kinds of institutions"),
        "discipline" => ("所涉惩戒", "discipline"),
        "document" => ("文书", "document"),
        "due" => ("期限", "due"),
        "effective_at" => ("生效", "in force from"),
        "event" => ("事件", "event"),
        "events" => ("事件", "events"),
        "evidence" => ("材料", "documents"),
        "extrapolated" => ("按抽查比例放大", "scaled up"),
        "facts" => ("认定事实", "facts"),
        "fields" => ("字段", "fields"),
        "filing" => ("所立案件", "filing"),
        "findings" => ("发现", "found"),
        "fine_fen" => ("罚款", "fine"),
        "forum" => ("途径", "forum"),
        "fraud_found_on" => ("发现弄虚作假", "fraud found"),
        "from" => ("起", "from"),
        "grade" => ("等级", "grade"),
        "ground" => ("事由", "ground"),
        "grounds" => ("事由", "grounds"),
        "head_office" => ("总部原因", "head office to blame"),
        "hearing" => ("告知听证权利", "told of the right to a hearing"),
        "hold" => ("暂停结算", "settlement hold"),
        "identity_number" => ("公民身份号码", "identity number"),
        "in_plain_text" => ("仍为明文的事件", "left in plain text"),
        "informant" => ("举报人", "informant"),
        "informant_phone" => ("举报人电话", "telephone number of the informant"),
        "informed_on" => ("知悉", "informed"),
        "inspection" => ("检查", "inspection"),
        "inspectors" => ("检查人数", "inspectors"),
        "institution" => ("机构", "institution"),
        "institutions" => ("机构数", "institutions"),
        "instrument" => ("文件", "instrument"),
        "insurance_department" => ("设医保管理部门", "insurance department"),
        "insurance_staff" => ("医保管理人员数", "insurance managers"),
        "key" => ("请求标识", "key"),
        "lead" => ("线索", "lead"),
        "legal_representative" => ("法定代表人", "legal representative"),
        "level" => ("级别", "level"),
        "liability" => ("责任", "liability"),
        "line" => ("业务线", "line"),
        "lines" => ("业务线", "lines"),
        "measure" => ("所依处理", "follows"),
        "measures" => ("措施", "measures"),
        "media_type" => ("文件类型", "media type"),
        "medical_max" => ("医疗机构总量", "most medical institutions"),
        "missing" => ("缺少", "missing"),
        "multiple_tenths" => ("倍数", "multiple"),
        "name" => ("名称", "name"),
        "note" => ("说明", "note"),
        "notice" => ("所涉告知", "notice"),
        "number" => ("编号", "number"),
        "objection" => ("异议", "objection"),
        "obligation" => ("待办事项", "obligation"),
        "office" => ("单位", "office"),
        "opened_on" => ("开业", "opened"),
        "operator" => ("经办人", "handled by"),
        "order" => ("整改通知", "order"),
        "origin" => ("源于", "origin"),
        "outcome" => ("结果", "outcome"),
        "ownership" => ("性质", "ownership"),
        "part" => ("期次", "part of the year"),
        "performed_on" => ("履行", "performed"),
        "pharmacists" => ("药师数", "pharmacists"),
        "pharmacy_max" => ("零售药店总量", "most pharmacies"),
        "phone" => ("联系电话", "telephone"),
        "physicians" => ("医师数", "physicians"),
        "place" => ("发布处", "place"),
        "points" => ("记分", "points"),
        "portions" => ("分项", "portions"),
        "principal" => ("主要负责人", "principal"),
        "problems" => ("问题", "problems"),
        "provincial_review" => ("省级审核", "reviewed by the province"),
        "public" => ("公开", "public"),
        "published" => ("已公开", "published"),
        "rating" => ("信用评级", "rating"),
        "read" => ("查阅", "read"),
        "reason" => ("理由", "reason"),
        "reason_class" => ("原因类型", "class of reason"),
        "recipient" => ("对象", "to"),
        "refunded_fen" => ("退回", "refunded"),
        "refusal" => ("未能办理", "why not done"),
        "refused_cooperation" => ("拒不配合", "refused cooperation"),
        "regional_medical_centre" => ("区域医疗中心", "regional medical centre"),
        "reply_by" => ("答复期限止", "to be answered until"),
        "reported" => ("已报告", "reported"),
        "request" => ("所涉申请", "request"),
        "responsibility" => ("责任程度", "responsibility"),
        "responsible" => ("责任人员", "to blame"),
        "responsible_until" => ("责任人员限制申请至", "people to blame barred from applying until"),
        "result" => ("考核结果", "result"),
        "review" => ("在先的复议", "review before it"),
        "sample_bp" => ("抽查比例", "sample"),
        "sample_fen" => ("样本费用", "costs in the sample"),
        "scope" => ("范围", "scope"),
        "score" => ("得分", "score"),
        "sha256" => ("哈希", "hash"),
        "single" => ("一次", "by one decision"),
        "site" => ("执业点", "site"),
        "source" => ("来源", "source"),
        "staff_contract_months" => ("人员合同最短月数", "shortest contract, in months"),
        "subject" => ("主体", "subject"),
        "subjects" => ("涉案主体", "subjects"),
        "suspend_months" => ("暂停月数", "months of suspension"),
        "technicians" => ("技师数", "technicians"),
        "template" => ("文本", "template"),
        "tests_offered" => ("开展检验检查", "tests offered"),
        "text" => ("规则文本", "text of the rules"),
        "title" => ("标题", "title"),
        "to" => ("至", "to"),
        "to_area" => ("接收统筹地区", "to the area"),
        "together_with" => ("联合部门", "together with"),
        "told_on" => ("通知听证", "told"),
        "total" => ("年度累计", "total of the year"),
        "total_fen" => ("费用总额", "all costs"),
        "traceability_codes" => ("采集追溯码", "traceability codes"),
        "until" => ("止", "until"),
        "until_performed" => ("须责任履行完毕", "also until liability is performed"),
        "uscc" => ("统一社会信用代码", "uscc"),
        "verdict" => ("结论", "verdict"),
        "violation" => ("违规", "violation"),
        "what" => ("事项", "what"),
        "work" => ("工作", "work"),
        "year" => ("年度", "year"),
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use accord_domain::{Event, EventType};
    use std::collections::BTreeSet;
    use std::path::Path;

    #[test]
    fn money_is_printed_in_yuan_and_multiples_as_decimals() {
        let data = serde_json::json!({ "amount_fen": 123_456_789, "multiple_tenths": 25, "coefficient_bp": 9500, "sample_bp": 525 });
        assert_eq!(facts("", &data, Lang::Zh), "金额 ¥1,234,567.89 · 系数 0.95 · 倍数 2.5 · 抽查比例 5.25%");
    }

    #[test]
    fn a_field_is_spoken_only_where_it_is_one_of_our_words() {
        let data = serde_json::json!({ "ground": "breach", "reason_class": "breach", "line": "basic" });
        assert_eq!(facts("", &data, Lang::Zh), "事由 breach · 业务线 基本 · 原因类型 严重违约");
    }

    #[test]
    fn the_same_member_is_named_by_the_act_that_states_it() {
        let said = |kind, data| facts(kind, &data, Lang::Zh);
        let unfounded = || serde_json::json!({ "outcome": "unfounded" });
        assert_eq!(said("case.closed", unfounded()), "结果 查无实据");
        assert_eq!(said("case.penalty-decided", unfounded()), "结果 违法事实不能成立");
        let referral = serde_json::json!({ "by": "police", "from": "bureau" });
        assert_eq!(said("case.referral-accepted", referral), "由 公安机关 · 来自 医保行政部门");
        let change = serde_json::json!({ "from": "court", "to": "police", "what": "bank_account" });
        assert_eq!(
            said("institution.details-changed", change),
            "变更前 court · 变更后 police · 事项 银行账户"
        );
        let ground = || serde_json::json!({ "ground": "art-40" });
        assert_eq!(said("institution.settlement-held", ground()), "事由 art-40");
        let told = said("practitioner.qualification-suspended", ground());
        assert_eq!(told, "事由 机构受条例第四十条处罚，人员负有责任（art-40）");
    }

    #[test]
    fn a_title_is_that_of_a_person_or_of_a_text_and_complete_is_said_of_records_or_of_sums() {
        let said = |kind, data| facts(kind, &data, Lang::Zh);
        let change = serde_json::json!({ "from": "主治医师", "to": "副主任医师", "what": "title" });
        assert_eq!(
            said("practitioner.details-changed", change),
            "变更前 主治医师 · 变更后 副主任医师 · 事项 职称"
        );
        assert_eq!(said("case.opened", serde_json::json!({ "title": "某案" })), "标题 某案");
        let complete = || serde_json::json!({ "complete": true });
        assert_eq!(said("institution.records-provided", complete()), "齐全 是");
        assert_eq!(said("institution.settlement-paid", complete()), "结清 是");
    }

    /// One wording for one thing: what is to be verified is called as the field it stands in.
    #[test]
    fn facts_to_verify_are_called_as_their_fields() {
        let fields = [
            "insurance_department",
            "insurance_staff",
            "opened_on",
            "ownership",
            "pharmacists",
            "physicians",
        ];
        let more = ["staff_contract_months", "technicians", "tests_offered", "traceability_codes"];
        for field in fields.into_iter().chain(more) {
            let term = names::fact_to_verify(field).unwrap_or_else(|| panic!("{field} has no words"));
            assert_eq!(plainly(field), Some((term.zh, term.en)));
        }
    }

    #[test]
    fn a_pointer_is_told_in_words() {
        let data = serde_json::json!({ "changes": { "/data/portions/0/amount_fen": 100, "/data/lines/0": "basic" } });
        assert_eq!(
            facts("institution.record-corrected", &data, Lang::Zh),
            "改动 (业务线 1 基本 · 分项 1 金额 ¥1.00)"
        );
    }

    /// The stored samples, one of every event type and schema: type, and the event.
    fn samples() -> Vec<(EventType, Value)> {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../domain/fixtures/events");
        let mut samples = Vec::new();
        for entry in std::fs::read_dir(folder).unwrap() {
            let event: Value =
                serde_json::from_str(&std::fs::read_to_string(entry.unwrap().path()).unwrap()).unwrap();
            let kind = EventType::by_name(event["type"].as_str().unwrap()).unwrap();
            if event["schema"] == kind.schema() {
                samples.push((kind, event));
            }
        }
        assert_eq!(samples.len(), EventType::all().count());
        samples
    }

    /// What reading an event refuses, in the words of the reader of JSON.
    fn refused(kind: EventType, event: &Value) -> String {
        let at = Instant::parse("2025-08-04").unwrap();
        super::words::chain(&Event::decode(kind, 3, 3, at, at, event.to_string()).err().unwrap())
    }

    /// What a refusal says would be right, where that is a list of names.
    fn expected<'a>(refusal: &'a str, unknown: &str) -> Vec<&'a str> {
        let Some((_, list)) = refusal.split_once(unknown) else { return Vec::new() };
        list.split('`').skip(3).step_by(2).collect()
    }

    /// The places of every object and of every text inside.
    fn places(value: &Value, at: &str, objects: &mut Vec<String>, texts: &mut Vec<String>) {
        match value {
            Value::Object(members) if members.contains_key("sealed") => {}
            Value::Object(members) => {
                objects.push(at.to_owned());
                for (name, inner) in members.iter().filter(|(name, _)| !name.starts_with('/')) {
                    places(inner, &format!("{at}/{name}"), objects, texts);
                }
            }
            Value::Array(list) => {
                for (index, inner) in list.iter().enumerate() {
                    places(inner, &format!("{at}/{index}"), objects, texts);
                }
            }
            Value::String(_) => texts.push(at.to_owned()),
            _ => {}
        }
    }

    /// Fields that no sample has are found too: a field that nobody takes is refused with the list of those there are.
    #[test]
    fn every_field_of_every_event_has_a_name() {
        let mut seen = BTreeSet::new();
        for (kind, event) in samples() {
            let (mut objects, mut texts) = (Vec::new(), Vec::new());
            places(&event["data"], "/data", &mut objects, &mut texts);
            for place in objects.iter().filter(|place| !place.ends_with("/changes")) {
                let mut more = event.clone();
                more.pointer_mut(place).unwrap()["no_such_field"] = Value::Null;
                let refusal = refused(kind, &more);
                let fields = expected(&refusal, "unknown field ");
                assert!(!fields.is_empty(), "{kind} {place}: {refusal}");
                for field in fields {
                    let term =
                        known(kind.name(), field).unwrap_or_else(|| panic!("{kind}: {field} has no name"));
                    assert!(!term.zh.is_ascii() && !term.en.contains('_'), "{kind}: {field} is {term:?}");
                    seen.insert(field.to_owned());
                }
            }
        }
        assert!(seen.len() > 120, "only {} fields", seen.len());
    }

    /// Likewise with words out of closed lists.
    #[test]
    fn every_word_out_of_a_closed_list_is_spoken() {
        let mut count = 0;
        for (kind, event) in samples() {
            let (mut objects, mut texts) = (Vec::new(), Vec::new());
            places(&event["data"], "/data", &mut objects, &mut texts);
            for place in texts {
                let mut other = event.clone();
                *other.pointer_mut(&place).unwrap() = Value::String("no_such_word".to_owned());
                let at = Instant::parse("2025-08-04").unwrap();
                if Event::decode(kind, 3, 3, at, at, other.to_string()).is_ok() {
                    continue;
                }
                let refusal = refused(kind, &other);
                for word in expected(&refusal, "unknown variant ") {
                    count += 1;
                    let zh = plain(kind.name(), last(&place), &Value::String(word.to_owned()), Lang::Zh);
                    assert!(!zh.is_ascii() && !zh.contains(word), "{kind} {place}: {word} is {zh}");
                    let en = plain(kind.name(), last(&place), &Value::String(word.to_owned()), Lang::En);
                    assert!(!en.contains('_') && !en.is_ascii(), "{kind} {place}: {word} is {en}");
                }
            }
        }
        assert!(count > 300, "only {count} words");
    }
}
