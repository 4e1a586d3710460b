use super::{AREA, HOSPITAL, PHARMACY, hospital, in_area, newcomer, sign, sign_in, terminate};
use crate::testing::{Act, Story, act};
use serde_json::json;

const SIGNED: &[&str] =
    &["institution.agreement-signed", "institution.probation-started", "institution.cross-region-closed"];

fn probation(story: &Story, at: &str) -> String {
    story.value("probation/370100", at)
}

fn extend(day: &str) -> Act {
    in_area("institution.extend-probation", day, json!({ "violation": "情节较轻" }))
}

fn first(signed: &str, from: &str) -> Act {
    sign(signed, from, "2026-09-01", &["basic"])
}

#[test]
fn it_begins_with_a_first_designation_signed_on_or_after_2025_05_28() {
    Story::of(HOSPITAL).when(first("2025-05-27", "2025-06-01")).then(&SIGNED[..1]);
    let story = Story::of(HOSPITAL).when(first("2025-05-28", "2025-06-01")).then(SIGNED);
    assert_eq!(story.events()[1].caused_by, Some(0));
    assert_eq!(probation(&story, "2025-05-31"), "");
    assert_eq!(probation(&story, "2025-06-01"), "initial");
    assert_eq!(probation(&story, "2025-11-30T23:59:59+08:00"), "initial");
    assert_eq!(probation(&story, "2025-12-01"), "");
    assert_eq!(story.value("cross-region/370100", "2025-12-01"), "closed");
    // The day of signing counts, not the day the term begins.
    let late = first("2025-06-01", "2025-06-01").with("decided_at", json!("2025-05-20"));
    Story::of(HOSPITAL).when(late).then(&SIGNED[..1]);
}

#[test]
fn pharmacies_and_later_agreements_start_none() {
    Story::of(PHARMACY).when(first("2025-09-01", "2025-09-01")).then(&SIGNED[..1]);
    let again = sign("2025-09-01", "2025-09-01", "2026-09-01", &["basic"]);
    hospital().when(again).then(&SIGNED[..1]);
    let elsewhere = sign_in("370200", "2025-10-01", "2025-10-01", "2026-09-01", &["basic"]);
    newcomer().when(elsewhere).then(&SIGNED[..1]);
    let line = sign("2025-10-01", "2025-10-01", "2026-09-01", &["internet"]);
    newcomer().when(line).then(&SIGNED[..1]);
}

#[test]
fn a_regional_medical_centre_keeps_cross_region_settlement() {
    let centre = act(
        "institution.sign-agreement",
        "2025-09-01",
        json!({ "area": AREA, "lines": ["basic"], "from": "2025-09-01", "regional_medical_centre": true }),
    );
    let story = Story::of(HOSPITAL).when(centre).then(&SIGNED[..2]);
    story.when(in_area("institution.open-cross-region", "2025-10-01", json!({}))).accepted();
}

#[test]
fn it_is_extended_once_and_only_out_of_the_first_phase() {
    newcomer().when(extend("2026-03-01")).refused("not-in-initial-phase");
    let story = newcomer().given(extend("2026-01-15"));
    assert_eq!(probation(&story, "2026-02-28"), "initial");
    assert_eq!(probation(&story, "2026-03-01"), "extended");
    assert_eq!(probation(&story, "2026-08-31T23:59:59+08:00"), "extended");
    assert_eq!(probation(&story, "2026-09-01"), "");
    story.clone().when(extend("2026-02-01")).refused("already-extended");
    story.when(extend("2026-04-01")).refused("already-extended");
    hospital().when(extend("2024-06-01")).refused("no-probation");
}

#[test]
fn cross_region_settlement_stays_closed_until_opened_and_opens_only_after_probation() {
    let open = |day| in_area("institution.open-cross-region", day, json!({}));
    let refused = newcomer().when(open("2026-02-28")).refused("in-probation");
    assert_eq!(refused.rule.unwrap().id, "S0-13".into());
    assert_eq!(refused.allowed.unwrap()["effective_at"]["min"], "2026-03-01T00:00:00+08:00");
    let story = newcomer().given(open("2026-03-01"));
    assert_eq!(story.value("cross-region/370100", "2026-02-28"), "closed");
    assert_eq!(story.value("cross-region/370100", "2026-03-01"), "open");
    story.clone().when(open("2026-04-01")).refused("already-open");
    let close = |day| in_area("institution.close-cross-region", day, json!({}));
    newcomer().when(close("2026-03-01")).refused("already-closed");
    let story = story.given(close("2026-05-01"));
    assert_eq!(story.value("cross-region/370100", "2026-05-01"), "closed");
}

#[test]
fn it_ends_with_the_agreement() {
    let story = newcomer().given(terminate("2025-12-01", "illegality"));
    assert_eq!(probation(&story, "2025-11-30"), "initial");
    assert_eq!(probation(&story, "2025-12-01"), "");
    assert_eq!(story.value("cross-region/370100", "2025-12-01"), "");
}

#[test]
fn passing_it_is_an_optional_record() {
    let pass = |day| in_area("institution.pass-probation", day, json!({}));
    assert_eq!(newcomer().when(pass("2026-01-15")).findings(), ["passed-before-its-end"]);
    let story = newcomer().given(pass("2026-03-01"));
    assert_eq!(probation(&story, "2026-02-28"), "initial");
    story.when(pass("2026-03-02")).refused("already-passed");
    hospital().when(pass("2024-06-01")).refused("no-probation");
}

#[test]
fn started_apart_from_the_signing_it_has_the_length_of_the_rule() {
    let taken_over = act(
        "institution.sign-agreement",
        "2025-10-01",
        json!({ "area": AREA, "lines": ["basic"], "from": null, "until": "2026-09-01" }),
    )
    .unknown("/data/from", "公告未载明");
    let story = Story::of(HOSPITAL).given(taken_over.clone());
    let start = |until| {
        in_area("institution.start-probation", "2025-10-01", json!({ "from": "2025-09-01", "until": until }))
    };
    let refused = story.clone().when(start("2026-02-01")).refused("out-of-range");
    assert_eq!(refused.allowed.unwrap()["until"], "2026-03-01T00:00:00+08:00");
    let story = story.given(start("2026-03-01"));
    assert_eq!(probation(&story, "2025-10-01"), "initial");
    story.when(start("2026-03-01")).refused("already-in-probation");
    Story::of(PHARMACY).given(taken_over).when(start("2026-03-01")).refused("medical-only");
}

/// Ordered in the extension to rectify by a day, which failed.
fn unrectified(until: &str, found: &str) -> Story {
    newcomer()
        .given(extend("2026-01-15"))
        .given(in_area(
            "institution.order-rectification",
            "2026-04-01",
            json!({ "until": until, "problems": ["病历不全"] }),
        ))
        .given(act("institution.fail-rectification", found, json!({ "order": "@4" })))
}

#[test]
fn not_rectified_in_the_extension_it_is_not_renewed_nor_signed_on() {
    let renewed = in_area("institution.renew", "2026-08-15", json!({ "until": "2027-09-01" }));
    let signed = sign("2026-08-15", "2026-09-01", "2027-09-01", &["basic"]);
    let story = unrectified("2026-05-01", "2026-05-02");
    let refused_renewal =
        in_area("institution.refuse-renewal", "2026-08-02", json!({ "ground": "整改不到位" }));
    for story in [story.clone(), story.given(refused_renewal)] {
        for act in [renewed.clone(), signed.clone()] {
            let refused = story.clone().when(act).refused("not-rectified-in-probation");
            assert_eq!(refused.rule.unwrap().id, "S0-17".into());
            assert_eq!(refused.blocked_by, [5]);
        }
    }
}

#[test]
fn what_was_to_be_rectified_in_the_extension_is_found_when_the_time_is_over() {
    // The extension ends on 2026-09-01, and so does the time of the order: that is found out only afterwards.
    let renew = in_area("institution.renew", "2026-09-10", json!({ "until": "2027-09-01" }));
    let renewed = |until| unrectified(until, "2026-09-03").when(renew.clone());
    renewed("2026-09-01").refused("not-rectified-in-probation");
    // A time that runs out after the extension is none of it.
    renewed("2026-09-02").accepted();
}
