//! All views from nothing: into a side file, then put in place of the old contents in one transaction.
//!
//! The events of the log are dealt out by stream ([`Partitions`]), in one pass over it or while they were recorded; then
//! each subject is folded from its first event to its last, partition after partition, so that memory is bounded whatever
//! the length of the log. A subject's rows are written once, in their final form and in the order of the file, while
//! further ones are being folded.

use crate::error::ViewError;
use crate::fold::{self, Citations, Head, Read, home_area};
use crate::parked::{NotUnderstood, PARK};
use crate::partitions::{Partition, Partitions, Record};
use crate::projector::{Projector, SECOND_STREAM, Source, remove, words};
use crate::runner::REBUILD_FROM;
use crate::schema;
use crate::write::{self, Statements, Writer};
use accord_domain::{Event, EventType, Laws, Subject};
use accord_store::{EventLog, Scan};
use rusqlite::backup::{Backup, StepResult};
use rusqlite::{Connection, ErrorCode};
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread;

/// Heads handed to the writing thread at a time.
const BATCH_HEADS: usize = 1_024;

/// Events dealt out between two looks at whether to go on.
const EVENTS_BETWEEN_REPORTS: u64 = 100_000;

/// Rows of an index sorted in memory at once, in KiB.
const SORTED_AT_ONCE_KIB: i64 = 16 * 1_024;

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
    let mut partitions = Partitions::new(path.parent().unwrap_or(Path::new(".")));
    let mut scan = log.scanner()?;
    let mut full = None;
    while partitions.len() < len && full.is_none() {
        if report(Progress { done: 0, total: len }).is_break() {
            return Err(ViewError::Cancelled);
        }
        let from = partitions.len();
        scan.scan(from..len.min(from + EVENTS_BETWEEN_REPORTS), &mut |raw| {
            full = full.take().or_else(|| partitions.push(&raw).err());
            Ok(())
        })?;
        if partitions.len() == from {
            break;
        }
    }
    match full {
        Some(error) => Err(ViewError::File(error)),
        None => fill(path, source, log, partitions, report),
    }
}

/// Computes all views into a side file next to `path` from events dealt out already.
fn fill(
    path: &Path,
    source: Source,
    log: &dyn EventLog,
    partitions: Partitions,
    report: &mut Report<'_>,
) -> Result<Rebuilt, ViewError> {
    let mut name = path.as_os_str().to_owned();
    name.push(".rebuild");
    let rebuilt = Rebuilt { path: PathBuf::from(name), position: partitions.len() };
    remove(&rebuilt.path)?;
    let connection = schema::open_side(&rebuilt.path, path)?;
    write::create(&connection, &source.ledger, source.salt)?;
    let last = partitions.last().cloned();
    let (batches, waiting) = sync_channel::<Batch>(8);
    let connection = thread::scope(|scope| {
        let writer = scope.spawn(move || write_all(connection, &waiting));
        let folded = fold_all(log, partitions, &batches, report);
        drop(batches);
        let written =
            writer.join().unwrap_or(Err(ViewError::Damaged("the writing thread stopped".to_owned())));
        // When the writer stopped first, its reason is the one that counts.
        written.and_then(|connection| folded.map(|()| connection))
    })?;
    if let Some(last) = last {
        connection.execute(
            "UPDATE checkpoint SET position = ?1, leaf = ?2, recorded_at = ?3 WHERE id = 1",
            (rebuilt.position.cast_signed(), last.leaf, last.recorded_at.as_micros()),
        )?;
    }
    // Sorted in parts of that size, by the other core while further rows are read.
    connection.pragma_update(None, "cache_size", -SORTED_AT_ONCE_KIB)?;
    connection.execute_batch(&schema::indexes())?;
    connection.execute_batch("PRAGMA analysis_limit = 1000; ANALYZE;")?;
    Ok(rebuilt)
}

/// What the folding thread hands to the writing one.
enum Batch {
    Heads(Vec<Head>),
    Parked(Vec<ParkedRow>),
}

fn write_all(connection: Connection, batches: &Receiver<Batch>) -> Result<Connection, ViewError> {
    let mut writer = Writer::default();
    connection.execute_batch("BEGIN")?;
    for batch in batches {
        match batch {
            Batch::Heads(heads) => {
                let mut into = Statements::new(&connection);
                for mut head in heads {
                    match writer.write(&mut into, &mut head) {
                        Err(error) if is_second(&connection, &head, &error) => {
                            let error = SECOND_STREAM.to_owned();
                            let why = NotUnderstood { position: head.id, error };
                            park(&connection, &head.subject.stream(), &why)?;
                        }
                        written => written?,
                    }
                }
            }
            Batch::Parked(parked) => {
                for (stream, why) in parked {
                    park(&connection, &stream, &why)?;
                }
            }
        }
    }
    connection.execute_batch("COMMIT")?;
    Ok(connection)
}

fn park(connection: &Connection, stream: &str, why: &NotUnderstood) -> Result<(), ViewError> {
    connection.prepare_cached(PARK)?.execute((stream, why.position.cast_signed(), &why.error))?;
    Ok(())
}

/// Whether a head was not written, not even in part, because another stream of its name was before it.
fn is_second(connection: &Connection, head: &Head, error: &ViewError) -> bool {
    let ViewError::Sqlite(error) = error else { return false };
    let other = "SELECT 1 FROM subjects WHERE code = ?1 AND id <> ?2";
    error.sqlite_error_code() == Some(ErrorCode::ConstraintViolation)
        && connection
            .prepare_cached(other)
            .and_then(|mut select| select.exists((head.subject.code(), head.id.cast_signed())))
            .unwrap_or(false)
}

fn fold_all(
    log: &dyn EventLog,
    mut partitions: Partitions,
    batches: &SyncSender<Batch>,
    report: &mut Report<'_>,
) -> Result<(), ViewError> {
    let total = partitions.len();
    // Known whole before the first subject is folded: each event takes of it what was known before it.
    let laws = crate::wait_for(accord_store::laws::laws(log))?;
    let mut folding = Folding { names: log.scanner()?, laws, citations: Citations::default(), done: 0 };
    let mut partition = Partition::default();
    for index in 0..partitions.parts() {
        if report(Progress { done: folding.done, total }).is_break() {
            return Err(ViewError::Cancelled);
        }
        partitions.take(index, &mut partition).map_err(ViewError::File)?;
        // A writer that is gone says why itself.
        if folding.fold(&partition, batches)?.is_break() {
            break;
        }
    }
    let _going_on = report(Progress { done: folding.done, total });
    Ok(())
}

/// A subject set aside: its stream, and the event that could not be understood.
type ParkedRow = (Arc<str>, NotUnderstood);

struct Folding {
    /// Knows the names of streams.
    names: Box<dyn Scan>,
    laws: Laws,
    citations: Citations,
    done: u64,
}

impl Folding {
    /// Folds every subject of a partition and hands the heads to the writer; says whether anybody takes them.
    fn fold(
        &mut self,
        partition: &Partition,
        batches: &SyncSender<Batch>,
    ) -> Result<ControlFlow<()>, ViewError> {
        let mut heads = Vec::with_capacity(BATCH_HEADS);
        let mut parked = Vec::new();
        for (stream, records) in partition.streams() {
            let name = self.names.stream_name(stream)?;
            let mut reads = Vec::new();
            let mut why = None;
            for record in records {
                let record = record.map_err(ViewError::File)?;
                self.done += 1;
                if why.is_none() {
                    match self.read(&record) {
                        Ok(read) => reads.push((read, record.columns.kind)),
                        Err(error) => {
                            why = Some(NotUnderstood { position: record.columns.position, error });
                        }
                    }
                }
            }
            let first = reads.first().map(|(read, _)| read.event.position);
            match (Subject::parse(&name), first) {
                (Ok(subject), Some(first)) => heads.push(folded(subject, first, &reads, &self.laws)),
                (Err(error), Some(first)) => {
                    why = Some(NotUnderstood { position: first, error: error.to_string() });
                }
                (_, None) => {}
            }
            if let Some(why) = why {
                parked.push((name, why));
            }
            if heads.len() == BATCH_HEADS {
                let full = std::mem::replace(&mut heads, Vec::with_capacity(BATCH_HEADS));
                if batches.send(Batch::Heads(full)).is_err() {
                    return Ok(ControlFlow::Break(()));
                }
            }
        }
        let gone = batches.send(Batch::Heads(heads)).is_err() || batches.send(Batch::Parked(parked)).is_err();
        Ok(if gone { ControlFlow::Break(()) } else { ControlFlow::Continue(()) })
    }

    /// The inner error says why the event cannot be understood.
    fn read(&mut self, record: &Record<'_>) -> Result<Read, String> {
        let body = std::str::from_utf8(record.body).map_err(|error| error.to_string())?;
        fold::read(record.columns, body, &mut self.citations).map_err(|error| words(&error))
    }
}

/// The head of a subject after all its events, everything waiting to be written.
fn folded(subject: Subject, first_position: u64, reads: &[(Read, EventType)], laws: &Laws) -> Head {
    let mut head = Head::new(subject, first_position);
    for (index, (read, kind)) in reads.iter().enumerate() {
        if read.event.version == 0 {
            head.home = home_area(&read.event);
        }
        if head.in_order(&read.event) {
            head.advance(&read.event, laws);
            head.note(read, *kind, &[]);
        } else {
            let history: Vec<Event> = reads[..=index].iter().map(|(read, _)| read.event.clone()).collect();
            let open = head.take_open();
            head.resolve(&history, open, laws);
            head.note(read, *kind, &history);
        }
    }
    head
}

impl Projector {
    /// Puts rebuilt views in place of the old contents: readers see the old ones or the new ones. What was recorded
    /// meanwhile is caught up afterwards.
    ///
    /// In place of views that nobody else has open, the side file itself is moved; else its contents are copied in one
    /// transaction, which costs what writing them once more and moving a WAL of that size does.
    ///
    /// # Errors
    /// When the file cannot be written; the old views stay then.
    pub fn adopt(&mut self, rebuilt: &Rebuilt) -> Result<(), ViewError> {
        if self.hold_alone()? {
            let moved = std::fs::rename(&rebuilt.path, self.path()).map_err(ViewError::File);
            let old = std::mem::replace(&mut self.connection, Connection::open_in_memory()?);
            let retired = moved.and_then(|()| Ok(old.execute_batch(schema::RETIRE)?));
            // Gives up the lock, and what was not moved in place of it.
            drop(old);
            self.connection = schema::open_writer(self.path())?;
            retired?;
            return self.begin_again();
        }
        let side = schema::open_reader(&rebuilt.path)?;
        let backup = Backup::new(&side, &mut self.connection)?;
        match backup.step(-1)? {
            StepResult::Done => {}
            _ => return Err(ViewError::Damaged("the rebuilt views could not be put in place".to_owned())),
        }
        drop(backup);
        self.begin_again()
    }

    /// Goes on from what was folded under the law of the log as it is now.
    fn begin_again(&mut self) -> Result<(), ViewError> {
        self.laws = crate::wait_for(accord_store::laws::laws(&*self.log))?;
        self.reload()
    }

    /// Locks the views for this connection alone, unless another one has them open: only then SQLite gives up their WAL.
    fn hold_alone(&mut self) -> Result<bool, ViewError> {
        let held = schema::without_waiting(&self.connection, |connection| {
            let journal = |mode: &str| {
                connection
                    .pragma_update_and_check(None, "journal_mode", mode, |row| row.get::<_, String>(0))
                    .is_ok_and(|now| now == mode)
            };
            // In memory: a journal in a file would be taken, after a crash, for one of the views moved here.
            journal("delete")
                .then(|| journal("memory") && connection.execute_batch("BEGIN EXCLUSIVE").is_ok())
        })?;
        if held == Some(false) {
            // Somebody came in between: back to the WAL.
            drop(std::mem::replace(&mut self.connection, Connection::open_in_memory()?));
            self.connection = schema::open_writer(self.path())?;
        }
        Ok(held == Some(true))
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

    /// Makes all views from the events of the log dealt out while they were recorded, when that is faster, and catches up.
    ///
    /// # Errors
    /// As [`rebuild`] and [`Projector::catch_up`].
    pub fn fill(&mut self, partitions: Partitions, report: &mut Report<'_>) -> Result<(), ViewError> {
        if self.position() == 0 && partitions.len() > REBUILD_FROM {
            let log = Arc::clone(&self.log);
            let rebuilt = fill(self.path(), self.source(), &*log, partitions, report)?;
            self.adopt(&rebuilt)?;
        }
        self.catch_up(report)?;
        Ok(())
    }
}
