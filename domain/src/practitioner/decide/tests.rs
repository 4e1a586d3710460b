use crate::history::{History, at};
use crate::rejection::{Rejection, RejectionKind};
use crate::track::Track;
use serde_json::{Value, json};

const SITE: &str = "H43050000001";
const OTHER: &str = "H43050000002";

fn fresh() -> History {
    History::of("D430500000001")
}

/// Registered at one site on 1 January 2025.
fn doctor() -> History {
    let mut history = fresh();
    history.act("register", "2025-01-01", json!({ "institution": SITE, "category": "doctor" }));
    history
}

/// A deduction in an area without rules of its own, following a penalty.
fn points(points: u8, behaviour: &str) -> Value {
    points_in("500100", points, behaviour)
}

fn points_in(area: &str, points: u8, behaviour: &str) -> Value {
    json!({ "points": points, "behaviour": behaviour, "institution": SITE, "area": area, "measure": "罚决1号" })
}

fn with(mut data: Value, field: &str, value: Value) -> Value {
    data[field] = value;
    data
}

fn qualification(history: &History, on: &str) -> String {
    history.says(&Track::Qualification, on)
}

fn total(history: &History, on: &str) -> String {
    history.says(&Track::Points, on)
}

fn range(rejection: &Rejection) -> (i64, i64, String) {
    let allowed = rejection.allowed.as_ref().unwrap();
    let number = |name: &str| allowed[name].as_i64().unwrap();
    (number("min"), number("max"), allowed["unit"].as_str().unwrap().to_owned())
}

#[test]
fn t_02_ten_points_and_four_more_are_twelve_and_terminate_for_one_year() {
    let mut history = doctor();
    history.act("deduct-points", "2025-04-10", with(points(10, "art-40"), "suspend_months", json!(4))).act(
        "deduct-points",
        "2025-09-01",
        points(4, "art-38"),
    );
    assert_eq!(
        history.types(),
        [
            "registered",
            "points-deducted",
            "qualification-suspended",
            "points-deducted",
            "qualification-terminated"
        ]
    );
    assert_eq!(total(&history, "2025-09-01"), "points 12");
    assert_eq!(qualification(&history, "2025-09-01"), "terminated");
    assert_eq!(history.says(&Track::Bar(4), "2026-08-31"), "barred points_accumulated performed");
    assert_eq!(history.says(&Track::Bar(4), "2026-09-01"), "nothing");
    assert_eq!(history.events[4].caused_by, Some(3));
    assert_eq!(history.rules[4], ["R-332".into(), "R-332.1".into()]);
    assert!(history.rules[3].contains(&"R-317".into()), "the cap is named");
}

#[test]
fn t_03_twelve_points_by_one_decision_terminate_for_three_years() {
    let mut history = doctor();
    history.act("deduct-points", "2025-04-10", points(12, "art-40"));
    assert_eq!(qualification(&history, "2025-04-10"), "terminated");
    assert_eq!(history.says(&Track::Bar(2), "2028-04-09"), "barred points_single performed");
    assert_eq!(history.says(&Track::Bar(2), "2028-04-10"), "nothing");
}

#[test]
fn t_04_a_new_year_begins_at_no_points() {
    let mut history = doctor();
    history.act("deduct-points", "2025-12-20", points(8, "unregistered-settled")).act(
        "deduct-points",
        "2026-01-05",
        points(4, "art-38"),
    );
    assert_eq!(total(&history, "2025-12-31"), "points 8");
    assert_eq!(total(&history, "2026-01-01"), "nothing");
    assert_eq!(total(&history, "2026-01-05"), "points 4");
    assert_eq!(qualification(&history, "2026-01-05"), "normal");
}

#[test]
fn t_05_points_count_in_the_year_of_the_decision_whatever_the_year_of_the_act() {
    let mut history = doctor();
    let data = with(points(5, "art-38"), "act_from", json!("2025-11-03"));
    history.act("deduct-points", "2026-02-10", data);
    assert_eq!(total(&history, "2025-12-31"), "nothing");
    assert_eq!(total(&history, "2026-02-10"), "points 5");
    // In force on another day than decided: the year is the decision's.
    let data = with(points(2, "agreement-measure"), "decided_at", json!("2026-12-30"));
    history.act("deduct-points", "2027-01-04", data);
    let state = history.state(at("2027-01-05"));
    let crate::State::Practitioner(state) = state else { panic!("a practitioner") };
    assert_eq!((state.points(2026), state.points(2027)), (7, 0));
}

#[test]
fn a_suspension_runs_on_over_the_reset_of_the_points() {
    let mut history = doctor();
    let data = with(points(9, "unregistered-settled"), "suspend_months", json!(3));
    history.act("deduct-points", "2025-11-15", data);
    assert_eq!(qualification(&history, "2025-11-15"), "suspended");
    assert_eq!(qualification(&history, "2026-02-14"), "suspended");
    assert_eq!(qualification(&history, "2026-02-15"), "normal");
    assert_eq!(total(&history, "2026-01-01"), "nothing");
}

#[test]
fn a_choice_of_months_must_be_made_and_lie_in_the_range() {
    let mut history = doctor();
    let missing = history.refusal("deduct-points", "2025-04-10", points(10, "art-40"));
    assert_eq!(missing.code, "choice-missing");
    assert_eq!(range(&missing), (1, 6, "months".to_owned()));
    assert_eq!(
        &*missing.rule.unwrap().basis.instrument,
        "关于建立定点医药机构相关人员医保支付资格管理制度的指导意见 (医保发〔2024〕23号)"
    );
    let data = with(points(10, "art-40"), "suspend_months", json!(7));
    assert_eq!(history.refusal("deduct-points", "2025-04-10", data).code, "out-of-range");
    let data = with(points(4, "art-38"), "suspend_months", json!(1));
    assert_eq!(history.refusal("deduct-points", "2025-04-10", data).code, "months-not-meant");
    let data = with(points(12, "art-40"), "suspend_months", json!(1));
    assert_eq!(history.refusal("deduct-points", "2025-04-10", data).code, "months-not-meant");
    assert_eq!(history.events.len(), 1);
}

#[test]
fn in_hunan_nine_points_suspend_one_or_two_months_from_the_next_month_on() {
    let mut history = doctor();
    let deduct =
        |months| with(points_in("430500", 9, "unregistered-settled"), "suspend_months", json!(months));
    assert_eq!(
        range(&history.refusal("deduct-points", "2025-05-09", deduct(3))),
        (1, 2, "months".to_owned())
    );
    history.act("deduct-points", "2025-05-09", deduct(2));
    assert_eq!(qualification(&history, "2025-05-31"), "normal");
    assert_eq!(qualification(&history, "2025-06-01"), "suspended");
    assert_eq!(qualification(&history, "2025-08-01"), "normal");
    assert!(history.rules[2].contains(&"J-01.3".into()));
}

#[test]
fn in_liaoning_one_decision_and_accumulated_points_suspend_for_different_times() {
    let (day, area) = ("2025-06-01", "210100");
    let single = points_in(area, 9, "unregistered-settled");
    assert_eq!(range(&doctor().refusal("deduct-points", day, single)), (3, 6, "months".to_owned()));

    let mut history = doctor();
    history.act("deduct-points", "2025-05-01", points_in(area, 4, "art-38"));
    let more = points_in(area, 5, "art-38");
    assert_eq!(range(&history.refusal("deduct-points", day, more)), (1, 3, "months".to_owned()));

    let mut history = doctor();
    history.act("deduct-points", "2025-05-01", points_in(area, 1, "agreement-measure"));
    let either = with(points_in(area, 9, "unregistered-settled"), "suspend_months", json!(3));
    let asked = history.refusal("deduct-points", day, either.clone());
    assert_eq!(asked.code, "single-or-accumulated");
    history.act("deduct-points", day, with(either, "single", json!(true)));
    assert_eq!(qualification(&history, "2025-08-31"), "suspended");
}

#[test]
fn one_decision_cannot_have_given_what_its_points_do_not_reach() {
    let mut history = doctor();
    history.act("deduct-points", "2025-05-01", points(6, "art-38"));
    let data = with(points(6, "art-38"), "single", json!(true));
    assert_eq!(history.refusal("deduct-points", "2025-06-01", data).code, "not-single");
}

#[test]
fn twelve_points_of_one_decision_are_not_accumulated_whatever_is_said() {
    let data = |single| with(points(12, "art-40"), "single", json!(single));
    let mut history = doctor();
    history.act("deduct-points", "2025-02-01", points(4, "art-38"));
    let refused = history.refusal("deduct-points", "2025-04-10", data(false));
    assert_eq!((refused.code, &*refused.rule.unwrap().id), ("not-accumulated", "R-333"));
    assert_eq!(refused.allowed.unwrap(), json!({ "field": "/data/single", "value": true }));
    history.act("deduct-points", "2025-04-10", data(true));
    assert_eq!(history.says(&Track::Bar(3), "2028-04-09"), "barred points_single performed");
}

#[test]
fn points_outside_the_band_need_a_reason_and_are_a_finding() {
    let mut history = doctor();
    let outside = points(7, "art-38");
    let refused = history.refusal("deduct-points", "2025-05-09", outside.clone());
    assert_eq!(refused.code, "outside-band");
    assert_eq!(range(&refused), (4, 6, "points".to_owned()));
    history.act("deduct-points", "2025-05-09", with(outside, "departure_reason", json!("情节较重")));
    assert_eq!(history.noticed(1), ["band-departure"]);
    history.act("deduct-points", "2025-06-01", points(1, "其他行为"));
    assert!(history.noticed(2).is_empty(), "words have no band");
}

#[test]
fn points_without_a_measure_of_the_institution_before_them_are_a_finding() {
    let mut history = doctor();
    let data =
        json!({ "points": 3, "behaviour": "agreement-measure", "institution": OTHER, "area": "430500" });
    history.act("deduct-points", "2025-08-04", data);
    assert_eq!(history.noticed(1), ["no-preceding-measure", "not-registered-there"]);
}

#[test]
fn points_are_one_to_twelve() {
    let mut history = doctor();
    for wrong in [0, 13, 255] {
        let refused = history.refusal("deduct-points", "2025-05-09", points(wrong, "words"));
        assert_eq!((refused.code, range(&refused)), ("out-of-range", (1, 12, "points".to_owned())));
    }
}

#[test]
fn nobody_scores_himself_and_nobody_unknown_is_scored() {
    let mut history = doctor();
    let actor = json!({ "actor": { "authority": "institution" } });
    let refused = history.refusal_with("deduct-points", "2025-05-09", points(4, "art-38"), actor);
    assert_eq!(refused.code, "wrong-authority");
    let refused = fresh().refusal("deduct-points", "2025-05-09", points(4, "art-38"));
    assert_eq!((refused.code, refused.kind), ("unknown-subject", RejectionKind::NotFound));
}

#[test]
fn before_the_system_began_points_have_no_consequence() {
    let mut history = fresh();
    history.act("register", "2024-01-01", json!({ "institution": SITE, "category": "doctor" })).act(
        "deduct-points",
        "2024-09-01",
        points(12, "words"),
    );
    assert_eq!(history.types(), ["registered", "points-deducted"]);
    assert_eq!(qualification(&history, "2024-09-01"), "normal");
}

#[test]
fn further_points_of_someone_terminated_are_recorded_and_change_nothing() {
    let mut history = doctor();
    history.act("deduct-points", "2025-04-10", points(12, "art-40")).act(
        "deduct-points",
        "2025-05-10",
        points(2, "agreement-measure"),
    );
    assert_eq!(history.types()[3..], ["points-deducted"]);
    assert_eq!(history.noticed(3), ["already-terminated"]);
}

#[test]
fn a_bar_holds_until_its_end_and_then_the_way_back_is_a_new_registration() {
    let mut history = doctor();
    history.act("deduct-points", "2025-04-10", points(12, "art-40"));
    let site = json!({ "institution": OTHER });
    let again = json!({ "institution": OTHER, "category": "doctor" });
    let refused = history.refusal("register", "2026-04-10", again.clone());
    assert_eq!((refused.code, refused.blocked_by.as_slice()), ("barred", [2].as_slice()));
    assert_eq!(&*refused.rule.unwrap().id, "R-333");
    assert_eq!(history.refusal("reregister", "2028-04-09", site.clone()).code, "barred");
    assert_eq!(history.refusal("register", "2028-04-10", again).code, "terminated");
    assert_eq!(history.refusal("add-site", "2028-04-10", site.clone()).code, "terminated");
    history.act("reregister", "2028-04-10", site);
    assert_eq!(qualification(&history, "2028-04-09"), "terminated");
    assert_eq!(qualification(&history, "2028-04-10"), "normal");
    assert_eq!(
        history.refusal("reregister", "2028-05-01", json!({ "institution": SITE })).code,
        "not-terminated"
    );
}

#[test]
fn who_comes_back_is_registered_where_he_registers_and_nowhere_else() {
    let code = |code| crate::id::InstitutionCode::parse(code).unwrap();
    let (other, site) = (code(OTHER), code(SITE));
    let mut history = doctor();
    history
        .act("add-site", "2025-01-03", json!({ "institution": OTHER }))
        .act("suspend", "2025-01-10", json!({ "ground": "信用" }))
        .act("restore", "2025-01-20", json!({}))
        .act("deduct-points", "2025-02-28", points(12, "art-40"))
        .act("reregister", "2028-03-01", json!({ "institution": SITE }));
    for (on, there) in [("2025-02-27", "registered"), ("2028-02-29", "registered"), ("2028-03-01", "nothing")]
    {
        assert_eq!(history.says(&Track::Site(other), on), there, "{on}");
        assert_eq!(history.says(&Track::Site(site), on), "registered", "{on}");
    }
    let cause = |track: &Track, on: &str| {
        let stands = |span: &&crate::track::Span| span.track == *track && span.covers(at(on));
        history.timeline().iter().find(stands).map(|span| span.cause)
    };
    assert_eq!(cause(&Track::Qualification, "2025-02-01"), Some(3), "restored");
    assert_eq!(cause(&Track::Qualification, "2028-03-01"), Some(6), "the new registration is why");
    assert_eq!(cause(&Track::Site(site), "2028-03-01"), Some(6));
    history.act("add-site", "2028-04-01", json!({ "institution": OTHER }));
    assert_eq!(history.says(&Track::Site(other), "2028-04-01"), "registered");
    // Where the termination is annulled, nobody was ever away, and nothing is lost.
    let annul = json!({ "event": crate::history::id(5), "scope": "from_start" });
    history.act_with("annul", "2028-05-01", annul, json!({ "actor": { "authority": "court" } }));
    assert_eq!(history.says(&Track::Site(other), "2028-03-15"), "registered");
}

#[test]
fn a_bar_whose_end_nobody_stated_does_not_outlive_the_registration_that_was_accepted() {
    let mut history = doctor();
    history.act("terminate", "2019-05-01", json!({ "ground": "严重违规" })).act(
        "reregister",
        "2025-06-01",
        json!({ "institution": SITE }),
    );
    assert_eq!(history.noticed(2), ["bar-end-unknown"]);
    assert_eq!(history.says(&Track::Bar(1), "2025-05-31"), "barred decision performed");
    assert_eq!(history.says(&Track::Bar(1), "2025-06-01"), "nothing");
}

#[test]
fn where_the_area_asks_for_the_commitment_first_nobody_registers_without() {
    let hainan = json!({ "institution": "H46010000001", "category": "nurse" });
    let mut nurse = History::of("N460100000001");
    assert_eq!(nurse.refusal("register", "2025-04-01", hainan.clone()).code, "commitment-missing");
    nurse.act("register", "2025-04-01", with(hainan.clone(), "commitment_signed", json!(true)));
    History::of("N460100000002").act("register", "2025-03-31", hainan);
}

#[test]
fn a_further_site_and_the_way_back_ask_for_the_commitment_as_registering_does() {
    let bare = json!({ "institution": "H46010000001" });
    let signed = with(bare.clone(), "commitment_signed", json!(true));
    let mut history = doctor();
    for not in [bare.clone(), with(bare.clone(), "commitment_signed", json!(false))] {
        let refused = history.refusal("add-site", "2025-05-03", not);
        assert_eq!((refused.code, refused.rule.is_some()), ("commitment-missing", true));
    }
    history.act("add-site", "2025-05-03", signed.clone());
    assert!(!history.rules[1].is_empty(), "the rule is named");
    history.act("terminate", "2025-06-01", json!({ "ground": "决定", "barred_until": "2026-06-01" }));
    assert_eq!(history.refusal("reregister", "2026-06-01", bare).code, "commitment-missing");
    history.act("reregister", "2026-06-01", signed);
    // Elsewhere nobody asks.
    history.act("add-site", "2026-06-02", json!({ "institution": SITE }));
}

#[test]
fn sites_come_and_go() {
    let mut history = doctor();
    let other = || json!({ "institution": OTHER });
    assert_eq!(
        history.refusal("add-site", "2025-02-01", json!({ "institution": SITE })).code,
        "already-registered"
    );
    assert_eq!(history.refusal("remove-site", "2025-02-01", other()).code, "not-registered-there");
    history.act("add-site", "2025-02-01", other()).act(
        "remove-site",
        "2025-03-01",
        json!({ "institution": SITE }),
    );
    assert_eq!(qualification(&history, "2025-03-01"), "normal");
    history.act("remove-site", "2025-04-01", other());
    assert_eq!(qualification(&history, "2025-04-01"), "unregistered");
    let fresh = fresh().refusal("add-site", "2025-02-01", other());
    assert_eq!(fresh.code, "unknown-subject");
}

#[test]
fn a_suspension_by_decision_ends_by_itself_or_by_restoring() {
    let mut history = doctor();
    assert_eq!(history.refusal("restore", "2025-02-01", json!({})).code, "not-suspended");
    let backwards = json!({ "until": "2025-01-15" });
    assert_eq!(history.refusal("suspend", "2025-02-01", backwards).code, "ends-before-it-begins");
    let early = json!({ "from": "2025-01-15" });
    assert_eq!(history.refusal("suspend", "2025-02-01", early).code, "begins-before-effect");
    history.act("suspend", "2025-02-01", json!({ "ground": "信用" })).act("restore", "2025-03-01", json!({}));
    assert_eq!(qualification(&history, "2025-02-28"), "suspended");
    assert_eq!(qualification(&history, "2025-03-01"), "normal");
    history.act("terminate", "2025-04-01", json!({ "ground": "决定" }));
    assert_eq!(history.refusal("suspend", "2025-05-01", json!({})).code, "terminated");
    assert_eq!(history.refusal("terminate", "2025-05-01", json!({ "ground": "决定" })).code, "terminated");
    assert_eq!(history.refusal("restore", "2025-05-01", json!({})).code, "terminated");
}

#[test]
fn repair_gives_points_back_within_the_caps_of_the_area_and_never_below_zero() {
    let repair = |points: u8| json!({ "points": points, "activity": "政策宣传", "area": "120000" });
    let mut history = doctor();
    let none = history.refusal("repair-points", "2025-06-01", repair(1));
    assert_eq!(none.code, "out-of-range");
    let data = with(points_in("120100", 10, "art-40"), "suspend_months", json!(6));
    history.act("deduct-points", "2025-05-01", data);
    assert_eq!(history.refusal("repair-points", "2025-06-01", repair(2)).allowed.unwrap()["max"], 1);
    for day in ["2025-06-01", "2025-06-02", "2025-06-03", "2025-06-04"] {
        history.act("repair-points", day, repair(1));
    }
    assert_eq!(history.noticed(3), ["status-to-reassess"]);
    assert_eq!(total(&history, "2025-06-04"), "points 6");
    assert_eq!(qualification(&history, "2025-06-04"), "suspended", "people decide whether it is adjusted");
    let fifth = history.refusal("repair-points", "2025-06-05", repair(1));
    assert_eq!((fifth.code, &*fifth.rule.unwrap().id), ("out-of-range", "J-02.2"));
    let elsewhere = json!({ "points": 2, "activity": "学习", "area": "500100" });
    let refused = history.refusal("repair-points", "2025-06-06", elsewhere);
    assert_eq!((refused.code, refused.allowed.unwrap()["value"].as_str()), ("other-area", Some("120100")));
    let unnamed = json!({ "points": 1, "activity": "学习" });
    let refused = history.refusal("repair-points", "2025-06-06", unnamed);
    assert_eq!(&*refused.rule.unwrap().id, "J-02.2", "the place of the points binds, not that of the actor");
    // Where the place has no rule, nobody knows the cap.
    let mut history = doctor();
    history.act("deduct-points", "2025-05-01", points(4, "art-38"));
    history.act("repair-points", "2025-06-06", json!({ "points": 2, "activity": "学习", "area": "500100" }));
    assert_eq!(history.noticed(2), ["repair-cap-unknown"]);
}

#[test]
fn a_manager_is_banned_for_five_years_by_the_bureau() {
    let bureau = json!({ "actor": { "authority": "bureau", "area": "430000" } });
    let mut history = fresh();
    assert_eq!(history.refusal("ban-manager", "2025-06-01", json!({})).code, "wrong-authority");
    history.act_with("ban-manager", "2025-06-01", json!({}), bureau.clone());
    let crate::State::Practitioner(state) = history.state(at("2025-06-01")) else { panic!("a practitioner") };
    assert_eq!(state.manager_ban(), Some((at("2030-06-01"), 0)));
    for other in ["2025-07-01", "2030-06-02", "2055-06-01"] {
        let refused =
            history.refusal_with("ban-manager", "2025-06-01", json!({ "until": other }), bureau.clone());
        assert_eq!((refused.code, &*refused.rule.unwrap().id), ("out-of-range", "R-022"), "{other}");
        assert_eq!(refused.allowed.unwrap()["value"], json!("2030-06-01T00:00:00+08:00"));
    }
    history.act_with("ban-manager", "2025-06-01", json!({ "until": "2030-06-01" }), bureau.clone());
    let before = history.refusal_with("ban-manager", "2020-06-01", json!({}), bureau.clone());
    assert_eq!(before.code, "end-missing");
    history.act_with("ban-manager", "2020-06-01", json!({ "until": "2023-06-01" }), bureau);
}

#[test]
fn an_ordinary_practitioner_takes_little_memory() {
    let mut history = doctor();
    history.act("deduct-points", "2025-05-01", points(4, "art-38"));
    let crate::State::Practitioner(state) = history.state(at("2025-06-01")) else { panic!("a practitioner") };
    let heap = state.sites.capacity() * size_of::<super::super::state::Site>()
        + state.years.capacity() * size_of::<super::super::state::Year>();
    let bytes = size_of_val(&state) + heap;
    assert!(bytes <= 200, "{bytes} bytes");
    assert!(state.rare.is_none());
}

#[test]
fn a_region_that_no_list_has_is_noted_when_the_subject_is_first_heard_of() {
    let mut history = History::of("D990000000001");
    history.act("register", "2025-01-01", json!({ "institution": SITE, "category": "doctor" })).act(
        "add-site",
        "2025-02-01",
        json!({ "institution": OTHER }),
    );
    assert_eq!((history.noticed(0), history.noticed(1)), (vec!["unknown-region"], vec![]));
}
