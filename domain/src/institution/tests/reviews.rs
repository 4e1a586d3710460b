use super::{AREA, HOSPITAL, hospital, in_area, sign, sign_in, suspend, terminate};
use crate::obligation::{ObligationKind, ObligationState};
use crate::testing::{Story, act};
use serde_json::json;

/// Kind, state and rule of what is due, in order.
fn due(story: &Story, at: &str) -> Vec<(ObligationKind, ObligationState, String)> {
    let due = story.obligations(at);
    due.iter()
        .map(|o| (o.kind, o.state, o.rule.as_ref().map(|rule| rule.id.to_string()).unwrap_or_default()))
        .collect()
}

fn review(state: ObligationState, rule: &str) -> (ObligationKind, ObligationState, String) {
    (ObligationKind::TerminationReview, state, rule.to_owned())
}

fn suspended(story: Story, day: &str, until: &str) -> Story {
    story.given(suspend(day, json!({ "until": until })))
}

#[test]
fn suspensions_at_request_and_of_an_earlier_term_do_not_count() {
    let story = suspended(hospital(), "2024-03-01", "2024-04-01")
        .given(suspend("2024-05-01", json!({ "until": "2024-06-01", "at_request": true })))
        .given(in_area(
            "institution.renew",
            "2024-12-01",
            json!({ "from": "2025-01-01", "until": "2026-01-01" }),
        ));
    let story = suspended(story, "2025-03-01", "2025-04-01");
    assert!(due(&story, "2024-05-01").is_empty());
    assert!(due(&story, "2025-03-01").is_empty());
}

#[test]
fn a_review_not_decided_before_the_renewal_is_closed_with_its_term() {
    let story = suspended(suspended(hospital(), "2024-03-01", "2024-04-01"), "2024-05-01", "2024-06-01")
        .given(in_area("institution.renew", "2024-12-01", json!({ "until": "2026-01-01" })));
    assert_eq!(due(&story, "2024-12-31"), [review(ObligationState::Open, "R-136")]);
    assert_eq!(due(&story, "2025-01-01"), [review(ObligationState::Closed, "R-136")]);
}

#[test]
fn a_line_suspended_twice_with_basic_raises_one_review() {
    let story =
        Story::of(HOSPITAL).given(sign("2024-01-01", "2024-01-01", "2025-01-01", &["basic", "internet"]));
    let story = suspended(suspended(story, "2024-03-01", "2024-04-01"), "2024-05-01", "2024-06-01");
    assert_eq!(due(&story, "2024-05-01"), [review(ObligationState::Open, "R-136")]);
}

#[test]
fn the_review_is_met_by_termination_and_closed_by_any_other_end() {
    let story = suspended(suspended(hospital(), "2024-03-01", "2024-04-01"), "2024-05-01", "2024-06-01");
    assert_eq!(due(&story, "2025-01-01"), [review(ObligationState::Closed, "R-136")]);
    let story = story.given(terminate("2024-07-01", "breach"));
    assert_eq!(due(&story, "2024-06-30"), [review(ObligationState::Open, "R-136")]);
    assert_eq!(due(&story, "2024-07-01"), [review(ObligationState::Met, "R-136")]);
}

#[test]
fn not_rectified_while_suspended_calls_for_a_review() {
    let story = suspended(hospital(), "2024-03-01", "2024-06-01")
        .given(act("institution.order-rectification", "2024-03-01", json!({ "until": "2024-05-01" })))
        .given(act("institution.fail-rectification", "2024-05-02", json!({ "order": "@2" })));
    let closed = (ObligationKind::Rectify, ObligationState::Closed, String::new());
    assert_eq!(due(&story, "2024-05-02"), [review(ObligationState::Open, "R-136"), closed]);
}

#[test]
fn an_overdue_rectification_is_late() {
    let story = hospital().given(act(
        "institution.order-rectification",
        "2024-03-01",
        json!({ "until": "2024-05-01" }),
    ));
    let task = |state| (ObligationKind::Rectify, state, String::new());
    assert_eq!(due(&story, "2024-05-01"), [task(ObligationState::Open)]);
    assert_eq!(due(&story, "2024-05-02"), [task(ObligationState::Late)]);
}

#[test]
fn an_application_has_its_clocks() {
    let apply =
        json!({ "area": AREA, "lines": [], "name": "甲医院", "opened_on": "2020-01-01", "physicians": 1 });
    // Friday 2025-06-06: five working days are Friday 2025-06-13.
    let story = Story::of(HOSPITAL).given(act("institution.apply", "2025-06-06", apply));
    let task = &story.obligations("2025-06-06")[0];
    assert_eq!((task.kind, task.provisional), (ObligationKind::AcceptApplication, true));
    assert_eq!(task.due.unwrap().words(), "2025-06-13");
    let story = story.given(in_area("institution.accept-application", "2025-06-10", json!({})));
    let task = &story.obligations("2025-09-11")[0];
    assert_eq!((task.kind, task.state), (ObligationKind::Evaluate, ObligationState::Late));
    assert_eq!(task.due.unwrap().words(), "2025-09-10");
}

#[test]
fn a_major_change_is_to_be_filed_and_a_minor_one_is_not() {
    let change = |what| {
        let data = json!({ "what": what, "to": "新", "approved_on": "2024-03-01" });
        hospital().given(act("institution.change-details", "2024-03-01", data))
    };
    assert!(due(&change("telephone"), "2024-03-01").is_empty());
    let story = change("legal_representative");
    let task = |state| (ObligationKind::FileChange, state, "R-130".to_owned());
    assert_eq!(due(&story, "2024-04-12"), [task(ObligationState::Open)]);
    assert_eq!(due(&story, "2024-04-13"), [task(ObligationState::Late)]);
    let story = story.given(act("institution.file-change", "2024-04-01", json!({ "change": "@1" })));
    assert_eq!(due(&story, "2024-04-13"), [task(ObligationState::Met)]);
}

#[test]
fn liaoning_counted_two_before_the_national_rule_did() {
    let story = Story::of("H21010200001").given(sign_in(
        "210100",
        "2020-01-01",
        "2020-01-01",
        "2021-01-01",
        &["basic"],
    ));
    let suspend = |day: &str, until: &str| {
        let data = json!({ "area": "210100", "ground": "x", "until": until });
        act("institution.suspend-agreement", day, data)
    };
    let story = story.given(suspend("2020-03-01", "2020-04-01"));
    assert!(due(&story, "2020-03-01").is_empty());
    let story = story.given(suspend("2020-06-01", "2020-07-01"));
    assert_eq!(due(&story, "2020-06-01"), [review(ObligationState::Open, "C-01")]);
}
