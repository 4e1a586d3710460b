//! The facts of an event in a few words: `统筹地区 430500 · 业务线 门诊慢特病 · 止 2025-11-04`.

use super::visible::visible;
use super::words;
use crate::answers::Lang;
use accord_domain::{Instant, Line, words as names};
use serde_json::Value;

/// The facts of a JSON object, named.
#[must_use]
pub(crate) fn facts(data: &Value, lang: Lang) -> String {
    match data {
        Value::Object(members) => members
            .iter()
            .map(|(key, value)| format!("{} {}", label(key, lang), plain(key, value, lang)))
            .collect::<Vec<_>>()
            .join(" · "),
        other => plain("", other, lang),
    }
}

fn plain(key: &str, value: &Value, lang: Lang) -> String {
    match value {
        Value::Null => lang.of_two("未知", "unknown").to_owned(),
        Value::Bool(yes) => if *yes { lang.of_two("是", "yes") } else { lang.of_two("否", "no") }.to_owned(),
        Value::Number(number) if key.ends_with("_fen") => {
            number.as_i64().map_or_else(|| number.to_string(), yuan)
        }
        Value::Number(number) if key == "multiple_tenths" => {
            number.as_i64().map_or_else(|| number.to_string(), |tenths| decimal(tenths, 10, 1))
        }
        Value::Number(number) if key == "coefficient_bp" => {
            number.as_i64().map_or_else(|| number.to_string(), |parts| decimal(parts, 10_000, 4))
        }
        Value::Number(number) => number.to_string(),
        Value::String(text) => string(key, text, lang),
        Value::Array(list) => {
            list.iter().map(|item| plain(key, item, lang)).collect::<Vec<_>>().join(lang.of_two("、", ", "))
        }
        Value::Object(members)
            if members.len() == 2 && members.contains_key("mark") && members.contains_key("sealed") =>
        {
            lang.of_two("（封存）", "(sealed 封存)").to_owned()
        }
        Value::Object(_) => format!("({})", facts(value, lang)),
    }
}

/// A text fact in words: `public` of `ownership` is 公立.
pub(super) fn spoken(key: &str, text: &str, lang: Lang) -> String {
    string(key, text, lang)
}

fn string(key: &str, text: &str, lang: Lang) -> String {
    let text = &*visible(text);
    if matches!(key, "line" | "lines") {
        return Line::parse(text).map_or_else(|| text.to_owned(), |line| words::line(line, lang));
    }
    // A stored instant always carries its offset; free text that happens to parse as one is a date all the same.
    if text.len() >= 20
        && let Ok(at) = Instant::parse(text)
    {
        return words::day(at);
    }
    let json = Value::String(text.to_owned());
    let term = match key {
        "authority" => serde_json::from_value(json).ok().map(names::authority),
        "category" => serde_json::from_value(json).ok().map(names::category),
        "responsibility" => serde_json::from_value(json).ok().map(names::responsibility),
        "class" => serde_json::from_value(json).ok().map(names::bar_class),
        _ => None,
    };
    if let Some(term) = term {
        return words::name(term, lang);
    }
    let named = match text {
        "pass" => Some(("合格", "pass (合格)")),
        "fail" => Some(("不合格", "fail (不合格)")),
        "public" => Some(("公立", "public (公立)")),
        "private" => Some(("民办", "private (民办)")),
        "cleared" => Some(("查清无误", "cleared")),
        "confirmed" => Some(("查实", "confirmed")),
        "illegality" => Some(("违法", "illegality (违法)")),
        "breach" => Some(("违约", "breach (违约)")),
        "fraud_in_application" => Some(("申请弄虚作假", "fraud in application (弄虚作假)")),
        "consent" => Some(("协商一致", "by consent (协商)")),
        "not_rectified" => Some(("整改不到位", "not rectified (整改不到位)")),
        "from_start" => Some(("自始", "from the start")),
        "from_date" => Some(("自某日起", "from a date")),
        "partial" => Some(("部分", "in part")),
        _ => None,
    };
    let spoken = matches!(key, "verdict" | "ownership" | "outcome" | "reason_class" | "scope");
    match named {
        Some((zh, en)) if spoken => lang.of_two(zh, en).to_owned(),
        Some(_) | None => text.to_owned(),
    }
}

/// 1234567 fen is ¥12,345.67.
fn yuan(fen: i64) -> String {
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

/// A whole number of parts as a decimal without trailing noughts.
fn decimal(parts: i64, unit: i64, digits: usize) -> String {
    let text = format!("{}.{:0digits$}", parts / unit, (parts % unit).abs());
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

/// What a field is called.
pub(crate) fn label(key: &str, lang: Lang) -> &str {
    let (zh, en) = match key {
        "act_from" => ("行为始于", "act from"),
        "act_to" => ("行为止于", "act to"),
        "activity" => ("活动", "by"),
        "amount_fen" => ("金额", "amount"),
        "approved_by_principal" => ("主要负责人批准", "approved by the principal"),
        "approved_on" => ("批准", "approved"),
        "at_request" => ("依申请", "at request"),
        "area" => ("统筹地区", "area"),
        "article" => ("条款", "article"),
        "authority" => ("主体", "authority"),
        "approver" => ("审批", "approved by"),
        "bar" => ("限制", "bar"),
        "barred_until" => ("限制至", "barred until"),
        "base_fen" => ("基数", "base"),
        "beds" => ("床位", "beds"),
        "behaviour" => ("行为", "behaviour"),
        "bound_by" => ("适用协议", "agreement of the act"),
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
        "controllers" => ("实际控制人", "controllers"),
        "counted" => ("计入", "counted"),
        "date" => ("日期", "date"),
        "decided_at" => ("决定", "decided"),
        "demand" => ("要求", "demand"),
        "department" => ("部门", "department"),
        "departure_reason" => ("超出幅度的理由", "reason for departure"),
        "due" => ("期限", "due"),
        "event" => ("事件", "event"),
        "events" => ("事件", "events"),
        "read" => ("查阅", "read"),
        "findings" => ("发现", "found"),
        "from" => ("起", "from"),
        "ground" => ("事由", "ground"),
        "grounds" => ("事由", "grounds"),
        "head_office" => ("总部原因", "head office to blame"),
        "hold" => ("暂停", "hold"),
        "inspection" => ("检查", "inspection"),
        "institution" => ("机构", "institution"),
        "identity_number" => ("公民身份号码", "identity number"),
        "legal_representative" => ("法定代表人", "legal representative"),
        "level" => ("级别", "level"),
        "liability" => ("责任", "liability"),
        "line" => ("业务线", "line"),
        "lines" => ("业务线", "lines"),
        "measure" => ("所依处理", "follows"),
        "missing" => ("缺少", "missing"),
        "multiple_tenths" => ("倍数", "multiple"),
        "name" => ("名称", "name"),
        "note" => ("说明", "note"),
        "number" => ("编号", "number"),
        "office" => ("单位", "office"),
        "opened_on" => ("开业", "opened"),
        "operator" => ("经办人", "entered by"),
        "order" => ("整改通知", "order"),
        "origin" => ("源于", "origin"),
        "outcome" => ("结果", "outcome"),
        "ownership" => ("性质", "ownership"),
        "performed_on" => ("履行", "performed"),
        "pharmacists" => ("药师数", "pharmacists"),
        "physicians" => ("医师数", "physicians"),
        "points" => ("记分", "points"),
        "portions" => ("分项", "portions"),
        "phone" => ("联系电话", "telephone"),
        "fields" => ("字段", "fields"),
        "in_plain_text" => ("仍为明文的事件", "left in plain text"),
        "principal" => ("主要负责人", "principal"),
        "problems" => ("问题", "problems"),
        "reason_class" => ("原因类型", "class of reason"),
        "informant" => ("举报人", "informant"),
        "informant_phone" => ("举报人电话", "telephone number of the informant"),
        "recipient" => ("对象", "to"),
        "refusal" => ("未能办理", "why not done"),
        "refused_cooperation" => ("拒不配合", "refused cooperation"),
        "regional_medical_centre" => ("区域医疗中心", "regional medical centre"),
        "responsibility" => ("责任程度", "responsibility"),
        "responsible" => ("责任人员", "to blame"),
        "responsible_until" => ("人员限制至", "people barred until"),
        "scope" => ("范围", "scope"),
        "score" => ("得分", "score"),
        "single" => ("一次", "by one decision"),
        "suspend_months" => ("暂停月数", "months of suspension"),
        "technicians" => ("技师数", "technicians"),
        "template" => ("文本", "template"),
        "tests_offered" => ("开展检验检查", "tests offered"),
        "to" => ("至", "to"),
        "total" => ("年度累计", "total of the year"),
        "until" => ("止", "until"),
        "until_performed" => ("且至责任履行", "also until liability is performed"),
        "uscc" => ("统一社会信用代码", "uscc"),
        "verdict" => ("结论", "verdict"),
        "violation" => ("违规", "violation"),
        "what" => ("事项", "what"),
        "year" => ("年度", "year"),
        other => return other,
    };
    lang.of_two(zh, en)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn money_is_printed_in_yuan_and_multiples_as_decimals() {
        let data =
            serde_json::json!({ "amount_fen": 123_456_789, "multiple_tenths": 25, "coefficient_bp": 9500 });
        assert_eq!(facts(&data, Lang::Zh), "金额 ¥1,234,567.89 · 系数 0.95 · 倍数 2.5");
        assert_eq!(yuan(-5), "−¥0.05");
    }

    #[test]
    fn a_field_is_spoken_only_where_it_is_one_of_our_words() {
        let data = serde_json::json!({ "ground": "breach", "reason_class": "breach", "line": "basic" });
        assert_eq!(facts(&data, Lang::Zh), "事由 breach · 业务线 基本 · 原因类型 违约");
    }
}
