//! The check of a whole ledger: every byte of every event, every column that repeats them, the order, and the tree.
//!
//! It reads `log.db` alone and through connections of its own, so nothing that is checked is also relied on. Threads check
//! runs of events ([`chunk`]) and one follows them in order ([`order`]); [`file`] looks at what lies beside the rows. Where
//! the log is sound, `index.db` is held against it in the same pass ([`lookups`]).

mod chunk;
mod file;
mod lookups;
mod order;

use super::schema::Mode;
use super::{files, read::failed, scan};
use crate::merkle::Frontier;
use crate::port::LogError;
use crate::verify::{FLAWS_MAX, Flaw, FlawKind, Verified};
use accord_domain::words;
use chunk::{Against, CHUNK_EVENTS, CHUNK_HEIGHT, Chunk};
use lookups::Lookups;
use order::{Order, Statements};
use std::collections::BTreeMap;
use std::hash::RandomState;
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};

/// Threads that check at most.
const THREADS_MAX: usize = 16;
/// Chunks checked and waiting for their turn.
const WAITING_MAX: usize = 16;

/// Checks the log of a directory; `progress` is told how many events are done, and how many there are.
///
/// # Errors
/// [`LogError`] when there is no ledger, or one that cannot be read at all.
pub(super) fn ledger(dir: &Path, progress: &mut dyn FnMut(u64, u64)) -> Result<Verified, LogError> {
    let path = files::log(dir);
    if !super::SqliteLog::look(dir)? {
        return Err(LogError::NotALedger(format!("there is no ledger in {}", dir.display())));
    }
    let (mode, db, meta) = super::open_for_reading(&path)?;
    let index = lookups::open(&files::index(dir), mode);
    // One view of the log for everything: what others append meanwhile is left for the next time.
    let db = db.unchecked_transaction().map_err(failed)?;
    let events = super::read::len(&db)?;
    let mut found = Vec::new();
    let levels = file::levels(&db, events, &mut found);
    let levels = read_or_named("the tree", "树", levels, &mut found);
    let upper = file::upper_nodes(&db, &levels, &mut found);
    read_or_named("the tree", "树", upper, &mut found);
    let schema = file::schema(&db, &mut found);
    read_or_named("the tables", "表", schema, &mut found);
    let own = file::meta(&db, &meta, &mut found);
    read_or_named("the ledger's own row", "账本自身的行", own, &mut found);
    file::key(dir, &meta, &mut found);
    file::cosigned(dir, &db, events, &mut found);
    let names = RandomState::new();
    let against = Against { salt: meta.salt, nodes: levels.first().copied().unwrap_or(0), names: &names };
    let mut statements = Statements::prepare(&db).map_err(failed)?;
    // One that cannot be read here is not believed by whoever opens the ledger either: it is made anew.
    let lookups = index.as_ref().and_then(|index| Lookups::of(index, &db, &meta.ledger).ok().flatten());
    let hasher = lookups.as_ref().map(Lookups::hasher);
    let mut order = Order::new(&mut statements, &names, lookups).map_err(failed)?;
    let (claimed, threads) = (AtomicU64::new(0), threads(events));
    let (told, waiting) = sync_channel::<(u64, Chunk)>(WAITING_MAX);
    let (mut tree, mut unread) = (Frontier::default(), None);
    let (integrity, sums) = std::thread::scope(|scope| {
        let pages = scope.spawn(|| file::pages(&path, mode));
        let summed =
            scope.spawn(move || index.zip(hasher).map(|(index, hasher)| lookups::sums(&index, &hasher)));
        for _ in 0..threads {
            let (told, path, claimed, against) = (told.clone(), &path, &claimed, &against);
            scope.spawn(move || work(path, mode, claimed, events, against, &told));
        }
        drop(told);
        in_order(&waiting, |chunk| {
            if unread.is_none() {
                unread = order.follow(&chunk, &mut found).err();
            }
            tree = joined(&tree, &chunk);
            found.extend(chunk.flaws);
            progress(tree.size().min(events), events);
        });
        let stopped = |_| LogError::Other("a working thread stopped".to_owned());
        (pages.join().unwrap_or_else(|panic| Err(stopped(panic))), summed.join().map_err(stopped))
    });
    found.extend(integrity?);
    let sums = sums?;
    let finished = match unread {
        Some(error) => Err(error),
        None => order.finish(events, &mut found),
    };
    let lookups = read_or_named("streams and requests", "流与请求", finished, &mut found);
    // Of a log that is not as it was written, no index follows.
    if let (true, Some(lookups), Some(sums)) = (found.is_empty(), lookups, sums) {
        found.extend(
            sums.map_or_else(|error| Some(lookups::unreadable(&error)), |sums| lookups.differences(&sums)),
        );
    }
    found.sort_by_key(|flaw| (flaw.position.unwrap_or(u64::MAX), flaw.kind));
    let count = found.len() as u64;
    found.truncate(FLAWS_MAX);
    Ok(Verified { events, root: tree.root(), flaws: found, count })
}

/// A part that cannot be read is a flaw, and no reason to leave the rest unread.
fn read_or_named<T: Default>(en: &str, zh: &str, read: rusqlite::Result<T>, found: &mut Vec<Flaw>) -> T {
    read.unwrap_or_else(|error| {
        let words = words!("{en} cannot be read: {error}", "{zh}无法读取：{error}");
        found.push(Flaw::of(FlawKind::File, words));
        T::default()
    })
}

/// One for each processor, and no more than there are chunks.
fn threads(events: u64) -> usize {
    let chunks = usize::try_from(events.div_ceil(CHUNK_EVENTS)).unwrap_or(usize::MAX);
    std::thread::available_parallelism().map_or(2, |count| count.get().min(THREADS_MAX)).min(chunks)
}

/// Claims chunks until there are none left.
fn work(
    path: &Path,
    mode: Mode,
    claimed: &AtomicU64,
    events: u64,
    against: &Against<'_>,
    told: &SyncSender<(u64, Chunk)>,
) {
    let db = scan::connect(path, mode);
    loop {
        let number = claimed.fetch_add(1, Ordering::Relaxed);
        let start = number * CHUNK_EVENTS;
        if start >= events {
            return;
        }
        let range = start..(start + CHUNK_EVENTS).min(events);
        let chunk = match &db {
            Ok(db) => chunk::check(db, range, against),
            Err(error) => unreadable(start, error),
        };
        if told.send((number, chunk)).is_err() {
            return;
        }
    }
}

fn unreadable(start: u64, error: &LogError) -> Chunk {
    let words = words!("position {start}: cannot be read: {error}", "位置 {start}：无法读取：{error}");
    Chunk { flaws: vec![Flaw::at(start, FlawKind::File, words)], ..Chunk::default() }
}

/// Takes chunks in the order of their numbers.
fn in_order(waiting: &Receiver<(u64, Chunk)>, mut take: impl FnMut(Chunk)) {
    let (mut early, mut next) = (BTreeMap::new(), 0);
    for (number, chunk) in waiting {
        early.insert(number, chunk);
        while let Some(chunk) = early.remove(&next) {
            take(chunk);
            next += 1;
        }
    }
}

/// The tree with a chunk behind it. Once a chunk is not complete nothing after it has its place, and the root means nothing.
fn joined(tree: &Frontier, chunk: &Chunk) -> Frontier {
    let mut joined = tree.clone();
    if chunk.tree.size() == CHUNK_EVENTS && tree.size().is_multiple_of(CHUNK_EVENTS) {
        joined.push_complete(CHUNK_HEIGHT, chunk.tree.root(), &mut |_, _| {});
        return joined;
    }
    joined.append_smaller(&chunk.tree);
    joined
}
