//! Several nodes on one ledger, copies lost and made again, copies that do not agree. Over the protocol double.
#![expect(clippy::unwrap_used, reason = "tests")]

mod common;

use accord_store::contract::{STREAM, append, under};
use accord_store::eventstore::{EventStoreLog, Place};
use accord_store::{AppendError, EventLog, Expected, LogError, SqliteLog};
use accord_store_double::{Double, Fault, Kept};
use common::{LEDGER, clock, contents, lose, made, one, place, sound};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use std::sync::mpsc::channel;

const NODES: usize = 2;
const WRITERS: u32 = 3;
const ROUNDS: u32 = 8;

/// Every node has the same clock, which stands: both give their events at one position the same id.
#[tokio::test(flavor = "multi_thread", worker_threads = 8)]
async fn nodes_that_write_at_once_lose_nothing_and_end_with_the_same_bytes() {
    let double = Double::start(1);
    let nodes: Vec<_> = (0..NODES).map(|_| made(&double)).collect();
    let (dirs, logs): (Vec<_>, Vec<_>) = nodes.into_iter().map(|(dir, log)| (dir, Arc::new(log))).unzip();
    let mut writers = Vec::new();
    for (node, log) in logs.iter().enumerate() {
        for writer in 0..WRITERS {
            let log = Arc::clone(log);
            writers.push(tokio::spawn(async move {
                let mut recorded = Vec::new();
                for round in 0..ROUNDS {
                    let own = append(&format!("own-{node}-{writer}"), Expected::Any, round, 1);
                    // Of all nodes and writers, one gets through with this.
                    let raced = append(
                        "raced",
                        if round == 0 { Expected::NoStream } else { Expected::Exact(round - 1) },
                        0,
                        1,
                    );
                    let shared =
                        under(&format!("{node}-{writer}-{round}"), 1, append("shared", Expected::Any, 0, 2));
                    for answer in log.append(vec![own, raced, shared]).await {
                        match answer {
                            Ok(answer) => recorded.push(answer.appended),
                            Err(AppendError::Conflict { .. }) => {}
                            Err(other) => panic!("{other}"),
                        }
                    }
                }
                recorded
            }));
        }
    }
    let mut recorded = Vec::new();
    for writer in writers {
        recorded.extend(writer.await.unwrap());
    }
    for log in &logs {
        log.catch_up().unwrap();
        sound(&double, log).await;
    }
    let (all, root) = contents(&*logs[0]).await;
    assert_eq!((all.clone(), root), contents(&*logs[1]).await);
    let count = |stream: &str| all.iter().filter(|event| &*event.stream == stream).count() as u32;
    let writers = NODES as u32 * WRITERS;
    assert_eq!(count("shared"), writers * ROUNDS * 2);
    assert_eq!(count("own-1-2"), ROUNDS);
    assert!((1..=ROUNDS).contains(&count("raced")), "{}", count("raced"));
    assert_eq!(recorded.iter().map(|appended| u64::from(appended.count)).sum::<u64>(), all.len() as u64);
    for appended in recorded {
        let event = &all[usize::try_from(appended.first_position).unwrap()];
        assert_eq!(event.version, appended.first_version);
    }
    assert!(all.is_sorted_by(|a, b| a.recorded_at < b.recorded_at));
    drop(dirs);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_copy_that_was_lost_is_made_again_the_same() {
    let double = Double::start(1);
    let (dir, log) = made(&double);
    for n in 0..12 {
        let request = under(&format!("key-{n}"), 1, append(&format!("s{}", n % 5), Expected::Any, 0, 3));
        log.append(vec![request, append("unkeyed", Expected::Any, n, 1)]).await;
    }
    let (was, ledger) = (contents(&log).await, log.copy().ledger_id());
    let mut answers = Vec::new();
    for n in 0..12 {
        answers.push(log.request(&format!("key-{n}")).await.unwrap().unwrap());
    }
    drop(log);
    lose(dir.path());
    assert!(!EventStoreLog::create(dir.path(), &place(&double), 99, &*clock()).unwrap());
    let log = EventStoreLog::open(dir.path(), clock()).unwrap();
    assert_eq!((contents(&log).await, log.copy().ledger_id(), log.salt()), (was, ledger, 7));
    for (n, answer) in answers.into_iter().enumerate() {
        assert_eq!(log.request(&format!("key-{n}")).await.unwrap(), Some(answer));
    }
    sound(&double, &log).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn followers_learn_what_others_recorded_when_they_catch_up() {
    let double = Double::start(1);
    let ((_dir, log), (_other_dir, other)) = (made(&double), made(&double));
    let mut length = other.subscribe();
    // More than a page, and requests of three do not end where a page does.
    for _ in 0..4 {
        let batch = (0..60).map(|_| append(STREAM, Expected::Any, 0, 3)).collect();
        assert!(log.append(batch).await.iter().all(Result::is_ok));
    }
    assert_eq!((other.len().await.unwrap(), length.has_changed().unwrap()), (0, false));
    assert_eq!(other.catch_up().unwrap(), 720);
    assert_eq!(*length.borrow_and_update(), 720);
    assert_eq!(contents(&log).await, contents(&other).await);
    assert_eq!(other.catch_up().unwrap(), 720);
    assert!(!length.has_changed().unwrap());
}

#[tokio::test(flavor = "multi_thread")]
async fn an_import_goes_to_the_cluster() {
    let double = Double::start(1);
    let (_dir, log) = made(&double);
    let mut import = log.copy().bulk().unwrap();
    for n in 0..1_500 {
        import
            .push(under(&format!("key-{n}"), 1, append(&format!("s{}", n % 40), Expected::Any, 0, 3)))
            .unwrap();
    }
    assert_eq!(import.finish().unwrap(), 4_500);
    sound(&double, &log).await;
    assert!(one(&log, under("key-9", 1, append("s9", Expected::Any, 0, 3))).await.unwrap().repeated);
}

const CHILD: &str = "ACCORD_TEST_CHILD_DIR";

/// The event is in the cluster and not in the copy when the process dies: it is there once, and answered as recorded.
#[tokio::test(flavor = "multi_thread")]
async fn a_process_killed_between_the_cluster_and_its_copy_lost_nothing() {
    let request = || under("key", 1, append(STREAM, Expected::Exact(0), 1, 2));
    if let Some(dir) = std::env::var_os(CHILD) {
        let log = EventStoreLog::open(&PathBuf::from(dir), clock()).unwrap();
        drop(one(&log, request()).await);
        panic!("killed before");
    }
    let double = Double::start(1);
    let (dir, log) = made(&double);
    one(&log, append(STREAM, Expected::NoStream, 0, 1)).await.unwrap();
    drop(log);
    let (recorded, is_recorded) = channel();
    let (dead, is_dead) = channel::<()>();
    double.ask_for(Fault::BeforeAnswer(Box::new(move || {
        recorded.send(()).unwrap();
        // An end of the channel is what is waited for.
        let _ = is_dead.recv();
    })));
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args([
            "--exact",
            "a_process_killed_between_the_cluster_and_its_copy_lost_nothing",
            "--test-threads=1",
        ])
        .env(CHILD, dir.path())
        .spawn()
        .unwrap();
    is_recorded.recv().unwrap();
    child.kill().unwrap();
    child.wait().unwrap();
    drop(dead);
    let copy = SqliteLog::open_read_only(dir.path(), clock()).unwrap();
    assert_eq!((copy.len().await.unwrap(), double.stream(LEDGER).len()), (1, 3), "it died in between");
    drop(copy);
    let log = EventStoreLog::open(dir.path(), clock()).unwrap();
    assert_eq!(log.len().await.unwrap(), 3);
    let answer = one(&log, request()).await.unwrap();
    assert_eq!((answer.appended.first_position, answer.appended.count, answer.repeated), (1, 2, true));
    sound(&double, &log).await;
}

/// Three events in the cluster and a copy of them, closed; then the cluster has other ones.
async fn after(change: impl FnOnce(&mut Vec<Kept>)) -> (Double, tempfile::TempDir) {
    let double = Double::start(1);
    let (dir, log) = made(&double);
    for version in 0..3 {
        one(&log, append(STREAM, Expected::Any, version, 1)).await.unwrap();
    }
    drop(log);
    let mut events = double.stream(LEDGER);
    change(&mut events);
    double.replace(LEDGER, events);
    (double, dir)
}

fn refused_at(dir: &Path) -> u64 {
    match EventStoreLog::open(dir, clock()) {
        Err(LogError::Damaged { position, .. }) => position,
        other => panic!("{other:?}"),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_copy_that_does_not_agree_with_the_cluster_is_refused_not_mended() {
    let (_double, dir) = after(|events| drop(events.pop())).await;
    assert_eq!(refused_at(dir.path()), 2, "the cluster lost the newest");
    assert_eq!(SqliteLog::open_read_only(dir.path(), clock()).unwrap().len().await.unwrap(), 3);
    let other =
        |kept: &mut Kept| kept.data = String::from_utf8_lossy(&kept.data).replace("agency", "bureau").into();
    let (_double, dir) = after(|events| other(&mut events[2])).await;
    assert_eq!(refused_at(dir.path()), 2, "the newest is another");
    let (_double, dir) = after(|events| other(&mut events[1])).await;
    let log = EventStoreLog::open(dir.path(), clock()).unwrap();
    assert!(matches!(log.compare(), Err(LogError::Damaged { position: 1, .. })), "an older one is another");
    drop(log);
    lose(dir.path());
    EventStoreLog::create(dir.path(), &place(&_double), 7, &*clock()).unwrap();
    assert_eq!(refused_at(dir.path()), 1, "and no new copy is made of it");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_of_this_ledger_is_not_taken_over() {
    let changed = |name: &'static str, from: &'static str, to: &'static str| {
        move |events: &mut Vec<Kept>| {
            let text = String::from_utf8(events[2].metadata.clone()).unwrap();
            assert!(text.contains(from), "{name}: {text}");
            events[2].metadata = text.replace(from, to).into_bytes();
        }
    };
    let cases = [
        changed("version", "\"version\":2", "\"version\":1"),
        changed("stream", "practitioner", "institution"),
        changed("number", "\"number\":302", "\"number\":301"),
        changed("request", "\"of\":1", "\"of\":2"),
        changed("leaf", "\"leaf\":\"", "\"leaf\":\"0"),
    ];
    for (case, change) in cases.into_iter().enumerate() {
        let (double, dir) = after(change).await;
        lose(dir.path());
        EventStoreLog::create(dir.path(), &place(&double), 7, &*clock()).unwrap();
        if case == 3 {
            // As if the second event of a request were still under way: what is whole is taken over.
            let log = EventStoreLog::open(dir.path(), clock()).unwrap();
            assert_eq!(log.len().await.unwrap(), 2);
        } else {
            assert_eq!(refused_at(dir.path()), 2, "{case}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_copy_of_one_ledger_is_not_opened_on_another() {
    let double = Double::start(1);
    let (dir, log) = made(&double);
    drop(log);
    let elsewhere = Place { stream: "accord-other".to_owned(), ..place(&double) };
    let none = EventStoreLog::open_at(dir.path(), &elsewhere, clock());
    assert!(matches!(none, Err(LogError::NotALedger(_))), "{none:?}");
    drop(none);
    let other_dir = tempfile::tempdir().unwrap();
    EventStoreLog::create(other_dir.path(), &elsewhere, 8, &*clock()).unwrap();
    let other = EventStoreLog::open_at(dir.path(), &elsewhere, clock());
    assert!(matches!(other, Err(LogError::NotALedger(_))), "{other:?}");
    assert!(matches!(SqliteLog::open(dir.path(), clock()), Err(LogError::Replica(_))));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 8)]
async fn of_ledgers_made_at_once_in_one_place_one_stands() {
    let double = Double::start(1);
    let made: Vec<_> = (0..4)
        .map(|salt| {
            let place = place(&double);
            std::thread::spawn(move || {
                let dir = tempfile::tempdir().unwrap();
                let new = EventStoreLog::create(dir.path(), &place, salt, &*clock()).unwrap();
                (dir, new)
            })
        })
        .collect();
    let made: Vec<_> = made.into_iter().map(|made| made.join().unwrap()).collect();
    assert_eq!(made.iter().filter(|(_, new)| *new).count(), 1);
    let logs: Vec<_> =
        made.iter().map(|(dir, _)| EventStoreLog::open(dir.path(), clock()).unwrap()).collect();
    assert!(logs.iter().all(|log| log.salt() == logs[0].salt()));
    assert!(logs.iter().all(|log| log.copy().ledger_id() == logs[0].copy().ledger_id()));
}
