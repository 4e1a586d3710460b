//! Writing planned commits: stamp, hash, insert, commit, and only then let anybody know.

use super::index::{Learnt, Tail, digest_hash};
use super::plan::{Commit, Next};
use super::{Shared, fault, tree};
use crate::ids;
use crate::limits::FRONTIERS_PER_COMMIT_MAX;
use crate::merkle::{Frontier, leaf_hash};
use crate::port::LogError;
use crate::replica::{Gate, Keyed, Recorded};
use accord_domain::Instant;
use rusqlite::Connection;
use std::sync::{Arc, PoisonError};

/// The writing end: the one connection that writes the log, and the one that writes its index.
#[derive(Debug)]
pub(super) struct Sink {
    /// First, so that idle readers are closed before the connections below: the last one to close, if it can write, moves
    /// the WAL into the file.
    pub(super) shared: Arc<Shared>,
    pub(super) log: Connection,
    pub(super) index: Connection,
    /// Set when the log must not be written any more before it is opened anew.
    pub(super) broken: Option<Arc<LogError>>,
    /// While an import writes, at whose end the index is flushed.
    pub(super) importing: bool,
    /// Leaf hash of the newest event.
    pub(super) newest_leaf: Vec<u8>,
    /// The right edge of the tree over what is written.
    pub(super) frontier: Frontier,
    /// Where the truth is kept, when this log is a copy of it.
    pub(super) gate: Option<Arc<dyn Gate>>,
}

/// Why a commit was not made.
enum Halt {
    Sqlite(rusqlite::Error),
    /// Where the truth is kept, it was not taken.
    Gate(LogError),
    /// It was taken there, and could not be written here.
    Behind(rusqlite::Error),
}

impl From<rusqlite::Error> for Halt {
    fn from(error: rusqlite::Error) -> Self {
        Self::Sqlite(error)
    }
}

impl Sink {
    /// Makes a commit durable and visible; `written` is told when all its rows are there but for the disk.
    ///
    /// # Errors
    /// Nothing of it was written. After a failed write or sync the sink is broken for good.
    pub(super) fn commit(
        &mut self,
        commit: &mut Commit,
        written: &mut dyn FnMut(&Commit),
    ) -> Result<(), Arc<LogError>> {
        if let Some(broken) = &self.broken {
            return Err(Arc::clone(broken));
        }
        if commit.events.is_empty() {
            return Ok(());
        }
        match self.write(commit, written) {
            Ok(learnt) => {
                self.publish(learnt);
                Ok(())
            }
            Err(halt) => Err(self.failed(halt)),
        }
    }

    /// A failed commit was rolled back by dropping its transaction, unless even that failed.
    fn failed(&mut self, halt: Halt) -> Arc<LogError> {
        let here = |error: &rusqlite::Error| Arc::new(fault::sqlite("writing the log", error));
        let (said, lasting) = match halt {
            Halt::Gate(error) => (Arc::new(error), None),
            Halt::Sqlite(error) => (here(&error), Some(here(&error))),
            Halt::Behind(error) => {
                let why = format!("the cluster has it, this copy has not: {}", here(&error));
                (Arc::new(LogError::InDoubt(why)), Some(here(&error)))
            }
        };
        let rolled_back = self.log.is_autocommit();
        let broken = lasting.filter(|error| fault::is_fatal(error) || !rolled_back);
        if broken.is_some() || !rolled_back {
            tracing::error!(error = %said, "the log takes no more writes until it is opened anew");
            self.broken = Some(broken.unwrap_or_else(|| Arc::clone(&said)));
        }
        said
    }

    fn write(&mut self, commit: &mut Commit, written: &mut dyn FnMut(&Commit)) -> Result<Learnt, Halt> {
        let salt = self.shared.meta.salt;
        let mut learnt = Learnt::default();
        let tx = self.log.unchecked_transaction()?;
        let mut frontier = self.frontier.clone();
        let (mut nodes, mut edges) = (Vec::new(), Vec::new());
        let few = commit.events.len() <= FRONTIERS_PER_COMMIT_MAX;
        {
            let mut insert = tx.prepare_cached("INSERT INTO streams (id, name) VALUES (?1, ?2)")?;
            for (stream, name, hash) in &commit.streams {
                insert.execute((stream.cast_signed(), &**name))?;
                learnt.name(name, *hash, *stream);
            }
            let mut insert = tx.prepare_cached(
                "INSERT INTO events (position, stream, version, back, type, effective_at, recorded_at, leaf, body) \
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
            )?;
            learnt.heads.reserve(commit.events.len());
            learnt.leaves.reserve(commit.events.len());
            for row in &mut commit.events {
                if !commit.taken_over {
                    row.event.stamp(ids::event_id(row.recorded_at, row.position, salt), row.recorded_at);
                }
                row.leaf = leaf_hash(&row.event.body);
                insert.execute((
                    row.position.cast_signed(),
                    row.stream.cast_signed(),
                    row.version,
                    row.back.cast_signed(),
                    row.event.kind.0,
                    row.event.effective_at.as_micros(),
                    row.recorded_at.as_micros(),
                    &row.leaf[..],
                    &row.event.body[..],
                ))?;
                learnt.heads.push((row.stream, row.position));
                learnt.leaves.push(row.leaf);
                if few {
                    edges.push(frontier.clone());
                }
                frontier.push(row.leaf, &mut |subtree, hash| {
                    nodes.extend(tree::node_of(subtree).map(|(level, n)| (level, n, *hash)));
                });
            }
            tree::insert(&tx, &nodes)?;
            let mut insert = tx.prepare_cached(
                "INSERT INTO requests (first_position, key, digest, count) VALUES (?1, ?2, ?3, ?4)",
            )?;
            for request in &commit.requests {
                let first_position = request.first_position.cast_signed();
                insert.execute((first_position, &request.key[..], &request.digest[..], request.count))?;
                learnt.keys.push((digest_hash(&request.key), request.first_position));
            }
        }
        match &self.gate {
            Some(gate) if !commit.taken_over => {
                gate.pass(&recorded(&tx, commit)?).map_err(Halt::Gate)?;
                written(commit);
                tx.commit().map_err(Halt::Behind)?;
            }
            Some(_) | None => {
                written(commit);
                tx.commit()?;
            }
        }
        if let Some(newest) = commit.events.last() {
            self.newest_leaf = newest.leaf.to_vec();
        }
        self.frontier = frontier;
        self.shared.recent.remember(edges);
        Ok(learnt)
    }

    /// Shows a durable commit to readers: streams first, then the length that subscribers wait for.
    fn publish(&mut self, learnt: Learnt) {
        let (events, due) = {
            let mut tail = self.shared.tail.write().unwrap_or_else(PoisonError::into_inner);
            tail.learn(learnt);
            (tail.events, tail.is_due(self.importing))
        };
        self.shared.len.send_replace(events);
        if due {
            self.flush_index();
        }
    }

    /// Moves the tail into the index. A failure does no harm: the tail stays and the next commit tries again.
    pub(super) fn flush_index(&mut self) {
        let flushed = {
            let tail: &Tail = &self.shared.tail.read().unwrap_or_else(PoisonError::into_inner);
            tail.flush(&self.index, &self.newest_leaf)
        };
        match flushed {
            Ok(()) => self.shared.tail.write().unwrap_or_else(PoisonError::into_inner).flushed(),
            Err(error) => tracing::warn!(%error, "the index of the log could not be written"),
        }
    }

    /// The numbers that follow what is written.
    pub(super) fn next(&self) -> rusqlite::Result<Next> {
        let one = |sql| self.log.query_row(sql, [], |row| row.get::<_, i64>(0));
        Ok(Next {
            position: one("SELECT coalesce(max(position) + 1, 0) FROM events")?.cast_unsigned(),
            stream: one("SELECT coalesce(max(id) + 1, 0) FROM streams")?.cast_unsigned(),
            recorded_at: Instant::from_micros(one(
                "SELECT coalesce((SELECT recorded_at FROM events ORDER BY position DESC LIMIT 1), -9223372036854775808)",
            )?),
        })
    }
}

/// The requests of a commit whose rows are written, with the names of their streams.
fn recorded(log: &Connection, commit: &Commit) -> rusqlite::Result<Vec<Recorded>> {
    let mut name_of = log.prepare_cached("SELECT name FROM streams WHERE id = ?1")?;
    let mut keys = commit.requests.iter().peekable();
    let mut rows = commit.events.iter();
    let mut requests = Vec::with_capacity(commit.counts.len());
    for count in &commit.counts {
        let mut events = Vec::with_capacity(*count as usize);
        for row in rows.by_ref().take(*count as usize) {
            let name: String = name_of.query_row([row.stream.cast_signed()], |row| row.get(0))?;
            events.push(row.stored(name.into()));
        }
        let first = events.first().map(|event| event.position);
        let key = keys.next_if(|key| Some(key.first_position) == first);
        requests.push(Recorded { events, keyed: key.map(|row| Keyed { key: row.key, digest: row.digest }) });
    }
    Ok(requests)
}
