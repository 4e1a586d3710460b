//! Answers as people read them, in Chinese and English. Pure: an answer in, a text out.

mod census;
mod check;
mod diff;
mod done;
mod due;
pub(crate) mod facts;
mod history;
mod list;
mod payable;
mod points;
mod refusal;
mod rules;
mod show;
pub(crate) mod table;
pub(crate) mod visible;
mod what_if;
pub(crate) mod words;

pub use census::census;
pub use check::{breach_counts, breaches};
pub(crate) use diff::value as field_value;
pub use diff::{diff, diff_brief};
pub use done::done;
pub use due::worklist;
pub use history::history;
pub(crate) use history::{findings, unknown};
pub use list::list;
pub use payable::payable;
pub use points::points;
pub use refusal::refusal;
pub use rules::rules;
pub use show::show;
pub use what_if::{what_if, what_if_brief};

use crate::answers::{Coordinates, Lang, Reason};
use facts::place;
use visible::visible;
use words::{basis, day, event, rule as cited_rule};

/// Where on the two axes an answer stands, on a line.
#[must_use]
pub fn coordinates(at: &Coordinates, lang: Lang) -> String {
    let position = at.position.map_or_else(|| "—".to_owned(), |position| position.to_string());
    let (as_of, known_at) = (day(at.as_of), day(at.known_at));
    match lang {
        Lang::Zh => format!("生效 {as_of} · 记录截至 {known_at} · 日志位置 {position}"),
        Lang::En => {
            format!("in force (生效) {as_of} · recorded (记录) by {known_at} · log position {position}")
        }
    }
}

/// A reason, on indented lines: the act and its two dates, what it rests on, where it lies.
fn reason(reason: &Reason, lang: Lang, out: &mut String) {
    let name = event(reason.kind, lang);
    let (effective, recorded) = (day(reason.effective_at), day(reason.recorded_at));
    let cited = basis(&reason.basis, lang);
    match lang {
        Lang::Zh => {
            out.push_str(&format!("    {name}  生效 {effective} · 记录 {recorded}\n"));
            out.push_str(&format!("      依据 {cited}\n"));
        }
        Lang::En => {
            out.push_str(&format!("    {name}  in force {effective} · recorded {recorded}\n"));
            out.push_str(&format!("      basis {cited}\n"));
        }
    }
    for rule in &reason.rules {
        out.push_str(&format!("      {}\n", cited_rule(rule, lang)));
    }
    for (pointer, why) in &reason.unknown {
        let title = lang.of_two("来源未写明", "the source does not say");
        out.push_str(&format!(
            "      {title} {}{}{}\n",
            visible(&place(reason.kind, pointer, lang)),
            lang.of_two("：", ": "),
            visible(why)
        ));
    }
    out.push_str(&format!(
        "      {} {} · {} {}\n",
        lang.of_two("事件", "event"),
        reason.event,
        lang.of_two("位置", "position"),
        reason.position
    ));
}

/// The heading of an answer about a subject: code, name, earlier names.
fn heading(code: &str, name: Option<&str>, former: &[Box<str>], lang: Lang) -> String {
    let mut out = code.to_owned();
    if let Some(name) = name {
        out.push_str("  ");
        out.push_str(&visible(name));
    }
    if !former.is_empty() {
        let former = former.join(lang.of_two("、", ", "));
        let former = visible(&former);
        out.push_str(&match lang {
            Lang::Zh => format!("（原名 {former}）"),
            Lang::En => format!(" (formerly {former})"),
        });
    }
    out.push('\n');
    out
}

#[cfg(test)]
mod tests;
