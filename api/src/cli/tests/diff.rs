use super::*;

/// The pharmacy, whose suspension was annulled on 20 September: recorded on 21 November.
pub(super) fn annulled() -> Desk {
    let desk = Desk::told();
    let before = desk.run(&["--json", "history", "P43050300012"]).data;
    let suspended: Value = serde_json::from_str(before.lines().nth(1).unwrap()).unwrap();
    desk.clock.set(Instant::parse("2025-11-22T10:00:00+08:00").unwrap());
    let data = json!({ "event": suspended["id"], "scope": "from_start" });
    let file = desk.file("annul.json", command("institution.annul", "2025-09-20", "k-3", &data).to_string());
    assert_eq!(desk.run(&["do", &file]).exit, Exit::Done);
    desk
}

pub(super) fn both(desk: &Desk, arguments: &[&str]) -> String {
    let run = |lang| {
        let ended = desk.run(&[&["--lang", lang], arguments].concat());
        assert_eq!(ended.exit, Exit::Done, "{}", ended.talk);
        format!("{}{}", ended.data, ended.talk)
    };
    format!("{}════════\n{}", run("zh"), run("en"))
}

#[test]
fn between_two_days_each_field_is_told_with_its_turns() {
    let desk = Desk::told();
    let asked = ["diff", "P43050300012", "--from", "2025-07-01", "--to", "2025-12-01"];
    assert_snapshot!("diff_days", both(&desk, &asked));
    assert_snapshot!("diff_json", desk.run(&[&["--json"], &asked[..]].concat()).data);
}

#[test]
fn a_day_as_known_then_and_as_known_now() {
    let desk = annulled();
    let asked =
        ["diff", "P43050300012", "--from", "2025-09-01", "--to", "2025-09-01", "--known-from", "2025-11-22"];
    assert_snapshot!("diff_known", both(&desk, &asked));
}

#[test]
fn the_whole_ledger_an_area_and_nothing() {
    let desk = annulled();
    let all = both(&desk, &["diff", "--all", "--from", "2025-12-31", "--to", "2026-01-01"]);
    assert_snapshot!("diff_all", all);
    let area = |area| {
        let ended =
            desk.run(&["--json", "diff", "--area", area, "--from", "2025-12-31", "--to", "2026-01-01"]);
        assert_eq!(ended.exit, Exit::Done);
        ended.data.lines().count()
    };
    assert_eq!((area("430500"), area("430600")), (1, 0));
    let same = desk.run(&["diff", "P43050300012", "--from", "2025-08-04", "--to", "2025-08-05"]);
    assert!(same.data.contains("Nothing differs."), "{}", same.data);
}

#[test]
fn a_diff_of_nobody_or_of_an_unknown_subject() {
    let desk = Desk::told();
    let unknown = desk.run(&["diff", "P43050300099", "--from", "2025-08-04"]);
    assert_eq!(unknown.exit, Exit::NotFound);
    for wrong in [
        &["diff", "--from", "2025-08-04"][..],
        &["diff", "P43050300012"],
        &["diff", "P43050300012", "--all", "--from", "2025-08-04"],
        &["diff", "--all"],
    ] {
        assert!(Cli::try_parse_from([&["accord"], wrong].concat()).is_err(), "{wrong:?}");
    }
}
