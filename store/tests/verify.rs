//! The check of a whole ledger: what is intact passes, and whatever is touched is named with its place.
#![expect(clippy::unwrap_used, reason = "a test")]

mod common;

use accord_domain::EventType;
use accord_store::contract::{STREAM, append, under};
use accord_store::verify::{FlawKind, Verified};
use accord_store::{Append, EventLog, Expected, LogError, SqliteLog};
use common::{made, one, open};
use rusqlite::Connection;
use std::collections::BTreeSet;
use std::path::Path;

const OTHER: &str = "practitioner-N510105000123";

/// 40 events in two streams, some under keys.
async fn forty() -> tempfile::TempDir {
    let (dir, log) = made();
    one(&log, under("key-1", 1, append(STREAM, Expected::NoStream, 0, 3))).await.unwrap();
    one(&log, append(OTHER, Expected::NoStream, 0, 1)).await.unwrap();
    for version in 3..20 {
        one(&log, append(STREAM, Expected::Any, version, 1)).await.unwrap();
    }
    one(&log, under("key-2", 2, append(OTHER, Expected::Any, 1, 19))).await.unwrap();
    drop(log);
    dir
}

fn verify(dir: &Path) -> Verified {
    SqliteLog::verify(dir, &mut |_, _| {}).unwrap()
}

/// Kinds and positions of what is wrong.
fn flaws(dir: &Path) -> Vec<(FlawKind, Option<u64>)> {
    let verified = verify(dir);
    assert_eq!(verified.count, verified.flaws.len() as u64);
    verified.flaws.iter().map(|flaw| (flaw.kind, flaw.position)).collect()
}

#[tokio::test]
async fn an_intact_ledger_passes_and_gives_its_root() {
    let dir = forty().await;
    let verified = verify(dir.path());
    assert_eq!((verified.events, verified.flaws), (40, Vec::new()));
    let log = open(dir.path()).unwrap();
    assert_eq!(verified.root, log.frontier(40).await.unwrap().root());
    // Also while it is open for writing, and many events long.
    for version in 20..320 {
        one(&log, append(STREAM, Expected::Any, version * 64 - 1_260, 64)).await.unwrap();
    }
    let mut told = Vec::new();
    let verified = SqliteLog::verify(dir.path(), &mut |done, all| told.push((done, all))).unwrap();
    let all = 40 + 300 * 64;
    assert_eq!((verified.events, verified.flaws), (all, Vec::new()));
    assert_eq!(verified.root, log.frontier(all).await.unwrap().root());
    assert_eq!(told, [(8_192, all), (16_384, all), (all, all)]);
    assert!(matches!(
        SqliteLog::verify(&dir.path().join("none"), &mut |_, _| {}),
        Err(LogError::NotALedger(_))
    ));
}

/// Does something to a ledger with raw SQL, its guards taken away and put back.
fn tamper(dir: &Path, sql: &str) {
    let db = Connection::open(dir.join("log.db")).unwrap();
    let mut guards = db.prepare("SELECT name, sql FROM sqlite_schema WHERE type = 'trigger'").unwrap();
    let guards: Vec<(String, String)> =
        guards.query_map([], |row| Ok((row.get(0)?, row.get(1)?))).unwrap().map(Result::unwrap).collect();
    for (name, _) in &guards {
        db.execute_batch(&format!("DROP TRIGGER {name}")).unwrap();
    }
    db.execute_batch("PRAGMA ignore_check_constraints = ON").unwrap();
    db.execute_batch(sql).unwrap_or_else(|error| panic!("{sql}: {error}"));
    for (_, guard) in &guards {
        db.execute_batch(guard).unwrap();
    }
}

#[tokio::test]
async fn whatever_is_touched_is_named_with_its_kind_and_first_position() {
    use FlawKind::{Altered, Missing, Moved, Order, Schema, Tree, Truncated, UnknownVersion};
    let swap = |columns: &str| {
        format!(
            "CREATE TEMP TABLE a AS SELECT * FROM events WHERE position IN (4, 7);
             UPDATE events SET ({columns}) = (SELECT {columns} FROM a WHERE a.position = 11 - events.position)
             WHERE position IN (4, 7)"
        )
    };
    let whole = "stream, version, back, type, effective_at, recorded_at, leaf, body";
    let replace = |from: &str, to: &str| {
        format!(
            "UPDATE events SET body = CAST(replace(CAST(body AS TEXT), '{from}', '{to}') AS BLOB) WHERE position = 5"
        )
    };
    for (sql, kind, position) in [
        (replace("agency", "bureau"), Altered, Some(5)),
        ("UPDATE events SET leaf = zeroblob(32) WHERE position = 5".into(), Altered, Some(5)),
        ("UPDATE events SET effective_at = effective_at + 1 WHERE position = 5".into(), Altered, Some(5)),
        ("UPDATE events SET recorded_at = recorded_at + 1 WHERE position = 5".into(), Altered, Some(5)),
        ("UPDATE events SET type = 301 WHERE position = 5".into(), Altered, Some(5)),
        ("UPDATE events SET version = 9 WHERE position = 5".into(), Altered, Some(5)),
        ("UPDATE events SET back = 2 WHERE position = 5".into(), Altered, Some(5)),
        ("UPDATE events SET stream = 1 WHERE position = 5".into(), Altered, Some(5)),
        ("UPDATE events SET stream = 7 WHERE position = 5".into(), Order, Some(5)),
        ("DELETE FROM events WHERE position = 5".into(), Missing, Some(5)),
        ("DELETE FROM events WHERE position BETWEEN 5 AND 9".into(), Missing, Some(5)),
        ("DELETE FROM events WHERE position > 30".into(), Truncated, Some(31)),
        ("DELETE FROM events WHERE position > 35".into(), Truncated, Some(36)),
        (swap(whole), Moved, Some(4)),
        (swap("body, leaf"), Moved, Some(4)),
        (
            "UPDATE events SET position = -position - 1 WHERE position >= 5;
             UPDATE events SET position = -position WHERE position < 0;
             INSERT INTO events SELECT 5, stream, version, back, type, effective_at, recorded_at, leaf, body
             FROM events WHERE position = 4"
                .into(),
            Moved,
            Some(5),
        ),
        ("UPDATE streams SET name = 'practitioner-D1' WHERE id = 0".into(), Altered, Some(0)),
        ("DELETE FROM streams WHERE id = 1".into(), Missing, Some(3)),
        ("INSERT INTO streams VALUES (2, 'practitioner-D1')".into(), Truncated, Some(40)),
        ("UPDATE requests SET key = zeroblob(16) WHERE first_position = 0".into(), Altered, Some(0)),
        ("UPDATE requests SET count = 2 WHERE first_position = 0".into(), Altered, Some(2)),
        ("DELETE FROM requests WHERE first_position = 0".into(), Altered, Some(0)),
        ("INSERT INTO requests VALUES (9, zeroblob(16), zeroblob(32), 1)".into(), Altered, Some(9)),
        ("UPDATE nodes SET hash = zeroblob(32) WHERE n = 1".into(), Tree, Some(16)),
        ("DELETE FROM nodes WHERE n = 0".into(), Tree, Some(0)),
        ("UPDATE meta SET salt = salt + 1".into(), FlawKind::Foreign, Some(0)),
        ("UPDATE meta SET created_at = created_at + 1000".into(), Altered, None),
        ("DROP TRIGGER IF EXISTS x; CREATE TABLE more (x)".into(), Schema, None),
        ("CREATE INDEX more ON events (type)".into(), Schema, None),
    ] {
        let dir = forty().await;
        tamper(dir.path(), &sql);
        let found = flaws(dir.path());
        assert_eq!(found.first(), Some(&(kind, position)), "{sql}: {found:?}");
    }
    // A newer program's events and files are named as such.
    let newer = |what: &str| {
        format!(
            "UPDATE events SET body = CAST(replace(CAST(body AS TEXT), {what}) AS BLOB) WHERE position = 5"
        )
    };
    for what in ["'\"schema\":1', '\"schema\":9'", "'site-removed', 'site-moved'"] {
        let dir = forty().await;
        tamper(dir.path(), &newer(what));
        let found = flaws(dir.path());
        assert!(found.contains(&(UnknownVersion, Some(5))), "{found:?}");
    }
    // A guard that is gone is named too.
    let dir = forty().await;
    let db = Connection::open(dir.path().join("log.db")).unwrap();
    db.execute_batch("DROP TRIGGER events_never_removed").unwrap();
    assert_eq!(flaws(dir.path()), [(Schema, None)]);
}

/// An event of an area, made of one of a practitioner.
fn of_an_area() -> Append {
    let mut append = append("area-430500", Expected::NoStream, 0, 1);
    let event = &mut append.events[0];
    let (from, to) = ("practitioner.site-removed", "area.work-recorded");
    event.body = String::from_utf8(event.body.clone()).unwrap().replace(from, to).into_bytes();
    event.kind = EventType::by_name(to).unwrap();
    append
}

/// Everything in the index follows from the log: where it differs it is the index that is wrong.
#[tokio::test]
async fn an_index_that_differs_from_a_sound_log_is_named_as_such_and_is_made_again() {
    let changes = [
        ("DELETE FROM names WHERE stream = 1", "(names)"),
        ("UPDATE names SET hash = hash + 1 WHERE stream = 1", "(names)"),
        ("UPDATE heads SET position = 2 WHERE stream = 0", "(heads)"),
        ("DELETE FROM heads", "(heads)"),
        ("DELETE FROM areas", "(areas)"),
        ("UPDATE areas SET stream = 1", "(areas)"),
        ("DELETE FROM keys WHERE position = 0", "(keys)"),
        ("INSERT INTO keys VALUES (7, 7)", "(keys)"),
        ("UPDATE covered SET streams = streams + 1", "(names)"),
        ("DELETE FROM names; DELETE FROM keys", "(names, keys)"),
        ("DROP TABLE keys", "no such table: keys"),
    ];
    for ((sql, what), behind) in changes.into_iter().flat_map(|change| [(change, true), (change, false)]) {
        let (dir, log) = made();
        let mut import = log.bulk().unwrap();
        import.push(under("key-1", 1, append(STREAM, Expected::NoStream, 0, 3))).unwrap();
        import.push(append(OTHER, Expected::NoStream, 0, 1)).unwrap();
        import.push(of_an_area()).unwrap();
        import.push(under("key-2", 2, append(STREAM, Expected::Any, 3, 1))).unwrap();
        import.finish().unwrap();
        // What came after the index was written is not in it, and need not be.
        if behind {
            one(&log, under("key-3", 3, append(OTHER, Expected::Any, 1, 1))).await.unwrap();
        }
        drop(log);
        assert_eq!(verify(dir.path()).flaws, []);
        let index = Connection::open(dir.path().join("index.db")).unwrap();
        index.execute_batch(sql).unwrap();
        drop(index);
        let found = verify(dir.path()).flaws;
        assert_eq!(found.len(), 1, "{sql}, {behind}: {found:?}");
        assert_eq!((found[0].kind, found[0].position), (FlawKind::Index, None), "{sql}");
        assert!(
            found[0].words.en.contains(what) && found[0].words.zh.contains(what.trim_matches(['(', ')'])),
            "{sql}: {found:?}"
        );
        std::fs::remove_file(dir.path().join("index.db")).unwrap();
        drop(open(dir.path()).unwrap());
        assert_eq!(verify(dir.path()).flaws, [], "{sql}");
    }
}

/// Which of the two was altered follows from the tree.
#[tokio::test]
async fn altered_bytes_and_an_altered_hash_are_told_apart() {
    for (sql, words) in [
        ("UPDATE events SET leaf = zeroblob(32) WHERE position = 5", "the leaf hash is not the one recorded"),
        (
            "UPDATE events SET body = CAST(CAST(body AS TEXT) || ' ' AS BLOB) WHERE position = 5",
            "the bytes are not those that were recorded",
        ),
        ("UPDATE events SET leaf = zeroblob(32) WHERE position = 39", "do not fit together"),
    ] {
        let dir = forty().await;
        tamper(dir.path(), sql);
        let verified = verify(dir.path());
        assert_eq!(verified.count, 1, "{:?}", verified.flaws);
        assert!(verified.flaws[0].words.en.contains(words), "{}", verified.flaws[0].words.en);
    }
}

/// The bodies of the fixture were made by hand, without the key they were asked under; nothing else is odd about it.
#[test]
fn a_ledger_of_format_1_without_a_tree_is_checked() {
    let fixture = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/v1/log.db");
    let dir = tempfile::tempdir().unwrap();
    std::fs::copy(fixture, dir.path().join("log.db")).unwrap();
    let verified = verify(dir.path());
    assert_eq!(verified.events, 5);
    let asked: Vec<_> = verified.flaws.iter().map(|flaw| flaw.position).collect();
    assert_eq!(asked, [Some(0), Some(1), Some(2)], "{:?}", verified.flaws);
    assert!(verified.flaws.iter().all(|flaw| flaw.words.en.contains("request")));
}

/// Everything that can be read from a log.
fn content(path: &Path) -> rusqlite::Result<BTreeSet<String>> {
    let db = Connection::open_with_flags(path, rusqlite::OpenFlags::SQLITE_OPEN_READ_ONLY)?;
    let mut content = BTreeSet::new();
    for sql in [
        "SELECT * FROM sqlite_schema",
        "SELECT one, ledger, salt & 0x3ffffffff, created_at / 1000 FROM meta",
        "SELECT * FROM events",
        "SELECT * FROM nodes",
        "SELECT * FROM streams",
        "SELECT first_position, key, count FROM requests",
    ] {
        let mut select = db.prepare(sql)?;
        let columns = select.column_count();
        let mut rows = select.query([])?;
        while let Some(row) = rows.next()? {
            let values = (0..columns).map(|at| row.get_ref(at).map(|value| format!("{value:?}")));
            content.insert(format!("{sql}: {:?}", values.collect::<Result<Vec<_>, _>>()?));
        }
    }
    Ok(content)
}

/// Every byte of a small log, one after the other: either it is named, or everything that can be read is as before. The
/// latter are bytes of no meaning (unused room in pages, counters of the file header), the digests of requests, which no
/// hash covers, the part of the salt that no id holds, and fractions of the millisecond in which the ledger was made.
#[tokio::test]
async fn every_byte_of_a_small_log_is_named_when_it_is_flipped() {
    let (dir, log) = made();
    one(&log, under("key-1", 1, append(STREAM, Expected::NoStream, 0, 2))).await.unwrap();
    one(&log, append(OTHER, Expected::NoStream, 0, 15)).await.unwrap();
    drop(log);
    let path = dir.path().join("log.db");
    {
        // Small pages leave less unused room to go through.
        let db = Connection::open(&path).unwrap();
        db.execute_batch("PRAGMA journal_mode = DELETE; PRAGMA page_size = 512; VACUUM").unwrap();
    }
    for name in ["index.db", "ledger.lock"] {
        std::fs::remove_file(dir.path().join(name)).unwrap();
    }
    assert_eq!(flaws(dir.path()), []);
    let (bytes, whole) = (std::fs::read(&path).unwrap(), content(&path).unwrap());
    let threads = 2;
    let silent: Vec<usize> = std::thread::scope(|scope| {
        let work = |first: usize| {
            let (bytes, whole) = (&bytes, &whole);
            move || {
                let own = tempfile::tempdir().unwrap();
                let path = own.path().join("log.db");
                let mut silent = Vec::new();
                for at in (first..bytes.len()).step_by(threads) {
                    let mut flipped = bytes.clone();
                    flipped[at] ^= 1 << (at % 8);
                    std::fs::write(&path, flipped).unwrap();
                    let named = SqliteLog::verify(own.path(), &mut |_, _| {});
                    if named.is_ok_and(|verified| verified.flaws.is_empty()) {
                        let read = content(&path).unwrap();
                        let changed: Vec<_> = read.symmetric_difference(whole).collect();
                        assert!(changed.is_empty(), "byte {at} was changed and not named: {changed:#?}");
                        silent.push(at);
                    }
                }
                silent
            }
        };
        let workers: Vec<_> = (0..threads).map(|first| scope.spawn(work(first))).collect();
        workers.into_iter().flat_map(|worker| worker.join().unwrap()).collect()
    });
    // Most of them are room left over in pages.
    assert!(silent.len() < bytes.len() / 2, "{} of {} bytes are not named", silent.len(), bytes.len());
}
