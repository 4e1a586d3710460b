use crate::envelope::Authority;
use crate::history::{History, at, id};
use crate::track::Track;
use serde_json::json;

const SITE: &str = "H50010000001";

/// Registered on 1 January, 10 points and a suspension of two months on 10 March, 5 points in the next year.
fn doctor() -> History {
    let mut history = History::of("D430500000001");
    history.area = "500100";
    history
        .act("register", "2025-01-01", json!({ "institution": SITE, "category": "doctor", "name": "甲" }))
        .act(
            "deduct-points",
            "2025-03-10",
            json!({ "points": 10, "behaviour": "art-40", "institution": SITE, "area": "500100",
                    "measure": "罚决〔2025〕1号", "suspend_months": 2 }),
        )
        .act(
            "deduct-points",
            "2026-01-10",
            json!({ "points": 5, "behaviour": "art-38", "institution": SITE, "area": "500100", "measure": "x" }),
        );
    assert_eq!(
        history.types(),
        ["registered", "points-deducted", "qualification-suspended", "points-deducted"]
    );
    history
}

fn from_start(version: usize) -> serde_json::Value {
    json!({ "event": id(version), "scope": "from_start" })
}

#[test]
fn an_annulled_suspension_never_was_but_its_points_stay() {
    let mut history = doctor();
    history.act("annul", "2025-04-01", from_start(2));
    assert_eq!(history.says(&Track::Qualification, "2025-03-15"), "normal");
    assert_eq!(history.says(&Track::Points, "2025-03-15"), "points 10");
}

#[test]
fn consequences_go_with_their_cause_only_when_the_annulment_says_so() {
    let mut history = doctor();
    history.act("annul", "2025-04-01", from_start(1));
    assert_eq!(history.says(&Track::Qualification, "2025-04-15"), "suspended");
    assert_eq!(history.says(&Track::Points, "2025-04-15"), "nothing");
    assert_eq!(history.noticed(4), ["dependents-to-reconsider"]);

    let mut history = doctor();
    history.act(
        "annul",
        "2025-04-01",
        json!({ "event": id(1), "scope": "from_start", "consequences": true }),
    );
    assert_eq!(history.says(&Track::Qualification, "2025-04-15"), "normal");
}

#[test]
fn an_annulment_from_a_date_leaves_what_was_before() {
    let mut history = doctor();
    history.act("annul", "2025-04-01", json!({ "event": id(2), "scope": "from_date", "date": "2025-04-01" }));
    assert_eq!(history.says(&Track::Qualification, "2025-03-31"), "suspended");
    assert_eq!(history.says(&Track::Qualification, "2025-04-01"), "normal");
    let early = history.refusal(
        "annul",
        "2025-05-01",
        json!({ "event": id(1), "scope": "from_date", "date": "2025-03-09" }),
    );
    assert_eq!(early.code, "date-before-effect");
}

#[test]
fn an_annulled_annulment_restores() {
    let mut history = doctor();
    history.act("annul", "2025-04-01", from_start(2)).act("annul", "2025-04-20", from_start(4));
    assert_eq!(history.says(&Track::Qualification, "2025-03-15"), "suspended");
    // And the decision restored can be annulled again.
    history.act("annul", "2025-05-01", from_start(2));
    assert_eq!(history.says(&Track::Qualification, "2025-03-15"), "normal");
}

#[test]
fn annulments_that_cannot_be_are_refused_with_what_blocks() {
    let mut history = doctor();
    let unknown = history.refusal("annul", "2025-04-01", from_start(77));
    assert_eq!((unknown.code, unknown.kind), ("no-such-event", crate::rejection::RejectionKind::NotFound));
    let person = json!({ "actor": { "authority": "practitioner" } });
    let refused = history.refusal_with("annul", "2025-04-01", from_start(2), person);
    assert_eq!(refused.code, "wrong-authority");
    assert_eq!(
        refused.allowed.unwrap()["authority"],
        json!([Authority::Agency, Authority::Bureau, Authority::Court])
    );
    history.act("annul", "2025-04-01", from_start(2));
    let twice = history.refusal("annul", "2025-04-02", from_start(2));
    assert_eq!((twice.code, twice.blocked_by.as_slice()), ("already-annulled", [4].as_slice()));
    let scope = json!({ "event": id(4), "scope": "from_date", "date": "2025-06-01" });
    assert_eq!(history.refusal("annul", "2025-04-02", scope).code, "scope-not-meant");
    let no_date = json!({ "event": id(1), "scope": "from_date" });
    assert_eq!(history.refusal("annul", "2025-04-02", no_date).code, "date-missing");
    let date = json!({ "event": id(1), "scope": "from_start", "date": "2025-06-01" });
    assert_eq!(history.refusal("annul", "2025-04-02", date).code, "date-not-meant");
}

#[test]
fn an_act_on_the_record_of_an_unknown_subject_finds_nothing() {
    let mut history = History::of("D430500000009");
    assert_eq!(history.refusal("annul", "2025-04-01", from_start(0)).code, "unknown-subject");
}

fn change(version: usize, pointer: &str, value: serde_json::Value) -> serde_json::Value {
    let mut changes = serde_json::Map::new();
    changes.insert(pointer.to_owned(), value);
    json!({ "event": id(version), "changes": changes })
}

#[test]
fn clerical_slips_are_corrected_and_the_later_word_stands() {
    let mut history = doctor();
    history
        .act("correct", "2025-04-01", change(0, "/data/name", json!("乙")))
        .act("correct", "2025-04-02", change(0, "/data/name", json!("丙")))
        .act("correct", "2025-04-03", change(0, "/effective_at", json!("2025-01-05")))
        .act(
            "correct",
            "2025-04-04",
            change(1, "/basis", json!([{ "instrument": "某办法", "article": "5" }])),
        );
    assert_eq!(history.state(at("2025-05-01")).name(), Some("丙"));
    assert_eq!(history.says(&Track::Qualification, "2025-01-04"), "nothing");
    assert_eq!(history.says(&Track::Qualification, "2025-01-05"), "normal");
}

#[test]
fn an_annulled_correction_gives_the_old_word_back() {
    let mut history = doctor();
    history.act("correct", "2025-04-01", change(0, "/data/name", json!("乙"))).act(
        "annul",
        "2025-04-02",
        from_start(4),
    );
    assert_eq!(history.state(at("2025-05-01")).name(), Some("甲"));
}

#[test]
fn what_was_decided_is_not_corrected() {
    let mut history = doctor();
    for (version, pointer, value) in [
        (1, "/data/points", json!(9)),
        (1, "/data/institution", json!(SITE)),
        (2, "/data/until", json!("2025-06-01")),
        (0, "/subject", json!("D430500000002")),
        (0, "/type", json!("practitioner.site-added")),
        (0, "/data", json!({})),
    ] {
        let refused = history.refusal("correct", "2025-04-01", change(version, pointer, value));
        assert_eq!(refused.code, "decision-field", "{pointer}");
        assert!(refused.message.en.contains(pointer), "{}", refused.message.en);
    }
    let refused = history.refusal("correct", "2025-04-01", change(1, "/data/points", json!(9)));
    let places = refused.allowed.unwrap()["pointers"].clone();
    assert!(places.as_array().unwrap().contains(&json!("/data/measure")), "{places}");
}

#[test]
fn corrections_that_do_not_fit_are_refused() {
    let mut history = doctor();
    let mut code = |version, pointer, value| {
        history.refusal("correct", "2025-04-01", change(version, pointer, value)).code
    };
    assert_eq!(code(0, "/data/name", json!(5)), "not-correctable");
    assert_eq!(code(0, "/data/category", json!("wizard")), "not-correctable");
    assert_eq!(code(0, "/effective_at", json!("2025-02-30")), "not-correctable");
    assert_eq!(code(0, "/basis", json!("text")), "not-correctable");
    assert_eq!(code(0, "/data/name", json!("甲")), "nothing-to-correct");
    history.act("correct", "2025-04-01", change(0, "/data/name", json!("乙")));
    let again = history.refusal("correct", "2025-04-02", change(4, "/data/name", json!("乙")));
    assert_eq!(again.code, "nothing-to-correct");
    let decision = history.refusal("correct", "2025-04-02", change(4, "/data/institution", json!(SITE)));
    assert_eq!(decision.code, "decision-field");
    history.act("annul", "2025-04-03", from_start(0));
    let gone = history.refusal("correct", "2025-04-04", change(0, "/data/name", json!("丁")));
    assert_eq!(gone.code, "already-annulled");
}

#[test]
fn a_correction_of_a_correction_takes_its_place_and_annulled_gives_it_back() {
    let mut history = doctor();
    let name = |history: &History| history.state(at("2025-06-01")).name().map(str::to_owned);
    history.act("correct", "2025-04-01", change(0, "/effective_at", json!("2025-01-05"))).act(
        "correct",
        "2025-04-02",
        change(4, "/data/name", json!("乙")),
    );
    // The second replaces the first: the day stands as it was, the name is corrected.
    assert_eq!(history.says(&Track::Qualification, "2025-01-02"), "normal");
    assert_eq!(name(&history).as_deref(), Some("乙"));
    // A correction of the replacement replaces it too, and the first stays replaced.
    history.act("correct", "2025-04-03", change(5, "/data/name", json!("丙")));
    assert_eq!(name(&history).as_deref(), Some("丙"));
    assert_eq!(history.says(&Track::Qualification, "2025-01-02"), "normal");
    history.act("annul", "2025-04-04", from_start(6));
    assert_eq!(name(&history).as_deref(), Some("乙"));
    history.act("annul", "2025-04-05", from_start(5));
    assert_eq!(
        (name(&history).as_deref(), history.says(&Track::Qualification, "2025-01-02").as_str()),
        (Some("甲"), "nothing")
    );
}

fn partly(version: usize, changes: &serde_json::Value) -> serde_json::Value {
    json!({ "event": id(version), "scope": "partial", "changes": changes })
}

#[test]
fn a_partial_annulment_leaves_less_and_annulled_gives_back_all() {
    let mut history = doctor();
    history.act("annul", "2025-04-01", partly(1, &json!({ "/data/points": 6 }))).act(
        "annul",
        "2025-04-02",
        partly(2, &json!({ "/data/until": "2025-04-10" })),
    );
    assert_eq!(history.noticed(4), ["dependents-to-reconsider"], "the suspension rests on ten points");
    assert_eq!(history.says(&Track::Points, "2025-05-01"), "points 6");
    assert_eq!(history.says(&Track::Qualification, "2025-04-09"), "suspended");
    assert_eq!(history.says(&Track::Qualification, "2025-04-10"), "normal");
    // Less again, then both taken back.
    history.act("annul", "2025-04-03", partly(1, &json!({ "/data/points": 2 })));
    assert_eq!(history.says(&Track::Points, "2025-05-01"), "points 2");
    history.act("annul", "2025-04-04", from_start(6));
    assert_eq!(history.says(&Track::Points, "2025-05-01"), "points 6");
    history.act("annul", "2025-04-05", from_start(4)).act("annul", "2025-04-05", from_start(5));
    assert_eq!(history.says(&Track::Points, "2025-05-01"), "points 10");
    assert_eq!(history.says(&Track::Qualification, "2025-04-10"), "suspended");
}

#[test]
fn a_partial_annulment_with_consequences_takes_them_along() {
    let mut history = doctor();
    let mut data = partly(1, &json!({ "/data/points": 6 }));
    data["consequences"] = json!(true);
    history.act("annul", "2025-04-01", data);
    assert_eq!(history.says(&Track::Points, "2025-04-15"), "points 6");
    assert_eq!(history.says(&Track::Qualification, "2025-04-15"), "normal");
}

#[test]
fn a_partial_annulment_with_consequences_leaves_what_was_mirrored_less_as_well() {
    let status = |history: &History, area: &str, on: &str| {
        let area = crate::id::AreaCode::parse(area).unwrap();
        history.says(&Track::Agreement(area, crate::track::Line::Basic), on)
    };
    let two_areas = || {
        let mut history = clinic();
        let there =
            json!({ "area": "370200", "lines": ["basic"], "from": "2025-01-01", "until": "2027-01-01" });
        history.act("sign-agreement", "2025-01-01", there);
        history
    };
    let court = || json!({ "actor": { "authority": "court" } });
    let less = |version: usize, until: &str, consequences: bool| {
        let mut data = partly(version, &json!({ "/data/until": until }));
        data["consequences"] = json!(consequences);
        data
    };
    let mut history = two_areas();
    let until = json!({ "area": "370100", "ground": "g", "until": "2025-12-01" });
    history.act("suspend-agreement", "2025-06-01", until);
    assert_eq!(history.types()[3..], ["agreement-suspended", "agreement-suspended"]);
    history.act_with("annul", "2025-07-01", less(3, "2025-08-01", true), court());
    for area in ["370100", "370200"] {
        assert_eq!(status(&history, area, "2025-07-31"), "suspended", "{area}");
        assert_eq!(status(&history, area, "2025-08-01"), "in_force", "{area}");
    }
    history.act_with("annul", "2025-07-02", from_start(5), court());
    assert_eq!(status(&history, "370200", "2025-08-01"), "suspended", "given back");
    // What the other area holds for less already is not raised.
    history.act_with("annul", "2025-07-03", less(4, "2025-07-15", false), court());
    history.act_with("annul", "2025-07-04", less(3, "2025-09-01", true), court());
    assert_eq!(status(&history, "370100", "2025-08-31"), "suspended");
    assert_eq!(status(&history, "370200", "2025-07-15"), "in_force");

    // A bar made shorter leaves the agreements that were ended with it ended.
    let mut history = two_areas();
    let terminate = json!({ "area": "370100", "ground": "g", "reason_class": "breach" });
    history.act("terminate-agreement", "2025-06-01", terminate);
    assert_eq!(history.types()[3..], ["agreement-terminated", "agreement-terminated"]);
    let mut shorter = partly(3, &json!({ "/data/bar/until": "2025-12-01" }));
    shorter["consequences"] = json!(true);
    history.act_with("annul", "2025-07-01", shorter, court());
    assert_eq!(status(&history, "370200", "2025-08-01"), "terminated");
}

#[test]
fn what_is_no_reduction_is_refused_with_what_would_be() {
    let mut history = doctor();
    let mut code = |data| history.refusal("annul", "2025-04-01", data).code;
    assert_eq!(code(partly(1, &json!({}))), "not-reducible");
    assert_eq!(code(partly(1, &json!({ "/data/institution": SITE }))), "not-reducible");
    assert_eq!(code(partly(0, &json!({ "/data/name": "乙" }))), "not-reducible");
    for points in [json!(10), json!(11), json!(0), json!("6"), json!(null)] {
        assert_eq!(code(partly(1, &json!({ "/data/points": points }))), "not-less", "{points}");
    }
    for until in ["2025-05-10", "2026-01-01", "2025-03-10", "2025-02-30"] {
        assert_eq!(code(partly(2, &json!({ "/data/until": until }))), "not-less", "{until}");
    }
    let mut dated = partly(1, &json!({ "/data/points": 6 }));
    dated["date"] = json!("2025-04-01");
    assert_eq!(code(dated), "date-not-meant");
    let mut whole = from_start(1);
    whole["changes"] = json!({ "/data/points": 6 });
    assert_eq!(code(whole), "changes-not-meant");
    history.act("annul", "2025-04-01", from_start(1));
    assert_eq!(
        history.refusal("annul", "2025-04-02", partly(1, &json!({ "/data/points": 6 }))).code,
        "already-annulled"
    );
    assert_eq!(
        history.refusal("annul", "2025-04-02", partly(4, &json!({ "/data/points": 6 }))).code,
        "scope-not-meant"
    );
}

#[test]
fn of_a_suspension_that_begins_later_than_its_decision_something_is_left_too() {
    let mut history = History::of("D430500000001");
    let register = json!({ "institution": "H43050000001", "category": "doctor" });
    history.act("register", "2025-01-01", register);
    // In this area a suspension begins with the month after the decision.
    history.act(
        "deduct-points",
        "2025-03-10",
        json!({ "points": 9, "behaviour": "unregistered-settled", "institution": "H43050000001", "area": "430500",
                "measure": "x", "suspend_months": 2 }),
    );
    assert_eq!(history.types()[2], "qualification-suspended");
    for until in ["2025-03-20", "2025-04-01"] {
        let refused = history.refusal("annul", "2025-03-12", partly(2, &json!({ "/data/until": until })));
        assert_eq!(refused.code, "not-less", "{until}");
        let allowed = refused.allowed.unwrap();
        assert_eq!(
            (&allowed["after"], &allowed["below"]),
            (&json!(at("2025-04-01")), &json!(at("2025-06-01")))
        );
    }
    history.act("annul", "2025-03-12", partly(2, &json!({ "/data/until": "2025-04-02" })));
    assert_eq!(history.says(&Track::Qualification, "2025-04-01"), "suspended");
    assert_eq!(history.says(&Track::Qualification, "2025-04-02"), "normal");
}

#[test]
fn only_the_place_itself_what_stands_over_it_or_a_court_annuls() {
    let by = |authority: &str, area: &str| json!({ "actor": { "authority": authority, "area": area } });
    for (authority, area) in [("agency", "500000"), ("bureau", "500100"), ("court", "110000")] {
        doctor().act_with("annul", "2025-04-01", from_start(1), by(authority, area));
    }
    for (authority, area) in [("agency", "430600"), ("bureau", "440000"), ("agency", "500101")] {
        let refused = doctor().refusal_with("annul", "2025-04-01", from_start(2), by(authority, area));
        assert_eq!((refused.code, refused.blocked_by.as_slice()), ("not-superior", [2].as_slice()), "{area}");
        assert_eq!(refused.allowed.unwrap()["values"], json!(["500100", "500000"]));
    }
    let nowhere = json!({ "actor": { "authority": "agency" } });
    doctor().act_with("annul", "2025-04-01", from_start(1), nowhere);
    let mut hospital = History::of("H43050000001");
    let fine = json!({ "amount_fen": 100_000 });
    hospital.act_with("impose-fine", "2025-01-01", fine, by("bureau", "430500"));
    let refused = hospital.refusal("annul", "2025-04-01", from_start(0));
    assert_eq!(refused.code, "wrong-authority");
    assert_eq!(refused.allowed.unwrap()["authority"], json!(["bureau", "court"]));
    let less = partly(0, &json!({ "/data/amount_fen": 60_000 }));
    hospital.act_with("annul", "2025-04-01", less, by("bureau", "430000"));
}

#[test]
fn an_instant_that_something_was_reckoned_from_is_not_corrected_but_decided_anew() {
    let mut history = doctor();
    // The deduction with its suspension, the suspension itself, and a deduction with nothing but its year.
    for (version, pointer, blocked_by) in [
        (1, "/effective_at", vec![1, 2]),
        (1, "/decided_at", vec![1, 2]),
        (2, "/effective_at", vec![1, 2]),
        (2, "/decided_at", vec![1, 2]),
        (3, "/effective_at", vec![3]),
        (3, "/decided_at", vec![3]),
    ] {
        let refused = history.refusal("correct", "2026-02-01", change(version, pointer, json!("2025-12-30")));
        assert_eq!((refused.code, refused.blocked_by), ("reckoned-from", blocked_by), "{version} {pointer}");
        let cause = if version == 3 { 3 } else { 1 };
        assert!(refused.message.en.contains(&id(cause).to_string()), "{}", refused.message.en);
        assert!(refused.message.zh.contains(&id(cause).to_string()), "{}", refused.message.zh);
        assert_eq!(refused.allowed.unwrap()["annul"]["event"], json!(id(cause)));
    }
    // What only describes is corrected as before.
    history.act("correct", "2026-02-01", change(1, "/data/measure", json!("罚决2号")));
    // Annulled with what followed, it is decided anew.
    let annul = json!({ "event": id(1), "scope": "from_start", "consequences": true });
    history.act("annul", "2026-02-02", annul).act(
        "deduct-points",
        "2025-03-20",
        json!({ "points": 10, "behaviour": "art-40", "institution": SITE, "area": "500100",
                "measure": "罚决〔2025〕1号", "suspend_months": 2 }),
    );
    assert_eq!(history.says(&Track::Qualification, "2025-03-19"), "normal");
    assert_eq!(history.says(&Track::Qualification, "2025-05-19"), "suspended");
}

#[test]
fn the_day_points_were_decided_may_be_put_back_to_what_they_tell() {
    let mut history = doctor();
    history.act("correct", "2026-02-01", change(3, "/decided_at", json!("2026-01-10")));
    // Decided on another day than it took effect: the day of effect is clerical, that of the decision is not.
    let data = json!({ "points": 1, "behaviour": "agreement-measure", "institution": SITE, "area": "500100",
                       "measure": "x", "decided_at": "2026-01-12" });
    history.act("deduct-points", "2026-01-15", data);
    history.act("correct", "2026-02-01", change(5, "/effective_at", json!("2026-01-16")));
    assert_eq!(
        history.refusal("correct", "2026-02-01", change(5, "/decided_at", json!("2025-12-30"))).code,
        "reckoned-from"
    );
}

#[test]
fn points_given_back_stay_in_their_year_and_a_ban_ends_where_it_was_reckoned_to() {
    let mut history = doctor();
    let repair = json!({ "points": 1, "activity": "学习" });
    let bureau = json!({ "actor": { "authority": "bureau", "area": "430000" } });
    history.act("repair-points", "2026-03-01", repair).act_with(
        "ban-manager",
        "2026-03-02",
        json!({}),
        bureau.clone(),
    );
    history.act("correct", "2026-04-01", change(4, "/effective_at", json!("2026-02-15")));
    let other_year = change(4, "/effective_at", json!("2025-12-31"));
    assert_eq!(history.refusal("correct", "2026-04-01", other_year).code, "reckoned-from");
    let ban = change(5, "/effective_at", json!("2026-03-05"));
    assert_eq!(history.refusal_with("correct", "2026-04-01", ban, bureau).code, "reckoned-from");
}

#[test]
fn of_an_institution_too_what_a_bar_a_probation_and_a_deadline_were_reckoned_from_stays() {
    let sign = json!({ "area": "430500", "lines": ["basic"], "name": "甲", "from": "2025-09-01", "until": "2026-09-01" });
    let terminate = json!({ "area": "430500", "ground": "g", "reason_class": "breach" });
    let mut history = History::of("H43050000001");
    history
        .act("sign-agreement", "2025-09-01", sign)
        .act("demand-records", "2025-10-01", json!({ "what": ["病历"] }))
        .act("terminate-agreement", "2025-12-01", terminate);
    let types = history.types();
    for (version, kind) in types.iter().enumerate() {
        let refused =
            history.refusal("correct", "2026-02-01", change(version, "/effective_at", json!("2025-12-20")));
        assert_eq!(refused.code, "reckoned-from", "{kind}");
    }
    assert!(types.contains(&"probation-started") && types.contains(&"records-demanded"));
    // One without a bar hangs on nothing.
    let consent = json!({ "area": "430500", "ground": "g", "reason_class": "consent" });
    let mut history = History::of("H43050000002");
    let sign = json!({ "area": "430500", "lines": ["basic"], "name": "乙", "from": "2020-01-01", "until": "2021-01-01" });
    history.act("sign-agreement", "2020-01-01", sign).act("terminate-agreement", "2020-06-01", consent);
    history.act("correct", "2020-07-01", change(1, "/effective_at", json!("2020-06-05")));
    assert!(history.noticed(2).is_empty());
}

/// A private hospital in an area of its own, signed for 2025 and 2026.
fn clinic() -> History {
    let mut history = History::of("H37010200001");
    history.area = "370100";
    let data = json!({ "area": "370100", "lines": ["basic"], "name": "甲", "ownership": "private",
                       "from": "2025-01-01", "until": "2026-01-01" });
    history.act("sign-agreement", "2024-12-20", data);
    history.act("renew", "2025-11-01", json!({ "area": "370100", "until": "2027-01-01" }));
    history
}

/// Whether the newest event may take effect on another day instead.
fn moved(history: &mut History, to: &str) -> Result<(), crate::rejection::Rejection> {
    let change = change(history.events.len() - 1, "/effective_at", json!(to));
    let court = json!({ "actor": { "authority": "court" } });
    let command = crate::history::command(&history.subject, "correct", "2026-06-01", &change, &court);
    let decided = history.decide(&command).map(|_| ());
    if decided.is_ok() {
        // Every move is tried on the history as it was.
        history.events.pop();
        history.findings.pop();
        history.rules.pop();
        history.bodies.pop();
    }
    decided
}

#[test]
fn an_act_is_not_corrected_to_take_effect_after_the_begin_or_at_the_end_of_what_it_decides() {
    let track = Track::Agreement(crate::id::AreaCode::parse("370100").unwrap(), crate::track::Line::Basic);
    let mut history = clinic();
    for (version, last, late) in [(0_u32, "2025-01-01", "2025-03-01"), (1, "2026-01-01", "2026-03-01")] {
        let refused =
            history.refusal("correct", "2026-06-01", change(version as usize, "/effective_at", json!(late)));
        assert_eq!((refused.code, refused.blocked_by.as_slice()), ("reckoned-from", [version].as_slice()));
        let allowed = refused.allowed.unwrap();
        assert_eq!(allowed["max"], json!(at(last)), "{late}");
        assert_eq!(allowed["annul"]["event"], json!(id(version as usize)));
        history.act("correct", "2026-06-01", change(version as usize, "/effective_at", json!(last)));
    }
    assert_eq!(history.says(&track, "2025-02-01"), "in_force");
    assert_eq!(history.says(&track, "2026-02-01"), "in_force");
    // A renewal that tells its begin holds from there too.
    let mut history = clinic();
    let next = json!({ "area": "370100", "from": "2027-01-01", "until": "2028-01-01" });
    history.act("renew", "2026-11-01", next);
    assert_eq!(moved(&mut history, "2027-01-02").unwrap_err().code, "reckoned-from");
    moved(&mut history, "2026-12-01").unwrap();

    let mut history = clinic();
    let until = json!({ "area": "370100", "ground": "g", "until": "2025-11-04" });
    history.act("suspend-agreement", "2025-08-04", until);
    for late in ["2025-11-04", "2025-12-01"] {
        let refused = moved(&mut history, late).unwrap_err();
        assert_eq!(refused.code, "reckoned-from", "{late}");
        assert_eq!(refused.allowed.unwrap()["before"], json!(at("2025-11-04")), "{late}");
    }
    moved(&mut history, "2025-08-05").unwrap();

    let mut history = doctor();
    history.act(
        "suspend",
        "2026-02-01",
        json!({ "from": "2026-03-01", "until": "2026-04-01", "ground": "g" }),
    );
    assert_eq!(moved(&mut history, "2026-03-02").unwrap_err().code, "reckoned-from");
    moved(&mut history, "2026-02-20").unwrap();
    history.act("suspend", "2026-05-01", json!({ "until": "2026-06-01", "ground": "g" }));
    assert_eq!(moved(&mut history, "2026-06-01").unwrap_err().code, "reckoned-from");
    moved(&mut history, "2026-05-31").unwrap();
    history.act("terminate", "2026-07-01", json!({ "barred_until": "2027-07-01", "ground": "g" }));
    assert_eq!(moved(&mut history, "2027-07-01").unwrap_err().code, "reckoned-from");
    moved(&mut history, "2026-07-02").unwrap();
}

#[test]
fn what_a_rule_measures_from_its_first_day_keeps_that_day() {
    let bureau = json!({ "actor": { "authority": "bureau", "area": "370100" } });
    let in_area = |mut data: serde_json::Value| {
        data["area"] = json!("370100");
        data
    };
    let mut history = clinic();
    let department = json!({ "department": "骨科", "until": "2025-07-10" });
    history.act_with("order-department", "2025-01-10", department, bureau);
    for day in ["2025-01-09", "2025-07-01"] {
        assert_eq!(moved(&mut history, day).unwrap_err().code, "reckoned-from", "{day}");
    }
    let at_request = in_area(json!({ "ground": "g", "at_request": true, "until": "2026-06-01" }));
    for (act, on, data, other) in [
        ("suspend-agreement", "2026-01-01", at_request, "2025-10-01"),
        ("request-suspension", "2025-05-01", in_area(json!({ "from": "2025-08-01" })), "2025-07-31"),
        ("withdraw", "2025-05-01", in_area(json!({ "from": "2025-08-01" })), "2025-07-31"),
    ] {
        let mut history = clinic();
        history.act(act, on, data);
        assert_eq!(moved(&mut history, other).unwrap_err().code, "reckoned-from", "{act}");
    }
    let mut history = clinic();
    let terminate = in_area(json!({ "ground": "g", "reason_class": "breach" }));
    history.act_with(
        "terminate-agreement",
        "2025-02-01",
        terminate,
        json!({ "actor": { "authority": "agency" } }),
    );
    let performed = json!({ "liability": id(2), "performed_on": "2025-03-01" });
    history.act("settle-liability", "2025-04-01", performed);
    assert_eq!(moved(&mut history, "2025-12-10").unwrap_err().code, "reckoned-from");

    let mut person = History::of("ins-7f3a09c2");
    person.act(
        "suspend-online-settlement",
        "2025-01-01",
        json!({ "ground": "art-41", "until": "2025-04-01" }),
    );
    assert_eq!(moved(&mut person, "2025-01-02").unwrap_err().code, "reckoned-from");
}

#[test]
fn a_period_that_only_describes_does_not_bind_the_day_of_the_act() {
    let mut history = clinic();
    let declared =
        json!({ "area": "370100", "amount_fen": 100, "from": "2025-01-01", "until": "2025-02-01" });
    history.act("declare-settlement", "2025-01-31", declared);
    moved(&mut history, "2025-02-05").unwrap();
}

#[test]
fn a_correction_that_moves_an_act_past_another_calls_for_a_review() {
    use crate::obligation::{ObligationKind, obligations};
    let reviews = |history: &History| {
        let end = crate::time::Instant::MAX;
        let due = obligations(
            &history.subject,
            &history.events,
            at("2026-12-31"),
            end,
            crate::laws::Laws::national(),
        );
        due.iter().filter(|due| due.kind == ObligationKind::ReconsiderConsequences).count()
    };
    let mut history = doctor();
    history.act("correct", "2026-02-01", change(0, "/effective_at", json!("2025-03-09")));
    assert!(history.noticed(4).is_empty());
    assert_eq!(reviews(&history), 0);
    // Now the points were decided before the registration.
    history.act("correct", "2026-02-02", change(0, "/effective_at", json!("2025-03-11")));
    assert_eq!(history.noticed(5), ["dependents-to-reconsider"]);
    assert_eq!(reviews(&history), 1);
    history.act("annul", "2026-02-03", from_start(5));
    assert_eq!(reviews(&history), 0);
}
