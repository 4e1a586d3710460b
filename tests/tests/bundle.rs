//! Evidence bundles by the real program, and the verifier that knows the format document alone.

use accord_replay::bundle::{Member, read, write};
use accord_tests::program;
use std::fs;
use std::path::Path;

const PHARMACY: &str = "P43050090002";

/// A ledger of the samples in `ledger`, and the bundle of a pharmacy in `bundle.zip`.
fn desk(dir: &Path) -> program::Run {
    program::sampled(dir, |_| true);
    export(dir, "bundle.zip", &[]).expect(0, &[PHARMACY, "2025-09-01", "SHA-256"])
}

fn export(dir: &Path, out: &str, more: &[&str]) -> program::Run {
    let fixed = ["--ledger", "ledger", "export", PHARMACY, "--as-of", "2025-09-01", "--out", out];
    program::run(dir, &[&fixed, more].concat())
}

fn verify(dir: &Path, ledger: &str, arguments: &[&str]) -> program::Run {
    program::run(dir, &[&["--ledger", ledger, "verify"], arguments].concat())
}

/// Writes what a bundle would be with its members changed.
fn changed(dir: &Path, name: &str, change: impl FnOnce(&mut Vec<Member>)) {
    let mut members = read(&fs::read(dir.join("bundle.zip")).expect("a bundle")).expect("a bundle");
    change(&mut members);
    fs::write(dir.join(name), write(&members).expect("a zip")).expect("a file");
}

fn event(members: &mut [Member]) -> &mut Member {
    members.iter_mut().find(|member| member.name.starts_with("events/")).expect("an event")
}

/// Bundles that do not hold, each with the kind it is told as and a word of its message.
fn spoilt(dir: &Path) -> Vec<(&'static str, &'static str, &'static str)> {
    let bytes = fs::read(dir.join("bundle.zip")).expect("a bundle");
    let at = bytes.windows(9).position(|window| window == "追溯码".as_bytes()).expect("the ground");
    let mut flipped = bytes.clone();
    flipped[at] ^= 1;
    fs::write(dir.join("flipped.zip"), flipped).expect("a file");
    fs::write(dir.join("cut.zip"), &bytes[..bytes.len() / 2]).expect("a file");
    fs::write(dir.join("longer.zip"), [&bytes[..], b"more"].concat()).expect("a file");
    changed(dir, "altered.zip", |members| event(members).bytes[30] ^= 1);
    changed(dir, "missing.zip", |members| members.retain(|member| member.name != "timeline.zh.html"));
    changed(dir, "more.zip", |members| members.push(Member::new("zzz.js", "alert(1)")));
    changed(dir, "manifest.zip", |members| {
        let text = String::from_utf8(members[0].bytes.clone()).expect("UTF-8");
        members[0].bytes = text.replace("\"exported_by\":null", "\"exported_by\":\"me\"").into_bytes();
    });
    changed(dir, "newer.zip", |members| {
        let text = String::from_utf8(members[0].bytes.clone()).expect("UTF-8");
        members[0].bytes = text.replace("\"version\":1}", "\"version\":3}").into_bytes();
    });
    changed(dir, "escape.zip", |members| members.push(Member::new("../outside", "x")));
    vec![
        ("flipped.zip", "altered", "altered"),
        ("cut.zip", "file", "cannot be read as a bundle"),
        ("longer.zip", "", ""),
        ("altered.zip", "altered", "SHA-256"),
        ("missing.zip", "missing", "timeline.zh.html"),
        ("more.zip", "foreign", "zzz.js"),
        ("manifest.zip", "signature", "not the one the ledger signed"),
        ("newer.zip", "unknown-version", "version 3"),
        ("escape.zip", "unsafe", "lead to no other folder"),
    ]
}

#[test]
fn a_bundle_is_checked_by_whoever_has_it_and_every_change_is_told_apart() {
    let dir = tempfile::tempdir().expect("a directory");
    let dir = dir.path();
    desk(dir);
    // With the ledger, with its public key, with nothing.
    verify(dir, "ledger", &["bundle.zip"])
        .expect(0, &["the bundle holds", "the ledger here has the same past"]);
    fs::copy(dir.join("ledger/keys/checkpoint.pub"), dir.join("key.pub")).expect("a key");
    verify(dir, "nowhere", &["bundle.zip", "--key", "key.pub"]).expect(0, &["the key given"]);
    verify(dir, "nowhere", &["bundle.zip"]).expect(0, &["from the bundle itself: compare"]);
    let json =
        program::run(dir, &["--ledger", "ledger", "--json", "verify", "bundle.zip"]).expect(0, &[]).json();
    assert_eq!(
        (&json["verified"], &json["events"], &json["key_from"]),
        (&true.into(), &2.into(), &"ledger".into())
    );
    assert_eq!(
        (&json["compared_with_log"], &json["manifest"]["subject"]["code"]),
        (&true.into(), &PHARMACY.into())
    );
    // Nothing is written over, and what cannot be asked is said by its place.
    export(dir, "bundle.zip", &[]).expect(2, &["file-exists"]);
    export(dir, "nowhere/bundle.zip", &[]).expect(2, &["unwritable"]);
    export(dir, "x.zip", &["--redact", "0198f0a0-0000-7000-8000-000000000000"])
        .expect(2, &["--redact", "history"]);
    export(dir, "x.zip", &["--redact-reason", "why"]).expect(2, &["--redact"]);
    let unknown = ["--ledger", "ledger", "export", "P43050300099", "--out", "x.zip"];
    program::run(dir, &unknown).expect(3, &["unknown-subject"]);
    assert!(!dir.join("x.zip").exists());
    verify(dir, "ledger", &["none.zip"]).expect(2, &["unreadable"]);
    verify(dir, "ledger", &["bundle.zip", "--receipt", "bundle.zip"]).expect(2, &[]);
    // Each bad bundle: exit 5, a kind and words of its own, in both languages.
    for (file, kind, words) in spoilt(dir) {
        verify(dir, "ledger", &[file]).expect(5, &[kind, words, "verification failed"]);
        program::run(dir, &["--ledger", "ledger", "--lang", "zh", "verify", file])
            .expect(5, &["核对未通过", "✗"]);
        let told = program::run(dir, &["--ledger", "ledger", "--json", "verify", file]).expect(5, &[]).json();
        assert_eq!(told["verified"], false);
        assert!(kind.is_empty() || told["flaws"][0]["kind"] == kind, "{file}: {told}");
    }
    assert!(!dir.join("../outside").exists() && !dir.join("outside").exists());
    // A foreign key; and a ledger that was cut back or went another way since.
    program::run(dir, &["--ledger", "foreign", "init"]).expect(0, &[]);
    verify(dir, "foreign", &["bundle.zip"]).expect(5, &["[foreign]", "foreign key"]);
    verify(dir, "nowhere", &["bundle.zip", "--key", "foreign/keys/checkpoint.pub"]).expect(5, &["[foreign]"]);
    // Withheld: the proof still holds, the words are gone.
    let history = program::run(dir, &["--ledger", "ledger", "--json", "history", PHARMACY]).expect(0, &[]);
    let second: serde_json::Value =
        serde_json::from_str(history.out.lines().nth(1).expect("a line")).expect("JSON");
    let id = second["id"].as_str().expect("an id");
    export(dir, "redacted.zip", &["--redact", id, "--redact-reason", "商业秘密", "--exported-by", "op-17"])
        .expect(0, &["1 event withheld"]);
    verify(dir, "ledger", &["redacted.zip"]).expect(0, &["1 event checked", "1 withheld"]);
    let bytes = fs::read(dir.join("redacted.zip")).expect("a bundle");
    assert!(!bytes.windows(9).any(|window| window == "追溯码".as_bytes()));
}

#[test]
fn a_bundle_shows_that_its_ledger_was_cut_back_or_rewritten() {
    let dir = tempfile::tempdir().expect("a directory");
    let dir = dir.path();
    desk(dir);
    // Another ledger under the same name and key: the samples in another order, or fewer of them.
    let keys = dir.join("ledger/keys");
    let log = dir.join("ledger/log.db");
    fs::remove_file(dir.join("ledger/views.db")).expect("views");
    let connection = rusqlite::Connection::open(&log).expect("a log");
    for table in ["events", "nodes", "requests"] {
        let triggers: Vec<String> = connection
            .prepare("SELECT name FROM sqlite_schema WHERE type = 'trigger' AND tbl_name = ?1")
            .and_then(|mut all| all.query_map([table], |row| row.get(0))?.collect())
            .expect("triggers");
        for trigger in triggers {
            connection.execute_batch(&format!("DROP TRIGGER {trigger}")).expect("dropped");
        }
    }
    let last: i64 =
        connection.query_row("SELECT max(position) FROM events", [], |row| row.get(0)).expect("a log");
    connection.execute("DELETE FROM events WHERE position = ?1", [last]).expect("cut");
    drop(connection);
    assert!(keys.exists());
    verify(dir, "ledger", &["bundle.zip"]).expect(5, &["truncated"]);
}

/// Written from docs/reference/format.md; `tests/run` installs Python where it is missing.
#[test]
fn the_independent_verifier_agrees_about_bundles() {
    let dir = tempfile::tempdir().expect("a directory");
    let dir = dir.path();
    if program::other_verifier(dir, &[]).is_none() {
        return;
    }
    desk(dir);
    let run = |arguments: &[&str]| program::other_verifier(dir, arguments).expect("python3 starts");
    run(&["bundle.zip"]).expect(0, &[PHARMACY, "2 events hold, 0 withheld", "its own key"]);
    run(&["bundle.zip", "--key", "ledger/keys/checkpoint.pub"]).expect(0, &["the key given"]);
    program::run(dir, &["--ledger", "foreign", "init"]).expect(0, &[]);
    run(&["bundle.zip", "--key", "foreign/keys/checkpoint.pub"]).expect(5, &["foreign key"]);
    for (file, ..) in spoilt(dir) {
        run(&[file]).expect(5, &["does not hold"]);
    }
    // Every byte of the headers and some of each member, as both see it.
    let bytes = fs::read(dir.join("bundle.zip")).expect("a bundle");
    for at in (0..bytes.len()).step_by(bytes.len() / 40) {
        let mut changed = bytes.clone();
        changed[at] ^= 4;
        fs::write(dir.join("changed.zip"), changed).expect("a file");
        run(&["changed.zip"]).expect(5, &["does not hold"]);
        verify(dir, "nowhere", &["changed.zip"]).expect(5, &[]);
    }
}
