use super::{HOSPITAL, PHARMACY, basic, hospital, in_area, sign, sign_in, terminate};
use crate::event::EventData;
use crate::institution::InstitutionEvent;
use crate::institution::facts::{BarTerms, Termination};
use crate::rejection::RejectionKind;
use crate::testing::{Story, act};
use crate::track::BarClass;
use serde_json::json;

fn termination(story: &Story, version: usize) -> &Termination {
    match &story.events()[version].data {
        EventData::Institution(InstitutionEvent::AgreementTerminated(data)) => data,
        other => panic!("{other:?}"),
    }
}

fn bar_on(day: &str, reason: &str) -> Option<BarTerms> {
    let signed = sign("2018-01-01", "2018-01-01", "2030-01-01", &["basic"]);
    let story = Story::of(PHARMACY).given(signed).given(terminate(day, reason));
    termination(&story, 1).bar.clone()
}

#[test]
fn the_reason_class_decides_the_bar() {
    let bar =
        |reason| bar_on("2024-06-01", reason).map(|bar| (bar.class, bar.until.words(), bar.until_performed));
    assert_eq!(bar("illegality"), Some((BarClass::Illegality, "2027-06-01".to_owned(), true)));
    assert_eq!(bar("breach"), Some((BarClass::Breach, "2025-06-01".to_owned(), true)));
    let fraud = Some((BarClass::FraudInApplication, "2027-06-01".to_owned(), false));
    assert_eq!(bar("fraud_in_application"), fraud);
    assert_eq!(bar("consent"), None);
    assert_eq!(bar("not_rectified"), None);
    assert_eq!(bar("other"), None);
}

#[test]
fn the_bar_for_fraud_runs_from_its_discovery_where_that_is_told() {
    let terminated = |reason: &str, found: &str| {
        let data = json!({ "ground": "查实", "reason_class": reason, "fraud_found_on": found });
        hospital().when(in_area("institution.terminate-agreement", "2024-06-01", data))
    };
    let story = terminated("fraud_in_application", "2024-03-10").then(&["institution.agreement-terminated"]);
    assert_eq!(termination(&story, 1).bar.as_ref().unwrap().until.words(), "2027-03-10");
    terminated("breach", "2024-03-10").refused("reason-disagrees");
    terminated("fraud_in_application", "2024-06-02").refused("found-after-decision");
}

#[test]
fn from_november_2018_to_january_2021_the_bar_is_flat_three_years() {
    let bar = |day| bar_on(day, "breach");
    assert_eq!(bar("2018-11-28"), None);
    let flat = bar("2018-11-29").unwrap();
    assert_eq!((flat.class, flat.until_performed), (BarClass::Terminated2018, false));
    assert_eq!(flat.until.words(), "2021-11-29");
    assert_eq!(bar("2021-01-31").unwrap().class, BarClass::Terminated2018);
    assert_eq!(bar("2021-02-01").unwrap().class, BarClass::Breach);
    assert_eq!(bar_on("2020-01-01", "consent"), None);
    assert_eq!(bar_on("2020-01-01", "other").unwrap().class, BarClass::Terminated2018);
}

#[test]
fn a_reason_without_a_rule_for_a_bar_is_noticed() {
    assert_eq!(hospital().when(terminate("2024-06-01", "other")).findings(), ["no-rule-for-a-bar"]);
    assert!(hospital().when(terminate("2024-06-01", "consent")).findings().is_empty());
}

#[test]
fn basic_ends_all_lines_and_a_single_line_leaves_the_others() {
    let story =
        Story::of(PHARMACY).given(sign("2025-01-01", "2025-01-01", "2026-01-01", &["basic", "dual_channel"]));
    let end = |line| {
        let data = json!({ "ground": "查实", "reason_class": "breach", "line": line });
        in_area("institution.terminate-agreement", "2025-08-04", data)
    };
    let outcome = story.clone().when(end("dual_channel"));
    assert_eq!(outcome.findings(), ["no-bar-for-one-line"]);
    let one = outcome.then(&["institution.agreement-terminated"]);
    assert_eq!(one.value("agreement/370100/dual_channel", "2025-08-04"), "terminated");
    assert_eq!(basic(&one, "2025-08-04"), "in_force");
    assert!(!one.standing("2025-08-04").iter().any(|line| line.starts_with("bar/")));
    let all = story.given(end("basic"));
    assert_eq!(all.value("agreement/370100/dual_channel", "2025-08-04"), "terminated");
    assert_eq!(all.value("bar/1", "2025-08-04"), "barred breach unperformed");
}

#[test]
fn what_has_ended_is_not_terminated_again() {
    hospital().when(terminate("2025-01-01", "breach")).refused("not-in-force");
    let story = hospital().given(terminate("2024-06-01", "breach"));
    let refused = story.when(terminate("2024-07-01", "illegality")).refused("not-in-force");
    assert_eq!(refused.blocked_by, [1]);
}

#[test]
fn terminating_a_suspended_agreement_ends_it_for_good() {
    let story = hospital()
        .given(super::suspend("2024-03-01", json!({ "until": "2024-06-01" })))
        .given(terminate("2024-04-01", "breach"));
    assert_eq!(basic(&story, "2024-04-01"), "terminated");
    assert_eq!(basic(&story, "2024-06-01"), "terminated");
}

fn in_three_areas() -> Story {
    hospital()
        .given(sign_in("370200", "2024-02-01", "2024-02-01", "2025-01-01", &["basic", "internet"]))
        .given(sign_in("430500", "2024-02-01", "2024-02-01", "2024-03-01", &["basic"]))
}

#[test]
fn an_agency_below_prefecture_or_of_another_place_ends_only_its_own_agreement() {
    for area in ["370102", "370200", "430000"] {
        let act = terminate("2024-02-15", "illegality").of_area(area);
        in_three_areas().when(act).then(&["institution.agreement-terminated"]);
    }
}

#[test]
fn only_agreements_that_still_run_are_mirrored_and_the_bar_is_raised_once() {
    let act = terminate("2024-06-01", "illegality").of_area("370000");
    let story = in_three_areas()
        .when(act)
        .then(&["institution.agreement-terminated", "institution.agreement-terminated"]);
    let mirrored = termination(&story, 4);
    assert_eq!(mirrored.area.to_string(), "370200");
    assert_eq!(&*mirrored.origin.clone().unwrap().0, "institution-H37010200001@3");
    assert_eq!(mirrored.bar, None);
    assert_eq!(story.events()[4].caused_by, Some(3));
    assert_eq!(story.value("agreement/370200/internet", "2024-06-01"), "terminated");
    assert_eq!(story.value("agreement/430500/basic", "2024-06-01"), "lapsed");
}

#[test]
fn before_the_rules_of_2021_nothing_is_mirrored() {
    let signed = |area| sign_in(area, "2020-01-01", "2020-01-01", "2021-01-01", &["basic"]);
    let story = Story::of(HOSPITAL).given(signed("370100")).given(signed("370200"));
    let act = terminate("2020-06-01", "illegality").of_area("370100");
    story.when(act).then(&["institution.agreement-terminated"]);
}

#[test]
fn liability_is_settled_once_on_a_day_that_has_come_and_for_a_decision_that_makes_one() {
    let settle = |event: &str, day: &str| {
        act("institution.settle-liability", "2024-09-01", json!({ "liability": event, "performed_on": day }))
    };
    let story = hospital().given(terminate("2024-06-01", "breach"));
    story.clone().when(settle("@1", "2024-09-02")).refused("not-yet-performed");
    story.clone().when(settle("@0", "2024-08-01")).refused("wrong-event");
    let refused = story.clone().when(settle("@77", "2024-08-01")).refused("no-such-event");
    assert_eq!(refused.kind, RejectionKind::NotFound);
    let story = story.given(settle("@1", "2024-08-01"));
    assert_eq!(story.value("bar/1", "2024-07-31"), "barred breach unperformed");
    assert_eq!(story.value("bar/1", "2024-08-01"), "barred breach performed");
    assert_eq!(story.value("bar/1", "2025-05-31"), "barred breach performed");
    assert_eq!(story.value("bar/1", "2025-06-01"), "");
    story.when(settle("@1", "2024-08-15")).refused("already-performed");
}

#[test]
fn a_termination_annulled_from_the_start_never_was() {
    let story = hospital().given(terminate("2024-06-01", "breach")).given(
        act("institution.annul", "2024-08-01", json!({ "event": "@1", "scope": "from_start" })).by("court"),
    );
    assert_eq!(basic(&story, "2024-07-01"), "in_force");
    assert!(!story.standing("2024-07-01").iter().any(|line| line.starts_with("bar/")));
}
