use super::{AREA, HOSPITAL, PHARMACY, basic, hospital, in_area, sign, sign_in, suspend};
use crate::obligation::{ObligationKind, ObligationState};
use crate::testing::{Act, Story, act};
use serde_json::{Value, json};

fn two_lines() -> Story {
    Story::of(PHARMACY).given(sign(
        "2025-01-01",
        "2025-01-01",
        "2026-01-01",
        &["basic", "special_outpatient"],
    ))
}

fn special(story: &Story, at: &str) -> String {
    story.value("agreement/370100/special_outpatient", at)
}

fn resume(day: &str) -> Act {
    in_area("institution.resume-agreement", day, json!({}))
}

#[test]
fn a_suspended_line_leaves_the_others_alone() {
    let story = two_lines()
        .given(suspend("2025-08-04", json!({ "line": "special_outpatient", "until": "2025-11-04" })));
    assert_eq!(special(&story, "2025-08-04"), "suspended");
    assert_eq!(basic(&story, "2025-08-04"), "in_force");
}

#[test]
fn basic_suspended_suspends_all_and_only_basic_is_resumed() {
    let story = two_lines().given(suspend("2025-08-04", json!({ "line": "basic" })));
    assert_eq!(special(&story, "2025-08-04"), "suspended");
    let line = in_area("institution.resume-agreement", "2025-09-01", json!({ "line": "special_outpatient" }));
    let refused = story.clone().when(line).refused("suspended-with-basic");
    assert_eq!(refused.blocked_by, [1]);
    let story = story.given(resume("2025-09-01"));
    assert_eq!(special(&story, "2025-09-01"), "in_force");
}

#[test]
fn it_ends_by_itself_or_early_and_says_why() {
    let story = hospital().given(suspend("2024-03-01", json!({ "until": "2024-05-01" })));
    assert_eq!(basic(&story, "2024-05-01"), "in_force");
    let story = story.given(resume("2024-04-01"));
    assert_eq!(basic(&story, "2024-03-31T23:59:59+08:00"), "suspended");
    assert_eq!(basic(&story, "2024-04-01"), "in_force");
    let spans = story.spans();
    let resumed = spans.iter().find(|span| span.from.words() == "2024-04-01").unwrap();
    assert_eq!(resumed.cause, 2);
}

#[test]
fn what_is_not_in_force_is_not_suspended_and_what_is_not_suspended_is_not_resumed() {
    let refused = hospital().when(suspend("2025-01-01", json!({}))).refused("not-in-force");
    assert_eq!(refused.blocked_by, [0]);
    hospital().when(resume("2024-06-01")).refused("not-suspended");
    let story = hospital().given(suspend("2024-03-01", json!({})));
    let refused = story.when(suspend("2024-04-01", json!({}))).refused("already-suspended");
    assert_eq!(refused.blocked_by, [1]);
    hospital().when(suspend("2024-03-01", json!({ "until": "2024-03-01" }))).refused("empty-period");
    let refused = hospital()
        .when(suspend("2024-03-01", json!({ "line": "internet" })))
        .refused("line-not-in-agreement");
    assert_eq!(refused.allowed.unwrap()["line"], json!(["basic"]));
}

#[test]
fn a_signed_agreement_that_has_not_begun_cannot_be_suspended() {
    let story = Story::of(PHARMACY).given(sign("2024-12-01", "2025-01-01", "2026-01-01", &["basic"]));
    story.when(suspend("2024-12-15", json!({}))).refused("not-in-force");
}

#[test]
fn if_the_term_ends_meanwhile_the_agreement_has_ended() {
    let story = hospital().given(suspend("2024-12-01", json!({ "until": "2025-03-01" })));
    assert_eq!(basic(&story, "2024-12-31"), "suspended");
    assert_eq!(basic(&story, "2025-01-01"), "lapsed");
    assert_eq!(basic(&story, "2025-03-01"), "lapsed");
}

#[test]
fn at_request_it_lasts_at_most_180_days_and_states_its_end() {
    let at_request =
        |until: Option<&str>| suspend("2024-03-01", json!({ "at_request": true, "until": until }));
    let refused = hospital().when(at_request(Some("2024-08-29"))).refused("out-of-range");
    assert_eq!(refused.rule.unwrap().id, "R-134".into());
    let allowed = refused.allowed.unwrap();
    assert_eq!((&allowed["max"], &allowed["unit"]), (&json!(180), &json!("days")));
    assert_eq!(allowed["until"]["max"], "2024-08-28T00:00:00+08:00");
    hospital().when(at_request(None)).refused("out-of-range");
    hospital().when(at_request(Some("2024-08-28"))).accepted();
}

#[test]
fn the_institution_asks_three_months_ahead_and_a_public_hospital_not_at_all() {
    for command in ["institution.withdraw", "institution.request-suspension"] {
        let ask = |from| in_area(command, "2024-03-01", json!({ "from": from })).by("institution");
        let refused = hospital().when(ask("2024-05-31")).refused("notice-too-short");
        assert_eq!(refused.allowed.unwrap()["from"]["min"], "2024-06-01T00:00:00+08:00");
        hospital().when(ask("2024-06-01")).accepted();
        let owned = |ownership| {
            let mut data =
                json!({ "area": AREA, "lines": ["basic"], "from": "2024-01-01", "until": "2025-01-01" });
            data["ownership"] = ownership;
            Story::of(HOSPITAL).given(act("institution.sign-agreement", "2024-01-01", data))
        };
        let refused = owned(json!("public")).when(ask("2024-06-01")).refused("public-may-not-leave");
        assert_eq!(refused.rule.unwrap().id, "R-137.2".into());
        assert_eq!(owned(json!(null)).when(ask("2024-06-01")).findings(), ["ownership-to-verify"]);
    }
    let public = act(
        "institution.sign-agreement",
        "2024-01-01",
        json!({ "area": AREA, "lines": ["basic"], "from": "2024-01-01", "ownership": "public" }),
    );
    let at_request = suspend("2024-03-01", json!({ "at_request": true, "until": "2024-06-01" }));
    Story::of(HOSPITAL).given(public).when(at_request).refused("public-may-not-leave");
}

#[test]
fn a_withdrawal_takes_effect_on_its_day() {
    let story =
        hospital().given(in_area("institution.withdraw", "2024-03-01", json!({ "from": "2024-06-01" })));
    assert_eq!(basic(&story, "2024-05-31"), "in_force");
    assert_eq!(basic(&story, "2024-06-01"), "withdrawn");
}

#[test]
fn the_home_agency_of_a_prefecture_suspends_in_all_areas_at_once() {
    let story = hospital().given(sign_in("370200", "2024-01-01", "2024-01-01", "2025-01-01", &["basic"]));
    let everywhere = suspend("2024-03-01", json!({ "until": "2024-06-01" })).of_area("370100");
    let story =
        story.when(everywhere).then(&["institution.agreement-suspended", "institution.agreement-suspended"]);
    assert_eq!(story.value("agreement/370200/basic", "2024-03-01"), "suspended");
    assert_eq!(story.value("agreement/370200/basic", "2024-06-01"), "in_force");
}

#[test]
fn a_suspension_in_all_areas_is_one_decision_to_seek_review_of_or_to_sue() {
    use crate::obligation::ObligationKind::{ReportMeasure, SeekReview, Sue};
    let story = hospital()
        .given(sign_in("370200", "2024-01-01", "2024-01-01", "2025-01-01", &["basic"]))
        .given(suspend("2024-03-01", json!({ "until": "2024-06-01" })).of_area("370100"));
    assert_eq!(story.value("agreement/370200/basic", "2024-03-01"), "suspended");
    for kind in [SeekReview, Sue] {
        let due = story.obligations_of(kind, "2024-03-02");
        let causes: Vec<_> = due.iter().map(|due| due.raised_by).collect();
        assert_eq!(causes, [2], "{kind:?}");
    }
    assert_eq!(story.obligations_of(ReportMeasure, "2024-03-02").len(), 2, "each area reports it");
}

#[test]
fn a_suspension_learnt_late_does_not_undo_the_resumption_known_before() {
    let story = hospital()
        .given(suspend("2024-06-01", json!({ "until": "2024-09-01" })))
        .given(resume("2024-07-01"))
        .given(suspend("2024-02-01", json!({ "until": "2024-03-01" })));
    assert_eq!(basic(&story, "2024-02-15"), "suspended");
    assert_eq!(basic(&story, "2024-03-01"), "in_force");
    assert_eq!(basic(&story, "2024-06-15"), "suspended");
    assert_eq!(basic(&story, "2024-07-01"), "in_force");
}

#[test]
fn a_suspension_resumed_at_home_is_looked_at_in_the_areas_that_followed_it() {
    let areas = ["370100", "370200", "370300"];
    let signed = areas.iter().fold(Story::of(HOSPITAL), |story, area| {
        story.given(sign_in(area, "2024-01-01", "2024-01-01", "2025-01-01", &["basic", "internet"]))
    });
    let resume_in = |area: &str, day: &str, data: Value| {
        let mut data = data;
        data["area"] = json!(area);
        act("institution.resume-agreement", day, data).of_area(area)
    };
    let looked_at = |story: &Story, day: &str| -> Vec<_> {
        let due = story.obligations_of(ObligationKind::ReviewElsewhere, day);
        due.into_iter().map(|o| (o.area.unwrap().to_string(), o.raised_by, o.state)).collect()
    };
    let of = |area: &str, state| (area.to_owned(), 6, state);
    // 3 at home, 4 and 5 where it is followed.
    let story = signed.given(suspend("2024-03-01", json!({ "until": "2024-11-01" })).of_area("370100"));
    let story = story.given(resume_in("370100", "2024-05-01", json!({})));
    assert_eq!(story.value("agreement/370200/basic", "2024-05-01"), "suspended", "nothing is invented");
    let open = [of("370200", ObligationState::Open), of("370300", ObligationState::Open)];
    assert_eq!(looked_at(&story, "2024-05-01"), open);
    let told = &story.obligations_of(ObligationKind::ReviewElsewhere, "2024-05-01")[0].sum;
    assert_eq!(
        told.en,
        "the suspension that the one here, #4, follows was resumed: what happened to another subject or in another \
         pooling area is to be looked at and decided upon here (370200)"
    );
    // It is over when that area resumes, ends the agreement, or the suspension ends by itself.
    let story = story.given(resume_in("370200", "2024-06-01", json!({})));
    let after = [of("370300", ObligationState::Open), of("370200", ObligationState::Met)];
    assert_eq!(looked_at(&story, "2024-06-01"), after);
    let ended = [of("370200", ObligationState::Met), of("370300", ObligationState::Closed)];
    assert_eq!(looked_at(&story, "2024-11-01"), ended);
    let terminate = json!({ "area": "370300", "ground": "x", "reason_class": "consent" });
    let story =
        story.given(act("institution.terminate-agreement", "2024-07-01", terminate).of_area("370300"));
    assert_eq!(looked_at(&story, "2024-07-01"), ended);
}

#[test]
fn the_resumption_of_the_whole_leaves_a_line_its_own_suspension() {
    let special_only = json!({ "line": "special_outpatient", "until": "2025-12-01" });
    let story = two_lines()
        .given(suspend("2025-06-01", special_only.clone()))
        .given(suspend("2025-06-15", json!({ "until": "2025-08-01" })));
    let line = |line: &str| in_area("institution.resume-agreement", "2025-07-01", json!({ "line": line }));
    for act in [resume("2025-07-01"), line("basic")] {
        let story = story.clone().given(act);
        assert_eq!(basic(&story, "2025-07-01"), "in_force");
        assert_eq!(special(&story, "2025-07-01"), "suspended");
        assert_eq!(special(&story, "2025-11-30"), "suspended");
        assert_eq!(special(&story, "2025-12-01"), "in_force");
    }
    // And that of the line leaves the suspension of the whole.
    let resumed = story.given(line("special_outpatient"));
    assert_eq!(special(&resumed, "2025-07-31"), "suspended");
    assert_eq!(special(&resumed, "2025-08-01"), "in_force");
    // Where only the line is suspended, there is nothing else to resume.
    let story = two_lines().given(suspend("2025-06-01", special_only)).given(resume("2025-07-01"));
    assert_eq!(special(&story, "2025-07-01"), "in_force");
}

#[test]
fn basic_means_all_when_it_is_suspended_and_when_it_is_resumed() {
    let basic_line = || json!({ "line": "basic" });
    for (suspended, resumed) in
        [(json!({}), basic_line()), (basic_line(), json!({})), (basic_line(), basic_line())]
    {
        let story = two_lines().given(suspend("2025-08-04", suspended));
        let line =
            in_area("institution.resume-agreement", "2025-09-01", json!({ "line": "special_outpatient" }));
        let refused = story.clone().when(line).refused("suspended-with-basic");
        assert_eq!(refused.blocked_by, [1]);
        let story = story.given(in_area("institution.resume-agreement", "2025-09-01", resumed));
        assert_eq!(basic(&story, "2025-09-01"), "in_force");
        assert_eq!(special(&story, "2025-09-01"), "in_force");
    }
}

#[test]
fn lines_without_basic_are_resumed_together_or_each_alone() {
    let story = Story::of(PHARMACY)
        .given(sign("2025-01-01", "2025-01-01", "2026-01-01", &["special_outpatient", "internet"]))
        .given(suspend("2025-06-01", json!({})));
    let one = in_area("institution.resume-agreement", "2025-07-01", json!({ "line": "special_outpatient" }));
    let one = story.clone().given(one);
    assert_eq!(special(&one, "2025-07-01"), "in_force");
    assert_eq!(one.value("agreement/370100/internet", "2025-07-01"), "suspended");
    let both = story.given(resume("2025-07-01"));
    assert_eq!(special(&both, "2025-07-01"), "in_force");
    assert_eq!(both.value("agreement/370100/internet", "2025-07-01"), "in_force");
}
