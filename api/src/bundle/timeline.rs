//! The timeline of a bundle as a page to read and to print, in one language: what stood, every act with both its dates,
//! what stood when, the rules cited, and where all of it lies in the log.
//!
//! Subject, both dates and the position stand on every sheet: they are the head of one table around everything, which
//! browsers print again at the top of each page. The page loads nothing and runs nothing.

use super::cited::{Cited, Text};
use super::{Act, Told, Untold};
use crate::answers::{Entry, Lang};
use crate::text::facts::facts;
use crate::text::words::{basis, day, event, mark, name, period, track};
use crate::text::{field_value, findings, unknown};
use accord_domain::difference::Field;
use accord_domain::{Basis, Instant, Span, words};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use maud::{DOCTYPE, Markup, PreEscaped, html};
use serde_json::Value;
use serde_json::value::RawValue;
use sha2::{Digest, Sha256};

const STYLE: &str = include_str!("timeline.css");

/// The page.
pub(super) fn page(told: &Told<'_>, lang: Lang) -> String {
    let title = format!("{} {}", lang.of_two("证据时间线", "Evidence timeline"), told.subject);
    let policy = format!("default-src 'none'; style-src 'sha256-{}'", STANDARD.encode(Sha256::digest(STYLE)));
    let page = html! {
        (DOCTYPE)
        html lang=(lang.tag()) {
            head {
                meta charset="utf-8";
                meta http-equiv="Content-Security-Policy" content=(policy);
                title { (title) }
                style { (PreEscaped(STYLE)) }
            }
            body {
                table.paper {
                    thead { tr { td { (head(told, lang)) } } }
                    tbody { tr { td {
                        h1 { (title) }
                        (about(told, lang))
                        (standing(told, lang))
                        (acts(told, lang))
                        (axis(told, lang))
                        (rules(told, lang))
                        (proof(told, lang))
                    } } }
                }
            }
        }
    };
    page.into_string() + "\n"
}

/// What stands on every sheet.
fn head(told: &Told<'_>, lang: Lang) -> String {
    let places: Vec<u64> = told.acts.iter().map(position).collect();
    let range = match (places.first(), places.last()) {
        (Some(first), Some(last)) => format!("{first}–{last}"),
        _ => "—".to_owned(),
    };
    let newest = told.coordinates.position.map_or_else(|| "—".to_owned(), |position| position.to_string());
    let (as_of, known_at) = (day(told.coordinates.as_of), day(told.coordinates.known_at));
    let subject = told.subject;
    match lang {
        Lang::Zh => {
            format!(
                "{subject} · 生效 {as_of} · 记录截至 {known_at} · 日志位置 {newest} · 本主体事件位置 {range}"
            )
        }
        Lang::En => format!(
            "{subject} · in force (生效) {as_of} · recorded (记录) by {known_at} · log position {newest} · its events at {range}"
        ),
    }
}

fn position(act: &Act) -> u64 {
    match act {
        Act::Shown(entry) => entry.position.0,
        Act::Withheld { position, .. } => *position,
    }
}

/// A row of a list of facts; nothing for an empty one.
fn row(label: &str, text: &str) -> Markup {
    html! { @if !text.is_empty() { dt { (label) } dd { (text) } } }
}

fn about(told: &Told<'_>, lang: Lang) -> Markup {
    let (zh_or, en_or) = ("未说明", "not stated");
    let kind = name(words::subject_kind(told.subject.kind()), lang);
    let called = told.stands.as_ref().ok().and_then(|stands| stands.name.clone()).unwrap_or_default();
    let by = told.asked.exported_by.as_deref().unwrap_or(lang.of_two(zh_or, en_or));
    html! {
        dl.facts {
            (row(lang.of_two("主体", "subject"), &format!("{} · {kind}", told.subject)))
            (row(lang.of_two("名称", "name"), &called))
            (row(lang.of_two("生效日期", "in force (生效)"), &day(told.coordinates.as_of)))
            (row(lang.of_two("记录截至", "recorded (记录) by"), &day(told.coordinates.known_at)))
            (row(lang.of_two("导出时间", "exported"), &day(told.asked.exported_at)))
            (row(lang.of_two("导出人", "exported by"), by))
            (row(lang.of_two("个人信息", "personal data"), &opened(told, lang)))
            (row(lang.of_two("程序", "program"), &format!("accord {}", env!("CARGO_PKG_VERSION"))))
        }
    }
}

/// What stood on the day, as known.
fn standing(told: &Told<'_>, lang: Lang) -> Markup {
    let as_of = day(told.coordinates.as_of);
    let heading = match lang {
        Lang::Zh => format!("{as_of} 的状态"),
        Lang::En => format!("What stood on {as_of}"),
    };
    html! {
        h2 { (heading) }
        @match &told.stands {
            Err(untold) => p { (why_untold(untold, lang)) },
            Ok(stands) if stands.spans.is_empty() => p {
                (lang.of_two("当时没有已知的有效状态。", "Nothing was known to stand."))
            },
            Ok(stands) => (spans(&stands.spans, lang)),
        }
    }
}

fn why_untold(untold: &Untold, lang: Lang) -> String {
    match untold {
        Untold::Withheld => lang
            .of_two(
                "有事件被隐去，故不列状态：状态由全部事件得出，列出即等于透露被隐去的内容。",
                "Not told, as events are withheld: what stands follows from all events, and telling it would tell of them.",
            )
            .to_owned(),
        Untold::Law(words) => match lang {
            Lang::Zh => format!("未列状态：{}。", words.zh),
            Lang::En => format!("Not told: {}.", words.en),
        },
    }
}

/// Spans in a table.
fn spans(spans: &[Span], lang: Lang) -> Markup {
    html! {
        table.list {
            thead { tr {
                th { (lang.of_two("事项", "what")) }
                th { (lang.of_two("状态", "value")) }
                th { (lang.of_two("起 → 止（不含止时）", "from → until (not included)")) }
                th { (lang.of_two("因事件", "by event")) }
            } }
            tbody {
                @for span in spans {
                    tr {
                        td { (track(&span.track, lang)) }
                        td { (field_value(&Field::Track(span.track.clone()), &span.value.to_string(), lang)) }
                        td { (period(Some(span.from), span.until.bounded())) }
                        td { "#" (span.cause) }
                    }
                }
            }
        }
    }
}

fn acts(told: &Told<'_>, lang: Lang) -> Markup {
    html! {
        h2 { (lang.of_two("经过（按记录先后）", "What was recorded, in the order of recording")) }
        @if told.acts.is_empty() {
            p { (lang.of_two("截至该时刻没有任何记录。", "Nothing was recorded by then.")) }
        }
        @for act in &told.acts {
            @match act {
                Act::Shown(entry) => (shown(entry, told, lang)),
                Act::Withheld { position, version, leaf } => section.act.withheld {
                    h3 { "#" (version) " " (lang.of_two("已隐去", "withheld")) }
                    dl {
                        (row(lang.of_two("理由", "reason"), told.asked.redact_reason.as_deref().unwrap_or(lang.of_two("未说明", "not stated"))))
                        (row(lang.of_two("位置", "position"), &position.to_string()))
                        dt { (lang.of_two("叶哈希", "leaf hash")) } dd { code { (leaf) } }
                    }
                },
            }
        }
    }
}

fn shown(entry: &Entry, told: &Told<'_>, lang: Lang) -> Markup {
    let void = entry.voided_by.is_some();
    let more = &entry.more;
    let cited: Vec<Basis> =
        entry.basis.as_ref().and_then(|raw| serde_json::from_str(raw.get()).ok()).unwrap_or_default();
    let by = parsed(&entry.actor).map_or_else(String::new, |actor| facts("", &actor, lang));
    let data = parsed(&entry.data)
        .map(|data| facts(entry.kind, &in_clear(data, entry.position.0, told, lang), lang));
    html! {
        section class=(if void { "act void" } else { "act" }) {
            h3 { "#" (entry.version) " " (struck(void, &event(entry.kind, lang))) }
            @for mark in marks(entry, told, lang) { p.mark { (mark) } }
            dl {
                (row(lang.of_two("生效", "in force (生效)"), &day(entry.effective_at)))
                (row(lang.of_two("记录", "recorded (记录)"), &to_second(entry.recorded_at)))
                (row(lang.of_two("决定", "decided"), &decided(more.decided_at.as_deref())))
                dt { (lang.of_two("内容", "says")) }
                dd { (struck(void || entry.corrected.is_some(), &data.unwrap_or_default())) }
                (row(lang.of_two("针对", "acts on"), &target(&entry.data, told)))
                @if let Some(corrected) = &entry.corrected {
                    dt { @if entry.corrected_by.is_some() { (lang.of_two("更正为", "corrected to")) } @else { (lang.of_two("保留为", "what is left")) } }
                    dd { (facts(entry.kind, corrected, lang)) }
                }
                (row(lang.of_two("依据", "basis"), &basis(&cited, lang)))
                (row(lang.of_two("规则", "rules"), &list(more.rules.as_deref())))
                (row(lang.of_two("作出方", "by"), &by))
                (row(lang.of_two("案件", "case"), &text(more.case.as_deref())))
                (row(lang.of_two("理由", "reason"), &text(more.reason.as_deref())))
                (row(lang.of_two("来源未写明", "the source does not say"), &unknown(entry.kind, more.unknown.as_deref(), lang)))
                (row(lang.of_two("发现", "noticed"), &findings(more.findings.as_deref(), lang)))
                (row(lang.of_two("材料", "documents"), &documents(more.evidence.as_deref())))
                (row(lang.of_two("起因", "follows from"), &text(more.caused_by.as_deref())))
                (row(lang.of_two("位置", "position"), &entry.position.to_string()))
                dt { (lang.of_two("事件", "event")) } dd { code { (entry.id) } }
                dt { (lang.of_two("叶哈希", "leaf hash")) } dd { code { (entry.leaf) } }
            }
        }
    }
}

/// The facts with what was opened of them in the place of what is sealed.
fn in_clear(mut data: Value, position: u64, told: &Told<'_>, lang: Lang) -> Value {
    let position = position.to_string();
    for opened in told.opened.iter().filter(|opened| opened.position == position) {
        let place = opened.pointer.strip_prefix("/data").and_then(|pointer| data.pointer_mut(pointer));
        if let Some(place) = place {
            *place = Value::String(format!("{}{}", opened.text, lang.of_two("（已启封）", " (opened 启封)")));
        }
    }
    data
}

/// What is said of personal data in clear.
fn opened(told: &Told<'_>, lang: Lang) -> String {
    let Some(read) = &told.asked.opened else { return String::new() };
    let (count, position) = (told.opened.len(), read.position);
    match lang {
        Lang::Zh => format!("{count} 项已启封，查阅记录于位置 {position}"),
        Lang::En => format!("{count} values opened (启封), the reading recorded at position {position}"),
    }
}

/// A text, struck through where it no longer holds.
fn struck(void: bool, text: &str) -> Markup {
    html! { @if void { del { (text) } } @else { (text) } }
}

/// The event that an act is about, by its place in the history.
fn target(data: &RawValue, told: &Told<'_>) -> String {
    let named = parsed(data).and_then(|data| data.get("event")?.as_str().map(str::to_owned));
    named.and_then(|id| uuid::Uuid::parse_str(&id).ok()).map_or_else(String::new, |id| place_of(id, told))
}

/// What later acts did to this one.
fn marks(entry: &Entry, told: &Told<'_>, lang: Lang) -> Vec<String> {
    let mut marks = Vec::new();
    let place = |id: uuid::Uuid| place_of(id, told);
    if let Some(by) = entry.voided_by {
        let by = place(by);
        marks.push(match (entry.voided_from, lang) {
            (None, Lang::Zh) => format!("自始撤销，见 {by}"),
            (None, Lang::En) => format!("annulled (撤销) from the start by {by}"),
            (Some(from), Lang::Zh) => format!("自 {} 起撤销，见 {by}", day(from)),
            (Some(from), Lang::En) => format!("annulled (撤销) from {} by {by}", day(from)),
        });
    }
    for (id, zh, en) in [
        (entry.corrected_by, "已更正，见", "corrected (更正) by"),
        (entry.partly_annulled_by, "部分撤销，见", "annulled in part (部分撤销) by"),
    ] {
        marks.extend(id.map(|id| format!("{} {}", lang.of_two(zh, en), place(id))));
    }
    if entry.more.retroactive.is_some() {
        marks.push(
            lang.of_two("补录：记录时已有更晚生效的事件", "recorded late, behind later acts").to_owned(),
        );
    }
    marks
}

/// An event by its place in the history: an id would tell of a withheld one when it was recorded.
fn place_of(id: uuid::Uuid, told: &Told<'_>) -> String {
    let at = accord_store::ids::position_of(id);
    let version = told.acts.iter().find(|act| position(act) == at).map(|act| match act {
        Act::Shown(entry) => entry.version,
        Act::Withheld { version, .. } => *version,
    });
    version.map_or_else(|| id.to_string(), |version| format!("#{version}"))
}

fn axis(told: &Told<'_>, lang: Lang) -> Markup {
    html! {
        h2 { (lang.of_two("时间轴（按生效）", "What stood when, by date in force")) }
        @match &told.spans {
            None => p { (why_untold(&Untold::Withheld, lang)) },
            Some(told) => (spans(told, lang)),
        }
    }
}

fn rules(told: &Told<'_>, lang: Lang) -> Markup {
    html! {
        h2 { (lang.of_two("所引规则", "Rules cited")) }
        @if told.rules.is_empty() {
            p { (lang.of_two("事件未引规则。", "The events cite none.")) }
        } @else {
            table.list {
                thead { tr {
                    th { (lang.of_two("编号", "id")) }
                    th { (lang.of_two("文件与条款", "instrument and article")) }
                    th { (lang.of_two("施行期间", "in force")) }
                    th { (lang.of_two("事件", "events")) }
                } }
                tbody {
                    @for cited in &told.rules {
                        tr {
                            td { (cited.id) }
                            td { (reference(cited, lang)) }
                            td { (cited.rule.as_ref().map(|rule| period(rule.from, rule.until)).unwrap_or_default()) }
                            td { (versions(&cited.events)) }
                        }
                    }
                }
            }
        }
    }
}

fn reference(cited: &Cited, lang: Lang) -> Markup {
    let Some(rule) = &cited.rule else {
        return html! { (lang.of_two("本程序的规则库中没有该规则", "not in the rulebook of this program")) };
    };
    let titled = match &rule.number {
        Some(number) => format!("{} ({number})", rule.instrument),
        None => rule.instrument.clone(),
    };
    let basis = Basis { article: rule.article.as_deref().map(Into::into), instrument: titled.into() };
    html! {
        (crate::text::words::basis(&[basis], lang)) (mark(rule.confidence, lang))
        @if !rule.conflicts_with.is_empty() {
            (crate::text::words::conflict(&rule.conflicts_with.iter().map(|id| id.as_str().into()).collect::<Vec<_>>(), lang))
        }
        @if let Some(says) = says(rule, lang) { p { (says) } }
    }
}

/// What a rule says, where there are words for it.
fn says(rule: &Text, lang: Lang) -> Option<String> {
    let text = match lang {
        Lang::Zh => rule.text.as_deref(),
        Lang::En => rule.text_en.as_deref(),
    }?;
    Some(match rule.value {
        None => text.to_owned(),
        Some(value) => {
            use accord_domain::rulebook::RuleValue;
            let value = match value {
                RuleValue::Flag(yes) => {
                    (if yes { lang.of_two("是", "yes") } else { lang.of_two("否", "no") }).to_owned()
                }
                RuleValue::Number(number) => number.to_string(),
                RuleValue::Range { min, max } => format!("{min}–{max}"),
            };
            format!("{text}{}{value}", lang.of_two("：", ": "))
        }
    })
}

fn versions(events: &[u32]) -> String {
    events.iter().map(|version| format!("#{version}")).collect::<Vec<_>>().join(" ")
}

fn proof(told: &Told<'_>, lang: Lang) -> Markup {
    html! {
        h2 { (lang.of_two("证明", "Proof")) }
        p { (lang.of_two(
            "每个事件的原始字节、到下列根的路径、账本签名的检查点均在本证据包中；清单经账本签名，列出各文件的大小与 SHA-256。核对方法见 README.txt。",
            "The bundle holds the exact bytes of every event, the path from each to the root below, and the checkpoint that the ledger signed; the manifest, signed too, lists size and SHA-256 of every file. README.txt says how to check them."
        )) }
        dl.facts {
            dt { (lang.of_two("树的大小", "size of the tree")) } dd { (told.tree.size) }
            dt { (lang.of_two("根", "root")) } dd { code { (told.tree.root) } }
            dt { (lang.of_two("密钥", "key")) } dd { code { (told.key) } }
        }
    }
}

/// Date and time to the second: two records of one day are told apart.
fn to_second(at: Instant) -> String {
    at.to_string().get(..19).unwrap_or_default().replace('T', " ")
}

fn parsed(raw: &RawValue) -> Option<Value> {
    serde_json::from_str(raw.get()).ok()
}

fn text(raw: Option<&RawValue>) -> String {
    raw.and_then(|raw| serde_json::from_str(raw.get()).ok()).unwrap_or_default()
}

fn decided(raw: Option<&RawValue>) -> String {
    Instant::parse(&text(raw)).map(day).unwrap_or_default()
}

/// The texts of a list.
fn list(raw: Option<&RawValue>) -> String {
    let list: Vec<String> = raw.and_then(|raw| serde_json::from_str(raw.get()).ok()).unwrap_or_default();
    list.join(" ")
}

fn documents(raw: Option<&RawValue>) -> String {
    let Some(Value::Array(list)) = raw.and_then(parsed) else { return String::new() };
    let one = |item: &Value| {
        let of = |name| item.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
        let hash = of("sha256");
        if hash.is_empty() { of("name") } else { format!("{} (SHA-256 {hash})", of("name")) }
    };
    list.iter().map(one).collect::<Vec<_>>().join(" · ")
}
