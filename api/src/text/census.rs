//! The census for people.

use super::coordinates;
use super::table::Table;
use super::words::{line, listed, name};
use crate::answers::{Census, Lang};
use accord_domain::{SubjectKind, words};

/// How many stand where.
#[must_use]
pub fn census(census: &Census, lang: Lang) -> String {
    let mut out = coordinates(&census.coordinates, lang);
    out.push('\n');
    let (institutions, practitioners) = (census.institutions, census.practitioners);
    out.push_str(&match lang {
        Lang::Zh => format!("机构 {institutions} · 人员 {practitioners}"),
        Lang::En => format!("institutions {institutions} · practitioners {practitioners}"),
    });
    let others = [
        (census.enterprises, lang.of_two("企业", "enterprises")),
        (census.insured, lang.of_two("参保人", "insured persons")),
        (census.areas, lang.of_two("统筹地区", "areas")),
        (census.cases, lang.of_two("案件", "cases")),
    ];
    for (count, what) in others.into_iter().filter(|(count, _)| *count > 0) {
        out.push_str(&format!(" · {what} {count}"));
    }
    out.push('\n');
    if census.counts.is_empty() {
        return out;
    }
    let heading = match lang {
        Lang::Zh => ["类别", "统筹地区", "业务线", "状态", "数量"],
        Lang::En => ["kind", "area", "line", "status", "count"],
    };
    let mut table = Table::new(&heading).right(4);
    for count in &census.counts {
        table.row([
            SubjectKind::parse(count.kind)
                .map_or_else(String::new, |kind| name(words::subject_kind(kind), lang)),
            count.area.map_or_else(String::new, |area| area.to_string()),
            count.line.map_or_else(String::new, |of| line(of, lang)),
            listed(count.kind, count.area.zip(count.line), count.status, lang),
            count.count.to_string(),
        ]);
    }
    out.push('\n');
    out.push_str(&table.render());
    out
}
