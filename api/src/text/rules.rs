//! `rules` for people.

use super::words::{basis, day, mark, name, period};
use crate::answers::Lang;
use crate::answers::rules::{Other, ProvisionInForce, RuleInForce, Rules};
use accord_domain::rulebook::{Rank, RuleValue, Unit};
use accord_domain::{Basis, words};

/// The law in force.
#[must_use]
pub fn rules(answer: &Rules, lang: Lang) -> String {
    let place = match answer.area {
        Some(area) => area.to_string(),
        None => lang.of_two("全国", "the whole country").to_owned(),
    };
    let title = lang.of_two("规则库", "rulebook");
    let known = answer.coordinates.map_or_else(String::new, |at| {
        format!(" · {} {}", lang.of_two("记录截至", "known (记录) by"), day(at.known_at))
    });
    let mut out = format!("{} · {place}{known} · {title} {}\n", day(answer.at), answer.rulebook);
    for item in &answer.rules {
        rule(item, lang, &mut out);
    }
    for item in &answer.provisions {
        provision(item, lang, &mut out);
    }
    out
}

fn rule(item: &RuleInForce, lang: Lang, out: &mut String) {
    let unit = item.parameter.as_ref().and_then(|parameter| parameter.unit);
    let called = item.parameter.as_ref().map_or(&*item.param, |parameter| match lang {
        Lang::Zh => &parameter.zh,
        Lang::En => &parameter.en,
    });
    let whom: Vec<_> = item.applies_to.iter().map(|whom| name(words::applies_to(*whom), lang)).collect();
    let whom =
        if whom.is_empty() { String::new() } else { format!(" · {}", whom.join(lang.of_two("、", ", "))) };
    out.push_str(&format!("\n{called}{}{}{whom}\n", lang.of_two("：", ": "), value(item.value, unit, lang)));
    let cited = Cited {
        id: &item.id,
        instrument: &item.instrument,
        article: item.article.as_deref(),
        rank: item.rank,
        mark: mark(item.confidence, lang),
    };
    cited.print(lang, out);
    let place = item.area.map_or_else(String::new, |area| format!(" · {area}"));
    let valid = period(Some(item.from), item.until);
    out.push_str(&format!(
        "    {} {valid}{place} · {} · {}\n",
        lang.of_two("施行", "in force"),
        item.param,
        item.file
    ));
    for (title, others) in [
        (lang.of_two("取代", "replaced"), item.replaced.as_slice()),
        (lang.of_two("优先于", "overrides"), item.overrides.as_slice()),
        (
            lang.of_two("同位阶不一致，由人判断适用", "at odds, of equal rank, for people to settle"),
            item.conflicts_with.as_slice(),
        ),
    ] {
        for other in others {
            out.push_str(&format!("    {title} {}\n", stands(other, unit, lang)));
        }
    }
    note(item.note.as_deref(), lang, out);
}

fn provision(item: &ProvisionInForce, lang: Lang, out: &mut String) {
    let said = match lang {
        Lang::Zh => &item.text,
        Lang::En => &item.en,
    };
    out.push_str(&format!("\n{said}\n"));
    let cited = Cited {
        id: &item.id,
        instrument: &item.instrument,
        article: item.article.as_deref(),
        rank: item.rank,
        mark: mark(item.confidence, lang),
    };
    cited.print(lang, out);
    let place = item.area.map_or_else(String::new, |area| format!(" · {area}"));
    let valid = period(item.from, item.until);
    out.push_str(&format!("    {} {valid}{place}\n", lang.of_two("施行", "in force")));
    note(item.note.as_deref(), lang, out);
}

struct Cited<'a> {
    id: &'a str,
    instrument: &'a str,
    article: Option<&'a str>,
    rank: Rank,
    mark: &'static str,
}

impl Cited<'_> {
    fn print(&self, lang: Lang, out: &mut String) {
        let basis = basis(
            &[Basis { article: self.article.map(Into::into), instrument: self.instrument.into() }],
            lang,
        );
        let rank = name(words::rank(self.rank), lang);
        let title = lang.of_two("规则", "rule");
        out.push_str(&format!("    {title} {} {basis} · {rank}{}\n", self.id, self.mark));
    }
}

fn stands(other: &Other, unit: Option<Unit>, lang: Lang) -> String {
    let place = other.area.map_or_else(String::new, |area| format!(" · {area}"));
    format!("{}{}{}{place}", other.id, lang.of_two("：", ": "), value(other.value, unit, lang))
}

fn note(note: Option<&str>, lang: Lang, out: &mut String) {
    if let Some(note) = note {
        out.push_str(&format!("    {} {note}\n", lang.of_two("注", "note")));
    }
}

fn value(value: RuleValue, unit: Option<Unit>, lang: Lang) -> String {
    let number = |number: i64| match unit {
        Some(Unit::Tenths) => words::decimal(number.into(), 1),
        Some(Unit::Fen) => words::yuan(number.into()),
        _ => number.to_string(),
    };
    let text = match value {
        RuleValue::Flag(true) => return lang.of_two("是", "yes").to_owned(),
        RuleValue::Flag(false) => return lang.of_two("否", "no").to_owned(),
        RuleValue::Number(one) => number(one),
        RuleValue::Range { min, max } => format!("{}–{}", number(min), number(max)),
    };
    let (zh, en) = match unit {
        None | Some(Unit::Fen) => return text,
        Some(Unit::Days) => ("日", "days"),
        Some(Unit::WorkingDays) => ("个工作日", "working days"),
        Some(Unit::Months) => ("个月", "months"),
        Some(Unit::Years) => ("年", "years"),
        Some(Unit::Points) => ("分", "points"),
        Some(Unit::People) => ("人", "people"),
        Some(Unit::Times) => ("次", "times"),
        Some(Unit::Beds) => ("张床位", "beds"),
        Some(Unit::Tenths) => ("倍", "times the sum"),
        Some(Unit::Percent) => ("%", "%"),
    };
    format!("{text} {}", lang.of_two(zh, en))
}
