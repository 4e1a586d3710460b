//! The figures as a table for people and as JSON for comparison.

use super::machine::Machine;
use super::measure::Spread;
use anyhow::Context;
use serde::{Deserialize, Serialize};
use std::io::Write;
use std::path::Path;

/// One figure.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub(crate) struct Figure {
    /// What: `append`, `import`, `payable p99`.
    pub(crate) name: String,
    /// Of what: `/s`, `µs`, `B/event`, `MiB`.
    pub(crate) unit: String,
    /// The value of each run, summed up.
    pub(crate) value: Spread,
    /// The limit of the machine it stands beside.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) against: Option<Against>,
    /// What it is meant to reach.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) mark: Option<Mark>,
}

/// A limit, and the ratio to it.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub(crate) struct Against {
    pub(crate) limit: String,
    pub(crate) ratio: f64,
}

/// What a figure is meant to reach.
#[derive(Clone, Copy, PartialEq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Mark {
    /// The ratio to its limit, at least.
    Ratio(f64),
    /// The value, at most.
    AtMost(f64),
    /// The value, at least.
    AtLeast(f64),
}

impl Figure {
    pub(crate) fn new(name: &str, unit: &str, values: &[f64]) -> anyhow::Result<Self> {
        let value = Spread::of(values).ok_or_else(|| anyhow::anyhow!("{name} was never measured"))?;
        Ok(Self { name: name.to_owned(), unit: unit.to_owned(), value, against: None, mark: None })
    }

    /// Beside a limit.
    pub(crate) fn against(mut self, limit: &Figure) -> Self {
        let ratio = self.value.median / limit.value.median.max(f64::MIN_POSITIVE);
        self.against = Some(Against { limit: limit.name.clone(), ratio });
        self
    }

    pub(crate) const fn mark(mut self, mark: Mark) -> Self {
        self.mark = Some(mark);
        self
    }

    /// The mark and whether it is reached; empty without one.
    fn verdict(&self) -> String {
        let words = |reached| if reached { "reached" } else { "missed" };
        match (self.mark, self.reached()) {
            (Some(Mark::Ratio(least)), Some(reached)) => format!("at least {least:.1}: {}", words(reached)),
            (Some(Mark::AtMost(most)), Some(reached)) => {
                format!("at most {}: {}", number(most), words(reached))
            }
            (Some(Mark::AtLeast(least)), Some(reached)) => {
                format!("at least {}: {}", number(least), words(reached))
            }
            (_, None) | (None, Some(_)) => String::new(),
        }
    }

    /// Whether it reaches its mark; none without one.
    pub(crate) fn reached(&self) -> Option<bool> {
        match self.mark? {
            Mark::Ratio(least) => self.against.as_ref().map(|against| against.ratio >= least),
            Mark::AtMost(most) => Some(self.value.median <= most),
            Mark::AtLeast(least) => Some(self.value.median >= least),
        }
    }
}

/// The figures of one size of ledger.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Section {
    /// Events in the ledger.
    pub(crate) events: u64,
    /// Subjects in it.
    pub(crate) subjects: u64,
    /// What this machine can do at best with the same rows.
    pub(crate) limits: Vec<Figure>,
    /// What the program does.
    pub(crate) figures: Vec<Figure>,
}

/// A whole run.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub(crate) struct Report {
    pub(crate) machine: Machine,
    pub(crate) sections: Vec<Section>,
}

impl Report {
    /// Writes the JSON.
    pub(crate) fn save(&self, path: &Path) -> anyhow::Result<()> {
        if let Some(parent) = path.parent() {
            std::fs::create_dir_all(parent)?;
        }
        let mut text = serde_json::to_string_pretty(self)?;
        text.push('\n');
        Ok(std::fs::write(path, text)?)
    }

    /// Writes the table.
    pub(crate) fn print(&self, out: &mut dyn Write) -> anyhow::Result<()> {
        let m = &self.machine;
        writeln!(
            out,
            "{}, {} cores, {} GiB, Linux {}, {}",
            m.cpu, m.cores, m.memory_gib, m.kernel, m.filesystem
        )?;
        writeln!(out, "SQLite {}, commit {}, load before {}", m.sqlite, m.commit, m.load_before)?;
        for section in &self.sections {
            writeln!(out, "\n{} events, {} subjects", grouped(section.events), grouped(section.subjects))?;
            writeln!(out, "{:<34} {:>12} {:>25}  {:<8} ratio to", "", "median", "min … max", "unit")?;
            for figure in &section.limits {
                line(figure, out)?;
            }
            writeln!(out)?;
            for figure in &section.figures {
                line(figure, out)?;
            }
        }
        Ok(())
    }
}

impl Report {
    /// The figures as a table in a page of the documentation.
    pub(crate) fn markdown(&self) -> String {
        let m = &self.machine;
        let mut page = format!(
            "Taken with `{}` at commit `{}` on {}, {} cores, {} GiB, Linux {}, file system {}, SQLite {}; load average \
             before the run {}.\n",
            m.command,
            m.commit,
            m.cpu,
            m.cores,
            m.memory_gib,
            m.kernel,
            m.filesystem,
            m.sqlite,
            m.load_before
        );
        for section in &self.sections {
            let (events, subjects) = (grouped(section.events), grouped(section.subjects));
            page.push_str(&format!(
                "\n### {events} events, {subjects} subjects\n\n| figure | median | min … max | unit | ratio | mark |\n\
                 |---|---:|---:|---|---|---|\n"
            ));
            for figure in section.figures.iter().chain(&section.limits) {
                let Figure { name, unit, value, against, .. } = figure;
                let (median, min, max) = (number(value.median), number(value.min), number(value.max));
                let ratio = against.as_ref().map_or_else(String::new, |against| {
                    format!("{:.2} of *{}*", against.ratio, against.limit)
                });
                page.push_str(&format!(
                    "| {name} | {median} | {min} … {max} | {unit} | {ratio} | {} |\n",
                    figure.verdict()
                ));
            }
        }
        page
    }

    /// Puts the table into a page, between its two markers.
    pub(crate) fn update(&self, page: &Path) -> anyhow::Result<()> {
        let text = std::fs::read_to_string(page)?;
        let (head, rest) = text.split_once(BEGIN).context("the page has no marker where figures begin")?;
        let (_, tail) = rest.split_once(END).context("the page has no marker where figures end")?;
        Ok(std::fs::write(page, format!("{head}{BEGIN}\n{}{END}{tail}", self.markdown()))?)
    }
}

const BEGIN: &str = "<!-- figures: written by `cargo xtask bench` -->";
const END: &str = "<!-- end of figures -->";

fn line(figure: &Figure, out: &mut dyn Write) -> anyhow::Result<()> {
    let Figure { name, unit, value, against, .. } = figure;
    let range = format!("{} … {}", number(value.min), number(value.max));
    write!(out, "{name:<34} {:>12} {range:>25}  {unit:<8}", number(value.median))?;
    if let Some(against) = against {
        write!(out, " {:.2} of {}", against.ratio, against.limit)?;
    }
    match figure.verdict() {
        verdict if verdict.is_empty() => writeln!(out)?,
        verdict => writeln!(out, " (mark {verdict})")?,
    }
    Ok(())
}

fn number(value: f64) -> String {
    if value >= 1_000.0 {
        // Rounded to a whole number well inside the range of u64.
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a positive figure")]
        grouped(value.round() as u64)
    } else if value >= 10.0 {
        format!("{value:.1}")
    } else {
        format!("{value:.2}")
    }
}

fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut out = String::with_capacity(digits.len() + digits.len() / 3);
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_ratio_is_compared_with_its_mark() {
        let limit = Figure::new("raw", "/s", &[100.0]).unwrap();
        let figure = Figure::new("append", "/s", &[60.0, 80.0, 70.0]).unwrap().against(&limit);
        assert_eq!(figure.clone().mark(Mark::Ratio(0.7)).reached(), Some(true));
        assert_eq!(figure.clone().mark(Mark::Ratio(0.8)).reached(), Some(false));
        assert_eq!(figure.reached(), None);
    }

    #[test]
    fn a_page_keeps_everything_but_the_figures() {
        let machine = Machine::here(Path::new("."));
        let figures = vec![Figure::new("append", "/s", &[1.0]).unwrap().mark(Mark::AtMost(2.0))];
        let section = Section { events: 1_000, subjects: 10, limits: Vec::new(), figures };
        let report = Report { machine, sections: vec![section] };
        let dir = tempfile::tempdir().unwrap();
        let page = dir.path().join("page.md");
        std::fs::write(&page, format!("before {BEGIN}old{END} after")).unwrap();
        report.update(&page).unwrap();
        report.update(&page).unwrap();
        let text = std::fs::read_to_string(&page).unwrap();
        assert!(text.starts_with("before ") && text.ends_with(" after"), "{text}");
        assert_eq!(text.matches("| append | 1.00 |").count(), 1);
        assert!(text.contains("at most 2.00: reached") && !text.contains("old"));
    }

    #[test]
    fn numbers_are_grouped_by_thousands() {
        assert_eq!(grouped(1_234_567), "1,234,567");
        assert_eq!(number(999.96), "1000.0");
        assert_eq!(number(0.5), "0.50");
    }
}
