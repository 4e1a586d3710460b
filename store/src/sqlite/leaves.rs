//! The leaf hashes of the events once more, sixteen to a row of `index.db`.
//!
//! A proof needs the neighbours of its leaf. Beside their events they lie on several pages of a large file; here they lie
//! together, in a file a twentieth of the size. Like everything in the index they follow from the log, are flushed in one
//! pass, and are believed only when they hash to the node above them, which the log has.

use super::tree::CHILDREN;
use crate::merkle::Hash;
use rusqlite::{Connection, OptionalExtension};

/// Leaf hashes that are not in `index.db` yet, from the beginning of a run of sixteen.
#[derive(Debug, Default)]
pub(super) struct Leaves {
    /// Number of the first run.
    first: u64,
    hashes: Vec<Hash>,
}

impl Leaves {
    /// Those of an index that covers so many events: what of the run begun last must be written with it when it is whole.
    pub(super) fn after(log: &Connection, covered: u64) -> rusqlite::Result<Self> {
        let first = covered / CHILDREN;
        let mut select =
            log.prepare("SELECT leaf FROM events WHERE position >= ?1 AND position < ?2 ORDER BY position")?;
        let range = ((first * CHILDREN).cast_signed(), covered.cast_signed());
        let hashes = select.query_map(range, |row| row.get(0))?.collect::<rusqlite::Result<_>>()?;
        Ok(Self { first, hashes })
    }

    /// Takes in the leaves of further events, in order.
    pub(super) fn extend(&mut self, hashes: Vec<Hash>) {
        self.hashes.extend(hashes);
    }

    /// A run, when all of it is here.
    pub(super) fn run(&self, number: u64) -> Option<Vec<Hash>> {
        let at = usize::try_from(number.checked_sub(self.first)?).ok()?.checked_mul(CHILDREN as usize)?;
        self.hashes.get(at..at.checked_add(CHILDREN as usize)?).map(<[Hash]>::to_vec)
    }

    /// Writes every whole run within the caller's transaction.
    pub(super) fn flush(&self, index: &Connection) -> rusqlite::Result<()> {
        let mut insert =
            index.prepare_cached("INSERT OR REPLACE INTO leaves (run, hashes) VALUES (?1, ?2)")?;
        for (run, hashes) in (self.first..).zip(self.hashes.chunks_exact(CHILDREN as usize)) {
            insert.execute((run.cast_signed(), hashes.as_flattened()))?;
        }
        Ok(())
    }

    /// Lets go of what was flushed.
    pub(super) fn flushed(&mut self) {
        let whole = self.hashes.len() / CHILDREN as usize;
        self.hashes.drain(..whole * CHILDREN as usize);
        self.first += whole as u64;
    }
}

/// A run that `index.db` holds.
pub(super) fn run(index: &Connection, number: u64) -> rusqlite::Result<Option<Vec<Hash>>> {
    let mut select = index.prepare_cached("SELECT hashes FROM leaves WHERE run = ?1")?;
    let read = |row: &rusqlite::Row<'_>| Ok(row.get_ref(0)?.as_blob()?.as_chunks().0.to_vec());
    select.query_row([number.cast_signed()], read).optional()
}
