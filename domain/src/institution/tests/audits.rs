//! Audits, assessments, self-checks, closing down.

use super::hospital;
use crate::testing::{Outcome, act};
use serde_json::json;

fn audit(data: serde_json::Value) -> Outcome {
    hospital().when(act("institution.record-audit", "2025-08-01", data))
}

#[test]
fn a_denial_scaled_up_is_that_of_the_sample_by_its_ratio() {
    let data = |denied: i64| {
        json!({ "area": "370100", "audit": "sampled_review", "total_fen": 1_000_000, "sample_fen": 50_000,
                "sample_bp": 500, "denied_in_sample_fen": 1_000, "denied_fen": denied, "extrapolated": true })
    };
    let outcome = audit(data(20_000));
    assert!(outcome.findings().is_empty());
    assert_eq!(outcome.accepted()[0].rules, ["S2-18.1".into()]);
    outcome.then(&["institution.audit-recorded"]);
    let refused = audit(data(21_000)).refused("sums-disagree");
    assert_eq!(refused.allowed.unwrap()["denied_fen"], "20000");
    // Not scaled up, it is that of the sample.
    let plain = json!({ "area": "370100", "audit": "sampled_review", "denied_in_sample_fen": 1_000, "denied_fen": 2_000 });
    audit(plain).refused("sums-disagree");
}

#[test]
fn sums_are_parts_of_one_another_and_the_ratio_is_theirs() {
    let data = |members: serde_json::Value| {
        let mut data = json!({ "area": "370100", "audit": "sampled_review" });
        data.as_object_mut().unwrap().extend(members.as_object().unwrap().clone());
        data
    };
    audit(data(json!({ "total_fen": 100, "sample_fen": 101 }))).refused("sums-disagree");
    audit(data(json!({ "total_fen": 100, "denied_fen": 101 }))).refused("sums-disagree");
    audit(data(json!({ "total_fen": -1 }))).refused("out-of-range");
    audit(data(json!({ "total_fen": 1_000, "sample_fen": 50, "sample_bp": 600 }))).refused("ratio-disagrees");
    audit(data(json!({ "sample_bp": 10_001 }))).refused("ratio-disagrees");
}

#[test]
fn a_sample_below_the_minimum_and_a_first_review_of_a_part_are_findings() {
    let below = json!({ "area": "370100", "audit": "sampled_review", "sample_bp": 499 });
    assert_eq!(audit(below).findings(), ["sample-below-minimum"]);
    let part = json!({ "area": "370100", "audit": "first_review", "total_fen": 100, "sample_fen": 99 });
    assert_eq!(audit(part).findings(), ["not-all-reviewed"]);
}

#[test]
fn a_score_below_the_local_line_calls_for_a_review() {
    let assess = |area: &str, score: u32| {
        let data = json!({ "area": area, "score": score, "year": 2024 });
        hospital().when(act("institution.record-assessment", "2025-01-15", data))
    };
    assert_eq!(assess("620700", 59).findings(), ["termination-to-be-reviewed"]);
    assert!(assess("620700", 60).findings().is_empty());
    assert!(assess("370100", 59).findings().is_empty());
}

#[test]
fn self_checks_and_closing_down_are_recorded() {
    let check = |sum: i64| {
        let data = json!({ "problems": ["重复收费"], "refunded_fen": sum });
        hospital().when(act("institution.record-self-check", "2025-08-01", data).by("institution"))
    };
    check(9_900).then(&["institution.self-check-recorded"]);
    check(-1).refused("out-of-range");
    let close = |reported: bool| {
        hospital().when(act(
            "institution.close",
            "2025-08-01",
            json!({ "ground": "歇业", "reported": reported }),
        ))
    };
    assert!(close(true).findings().is_empty());
    assert_eq!(close(false).findings(), ["termination-to-be-reviewed"]);
    // A person decides; and 令3 says nothing of pharmacies that close down.
    let review = close(false)
        .then(&["institution.closed"])
        .obligations_of(crate::obligation::ObligationKind::TerminationReview, "2025-08-02");
    assert_eq!(review.len(), 1);
    assert_eq!(review[0].rule.as_ref().map(|rule| &*rule.id), Some("R-136.7"));
    let pharmacy = crate::testing::Story::of("P43050000001").given(act(
        "institution.sign-agreement",
        "2025-01-01",
        json!({ "area": "430500", "lines": ["basic"], "from": "2025-01-01", "until": "2026-01-01" }),
    ));
    let closed = act("institution.close", "2025-08-01", json!({ "ground": "歇业", "reported": false }));
    assert!(pharmacy.when(closed).findings().is_empty());
}
