//! Tables for people. Chinese characters are two columns wide.

use super::visible::visible;
use unicode_width::UnicodeWidthStr;

/// A table, filled row by row and laid out at the end.
#[derive(Clone, Debug, Default)]
pub(crate) struct Table {
    rows: Vec<Vec<String>>,
    right: Vec<usize>,
}

/// Blank columns between two cells.
const GAP: usize = 2;

impl Table {
    /// With a heading.
    #[must_use]
    pub(crate) fn new(heading: &[&str]) -> Self {
        Self { rows: vec![heading.iter().map(|cell| (*cell).to_owned()).collect()], right: Vec::new() }
    }

    /// With this column, counted from 0, set to the right: numbers.
    #[must_use]
    pub(crate) fn right(mut self, column: usize) -> Self {
        self.right.push(column);
        self
    }

    /// Adds a row.
    pub(crate) fn row(&mut self, cells: impl IntoIterator<Item = String>) {
        self.rows.push(cells.into_iter().map(|cell| visible(&cell).into_owned()).collect());
    }

    /// The lines, each ended.
    #[must_use]
    pub(crate) fn render(&self) -> String {
        let columns = self.rows.iter().map(Vec::len).max().unwrap_or(0);
        let widths: Vec<usize> = (0..columns)
            .map(|column| {
                self.rows.iter().filter_map(|row| row.get(column)).map(|cell| cell.width()).max().unwrap_or(0)
            })
            .collect();
        let mut out = String::new();
        for (index, row) in self.rows.iter().enumerate() {
            let mut line = String::new();
            for (column, cell) in row.iter().enumerate() {
                let blank = " ".repeat(widths[column] - cell.width());
                if self.right.contains(&column) {
                    line.push_str(&blank);
                    line.push_str(cell);
                } else {
                    line.push_str(cell);
                    line.push_str(&blank);
                }
                line.push_str(&" ".repeat(GAP));
            }
            out.push_str(line.trim_end());
            out.push('\n');
            if index == 0 {
                let rule: usize = widths.iter().sum::<usize>() + GAP * columns.saturating_sub(1);
                out.push_str(&"─".repeat(rule));
                out.push('\n');
            }
        }
        out
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn chinese_cells_are_two_columns_a_character_and_numbers_stand_on_the_right() {
        let mut table = Table::new(&["地区", "status", "n"]).right(2);
        table.row(["430500".to_owned(), "中止".to_owned(), "7".to_owned()]);
        table.row(["430500".to_owned(), "in force".to_owned(), "1200".to_owned()]);
        assert_eq!(
            table.render(),
            "地区    status       n\n──────────────────────\n430500  中止         7\n430500  in force  1200\n"
        );
    }
}
