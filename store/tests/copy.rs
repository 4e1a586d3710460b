//! A copy of a ledger whose truth is kept elsewhere: nothing commits that did not pass the gate, and what is taken over is
//! the same byte for byte.
#![expect(clippy::unwrap_used, reason = "tests")]

mod common;

use accord_store::contract::{STREAM, append, second, under};
use accord_store::merkle::Plan;
use accord_store::replica::{Gate, Identity, Keyed, Place, Recorded};
use accord_store::{Append, AppendError, EventLog, Expected, LogError, SqliteLog};
use common::{clock, made, one};
use std::path::Path;
use std::sync::{Arc, Mutex};

/// A gate that remembers what passed, and refuses what it was told to.
#[derive(Debug, Default)]
struct Door {
    passed: Mutex<Vec<Vec<Recorded>>>,
    refusals: Mutex<Vec<LogError>>,
}

impl Gate for Door {
    fn pass(&self, requests: &[Recorded]) -> Result<(), LogError> {
        if let Some(refusal) = self.refusals.lock().unwrap().pop() {
            return Err(refusal);
        }
        self.passed.lock().unwrap().push(requests.to_vec());
        Ok(())
    }
}

impl Door {
    fn refuse(&self, error: LogError) {
        self.refusals.lock().unwrap().push(error);
    }

    fn all(&self) -> Vec<Recorded> {
        self.passed.lock().unwrap().concat()
    }
}

fn place() -> Place {
    Place { address: "esdb://node1:2113".to_owned(), stream: "accord-test".to_owned() }
}

fn copy_in(dir: &Path) -> (Arc<Door>, SqliteLog) {
    SqliteLog::create_copy(dir, &Identity::new(7, &*clock()), &place()).unwrap();
    let door = Arc::new(Door::default());
    let log = SqliteLog::open_copy(dir, clock(), Arc::clone(&door) as Arc<dyn Gate>).unwrap();
    (door, log)
}

fn batch() -> Vec<Append> {
    vec![
        under("first", 1, append(STREAM, Expected::NoStream, 0, 3)),
        append("institution-x", Expected::NoStream, 0, 1),
        append("institution-x", Expected::NoStream, 0, 1),
        under("second", 2, append(STREAM, Expected::Exact(2), 3, 2)),
    ]
}

#[tokio::test]
async fn whole_requests_pass_the_gate_as_they_are_read_later() {
    let dir = tempfile::tempdir().unwrap();
    let (door, log) = copy_in(dir.path());
    log.append(batch()).await;
    log.append(batch()[..1].to_vec()).await;
    let passed = door.all();
    assert_eq!(passed.iter().map(|request| request.events.len()).collect::<Vec<_>>(), [3, 1, 2]);
    let events: Vec<_> = passed.iter().flat_map(|request| request.events.clone()).collect();
    assert_eq!(events, log.read_all(0, 100).await.unwrap());
    let digests = |digest| move |keyed: Keyed| keyed.digest == [digest; 32];
    assert!(passed[0].keyed.is_some_and(digests(1)));
    assert_eq!(passed[1].keyed, None);
    assert!(passed[2].keyed.is_some_and(digests(2)));
    assert_eq!(door.passed.lock().unwrap().len(), 1, "an answer given before passes no gate");
}

#[tokio::test]
async fn what_the_gate_refuses_is_not_recorded_and_leaves_its_place_free() {
    let dir = tempfile::tempdir().unwrap();
    let (door, log) = copy_in(dir.path());
    one(&log, append("institution-y", Expected::Any, 0, 1)).await.unwrap();
    for _ in 0..2 {
        door.refuse(LogError::Overtaken { position: 1 });
        let mut told = 0;
        let answers = log.append_foretold(batch(), &mut |_| told += 1).await;
        for (index, answer) in answers.iter().enumerate() {
            match answer {
                Err(AppendError::Storage(why)) => {
                    assert!(matches!(**why, LogError::Overtaken { position: 1 }), "{index}: {why}");
                }
                Err(AppendError::Conflict { .. }) if index == 2 => {}
                other => panic!("{index}: {other:?}"),
            }
        }
        assert_eq!((told, log.len().await.unwrap(), *log.subscribe().borrow()), (0, 1, 1));
        assert!(log.request("first").await.unwrap().is_none());
        assert!(log.read_stream(STREAM, 0, 10).await.unwrap().is_empty());
    }
    let answer = one(&log, batch().remove(0)).await.unwrap();
    assert_eq!((answer.appended.first_position, answer.repeated), (1, false));
}

#[tokio::test]
async fn an_import_passes_the_gate_too() {
    let dir = tempfile::tempdir().unwrap();
    let (door, log) = copy_in(dir.path());
    let mut import = log.bulk().unwrap();
    for n in 0..7 {
        let request = under(&format!("key-{n}"), 1, append(&format!("s{}", n % 3), Expected::Any, 0, 2));
        import.push(request).unwrap();
    }
    assert_eq!(import.finish().unwrap(), 14);
    let passed = door.all();
    assert!(passed.len() == 7 && passed.iter().all(|request| request.keyed.is_some()));
    let events: Vec<_> = passed.into_iter().flat_map(|request| request.events).collect();
    assert_eq!(events, log.read_all(0, 100).await.unwrap());
    door.refuse(LogError::Cluster("gone".to_owned()));
    let mut import = log.bulk().unwrap();
    import.push(append("s0", Expected::Any, 0, 1)).unwrap();
    assert!(matches!(*import.finish().unwrap_err(), LogError::Cluster(_)));
    assert_eq!(log.len().await.unwrap(), 14);
    one(&log, append("s0", Expected::Any, 0, 1)).await.unwrap();
}

#[tokio::test]
async fn a_full_disk_refuses_before_the_gate_and_is_in_doubt_behind_it() {
    let dir = tempfile::tempdir().unwrap();
    let (door, log) = copy_in(dir.path());
    log.limit_pages(1).unwrap();
    let mut n = 0;
    let why = loop {
        match one(&log, under(&format!("key-{n}"), 1, append("s", Expected::Any, 0, 1))).await {
            Ok(_) => n += 1,
            Err(AppendError::Storage(why)) => break why,
            Err(other) => panic!("{other}"),
        }
    };
    // A full disk shows when a row finds no page, or only at the commit, with the gate in between.
    let passed = door.all().len() as u64;
    match &*why {
        LogError::Full(_) => assert_eq!(passed, n),
        LogError::InDoubt(_) => assert_eq!(passed, n + 1),
        other => panic!("{other}"),
    }
    assert_eq!(log.len().await.unwrap(), n);
}

/// What a log holds, in the words of another.
async fn recorded(log: &SqliteLog, counts: &[(usize, Option<u8>)], keys: &[&str]) -> Vec<Recorded> {
    let mut events = log.read_all(0, 100).await.unwrap().into_iter();
    let mut keys = keys.iter();
    let mut requests = Vec::new();
    for (count, digest) in counts {
        let keyed = digest.map(|digest| Keyed { key: key_of(keys.next().unwrap()), digest: [digest; 32] });
        requests.push(Recorded { events: events.by_ref().take(*count).collect(), keyed });
    }
    requests
}

fn key_of(text: &str) -> [u8; 16] {
    use sha2::Digest;
    sha2::Sha256::digest(text)[..16].try_into().unwrap()
}

#[tokio::test]
async fn what_is_taken_over_is_the_same_byte_for_byte_and_answers_the_same() {
    let (_dir, truth) = made();
    truth.append(batch()).await;
    let requests = recorded(&truth, &[(3, Some(1)), (1, None), (2, Some(2))], &["first", "second"]).await;
    let dir = tempfile::tempdir().unwrap();
    let (door, copy) = copy_in(dir.path());
    assert_eq!(copy.take_over(requests[..2].to_vec()).unwrap(), 4);
    assert_eq!(copy.take_over(requests.clone()).unwrap(), 6, "what is here is passed over");
    assert_eq!(copy.take_over(requests).unwrap(), 6);
    assert!(door.all().is_empty(), "it comes from there");
    assert_eq!(copy.read_all(0, 100).await.unwrap(), truth.read_all(0, 100).await.unwrap());
    assert_eq!(copy.read_stream(STREAM, 0, 9).await.unwrap(), truth.read_stream(STREAM, 0, 9).await.unwrap());
    assert_eq!(copy.prove(&Plan::root(6)).await.unwrap(), truth.prove(&Plan::root(6)).await.unwrap());
    for key in ["first", "second"] {
        assert_eq!(copy.request(key).await.unwrap(), truth.request(key).await.unwrap());
    }
    assert!(one(&copy, batch().remove(0)).await.unwrap().repeated);
    let next = one(&copy, append("institution-x", Expected::Exact(0), 1, 1)).await.unwrap().appended;
    assert_eq!((next.first_position, next.first_version), (6, 1));
    assert!(next.recorded_at > truth.read_all(5, 1).await.unwrap()[0].recorded_at);
}

#[tokio::test]
async fn what_does_not_follow_is_not_taken_over() {
    let (_dir, truth) = made();
    truth.append(batch()).await;
    let requests = recorded(&truth, &[(3, None), (1, None), (2, None)], &[]).await;
    let dir = tempfile::tempdir().unwrap();
    let (_door, copy) = copy_in(dir.path());
    copy.take_over(requests[..1].to_vec()).unwrap();
    let changed = |change: &dyn Fn(&mut Recorded)| {
        let mut wrong = requests[1..].to_vec();
        change(&mut wrong[1]);
        wrong
    };
    let cases = [
        (requests[2..].to_vec(), 4),
        (changed(&|request| request.events[1].version = 9), 5),
        (changed(&|request| request.events[1].stream = "another".into()), 5),
        (changed(&|request| request.events[0].recorded_at = second(-1)), 4),
    ];
    for (wrong, at) in cases {
        match copy.take_over(wrong) {
            Err(LogError::Damaged { position, .. }) => assert_eq!(position, at),
            other => panic!("{at}: {other:?}"),
        }
        assert_eq!(copy.len().await.unwrap(), 3, "all or nothing");
    }
    assert_eq!(copy.take_over(requests).unwrap(), 6);
}

#[tokio::test]
async fn a_copy_is_not_written_as_if_it_were_the_ledger() {
    let dir = tempfile::tempdir().unwrap();
    let (_door, copy) = copy_in(dir.path());
    one(&copy, append(STREAM, Expected::Any, 0, 1)).await.unwrap();
    drop(copy);
    assert!(matches!(SqliteLog::open(dir.path(), clock()), Err(LogError::Replica(_))));
    let reading = SqliteLog::open_read_only(dir.path(), clock()).unwrap();
    assert_eq!(reading.len().await.unwrap(), 1);
    let again = SqliteLog::create_copy(dir.path(), &Identity::new(8, &*clock()), &place());
    assert!(matches!(again, Err(LogError::NotALedger(_))));
    assert_eq!(Place::read(&SqliteLog::copy_of(dir.path())).unwrap(), place());
}
