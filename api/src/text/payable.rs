//! `payable` for people.

use super::coordinates;
use super::words::{basis, day, event, line, name, period, rule as cited_rule};
use crate::answers::{Lang, Payable, PayableReason};
use accord_domain::words;

/// Yes or no, and why.
#[must_use]
pub fn payable(answer: &Payable, lang: Lang) -> String {
    let mut out = format!("{}\n", name(words::outcome(answer.outcome), lang));
    let mut claim = vec![day(answer.at), answer.institution.to_string()];
    claim.extend(answer.practitioner.as_ref().map(ToString::to_string));
    claim.push(answer.area.to_string());
    claim.push(line(answer.line, lang));
    claim.extend(answer.department.as_ref().map(ToString::to_string));
    if answer.emergency {
        claim.push(lang.of_two("急诊、抢救", "emergency").to_owned());
    }
    out.push_str(&format!("{} {}\n", lang.of_two("所问", "asked"), claim.join(" · ")));
    out.push_str(&coordinates(&answer.coordinates, lang));
    out.push('\n');
    for item in &answer.reasons {
        reason(item, lang, &mut out);
    }
    out
}

fn reason(item: &PayableReason, lang: Lang, out: &mut String) {
    out.push_str(&format!("\n  {}  {}  {}\n", name(words::reason(item.code), lang), item.subject, item.code));
    if item.from.is_some() {
        let title = lang.of_two("期间", "period");
        out.push_str(&format!("    {title} {}\n", period(item.from, item.until)));
    }
    if let (Some(id), Some(kind), Some(position)) = (item.event, item.kind, item.position) {
        out.push_str(&format!("    {} {}\n", lang.of_two("依据", "basis"), basis(&item.basis, lang)));
        for rule in &item.rules {
            out.push_str(&format!("    {}\n", cited_rule(rule, lang)));
        }
        let name = event(kind, lang);
        out.push_str(&match lang {
            Lang::Zh => format!("    事件 {name} {id} · 位置 {position}\n"),
            Lang::En => format!("    event {name} {id} · position {position}\n"),
        });
    }
}
