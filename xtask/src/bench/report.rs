//! The figures as a table for people and as JSON for comparison.

use super::machine::Machine;
use super::measure::Spread;
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

    /// Whether it reaches its mark; none without one.
    pub(crate) fn reached(&self) -> Option<bool> {
        match self.mark? {
            Mark::Ratio(least) => self.against.as_ref().map(|against| against.ratio >= least),
            Mark::AtMost(most) => Some(self.value.median <= most),
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

fn line(figure: &Figure, out: &mut dyn Write) -> anyhow::Result<()> {
    let Figure { name, unit, value, against, .. } = figure;
    let range = format!("{} … {}", number(value.min), number(value.max));
    write!(out, "{name:<34} {:>12} {range:>25}  {unit:<8}", number(value.median))?;
    if let Some(against) = against {
        write!(out, " {:.2} of {}", against.ratio, against.limit)?;
    }
    match (figure.mark, figure.reached()) {
        (Some(Mark::Ratio(least)), Some(reached)) => write!(out, " (mark {least:.1}: {})", words(reached))?,
        (Some(Mark::AtMost(most)), Some(reached)) => {
            write!(out, " (mark {}: {})", number(most), words(reached))?
        }
        _ => {}
    }
    writeln!(out)?;
    Ok(())
}

const fn words(reached: bool) -> &'static str {
    if reached { "reached" } else { "missed" }
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
    fn numbers_are_grouped_by_thousands() {
        assert_eq!(grouped(1_234_567), "1,234,567");
        assert_eq!(number(999.96), "1000.0");
        assert_eq!(number(0.5), "0.50");
    }
}
