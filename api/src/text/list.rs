//! `list` for people: a heading and a line a row, so that long lists can be printed as they come.

use super::table::Table;
use super::words::{line, listed, period};
use crate::answers::Lang;
use crate::answers::list::Row;

/// A page of rows.
#[must_use]
pub fn list(rows: &[Row], lang: Lang) -> String {
    let heading = match lang {
        Lang::Zh => ["主体", "名称", "统筹地区", "业务线", "状态", "起 → 止"],
        Lang::En => ["subject", "name", "area", "line", "status", "from → until"],
    };
    let mut table = Table::new(&heading);
    for row in rows {
        table.row([
            row.subject.to_string(),
            row.name.clone().unwrap_or_default(),
            row.area.map_or_else(String::new, |area| area.to_string()),
            row.line.map_or_else(String::new, |of| line(of, lang)),
            listed(row.kind, row.area.zip(row.line), row.status, lang),
            period(Some(row.since), row.until),
        ]);
    }
    table.render()
}
