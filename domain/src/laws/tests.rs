//! Adopted rules: given, when, then.

use super::Laws;
use crate::event::{Event, EventType};
use crate::obligation::ObligationKind;
use crate::rulebook::Rulebook;
use crate::testing::{Act, Outcome, Story, act};
use crate::time::Instant;
use serde_json::json;
use sha2::{Digest, Sha256};
use std::sync::Arc;

const HERE: &str = "370100";
const SAMPLE: &str = "institution.audit.sample_percent";

/// A text of an area: rules given as (id, parameter, value).
fn text(rules: &[(&str, &str, u32)]) -> String {
    let mut text = "[[instrument]]\nkey = \"local\"\ntitle = \"市实施细则\"\nrank = \"normative-document\"\nconfidence = \"H\"\n"
        .to_owned();
    for (id, param, value) in rules {
        text += &format!(
            "[[rule]]\nid = {id:?}\nparam = {param:?}\ninstrument = \"local\"\narticle = \"9\"\nfrom = \"2020-01-01\"\nvalue = {value}\nconfidence = \"H\"\n"
        );
    }
    text
}

fn adopt(name: &str, text: &str, day: &str) -> Act {
    let sha256: String = Sha256::digest(text.as_bytes()).iter().map(|byte| format!("{byte:02x}")).collect();
    act("area.adopt-rules", day, json!({ "name": name, "sha256": sha256, "text": text })).by("bureau")
}

/// The area, having asked for a larger sample from the middle of 2025 on.
fn area() -> Story {
    Story::of(HERE).given(adopt("audit.toml", &text(&[("local-9", SAMPLE, 10)]), "2025-06-01"))
}

fn hospital(place: &str) -> Story {
    let data = json!({ "area": place, "lines": ["basic"], "from": "2024-01-01", "until": "2027-01-01" });
    Story::of("H37010200001").given(act("institution.sign-agreement", "2024-01-01", data))
}

fn audit(story: Story, place: &str, day: &str) -> Outcome {
    let data = json!({ "area": place, "audit": "sampled_review", "sample_bp": 700 });
    story.when(act("institution.record-audit", day, data))
}

fn value(laws: &Laws, day: &str) -> Option<i64> {
    let at = Instant::parse(day).unwrap();
    laws.book().number(SAMPLE, at, Some(crate::id::AreaCode::parse(HERE).unwrap())).map(|cited| cited.value)
}

/// What a story of an area makes of the law.
fn laws(area: &Story) -> Laws {
    let mut laws = Laws::national().clone();
    for event in area.events() {
        laws.take(area.subject(), event).unwrap();
    }
    laws
}

#[test]
fn an_adopted_rule_binds_the_institutions_of_its_area_from_its_day_on() {
    let bound = audit(hospital(HERE).in_area(&area()), HERE, "2025-06-01");
    assert_eq!(bound.findings(), ["sample-below-minimum"]);
    let story = hospital(HERE).in_area(&area());
    assert!(audit(story, HERE, "2025-05-31").findings().is_empty(), "it does not reach back");
    let elsewhere = audit(hospital("370200").in_area(&area()), "370200", "2025-06-01");
    assert!(elsewhere.findings().is_empty());
    assert!(audit(hospital(HERE), HERE, "2025-06-01").findings().is_empty(), "nothing was adopted");
}

#[test]
fn what_is_due_is_due_under_the_law_known_when_it_was_recorded() {
    let local = text(&[("local-7", "institution.records.days", 3)]);
    let here = Story::of(HERE).given(adopt("records.toml", &local, "2025-06-01"));
    let demand = |day| act("institution.demand-records", day, json!({ "what": ["处方"] })).of_area(HERE);
    let due = |story: Story| {
        let due = story.obligations_of(ObligationKind::ProvideRecords, "2025-08-01");
        due.iter().map(|due| due.due.unwrap().words()).collect::<Vec<_>>()
    };
    assert_eq!(due(hospital(HERE).in_area(&here).given(demand("2025-07-01"))), ["2025-07-04"]);
    // Recorded before the adoption, though it takes effect after its day.
    let before = hospital(HERE).given(demand("2025-07-01"));
    assert_eq!(due(before.in_area(&here)), ["2025-07-08"]);
}

/// What a city's own regulation may set: of equal rank with a departmental rule, and more local.
fn regulated(param: &str, value: &str) -> Story {
    let text = text(&[("local-1", param, 0)])
        .replace("normative-document", "local-regulation")
        .replace("value = 0", &format!("value = {value}"));
    Story::of(HERE).given(adopt("local.toml", &text, "2024-01-01").of_area(HERE))
}

/// Whether an act on the institution of an area is under its regulation, by the rule it is decided or refused under.
fn is_under(story: Story, act: Act) -> bool {
    let outcome = story.when(act);
    let cited = match outcome.decided() {
        Ok(events) => events.iter().flat_map(|event| event.rules.clone()).collect(),
        Err(rejection) => rejection.rule.iter().map(|rule| rule.id.clone()).collect::<Vec<_>>(),
    };
    cited.iter().any(|id| **id == *"local-1")
}

#[test]
fn whatever_is_decided_of_an_agreement_is_decided_under_the_rules_of_its_area() {
    let apply = |place: &str| {
        let data = json!({ "area": place, "name": "某医院", "lines": ["basic"], "physicians": 2, "opened_on": "2020-01-01" });
        act("institution.apply", "2025-06-01", data)
    };
    let new = || Story::of("H37010200001");
    let adopted = || regulated("institution.admission.physicians", "3");
    assert!(is_under(new().in_area(&adopted()), apply(HERE)));
    assert!(!is_under(new().in_area(&adopted()), apply("370200")));

    let terminate = |place: &str| {
        let data = json!({ "area": place, "ground": "违约", "reason_class": "breach" });
        act("institution.terminate-agreement", "2025-06-01", data)
    };
    let leave = |place: &str| {
        let data = json!({ "area": place, "until": "2025-07-01", "ground": "停业", "at_request": true });
        act("institution.suspend-agreement", "2025-06-01", data)
    };
    type Made<'a> = &'a dyn Fn(&str) -> Act;
    let cases: [(&str, &str, Made<'_>); 2] = [
        ("institution.bar.breach_years", "2", &terminate),
        ("institution.suspension.on_request_days", "90", &leave),
    ];
    for (param, value, made) in cases {
        let adopted = || regulated(param, value);
        assert!(is_under(hospital(HERE).in_area(&adopted()), made(HERE)), "{param}");
        assert!(!is_under(hospital("370200").in_area(&adopted()), made("370200")), "{param} elsewhere");
    }
}

#[test]
fn an_act_on_the_whole_institution_is_under_the_rules_of_its_agreement_where_who_acts_is_at_home() {
    let demand = |by: &str| {
        act("institution.demand-records", "2025-06-01", json!({ "what": ["处方"] })).by("bureau").of_area(by)
    };
    let adopted = || regulated("institution.records.days", "3");
    assert!(is_under(hospital(HERE).in_area(&adopted()), demand("370000")), "of the province");
    assert!(is_under(hospital(HERE).in_area(&adopted()), demand(HERE)));
    assert!(!is_under(hospital("370200").in_area(&adopted()), demand("370000")));
    let second = json!({ "area": HERE, "lines": ["basic"], "from": "2024-02-01", "until": "2027-01-01" });
    let both = hospital("370200").given(act("institution.sign-agreement", "2024-02-01", second));
    assert!(is_under(both.clone().in_area(&adopted()), demand(HERE)));
    assert!(!is_under(both.in_area(&adopted()), demand("370200")));
}

#[test]
fn the_same_name_again_takes_the_place_of_the_older_text_from_its_day_on() {
    let again = area().given(adopt("audit.toml", &text(&[("local-9", SAMPLE, 20)]), "2026-01-01"));
    let laws = laws(&again);
    assert_eq!(value(&laws, "2025-05-31"), Some(5));
    assert_eq!(value(&laws, "2025-12-31"), Some(10), "the old text still binds acts of its time");
    assert_eq!(value(&laws, "2026-01-01"), Some(20));
    let at = Instant::parse("2026-01-01").unwrap();
    let found = laws.book().rule(SAMPLE, at, crate::id::AreaCode::parse(HERE).ok()).unwrap();
    assert_eq!((&*found.id, &*found.instrument), ("local-9@2", "local@2"), "an id is given once");
    assert_eq!(laws.book().cite("local-9").unwrap().basis, laws.book().cite("local-9@2").unwrap().basis);
    // What was known before is what it was.
    let second = again.events()[1].recorded_at;
    assert_eq!(value(&laws.before(second), "2026-01-01"), Some(10));
    assert_eq!(value(&laws.known_at(second), "2026-01-01"), Some(20));
    assert_eq!(laws.before(second), self::laws(&area()));
    // Adopted later and in force earlier: it holds until the other begins, as the timeline of the area says.
    let between = again.given(adopt("audit.toml", &text(&[("local-9", SAMPLE, 30)]), "2025-09-01"));
    let laws = self::laws(&between);
    for (day, expected) in [("2025-08-31", 10), ("2025-09-01", 30), ("2025-12-31", 30), ("2026-01-01", 20)] {
        assert_eq!(value(&laws, day), Some(expected), "{day}");
    }
}

#[test]
fn an_adoption_annulled_is_no_law_from_when_that_is_known_and_can_be_cited_still() {
    let superior = |data| act("area.annul", "2026-03-01", data).by("bureau").of_area("370000");
    let first = area();
    let whole = first.clone().given(superior(json!({ "event": "@0", "scope": "from_start" })));
    let laws_now = laws(&whole);
    assert_eq!(value(&laws_now, "2025-07-01"), Some(5));
    assert_eq!(value(&laws_now.before(whole.events()[1].recorded_at), "2025-07-01"), Some(10));
    assert_eq!(laws_now.book().cite("local-9").unwrap().basis.article.as_deref(), Some("9"));
    assert_ne!(laws_now.book().hash(), laws(&first).book().hash());
    // From a date: what it had replaced holds again.
    let again = first.given(adopt("audit.toml", &text(&[("local-9", SAMPLE, 20)]), "2026-01-01"));
    let dated = again.given(superior(json!({ "event": "@1", "scope": "from_date", "date": "2026-04-01" })));
    let laws_now = laws(&dated);
    for (day, expected) in [("2025-07-01", 10), ("2026-03-31", 20), ("2026-04-01", 10)] {
        assert_eq!(value(&laws_now, day), Some(expected), "{day}");
    }
    // An annulment of something else of the area is none of the law's.
    let data = json!({ "basis_agreement": true, "ground": "强监管期间" });
    let other = area().given(act("area.start-moratorium", "2025-07-01", data).by("bureau"));
    let annulled = other.given(superior(json!({ "event": "@1", "scope": "from_start" })));
    assert_eq!(laws(&annulled), laws(&area()));
}

#[test]
fn only_adoptions_and_acts_on_the_record_of_an_area_may_change_the_law() {
    let may = EventType::all().map(|(number, name, _)| (EventType(*number), *name));
    let may: Vec<_> = may.filter(|(kind, _)| Laws::may_change(*kind)).map(|(_, name)| name).collect();
    assert_eq!(may, ["area.rules-adopted", "area.decision-annulled", "area.record-corrected"]);
}

#[test]
fn the_same_adoptions_in_the_same_order_are_the_same_law() {
    let again = || area().given(adopt("other.toml", &text(&[("local-10", SAMPLE, 20)]), "2026-01-01"));
    let (one, other) = (laws(&again()), laws(&again()));
    assert_eq!(one.book(), other.book());
    assert_eq!(one.book().hash(), other.book().hash());
    let first = laws(&area());
    let hashes = [Laws::national().book().hash(), first.book().hash(), one.book().hash()];
    assert!(hashes.iter().enumerate().all(|(at, hash)| !hashes[..at].contains(hash)), "{hashes:?}");
    // Taken twice, an event counts once.
    let mut twice = one.clone();
    for event in again().events() {
        assert!(!twice.take(again().subject(), event).unwrap());
    }
    assert_eq!(twice, one);
}

#[test]
fn two_areas_may_give_their_rules_the_same_ids() {
    let mut laws = laws(&area());
    let there =
        Story::of("370200").given(adopt("audit.toml", &text(&[("local-9", SAMPLE, 15)]), "2025-06-01"));
    let later = Event {
        position: 9,
        recorded_at: Instant::parse("2031-01-01").unwrap(),
        ..there.events()[0].clone()
    };
    laws.take(there.subject(), &later).unwrap();
    let at = Instant::parse("2025-07-01").unwrap();
    let of = |place: &str| {
        let found = laws.book().number(SAMPLE, at, crate::id::AreaCode::parse(place).ok()).unwrap();
        (found.value, found.citation.id.to_string())
    };
    assert_eq!(of(HERE), (10, "local-9".to_owned()));
    assert_eq!(of("370200"), (15, "local-9@2".to_owned()));
    assert_eq!(laws.book().by_id("local-9").unwrap().value, crate::rulebook::RuleValue::Number(10));
}

#[test]
fn a_replacement_is_not_outranked_by_what_it_replaces() {
    let regulation = text(&[("local-9", SAMPLE, 10)]).replace("normative-document", "local-regulation");
    let first = Story::of(HERE).given(adopt("audit.toml", &regulation, "2025-06-01"));
    let lower = text(&[("local-9", SAMPLE, 20)]);
    first.clone().when(adopt("audit.toml", &lower, "2026-01-01")).then(&["area.rules-adopted"]);
    // The story of an area is not under its own law; told so, another name is outranked.
    let told = Story::of(HERE).in_area(&first);
    told.clone().when(adopt("audit.toml", &lower, "2026-01-01")).then(&["area.rules-adopted"]);
    let refused = told.when(adopt("other.toml", &lower, "2026-01-01")).refused("rules-unreadable");
    assert!(refused.message.en.contains("is set by local-9 (local-regulation)"), "{}", refused.message.en);
}

#[test]
fn the_law_supposed_keeps_what_was_adopted() {
    let adopted = laws(&area());
    let day = Instant::parse("2025-07-01").unwrap();
    let fixed = adopted.as_if_of(day);
    assert_eq!(value(&fixed, "2019-01-01"), Some(10));
    let amended = adopted.on(Rulebook::amended("draft.toml", "").unwrap()).unwrap();
    assert_eq!(value(&amended, "2025-07-01"), Some(10));
    assert_eq!(value(&amended, "2025-05-31"), Some(5));
    // A text that this rulebook has no room for names its place in the log.
    let narrow = Rulebook::read(&[(
        "x.toml",
        &format!(
            "[[instrument]]\nkey = \"k\"\ntitle = \"t\"\nrank = \"law\"\nconfidence = \"H\"\n[[rule]]\nid = \"a\"\nparam = {SAMPLE:?}\ninstrument = \"k\"\nfrom = \"2020-01-01\"\nvalue = true\nconfidence = \"H\"\n"
        ),
    )]);
    let error = adopted.on(narrow.unwrap()).unwrap_err();
    assert_eq!(error.position, 0);
    assert!(Laws::new(Arc::new(Rulebook::amended("draft.toml", "").unwrap())).latest().is_none());
}

/// Refused later for something decided earlier: by the rule that was taken then, of the place where it was decided.
#[test]
fn a_refusal_cites_the_rule_of_the_area_that_what_blocks_was_decided_in() {
    let doctor = |place: &str| {
        let points = json!({ "area": place, "behaviour": "art-40", "institution": "H37010200001", "measure": "罚决1号",
            "points": 12 });
        let register = json!({ "institution": "H37010200001", "category": "doctor" });
        Story::of("D370100000001")
            .in_area(&regulated("practitioner.bar.years.single", "4"))
            .given(act("practitioner.register", "2025-01-01", register))
            .given(act("practitioner.deduct-points", "2025-06-01", points))
    };
    let again = || act("practitioner.reregister", "2026-06-01", json!({ "institution": "H37010200001" }));
    assert!(is_under(doctor(HERE), again()));
    assert!(!is_under(doctor("370200"), again()));

    let terminated = |place: &str| {
        let data = json!({ "area": place, "ground": "违约", "reason_class": "breach" });
        hospital(place).in_area(&regulated("institution.bar.breach_years", "2")).given(act(
            "institution.terminate-agreement",
            "2024-06-01",
            data,
        ))
    };
    let apply = |place: &str| {
        let data = json!({ "area": place, "name": "某医院", "lines": ["basic"], "physicians": 2, "opened_on": "2020-01-01" });
        act("institution.apply", "2025-06-01", data)
    };
    assert!(is_under(terminated(HERE), apply("370300")));
    assert!(!is_under(terminated("370200"), apply("370300")));

    // Whoever caused a termination is kept out as the rules of its area have it.
    let caused = |place: &str| {
        let data = json!({ "area": place, "ground": "违约", "reason_class": "breach", "responsible": ["HY370100000001"] });
        let adopted = regulated("institution.bar.responsible_years", "8");
        hospital(place).in_area(&adopted).given(act("institution.terminate-agreement", "2024-06-01", data))
    };
    let elsewhere = |place: &str| {
        let adopted = regulated("institution.bar.responsible_years", "8");
        let data = json!({ "area": "370300", "name": "某医院", "lines": ["basic"], "physicians": 2, "opened_on": "2020-01-01",
            "controllers": ["HY370100000001"] });
        let story = Story::of("H37030000009").in_area(&adopted).beside(&caused(place));
        is_under(story, act("institution.apply", "2025-06-01", data))
    };
    assert!(elsewhere(HERE));
    assert!(!elsewhere("370200"));
}

#[test]
fn what_is_due_of_the_whole_institution_is_due_where_it_is_at_home() {
    let signed = |places: [&str; 2]| {
        let terms = |place: &str| {
            let data =
                json!({ "area": place, "lines": ["basic"], "from": "2024-02-01", "until": "2027-01-01" });
            act("institution.sign-agreement", "2024-02-01", data)
        };
        let [first, second] = places;
        let fine = json!({ "article": "38", "base_fen": 1_000, "multiple_tenths": 10, "amount_fen": 1_000 });
        Story::of("H37010200001")
            .in_area(&regulated("institution.records.days", "3"))
            .given(terms(first))
            .given(terms(second))
            .given(act("institution.impose-fine", "2025-06-01", fine).by("bureau"))
            .given(act("institution.demand-records", "2025-06-01", json!({ "what": ["处方"] })).by("bureau"))
    };
    let due = |places: [&str; 2]| {
        let found = signed(places).obligations("2025-06-02");
        let of = |kind: ObligationKind| found.iter().find(|due| due.kind == kind).unwrap().clone();
        let records = of(ObligationKind::ProvideRecords);
        let area = of(ObligationKind::PayFine).area.unwrap().to_string();
        (area, records.rule.unwrap().id.to_string(), records.due.unwrap().words())
    };
    let here = (HERE.to_owned(), "local-1".to_owned(), "2025-06-04".to_owned());
    assert_eq!(due([HERE, "370200"]), here);
    assert_eq!(due(["370200", HERE]), here, "whichever was signed first");
    assert_eq!(due(["370200", "370300"]).0, "370200", "at home in none of them: the first");
}
