//! A subject's history as a lawyer reads it: what was done, on what basis, and what stood when.

use crate::world::{World, subject};
use accord_domain::{Instant, Span, Track, words};
use serde_json::Value as Json;
use std::fmt::Write as _;

/// The acts in the order they became known, then one lane a track over the effective axis, after looking that the views
/// say the same as the log.
///
/// # Panics
/// When the log cannot be read, or the views differ.
pub async fn lanes(world: &World, code: &str) -> String {
    world.agrees().await;
    let stream = subject(code).stream();
    let stored = world.ledger().event_log().read_stream(&stream, 0, 1_000).await.expect("a history");
    let mut text = format!("{code}\n\n  经过（按记录先后）\n");
    for event in &stored {
        let body: Json = serde_json::from_str(&event.body).expect("JSON");
        let name = words::event_type(event.kind).map_or("?", |term| term.zh);
        let (effective, recorded) = (event.effective_at.words(), minute(event.recorded_at));
        let _ = writeln!(text, "  #{:<3} 生效 {effective}  记录 {recorded}  {name}", event.version);
        for line in notes(&body) {
            let _ = writeln!(text, "       {line}");
        }
    }
    text.push_str("\n  时间轴（按生效，含起不含止）\n");
    let mut track = None;
    for span in world.timeline(code).await {
        if track.as_ref() != Some(&span.track) {
            let _ = writeln!(text, "  {}", lane(&span.track));
        }
        let _ = writeln!(
            text,
            "    {} ─ {:<12} {}  #{}",
            span.from.words(),
            until(&span),
            value(&span),
            span.cause
        );
        track = Some(span.track);
    }
    text.push('\n');
    text
}

fn until(span: &Span) -> String {
    span.until.bounded().map_or_else(String::new, Instant::words)
}

/// Date and time to the minute.
fn minute(at: Instant) -> String {
    at.to_string().get(..16).unwrap_or_default().replace('T', " ")
}

fn lane(track: &Track) -> String {
    let name = words::track(track).zh;
    match track {
        Track::Agreement(area, line) => format!("{name} {area} {}", words::line(*line).zh),
        Track::Probation(area) | Track::CrossRegion(area) => format!("{name} {area}"),
        Track::Hold { area, line, .. } => {
            let area = area.map_or_else(|| "全部地区".to_owned(), |area| area.to_string());
            format!("{name} {area} {}", line.map_or("全部业务", |line| words::line(line).zh))
        }
        Track::Department(department) => format!("{name} {department}"),
        Track::Site(institution) => format!("{name} {institution}"),
        Track::Moratorium(kind) => format!("{name} {}", kind.name()),
        Track::Rules(file) => format!("{name} {file}"),
        Track::Commitment(cause)
        | Track::Discipline(cause)
        | Track::Objection(cause)
        | Track::Appeal(cause) => {
            format!("{name} #{cause}")
        }
        Track::Bar(_)
        | Track::Qualification
        | Track::Points
        | Track::Credit
        | Track::OnlineSettlement
        | Track::Plan
        | Track::Case
        | Track::Supervision => name.to_owned(),
    }
}

fn value(span: &Span) -> String {
    use accord_domain::Value;
    let name = words::value(&span.track, span.value).zh;
    match span.value {
        Value::Points(total) => format!("{total} 分"),
        Value::Barred { class, liability_performed } => {
            let liability = if liability_performed { "" } else { "，责任未履行完毕" };
            format!("{name}（{}{liability}）", words::bar_class(class).zh)
        }
        _ => name.to_owned(),
    }
}

fn notes(body: &Json) -> Vec<String> {
    let list = |name: &str| body[name].as_array().cloned().unwrap_or_default();
    let text = |value: &Json| value.as_str().unwrap_or_default().to_owned();
    let mut notes = facts(&body["data"]);
    for basis in list("basis") {
        let article = basis["article"].as_str().map_or_else(String::new, |article| format!("第{article}条"));
        notes.push(format!("依据 {}{article}", text(&basis["instrument"])));
    }
    if let Some(reason) = body["reason"].as_str() {
        notes.push(format!("理由 {reason}"));
    }
    if let Some(cause) = body["caused_by"].as_str() {
        notes.push(format!("由 #{} 引起", cause.rsplit('@').next().unwrap_or_default()));
    }
    if let Some(origin) = body["data"]["origin"].as_str() {
        notes.push(format!("联动自 {origin}"));
    }
    if body["retroactive"] == true {
        notes.push("补录：记录时已有更晚生效的事件".to_owned());
    }
    let rules: Vec<_> = list("rules").iter().map(text).collect();
    if !rules.is_empty() {
        notes.push(format!("规则 {}", rules.join(" ")));
    }
    let findings: Vec<_> = list("findings").iter().map(|finding| text(&finding["code"])).collect();
    if !findings.is_empty() {
        notes.push(format!("发现 {}", findings.join(" ")));
    }
    for (pointer, why) in body["unknown"].as_object().into_iter().flatten() {
        notes.push(format!("不详 {pointer}：{}", text(why)));
    }
    notes
}

/// The facts that decide what stands, in the words of the act.
fn facts(data: &Json) -> Vec<String> {
    const LABELS: [(&str, &str); 12] = [
        ("line", "业务"),
        ("department", "部门"),
        ("ground", "事由"),
        ("behaviour", "行为"),
        ("violation", "情节"),
        ("from", "自"),
        ("until", "至"),
        ("barred_until", "限制至"),
        ("amount_fen", "金额（分）"),
        ("to", "去向"),
        ("note", "摘要"),
        ("reason_class", "类别"),
    ];
    const SEALED: [(&str, &str); 12] = [
        ("certificate", "证书"),
        ("controllers", "控制人"),
        ("from", "变更前"),
        ("identity_number", "证件号"),
        ("informant", "举报人"),
        ("informant_phone", "举报人电话"),
        ("legal_representative", "法定代表人"),
        ("name", "姓名"),
        ("phone", "电话"),
        ("principal", "主要负责人"),
        ("recipient", "对象"),
        ("to", "变更后"),
    ];
    let mut facts = Vec::new();
    if let (Some(points), Some(total)) = (data["points"].as_u64(), data["total"].as_u64()) {
        facts.push(format!("记 {points} 分，年度累计 {total} 分"));
    }
    for (name, label) in LABELS {
        match &data[name] {
            Json::String(text) => facts.push(format!("{label} {}", text.trim_end_matches("T00:00:00+08:00"))),
            Json::Number(number) => facts.push(format!("{label} {number}")),
            _ => {}
        }
    }
    for (name, _) in data.as_object().into_iter().flatten().filter(|(_, value)| is_sealed(value)) {
        let label = SEALED.iter().find(|(known, _)| known == name).map_or(&**name, |(_, label)| label);
        facts.push(format!("{label}（封存）"));
    }
    if facts.is_empty() { facts } else { vec![facts.join("；")] }
}

/// What only the holder of its subject's key can read, or a list of it.
fn is_sealed(value: &Json) -> bool {
    match value {
        Json::Object(members) => members.contains_key("sealed") && members.contains_key("mark"),
        Json::Array(list) => !list.is_empty() && list.iter().all(is_sealed),
        Json::Null | Json::Bool(_) | Json::Number(_) | Json::String(_) => false,
    }
}
