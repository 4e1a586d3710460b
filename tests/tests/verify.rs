//! `verify` by the real program, receipts, and the verifier that knows the format document alone.

use accord_tests::program;
use serde_json::json;
use std::fs;
use std::path::Path;

fn act(note: &str) -> String {
    json!({
        "command": "institution.interview",
        "subject": "P43050090001",
        "effective_at": "2025-09-01",
        "actor": { "authority": "agency", "area": "430500" },
        "basis": [{ "instrument": "2025年定点零售药店医保服务协议" }],
        "data": { "note": note },
    })
    .to_string()
}

/// A ledger of the samples in `ledger`, and of one act more, whose answer is in `receipt.json`; as it was before in `before`.
fn ledger(dir: &Path) {
    program::sampled(dir, |_| true);
    copy(&dir.join("ledger"), &dir.join("before"));
    let answer =
        program::feed(dir, &["--ledger", "ledger", "--json", "do", "-"], &act("first")).expect(0, &[]);
    fs::write(dir.join("receipt.json"), answer.out).expect("a receipt");
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).expect("a directory");
    for entry in fs::read_dir(from).expect("a ledger") {
        let entry = entry.expect("an entry");
        let target = to.join(entry.file_name());
        if entry.path().is_dir() {
            copy(&entry.path(), &target);
        } else {
            fs::copy(entry.path(), target).expect("a copy");
        }
    }
}

/// Changes a case's number wherever it stands in a file, also where SQLite left an old copy; gives what was there.
fn forge(log: &Path) -> Vec<u8> {
    let whole = fs::read(log).expect("a log");
    let mut forged = whole.clone();
    let number = b"\"case\":\"RC-10\"";
    for at in 0..forged.len() - number.len() {
        if forged[at..].starts_with(number) {
            forged[at + 11] = b'7';
        }
    }
    assert_ne!(forged, whole);
    fs::write(log, forged).expect("a log");
    whole
}

fn verify(dir: &Path, ledger: &str, arguments: &[&str]) -> program::Run {
    program::run(dir, &[&["--ledger", ledger, "--json", "verify"], arguments].concat())
}

#[test]
fn a_receipt_outlives_tampering_with_the_ledger() {
    let dir = tempfile::tempdir().expect("a directory");
    let dir = dir.path();
    ledger(dir);
    let whole = verify(dir, "ledger", &[]).expect(0, &[]).json();
    assert_eq!((&whole["verified"], &whole["count"]), (&json!(true), &json!(0)));
    let receipt = ["--receipt", "receipt.json"];
    let held = verify(dir, "ledger", &receipt).expect(0, &[]).json();
    assert_eq!((&held["events"], &held["root"]), (&whole["events"], &whole["root"]));
    // Alone, with the public key.
    fs::copy(dir.join("ledger/keys/checkpoint.pub"), dir.join("key.pub")).expect("a key");
    let alone =
        verify(dir, "nowhere", &["--receipt", "receipt.json", "--key", "key.pub"]).expect(0, &[]).json();
    assert_eq!(alone["compared_with_log"], false);
    // Cut back, the log agrees with itself; the receipt does not agree with it.
    verify(dir, "before", &[]).expect(0, &[]);
    verify(dir, "before", &receipt).expect(5, &["truncated"]);
    // Another past in its place.
    program::feed(dir, &["--ledger", "before", "do", "-"], &act("other")).expect(0, &[]);
    verify(dir, "before", &[]).expect(0, &[]);
    verify(dir, "before", &receipt).expect(5, &["altered", "not the one the receipt was given for"]);
    // An earlier event than that of the receipt.
    copy(&dir.join("ledger"), &dir.join("forged"));
    let log = forge(&dir.join("forged/log.db"));
    let found = verify(dir, "forged", &[]).expect(5, &[]).json();
    assert_eq!(found["flaws"][0]["kind"], "altered");
    assert!(found["flaws"][0]["position"].is_string(), "{found}");
    // Chinese says the same.
    let zh = program::run(dir, &["--ledger", "forged", "--lang", "zh", "verify"])
        .expect(5, &["被改动", "核对未通过"]);
    assert!(zh.out.contains('✗'));
    // The receipt itself: changed, of another ledger, no receipt at all.
    let text = fs::read_to_string(dir.join("receipt.json")).expect("a receipt");
    let number = text.find("\\n\\n— ").expect("a signature");
    let mut broken = text.clone();
    broken
        .replace_range(number - 3..number - 2, if &text[number - 3..number - 2] == "A" { "B" } else { "A" });
    fs::write(dir.join("broken.json"), broken).expect("a file");
    verify(dir, "ledger", &["--receipt", "broken.json"]).expect(5, &["\"kind\":\"signature\""]);
    program::run(dir, &["--ledger", "foreign", "init"]).expect(0, &[]);
    verify(dir, "foreign", &receipt).expect(5, &["\"kind\":\"foreign\""]);
    fs::write(dir.join("none.json"), "{}").expect("a file");
    verify(dir, "ledger", &["--receipt", "none.json"]).expect(2, &["not-a-receipt"]);
    verify(dir, "ledger", &["--receipt", "nothing"]).expect(2, &["unreadable"]);
    verify(dir, "nowhere", &[]).expect(3, &["no-ledger"]);
    // No database any more.
    fs::write(dir.join("forged/log.db"), &log[1..]).expect("a log");
    verify(dir, "forged", &[]).expect(5, &["file-damaged"]);
}

/// Written from docs/reference/format.md; `tests/run` installs Python where it is missing.
#[test]
fn the_independent_verifier_agrees() {
    let dir = tempfile::tempdir().expect("a directory");
    let dir = dir.path();
    if program::other_verifier(dir, &[]).is_none() {
        return;
    }
    ledger(dir);
    let run = |arguments: &[&str]| program::other_verifier(dir, arguments).expect("python3 starts");
    let own = verify(dir, "ledger", &[]).json();
    let (events, root) = (own["events"].as_str().expect("a number"), own["root"].as_str().expect("a root"));
    run(&["ledger", "receipt.json"]).expect(0, &[&format!("{events} events, root {root}"), "holds"]);
    run(&["--key", "ledger/keys/checkpoint.pub", "receipt.json"]).expect(0, &["signature and path hold"]);
    run(&["before", "receipt.json"]).expect(5, &["truncated"]);
    program::run(dir, &["--ledger", "foreign", "init"]).expect(0, &[]);
    run(&["--key", "foreign/keys/checkpoint.pub", "receipt.json"]).expect(5, &["foreign key"]);
    // Every character of the receipt's signed part.
    let text = fs::read_to_string(dir.join("receipt.json")).expect("a receipt");
    let from = text.find("\"leaf\":\"").expect("a receipt") + 8;
    for at in [from, from + 63, text.find("\"path\":[\"").expect("a path") + 9, text.len() - 20] {
        let mut changed = text.clone().into_bytes();
        changed[at] = if changed[at] == b'1' { b'2' } else { b'1' };
        fs::write(dir.join("changed.json"), changed).expect("a file");
        run(&["ledger", "changed.json"]).expect(5, &["does not hold"]);
    }
    forge(&dir.join("ledger/log.db"));
    run(&["ledger"]).expect(5, &["altered"]);
}
