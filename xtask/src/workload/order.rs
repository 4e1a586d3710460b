//! The order of entry of the whole workload, and the file of lines an import reads.
//!
//! A release names its hold, a correction its target, by event id: an id carries position and time of recording, so the
//! file can name events that are not yet recorded, as long as the clock stands where [`Pace`] sets it.

use super::Workload;
use accord_domain::Instant;
use accord_store::clock::ManualClock;
use accord_store::ids;
use anyhow::Context;
use serde::{Deserialize, Serialize};
use std::collections::HashMap;
use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Lines between two settings of the clock.
const LINES_PER_SETTING: usize = 100;

/// One act in the order of entry.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Entry {
    entered_at: Instant,
    subject: u32,
    index: u8,
}

/// What was written, and how it is to be read.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Written {
    /// The file of lines.
    pub(crate) path: PathBuf,
    /// Lines in it.
    pub(crate) lines: u64,
    /// Bytes in it.
    pub(crate) bytes: u64,
    /// Events the lines come to.
    pub(crate) events: u64,
    /// Acts entered more than 30 days after they took effect.
    pub(crate) late: u64,
    /// Acts entered after a later act of the same subject.
    pub(crate) overtaken: u64,
    /// Corrections and annulments.
    pub(crate) mended: u64,
    /// The ledger's salt that the ids in the lines were made with.
    pub(crate) salt: u64,
    /// Where the clock stands during each stretch of lines.
    settings: Vec<i64>,
}

#[cfg(test)]
impl Written {
    /// Where the clock stands during each hundred lines.
    pub(super) fn settings(&self) -> &[i64] {
        &self.settings
    }
}

impl Workload {
    /// Writes the file of lines.
    pub(crate) fn write(&self, path: &Path, salt: u64) -> anyhow::Result<Written> {
        let mut written = Written {
            path: path.to_owned(),
            lines: 0,
            bytes: 0,
            events: 0,
            late: 0,
            overtaken: 0,
            mended: 0,
            salt,
            settings: Vec::new(),
        };
        let order = self.order()?;
        let mut out = BufWriter::with_capacity(1 << 20, File::create(path).context("the file of commands")?);
        let mut ids: HashMap<(u32, u8), uuid::Uuid> = HashMap::new();
        let mut recorded = i64::MIN;
        let mut now = i64::MIN;
        let mut line = String::with_capacity(1_024);
        for (index, entry) in order.into_iter().enumerate() {
            if index.is_multiple_of(LINES_PER_SETTING) {
                now = entry.entered_at.as_micros();
                written.settings.push(now);
            }
            let plan = self.plan(u64::from(entry.subject));
            let step = plan.steps[usize::from(entry.index)];
            let named = step.names.and_then(|target| ids.remove(&(entry.subject, target)));
            line.clear();
            plan.write(entry.index, named, &self.site(&plan), &mut line);
            line.push('\n');
            out.write_all(line.as_bytes())?;
            // The writer's rule: recorded at the clock's time, and at least a microsecond after the event before.
            let first = now.max(recorded.saturating_add(1));
            if plan.steps.iter().any(|step| step.names == Some(entry.index)) {
                let id = ids::event_id(Instant::from_micros(first), written.events, salt);
                ids.insert((entry.subject, entry.index), id);
            }
            recorded = first + i64::from(step.events) - 1;
            written.bytes += u64::try_from(line.len())?;
            written.lines += 1;
            written.events += u64::from(step.events);
            written.late += u64::from(step.entered_at > step.effective_at.plus_days(30));
            let behind = |other: &super::plan::Step| {
                other.effective_at > step.effective_at && other.entered_at < step.entered_at
            };
            written.overtaken += u64::from(plan.steps.iter().any(behind));
            written.mended += u64::from(matches!(step.act, super::Act::CorrectFirst | super::Act::AnnulLast));
        }
        out.into_inner().map_err(io::IntoInnerError::into_error)?.sync_all()?;
        Ok(written)
    }

    fn order(&self) -> anyhow::Result<Vec<Entry>> {
        let mut order = Vec::with_capacity(usize::try_from(self.subjects() * 6)?);
        for subject in 0..self.subjects() {
            let subject_number = u32::try_from(subject)?;
            for (index, step) in (0_u8..).zip(&self.plan(subject).steps) {
                order.push(Entry { entered_at: step.entered_at, subject: subject_number, index });
            }
        }
        order.sort_unstable();
        Ok(order)
    }
}

/// Sets the clock to the time each stretch of lines was entered at, told after every line that it has been dealt with.
pub(crate) struct Pace {
    clock: Arc<ManualClock>,
    settings: Vec<i64>,
    done: usize,
}

impl Pace {
    /// Before the first line.
    pub(crate) fn start(written: &Written, clock: Arc<ManualClock>) -> Self {
        let pace = Self { clock, settings: written.settings.clone(), done: 0 };
        pace.set();
        pace
    }

    /// A line has been dealt with.
    pub(crate) fn line(&mut self) {
        self.done += 1;
        if self.done.is_multiple_of(LINES_PER_SETTING) {
            self.set();
        }
    }

    fn set(&self) {
        if let Some(now) = self.settings.get(self.done / LINES_PER_SETTING) {
            self.clock.set(Instant::from_micros(*now));
        }
    }
}
