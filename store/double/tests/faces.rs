//! The program with a ledger in a cluster, run as its users run it. Over the protocol double.
//!
//! `cargo build -p accord-api --features eventstore` makes the program first.
#![expect(clippy::unwrap_used, reason = "tests")]

mod common;

use accord_store::EventLog;
use accord_store_double::Double;
use accord_tests::program::{Run, Server, command, feed, run};
use common::contents;
use serde_json::{Value as Json, json};
use std::path::Path;

const HOSPITAL: &str = "H37010200001";
const STREAM: &str = "accord-jinan";

fn signing() -> Json {
    json!({
        "command": "institution.sign-agreement", "subject": HOSPITAL, "effective_at": "2024-01-01",
        "actor": { "authority": "agency", "area": "370100" }, "key": "signing",
        "data": { "area": "370100", "lines": ["basic"], "name": "示例医院", "from": "2024-01-01", "until": "2025-01-01" }
    })
}

fn interview(day: u32) -> Json {
    json!({
        "command": "institution.interview", "subject": HOSPITAL, "effective_at": format!("2024-02-{day:02}"),
        "actor": { "authority": "agency", "area": "370100" }, "key": format!("interview-{day}"),
        "data": { "note": "约谈" }
    })
}

fn init(dir: &Path, double: &Double) -> Run {
    let made: Run = command(dir, &["init", "--stream", STREAM])
        .env("ACCORD_CLUSTER", double.address(&[0]))
        .output()
        .unwrap()
        .into();
    assert!(
        !made.err.contains("cluster-not-built-in"),
        "build it first: cargo build -p accord-api --features eventstore"
    );
    made
}

fn does(dir: &Path, asked: &Json) -> Run {
    feed(dir, &["do", "-"], &asked.to_string())
}

/// A directory with a new ledger in the cluster, or a copy of the one that is there.
fn node(double: &Double) -> tempfile::TempDir {
    let dir = tempfile::tempdir().unwrap();
    init(dir.path(), double).expect(0, &[]);
    dir
}

/// Copies what signs from one node to another, for it is not in the cluster.
fn hand_on_keys(first: &Path, second: &Path) {
    let [from, to] = [first, second].map(|dir| dir.join("accord-ledger/keys"));
    std::fs::create_dir_all(&to).unwrap();
    for name in ["checkpoint.key", "checkpoint.pub"] {
        std::fs::copy(from.join(name), to.join(name)).unwrap();
    }
}

/// What anybody reads of the ledger, but for when it was asked.
fn census(dir: &Path) -> Vec<Json> {
    run(dir, &["verify"]).expect(0, &[]);
    let shown = run(dir, &["--json", "show", HOSPITAL]).expect(0, &[]).out;
    let history = run(dir, &["--json", "history", HOSPITAL]).expect(0, &[]).out;
    let mut read: Vec<Json> =
        shown.lines().chain(history.lines()).map(|line| serde_json::from_str(line).unwrap()).collect();
    for document in &mut read {
        if let Some(members) = document.as_object_mut() {
            members.remove("coordinates");
        }
    }
    read
}

#[test]
fn a_ledger_in_a_cluster_is_worked_with_like_any_other_and_goes_on_from_another_node() {
    let double = Double::start(1);
    let first = node(&double);
    does(first.path(), &signing()).expect(0, &[]);
    std::fs::write(
        first.path().join("more.jsonl"),
        (1..=20).map(|day| interview(day).to_string() + "\n").collect::<String>(),
    )
    .unwrap();
    run(first.path(), &["import", "more.jsonl"]).expect(0, &["20"]);
    let again = run(first.path(), &["--json", "import", "more.jsonl"]).expect(0, &[]).json();
    assert_eq!((&again["repeated"], &again["recorded"]), (&json!(20), &json!(0)));
    assert_eq!(double.stream(STREAM).len(), 21);
    run(first.path(), &["doctor"]).expect(0, &[]);

    let second = tempfile::tempdir().unwrap();
    init(second.path(), &double).expect(0, &["keys"]);
    does(second.path(), &interview(7)).expect(2, &["key-unusable"]);
    hand_on_keys(first.path(), second.path());
    does(second.path(), &interview(7)).expect(0, &["before"]);
    does(second.path(), &interview(21)).expect(0, &[]);
    assert_eq!(double.stream(STREAM).len(), 22);
    does(first.path(), &interview(22)).expect(0, &[]);
    does(second.path(), &interview(23)).expect(0, &[]);
    does(first.path(), &interview(23)).expect(0, &["before"]);
    assert_eq!(census(first.path()), census(second.path()));
    init(first.path(), &double).expect(4, &["ledger-exists"]);
}

/// The counter of a server that another node passed.
const OVERTAKEN: &str = "accord_not_ready{reason=\"overtaken\"} 1";

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_another_node_passed_records_nothing_more_until_it_is_started_again() {
    let double = Double::start(1);
    let (first, second) = (node(&double), node(&double));
    hand_on_keys(first.path(), second.path());
    let serving = ["serve", "--listen", "127.0.0.1:0"];
    let mut server = Server::start(first.path(), &serving);
    let client = reqwest::Client::new();
    let post = async |server: &Server, asked: Json| {
        let answer =
            client.post(format!("{}/v1/commands", server.address())).json(&asked).send().await.unwrap();
        (answer.status().as_u16(), answer.text().await.unwrap())
    };
    let get = async |server: &Server, target: &str| {
        let answer = client.get(format!("{}{target}", server.address())).send().await.unwrap();
        (answer.status().as_u16(), answer.text().await.unwrap())
    };
    assert_eq!(post(&server, signing()).await.0, 200);
    assert_eq!(get(&server, "/readyz").await.0, 200);
    assert!(!get(&server, "/metrics").await.1.contains(OVERTAKEN));
    does(second.path(), &interview(1)).expect(0, &[]);
    for _ in 0..2 {
        let (status, said) = post(&server, interview(2)).await;
        assert!(status == 503 && said.contains("another node"), "{status} {said}");
    }
    let shown = get(&server, &format!("/v1/institutions/{HOSPITAL}")).await;
    assert_eq!(shown.0, 200, "questions are answered");
    let (status, said) = get(&server, "/readyz").await;
    let ready: Json = serde_json::from_str(&said).unwrap();
    let told = (status, &ready["ready"], &ready["writable"], &ready["hindered_by"]);
    assert_eq!(told, (503, &json!(false), &json!(false), &json!(["overtaken"])));
    assert!(get(&server, "/metrics").await.1.contains(OVERTAKEN));
    assert_eq!(get(&server, "/healthz").await.0, 200, "it is alive");
    assert_eq!(double.stream(STREAM).len(), 2);
    server.kill();
    let server = Server::start(first.path(), &serving);
    assert_eq!(get(&server, "/readyz").await.0, 200);
    assert_eq!(post(&server, interview(2)).await.0, 200);
    assert_eq!(double.stream(STREAM).len(), 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn without_its_cluster_a_ledger_is_read_and_not_written() {
    let mut double = Double::start(1);
    let dir = node(&double);
    does(dir.path(), &signing()).expect(0, &[]);
    double.stop_node(0);
    does(dir.path(), &interview(1)).expect(2, &["cluster-unavailable"]);
    run(dir.path(), &["show", HOSPITAL]).expect(0, &["示例医院"]);
    let zh = feed(dir.path(), &["--lang", "zh", "do", "-"], &interview(1).to_string());
    zh.expect(2, &["cluster-unavailable", "未作任何记录"]);
    double.start_node(0);
    does(dir.path(), &interview(1)).expect(0, &[]);
    let ledger = dir.path().join("accord-ledger");
    let log = accord_store::eventstore::EventStoreLog::open(&ledger, common::clock()).unwrap();
    assert_eq!(log.len().await.unwrap(), 2);
    assert_eq!(contents(&log).await.0.len(), double.stream(STREAM).len());
}
