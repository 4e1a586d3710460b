//! Many commands at once: read and parsed on one thread, decided on the caller's, written on a third, shown in the views
//! by a fourth that follows the log.
//!
//! Each line is decided and recorded or refused on its own. Every line has an idempotency key, its own or one made from
//! what it asks, so an import that was interrupted is simply run again: what was recorded is recognised.

mod lines;
mod target;

pub use lines::LINE_BYTES_MAX;

use super::beside::Beside;
use super::decision::{self, Door};
use super::heads::{Heads, numbered};
use super::personal;
use super::shelf::Shelf;
use super::writer::Writer;
use super::{Failure, OpenError};
use accord_domain::{Command, CommandError, Event, Laws, Subject};
use accord_projections::{Partitions, Projector, Report, ViewError, wait_for};
use accord_store::clock::Clock;
use accord_store::vault::{Use, Vault};
use accord_store::{Answer, AppendError, EventLog, LogError, Raw, Request, SqliteLog};
use lines::{Line, Parsed, parse_lines, with_request};
use std::io::BufRead;
use std::ops::ControlFlow;
use std::path::Path;
use std::sync::mpsc::{Receiver, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use target::{Rehearsed, Target};
use tokio::sync::{oneshot, watch};

/// Chunks parsed ahead.
const CHUNKS_AHEAD: usize = 8;
/// Subjects whose state is kept while importing.
const HEADS_MAX: usize = 2_000_000;

/// A line that was not recorded, with everything needed to mend it.
#[derive(Clone, Debug)]
pub struct Reject {
    /// Line in the source, from 1.
    pub line: u64,
    /// The line as it was, without its end; of one that is too long the first [`LINE_BYTES_MAX`] bytes.
    pub bytes: Vec<u8>,
    /// Whether it was longer than that.
    pub cut: bool,
    /// Why.
    pub why: Why,
}

/// Why a line was not recorded.
#[derive(Clone, Debug)]
pub enum Why {
    /// It is no command.
    Invalid(CommandError),
    /// It was refused.
    Refused(Failure),
}

/// What became of a line.
#[derive(Clone, Debug)]
pub enum LineResult {
    /// Decided and given its numbers; durable once the import has passed it.
    Recorded(Answer),
    /// Recorded before, under the same key.
    Repeated(Answer),
    /// Not recorded.
    Rejected(Box<Reject>),
}

/// What an import came to.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct ImportReport {
    /// Lines read, blank ones left out.
    pub lines: u64,
    /// Commands recorded.
    pub recorded: u64,
    /// Events recorded.
    pub events: u64,
    /// Commands recorded before.
    pub repeated: u64,
    /// Lines rejected.
    pub rejected: u64,
}

/// Told as an import goes on.
pub trait Watcher {
    /// A line was dealt with.
    fn line(&mut self, result: LineResult);
    /// So many bytes of the source are dealt with.
    fn bytes(&mut self, done: u64);
}

/// Why an import stopped. What was committed before stays; running it again goes on from there.
#[derive(Debug, thiserror::Error)]
pub enum ImportError {
    /// The source cannot be read any further.
    #[error("the source cannot be read")]
    Source(#[source] std::io::Error),
    /// The log cannot take more.
    #[error("the log stopped after {committed} events in all")]
    Log {
        /// Events in the log.
        committed: u64,
        /// Why.
        #[source]
        source: Arc<LogError>,
    },
    /// The views did not follow; they are rebuilt at the next opening.
    #[error("the views did not follow")]
    Views(#[source] ViewError),
    /// A thread could not be started.
    #[error("the import could not be started")]
    Thread(#[source] std::io::Error),
}

/// A ledger opened for importing.
pub struct Importer {
    log: Arc<SqliteLog>,
    projector: Projector,
    laws: Laws,
    clock: Arc<dyn Clock>,
    heads: Heads,
    vault: Vault,
}

impl Importer {
    /// Opens the ledger of a directory for importing: nobody else writes meanwhile.
    ///
    /// # Errors
    /// As [`super::Ledger::open`].
    pub fn open(dir: &Path, clock: Arc<dyn Clock>) -> Result<Self, OpenError> {
        Self::open_watched(dir, clock, &mut |_| ControlFlow::Continue(()))
    }

    /// The same, told how far the views have come, as by [`super::Ledger::open_watched`].
    ///
    /// # Errors
    /// As [`super::Ledger::open_watched`].
    pub fn open_watched(
        dir: &Path,
        clock: Arc<dyn Clock>,
        report: &mut Report<'_>,
    ) -> Result<Self, OpenError> {
        let (log, projector, _) = super::open_for_writing(dir, &clock, report)?;
        let laws = projector.laws().clone();
        if wait_for(log.len()).is_ok_and(|events| events == 0) {
            // Made before the first event, as it is known by that later whether it was lost.
            super::signer(dir, &log)?;
        }
        let heads = heads_of(dir, &projector)?;
        let vault = Vault::new(dir, log.ledger_id(), Use::ReadWrite);
        wait_for(personal::finish(&vault, &*log));
        Ok(Self { log, projector, laws, clock, heads, vault })
    }

    /// The log.
    #[must_use]
    pub fn log(&self) -> &Arc<SqliteLog> {
        &self.log
    }

    /// Imports one source of JSON lines.
    ///
    /// # Errors
    /// [`ImportError`]; what was committed before stays.
    pub fn run(
        &mut self,
        source: impl BufRead + Send,
        watcher: &mut dyn Watcher,
    ) -> Result<ImportReport, ImportError> {
        let Self { log, projector, laws, clock, heads, vault } = self;
        let vault = &*vault;
        let log_failed = |log: &SqliteLog, source| ImportError::Log {
            committed: wait_for(log.len()).unwrap_or(0),
            source,
        };
        let (stop, stopped) = oneshot::channel();
        let dealt = Dealt::start(log, projector);
        let landed = dealt.clone();
        let landed = Box::new(move |raw: Raw<'_>| landed.push(&raw));
        let mut bulk = log.bulk_watched(landed).map_err(|error| log_failed(log, Arc::new(error)))?;
        thread::scope(|scope| {
            let follower = {
                let length = log.subscribe();
                thread::Builder::new()
                    .name("accord-views".to_owned())
                    .spawn_scoped(scope, move || follow(projector, length, stopped, &dealt))
                    .map_err(ImportError::Thread)?
            };
            let (chunks, parsed) = sync_channel(CHUNKS_AHEAD);
            let reader = thread::Builder::new()
                .name("accord-parse".to_owned())
                .spawn_scoped(scope, move || parse_lines(source, vault, &chunks))
                .map_err(ImportError::Thread)?;
            let mut run = Run {
                log,
                vault,
                target: &mut bulk,
                heads,
                laws,
                clock: &**clock,
                report: ImportReport::default(),
            };
            let decided = run.all(&parsed, watcher);
            let report = run.report;
            drop(parsed);
            let read = reader.join();
            let finished = bulk.finish();
            wait_for(personal::finish(vault, &**log));
            drop(stop);
            let followed = follower.join();
            decided.and(finished.map(drop)).map_err(|source| log_failed(log, source))?;
            heads.landed(u64::MAX);
            match read {
                Ok(read) => read.map_err(ImportError::Source)?,
                Err(_) => {
                    return Err(ImportError::Source(std::io::Error::other("the parsing thread stopped")));
                }
            }
            match followed {
                Ok(followed) => followed.map_err(ImportError::Views)?,
                Err(_) => {
                    let why = "the thread that follows the log stopped".to_owned();
                    return Err(ImportError::Views(ViewError::Damaged(why)));
                }
            }
            Ok(report)
        })
    }

    /// Ends an importing: carries out what must follow elsewhere from what was imported, and closes the ledger. What this
    /// leaves undone is done when the ledger is next opened for writing.
    ///
    /// # Errors
    /// [`ImportError`].
    pub fn finish(self) -> Result<(), ImportError> {
        if self.projector.pending_reactions(0, 1).map_err(ImportError::Views)?.is_empty() {
            return Ok(());
        }
        let Self { log, projector, laws, clock, heads, vault } = self;
        let salt = log.salt();
        let views = Beside::start(projector).map_err(ImportError::Thread)?;
        let shelf = Shelf::new(laws.clone(), 0);
        let vault = Arc::new(vault);
        let overtaken = Arc::default();
        let mut writer = Writer { log, views, laws, shelf, clock, salt, heads, vault, overtaken };
        wait_for(writer.react());
        Ok(())
    }

    /// Begins a rehearsal: over all its sources together, as they would be imported one after the other.
    ///
    /// # Errors
    /// [`ImportError`] when the log or the views cannot be read.
    pub fn rehearsal(&self) -> Result<Rehearsal<'_>, ImportError> {
        let log = &*self.log;
        let next = wait_for(log.len())
            .map_err(|error| ImportError::Log { committed: 0, source: Arc::new(error) })?;
        let mut heads = Heads::new(HEADS_MAX);
        heads.take_up(self.projector.spoken_of().map_err(ImportError::Views)?);
        Ok(Rehearsal {
            log,
            committed: next,
            clock: &*self.clock,
            laws: self.laws.clone(),
            heads,
            vault: Vault::new(log.dir(), log.ledger_id(), Use::Rehearsal),
            target: Rehearsed::after(log, next, self.clock.now()),
        })
    }
}

/// An import that is only tried out: every line is decided as [`Importer::run`] would, with what the lines before led to,
/// and nothing of it is kept.
pub struct Rehearsal<'a> {
    log: &'a SqliteLog,
    committed: u64,
    clock: &'a dyn Clock,
    laws: Laws,
    heads: Heads,
    vault: Vault,
    target: Rehearsed<'a>,
}

impl Rehearsal<'_> {
    /// Decides the lines of one source, after those of the sources before.
    ///
    /// # Errors
    /// [`ImportError`].
    pub fn run(
        &mut self,
        source: impl BufRead + Send,
        watcher: &mut dyn Watcher,
    ) -> Result<ImportReport, ImportError> {
        let (chunks, parsed) = sync_channel(CHUNKS_AHEAD);
        let Self { log, committed, clock, laws, heads, vault, target } = self;
        let (log, vault) = (*log, &*vault);
        thread::scope(|scope| {
            let reader = scope.spawn(move || parse_lines(source, vault, &chunks));
            let report = ImportReport::default();
            let mut run = Run { log, vault, target, heads, laws, clock: *clock, report };
            let decided = run.all(&parsed, watcher);
            let report = run.report;
            drop(parsed);
            decided.map_err(|source| ImportError::Log { committed: *committed, source })?;
            match reader.join() {
                Ok(read) => read.map_err(ImportError::Source)?,
                Err(_) => {
                    return Err(ImportError::Source(std::io::Error::other("the parsing thread stopped")));
                }
            }
            Ok(report)
        })
    }
}

/// The states to begin with: none, but of whom something is said elsewhere.
fn heads_of(dir: &Path, projector: &Projector) -> Result<Heads, OpenError> {
    let mut heads = Heads::new(HEADS_MAX);
    heads.take_up(projector.spoken_of().map_err(|error| super::views_failed(dir, error))?);
    Ok(heads)
}

/// What an import into an empty ledger recorded, dealt out for making the views at the end, all at once: every row
/// written once in its final form and order takes a third of the time that following takes.
///
/// Holds nothing when there are views already, or when there was no room for it: then the views follow the log.
#[derive(Clone)]
struct Dealt(Arc<Mutex<Option<Partitions>>>);

impl Dealt {
    fn start(log: &SqliteLog, projector: &Projector) -> Self {
        let fresh = projector.position() == 0 && wait_for(log.len()).is_ok_and(|len| len == 0);
        Self(Arc::new(Mutex::new(fresh.then(|| Partitions::new(log.dir())))))
    }

    fn push(&self, raw: &Raw<'_>) {
        let mut held = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(partitions) = held.as_mut()
            && let Err(error) = partitions.push(raw)
        {
            tracing::warn!(%error, "the views are made from the log after the import");
            *held = None;
        }
    }

    fn is_there(&self) -> bool {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).is_some()
    }

    fn take(&self) -> Option<Partitions> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}

/// Brings the views up to the log again and again, until told to stop and nothing is left.
fn follow(
    projector: &mut Projector,
    mut length: watch::Receiver<u64>,
    mut stopped: oneshot::Receiver<()>,
    dealt: &Dealt,
) -> Result<(), ViewError> {
    loop {
        let last_round = wait_for(async {
            tokio::select! {
                biased;
                _ = &mut stopped => true,
                changed = length.changed() => changed.is_err(),
            }
        });
        if last_round && let Some(partitions) = dealt.take() {
            return projector.fill(partitions, &mut |_| ControlFlow::Continue(()));
        }
        if dealt.is_there() {
            continue;
        }
        projector.catch_up(&mut |_| ControlFlow::Continue(()))?;
        if last_round {
            return Ok(());
        }
    }
}

/// One run over a source.
struct Run<'a, T> {
    log: &'a SqliteLog,
    vault: &'a Vault,
    target: &'a mut T,
    heads: &'a mut Heads,
    laws: &'a mut Laws,
    clock: &'a dyn Clock,
    report: ImportReport,
}

impl<T: Target> Run<'_, T> {
    fn all(
        &mut self,
        parsed: &Receiver<Vec<Parsed>>,
        watcher: &mut dyn Watcher,
    ) -> Result<(), Arc<LogError>> {
        for chunk in parsed {
            self.heads.landed(self.target.committed());
            let bytes = chunk.last().map_or(0, |line| line.ends_at);
            for line in chunk {
                self.report.lines += 1;
                let result = self.line(line)?;
                match &result {
                    LineResult::Recorded(answer) => {
                        self.report.recorded += 1;
                        self.report.events += u64::from(answer.appended.count);
                    }
                    LineResult::Repeated(_) => self.report.repeated += 1,
                    LineResult::Rejected(_) => self.report.rejected += 1,
                }
                watcher.line(result);
            }
            watcher.bytes(bytes);
        }
        Ok(())
    }

    /// Deals with one line. Only a log that takes no more ends the run.
    fn line(&mut self, mut line: Parsed) -> Result<LineResult, Arc<LogError>> {
        if let Err(Why::Invalid(error)) = &line.command
            && error.may_be_a_key(&line.text)
        {
            line = self.naming(line)?;
        }
        let Line { number, text, unread, command, .. } = line;
        let why = match command {
            Ok((command, request)) => match self.command(&command, request) {
                Ok(answer) if answer.repeated => return Ok(LineResult::Repeated(answer)),
                Ok(answer) => return Ok(LineResult::Recorded(answer)),
                Err(Failure::Log(error)) => return Err(error),
                Err(failure) => Why::Refused(failure),
            },
            Err(why) => why,
        };
        let (bytes, cut) = unread.map_or((text.into_bytes(), false), |unread| (unread.bytes, unread.cut));
        Ok(LineResult::Rejected(Box::new(Reject { line: number, bytes, cut, why })))
    }

    /// Reads a line again that names events by the keys of their commands: now that these are decided they have ids.
    fn naming(&mut self, line: Parsed) -> Result<Parsed, Arc<LogError>> {
        let Line { number, ends_at, text, unread, .. } = line;
        let (target, log) = (&mut *self.target, self.log);
        let mut failed = None;
        let command = Command::parse_naming(&text, &mut |key| match target.request(key) {
            Ok(known) => known.map(|(_, appended)| log.event_id(&appended, 0)),
            Err(error) => {
                failed = Some(error);
                None
            }
        });
        if let Some(error) = failed {
            return Err(Arc::new(error));
        }
        let prepared = personal::prepare(self.vault, command.iter());
        let read = Line { number, ends_at, text, unread, command: command.map_err(Why::Invalid) };
        Ok(with_request(read, &prepared, self.vault))
    }

    fn command(&mut self, command: &Command, request: Option<Request>) -> Result<Answer, Failure> {
        personal::no_reading(command)?;
        Door::Outside.lets_in(command)?;
        if let Some(request) = &request
            && let Some((digest, appended)) = self.target.request(&request.key)?
        {
            return if digest == request.digest {
                Ok(Answer { appended, repeated: true })
            } else {
                Err(decision::refused(AppendError::KeyReused { first_position: appended.first_position }))
            };
        }
        // Without a digest, as the personal data of its subject was erased: what its own key led to was recorded before that,
        // and committed before the key of the subject was destroyed.
        if request.is_none()
            && let Some(key) = &command.envelope.key
            && let Some((_, appended)) = self.target.request(key)?
        {
            wait_for(personal::sent_again(self.log, command, appended))?;
            return Ok(Answer { appended, repeated: true });
        }
        let now = self.clock.now();
        let decided = decision::decide(self.heads, self.log, self.vault, command, request, now, self.laws);
        let (append, decided) = wait_for(decided)?;
        personal::begin(self.vault, command)?;
        let answer = match self.target.push(append) {
            Ok(answer) => answer,
            Err(error) => {
                self.heads.forget(&command.subject);
                return Err(decision::refused(error));
            }
        };
        if answer.repeated {
            self.heads.forget(&command.subject);
            return Ok(answer);
        }
        let events = numbered(decided, &answer.appended, self.log.salt());
        self.learn(&command.subject, &events)?;
        self.heads.recorded(&command.subject, &events);
        self.heads.put_in_flight(&command.subject, events);
        Ok(answer)
    }

    /// The next line is decided under what this one adopts.
    fn learn(&mut self, subject: &Subject, events: &[Event]) -> Result<(), Failure> {
        for event in events {
            self.laws.take(subject, event).map_err(LogError::from)?;
        }
        Ok(())
    }
}
