//! The order of entry of the whole workload, and the file of lines an import reads.
//!
//! A release names its hold, a correction its target, by event id: an id carries position and time of recording, so the
//! file can name events that are not yet recorded, as long as the clock stands where [`Feed`] sets it when a line is read.

use super::Workload;
use accord_domain::Instant;
use accord_store::clock::ManualClock;
use accord_store::ids;
use anyhow::Context;
use serde::{Deserialize, Serialize};
use std::collections::HashMap;
use std::fs::File;
use std::io::{self, BufRead, BufReader, BufWriter, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Lines between two settings of the clock.
const LINES_PER_SETTING: u64 = 1_000;

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
    /// Offset of the end of each stretch of lines, and where the clock stands while it is read.
    settings: Vec<(u64, i64)>,
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
        for entry in order {
            if written.lines.is_multiple_of(LINES_PER_SETTING) {
                if written.lines > 0 {
                    written.settings.push((written.bytes, now));
                }
                now = entry.entered_at.as_micros();
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
        written.settings.push((written.bytes, now));
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

/// Reads the lines and sets the clock to the time each stretch of them was entered at. It never hands out bytes of the
/// next stretch before all of this one has been consumed.
pub(crate) struct Feed {
    file: BufReader<File>,
    clock: Arc<ManualClock>,
    settings: std::vec::IntoIter<(u64, i64)>,
    at: u64,
    end: u64,
}

impl Feed {
    /// From the beginning.
    pub(crate) fn open(written: &Written, clock: Arc<ManualClock>) -> io::Result<Self> {
        let file = BufReader::with_capacity(1 << 18, File::open(&written.path)?);
        Ok(Self { file, clock, settings: written.settings.clone().into_iter(), at: 0, end: 0 })
    }
}

impl io::Read for Feed {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let available = self.fill_buf()?;
        let count = available.len().min(buffer.len());
        buffer[..count].copy_from_slice(&available[..count]);
        self.consume(count);
        Ok(count)
    }
}

impl BufRead for Feed {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        if self.at == self.end {
            let Some((end, now)) = self.settings.next() else { return Ok(&[]) };
            self.end = end;
            self.clock.set(Instant::from_micros(now));
        }
        let left = usize::try_from(self.end - self.at).unwrap_or(usize::MAX);
        let available = self.file.fill_buf()?;
        Ok(&available[..available.len().min(left)])
    }

    fn consume(&mut self, count: usize) {
        self.at += u64::try_from(count).unwrap_or(0);
        self.file.consume(count);
    }
}
