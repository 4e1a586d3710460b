//! What stands of other subjects and refuses an application.

use super::{HOSPITAL, PHARMACY, sign};
use crate::event::EventRef;
use crate::id::PractitionerCode;
use crate::others::What;
use crate::testing::{Act, Outcome, Story, act};
use serde_json::{Value, json};

fn apply(day: &str, more: &Value) -> Act {
    let mut data = json!({ "area": "370100", "lines": ["basic"], "name": "甲", "opened_on": "2020-01-01",
        "physicians": 2, "pharmacists": 2 });
    for (name, value) in more.as_object().into_iter().flatten() {
        data[name] = value.clone();
    }
    act("institution.apply", day, data)
}

fn moratorium(area: &str, kinds: &[&str]) -> Story {
    let data = json!({ "basis_agreement": true, "ground": "强监管期间", "designations": kinds, "until": "2025-01-01" });
    Story::of(area).given(act("area.start-moratorium", "2024-06-01", data).by("bureau"))
}

fn applies(code: &str, day: &str, beside: &Story) -> Outcome {
    Story::of(code).beside(beside).when(apply(day, &json!({})))
}

#[test]
fn a_moratorium_refuses_the_kinds_it_names_while_it_lasts() {
    let area = moratorium("370100", &["pharmacy"]);
    let refusal = applies(PHARMACY, "2024-06-01", &area).refused("moratorium");
    let fact = &refusal.blocked_by_others[0];
    assert_eq!((fact.what, &fact.event), (What::Moratorium, &EventRef("area-370100@0".into())));
    assert_eq!(refusal.allowed.unwrap()["effective_at"]["from"], "2025-01-01T00:00:00+08:00");
    assert!(refusal.message.zh.contains("暂停纳入"), "{}", refusal.message.zh);
    let _ = applies(PHARMACY, "2024-05-31", &area).then(&["institution.applied"]);
    let _ = applies(PHARMACY, "2025-01-01", &area).then(&["institution.applied"]);
    let _ = applies(HOSPITAL, "2024-06-01", &area).then(&["institution.applied"]);
}

#[test]
fn a_moratorium_of_the_prefecture_or_the_province_holds_in_its_areas_and_not_elsewhere() {
    applies(HOSPITAL, "2024-06-01", &moratorium("370000", &[])).refused("moratorium");
    let _ = applies(HOSPITAL, "2024-06-01", &moratorium("370200", &[])).then(&["institution.applied"]);
    let _ = applies(HOSPITAL, "2024-06-01", &moratorium("430000", &[])).then(&["institution.applied"]);
}

#[test]
fn who_is_admitted_already_may_apply_for_a_further_line_during_a_moratorium() {
    let signed = Story::of(HOSPITAL).given(sign("2024-01-01", "2024-01-01", "2026-01-01", &["basic"]));
    let line = apply("2024-07-01", &json!({ "lines": ["dual_channel"] }));
    let _ = signed.beside(&moratorium("370100", &[])).when(line).then(&["institution.applied"]);
}

#[test]
fn a_ban_from_managing_refuses_applications_that_name_the_person_for_as_long_as_it_lasts() {
    let ban = act("practitioner.ban-manager", "2024-06-01", json!({})).by("bureau");
    let person = Story::of("D370100000123").given(ban);
    let names = |day: &str, more: &Value| Story::of(HOSPITAL).beside(&person).when(apply(day, more));
    for role in [
        json!({ "legal_representative": "D370100000123" }),
        json!({ "principal": "D370100000123" }),
        json!({ "controllers": ["x-1", "D370100000123"] }),
    ] {
        let refusal = names("2024-07-01", &role).refused("manager-banned");
        assert_eq!(refusal.blocked_by_others[0].event, EventRef("practitioner-D370100000123@0".into()));
        assert_eq!(refusal.blocked_by_others[0].person, PractitionerCode::parse("D370100000123").ok());
        assert_eq!(refusal.rule.map(|rule| rule.id.to_string()).as_deref(), Some("R-022"));
        let _ = names("2024-05-31", &role).then(&["institution.applied"]);
        let _ = names("2029-06-01", &role).then(&["institution.applied"]);
    }
    // Somebody of whom nothing is known, and a number that only somebody else knows.
    let _ = names("2024-07-01", &json!({ "principal": "D370100000124" })).then(&["institution.applied"]);
    let _ = names("2024-07-01", &json!({ "principal": "370100000123" })).then(&["institution.applied"]);
}

#[test]
fn an_annulled_ban_refuses_nobody_from_when_it_no_longer_holds() {
    let ban = act("practitioner.ban-manager", "2024-06-01", json!({})).by("bureau");
    let annul = json!({ "event": "@0", "scope": "from_date", "date": "2024-09-01" });
    let person = Story::of("D370100000123")
        .given(ban)
        .given(act("practitioner.annul", "2024-10-01", annul).by("court"));
    let names = |day: &str| {
        let data = json!({ "principal": "D370100000123" });
        Story::of(HOSPITAL).beside(&person).when(apply(day, &data))
    };
    names("2024-08-31").refused("manager-banned");
    let _ = names("2024-09-01").then(&["institution.applied"]);
}

/// A pharmacy elsewhere, terminated for a reason, with somebody to blame.
fn to_blame(area: &str, who: &str, reason: &str) -> Story {
    let terms = json!({ "area": area, "lines": ["basic"], "name": "乙", "from": "2023-01-01", "until": "2026-01-01" });
    let data = json!({ "area": area, "ground": "查实", "reason_class": reason, "responsible": [who] });
    Story::of("P37020000009").given(act("institution.sign-agreement", "2023-01-01", terms)).given(act(
        "institution.terminate-agreement",
        "2024-06-01",
        data,
    ))
}

#[test]
fn who_caused_a_termination_keeps_every_institution_he_runs_out_for_five_years() {
    let names = |blamed: &Story, day: &str, who: &str| {
        Story::of(HOSPITAL).beside(blamed).when(apply(day, &json!({ "controllers": [who] })))
    };
    let person = "HY370200000001";
    let blamed = to_blame("370200", person, "breach");
    let refusal = names(&blamed, "2024-06-01", person).refused("person-barred");
    assert_eq!(refusal.blocked_by_others[0].event, EventRef("institution-P37020000009@1".into()));
    assert_eq!(refusal.rule.map(|rule| rule.id.to_string()).as_deref(), Some("R-113.7"));
    names(&blamed, "2029-05-31", person).refused("person-barred");
    let _ = names(&blamed, "2029-06-01", person).then(&["institution.applied"]);
    let _ = names(&blamed, "2024-07-01", "HY370200000002").then(&["institution.applied"]);
    // A name says nothing of who it is.
    let _ = names(&blamed, "2024-07-01", "张三").then(&["institution.applied"]);
}

#[test]
fn a_termination_that_is_no_serious_violation_bars_no_person_and_says_so() {
    let other = to_blame("370200", "HY370200000001", "other");
    let applied = Story::of(HOSPITAL)
        .beside(&other)
        .when(apply("2024-07-01", &json!({ "principal": "HY370200000001" })));
    assert!(applied.findings().is_empty());
    let data = json!({ "area": "370100", "ground": "查实", "reason_class": "other", "responsible": ["HY370100000007"] });
    let noted = Story::of(HOSPITAL)
        .given(sign("2024-01-01", "2024-01-01", "2026-01-01", &["basic"]))
        .when(act("institution.terminate-agreement", "2024-06-01", data));
    assert_eq!(noted.findings(), ["no-rule-for-a-bar", "no-rule-for-a-bar-on-persons"]);
}

/// A case opened against nobody yet, with a lead about an institution.
fn lead(source: &str, about: &Value) -> Story {
    let opened = act("case.open", "2025-02-01", json!({ "area": "370100" }));
    let data = json!({ "source": source, "about": about, "content": "反映申请材料不实" });
    Story::of("case-2025-0001").given(opened).given(act("case.receive-lead", "2025-03-01", data))
}

fn signs(day: &str, beside: &Story) -> Outcome {
    Story::of(HOSPITAL).beside(beside).when(sign(day, day, "2026-03-01", &["basic"]))
}

#[test]
fn a_complaint_is_verified_before_an_agreement_is_signed() {
    let waiting = lead("complaint", &json!([HOSPITAL]));
    let refusal = signs("2025-03-10", &waiting).refused("complaint-unverified");
    let fact = &refusal.blocked_by_others[0];
    assert_eq!((fact.what, &fact.event), (What::Complaint, &EventRef("case-case-2025-0001@1".into())));
    assert_eq!(refusal.rule.unwrap().id.as_ref(), "S2-15");
    assert!(refusal.message.zh.contains("未经核实"), "{}", refusal.message.zh);
    let passes = |outcome: Outcome| drop(outcome.then(&["institution.agreement-signed"]));
    passes(signs("2025-02-28", &waiting));
    let finds = |about: Value, outcome: &str| {
        let found = json!({ "about": about, "facts": ["核查情况"], "outcome": outcome });
        lead("complaint", &json!([HOSPITAL])).given(act("case.find", "2025-03-05", found))
    };
    passes(signs("2025-03-10", &finds(json!([HOSPITAL]), "unfounded")));
    passes(signs("2025-03-10", &finds(json!([]), "founded")));
    signs("2025-03-10", &finds(json!([PHARMACY]), "unfounded")).refused("complaint-unverified");
    signs("2025-03-04", &finds(json!([HOSPITAL]), "unfounded")).refused("complaint-unverified");
    let closed = act("case.close", "2025-03-08", json!({ "outcome": "unfounded" }));
    passes(signs("2025-03-08", &waiting.clone().given(closed)));
    let annul = act("case.annul", "2025-03-09", json!({ "event": "@1", "scope": "from_start" })).by("bureau");
    passes(signs("2025-03-10", &waiting.clone().given(annul)));
    passes(signs("2025-03-10", &lead("data", &json!([HOSPITAL]))));
    passes(signs("2025-03-10", &lead("complaint", &json!([PHARMACY]))));
}

#[test]
fn a_complaint_that_names_nobody_is_about_those_the_case_is_about() {
    let opened = act("case.open", "2025-02-01", json!({ "area": "370100", "subjects": [HOSPITAL] }));
    let data = json!({ "source": "complaint", "content": "反映申请材料不实" });
    let case = Story::of("case-2025-0001").given(opened).given(act("case.receive-lead", "2025-03-01", data));
    signs("2025-03-10", &case).refused("complaint-unverified");
}

#[test]
fn before_the_notice_no_complaint_is_asked_for() {
    let opened = act("case.open", "2018-01-01", json!({ "area": "370100", "subjects": [HOSPITAL] }));
    let data = json!({ "source": "complaint", "content": "反映申请材料不实" });
    let case = Story::of("case-2018-0001").given(opened).given(act("case.receive-lead", "2018-02-01", data));
    let _ = signs("2018-11-28", &case).then(&["institution.agreement-signed"]);
    signs("2018-11-29", &case).refused("complaint-unverified");
}
