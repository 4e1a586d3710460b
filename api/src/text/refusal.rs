//! A refusal for people.

use super::visible::visible;
use super::words::{basis, conflict, mark};
use crate::answers::{Lang, Refusal};

/// Why a command was refused.
#[must_use]
pub fn refusal(refusal: &Refusal, lang: Lang) -> String {
    let message = visible(&refusal.message);
    let mut out = match lang {
        Lang::Zh => format!("不予办理：{message}（{}）\n", refusal.code),
        Lang::En => format!("refused: {message} ({})\n", refusal.code),
    };
    if let Some(rule) = &refusal.rule {
        let mark = refusal.confidence.map_or("", |confidence| mark(confidence, lang));
        let cited = basis(&refusal.basis, lang);
        let against = conflict(&refusal.conflicts_with, lang);
        out.push_str(&format!("  {} {rule} {cited}{mark}{against}\n", lang.of_two("规则", "rule")));
    }
    for event in &refusal.blocked_by {
        out.push_str(&format!("  {} {event}\n", lang.of_two("受阻于事件", "blocked by event")));
    }
    for fact in &refusal.blocked_by_others {
        let event = &fact.event.0;
        out.push_str(&format!(
            "  {} {event}\n",
            lang.of_two("受阻于其他主体的事件", "blocked by an event of another subject")
        ));
    }
    if let Some(allowed) = &refusal.allowed {
        out.push_str(&format!("  {} {allowed}\n", lang.of_two("可接受", "would be accepted")));
    }
    out
}
