//! The histories that the demo serves, compiled in: the published cases, and made-up ones for the acts that no published
//! case shows.
//!
//! Many acts name an earlier event, whose id differs from ledger to ledger: a made-up history names it by the key of the
//! command that made it.

use crate::Ledger;
use crate::ledger::{ImportError, ImportReport, Importer, LineResult, OpenError, Watcher, Why};
use accord_store::clock::Clock;
use std::path::Path;
use std::sync::Arc;

/// Every sample file: its name and its lines, in the order they are recorded.
pub const FILES: &[(&str, &str)] = &[
    ("rc-01-wuxi-hongqiao.jsonl", include_str!("../../samples/rc-01-wuxi-hongqiao.jsonl")),
    ("rc-03-wuhan-tongji.jsonl", include_str!("../../samples/rc-03-wuhan-tongji.jsonl")),
    ("rc-05-harbin-dual-channel.jsonl", include_str!("../../samples/rc-05-harbin-dual-channel.jsonl")),
    ("rc-06-wuhan-xinzhou.jsonl", include_str!("../../samples/rc-06-wuhan-xinzhou.jsonl")),
    ("rc-07-chengdu-internet.jsonl", include_str!("../../samples/rc-07-chengdu-internet.jsonl")),
    ("rc-10-shaoyang-pharmacies.jsonl", include_str!("../../samples/rc-10-shaoyang-pharmacies.jsonl")),
    ("rc-16-huixian-kangzhilin.jsonl", include_str!("../../samples/rc-16-huixian-kangzhilin.jsonl")),
    ("rc-20-chifeng-jiren.jsonl", include_str!("../../samples/rc-20-chifeng-jiren.jsonl")),
    ("rc-21-chongqing-xuejiacun.jsonl", include_str!("../../samples/rc-21-chongqing-xuejiacun.jsonl")),
    ("rc-27-dongan-renai.jsonl", include_str!("../../samples/rc-27-dongan-renai.jsonl")),
    ("rc-28-ulanqab-fuhua.jsonl", include_str!("../../samples/rc-28-ulanqab-fuhua.jsonl")),
];

/// Every made-up history: its name and its lines, in the order they are recorded, after [`FILES`].
pub const MADE_UP: &[(&str, &str)] = &[
    ("ex-01-hospital-agreement.jsonl", include_str!("../../samples/made-up/ex-01-hospital-agreement.jsonl")),
    ("ex-02-hospital-measures.jsonl", include_str!("../../samples/made-up/ex-02-hospital-measures.jsonl")),
    ("ex-03-practitioners.jsonl", include_str!("../../samples/made-up/ex-03-practitioners.jsonl")),
    (
        "ex-04-credit-and-online-settlement.jsonl",
        include_str!("../../samples/made-up/ex-04-credit-and-online-settlement.jsonl"),
    ),
    ("ex-05-area.jsonl", include_str!("../../samples/made-up/ex-05-area.jsonl")),
    ("ex-06-case.jsonl", include_str!("../../samples/made-up/ex-06-case.jsonl")),
    ("ex-07-what-falls-due.jsonl", include_str!("../../samples/made-up/ex-07-what-falls-due.jsonl")),
];

/// Why the samples could not be recorded.
#[derive(Debug, thiserror::Error)]
pub enum SampleError {
    /// The ledger cannot be made or opened.
    #[error("the ledger of the samples cannot be made")]
    Open(#[from] OpenError),
    /// The import stopped.
    #[error("the samples cannot be imported")]
    Import(#[from] ImportError),
    /// A line of a sample is refused: a fault of this program.
    #[error("{file}, line {line}: {why:?}")]
    Rejected {
        /// The sample.
        file: &'static str,
        /// Its line.
        line: u64,
        /// Why.
        why: Box<Why>,
    },
}

/// Makes a ledger in a directory and records every sample in it.
///
/// # Errors
/// [`SampleError`].
pub fn record(dir: &Path, salt: u64, clock: &Arc<dyn Clock>) -> Result<ImportReport, SampleError> {
    Ledger::init(dir, salt, &**clock)?;
    let mut importer = Importer::open(dir, Arc::clone(clock))?;
    let mut total = ImportReport::default();
    for (file, text) in FILES.iter().chain(MADE_UP) {
        let mut rejected = Rejected(None);
        let report = importer.run(text.as_bytes(), &mut rejected)?;
        if let Some((line, why)) = rejected.0 {
            return Err(SampleError::Rejected { file, line, why: Box::new(why) });
        }
        add(&mut total, report);
    }
    Ok(total)
}

fn add(total: &mut ImportReport, report: ImportReport) {
    total.lines += report.lines;
    total.recorded += report.recorded;
    total.events += report.events;
    total.repeated += report.repeated;
}

/// The first line rejected.
struct Rejected(Option<(u64, Why)>);

impl Watcher for Rejected {
    fn line(&mut self, result: LineResult) {
        if let LineResult::Rejected(reject) = result {
            self.0.get_or_insert((reject.line, reject.why));
        }
    }

    fn bytes(&mut self, _done: u64) {}
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ledger::Access;
    use accord_domain::obligation::{ObligationKind, docket};
    use accord_domain::{Event, Instant, Subject};
    use accord_projections::wait_for;
    use accord_store::clock::ManualClock;
    use std::collections::{BTreeMap, BTreeSet};

    #[test]
    fn every_line_of_every_sample_is_accepted() {
        let dir = tempfile::tempdir().unwrap();
        let now = Instant::parse("2026-11-01T09:00:00+08:00").unwrap();
        let clock: Arc<dyn Clock> = Arc::new(ManualClock::at(now));
        let report = record(dir.path(), 1, &clock).unwrap();
        let lines: usize = FILES.iter().chain(MADE_UP).map(|(_, text)| text.lines().count()).sum();
        assert_eq!(report.recorded, lines as u64);
    }

    /// What happened to another subject is called to attention by the ledger itself, while it runs.
    const NOT_SHOWN: &[ObligationKind] = &[ObligationKind::ReviewElsewhere];

    #[test]
    fn every_kind_of_obligation_falls_due_in_a_sample() {
        let dir = tempfile::tempdir().unwrap();
        let now = Instant::parse("2026-11-01T09:00:00+08:00").unwrap();
        let clock: Arc<dyn Clock> = Arc::new(ManualClock::at(now));
        record(dir.path(), 1, &clock).unwrap();
        let ledger = Ledger::open(dir.path(), Access::ReadOnly, clock).unwrap();
        let laws = ledger.laws();
        let mut histories: BTreeMap<Subject, Vec<Event>> = BTreeMap::new();
        for stored in wait_for(ledger.event_log().read_all(0, usize::MAX)).unwrap() {
            let subject = Subject::parse(&stored.stream).unwrap();
            histories.entry(subject).or_default().push(stored.decode().unwrap());
        }
        let shown: BTreeSet<ObligationKind> = histories
            .iter()
            .flat_map(|(subject, events)| docket(subject, events, &laws, Instant::MAX))
            .filter(|entry| entry.from <= now)
            .map(|entry| entry.kind)
            .collect();
        let missing: Vec<_> = ObligationKind::ALL
            .iter()
            .filter(|kind| !shown.contains(kind) && !NOT_SHOWN.contains(kind))
            .map(|kind| kind.name())
            .collect();
        assert!(missing.is_empty(), "falls due in no sample: {missing:?}");
    }
}
