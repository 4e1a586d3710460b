use super::{AREA, HOSPITAL, PHARMACY, basic, hospital, in_area, sign, sign_in, terminate};
use crate::id::Version;
use crate::obligation::ObligationKind;
use crate::testing::{Act, Story, act};
use serde_json::{Value, json};

fn application(changes: &Value) -> Value {
    let mut data = json!({
        "area": AREA, "lines": ["basic"], "name": "甲医院", "opened_on": "2024-01-01", "physicians": 3,
        "pharmacists": 1
    });
    for (field, value) in changes.as_object().unwrap() {
        data[field] = value.clone();
    }
    data
}

fn apply(day: &str, changes: &Value) -> Act {
    act("institution.apply", day, application(changes)).by("institution")
}

fn applied() -> Story {
    Story::of(HOSPITAL).given(apply("2025-06-10", &json!({})))
}

fn evaluated(story: Story, day: &str, verdict: &str) -> Story {
    story.given(in_area("institution.evaluate", day, json!({ "verdict": verdict })))
}

#[test]
fn an_application_goes_the_whole_way_to_an_agreement() {
    let story = applied().given(in_area("institution.accept-application", "2025-06-12", json!({})));
    let story = evaluated(story, "2025-08-01", "pass")
        .given(in_area(
            "institution.publicise",
            "2025-08-02",
            json!({ "from": "2025-08-02", "until": "2025-08-09" }),
        ))
        .when(sign("2025-08-20", "2025-09-01", "2026-09-01", &["basic"]))
        .then(&[
            "institution.agreement-signed",
            "institution.probation-started",
            "institution.cross-region-closed",
        ]);
    let statuses: Vec<_> =
        ["2025-06-10", "2025-06-12", "2025-08-01", "2025-08-31T23:59:59+08:00", "2025-09-01", "2026-09-01"]
            .map(|day| basic(&story, day))
            .into();
    assert_eq!(statuses, ["applied", "evaluating", "candidate", "candidate", "in_force", "lapsed"]);
}

#[test]
fn returned_and_refused_applications_say_so() {
    let story = applied().given(in_area("institution.accept-application", "2025-06-12", json!({})));
    let story =
        story.given(in_area("institution.return-application", "2025-06-13", json!({ "missing": ["执照"] })));
    assert_eq!(basic(&story, "2025-06-13"), "applied");
    let story = story.given(in_area("institution.refuse", "2025-06-20", json!({ "grounds": ["不符合"] })));
    assert_eq!(basic(&story, "2025-06-20"), "refused");
    // After a refusal the way is open to apply again.
    let story = story.given(apply("2025-07-01", &json!({})));
    assert_eq!(basic(&story, "2025-07-01"), "applied");
}

#[test]
fn an_institution_open_for_less_than_three_months_is_refused_to_the_day() {
    let young = json!({ "opened_on": "2025-03-10" });
    let refused = Story::of(HOSPITAL).when(apply("2025-06-09", &young)).refused("open-too-briefly");
    assert_eq!(refused.rule.unwrap().id, "R-102".into());
    assert_eq!(refused.allowed.unwrap()["effective_at"]["min"], "2025-06-10T00:00:00+08:00");
    Story::of(HOSPITAL).when(apply("2025-06-10", &young)).accepted();
}

#[test]
fn missing_staff_is_refused_and_staff_not_told_is_to_be_verified() {
    let refused =
        Story::of(HOSPITAL).when(apply("2025-06-10", &json!({ "physicians": 0 }))).refused("staff-missing");
    assert_eq!(refused.rule.unwrap().id, "R-103".into());
    let tests = json!({ "tests_offered": true, "technicians": 0 });
    Story::of(HOSPITAL).when(apply("2025-06-10", &tests)).refused("staff-missing");
    // Before the notice of 2025-05-28 no rule asked for technicians.
    Story::of(HOSPITAL).when(apply("2025-05-27", &tests)).accepted();
    Story::of(PHARMACY).when(apply("2025-06-10", &json!({ "pharmacists": 0 }))).refused("staff-missing");
    let silent = json!({ "opened_on": null, "physicians": null, "tests_offered": true });
    assert_eq!(
        Story::of(HOSPITAL).when(apply("2025-06-10", &silent)).findings(),
        [
            "opened-on-to-verify",
            "physicians-to-verify",
            "technicians-to-verify",
            "traceability_codes-to-verify"
        ]
    );
}

#[test]
fn nobody_applies_twice_or_for_what_is_in_force() {
    let refused = applied().when(apply("2025-06-11", &json!({}))).refused("already-applied");
    assert_eq!(refused.blocked_by, [0]);
    let refused = hospital().when(apply("2024-06-10", &json!({}))).refused("already-in-force");
    assert_eq!(refused.blocked_by, [0]);
    // Another line of a running agreement can be applied for, and leaves the agreement alone.
    let story = hospital().given(apply("2024-06-10", &json!({ "lines": ["internet"] })));
    assert_eq!(basic(&story, "2024-06-10"), "in_force");
    assert_eq!(story.value("agreement/370100/internet", "2024-06-10"), "applied");
}

#[test]
fn a_bar_names_its_class_its_end_and_what_would_lift_it() {
    let story = hospital().given(terminate("2024-06-01", "breach"));
    let refused = story.clone().when(apply("2025-05-31", &json!({}))).refused("barred");
    assert_eq!(refused.rule.unwrap().id, "R-113.6".into());
    assert_eq!(refused.blocked_by, [1]);
    let allowed = refused.allowed.unwrap();
    assert_eq!(allowed["from"], "2025-06-01T00:00:00+08:00");
    assert_eq!(allowed["after_liability_performed"], true);
    // The year is over, the liability is not performed.
    let refused = story.clone().when(apply("2025-06-01", &json!({}))).refused("barred");
    assert!(refused.message.en.contains("until liability is performed"), "{}", refused.message.en);
    let settled = act(
        "institution.settle-liability",
        "2025-06-20",
        json!({ "liability": "@1", "performed_on": "2025-06-15" }),
    );
    let story = story.given(settled);
    story.clone().when(apply("2025-06-14", &json!({}))).refused("barred");
    story.when(apply("2025-06-15", &json!({}))).accepted();
}

#[test]
fn of_several_bars_each_is_told_and_the_last_day_is_that_of_all() {
    let end = |area: &str, day, reason| {
        let data = json!({ "area": area, "ground": "x", "reason_class": reason });
        act("institution.terminate-agreement", day, data)
    };
    let settled = json!({ "liability": "@2", "performed_on": "2024-06-03" });
    let story = hospital()
        .given(sign_in("370200", "2024-01-01", "2024-01-01", "2025-01-01", &["basic"]))
        .given(end("370200", "2024-06-01", "breach"))
        .given(end(AREA, "2024-06-02", "illegality"))
        .given(act("institution.settle-liability", "2024-06-03", settled));
    let refused = story.clone().when(apply("2024-12-01", &json!({}))).refused("barred");
    assert_eq!(refused.blocked_by, [3, 2]);
    assert_eq!(refused.rule.unwrap().id, "R-113.5".into());
    let allowed = json!({ "from": "2027-06-02T00:00:00+08:00", "after_liability_performed": true });
    assert_eq!(refused.allowed.unwrap(), allowed);
    assert_eq!(
        refused.message.en,
        "barred (terminated for illegality) until 2027-06-02 and until liability is performed; \
         barred (terminated for serious breach) until 2025-06-01"
    );
    let zh = "在 2027-06-02 之前且责任履行完毕之前不予受理（因违法被解除协议）；在 2025-06-01 之前不予受理（因严重违约被解除协议）";
    assert_eq!(refused.message.zh, zh);
    let refused = story.when(apply("2025-06-01", &json!({}))).refused("barred");
    assert_eq!(refused.blocked_by, [3]);
}

#[test]
fn a_second_failed_evaluation_bars_one_year_in_the_same_decision() {
    let story = applied().given(in_area("institution.accept-application", "2025-06-12", json!({})));
    let story = evaluated(story, "2025-07-01", "fail");
    let again = |day| in_area("institution.evaluate", day, json!({ "verdict": "fail" }));
    let refused = story.clone().when(again("2025-09-30")).refused("too-early");
    assert_eq!(refused.blocked_by, [2 as Version]);
    let story = story.when(again("2025-10-01")).then(&["institution.evaluated", "institution.bar-raised"]);
    assert_eq!(story.events()[4].caused_by, Some(3));
    assert_eq!(basic(&story, "2025-10-01"), "refused");
    story.clone().when(apply("2026-09-30", &json!({}))).refused("barred");
    // Elsewhere it may apply: the evaluation was of this pooling area.
    let elsewhere = apply("2026-01-01", &json!({ "area": "370200" }));
    story.clone().when(elsewhere).accepted();
    story.when(apply("2026-10-01", &json!({}))).accepted();
}

#[test]
fn to_be_refused_and_apply_again_wipes_out_no_failure() {
    let refused =
        |story: Story, day| story.given(in_area("institution.refuse", day, json!({ "grounds": ["不符合"] })));
    let story = refused(evaluated(applied(), "2025-06-11", "fail"), "2025-06-12");
    let story = story.given(apply("2025-06-13", &json!({})));
    let evaluate = |day, verdict| in_area("institution.evaluate", day, json!({ "verdict": verdict }));
    for verdict in ["pass", "fail"] {
        let early = story.clone().when(evaluate("2025-09-10", verdict)).refused("too-early");
        assert_eq!(early.blocked_by, [1]);
    }
    let twice = story.clone().when(evaluate("2025-09-11", "fail"));
    let twice = twice.then(&["institution.evaluated", "institution.bar-raised"]);
    // The bar answers both: after it one failure is the first one.
    let anew = twice.given(apply("2026-09-11", &json!({})));
    anew.when(evaluate("2026-09-20", "fail")).then(&["institution.evaluated"]);
    // So it is after a pass.
    let passed = refused(story.given(evaluate("2025-09-11", "pass")), "2025-09-12");
    let anew = passed.given(apply("2025-09-13", &json!({})));
    anew.when(evaluate("2025-09-20", "fail")).then(&["institution.evaluated"]);
}

#[test]
fn refused_for_fraud_it_is_barred_everywhere_for_three_years_from_the_discovery() {
    let refuse = |day: &str, found: &str| {
        in_area("institution.refuse", day, json!({ "grounds": ["弄虚作假"], "fraud_found_on": found }))
    };
    let story = applied().when(refuse("2025-06-20", "2025-06-15"));
    let story = story.then(&["institution.refused", "institution.bar-raised"]);
    assert_eq!(story.events()[2].caused_by, Some(1));
    assert_eq!(basic(&story, "2025-06-20"), "refused");
    for area in [AREA, "430500"] {
        let again = |day| apply(day, &json!({ "area": area }));
        let refused = story.clone().when(again("2028-06-14")).refused("barred");
        assert_eq!((refused.rule.unwrap().id.clone(), refused.blocked_by), ("R-113.4".into(), vec![2]));
        story.clone().when(again("2028-06-15")).accepted();
    }
    // Told on any other ground, or found out so long ago that the bar is over, it raises none.
    let other = in_area("institution.refuse", "2025-06-20", json!({ "grounds": ["不符合条件"] }));
    applied().when(other).then(&["institution.refused"]);
    applied().when(refuse("2025-06-20", "2022-06-20")).then(&["institution.refused"]);
    let refused = applied().when(refuse("2025-06-20", "2025-06-21")).refused("found-after-decision");
    assert_eq!(refused.allowed.unwrap()["fraud_found_on"]["max"], "2025-06-20T00:00:00+08:00");
}

#[test]
fn a_pass_after_a_failure_clears_it() {
    let story = evaluated(applied(), "2025-07-01", "fail");
    let story = evaluated(story, "2025-10-01", "pass");
    assert_eq!(basic(&story, "2025-10-01"), "candidate");
}

#[test]
fn acts_on_an_application_need_one() {
    for command in ["accept-application", "return-application", "refuse"] {
        let act = in_area(&format!("institution.{command}"), "2024-06-01", json!({}));
        hospital().when(act).refused("no-application");
    }
    let evaluate = in_area("institution.evaluate", "2024-06-01", json!({ "verdict": "pass" }));
    hospital().when(evaluate).refused("no-application");
    let publicise = in_area(
        "institution.publicise",
        "2024-06-01",
        json!({ "from": "2024-06-01", "until": "2024-06-08" }),
    );
    hospital().when(publicise).refused("no-application");
}

#[test]
fn steps_the_source_leaves_out_are_findings() {
    let evaluate = in_area("institution.evaluate", "2025-07-01", json!({ "verdict": "pass" }));
    assert_eq!(applied().when(evaluate).findings(), ["no-acceptance-recorded"]);
    let publicise = in_area(
        "institution.publicise",
        "2025-07-01",
        json!({ "from": "2025-07-01", "until": "2025-07-08" }),
    );
    assert_eq!(applied().when(publicise).findings(), ["no-evaluation-recorded"]);
    let signing = sign("2025-08-20", "2025-09-01", "2026-09-01", &["basic"]);
    assert_eq!(applied().when(signing.clone()).findings(), ["no-evaluation-recorded"]);
    assert_eq!(Story::of(HOSPITAL).when(signing).findings(), ["no-application-recorded"]);
}

#[test]
fn a_public_notice_ends_after_it_begins() {
    let backwards = in_area(
        "institution.publicise",
        "2025-07-01",
        json!({ "from": "2025-07-08", "until": "2025-07-08" }),
    );
    applied().when(backwards).refused("empty-period");
}

#[test]
fn from_a_hundred_beds_on_a_department_of_its_own_is_needed() {
    let apply = |beds: Option<u32>, department: Option<bool>| {
        let mut data = json!({ "area": AREA, "name": "甲", "opened_on": "2020-01-01", "physicians": 30, "tests_offered": false });
        data["traceability_codes"] = json!(true);
        data["beds"] = json!(beds);
        data["insurance_department"] = json!(department);
        data.as_object_mut().unwrap().retain(|_, value| !value.is_null());
        Story::of(HOSPITAL).when(act("institution.apply", "2025-07-01", data))
    };
    let refused = apply(Some(100), Some(false)).refused("department-missing");
    assert_eq!(&*refused.rule.unwrap().id, "R-104.1");
    assert_eq!(apply(Some(100), None).findings(), ["insurance_department-to-verify"]);
    for (beds, department) in
        [(Some(100), Some(true)), (Some(99), Some(false)), (Some(99), None), (None, None)]
    {
        assert!(apply(beds, department).findings().is_empty(), "{beds:?} {department:?}");
    }
    let story = apply(Some(500), None).then(&["institution.applied"]);
    let due = story.obligations_of(ObligationKind::VerifyFacts, "2025-07-02");
    assert!(due[0].sum.en.starts_with("insurance department: "), "{}", due[0].sum.en);
}

#[test]
fn a_pharmacy_has_two_insurance_managers_and_contracts_of_a_year() {
    let apply = |staff: Option<u32>, months: Option<u32>| {
        let mut data = json!({ "area": AREA, "name": "乙", "opened_on": "2020-01-01", "pharmacists": 1 });
        data["insurance_staff"] = json!(staff);
        data["staff_contract_months"] = json!(months);
        data.as_object_mut().unwrap().retain(|_, value| !value.is_null());
        Story::of(PHARMACY).when(act("institution.apply", "2025-07-01", data))
    };
    let refused = apply(Some(1), Some(12)).refused("staff-missing");
    assert_eq!(
        (&*refused.rule.unwrap().id, refused.allowed.unwrap()),
        ("R-202.1", json!({ "insurance_staff": { "min": 2 } }))
    );
    let refused = apply(Some(2), Some(11)).refused("contract-too-short");
    assert_eq!(&*refused.rule.unwrap().id, "R-201.2");
    assert!(apply(Some(2), Some(12)).findings().is_empty());
    let untold = ["insurance_staff-to-verify", "staff_contract_months-to-verify"];
    assert_eq!(apply(None, None).findings(), untold);
}

#[test]
fn whether_traceability_codes_are_collected_is_a_condition_of_admission() {
    let apply = |day: &str, codes: Option<bool>| {
        let mut data = json!({ "area": AREA, "name": "甲", "opened_on": "2020-01-01", "physicians": 3, "tests_offered": false });
        if let Some(codes) = codes {
            data["traceability_codes"] = json!(codes);
        }
        Story::of(HOSPITAL).when(act("institution.apply", day, data))
    };
    let refused = apply("2025-05-28", Some(false)).refused("traceability-missing");
    assert_eq!(&*refused.rule.unwrap().id, "S0-03.1");
    assert!(apply("2025-05-27", Some(false)).findings().is_empty(), "not before the notice");
    assert_eq!(apply("2025-05-28", None).findings(), ["traceability_codes-to-verify"]);
    assert!(apply("2025-05-28", Some(true)).findings().is_empty());
}
