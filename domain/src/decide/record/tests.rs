use crate::envelope::Authority;
use crate::history::{History, at, id};
use crate::track::Track;
use serde_json::json;

const SITE: &str = "H43050000001";

/// Registered on 1 January, 10 points and a suspension of two months on 10 March, 5 points in the next year.
fn doctor() -> History {
    let mut history = History::of("D430500000001");
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
    let again = history.refusal("correct", "2025-04-02", change(4, "/data/changes", json!({})));
    assert_eq!(again.code, "correct-the-original");
    assert_eq!(again.allowed.unwrap()["value"], json!(id(0)));
    history.act("annul", "2025-04-03", from_start(0));
    let gone = history.refusal("correct", "2025-04-04", change(0, "/data/name", json!("丁")));
    assert_eq!(gone.code, "already-annulled");
}
