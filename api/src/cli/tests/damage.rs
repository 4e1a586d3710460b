//! Views lost, left behind or changed, a log changed: what is told of them, and that asking records nothing.

use super::*;
use crate::ledger::{Importer, LineResult, Watcher};
use accord_store::SqliteLog;

#[test]
fn replay_counts_from_the_log_and_agrees_with_the_views() {
    let desk = Desk::told();
    let ended = desk.run(&["--json", "replay", "--as-of", "2025-09-01", "--verify"]);
    assert_eq!(ended.exit, Exit::Done, "{}", ended.talk);
    let answer = ended.json();
    assert_eq!(answer["institutions"], 1);
    assert_eq!(answer["counts"].as_array().unwrap().len(), 2);
    assert_eq!(answer["verified"]["differences"], json!([]));
    fs::remove_file(desk.ledger().join("views.db")).unwrap();
    let alone = desk.run(&["--json", "replay", "--as-of", "2025-09-01"]);
    assert_eq!((alone.exit, &alone.json()["counts"]), (Exit::Done, &answer["counts"]), "{}", alone.talk);
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

/// Of a large ledger it takes minutes to make them, and damaged ones are to keep nobody from the records.
#[test]
fn what_the_log_answers_needs_no_views_and_makes_none() {
    let desk = Desk::told();
    let data =
        json!({ "name": "王某", "institution": "P43050300012", "category": "pharmacist", "area": "430500" });
    let mut pharmacist = command("practitioner.register", "2025-01-01", "k-3", &data);
    pharmacist["subject"] = json!("HY430503000001");
    let done = desk.run(&["do", &desk.file("register.json", pharmacist.to_string())]);
    assert_eq!(done.exit, Exit::Done, "{}", done.talk);
    let views = desk.ledger().join("views.db");
    for damaged in [false, true] {
        desk.lose_views();
        let bundle = desk.ledger().with_file_name(format!("{damaged}.zip")).display().to_string();
        if damaged {
            fs::write(&views, "no views").unwrap();
        }
        for question in [
            &["show", "P43050300012"][..],
            &["history", "P43050300012"],
            &["points", "HY430503000001", "--year", "2025"],
            &["diff", "P43050300012", "--from", "2025-06-01", "--to", "2025-12-01"],
            &["diff", "--all", "--from", "2025-06-01", "--to", "2025-12-01"],
            &["check", "P43050300012"],
            &["check"],
            &["rules", "R-204.1"],
            &["replay"],
            &["export", "P43050300012", "--out", &bundle],
        ] {
            let ended = desk.run(question);
            assert_eq!(ended.exit, Exit::Done, "{question:?} {}", ended.talk);
            assert!(!ended.data.is_empty(), "{question:?}");
        }
        let left = fs::read_to_string(&views).ok();
        assert_eq!(left.as_deref(), damaged.then_some("no views"));
    }
}

#[test]
fn lost_views_are_made_again_at_the_next_question_to_them() {
    let desk = Desk::told();
    desk.lose_views();
    let rows = desk.run(&["--json", "list"]);
    assert_eq!((rows.exit, rows.data.lines().count()), (Exit::Done, 2), "{}", rows.talk);
}

impl Desk {
    fn lose_views(&self) {
        for entry in fs::read_dir(self.ledger()).unwrap() {
            let path = entry.unwrap().path();
            if path.file_name().is_some_and(|name| name.to_string_lossy().starts_with("views.db")) {
                fs::remove_file(path).unwrap();
            }
        }
    }

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

impl Watcher for Nobody {
    fn line(&mut self, result: LineResult) {
        assert!(matches!(result, LineResult::Recorded(_)));
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
    let mut importer = Importer::open(&desk.ledger(), desk.clock.clone()).unwrap();
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
