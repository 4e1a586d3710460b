//! Events named by the keys of their commands, by every way in.

use accord_tests::program::{feed, run};
use serde_json::{Value as Json, json};

const HERE: &str = "430500";

fn act(command: &str, key: &str, day: &str, data: &Json) -> Json {
    json!({ "command": command, "subject": "P43050000012", "effective_at": day, "key": key,
        "actor": { "authority": "agency", "area": HERE }, "data": data })
}

fn history() -> [Json; 3] {
    let terms = json!({ "area": HERE, "lines": ["basic"], "name": "某药房", "from": "2025-01-01", "until": "2027-01-01" });
    let number = json!({ "event": "@签约-1", "changes": { "/data/number": "@2025-7" } });
    let again = json!({ "event": "@更正-1", "changes": { "/data/number": "2025-8" } });
    [
        act("institution.sign-agreement", "签约-1", "2025-01-01", &terms),
        act("institution.correct", "更正-1", "2025-02-01", &number),
        act("institution.correct", "更正-2", "2025-03-01", &again),
    ]
}

fn ids(dir: &std::path::Path) -> Vec<Json> {
    let told = run(dir, &["--json", "history", "P43050000012"]).expect(0, &[]).out;
    told.lines().map(|line| serde_json::from_str(line).expect("JSON lines")).collect()
}

#[test]
fn a_history_that_names_its_own_events_is_imported_whole_and_once() {
    let dir = tempfile::tempdir().expect("a directory");
    run(dir.path(), &["init"]).expect(0, &[]);
    let lines: String = history().iter().map(|line| format!("{line}\n")).collect();
    std::fs::write(dir.path().join("history.jsonl"), lines).expect("a file");
    run(dir.path(), &["import", "--dry-run", "history.jsonl"]).expect(0, &[]);
    run(dir.path(), &["import", "history.jsonl"]).expect(0, &[]);
    // Again: the same commands, named alike, are recognised.
    run(dir.path(), &["import", "history.jsonl"]).expect(0, &[]);
    let events = ids(dir.path());
    assert_eq!(events.len(), 3);
    assert_eq!(events[1]["data"]["event"], events[0]["id"]);
    assert_eq!(events[1]["data"]["changes"]["/data/number"], "@2025-7", "a text is left alone");
    assert_eq!(events[2]["data"]["event"], events[1]["id"]);
    run(dir.path(), &["replay", "--verify"]).expect(0, &[]);
}

/// Without a key a line gets one made from what it asks, and its events say so: the check of the log finds them in agreement.
#[test]
fn a_line_without_a_key_is_recorded_once_and_verified() {
    let dir = tempfile::tempdir().expect("a directory");
    run(dir.path(), &["init"]).expect(0, &[]);
    let [mut sign, ..] = history();
    sign.as_object_mut().expect("an object").remove("key");
    std::fs::write(dir.path().join("sign.jsonl"), format!("{sign}\n{sign}\n")).expect("a file");
    for recorded in [1, 0] {
        let told = run(dir.path(), &["--json", "import", "sign.jsonl"]).expect(0, &[]).json();
        assert_eq!((&told["recorded"], &told["repeated"]), (&json!(recorded), &json!(2 - recorded)));
    }
    assert_eq!(ids(dir.path()).len(), 1);
    run(dir.path(), &["verify"]).expect(0, &[]);
    run(dir.path(), &["doctor"]).expect(0, &[]);
}

#[test]
fn a_single_command_names_one_too_and_a_key_that_is_not_there_is_told_with_its_place() {
    let dir = tempfile::tempdir().expect("a directory");
    run(dir.path(), &["init"]).expect(0, &[]);
    let [sign, correct, _] = history();
    let early = feed(dir.path(), &["do", "-"], &correct.to_string());
    early.expect(2, &["/data/event", "签约-1", "unknown-key"]);
    feed(dir.path(), &["do", "-"], &sign.to_string()).expect(0, &[]);
    feed(dir.path(), &["do", "-"], &correct.to_string()).expect(0, &[]);
    assert_eq!(ids(dir.path()).len(), 2);
    // A line whose event comes later is rejected and kept, and can be sent again.
    let other = tempfile::tempdir().expect("a directory");
    run(other.path(), &["init"]).expect(0, &[]);
    std::fs::write(other.path().join("history.jsonl"), format!("{correct}\n{sign}\n")).expect("a file");
    run(other.path(), &["import", "--rejects", "rejects.jsonl", "history.jsonl"]).expect(1, &["unknown-key"]);
    run(other.path(), &["import", "rejects.jsonl"]).expect(0, &[]);
    assert_eq!(ids(other.path()).len(), 2);
}
