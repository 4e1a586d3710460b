//! `what-if` for people: the chain of reasons, then where another value would stand.

use super::diff::{field, value, why};
use super::due::due;
use super::facts::facts;
use super::words::{basis, day, event, noticed, period};
use super::{coordinates, refusal};
use crate::answers::{ActOtherwise, FieldOtherwise, Lang, NotJudged, Reason, ValueOf, WhatIf};
use accord_domain::event::Finding;

/// What would stand otherwise, and why.
#[must_use]
pub fn what_if(answer: &WhatIf, lang: Lang) -> String {
    let mut out = format!("{}\n{}\n", answer.subject, coordinates(&answer.coordinates, lang));
    out.push_str(&what_if_brief(answer, lang));
    if answer.may_reach_others {
        out.push_str(lang.of_two(
            "\n这可能影响其他主体：加 --all 或 --area 查看。\n",
            "\nThis may reach other subjects: ask with --all or --area.\n",
        ));
    }
    out.push_str(&not_judged(&answer.not_judged));
    if !answer.events.is_empty() {
        out.push_str(&why(&answer.events, lang));
    }
    out
}

/// What is left open, a paragraph each.
fn not_judged(left: &[NotJudged]) -> String {
    left.iter().map(|one| format!("\n{} [{}]\n", one.message, one.code)).collect()
}

/// The same, of one of many subjects.
#[must_use]
pub fn what_if_brief(answer: &WhatIf, lang: Lang) -> String {
    let mut out = String::new();
    let nothing = answer.acts.is_empty()
        && answer.to_reconsider.is_empty()
        && answer.fields.is_empty()
        && answer.no_longer_due.is_empty()
        && answer.newly_due.is_empty();
    if nothing {
        out.push_str(lang.of_two("\n没有差别。\n", "\nNothing would stand otherwise.\n"));
        return out;
    }
    if !answer.acts.is_empty() {
        out.push_str(lang.of_two("\n因由\n", "\nChain of reasons\n"));
    }
    answer.acts.iter().for_each(|act| one_act(act, &answer.events, lang, &mut out));
    if !answer.fields.is_empty() {
        out.push_str(
            lang.of_two("\n差别（现状 → 假设）\n", "\nWhat would stand otherwise (as it is → as supposed)\n"),
        );
        answer.fields.iter().for_each(|field| one_field(field, lang, &mut out));
    }
    if !answer.to_reconsider.is_empty() {
        let title = lang.of_two(
            "\n以下行为按原记录保留；如重新作出，结果将不同\n",
            "\nKept as recorded; decided again, these would come out otherwise\n",
        );
        out.push_str(title);
        answer.to_reconsider.iter().for_each(|act| one_act(act, &answer.events, lang, &mut out));
    }
    for (list, title) in [
        (&answer.no_longer_due, lang.of_two("\n不再需要办理\n", "\nNo longer due\n")),
        (&answer.newly_due, lang.of_two("\n新增需要办理\n", "\nNewly due\n")),
    ] {
        if !list.is_empty() {
            out.push_str(title);
            let mut lines = String::new();
            due(list, lang, &mut lines);
            // Under a heading of its own.
            lines.lines().skip(2).for_each(|line| out.push_str(&format!("{line}\n")));
        }
    }
    out
}

fn one_act(act: &ActOtherwise, events: &[Reason], lang: Lang, out: &mut String) {
    let recorded = events.iter().find(|reason| Some(reason.event) == act.act);
    let name = match recorded {
        Some(reason) => {
            format!("{} #{}  {}", event(reason.kind, lang), reason.version, day(reason.effective_at))
        }
        None => lang.of_two("假设的行为", "the act supposed").to_owned(),
    };
    let outcome = match act.outcome {
        "left-out" => lang.of_two("假设未作出", "supposed not to have been made"),
        "without-object" => {
            lang.of_two("所涉事件不存在，随之失去对象", "falls away: what it acts on would not be there")
        }
        "without-cause" => {
            lang.of_two("引发它的事件不存在，故亦不发生", "falls away: what it follows would not be there")
        }
        "refused" => lang.of_two("不予办理", "would be refused"),
        _ => lang.of_two("结果不同", "would come to"),
    };
    let because = act.because.as_ref().map_or_else(String::new, |because| {
        format!("{}{}", lang.of_two("，因 ", ", because of "), because.0)
    });
    out.push_str(&format!("    {name}  {outcome}{because}\n"));
    for supposed in &act.events {
        let data = serde_json::from_str(supposed.data.get())
            .map_or_else(|_| String::new(), |data| facts(supposed.kind, &data, lang));
        out.push_str(&format!(
            "      {} {}  {data}\n",
            event(supposed.kind, lang),
            day(supposed.effective_at)
        ));
        for rule in &supposed.rules {
            let cited = basis(std::slice::from_ref(&rule.basis), lang);
            out.push_str(&format!("        {} {} {cited}\n", lang.of_two("规则", "rule"), rule.id));
        }
        if !supposed.findings.is_empty() {
            let list = supposed.findings.iter().map(|code| noticed(&Finding::new(code, None), lang));
            let list = list.collect::<Vec<_>>().join(lang.of_two("；", "; "));
            out.push_str(&format!("        {} {list}\n", lang.of_two("发现", "noticed")));
        }
    }
    if let Some(refused) = &act.refusal {
        for line in refusal(refused, lang).lines() {
            out.push_str(&format!("      {line}\n"));
        }
    }
}

fn one_field(otherwise: &FieldOtherwise, lang: Lang, out: &mut String) {
    let says = |says: &Option<ValueOf>| match says {
        Some(says) => value(&otherwise.field, &says.value, lang),
        None => lang.of_two("无", "nothing").to_owned(),
    };
    out.push_str(&format!(
        "    {}  {}  {} → {}\n",
        field(&otherwise.field, lang),
        period(Some(otherwise.from), otherwise.until),
        says(&otherwise.actual),
        says(&otherwise.supposed)
    ));
}
