//! What this machine can do at best with the same rows: the yardsticks the figures are measured against.

use super::measure::{Calls, per_second, timed, to_f64};
use rusqlite::{Connection, params};
use serde::Deserialize;
use sha2::{Digest, Sha256};
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Barrier, Mutex};
use std::time::{Duration, Instant};

/// A row as a plain event table would hold it.
#[derive(Clone, Debug)]
pub(crate) struct Row {
    pub(crate) stream: Arc<str>,
    pub(crate) version: u32,
    pub(crate) body: Box<str>,
}

/// Clients of the concurrent figures.
pub(crate) const CLIENTS: usize = 32;
/// Rows a commit of the bulk limit.
const ROWS_PER_COMMIT: usize = 10_000;

/// One 4 KiB write into a file of its full length and `fdatasync`, for a while.
pub(crate) fn fdatasync(dir: &Path) -> anyhow::Result<Calls> {
    const PAGES: u64 = 1_024;
    let path = dir.join("fdatasync");
    let page = [7_u8; 4_096];
    let file = std::fs::File::create(&path)?;
    for at in 0..PAGES {
        file.write_all_at(&page, at * 4_096)?;
    }
    file.sync_all()?;
    let mut calls = Calls::new()?;
    let begin = Instant::now();
    for at in (0..PAGES).cycle() {
        if begin.elapsed() > Duration::from_millis(1_500) {
            break;
        }
        let call = Instant::now();
        file.write_all_at(&page, at * 4_096)?;
        file.sync_data()?;
        calls.record(call.elapsed());
    }
    std::fs::remove_file(path)?;
    Ok(calls)
}

/// A plain event table, as durable as the ledger.
fn open(path: &Path) -> anyhow::Result<Connection> {
    let db = Connection::open(path)?;
    db.busy_timeout(Duration::from_secs(10))?;
    db.execute_batch(
        "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;
         CREATE TABLE IF NOT EXISTS events(position INTEGER PRIMARY KEY, stream TEXT NOT NULL, version INTEGER NOT NULL,
           body BLOB NOT NULL, UNIQUE(stream, version));",
    )?;
    Ok(db)
}

const INSERT: &str = "INSERT INTO events(stream, version, body) VALUES (?1, ?2, ?3)";

fn insert(db: &Connection, row: &Row) -> rusqlite::Result<usize> {
    db.prepare_cached(INSERT)?.execute(params![&*row.stream, row.version, row.body.as_bytes()])
}

/// One row a commit, one client.
pub(crate) fn sqlite_single(dir: &Path, rows: &[Row]) -> anyhow::Result<Calls> {
    let path = dir.join("single.db");
    let db = open(&path)?;
    let mut calls = Calls::new()?;
    for row in rows {
        let at = Instant::now();
        insert(&db, row)?;
        calls.record(at.elapsed());
    }
    drop(db);
    remove(&path)?;
    Ok(calls)
}

/// One row a commit, many clients: the better of one connection behind a lock and one connection each.
pub(crate) fn sqlite_clients(dir: &Path, rows: &[Row]) -> anyhow::Result<Calls> {
    let path = dir.join("shared.db");
    let shared = Mutex::new(open(&path)?);
    let locked = clients(
        rows,
        || Ok(()),
        |(), row| {
            let db = shared.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
            insert(&db, row).map(drop).map_err(Into::into)
        },
    )?;
    drop(shared);
    remove(&path)?;
    let path = dir.join("own.db");
    drop(open(&path)?);
    let own = clients(rows, || open(&path), |db, row| insert(db, row).map(drop).map_err(Into::into));
    remove(&path)?;
    match own {
        Ok(own) if own.per_second() > locked.per_second() => Ok(own),
        // SQLite's busy handler is not fair: on a loaded machine a client may never get its turn.
        Err(error) if !is_busy(&error) => Err(error),
        Ok(_) | Err(_) => Ok(locked),
    }
}

fn is_busy(error: &anyhow::Error) -> bool {
    let code = error.downcast_ref::<rusqlite::Error>().and_then(rusqlite::Error::sqlite_error_code);
    code == Some(rusqlite::ErrorCode::DatabaseBusy)
}

fn clients<C>(
    rows: &[Row],
    connect: impl Fn() -> anyhow::Result<C> + Sync,
    write: impl Fn(&C, &Row) -> anyhow::Result<()> + Sync,
) -> anyhow::Result<Calls> {
    let barrier = Barrier::new(CLIENTS + 1);
    let (all, elapsed) = std::thread::scope(|scope| {
        let handles: Vec<_> = (0..CLIENTS)
            .map(|client| {
                let (barrier, connect, write) = (&barrier, &connect, &write);
                scope.spawn(move || -> anyhow::Result<Calls> {
                    let connection = connect();
                    barrier.wait();
                    let connection = connection?;
                    let mut calls = Calls::new()?;
                    for row in rows.iter().skip(client).step_by(CLIENTS) {
                        let at = Instant::now();
                        write(&connection, row)?;
                        calls.record(at.elapsed());
                    }
                    Ok(calls)
                })
            })
            .collect();
        barrier.wait();
        let begin = Instant::now();
        let mut all = Calls::new()?;
        for handle in handles {
            let calls = handle.join().map_err(|_| anyhow::anyhow!("a client stopped"))??;
            all.join(&calls)?;
        }
        anyhow::Ok((all, begin.elapsed()))
    })?;
    Ok(all.over(elapsed))
}

/// A plain table filled with 10,000 rows a commit.
pub(crate) struct Bulk {
    path: PathBuf,
    db: Connection,
    /// Rows a second, with a checkpoint at the end; fetching the rows is not timed.
    pub(crate) per_second: f64,
    /// Size of the table, in bytes.
    pub(crate) bytes: u64,
}

impl Bulk {
    /// Fills one with the rows that `next` gives until it gives none.
    pub(crate) fn fill(
        dir: &Path,
        mut next: impl FnMut(usize) -> anyhow::Result<Vec<Row>>,
    ) -> anyhow::Result<Self> {
        let path = dir.join("bulk.db");
        let db = open(&path)?;
        let (mut count, mut elapsed) = (0, Duration::ZERO);
        loop {
            let rows = next(ROWS_PER_COMMIT)?;
            if rows.is_empty() {
                break;
            }
            let begin = Instant::now();
            db.execute_batch("BEGIN")?;
            for row in &rows {
                insert(&db, row)?;
            }
            db.execute_batch("COMMIT")?;
            elapsed += begin.elapsed();
            count += u64::try_from(rows.len())?;
        }
        let begin = Instant::now();
        db.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()))?;
        elapsed += begin.elapsed();
        let bytes = std::fs::metadata(&path)?.len();
        Ok(Self { path, db, per_second: per_second(count, elapsed), bytes })
    }

    /// A scan in one thread, every body read by `serde_json`: events a second with owned and with borrowed members.
    pub(crate) fn scan(&self) -> anyhow::Result<(f64, f64)> {
        let owned = scan(&self.db, |body| {
            let event: Owned = serde_json::from_slice(body)?;
            let members = event.actor.as_object().map_or(0, serde_json::Map::len);
            let facts = event.data.as_object().map_or(0, serde_json::Map::len);
            let text = event.kind.len() + event.subject.len() + event.effective_at.len();
            Ok(text + event.recorded_at.len() + members + facts)
        })?;
        let borrowed = scan(&self.db, |body| {
            let event: Borrowed<'_> = serde_json::from_str(std::str::from_utf8(body)?)?;
            let text = event.kind.len() + event.subject.len() + event.effective_at.len();
            Ok(text + event.recorded_at.len() + event.data.get().len())
        })?;
        Ok((owned, borrowed))
    }

    /// Deletes it.
    pub(crate) fn remove(self) -> anyhow::Result<()> {
        drop(self.db);
        remove(&self.path)
    }
}

/// The members of an event a reader wants, owned.
#[derive(Deserialize)]
struct Owned {
    #[serde(rename = "type")]
    kind: String,
    subject: String,
    effective_at: String,
    recorded_at: String,
    actor: serde_json::Value,
    data: serde_json::Value,
}

/// The same, borrowed where the text allows.
#[derive(Deserialize)]
struct Borrowed<'a> {
    #[serde(borrow, rename = "type")]
    kind: std::borrow::Cow<'a, str>,
    #[serde(borrow)]
    subject: std::borrow::Cow<'a, str>,
    #[serde(borrow)]
    effective_at: std::borrow::Cow<'a, str>,
    #[serde(borrow)]
    recorded_at: std::borrow::Cow<'a, str>,
    #[serde(borrow)]
    data: &'a serde_json::value::RawValue,
}

fn scan(db: &Connection, read: impl Fn(&[u8]) -> anyhow::Result<usize>) -> anyhow::Result<f64> {
    let mut statement = db.prepare("SELECT body FROM events ORDER BY position")?;
    let ((count, _sum), elapsed) = timed(|| {
        let (mut count, mut sum) = (0_u64, 0_usize);
        let mut rows = statement.query([])?;
        while let Some(row) = rows.next()? {
            sum = sum.wrapping_add(std::hint::black_box(read(row.get_ref(0)?.as_blob()?)?));
            count += 1;
        }
        Ok((count, sum))
    })?;
    Ok(per_second(count, elapsed))
}

/// SHA-256 of each body with the leaf's leading zero: bytes a second, one thread.
pub(crate) fn sha256(rows: &[Row]) -> anyhow::Result<f64> {
    let (bytes, elapsed) = timed(|| {
        let mut bytes = 0_u64;
        for row in rows {
            let mut hash = Sha256::new_with_prefix([0]);
            hash.update(row.body.as_bytes());
            std::hint::black_box(hash.finalize());
            bytes += u64::try_from(row.body.len())? + 1;
        }
        Ok(bytes)
    })?;
    Ok(to_f64(bytes) / elapsed.as_secs_f64().max(1e-9))
}

fn remove(path: &Path) -> anyhow::Result<()> {
    for suffix in ["", "-wal", "-shm"] {
        let mut name = path.as_os_str().to_owned();
        name.push(suffix);
        match std::fs::remove_file(&name) {
            Ok(()) => {}
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
            Err(error) => return Err(error.into()),
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows(count: u32) -> Vec<Row> {
        let body = r#"{"actor":{"authority":"agency"},"data":{},"effective_at":"a","recorded_at":"b","subject":"c","type":"d"}"#;
        (0..count)
            .map(|at| Row { stream: format!("s-{}", at % 7).into(), version: at / 7, body: body.into() })
            .collect()
    }

    #[test]
    fn every_limit_writes_all_rows_and_leaves_nothing_behind() {
        let dir = tempfile::tempdir().unwrap();
        let rows = rows(96);
        assert!(sqlite_single(dir.path(), &rows).unwrap().per_second() > 0.0);
        assert!(sqlite_clients(dir.path(), &rows).unwrap().per_second() > 0.0);
        let mut left = rows.as_slice();
        let bulk = Bulk::fill(dir.path(), |count| {
            let (now, later) = left.split_at(count.min(left.len()).min(50));
            left = later;
            Ok(now.to_vec())
        })
        .unwrap();
        let stored: i64 = bulk.db.query_row("SELECT count(*) FROM events", [], |row| row.get(0)).unwrap();
        assert_eq!(stored, 96);
        assert!(bulk.scan().unwrap().0 > 0.0);
        bulk.remove().unwrap();
        assert!(sha256(&rows).unwrap() > 0.0);
        assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 0);
    }
}
