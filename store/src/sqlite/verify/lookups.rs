//! The lookups of `index.db` against the log: they follow from it, so where they differ the index is wrong and not the log.
//!
//! Both sides are summed: every row is hashed with a key drawn for this check and the hashes are added up, in whatever order
//! they come. So nothing is kept in memory, and equal sums say that the rows are the same. Leaf hashes are left out: they are
//! believed only where they hash to what the log has above them.

use super::super::filter::Filter;
use super::super::index::{self, Digest128, digest_hash, name_hash};
use super::super::schema::{self, Mode};
use crate::port::is_area;
use crate::verify::{Flaw, FlawKind};
use accord_domain::words;
use rusqlite::Connection;
use std::hash::{BuildHasher, RandomState};
use std::path::Path;

/// The rows of each lookup, summed.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub(super) struct Sums {
    names: u64,
    heads: u64,
    areas: u64,
    keys: u64,
}

/// The index of a ledger, as whoever opens the ledger would find it; none where there is none or it would be made anew. Its
/// transaction begins here: before the log's, so that the index covers nothing that the log does not show.
pub(super) fn open(path: &Path, mode: Mode) -> Option<Connection> {
    let index = schema::connect(path, mode.reading()).ok().filter(schema::is_index)?;
    let begun =
        index.execute_batch("BEGIN").and_then(|()| index.query_row("SELECT 1 FROM covered", [], |_| Ok(())));
    begun.is_ok().then_some(index)
}

/// Reads an index through.
pub(super) fn sums(index: &Connection, hasher: &RandomState) -> rusqlite::Result<Sums> {
    let sum = |sql: &str| -> rusqlite::Result<u64> {
        let mut select = index.prepare(sql)?;
        let mut rows = select.query([])?;
        let mut sum = 0_u64;
        while let Some(row) = rows.next()? {
            let row: (i64, i64) = (row.get(0)?, row.get(1)?);
            sum = sum.wrapping_add(hasher.hash_one(row));
        }
        Ok(sum)
    };
    Ok(Sums {
        names: sum("SELECT hash, stream FROM names")?,
        heads: sum("SELECT stream, position FROM heads")?,
        areas: sum("SELECT stream, 0 FROM areas")?,
        keys: sum("SELECT hash, position FROM keys")?,
    })
}

/// What the log comes to, as far as the index covers it.
pub(super) struct Lookups {
    /// Its own key: a sum cannot be met by intent.
    hasher: RandomState,
    /// Events and streams the index says it covers.
    events: u64,
    streams: u64,
    filter: Option<Filter>,
    /// Of the log, so far.
    wanted: Sums,
    begun: u64,
    denied: bool,
}

impl Lookups {
    /// What an index covers, and how to hash its rows; none where it does not fit the log and so is not believed.
    pub(super) fn of(
        index: &Connection,
        log: &Connection,
        ledger: &[u8; 16],
    ) -> rusqlite::Result<Option<Self>> {
        let Some(tail) = index::load(index, log, ledger)? else { return Ok(None) };
        Ok(Some(Self {
            hasher: RandomState::new(),
            events: tail.covered(),
            streams: tail.streams,
            filter: index::kept_filter(index)?,
            wanted: Sums::default(),
            begun: 0,
            denied: false,
        }))
    }

    /// What sums the rows of the index meanwhile.
    pub(super) fn hasher(&self) -> RandomState {
        self.hasher.clone()
    }

    fn one(&self, row: (i64, i64)) -> u64 {
        self.hasher.hash_one(row)
    }

    /// Whether everything before a position, and nothing after it, is what the index covers.
    pub(super) fn end_at(&self, position: u64) -> bool {
        position == self.events
    }

    /// Takes in the newest event of every stream, as of where the index ends.
    pub(super) fn heads(&mut self, newest: impl Iterator<Item = (u64, u64)>) {
        let rows = newest.map(|(stream, position)| self.one((stream.cast_signed(), position.cast_signed())));
        self.wanted.heads = rows.fold(0, u64::wrapping_add);
    }

    /// Takes in a stream that begins.
    pub(super) fn stream(&mut self, position: u64, stream: u64, name: &str) {
        if position >= self.events {
            return;
        }
        let hash = name_hash(name);
        self.begun += 1;
        self.wanted.names = self.wanted.names.wrapping_add(self.one((hash, stream.cast_signed())));
        if is_area(name) {
            self.wanted.areas = self.wanted.areas.wrapping_add(self.one((stream.cast_signed(), 0)));
        }
        self.seek(hash);
    }

    /// Takes in a request.
    pub(super) fn request(&mut self, position: u64, key: &Digest128) {
        if position < self.events {
            let hash = digest_hash(key);
            self.wanted.keys = self.wanted.keys.wrapping_add(self.one((hash, position.cast_signed())));
            self.seek(hash);
        }
    }

    /// The filter denies nothing that is there.
    fn seek(&mut self, hash: i64) {
        self.denied |= self.filter.as_ref().is_some_and(|filter| !filter.may_hold(hash));
    }

    /// What of the index is not what the log comes to. The log is sound: the sums follow it.
    pub(super) fn differences(&self, found: &Sums) -> Option<Flaw> {
        let wanted = &self.wanted;
        let names = found.names != wanted.names || self.streams != self.begun;
        let tables = [
            ("names", names),
            ("heads", found.heads != wanted.heads),
            ("areas", found.areas != wanted.areas),
            ("keys", found.keys != wanted.keys),
            ("filter", self.denied),
        ];
        let wrong: Vec<&str> =
            tables.into_iter().filter_map(|(name, differs)| differs.then_some(name)).collect();
        (!wrong.is_empty()).then(|| differs(&wrong.join(", ")))
    }
}

fn differs(what: &str) -> Flaw {
    let words = words!(
        "the index differs from the log ({what}); the log is as it was written: stop the program, delete index.db, and it is made \
         again from the log",
        "索引与日志不符（{what}）；日志与写入时一致：停止程序并删除 index.db，索引将由日志重新生成"
    );
    Flaw::of(FlawKind::Index, words)
}

/// An index that cannot be read through.
pub(super) fn unreadable(error: &rusqlite::Error) -> Flaw {
    let words = words!(
        "the index cannot be read: {error}; the log is as it was written: stop the program, delete index.db, and it is made \
         again from the log",
        "索引无法读取：{error}；日志与写入时一致：停止程序并删除 index.db，索引将由日志重新生成"
    );
    Flaw::of(FlawKind::Index, words)
}
