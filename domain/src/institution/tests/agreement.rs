use super::{AREA, HOSPITAL, PHARMACY, basic, hospital, in_area, sign, terminate};
use crate::rejection::RejectionKind;
use crate::testing::{Act, Story, act};
use serde_json::json;

fn renew(day: &str, from: &str, until: &str) -> Act {
    in_area("institution.renew", day, json!({ "from": from, "until": until }))
}

fn causes(story: &Story) -> Vec<(String, String, u32)> {
    let spans = story.spans();
    let agreement = spans.iter().filter(|span| span.track.is_status_of(crate::SubjectKind::Institution));
    agreement.map(|span| (span.from.words(), span.value.to_string(), span.cause)).collect()
}

fn line(from: &str, value: &str, cause: u32) -> (String, String, u32) {
    (from.to_owned(), value.to_owned(), cause)
}

#[test]
fn an_agreement_taken_over_needs_a_reason_for_the_unknown_begin_and_starts_no_probation() {
    let taken_over = act(
        "institution.sign-agreement",
        "2025-08-01",
        json!({ "area": AREA, "lines": ["basic"], "from": null, "until": "2026-01-01" }),
    );
    Story::of(HOSPITAL).when(taken_over.clone()).refused("unknown-needs-reason");
    let story = Story::of(HOSPITAL)
        .when(taken_over.unknown("/data/from", "公告未载明"))
        .then(&["institution.agreement-signed"]);
    assert_eq!(basic(&story, "2025-08-01"), "in_force");
    assert_eq!(basic(&story, "2025-07-31"), "");
}

#[test]
fn what_is_taken_over_gives_way_to_what_becomes_known_of_it() {
    let taken_over = act(
        "institution.sign-agreement",
        "2024-08-20",
        json!({ "area": AREA, "lines": ["basic"], "from": null, "until": null }),
    )
    .unknown("/data/from", "公告未载明");
    let story = Story::of(HOSPITAL).given(taken_over.clone());
    assert_eq!(basic(&story, "2029-01-01"), "in_force");
    // Taken over twice it would say nothing new.
    let again = taken_over.with("effective_at", json!("2024-09-01"));
    story.clone().when(again).refused("already-in-force");
    // The signing itself turns up later, with its term.
    let found = story.clone().given(sign("2024-01-01", "2024-01-01", "2025-01-01", &["basic"]));
    assert_eq!(basic(&found, "2024-06-01"), "in_force");
    assert_eq!(basic(&found, "2024-12-31"), "in_force");
    assert_eq!(basic(&found, "2025-01-01"), "lapsed");
    // A new agreement with a known begin ends the term without an end.
    let next = story.given(sign("2024-12-20", "2025-01-01", "2026-01-01", &["basic"]));
    assert_eq!(causes(&next)[1..], [line("2025-01-01", "in_force", 1), line("2026-01-01", "lapsed", 1)]);
}

#[test]
fn signed_late_it_holds_from_its_own_first_day() {
    let story = Story::of(PHARMACY).given(sign("2025-02-10", "2025-01-01", "2026-01-01", &["basic"]));
    assert_eq!(basic(&story, "2025-01-01"), "in_force");
}

#[test]
fn a_running_line_is_not_signed_again_but_another_line_may_be() {
    let again = sign("2024-06-01", "2024-06-01", "2025-06-01", &["basic"]);
    let refused = hospital().when(again).refused("already-in-force");
    assert_eq!(refused.allowed.unwrap()["from"]["min"], "2025-01-01T00:00:00+08:00");
    let story = hospital().given(sign("2024-06-01", "2024-06-01", "2025-01-01", &["internet"]));
    assert_eq!(story.value("agreement/370100/internet", "2024-06-01"), "in_force");
}

#[test]
fn next_years_agreement_signed_in_december_does_not_touch_december() {
    let story = hospital().given(sign("2024-12-15", "2025-01-01", "2026-01-01", &["basic"]));
    assert_eq!(
        causes(&story),
        [
            line("2024-01-01", "in_force", 0),
            line("2025-01-01", "in_force", 1),
            line("2026-01-01", "lapsed", 1)
        ]
    );
}

#[test]
fn a_signing_needs_lines_and_a_term_that_ends_after_it_begins() {
    let sign = |lines: &[&str], until| sign("2025-01-01", "2025-01-01", until, lines);
    Story::of(HOSPITAL).when(sign(&[], "2026-01-01")).refused("lines-missing");
    Story::of(HOSPITAL).when(sign(&["basic", "basic"], "2026-01-01")).refused("lines-missing");
    Story::of(HOSPITAL).when(sign(&["basic"], "2025-01-01")).refused("empty-period");
}

#[test]
fn nobody_signs_with_a_barred_institution() {
    let story = hospital().given(terminate("2024-06-01", "illegality"));
    story.when(sign("2025-01-01", "2025-01-01", "2026-01-01", &["basic"])).refused("barred");
}

#[test]
fn a_renewal_continues_the_lines_and_leaves_the_past_alone() {
    let story = hospital().given(renew("2024-11-01", "2025-01-01", "2026-01-01"));
    assert_eq!(
        causes(&story),
        [
            line("2024-01-01", "in_force", 0),
            line("2025-01-01", "in_force", 1),
            line("2026-01-01", "lapsed", 1)
        ]
    );
    let story = story.given(renew("2025-11-01", "2026-01-01", "2027-01-01"));
    assert_eq!(causes(&story)[2..], [line("2026-01-01", "in_force", 2), line("2027-01-01", "lapsed", 2)]);
}

#[test]
fn a_renewal_recorded_after_the_term_leaves_no_gap() {
    let outcome = hospital().when(renew("2025-02-01", "2025-01-01", "2026-01-01"));
    assert_eq!(outcome.findings(), ["renewed-after-expiry"]);
    let story = outcome.then(&["institution.agreement-renewed"]);
    assert_eq!(basic(&story, "2025-01-15"), "in_force");
}

#[test]
fn renewed_twice_ahead_it_runs_to_the_second_end() {
    let story = hospital().given(renew("2024-11-01", "2025-01-01", "2026-01-01")).given(renew(
        "2024-11-02",
        "2026-01-01",
        "2027-01-01",
    ));
    assert_eq!(basic(&story, "2024-11-03"), "in_force");
    assert_eq!(basic(&story, "2026-12-31"), "in_force");
    assert_eq!(basic(&story, "2027-01-01"), "lapsed");
}

#[test]
fn a_renewal_after_a_gap_is_a_new_signing() {
    let refused =
        hospital().when(renew("2025-02-01", "2025-02-01", "2026-01-01")).refused("no-unbroken-term");
    assert_eq!(refused.allowed.unwrap()["from"], "2025-01-01T00:00:00+08:00");
    hospital()
        .given(terminate("2024-06-01", "consent"))
        .when(renew("2024-11-01", "2025-01-01", "2026-01-01"))
        .refused("not-in-force");
}

#[test]
fn a_suspension_runs_on_into_the_renewed_term() {
    let story = hospital()
        .given(super::suspend("2024-12-01", json!({ "until": "2025-02-01" })))
        .given(renew("2024-12-15", "2025-01-01", "2026-01-01"));
    assert_eq!(basic(&story, "2025-01-31"), "suspended");
    assert_eq!(basic(&story, "2025-02-01"), "in_force");
}

#[test]
fn refused_renewal_shows_at_the_end_of_the_term_and_raises_no_bar() {
    let refuse = in_area("institution.refuse-renewal", "2024-11-01", json!({ "ground": "考核不合格" }));
    let story = hospital().given(refuse.clone());
    assert_eq!(basic(&story, "2024-12-31"), "in_force");
    assert_eq!(basic(&story, "2025-01-01"), "not_renewed");
    assert!(!story.standing("2025-01-01").iter().any(|line| line.starts_with("bar/")));
    story.clone().when(refuse).refused("already-refused");
    story.when(renew("2024-12-01", "2025-01-01", "2026-01-01")).refused("renewal-refused");
}

#[test]
fn to_sign_on_from_a_term_whose_renewal_is_refused_is_refused_too() {
    let refuse = in_area("institution.refuse-renewal", "2024-11-01", json!({ "ground": "考核不合格" }));
    let story = hospital().given(refuse);
    let signed = |day, from| sign(day, from, "2026-01-01", &["basic"]);
    // Ahead, with or without a gap, and late.
    for act in [
        signed("2024-12-15", "2025-01-01"),
        signed("2024-12-15", "2025-02-01"),
        signed("2025-01-01", "2025-01-01"),
        signed("2025-03-01", "2025-01-01"),
    ] {
        let refused = story.clone().when(act).refused("renewal-refused");
        assert_eq!(refused.blocked_by, [1]);
    }
    // A line that never was in the agreement renews nothing.
    let line = sign("2024-12-15", "2024-12-15", "2025-01-01", &["internet"]);
    story.clone().when(line).accepted();
    // After the lapse the way is that of every application.
    let data = json!({ "lines": ["basic"], "name": "甲医院", "opened_on": "2020-01-01", "physicians": 3 });
    let story = story.given(in_area("institution.apply", "2025-02-01", data));
    let story = story.given(signed("2025-03-01", "2025-03-01"));
    assert_eq!(basic(&story, "2025-03-01"), "in_force");
}

#[test]
fn signed_late_it_is_tested_on_what_stood_on_its_own_first_day() {
    // Signed after the bar for a term inside it.
    let barred = hospital().given(terminate("2024-03-01", "fraud_in_application"));
    let late = |from, until| sign("2027-03-02", from, until, &["basic"]);
    let refused = barred.clone().when(late("2025-03-01", "2026-03-01")).refused("barred");
    assert_eq!(refused.blocked_by, [1]);
    barred.clone().when(late("2024-02-01", "2026-03-01")).refused("already-in-force");
    barred.when(late("2027-03-01", "2028-03-01")).accepted();
    // Signed after a term for a part of it.
    let inside = sign("2025-06-01", "2024-06-01", "2024-09-01", &["basic"]);
    let refused = hospital().when(inside).refused("already-in-force");
    assert_eq!(refused.allowed.unwrap()["from"]["min"], "2025-01-01T00:00:00+08:00");
}

#[test]
fn renewal_refused_after_the_term_says_how_it_ended() {
    let refuse = in_area("institution.refuse-renewal", "2025-01-20", json!({ "ground": "考核不合格" }));
    let story = hospital().given(refuse);
    assert_eq!(basic(&story, "2025-01-01"), "not_renewed");
}

#[test]
fn with_neither_renewal_nor_refusal_it_lapses_by_the_passing_of_time() {
    assert_eq!(basic(&hospital(), "2024-12-31T23:59:59+08:00"), "in_force");
    assert_eq!(basic(&hospital(), "2025-01-01"), "lapsed");
    let lapse = |day| in_area("institution.record-lapse", day, json!({}));
    hospital().when(lapse("2024-12-31")).refused("term-not-over");
    let story = hospital().given(lapse("2025-01-01"));
    assert_eq!(causes(&story)[1], line("2025-01-01", "lapsed", 1));
}

#[test]
fn a_lapse_may_tell_the_end_of_a_term_the_source_had_left_open() {
    let story = Story::of(HOSPITAL)
        .given(act(
            "institution.sign-agreement",
            "2020-01-01",
            json!({ "area": AREA, "lines": ["basic"], "from": "2020-01-01", "until": null }),
        ))
        .given(in_area("institution.record-lapse", "2022-01-01", json!({})));
    assert_eq!(basic(&story, "2021-12-31"), "in_force");
    assert_eq!(basic(&story, "2022-01-01"), "lapsed");
}

#[test]
fn a_line_falls_with_basic_and_stays_down_when_basic_is_applied_for_again() {
    let line = |story: &Story, day| story.value("agreement/370100/internet", day);
    let story = hospital().given(sign("2024-03-01", "2024-03-01", "2027-01-01", &["internet"])).given(act(
        "institution.apply",
        "2025-06-01",
        json!({ "area": AREA, "lines": ["basic"], "name": "甲医院", "opened_on": "2020-01-01" }),
    ));
    assert_eq!(line(&story, "2024-12-31"), "in_force");
    assert_eq!(line(&story, "2025-01-01"), "lapsed");
    assert_eq!(basic(&story, "2025-06-01"), "applied");
    assert_eq!(line(&story, "2025-06-01"), "lapsed");
}

#[test]
fn an_institution_never_heard_of_is_not_found() {
    for command in ["renew", "record-lapse", "close-cross-region", "resume-agreement"] {
        let act = in_area(&format!("institution.{command}"), "2025-01-01", json!({}));
        let refused = Story::of(HOSPITAL).when(act).refused("unknown-subject");
        assert_eq!(refused.kind, RejectionKind::NotFound);
    }
    // Known, but by an inspection only: there is no agreement to act on.
    let inspected = Story::of(HOSPITAL).given(
        act("institution.record-inspection", "2025-01-01", json!({ "inspection": "flight" })).by("bureau"),
    );
    inspected.when(in_area("institution.renew", "2025-02-01", json!({}))).refused("no-agreement");
}

#[test]
fn each_authority_keeps_to_its_own_acts() {
    let refused = hospital().when(terminate("2024-06-01", "breach").by("bureau")).refused("wrong-authority");
    assert_eq!(refused.allowed.unwrap()["authority"], json!(["agency"]));
    let fine = act("institution.impose-fine", "2024-06-01", json!({ "amount_fen": 100 }));
    let refused = hospital().when(fine).refused("wrong-authority");
    assert_eq!(refused.allowed.unwrap()["authority"], json!(["bureau"]));
    let apply = act("institution.apply", "2025-01-01", json!({ "area": AREA, "lines": [], "name": "甲" }));
    Story::of(HOSPITAL).when(apply.by("police")).refused("wrong-authority");
}

#[test]
fn an_agency_of_another_area_is_noticed() {
    let findings = |area| {
        let act = super::suspend("2024-06-01", json!({})).of_area(area);
        let codes: Vec<_> = hospital().when(act).findings().into_iter().map(str::to_owned).collect();
        codes
    };
    assert_eq!(findings("430500"), ["actor-of-another-area"]);
    for own in ["370100", "370102", "370000"] {
        assert!(findings(own).is_empty());
    }
}

#[test]
fn a_longer_term_than_agreements_generally_have_is_noticed() {
    let found = |code: &str, until: &str| {
        let outcome = Story::of(code).when(sign("2024-01-01", "2024-01-01", until, &["basic"]));
        outcome.findings().contains(&"longer-than-usual")
    };
    for code in [HOSPITAL, PHARMACY] {
        assert!(!found(code, "2025-01-01") && found(code, "2025-01-02"), "{code}");
    }
    let story = Story::of(HOSPITAL).given(sign("2024-01-01", "2024-01-01", "2025-01-01", &["basic"]));
    let renewed = story.when(in_area("institution.renew", "2024-11-01", json!({ "until": "2027-01-01" })));
    assert_eq!(renewed.findings(), ["longer-than-usual"]);
}
