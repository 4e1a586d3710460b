use super::args::Cli;
use super::exit::Exit;
use super::out::Out;
use super::{conclude, run};
use crate::Ledger;
use crate::answers::Lang;
use accord_domain::Instant;
use accord_store::clock::{Clock, ManualClock};
use clap::{CommandFactory, Parser};
use insta::assert_snapshot;
use serde_json::{Value, json};
use std::fs;
use std::path::PathBuf;
use std::sync::Arc;
use tempfile::TempDir;

mod check;
mod damage;
mod diff;
mod language;
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
