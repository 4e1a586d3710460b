//! Reading: connections of their own, so that nobody waits for the writer.

use super::index::{self, Digest128, Tail, digest_hash, name_hash};
use super::{fault, files, leaves, schema, schema::Mode};
use crate::limits::{IDLE_READERS_MAX, MAPPED_BYTES_MAX};
use crate::merkle::Hash;
use crate::port::{Appended, LogError, Stored};
use accord_domain::{EventType, Instant, Version};
use rusqlite::{Connection, OptionalExtension, Row};
use std::ops::{Deref, Range};
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError, RwLock};

/// Page cache of a reader, negative because SQLite takes a positive number for pages: the inner pages of a log of some
/// tens of millions of events, so that a lookup reads its row's page and no other.
const READER_CACHE_KIB: i64 = -8_192;

/// Turns SQLite's failure while reading into the log's.
#[expect(clippy::needless_pass_by_value, reason = "it is given to map_err")]
pub(super) fn failed(error: rusqlite::Error) -> LogError {
    fault::sqlite("reading the log", &error)
}

/// A row that does not hold what every row holds.
#[expect(clippy::needless_pass_by_value, reason = "texts and errors alike are given")]
pub(super) fn damaged(position: u64, what: impl ToString) -> LogError {
    LogError::Damaged { position, what: what.to_string() }
}

/// The two files, open for reading.
#[derive(Debug)]
pub(super) struct Reader {
    pub(super) log: Connection,
    pub(super) index: Option<Connection>,
}

impl Reader {
    /// Opens both; the index only when it is there and fits.
    pub(super) fn open(dir: &Path, mode: Mode, with_index: bool) -> Result<Self, LogError> {
        let log = schema::connect(&files::log(dir), mode)?;
        let index = with_index.then(|| schema::connect(&files::index(dir), mode)).transpose()?;
        for file in std::iter::once(&log).chain(&index) {
            file.pragma_update(None, "cache_size", READER_CACHE_KIB).map_err(failed)?;
            file.pragma_update_and_check(None, "mmap_size", MAPPED_BYTES_MAX, |_| Ok(())).map_err(failed)?;
        }
        Ok(Self { log, index })
    }
}

/// Readers nobody uses now.
#[derive(Debug, Default)]
pub(super) struct Pool(Mutex<Vec<Reader>>);

impl Pool {
    pub(super) fn take(&self) -> Option<Reader> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).pop()
    }

    pub(super) fn give_back(&self, reader: Reader) {
        let mut idle = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if idle.len() < IDLE_READERS_MAX {
            idle.push(reader);
        }
    }
}

/// The newest event of a stream.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Head {
    /// The stream.
    pub(super) stream: u64,
    /// Version of its newest event.
    pub(super) version: Version,
    /// Where that is.
    pub(super) position: u64,
}

/// A stream found in the log: the look in which it was found, its number, and where its newest event is.
struct Found<'a> {
    log: Look<'a>,
    stream: u64,
    newest: u64,
}

/// Numbers of streams, each with the position of its newest event as far as known.
pub(super) type Heads = Vec<(u64, Option<u64>)>;

/// Answers lookups from the tail, then the index, and checks every candidate in the log. The tail is asked first: what
/// leaves it is in the index before.
#[derive(Clone, Copy)]
pub(super) struct Lookup<'a> {
    pub(super) reader: &'a Reader,
    pub(super) tail: &'a RwLock<Tail>,
}

impl Lookup<'_> {
    fn tail<T>(&self, ask: impl FnOnce(&Tail) -> T) -> T {
        ask(&self.tail.read().unwrap_or_else(PoisonError::into_inner))
    }

    fn index<T: Default>(&self, ask: impl FnOnce(&Connection) -> rusqlite::Result<T>) -> Result<T, LogError> {
        self.reader.index.as_ref().map_or_else(|| Ok(T::default()), |index| ask(index).map_err(failed))
    }

    /// The newest event of a stream; none when nothing is recorded under the name.
    pub(super) fn head(&self, name: &str) -> Result<Option<Head>, LogError> {
        let Some(Found { log, stream, newest: position }) = self.newest(name)? else { return Ok(None) };
        let (of, version, _) = links(&log, position)?;
        if of != stream {
            return Err(not_of(position, name));
        }
        Ok(Some(Head { stream, version, position }))
    }

    /// Finds a stream. All that is read of it is read in one look, for which SQLite locks and looks for changes once. It begins
    /// after tail and index were asked, so it sees every event they name.
    fn newest(&self, name: &str) -> Result<Option<Found<'_>>, LogError> {
        let hash = name_hash(name);
        let Some(recent) = self.tail(|tail| tail.may_hold(hash).then(|| tail.heads_named(hash))) else {
            return Ok(None);
        };
        match self.named(name, recent)? {
            Some(found) => Ok(Some(found)),
            None => self.named(name, self.heads_named(hash)?),
        }
    }

    /// Of several streams the one of this name.
    fn named(&self, name: &str, candidates: Heads) -> Result<Option<Found<'_>>, LogError> {
        if candidates.is_empty() {
            return Ok(None);
        }
        let log = Look::begin(&self.reader.log)?;
        for (stream, newest) in candidates {
            if !is_named(&log, stream, name)? {
                continue;
            }
            let lost = || index_is_wrong(&format!("it does not know the newest event of {name}"));
            return Ok(Some(Found { log, stream, newest: newest.ok_or_else(lost)? }));
        }
        Ok(None)
    }

    /// Streams in the index that a name may mean, each with its newest event.
    fn heads_named(&self, hash: i64) -> Result<Heads, LogError> {
        settled(self.tail, || self.index(|index| index::heads_named(index, hash)))
    }

    /// The streams of areas, in the order in which they began.
    pub(super) fn areas(&self) -> Result<Vec<Arc<str>>, LogError> {
        let mut streams = self.tail(|tail| tail.areas().to_vec());
        streams.extend(self.index(index::areas)?);
        streams.sort_unstable();
        streams.dedup();
        let mut select =
            self.reader.log.prepare_cached("SELECT name FROM streams WHERE id = ?1").map_err(failed)?;
        let mut name = |stream: u64| {
            let name = select.query_row([stream.cast_signed()], |row| row.get::<_, String>(0));
            name.map(Arc::from).map_err(failed)
        };
        streams.into_iter().map(&mut name).collect()
    }

    /// A run of sixteen leaf hashes, when all of it is in the tail or the index.
    pub(super) fn leaves(&self, run: u64) -> Result<Option<Vec<Hash>>, LogError> {
        match self.tail(|tail| tail.leaves(run)) {
            Some(hashes) => Ok(Some(hashes)),
            None => self.index(|index| leaves::run(index, run)),
        }
    }

    /// What was asked under a key and what it came to.
    pub(super) fn request(&self, key: &Digest128) -> Result<Option<([u8; 32], Appended)>, LogError> {
        let hash = digest_hash(key);
        let Some(recent) = self.tail(|tail| tail.may_hold(hash).then(|| tail.requests_under(hash))) else {
            return Ok(None);
        };
        for position in recent {
            if let Some(found) = self.request_at(position, key)? {
                return Ok(Some(found));
            }
        }
        for position in self.index(|index| index::requests_under(index, hash))? {
            if let Some(found) = self.request_at(position, key)? {
                return Ok(Some(found));
            }
        }
        Ok(None)
    }

    fn request_at(&self, position: u64, key: &Digest128) -> Result<Option<([u8; 32], Appended)>, LogError> {
        self.reader
            .log
            .prepare_cached(
                "SELECT r.digest, r.count, a.version, b.recorded_at FROM requests r \
                 JOIN events a ON a.position = r.first_position \
                 JOIN events b ON b.position = r.first_position + r.count - 1 \
                 WHERE r.first_position = ?1 AND r.key = ?2",
            )
            .and_then(|mut select| {
                select
                    .query_row((position.cast_signed(), &key[..]), |row| {
                        Ok((
                            row.get(0)?,
                            Appended {
                                first_position: position,
                                first_version: row.get(2)?,
                                count: row.get(1)?,
                                recorded_at: Instant::from_micros(row.get(3)?),
                            },
                        ))
                    })
                    .optional()
            })
            .map_err(failed)
    }

    /// Events of a stream, oldest first. Found from the newest backwards, so what lies after the range wanted costs a
    /// look at three columns an event.
    pub(super) fn read_stream(
        &self,
        name: &str,
        from: Version,
        limit: usize,
    ) -> Result<Vec<Stored>, LogError> {
        let Some(Found { log, stream, newest }) = self.newest(name)? else { return Ok(Vec::new()) };
        let end = from.saturating_add(Version::try_from(limit).unwrap_or(Version::MAX));
        backwards(&log, name, stream, newest, from..end)
    }
}

/// What the index says, with what the tail knows better. Where the tail was emptied into the index meanwhile, the index is asked
/// again: it may have been asked just before, and then neither told the newest event.
fn settled(tail: &RwLock<Tail>, mut ask: impl FnMut() -> Result<Heads, LogError>) -> Result<Heads, LogError> {
    let tail = || tail.read().unwrap_or_else(PoisonError::into_inner);
    loop {
        let covered = tail().covered();
        let mut found = ask()?;
        let tail = tail();
        for (stream, newest) in &mut found {
            *newest = tail.head(*stream).or(*newest);
        }
        if tail.covered() == covered {
            return Ok(found);
        }
    }
}

/// Whether this is the name of a stream.
fn is_named(log: &Connection, stream: u64, name: &str) -> Result<bool, LogError> {
    log.prepare_cached("SELECT name FROM streams WHERE id = ?1")
        .and_then(|mut select| {
            select
                .query_row([stream.cast_signed()], |row| Ok(row.get_ref(0)?.as_bytes()? == name.as_bytes()))
                .optional()
        })
        .map(|same| same == Some(true))
        .map_err(failed)
}

/// The events of a stream in a range of versions, oldest first, found from its newest one backwards.
fn backwards(
    log: &Connection,
    name: &str,
    stream: u64,
    newest: u64,
    wanted: Range<Version>,
) -> Result<Vec<Stored>, LogError> {
    let name: Arc<str> = name.into();
    let mut select = log
        .prepare_cached(
            "SELECT position, version, type, effective_at, recorded_at, leaf, body, stream, back FROM events \
             WHERE position = ?1",
        )
        .map_err(failed)?;
    let mut events = Vec::new();
    let (mut position, mut expected) = (newest, None);
    loop {
        // The newest one is read whole: it is wanted more often than not.
        let (of, version, back) = if expected.is_some_and(|version| wanted.end <= version) {
            links(log, position)?
        } else {
            let mut rows = select.query([position.cast_signed()]).map_err(failed)?;
            let row =
                rows.next().map_err(failed)?.ok_or_else(|| damaged(position, "the event is missing"))?;
            let event = stored(row, Arc::clone(&name))?;
            let links = (
                integer(row, 7, position)?.cast_unsigned(),
                event.version,
                integer(row, 8, position)?.cast_unsigned(),
            );
            if wanted.contains(&event.version) {
                events.push(event);
            }
            links
        };
        if of != stream || expected.is_some_and(|expected| version != expected) {
            return Err(match expected {
                None => not_of(position, &name),
                Some(expected) => {
                    damaged(position, format!("version {expected} of {name} was expected here"))
                }
            });
        }
        if version <= wanted.start || wanted.is_empty() {
            break;
        }
        if back == 0 || back > position {
            return Err(damaged(position, format!("the way to the previous event of {name} is lost")));
        }
        position -= back;
        expected = Some(version - 1);
    }
    events.reverse();
    Ok(events)
}

/// A transaction that only reads; its two statements are prepared once.
pub(super) struct Look<'c>(&'c Connection);

impl<'c> Look<'c> {
    pub(super) fn begin(connection: &'c Connection) -> Result<Self, LogError> {
        connection.prepare_cached("BEGIN").and_then(|mut begin| begin.execute([])).map_err(failed)?;
        Ok(Self(connection))
    }
}

impl Deref for Look<'_> {
    type Target = Connection;

    fn deref(&self) -> &Connection {
        self.0
    }
}

impl Drop for Look<'_> {
    fn drop(&mut self) {
        let ended = self.0.prepare_cached("COMMIT").and_then(|mut commit| commit.execute([]));
        if let Err(error) = ended {
            tracing::warn!(error = &error as &dyn std::error::Error, "a look at the log did not end");
            drop(self.0.execute_batch("ROLLBACK"));
        }
    }
}

/// Stream, version and distance to the previous event of the stream.
fn links(log: &Connection, position: u64) -> Result<(u64, Version, u64), LogError> {
    log.prepare_cached("SELECT stream, version, back FROM events WHERE position = ?1")
        .and_then(|mut select| {
            select
                .query_row([position.cast_signed()], |row| {
                    Ok((
                        row.get::<_, i64>(0)?.cast_unsigned(),
                        row.get(1)?,
                        row.get::<_, i64>(2)?.cast_unsigned(),
                    ))
                })
                .optional()
        })
        .map_err(failed)?
        .ok_or_else(|| damaged(position, "the event is missing"))
}

fn not_of(position: u64, name: &str) -> LogError {
    index_is_wrong(&format!("it says that position {position} is of {name}, which it is not"))
}

/// The index says what the log does not: nothing of the log is lost.
fn index_is_wrong(what: &str) -> LogError {
    LogError::Other(format!(
        "index.db differs from the log: {what}; stop the program and delete index.db, it is made again from the log"
    ))
}

/// Events of the log in order.
pub(super) fn read_all(log: &Connection, from: u64, limit: usize) -> Result<Vec<Stored>, LogError> {
    let (Ok(from), limit) = (i64::try_from(from), i64::try_from(limit).unwrap_or(i64::MAX)) else {
        return Ok(Vec::new());
    };
    let mut select = log
        .prepare_cached(
            "SELECT e.position, e.version, e.type, e.effective_at, e.recorded_at, e.leaf, e.body, s.name \
             FROM events e CROSS JOIN streams s ON s.id = e.stream \
             WHERE e.position >= ?1 ORDER BY e.position LIMIT ?2",
        )
        .map_err(failed)?;
    let mut rows = select.query((from, limit)).map_err(failed)?;
    let mut events = Vec::new();
    while let Some(row) = rows.next().map_err(failed)? {
        let name = row.get_ref(7).map_err(failed)?.as_str().map_err(|error| damaged(0, error))?;
        let event = stored(row, name.into())?;
        let expected = from.cast_unsigned() + events.len() as u64;
        if event.position != expected {
            return Err(damaged(expected, "the event is missing"));
        }
        events.push(event);
    }
    Ok(events)
}

/// How many events are in the log.
pub(super) fn len(log: &Connection) -> Result<u64, LogError> {
    log.prepare_cached("SELECT coalesce(max(position) + 1, 0) FROM events")
        .and_then(|mut select| select.query_row([], |row| row.get::<_, i64>(0)))
        .map(i64::cast_unsigned)
        .map_err(failed)
}

/// When the event at a position was recorded.
pub(super) fn recorded_at(log: &Connection, position: u64) -> Result<Instant, LogError> {
    log.prepare_cached("SELECT recorded_at FROM events WHERE position = ?1")
        .and_then(|mut select| select.query_row([position.cast_signed()], |row| row.get(0)).optional())
        .map_err(failed)?
        .map(Instant::from_micros)
        .ok_or_else(|| damaged(position, "the event is missing"))
}

/// How many events of the first `len` were recorded up to an instant: `recorded_at` only ever rises.
pub(super) fn known(log: &Connection, len: u64, at: Instant) -> Result<u64, LogError> {
    let (mut low, mut high) = (0, len);
    while low < high {
        let middle = low + (high - low) / 2;
        if recorded_at(log, middle)? <= at {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    Ok(low)
}

pub(super) fn integer(row: &Row<'_>, column: usize, position: u64) -> Result<i64, LogError> {
    row.get(column).map_err(|error| damaged(position, error))
}

/// The columns of an event that are numbers, checked for their range.
pub(super) struct Numbers {
    pub(super) position: u64,
    pub(super) version: Version,
    pub(super) kind: EventType,
    pub(super) effective_at: Instant,
    pub(super) recorded_at: Instant,
}

/// Reads position, version, type, effective_at and recorded_at from the first five columns.
pub(super) fn numbers(row: &Row<'_>) -> Result<Numbers, LogError> {
    let position = row.get::<_, i64>(0).map_err(failed)?.cast_unsigned();
    let range = |what: &str| damaged(position, format!("the {what} is out of range"));
    Ok(Numbers {
        position,
        version: Version::try_from(integer(row, 1, position)?).map_err(|_| range("version"))?,
        kind: EventType(u16::try_from(integer(row, 2, position)?).map_err(|_| range("type"))?),
        effective_at: Instant::from_micros(integer(row, 3, position)?),
        recorded_at: Instant::from_micros(integer(row, 4, position)?),
    })
}

fn stored(row: &Row<'_>, stream: Arc<str>) -> Result<Stored, LogError> {
    let Numbers { position, version, kind, effective_at, recorded_at } = numbers(row)?;
    let leaf = row.get(5).map_err(|error| damaged(position, error))?;
    let body = row
        .get_ref(6)
        .map_err(failed)
        .and_then(|body| body.as_blob().map_err(|error| damaged(position, error)))?;
    let body = std::str::from_utf8(body).map_err(|error| damaged(position, error))?.into();
    Ok(Stored { position, stream, version, kind, effective_at, recorded_at, leaf, body })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::SystemClock;
    use crate::sqlite::SqliteLog;
    use crate::sqlite::index::Learnt;

    #[test]
    fn the_newest_event_is_not_lost_on_its_way_from_the_tail_to_the_index() {
        let tail = RwLock::new(Tail::default());
        let mut learnt = Learnt::default();
        learnt.heads.push((0, 0));
        tail.write().unwrap().learn(learnt);
        let mut index = vec![(0, None), (1, Some(9))];
        let mut asked = 0;
        let known = settled(&tail, || Ok(index.clone())).unwrap();
        assert_eq!(known, [(0, Some(0)), (1, Some(9))], "the tail knows better");
        let known = settled(&tail, || {
            let told = index.clone();
            asked += 1;
            if asked == 1 {
                // Right after the index was asked.
                index[0].1 = Some(0);
                tail.write().unwrap().flushed();
            }
            Ok(told)
        });
        assert_eq!((known.unwrap(), asked), (vec![(0, Some(0)), (1, Some(9))], 2));
    }

    #[test]
    fn a_reader_maps_files_of_any_size() {
        let dir = tempfile::tempdir().unwrap();
        SqliteLog::create(dir.path(), 7, &SystemClock).unwrap();
        let reader = Reader::open(dir.path(), Mode::Read, false).unwrap();
        let mapped: i64 = reader.log.pragma_query_value(None, "mmap_size", |row| row.get(0)).unwrap();
        // Less where SQLite was built without the limit raised in `.cargo/config.toml`.
        assert_eq!(mapped, MAPPED_BYTES_MAX);
    }
}
