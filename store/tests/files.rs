//! The ledger's directory: rights, locks, formats, and what raw SQL may do to it.

mod common;

use accord_store::contract::{STREAM, append, under};
use accord_store::merkle::{Plan, verify_inclusion};
use accord_store::{AppendError, EventLog, Expected, LogError, SqliteLog};
use common::{again_as_child, child_role, clock, made, one, open};
use rusqlite::Connection;
use std::path::Path;

#[tokio::test]
async fn raw_sql_can_neither_change_nor_remove_what_is_recorded() {
    let (dir, log) = made();
    one(&log, under("key", 1, append(STREAM, Expected::Any, 0, 2))).await.unwrap();
    one(&log, append("practitioner-N510105000123", Expected::Any, 0, 15)).await.unwrap();
    drop(log);
    let db = Connection::open(dir.path().join("log.db")).unwrap();
    db.pragma_update(None, "recursive_triggers", true).unwrap();
    for sql in [
        "UPDATE events SET body = x'00'",
        "UPDATE events SET effective_at = effective_at + 1 WHERE position = 1",
        "DELETE FROM events WHERE position = 1",
        "DELETE FROM events",
        "INSERT OR REPLACE INTO events SELECT * FROM events WHERE position = 0",
        "UPDATE streams SET name = 'other'",
        "DELETE FROM streams",
        "UPDATE requests SET digest = zeroblob(32)",
        "DELETE FROM requests",
        "UPDATE meta SET salt = 0",
        "DELETE FROM meta",
        "UPDATE nodes SET hash = zeroblob(32)",
        "DELETE FROM nodes",
    ] {
        let refused = db.execute(sql, []).unwrap_err().to_string();
        assert!(refused.contains("what is recorded is never"), "{sql}: {refused}");
    }
    for sql in [
        "INSERT INTO events VALUES (17, 0, 2, 1, 302, NULL, 0, zeroblob(32), x'')",
        "INSERT INTO events VALUES (17, 0, 2, 1, 302, 0, NULL, zeroblob(32), x'')",
        "INSERT INTO events VALUES (17, 0, 2, 1, 302, 0, 0, zeroblob(31), x'')",
        "INSERT INTO events VALUES (1, 0, 2, 1, 302, 0, 0, zeroblob(32), x'')",
    ] {
        assert!(db.execute(sql, []).is_err(), "{sql}");
    }
    drop(db);
    assert_eq!(open(dir.path()).unwrap().len().await.unwrap(), 17);
}

#[cfg(unix)]
#[tokio::test]
async fn only_the_owner_can_look_into_the_ledger() {
    use std::os::unix::fs::PermissionsExt;
    let parent = tempfile::tempdir().unwrap();
    let dir = parent.path().join("a/ledger");
    SqliteLog::create(&dir, 1, &*clock()).unwrap();
    let log = open(&dir).unwrap();
    one(&log, append(STREAM, Expected::Any, 0, 1)).await.unwrap();
    let mode = |path: &Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&dir), 0o700);
    let mut files = 0;
    for entry in std::fs::read_dir(&dir).unwrap() {
        let path = entry.unwrap().path();
        assert_eq!(mode(&path), 0o600, "{}", path.display());
        files += 1;
    }
    assert!(files >= 5, "log, index, their WALs, the lock: {files}");
}

#[tokio::test]
async fn a_ledger_is_written_by_one_at_a_time_and_read_by_any() {
    let (dir, log) = made();
    assert!(matches!(open(dir.path()), Err(LogError::Locked(_))));
    let reader = SqliteLog::open_read_only(dir.path(), clock()).unwrap();
    one(&log, append(STREAM, Expected::Any, 0, 1)).await.unwrap();
    assert_eq!(reader.read_stream(STREAM, 0, 10).await.unwrap().len(), 1);
    let refused = one(&reader, append(STREAM, Expected::Any, 1, 1)).await.unwrap_err();
    assert!(
        matches!(&refused, AppendError::Storage(why) if matches!(**why, LogError::ReadOnly(_))),
        "{refused}"
    );
    drop(log);
    open(dir.path()).unwrap();
}

#[test]
fn another_process_finds_the_ledger_locked() {
    if let Some((_, dir)) = child_role("lock") {
        assert!(matches!(open(&dir), Err(LogError::Locked(_))));
        return;
    }
    let (dir, _log) = made();
    let child =
        again_as_child("another_process_finds_the_ledger_locked", "lock", dir.path()).output().unwrap();
    assert!(child.status.success(), "{}", String::from_utf8_lossy(&child.stdout));
}

#[tokio::test]
async fn a_reader_follows_the_writer_through_flushes_of_the_index() {
    let (dir, log) = made();
    let reader = SqliteLog::open_read_only(dir.path(), clock()).unwrap();
    for round in 0..3_u32 {
        let mut import = log.bulk().unwrap();
        for n in 0..5_000_u32 {
            let request = append(&format!("s{n}"), Expected::Any, round, 1);
            import.push(under(&format!("{round}-{n}"), 1, request)).unwrap();
        }
        import.finish().unwrap();
        assert_eq!(reader.len().await.unwrap(), u64::from(round + 1) * 5_000);
        let versions = reader.read_stream("s4321", 0, 10).await.unwrap();
        assert_eq!(versions.len() as u32, round + 1);
        assert_eq!(reader.request(&format!("{round}-77")).await.unwrap().unwrap().1.first_version, round);
    }
    assert_eq!(*reader.subscribe().borrow(), 15_000);
    let late = SqliteLog::open_read_only(dir.path(), clock()).unwrap();
    assert_eq!(late.read_stream("s1", 1, 10).await.unwrap().len(), 2);
}

#[test]
fn what_is_no_ledger_is_named() {
    let dir = tempfile::tempdir().unwrap();
    assert!(matches!(open(dir.path()), Err(LogError::NotALedger(_))));
    assert!(matches!(open(&dir.path().join("nowhere")), Err(LogError::NotALedger(_))));
    let path = dir.path().join("log.db");
    std::fs::write(&path, vec![7_u8; 8_192]).unwrap();
    assert!(matches!(open(dir.path()), Err(LogError::NotALedger(_))));
    assert!(matches!(SqliteLog::open_read_only(dir.path(), clock()), Err(LogError::NotALedger(_))));
    std::fs::remove_file(&path).unwrap();
    Connection::open(&path).unwrap().execute_batch("CREATE TABLE other (a)").unwrap();
    assert!(matches!(open(dir.path()), Err(LogError::NotALedger(_))));
    assert!(matches!(SqliteLog::create(dir.path(), 1, &*clock()), Err(LogError::NotALedger(_))));
}

#[test]
fn a_ledger_is_not_made_over_another() {
    let (dir, log) = made();
    assert!(matches!(SqliteLog::create(dir.path(), 1, &*clock()), Err(LogError::Locked(_))));
    drop(log);
    assert!(matches!(SqliteLog::create(dir.path(), 1, &*clock()), Err(LogError::NotALedger(_))));
}

#[test]
fn a_newer_format_is_refused_with_both_numbers() {
    let (dir, log) = made();
    drop(log);
    Connection::open(dir.path().join("log.db")).unwrap().pragma_update(None, "user_version", 9).unwrap();
    let refused = open(dir.path()).unwrap_err();
    assert!(matches!(refused, LogError::NewerFormat { found: 9, known: 1 }));
    assert_eq!(refused.to_string(), "the ledger has format 9, this version knows up to 1");
    assert!(matches!(SqliteLog::open_read_only(dir.path(), clock()), Err(LogError::NewerFormat { .. })));
}

#[cfg(unix)]
#[tokio::test]
async fn a_directory_that_cannot_be_written_can_be_read() {
    use std::os::unix::fs::PermissionsExt;
    let (dir, log) = made();
    one(&log, append(STREAM, Expected::Any, 0, 3)).await.unwrap();
    drop(log);
    let allow = |path: &Path, mode| std::fs::set_permissions(path, PermissionsExt::from_mode(mode)).unwrap();
    for name in ["log.db", "index.db", "ledger.lock"] {
        allow(&dir.path().join(name), 0o400);
    }
    allow(dir.path(), 0o500);
    // Whoever has every right, as root has, is not stopped by these; then there is nothing to see here.
    if std::fs::write(dir.path().join("probe"), "").is_err() {
        let refused = open(dir.path()).unwrap_err();
        assert!(matches!(refused, LogError::ReadOnly(_)), "{refused}");
    }
    let reader = SqliteLog::open_read_only(dir.path(), clock()).unwrap();
    assert_eq!(reader.read_stream(STREAM, 0, 10).await.unwrap().len(), 3);
    allow(dir.path(), 0o700);
}

/// Inclusion of every ninth event and of the newest, in the tree of all, as the log proves it.
#[expect(clippy::unwrap_used, reason = "a test")]
async fn proves_what_it_holds(log: &SqliteLog) {
    let stored = log.read_all(0, usize::MAX).await.unwrap();
    let size = stored.len() as u64;
    let root = log.frontier(size).await.unwrap().root();
    for event in stored.iter().step_by(9).chain(stored.last()) {
        let path = log.prove(&Plan::inclusion(event.position, size).unwrap()).await.unwrap();
        assert!(verify_inclusion(&event.leaf, event.position, size, &path, &root), "{}", event.position);
    }
}

/// The leaves that the index repeats lie in whole runs, whatever was flushed when; where they are missing or wrong, the
/// proofs are those of the log.
#[tokio::test]
async fn proofs_stand_whatever_the_index_says_of_the_leaves() {
    let (dir, mut log) = made();
    let mut version = 0;
    for count in [33, 5, 60, 17] {
        for _ in 0..count {
            one(&log, append(STREAM, Expected::Any, version, 7)).await.unwrap();
            version += 7;
        }
        // An import flushes the index, here in the middle of a run, and what it leaves over waits for the next.
        let mut import = log.bulk().unwrap();
        import.push(append(STREAM, Expected::Any, version, 3)).unwrap();
        version += 3;
        import.finish().unwrap();
        proves_what_it_holds(&log).await;
        drop(log);
        log = open(dir.path()).unwrap();
        proves_what_it_holds(&log).await;
        proves_what_it_holds(&SqliteLog::open_read_only(dir.path(), clock()).unwrap()).await;
    }
    drop(log);
    let index = Connection::open(dir.path().join("index.db")).unwrap();
    let runs: (u32, u32) = index
        .query_row("SELECT count(*), max(run) FROM leaves WHERE length(hashes) = 512", [], |row| {
            Ok((row.get(0)?, row.get(1)?))
        })
        .unwrap();
    assert_eq!(runs, (version / 16, version / 16 - 1));
    for spoil in [
        "UPDATE leaves SET hashes = zeroblob(512) WHERE run % 3 = 0",
        "UPDATE leaves SET hashes = x'00' WHERE run % 3 = 1",
        "DELETE FROM leaves WHERE run % 5 = 2",
    ] {
        assert!(index.execute(spoil, []).unwrap() > 0);
        proves_what_it_holds(&open(dir.path()).unwrap()).await;
    }
}

/// A ledger written before there was a tree: it is computed when read, and kept once the ledger is opened for writing;
/// also when an older program appended in between.
#[tokio::test]
async fn a_ledger_without_a_tree_gets_one() {
    let (dir, log) = made();
    one(&log, append(STREAM, Expected::Any, 0, 64)).await.unwrap();
    one(&log, append(STREAM, Expected::Any, 64, 60)).await.unwrap();
    let edge = log.frontier(124).await.unwrap();
    drop(log);
    let db = Connection::open(dir.path().join("log.db")).unwrap();
    let nodes = |db: &Connection| db.query_row("SELECT count(*) FROM nodes", [], |row| row.get::<_, u32>(0));
    assert_eq!(nodes(&db), Ok(7));
    db.execute_batch("DROP TRIGGER nodes_never_removed; DELETE FROM nodes WHERE n > 4").unwrap();
    drop(open(dir.path()).unwrap());
    assert_eq!(nodes(&db), Ok(7));
    db.execute_batch("DROP TABLE nodes").unwrap();
    drop(db);
    let reader = SqliteLog::open_read_only(dir.path(), clock()).unwrap();
    assert_eq!(reader.frontier(124).await.unwrap(), edge);
    let log = open(dir.path()).unwrap();
    assert_eq!(log.frontier(124).await.unwrap(), edge);
    let db = Connection::open(dir.path().join("log.db")).unwrap();
    assert_eq!(nodes(&db), Ok(7));
    assert!(db.execute("DELETE FROM nodes", []).is_err());
}

/// As the first program of this format wrote it, before there was a tree: three events under `key-1`, one of another stream, and
/// one more of the first. It is never made again; every later version must open it.
#[tokio::test]
async fn a_ledger_of_format_1_opens_and_verifies() {
    let fixture = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/v1/log.db");
    let dir = tempfile::tempdir().unwrap();
    std::fs::copy(fixture, dir.path().join("log.db")).unwrap();
    let log = open(dir.path()).unwrap();
    let stored = log.read_all(0, 100).await.unwrap();
    assert_eq!(stored.len(), 5);
    for event in &stored {
        accord_store::verify_columns(event).unwrap();
        event.decode().unwrap();
    }
    let again = one(&log, under("key-1", 1, append(STREAM, Expected::NoStream, 0, 3))).await.unwrap();
    assert!(again.repeated);
    let next = one(&log, append(STREAM, Expected::Exact(3), 4, 1)).await.unwrap();
    assert_eq!(next.appended.first_position, 5);
}
