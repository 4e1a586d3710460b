//! Finding a stream by name, its newest event, a request by key, the few streams of areas, and leaf hashes.
//!
//! These lookups are by random keys, and a B-tree that takes every insert at once rewrites a page of its own for nearly
//! every event of a large import. So the log only ever appends, and its lookups lag: what was appended since the last
//! flush is kept in memory, sorted ([`Tail`]), and goes into `index.db` in one sorted pass when there is enough of it.
//! `index.db` can be lost or deleted: it is rebuilt from the log. On opening, the tail is read again from the log.

use super::filter::Filter;
use super::leaves::Leaves;
use super::read::{Heads, damaged, failed};
use super::schema::{self, Mode};
use super::{fault, files};
use crate::limits::FILTERED_EVENTS_MAX;
use crate::merkle::Hash;
use crate::port::{LogError, is_area};
use foldhash::fast::RandomState;
use rusqlite::{Connection, OptionalExtension};
use sha2::{Digest, Sha256};
use std::collections::{BTreeSet, HashMap};
use std::path::Path;

/// Smallest number of entries worth a flush while single requests are appended.
const FLUSH_ENTRIES_MIN: usize = 8_192;
/// The same during an import, whose end flushes what is left.
const FLUSH_ENTRIES_MIN_IMPORT: usize = 250_000;
/// Largest number of entries kept in memory.
const FLUSH_ENTRIES_MAX: usize = 2_000_000;

/// Rows of a long pass read before it is asked whether to go on.
const ROWS_BETWEEN_ASKING: u32 = 4_096;

/// First 16 bytes of the SHA-256 of an idempotency key, as stored, or of a stream name.
pub(super) type Digest128 = [u8; 16];

/// Digest of a key or a name.
pub(super) fn digest128(text: &str) -> Digest128 {
    let hash: [u8; 32] = Sha256::digest(text.as_bytes()).into();
    let mut digest = [0; 16];
    digest.copy_from_slice(&hash[..16]);
    digest
}

/// Where the index looks for a digest.
pub(super) fn digest_hash(digest: &Digest128) -> i64 {
    let mut head = [0; 8];
    head.copy_from_slice(&digest[..8]);
    i64::from_be_bytes(head)
}

/// Where the index looks for a stream name.
pub(super) fn name_hash(name: &str) -> i64 {
    digest_hash(&digest128(name))
}

/// What the index learns from a commit.
#[derive(Debug, Default)]
pub(super) struct Learnt {
    /// Hash of the name and id of each new stream.
    names: Vec<(i64, u64)>,
    /// Ids of the new streams of areas.
    areas: Vec<u64>,
    /// Hash of the key and first position of each request.
    pub(super) keys: Vec<(i64, u64)>,
    /// Stream and position of each event, in order.
    pub(super) heads: Vec<(u64, u64)>,
    /// Leaf hash of each event, in order.
    pub(super) leaves: Vec<Hash>,
}

impl Learnt {
    /// Learns of a new stream: its name, the hash of that, its id.
    pub(super) fn name(&mut self, name: &str, hash: i64, stream: u64) {
        self.names.push((hash, stream));
        if is_area(name) {
            self.areas.push(stream);
        }
    }
}

/// Numbers by hash. That two have one hash is all but unheard of, yet they are kept apart.
#[derive(Debug, Default)]
struct ByHash {
    first: HashMap<i64, u64, RandomState>,
    further: BTreeSet<(i64, u64)>,
}

impl ByHash {
    fn add(&mut self, hash: i64, number: u64) {
        let first = *self.first.entry(hash).or_insert(number);
        if first != number {
            self.further.insert((hash, number));
        }
    }

    fn of(&self, hash: i64) -> Vec<u64> {
        let further = self.further.range((hash, 0)..=(hash, u64::MAX)).map(|(_, number)| *number);
        self.first.get(&hash).copied().into_iter().chain(further).collect()
    }

    fn len(&self) -> usize {
        self.first.len() + self.further.len()
    }

    fn iter(&self) -> impl Iterator<Item = (i64, u64)> {
        self.first.iter().map(|(hash, number)| (*hash, *number)).chain(self.further.iter().copied())
    }

    fn clear(&mut self) {
        self.first.clear();
        self.further.clear();
    }
}

/// What was appended since the last flush.
#[derive(Debug, Default)]
pub(super) struct Tail {
    names: ByHash,
    keys: ByHash,
    areas: Vec<u64>,
    heads: HashMap<u64, u64, RandomState>,
    leaves: Leaves,
    /// Events that `index.db` and the tail know between them: the length of the log as readers of streams see it.
    pub(super) events: u64,
    /// Streams they know.
    pub(super) streams: u64,
    /// Events that `index.db` holds.
    covered: u64,
    /// What `index.db` and the tail hold at most, once somebody needed to know.
    filter: Option<Filter>,
}

impl Tail {
    /// Takes in a commit.
    pub(super) fn learn(&mut self, learnt: Learnt) {
        self.streams += learnt.names.len() as u64;
        self.events += learnt.heads.len() as u64;
        if let Some(filter) = &mut self.filter {
            learnt.names.iter().chain(&learnt.keys).for_each(|(hash, _)| filter.add(*hash));
        }
        if FILTERED_EVENTS_MAX < self.events {
            self.filter = None;
        }
        learnt.names.into_iter().for_each(|(hash, stream)| self.names.add(hash, stream));
        learnt.keys.into_iter().for_each(|(hash, position)| self.keys.add(hash, position));
        self.areas.extend(learnt.areas);
        self.heads.extend(learnt.heads);
        self.leaves.extend(learnt.leaves);
    }

    /// Streams that began since the last flush and that a name may mean, each with its newest event.
    pub(super) fn heads_named(&self, hash: i64) -> Heads {
        self.names.of(hash).into_iter().map(|stream| (stream, self.head(stream))).collect()
    }

    /// Streams of areas that began since the last flush.
    pub(super) fn areas(&self) -> &[u64] {
        &self.areas
    }

    /// Positions of the requests that a key may mean.
    pub(super) fn requests_under(&self, hash: i64) -> Vec<u64> {
        self.keys.of(hash)
    }

    /// The newest event of a stream, when it was appended since the last flush.
    pub(super) fn head(&self, stream: u64) -> Option<u64> {
        self.heads.get(&stream).copied()
    }

    /// A run of sixteen leaf hashes, when all of it was appended since the last flush.
    pub(super) fn leaves(&self, run: u64) -> Option<Vec<Hash>> {
        self.leaves.run(run)
    }

    /// Events that `index.db` holds.
    pub(super) fn covered(&self) -> u64 {
        self.covered
    }

    /// Whether `index.db` or the tail may hold a hash; a no is certain.
    pub(super) fn may_hold(&self, hash: i64) -> bool {
        self.filter.as_ref().is_none_or(|filter| filter.may_hold(hash))
    }

    /// Events that `index.db` holds, when it is not known yet what it does not hold.
    pub(super) fn unfiltered(&self) -> Option<u64> {
        self.filter.is_none().then_some(self.covered)
    }

    /// Takes a filter of `index.db` as it was when it held so many events, if it still does, and adds the tail. (A flush
    /// that is committed but not yet told here is no harm: its entries are still in the tail.)
    pub(super) fn take_filter(&mut self, mut filter: Filter, covered: u64) {
        if self.covered == covered {
            self.names.iter().chain(self.keys.iter()).for_each(|(hash, _)| filter.add(hash));
            self.filter = Some(filter);
        }
    }

    fn entries(&self) -> usize {
        self.names.len() + self.keys.len() + self.heads.len()
    }

    /// Whether a flush is due: rarer the larger the index, as a flush rewrites about all of it, and rarer still during an
    /// import.
    pub(super) fn is_due(&self, importing: bool) -> bool {
        let (least, share) = if importing {
            (FLUSH_ENTRIES_MIN_IMPORT, self.covered)
        } else {
            (FLUSH_ENTRIES_MIN, self.covered / 4)
        };
        let share = usize::try_from(share).unwrap_or(usize::MAX);
        self.entries() >= share.clamp(least, FLUSH_ENTRIES_MAX)
    }

    /// Writes everything into `index.db`, sorted, in one transaction. The caller empties the tail afterwards with
    /// [`Tail::flushed`]; until then readers find the same entries in both, which does no harm.
    pub(super) fn flush(&self, index: &Connection, leaf: &[u8]) -> rusqlite::Result<()> {
        let tx = index.unchecked_transaction()?;
        {
            let mut insert =
                tx.prepare_cached("INSERT OR IGNORE INTO names (hash, stream) VALUES (?1, ?2)")?;
            for (hash, stream) in sorted(self.names.iter()) {
                insert.execute((hash, stream.cast_signed()))?;
            }
            let mut insert = tx.prepare_cached("INSERT OR IGNORE INTO areas (stream) VALUES (?1)")?;
            for stream in &self.areas {
                insert.execute([stream.cast_signed()])?;
            }
            let mut insert =
                tx.prepare_cached("INSERT OR IGNORE INTO keys (hash, position) VALUES (?1, ?2)")?;
            for (hash, position) in sorted(self.keys.iter()) {
                insert.execute((hash, position.cast_signed()))?;
            }
            let mut insert =
                tx.prepare_cached("INSERT OR REPLACE INTO heads (stream, position) VALUES (?1, ?2)")?;
            for (stream, position) in sorted(self.heads.iter().map(|(stream, at)| (*stream, *at))) {
                insert.execute((stream.cast_signed(), position.cast_signed()))?;
            }
            self.leaves.flush(&tx)?;
            self.keep_filter(&tx)?;
            tx.execute(
                "UPDATE covered SET events = ?1, streams = ?2, leaf = ?3",
                (self.events.cast_signed(), self.streams.cast_signed(), leaf),
            )?;
        }
        tx.commit()
    }

    /// Keeps the filter that is at hand, or brings the one kept up to date.
    fn keep_filter(&self, index: &Connection) -> rusqlite::Result<()> {
        let mut fetched = if self.filter.is_none() { kept_filter(index)? } else { None };
        if let Some(filter) = &mut fetched {
            self.names.iter().chain(self.keys.iter()).for_each(|(hash, _)| filter.add(hash));
        }
        index.execute("DELETE FROM filter", [])?;
        let filter = self.filter.as_ref().or(fetched.as_ref()).filter(|_| self.events <= FILTERED_EVENTS_MAX);
        let mut insert =
            index.prepare_cached("INSERT INTO filter (layer, room, bits, digest) VALUES (?1, ?2, ?3, ?4)")?;
        for (layer, (room, bits)) in (0_u32..).zip(filter.into_iter().flat_map(Filter::layers)) {
            let digest = layer_digest(layer, room, &bits);
            insert.execute((layer, room, bits, digest))?;
        }
        Ok(())
    }

    /// Empties the tail after a flush.
    pub(super) fn flushed(&mut self) {
        self.names.clear();
        self.keys.clear();
        self.areas.clear();
        self.heads.clear();
        self.leaves.flushed();
        self.covered = self.events;
    }

    /// Reads what the log has beyond the tail, at most `limit` events; says whether there was any.
    ///
    /// # Errors
    /// [`LogError::Damaged`] for an event that is missing, and those of the store.
    pub(super) fn catch_up(&mut self, log: &Connection, limit: u64) -> Result<bool, LogError> {
        let learnt = self.beyond(log, limit).map_err(failed)?;
        let missing =
            learnt.heads.iter().zip(self.events..).find(|((_, position), wanted)| position != wanted);
        if let Some((_, position)) = missing {
            return Err(damaged(position, "the event is missing"));
        }
        let any = !learnt.heads.is_empty();
        self.learn(learnt);
        Ok(any)
    }

    fn beyond(&self, log: &Connection, limit: u64) -> rusqlite::Result<Learnt> {
        // One read transaction, so that streams and requests are those of the same commits as the events.
        let tx = log.unchecked_transaction()?;
        let (from, to) = (self.events, self.events.saturating_add(limit));
        let mut learnt = Learnt::default();
        {
            let mut events = tx.prepare_cached(
                "SELECT stream, position, leaf FROM events WHERE position >= ?1 AND position < ?2",
            )?;
            let mut rows = events.query((from.cast_signed(), to.cast_signed()))?;
            let mut streams = self.streams;
            while let Some(row) = rows.next()? {
                let (stream, position) = (row.get::<_, i64>(0)?.cast_unsigned(), row.get::<_, i64>(1)?);
                streams = streams.max(stream + 1);
                learnt.heads.push((stream, position.cast_unsigned()));
                learnt.leaves.push(row.get(2)?);
            }
            let mut named = tx.prepare_cached("SELECT id, name FROM streams WHERE id >= ?1 AND id < ?2")?;
            let mut rows = named.query((self.streams.cast_signed(), streams.cast_signed()))?;
            while let Some(row) = rows.next()? {
                let name = row.get_ref(1)?.as_str()?;
                learnt.name(name, name_hash(name), row.get::<_, i64>(0)?.cast_unsigned());
            }
            let mut requests = tx.prepare_cached(
                "SELECT first_position, key FROM requests WHERE first_position >= ?1 AND first_position < ?2",
            )?;
            let end = from + learnt.heads.len() as u64;
            let mut rows = requests.query((from.cast_signed(), end.cast_signed()))?;
            while let Some(row) = rows.next()? {
                learnt.keys.push((digest_hash(&row.get(1)?), row.get::<_, i64>(0)?.cast_unsigned()));
            }
        }
        Ok(learnt)
    }
}

fn sorted<T: Ord>(entries: impl Iterator<Item = T>) -> Vec<T> {
    let mut entries: Vec<T> = entries.collect();
    entries.sort_unstable();
    entries
}

/// Streams that a name may mean, from `index.db`, each with the newest event it knows of the stream.
pub(super) fn heads_named(index: &Connection, hash: i64) -> rusqlite::Result<Heads> {
    let mut select = index.prepare_cached(
        "SELECT n.stream, h.position FROM names n LEFT JOIN heads h ON h.stream = n.stream WHERE n.hash = ?1",
    )?;
    let heads = select.query_map([hash], |row| {
        let newest = row.get::<_, Option<i64>>(1)?;
        Ok((row.get::<_, i64>(0)?.cast_unsigned(), newest.map(i64::cast_unsigned)))
    })?;
    heads.collect()
}

/// Streams of areas, from `index.db`.
pub(super) fn areas(index: &Connection) -> rusqlite::Result<Vec<u64>> {
    let mut select = index.prepare_cached("SELECT stream FROM areas")?;
    let streams = select.query_map([], |row| row.get::<_, i64>(0).map(i64::cast_unsigned))?;
    streams.collect()
}

/// Positions of the requests that a key may mean, from `index.db`.
pub(super) fn requests_under(index: &Connection, hash: i64) -> rusqlite::Result<Vec<u64>> {
    let mut select = index.prepare_cached("SELECT position FROM keys WHERE hash = ?1")?;
    let positions = select.query_map([hash], |row| row.get::<_, i64>(0).map(i64::cast_unsigned))?;
    positions.collect()
}

/// What a layer of the filter is kept with: nothing else would tell that a bit of it was lost, and that a key which is there
/// is denied.
fn layer_digest(layer: u32, room: u32, bits: &[u8]) -> [u8; 32] {
    let mut digest = Sha256::new();
    digest.update(layer.to_le_bytes());
    digest.update(room.to_le_bytes());
    digest.update(bits);
    digest.finalize().into()
}

/// The filter of everything in `index.db` that is kept there, if one is and it is whole.
pub(super) fn kept_filter(index: &Connection) -> rusqlite::Result<Option<Filter>> {
    let mut select = index.prepare("SELECT room, bits, digest FROM filter ORDER BY layer")?;
    let mut rows = select.query([])?;
    let mut layers: Vec<(u32, Vec<u8>)> = Vec::new();
    while let (layer, Some(row)) = (layers.len() as u32, rows.next()?) {
        let (room, bits): (u32, Vec<u8>) = (row.get(0)?, row.get(1)?);
        if row.get::<_, [u8; 32]>(2).ok() != Some(layer_digest(layer, room, &bits)) {
            tracing::warn!("the filter kept in the index is damaged and is made anew");
            return Ok(None);
        }
        layers.push((room, bits));
    }
    Ok(Filter::of_layers(&layers).filter(|_| !layers.is_empty()))
}

/// A filter of everything in `index.db`: the one kept there, or one made by reading it through; none when, asked now and
/// then, that should not go on.
pub(super) fn filter(
    index: &Connection,
    go_on: &mut dyn FnMut() -> bool,
) -> rusqlite::Result<Option<Filter>> {
    let index = index.unchecked_transaction()?;
    if let Some(kept) = kept_filter(&index)? {
        return Ok(Some(kept));
    }
    let mut filter = Filter::default();
    let mut read: u32 = 0;
    for sql in ["SELECT hash FROM names", "SELECT hash FROM keys"] {
        let mut select = index.prepare(sql)?;
        let mut rows = select.query([])?;
        while let Some(row) = rows.next()? {
            filter.add(row.get(0)?);
            read = read.wrapping_add(1);
            if read.is_multiple_of(ROWS_BETWEEN_ASKING) && !go_on() {
                return Ok(None);
            }
        }
    }
    Ok(Some(filter))
}

/// Opens `index.db` for writing; one that is missing, of another ledger or format, or not from this log's past, is made
/// anew and then rebuilt by catching up.
pub(super) fn open(path: &Path, log: &Connection, ledger: &[u8; 16]) -> Result<(Connection, Tail), LogError> {
    let failed = |error: rusqlite::Error| fault::sqlite("opening the index", &error);
    if path.exists() {
        if let Ok(index) = schema::connect(path, Mode::Write)
            && schema::is_index(&index)
            && let Ok(Some(tail)) = load(&index, log, ledger)
        {
            tune(&index).map_err(failed)?;
            return Ok((index, tail));
        }
        tracing::warn!("the index does not fit the log and is rebuilt");
    }
    // Also what SQLite kept beside an index that was deleted.
    files::remove_database(path)?;
    files::create_private(path)?;
    let index = schema::connect(path, Mode::Create)?;
    schema::create_index(&index, ledger).map_err(failed)?;
    tune(&index).map_err(failed)?;
    Ok((index, Tail { filter: Some(Filter::default()), ..Tail::default() }))
}

fn tune(index: &Connection) -> rusqlite::Result<()> {
    // NORMAL keeps the file sound over a loss of power; a flush that is lost is made again from the log.
    index.pragma_update(None, "synchronous", "NORMAL")?;
    schema::limit_wal(index)
}

/// What an index covers; none when it is not of this log.
pub(super) fn load(
    index: &Connection,
    log: &Connection,
    ledger: &[u8; 16],
) -> rusqlite::Result<Option<Tail>> {
    let (of, events, streams, leaf) =
        index.query_row("SELECT ledger, events, streams, leaf FROM covered", [], |row| {
            Ok((
                row.get::<_, Vec<u8>>(0)?,
                row.get::<_, i64>(1)?.cast_unsigned(),
                row.get::<_, i64>(2)?.cast_unsigned(),
                row.get::<_, Vec<u8>>(3)?,
            ))
        })?;
    if of != ledger {
        return Ok(None);
    }
    if events > 0 {
        let stored: Option<Vec<u8>> = log
            .query_row("SELECT leaf FROM events WHERE position = ?1", [events.cast_signed() - 1], |row| {
                row.get(0)
            })
            .optional()?;
        if stored.as_ref() != Some(&leaf) {
            return Ok(None);
        }
    }
    let leaves = Leaves::after(log, events)?;
    Ok(Some(Tail { events, streams, covered: events, leaves, ..Tail::default() }))
}

/// Leaf hash of the newest event; empty when there is none.
pub(super) fn newest_leaf(log: &Connection) -> rusqlite::Result<Vec<u8>> {
    log.query_row("SELECT leaf FROM events ORDER BY position DESC LIMIT 1", [], |row| row.get(0))
        .optional()
        .map(Option::unwrap_or_default)
}

/// Leaf hash of the event before a position; empty when there is none.
pub(super) fn leaf_before(log: &Connection, position: u64) -> rusqlite::Result<Vec<u8>> {
    log.query_row("SELECT leaf FROM events WHERE position = ?1", [position.cast_signed() - 1], |row| {
        row.get(0)
    })
    .optional()
    .map(Option::unwrap_or_default)
}
