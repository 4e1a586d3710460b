//! Small words of the command line, and dates as people read them. The names of acts and statuses are the domain's.

use super::visible::visible;
use crate::answers::Lang;
use accord_domain::compliance::words_of;
use accord_domain::event::{EventType, Finding};
use accord_domain::institution::facts::InstitutionKind;
use accord_domain::obligation::Entry;
use accord_domain::rulebook::{Citation, Confidence};
use accord_domain::words::{self, Term};
use accord_domain::{AreaCode, Basis, Instant, Line, Span, SubjectKind, Track, Value};
use accord_replay::Difference;
use std::fmt::Display;

/// A day, or a day and a time to the second: both in Asia/Shanghai.
#[must_use]
pub(crate) fn day(at: Instant) -> String {
    if at == Instant::MAX {
        return "—".to_owned();
    }
    let fixed = at.to_fixed();
    let text = String::from_utf8_lossy(&fixed);
    let (date, time) = (text.get(..10).unwrap_or(""), text.get(11..19).unwrap_or(""));
    if time == "00:00:00" { date.to_owned() } else { format!("{date} {time}") }
}

/// An error with what caused it, each after the one before.
#[must_use]
pub(crate) fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text.push_str(": ");
        text.push_str(&error.to_string());
        cause = error.source();
    }
    text
}

/// So many of something, in English: `1 line`, `2 lines`.
#[must_use]
pub(crate) fn many(count: impl Display, one: &str) -> String {
    let count = count.to_string();
    let end = if count == "1" { "" } else { "s" };
    format!("{count} {one}{end}")
}

/// `from → until`, with a dash for an open end.
#[must_use]
pub(crate) fn period(from: Option<Instant>, until: Option<Instant>) -> String {
    let show = |at: Option<Instant>| at.map_or_else(|| "—".to_owned(), day);
    format!("{} → {}", show(from), show(until))
}

/// 依据, as a lawyer writes it, articles of one instrument together: 《协议》第43条、第58条.
pub(crate) fn basis(list: &[Basis], lang: Lang) -> String {
    if list.is_empty() {
        return lang.of_two("未写明", "not stated").to_owned();
    }
    let mut out = String::new();
    for (index, basis) in list.iter().enumerate() {
        let again = index > 0 && list[index - 1].instrument == basis.instrument && basis.article.is_some();
        if again {
            out.push_str(lang.of_two("、", ", "));
        } else {
            if index > 0 {
                out.push_str(lang.of_two("；", "; "));
            }
            out.push_str(&visible(&basis.instrument));
        }
        if let Some(text) = &basis.article {
            out.push_str(&article(&visible(text), again, lang));
        }
    }
    out
}

/// A rule with its id and basis, and a mark where its wording was not read or another of equal rank says otherwise.
pub(crate) fn rule(citation: &Citation, lang: Lang) -> String {
    let cited = basis(std::slice::from_ref(&citation.basis), lang);
    let mark = mark(citation.confidence, lang);
    let against = conflict(&citation.conflicts_with, lang);
    format!("{} {} {cited}{mark}{against}", lang.of_two("规则", "rule"), citation.id)
}

/// What to say of a rule that others of equal rank contradict.
pub(crate) fn conflict(against: &[Box<str>], lang: Lang) -> String {
    if against.is_empty() {
        return String::new();
    }
    let others = against.join(lang.of_two("、", ", "));
    match lang {
        Lang::Zh => format!("（与同位阶的 {others} 不一致，由人判断适用）"),
        Lang::En => format!(" (at odds with {others} of equal rank; which one holds is for people to say)"),
    }
}

/// What to say of a reading whose wording was not read.
pub(crate) fn mark(confidence: Confidence, lang: Lang) -> &'static str {
    if confidence.is_verified() {
        ""
    } else {
        lang.of_two("（尚未核对原文）", " (unverified reading)")
    }
}

/// An article as a lawyer writes it, with its paragraph and items, a list or a range of them: of `42(2)、43`, 第42条第(2)项、
/// 第43条. What is written in another way stays as the source has it.
fn article(text: &str, again: bool, lang: Lang) -> String {
    let named: Option<Vec<String>> = text.split('、').map(|one| one_article(one, lang)).collect();
    match (named, again, lang) {
        (Some(named), _, Lang::Zh) => named.join("、"),
        (Some(named), true, Lang::En) => named.join(", "),
        (Some(named), false, Lang::En) => {
            let several = named.len() > 1 || text.contains('–');
            format!(" {} {}", if several { "arts." } else { "art." }, named.join(", "))
        }
        (None, true, _) => text.to_owned(),
        (None, false, _) => format!(" {text}"),
    }
}

/// One article, or a range: `30`, `30 ¶1`, `6(4)(5)`, `8–9`; none for anything else.
fn one_article(text: &str, lang: Lang) -> Option<String> {
    let is_number = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    if let Some((first, last)) = text.split_once('–') {
        let is_range = is_number(first) && is_number(last);
        return is_range.then(|| match lang {
            Lang::Zh => format!("第{first}条至第{last}条"),
            Lang::En => text.to_owned(),
        });
    }
    let end = text.find(|letter: char| !letter.is_ascii_digit()).unwrap_or(text.len());
    let (number, rest) = text.split_at(end);
    let below =
        match (rest.strip_prefix(" ¶"), rest.strip_prefix('(').and_then(|rest| rest.strip_suffix(')'))) {
            _ if rest.is_empty() => String::new(),
            (Some(paragraph), _) if is_number(paragraph) => format!("第{paragraph}款"),
            (_, Some(items)) if items.split(")(").all(is_number) => {
                format!("第({})项", items.replace(")(", ")、("))
            }
            _ => return None,
        };
    is_number(number).then(|| match lang {
        Lang::Zh => format!("第{number}条{below}"),
        Lang::En => text.to_owned(),
    })
}

/// A name in a language; English carries the Chinese in brackets, as every text here stands alone.
pub(crate) fn name(term: Term, lang: Lang) -> String {
    match lang {
        Lang::Zh => term.zh.to_owned(),
        Lang::En => term.introduced(),
    }
}

/// What was noticed: its code, the rule it is about, and its words where it has any.
pub(crate) fn noticed(finding: &Finding, lang: Lang) -> String {
    let rule = finding.rule.as_deref().map_or_else(String::new, |rule| format!(" ({rule})"));
    let words = words_of(finding).map_or_else(String::new, |words| match lang {
        Lang::Zh => format!("：{}", words.zh),
        Lang::En => format!(": {}", words.en),
    });
    format!("{}{rule}{words}", finding.code)
}

/// The name of an event type.
pub(crate) fn event(kind: &str, lang: Lang) -> String {
    EventType::by_name(kind)
        .and_then(words::event_type)
        .map_or_else(|| kind.to_owned(), |term| name(term, lang))
}

/// The name of a business line.
pub(crate) fn line(line: Line, lang: Lang) -> String {
    name(words::line(line), lang)
}

/// The name of an agreement's status, or of a qualification's where there is no area and line. What is 中止 or 解除 for an
/// agreement is 暂停 or 终止 for a person.
pub(crate) fn status(of: Option<(AreaCode, Line)>, word: &str, lang: Lang) -> String {
    let track = of.map_or(Track::Qualification, |(area, line)| Track::Agreement(area, line));
    value(&track, word, lang)
}

/// The name of the status that a kind of subject is listed by.
pub(crate) fn listed(kind: &str, of: Option<(AreaCode, Line)>, word: &str, lang: Lang) -> String {
    let track = match SubjectKind::parse(kind) {
        Some(SubjectKind::Insured) if word == Value::Suspended.name() => Track::OnlineSettlement,
        Some(SubjectKind::Enterprise | SubjectKind::Insured) => Track::Credit,
        Some(SubjectKind::Area) => Track::Moratorium(InstitutionKind::Medical),
        Some(SubjectKind::Case) => Track::Case,
        Some(SubjectKind::Institution | SubjectKind::Practitioner) | None => return status(of, word, lang),
    };
    value(&track, word, lang)
}

/// The name of a track, with what tells it from others of its sort.
pub(crate) fn track(of: &Track, lang: Lang) -> String {
    let title = name(words::track(of), lang);
    let place = |area: Option<AreaCode>, of: Option<Line>| {
        let area =
            area.map_or_else(|| lang.of_two("所有统筹地区", "all areas").to_owned(), |area| area.to_string());
        let of = of.map_or_else(|| lang.of_two("所有业务线", "all lines").to_owned(), |of| line(of, lang));
        format!("{area} {of}")
    };
    match of {
        Track::Agreement(area, of) => format!("{title} {}", place(Some(*area), Some(*of))),
        Track::Probation(area) | Track::CrossRegion(area) => format!("{title} {area}"),
        Track::Hold { placed_by, area, line } => format!("{title} #{placed_by} {}", place(*area, *line)),
        Track::Department(department) => format!("{title} {}", visible(department)),
        Track::Bar(cause) => format!("{title} #{cause}"),
        Track::Site(code) => format!("{title} {code}"),
        Track::Moratorium(InstitutionKind::Medical) => {
            format!("{title} {}", lang.of_two("医疗机构", "medical institutions"))
        }
        Track::Moratorium(InstitutionKind::Pharmacy) => {
            format!("{title} {}", lang.of_two("零售药店", "pharmacies"))
        }
        Track::Commitment(cause)
        | Track::Discipline(cause)
        | Track::Objection(cause)
        | Track::Appeal(cause) => {
            format!("{title} #{cause}")
        }
        Track::Rules(name) => format!("{title} {}", visible(name)),
        Track::Qualification
        | Track::Points
        | Track::Credit
        | Track::OnlineSettlement
        | Track::Plan
        | Track::Case
        | Track::Supervision => title,
    }
}

/// One way in which the views differ from the log.
pub(crate) fn difference(found: &Difference, lang: Lang) -> String {
    if lang == Lang::En {
        return found.to_string();
    }
    let span = |span: &Option<Span>| match span {
        Some(span) => format!(
            "{} {}（{}，因 #{}）",
            track(&span.track, lang),
            value(&span.track, &span.value.to_string(), lang),
            period(Some(span.from), span.until.bounded()),
            span.cause
        ),
        None => "无".to_owned(),
    };
    let due = |entry: &Option<Box<Entry>>| match entry {
        Some(entry) => format!("{}（起于 #{}）", entry.kind.term().zh, entry.raised_by),
        None => "无".to_owned(),
    };
    let version = |version: &Option<u32>| version.map_or_else(|| "无".to_owned(), |it| format!("#{it}"));
    match found {
        Difference::Track { stream, known_at, expected, found } => {
            format!("{stream}，记录截至 {}：应为 {}，视图为 {}", day(*known_at), span(expected), span(found))
        }
        Difference::Names { stream, known_at } => {
            format!("{stream}，记录截至 {}：名称与日志不同", day(*known_at))
        }
        Difference::Obligation { stream, known_at, expected, found } => {
            format!(
                "{stream}，记录截至 {}：待办应为 {}，视图为 {}",
                day(*known_at),
                due(expected),
                due(found)
            )
        }
        Difference::Listing { stream, span: counted } => {
            format!("{stream}：{} 在列表与统计中的归类与日志不同", span(&Some(counted.clone())))
        }
        Difference::Trail { stream, version } => format!("{stream}：#{version} 的事件记录与日志不同"),
        Difference::Version { stream, expected, found } => {
            format!("{stream}：最新事件应为 {}，视图为 {}", version(expected), version(found))
        }
        Difference::Parked { stream, error } => format!("{stream} 已搁置：{error}"),
        Difference::Subjects { expected, found } => format!("主体应为 {expected} 个，视图为 {found} 个"),
    }
}

/// The name of what stands on a track.
pub(crate) fn value(track: &Track, word: &str, lang: Lang) -> String {
    Value::parse(word).map_or_else(|| word.to_owned(), |value| name(words::value(track, value), lang))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_is_not_many() {
        assert_eq!([0, 1, 2].map(|count| many(count, "line")), ["0 lines", "1 line", "2 lines"]);
    }

    #[test]
    fn articles_are_written_as_a_lawyer_writes_them() {
        for (text, zh, en) in [
            ("30", "第30条", " art. 30"),
            ("30 ¶1", "第30条第1款", " art. 30 ¶1"),
            ("6(3)", "第6条第(3)项", " art. 6(3)"),
            ("6(4)(5)", "第6条第(4)、(5)项", " art. 6(4)(5)"),
            ("8–9", "第8条至第9条", " arts. 8–9"),
            ("67、72", "第67条、第72条", " arts. 67, 72"),
            ("42(2)、43", "第42条第(2)项、第43条", " arts. 42(2), 43"),
            ("二(一)", " 二(一)", " 二(一)"),
            ("第四十条", " 第四十条", " 第四十条"),
            ("30 ¶", " 30 ¶", " 30 ¶"),
            ("6()", " 6()", " 6()"),
            ("8–", " 8–", " 8–"),
            ("", " ", " "),
        ] {
            assert_eq!(article(text, false, Lang::Zh), zh);
            assert_eq!(article(text, false, Lang::En), en);
        }
        let of = |article: &str| Basis { instrument: "《条例》".into(), article: Some(article.into()) };
        let list = [of("38"), of("40 ¶2"), of("附件")];
        assert_eq!(basis(&list, Lang::Zh), "《条例》第38条、第40条第2款、附件");
        assert_eq!(basis(&list, Lang::En), "《条例》 art. 38, 40 ¶2, 附件");
    }
}
