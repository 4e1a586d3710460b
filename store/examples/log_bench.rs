//! Speed of the log alone: `cargo run --release -p accord-store --example log_bench -- bulk 1000000`.
//!
//! `single N`: durable appends of one event each; `bulk N`: the import path, subjects in random order (2/5 of the events
//! in streams of 8, 3/5 in streams of 5), every request with a key; `raw N` and `raw-bulk N`: SQLite alone with the same
//! bodies, text stream names and UNIQUE(stream, version), one row and 10,000 rows a commit.
#![expect(clippy::print_stdout, clippy::unwrap_used, reason = "a measuring tool")]

use accord_store::clock::SystemClock;
use accord_store::contract::{Numbers, event, second};
use accord_store::{Append, EventLog, Expected, Request, SqliteLog};
use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

/// The streams of `n` events in random order, each with its next version.
fn order(n: u64) -> Vec<(u32, u32)> {
    let (institutions, practitioners) = (n * 2 / 5 / 8, n * 3 / 5 / 5);
    let mut slots: Vec<u32> = Vec::new();
    for stream in 0..institutions + practitioners {
        let events = if stream < institutions { 8 } else { 5 };
        slots.extend(std::iter::repeat_n(u32::try_from(stream).unwrap(), events));
    }
    let mut numbers = Numbers(1);
    for i in (1..slots.len()).rev() {
        slots.swap(i, usize::try_from(numbers.below(i as u64 + 1)).unwrap());
    }
    let mut next = vec![0; usize::try_from(institutions + practitioners).unwrap()];
    slots
        .into_iter()
        .map(|stream| {
            let version = next[stream as usize];
            next[stream as usize] += 1;
            (stream, version)
        })
        .collect()
}

fn request(stream: u32, version: u32, n: u64) -> Append {
    let subject = format!("D{stream:012}");
    let name = format!("practitioner-{subject}");
    let events = vec![event(&subject, version, second(i64::from(stream)), &"据".repeat(42))];
    let mut digest = [0; 32];
    digest[..8].copy_from_slice(&n.to_be_bytes());
    let key = format!("import-2026-03-{n:016x}").into();
    let expected = version.checked_sub(1).map_or(Expected::NoStream, Expected::Exact);
    Append { stream: name.into(), expected, request: Some(Request { key, digest }), events }
}

fn open(dir: &Path) -> SqliteLog {
    SqliteLog::create(dir, 1, &SystemClock).unwrap();
    SqliteLog::open(dir, Arc::new(SystemClock)).unwrap()
}

fn report(what: &str, n: u64, started: Instant, dir: &Path) {
    let seconds = started.elapsed().as_secs_f64();
    let size = |name: &str| std::fs::metadata(dir.join(name)).map_or(0, |file| file.len());
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let peak = status.lines().find(|line| line.starts_with("VmHWM")).unwrap_or_default();
    println!(
        "{what}: {n} in {seconds:.2} s, {:.0} a second; log {} B/event, index {} B/event; {peak}",
        n as f64 / seconds,
        size("log.db") / n,
        size("index.db") / n
    );
}

async fn single(dir: &Path, n: u64) {
    let log = open(dir);
    let requests: Vec<_> = order(n.max(100))
        .into_iter()
        .zip(0..n)
        .map(|((stream, version), n)| request(stream, version, n))
        .collect();
    let started = Instant::now();
    let mut times = Vec::new();
    for request in requests {
        let at = Instant::now();
        log.append(vec![request]).await.pop().unwrap().unwrap();
        times.push(at.elapsed().as_micros());
    }
    report("single", n, started, dir);
    times.sort_unstable();
    println!("p50 {} us, p99 {} us", times[times.len() / 2], times[times.len() * 99 / 100]);
}

fn bulk(dir: &Path, n: u64) {
    let log = open(dir);
    let order = order(n);
    let started = Instant::now();
    let mut import = log.bulk().unwrap();
    let mut lap = Instant::now();
    for (count, (stream, version)) in (0_u64..).zip(order) {
        import.push(request(stream, version, count)).unwrap();
        if (count + 1) % 1_000_000 == 0 {
            println!("  {} to {count}", (1e6 / lap.elapsed().as_secs_f64()).round());
            lap = Instant::now();
        }
    }
    let pushed = started.elapsed().as_secs_f64();
    let len = import.finish().unwrap();
    println!("pushed in {pushed:.2} s");
    report("bulk", len, started, dir);
    let started = Instant::now();
    drop(log);
    println!("closed in {:.2} s", started.elapsed().as_secs_f64());
    let started = Instant::now();
    let log = SqliteLog::open(dir, Arc::new(SystemClock)).unwrap();
    println!("opened in {:.3} s", started.elapsed().as_secs_f64());
    let started = Instant::now();
    let mut bytes = 0;
    log.scanner()
        .unwrap()
        .scan(0..len, &mut |raw| {
            bytes += raw.body.len();
            Ok(())
        })
        .unwrap();
    println!(
        "scanned {:.0} events a second, {} B a body",
        len as f64 / started.elapsed().as_secs_f64(),
        bytes as u64 / len
    );
}

fn generate(n: u64) {
    let started = Instant::now();
    let mut bytes = 0;
    for (count, (stream, version)) in (0_u64..).zip(order(n)) {
        bytes += request(stream, version, count).events[0].body.len();
    }
    println!("generating alone: {:.0} a second ({bytes} B)", n as f64 / started.elapsed().as_secs_f64());
}

fn raw(dir: &Path, n: u64, each: u64) {
    let db = rusqlite::Connection::open(dir.join("log.db")).unwrap();
    db.pragma_update_and_check(None, "journal_mode", "WAL", |_| Ok(())).unwrap();
    db.pragma_update(None, "synchronous", "FULL").unwrap();
    db.execute_batch(
        "CREATE TABLE events (position INTEGER PRIMARY KEY, stream TEXT NOT NULL, version INTEGER NOT NULL, \
         type INTEGER NOT NULL, effective_at INTEGER NOT NULL, recorded_at INTEGER NOT NULL, body BLOB NOT NULL, \
         UNIQUE (stream, version)) STRICT",
    )
    .unwrap();
    let order = order(n.max(100));
    let started = Instant::now();
    let mut times = Vec::new();
    for (index, chunk) in
        (0_u64..).zip(order[..usize::try_from(n).unwrap()].chunks(usize::try_from(each).unwrap()))
    {
        let at = Instant::now();
        let tx = db.unchecked_transaction().unwrap();
        let mut insert = tx.prepare_cached("INSERT INTO events VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)").unwrap();
        for (place, (stream, version)) in (index * each..).zip(chunk) {
            let request = request(*stream, *version, place);
            let (kind, body) = (request.events[0].kind.0, &request.events[0].body[..]);
            insert
                .execute((place.cast_signed(), &*request.stream, version, kind, 0, place.cast_signed(), body))
                .unwrap();
        }
        drop(insert);
        tx.commit().unwrap();
        times.push(at.elapsed().as_micros());
    }
    report("raw", n, started, dir);
    times.sort_unstable();
    println!("p50 {} us, p99 {} us", times[times.len() / 2], times[times.len() * 99 / 100]);
}

#[tokio::main]
async fn main() {
    let mut args = std::env::args().skip(1);
    let what = args.next().unwrap_or_else(|| "bulk".to_owned());
    let n = args.next().map_or(1_000_000, |n| n.parse().unwrap());
    let place = args.next().map_or_else(std::env::temp_dir, Into::into);
    let dir = tempfile::tempdir_in(place).unwrap();
    match what.as_str() {
        "single" => single(dir.path(), n).await,
        "bulk" => bulk(dir.path(), n),
        "raw" => raw(dir.path(), n, 1),
        "raw-bulk" => raw(dir.path(), n, 10_000),
        "generate" => generate(n),
        other => println!("{other}: single, bulk, raw, raw-bulk or generate"),
    }
}
