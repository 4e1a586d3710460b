//! The tree beside the events: table `nodes`, written in the commit of the events it covers.
//!
//! A node of level `k` (from 1) with number `n` is the hash of the complete subtree over the leaves
//! `[n · 16^k, (n + 1) · 16^k)`; level 0 are the leaf hashes of the events. So a proof reads a few runs of at most 16
//! hashes, the tree costs a row in 16 events, and no row is ever written twice. Nodes follow from the leaves: those that
//! are not there, in a ledger written before there were any, are computed, and added when it is opened for writing.

use super::generations::Generations;
use super::read::{Lookup, damaged, failed};
use super::{fault, schema};
use crate::limits::{LEAF_RUNS_REMEMBERED, RUNS_REMEMBERED};
use crate::merkle::{Frontier, Hash, Plan, Subtree, node_hash};
use crate::port::LogError;
use rusqlite::{Connection, OptionalExtension};
use std::collections::VecDeque;
use std::ops::Range;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// The height of the subtrees of one level above those of the level below.
const STEP: u32 = 4;
/// Children of a node.
pub(super) const CHILDREN: u64 = 1 << STEP;
const ONE_NODE: &str = "SELECT hash FROM nodes WHERE level = ?1 AND n = ?2";
/// Leaves one commit of catching up covers.
const CATCH_UP_LEAVES: u64 = 1 << 20;
/// Right edges kept for receipts: those of the newest events.
const RECENT_MAX: usize = 4_096;

/// Which rows of `nodes` a growing tree completes.
pub(super) fn node_of(subtree: Subtree) -> Option<(u32, u64)> {
    (subtree.height > 0 && subtree.height.is_multiple_of(STEP))
        .then_some((subtree.height / STEP, subtree.index))
}

/// Whether a log has the table.
pub(super) fn is_there(log: &Connection) -> Result<bool, LogError> {
    log.query_row("SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = 'nodes'", [], |_| Ok(()))
        .optional()
        .map(|found| found.is_some())
        .map_err(failed)
}

/// Makes the table where it is missing, adds the nodes that are missing, and gives the right edge of the tree over all
/// events.
pub(super) fn open(log: &Connection, events: u64) -> Result<Frontier, LogError> {
    let failed_to = |error: rusqlite::Error| fault::sqlite("writing the tree", &error);
    if !is_there(log)? {
        let tx = log.unchecked_transaction().map_err(failed_to)?;
        tx.execute_batch(schema::NODES).map_err(failed_to)?;
        tx.execute_batch(&schema::guards_of("nodes")).map_err(failed_to)?;
        tx.commit().map_err(failed_to)?;
    }
    let newest: Option<i64> = log
        .query_row("SELECT n FROM nodes WHERE level = 1 ORDER BY n DESC LIMIT 1", [], |row| row.get(0))
        .optional()
        .map_err(failed)?;
    let covered = newest.map_or(0, |newest| (newest.cast_unsigned() + 1) * CHILDREN);
    if covered > events {
        return Err(damaged(events, "the tree covers events that are not there"));
    }
    let reader = Nodes { log, stored: true, beside: None };
    let mut frontier = reader.frontier(covered)?;
    while frontier.size() < events {
        let until = events.min(frontier.size() + CATCH_UP_LEAVES);
        let leaves = reader.row(0, frontier.size()..until)?;
        let mut nodes = Vec::new();
        for leaf in leaves {
            frontier.push(leaf, &mut |subtree, hash| {
                nodes.extend(node_of(subtree).map(|(level, n)| (level, n, *hash)));
            });
        }
        if !nodes.is_empty() {
            let tx = log.unchecked_transaction().map_err(failed_to)?;
            insert(&tx, &nodes).map_err(failed_to)?;
            tx.commit().map_err(failed_to)?;
        }
    }
    Ok(frontier)
}

/// Writes nodes within the caller's transaction.
pub(super) fn insert(log: &Connection, nodes: &[(u32, u64, Hash)]) -> rusqlite::Result<()> {
    if nodes.is_empty() {
        return Ok(());
    }
    let mut insert = log.prepare_cached("INSERT INTO nodes (level, n, hash) VALUES (?1, ?2, ?3)")?;
    for (level, n, hash) in nodes {
        insert.execute((level, n.cast_signed(), &hash[..]))?;
    }
    Ok(())
}

/// Reads hashes of the tree.
#[derive(Clone, Copy)]
pub(super) struct Nodes<'a> {
    pub(super) log: &'a Connection,
    /// Whether the log has the table.
    pub(super) stored: bool,
    /// What makes reading faster; none for who must see what the log itself says now.
    pub(super) beside: Option<Beside<'a>>,
}

/// What is known of the tree beside the log.
#[derive(Clone, Copy)]
pub(super) struct Beside<'a> {
    /// What was read lately.
    pub(super) runs: &'a Runs,
    /// How many events the log has.
    pub(super) events: u64,
    /// Has the leaf hashes together.
    pub(super) lookup: Lookup<'a>,
}

impl Nodes<'_> {
    /// The right edge of the tree of a size.
    pub(super) fn frontier(self, size: u64) -> Result<Frontier, LogError> {
        let plan = Plan::root(size);
        let peaks = plan.subtrees().iter().map(|subtree| self.hash(*subtree)).collect::<Result<_, _>>()?;
        Frontier::of(size, peaks).ok_or_else(|| damaged(size, "the tree cannot be read"))
    }

    /// The hash of a complete subtree.
    pub(super) fn hash(self, subtree: Subtree) -> Result<Hash, LogError> {
        let (level, above) = (subtree.height / STEP, subtree.height % STEP);
        let first = subtree.index << above;
        let row = self.row(level, first..first + (1 << above))?;
        join(row).ok_or_else(|| damaged(subtree.leaves().start, "the tree cannot be read"))
    }

    /// Some neighbours of one level. Those within one run of 16 are taken from the whole run, read at once: the asks of
    /// one proof come in groups for the same run.
    fn row(self, level: u32, range: Range<u64>) -> Result<Vec<Hash>, LogError> {
        let Some(Beside { runs, events, lookup }) = self.beside else { return self.read(level, range) };
        let number = range.start / CHILDREN;
        let first = number * CHILDREN;
        // At the right edge the run ends with the last complete subtree.
        let end = (first + CHILDREN).min(events >> (STEP * level));
        if range.end > end {
            return self.read(level, range);
        }
        let within = (range.start - first) as usize..(range.end - first) as usize;
        if let Some(hashes) = runs.of(level, number).and_then(|run| run.get(within.clone())) {
            return Ok(hashes);
        }
        let indexed = if level == 0 { self.indexed(number, runs, lookup)? } else { None };
        let hashes = match indexed {
            Some(hashes) => hashes,
            None => self.read(level, first..end)?,
        };
        runs.keep(level, number, Run::of(&hashes));
        Ok(hashes[within].to_vec())
    }

    /// A run of leaves as the index has it, when it hashes to the node above it.
    fn indexed(self, number: u64, runs: &Runs, lookup: Lookup<'_>) -> Result<Option<Vec<Hash>>, LogError> {
        let Some(hashes) = lookup.leaves(number)? else { return Ok(None) };
        let (above, nth) = (number / CHILDREN, (number % CHILDREN) as usize);
        let known = runs.of(1, above).and_then(|run| run.get(nth..nth + 1)).and_then(|mut node| node.pop());
        let node = match known {
            None if self.stored => self.select(ONE_NODE, (1, number.cast_signed()))?.pop(),
            known => known,
        };
        Ok(node.filter(|node| join(hashes.clone()).as_ref() == Some(node)).map(|_| hashes))
    }

    fn read(self, level: u32, range: Range<u64>) -> Result<Vec<Hash>, LogError> {
        let wanted = range.end - range.start;
        if level == 0 {
            let sql = "SELECT leaf FROM events WHERE position >= ?1 AND position < ?2 ORDER BY position";
            let leaves = self.select(sql, (range.start.cast_signed(), range.end.cast_signed()))?;
            return if leaves.len() as u64 == wanted {
                Ok(leaves)
            } else {
                Err(damaged(range.start, format!("of {wanted} events from here {} are there", leaves.len())))
            };
        }
        if self.stored {
            let sql = "SELECT hash FROM nodes WHERE level = ?1 AND n >= ?2 AND n < ?3 ORDER BY n";
            let nodes = self.select(sql, (level, range.start.cast_signed(), range.end.cast_signed()))?;
            if nodes.len() as u64 == wanted {
                return Ok(nodes);
            }
        }
        range.map(|n| self.computed(level, n)).collect()
    }

    /// A node from its children.
    pub(super) fn computed(self, level: u32, n: u64) -> Result<Hash, LogError> {
        let children = self.row(level - 1, n * CHILDREN..(n + 1) * CHILDREN)?;
        join(children).ok_or_else(|| damaged(n, "the tree cannot be read"))
    }

    fn select(self, sql: &str, params: impl rusqlite::Params) -> Result<Vec<Hash>, LogError> {
        let mut select = self.log.prepare_cached(sql).map_err(failed)?;
        let hashes = select.query_map(params, |row| row.get(0)).map_err(failed)?;
        hashes.collect::<rusqlite::Result<_>>().map_err(failed)
    }
}

/// A run of one level, from its beginning: the children of one node, as many as there were.
#[derive(Clone, Copy, Debug)]
struct Run {
    hashes: [Hash; CHILDREN as usize],
    len: usize,
}

impl Run {
    fn of(hashes: &[Hash]) -> Self {
        let mut run = Self { hashes: [[0; 32]; CHILDREN as usize], len: hashes.len().min(CHILDREN as usize) };
        run.hashes[..run.len].copy_from_slice(&hashes[..run.len]);
        run
    }

    /// Some of them; none where it was read before they were there.
    fn get(&self, within: Range<usize>) -> Option<Vec<Hash>> {
        self.hashes[..self.len].get(within).map(<[Hash]>::to_vec)
    }
}

/// Runs read lately. A hash in them never changes, and at the right edge there may be more of them by now: what is above
/// the leaves is soon all here, and a proof reads one run of leaves from a file.
#[derive(Debug)]
pub(super) struct Runs {
    leaves: Mutex<Generations<(u32, u64), Run>>,
    above: Mutex<Generations<(u32, u64), Run>>,
}

impl Default for Runs {
    fn default() -> Self {
        let of = |capacity| Mutex::new(Generations::new(capacity));
        Self { leaves: of(LEAF_RUNS_REMEMBERED), above: of(RUNS_REMEMBERED) }
    }
}

impl Runs {
    fn at(&self, level: u32) -> MutexGuard<'_, Generations<(u32, u64), Run>> {
        let runs = if level == 0 { &self.leaves } else { &self.above };
        runs.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn of(&self, level: u32, number: u64) -> Option<Run> {
        self.at(level).renew((level, number))
    }

    fn keep(&self, level: u32, number: u64, run: Run) {
        self.at(level).put((level, number), run);
    }
}

/// Joins neighbours until one hash is left; none unless their number is a power of two.
fn join(mut row: Vec<Hash>) -> Option<Hash> {
    if !row.len().is_power_of_two() {
        return None;
    }
    while row.len() > 1 {
        row = row.chunks_exact(2).map(|pair| node_hash(&pair[0], &pair[1])).collect();
    }
    row.pop()
}

/// The right edges before each of the newest events: what a receipt given at once is made of.
#[derive(Debug, Default)]
pub(super) struct Recent(Mutex<VecDeque<Frontier>>);

impl Recent {
    /// Remembers edges; they grow with every call.
    pub(super) fn remember(&self, frontiers: Vec<Frontier>) {
        let mut recent = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        recent.extend(frontiers);
        let over = recent.len().saturating_sub(RECENT_MAX);
        recent.drain(..over);
    }

    /// The edge of a size, when it is remembered.
    pub(super) fn find(&self, size: u64) -> Option<Frontier> {
        let recent = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        recent.binary_search_by_key(&size, Frontier::size).ok().map(|at| recent[at].clone())
    }
}
