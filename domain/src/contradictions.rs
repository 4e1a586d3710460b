//! Where sources contradict each other or themselves: one test for each row `C-01` to `C-19`, that the
//! ledger does what was resolved there.

use crate::event::EventData;
use crate::history::History;
use crate::id::AreaCode;
use crate::institution::InstitutionEvent;
use crate::obligation::{ObligationKind, ObligationState};
use crate::payable::EmergencyRules;
use crate::rulebook::{Confidence, Provision, Rulebook};
use crate::testing::{Act, Story, act};
use crate::time::Instant;
use crate::track::{Track, Value};
use crate::words;
use serde_json::{Value as Json, json};

const HOSPITAL: &str = "H37010200001";
const PHARMACY: &str = "P43050300012";
const DOCTOR: &str = "D430500000001";
const AREA: &str = "370100";

fn at(text: &str) -> Instant {
    Instant::parse(text).unwrap()
}

fn area(text: &str) -> Option<AreaCode> {
    AreaCode::parse(text).ok()
}

fn number(param: &str, day: &str, place: &str) -> Option<(i64, Box<str>)> {
    let found = Rulebook::national().number(param, at(day), area(place))?;
    Some((found.value, found.citation.id.clone()))
}

fn range(param: &str, day: &str, place: &str) -> Option<(i64, i64)> {
    Rulebook::national().range(param, at(day), area(place)).map(|found| found.value)
}

fn provision(id: &str) -> &'static Provision {
    Rulebook::national().provisions().iter().find(|provision| &*provision.id == id).unwrap()
}

fn signed(code: &str, from: &str, until: &str) -> Story {
    Story::of(code).given(act(
        "institution.sign-agreement",
        from,
        json!({ "area": AREA, "lines": ["basic"], "name": "甲", "from": from, "until": until, "ownership": "private" }),
    ))
}

fn hospital() -> Story {
    signed(HOSPITAL, "2025-01-01", "2027-01-01")
}

fn suspend(day: &str, until: &str) -> Act {
    act(
        "institution.suspend-agreement",
        day,
        json!({ "area": AREA, "until": until, "ground": "agreement-breach" }),
    )
}

fn terminate(day: &str, ground: &str, class: &str) -> Act {
    act(
        "institution.terminate-agreement",
        day,
        json!({ "area": AREA, "ground": ground, "reason_class": class }),
    )
}

fn standing(story: &Story, day: &str) -> String {
    story.value("agreement/370100/basic", day)
}

/// A person registered where no rule of the area's own is known.
fn doctor() -> History {
    let mut history = History::of(DOCTOR);
    history.act("register", "2025-01-01", json!({ "institution": "H43050000001", "category": "doctor" }));
    history
}

fn points(points: u8, behaviour: &str) -> Json {
    json!({ "points": points, "behaviour": behaviour, "institution": "H43050000001", "area": "500100", "measure": "罚决1号" })
}

#[test]
fn c_01_suspensions_before_termination_is_due() {
    let medical = |day, place| number("institution.termination.suspensions.medical", day, place).unwrap().0;
    let pharmacy = |day, place| number("institution.termination.suspensions.pharmacy", day, place).unwrap().0;
    for count in [medical, pharmacy] {
        assert_eq!(count("2018-11-29", "370100"), 3);
        assert_eq!(count("2021-01-31", "370100"), 3);
        assert_eq!(count("2020-06-01", "210100"), 2, "Liaoning since 2019");
        assert_eq!(count("2021-02-01", "370100"), 2);
    }
}

#[test]
fn c_02_bars_keep_their_reason_and_wait_for_liability() {
    let bar = |class: &str, day: &str| {
        signed(HOSPITAL, "2018-01-01", "2030-01-01").given(terminate(day, "查实", class))
    };
    assert_eq!(bar("breach", "2020-06-01").value("bar/1", "2021-01-01"), "barred terminated_2018 performed");
    let breach = bar("breach", "2024-06-01");
    assert_eq!(breach.value("bar/1", "2025-05-31"), "barred breach unperformed");
    assert_eq!(
        breach.value("bar/1", "2030-01-01"),
        "barred breach unperformed",
        "not over before it is performed"
    );
    let settled = breach.given(act(
        "institution.settle-liability",
        "2025-09-01",
        json!({ "liability": "@1", "performed_on": "2025-09-01" }),
    ));
    assert_eq!(settled.value("bar/1", "2025-09-01"), "", "the later of a year and the performance");
    assert_eq!(bar("illegality", "2024-06-01").value("bar/1", "2027-05-31"), "barred illegality unperformed");
    let applied = bar("fraud_in_application", "2024-06-01");
    assert_eq!(applied.value("bar/1", "2027-05-31"), "barred fraud_in_application performed");
    assert_eq!(
        applied.value("bar/1", "2027-06-01"),
        "",
        "three years from the discovery, whatever was performed"
    );
    let data =
        json!({ "area": AREA, "ground": "查实", "reason_class": "breach", "responsible": ["D370102000001"] });
    let named = signed(HOSPITAL, "2018-01-01", "2030-01-01");
    let named = named.given(act("institution.terminate-agreement", "2024-06-01", data));
    let EventData::Institution(InstitutionEvent::AgreementTerminated(facts)) = &named.events()[1].data else {
        panic!("a termination")
    };
    assert_eq!(facts.responsible_until, Some(at("2029-06-01")), "five years for those who caused it");
}

#[test]
fn c_03_refusal_to_cooperate_has_three_outcomes() {
    let fine =
        act("institution.impose-fine", "2025-06-01", json!({ "article": "39", "amount_fen": 2_000_000 }));
    let fined = hospital().given(fine.by("bureau"));
    assert_eq!(standing(&fined, "2025-06-02"), "in_force");
    let hold = json!({ "ground": "art-30", "refused_cooperation": true, "approved_by_principal": true });
    let held = hospital().given(act("institution.hold-settlement", "2025-06-01", hold).by("bureau"));
    assert_eq!(standing(&held, "2025-06-02"), "in_force");
    // 情节恶劣 is found by people and stated as the ground.
    let ended = hospital().given(terminate("2025-06-01", "拒不配合检查，情节恶劣", "breach"));
    assert_eq!(standing(&ended, "2025-06-02"), "terminated");
}

#[test]
fn c_04_sanctions_on_people_are_those_of_2025_since_2025() {
    let book = Rulebook::national();
    for param in
        ["practitioner.points.suspend", "practitioner.points.terminate", "practitioner.bar.years.single"]
    {
        assert!(book.rule(param, at("2024-12-31"), None).is_none(), "{param}");
        assert!(book.rule(param, at("2025-01-01"), None).is_some(), "{param}");
    }
    // The 1 to 5 years of 2018 are history.
    let old = provision("S2-25");
    assert!(old.in_force(at("2024-12-31")) && !old.in_force(at("2025-01-01")));
}

#[test]
fn c_05_people_are_suspended_or_terminated_whatever_the_source_calls_it() {
    let mut history = doctor();
    history.act("suspend", "2025-06-01", json!({ "ground": "中止医保支付资格", "until": "2025-07-01" }));
    assert_eq!(history.says(&Track::Qualification, "2025-06-15"), "suspended");
    assert_eq!(words::value(&Track::Qualification, Value::Suspended).zh, "暂停");
    let kept = String::from_utf8(history.bodies[1].clone()).unwrap();
    assert!(kept.contains("中止医保支付资格"), "{kept}");
}

#[test]
fn c_06_who_is_covered_at_pharmacies_is_not_in_the_code() {
    for (place, category) in
        [("P43050300012", "pharmacist"), ("P51010500012", "technician"), ("P11010500012", "principal")]
    {
        let mut history = History::of("HY430500000001");
        history.act("register", "2025-06-01", json!({ "institution": place, "category": category }));
        assert_eq!(history.says(&Track::Qualification, "2025-06-01"), "normal");
    }
    assert!(provision("R-301").area.is_none());
    let wider = ["J-01", "J-02", "J-05", "J-06"].map(|id| provision(id).area.is_some());
    assert_eq!(wider, [true; 4]);
}

#[test]
fn c_07_commitment_first_only_where_the_area_says_so() {
    let flag = |place| {
        Rulebook::national().flag("practitioner.register.commitment_first", at("2025-06-01"), area(place))
    };
    assert!(flag("460100"));
    assert!(!flag("310100"));
    let register = |place: &str| {
        let data = json!({ "institution": "H43050000001", "category": "doctor", "area": place });
        Story::of(DOCTOR).when(act("practitioner.register", "2025-06-01", data).of_area(place))
    };
    register("460100").refused("commitment-missing");
    register("310100").accepted();
}

#[test]
fn c_08_three_emergency_exceptions() {
    let rules = |day, place| EmergencyRules::at(Rulebook::national(), at(day), area(place));
    let nation = rules("2025-06-01", "430500");
    assert!(nation.suspended_practitioner && !nation.terminated_practitioner && !nation.institution);
    assert!(rules("2025-06-01", "110105").terminated_practitioner);
    assert!(rules("2026-04-01", "430500").institution);
}

#[test]
fn c_09_nine_to_eleven_points_by_a_table_of_the_place() {
    let months = |points: u8, how: &str, place| {
        range(&format!("practitioner.suspend.months.{points}.{how}"), "2025-06-01", place).unwrap()
    };
    assert_eq!(months(9, "accumulated", "430500"), (1, 2), "Hunan");
    assert_eq!(months(9, "accumulated", "210100"), (1, 3), "Liaoning, accumulated");
    assert_eq!(months(11, "single", "210100"), (3, 6), "Liaoning, by one decision");
    assert_eq!(months(10, "single", "120100"), (1, 6), "Tianjin");
    assert_eq!(months(11, "accumulated", "500100"), (1, 6), "elsewhere");
}

#[test]
fn c_10_points_are_checked_against_the_band_and_never_derived() {
    let mut history = doctor();
    let seven = points(7, "art-38");
    assert_eq!(history.refusal("deduct-points", "2025-05-09", seven.clone()).code, "outside-band");
    let mut departing = seven;
    departing["departure_reason"] = json!("公布的首例记7分");
    history.act("deduct-points", "2025-05-09", departing);
    assert_eq!(history.noticed(1), ["band-departure"]);
    assert_eq!(history.says(&Track::Points, "2025-05-09"), "points 7");
}

#[test]
fn c_11_the_degree_of_responsibility_picks_no_value() {
    for (degree, given) in [("main", 10), ("main", 11), ("general", 11), ("important", 10)] {
        let mut history = doctor();
        let mut data = points(given, "art-40");
        data["responsibility"] = json!(degree);
        data["suspend_months"] = json!(3);
        history.act("deduct-points", "2025-12-01", data);
        assert!(history.noticed(1).is_empty());
    }
}

#[test]
fn c_12_a_hold_keeps_its_basis_and_article_30_its_conditions() {
    let by_agreement =
        act("institution.hold-settlement", "2025-06-01", json!({ "ground": "疑似虚构医药服务" }))
            .with("basis", json!([{ "instrument": "浙江省医疗保障条例", "article": "50" }]));
    // The stored event has the command's basis; no rule of the ledger's own is put in its place.
    let held = hospital().when(by_agreement);
    assert!(held.accepted()[0].rules.is_empty());
    let art_30 = act("institution.hold-settlement", "2025-06-01", json!({ "ground": "art-30" })).by("bureau");
    hospital().when(art_30).refused("art-30-conditions");
}

#[test]
fn c_13_fraud_calls_for_a_review_and_terminates_nobody() {
    let fraud =
        json!({ "article": "40", "base_fen": 1_000_000, "multiple_tenths": 30, "amount_fen": 3_000_000 });
    let fined = hospital().when(act("institution.impose-fine", "2025-06-01", fraud).by("bureau"));
    let fined = fined.then(&["institution.fine-imposed"]);
    assert_eq!(standing(&fined, "2025-06-02"), "in_force");
    let review = fined.obligations_of(ObligationKind::TerminationReview, "2025-06-02");
    assert_eq!((review.len(), review[0].state), (1, ObligationState::Open));
    // Published: fraud, and six months of suspension.
    let suspended = fined.given(suspend("2025-06-10", "2025-12-10"));
    assert_eq!(standing(&suspended, "2025-12-10"), "in_force");
}

#[test]
fn c_14_three_limits_of_suspension() {
    let requested = |until| {
        let data = json!({ "area": AREA, "until": until, "ground": "装修", "at_request": true });
        hospital().when(act("institution.suspend-agreement", "2025-06-01", data))
    };
    requested("2025-11-28").accepted();
    requested("2025-12-01").refused("out-of-range");
    hospital().when(suspend("2025-06-01", "2026-04-15")).accepted();
    let order = |until| {
        let data = json!({ "department": "骨科", "until": until });
        hospital().when(act("institution.order-department", "2025-06-01", data).by("bureau"))
    };
    order("2026-04-15").accepted();
    order("2025-11-01").refused("out-of-range");
}

#[test]
fn c_15_a_citys_own_measures_stay_in_the_city() {
    let book = Rulebook::national();
    let there = |id: &str, place| {
        book.provisions_in_force(at("2025-06-01"), area(place)).any(|provision| &*provision.id == id)
    };
    for id in ["S4-27", "S4-29", "S4-30"] {
        assert!(there(id, "620700") && there(id, "620702"));
        assert!(!there(id, "620100") && !there(id, "430500"));
        assert!(provision(id).note.as_deref().unwrap().contains("its footing is the agreement"));
    }
}

#[test]
fn c_16_two_cascades() {
    let sign = |place: &str| {
        act(
            "institution.sign-agreement",
            "2025-01-01",
            json!({ "area": place, "lines": ["basic"], "name": "甲", "from": "2025-01-01", "until": "2027-01-01" }),
        )
    };
    // Over pooling areas: the same institution, at once.
    let two = Story::of(PHARMACY).given(sign("430500")).given(sign("430200"));
    let data = json!({ "area": "430500", "ground": "查实", "reason_class": "illegality" });
    let ended = two.given(act("institution.terminate-agreement", "2025-06-01", data).of_area("430500"));
    assert_eq!(ended.value("agreement/430200/basic", "2025-06-01"), "terminated");
    // Over the branches of a chain: another ground, with conditions of its own, decided for each branch.
    assert_eq!(provision("R-214").ground_of.as_deref(), Some("institution.terminate-agreement"));
    assert!(provision("R-214").text.contains("同一法定代表人"));
    let branch = Story::of("P43050300013").given(sign("430500"));
    let data = json!({ "area": "430500", "ground": "总部实际控制人违法违规，连锁解除", "reason_class": "illegality" });
    let ended = branch.when(act("institution.terminate-agreement", "2025-06-01", data));
    ended.then(&["institution.agreement-terminated"]);
}

#[test]
fn c_17_points_accumulate() {
    let mut history = doctor();
    history.act("deduct-points", "2025-03-01", points(8, "unregistered-settled"));
    assert_eq!(history.says(&Track::Qualification, "2025-03-01"), "normal");
    let mut data = points(1, "agreement-measure");
    data["suspend_months"] = json!(1);
    history.act("deduct-points", "2025-04-01", data);
    assert_eq!(history.says(&Track::Qualification, "2025-04-01"), "suspended");
    history.act("deduct-points", "2025-05-01", points(3, "agreement-measure"));
    assert_eq!(history.says(&Track::Qualification, "2025-05-01"), "terminated");
    // The article that says otherwise is no norm.
    assert!(Rulebook::national().provisions().iter().all(|provision| !provision.id.starts_with("S3-")));
}

#[test]
fn c_18_inspection_minimums_are_advisory() {
    for id in ["S2-18", "S2-21", "S2-22"] {
        assert!(provision(id).note.as_deref().unwrap().contains("advisory"), "{id}");
        assert!(provision(id).in_force(at("2026-01-01")));
    }
    // Below the minimum nothing is refused: a small sample is noticed, what is missing of the year is on the worklist.
    let audit = json!({ "area": AREA, "audit": "sampled_review", "sample_bp": 400, "sample_fen": 400, "total_fen": 10_000 });
    let audited = hospital().when(act("institution.record-audit", "2025-06-01", audit));
    assert_eq!(audited.findings(), ["sample-below-minimum"]);
    let plan = act("area.record-work", "2025-01-10", json!({ "work": "inspection-plan" })).by("bureau");
    let year = Story::of("430500").given(plan);
    let special = year.obligations_of(ObligationKind::SpecialInspections, "2025-12-31");
    assert_eq!((special[0].state, &*special[0].rule.as_ref().unwrap().id), (ObligationState::Open, "S2-22"));
}

#[test]
fn c_19_records_are_due_in_seven_days() {
    let demand =
        || act("institution.demand-records", "2025-07-01", json!({ "what": ["病历"] })).of_area(AREA);
    let due = |story: &Story| match &story.events()[1].data {
        EventData::Institution(InstitutionEvent::RecordsDemanded(demand)) => demand.due.words(),
        other => panic!("{other:?}"),
    };
    assert_eq!(due(&hospital().given(demand())), "2025-07-08");
    // An area's agreement may set another number.
    let text = "[[instrument]]\nkey = \"site\"\ntitle = \"济南市办法\"\nrank = \"normative-document\"\nconfidence = \"H\"\n\
                [[rule]]\nid = \"site.1\"\nparam = \"institution.records.days\"\ninstrument = \"site\"\n\
                from = \"2025-06-01\"\nvalue = 10\nconfidence = \"H\"\n";
    let book =
        Rulebook::national().with_overlay("site.toml", text, area(AREA).unwrap(), at("2025-06-01")).unwrap();
    let local = hospital().under(book).given(demand());
    assert_eq!(due(&local), "2025-07-11");
    let rule = Rulebook::national().rule("institution.records.days", at("2025-07-01"), None).unwrap();
    assert_eq!(rule.confidence, Confidence::H);
    assert!(
        rule.note.as_deref().unwrap().contains("calendar days"),
        "whether calendar or working days is not stated"
    );
}

/// 从旧兼从轻: two versions of a range, of which the second is the lighter or the heavier.
fn fined_under(ranges: [&str; 2], data: &Json) -> crate::testing::Outcome {
    let mut text = "[[instrument]]\nkey = \"X\"\ntitle = \"条例\"\nrank = \"administrative-regulation\"\nconfidence = \"H\"\n".to_owned();
    for (index, (value, from)) in ranges.iter().zip(["2021-05-01", "2025-01-01"]).enumerate() {
        text += &format!(
            "[[rule]]\nid = \"V{index}\"\nparam = \"institution.fine.art_38.multiple_tenths\"\ninstrument = \"X\"\n\
             from = \"{from}\"\nvalue = {value}\nconfidence = \"H\"\n"
        );
    }
    let book = Rulebook::read(&[("x.toml", &text)]).unwrap();
    hospital().under(book).when(act("institution.impose-fine", "2025-06-01", data.clone()).by("bureau"))
}

#[test]
fn penalties_keep_to_the_law_of_the_act_unless_that_of_the_decision_is_lighter() {
    let lighter = ["{ min = 20, max = 50 }", "{ min = 10, max = 20 }"];
    let heavier = ["{ min = 10, max = 20 }", "{ min = 20, max = 50 }"];
    let fine = |tenths: u32, act_to: &str| {
        json!({ "article": "38", "base_fen": 1000, "multiple_tenths": tenths, "amount_fen": 100 * tenths,
                "act_from": "2022-01-01", "act_to": act_to })
    };
    // The old law was lighter and governed the act.
    let outcome = fined_under(heavier, &fine(15, "2024-12-31"));
    assert_eq!(outcome.accepted()[0].rules, ["V0".into(), "V1".into()]);
    assert_eq!(outcome.findings(), ["lighter-law"]);
    assert_eq!(outcome.accepted()[0].findings[0].rule.as_deref(), Some("V0"));
    fined_under(heavier, &fine(30, "2024-12-31")).refused("out-of-range");
    // The new law is lighter.
    assert_eq!(fined_under(lighter, &fine(15, "2024-12-31")).accepted()[0].rules, ["V1".into(), "V0".into()]);
    fined_under(lighter, &fine(30, "2024-12-31")).refused("out-of-range");
    // An act that went on into the new law is under the new law.
    let outcome = fined_under(heavier, &fine(30, "2025-02-01"));
    assert!(outcome.findings().is_empty());
    assert_eq!(outcome.accepted()[0].rules, ["V1".into()]);
    // What no law punished at the time has no range by a later one.
    let early = json!({ "article": "38", "amount_fen": 100, "act_to": "2020-01-01" });
    assert_eq!(fined_under(lighter, &early).findings(), ["no-range-for-the-fine"]);
}
