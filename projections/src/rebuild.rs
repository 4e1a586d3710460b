//! All views from nothing: into a side file, then put in place of the old contents in one transaction.
//!
//! Subjects are taken in portions of neighbours (by the log's own stream numbers), so that memory is bounded whatever the
//! length of the log: each portion is one scan, of which only its own events are read. A portion's rows are written once,
//! in their final form and in the order of the file, while the next portion is being folded.

use crate::error::ViewError;
use crate::fold::{self, Citations, Head, home_area};
use crate::projector::{Projector, Source, remove, words};
use crate::schema;
use crate::write::{self, Writer};
use accord_domain::{Event, Subject};
use accord_store::{EventLog, LogError, Raw, Scan};
use rusqlite::Connection;
use rusqlite::backup::{Backup, StepResult};
use std::ops::{ControlFlow, Range};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread;

/// Most events folded in one portion; each takes about half a kilobyte of memory until it is written.
const PORTION_EVENTS_MAX: u64 = 500_000;

/// Fewest events worth a portion of their own: each portion is one more scan.
const PORTION_EVENTS_MIN: u64 = 50_000;

/// A rebuild takes at least so many portions when it is large enough, so that writing one goes on beside folding the next.
const PORTIONS_MIN: u64 = 6;

/// Heads handed to the writing thread at a time.
const BATCH_HEADS: usize = 4_096;

/// How far something long has come.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Progress {
    /// Events done.
    pub done: u64,
    /// Events there are.
    pub total: u64,
}

/// Told now and then how far it is; answers whether to go on.
pub type Report<'a> = dyn FnMut(Progress) -> ControlFlow<()> + Send + 'a;

/// Views computed from nothing, waiting beside the old ones.
#[derive(Debug)]
pub struct Rebuilt {
    path: PathBuf,
    position: u64,
}

impl Rebuilt {
    /// The position they were computed up to.
    #[must_use]
    pub fn position(&self) -> u64 {
        self.position
    }
}

impl Drop for Rebuilt {
    fn drop(&mut self) {
        if let Err(error) = remove(&self.path) {
            tracing::warn!(
                error = &error as &dyn std::error::Error,
                "a side file of the views is left behind"
            );
        }
    }
}

/// Computes all views of a log into a side file next to `path`. Old views there stay readable and may go on growing.
///
/// # Errors
/// [`ViewError::Cancelled`] when the report says to stop; else when the log cannot be read or the file not written.
pub fn rebuild(
    path: &Path,
    source: Source,
    log: &dyn EventLog,
    len: u64,
    report: &mut Report<'_>,
) -> Result<Rebuilt, ViewError> {
    let mut name = path.as_os_str().to_owned();
    name.push(".rebuild");
    let rebuilt = Rebuilt { path: PathBuf::from(name), position: len };
    remove(&rebuilt.path)?;
    let connection = schema::open_side(&rebuilt.path)?;
    write::create(&connection, &source.ledger, source.salt)?;
    let (batches, waiting) = sync_channel::<Batch>(2);
    let last = thread::scope(|scope| {
        let writer = scope.spawn(move || write_all(connection, &waiting));
        let folded = fold_all(log, len, &batches, report);
        drop(batches);
        let written =
            writer.join().unwrap_or(Err(ViewError::Damaged("the writing thread stopped".to_owned())));
        // When the writer stopped first, its reason is the one that counts.
        written.and_then(|connection| Ok((connection, folded?)))
    });
    let (connection, last) = last?;
    if let Some((leaf, recorded_at)) = last {
        connection.execute(
            "UPDATE checkpoint SET position = ?1, leaf = ?2, recorded_at = ?3 WHERE id = 1",
            (len.cast_signed(), leaf, recorded_at),
        )?;
    }
    connection.execute_batch(schema::LIST_INDEX)?;
    connection.execute_batch("PRAGMA analysis_limit = 1000; ANALYZE;")?;
    // Not synced: the contents are copied from here, and views that a crash damages are made anew.
    Ok(rebuilt)
}

/// What the folding thread hands to the writing one.
enum Batch {
    Heads(Vec<Head>),
    Parked(Vec<(Arc<str>, u64, String)>),
}

fn write_all(connection: Connection, batches: &Receiver<Batch>) -> Result<Connection, ViewError> {
    let mut writer = Writer::default();
    connection.execute_batch("BEGIN")?;
    for batch in batches {
        match batch {
            Batch::Heads(heads) => {
                for mut head in heads {
                    writer.write(&connection, &mut head)?;
                }
            }
            Batch::Parked(parked) => {
                for (stream, position, error) in parked {
                    connection
                        .prepare_cached("INSERT INTO parked (stream, position, error) VALUES (?1, ?2, ?3)")?
                        .execute((&*stream, position.cast_signed(), error))?;
                }
            }
        }
    }
    connection.execute_batch("COMMIT")?;
    Ok(connection)
}

/// Leaf hash and time of recording of the newest event.
type Last = Option<(Vec<u8>, i64)>;

fn fold_all(
    log: &dyn EventLog,
    len: u64,
    batches: &SyncSender<Batch>,
    report: &mut Report<'_>,
) -> Result<Last, ViewError> {
    let mut scan = log.scanner()?;
    let (counts, last) = count(&mut *scan, len)?;
    let mut citations = Citations::default();
    let mut done = 0;
    for streams in portions(&counts, len) {
        if report(Progress { done, total: len }).is_break() {
            return Err(ViewError::Cancelled);
        }
        let mut portion = Portion::new(&mut *log.scanner()?, streams.clone())?;
        let mut error = None;
        scan.scan(0..len, &mut |raw| {
            if error.is_none() && streams.contains(&raw.stream) {
                error = portion.take_in(log, &raw, &mut citations).err();
            }
            Ok(())
        })?;
        if let Some(error) = error {
            return Err(error);
        }
        done +=
            counts[to_index(streams.start)..to_index(streams.end)].iter().map(|n| u64::from(*n)).sum::<u64>();
        // A writer that is gone says why itself.
        if portion.hand_over(batches).is_err() {
            break;
        }
    }
    let _going_on = report(Progress { done, total: len });
    Ok(last)
}

/// Events of each stream, by its number, and the end of the log.
fn count(scan: &mut dyn Scan, len: u64) -> Result<(Vec<u32>, Last), LogError> {
    let mut counts: Vec<u32> = Vec::new();
    let mut last = None;
    scan.scan(0..len, &mut |raw| {
        let at = to_index(raw.stream);
        if counts.len() <= at {
            counts.resize(at + 1, 0);
        }
        counts[at] += 1;
        if raw.position + 1 == len {
            last = Some((raw.leaf.to_vec(), raw.recorded_at.as_micros()));
        }
        Ok(())
    })?;
    Ok((counts, last))
}

/// Neighbouring streams that together hold about as many events each.
fn portions(counts: &[u32], len: u64) -> Vec<Range<u64>> {
    let portion = (len / PORTIONS_MIN).clamp(PORTION_EVENTS_MIN, PORTION_EVENTS_MAX);
    let mut portions = Vec::new();
    let (mut from, mut events) = (0, 0_u64);
    for (stream, count) in (0_u64..).zip(counts) {
        events += u64::from(*count);
        if events >= portion {
            portions.push(from..stream + 1);
            (from, events) = (stream + 1, 0);
        }
    }
    if events > 0 {
        portions.push(from..counts.len() as u64);
    }
    portions
}

fn to_index(stream: u64) -> usize {
    usize::try_from(stream).unwrap_or(usize::MAX)
}

/// Subjects being folded.
struct Portion {
    first: u64,
    names: Vec<Arc<str>>,
    heads: Vec<Option<Head>>,
    parked: Vec<(Arc<str>, u64, String)>,
    set_aside: Vec<bool>,
}

impl Portion {
    fn new(scan: &mut dyn Scan, streams: Range<u64>) -> Result<Self, LogError> {
        let names: Vec<Arc<str>> =
            streams.clone().map(|stream| scan.stream_name(stream)).collect::<Result<_, _>>()?;
        let heads = names.iter().map(|_| None).collect();
        Ok(Self {
            first: streams.start,
            set_aside: vec![false; names.len()],
            names,
            heads,
            parked: Vec::new(),
        })
    }

    fn take_in(
        &mut self,
        log: &dyn EventLog,
        raw: &Raw<'_>,
        citations: &mut Citations,
    ) -> Result<(), ViewError> {
        let at = to_index(raw.stream - self.first);
        if self.set_aside[at] {
            return Ok(());
        }
        if let Err(why) = self.fold(log, at, raw, citations)? {
            self.set_aside[at] = true;
            self.parked.push((Arc::clone(&self.names[at]), raw.position, why));
        }
        Ok(())
    }

    /// The inner error says why the event cannot be understood.
    fn fold(
        &mut self,
        log: &dyn EventLog,
        at: usize,
        raw: &Raw<'_>,
        citations: &mut Citations,
    ) -> Result<Result<(), String>, ViewError> {
        let read = std::str::from_utf8(raw.body)
            .map_err(|error| error.to_string())
            .and_then(|body| fold::read(raw.into(), body, citations).map_err(|error| words(&error)));
        let read = match read {
            Ok(read) => read,
            Err(why) => return Ok(Err(why)),
        };
        let head = match &mut self.heads[at] {
            Some(head) => head,
            empty @ None => match Subject::parse(&self.names[at]) {
                Ok(subject) => empty.insert(Head::new(subject, raw.position)),
                Err(error) => return Ok(Err(error.to_string())),
            },
        };
        if raw.version == 0 {
            head.home = home_area(&read.event);
        }
        if head.in_order(&read.event) {
            head.advance(&read.event);
            head.note(&read, raw.kind, &[]);
            return Ok(Ok(()));
        }
        let history: Vec<Event> = match fold::history(log, &self.names[at], raw.version)? {
            Ok(history) => history,
            Err(why) => return Ok(Err(why)),
        };
        let (rows, points) = head.take_open();
        head.resolve(&history, rows, points);
        head.note(&read, raw.kind, &history);
        Ok(Ok(()))
    }

    fn hand_over(self, batches: &SyncSender<Batch>) -> Result<(), ()> {
        let mut heads = self.heads.into_iter().flatten().peekable();
        while heads.peek().is_some() {
            let batch = heads.by_ref().take(BATCH_HEADS).collect();
            batches.send(Batch::Heads(batch)).map_err(|_| ())?;
        }
        batches.send(Batch::Parked(self.parked)).map_err(|_| ())
    }
}

impl Projector {
    /// Puts rebuilt views in place of the old contents, in one transaction: readers see the old ones or the new ones.
    /// What was recorded meanwhile is caught up afterwards.
    ///
    /// # Errors
    /// When the file cannot be written; the old views stay then.
    pub fn adopt(&mut self, rebuilt: &Rebuilt) -> Result<(), ViewError> {
        let side = schema::open_reader(&rebuilt.path)?;
        let backup = Backup::new(&side, &mut self.connection)?;
        match backup.step(-1)? {
            StepResult::Done => {}
            _ => return Err(ViewError::Damaged("the rebuilt views could not be put in place".to_owned())),
        }
        drop(backup);
        self.reload()
    }

    /// Rebuilds all views and catches up. Readers are not disturbed.
    ///
    /// # Errors
    /// As [`rebuild`] and [`Projector::catch_up`].
    pub fn rebuild(&mut self, report: &mut Report<'_>) -> Result<(), ViewError> {
        let log = Arc::clone(&self.log);
        let len = crate::wait_for(log.len())?;
        let rebuilt = rebuild(self.path(), self.source(), &*log, len, report)?;
        self.adopt(&rebuilt)?;
        self.catch_up(report)?;
        Ok(())
    }
}
