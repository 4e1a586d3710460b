//! The scenarios that concern institutions, to the second where they say so.

use super::{
    AREA, HOSPITAL, PHARMACY, basic, hospital, in_area, newcomer, sign, sign_in, suspend, terminate,
};
use crate::obligation::{ObligationKind, ObligationState};
use crate::testing::{Story, act};
use serde_json::json;

fn reviews(story: &Story, at: &str) -> Vec<ObligationState> {
    let due = story.obligations(at);
    due.iter().filter(|o| o.kind == ObligationKind::TerminationReview).map(|o| o.state).collect()
}

#[test]
fn t01_a_line_suspended_to_24_00_is_back_at_midnight_and_the_others_never_noticed() {
    let story = Story::of(PHARMACY)
        .given(sign_in("430500", "2025-01-01", "2025-01-01", "2026-01-01", &["basic", "special_outpatient"]))
        .given(act(
            "institution.suspend-agreement",
            "2025-08-04",
            json!({ "area": "430500", "line": "special_outpatient", "until": "2025-11-04", "ground": "agreement-breach" }),
        ));
    let special = |at| story.value("agreement/430500/special_outpatient", at);
    assert_eq!(special("2025-08-03T23:59:59+08:00"), "in_force");
    assert_eq!(special("2025-08-04T00:00:00+08:00"), "suspended");
    assert_eq!(special("2025-11-03T23:59:00+08:00"), "suspended");
    assert_eq!(special("2025-11-03T23:59:59+08:00"), "suspended");
    assert_eq!(special("2025-11-04T00:00:00+08:00"), "in_force");
    assert_eq!(story.value("agreement/430500/basic", "2025-10-01"), "in_force");
}

#[test]
fn t06_a_hold_that_is_cleared_counts_as_no_suspension() {
    let story = hospital()
        .given(act("institution.hold-settlement", "2024-03-01", json!({ "ground": "suspected-fraud" })))
        .given(act(
            "institution.release-settlement",
            "2024-05-01",
            json!({ "hold": "@1", "outcome": "cleared" }),
        ))
        .given(suspend("2024-07-01", json!({ "until": "2024-08-01" })));
    assert_eq!(basic(&story, "2024-04-01"), "in_force");
    assert_eq!(story.value("hold/1/*/*", "2024-04-30T23:59:59+08:00"), "cleared");
    assert_eq!(story.value("hold/1/*/*", "2024-05-01"), "");
    assert!(reviews(&story, "2024-07-01").is_empty());
}

#[test]
fn t07_the_second_suspension_within_a_term_raises_a_review_and_terminates_nobody() {
    let story = hospital().given(suspend("2024-03-01", json!({ "until": "2024-04-01" })));
    assert!(reviews(&story, "2024-03-01").is_empty());
    let story = story
        .when(suspend("2024-06-01", json!({ "until": "2024-07-01" })))
        .then(&["institution.agreement-suspended"]);
    let due = story.obligations_of(ObligationKind::TerminationReview, "2024-06-01");
    let rule = due[0].rule.as_ref().unwrap();
    assert_eq!(rule.basis.article.as_deref(), Some("43(1)"));
    assert!(rule.basis.instrument.contains("第2号"), "{}", rule.basis.instrument);
    assert_eq!((due[0].raised_by, due[0].state), (2, ObligationState::Open));
    assert_eq!(basic(&story, "2024-07-01"), "in_force");
}

#[test]
fn t08_in_2020_only_the_third_suspension_raises_it() {
    let story = Story::of(HOSPITAL).given(sign("2020-01-01", "2020-01-01", "2021-01-01", &["basic"]));
    let story = story
        .given(suspend("2020-03-01", json!({ "until": "2020-04-01" })))
        .given(suspend("2020-06-01", json!({ "until": "2020-07-01" })));
    assert!(reviews(&story, "2020-06-01").is_empty());
    let story = story.given(suspend("2020-09-01", json!({ "until": "2020-10-01" })));
    assert_eq!(reviews(&story, "2020-09-01"), [ObligationState::Open]);
    let due = story.obligations_of(ObligationKind::TerminationReview, "2020-09-01");
    assert_eq!((due[0].raised_by, &*due[0].rule.as_ref().unwrap().id), (3, "S2-04"));
}

#[test]
fn t09_records_not_produced_in_seven_days_make_termination_due_and_on_day_six_the_hold_goes() {
    let story = hospital()
        .given(in_area("institution.renew", "2024-12-01", json!({ "until": "2026-01-01" })))
        .given(act("institution.demand-records", "2025-07-01", json!({ "what": ["病历"] })))
        .given(act("institution.hold-settlement", "2025-07-01", json!({ "ground": "records-not-produced" })));
    // The seventh day is wholly theirs.
    assert!(reviews(&story, "2025-07-08T23:59:59+08:00").is_empty());
    assert_eq!(reviews(&story, "2025-07-09"), [ObligationState::Open]);
    assert_eq!(basic(&story, "2025-07-09"), "in_force");
    let produced = story
        .given(act("institution.provide-records", "2025-07-07", json!({ "demand": "@2", "complete": true })))
        .given(act(
            "institution.release-settlement",
            "2025-07-07",
            json!({ "hold": "@3", "outcome": "cleared" }),
        ));
    assert!(reviews(&produced, "2025-07-09").is_empty());
    assert_eq!(produced.value("hold/3/*/*", "2025-07-07"), "");
}

#[test]
fn t10_a_minor_violation_moves_the_end_of_probation_by_six_months_and_cross_region_stays_off() {
    let story = newcomer().given(in_area(
        "institution.extend-probation",
        "2026-01-15",
        json!({ "violation": "轻微" }),
    ));
    assert_eq!(story.value("probation/370100", "2026-02-28T23:59:59+08:00"), "initial");
    assert_eq!(story.value("probation/370100", "2026-08-31T23:59:59+08:00"), "extended");
    assert_eq!(story.value("probation/370100", "2026-09-01"), "");
    assert_eq!(story.value("cross-region/370100", "2026-06-01"), "closed");
    story.when(in_area("institution.open-cross-region", "2026-06-01", json!({}))).refused("in-probation");
}

#[test]
fn t11_not_rectified_in_the_extension_it_is_not_renewed_and_nothing_is_barred() {
    let story = newcomer()
        .given(in_area("institution.extend-probation", "2026-01-15", json!({ "violation": "轻微" })))
        .given(act(
            "institution.order-rectification",
            "2026-03-10",
            json!({ "area": AREA, "until": "2026-06-01" }),
        ))
        .given(act("institution.fail-rectification", "2026-06-02", json!({ "order": "@4" })));
    let due = story.obligations("2026-06-02");
    let review = due.iter().find(|o| o.kind == ObligationKind::RenewalReview).unwrap();
    assert_eq!((review.state, review.raised_by), (ObligationState::Open, 5));
    assert_eq!(review.due.unwrap().words(), "2026-09-01");
    let renew = in_area("institution.renew", "2026-08-01", json!({ "until": "2027-09-01" }));
    let refused = story.clone().when(renew).refused("not-rectified-in-probation");
    assert_eq!((refused.rule.unwrap().id.clone(), refused.blocked_by), ("S0-17".into(), vec![5]));
    let story =
        story.given(in_area("institution.refuse-renewal", "2026-08-01", json!({ "ground": "整改不到位" })));
    assert_eq!(basic(&story, "2026-08-31T23:59:59+08:00"), "in_force");
    assert_eq!(basic(&story, "2026-09-01"), "not_renewed");
    assert!(!story.standing("2026-09-01").iter().any(|line| line.starts_with("bar/")));
    let due = story.obligations("2026-09-01");
    let review = due.iter().find(|o| o.kind == ObligationKind::RenewalReview).unwrap();
    assert_eq!(review.state, ObligationState::Met);
}

#[test]
fn t12_terminated_by_the_prefecture_it_ends_everywhere_the_same_moment() {
    let other = |area| sign_in(area, "2024-02-01", "2024-02-01", "2025-01-01", &["basic"]);
    let story = hospital().given(other("370200")).given(other("430500"));
    let story = story
        .when(terminate("2024-06-01", "illegality").of_area("370100"))
        .then(&["institution.agreement-terminated"; 3]);
    for area in [AREA, "370200", "430500"] {
        let track = format!("agreement/{area}/basic");
        assert_eq!(story.value(&track, "2024-05-31T23:59:59+08:00"), "in_force");
        assert_eq!(story.value(&track, "2024-06-01"), "terminated");
    }
    assert_eq!(story.events()[4].caused_by, Some(3));
    assert_eq!(story.events()[5].caused_by, Some(3));
    assert_eq!(story.standing("2024-06-01").iter().filter(|line| line.starts_with("bar/")).count(), 1);
}
