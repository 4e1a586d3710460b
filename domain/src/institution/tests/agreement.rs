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

const SPECIAL: &str = "agreement/370100/special_outpatient";

fn withdraw(day: &str, from: &str) -> Act {
    in_area("institution.withdraw", day, json!({ "from": from }))
}

/// A pharmacy with `basic` for 2025, and special outpatient care for a time of its own.
fn with_special(from: &str, until: &str) -> Story {
    Story::of(PHARMACY).given(sign("2025-01-01", "2025-01-01", "2026-01-01", &["basic"])).given(sign(
        "2025-02-01",
        from,
        until,
        &["special_outpatient"],
    ))
}

#[test]
fn a_renewal_does_not_bring_back_a_line_that_was_over() {
    let ahead = || in_area("institution.renew", "2025-12-01", json!({ "until": "2027-01-01" }));
    let story = with_special("2025-03-01", "2025-09-01").given(ahead());
    assert_eq!(basic(&story, "2026-12-31"), "in_force");
    for day in ["2025-09-01", "2025-12-01", "2026-01-01", "2026-12-31"] {
        assert_eq!(story.value(SPECIAL, day), "lapsed", "{day}");
    }
    // One that runs at the begin of the renewed term goes on with it, from then: not from its own end or the day of the act.
    for until in ["2026-01-01", "2026-04-01"] {
        let story = with_special("2025-03-01", until).given(ahead());
        let spans = story.spans();
        let of_line = spans.iter().filter(|span| span.track.to_string() == SPECIAL);
        let told: Vec<_> = of_line.map(|s| line(&s.from.words(), &s.value.to_string(), s.cause)).collect();
        let begins = [line("2025-02-01", "candidate", 1), line("2025-03-01", "in_force", 1)];
        let goes_on = [line("2026-01-01", "in_force", 2), line("2027-01-01", "lapsed", 2)];
        assert_eq!(told, [begins, goes_on].concat(), "{until}");
    }
    // One agreed for longer keeps its own term, and one agreed for a time within the renewed term begins as agreed.
    let story = with_special("2025-03-01", "2027-03-01").given(ahead());
    let story = story.given(in_area("institution.renew", "2026-12-01", json!({ "until": "2027-02-01" })));
    assert_eq!(story.value(SPECIAL, "2027-01-31"), "in_force");
    assert_eq!(story.value(SPECIAL, "2027-02-01"), "lapsed");
    let story = with_special("2026-03-01", "2026-09-01").given(ahead());
    assert_eq!(story.value(SPECIAL, "2026-02-28"), "candidate");
    assert_eq!(story.value(SPECIAL, "2026-08-31"), "in_force");
    assert_eq!(story.value(SPECIAL, "2026-09-01"), "lapsed");
}

#[test]
fn an_agreement_signed_for_after_a_withdrawal_begins_on_its_own_day() {
    let story = hospital().given(withdraw("2024-03-01", "2024-08-01"));
    let signed = |from: &str| story.clone().given(sign("2024-07-20", from, "2025-07-01", &["basic"]));
    let at_once = signed("2024-08-01");
    assert_eq!(basic(&at_once, "2024-07-31"), "in_force");
    assert_eq!(basic(&at_once, "2024-08-01"), "in_force");
    assert_eq!(basic(&at_once, "2025-06-30"), "in_force");
    assert_eq!(basic(&at_once, "2025-07-01"), "lapsed");
    let after_a_gap = signed("2024-09-01");
    assert_eq!(basic(&after_a_gap, "2024-08-01"), "withdrawn");
    assert_eq!(basic(&after_a_gap, "2024-08-31"), "withdrawn");
    assert_eq!(basic(&after_a_gap, "2024-09-01"), "in_force");
    // Both go on as agreements do: renewed, suspended, given up in their turn.
    let given_up = at_once.given(withdraw("2024-07-25", "2024-12-01"));
    assert_eq!(basic(&given_up, "2024-07-31"), "in_force");
    assert_eq!(basic(&given_up, "2024-11-30"), "in_force");
    assert_eq!(basic(&given_up, "2024-12-01"), "withdrawn");
    let renewed = after_a_gap.given(renew("2024-07-25", "2025-07-01", "2026-07-01"));
    assert_eq!(basic(&renewed, "2024-08-15"), "withdrawn");
    assert_eq!(basic(&renewed, "2026-06-30"), "in_force");
    // A termination leaves nothing to begin.
    let terminated = renewed.given(terminate("2024-07-26", "breach"));
    assert_eq!(basic(&terminated, "2024-09-01"), "terminated");
}

#[test]
fn what_is_given_up_is_not_renewed_and_not_given_up_later() {
    let story = hospital().given(withdraw("2024-03-01", "2024-08-01"));
    for act in [
        renew("2024-06-01", "2024-08-01", "2026-01-01"),
        in_area("institution.refuse-renewal", "2024-06-01", json!({ "ground": "x" })),
        in_area("institution.record-lapse", "2024-06-01", json!({})),
        withdraw("2024-04-01", "2024-08-01"),
        withdraw("2024-04-01", "2024-09-01"),
    ] {
        let refused = story.clone().when(act).refused("already-withdrawn");
        assert_eq!(refused.blocked_by, [1]);
        assert!(refused.message.en.contains("2024-08-01"), "{refused:?}");
    }
    let earlier = story.given(withdraw("2024-04-01", "2024-07-15"));
    assert_eq!(basic(&earlier, "2024-07-15"), "withdrawn");
}

#[test]
fn nothing_stands_between_two_agreements_with_a_gap() {
    let story = hospital().given(renew("2024-11-01", "2025-01-01", "2026-01-01")).given(sign(
        "2024-12-01",
        "2026-06-01",
        "2027-06-01",
        &["basic"],
    ));
    assert_eq!(
        causes(&story),
        [
            line("2024-01-01", "in_force", 0),
            line("2025-01-01", "in_force", 1),
            line("2026-01-01", "lapsed", 1),
            line("2026-06-01", "in_force", 2),
            line("2027-06-01", "lapsed", 2),
        ]
    );
    // What comes to be recorded in the gap or later leaves what stood before as it was.
    for day in ["2026-02-01", "2026-07-01"] {
        let later = act("institution.record-inspection", day, json!({ "inspection": "flight" })).by("bureau");
        assert_eq!(causes(&story.clone().given(later)), causes(&story), "{day}");
    }
    let lapse = in_area("institution.record-lapse", "2026-02-01", json!({}));
    let lapsed = story.given(lapse);
    assert_eq!(basic(&lapsed, "2026-05-31"), "lapsed");
    assert_eq!(basic(&lapsed, "2026-06-01"), "in_force");
}

#[test]
fn renewed_thrice_ahead_each_term_is_its_own() {
    let story = hospital()
        .given(renew("2024-11-01", "2025-01-01", "2026-01-01"))
        .given(renew("2024-11-02", "2026-01-01", "2027-01-01"))
        .given(renew("2024-11-03", "2027-01-01", "2028-01-01"));
    assert_eq!(
        causes(&story),
        [
            line("2024-01-01", "in_force", 0),
            line("2025-01-01", "in_force", 1),
            line("2026-01-01", "in_force", 2),
            line("2027-01-01", "in_force", 3),
            line("2028-01-01", "lapsed", 3),
        ]
    );
}

#[test]
fn a_suspension_ends_with_its_agreement_and_does_not_reach_over_a_gap() {
    let story = hospital().given(super::suspend("2024-11-01", json!({ "until": "2025-03-01" })));
    for day in ["2024-12-15", "2025-01-15"] {
        let story = story.clone().given(sign(day, "2025-02-01", "2026-02-01", &["basic"]));
        assert_eq!(basic(&story, "2024-12-31"), "suspended", "{day}");
        assert_eq!(basic(&story, "2025-02-01"), "in_force", "{day}");
    }
}

#[test]
fn over_a_gap_neither_probation_nor_cross_region_nor_a_line_is_taken_along() {
    let story = super::newcomer()
        .given(sign("2025-09-02", "2025-09-02", "2028-01-01", &["internet"]))
        .given(withdraw("2025-09-03", "2026-01-01"))
        .given(sign("2025-12-15", "2026-02-01", "2027-02-01", &["basic"]));
    let story = story.given(sign("2025-12-16", "2026-01-15", "2027-02-01", &["special_outpatient"]));
    let special = |story: &Story, day: &str| story.value(SPECIAL, day);
    assert_eq!(story.value("probation/370100", "2025-12-31"), "initial");
    let later = act("institution.record-inspection", "2026-02-10", json!({ "inspection": "flight" }));
    let settled = story.clone().given(later.by("bureau"));
    for story in [story, settled] {
        // One signed for within the gap waits for the new agreement.
        assert_eq!(special(&story, "2026-01-20"), "withdrawn");
        assert_eq!(special(&story, "2026-02-01"), "in_force");
        assert_eq!(special(&story, "2026-02-15"), "in_force");
        for day in ["2026-01-01", "2026-02-01", "2026-02-15"] {
            assert_eq!(story.value("probation/370100", day), "", "{day}");
            assert_eq!(story.value("cross-region/370100", day), "", "{day}");
            assert_eq!(story.value("agreement/370100/internet", day), "withdrawn", "{day}");
        }
        assert_eq!(basic(&story, "2026-02-15"), "in_force");
    }
}

#[test]
fn what_is_recorded_as_lapsed_is_not_renewed() {
    let story = hospital().given(in_area("institution.record-lapse", "2025-01-10", json!({})));
    for act in [
        in_area("institution.renew", "2025-01-20", json!({ "until": "2026-01-01" })),
        sign("2025-01-20", "2025-01-01", "2026-01-01", &["basic"]),
    ] {
        let refused = story.clone().when(act).refused("already-lapsed");
        assert_eq!(refused.blocked_by, [1]);
    }
    // Signed anew for later, or the record annulled, it is in force again.
    let anew = story.clone().given(sign("2025-01-20", "2025-01-05", "2026-01-01", &["basic"]));
    assert_eq!(basic(&anew, "2025-01-04"), "lapsed");
    assert_eq!(basic(&anew, "2025-01-20"), "in_force");
    let annulled = story
        .given(
            act("institution.annul", "2025-01-15", json!({ "event": "@1", "scope": "from_start" }))
                .by("court"),
        )
        .given(in_area("institution.renew", "2025-01-20", json!({ "until": "2026-01-01" })));
    assert_eq!(basic(&annulled, "2025-01-10"), "in_force");
}

#[test]
fn a_lapse_recorded_leaves_alone_what_runs_on() {
    let story = Story::of(PHARMACY)
        .given(sign("2025-01-01", "2025-01-01", "2025-09-01", &["special_outpatient"]))
        .given(sign("2025-01-01", "2025-01-01", "2026-01-01", &["basic"]));
    let lapse = |day| in_area("institution.record-lapse", day, json!({}));
    story.clone().when(lapse("2025-10-01")).refused("term-not-over");
    let story = story.given(lapse("2026-01-01"));
    assert_eq!(story.value(SPECIAL, "2025-09-01"), "lapsed");
}

#[test]
fn signed_after_the_old_agreement_is_over_it_is_noticed_that_nobody_applied() {
    let anew = |story: Story, day: &str, from: &str| {
        let outcome = story.when(sign(day, from, "2026-01-01", &["basic"]));

        outcome.findings().contains(&"no-application-recorded")
    };
    let refused = in_area("institution.refuse-renewal", "2024-11-01", json!({ "ground": "x" }));
    let lapsed = in_area("institution.record-lapse", "2025-01-01", json!({}));
    assert!(anew(hospital().given(refused), "2025-01-02", "2025-01-02"));
    assert!(anew(hospital().given(lapsed), "2025-01-02", "2025-01-02"));
    assert!(anew(hospital().given(terminate("2024-06-01", "consent")), "2024-06-01", "2024-06-01"));
    assert!(anew(hospital().given(withdraw("2024-03-01", "2024-08-01")), "2024-07-01", "2024-08-01"));
    assert!(anew(hospital(), "2024-12-01", "2025-02-01"));
    // Signed on without a gap it is a renewal; and with an application the steps are there.
    assert!(!anew(hospital(), "2024-12-01", "2025-01-01"));
    let data = json!({ "lines": ["basic"], "name": "甲医院", "opened_on": "2020-01-01", "physicians": 3 });
    let applied = hospital().given(in_area("institution.apply", "2025-02-01", data));
    assert!(!anew(applied, "2025-03-01", "2025-03-01"));
}
