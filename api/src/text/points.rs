//! `points` for people.

use super::coordinates;
use super::table::Table;
use super::words::day;
use crate::answers::{Lang, PointKind, Points};

/// The year's points, act by act.
#[must_use]
pub fn points(answer: &Points, lang: Lang) -> String {
    let mut out = match lang {
        Lang::Zh => format!("{}  {} 年记分 {} 分\n", answer.subject, answer.year, answer.total),
        Lang::En => format!("{}  {} points (记分) in {}\n", answer.subject, answer.total, answer.year),
    };
    out.push_str(&coordinates(&answer.coordinates, lang));
    out.push('\n');
    if answer.entries.is_empty() {
        return out;
    }
    let heading = match lang {
        Lang::Zh => ["决定", "生效", "记录", "分", "计入", "事由", "机构", "备注"],
        Lang::En => ["decided", "in force", "recorded", "points", "counted", "for", "institution", "notes"],
    };
    let mut table = Table::new(&heading).right(3).right(4);
    for entry in &answer.entries {
        let sign = match entry.kind {
            PointKind::Deducted => "+",
            PointKind::Repaired => "−",
        };
        let note = match (entry.voided_by, entry.kind) {
            (Some(_), _) => lang.of_two("已撤销", "annulled (撤销)"),
            (None, PointKind::Repaired) => lang.of_two("修复", "repaired (修复)"),
            (None, PointKind::Deducted) => "",
        };
        table.row([
            entry.decided_at.map_or_else(String::new, day),
            day(entry.effective_at),
            day(entry.recorded_at),
            format!("{sign}{}", entry.points),
            format!("{sign}{}", entry.counted),
            entry.what.to_string(),
            entry.institution.as_ref().map_or_else(String::new, ToString::to_string),
            note.to_owned(),
        ]);
    }
    out.push('\n');
    out.push_str(&table.render());
    out
}
