use super::*;
use crate::answers::testing::{Tale, at, pharmacy, physician};
use crate::answers::{Axis, Census, ClaimAsked, Count, Payable, Points, Refusal, Show, entries, list::Row};
use accord_domain::payable::EmergencyRules;
use accord_domain::rulebook::{Citation, Confidence, Source};
use accord_domain::{AreaCode, Basis, InstitutionCode, Line, PractitionerCode, Rejection, words};
use insta::assert_snapshot;
use serde_json::json;

/// Both languages, one under the other.
fn both(text: impl Fn(Lang) -> String) -> String {
    format!("{}════════\n{}", text(Lang::Zh), text(Lang::En))
}

fn claim(line: Line, practitioner: Option<&str>) -> ClaimAsked {
    ClaimAsked {
        institution: InstitutionCode::parse("P43050300012").unwrap(),
        practitioner: practitioner.map(|code| PractitionerCode::parse(code).unwrap()),
        area: None,
        line,
        department: None,
        emergency: false,
    }
}

fn asked(tale: &Tale, day: &str, claim: &ClaimAsked, people: Option<&Tale>) -> Payable {
    let people = people.map(|people| people.stands(day));
    Payable::of(claim, &tale.stands(day), people.as_ref(), |_, _| EmergencyRules::default()).unwrap()
}

#[test]
fn show_of_an_institution_tells_status_flags_and_why() {
    let show_at = |day| Show::of(&pharmacy().stands(day));
    assert_snapshot!("show_institution", both(|lang| show(&show_at("2025-09-15"), lang)));
    assert_snapshot!("show_institution_json", serde_json::to_string_pretty(&show_at("2025-09-15")).unwrap());
}

#[test]
fn show_before_the_first_act_says_that_there_is_no_agreement() {
    assert_snapshot!("show_before", both(|lang| show(&Show::of(&pharmacy().stands("2024-12-31")), lang)));
}

#[test]
fn show_of_a_practitioner_tells_points_and_sites() {
    let show_of = Show::of(&physician().stands("2025-07-01"));
    assert_snapshot!("show_practitioner", both(|lang| show(&show_of, lang)));
    assert_snapshot!("show_practitioner_json", serde_json::to_string_pretty(&show_of).unwrap());
}

#[test]
fn a_bar_says_whether_it_is_to_applying_or_to_registering_again() {
    let person = physician().then(
        "practitioner.qualification-terminated",
        "2025-06-20",
        json!({ "barred_until": "2026-06-20", "class": "points_accumulated", "ground": "记满" }),
        None,
    );
    let place = pharmacy().then(
        "institution.bar-raised",
        "2025-08-01",
        json!({ "area": "430500", "bar": { "class": "fraud_in_application", "until": "2028-08-01", "until_performed": false } }),
        None,
    );
    for (tale, zh, en) in [
        (person, "不得再次登记备案（年度累计记满分）", "Barred from registering again ("),
        (place, "不得申请定点（申请时弄虚作假）", "Barred from applying for designation ("),
    ] {
        let stands = Show::of(&tale.stands("2025-09-15"));
        let (told, english) = (show(&stands, Lang::Zh), show(&stands, Lang::En));
        assert!(told.contains(zh), "{told}");
        assert!(english.contains(en), "{english}");
    }
}

#[test]
fn history_marks_what_was_annulled_and_keeps_it() {
    let tale = pharmacy();
    let lines = entries(&tale.stored, Axis::Recorded).unwrap();
    assert_snapshot!("history", both(|lang| history(&lines, Axis::Recorded, lang)));
    assert_snapshot!("history_json", serde_json::to_string_pretty(&lines[1]).unwrap());
}

#[test]
fn payable_lists_every_reason_with_its_period_and_basis() {
    let tale = pharmacy();
    let refused = asked(&tale, "2025-09-15", &claim(Line::SpecialOutpatient, None), None);
    assert_snapshot!("payable_refused", both(|lang| payable(&refused, lang)));
    assert_snapshot!("payable_json", serde_json::to_string_pretty(&refused).unwrap());
    let held = asked(&tale, "2025-10-10", &claim(Line::SpecialOutpatient, None), None);
    assert_snapshot!("payable_held", both(|lang| payable(&held, lang)));
    let unknown = asked(&tale, "2025-08-01", &claim(Line::Basic, Some("D510105000123")), Some(&physician()));
    assert_snapshot!("payable_practitioner_elsewhere", both(|lang| payable(&unknown, lang)));
}

#[test]
fn a_claim_is_payable_again_from_the_instant_the_suspension_ends() {
    let tale = pharmacy();
    let outcome = |day| asked(&tale, day, &claim(Line::SpecialOutpatient, None), None).outcome;
    assert_eq!(outcome("2025-08-03T23:59:59+08:00"), accord_domain::payable::Outcome::Payable);
    assert_eq!(outcome("2025-08-04"), accord_domain::payable::Outcome::Refused);
}

/// An institution with agreements in these areas, and a claim that names none of them.
fn signed_in(code: &str, areas: &[&str]) -> (Tale, ClaimAsked) {
    let tale = areas.iter().fold(Tale::of(code), |tale, area| {
        let terms = json!({ "area": area, "lines": ["basic"], "from": "2025-01-01", "until": "2026-01-01" });
        tale.then("institution.agreement-signed", "2025-01-01", terms, None)
    });
    let institution = InstitutionCode::parse(code).unwrap();
    (tale, ClaimAsked { institution, ..claim(Line::Basic, None) })
}

#[test]
fn several_areas_without_one_being_named_is_asked_back_with_the_list() {
    let (tale, claim) = signed_in("H37010200001", &["370300", "370600"]);
    let error =
        Payable::of(&claim, &tale.stands("2025-02-01"), None, |_, _| EmergencyRules::default()).unwrap_err();
    assert_snapshot!(error.message(Lang::En), @"H37010200001 has agreements in several pooling areas; say which one pays: 370300, 370600");
    let (tale, claim) = signed_in("H00000000000", &["370300"]);
    let error =
        Payable::of(&claim, &tale.stands("2024-02-01"), None, |_, _| EmergencyRules::default()).unwrap_err();
    assert_snapshot!(error.message(Lang::En), @"the code H00000000000 names no pooling area, and no agreement does: say which one pays");
}

#[test]
fn the_pooling_area_named_is_the_one_that_pays() {
    let (tale, mut claim) = signed_in("H37010200001", &["370300", "370600"]);
    claim.area = Some(AreaCode::parse("370600").unwrap());
    let answer =
        Payable::of(&claim, &tale.stands("2025-02-01"), None, |_, _| EmergencyRules::default()).unwrap();
    assert_eq!(answer.area.to_string(), "370600");
}

#[test]
fn points_are_told_act_by_act() {
    let tale = physician();
    let answer = Points::of(&tale.subject, 2025, tale.day("2025-12-31"), &tale.stored).unwrap();
    assert_snapshot!("points", both(|lang| points(&answer, lang)));
    let early = Points::of(&tale.subject, 2025, tale.day("2025-05-01"), &tale.stored).unwrap();
    assert_eq!((early.total, early.entries.len()), (6, 1));
    let other_year = Points::of(&tale.subject, 2024, tale.day("2025-12-31"), &tale.stored).unwrap();
    assert_eq!((other_year.total, other_year.entries.len()), (0, 0));
}

#[test]
fn lists_and_the_census_are_tables_that_line_up() {
    let tale = pharmacy();
    let standing = tale.stands("2025-09-15");
    let rows: Vec<Row> = standing
        .spans
        .iter()
        .filter(|span| span.track.is_status_of(tale.subject.kind()))
        .map(|span| Row::of(&tale.subject, standing.name.as_deref().map(Into::into), None, span))
        .collect();
    assert_snapshot!("list", both(|lang| list(&rows, lang)));
    let count = |kind, line, status, count| Count {
        kind,
        area: (kind == "institution").then(|| AreaCode::from_number(430_500)),
        line,
        status,
        count,
    };
    let answer = Census {
        coordinates: tale.day("2025-09-15"),
        area: None,
        institutions: 1,
        practitioners: 1200,
        enterprises: 0,
        insured: 0,
        areas: 0,
        cases: 0,
        counts: vec![
            count("institution", Some(Line::Basic), "in_force", 1),
            count("institution", Some(Line::SpecialOutpatient), "suspended", 1),
            count("practitioner", None, "suspended", 1200),
        ],
    };
    assert_snapshot!("census", both(|lang| census(&answer, lang)));
}

#[test]
fn a_refusal_names_rule_citation_and_what_would_be_accepted() {
    let rejection =
        Rejection::new("out-of-range", words!("6 months at most may be chosen", "最多可选 6 个月"))
            .rule(Citation::new(Source {
                id: "R-318".into(),
                basis: Basis {
                    instrument: "医保支付资格管理制度".into(), article: Some("18".into())
                },
                confidence: Confidence::M,
                conflicts_with: Box::default(),
            }))
            .allowed(json!({ "min": 1, "max": 6, "unit": "month" }));
    let blocked = vec![pharmacy().id(1).parse().unwrap()];
    let of = |lang| Refusal::of(&rejection, blocked.clone(), lang);
    assert_snapshot!("refusal", both(|lang| refusal(&of(lang), lang)));
    assert_snapshot!("refusal_json", serde_json::to_string_pretty(&of(Lang::En)).unwrap());
}

#[test]
fn dates_at_midnight_are_days_and_others_carry_their_time() {
    assert_eq!(day(at("2025-08-04")), "2025-08-04");
    assert_eq!(day(at("2025-08-04T09:30:00Z")), "2025-08-04 17:30:00");
}

#[test]
fn a_recorded_text_hides_no_line_and_forges_none() {
    let name = "甲医院\n2024-01-01  status 解除\u{1b}[1A\u{1b}[2K\u{202e}\0";
    let shown = r"甲医院\u{a}2024-01-01  status 解除\u{1b}[1A\u{1b}[2K\u{202e}\u{0}";
    assert_eq!(
        super::heading("H1", Some(name), &[name.into()], Lang::En),
        format!("H1  {shown} (formerly {shown})\n")
    );
    assert_eq!(
        super::facts::facts("", &serde_json::json!({ "name": name }), Lang::En),
        format!("name {shown}")
    );
    let basis = accord_domain::Basis { instrument: name.into(), article: None };
    assert_eq!(super::words::basis(&[basis], Lang::En), shown);
    let mut table = super::table::Table::new(&["name"]);
    table.row([name.to_owned()]);
    assert_eq!(table.render().lines().nth(2), Some(shown));
}
