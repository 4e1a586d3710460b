//! `history` for people: a line an event, and under it what it says.

use super::facts::{facts, place};
use super::visible::visible;
use super::words::{basis, day, event, noticed};
use crate::answers::{Axis, Entry, Lang};
use accord_domain::Basis;
use accord_domain::event::Finding;
use serde_json::Value;
use serde_json::value::RawValue;

/// The trail. The date of the axis it is ordered by stands first.
#[must_use]
pub fn history(entries: &[Entry], axis: Axis, lang: Lang) -> String {
    entries.iter().map(|entry| one(entry, axis, lang)).collect::<Vec<_>>().join("\n")
}

fn one(entry: &Entry, axis: Axis, lang: Lang) -> String {
    let (effective, recorded) = (day(entry.effective_at), day(entry.recorded_at));
    let dates = match (axis, lang) {
        (Axis::Effective, Lang::Zh) => format!("生效 {effective} · 记录 {recorded}"),
        (Axis::Recorded, Lang::Zh) => format!("记录 {recorded} · 生效 {effective}"),
        (Axis::Effective, Lang::En) => format!("in force {effective} · recorded {recorded}"),
        (Axis::Recorded, Lang::En) => format!("recorded {recorded} · in force {effective}"),
    };
    let name = event(entry.kind, lang);
    let mut out = format!("{dates}  #{}  {name}{}\n", entry.version, marks(entry, lang));
    let mut put = |label: &str, text: &str| {
        if !text.is_empty() {
            out.push_str(&format!("    {label} {}\n", visible(text)));
        }
    };
    put(
        lang.of_two("内容", "says"),
        &parsed(&entry.data).map_or_else(String::new, |data| facts(entry.kind, &data, lang)),
    );
    if let Some(corrected) = &entry.corrected {
        put(
            if entry.corrected_by.is_some() {
                lang.of_two("更正为", "corrected to")
            } else {
                lang.of_two("保留为", "what is left")
            },
            &facts(entry.kind, corrected, lang),
        );
    }
    let cited: Vec<Basis> =
        entry.basis.as_ref().and_then(|raw| serde_json::from_str(raw.get()).ok()).unwrap_or_default();
    put(lang.of_two("依据", "basis"), &basis(&cited, lang));
    put(
        lang.of_two("作出方", "by"),
        &parsed(&entry.actor).map_or_else(String::new, |actor| facts("", &actor, lang)),
    );
    put(lang.of_two("理由", "reason"), &words(entry.more.reason.as_deref()));
    put(
        lang.of_two("来源未写明", "the source does not say"),
        &unknown(entry.kind, entry.more.unknown.as_deref(), lang),
    );
    put(lang.of_two("发现", "noticed"), &findings(entry.more.findings.as_deref(), lang));
    let stored = format!("{} · {} {}", entry.id, lang.of_two("位置", "position"), entry.position);
    put(lang.of_two("事件", "event"), &stored);
    out
}

fn marks(entry: &Entry, lang: Lang) -> String {
    let mut out = String::new();
    if let Some(by) = entry.voided_by {
        let from = entry.voided_from.map_or_else(
            || lang.of_two("自始", "from the start").to_owned(),
            |from| match lang {
                Lang::Zh => format!("自 {} 起", day(from)),
                Lang::En => format!("from {}", day(from)),
            },
        );
        out.push_str(&match lang {
            Lang::Zh => format!("  【{from}撤销，见 {by}】"),
            Lang::En => format!("  [annulled (撤销) {from} by {by}]"),
        });
    }
    if let Some(by) = entry.corrected_by {
        out.push_str(&match lang {
            Lang::Zh => format!("  【已更正，见 {by}】"),
            Lang::En => format!("  [corrected (更正) by {by}]"),
        });
    }
    if let Some(by) = entry.partly_annulled_by {
        out.push_str(&match lang {
            Lang::Zh => format!("  【部分撤销，见 {by}】"),
            Lang::En => format!("  [annulled in part (部分撤销) by {by}]"),
        });
    }
    if entry.more.retroactive.is_some() {
        out.push_str(lang.of_two("  【补录】", "  [recorded late, behind later acts]"));
    }
    out
}

fn parsed(raw: &RawValue) -> Option<Value> {
    serde_json::from_str(raw.get()).ok()
}

fn words(raw: Option<&RawValue>) -> String {
    raw.and_then(|raw| serde_json::from_str(raw.get()).ok()).unwrap_or_default()
}

/// What is not known and why.
pub(crate) fn unknown(kind: &str, raw: Option<&RawValue>, lang: Lang) -> String {
    let Some(Value::Object(map)) = raw.and_then(parsed) else { return String::new() };
    let list = map.iter().map(|(pointer, why)| {
        let what = place(kind, pointer, lang);
        format!("{what}{}{}", lang.of_two("：", ": "), why.as_str().unwrap_or_default())
    });
    list.collect::<Vec<_>>().join(lang.of_two("；", "; "))
}

/// What was noticed.
pub(crate) fn findings(raw: Option<&RawValue>, lang: Lang) -> String {
    let list: Vec<Finding> = raw.and_then(|raw| serde_json::from_str(raw.get()).ok()).unwrap_or_default();
    list.iter().map(|finding| noticed(finding, lang)).collect::<Vec<_>>().join(lang.of_two("；", "; "))
}
