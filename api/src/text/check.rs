//! `check` for people: a subject at a time, below each finding its days, its rule and its events; at the end how many of each
//! kind.

use super::diff::{ends, field};
use super::table::Table;
use super::visible::visible;
use super::words::{basis, conflict, day, event, many, mark, name};
use crate::answers::{Breach, Lang};
use accord_domain::compliance::BreachKind;
use accord_domain::words;
use std::collections::BTreeMap;

/// What was found of one subject.
#[must_use]
pub fn breaches(list: &[Breach], lang: Lang) -> String {
    let mut out = list.first().map_or_else(String::new, |first| format!("\n{}\n", first.subject));
    for breach in list {
        one(breach, lang, &mut out);
    }
    out
}

fn one(breach: &Breach, lang: Lang, out: &mut String) {
    let kind = name(breach.kind.term(), lang);
    let words = match lang {
        Lang::Zh => &breach.words,
        Lang::En => &breach.words_en,
    };
    out.push_str(&format!("    {kind}{}{}\n", lang.of_two("：", ": "), visible(words)));
    out.push_str(&format!("      {}\n", days(breach, lang)));
    if let Some(rule) = &breach.rule {
        let cited = basis(&breach.basis, lang);
        let mark = breach.confidence.map_or("", |confidence| mark(confidence, lang));
        let against = conflict(&breach.conflicts_with, lang);
        out.push_str(&format!("      {} {rule} {cited}{mark}{against}\n", lang.of_two("规则", "rule")));
    }
    if let Some(allowed) = &breach.allowed {
        out.push_str(&format!("      {} {allowed}\n", lang.of_two("可以的是", "would be accepted")));
    }
    for change in &breach.changes {
        let (before, after) = (
            ends(&change.field, change.before.as_ref(), lang),
            ends(&change.field, change.after.as_ref(), lang),
        );
        out.push_str(&format!("      {}  {before} → {after}\n", field(&change.field, lang)));
    }
    for reason in &breach.events {
        let (effective, recorded) = (day(reason.effective_at), day(reason.recorded_at));
        let (title, id, position) = (event(reason.kind, lang), reason.event, reason.position);
        out.push_str(&match lang {
            Lang::Zh => format!("      {title}  生效 {effective} · 记录 {recorded} · 事件 {id} · 位置 {position}\n"),
            Lang::En => format!(
                "      {title}  in force {effective} · recorded {recorded} · event {id} · position {position}\n"
            ),
        });
    }
}

/// When it was due, when it was done, by how many days, and by whom.
fn days(breach: &Breach, lang: Lang) -> String {
    let mut parts = Vec::new();
    let provisional = if breach.provisional { lang.of_two("（暂定）", " (provisional)") } else { "" };
    if let Some(due) = &breach.due {
        parts.push(format!("{} {due}{provisional}", lang.of_two("期限", "due")));
    } else if breach.done.is_none() {
        parts.push(format!("{} {}", lang.of_two("自", "called for since"), day(breach.since)));
    }
    if let Some(done) = breach.done {
        let title = match breach.kind {
            BreachKind::RecordedLate => lang.of_two("记录于", "recorded"),
            _ => lang.of_two("办于", "done"),
        };
        parts.push(format!("{title} {}", day(done)));
    }
    if let Some(days) = breach.days {
        let late = breach.due.is_some() || breach.kind == BreachKind::RecordedLate;
        parts.push(match (late, lang) {
            (true, Lang::Zh) => format!("迟 {days} 日"),
            (true, Lang::En) => format!("{} late", many(days, "day")),
            (false, Lang::Zh) => format!("已 {days} 日"),
            (false, Lang::En) => format!("for {}", many(days, "day")),
        });
    }
    if let Some(party) = breach.owed_by {
        parts.push(format!("{} {}", lang.of_two("应由", "to be done by"), name(party.term(), lang)));
    }
    if let Some(actor) = breach.actor {
        parts.push(format!("{} {}", lang.of_two("作出", "by"), name(words::authority(actor), lang)));
    }
    if let Some(area) = breach.area {
        parts.push(format!("{} {area}", lang.of_two("统筹地区", "area")));
    }
    parts.join(" · ")
}

/// How many of each kind.
#[must_use]
pub fn breach_counts(counts: &BTreeMap<BreachKind, u64>, lang: Lang) -> String {
    if counts.is_empty() {
        return lang.of_two("\n未发现不符事项。\n", "\nAll is as the rules have it.\n").to_owned();
    }
    let head = [lang.of_two("不符事项", "not as the rules have it"), lang.of_two("数量", "count")];
    let mut table = Table::new(&head).right(1);
    for (kind, count) in counts {
        table.row([name(kind.term(), lang), count.to_string()]);
    }
    let total: u64 = counts.values().sum();
    table.row([lang.of_two("合计", "total").to_owned(), total.to_string()]);
    format!("\n{}", table.render())
}
