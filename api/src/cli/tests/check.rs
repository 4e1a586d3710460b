use super::diff::{annulled, both};
use super::*;

#[test]
fn a_subject_is_told_with_days_rules_and_events_and_counted_at_the_end() {
    let desk = annulled();
    assert_snapshot!("check", both(&desk, &["check", "P43050300012"]));
    assert_snapshot!(
        "check_json",
        desk.run(&["--json", "check", "P43050300012", "--kind", "outstanding"]).data
    );
}

#[test]
fn what_was_recorded_late_and_what_that_changed() {
    let desk = annulled();
    let asked = ["check", "--kind", "recorded-late", "--late-days", "30"];
    assert_snapshot!("check_recorded_late", both(&desk, &asked));
    let ended =
        desk.run(&["--json", "check", "P43050300012", "--kind", "recorded-late", "--late-days", "100"]);
    assert_eq!(ended.data.lines().count(), 2, "{}", ended.data);
}

#[test]
fn an_area_kinds_and_nothing() {
    let desk = annulled();
    let count = |arguments: &[&str]| {
        let ended = desk.run(&[&["--json", "check"], arguments].concat());
        assert_eq!(ended.exit, Exit::Done, "{}", ended.talk);
        ended.data.lines().count()
    };
    let all = count(&[]);
    assert_eq!(count(&["P43050300012"]), all, "of the whole ledger as of its only subject");
    assert_eq!((count(&["--area", "430500"]), count(&["--area", "430600"])), (all, 0));
    let (late, other) =
        (count(&["--kind", "recorded-late"]), count(&["--kind", "not-done,outstanding,not-decided"]));
    assert!(late > 0 && other > 0 && late + other <= all, "{late} {other} {all}");
    let nothing = desk.run(&["check", "--kind", "wrong-authority"]);
    assert!(nothing.data.contains("All is as the rules have it."), "{}", nothing.data);
}

#[test]
fn unknown_subjects_and_kinds() {
    let desk = Desk::told();
    assert_eq!(desk.run(&["check", "P43050300099"]).exit, Exit::NotFound);
    let refused =
        Cli::try_parse_from(["accord", "check", "--kind", "late"]).unwrap_err().render().to_string();
    assert!(refused.contains("known: not-done"), "{refused}");
}
