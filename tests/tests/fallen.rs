//! kill -9 at the points between: an erasure that was begun and not recorded, recorded and its key not destroyed, destroyed
//! and its traces not wiped; and reactions of which some are recorded.
//!
//! Nothing in the program is told to stop there. The tests hold a lock on the database that it needs next, which is how long
//! it stays at that point, see from outside that it got there, and kill it.

use accord_tests::program::{Run, Server, feed, run};
use rusqlite::{Connection, OpenFlags};
use serde_json::{Value as Json, json};
use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

const PERSON: &str = "D510105900001";
const STREAM: &str = "practitioner-D510105900001";
const NAME: &str = "欧阳某某";
/// How long something may take that happens at once.
const PATIENCE: Duration = Duration::from_secs(60);

fn act(command: &str, subject: &str, day: &str, data: &Json) -> Json {
    json!({ "command": command, "subject": subject, "effective_at": day, "key": format!("{command}/{subject}/{day}"),
        "actor": { "authority": "agency", "area": "510100" }, "data": data })
}

fn erase() -> Json {
    let mut erase = act("practitioner.erase-personal-data", PERSON, "2025-03-01", &json!({}));
    erase["basis"] = json!([{ "instrument": "个人信息保护法", "article": "47" }]);
    erase
}

/// A ledger with a person in it, served, and the request to erase on its way once it is polled.
struct Desk {
    dir: tempfile::TempDir,
    server: Server,
    /// The person's key, as it lies wrapped in the file.
    wrapped: Vec<u8>,
}

impl Desk {
    fn new() -> Self {
        let dir = tempfile::tempdir().expect("a directory");
        run(dir.path(), &["init"]).expect(0, &[]);
        let data =
            json!({ "institution": "H51010590001", "category": "doctor", "area": "510100", "name": NAME });
        let register = act("practitioner.register", PERSON, "2025-01-01", &data).to_string();
        feed(dir.path(), &["do", "-"], &register).expect(0, &[]);
        let server = Server::start(dir.path(), &["serve", "--listen", "127.0.0.1:0"]);
        let mut desk = Self { dir, server, wrapped: Vec::new() };
        desk.wrapped = desk.key().expect("a key");
        desk
    }

    fn file(&self, name: &str) -> PathBuf {
        self.dir.path().join("accord-ledger").join(name)
    }

    fn keys<T>(&self, ask: &str, of: impl Fn(&rusqlite::Row<'_>) -> rusqlite::Result<T>) -> T {
        let db = Connection::open_with_flags(self.file("personal.db"), OpenFlags::SQLITE_OPEN_READ_ONLY);
        db.and_then(|db| db.query_row(ask, [STREAM], |row| of(row))).expect("the keys")
    }

    fn key(&self) -> Option<Vec<u8>> {
        self.keys("SELECT wrapped FROM subjects WHERE stream = ?1", |row| row.get(0))
    }

    fn is_erasing(&self) -> bool {
        self.keys("SELECT erasing FROM subjects WHERE stream = ?1", |row| row.get(0))
    }

    /// Whether the fence is recorded.
    fn is_fenced(&self) -> bool {
        let log = Connection::open_with_flags(self.file("log.db"), OpenFlags::SQLITE_OPEN_READ_ONLY);
        let count =
            log.and_then(|log| log.query_row("SELECT count(*) FROM events", [], |row| row.get::<_, i64>(0)));
        count.expect("the log") == 2
    }

    /// A lock that whoever writes to a database must wait for.
    fn hold(&self, name: &str) -> Connection {
        let db = Connection::open(self.file(name)).expect("a database");
        db.busy_timeout(PATIENCE).expect("a timeout");
        db.execute_batch("BEGIN IMMEDIATE").expect("the lock");
        db
    }

    /// Asks for the erasure, waits until the program is at the point and kills it there. `at_point` is looked at again and
    /// again; what it returns is held until the program is dead.
    async fn killed<T>(&mut self, mut at_point: impl FnMut(&Self) -> Option<T>) {
        let url = format!("{}/v1/commands", self.server.address());
        let asked = tokio::spawn(reqwest::Client::new().post(url).json(&erase()).send());
        let since = Instant::now();
        let held = loop {
            assert!(since.elapsed() < PATIENCE, "the program never came to the point");
            match at_point(self) {
                Some(held) => break held,
                None => tokio::task::yield_now().await,
            }
        };
        assert!(!asked.is_finished(), "it was answered before the point");
        self.server.kill();
        assert!(asked.await.expect("a client").is_err(), "nobody was answered");
        drop(held);
    }

    fn run(&self, arguments: &[&str]) -> Run {
        run(self.dir.path(), arguments)
    }

    /// Nothing opens it any more, its key is in no file, and everything else is sound.
    fn erased(&self) {
        self.run(&["open-personal", PERSON, "--reason", "why"]).expect(1, &["personal-data-erased"]);
        assert_eq!((self.key(), self.is_erasing()), (None, false));
        for name in ["personal.db", "personal.db-wal"] {
            let bytes = fs::read(self.file(name)).unwrap_or_default();
            assert!(
                !bytes.windows(self.wrapped.len()).any(|window| window == self.wrapped),
                "{name} holds the key"
            );
        }
        self.sound(2);
        // Asked again under the same key, the answer is the same.
        feed(self.dir.path(), &["do", "-"], &erase().to_string()).expect(0, &[]);
        self.sound(2);
    }

    fn sound(&self, events: usize) {
        self.run(&["doctor"]).expect(0, &[]);
        self.run(&["replay", "--verify"]).expect(0, &[]);
        let history = self.run(&["--json", "history", PERSON]).expect(0, &[]);
        assert_eq!(history.out.lines().count(), events);
    }
}

#[tokio::test]
async fn killed_before_the_fence_is_recorded_nothing_was_erased() {
    let mut desk = Desk::new();
    let log = desk.hold("log.db");
    desk.killed(|desk| desk.is_erasing().then_some(())).await;
    drop(log);
    assert!(!desk.is_fenced() && desk.key().is_some());
    // Nothing was recorded, so that the doctor need not open it for writing.
    desk.run(&["doctor"]).expect(5, &["1 begun and not finished", STREAM]);
    // The next opening for writing finds no fence, and the key stays in use.
    desk.run(&["open-personal", PERSON, "--reason", "why"]).expect(0, &[NAME]);
    assert!(!desk.is_erasing());
    desk.sound(2);
}

#[tokio::test]
async fn killed_between_the_fence_and_the_end_of_the_key_the_next_opening_destroys_it() {
    let mut desk = Desk::new();
    let mut log = Some(desk.hold("log.db"));
    let mut keys = None;
    desk.killed(|desk| {
        if log.is_some() && desk.is_erasing() {
            // It waits to record the fence: from now on nobody touches the keys.
            keys = Some(desk.hold("personal.db"));
            log = None;
        }
        (log.is_none() && desk.is_fenced()).then(|| keys.take())
    })
    .await;
    assert_eq!((desk.key().as_ref(), desk.is_erasing()), (Some(&desk.wrapped), true));
    desk.erased();
}

#[tokio::test]
async fn killed_before_the_traces_of_the_key_are_wiped_the_next_opening_wipes_them() {
    let mut desk = Desk::new();
    // Who reads an older state keeps the write-ahead log from being cut.
    let reader = Connection::open(desk.file("personal.db")).expect("the keys");
    reader.execute_batch("BEGIN").expect("a transaction");
    let rows: i64 = reader.query_row("SELECT count(*) FROM subjects", [], |row| row.get(0)).expect("rows");
    assert_eq!(rows, 1);
    desk.killed(|desk| desk.key().is_none().then_some(())).await;
    assert!(desk.is_fenced() && desk.is_erasing());
    drop(reader);
    desk.erased();
}

/// Who runs a chain of pharmacies.
const BOSS: &str = "HY370100900009";
/// Branches of it that follow the one which their head office brings down.
const BRANCHES: usize = 40;

fn pharmacy(number: usize) -> String {
    format!("P370100{:05}", 90_000 + number)
}

/// The chain in force, an act a line; every application and every agreement has a key of its own.
fn chain() -> String {
    let mut lines = String::new();
    for number in 0..=BRANCHES {
        let code = pharmacy(number);
        let application = json!({ "area": "370100", "name": "某药房", "opened_on": "2018-01-01", "pharmacists": 2, "controllers": [BOSS] });
        let terms =
            json!({ "area": "370100", "lines": ["basic"], "from": "2024-01-01", "until": "2027-01-01" });
        for (command, authority, day, data) in [
            ("institution.apply", "institution", "2023-10-01", application),
            ("institution.sign-agreement", "agency", "2024-01-01", terms),
        ] {
            let mut act = act(command, &code, day, &data);
            act["actor"] = json!({ "authority": authority, "area": "370100" });
            lines.push_str(&format!("{act}\n"));
        }
    }
    lines
}

fn brought_down() -> Json {
    let data = json!({ "area": "370100", "ground": "总部串换药品", "reason_class": "illegality", "head_office": true, "responsible": [BOSS] });
    let mut act = act("institution.terminate-agreement", &pharmacy(0), "2025-03-01", &data);
    act["actor"] = json!({ "authority": "agency", "area": "370100" });
    act
}

/// Whose agreements were terminated, in the order of recording.
fn terminated(dir: &Path) -> Vec<String> {
    let log = Connection::open_with_flags(dir.join("accord-ledger/log.db"), OpenFlags::SQLITE_OPEN_READ_ONLY);
    let log = log.expect("the log");
    let mut rows = log.prepare("SELECT CAST(body AS TEXT) FROM events ORDER BY position").expect("a query");
    let bodies = rows.query_map([], |row| row.get::<_, String>(0)).expect("rows");
    let events = bodies.map(|body| serde_json::from_str::<Json>(&body.expect("a row")).expect("JSON"));
    let ended = events.filter(|event| event["type"] == "institution.agreement-terminated");
    ended.map(|event| event["subject"].as_str().expect("a subject").to_owned()).collect()
}

#[tokio::test]
async fn killed_among_the_reactions_the_rest_follows_at_the_next_opening_and_each_once() {
    let mut cut_short = 0;
    // Once the cause is recorded, and once some of what follows from it is.
    for until in [1, 5, 15] {
        let dir = tempfile::tempdir().expect("a directory");
        let dir = dir.path();
        run(dir, &["init"]).expect(0, &[]);
        fs::write(dir.join("chain.jsonl"), chain()).expect("a file");
        run(dir, &["import", "chain.jsonl"]).expect(0, &[]);
        let mut server = Server::start(dir, &["serve", "--listen", "127.0.0.1:0"]);
        let url = format!("{}/v1/commands", server.address());
        let asked = tokio::spawn(reqwest::Client::new().post(url).json(&brought_down()).send());
        let since = Instant::now();
        while terminated(dir).len() < until {
            assert!(since.elapsed() < PATIENCE, "nothing is recorded");
            tokio::task::yield_now().await;
        }
        server.kill();
        drop(asked.await.expect("a client"));
        let kept = terminated(dir);
        println!("{} of {} recorded before the kill", kept.len(), BRANCHES + 1);
        cut_short += usize::from(kept.len() <= BRANCHES);
        // The next opening for writing makes up for what is missing.
        feed(dir, &["do", "-"], &brought_down().to_string()).expect(0, &[]);
        let ended = terminated(dir);
        assert_eq!(ended[..kept.len()], kept[..], "what was recorded stays");
        let mut each: Vec<&String> = ended.iter().collect();
        each.sort_unstable();
        let all: Vec<String> = (0..=BRANCHES).map(pharmacy).collect();
        assert_eq!(each, all.iter().collect::<Vec<_>>(), "each once");
        feed(dir, &["do", "-"], &brought_down().to_string()).expect(0, &[]);
        assert_eq!(terminated(dir), ended, "and no more at a further opening");
        run(dir, &["doctor"]).expect(0, &[]);
        run(dir, &["replay", "--verify"]).expect(0, &[]);
    }
    assert!(cut_short > 0, "every kill came too late to show anything");
}
