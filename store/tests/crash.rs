//! Processes killed, disks full, logs cut off: what was acknowledged is there, nothing is half there.
//!
//! Killing a process keeps what the kernel has taken, so these show atomicity and recovery; durability over a loss of
//! power rests on SQLite's `synchronous=FULL`.
#![expect(clippy::unwrap_used, reason = "tests")]

mod common;

use accord_store::contract::{Numbers, STREAM, append, under};
use accord_store::{AppendError, EventLog, Expected, LogError, SqliteLog, verify_columns};
use common::{again_as_child, child_role, made, one, open};
use std::collections::HashMap;
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::Stdio;

/// Every request has three events on one of 40 streams, and a key that is its number.
fn request(n: u64) -> accord_store::Append {
    under(&format!("key-{n}"), 1, append(&format!("s{}", n % 40), Expected::Any, 0, 3))
}

/// Gapless, whole requests, agreeing with itself; and every number below `acknowledged` is answered from its key.
async fn sound(log: &SqliteLog, acknowledged: u64) {
    let stored = log.read_all(0, usize::MAX).await.unwrap();
    assert_eq!(stored.len() % 3, 0);
    assert!(stored.len() as u64 >= acknowledged * 3, "{} events, {acknowledged} acknowledged", stored.len());
    let mut versions: HashMap<&str, u32> = HashMap::new();
    for (position, event) in (0..).zip(&stored) {
        assert_eq!(event.position, position);
        let next = versions.entry(&event.stream).or_default();
        assert_eq!(event.version, *next);
        *next += 1;
        assert_eq!(event.leaf, accord_store::leaf_hash(event.body.as_bytes()));
    }
    for (stream, count) in versions {
        assert_eq!(log.read_stream(stream, 0, usize::MAX).await.unwrap().len() as u32, count);
    }
    for n in 0..acknowledged {
        assert_eq!(log.request(&format!("key-{n}")).await.unwrap().unwrap().1.first_position, n * 3);
    }
    let next = stored.len() as u64 / 3;
    let answer = one(log, request(next)).await.unwrap();
    assert_eq!((answer.appended.first_position, answer.repeated), (next * 3, false));
}

/// Writes until it is killed, saying which requests are acknowledged.
async fn write_for_ever(role: &str, dir: &Path) -> ! {
    let log = open(dir).unwrap();
    let mut out = std::io::stdout();
    let mut n = log.len().await.unwrap() / 3;
    let mut import = role.ends_with("import").then(|| log.bulk().unwrap());
    loop {
        let acknowledged = if let Some(import) = &mut import {
            import.push(request(n)).unwrap();
            if n % 50 == 0 {
                import.hand_over().unwrap();
            }
            import.committed() / 3
        } else {
            one(&log, request(n)).await.unwrap();
            n + 1
        };
        n += 1;
        writeln!(out, "\nacknowledged {acknowledged}").unwrap();
        out.flush().unwrap();
    }
}

async fn kill_and_look(test: &str, role: &str) {
    if let Some((role, dir)) = child_role("write") {
        write_for_ever(&role, &dir).await;
    }
    let (dir, log) = made();
    drop(log);
    let mut numbers = Numbers(7);
    for _ in 0..4 {
        let lines = 150 + numbers.below(150);
        let mut child = again_as_child(test, role, dir.path()).stdout(Stdio::piped()).spawn().unwrap();
        let mut acknowledged = 0;
        let mut seen = 0;
        for line in BufReader::new(child.stdout.take().unwrap()).lines() {
            if let Some(said) = line.unwrap().strip_prefix("acknowledged ") {
                acknowledged = said.parse().unwrap();
                seen += 1;
                if seen == lines {
                    child.kill().unwrap();
                }
            }
        }
        child.wait().unwrap();
        assert!(seen >= lines);
        sound(&open(dir.path()).unwrap(), acknowledged).await;
    }
}

#[tokio::test]
async fn a_writer_killed_in_the_middle_loses_nothing_acknowledged() {
    kill_and_look("a_writer_killed_in_the_middle_loses_nothing_acknowledged", "write-single").await;
}

#[tokio::test]
async fn an_import_killed_in_the_middle_loses_only_whole_batches_not_acknowledged() {
    kill_and_look("an_import_killed_in_the_middle_loses_only_whole_batches_not_acknowledged", "write-import")
        .await;
}

#[tokio::test]
async fn a_full_disk_refuses_writes_keeps_reads_and_passes() {
    let (_dir, log) = made();
    one(&log, request(0)).await.unwrap();
    log.limit_pages(1).unwrap();
    let mut written = 1;
    let refused = loop {
        match one(&log, request(written)).await {
            Ok(_) => written += 1,
            Err(refused) => break refused,
        }
    };
    assert!(matches!(&refused, AppendError::Storage(why) if matches!(**why, LogError::Full(_))), "{refused}");
    let batch = log.append(vec![request(0), request(written), append("x", Expected::Exists, 0, 1)]).await;
    assert!(batch[0].as_ref().unwrap().repeated, "what was acknowledged before is still answered");
    assert!(matches!(batch[1], Err(AppendError::Storage(_))));
    assert!(matches!(batch[2], Err(AppendError::Conflict { .. })));
    assert_eq!(log.read_all(0, 10_000).await.unwrap().len() as u64, written * 3);
    assert_eq!(*log.subscribe().borrow(), written * 3);
    assert!(log.request(&format!("key-{written}")).await.unwrap().is_none());
    log.limit_pages(u32::MAX / 4).unwrap();
    sound(&log, written).await;
}

#[tokio::test]
async fn an_import_on_a_full_disk_keeps_the_batches_before_it() {
    let (_dir, log) = made();
    log.limit_pages(60).unwrap();
    let mut import = log.bulk().unwrap();
    let mut refused = None;
    for n in 0..5_000 {
        if let Err(error) = import.push(request(n)).and_then(|_| import.hand_over()) {
            refused = Some(error);
            break;
        }
    }
    let committed = import.committed();
    match (refused, import.finish()) {
        (Some(AppendError::Storage(why)), _) | (None, Err(why)) => {
            assert!(matches!(*why, LogError::Full(_)), "{why}");
        }
        other => panic!("{other:?}"),
    }
    log.limit_pages(u32::MAX / 4).unwrap();
    assert!(committed > 0 && log.len().await.unwrap() >= committed);
    sound(&log, committed / 3).await;
}

#[tokio::test]
async fn a_torn_write_ahead_log_leaves_a_prefix_of_whole_requests() {
    let (dir, log) = made();
    for n in 0..60 {
        one(&log, request(n)).await.unwrap();
    }
    // The log is open, so everything since the last checkpoint is in the WAL only.
    let wal = std::fs::read(dir.path().join("log.db-wal")).unwrap();
    assert!(wal.len() > 100_000);
    let mut numbers = Numbers(11);
    let mut lengths = Vec::new();
    for round in 0..12 {
        let copy = tempfile::tempdir().unwrap();
        for name in ["log.db", "index.db", "index.db-wal"] {
            std::fs::copy(dir.path().join(name), copy.path().join(name)).unwrap();
        }
        let cut = usize::try_from(numbers.below(wal.len() as u64)).unwrap();
        let mut torn = wal.clone();
        if round % 2 == 0 {
            torn.truncate(cut);
        } else {
            torn[cut] ^= 0x40;
        }
        std::fs::write(copy.path().join("log.db-wal"), torn).unwrap();
        match open(copy.path()) {
            Ok(torn) => {
                lengths.push(torn.len().await.unwrap());
                sound(&torn, 0).await;
            }
            // Cut within the frames that made the tables.
            Err(LogError::NotALedger(_)) => lengths.push(0),
            Err(other) => panic!("{other}"),
        }
    }
    lengths.sort_unstable();
    lengths.dedup();
    assert!(lengths.len() > 4, "{lengths:?}");
}

#[tokio::test]
async fn a_changed_byte_of_an_event_is_named_with_its_position() {
    let (dir, log) = made();
    one(&log, append(STREAM, Expected::Any, 0, 4)).await.unwrap();
    drop(log);
    let db = rusqlite::Connection::open(dir.path().join("log.db")).unwrap();
    let set = |position: i64, column: &str, value: &str| {
        db.execute_batch("DROP TRIGGER IF EXISTS events_never_changed").unwrap();
        db.execute(&format!("UPDATE events SET {column} = {value} WHERE position = ?1"), [position]).unwrap();
    };
    set(0, "body", "CAST(replace(CAST(body AS TEXT), 'agency', 'bureau') AS BLOB)");
    set(1, "effective_at", "effective_at + 1");
    set(2, "type", "301");
    set(3, "leaf", "zeroblob(32)");
    drop(db);
    let log = open(dir.path()).unwrap();
    for event in log.read_all(0, 10).await.unwrap() {
        let wanted = event.position;
        match verify_columns(&event) {
            Err(LogError::Damaged { position, .. }) => assert_eq!(position, wanted),
            other => panic!("{wanted}: {other:?}"),
        }
    }
}

#[tokio::test]
async fn a_missing_event_is_noticed_when_the_index_is_made() {
    let (dir, log) = made();
    for version in 0..4 {
        one(&log, append(STREAM, Expected::Any, version, 1)).await.unwrap();
    }
    drop(log);
    let db = rusqlite::Connection::open(dir.path().join("log.db")).unwrap();
    db.execute_batch("DROP TRIGGER events_never_removed; DELETE FROM events WHERE position = 2").unwrap();
    drop(db);
    std::fs::remove_file(dir.path().join("index.db")).unwrap();
    for opened in [open(dir.path()), SqliteLog::open_read_only(dir.path(), common::clock())] {
        assert!(matches!(opened, Err(LogError::Damaged { position: 2, .. })), "{opened:?}");
    }
}

/// What the index or the log lost on the way through a stream is said with its place; nothing is read past it.
#[tokio::test]
async fn a_broken_way_through_a_stream_is_named_where_it_breaks() {
    const OTHER: &str = "practitioner-N510105000123";
    for (file, change, wanted) in [
        ("index.db", "DELETE FROM heads WHERE stream = 0", "it does not know the newest event of"),
        ("index.db", "UPDATE heads SET position = 4 WHERE stream = 0", "it says that position 4 is of"),
        ("log.db", "UPDATE events SET version = 9 WHERE position = 1", "position 1: version 1 of"),
        ("log.db", "UPDATE events SET stream = 1 WHERE position = 1", "position 1: version 1 of"),
        ("log.db", "UPDATE events SET back = 0 WHERE position = 2", "position 2: the way to"),
        ("log.db", "UPDATE events SET back = 9 WHERE position = 2", "position 2: the way to"),
    ] {
        let (dir, log) = made();
        let mut import = log.bulk().unwrap();
        import.push(append(STREAM, Expected::NoStream, 0, 4)).unwrap();
        import.push(append(OTHER, Expected::NoStream, 0, 1)).unwrap();
        import.finish().unwrap();
        drop(log);
        let db = rusqlite::Connection::open(dir.path().join(file)).unwrap();
        db.execute_batch("DROP TRIGGER IF EXISTS events_never_changed").unwrap();
        assert_eq!(db.execute(change, []).unwrap(), 1, "{change}");
        drop(db);
        let log = open(dir.path()).unwrap();
        let error = log.read_stream(STREAM, 0, 10).await.unwrap_err();
        assert_eq!(matches!(error, LogError::Damaged { .. }), file == "log.db", "{change}: {error:?}");
        assert!(error.to_string().contains(wanted), "{change}: {error}");
        // What lies before the break, seen from the newest, and other streams are read as ever.
        let newest = log.read_stream(STREAM, 3, 10).await;
        assert_eq!(newest.is_ok(), file == "log.db", "{change}: {newest:?}");
        assert_eq!(log.read_stream(OTHER, 0, 10).await.unwrap().len(), 1, "{change}");
    }
}
