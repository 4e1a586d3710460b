//! The service: one log, its views and one writer, opened together from a ledger directory.

mod beside;
mod cluster;
mod decision;
mod error;
mod heads;
mod import;
mod personal;
mod reactions;
mod records;
mod shelf;
#[cfg(test)]
mod tests;
mod writer;

pub use error::{Failure, OpenError};
pub use heads::history;
pub use import::{
    ImportError, ImportReport, Importer, LINE_BYTES_MAX, LineResult, Rehearsal, Reject, Watcher, Why,
};
pub use personal::Opened;
pub use records::{BundleSource, Records};
pub use writer::Done;

use crate::answers::{self, AnswerError, Coordinates, coordinates};
use accord_domain::{Command, CommandError, Instant, Laws, Subject};
use accord_projections::{
    self as projections, Options, Projector, Report, Source, ViewError, Views, wait_for,
};
use accord_replay::Course;
use accord_store::clock::Clock;
use accord_store::keys::Signer;
use accord_store::vault::{Use, Vault};
use accord_store::{EventLog, LogError, SqliteLog};
use beside::Beside;
use shelf::Shelf;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, TryLockError};
use tokio::sync::{mpsc, oneshot};
use writer::{Asked, Asker, Place, Writer};

/// Commands that may wait for the writer; further ones wait outside.
const WAITING_MAX: usize = 1_024;

/// Subjects whose state the writer keeps between commands; about half a kilobyte each.
const HEADS_MAX: usize = 200_000;

/// How a ledger is opened.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Access {
    /// For everything; one process at a time.
    ReadWrite,
    /// For questions only; beside a writer in another process.
    ReadOnly,
}

/// Why a ledger that is open for writing takes no more commands until it is opened anew.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Standstill {
    /// A fault stopped what writes the log or the views.
    Fault,
    /// The cluster that keeps the ledger holds what this node does not know of: another node wrote, or a command whose answer
    /// was lost was recorded after all.
    Overtaken,
}

/// An open ledger. Cloning shares it; the last one to go closes it.
#[derive(Clone)]
pub struct Ledger {
    inner: Arc<Inner>,
}

struct Inner {
    dir: PathBuf,
    log: Arc<SqliteLog>,
    views: Views,
    shelf: Shelf,
    clock: Arc<dyn Clock>,
    /// Signs checkpoints; none where the key cannot be read.
    signer: Option<Signer>,
    /// The keys of personal data.
    vault: Arc<Vault>,
    writing: Option<Writing>,
    /// Imports begun by now.
    imports: AtomicU64,
}

/// The writer, the thread that serves those who wait for it, and the way to both.
struct Writing {
    writer: Arc<Mutex<Writer>>,
    /// Taken away to tell the thread that no more commands come.
    asking: Option<mpsc::Sender<Asked>>,
    /// Set when the thread that writes the views stopped by a fault.
    lost: Arc<AtomicBool>,
    /// Set when an append was refused because the cluster holds what this node does not know of.
    overtaken: Arc<AtomicBool>,
    /// Commands asked and not yet answered.
    places: Arc<AtomicUsize>,
    thread: Option<std::thread::JoinHandle<()>>,
}

impl Drop for Writing {
    /// Waits until the thread has let go of the files: who closes a ledger may open it again at once.
    fn drop(&mut self) {
        drop(self.asking.take());
        if let Some(thread) = self.thread.take()
            && thread.join().is_err()
        {
            tracing::error!("the writer of the ledger stopped by a fault");
        }
    }
}

impl Ledger {
    /// Makes an empty ledger in a directory, which may exist when it holds none. The salt tells its event ids from those
    /// of other ledgers.
    ///
    /// # Errors
    /// [`OpenError::Exists`], [`OpenError::Remains`], and what the file system says.
    pub fn init(dir: &Path, salt: u64, clock: &dyn Clock) -> Result<(), OpenError> {
        SqliteLog::look(dir).map_err(|source| log_failed(dir, source))?;
        if is_there(dir) {
            return Err(OpenError::Exists(dir.to_owned()));
        }
        if let Some(file) = remains(dir) {
            return Err(OpenError::Remains { dir: dir.to_owned(), file });
        }
        if let Some(file) = dir.ancestors().find(|path| path.exists()).filter(|path| !path.is_dir()) {
            let source = LogError::NotALedger(format!("{} is not a directory", file.display()));
            return Err(log_failed(dir, source));
        }
        SqliteLog::create(dir, salt, clock).map_err(|source| OpenError::Log { dir: dir.to_owned(), source })
    }

    /// Opens the ledger of a directory; brings its views up to date first when it may write.
    ///
    /// # Errors
    /// [`OpenError`] says what is in the way: missing, locked, read-only, of a newer format.
    pub fn open(dir: &Path, access: Access, clock: Arc<dyn Clock>) -> Result<Self, OpenError> {
        Self::open_watched(dir, access, clock, &mut |_| ControlFlow::Continue(()))
    }

    /// The same, told how far the views have come: where they are missing or far behind, that takes a minute for some millions
    /// of events.
    ///
    /// # Errors
    /// As [`Ledger::open`]; [`OpenError::Views`] also when the report says to stop.
    pub fn open_watched(
        dir: &Path,
        access: Access,
        clock: Arc<dyn Clock>,
        report: &mut Report<'_>,
    ) -> Result<Self, OpenError> {
        let (log, signer, vault, shelf, writing, showing) = match access {
            Access::ReadWrite => {
                let (log, projector, _) = open_for_writing(dir, &clock, report)?;
                let signer = signer(dir, &log)?;
                let mut heads = heads::Heads::new(HEADS_MAX);
                heads.take_up(projector.spoken_of().map_err(|e| views_failed(dir, e))?);
                heads.ask_too(Views::open(&views_path(dir)).map_err(|e| views_failed(dir, e))?);
                let shelf = Shelf::new(projector.laws().clone(), projector.position());
                let views = Beside::start(projector).map_err(OpenError::Writer)?;
                let showing = views.showing().clone();
                let vault = Arc::new(Vault::new(dir, log.ledger_id(), Use::ReadWrite));
                wait_for(personal::finish(&vault, &*log));
                let mut writer = Writer {
                    vault: Arc::clone(&vault),
                    log: log.clone(),
                    views,
                    laws: shelf.laws(),
                    shelf: shelf.clone(),
                    clock: Arc::clone(&clock),
                    salt: log.salt(),
                    heads,
                    overtaken: Arc::default(),
                };
                // What was recorded and not yet reacted to when the ledger was last closed, or fell.
                wait_for(writer.react());
                (log, Some(signer), vault, shelf, Some(start(writer)?), Some(showing))
            }
            Access::ReadOnly => {
                existing(dir)?;
                let log =
                    SqliteLog::open_read_only(dir, Arc::clone(&clock)).map_err(|e| log_failed(dir, e))?;
                let signer = Signer::open(dir, log.ledger_id()).ok();
                let events = wait_for(log.len()).map_err(|e| log_failed(dir, e))?;
                let laws = wait_for(accord_store::laws::laws(&log)).map_err(|e| log_failed(dir, e))?;
                let vault = Arc::new(Vault::new(dir, log.ledger_id(), Use::ReadOnly));
                (Arc::new(log), signer, vault, Shelf::new(laws, events), None, None)
            }
        };
        let path = views_path(dir);
        let views = match &showing {
            Some(showing) => Views::open_after(&path, showing),
            None => Views::open_of(&path, source(&log), &*log),
        }
        .map_err(|e| views_failed(dir, e))?;
        let (dir, imports) = (dir.to_owned(), AtomicU64::default());
        Ok(Self { inner: Arc::new(Inner { dir, log, views, shelf, clock, signer, vault, writing, imports }) })
    }

    /// Carries out one command: decided and durable when this returns, and in every answer of [`Ledger::views`] from then on.
    ///
    /// # Errors
    /// [`Failure`]; nothing was recorded then.
    pub async fn execute(&self, command: Command) -> Result<Done, Failure> {
        personal::no_reading(&command)?;
        let writing = self.inner.writing.as_ref().ok_or(Failure::ReadOnly)?;
        writing.queue(command, Place::take(&writing.places), None).await
    }

    /// The number of a new import, for [`Ledger::execute_line`].
    #[must_use]
    pub fn begin_import(&self) -> u64 {
        self.inner.imports.fetch_add(1, Ordering::Relaxed)
    }

    /// Carries out one line of an import, as [`Ledger::execute`]: as if each had waited for the one before, in the order in which
    /// they are asked. A line without a key gets one made from what it asks, so that asking the same again records nothing twice.
    ///
    /// # Errors
    /// [`Failure`]; nothing was recorded then.
    pub async fn execute_line(&self, import: u64, command: Command) -> Result<Done, Failure> {
        personal::no_reading(&command)?;
        let writing = self.inner.writing.as_ref().ok_or(Failure::ReadOnly)?;
        writing.queue(command, Place::take(&writing.places), Some(import)).await
    }

    /// Carries out a command that reads personal data, and opens what it says: what was read and by whom is durable before
    /// anybody sees it.
    ///
    /// # Errors
    /// [`Failure`]; nothing is given out then.
    pub async fn open_personal(&self, command: Command) -> Result<(Done, Vec<Opened>), Failure> {
        let writing = self.inner.writing.as_ref().ok_or(Failure::ReadOnly)?;
        let subject = command.subject.clone();
        // Before anything is recorded: a reading that can give nothing out is none.
        personal::at_hand(&self.inner.vault, &*self.inner.log, &subject).await?;
        let done = writing.queue(command, Place::take(&writing.places), None).await?;
        let mut opened = Vec::new();
        for event in &done.events {
            let event = event.decode().map_err(|error| LogError::Other(error.to_string()))?;
            if let Some(read) = event.data.personal_read() {
                let log = &*self.inner.log;
                opened.extend(personal::open(&self.inner.vault, log, &subject, read).await?);
            }
        }
        Ok((done, opened))
    }

    /// Subjects of which exactly this name, identity number, telephone number or certificate was recorded by an instant and not
    /// annulled by then, found by a keyed hash: nothing is given out that the one who asks did not bring.
    ///
    /// # Errors
    /// When the keys or the log cannot be read.
    pub async fn find_person(&self, text: &str, known_at: Instant) -> Result<Vec<Subject>, Failure> {
        personal::find(&self.inner.vault, &*self.inner.log, text, known_at).await
    }

    /// Another course of a subject's acts, told who names its people by identity number, as far as the keys tell. For a thread
    /// that may block.
    ///
    /// # Errors
    /// When the log cannot be read.
    pub fn informed(&self, course: Course, known_at: Instant) -> Result<Course, LogError> {
        let numbers = wait_for(personal::numbers(&self.inner.vault, &*self.inner.log, &course, known_at))?;
        Ok(course.knowing(numbers))
    }

    /// Carries out a command, for a thread that may block, never one that serves others. When nobody else asks, the command is
    /// carried out on this thread, which saves waking another one and being woken by it.
    ///
    /// # Errors
    /// [`Failure`]; nothing was recorded then.
    pub fn execute_blocking(&self, command: Command) -> Result<Done, Failure> {
        personal::no_reading(&command)?;
        let writing = self.inner.writing.as_ref().ok_or(Failure::ReadOnly)?;
        let place = Place::take(&writing.places);
        if place.alone {
            match writing.writer.try_lock() {
                Ok(mut writer) => return writer.execute(command, place),
                Err(TryLockError::Poisoned(_)) => return Err(Failure::Stopped),
                Err(TryLockError::WouldBlock) => {}
            }
        }
        wait_for(writing.queue(command, place, None))
    }

    /// The directory.
    #[must_use]
    pub fn dir(&self) -> &Path {
        &self.inner.dir
    }

    /// The log.
    #[must_use]
    pub fn log(&self) -> &Arc<SqliteLog> {
        &self.inner.log
    }

    /// Reads a command that may name events by the keys of their commands ([`Command::parse_naming`]).
    ///
    /// # Errors
    /// When the log cannot be read; inside, what is wrong with the command.
    pub fn read(&self, text: &str) -> Result<Result<Command, CommandError>, LogError> {
        let log = self.event_log();
        let mut failed = None;
        let read = Command::parse_naming(text, &mut |key| match wait_for(log.request(key)) {
            Ok(known) => known.map(|(_, appended)| log.event_id(&appended, 0)),
            Err(error) => {
                failed = Some(error);
                None
            }
        });
        failed.map_or(Ok(read), Err)
    }

    /// The log behind its port.
    #[must_use]
    pub fn event_log(&self) -> Arc<dyn EventLog> {
        self.inner.log.clone()
    }

    /// The views.
    #[must_use]
    pub fn views(&self) -> &Views {
        &self.inner.views
    }

    /// The law: the rules compiled in and what areas adopted, as known now and at all times before.
    #[must_use]
    pub fn laws(&self) -> Laws {
        if self.inner.writing.is_none()
            && let Err(error) = self.read_laws()
        {
            // Whatever asks for the law reads the log too, and says then what is in the way.
            tracing::error!(error = &error as &dyn std::error::Error, "the law cannot be read anew");
        }
        self.inner.shelf.laws()
    }

    /// Beside a writer in another process: the law is read again where the log has grown.
    fn read_laws(&self) -> Result<(), LogError> {
        let events = wait_for(self.inner.log.len())?;
        if self.inner.shelf.events() < events {
            let laws = wait_for(accord_store::laws::laws(&*self.inner.log))?;
            self.inner.shelf.put(laws, events);
        }
        Ok(())
    }

    /// Where a question to the log and the law is asked. What this process put into the log and has not announced is not seen
    /// yet: it may not be in the law.
    ///
    /// # Errors
    /// When the log cannot be read.
    pub async fn coordinates(&self, asked: answers::Asked) -> Result<Coordinates, AnswerError> {
        coordinates(self.log(), self.views().announced(), self.clock().now(), asked).await
    }

    /// What signs its checkpoints; none where the key cannot be read.
    #[must_use]
    pub fn signer(&self) -> Option<&Signer> {
        self.inner.signer.as_ref()
    }

    /// The keys of personal data.
    #[must_use]
    pub fn vault(&self) -> &Vault {
        &self.inner.vault
    }

    /// The clock.
    #[must_use]
    pub fn clock(&self) -> &Arc<dyn Clock> {
        &self.inner.clock
    }

    /// Whether it was opened for writing, whatever became of its writer since.
    #[must_use]
    pub fn is_open_for_writing(&self) -> bool {
        self.inner.writing.is_some()
    }

    /// Whether it takes commands: it is open for writing, and nothing brought its writer to a standstill.
    #[must_use]
    pub fn is_writable(&self) -> bool {
        self.is_open_for_writing() && self.standstill().is_none()
    }

    /// What brought its writer to a standstill, for good: only opening the ledger anew helps. None where there is no writer.
    #[must_use]
    pub fn standstill(&self) -> Option<Standstill> {
        self.inner.writing.as_ref().and_then(Writing::standstill)
    }
}

impl Writing {
    /// Waits in the queue for the answer.
    async fn queue(&self, command: Command, place: Place, import: Option<u64>) -> Result<Done, Failure> {
        let asking = self.asking.as_ref().ok_or(Failure::Closing)?;
        let (answer, answered) = oneshot::channel();
        let asked = Asked { command, asker: Asker { answer, place }, import };
        // As long as this is there to send, only a fault ends the thread that takes it.
        asking.send(asked).await.map_err(|_| Failure::Stopped)?;
        answered.await.map_err(|_| Failure::Interrupted)?
    }

    fn standstill(&self) -> Option<Standstill> {
        let is_served = self.asking.as_ref().is_some_and(|asking| !asking.is_closed());
        if self.writer.is_poisoned() || self.lost.load(Ordering::Acquire) || !is_served {
            return Some(Standstill::Fault);
        }
        self.overtaken.load(Ordering::Acquire).then_some(Standstill::Overtaken)
    }
}

/// Where the views of a ledger are.
#[must_use]
pub fn views_path(dir: &Path) -> PathBuf {
    dir.join("views.db")
}

/// What a ledger leaves in its directory besides its log.
const REMAINS: [&str; 6] = [
    "personal.db",
    "keys/personal.key",
    "keys/checkpoint.key",
    "keys/checkpoint.pub",
    "views.db",
    "index.db",
];

/// Whether a directory holds a log. An empty file is none: making one may have been interrupted before anything was written.
fn is_there(dir: &Path) -> bool {
    SqliteLog::exists(dir) && !std::fs::metadata(dir.join("log.db")).is_ok_and(|file| file.len() == 0)
}

/// A file of a ledger whose log is gone.
fn remains(dir: &Path) -> Option<&'static str> {
    REMAINS.into_iter().find(|name| dir.join(name).exists())
}

/// Whether there is a ledger to be opened.
///
/// # Errors
/// [`OpenError::Missing`], and [`OpenError::LogMissing`] where there was one.
pub(crate) fn existing(dir: &Path) -> Result<(), OpenError> {
    match (is_there(dir), remains(dir)) {
        (true, _) => Ok(()),
        (false, Some(file)) => Err(OpenError::LogMissing { dir: dir.to_owned(), file }),
        (false, None) => Err(OpenError::Missing(dir.to_owned())),
    }
}

/// What signs the checkpoints of a log that is open for writing.
fn signer(dir: &Path, log: &SqliteLog) -> Result<Signer, OpenError> {
    let events = wait_for(log.len()).map_err(|error| log_failed(dir, error))?;
    Signer::open_or_make(dir, log.ledger_id(), events == 0)
        .map_err(|source| OpenError::Key { dir: dir.to_owned(), source })
}

fn log_failed(dir: &Path, source: LogError) -> OpenError {
    OpenError::Log { dir: dir.to_owned(), source }
}

fn views_failed(dir: &Path, source: ViewError) -> OpenError {
    OpenError::Views { dir: dir.to_owned(), source }
}

/// Whose views those of a log are.
fn source(log: &SqliteLog) -> Source {
    Source { ledger: log.ledger_id().into_bytes(), salt: log.salt() }
}

/// The log and the projector of a ledger, the views brought up to date.
pub(crate) fn open_for_writing(
    dir: &Path,
    clock: &Arc<dyn Clock>,
    report: &mut Report<'_>,
) -> Result<(Arc<SqliteLog>, Projector, projections::Opened), OpenError> {
    existing(dir)?;
    let log = cluster::open(dir, clock).map_err(|e| log_failed(dir, e))?;
    let (path, options) = (views_path(dir), Options::default());
    let (projector, opened) = Projector::open_up_to_date(&path, source(&log), log.clone(), options, report)
        .map_err(|e| views_failed(dir, e))?;
    Ok((log, projector, opened))
}

fn start(writer: Writer) -> Result<Writing, OpenError> {
    let lost = Arc::clone(writer.views.lost());
    let overtaken = Arc::clone(&writer.overtaken);
    let writer = Arc::new(Mutex::new(writer));
    let (asking, waiting) = mpsc::channel(WAITING_MAX);
    let served = Arc::clone(&writer);
    let thread = std::thread::Builder::new()
        .name("accord-writer".to_owned())
        .spawn(move || writer::serve(&served, waiting))
        .map_err(OpenError::Writer)?;
    Ok(Writing {
        writer,
        asking: Some(asking),
        lost,
        overtaken,
        places: Arc::default(),
        thread: Some(thread),
    })
}
