//! `cargo xtask bench`: what the program does on this machine, beside what the machine can do.
//!
//! Every figure is taken through whole program paths, on a ledger in a directory of a real file system, durable. The
//! limits are taken in the same run with the same rows, and figures and limits take turns, because other work may share
//! the machine.

mod appends;
mod clients;
mod decides;
mod limits;
mod machine;
mod measure;
mod proofs;
mod reads;
mod report;
mod rows;
mod section;
mod step;

use anyhow::{Context, bail};
use machine::Machine;
use report::Report;
use std::path::PathBuf;

/// What to measure.
#[derive(Clone, Debug, clap::Args)]
pub(crate) struct Options {
    /// Sizes of the ledger in events, such as 100k,1m,10m.
    #[arg(long, value_delimiter = ',', default_value = "100k,1m", value_parser = size)]
    sizes: Vec<u64>,
    /// Only these groups: import, replay, rebuild, check, verify, what-if, read, obligations, decide, proof, append. The ledger is always imported,
    /// and the limits that the groups are compared with are always taken.
    #[arg(long, value_delimiter = ',')]
    only: Vec<Group>,
    /// Runs of each figure.
    #[arg(long, default_value_t = 3, value_parser = clap::value_parser!(u16).range(1..=99))]
    runs: u16,
    /// Where ledgers are made and deleted: a directory of the disk to be measured.
    #[arg(long, default_value = "target/bench")]
    dir: PathBuf,
    /// Keeps the ledgers in that directory and asks those that are there already: for work on what only reads.
    #[arg(long)]
    keep: bool,
    /// Where the figures go as JSON.
    #[arg(long, default_value = "bench/latest.json")]
    out: PathBuf,
    /// The page that shows the figures of a whole run.
    #[arg(long, default_value = "docs/performance.md")]
    page: PathBuf,
}

/// Figures that are taken together.
#[derive(Clone, Copy, PartialEq, Eq, Debug, clap::ValueEnum)]
enum Group {
    Import,
    Replay,
    Rebuild,
    Check,
    Verify,
    WhatIf,
    Read,
    Obligations,
    Decide,
    Proof,
    Append,
}

impl Options {
    /// Kept ledgers are only read: an append would make the next run another one's.
    fn check(&self) -> anyhow::Result<()> {
        let writes = |group: &Group| matches!(group, Group::Import | Group::Append);
        if self.keep && (self.only.is_empty() || self.only.iter().any(writes)) {
            bail!("--keep is for --only replay,rebuild,check,verify,what-if,read,obligations,decide,proof");
        }
        Ok(())
    }

    fn wants(&self, group: Group) -> bool {
        self.only.is_empty() || self.only.contains(&group)
    }
}

/// Measures, prints the table and saves the JSON.
pub(crate) fn run(options: &Options) -> anyhow::Result<()> {
    options.check()?;
    std::fs::create_dir_all(&options.dir).context("the directory for ledgers")?;
    let mut report = Report { machine: Machine::here(&options.dir), sections: Vec::new() };
    for size in &options.sizes {
        report.sections.push(section::measure(*size, options)?);
        report.save(&options.out)?;
    }
    if options.only.is_empty() && options.page.exists() {
        report.update(&options.page)?;
    }
    report.print(&mut std::io::stdout().lock())
}

/// Runs one step of a measurement, told on standard input.
pub(crate) fn step() -> anyhow::Result<()> {
    step::Step::run()
}

/// A number of events: `100000`, `100k`, `1m`, `0.1m`.
fn size(text: &str) -> anyhow::Result<u64> {
    let lower = text.to_ascii_lowercase();
    let (digits, factor) = match lower.strip_suffix('k') {
        Some(digits) => (digits, 1_000),
        None => lower.strip_suffix('m').map_or((lower.as_str(), 1), |digits| (digits, 1_000_000)),
    };
    let (whole, tenths) = digits.split_once('.').unwrap_or((digits, "0"));
    let (whole, tenths): (u64, u64) = (whole.parse()?, tenths.parse()?);
    let events = whole * factor + tenths * factor / 10;
    if tenths > 9 || events < 1_000 {
        bail!("{text:?} is not a size: at least 1k events, such as 100k, 1m or 0.5m");
    }
    Ok(events)
}

#[cfg(test)]
mod tests {
    #[test]
    fn sizes_are_read_with_their_letters() {
        assert_eq!(super::size("100k").unwrap(), 100_000);
        assert_eq!(super::size("0.1M").unwrap(), 100_000);
        assert_eq!(super::size("10m").unwrap(), 10_000_000);
        assert_eq!(super::size("1000").unwrap(), 1_000);
        assert!(super::size("10").is_err());
        assert!(super::size("").is_err());
    }
}
