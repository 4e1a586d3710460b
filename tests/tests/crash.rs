//! kill -9 in the middle of an import and of concurrent appends: everything acknowledged is there, nothing is half there,
//! positions are gapless, and the views agree with a replay of the log.
//!
//! Seeded: what is written and after how much of it the program is killed is the same on every run; where exactly the
//! kill hits is the operating system's choice.

use accord_tests::program::{Server, command, run};
use serde_json::{Value as Json, json};
use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::Stdio;
use std::sync::mpsc;
use std::time::Duration;

/// Small, seeded and good enough to choose with (splitmix64).
struct Dice(u64);

impl Dice {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        (z ^ (z >> 31)) % bound
    }
}

fn hospital(number: u64) -> String {
    format!("H370102{number:05}")
}

/// A first designation: three events that belong together (signed, probation started, cross-region closed).
fn signing(number: u64, area: u64) -> Json {
    json!({
        "command": "institution.sign-agreement", "subject": hospital(number), "effective_at": "2025-07-01",
        "actor": { "authority": "agency", "area": "370100" }, "key": format!("sign-{number}-{area}"),
        "data": { "area": "370100", "lines": ["basic"], "name": format!("示例医院{number}"), "number": "2025-1",
                  "from": "2025-07-01", "until": "2026-07-01" }
    })
}

fn interview(number: u64, day: u64) -> Json {
    json!({
        "command": "institution.interview", "subject": hospital(number), "effective_at": format!("2025-08-{:02}", 1 + day % 28),
        "actor": { "authority": "agency", "area": "370100" }, "key": format!("interview-{number}-{day}"),
        "data": { "note": "约谈" }
    })
}

/// Every event of the ledger in order, after checking that nothing is missing, doubled or half there.
fn sound_events(dir: &Path) -> Vec<Json> {
    run(dir, &["replay", "--verify"]).expect(0, &[]);
    run(dir, &["doctor"]).expect(0, &[]);
    let log = rusqlite::Connection::open(dir.join("accord-ledger/log.db")).expect("the log");
    let mut rows = log.prepare("SELECT position, body FROM events ORDER BY position").expect("a query");
    let events: Vec<(u64, Json)> = rows
        .query_map([], |row| {
            let body: Vec<u8> = match row.get_ref(1)? {
                rusqlite::types::ValueRef::Text(bytes) | rusqlite::types::ValueRef::Blob(bytes) => {
                    bytes.to_vec()
                }
                _ => Vec::new(),
            };
            let position: i64 = row.get(0)?;
            Ok((u64::try_from(position).expect("a position"), serde_json::from_slice(&body).expect("JSON")))
        })
        .expect("rows")
        .map(|row| row.expect("a row"))
        .collect();
    let mut versions: BTreeMap<String, u64> = BTreeMap::new();
    for (index, (position, event)) in events.iter().enumerate() {
        assert_eq!(*position, index as u64, "positions are gapless from 0");
        let version = versions.entry(event["subject"].as_str().expect("a subject").to_owned()).or_default();
        assert_eq!(event["version"].as_u64(), Some(*version), "versions are gapless in {}", event["subject"]);
        *version += 1;
    }
    // The consequences of a signing are in the log if and only if the signing is.
    let count = |kind: &str| events.iter().filter(|(_, event)| event["type"] == kind).count();
    assert_eq!(count("institution.agreement-signed"), count("institution.probation-started"));
    assert_eq!(count("institution.agreement-signed"), count("institution.cross-region-closed"));
    events.into_iter().map(|(_, event)| event).collect()
}

/// How many events are committed, as another process sees it while the import runs.
fn committed(dir: &Path) -> u64 {
    let path = dir.join("accord-ledger/log.db");
    let flags = rusqlite::OpenFlags::SQLITE_OPEN_READ_ONLY;
    let count = rusqlite::Connection::open_with_flags(path, flags)
        .and_then(|log| log.query_row("SELECT count(*) FROM events", [], |row| row.get::<_, i64>(0)));
    count.ok().and_then(|count| u64::try_from(count).ok()).unwrap_or(0)
}

#[test]
fn an_import_killed_in_the_middle_leaves_a_sound_ledger_and_goes_on_where_it_was() {
    let mut dice = Dice(1);
    let subjects = 7_500;
    let mut text = String::new();
    for number in 0..subjects {
        text.push_str(&format!("{}\n", signing(number, 0)));
    }
    for number in 0..subjects {
        text.push_str(&format!("{}\n", interview(number, dice.below(28))));
    }
    let expected = usize::try_from(subjects * 4).expect("a count");

    for after_a_commit in [false, true] {
        let dir = tempfile::tempdir().expect("a directory");
        run(dir.path(), &["init"]).expect(0, &[]);
        fs::write(dir.path().join("acts.jsonl"), &text).expect("a file");
        let mut child = command(dir.path(), &["import", "acts.jsonl"])
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("accord starts");
        // Once while the first commit is being written, once while what follows a commit is.
        let written = 500_000 + dice.below(4_000_000);
        let reached = || {
            let wal = fs::metadata(dir.path().join("accord-ledger/log.db-wal")).map_or(0, |data| data.len());
            if after_a_commit { committed(dir.path()) > 0 } else { wal >= written }
        };
        while child.try_wait().expect("a status").is_none() && !reached() {
            std::thread::park_timeout(Duration::from_millis(1));
        }
        child.kill().expect("a kill");
        child.wait().expect("an end");

        let kept = sound_events(dir.path()).len();
        println!("{kept} of {expected} events kept");
        assert!(kept <= expected);
        assert!(kept > 0 || !after_a_commit, "what was committed before the kill is there");
        run(dir.path(), &["import", "acts.jsonl"]).expect(0, &[]);
        assert_eq!(
            sound_events(dir.path()).len(),
            expected,
            "every line once, after {kept} kept by the kill"
        );
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn everything_acknowledged_to_eight_concurrent_clients_survives_a_kill() {
    let mut dice = Dice(2);
    for round in 0..3_u64 {
        let dir = tempfile::tempdir().expect("a directory");
        run(dir.path(), &["init"]).expect(0, &[]);
        let mut server = Server::start(dir.path(), &["serve", "--listen", "127.0.0.1:0"]);
        let (acknowledged, answers) = mpsc::channel::<Json>();
        let client = reqwest::Client::new();
        let clients: Vec<_> = (0..8_u64)
            .map(|number| {
                let (client, acknowledged) = (client.clone(), acknowledged.clone());
                let url = format!("{}/v1/commands", server.address());
                tokio::spawn(async move {
                    for step in 0..10_000 {
                        let command = match step % 4 {
                            0 => signing(number * 2_500 + step / 4, 0),
                            day => interview(number * 2_500 + step / 4, day),
                        };
                        let Ok(answer) = client.post(&url).json(&command).send().await else { return };
                        let status = answer.status();
                        // A connection cut in the middle of an answer is no acknowledgement.
                        let Ok(answer) = answer.json::<Json>().await else { return };
                        assert!(status.is_success(), "{status}: {answer}");
                        if acknowledged.send(answer).is_err() {
                            return;
                        }
                    }
                })
            })
            .collect();
        drop(acknowledged);

        let goal = 60 + dice.below(200);
        let mut known: Vec<Json> = Vec::new();
        while (known.len() as u64) < goal {
            known.push(answers.recv_timeout(Duration::from_secs(60)).expect("an acknowledgement"));
        }
        server.kill();
        for client in clients {
            client.await.expect("a client");
        }
        // What was acknowledged between the decision to kill and the kill counts too.
        known.extend(answers.iter());

        let events = sound_events(dir.path());
        for answer in &known {
            for event in answer["events"].as_array().expect("events") {
                let position: usize =
                    event["position"].as_str().expect("a position").parse().expect("a number");
                let stored = events.get(position).map(|stored| &stored["id"]);
                assert_eq!(stored, Some(&event["event"]), "round {round}: acknowledged at {position}");
            }
        }
    }
}
