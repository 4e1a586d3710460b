//! Scans of the whole log: rows are lent to the visitor as SQLite holds them.

use super::files;
use super::read::{Numbers, damaged, failed, integer, numbers};
use super::schema::{self, Mode};
use crate::limits::SCAN_CHUNK_ROWS;
use crate::port::{LogError, Raw, Scan};
use rusqlite::Connection;
use std::ops::Range;
use std::path::Path;
use std::sync::Arc;

/// Page cache of a scanner, negative because SQLite takes a positive number for pages. No page is read twice, so a small
/// one is the faster: it stays in the processor's own.
const SCANNER_CACHE_KIB: i64 = -512;

/// Names of streams read at once when they are asked for one after the other.
const NAMES_AHEAD: u64 = 512;

/// A scanner with a connection of its own.
#[derive(Debug)]
pub(super) struct Scanner {
    log: Connection,
    /// Names of streams read last, and the number of the first of them.
    names: Vec<Arc<str>>,
    first_name: u64,
}

impl Scanner {
    pub(super) fn open(dir: &Path, mode: Mode) -> Result<Self, LogError> {
        Ok(Self { log: connect(&files::log(dir), mode)?, names: Vec::new(), first_name: 0 })
    }
}

/// A connection for reading a log from its beginning to its end.
pub(super) fn connect(log: &Path, mode: Mode) -> Result<Connection, LogError> {
    let log = schema::connect(log, mode)?;
    log.pragma_update(None, "cache_size", SCANNER_CACHE_KIB).map_err(failed)?;
    Ok(log)
}

/// Visits a chunk; gives how many rows were there.
fn chunk(
    log: &Connection,
    range: Range<u64>,
    visit: &mut dyn FnMut(Raw<'_>) -> Result<(), LogError>,
) -> Result<u64, LogError> {
    let mut select = log
        .prepare_cached(
            "SELECT position, version, type, effective_at, recorded_at, stream, leaf, body FROM events \
                 WHERE position >= ?1 AND position < ?2 ORDER BY position",
        )
        .map_err(failed)?;
    let mut rows = select.query((range.start.cast_signed(), range.end.cast_signed())).map_err(failed)?;
    let mut expected = range.start;
    while let Some(row) = rows.next().map_err(failed)? {
        let Numbers { position, version, kind, effective_at, recorded_at } = numbers(row)?;
        if position != expected {
            return Err(damaged(expected, "the event is missing"));
        }
        let stream = integer(row, 5, position)?.cast_unsigned();
        let bytes = |column| {
            row.get_ref(column)
                .map_err(failed)
                .and_then(|value| value.as_blob().map_err(|error| damaged(position, error)))
        };
        let (leaf, body) = (bytes(6)?, bytes(7)?);
        visit(Raw { position, stream, version, kind, effective_at, recorded_at, leaf, body })?;
        expected += 1;
    }
    Ok(expected - range.start)
}

impl Scan for Scanner {
    fn scan(
        &mut self,
        range: Range<u64>,
        visit: &mut dyn FnMut(Raw<'_>) -> Result<(), LogError>,
    ) -> Result<(), LogError> {
        let end = range.end.min(i64::MAX.cast_unsigned());
        let mut from = range.start;
        while from < end {
            let to = from.saturating_add(SCAN_CHUNK_ROWS).min(end);
            if chunk(&self.log, from..to, visit)? < to - from {
                break;
            }
            from = to;
        }
        Ok(())
    }

    fn pick(
        &mut self,
        positions: &mut dyn Iterator<Item = u64>,
        visit: &mut dyn FnMut(Raw<'_>) -> Result<(), LogError>,
    ) -> Result<(), LogError> {
        // One transaction: SQLite locks and looks for changes once instead of once an event.
        let log = self.log.transaction().map_err(failed)?;
        for position in positions {
            chunk(&log, position..position.saturating_add(1), visit)?;
        }
        Ok(())
    }

    fn stream_name(&mut self, stream: u64) -> Result<Arc<str>, LogError> {
        let missing = || LogError::Other(format!("there is no stream number {stream}"));
        let offset = |first: u64| stream.checked_sub(first).and_then(|offset| usize::try_from(offset).ok());
        if let Some(name) = offset(self.first_name).and_then(|offset| self.names.get(offset)) {
            return Ok(Arc::clone(name));
        }
        let follows = self.first_name + self.names.len() as u64 == stream;
        let count = if follows { NAMES_AHEAD } else { 1 };
        self.names.clear();
        self.first_name = stream;
        let mut select = self
            .log
            .prepare_cached("SELECT name FROM streams WHERE id >= ?1 AND id < ?2 ORDER BY id")
            .map_err(failed)?;
        let range = (stream.cast_signed(), stream.saturating_add(count).cast_signed());
        let mut rows = select.query(range).map_err(failed)?;
        while let Some(row) = rows.next().map_err(failed)? {
            self.names.push(row.get_ref(0).and_then(|name| Ok(Arc::from(name.as_str()?))).map_err(failed)?);
        }
        self.names.first().cloned().ok_or_else(missing)
    }
}
