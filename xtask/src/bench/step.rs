//! Steps that run in a process of their own, so that time and peak memory are theirs alone. The program calls itself
//! again; the answer is one line of JSON.

use super::measure;
use crate::workload::{Pace, Written, middle_and_end};
use accord_api::ledger::{Importer, Ledger, LineResult, Watcher, views_path};
use accord_domain::Laws;
use accord_domain::compliance::{Asked, LATE_DAYS_DEFAULT};
use accord_domain::track::{Line, Value};
use accord_domain::{AreaCode, Instant};
use accord_projections::{Options, Projector, Source, wait_for};
use accord_replay::{Checked, Checking, Supposing, WhatIf};
use accord_store::clock::ManualClock;
use accord_store::{EventLog, SqliteLog};
use anyhow::{Context, bail};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fs::File;
use std::io::{BufReader, BufWriter, Write};
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Arc;

/// The day whose law is supposed: before 令2 and 令3 came into force.
const OTHER_LAW_OF: &str = "2020-01-01";

/// What a step is to do.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) enum Step {
    /// Make a ledger and import a file of lines into it.
    Import {
        /// The ledger's directory.
        ledger: PathBuf,
        /// The file.
        written: Written,
    },
    /// Count the whole ledger from the log alone.
    Replay {
        /// The ledger's directory.
        ledger: PathBuf,
        /// The date asked about, in microseconds.
        as_of: i64,
    },
    /// Judge every act from the log alone.
    Check {
        /// The ledger's directory.
        ledger: PathBuf,
        /// The date asked about, in microseconds.
        as_of: i64,
    },
    /// Check every byte of the ledger.
    Verify {
        /// The ledger's directory.
        ledger: PathBuf,
    },
    /// Decide every act as under the law of another year.
    WhatIf {
        /// The ledger's directory.
        ledger: PathBuf,
        /// The date asked about, in microseconds.
        as_of: i64,
    },
    /// Make the views anew.
    Rebuild {
        /// The ledger's directory.
        ledger: PathBuf,
    },
}

/// What a step came to.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub(crate) struct Outcome<T> {
    /// Wall time of the work, in seconds.
    pub(crate) seconds: f64,
    /// Time on processors, of all threads of the process together, in seconds.
    pub(crate) processor_seconds: f64,
    /// Peak memory of the whole process, in bytes.
    pub(crate) peak_bytes: u64,
    /// Events worked on.
    pub(crate) events: u64,
    /// The answer.
    pub(crate) answer: T,
}

impl<T> Outcome<T> {
    /// Time on processors for each event, in microseconds: what other work on the machine changes least.
    pub(crate) fn processor_micros(&self) -> f64 {
        self.processor_seconds * 1e6 / measure::to_f64(self.events.max(1))
    }
}

/// A census as the benchmark compares it: area, line (empty for practitioners), status, count.
pub(crate) type Counted = Vec<(u32, String, String, u64)>;

/// How many findings of each kind.
pub(crate) type Told = Vec<(String, u64)>;

impl Step {
    /// Runs the step in a new process.
    pub(crate) fn spawn<T: DeserializeOwned>(&self) -> anyhow::Result<Outcome<T>> {
        let program = std::env::current_exe().context("this program's own path")?;
        let mut child = Command::new(program)
            .arg("step")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .context("starting a step")?;
        // Dropped when it is written, so that the step reads to the end.
        let input = child.stdin.take().context("a step without input")?;
        serde_json::to_writer(BufWriter::new(input), self)?;
        let output = child.wait_with_output()?;
        if !output.status.success() {
            bail!("a step ended with {}", output.status);
        }
        serde_json::from_slice(&output.stdout).context("the answer of a step")
    }

    /// Runs the step told on standard input and prints its answer.
    pub(crate) fn run() -> anyhow::Result<()> {
        let text = std::io::read_to_string(std::io::stdin())?;
        let answer = match serde_json::from_str(&text).context("the step to run")? {
            Self::Import { ledger, written } => serde_json::to_string(&import(&ledger, &written)?)?,
            Self::Replay { ledger, as_of } => {
                serde_json::to_string(&replay(&ledger, Instant::from_micros(as_of))?)?
            }
            Self::Check { ledger, as_of } => {
                serde_json::to_string(&check(&ledger, Instant::from_micros(as_of))?)?
            }
            Self::Verify { ledger } => serde_json::to_string(&verify(&ledger)?)?,
            Self::WhatIf { ledger, as_of } => {
                serde_json::to_string(&what_if(&ledger, Instant::from_micros(as_of))?)?
            }
            Self::Rebuild { ledger } => serde_json::to_string(&rebuild(&ledger)?)?,
        };
        writeln!(std::io::stdout(), "{answer}")?;
        Ok(())
    }
}

/// Sets the clock while an import goes on, and keeps the first lines it refused.
struct Watch {
    pace: Pace,
    refused: Vec<String>,
}

impl Watcher for Watch {
    fn line(&mut self, result: LineResult) {
        self.pace.line();
        if let LineResult::Rejected(reject) = result
            && self.refused.len() < 3
        {
            self.refused.push(format!(
                "line {}: {:?}: {}",
                reject.line,
                reject.why,
                String::from_utf8_lossy(&reject.bytes)
            ));
        }
    }

    fn bytes(&mut self, _done: u64) {}
}

fn import(ledger: &Path, written: &Written) -> anyhow::Result<Outcome<()>> {
    let clock = Arc::new(ManualClock::at(Instant::from_micros(0)));
    Ledger::init(ledger, written.salt, &*clock)?;
    let mut importer = Importer::open(ledger, clock.clone())?;
    let mut watch = Watch { pace: Pace::start(written, clock), refused: Vec::new() };
    let begin = std::time::Instant::now();
    let source = BufReader::with_capacity(1 << 18, File::open(&written.path)?);
    let report = importer.run(source, &mut watch)?;
    let seconds = begin.elapsed().as_secs_f64();
    if report.recorded != written.lines || report.events != written.events {
        bail!(
            "of {} lines with {} events came {report:?}; {:#?}",
            written.lines,
            written.events,
            watch.refused
        );
    }
    outcome(seconds, report.events, ())
}

/// All views from nothing, beside the old ones, and put in their place.
fn rebuild(ledger: &Path) -> anyhow::Result<Outcome<()>> {
    let log = Arc::new(SqliteLog::open(ledger, at_the_end())?);
    let source = Source { ledger: log.ledger_id().into_bytes(), salt: log.salt() };
    let (mut projector, _) = Projector::open(&views_path(ledger), source, log, Options::default())?;
    let begin = std::time::Instant::now();
    projector.rebuild(&mut |_| ControlFlow::Continue(()))?;
    let seconds = begin.elapsed().as_secs_f64();
    outcome(seconds, projector.position(), ())
}

/// Opening the log is part of it.
fn replay(ledger: &Path, as_of: Instant) -> anyhow::Result<Outcome<Counted>> {
    let begin = std::time::Instant::now();
    let log = SqliteLog::open_read_only(ledger, at_the_end())?;
    let events = wait_for(log.len())?;
    let census = accord_replay::census(&log, as_of, Instant::MAX, None, &mut |_| ControlFlow::Continue(()))?;
    let seconds = begin.elapsed().as_secs_f64();
    let lines = census.lines.iter().filter(|line| line.status != Value::Unregistered);
    let answer = lines
        .map(|line| {
            let area = line.area.map_or(0, AreaCode::number);
            (area, line.line.map_or("", Line::name).to_owned(), line.status.name().to_owned(), line.count)
        })
        .collect();
    outcome(seconds, events, answer)
}

/// Opening the log is part of it.
fn check(ledger: &Path, as_of: Instant) -> anyhow::Result<Outcome<Told>> {
    let begin = std::time::Instant::now();
    let log = SqliteLog::open_read_only(ledger, at_the_end())?;
    let events = wait_for(log.len())?;
    let asked = Asked { as_of, known_at: Instant::MAX, late_days: LATE_DAYS_DEFAULT, laws: Laws::national() };
    let checking = Checking { asked, known_at: Instant::MAX, area: None, kinds: Vec::new() };
    let mut counts: BTreeMap<&str, u64> = BTreeMap::new();
    let mut receive = |found: Checked| {
        for breach in &found.breaches {
            *counts.entry(breach.kind.name()).or_default() += 1;
        }
        ControlFlow::Continue(())
    };
    accord_replay::check(&log, &checking, &mut receive, &mut |_| ControlFlow::Continue(()))?;
    let seconds = begin.elapsed().as_secs_f64();
    let told = counts.into_iter().map(|(kind, count)| (kind.to_owned(), count)).collect();
    outcome(seconds, events, told)
}

/// Opening the log is part of it. Gives how many flaws were found.
fn verify(ledger: &Path) -> anyhow::Result<Outcome<u64>> {
    let begin = std::time::Instant::now();
    let verified = SqliteLog::verify(ledger, &mut |_, _| {})?;
    outcome(begin.elapsed().as_secs_f64(), verified.events, verified.count)
}

/// Opening the log is part of it. Gives of how many subjects something would stand otherwise.
fn what_if(ledger: &Path, as_of: Instant) -> anyhow::Result<Outcome<u64>> {
    let begin = std::time::Instant::now();
    let log = SqliteLog::open_read_only(ledger, at_the_end())?;
    let events = wait_for(log.len())?;
    let other = Laws::national().as_if_of(Instant::parse(OTHER_LAW_OF)?);
    let supposing = Supposing {
        as_of,
        known_at: Instant::MAX,
        law: Laws::national(),
        other: Some(&other),
        course: None,
        again: false,
    };
    let mut count = 0_u64;
    let mut receive = |found: WhatIf| {
        count += u64::from(!found.is_nothing());
        ControlFlow::Continue(())
    };
    accord_replay::what_if_all(&log, &supposing, None, &mut receive, &mut |_| ControlFlow::Continue(()))?;
    outcome(begin.elapsed().as_secs_f64(), events, count)
}

fn outcome<T>(seconds: f64, events: u64, answer: T) -> anyhow::Result<Outcome<T>> {
    let (processor_seconds, peak_bytes) = (measure::processor_seconds()?, measure::peak_memory()?);
    Ok(Outcome { seconds, processor_seconds, peak_bytes, events, answer })
}

fn at_the_end() -> Arc<ManualClock> {
    Arc::new(ManualClock::at(middle_and_end().1))
}
