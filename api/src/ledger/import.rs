//! Many commands at once: read and parsed on one thread, decided on the caller's, written on a third, shown in the views
//! by a fourth that follows the log.
//!
//! Each line is decided and recorded or refused on its own. Every line has an idempotency key, its own or one made from
//! what it asks, so an import that was interrupted is simply run again: what was recorded is recognised.

use super::beside::Beside;
use super::decision::{self, Door};
use super::heads::{Heads, numbered};
use super::personal;
use super::shelf::Shelf;
use super::writer::Writer;
use super::{Failure, OpenError};
use accord_domain::rejection::Words;
use accord_domain::{Command, CommandError, Event, Instant, Laws, Subject, words};
use accord_projections::{Partitions, Projector, ViewError, wait_for};
use accord_store::clock::Clock;
use accord_store::vault::{Use, Vault};
use accord_store::{
    Answer, Append, AppendError, Appended, Bulk, EventLog, Expected, LogError, Raw, Request, SqliteLog,
};
use std::collections::HashMap;
use std::io::BufRead;
use std::ops::ControlFlow;
use std::path::Path;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use tokio::sync::{oneshot, watch};

/// Longest line, in bytes; a longer one is rejected, not read into memory.
pub const LINE_BYTES_MAX: usize = 256 * 1024;
/// Lines handed over at once by the parsing thread.
const CHUNK_LINES: usize = 200;
/// Chunks parsed ahead.
const CHUNKS_AHEAD: usize = 8;
/// Subjects whose state is kept while importing.
const HEADS_MAX: usize = 2_000_000;

/// A line that was not recorded, with everything needed to mend it.
#[derive(Clone, Debug)]
pub struct Reject {
    /// Line in the source, from 1.
    pub line: u64,
    /// The line as it was.
    pub text: String,
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
    /// It cannot be read as text, or is too long.
    Unreadable(Words),
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
        let (log, projector) = super::open_for_writing(dir, &clock)?;
        let laws = projector.laws().clone();
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
        if self.projector.pending_reactions(1).map_err(ImportError::Views)?.is_empty() {
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

    /// Decides every line as [`Importer::run`] would, and records nothing.
    ///
    /// # Errors
    /// [`ImportError`].
    pub fn try_out(
        &mut self,
        source: impl BufRead + Send,
        watcher: &mut dyn Watcher,
    ) -> Result<ImportReport, ImportError> {
        let (chunks, parsed) = sync_channel(CHUNKS_AHEAD);
        let next = wait_for(self.log.len())
            .map_err(|error| ImportError::Log { committed: 0, source: Arc::new(error) })?;
        let Self { log, laws, clock, heads, projector, .. } = self;
        let mut laws = laws.clone();
        let laws = &mut laws;
        let vault = &Vault::new(log.dir(), log.ledger_id(), Use::Rehearsal);
        let mut rehearsal = Rehearsal { log, next, recorded_at: clock.now(), keys: HashMap::new() };
        thread::scope(|scope| {
            let reader = scope.spawn(move || parse_lines(source, vault, &chunks));
            let mut run = Run {
                log,
                vault,
                target: &mut rehearsal,
                heads,
                laws,
                clock: &**clock,
                report: ImportReport::default(),
            };
            let decided = run.all(&parsed, watcher);
            let report = run.report;
            drop(parsed);
            decided.map_err(|source| ImportError::Log { committed: next, source })?;
            match reader.join() {
                Ok(read) => read.map_err(ImportError::Source)?,
                Err(_) => {
                    return Err(ImportError::Source(std::io::Error::other("the parsing thread stopped")));
                }
            }
            // What was rehearsed is not there: forget the states it led to.
            *heads = Heads::new(HEADS_MAX);
            heads.take_up(projector.spoken_of().map_err(ImportError::Views)?);
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

/// Where a run puts its appends.
trait Target {
    fn push(&mut self, append: Append) -> Result<Answer, AppendError>;
    fn committed(&self) -> u64;
    /// What was answered under a key, what is still under way included.
    fn request(&mut self, key: &str) -> Result<Option<([u8; 32], Appended)>, LogError>;
}

impl Target for Bulk {
    fn push(&mut self, append: Append) -> Result<Answer, AppendError> {
        Bulk::push(self, append)
    }

    fn committed(&self) -> u64 {
        Bulk::committed(self)
    }

    fn request(&mut self, key: &str) -> Result<Option<([u8; 32], Appended)>, LogError> {
        Bulk::request(self, key)
    }
}

/// Gives out numbers and writes nothing.
struct Rehearsal<'a> {
    log: &'a SqliteLog,
    next: u64,
    recorded_at: Instant,
    keys: HashMap<Box<str>, ([u8; 32], Appended)>,
}

impl Target for Rehearsal<'_> {
    fn push(&mut self, append: Append) -> Result<Answer, AppendError> {
        let count = u32::try_from(append.events.len()).unwrap_or(u32::MAX);
        self.recorded_at = Instant::from_micros(self.recorded_at.as_micros() + i64::from(count));
        let first_version = match append.expected {
            Expected::Exact(version) => version + 1,
            Expected::NoStream | Expected::Any | Expected::Exists => 0,
        };
        let appended =
            Appended { first_position: self.next, first_version, count, recorded_at: self.recorded_at };
        self.next += u64::from(count);
        if let Some(request) = append.request {
            self.keys.insert(request.key, (request.digest, appended));
        }
        Ok(Answer { appended, repeated: false })
    }

    fn committed(&self) -> u64 {
        0
    }

    fn request(&mut self, key: &str) -> Result<Option<([u8; 32], Appended)>, LogError> {
        match self.keys.get(key) {
            Some(known) => Ok(Some(*known)),
            None => wait_for(self.log.request(key)),
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
        let why = match line.command {
            Ok((command, request)) => match self.command(&command, request) {
                Ok(answer) if answer.repeated => return Ok(LineResult::Repeated(answer)),
                Ok(answer) => return Ok(LineResult::Recorded(answer)),
                Err(Failure::Log(error)) => return Err(error),
                Err(failure) => Why::Refused(failure),
            },
            Err(why) => why,
        };
        Ok(LineResult::Rejected(Box::new(Reject { line: line.number, text: line.text, why })))
    }

    /// Reads a line again that names events by the keys of their commands: now that these are decided they have ids.
    fn naming(&mut self, line: Parsed) -> Result<Parsed, Arc<LogError>> {
        let Line { number, ends_at, text, .. } = line;
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
        let read = Line { number, ends_at, text, command: command.map_err(Why::Invalid) };
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

/// A line read, and what it asks.
struct Line<C> {
    number: u64,
    /// Where in the source it ends.
    ends_at: u64,
    text: String,
    command: Result<C, Why>,
}

/// With the command in it.
type Read = Line<Command>;

/// With the command, its key and its digest.
type Parsed = Line<(Command, Option<Request>)>;

/// Reads lines and parses them, in chunks. Stops when nobody listens any more.
fn parse_lines(
    mut source: impl BufRead,
    vault: &Vault,
    chunks: &SyncSender<Vec<Parsed>>,
) -> std::io::Result<()> {
    let mut chunk = Vec::with_capacity(CHUNK_LINES);
    let mut line = Vec::new();
    let (mut number, mut ends_at) = (0, 0);
    loop {
        line.clear();
        let read = read_line(&mut source, &mut line)?;
        if read == 0 {
            break;
        }
        number += 1;
        ends_at += read;
        let too_long = line.len() > LINE_BYTES_MAX;
        if line.iter().all(u8::is_ascii_whitespace) && !too_long {
            continue;
        }
        chunk.push(read_command(number, ends_at, &line, too_long));
        if chunk.len() == CHUNK_LINES {
            let full = std::mem::replace(&mut chunk, Vec::with_capacity(CHUNK_LINES));
            if chunks.send(with_requests(full, vault)).is_err() {
                return Ok(());
            }
        }
    }
    if !chunk.is_empty() {
        // Nobody listening means that the run has ended with an error of its own.
        drop(chunks.send(with_requests(chunk, vault)));
    }
    Ok(())
}

/// Gives every command its key and digest. The keys of personal data are made for all of them at once: one wait for the
/// disk.
fn with_requests(lines: Vec<Read>, vault: &Vault) -> Vec<Parsed> {
    let commands = lines.iter().filter_map(|line| line.command.as_ref().ok());
    let prepared = personal::prepare(vault, commands);
    lines.into_iter().map(|line| with_request(line, &prepared, vault)).collect()
}

fn with_request(line: Read, prepared: &Result<(), Failure>, vault: &Vault) -> Parsed {
    let requested = |mut command: Command| {
        if let Err(failure) = prepared
            && command.act.holds_personal()
        {
            return Err(Why::Refused(failure.clone()));
        }
        let request = decision::import_request(vault, &command).map_err(Why::Refused)?;
        if let Some(request) = &request {
            // The events say under which key they were asked for, one made here too: what is kept of a request is checked
            // against them.
            command.envelope.key = Some(request.key.clone());
        }
        Ok((command, request))
    };
    let Line { number, ends_at, text, command } = line;
    Line { number, ends_at, text, command: command.and_then(requested) }
}

/// Reads one line without its end; of one that is too long only the beginning is kept. Returns the bytes consumed.
fn read_line(source: &mut impl BufRead, line: &mut Vec<u8>) -> std::io::Result<u64> {
    let mut consumed = 0;
    loop {
        let buffer = source.fill_buf()?;
        if buffer.is_empty() {
            return Ok(consumed);
        }
        let end = buffer.iter().position(|byte| *byte == b'\n');
        let part = &buffer[..end.unwrap_or(buffer.len())];
        let room = (LINE_BYTES_MAX + 1).saturating_sub(line.len());
        line.extend_from_slice(&part[..part.len().min(room)]);
        let used = part.len() + usize::from(end.is_some());
        consumed += used as u64;
        source.consume(used);
        if end.is_some() {
            return Ok(consumed);
        }
    }
}

fn read_command(number: u64, ends_at: u64, line: &[u8], too_long: bool) -> Read {
    let bytes = line.strip_suffix(b"\r").unwrap_or(line);
    let bytes = if number == 1 { bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(bytes) } else { bytes };
    let (text, readable) = match std::str::from_utf8(bytes) {
        Ok(text) => (text.to_owned(), true),
        Err(_) => (String::from_utf8_lossy(bytes).into_owned(), false),
    };
    let command = if too_long {
        Err(Why::Unreadable(words!(
            "longer than the {LINE_BYTES_MAX} bytes accepted",
            "超过可接受的 {LINE_BYTES_MAX} 字节"
        )))
    } else if !readable {
        Err(Why::Unreadable(words!("not UTF-8", "不是 UTF-8 文本")))
    } else {
        Command::parse(&text).map_err(Why::Invalid)
    };
    Line { number, ends_at, text, command }
}
