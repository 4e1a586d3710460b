//! The log in SQLite: `log.db`, which is only ever appended to, and `index.db`, which can be made from it.
//!
//! - [`schema`]: the tables and their guards; [`files`]: rights and the lock of the directory.
//! - [`plan`] decides what each request comes to, [`sink`] makes it durable and shows it.
//! - [`index`] finds streams and keys; [`read`] and [`scan`] answer, on connections of their own.
//! - [`tree`] keeps the Merkle tree beside the events; [`leaves`] has its lowest hashes together.
//! - [`verify`] checks the whole ledger.
//! - [`bulk`] is the same path for imports, with deciding and writing in two threads.

mod bulk;
mod fault;
mod files;
mod filter;
mod generations;
mod index;
mod leaves;
mod plan;
mod read;
mod scan;
mod schema;
mod sink;
mod tree;
mod verify;
mod warm;

pub use bulk::{Bulk, Landed};

use crate::clock::Clock;
use crate::merkle::{Frontier, Hash, Subtree};
use crate::port::{Answer, Append, AppendError, Appended, EventLog, Foretold, LogError, Scan, Stored};
use crate::replica::{Gate, Identity, Place, Recorded};
use crate::verify::Verified;
use accord_domain::{Instant, Version};
use async_trait::async_trait;
use index::Tail;
use plan::{Commit, Planner};
use read::{Lookup, Pool, Reader};
use schema::{Meta, Mode};
use sink::Sink;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use tokio::sync::watch;
use warm::Warming;

/// How much of the log one step of catching up reads.
const CATCH_UP_EVENTS: u64 = 500_000;

/// What the writer and the readers of one open log share.
#[derive(Debug)]
struct Shared {
    dir: PathBuf,
    meta: Meta,
    clock: Arc<dyn Clock>,
    mode: Mode,
    with_index: bool,
    tail: RwLock<Tail>,
    len: watch::Sender<u64>,
    pool: Pool,
    /// Whether the log has the table of the tree.
    has_nodes: bool,
    recent: tree::Recent,
    /// Runs of the tree read lately.
    runs: tree::Runs,
}

impl Shared {
    /// Lends a reader, catching up with another process's writes first when this one only reads.
    fn read<T>(&self, ask: impl FnOnce(&Reader) -> Result<T, LogError>) -> Result<T, LogError> {
        let reader = match self.pool.take() {
            Some(reader) => reader,
            None => self.open_reader()?,
        };
        if self.mode != Mode::Write {
            self.catch_up(&reader)?;
        }
        let answer = ask(&reader);
        self.pool.give_back(reader);
        answer
    }

    fn open_reader(&self) -> Result<Reader, LogError> {
        // Asked before the index is looked at: a flush in between only makes the index cover more.
        let needed = self.tail.read().unwrap_or_else(PoisonError::into_inner).covered();
        let reader = Reader::open(&self.dir, self.mode.reading(), self.with_index)?;
        if let Some(index) = &reader.index {
            let fits = index::load(index, &reader.log, &self.meta.ledger).map_err(read::failed)?;
            if fits.is_none_or(|found| found.covered() < needed) {
                return Err(LogError::Other(
                    "the index was rebuilt meanwhile: open the ledger again".to_owned(),
                ));
            }
        }
        Ok(reader)
    }

    fn catch_up(&self, reader: &Reader) -> Result<(), LogError> {
        let known = self.tail.read().unwrap_or_else(PoisonError::into_inner).events;
        if read::len(&reader.log)? == known {
            return Ok(());
        }
        let mut tail = self.tail.write().unwrap_or_else(PoisonError::into_inner);
        while tail.catch_up(&reader.log, CATCH_UP_EVENTS)? {}
        self.len.send_if_modified(|len| std::mem::replace(len, tail.events) != tail.events);
        Ok(())
    }

    fn nodes<'a>(&'a self, reader: &'a Reader) -> tree::Nodes<'a> {
        let lookup = self.lookup(reader);
        let beside = tree::Beside { runs: &self.runs, events: *self.len.borrow(), lookup };
        tree::Nodes { log: &reader.log, stored: self.has_nodes, beside: Some(beside) }
    }

    fn lookup<'a>(&'a self, reader: &'a Reader) -> Lookup<'a> {
        Lookup { reader, tail: &self.tail }
    }
}

/// Who may write.
#[derive(Debug)]
struct Writer {
    planner: Planner,
    /// Before the sink: its reader is closed before the connections that write.
    warming: Warming,
    sink: Sink,
    /// Held as long as the log may be written.
    _lock: files::Lock,
}

/// The log in a directory.
///
/// One process at a time writes it; any number read it. Reads never wait for the writer.
#[derive(Debug)]
pub struct SqliteLog {
    shared: Arc<Shared>,
    /// None while an import holds it, and in a log opened for reading.
    writer: Arc<Mutex<Option<Writer>>>,
}

impl SqliteLog {
    /// Version of the format of `log.db` that this program writes.
    pub const FORMAT: u32 = schema::FORMAT;

    /// Whether there is a ledger in a directory. Where the directory may not be looked into there may be one: opening it says
    /// what is in the way.
    #[must_use]
    pub fn exists(dir: &Path) -> bool {
        Self::look(dir).unwrap_or(true)
    }

    /// The same, where it matters that it cannot be known.
    ///
    /// # Errors
    /// [`LogError::ReadOnly`] when the directory may not be looked into.
    pub fn look(dir: &Path) -> Result<bool, LogError> {
        let path = files::log(dir);
        match path.try_exists() {
            Ok(there) => Ok(there),
            Err(error) if error.kind() == std::io::ErrorKind::PermissionDenied => {
                Err(fault::io(&path, &error))
            }
            Err(_) => Ok(false),
        }
    }

    /// Makes an empty ledger in a directory, which is made too when it is not there. `salt` goes into every event id, so
    /// that two ledgers do not make the same ones: draw it at random.
    ///
    /// # Errors
    /// [`LogError::NotALedger`] when a ledger or anything else named `log.db` is there, and those of the file system.
    pub fn create(dir: &Path, salt: u64, clock: &dyn Clock) -> Result<(), LogError> {
        Self::create_as(dir, &Identity::new(salt, clock))
    }

    /// Makes an empty copy of a ledger kept elsewhere, to be filled by [`SqliteLog::take_over`].
    ///
    /// # Errors
    /// As [`SqliteLog::create`].
    pub fn create_copy(dir: &Path, identity: &Identity, place: &Place) -> Result<(), LogError> {
        if Self::look(dir)? {
            return Err(LogError::NotALedger(format!("{} holds a ledger already", dir.display())));
        }
        files::create_dir(dir)?;
        // First: what says that this is a copy is there before what could be taken for a ledger of its own.
        files::write_private(&files::cluster(dir), &place.text())?;
        Self::create_as(dir, identity)
    }

    fn create_as(dir: &Path, identity: &Identity) -> Result<(), LogError> {
        files::create_dir(dir)?;
        let _lock = files::lock(dir)?;
        let path = files::log(dir);
        if std::fs::metadata(&path).is_ok_and(|file| file.len() > 0) {
            return Err(LogError::NotALedger(format!("{} is there already", path.display())));
        }
        files::create_private(&path)?;
        let db = schema::connect(&path, Mode::Create)?;
        schema::create_log(&db, &identity.ledger, identity.salt, identity.created_at.as_micros())
            .map_err(|error| fault::sqlite("making the ledger", &error))?;
        files::sync_dir(dir)
    }

    /// Opens a ledger for writing.
    ///
    /// # Errors
    /// [`LogError::Locked`] when it is open for writing already, here or in another process; [`LogError::NotALedger`],
    /// [`LogError::NewerFormat`], [`LogError::ReadOnly`], [`LogError::Replica`] for a copy, and others of the store.
    pub fn open(dir: &Path, clock: Arc<dyn Clock>) -> Result<Self, LogError> {
        if files::cluster(dir).exists() {
            return Err(LogError::Replica(dir.display().to_string()));
        }
        Self::open_behind(dir, clock, None)
    }

    /// Opens a copy of a ledger for writing: what it decides must pass the gate before it commits.
    ///
    /// # Errors
    /// As [`SqliteLog::open`].
    pub fn open_copy(dir: &Path, clock: Arc<dyn Clock>, gate: Arc<dyn Gate>) -> Result<Self, LogError> {
        Self::open_behind(dir, clock, Some(gate))
    }

    /// Where a copy says of what it is one; a directory without such a file holds a ledger of its own.
    #[must_use]
    pub fn copy_of(dir: &Path) -> PathBuf {
        files::cluster(dir)
    }

    fn open_behind(dir: &Path, clock: Arc<dyn Clock>, gate: Option<Arc<dyn Gate>>) -> Result<Self, LogError> {
        let path = files::log(dir);
        if !Self::look(dir)? {
            return Err(LogError::NotALedger(format!("there is no ledger in {}", dir.display())));
        }
        let lock = files::lock(dir)?;
        let (log, meta) = schema::open_to_write(&path)?;
        let (index, mut tail) = index::open(&files::index(dir), &log, &meta.ledger)?;
        let newest_leaf = index::newest_leaf(&log).map_err(read::failed)?;
        while tail.catch_up(&log, CATCH_UP_EVENTS)? {
            if tail.is_due(false) {
                let leaf = index::leaf_before(&log, tail.events).map_err(read::failed)?;
                tail.flush(&index, &leaf).map_err(|error| fault::sqlite("writing the index", &error))?;
                tail.flushed();
            }
        }
        let events = tail.events;
        let frontier = tree::open(&log, events)?;
        let shared = Arc::new(Shared {
            dir: dir.to_owned(),
            meta,
            clock,
            mode: Mode::Write,
            with_index: true,
            tail: RwLock::new(tail),
            len: watch::Sender::new(events),
            pool: Pool::default(),
            has_nodes: true,
            recent: tree::Recent::default(),
            runs: tree::Runs::default(),
        });
        let sink = Sink {
            log,
            index,
            shared: Arc::clone(&shared),
            broken: None,
            importing: false,
            newest_leaf,
            frontier,
            gate,
        };
        let planner = Planner::new(sink.next().map_err(read::failed)?);
        let writer = Writer { planner, warming: Warming::default(), sink, _lock: lock };
        Ok(Self { shared, writer: Arc::new(Mutex::new(Some(writer))) })
    }

    /// Writes requests as another log recorded them, byte for byte, in one commit. Those that are here already are passed
    /// over. Says how long the log is then.
    ///
    /// # Errors
    /// [`LogError::Damaged`] when they do not follow what is here; [`LogError::Locked`] while an import has the writer;
    /// [`LogError::ReadOnly`], and others of the store. Nothing of them is written then.
    pub fn take_over(&self, requests: Vec<Recorded>) -> Result<u64, LogError> {
        let mut held = self.writer.lock().unwrap_or_else(PoisonError::into_inner);
        let writer = held.as_mut().ok_or_else(|| self.no_writer())?;
        let before = writer.planner.next();
        let planner = &mut writer.planner;
        let planned = self.shared.read(|reader| {
            let lookup = self.shared.lookup(reader);
            let new = requests.into_iter().filter(|request| request.first_position() >= before.position);
            new.into_iter().try_for_each(|request| planner.take_over(request, lookup))
        });
        let mut commit = writer.planner.take();
        let written = planned.and_then(|()| {
            let written = writer.sink.commit(&mut commit, &mut |_| {});
            written.map_err(|error| {
                Arc::try_unwrap(error).unwrap_or_else(|kept| LogError::Other(kept.to_string()))
            })
        });
        if let Err(error) = written {
            writer.planner.back_to(before);
            return Err(error);
        }
        Ok(writer.planner.next().position)
    }

    /// Opens a ledger for reading, also while another process writes it: each question sees what is committed by then.
    ///
    /// # Errors
    /// [`LogError::NotALedger`], [`LogError::NewerFormat`], and others of the store.
    pub fn open_read_only(dir: &Path, clock: Arc<dyn Clock>) -> Result<Self, LogError> {
        let path = files::log(dir);
        if !Self::look(dir)? {
            return Err(LogError::NotALedger(format!("there is no ledger in {}", dir.display())));
        }
        let (mode, log, meta) = open_for_reading(&path)?;
        let fitting = schema::connect(&files::index(dir), mode)
            .ok()
            .filter(schema::is_index)
            .and_then(|index| index::load(&index, &log, &meta.ledger).ok().flatten());
        let with_index = fitting.is_some();
        let mut tail = fitting.unwrap_or_default();
        while tail.catch_up(&log, CATCH_UP_EVENTS)? {}
        let len = watch::Sender::new(tail.events);
        let has_nodes = tree::is_there(&log)?;
        let (dir, tail, pool) = (dir.to_owned(), RwLock::new(tail), Pool::default());
        let (recent, runs) = (tree::Recent::default(), tree::Runs::default());
        let shared = Shared { dir, meta, clock, mode, with_index, tail, len, pool, has_nodes, recent, runs };
        let shared = Arc::new(shared);
        Ok(Self { shared, writer: Arc::new(Mutex::new(None)) })
    }

    /// Checks a whole ledger, also one that is too damaged to open or that another process writes; `progress` is told how
    /// many events are done, and how many there are.
    ///
    /// # Errors
    /// [`LogError`] when there is no ledger, or one that cannot be read at all.
    pub fn verify(dir: &Path, progress: &mut dyn FnMut(u64, u64)) -> Result<Verified, LogError> {
        verify::ledger(dir, progress)
    }

    /// The ledger's id: 16 bytes that no other ledger has.
    #[must_use]
    pub fn ledger_id(&self) -> uuid::Uuid {
        uuid::Uuid::from_bytes(self.shared.meta.ledger)
    }

    /// When the ledger was made, to the millisecond: its id says so.
    #[must_use]
    pub fn created_at(&self) -> Instant {
        crate::ids::time_of(self.ledger_id())
    }

    /// The directory.
    #[must_use]
    pub fn dir(&self) -> &Path {
        &self.shared.dir
    }

    /// Takes the writer for an import; single appends are refused until it is finished or dropped.
    ///
    /// # Errors
    /// [`LogError::Locked`] when another import holds it, [`LogError::ReadOnly`] when the log is open for reading.
    pub fn bulk(&self) -> Result<Bulk, LogError> {
        self.bulk_watched(Box::new(|_| {}))
    }

    /// The same; `landed` is shown every event once it is durable, in order, on the writing thread.
    ///
    /// # Errors
    /// As [`SqliteLog::bulk`].
    pub fn bulk_watched(&self, landed: Landed) -> Result<Bulk, LogError> {
        let writer = self.writer.lock().unwrap_or_else(PoisonError::into_inner).take();
        let writer = writer.ok_or_else(|| self.no_writer())?;
        Bulk::start(Arc::clone(&self.shared), Arc::clone(&self.writer), writer, landed)
    }

    /// Lets the log grow to so many pages and no further, as if the disk were full: for tests of every caller.
    ///
    /// # Errors
    /// Those of the store.
    #[cfg(feature = "contract")]
    pub fn limit_pages(&self, pages: u32) -> Result<(), LogError> {
        let held = self.writer.lock().unwrap_or_else(PoisonError::into_inner);
        let writer = held.as_ref().ok_or_else(|| self.no_writer())?;
        let log = &writer.sink.log;
        log.pragma_update_and_check(None, "max_page_count", pages, |_| Ok(())).map_err(read::failed)
    }

    fn no_writer(&self) -> LogError {
        let dir = self.shared.dir.display();
        if self.shared.mode == Mode::Write {
            LogError::Locked(format!("an import is writing {dir}"))
        } else {
            LogError::ReadOnly(format!("{dir} is open for reading"))
        }
    }

    fn append_now(
        &self,
        batch: Vec<Append>,
        foretold: &mut Foretold<'_>,
    ) -> Vec<Result<Answer, AppendError>> {
        let count = batch.len();
        let names: Vec<Arc<str>> = batch.iter().map(|append| Arc::clone(&append.stream)).collect();
        let refuse = |error: Arc<LogError>| {
            (0..count).map(|_| Err(AppendError::Storage(Arc::clone(&error)))).collect()
        };
        let mut held = self.writer.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(writer) = held.as_mut() else { return refuse(Arc::new(self.no_writer())) };
        let before = writer.planner.next();
        let now = self.shared.clock.now();
        let planner = &mut writer.planner;
        let planned = self.shared.read(|reader| {
            let lookup = self.shared.lookup(reader);
            Ok(batch.into_iter().map(|append| planner.plan(append, lookup, now)).collect::<Vec<_>>())
        });
        let mut answers = match planned {
            Ok(answers) => answers,
            Err(error) => return refuse(Arc::new(error)),
        };
        let mut commit = writer.planner.take();
        let mut written = |commit: &Commit| foretold(stored(&names, &answers, commit));
        if let Err(error) = writer.sink.commit(&mut commit, &mut written) {
            writer.planner.back_to(before);
            for answer in &mut answers {
                // An answer given before this commit still stands; one that rests on it does not.
                if answer.as_ref().is_ok_and(|answer| answer.appended.first_position >= before.position) {
                    *answer = Err(AppendError::Storage(Arc::clone(&error)));
                }
            }
        }
        writer.warming.count(&self.shared);
        answers
    }
}

/// The events of a commit as readers will find them: the requests, named in order, that were answered anew.
fn stored(names: &[Arc<str>], answers: &[Result<Answer, AppendError>], commit: &Commit) -> Vec<Stored> {
    let new = names.iter().zip(answers).filter_map(|(name, answer)| match answer {
        Ok(answer) if !answer.repeated => Some((name, answer.appended.count)),
        Ok(_) | Err(_) => None,
    });
    let names = new.flat_map(|(name, count)| std::iter::repeat_n(name, count as usize));
    names.zip(&commit.events).map(|(name, row)| row.stored(Arc::clone(name))).collect()
}

/// Opens a log for reading; where not even SQLite's shared memory can be written, as a file that does not change.
fn open_for_reading(path: &Path) -> Result<(Mode, rusqlite::Connection, Meta), LogError> {
    let read = |mode| {
        let log = schema::connect(path, mode)?;
        let meta = schema::check_log(&log, path)?;
        Ok((mode, log, meta))
    };
    match read(Mode::Read) {
        Err(LogError::ReadOnly(_) | LogError::NotALedger(_)) if files::is_checkpointed(path) => {
            read(Mode::Frozen)
        }
        opened => opened,
    }
}

#[async_trait]
impl EventLog for SqliteLog {
    async fn append_foretold(
        &self,
        batch: Vec<Append>,
        foretold: &mut Foretold<'_>,
    ) -> Vec<Result<Answer, AppendError>> {
        self.append_now(batch, foretold)
    }

    async fn read_stream(&self, stream: &str, from: Version, limit: usize) -> Result<Vec<Stored>, LogError> {
        self.shared.read(|reader| self.shared.lookup(reader).read_stream(stream, from, limit))
    }

    async fn areas(&self) -> Result<Vec<Arc<str>>, LogError> {
        self.shared.read(|reader| self.shared.lookup(reader).areas())
    }

    async fn read_all(&self, from: u64, limit: usize) -> Result<Vec<Stored>, LogError> {
        self.shared.read(|reader| read::read_all(&reader.log, from, limit))
    }

    async fn len(&self) -> Result<u64, LogError> {
        self.shared.read(|reader| read::len(&reader.log))
    }

    async fn request(&self, key: &str) -> Result<Option<([u8; 32], Appended)>, LogError> {
        self.shared.read(|reader| self.shared.lookup(reader).request(&index::digest128(key)))
    }

    async fn known(&self, at: Instant) -> Result<u64, LogError> {
        self.shared.read(|reader| read::known(&reader.log, read::len(&reader.log)?, at))
    }

    async fn subtrees(&self, wanted: &[Subtree]) -> Result<Vec<Hash>, LogError> {
        self.shared.read(|reader| {
            // One for all: SQLite locks and looks for changes once instead of once a subtree.
            let _look = read::Look::begin(&reader.log)?;
            let nodes = self.shared.nodes(reader);
            wanted.iter().map(|subtree| nodes.hash(*subtree)).collect()
        })
    }

    async fn frontier(&self, size: u64) -> Result<Frontier, LogError> {
        match self.shared.recent.find(size) {
            Some(frontier) => Ok(frontier),
            None => self.shared.read(|reader| {
                let _look = read::Look::begin(&reader.log)?;
                self.shared.nodes(reader).frontier(size)
            }),
        }
    }

    fn scanner(&self) -> Result<Box<dyn Scan>, LogError> {
        scan::Scanner::open(&self.shared.dir, self.shared.mode.reading()).map(|scan| Box::new(scan) as _)
    }

    fn salt(&self) -> u64 {
        self.shared.meta.salt
    }

    fn subscribe(&self) -> watch::Receiver<u64> {
        self.shared.len.subscribe()
    }
}
