//! What is due, for people.

use super::visible::visible;
use super::words::{basis, mark};
use crate::answers::{Due, Lang, Task};
use accord_domain::obligation::ObligationState;

/// What is still to be done of a subject, and the clocks of the party; what is over is left to `--json`.
pub(super) fn due(list: &[Due], lang: Lang, out: &mut String) {
    let running =
        list.iter().filter(|item| matches!(item.state, ObligationState::Late | ObligationState::Open));
    let (tasks, clocks): (Vec<_>, Vec<_>) = running.partition(|item| item.kind.on_worklist());
    let headings = [
        (tasks, lang.of_two("\n待办\n", "\nDue\n")),
        (clocks, lang.of_two("\n当事人的期限\n", "\nClocks of the party\n")),
    ];
    for (items, heading) in headings {
        if !items.is_empty() {
            out.push_str(heading);
        }
        for item in items {
            one(item, "", lang, out);
        }
    }
}

/// A page of a worklist.
#[must_use]
pub fn worklist(tasks: &[Task], lang: Lang) -> String {
    let mut out = String::new();
    for task in tasks {
        let name = task.name.as_deref().unwrap_or_default();
        let who = format!("{}  {}", task.due.subject, visible(name));
        one(&task.due, who.trim_end(), lang, &mut out);
    }
    out
}

fn one(item: &Due, who: &str, lang: Lang, out: &mut String) {
    let by = item.due.as_deref().unwrap_or(lang.of_two("及时", "in time"));
    let provisional = if item.provisional { lang.of_two("（暂定）", " (provisional)") } else { "" };
    let state = match (item.state, lang) {
        (ObligationState::Open, Lang::Zh) => "待办",
        (ObligationState::Open, Lang::En) => "open",
        (ObligationState::Met, Lang::Zh) => "已办",
        (ObligationState::Met, Lang::En) => "met",
        (ObligationState::Late, Lang::Zh) => "逾期",
        (ObligationState::Late, Lang::En) => "late",
        (ObligationState::Closed, Lang::Zh) => "已了结",
        (ObligationState::Closed, Lang::En) => "closed",
    };
    let sum = match lang {
        Lang::Zh => &item.sum,
        Lang::En => &item.sum_en,
    };
    if !who.is_empty() {
        out.push_str(&format!("{who}\n"));
    }
    out.push_str(&format!("    {by}{provisional} · {state}  {}\n", visible(sum)));
    let rule = item.rule.as_deref().map_or_else(String::new, |rule| {
        let cited = basis(&item.basis, lang);
        let mark = item.confidence.map_or("", |confidence| mark(confidence, lang));
        format!("{} {rule} {cited}{mark} · ", lang.of_two("规则", "rule"))
    });
    out.push_str(&format!("      {rule}{} {}\n", lang.of_two("起于事件", "raised by event"), item.raised_by));
}
