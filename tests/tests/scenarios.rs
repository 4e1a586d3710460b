//! The twelve scenarios, given / when / then, on a real ledger. Their timelines are kept as a lawyer reads them.

#![expect(clippy::needless_pass_by_value, reason = "JSON made at the call reads best without ampersands")]

use accord_domain::payable::Outcome;
use accord_domain::{EventData, Line};
use accord_tests::world::World;
use serde_json::{Value as Json, json};

const HOSPITAL: &str = "H37010090001";
const CLINIC: &str = "H50010090001";
const PHARMACY: &str = "P43050090002";
const DOCTOR: &str = "D500100900001";
const LIAONING: &str = "H21010090001";

fn agency(area: &str) -> Json {
    json!({ "authority": "agency", "area": area })
}

fn bureau(area: &str) -> Json {
    json!({ "authority": "bureau", "area": area })
}

fn act(command: &str, subject: &str, effective_at: &str, actor: Json, data: Json) -> Json {
    json!({ "command": command, "subject": subject, "effective_at": effective_at, "actor": actor, "data": data })
}

fn sign(subject: &str, area: &str, lines: &[&str], from: &str, until: &str) -> Json {
    let data = json!({ "area": area, "lines": lines, "number": "2025-001", "name": "某机构", "from": from, "until": until });
    act("institution.sign-agreement", subject, from, agency(area), data)
}

fn suspend(subject: &str, area: &str, from: &str, until: &str) -> Json {
    let data = json!({ "area": area, "until": until, "ground": "违反协议" });
    act("institution.suspend-agreement", subject, from, agency(area), data)
}

fn register(institution: &str, from: &str, area: &str) -> Json {
    let data =
        json!({ "institution": institution, "category": "doctor", "area": area, "commitment_signed": true });
    act("practitioner.register", DOCTOR, from, agency(area), data)
}

fn deduct(points: u8, at: &str, more: Json) -> Json {
    let mut data = json!({ "points": points, "behaviour": "虚构服务", "institution": CLINIC, "area": "500000", "measure": "处罚决定" });
    for (name, value) in more.as_object().into_iter().flatten() {
        data[name] = value.clone();
    }
    act("practitioner.deduct-points", DOCTOR, at, agency("500000"), data)
}

fn types(events: &[accord_domain::Event]) -> Vec<&'static str> {
    events.iter().map(|event| event.data.event_type().name()).collect()
}

macro_rules! timeline {
    ($world:expr, $name:literal, $($code:expr),+) => {{
        let mut text = String::new();
        $( text.push_str(&accord_tests::lanes::lanes(&$world, $code).await); )+
        insta::assert_snapshot!($name, text);
    }};
}

#[tokio::test]
async fn t01_a_suspended_line_is_paid_again_from_the_second_its_period_ends() {
    let world = World::new();
    world
        .does(
            "2025-01-02T09:00:00+08:00",
            &sign(PHARMACY, "430500", &["basic", "special_outpatient"], "2025-01-01", "2026-01-01"),
        )
        .await;
    let data = json!({ "area": "430500", "line": "special_outpatient", "until": "2025-11-04", "ground": "追溯码线索核查属实" });
    let mut command = act("institution.suspend-agreement", PHARMACY, "2025-08-04", agency("430500"), data);
    command["basis"] = json!([{ "instrument": "2025年定点零售药店医保服务协议", "article": "58" }]);
    world.does("2025-08-04T10:00:00+08:00", &command).await;

    let special = Line::SpecialOutpatient;
    let last = world.payable(PHARMACY, "430500", special, "2025-11-03T23:59:59+08:00").await;
    assert_eq!(last, (Outcome::Refused, vec!["agreement-suspended"]));
    let first = world.payable(PHARMACY, "430500", special, "2025-11-04T00:00:00+08:00").await;
    assert_eq!(first, (Outcome::Payable, vec![]));
    let before = world.payable(PHARMACY, "430500", special, "2025-08-03T23:59:59+08:00").await;
    assert_eq!(before, (Outcome::Payable, vec![]));
    let other_line = world.payable(PHARMACY, "430500", Line::Basic, "2025-09-01T12:00:00+08:00").await;
    assert_eq!(other_line, (Outcome::Payable, vec![]));
    timeline!(world, "t01", PHARMACY);
}

#[tokio::test]
async fn t02_ten_points_and_four_make_twelve_and_end_the_qualification_with_a_bar_of_one_year() {
    let world = World::new();
    world.does("2025-01-02T09:00:00+08:00", &register(CLINIC, "2025-01-01", "500000")).await;
    let first = world
        .does("2025-04-20T09:00:00+08:00", &deduct(10, "2025-04-20", json!({ "suspend_months": 4 })))
        .await;
    assert_eq!(types(&first), ["practitioner.points-deducted", "practitioner.qualification-suspended"]);
    let second = world.does("2025-06-20T09:00:00+08:00", &deduct(4, "2025-06-20", json!({}))).await;
    assert_eq!(types(&second), ["practitioner.points-deducted", "practitioner.qualification-terminated"]);

    assert_eq!(world.value(DOCTOR, "points", "2025-06-20").await, "points 12");
    assert_eq!(world.value(DOCTOR, "qualification", "2025-06-19").await, "suspended");
    assert_eq!(world.value(DOCTOR, "qualification", "2025-06-20").await, "terminated");
    assert_eq!(world.value(DOCTOR, "bar/4", "2026-06-19").await, "barred points_accumulated performed");
    assert_eq!(world.value(DOCTOR, "bar/4", "2026-06-20").await, "—");
    timeline!(world, "t02", DOCTOR);
}

#[tokio::test]
async fn t03_twelve_points_by_one_decision_bar_for_three_years() {
    let world = World::new();
    world.does("2025-01-02T09:00:00+08:00", &register(CLINIC, "2025-01-01", "500000")).await;
    let events = world.does("2025-09-16T09:00:00+08:00", &deduct(12, "2025-09-16", json!({}))).await;
    assert_eq!(types(&events), ["practitioner.points-deducted", "practitioner.qualification-terminated"]);
    assert_eq!(events[1].caused_by, Some(events[0].version));
    assert_eq!(world.value(DOCTOR, "bar/2", "2028-09-15").await, "barred points_single performed");
    assert_eq!(world.value(DOCTOR, "bar/2", "2028-09-16").await, "—");
    timeline!(world, "t03", DOCTOR);
}

#[tokio::test]
async fn t04_points_start_afresh_on_the_first_of_january() {
    let world = World::new();
    world.does("2025-01-02T09:00:00+08:00", &register(CLINIC, "2025-01-01", "500000")).await;
    world.does("2025-12-10T09:00:00+08:00", &deduct(8, "2025-12-10", json!({}))).await;
    let events = world.does("2026-01-15T09:00:00+08:00", &deduct(4, "2026-01-15", json!({}))).await;
    assert_eq!(types(&events), ["practitioner.points-deducted"]);
    assert_eq!(world.value(DOCTOR, "points", "2025-12-31T23:59:59+08:00").await, "points 8");
    assert_eq!(world.value(DOCTOR, "points", "2026-01-15").await, "points 4");
    assert_eq!(world.value(DOCTOR, "qualification", "2026-01-15").await, "normal");
    timeline!(world, "t04", DOCTOR);
}

#[tokio::test]
async fn t05_points_count_in_the_year_of_the_decision_not_of_the_act() {
    let world = World::new();
    world.does("2025-01-02T09:00:00+08:00", &register(CLINIC, "2025-01-01", "500000")).await;
    world.does("2025-03-01T09:00:00+08:00", &deduct(6, "2025-03-01", json!({}))).await;
    let late = json!({ "act_from": "2025-11-03", "act_to": "2025-11-04", "decided_at": "2026-02-10" });
    world.does("2026-02-11T09:00:00+08:00", &deduct(4, "2026-02-10", late)).await;
    assert_eq!(world.value(DOCTOR, "points", "2025-12-31").await, "points 6");
    assert_eq!(world.value(DOCTOR, "points", "2026-02-10").await, "points 4");
    timeline!(world, "t05", DOCTOR);
}

#[tokio::test]
async fn t06_a_hold_that_is_cleared_leaves_everything_payable_and_counts_as_no_suspension() {
    let world = World::new();
    world
        .does("2025-01-02T09:00:00+08:00", &sign(HOSPITAL, "370100", &["basic"], "2025-01-01", "2026-01-01"))
        .await;
    let hold = act(
        "institution.hold-settlement",
        HOSPITAL,
        "2025-04-01",
        bureau("370100"),
        json!({ "area": "370100", "ground": "涉嫌欺诈骗保，核查期间" }),
    );
    let held = world.does("2025-04-01T09:00:00+08:00", &hold).await;
    assert_eq!(
        world.payable(HOSPITAL, "370100", Line::Basic, "2025-04-15").await,
        (Outcome::Held, vec!["settlement-held"])
    );

    let release = json!({ "hold": held[0].id, "outcome": "cleared" });
    world
        .does(
            "2025-05-20T09:00:00+08:00",
            &act("institution.release-settlement", HOSPITAL, "2025-05-20", bureau("370100"), release),
        )
        .await;
    assert_eq!(
        world.payable(HOSPITAL, "370100", Line::Basic, "2025-05-20").await,
        (Outcome::Payable, vec![])
    );
    // What waited is settled: asked today, also the claims of the days of the hold.
    assert_eq!(
        world.payable(HOSPITAL, "370100", Line::Basic, "2025-04-15").await,
        (Outcome::Payable, vec!["settlement-held", "settlement-released"])
    );
    assert_eq!(world.value(HOSPITAL, "agreement/370100/basic", "2025-04-15").await, "in_force");
    timeline!(world, "t06", HOSPITAL);
}

#[tokio::test]
async fn t07_a_second_suspension_inside_one_term_calls_for_a_review_and_terminates_nobody() {
    let world = World::new();
    world
        .does("2025-01-02T09:00:00+08:00", &sign(HOSPITAL, "370100", &["basic"], "2025-01-01", "2026-01-01"))
        .await;
    world.does("2025-03-01T09:00:00+08:00", &suspend(HOSPITAL, "370100", "2025-03-01", "2025-04-01")).await;
    assert_eq!(world.reviews(HOSPITAL, "2025-03-02").await, Vec::<String>::new());
    let second = world
        .does("2025-07-01T09:00:00+08:00", &suspend(HOSPITAL, "370100", "2025-07-01", "2025-09-01"))
        .await;
    assert_eq!(types(&second), ["institution.agreement-suspended"]);
    assert_eq!(world.reviews(HOSPITAL, "2025-07-02").await, ["R-136"]);
    assert_eq!(world.value(HOSPITAL, "agreement/370100/basic", "2025-10-01").await, "in_force");
    timeline!(world, "t07", HOSPITAL);
}

#[tokio::test]
async fn t08_in_2020_the_third_suspension_calls_for_a_review_and_in_liaoning_the_second() {
    let world = World::new();
    let places = [(HOSPITAL, "370100"), (LIAONING, "210100")];
    for (hospital, area) in places {
        world
            .does("2020-01-02T09:00:00+08:00", &sign(hospital, area, &["basic"], "2020-01-01", "2021-01-01"))
            .await;
    }
    for (from, until) in [("2020-03-01", "2020-04-01"), ("2020-06-01", "2020-07-01")] {
        for (hospital, area) in places {
            world.does(&format!("{from}T09:00:00+08:00"), &suspend(hospital, area, from, until)).await;
        }
    }
    assert_eq!(world.reviews(HOSPITAL, "2020-06-02").await.len(), 0);
    assert_eq!(world.reviews(LIAONING, "2020-06-02").await.len(), 1);
    world.does("2020-10-01T09:00:00+08:00", &suspend(HOSPITAL, "370100", "2020-10-01", "2020-11-01")).await;
    assert_eq!(world.reviews(HOSPITAL, "2020-10-02").await.len(), 1);
    timeline!(world, "t08", HOSPITAL, LIAONING);
}

#[tokio::test]
async fn t09_records_not_produced_within_seven_days_call_for_a_review_and_produced_in_time_free_the_money() {
    let world = World::new();
    let mut demands = Vec::new();
    for hospital in [HOSPITAL, CLINIC] {
        let signing = sign(hospital, "370100", &["basic"], "2025-01-01", "2026-01-01");
        world.does("2025-01-02T09:00:00+08:00", &signing).await;
    }
    for (hospital, hour) in [(HOSPITAL, "09"), (CLINIC, "10")] {
        let act = |command, data| act(command, hospital, "2025-07-01", agency("370100"), data);
        let demand = act("institution.demand-records", json!({ "what": ["2025年上半年病历"] }));
        let demand = world.does(&format!("2025-07-01T{hour}:00:00+08:00"), &demand).await;
        let hold = json!({ "area": "370100", "ground": "未按规定保存、不能提供资料" });
        let hold = act("institution.hold-settlement", hold);
        let hold = world.does(&format!("2025-07-01T{hour}:30:00+08:00"), &hold).await;
        demands.push((demand[0].id, hold[0].id));
    }
    // Produced on day 6.
    let provided = json!({ "demand": demands[1].0, "complete": true });
    world
        .does(
            "2025-07-07T09:00:00+08:00",
            &act(
                "institution.provide-records",
                CLINIC,
                "2025-07-07",
                json!({ "authority": "institution" }),
                provided,
            ),
        )
        .await;
    let release = json!({ "hold": demands[1].1, "outcome": "cleared" });
    world
        .does(
            "2025-07-07T10:00:00+08:00",
            &act("institution.release-settlement", CLINIC, "2025-07-07", agency("370100"), release),
        )
        .await;

    // The seventh day is wholly theirs.
    assert_eq!(world.reviews(HOSPITAL, "2025-07-08T23:59:59+08:00").await, Vec::<String>::new());
    assert_eq!(world.reviews(HOSPITAL, "2025-07-09").await.len(), 1);
    assert_eq!(world.reviews(CLINIC, "2025-07-09").await, Vec::<String>::new());
    assert_eq!(world.payable(HOSPITAL, "370100", Line::Basic, "2025-07-09").await.0, Outcome::Held);
    assert_eq!(world.payable(CLINIC, "370100", Line::Basic, "2025-07-09").await.0, Outcome::Payable);
    timeline!(world, "t09", HOSPITAL, CLINIC);
}

#[tokio::test]
async fn t10_a_minor_violation_doubles_the_probation_and_cross_region_settlement_stays_closed() {
    let world = World::new();
    let signed = world
        .does("2025-08-28T09:00:00+08:00", &sign(HOSPITAL, "370100", &["basic"], "2025-09-01", "2026-09-01"))
        .await;
    assert!(types(&signed).contains(&"institution.probation-started"), "{:?}", types(&signed));
    let extend = act(
        "institution.extend-probation",
        HOSPITAL,
        "2026-01-15",
        agency("370100"),
        json!({ "area": "370100", "violation": "收费公示不全" }),
    );
    world.does("2026-01-15T09:00:00+08:00", &extend).await;

    let probation = "probation/370100";
    assert_eq!(world.value(HOSPITAL, probation, "2026-02-28T23:59:59+08:00").await, "initial");
    assert_eq!(world.value(HOSPITAL, probation, "2026-03-01").await, "extended");
    assert_eq!(world.value(HOSPITAL, probation, "2026-08-31T23:59:59+08:00").await, "extended");
    assert_eq!(world.value(HOSPITAL, probation, "2026-09-01").await, "—");
    assert_eq!(world.value(HOSPITAL, "cross-region/370100", "2026-05-01").await, "closed");
    let open = act(
        "institution.open-cross-region",
        HOSPITAL,
        "2026-05-01",
        agency("370100"),
        json!({ "area": "370100" }),
    );
    world.refuses("2026-05-01T09:00:00+08:00", &open).await;
    world
        .refuses(
            "2026-05-01T09:00:01+08:00",
            &act(
                "institution.extend-probation",
                HOSPITAL,
                "2026-05-01",
                agency("370100"),
                json!({ "area": "370100", "violation": "再次" }),
            ),
        )
        .await;
    timeline!(world, "t10", HOSPITAL);
}

#[tokio::test]
async fn t11_an_extension_that_is_not_put_right_ends_with_the_term_and_bars_nothing() {
    let world = World::new();
    world
        .does("2025-08-28T09:00:00+08:00", &sign(HOSPITAL, "370100", &["basic"], "2025-09-01", "2026-09-01"))
        .await;
    let extend = act(
        "institution.extend-probation",
        HOSPITAL,
        "2026-01-15",
        agency("370100"),
        json!({ "area": "370100", "violation": "收费公示不全" }),
    );
    world.does("2026-01-15T09:00:00+08:00", &extend).await;
    let order = act(
        "institution.order-rectification",
        HOSPITAL,
        "2026-01-15",
        agency("370100"),
        json!({ "area": "370100", "until": "2026-04-15", "problems": ["收费公示不全"] }),
    );
    let order = world.does("2026-01-15T09:10:00+08:00", &order).await;
    let failed = act(
        "institution.fail-rectification",
        HOSPITAL,
        "2026-04-20",
        agency("370100"),
        json!({ "order": order[0].id }),
    );
    world.does("2026-04-20T09:00:00+08:00", &failed).await;
    assert_eq!(world.reviews(HOSPITAL, "2026-04-21").await.len(), 1);
    let refuse = act(
        "institution.refuse-renewal",
        HOSPITAL,
        "2026-08-01",
        agency("370100"),
        json!({ "area": "370100", "ground": "辅导期延长期内整改不到位" }),
    );
    world.does("2026-08-01T09:00:00+08:00", &refuse).await;

    let agreement = "agreement/370100/basic";
    assert_eq!(world.value(HOSPITAL, agreement, "2026-08-31T23:59:59+08:00").await, "in_force");
    assert_eq!(world.value(HOSPITAL, agreement, "2026-09-01").await, "not_renewed");
    let barred =
        world.standing(HOSPITAL, "2026-09-02").await.iter().any(|span| span.track.key().starts_with("bar/"));
    assert!(!barred);
    let apply = json!({ "area": "370100", "lines": ["basic"], "name": "某机构" });
    world
        .does(
            "2026-09-02T09:00:00+08:00",
            &act("institution.apply", HOSPITAL, "2026-09-02", json!({ "authority": "institution" }), apply),
        )
        .await;
    timeline!(world, "t11", HOSPITAL);
}

#[tokio::test]
async fn t12_a_termination_by_a_prefecture_ends_the_agreements_of_all_other_areas_in_the_same_moment() {
    let world = World::new();
    for area in ["370100", "370200", "370300"] {
        world
            .does("2025-01-02T09:00:00+08:00", &sign(HOSPITAL, area, &["basic"], "2025-01-01", "2026-01-01"))
            .await;
    }
    let data = json!({ "area": "370100", "ground": "欺诈骗保", "reason_class": "illegality" });
    let events = world
        .does(
            "2025-06-01T09:00:00+08:00",
            &act("institution.terminate-agreement", HOSPITAL, "2025-06-01", agency("370100"), data),
        )
        .await;
    assert_eq!(types(&events), ["institution.agreement-terminated"; 3]);
    for (index, event) in events.iter().enumerate() {
        let EventData::Institution(accord_domain::institution::InstitutionEvent::AgreementTerminated(data)) =
            &event.data
        else {
            panic!("{event:?}")
        };
        assert_eq!(data.origin.is_some(), index > 0, "the others name the first as their origin");
        let key = format!("agreement/{}/basic", data.area);
        assert_eq!(world.value(HOSPITAL, &key, "2025-05-31T23:59:59+08:00").await, "in_force");
        assert_eq!(world.value(HOSPITAL, &key, "2025-06-01").await, "terminated");
    }
    timeline!(world, "t12", HOSPITAL);
}
