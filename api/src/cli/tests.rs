use super::args::Cli;
use super::exit::Exit;
use super::out::Out;
use super::{conclude, language_asked, run, system_language, wrong_value};
use crate::Ledger;
use crate::answers::Lang;
use accord_domain::Instant;
use accord_store::SqliteLog;
use accord_store::clock::{Clock, ManualClock};
use clap::{CommandFactory, Parser};
use insta::assert_snapshot;
use serde_json::{Value, json};
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use tempfile::TempDir;

mod check;
mod diff;
mod what_if;

/// What a run gave.
struct Ended {
    exit: Exit,
    data: String,
    talk: String,
}

impl Ended {
    fn json(&self) -> Value {
        serde_json::from_str(&self.data).unwrap()
    }
}

/// A ledger in a directory of its own, with a clock that stands still.
struct Desk {
    place: TempDir,
    clock: Arc<ManualClock>,
}

impl Desk {
    /// With an empty ledger, whose event ids are the same in every run.
    fn new() -> Self {
        let desk = Self::bare();
        Ledger::init(&desk.ledger(), 7, &*desk.clock).unwrap();
        desk
    }

    fn bare() -> Self {
        let now = Instant::parse("2025-11-21T10:00:00+08:00").unwrap();
        Self { place: tempfile::tempdir().unwrap(), clock: Arc::new(ManualClock::at(now)) }
    }

    fn ledger(&self) -> PathBuf {
        self.place.path().join("ledger")
    }

    fn file(&self, name: &str, text: impl AsRef<[u8]>) -> String {
        let path = self.place.path().join(name);
        fs::write(&path, text).unwrap();
        path.display().to_string()
    }

    fn run(&self, arguments: &[&str]) -> Ended {
        let ledger = self.ledger().display().to_string();
        let fixed = ["accord", "--ledger", &ledger];
        let cli = Cli::try_parse_from(fixed.iter().chain(arguments)).unwrap();
        let (mut data, mut talk) = (Vec::new(), Vec::new());
        let lang = cli.lang.unwrap_or(Lang::En);
        let mut out = Out::new(&mut data, &mut talk, cli.json, lang);
        let clock: Arc<dyn Clock> = self.clock.clone();
        let ended = run(cli, &mut out, clock);
        let exit = conclude(ended, &mut out);
        let place = self.place.path().display().to_string();
        let clean = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap().replace(&place, "DIR");
        Ended { exit, data: clean(data), talk: clean(talk) }
    }

    /// With a pharmacy whose special outpatient line was suspended for three months.
    fn told() -> Self {
        let desk = Self::new();
        let lines = desk.file("history.jsonl", format!("{}\n{}\n", signing(), suspension()));
        assert_eq!(desk.run(&["import", &lines]).exit, Exit::Done);
        desk
    }
}

fn command(name: &str, effective_at: &str, key: &str, data: &Value) -> Value {
    json!({
        "command": name, "subject": "P43050300012", "effective_at": effective_at, "key": key, "data": data,
        "actor": { "authority": "agency", "area": "430500" },
        "basis": [ { "instrument": "2025年定点零售药店协议", "article": "58" } ],
    })
}

fn signing() -> Value {
    let data = json!({ "area": "430500", "lines": ["basic", "special_outpatient"], "name": "大祥某大药房",
                       "number": "2025-117", "from": "2025-01-01", "until": "2026-01-01" });
    command("institution.sign-agreement", "2025-01-01", "k-1", &data)
}

fn suspension() -> Value {
    let data = json!({ "area": "430500", "line": "special_outpatient", "until": "2025-11-04", "ground": "agreement-breach" });
    command("institution.suspend-agreement", "2025-08-04", "k-2", &data)
}

#[test]
fn help_names_every_command() {
    assert_snapshot!("help", Cli::command().term_width(100).render_long_help());
}

#[test]
fn wrong_words_are_answered_with_the_right_ones() {
    let refused = |arguments: &[&str]| {
        Cli::try_parse_from([&["accord"], arguments].concat()).unwrap_err().render().to_string()
    };
    assert_snapshot!(
        "wrong_words",
        [
            refused(&["show", "P4305"]),
            refused(&["show", "P43050300012", "--as-of", "2025-02-30"]),
            refused(&["list", "--status", "stopped"]),
            refused(&["list", "--area", "4305"]),
            refused(&["payable", "--institution", "P43050300012", "--line", "dental", "--at", "2025-08-04"]),
            refused(&["history", "P43050300012", "--axis", "both"]),
        ]
        .join("\n────\n")
    );
}

#[test]
fn a_ledger_is_made_once() {
    let desk = Desk::bare();
    assert_eq!(desk.run(&["init"]).exit, Exit::Done);
    let again = desk.run(&["init"]);
    assert_eq!(again.exit, Exit::Conflict);
    assert_snapshot!(again.talk, @r"
    accord: there is a ledger in DIR/ledger already (ledger-exists)
      nothing was changed; name another directory with --ledger
    ");
}

#[test]
fn a_question_to_no_ledger_says_how_to_make_one() {
    let ended = Desk::bare().run(&["show", "P43050300012"]);
    assert_eq!(ended.exit, Exit::NotFound);
    assert_snapshot!(ended.talk, @r"
    accord: there is no ledger in DIR/ledger (no-ledger)
      `accord init` makes one; --ledger or ACCORD_LEDGER names another directory
    ");
}

#[test]
fn what_is_done_is_answered_with_events_status_and_receipt_and_the_same_again() {
    let desk = Desk::new();
    let file = desk.file("sign.json", signing().to_string());
    let first = desk.run(&["--json", "do", &file]);
    assert_eq!(first.exit, Exit::Done);
    let answer = first.json();
    assert_eq!(answer["position"], "0");
    assert_eq!(answer["receipt"]["position"], answer["position"]);
    assert_eq!(answer["events"][0]["type"], "institution.agreement-signed");
    assert_eq!(answer["status"]["agreements"][0]["status"], "in_force");
    let other = desk.file("suspend.json", suspension().to_string());
    assert_eq!(desk.run(&["do", &other]).exit, Exit::Done);
    let again = desk.run(&["--json", "do", &file]);
    assert_eq!(
        again.data, first.data,
        "the same command under the same key has the same answer, byte for byte"
    );
    assert!(again.talk.contains("carried out under this key before"));
}

#[test]
fn what_is_done_is_told_in_both_languages() {
    let desk = Desk::told();
    let mut again = suspension();
    again["effective_at"] = "2025-11-10".into();
    again["key"] = "k-4".into();
    again["data"]["until"] = "2025-12-10".into();
    let file = desk.file("again.json", again.to_string());
    let zh = desk.run(&["--lang", "zh", "do", &file]);
    let en = desk.run(&["--lang", "en", "do", &file]);
    assert_snapshot!("done", format!("{}════════\n{}", zh.data, en.data));
}

#[test]
fn what_was_known_then_stays_answered_as_it_was() {
    let desk = Desk::told();
    // When the newest act was recorded: what is after that is not closed yet.
    let then = "2025-11-21T10:00:00.000001+08:00";
    let answers = || {
        let of = |arguments: &[&str]| desk.run(&[arguments, &["--known-at", then]].concat()).data;
        let claim = ["--json", "payable", "--institution", "P43050300012", "--line", "special_outpatient"];
        [
            of(&["--json", "show", "P43050300012", "--as-of", "2025-09-01"]),
            of(&["--json", "history", "P43050300012"]),
            of(&["--json", "list", "--as-of", "2025-09-01"]),
            of(&["--json", "replay", "--as-of", "2025-09-01"]),
            of(&[&claim[..], &["--at", "2025-09-01"]].concat()),
        ]
    };
    desk.clock.set(Instant::parse("2025-11-22").unwrap());
    let before = answers();
    let history = desk.run(&["--json", "history", "P43050300012"]).data;
    let suspended: Value = serde_json::from_str(history.lines().last().unwrap()).unwrap();
    let annulment = json!({
        "command": "institution.annul", "subject": "P43050300012", "effective_at": "2025-12-01", "key": "k-9",
        "actor": { "authority": "court" },
        "data": { "event": suspended["id"], "scope": "from_start" },
    });
    desk.clock.set(Instant::parse("2025-12-01T09:00:00+08:00").unwrap());
    let file = desk.file("annul.json", annulment.to_string());
    let done = desk.run(&["do", &file]);
    assert_eq!(done.exit, Exit::Done, "{}", done.talk);
    assert_eq!(answers(), before);
    assert!(before[0].contains("\"suspended\"") && before[4].contains("\"refused\""));
    let now = desk.run(&["--json", "show", "P43050300012", "--as-of", "2025-09-01"]).json();
    assert!(now["agreements"].as_array().unwrap().iter().all(|agreement| agreement["status"] == "in_force"));
    let first = desk.run(&["--json", "history", "P43050300012"]).data;
    let line: Value = serde_json::from_str(first.lines().nth(1).unwrap()).unwrap();
    assert!(line["voided_by"].is_string(), "the annulled act stays in the trail: {line}");
}

#[test]
fn what_a_partial_annulment_leaves_is_told_of_every_area_it_reaches() {
    let desk = Desk::new();
    let sign = |area: &str| {
        let data = json!({ "area": area, "lines": ["basic"], "from": "2025-01-01", "until": "2026-01-01" });
        command("institution.sign-agreement", "2025-01-01", area, &data)
    };
    let data = json!({ "area": "430500", "until": "2025-12-01", "ground": "agreement-breach" });
    let everywhere = command("institution.suspend-agreement", "2025-06-01", "k-2", &data);
    let data = json!({ "event": "@k-2", "scope": "partial", "changes": { "/data/until": "2025-08-01" },
                       "consequences": true });
    let annulment = command("institution.annul", "2025-07-01", "k-3", &data);
    let lines = [sign("430500"), sign("430600"), everywhere, annulment].map(|line| line.to_string());
    let lines = desk.file("history.jsonl", lines.join("\n"));
    let imported = desk.run(&["import", &lines]);
    assert_eq!(imported.exit, Exit::Done, "{}", imported.talk);
    let history = desk.run(&["--json", "history", "P43050300012"]).data;
    let told: Vec<Value> = history.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    for (version, area) in [(2, "430500"), (3, "430600")] {
        let suspended = &told[version];
        assert_eq!(suspended["data"]["area"], area);
        assert_eq!(suspended["partly_annulled_by"], told[4]["id"], "{area}");
        assert_eq!(suspended["corrected"]["until"], "2025-08-01T00:00:00+08:00", "{area}");
        assert!(suspended["voided_by"].is_null(), "{area}");
    }
}

#[test]
fn a_refusal_is_data_for_programs_words_for_people_and_exit_1() {
    let desk = Desk::new();
    let file = desk.file("suspend.json", suspension().to_string());
    let unknown = desk.run(&["--json", "do", &file]);
    assert_eq!(unknown.exit, Exit::NotFound);
    assert_eq!(unknown.json()["code"], "unknown-subject");
    let desk = Desk::told();
    let mut earlier = suspension();
    earlier["key"] = "k-3".into();
    earlier["effective_at"] = "2026-03-01".into();
    earlier["data"]["until"] = "2026-06-01".into();
    let file = desk.file("late.json", earlier.to_string());
    let refused = desk.run(&["--json", "do", &file]);
    assert_eq!(refused.exit, Exit::Refused, "{}", refused.talk);
    assert!(refused.json()["blocked_by"].is_array());
    let mut other_body = signing();
    other_body["data"]["number"] = "2025-118".into();
    let file = desk.file("other.json", other_body.to_string());
    assert_eq!(desk.run(&["do", &file]).exit, Exit::Conflict);
}

#[test]
fn bad_commands_are_named_by_file_line_column_and_pointer() {
    let desk = Desk::new();
    let talk = |name: &str, text: &[u8]| {
        let ended = desk.run(&["do", &desk.file(name, text)]);
        assert_eq!(ended.exit, Exit::Usage, "{name}");
        assert_eq!(ended.data, "");
        ended.talk
    };
    let mut wrong = signing();
    wrong["data"]["from"] = "2025-02-30".into();
    let said = [
        talk("broken.json", b"{\n  \"command\": \"institution.warn\",,\n}"),
        talk("date.json", serde_json::to_string_pretty(&wrong).unwrap().as_bytes()),
        talk("gbk.json", b"{\n \"command\": \"\xc9\xdb\"}"),
        talk("large.json", &vec![b' '; 300 * 1024]),
    ];
    assert_snapshot!("bad_commands", said.join(""));
    let missing = desk.run(&["do", "/nowhere/command.json"]);
    assert_eq!(missing.exit, Exit::Usage);
}

#[test]
fn an_import_keeps_good_lines_and_hands_back_the_rest_to_be_mended() {
    let desk = Desk::new();
    let broken = "{\"command\": \"institution.warn\"";
    let lines = desk.file("all.jsonl", format!("{}\n{broken}\n\n{}\n", signing(), suspension()));
    let rejects = desk.place.path().join("rejects.jsonl");
    let told = rejects.display().to_string();
    let ended = desk.run(&["--json", "import", &lines, "--rejects", &told]);
    assert_eq!(ended.exit, Exit::Refused);
    assert_eq!(ended.json()["recorded"], 2);
    assert_eq!(ended.json()["rejected"], 1);
    assert_eq!(fs::read_to_string(&rejects).unwrap(), format!("{broken}\n"));
    let reasons = fs::read_to_string(format!("{told}.reasons.jsonl")).unwrap();
    let reason: Value = serde_json::from_str(&reasons).unwrap();
    assert_eq!((reason["line"].as_u64(), reason["code"].as_str()), (Some(2), Some("malformed-json")));
    fs::write(&rejects, signing().to_string()).unwrap();
    let again = desk.run(&["--json", "import", &told, &lines]);
    assert_eq!((again.exit, again.json()["repeated"].as_u64()), (Exit::Refused, Some(3)));
}

#[test]
fn a_line_that_is_no_text_or_too_long_is_handed_back_byte_for_byte() {
    let desk = Desk::new();
    let gbk = b"{\"command\": \"\xc9\xdb\xd1\xf4\"}\r".to_vec();
    let long = vec![b'x'; 300 * 1024];
    let text =
        [signing().to_string().as_bytes(), &gbk, suspension().to_string().as_bytes(), &long].join(&b'\n');
    let lines = desk.file("mixed.jsonl", text);
    let rejects = desk.place.path().join("rejects.jsonl");
    let ended = desk.run(&["--json", "import", &lines, "--rejects", &rejects.display().to_string()]);
    assert_eq!((ended.exit, ended.json()["recorded"].as_u64()), (Exit::Refused, Some(2)));
    let mut expected = gbk;
    expected.push(b'\n');
    expected.extend(long);
    expected.push(b'\n');
    assert!(fs::read(&rejects).unwrap() == expected);
}

#[test]
fn an_import_of_a_wrong_file_does_nothing() {
    let desk = Desk::new();
    let good = desk.file("good.jsonl", format!("{}\n", signing()));
    let table = desk.file("table.xlsx", "PK");
    let ended = desk.run(&["import", &good, &table]);
    assert_eq!(ended.exit, Exit::Usage);
    assert!(ended.talk.contains("JSON lines"), "{}", ended.talk);
    assert_eq!(desk.run(&["import", &good, "/nowhere.jsonl"]).exit, Exit::Usage);
    let own = desk.run(&["import", &good, "--rejects", &good]);
    assert_eq!(own.exit, Exit::Usage);
    assert!(!fs::read_to_string(&good).unwrap().is_empty(), "the input is not overwritten");
    assert_eq!(desk.run(&["show", "P43050300012"]).exit, Exit::NotFound);
}

#[test]
fn a_dry_run_records_nothing() {
    let desk = Desk::new();
    let lines = desk.file("all.jsonl", format!("{}\n{}\n", signing(), suspension()));
    let ended = desk.run(&["--json", "import", &lines, "--dry-run"]);
    assert_eq!((ended.exit, ended.json()["recorded"].as_u64()), (Exit::Done, Some(2)));
    assert_eq!(desk.run(&["show", "P43050300012"]).exit, Exit::NotFound);
}

#[test]
fn questions_are_answered_in_both_languages() {
    let desk = Desk::told();
    let ask = |arguments: &[&str]| {
        let ended = desk.run(arguments);
        assert_eq!(ended.exit, Exit::Done, "{}", ended.talk);
        ended.data
    };
    assert!(ask(&["--lang", "zh", "show", "P43050300012", "--as-of", "2025-09-01"]).contains("中止协议"));
    assert!(
        ask(&["--lang", "en", "show", "P43050300012", "--as-of", "2025-09-01"]).contains("suspended (中止)")
    );
    let lines = ask(&["--json", "history", "P43050300012"]);
    assert_eq!(lines.lines().count(), 2);
    let rows = ask(&["--json", "list", "--status", "suspended", "--as-of", "2025-09-01"]);
    let row: Value = serde_json::from_str(rows.trim()).unwrap();
    assert_eq!(
        (row["line"].as_str(), row["status"].as_str()),
        (Some("special_outpatient"), Some("suspended"))
    );
    assert_eq!(ask(&["--json", "list", "--status", "suspended", "--as-of", "2025-11-04"]), "");
}

#[test]
fn payable_turns_at_the_instant_the_suspension_ends() {
    let desk = Desk::told();
    let outcome = |at: &str| {
        let asked = [
            "--json",
            "payable",
            "--institution",
            "P43050300012",
            "--line",
            "special_outpatient",
            "--at",
            at,
        ];
        desk.run(&asked).json()
    };
    let refused = outcome("2025-11-03T23:59:59+08:00");
    assert_eq!(refused["outcome"], "refused");
    assert_eq!(refused["reasons"][0]["code"], "agreement-suspended");
    assert_eq!(refused["reasons"][0]["basis"][0]["article"], "58");
    assert_eq!(outcome("2025-11-04")["outcome"], "payable");
}

#[test]
fn somebody_nothing_is_recorded_of_is_not_payable() {
    let desk = Desk::told();
    let ended = desk.run(&["--json", "payable", "--institution", "P43050399999", "--at", "2025-08-01"]);
    assert_eq!(ended.json()["outcome"], "refused");
    assert_eq!(ended.json()["reasons"][0]["code"], "no-agreement");
}

#[test]
fn replay_counts_from_the_log_and_agrees_with_the_views() {
    let desk = Desk::told();
    let ended = desk.run(&["--json", "replay", "--as-of", "2025-09-01", "--verify"]);
    assert_eq!(ended.exit, Exit::Done, "{}", ended.talk);
    let answer = ended.json();
    assert_eq!(answer["institutions"], 1);
    assert_eq!(answer["counts"].as_array().unwrap().len(), 2);
    assert_eq!(answer["verified"]["differences"], json!([]));
    assert_eq!(desk.run(&["rebuild"]).exit, Exit::Done);
    let unknown = desk.run(&["rebuild", "statuses"]);
    assert_eq!(unknown.exit, Exit::Usage);
    assert!(unknown.talk.contains("subjects, status, trail, points"), "{}", unknown.talk);
}

#[test]
fn the_doctor_finds_a_healthy_ledger_healthy() {
    let desk = Desk::told();
    let ended = desk.run(&["--json", "doctor"]);
    assert_eq!(ended.exit, Exit::Done, "{}{}", ended.data, ended.talk);
    let checks = ended.json()["checks"].as_array().unwrap().clone();
    assert!(checks.iter().all(|check| check["ok"] == true), "{checks:?}");
    assert_eq!(checks.len(), 9);
}

#[test]
fn a_changed_byte_in_the_log_is_found_and_its_position_named() {
    let desk = Desk::told();
    let log = rusqlite::Connection::open(desk.ledger().join("log.db")).unwrap();
    log.execute_batch(
        "DROP TRIGGER events_never_changed;
         UPDATE events SET body = CAST(replace(CAST(body AS TEXT), '2025-117', '2025-118') AS BLOB) WHERE position = 0;",
    )
    .unwrap();
    drop(log);
    let ended = desk.run(&["--json", "doctor"]);
    assert_eq!(ended.exit, Exit::Unverified, "{}", ended.data);
    let checks = ended.json()["checks"].clone();
    let hashes = checks.as_array().unwrap().iter().find(|check| check["name"] == "hashes").unwrap().clone();
    assert_eq!(hashes["ok"], false);
    assert!(hashes["detail"].as_str().unwrap().contains("position 0"), "{hashes}");
}

#[test]
fn a_changed_row_of_the_views_is_named_and_made_good_by_a_rebuild() {
    let desk = Desk::told();
    let views = rusqlite::Connection::open(desk.ledger().join("views.db")).unwrap();
    let changed =
        views.execute("UPDATE periods SET value = 'terminated' WHERE value = 'suspended'", []).unwrap();
    assert_eq!(changed, 1);
    drop(views);
    let ended = desk.run(&["--json", "replay", "--verify"]);
    assert_eq!(ended.exit, Exit::Unverified);
    let named = ended.json()["verified"]["differences"].to_string();
    assert!(named.contains("P43050300012") && named.contains("special_outpatient"), "{named}");
    assert_eq!(desk.run(&["doctor"]).exit, Exit::Unverified);
    assert_eq!(desk.run(&["rebuild"]).exit, Exit::Done);
    assert_eq!(desk.run(&["replay", "--verify"]).exit, Exit::Done);
}

#[test]
fn what_the_source_does_not_state_is_said_with_the_reason() {
    let desk = Desk::new();
    let mut taken_over = signing();
    taken_over["data"].as_object_mut().unwrap().remove("from");
    taken_over["data"].as_object_mut().unwrap().remove("until");
    taken_over["unknown"] = json!({ "/data/from": "来源未载明", "/data/until": "来源未载明" });
    let file = desk.file("taken-over.json", taken_over.to_string());
    assert_eq!(desk.run(&["do", &file]).exit, Exit::Done);
    let shown = desk.run(&["--lang", "zh", "show", "P43050300012", "--as-of", "2025-02-01"]).data;
    assert!(shown.contains("来源未写明 起：来源未载明"), "{shown}");
}

#[test]
fn lost_views_are_made_again_at_the_next_question() {
    let desk = Desk::told();
    for entry in fs::read_dir(desk.ledger()).unwrap() {
        let path = entry.unwrap().path();
        if is_view(&path) {
            fs::remove_file(path).unwrap();
        }
    }
    let rows = desk.run(&["--json", "list"]);
    assert_eq!((rows.exit, rows.data.lines().count()), (Exit::Done, 2), "{}", rows.talk);
}

impl Desk {
    /// Records one more act, an hour later, and puts a file back as it was before.
    fn act_and_put_back(&self, file: &str) {
        let path = self.ledger().join(file);
        let before = fs::read(&path).unwrap();
        self.clock.set(Instant::parse("2025-11-21T11:00:00+08:00").unwrap());
        let data =
            json!({ "area": "430500", "line": "basic", "until": "2025-12-21", "ground": "agreement-breach" });
        let act = command("institution.suspend-agreement", "2025-11-21", "k-3", &data);
        let done = self.run(&["do", &self.file("act.json", act.to_string())]);
        assert_eq!(done.exit, Exit::Done, "{}", done.talk);
        fs::write(&path, before).unwrap();
    }
}

#[test]
fn views_behind_the_log_say_how_far_they_are() {
    let desk = Desk::told();
    desk.act_and_put_back("views.db");
    // Somebody else writes, so that they cannot be brought further.
    let _writer = SqliteLog::open(&desk.ledger(), desk.clock.clone()).unwrap();
    let claim = ["payable", "--institution", "P43050300012", "--at", "2025-12-01"];
    for question in [&["list"][..], &["obligations"], &claim] {
        let ended = desk.run(question);
        assert!(ended.talk.contains("1 event behind"), "{question:?} {}", ended.talk);
        let place = "recorded (记录) by 2025-11-21 10:00:00 · log position 1\n";
        assert!(ended.data.contains(place), "{question:?} {}", ended.data);
    }
    assert!(desk.run(&["show", "P43050300012"]).data.contains("log position 2\n"));
}

#[test]
fn views_that_hold_what_the_log_has_lost_are_not_believed() {
    let desk = Desk::told();
    desk.act_and_put_back("log.db");
    let claim = ["--json", "payable", "--institution", "P43050300012", "--at", "2025-12-01"];
    let writer = SqliteLog::open(&desk.ledger(), desk.clock.clone()).unwrap();
    let ended = desk.run(&claim);
    assert_ne!(ended.exit, Exit::Done, "{}", ended.data);
    assert!(ended.talk.contains("the log does not hold what they say is at position 2"), "{}", ended.talk);
    drop(writer);
    let ended = desk.run(&claim);
    assert_eq!(
        (ended.exit, ended.json()["outcome"].as_str()),
        (Exit::Done, Some("payable")),
        "{}",
        ended.data
    );
}

fn is_view(path: &Path) -> bool {
    path.file_name().is_some_and(|name| name.to_string_lossy().starts_with("views.db"))
}

#[test]
fn the_law_in_force_is_told_without_a_ledger_rule_by_rule() {
    let desk = Desk::bare();
    let told = |arguments: &[&str]| {
        let ended = desk.run(arguments);
        assert_eq!(ended.exit, Exit::Done, "{}", ended.talk);
        // The first line names the rulebook by its hash.
        ended.data.split_once('\n').map(|(_, rest)| rest.to_owned()).unwrap()
    };
    let hunan = ["rules", "practitioner.suspend.months.9", "--at", "2025-06-01", "--area", "430500"];
    let counts = ["rules", "institution.termination.suspensions", "--at", "2022-01-01", "--lang", "zh"];
    let before = ["rules", "institution.termination.suspensions", "--at", "2020-06-01", "--area", "210100"];
    let fines = ["rules", "institution.fine", "--at", "2022-01-01"];
    let all = [told(&hunan), told(&counts), told(&before), told(&fines)].join("\n----\n");
    assert_snapshot!("rules", all);
    let json = desk.run(&["--json", "rules", "R-110", "--at", "2022-01-01"]).json();
    let ids: Vec<_> = json["rules"].as_array().unwrap().iter().map(|rule| rule["id"].clone()).collect();
    assert_eq!(ids, ["R-110.2", "R-110.1"]);
    assert_eq!(json["rules"][0]["verified"], false);
    let nothing = desk.run(&["rules", "R-110", "--at", "2019-01-01"]);
    assert_eq!(nothing.exit, Exit::NotFound, "{}", nothing.talk);
}

#[test]
fn other_machines_are_not_served_without_access_control() {
    let desk = Desk::bare();
    for command in ["serve", "demo"] {
        let ended = desk.run(&[command, "--listen", "0.0.0.0:0"]);
        assert_eq!(ended.exit, Exit::Usage);
        assert!(ended.talk.contains("no access control is configured"), "{}", ended.talk);
    }
}

#[test]
fn the_language_follows_the_environment() {
    let of = |set: &'static [(&str, &str)]| {
        system_language(|name| {
            set.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned())
        })
    };
    assert_eq!(of(&[("LANG", "zh_CN.UTF-8")]), Lang::Zh);
    assert_eq!(of(&[("LC_ALL", "en_GB.UTF-8"), ("LANG", "zh_CN.UTF-8")]), Lang::En);
    assert_eq!(of(&[("LC_ALL", ""), ("LANG", "zh_TW.UTF-8")]), Lang::Zh);
    assert_eq!(of(&[]), Lang::En);
}

#[test]
fn a_value_that_is_none_of_its_kind_is_told_in_chinese_too() {
    let told = |arguments: &[&str]| {
        let typed = ["accord"].iter().chain(arguments);
        wrong_value(&Cli::try_parse_from(typed).unwrap_err())
    };
    assert_eq!(
        told(&["show", "H37010200001", "--as-of", "2025-02-30"]).unwrap(),
        "accord: --as-of <D>：\"2025-02-30\" 不是日期（2025-08-04）或带时差的时刻（2025-08-04T09:30:00+08:00） (usage)"
    );
    assert!(told(&["show", "X"]).unwrap().starts_with("accord: <SUBJECT>：\"X\" 不是主体编码："));
    let known = "accord: --line <LINE>：可用值：basic、outpatient_pooling、special_outpatient、dual_channel、cross_region、internet (usage)";
    assert_eq!(told(&["list", "--line", "x"]).unwrap(), known);
    assert_eq!(told(&["show"]), None, "left out is not a value of the wrong kind");
}

#[test]
fn the_language_is_known_where_the_arguments_are_not() {
    let asked = |arguments: &[&str]| language_asked(arguments.iter().map(Into::into));
    assert_eq!(asked(&["--lang", "zh", "show", "X"]), Some(Lang::Zh));
    assert_eq!(asked(&["show", "X", "--lang=en"]), Some(Lang::En));
    assert_eq!(asked(&["show", "X"]), None);
    assert_eq!(asked(&["show", "--lang"]), None);
}

/// What an output is that the disk has no room for.
struct Full;

impl std::io::Write for Full {
    fn write(&mut self, _: &[u8]) -> std::io::Result<usize> {
        Err(std::io::ErrorKind::StorageFull.into())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

#[test]
fn that_something_was_recorded_is_said_where_its_answer_cannot_be_written() {
    let desk = Desk::new();
    let file = desk.file("sign.json", signing().to_string());
    for (lang, words) in [
        ("en", "recorded at position 0; the answer could not be written"),
        ("zh", "已记录于位置 0；答复无法写出"),
    ] {
        let ledger = desk.ledger().display().to_string();
        let cli = Cli::try_parse_from(["accord", "--ledger", &ledger, "--lang", lang, "do", &file]).unwrap();
        let (mut full, mut talk) = (Full, Vec::new());
        let mut out = Out::new(&mut full, &mut talk, false, cli.lang.unwrap());
        let ended = run(cli, &mut out, desk.clock.clone());
        // Not as if the command had been wrong.
        assert_eq!(conclude(ended, &mut out), Exit::Output);
        let talk = String::from_utf8(talk).unwrap();
        assert!(talk.contains(words), "{talk}");
    }
}

#[test]
fn a_key_that_may_not_be_read_is_not_called_lost() {
    let told = |kind: std::io::ErrorKind| {
        let error =
            accord_store::keys::KeyError::File { path: "keys/checkpoint.key".into(), source: kind.into() };
        super::exit::key(&error, Lang::En).text()
    };
    assert!(told(std::io::ErrorKind::PermissionDenied).contains("this user may not read it"));
    assert!(!told(std::io::ErrorKind::PermissionDenied).contains("checkpoint.renew"));
    assert!(told(std::io::ErrorKind::InvalidData).contains("checkpoint.renew"));
}

/// Two streams of one name in a log are told by `verify`; whoever asks about the others is answered.
#[test]
fn a_second_stream_of_a_name_is_set_aside_and_does_not_keep_the_views_from_the_others() {
    let desk = Desk::new();
    let of = |code: &str| {
        signing()
            .to_string()
            .replace("P43050300012", code)
            .replace("\"key\":\"", &format!("\"key\":\"{code}-"))
    };
    let lines = ["P43050300012", "P43050300013", "P43050300014"].map(of).join("\n");
    let lines = desk.file("three.jsonl", lines);
    assert_eq!(desk.run(&["import", &lines]).exit, Exit::Done);
    let log = rusqlite::Connection::open(desk.ledger().join("log.db")).unwrap();
    let guard = "SELECT sql FROM sqlite_schema WHERE name = 'streams_never_changed'";
    let guard: String = log.query_row(guard, [], |row| row.get(0)).unwrap();
    log.execute_batch("DROP TRIGGER streams_never_changed; UPDATE streams SET name = 'institution-P43050300012' WHERE id = 1")
        .unwrap();
    log.execute_batch(&guard).unwrap();
    drop(log);
    for name in ["index.db", "views.db"] {
        fs::remove_file(desk.ledger().join(name)).unwrap();
    }
    // Event by event first, then all at once.
    drop(Ledger::open(&desk.ledger(), crate::Access::ReadWrite, desk.clock.clone()).unwrap());
    for again in [false, true] {
        if again {
            let rebuilt = desk.run(&["rebuild"]);
            assert_eq!(rebuilt.exit, Exit::Done, "{}", rebuilt.talk);
        }
        let other = desk.run(&["show", "P43050300014"]);
        assert_eq!(other.exit, Exit::Done, "{}", other.talk);
        let doctor = desk.run(&["doctor"]);
        assert_eq!(doctor.exit, Exit::Unverified);
        let set_aside = "institution-P43050300012 (position 1: a second stream begins under this name";
        assert!(doctor.data.contains(set_aside), "{}", doctor.data);
    }
}

struct Nobody;

impl crate::ledger::Watcher for Nobody {
    fn line(&mut self, result: crate::ledger::LineResult) {
        assert!(matches!(result, crate::ledger::LineResult::Recorded(_)));
    }
    fn bytes(&mut self, _done: u64) {}
}

#[test]
fn a_question_records_nothing_whatever_is_to_come() {
    let desk = Desk::new();
    let mut lines = String::new();
    for code in ["P43050300012", "P43050300013"] {
        let mut apply = command(
            "institution.apply",
            "2023-10-01",
            &format!("{code}-apply"),
            &json!({
            "area": "430500", "name": "某药房", "opened_on": "2018-01-01", "pharmacists": 2,
            "controllers": ["HY430500000007"] }),
        );
        (apply["subject"], apply["actor"]["authority"]) = (json!(code), json!("institution"));
        let mut sign = signing();
        (sign["subject"], sign["key"]) = (json!(code), json!(format!("{code}-sign")));
        lines.push_str(&format!("{apply}\n{sign}\n"));
    }
    let down = json!({ "area": "430500", "ground": "总部串换药品", "reason_class": "illegality", "head_office": true,
        "responsible": ["HY430500000007"] });
    lines.push_str(&format!("{}\n", command("institution.terminate-agreement", "2025-03-01", "down", &down)));
    // Fallen before anything followed.
    let mut importer = crate::ledger::Importer::open(&desk.ledger(), desk.clock.clone()).unwrap();
    importer.run(lines.as_bytes(), &mut Nobody).unwrap();
    drop(importer);
    let recorded = || {
        let log = rusqlite::Connection::open(desk.ledger().join("log.db")).unwrap();
        log.query_row("SELECT count(*) FROM events", [], |row| row.get::<_, i64>(0)).unwrap()
    };
    for question in [
        &["payable", "--institution", "P43050300013", "--at", "2025-06-01"][..],
        &["show", "P43050300013"],
        &["list"],
        &["replay", "--verify"],
        &["doctor"],
    ] {
        for file in ["views.db", "views.db-wal", "views.db-shm"] {
            drop(fs::remove_file(desk.ledger().join(file)));
        }
        let ended = desk.run(question);
        assert!(matches!(ended.exit, Exit::Done), "{question:?}: {}{}", ended.data, ended.talk);
        assert_eq!(recorded(), 5, "{question:?}");
        assert_eq!(
            question == ["doctor"],
            ended.data.contains("those to 5 events are to come"),
            "{}",
            ended.data
        );
    }
    assert_eq!(desk.run(&["import", &desk.file("none.jsonl", "")]).exit, Exit::Done);
    assert_eq!(recorded(), 6, "the next opening for writing");
    let told = desk.run(&["doctor"]).data;
    assert!(told.contains("none to come"), "{told}");
}
