//! The published histories that the demo serves, compiled in.

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
    for (file, text) in FILES {
        let mut first = FirstReject(None);
        let report = importer.run(text.as_bytes(), &mut first)?;
        if let Some((line, why)) = first.0 {
            return Err(SampleError::Rejected { file, line, why: Box::new(why) });
        }
        total.lines += report.lines;
        total.recorded += report.recorded;
        total.events += report.events;
        total.repeated += report.repeated;
    }
    Ok(total)
}

struct FirstReject(Option<(u64, Why)>);

impl Watcher for FirstReject {
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
    use accord_domain::Instant;
    use accord_store::clock::ManualClock;

    #[test]
    fn every_line_of_every_sample_is_accepted() {
        let dir = tempfile::tempdir().unwrap();
        let now = Instant::parse("2026-11-01T09:00:00+08:00").unwrap();
        let clock: Arc<dyn Clock> = Arc::new(ManualClock::at(now));
        let report = record(dir.path(), 1, &clock).unwrap();
        let lines: usize = FILES.iter().map(|(_, text)| text.lines().count()).sum();
        assert_eq!(report.recorded, lines as u64);
    }
}
