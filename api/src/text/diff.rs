//! `diff` for people: a paragraph a field, a line a step, and below it the events.

use super::facts::{label, spoken};
use super::words::{day, event, name, track};
use super::{coordinates, reason};
use crate::answers::{Diff, FieldChange, Lang, Reason, Says, StepTaken};
use accord_domain::difference::{Field, Why};
use accord_domain::{Instant, Value, words};

/// What differs of a subject, and why.
#[must_use]
pub fn diff(diff: &Diff, lang: Lang) -> String {
    let mut out = format!("{}\n", diff.subject);
    out.push_str(&format!("{}  {}\n", lang.of_two("甲", "from"), coordinates(&diff.from, lang)));
    out.push_str(&format!("{}  {}\n", lang.of_two("乙", "to  "), coordinates(&diff.to, lang)));
    if diff.changes.is_empty() {
        out.push_str(lang.of_two("\n没有差别。\n", "\nNothing differs.\n"));
        return out;
    }
    out.push_str(&changes(&diff.changes, &diff.events, lang));
    out.push_str(&why(&diff.events, lang));
    out
}

/// What differs of one of many subjects.
#[must_use]
pub fn diff_brief(diff: &Diff, lang: Lang) -> String {
    format!("\n{}{}", diff.subject, changes(&diff.changes, &diff.events, lang))
}

/// The events named, once each.
pub(super) fn why(events: &[Reason], lang: Lang) -> String {
    let mut out = String::from(lang.of_two("\n所涉事件\n", "\nEvents\n"));
    for item in events {
        reason(item, lang, &mut out);
    }
    out
}

/// The fields that differ, a paragraph each.
pub(super) fn changes(changes: &[FieldChange], events: &[Reason], lang: Lang) -> String {
    let mut out = String::new();
    for change in changes {
        let (before, after) = (
            ends(&change.field, change.before.as_ref(), lang),
            ends(&change.field, change.after.as_ref(), lang),
        );
        let same =
            if before == after { lang.of_two("（两端相同）", " (the same at both ends)") } else { "" };
        out.push_str(&format!("\n{}  {before} → {after}{same}\n", field(&change.field, lang)));
        for step in &change.steps {
            out.push_str(&format!("    {}\n", taken(&change.field, step, events, lang)));
        }
    }
    out
}

fn taken(of: &Field, step: &StepTaken, events: &[Reason], lang: Lang) -> String {
    let named = step.by.iter().filter_map(|id| events.iter().find(|reason| reason.event == *id));
    let named: Vec<String> =
        named.map(|reason| format!("{} #{}", event(reason.kind, lang), reason.version)).collect();
    let by = named.join(lang.of_two("、", ", "));
    let at = day(step.at);
    let says = match &step.after {
        None => lang.of_two("无", "nothing").to_owned(),
        Some(says) => format!("{}{}", value(of, &says.value, lang), period(says, lang)),
    };
    match (step.why, lang) {
        (Why::TookEffect, Lang::Zh) => format!("{at}  {says}  因 {by} 生效"),
        (Why::TookEffect, Lang::En) => format!("{at}  {says}  as {by} took effect"),
        (Why::NoLongerHeld, Lang::Zh) => format!("{at}  {says}  因 {by} 自该日起失效"),
        (Why::NoLongerHeld, Lang::En) => format!("{at}  {says}  by {by}, from that day on"),
        (Why::DayCame, Lang::Zh) => format!("{at}  {says}  {by} 所定日期届至"),
        (Why::DayCame, Lang::En) => format!("{at}  {says}  on the day stated by {by}"),
        (Why::BecameKnown, Lang::Zh) => format!("{says}  {at} 记录 {by} 后得知"),
        (Why::BecameKnown, Lang::En) => format!("{says}  known since {by} was recorded on {at}"),
        (Why::NotYetKnown, Lang::Zh) => format!("{says}  {at} 记录 {by} 之前"),
        (Why::NotYetKnown, Lang::En) => format!("{says}  before {by} was recorded on {at}"),
    }
}

fn period(says: &Says, lang: Lang) -> String {
    match (says.until, lang) {
        (None, Lang::Zh) => format!("（{} 起）", day(says.from)),
        (None, Lang::En) => format!(" (from {})", day(says.from)),
        (Some(until), Lang::Zh) => format!("（{} → {}）", day(says.from), day(until)),
        (Some(until), Lang::En) => format!(" ({} → {})", day(says.from), day(until)),
    }
}

/// What a field says at one end.
pub(super) fn ends(of: &Field, says: Option<&Says>, lang: Lang) -> String {
    says.map_or_else(|| lang.of_two("无", "nothing").to_owned(), |says| value(of, &says.value, lang))
}

/// What a value is called on its field.
pub(crate) fn value(of: &Field, word: &str, lang: Lang) -> String {
    match of {
        Field::Track(track) => match Value::parse(word) {
            Some(Value::Points(points)) => match lang {
                Lang::Zh => format!("{points} 分"),
                Lang::En => format!("{points} points"),
            },
            Some(Value::Barred { class, liability_performed }) => {
                let title = name(words::value(track, Value::Barred { class, liability_performed }), lang);
                let class = name(words::bar_class(class), lang);
                let performed = match (liability_performed, lang) {
                    (true, _) => "",
                    (false, Lang::Zh) => "，责任未履行完毕",
                    (false, Lang::En) => ", liability not performed",
                };
                format!("{title}{}{class}{performed}", lang.of_two("：", ": "))
            }
            Some(value) => name(words::value(track, value), lang),
            None => word.to_owned(),
        },
        Field::Profile(key @ ("category" | "ownership")) => spoken(key, word, lang),
        Field::Profile("regional_medical_centre") => lang.of_two("是", "yes").to_owned(),
        Field::Profile("manager_banned_until") => Instant::parse(word).map_or_else(|_| word.to_owned(), day),
        Field::Profile(_) => word.to_owned(),
    }
}

/// What a field is called.
pub(super) fn field(of: &Field, lang: Lang) -> String {
    match of {
        Field::Track(of) => track(of, lang),
        Field::Profile(name) => label("", name, lang).to_owned(),
    }
}
