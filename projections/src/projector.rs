//! The one writer of `views.db`.

use crate::error::ViewError;
use crate::fold::{self, Citations, Head, Kept, home_area};
use crate::names::Names;
use crate::parked::{NotUnderstood, Trouble};
use crate::rebuild::Report;
use crate::schema;
use crate::under_way;
use crate::wait::wait_for;
use crate::write::{self, Statements, Writer};
use accord_domain::{Laws, Subject, Version};
use accord_store::{EventLog, Stored};
use rusqlite::{Connection, OptionalExtension};
use std::collections::{HashMap, HashSet};
use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Whose views they are. Views of another ledger are not trusted.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Source {
    /// Id of the ledger.
    pub ledger: [u8; 16],
    /// Its salt, from which event ids are made.
    pub salt: u64,
}

/// How much memory the projector may use.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Options {
    /// Subjects whose head is kept in memory; about a kilobyte each. One that is needed and not kept is read from the
    /// log again.
    pub heads_max: usize,
}

impl Default for Options {
    fn default() -> Self {
        Self { heads_max: 100_000 }
    }
}

/// What was found at opening.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Opened {
    /// No views yet: they start at position 0.
    Fresh,
    /// Views to go on with.
    Resumed,
    /// Views that cannot be trusted; they start again at position 0. The words say why.
    Discarded(String),
}

/// Computes the views from the log and writes them. There is one at a time for a file.
pub struct Projector {
    pub(crate) connection: Connection,
    pub(crate) log: Arc<dyn EventLog>,
    path: PathBuf,
    source: Source,
    options: Options,
    pub(crate) writer: Writer,
    pub(crate) heads: HashMap<Arc<str>, Head>,
    /// Subjects set aside, and the position of the event in the way.
    pub(crate) parked: HashMap<Arc<str>, u64>,
    citations: Citations,
    pub(crate) laws: Laws,
    /// Whether what was prepared changed the law.
    law_ahead: bool,
    position: u64,
    /// Counts calls, so that heads know when they were last used.
    turn: u64,
}

impl fmt::Debug for Projector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Projector")
            .field("path", &self.path)
            .field("position", &self.position)
            .field("heads", &self.heads.len())
            .finish_non_exhaustive()
    }
}

impl Projector {
    /// Opens the views at a path, makes them where there are none, and starts them again where they are of another
    /// ledger, another format or another fold, damaged, or ahead of the log.
    ///
    /// # Errors
    /// When the file cannot be made or the log cannot be read.
    pub fn open(
        path: &Path,
        source: Source,
        log: Arc<dyn EventLog>,
        options: Options,
    ) -> Result<(Self, Opened), ViewError> {
        match Self::open_as_it_is(path, source, Arc::clone(&log), options) {
            Err(error) if error.is_damage() => Self::start_anew(path, source, log, options, &error),
            other => other,
        }
    }

    /// The same, brought up to date. Views in which damage is met on the way are started again too.
    ///
    /// # Errors
    /// As [`Projector::open`] and [`Projector::catch_up`].
    pub fn open_up_to_date(
        path: &Path,
        source: Source,
        log: Arc<dyn EventLog>,
        options: Options,
        report: &mut Report<'_>,
    ) -> Result<(Self, Opened), ViewError> {
        let (mut projector, opened) = Self::open(path, source, Arc::clone(&log), options)?;
        match projector.catch_up(report) {
            Err(error) if error.is_damage() && opened == Opened::Resumed => {
                drop(projector);
                let (mut projector, opened) = Self::start_anew(path, source, log, options, &error)?;
                projector.catch_up(report)?;
                Ok((projector, opened))
            }
            other => other.map(|_| (projector, opened)),
        }
    }

    fn start_anew(
        path: &Path,
        source: Source,
        log: Arc<dyn EventLog>,
        options: Options,
        damage: &ViewError,
    ) -> Result<(Self, Opened), ViewError> {
        let why = words(damage);
        tracing::warn!(why, "views are computed anew");
        remove(path)?;
        let (projector, _) = Self::open_as_it_is(path, source, log, options)?;
        Ok((projector, Opened::Discarded(why)))
    }

    fn open_as_it_is(
        path: &Path,
        source: Source,
        log: Arc<dyn EventLog>,
        options: Options,
    ) -> Result<(Self, Opened), ViewError> {
        let cut_off = under_way::was_cut_off(path)?;
        if cut_off {
            remove(path)?;
        }
        under_way::begin(path)?;
        let (connection, opened) = match open_or_discard(path, source, &*log)? {
            (connection, _) if cut_off => {
                (connection, Opened::Discarded("the machine stopped while they were written".to_owned()))
            }
            other => other,
        };
        if let Opened::Discarded(why) = &opened {
            tracing::warn!(why, "views are computed anew");
        }
        let position =
            connection.query_row("SELECT position FROM checkpoint", [], |row| row.get::<_, i64>(0))?;
        let laws = wait_for(accord_store::laws::laws(&*log))?;
        let mut projector = Self {
            connection,
            log,
            path: path.to_owned(),
            source,
            options,
            writer: Writer::default(),
            heads: HashMap::new(),
            parked: HashMap::new(),
            citations: Citations::default(),
            laws,
            law_ahead: false,
            position: position.cast_unsigned(),
            turn: 0,
        };
        projector.reload()?;
        projector.bring_back_all()?;
        Ok((projector, opened))
    }

    /// Where the file is.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Whose views they are.
    #[must_use]
    pub fn source(&self) -> Source {
        self.source
    }

    /// The next position needed: everything before it is in the views.
    #[must_use]
    pub fn position(&self) -> u64 {
        self.position
    }

    /// The law of the log as far as it is taken in, and beyond where the log was longer at opening.
    #[must_use]
    pub fn laws(&self) -> &Laws {
        &self.laws
    }

    /// Takes in events, in the order of their positions, all in one transaction. Those already taken in are passed over.
    ///
    /// An event that cannot be understood parks its subject: the subject's rows stay as of the event before, the others
    /// go on, and [`crate::Views::health`] tells. It is tried again with the subject's next event and at the next opening.
    ///
    /// # Errors
    /// [`ViewError::Gap`] when events are missing in between; else when the file cannot be written or the log cannot be
    /// read. Nothing of the call is in the views then, and it may be tried again.
    pub fn project(&mut self, events: &[Stored]) -> Result<(), ViewError> {
        self.prepare(events)?;
        self.show()
    }

    /// The first half of [`Projector::project`]: writes what events come to, and shows it to nobody yet. So the views can
    /// be written while the log still makes the events durable. [`Projector::show`] or [`Projector::withdraw`] is next.
    ///
    /// # Errors
    /// As [`Projector::project`].
    pub fn prepare(&mut self, events: &[Stored]) -> Result<(), ViewError> {
        let fresh = events.iter().position(|stored| self.position <= stored.position);
        let Some(events) = fresh.map(|from| &events[from..]) else { return Ok(()) };
        for (stored, expected) in events.iter().zip(self.position..) {
            if stored.position != expected {
                return Err(ViewError::Gap { expected, found: stored.position });
            }
        }
        self.connection.execute_batch("BEGIN IMMEDIATE")?;
        match self.learn(events).and_then(|()| self.take_in(events)) {
            Ok(()) => {
                self.position += events.len() as u64;
                Ok(())
            }
            Err(error) => {
                self.withdraw()?;
                Err(error)
            }
        }
    }

    /// Shows what was prepared, if anything was.
    ///
    /// # Errors
    /// When the file cannot be written: nothing of it is in the views then, and it may be tried again from the start.
    pub fn show(&mut self) -> Result<(), ViewError> {
        if self.connection.is_autocommit() {
            return Ok(());
        }
        if let Err(error) = self.connection.execute_batch("COMMIT") {
            self.withdraw()?;
            return Err(error.into());
        }
        self.law_ahead = false;
        self.forget();
        Ok(())
    }

    /// Gives up what was prepared, if anything was: the views stay as they are.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn withdraw(&mut self) -> Result<(), ViewError> {
        if !self.connection.is_autocommit() {
            self.connection.execute_batch("ROLLBACK")?;
        }
        // What is in memory is ahead of the file: it is read again when needed.
        self.reload()?;
        if self.law_ahead {
            // The log may not have come to hold it.
            self.laws = wait_for(accord_store::laws::laws(&*self.log))?;
            self.law_ahead = false;
        }
        Ok(())
    }

    /// Takes what changes the law, before anything is folded.
    fn learn(&mut self, events: &[Stored]) -> Result<(), ViewError> {
        for stored in events {
            self.law_ahead |= accord_store::laws::take(&mut self.laws, stored)?;
        }
        Ok(())
    }

    fn take_in(&mut self, events: &[Stored]) -> Result<(), ViewError> {
        self.turn += 1;
        self.bring_back_of(events)?;
        let mut touched: HashSet<Arc<str>> = HashSet::new();
        for (index, stored) in events.iter().enumerate() {
            if self.parked.contains_key(&stored.stream) {
                continue;
            }
            match self.take_in_one(stored, &events[..=index]) {
                Ok(()) => {
                    if !touched.contains(&stored.stream) {
                        touched.insert(Arc::clone(&stored.stream));
                    }
                }
                Err(Trouble::Park(why)) => self.park(&stored.stream, &why)?,
                Err(Trouble::Views(error)) => return Err(error),
            }
        }
        // By id, so that neighbours in the file are written one after the other.
        let mut order: Vec<(u64, Arc<str>)> = touched
            .into_iter()
            .filter_map(|stream| {
                self.heads.get(&stream).filter(|head| head.waiting()).map(|head| (head.id, stream))
            })
            .collect();
        order.sort_unstable();
        let mut into = Statements::new(&self.connection);
        for (_, stream) in order {
            if let Some(head) = self.heads.get_mut(&stream) {
                self.writer.write(&mut into, head)?;
            }
        }
        if let Some(last) = events.last() {
            self.connection
                .prepare_cached(
                    "UPDATE checkpoint SET position = ?1, leaf = ?2, recorded_at = ?3 WHERE id = 1",
                )?
                .execute((
                    (last.position + 1).cast_signed(),
                    last.leaf.as_slice(),
                    last.recorded_at.as_micros(),
                ))?;
        }
        Ok(())
    }

    /// Takes in the last of the events that are being taken in; the log may not show them yet.
    pub(crate) fn take_in_one(&mut self, stored: &Stored, events: &[Stored]) -> Result<(), Trouble> {
        let read = fold::read(stored.into(), &stored.body, &mut self.citations)
            .map_err(|error| park(stored, words(&error)))?;
        if stored.version == 0 && self.heads.contains_key(&stored.stream) {
            return Err(park(stored, SECOND_STREAM.to_owned()));
        }
        if !self.heads.contains_key(&stored.stream) {
            let head = self.load(stored)?;
            self.heads.insert(Arc::clone(&stored.stream), head);
        }
        let Some(head) = self.heads.get_mut(&stored.stream) else {
            return Err(park(stored, "the subject is not known".to_owned()));
        };
        head.used = self.turn;
        if stored.version == 0 {
            head.home = home_area(&read.event);
        }
        if head.in_order(&read.event) {
            head.advance(&read.event, &self.laws);
            head.note(&read, stored.kind, &[]);
            return Ok(());
        }
        // What waits of this subject is written first, so that the file says what was known before this event.
        let history =
            fold::history(&*self.log, &stored.stream, stored.version, events)?.map_err(Trouble::Park)?;
        if head.waiting() {
            self.writer.write(&mut Statements::new(&self.connection), head)?;
        }
        let open = write::open(&self.connection, head.id)?;
        head.resolve(&history, open, &self.laws);
        head.note(&read, stored.kind, &history);
        Ok(())
    }

    /// Whether the file has a subject.
    pub(crate) fn is_known(&self, subject: &Subject) -> Result<bool, ViewError> {
        let mut select = self.connection.prepare_cached("SELECT 1 FROM subjects WHERE code = ?1")?;
        Ok(select.exists([subject.code()])?)
    }

    /// The head of a subject before an event, from the file and the log.
    fn load(&self, stored: &Stored) -> Result<Head, Trouble> {
        let subject = Subject::parse(&stored.stream).map_err(|error| park(stored, error.to_string()))?;
        if stored.version == 0 {
            if self.is_known(&subject)? {
                return Err(park(stored, SECOND_STREAM.to_owned()));
            }
            return Ok(Head::new(subject, stored.position));
        }
        let known = self
            .connection
            .prepare_cached(
                "SELECT id, area, version, last_position, last_recorded, rows FROM subjects WHERE code = ?1",
            )?
            .query_row([subject.code()], |row| {
                Ok((
                    row.get::<_, i64>(0)?.cast_unsigned(),
                    row.get::<_, Option<u32>>(1)?,
                    row.get::<_, Version>(2)?,
                    row.get::<_, i64>(3)?.cast_unsigned(),
                    row.get::<_, i64>(4)?,
                    row.get::<_, u32>(5)?,
                ))
            })
            .optional()?;
        let Some((id, area, version, last_position, last_recorded, next_row)) = known else {
            return Err(Trouble::Views(ViewError::Damaged(format!(
                "nothing is known of {} before its version {}",
                stored.stream, stored.version
            ))));
        };
        let events = fold::history(&*self.log, &stored.stream, version, &[])?.map_err(Trouble::Park)?;
        let mut head = Head::new(subject, id);
        head.home = area.map(accord_domain::AreaCode::from_number);
        head.version = version;
        head.last_position = last_position;
        head.last_recorded = accord_domain::Instant::from_micros(last_recorded);
        head.next_row = next_row;
        head.names = Names::load(&self.connection, id)?;
        head.load(&events, write::open(&self.connection, id)?, &self.laws);
        debug_assert!(head.tail.iter().all(|row| row.kept == Kept::Same));
        Ok(head)
    }

    /// Reads again what is remembered of the file besides the heads.
    pub(crate) fn reload(&mut self) -> Result<(), ViewError> {
        let mut statement = self.connection.prepare("SELECT stream, position FROM parked")?;
        let parked = statement.query_map([], |row| {
            Ok((Arc::from(row.get::<_, String>(0)?), row.get::<_, i64>(1)?.cast_unsigned()))
        })?;
        self.parked = parked.collect::<Result<_, _>>()?;
        let position =
            self.connection.query_row("SELECT position FROM checkpoint", [], |row| row.get::<_, i64>(0))?;
        self.position = position.cast_unsigned();
        self.heads.clear();
        self.writer = Writer::default();
        Ok(())
    }

    /// Gives up the heads longest unused: half of them at a time, so that it is rare.
    fn forget(&mut self) {
        if self.heads.len() <= self.options.heads_max {
            return;
        }
        let mut used: Vec<u64> = self.heads.values().map(|head| head.used).collect();
        let keep = (self.options.heads_max / 2).min(used.len().saturating_sub(1));
        let at = used.len() - 1 - keep;
        let (_, bound, _) = used.select_nth_unstable(at);
        let bound = *bound;
        self.heads.retain(|_, head| bound < head.used);
    }
}

impl Drop for Projector {
    /// Closes the file before it is said to be whole: closing writes as well.
    fn drop(&mut self) {
        if let Ok(nothing) = Connection::open_in_memory() {
            drop(std::mem::replace(&mut self.connection, nothing));
            under_way::end(&self.path);
        }
    }
}

/// Why a stream is set aside that begins under a name that another stream has: a wrong index of the log led to it.
pub(crate) const SECOND_STREAM: &str = "a second stream begins under this name; `accord verify` names it";

/// A subject is set aside for one of its events.
fn park(stored: &Stored, error: String) -> Trouble {
    Trouble::Park(NotUnderstood { position: stored.position, error })
}

/// An error and its cause in one line.
pub(crate) fn words(error: &dyn std::error::Error) -> String {
    match error.source() {
        Some(source) => format!("{error}: {source}"),
        None => error.to_string(),
    }
}

fn open_or_discard(
    path: &Path,
    source: Source,
    log: &dyn EventLog,
) -> Result<(Connection, Opened), ViewError> {
    let connection = schema::open_writer(path)?;
    let Some(opened) = trust(&connection, source, log)? else { return Ok((connection, Opened::Resumed)) };
    connection.execute_batch("BEGIN IMMEDIATE")?;
    write::create(&connection, &source.ledger, source.salt)?;
    connection.execute_batch(&schema::indexes())?;
    connection.execute_batch("COMMIT")?;
    Ok((connection, opened))
}

/// Whether the views can be gone on with, and be read; else what to say of them.
pub(crate) fn trust(
    connection: &Connection,
    source: Source,
    log: &dyn EventLog,
) -> Result<Option<Opened>, ViewError> {
    let tables: i64 = connection.query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0))?;
    if tables == 0 {
        return Ok(Some(Opened::Fresh));
    }
    let found = connection
        .query_row("SELECT format, fold, ledger, salt, position, leaf FROM checkpoint", [], |row| {
            Ok((
                row.get::<_, i64>(0)?,
                row.get::<_, i64>(1)?,
                row.get::<_, Vec<u8>>(2)?,
                row.get::<_, i64>(3)?.cast_unsigned(),
                row.get::<_, i64>(4)?.cast_unsigned(),
                row.get::<_, Option<Vec<u8>>>(5)?,
            ))
        })
        .optional();
    let discarded = |why: String| Ok(Some(Opened::Discarded(why)));
    let Ok(Some((format, fold, ledger, salt, position, leaf))) = found else {
        return discarded("they say nothing of where they come from".to_owned());
    };
    if format != schema::FORMAT {
        return discarded(format!("they have format {format}, this version writes {}", schema::FORMAT));
    }
    if fold != schema::fold() {
        return discarded(format!("they were computed by fold {fold}, this version has {}", schema::fold()));
    }
    if ledger != source.ledger || salt != source.salt {
        return discarded("they are of another ledger".to_owned());
    }
    if let Some(last) = position.checked_sub(1) {
        let there = wait_for(log.read_all(last, 1))?;
        let same = there.first().is_some_and(|there| leaf.as_deref() == Some(there.leaf.as_slice()));
        if !same {
            return discarded(format!("the log does not hold what they say is at position {last}"));
        }
    }
    Ok(None)
}

/// Removes the file and what SQLite keeps beside it.
pub(crate) fn remove(path: &Path) -> Result<(), ViewError> {
    for suffix in ["", "-wal", "-shm", "-journal"] {
        let mut name = path.as_os_str().to_owned();
        name.push(suffix);
        match std::fs::remove_file(PathBuf::from(name)) {
            Ok(()) => {}
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
            Err(error) => return Err(ViewError::File(error)),
        }
    }
    Ok(())
}
