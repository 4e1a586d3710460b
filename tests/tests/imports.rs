//! Imports, against the real program: what was refused is handed back whole, nothing that was there is lost, and nothing that
//! happens around an import stops it or hides what it refused.

use accord_tests::program::{command, feed, run};
use serde_json::{Value as Json, json};
use std::fs;
use std::io::{BufRead as _, BufReader, Write as _};
use std::path::Path;
use std::process::Stdio;
use tempfile::TempDir;

const HOSPITAL: &str = "H37010290001";

fn place() -> TempDir {
    let dir = tempfile::tempdir().expect("a directory");
    run(dir.path(), &["init"]).expect(0, &[]);
    dir
}

fn act(name: &str, day: &str, key: &str, data: &Json) -> String {
    json!({
        "command": format!("institution.{name}"), "subject": HOSPITAL, "effective_at": day,
        "actor": { "authority": "agency", "area": "370100" }, "key": key, "data": data
    })
    .to_string()
}

fn signing() -> String {
    let data = json!({ "area": "370100", "lines": ["basic"], "name": "示例医院", "from": "2024-01-01", "until": "2025-01-01" });
    act("sign-agreement", "2024-01-01", "signed", &data)
}

fn interview(number: usize) -> String {
    act("interview", "2024-02-01", &format!("interview-{number}"), &json!({ "note": "约谈" }))
}

fn file(dir: &Path, name: &str, lines: &[String]) {
    fs::write(dir.join(name), lines.join("\n")).expect("a file");
}

fn read(dir: &Path, name: &str) -> String {
    fs::read_to_string(dir.join(name)).expect("a file")
}

fn recorded(dir: &Path) -> usize {
    run(dir, &["--json", "history", HOSPITAL]).expect(0, &[]).out.lines().count()
}

#[test]
fn a_rejects_file_is_never_written_over_nor_taken_away() {
    let dir = place();
    let dir = dir.path();
    file(dir, "bad.jsonl", &[signing(), "{".to_owned()]);
    file(dir, "good.jsonl", &[interview(1)]);
    fs::write(dir.join("mended.jsonl"), "mended by hand").expect("a file");
    fs::hard_link(dir.join("bad.jsonl"), dir.join("link.jsonl")).expect("a link");
    #[cfg(unix)]
    std::os::unix::fs::symlink("/dev/null", dir.join("null")).expect("a link");
    #[cfg(not(unix))]
    fs::write(dir.join("null"), "").expect("a file");
    let log = fs::metadata(dir.join("accord-ledger/log.db")).expect("the log").len();
    for rejects in ["mended.jsonl", "link.jsonl", "bad.jsonl", "accord-ledger/log.db", "null"] {
        for lines in ["bad.jsonl", "good.jsonl"] {
            run(dir, &["import", lines, "--rejects", rejects])
                .expect(2, &["file-exists", rejects, "--rejects"]);
        }
    }
    assert_eq!(read(dir, "mended.jsonl"), "mended by hand");
    assert!(read(dir, "bad.jsonl").starts_with(&signing()));
    assert!(fs::metadata(dir.join("accord-ledger/log.db")).expect("the log").len() >= log);
    assert!(fs::symlink_metadata(dir.join("null")).is_ok());
    run(dir, &["show", HOSPITAL]).expect(3, &[HOSPITAL]);

    // The reasons too, and of two files none is left when only one could be made.
    fs::write(dir.join("new.jsonl.reasons.jsonl"), "kept").expect("a file");
    run(dir, &["import", "bad.jsonl", "--rejects", "new.jsonl"])
        .expect(2, &["file-exists", "new.jsonl.reasons.jsonl"]);
    assert!(!dir.join("new.jsonl").exists());
    assert_eq!(read(dir, "new.jsonl.reasons.jsonl"), "kept");

    // An import without a refused line leaves nothing behind; one with some leaves them to their owner only.
    run(dir, &["import", "bad.jsonl", "--rejects", "r.jsonl"]).expect(1, &["r.jsonl"]);
    assert_eq!(read(dir, "r.jsonl"), "{\n");
    run(dir, &["import", "good.jsonl", "--rejects", "none.jsonl"]).expect(0, &[]);
    assert!(!dir.join("none.jsonl").exists() && !dir.join("none.jsonl.reasons.jsonl").exists());
    #[cfg(unix)]
    for name in ["r.jsonl", "r.jsonl.reasons.jsonl"] {
        use std::os::unix::fs::PermissionsExt as _;
        let mode = fs::metadata(dir.join(name)).expect("a file").permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "{name}");
    }
}

#[test]
fn nobody_listening_stops_no_import_and_hides_no_refusal() {
    let dir = place();
    let dir = dir.path();
    file(dir, "one.jsonl", &[signing(), "{".to_owned(), interview(1)]);
    file(dir, "two.jsonl", &["{".to_owned(), interview(2)]);
    let mut import = command(dir, &["--json", "import", "one.jsonl", "two.jsonl", "--rejects", "r.jsonl"]);
    let mut child = import
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("accord starts");
    drop((child.stdout.take(), child.stderr.take()));
    assert_eq!(child.wait().expect("an end").code(), Some(1));
    assert_eq!(recorded(dir), 3);
    assert_eq!(read(dir, "r.jsonl"), "{\n{\n");
}

#[test]
fn a_rehearsal_of_several_files_is_one() {
    let dir = place();
    let dir = dir.path();
    file(dir, "one.jsonl", &[signing(), interview(1)]);
    let other = act("interview", "2024-03-01", "interview-1", &json!({ "note": "另一次" }));
    file(dir, "two.jsonl", &[interview(2), other, interview(1)]);
    let files = ["one.jsonl", "two.jsonl"];
    let count = |arguments: &[&str]| {
        let sum = run(dir, &[arguments, &files].concat()).expect(1, &["key"]).json();
        ["recorded", "repeated", "rejected"].map(|member| sum[member].as_u64().expect("a number"))
    };
    assert_eq!(count(&["--json", "import", "--dry-run"]), [3, 1, 1]);
    run(dir, &["show", HOSPITAL]).expect(3, &[]);
    assert_eq!(count(&["--json", "import"]), [3, 1, 1], "as rehearsed");
}

#[test]
fn what_comes_through_a_pipe_is_handed_back_as_it_was_or_said_to_be_cut() {
    let dir = place();
    let dir = dir.path();
    let bytes: Vec<u8> = [&b"{\"name\": \"\xc9\xdb\"}"[..], &vec![b'x'; 300_000]].join(&b'\n');
    let mut import = command(dir, &["--json", "import", "-", "--rejects", "r.jsonl"]);
    let mut child = import
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("accord starts");
    child.stdin.take().expect("standard input").write_all(&bytes).expect("read to its end");
    let ended = child.wait_with_output().expect("an end");
    assert_eq!(ended.status.code(), Some(1));
    let sum: Json = serde_json::from_slice(&ended.stdout).expect("JSON");
    assert_eq!((&sum["rejected"], &sum["cut"]), (&json!(2), &json!(1)));
    let said = String::from_utf8(ended.stderr).expect("UTF-8");
    assert!(said.contains("cut to their first 262144 bytes") && said.contains("<stdin>:2"), "{said}");
    let kept = fs::read(dir.join("r.jsonl")).expect("rejects");
    let lines: Vec<&[u8]> = kept.split(|byte| *byte == b'\n').collect();
    assert_eq!((lines[0], lines[1].len()), (&b"{\"name\": \"\xc9\xdb\"}"[..], 262_144));
    let reasons = read(dir, "r.jsonl.reasons.jsonl");
    let last: Json = serde_json::from_str(reasons.lines().nth(1).expect("two")).expect("JSON");
    assert!(last["message"].as_str().expect("words").contains("only its first 262144 bytes"), "{last}");

    // From a file, which can be read twice, nothing is cut.
    fs::write(dir.join("lines.jsonl"), &bytes).expect("a file");
    let ended = run(dir, &["--json", "import", "lines.jsonl", "--rejects", "whole.jsonl"]).expect(1, &[]);
    assert!(ended.json().get("cut").is_none(), "{ended:?}");
    assert_eq!(fs::read(dir.join("whole.jsonl")).expect("rejects"), [&bytes[..], b"\n"].concat());
}

#[test]
fn a_refusal_names_what_stands_in_the_way_though_the_same_import_recorded_it() {
    let dir = place();
    let dir = dir.path();
    let again = act(
        "sign-agreement",
        "2024-02-01",
        "again",
        &json!({ "area": "370100", "lines": ["basic"], "from": "2024-02-01", "until": "2025-02-01" }),
    );
    file(dir, "acts.jsonl", &[signing(), again]);
    let refused = |rejects: &str| -> Json {
        run(dir, &["import", "acts.jsonl", "--rejects", rejects]).expect(1, &[]);
        serde_json::from_str(&read(dir, &format!("{rejects}.reasons.jsonl"))).expect("JSON")
    };
    let first = refused("first.jsonl");
    assert_eq!(first["blocked_by"].as_array().map(Vec::len), Some(1), "{first}");
    assert_eq!(first["blocked_by"], refused("second.jsonl")["blocked_by"], "as where it was recorded before");
}

#[test]
fn an_interrupted_import_leaves_behind_what_it_had_refused_by_then() {
    let dir = place();
    let dir = dir.path();
    let mut import = command(dir, &["import", "-", "--rejects", "r.jsonl"]);
    let mut child = import
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .expect("accord starts");
    let mut input = child.stdin.take().expect("standard input");
    let mut lines = vec![signing(), "{".to_owned()];
    lines.extend((0..1_000).map(interview));
    input.write_all(lines.join("\n").as_bytes()).expect("it is read");
    // It waits for more, and has told of the refused line.
    let mut said = String::new();
    BufReader::new(child.stderr.take().expect("talk")).read_line(&mut said).expect("a line");
    child.kill().expect("it runs");
    child.wait().expect("an end");
    assert!(said.contains("<stdin>:2"), "{said}");
    assert_eq!(read(dir, "r.jsonl"), "{\n");
    assert!(read(dir, "r.jsonl.reasons.jsonl").contains("malformed-json"));
    drop(input);
}

#[test]
fn one_command_and_many_are_read_from_standard_input_and_with_a_byte_order_mark() {
    let dir = place();
    let dir = dir.path();
    feed(dir, &["do", "-"], &format!("\u{feff}{}", signing())).expect(0, &["示例医院"]);
    feed(dir, &["import", "-"], &format!("\u{feff}{}\n{}\n", interview(1), interview(2)))
        .expect(0, &["2 lines"]);
    assert_eq!(recorded(dir), 3);
}
