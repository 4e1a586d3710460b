//! Rules that an area adopts, against the real program: from the next command on they bind, in their area, with their
//! citation, and nothing recorded before is judged by them.

use accord_domain::event::encode;
use accord_domain::{Command, EventData, EventType, NewEvent};
use accord_replay::bundle::read;
use accord_store::clock::SystemClock;
use accord_store::{Append, EventLog, Expected, SqliteLog};
use accord_tests::program::{Run, Server, feed, run};
use serde_json::{Value as Json, json};
use sha2::{Digest, Sha256};
use std::fs;
use std::path::Path;
use std::sync::Arc;
use tempfile::TempDir;

const HERE: &str = "370100";
const ELSEWHERE: &str = "370200";

/// A directory with an empty ledger in it.
fn place() -> TempDir {
    let dir = tempfile::tempdir().expect("a directory");
    run(dir.path(), &["init"]).expect(0, &[]);
    dir
}

/// How long an agreement is suspended at request, at most.
fn text(days: u32) -> String {
    format!(
        "[[instrument]]\nkey = \"jn\"\ntitle = \"某市医疗保障条例\"\nnumber = \"第3号\"\nrank = \"local-regulation\"\nconfidence = \"H\"\n\n\
         [[rule]]\nid = \"jn-12\"\nparam = \"institution.suspension.on_request_days\"\ninstrument = \"jn\"\narticle = \"12\"\n\
         from = \"2024-01-01\"\nvalue = {days}\nconfidence = \"H\"\n"
    )
}

fn adopt(area: &str, day: &str, days: u32) -> Json {
    let text = text(days);
    json!({
        "command": "area.adopt-rules", "subject": area, "effective_at": day,
        "actor": { "authority": "bureau", "area": area },
        "data": { "name": "jn.toml", "sha256": sha256(&text), "text": text }
    })
}

fn sha256(text: &str) -> String {
    Sha256::digest(text.as_bytes()).iter().map(|byte| format!("{byte:02x}")).collect()
}

fn sign(pharmacy: &str, area: &str) -> Json {
    json!({
        "command": "institution.sign-agreement", "subject": pharmacy, "effective_at": "2025-01-01",
        "actor": { "authority": "agency", "area": area },
        "data": { "area": area, "lines": ["basic"], "name": "某药店", "from": "2025-01-01", "until": "2027-01-01" }
    })
}

/// From the first of March 2025 on, for 120 days.
fn suspend(pharmacy: &str, area: &str) -> Json {
    json!({
        "command": "institution.suspend-agreement", "subject": pharmacy, "effective_at": "2025-03-01",
        "actor": { "authority": "agency", "area": area },
        "data": { "area": area, "until": "2025-06-29", "ground": "自行申请", "at_request": true }
    })
}

#[expect(clippy::needless_pass_by_value, reason = "JSON made at the call reads best without ampersands")]
fn does(dir: &Path, command: Json) -> Run {
    feed(dir, &["--json", "do", "-"], &command.to_string())
}

/// The rule on suspensions at request in an area on a day, as `accord rules` tells it.
fn rule(dir: &Path, area: &str, day: &str) -> Json {
    let asked = ["--json", "rules", "--area", area, "--at", day, "institution.suspension.on_request_days"];
    let told = run(dir, &asked).expect(0, &[]).json();
    let rules = told["rules"].as_array().expect("rules").clone();
    let own = rules.iter().find(|rule| !rule["area"].is_null());
    let national = || rules.iter().find(|rule| rule["applies_to"] == json!(["pharmacy"]));
    own.or_else(national).expect("one").clone()
}

#[test]
fn what_an_area_adopts_binds_the_next_command_there_and_is_cited() {
    let dir = place();
    let dir = dir.path();
    for (pharmacy, area) in [("P37010090001", HERE), ("P37010090002", HERE), ("P37020090001", ELSEWHERE)] {
        does(dir, sign(pharmacy, area)).expect(0, &[]);
    }
    does(dir, suspend("P37010090001", HERE)).expect(0, &["\"R-212\""]);
    does(dir, adopt(HERE, "2025-01-01", 90)).expect(0, &[]);

    // Another process, so the law is read from the log again.
    let refused = does(dir, suspend("P37010090002", HERE)).expect(1, &["out-of-range"]);
    let told: Json = serde_json::from_str(refused.err.lines().last().unwrap_or_default())
        .or_else(|_| serde_json::from_str(&refused.out))
        .unwrap_or_else(|error| panic!("{error}: {refused:?}"));
    let said = told.to_string();
    for part in ["jn-12", "某市医疗保障条例 (第3号)", "\"12\"", "2025-05-30"] {
        assert!(said.contains(part), "{part}: {said}");
    }
    does(dir, suspend("P37020090001", ELSEWHERE)).expect(0, &["\"R-212\""]);

    // What was recorded before is judged by the law known then, though the rule is of an earlier day.
    let check = run(dir, &["--json", "check", "P37010090001"]).expect(0, &[]);
    assert!(!check.out.contains("out-of-range") && !check.out.contains("jn-12"), "{check:?}");
    run(dir, &["replay", "--verify"]).expect(0, &[]);
}

#[test]
fn the_rules_of_an_area_show_what_it_adopted_and_what_that_replaced() {
    let dir = place();
    let dir = dir.path();
    does(dir, adopt(HERE, "2025-01-01", 90)).expect(0, &[]);
    does(dir, adopt(HERE, "2026-01-01", 60)).expect(0, &[]);
    let told = |area, day| {
        let rule = rule(dir, area, day);
        (rule["id"].clone(), rule["value"].clone(), rule["replaced"]["value"].clone(), rule["file"].clone())
    };
    assert_eq!(told(HERE, "2025-06-01"), (json!("jn-12"), json!(90), json!(180), json!("jn.toml")));
    assert_eq!(told(HERE, "2026-06-01"), (json!("jn-12@2"), json!(60), json!(90), json!("jn.toml")));
    assert_eq!(told("370102", "2026-06-01").1, json!(60), "a district of the area");
    assert_eq!(told(HERE, "2024-12-31").0, json!("R-212"));
    assert_eq!(told(ELSEWHERE, "2026-06-01").0, json!("R-212"));
    let words = run(dir, &["--lang", "zh", "rules", "--area", HERE, "--at", "2026-06-01", "jn-12@2"]);
    words.expect(0, &["某市医疗保障条例", "第12条", "jn-12", "jn.toml"]);
}

/// When the event of a command was recorded, as its answer says.
fn recorded(done: &Run) -> String {
    done.json()["receipt"]["recorded_at"].as_str().expect("a time").to_owned()
}

/// Of a parameter in the area: the value, and what it replaced.
fn of_parameter(told: &Json) -> Vec<(Json, Json)> {
    let own =
        |rule: &&Json| !rule["applies_to"].as_array().is_some_and(|whom| whom.contains(&json!("medical")));
    let rules = told["rules"].as_array().expect("rules").iter().filter(own);
    rules.map(|rule| (rule["value"].clone(), rule["replaced"]["value"].clone())).collect()
}

#[tokio::test]
async fn the_law_is_shown_as_it_was_known_then() {
    let dir = place();
    let dir = dir.path();
    let before = recorded(&does(dir, sign("P37010090001", HERE)).expect(0, &[]));
    let first = recorded(&does(dir, adopt(HERE, "2025-01-01", 90)).expect(0, &[]));
    let second = recorded(&does(dir, adopt(HERE, "2025-06-01", 60)).expect(0, &[]));

    let day = ["--area", HERE, "--at", "2025-07-01", "institution.suspension.on_request_days"];
    let asked = |known: &str| {
        let arguments = [&["--json", "rules", "--known-at", known], &day[..]].concat();
        run(dir, &arguments).expect(0, &[]).json()
    };
    let server = Server::start(dir, &["serve", "--listen", "127.0.0.1:0"]);
    for (known, wanted) in [
        (&before, vec![(json!(180), Json::Null)]),
        (&first, vec![(json!(90), json!(180))]),
        (&second, vec![(json!(60), json!(90))]),
    ] {
        let told = asked(known);
        assert_eq!(of_parameter(&told), wanted, "{told}");
        assert_eq!(told["coordinates"]["known_at"], json!(known));
        let query =
            format!("at=2025-07-01&area={HERE}&known_at={}&rule={}", known.replace('+', "%2B"), day[4]);
        let url = format!("{}/v1/rules?{query}", server.address());
        let answer = reqwest::get(url).await.expect("an answer");
        assert_eq!(answer.status(), 200);
        let over_http: Json = answer.json().await.expect("JSON");
        assert_eq!(over_http, told, "the same over HTTP");
    }
    // Each hash is that of the law known then, and an event names the one it was decided under.
    assert_ne!(asked(&first)["rulebook"], asked(&second)["rulebook"]);
    // Now is the newest.
    let now = [&["--json", "rules"], &day[..]].concat();
    assert_eq!(of_parameter(&run(dir, &now).expect(0, &[]).json()), [(json!(60), json!(90))]);
    // A rule that nobody knew yet is not there.
    let unknown = ["rules", "--area", HERE, "--known-at", &before, "jn-12"];
    run(dir, &unknown).expect(3, &["unknown-rule"]);
}

#[test]
fn an_import_decides_each_line_under_what_the_lines_before_it_adopted() {
    let dir = place();
    let dir = dir.path();
    let lines = [
        sign("P37010090001", HERE),
        sign("P37010090002", HERE),
        suspend("P37010090001", HERE),
        adopt(HERE, "2025-01-01", 90),
        suspend("P37010090002", HERE),
    ];
    let file = dir.join("feed.jsonl");
    fs::write(&file, lines.map(|line| line.to_string() + "\n").concat()).expect("a file");
    let file = file.to_str().expect("UTF-8");
    for rehearsal in [true, false] {
        let dry: &[&str] = if rehearsal { &["--dry-run"] } else { &[] };
        let rejects = dir.join("rejects.jsonl");
        let arguments = [&["import", file, "--rejects", rejects.to_str().expect("UTF-8")], dry].concat();
        let told = run(dir, &arguments).expect(1, &["jn-12", "某市医疗保障条例 (第3号)"]);
        let rejected = fs::read_to_string(&rejects).expect("rejects");
        assert_eq!(rejected.lines().count(), 1, "{rejected} {told:?}");
        assert!(rejected.contains("P37010090002"), "{rejected}");
        for file in fs::read_dir(dir).expect("a folder").map(|entry| entry.expect("an entry").path()) {
            if file.to_string_lossy().contains("rejects") {
                fs::remove_file(file).expect("a file");
            }
        }
    }
    run(dir, &["replay", "--verify"]).expect(0, &[]);
}

/// A kind of entry that this program does not know.
const LATER: &str = "[[entry_of_a_later_version]]";

/// Records an adoption as a newer program would: of rules that this one cannot read.
async fn adopts_what_only_a_newer_program_reads(dir: &Path) {
    let mut adopt = adopt(HERE, "2025-01-01", 90);
    let text = format!("{}\n{LATER}\nid = \"jn-13\"\n", text(90));
    adopt["data"]["sha256"] = json!(sha256(&text));
    adopt["data"]["text"] = json!(text);
    let command = Command::parse(&adopt.to_string()).expect("a command");
    let kind = EventType::by_name("area.rules-adopted").expect("a type");
    let mut facts = adopt["data"].clone();
    facts["area"] = json!(HERE);
    let facts = EventData::read(kind, 1, &facts.to_string()).expect("facts");
    let event = NewEvent::new(command.envelope.effective_at.expect("a day"), facts);
    let proposed = encode(&command, &event, 0, 0, false, &"0".repeat(64)).expect("bytes");
    let stream = command.subject.stream().into();
    let append = Append { stream, expected: Expected::NoStream, request: None, events: vec![proposed] };
    let log = SqliteLog::open(&dir.join("accord-ledger"), Arc::new(SystemClock)).expect("the log");
    log.append(vec![append]).await.pop().expect("an answer").expect("it is recorded");
}

#[tokio::test]
async fn rules_that_only_a_newer_program_reads_close_what_rests_on_them_and_nothing_else() {
    const PHARMACY: &str = "P37010090001";
    const SAID: [&str; 2] = ["position 1", "newer"];
    let dir = place();
    let dir = dir.path();
    does(dir, sign(PHARMACY, HERE)).expect(0, &[]);
    adopts_what_only_a_newer_program_reads(dir).await;

    for views in ["behind", "missing"] {
        if views == "missing" {
            fs::remove_file(dir.join("accord-ledger/views.db")).expect("views");
        }
        // What the log alone tells goes on, and says where the law ends.
        run(dir, &["verify"]).expect(0, &SAID);
        run(dir, &["history", PHARMACY]).expect(0, &SAID);
        run(dir, &["--lang", "zh", "history", PHARMACY]).expect(0, &["位置 1", "更新的版本"]);
        let history = run(dir, &["--json", "history", HERE]).expect(0, &SAID);
        assert!(history.out.contains(LATER), "the text itself is there to be read");
        let doctor = run(dir, &["doctor"]).expect(5, &SAID);
        assert!(doctor.out.contains("✗ rules adopted") && doctor.out.contains("✓ hashes"), "{doctor:?}");
        let bundle = format!("{views}.zip");
        run(dir, &["export", PHARMACY, "--out", &bundle]).expect(0, &SAID);
        run(dir, &["verify", &bundle]).expect(0, &[]);
        let members = read(&fs::read(dir.join(&bundle)).expect("a bundle")).expect("a bundle");
        let page = members.iter().find(|member| member.name == "timeline.en.html").expect("a page");
        let page = String::from_utf8_lossy(&page.bytes).into_owned();
        assert!(page.contains("Not told: the rules adopted at position 1 cannot be read"), "{page}");
        // What rests on the law is not answered under half of it, and says why.
        for question in
            [&["show", PHARMACY][..], &["check"], &["obligations"], &["list"], &["replay", "--verify"]]
        {
            run(dir, question).expect(2, &["law-unreadable", "position 1", "newer"]);
        }
        does(dir, suspend(PHARMACY, HERE)).expect(2, &["law-unreadable", "position 1", "newer"]);
        run(dir, &["serve", "--listen", "127.0.0.1:0"]).expect(2, &["law-unreadable", "position 1"]);
    }
    assert_eq!(run(dir, &["--json", "verify"]).json()["events"], "2", "nothing was recorded");
}
