//! What a practitioner's acts make due, told as histories.

use crate::obligation::ObligationKind;
use crate::testing::{Act, Story, act};
use serde_json::json;

const SITE: &str = "H50010000001";
const OTHER: &str = "H50010000002";

/// Registered on 2 January 2025, in an area without rules of its own.
fn doctor() -> Story {
    let data = json!({ "institution": SITE, "category": "doctor", "area": "500100" });
    Story::of("D500100000001").given(act("practitioner.register", "2025-01-02", data))
}

fn deduct(day: &str, points: u8, behaviour: &str, months: Option<u8>) -> Act {
    let data = json!({
        "points": points, "behaviour": behaviour, "institution": SITE, "area": "500100", "measure": "罚决1号",
        "suspend_months": months,
    });
    act("practitioner.deduct-points", day, data)
}

fn other_site(command: &str, day: &str) -> Act {
    act(&format!("practitioner.{command}"), day, json!({ "institution": OTHER }))
}

/// Which act is in doubt through which, as told long after.
fn doubts(story: &Story) -> Vec<(u32, String)> {
    let mut doubts: Vec<_> = story
        .obligations_of(ObligationKind::ReviewLaterAct, "2029-12-31")
        .into_iter()
        .map(|due| (due.raised_by, due.sum.en.split(':').next().unwrap_or_default().to_owned()))
        .collect();
    doubts.sort();
    doubts
}

fn doubt(act: u32, through: u32) -> (u32, String) {
    (act, format!("act #{through}"))
}

#[test]
fn points_recorded_late_that_bring_the_year_to_a_measure_put_the_later_decision_in_doubt() {
    let story = doctor().given(deduct("2025-06-05", 9, "words", Some(1)));
    assert!(doubts(&story).is_empty());
    let story = story.given(deduct("2025-03-05", 4, "art-38", None));
    assert_eq!(story.value("points", "2025-09-01"), "points 12");
    assert_eq!(story.value("qualification", "2025-09-01"), "normal", "nothing later is changed");
    assert_eq!(doubts(&story), [doubt(1, 3)]);
    let due = story.obligations_of(ObligationKind::ReviewLaterAct, "2025-06-05").remove(0);
    assert_eq!(due.sum.zh, "行为 #3：因事后补录的行为，原行为存疑，应予复核（500100）");
    // Annulled, it makes nothing doubtful.
    let annul = json!({ "event": "@3", "scope": "from_start" });
    assert!(doubts(&story.given(act("practitioner.annul", "2025-07-01", annul).by("court"))).is_empty());
}

#[test]
fn points_recorded_late_that_call_for_no_measure_put_nothing_in_doubt() {
    let few =
        doctor().given(deduct("2025-06-05", 2, "words", None)).given(deduct("2025-03-05", 4, "art-38", None));
    assert!(doubts(&few).is_empty());
    let another_year = doctor().given(deduct("2026-06-05", 9, "words", Some(1))).given(deduct(
        "2025-03-05",
        4,
        "art-38",
        None,
    ));
    assert!(doubts(&another_year).is_empty());
    let in_order =
        doctor().given(deduct("2025-03-05", 4, "art-38", None)).given(deduct("2025-06-05", 8, "words", None));
    assert!(doubts(&in_order).is_empty());
}

#[test]
fn points_given_back_late_put_a_measure_that_counted_them_in_doubt() {
    let repair = json!({ "points": 1, "activity": "学习" });
    let story = doctor()
        .given(deduct("2025-03-05", 4, "art-38", None))
        .given(deduct("2025-06-05", 5, "words", Some(1)))
        .given(act("practitioner.repair-points", "2025-04-01", repair));
    assert_eq!(doubts(&story), [doubt(2, 4)]);
}

#[test]
fn a_termination_recorded_late_puts_what_it_would_have_refused_in_doubt() {
    let story = doctor()
        .given(act("practitioner.suspend", "2025-08-02", json!({ "ground": "g", "until": "2025-10-01" })))
        .given(other_site("add-site", "2025-08-03"))
        .given(other_site("remove-site", "2025-08-04"))
        .given(act(
            "practitioner.terminate",
            "2025-09-01",
            json!({ "ground": "g", "barred_until": "2026-09-01" }),
        ))
        .given(other_site("reregister", "2026-10-01"))
        .given(deduct("2025-03-05", 12, "art-40", None));
    // Leaving a site hurts nobody; all the rest was decided on a qualification that was there no more.
    assert_eq!(doubts(&story), [doubt(1, 7), doubt(2, 7), doubt(4, 7), doubt(5, 7)]);
}

#[test]
fn a_termination_whose_bar_was_over_puts_no_way_back_in_doubt() {
    let terminate = |day: &str, until: &str| {
        act("practitioner.terminate", day, json!({ "ground": "g", "barred_until": until }))
    };
    let story = doctor()
        .given(terminate("2025-09-01", "2026-09-01"))
        .given(other_site("reregister", "2026-10-01"))
        .given(terminate("2025-03-01", "2026-03-01"));
    assert_eq!(doubts(&story), [doubt(1, 3)]);
}
