use super::*;
use crate::command::Circumstances;
use crate::history::{History, at};
use crate::rulebook::Rulebook;
use proptest::prelude::*;
use serde_json::json;

pub(super) fn records(history: &History) -> Vec<Record> {
    let circumstances = |body: &Vec<u8>| Circumstances::read(std::str::from_utf8(body).unwrap()).unwrap();
    let both = history.events.iter().cloned().zip(history.bodies.iter().map(circumstances));
    both.map(|(event, circumstances)| Record { event, circumstances }).collect()
}

fn asked(as_of: &str) -> Asked<'static> {
    Asked { as_of: at(as_of), late_days: 100_000, law: Law::national() }
}

/// As a lawyer reads it.
fn told(found: &[Breach]) -> String {
    use std::fmt::Write;
    let mut out = String::new();
    for breach in found {
        let day = |at: Option<Instant>| at.map_or_else(|| "—".to_owned(), Instant::words);
        let kind = breach.kind.term();
        let rule = breach.rule.as_ref().map_or_else(
            || "—".to_owned(),
            |rule| {
                let mark = if rule.confidence.is_verified() { "" } else { "（尚未核对原文）" };
                let article = rule.basis.article.as_deref().unwrap_or("");
                format!("{} {} {article}{mark}", rule.id, rule.basis.instrument)
            },
        );
        let days = breach.days.map_or_else(String::new, |days| format!(" · {days} 日"));
        writeln!(out, "{} {}（{}）{}", breach.since.words(), kind.zh, breach.code, breach.words.zh).unwrap();
        writeln!(out, "           {}: {}", kind.en, breach.words.en).unwrap();
        writeln!(
            out,
            "           应于 {} · 办于 {}{days} · 规则 {rule} · 事件 {:?}",
            day(breach.due),
            day(breach.done),
            breach.events
        )
        .unwrap();
    }
    out
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    /// What was decided under a law is not found wanting under the same law, whatever the order it became known in.
    #[test]
    fn what_was_decided_comes_out_the_same_when_it_is_judged((institution, rolls) in timeline::properties::asked()) {
        let history = timeline::properties::decided(institution, &rolls);
        let records = records(&history);
        let found = breaches(&history.subject, &records, &asked("2030-01-01"));
        // What a correction makes of an act was never decided.
        let changed: Vec<Version> = timeline::resolve(&history.events)
            .iter()
            .filter(|known| matches!(known.event, std::borrow::Cow::Owned(_)))
            .map(|known| known.event.version)
            .collect();
        let again: Vec<_> = found
            .iter()
            .filter(|breach| !changed.contains(&breach.events[0]))
            .filter(|breach| breach.allowed.is_some() || matches!(&*breach.code,
                "consequence-missing" | "consequence-not-called-for" | "decided-otherwise")
                || matches!(breach.kind, BreachKind::AgainstRule | BreachKind::OutOfRange))
            .collect();
        prop_assert!(again.is_empty(), "{again:#?}\n{:#?}", history.events);
    }
}
