//! Bad input, against the real program: the error names the place and what would be right, nothing is half written, good
//! lines are kept.

use accord_tests::program::{Run, Server, command, feed, run};
use serde_json::{Value as Json, json};
use std::fs;
use std::path::Path;
use std::process::Stdio;
use tempfile::TempDir;

const HOSPITAL: &str = "H37010290001";
const DOCTOR: &str = "D370102900001";

/// A directory with an empty ledger in it.
fn place() -> TempDir {
    let dir = tempfile::tempdir().expect("a directory");
    run(dir.path(), &["init"]).expect(0, &[]);
    dir
}

fn signing(key: &str) -> Json {
    json!({
        "command": "institution.sign-agreement", "subject": HOSPITAL, "effective_at": "2024-01-01",
        "actor": { "authority": "agency", "area": "370100" }, "key": key,
        "data": { "area": "370100", "lines": ["basic"], "name": "示例医院", "from": "2024-01-01", "until": "2025-01-01" }
    })
}

fn interview(day: u32, key: &str) -> Json {
    json!({
        "command": "institution.interview", "subject": HOSPITAL, "effective_at": format!("2024-02-{day:02}"),
        "actor": { "authority": "agency", "area": "370100" }, "key": key, "data": { "note": "约谈" }
    })
}

fn registration() -> Json {
    json!({
        "command": "practitioner.register", "subject": DOCTOR, "effective_at": "2025-01-01",
        "actor": { "authority": "agency", "area": "370100" },
        "data": { "institution": HOSPITAL, "category": "doctor", "area": "370100" }
    })
}

#[expect(clippy::needless_pass_by_value, reason = "JSON made at the call reads best without ampersands")]
fn deduction(points: Json) -> Json {
    json!({
        "command": "practitioner.deduct-points", "subject": DOCTOR, "effective_at": "2025-03-01",
        "actor": { "authority": "agency", "area": "370100" },
        "data": { "institution": HOSPITAL, "points": points, "behaviour": "重复收费", "area": "370100", "measure": "处罚决定" }
    })
}

fn events_recorded(dir: &Path) -> usize {
    let mut count = 0;
    for subject in [HOSPITAL, DOCTOR] {
        let history = run(dir, &["--json", "history", subject]);
        if history.code == Some(0) {
            count += history.out.lines().count();
        }
    }
    count
}

fn does(dir: &Path, command: &Json) -> Run {
    feed(dir, &["do", "-"], &command.to_string())
}

#[test]
fn malformed_json_is_refused_with_file_line_and_column() {
    let dir = place();
    fs::write(dir.path().join("act.json"), "{\n  \"command\": \"institution.apply\",\n  \"subject\": ,\n}")
        .expect("a file");
    run(dir.path(), &["do", "act.json"]).expect(2, &["act.json:3:14", "malformed-json"]);
    assert_eq!(events_recorded(dir.path()), 0);
}

#[test]
fn a_command_that_does_not_exist_is_refused_with_those_it_may_have_meant() {
    let dir = place();
    let mut command = signing("a");
    command["command"] = json!("institution.suspend");
    does(dir.path(), &command).expect(2, &["/command", "unknown-command", "institution.suspend-agreement"]);
}

#[test]
fn an_unknown_field_is_refused_with_those_that_are_accepted() {
    let dir = place();
    let mut command = signing("a");
    command["data"]["untill"] = json!("2025-01-01");
    does(dir.path(), &command).expect(2, &["/data", "unknown-field", "untill", "until"]);
}

#[test]
fn a_missing_field_is_named() {
    let dir = place();
    let mut command = signing("a");
    command["data"].as_object_mut().expect("an object").remove("area");
    does(dir.path(), &command).expect(2, &["/data", "missing-field", "area"]);
}

#[test]
fn a_wrong_type_is_refused_at_its_pointer() {
    let dir = place();
    does(dir.path(), &deduction(json!("three"))).expect(2, &["/data/points", "invalid-value"]);
    let mut command = signing("a");
    command["data"]["lines"] = json!("basic");
    does(dir.path(), &command).expect(2, &["/data/lines"]);
}

#[test]
fn a_day_that_does_not_exist_is_refused_with_the_form_that_would_be_right() {
    let dir = place();
    let mut command = signing("a");
    command["effective_at"] = json!("2025-02-30");
    does(dir.path(), &command).expect(2, &["/effective_at", "2025-02-30", "2025-08-04"]);
    run(dir.path(), &["show", HOSPITAL, "--as-of", "2025-02-30"]).expect(2, &["--as-of", "2025-02-30"]);
}

#[test]
fn an_unknown_subject_is_not_found_and_a_code_of_no_form_is_wrong_input() {
    let dir = place();
    run(dir.path(), &["show", HOSPITAL]).expect(3, &[HOSPITAL]);
    run(dir.path(), &["history", HOSPITAL]).expect(3, &[HOSPITAL]);
    run(dir.path(), &["show", "H3701"]).expect(2, &["H3701", "H37010200001"]);
    let suspend = json!({
        "command": "institution.suspend-agreement", "subject": HOSPITAL, "effective_at": "2024-02-01",
        "actor": { "authority": "agency", "area": "370100" }, "data": { "area": "370100", "ground": "违约" }
    });
    does(dir.path(), &suspend).expect(3, &[HOSPITAL]);
    assert_eq!(events_recorded(dir.path()), 0);
}

#[test]
fn a_number_out_of_range_is_refused_with_the_range() {
    let dir = place();
    does(dir.path(), &registration()).expect(0, &[]);
    does(dir.path(), &deduction(json!(13))).expect(1, &["out-of-range", "12"]);
    does(dir.path(), &deduction(json!(0))).expect(1, &["out-of-range", "1"]);
    does(dir.path(), &deduction(json!(300))).expect(2, &["/data/points"]);
    assert_eq!(events_recorded(dir.path()), 1);
    let refusal = feed(dir.path(), &["--json", "do", "-"], &deduction(json!(13)).to_string()).json();
    assert_eq!(refusal["code"], "out-of-range");
    assert_eq!(refusal["allowed"]["max"], 12);
}

#[test]
fn an_oversize_command_is_refused_with_the_limit() {
    let dir = place();
    let mut command = signing("a");
    command["reason"] = json!("长".repeat(100_000));
    let refused = does(dir.path(), &command);
    assert_eq!(refused.code, Some(2), "{refused:?}");
    assert!(refused.err.len() < 2_000, "the refusal does not repeat the oversize text");
    assert_eq!(events_recorded(dir.path()), 0);
}

#[test]
fn a_broken_line_in_the_middle_of_an_import_costs_only_itself_and_is_mended_and_sent_again() {
    let dir = place();
    let broken = "{\"command\": \"institution.interview\", \"subject\": ";
    let mut unknown = interview(3, "k3");
    unknown["data"]["remark"] = json!("x");
    let lines = [
        signing("k1").to_string(),
        interview(1, "k2").to_string(),
        broken.to_owned(),
        unknown.to_string(),
        String::new(),
        interview(4, "k4").to_string(),
    ];
    fs::write(dir.path().join("acts.jsonl"), lines.join("\n")).expect("a file");
    run(dir.path(), &["import", "acts.jsonl", "--rejects", "rejects.jsonl"]).expect(1, &["2"]);
    assert_eq!(events_recorded(dir.path()), 3, "the good lines are kept");

    let rejects = fs::read_to_string(dir.path().join("rejects.jsonl")).expect("rejects");
    assert_eq!(rejects.lines().collect::<Vec<_>>(), [broken, &unknown.to_string()], "unchanged, in order");
    let reasons = fs::read_to_string(dir.path().join("rejects.jsonl.reasons.jsonl")).expect("reasons");
    let reasons: Vec<Json> = reasons.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    assert_eq!(reasons.len(), 2);
    assert_eq!((&reasons[0]["line"], &reasons[0]["code"]), (&json!(3), &json!("malformed-json")));
    assert_eq!((&reasons[1]["line"], &reasons[1]["code"]), (&json!(4), &json!("unknown-field")));

    // Mended and sent again, with the good lines once more: nothing is recorded twice.
    let mended = [interview(2, "k-mended").to_string(), interview(3, "k3").to_string()].join("\n");
    fs::write(dir.path().join("rejects.jsonl"), mended).expect("a file");
    run(dir.path(), &["import", "rejects.jsonl"]).expect(0, &[]);
    assert_eq!(events_recorded(dir.path()), 5);
    fs::write(
        dir.path().join("good.jsonl"),
        [lines[0].clone(), lines[1].clone(), lines[5].clone()].join("\n"),
    )
    .expect("a file");
    run(dir.path(), &["import", "good.jsonl"]).expect(0, &[]);
    assert_eq!(events_recorded(dir.path()), 5);
}

#[test]
fn a_dry_run_says_the_same_and_records_nothing() {
    let dir = place();
    let lines = [signing("k1").to_string(), interview(1, "k2").to_string(), "{".to_owned()].join("\n");
    fs::write(dir.path().join("acts.jsonl"), lines).expect("a file");
    run(dir.path(), &["import", "--dry-run", "acts.jsonl"]).expect(1, &[]);
    assert_eq!(events_recorded(dir.path()), 0);
}

#[test]
fn a_file_that_is_not_there_or_of_another_kind_is_named() {
    let dir = place();
    run(dir.path(), &["import", "nowhere.jsonl"]).expect(2, &["nowhere.jsonl"]);
    run(dir.path(), &["do", "nowhere.json"]).expect(2, &["nowhere.json"]);
    fs::write(dir.path().join("acts.xlsx"), "PK").expect("a file");
    run(dir.path(), &["import", "acts.xlsx"]).expect(2, &["acts.xlsx", "jsonl"]);
}

#[test]
fn the_same_key_with_the_same_command_is_answered_again_byte_for_byte_and_with_another_is_refused() {
    let dir = place();
    let first = feed(dir.path(), &["--json", "do", "-"], &signing("k").to_string()).expect(0, &[]);
    let again = feed(dir.path(), &["--json", "do", "-"], &signing("k").to_string()).expect(0, &[]);
    assert_eq!(first.out, again.out);
    assert_eq!(events_recorded(dir.path()), 1);
    let mut other = signing("k");
    other["data"]["name"] = json!("另一家医院");
    does(dir.path(), &other).expect(4, &["key"]);

    // Two files of the same key: the second is refused there, and only there.
    fs::write(dir.path().join("one.jsonl"), interview(1, "same").to_string()).expect("a file");
    fs::write(
        dir.path().join("two.jsonl"),
        [interview(2, "same").to_string(), interview(3, "own").to_string()].join("\n"),
    )
    .expect("a file");
    run(dir.path(), &["import", "one.jsonl", "two.jsonl", "--rejects", "rejects.jsonl"]).expect(1, &[]);
    assert_eq!(events_recorded(dir.path()), 3);
    let reasons = fs::read_to_string(dir.path().join("rejects.jsonl.reasons.jsonl")).expect("reasons");
    assert!(reasons.contains("two.jsonl") && reasons.contains("key"), "{reasons}");
}

#[test]
fn a_ledger_in_use_is_locked_for_writing_and_open_for_reading() {
    let dir = place();
    does(dir.path(), &signing("k")).expect(0, &[]);
    let mut server = Server::start(dir.path(), &["serve", "--listen", "127.0.0.1:0"]);
    does(dir.path(), &interview(1, "k1")).expect(4, &["ledger-locked"]);
    run(dir.path(), &["show", HOSPITAL]).expect(0, &["示例医院"]);
    server.kill();
    does(dir.path(), &interview(1, "k1")).expect(0, &[]);
}

#[test]
fn a_cluster_is_named_as_not_built_in_and_a_copy_is_read_only_without_it() {
    let dir = tempfile::tempdir().expect("a directory");
    let address = "esdb://operator:secret@127.0.0.1:2113?tls=false";
    let refused =
        run(dir.path(), &["init", "--cluster", address]).expect(2, &["cluster-not-built-in", "--features"]);
    assert!(!refused.err.contains("secret"), "{refused:?}");
    assert!(!dir.path().join("accord-ledger").exists());
    let dir = place();
    does(dir.path(), &signing("k")).expect(0, &[]);
    fs::write(dir.path().join("accord-ledger/cluster.json"), "{}").expect("a file");
    does(dir.path(), &interview(1, "k1")).expect(2, &["cluster-not-built-in"]);
    run(dir.path(), &["show", HOSPITAL]).expect(0, &["示例医院"]);
}

#[test]
fn a_ledger_of_a_newer_format_is_refused_and_left_alone() {
    let dir = place();
    let log = dir.path().join("accord-ledger/log.db");
    let database = rusqlite::Connection::open(&log).expect("the log");
    database.pragma_update(None, "user_version", 1_000).expect("a newer format");
    drop(database);
    does(dir.path(), &signing("k")).expect(2, &["newer-format", "1000"]);
    run(dir.path(), &["show", HOSPITAL]).expect(2, &["newer-format"]);
}

#[test]
fn a_directory_without_a_ledger_or_with_something_else_in_it_is_refused() {
    let dir = tempfile::tempdir().expect("a directory");
    run(dir.path(), &["show", HOSPITAL]).expect(3, &["no-ledger", "accord init"]);
    fs::create_dir(dir.path().join("accord-ledger")).expect("a directory");
    fs::write(dir.path().join("accord-ledger/log.db"), "not a database, only its name".repeat(200))
        .expect("a file");
    run(dir.path(), &["show", HOSPITAL]).expect(2, &["not-a-ledger"]);
    run(dir.path(), &["init"]).expect(4, &["ledger-exists"]);
}

#[cfg(unix)]
#[test]
fn a_read_only_directory_is_refused_for_writing_with_its_own_message() {
    use std::os::unix::fs::{PermissionsExt as _, chown};
    use std::os::unix::process::CommandExt as _;
    const NOBODY: u32 = 65_534;

    let dir = place();
    does(dir.path(), &signing("k")).expect(0, &[]);
    let ledger = dir.path().join("accord-ledger");
    let mode =
        |path: &Path, mode| fs::set_permissions(path, fs::Permissions::from_mode(mode)).expect("permissions");
    // For root no directory is read-only: the program then runs as nobody, from a copy that nobody can reach.
    let root = chown(dir.path(), Some(0), None).is_ok();
    let program = dir.path().join("accord");
    fs::copy(accord_tests::program::path(), &program).expect("a copy");
    mode(&program, 0o755);
    mode(dir.path(), 0o755);
    for entry in fs::read_dir(&ledger).expect("the ledger") {
        let path = entry.expect("a file").path();
        mode(&path, 0o444);
        if root {
            chown(&path, Some(NOBODY), Some(NOBODY)).expect("an owner");
        }
    }
    if root {
        chown(&ledger, Some(NOBODY), Some(NOBODY)).expect("an owner");
    }
    mode(&ledger, 0o555);

    let mut asked = std::process::Command::new(&program);
    asked.args(["do", "act.json"]).current_dir(dir.path()).env_remove("ACCORD_LEDGER").env("LANG", "C.UTF-8");
    if root {
        asked.uid(NOBODY).gid(NOBODY);
    }
    fs::write(dir.path().join("act.json"), interview(1, "k1").to_string()).expect("a file");
    let refused: Run = asked.stdin(Stdio::null()).output().expect("accord starts").into();
    mode(&ledger, 0o755);
    refused.expect(2, &["ledger-read-only"]);
}

#[test]
fn wrong_usage_names_the_argument_and_what_would_be_right() {
    let dir = place();
    run(dir.path(), &["lst"]).expect(2, &["lst", "list"]);
    run(dir.path(), &["list", "--status", "paused"]).expect(2, &["--status", "suspended"]);
    run(dir.path(), &["rebuild", "nothing-of-the-kind"]).expect(2, &["nothing-of-the-kind", "status"]);
    run(dir.path(), &["serve", "--listen", "0.0.0.0:0"]).expect(2, &["loopback"]);
    let status = command(dir.path(), &["--lang", "fr", "list"]).output().expect("accord starts").status;
    assert_eq!(status.code(), Some(2));
}

#[test]
fn wrong_usage_is_a_document_too_and_says_what_would_be_right() {
    let dir = place();
    let dir = dir.path();
    for wrong in [&["lst"][..], &["list", "--status", "paused"], &["show"]] {
        let told = run(dir, &[&["--json"], wrong].concat()).expect(2, &[]);
        let problem = told.json();
        assert_eq!(problem["code"], "usage", "{told:?}");
        assert!(told.err.contains(problem["message"].as_str().expect("words")), "{told:?}");
    }
    assert_eq!(run(dir, &["--json"]).expect(2, &[]).json()["code"], "usage");
    assert_eq!(run(dir, &["lst"]).expect(2, &[]).out, "");
    run(dir, &["what-if", "--without", "xx"]).expect(2, &["--without", "\"xx\" is not the id of an event"]);
    let told = run(dir, &["points", "P43050090002"]).expect(2, &["<PRACTITIONER>"]);
    assert!(!told.err.contains("--subject"), "{told:?}");
    for reason in ["", " "] {
        let told = run(dir, &["open-personal", DOCTOR, "--reason", reason]).expect(2, &["--reason"]);
        assert!(!told.err.contains("leave it out"), "{told:?}");
    }
    assert_eq!(run(dir, &["check", "H99999999999"]).expect(3, &["unknown-subject"]).out, "");
}

#[tokio::test]
async fn the_demo_serves_the_sample_histories_from_a_ledger_of_its_own() {
    let dir = tempfile::tempdir().expect("a directory");
    let mut demo = command(dir.path(), &["demo", "--listen", "127.0.0.1:0"]);
    demo.env("TMPDIR", dir.path());
    let server = Server::spawn(demo);
    let get = |path: &str| {
        let url = format!("{}{path}", server.address());
        async move { reqwest::get(url).await.expect("an answer").json::<Json>().await.expect("JSON") }
    };
    let pharmacy = get("/v1/institutions/P43050090002?as_of=2025-09-01").await;
    assert_eq!(pharmacy["name"], "百寿堂店");
    let made_up = get("/v1/institutions/H99010090001?as_of=2026-01-10").await;
    assert_eq!(made_up["name"], "示例市第一示例医院");
    let question = "/v1/payable?institution=P43050090002&line=special_outpatient&at=";
    assert_eq!(get(&format!("{question}2025-11-03T23:59:59%2B08:00")).await["outcome"], "refused");
    assert_eq!(get(&format!("{question}2025-11-04")).await["outcome"], "payable");
    assert_eq!(server.stop(), Some(0));
    assert_eq!(fs::read_dir(dir.path()).expect("a directory").count(), 0, "it leaves nothing behind");
}

#[test]
fn who_puts_a_banned_person_in_charge_is_told_what_is_open() {
    const HOSPITAL: &str = "H37010090001";
    const PERSON: &str = "D370100900001";
    let dir = tempfile::tempdir().expect("a directory");
    let dir = dir.path();
    run(dir, &["init"]).expect(0, &[]);
    let does = |command: &str, subject: &str, day: &str, authority: &str, data: Json| {
        let actor = json!({ "authority": authority, "area": "370100" });
        json!({ "command": command, "subject": subject, "effective_at": day, "actor": actor, "data": data })
            .to_string()
    };
    let terms = json!({ "area": "370100", "lines": ["basic"], "from": "2024-01-01", "until": "2027-01-01" });
    let change = json!({ "what": "principal", "to": PERSON });
    for line in [
        does("institution.sign-agreement", HOSPITAL, "2024-01-01", "agency", terms),
        does("practitioner.ban-manager", PERSON, "2024-06-01", "bureau", json!({})),
    ] {
        feed(dir, &["do", "-"], &line).expect(0, &[]);
    }
    let change = does("institution.change-details", HOSPITAL, "2024-07-01", "institution", change);
    let open =
        ["institution.change-details", "institution.terminate-agreement", "institution.close-obligation"];
    let told = feed(dir, &["do", "-"], &change).expect(0, &open);
    told.expect(0, &["noticed manager-banned (R-022)", "is to be looked at and decided upon here"]);
    // Nobody is left to find it by chance.
    run(dir, &["--lang", "zh", "check", HOSPITAL])
        .expect(0, &[&["可再次变更负责人", "R-022"][..], &open].concat());
    let worklist =
        run(dir, &["--json", "obligations", "--area", "370100"]).expect(0, &["review-elsewhere"]).out;
    let task: Json = worklist
        .lines()
        .map(|line| serde_json::from_str(line).expect("JSON"))
        .find(|task: &Json| task["kind"] == "review-elsewhere")
        .expect("a task");
    let data = json!({ "event": task["raised_by"], "obligation": "review-elsewhere", "outcome": "done", "reason": "已换人" });
    feed(dir, &["do", "-"], &does("institution.close-obligation", HOSPITAL, "2024-07-02", "agency", data))
        .expect(0, &[]);
    let left = run(dir, &["--json", "obligations", "--area", "370100"]).expect(0, &[]).out;
    assert!(!left.contains("review-elsewhere"), "{left}");
}
