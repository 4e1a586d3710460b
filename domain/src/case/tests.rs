//! Cases: given, when, then.

use super::decide::PARAMS;
use crate::obligation::{ObligationKind, ObligationState};
use crate::rulebook::Rulebook;
use crate::testing::{Act, Story, act};
use serde_json::json;

const CASE: &str = "case-2025-0804";

fn does(name: &str, day: &str, data: serde_json::Value) -> Act {
    act(&format!("case.{name}"), day, data).by("bureau")
}

fn lead() -> Story {
    Story::of(CASE).given(does(
        "receive-lead",
        "2025-08-04",
        json!({ "about": ["H37010200001"], "source": "complaint", "content": "反映虚构诊疗" }),
    ))
}

fn founded() -> Story {
    lead()
        .given(does(
            "inspect",
            "2025-08-10",
            json!({ "inspection": "joint", "inspectors": 2, "together_with": ["police"] }),
        ))
        .given(does("find", "2025-09-01", json!({ "outcome": "founded", "facts": ["虚构诊疗服务"] })))
}

#[test]
fn every_parameter_asked_for_is_set_by_a_rule() {
    assert!(PARAMS.iter().all(|param| Rulebook::national().sets(param)));
}

#[test]
fn the_status_of_a_case_follows_what_was_done() {
    let story = founded()
        .given(does("supervise", "2025-09-02", json!({ "by": "省医疗保障局", "until": "2025-12-01" })))
        .given(does("refer", "2025-09-05", json!({ "to": "police" })))
        .given(
            does("accept-referral", "2025-09-08", json!({ "by": "police", "from": "bureau" })).by("police"),
        )
        .given(does("publicise", "2025-10-01", json!({ "place": "官方网站" })))
        .given(does("reward", "2025-10-02", json!({ "lead": "@0", "amount_fen": 20_000 })))
        .given(does("close", "2025-11-01", json!({ "outcome": "handed_over" })));
    let at = |day| story.value("case", day);
    assert_eq!(at("2025-08-04"), "unverified");
    assert_eq!(at("2025-08-10"), "inspecting");
    assert_eq!(at("2025-09-01"), "founded");
    assert_eq!(at("2025-09-08"), "referred");
    assert_eq!(at("2025-11-01"), "closed");
    assert_eq!(story.value("supervision", "2025-10-31"), "on");
    assert_eq!(story.value("supervision", "2025-11-01"), "");
}

#[test]
fn a_case_may_begin_with_its_opening_and_is_opened_once() {
    let open = || {
        does("open", "2025-08-01", json!({ "area": "370100", "title": "某案", "subjects": ["H37010200001"] }))
    };
    let story = Story::of(CASE).when(open()).then(&["case.opened"]);
    assert_eq!(story.value("case", "2025-08-01"), "open");
    story.clone().when(open()).refused("already-open");
    let moved = story.given(does("transfer", "2025-08-02", json!({ "to": "某县医疗保障局" })));
    assert_eq!(moved.value("case", "2025-08-02"), "transferred");
}

#[test]
fn nothing_is_done_in_a_case_nobody_knows_or_after_its_end() {
    let acts = [
        ("inspect", json!({ "inspection": "flight" })),
        ("find", json!({ "outcome": "unfounded" })),
        ("refer", json!({ "to": "health" })),
        ("accept-referral", json!({ "by": "police", "from": "bureau" })),
        ("transfer", json!({ "to": "x" })),
        ("supervise", json!({ "by": "x" })),
        ("close", json!({ "outcome": "unfounded" })),
    ];
    let closed = lead().given(does("close", "2025-09-01", json!({ "outcome": "unfounded" })));
    for (name, data) in acts {
        Story::of(CASE).when(does(name, "2025-08-05", data.clone())).refused("unknown-subject");
        lead().when(does(name, "2025-08-01", data.clone())).refused("case-not-open");
        assert_eq!(
            closed.clone().when(does(name, "2025-09-02", data)).refused("case-closed").blocked_by,
            [1]
        );
    }
    closed
        .clone()
        .when(does("receive-lead", "2025-09-02", json!({ "source": "data" })))
        .refused("case-closed");
    closed.when(does("publicise", "2025-09-02", json!({}))).then(&["case.publicised"]);
}

#[test]
fn two_inspectors_come_at_least() {
    let inspect = |inspectors: u32| {
        lead().when(does(
            "inspect",
            "2025-08-10",
            json!({ "inspection": "routine", "inspectors": inspectors }),
        ))
    };
    assert_eq!(inspect(1).findings(), ["too-few-inspectors"]);
    assert!(inspect(2).findings().is_empty());
}

#[test]
fn what_was_found_is_told_and_a_referral_goes_to_another_body() {
    lead().when(does("find", "2025-09-01", json!({ "outcome": "founded" }))).refused("no-facts");
    lead().when(does("refer", "2025-09-01", json!({ "to": "bureau" }))).refused("to-itself");
    let same = json!({ "by": "police", "from": "police" });
    lead().when(does("accept-referral", "2025-09-01", same)).refused("to-itself");
    lead()
        .when(does("close", "2025-09-01", json!({ "outcome": "other" })).by("institution"))
        .refused("wrong-authority");
}

#[test]
fn a_report_is_rewarded_once_it_is_verified() {
    let reward = |story: Story, data| story.when(does("reward", "2025-10-01", data));
    reward(lead(), json!({ "lead": "@0" })).refused("not-verified");
    reward(founded(), json!({ "lead": "@9" })).refused("no-such-event");
    reward(founded(), json!({ "lead": "@1" })).refused("wrong-event");
    reward(founded(), json!({ "lead": "@0", "amount_fen": 0 })).refused("out-of-range");
    let annulled =
        founded().given(does("annul", "2025-09-20", json!({ "event": "@2", "scope": "from_start" })));
    reward(annulled, json!({ "lead": "@0" })).refused("not-verified");
    reward(founded(), json!({ "lead": "@0", "amount_fen": 20_000 })).then(&["case.rewarded"]);
}

#[test]
fn a_lead_is_verified_and_a_supervised_case_handled_in_time() {
    use crate::obligation::{ObligationKind as Kind, ObligationState as State};
    let due = |story: &Story, kind, day| {
        let found = story.obligations_of(kind, day);
        found.iter().map(|due| (due.due.map(crate::time::Instant::words), due.state)).collect::<Vec<_>>()
    };
    // Fifteen working days from Monday 4 August 2025.
    let story = lead();
    let last = Some("2025-08-25".to_owned());
    assert_eq!(due(&story, Kind::VerifyLead, "2025-08-25"), [(last.clone(), State::Open)]);
    assert_eq!(due(&story, Kind::VerifyLead, "2025-08-26"), [(last.clone(), State::Late)]);
    let told = &story.obligations_of(Kind::VerifyLead, "2025-08-25")[0];
    assert!(told.rule.as_ref().is_some_and(|rule| !rule.confidence.is_verified()), "read from memory");
    let inspected = story.given(does("inspect", "2025-08-20", json!({ "inspection": "complaint" })));
    assert_eq!(due(&inspected, Kind::VerifyLead, "2025-08-20"), [(last, State::Met)]);
    // Of an open case nobody decides whether to open it.
    let opened = Story::of(CASE).given(does("open", "2025-08-20", json!({ "area": "370100" })));
    let again = opened.given(does("receive-lead", "2025-08-22", json!({ "source": "data" })));
    assert_eq!(due(&again, Kind::VerifyLead, "2025-09-22"), []);
    let supervise = |day, until| does("supervise", day, json!({ "by": "省医疗保障局", "until": until }));
    let story = again.given(supervise("2025-09-02", "2025-12-01"));
    let by = |day: &str| Some(day.to_owned());
    assert_eq!(due(&story, Kind::HandleCase, "2025-12-01"), [(by("2025-12-01"), State::Open)]);
    assert_eq!(due(&story, Kind::HandleCase, "2025-12-02"), [(by("2025-12-01"), State::Late)]);
    let closed = story.given(does("refer", "2025-09-05", json!({ "to": "police" }))).given(does(
        "close",
        "2025-11-01",
        json!({ "outcome": "handed_over" }),
    ));
    assert_eq!(due(&closed, Kind::HandleCase, "2025-11-01"), [(by("2025-12-01"), State::Met)]);
    assert_eq!(due(&closed, Kind::FollowReferral, "2025-10-31"), [(None, State::Open)]);
    assert_eq!(due(&closed, Kind::FollowReferral, "2025-11-01"), [(None, State::Met)]);
}

#[test]
fn a_penalty_case_is_decided_in_ninety_days_and_served_in_seven() {
    let opened = Story::of(CASE).given(does("open", "2025-08-01", json!({ "area": "370100" })));
    let filed =
        opened.clone().given(does("file-penalty", "2025-08-04", json!({ "against": ["H37010200001"] })));
    let state = |story: &Story, kind, day| {
        story.obligations_of(kind, day).iter().map(|due| (due.due, due.state)).next()
    };
    let (decide, serve) = (ObligationKind::DecidePenalty, ObligationKind::ServePenalty);
    let day = |text| Some(crate::history::at(text));
    assert_eq!(state(&filed, decide, "2025-11-02"), Some((day("2025-11-02"), ObligationState::Open)));
    assert_eq!(state(&filed, decide, "2025-11-03"), Some((day("2025-11-02"), ObligationState::Late)));
    let decides = |more: serde_json::Value| {
        let mut data = json!({ "filing": "@1", "outcome": "imposed" });
        data.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        filed.clone().given(does("decide-penalty", "2025-10-30", data))
    };
    let absent = decides(json!({ "announced": false }));
    assert_eq!(state(&absent, decide, "2025-11-03"), Some((day("2025-11-02"), ObligationState::Met)));
    assert_eq!(state(&absent, serve, "2025-11-06"), Some((day("2025-11-06"), ObligationState::Open)));
    let served = absent.given(does("serve-penalty", "2025-11-05", json!({ "decision": "@2" })));
    assert_eq!(state(&served, serve, "2025-11-07"), Some((day("2025-11-06"), ObligationState::Met)));
    assert_eq!(state(&decides(json!({ "announced": true })), serve, "2025-11-01"), None);
    assert_eq!(
        state(&decides(json!({})), serve, "2025-11-01"),
        None,
        "nobody says that the party was not there"
    );
    assert_eq!(
        state(&decides(json!({ "announced": false, "outcome": "waived" })), serve, "2025-11-01"),
        None
    );
}

#[test]
fn a_penalty_is_decided_on_its_filing_by_a_body_that_punishes() {
    let opened = Story::of(CASE).given(does("open", "2025-08-01", json!({ "area": "370100" })));
    let filing = does("file-penalty", "2025-08-04", json!({}));
    opened.clone().when(filing.clone().by("agency")).refused("wrong-authority");
    let filed = opened.given(filing);
    let decision =
        |event: &str| does("decide-penalty", "2025-10-30", json!({ "filing": event, "outcome": "imposed" }));
    filed.clone().when(decision("@0")).refused("wrong-event");
    filed.clone().when(decision("@9")).refused("no-such-event");
    let service = does("serve-penalty", "2025-10-30", json!({ "decision": "@1" }));
    filed.when(service).refused("wrong-event");
}

#[test]
fn a_penalty_is_announced_heard_on_request_and_not_made_heavier() {
    let opened = Story::of(CASE).given(does("open", "2025-08-01", json!({ "area": "370100" })));
    let filed = opened.given(does("file-penalty", "2025-08-04", json!({})));
    let decide = |story: &Story, more: serde_json::Value| {
        let mut data = json!({ "filing": "@1", "outcome": "imposed" });
        data.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        let outcome = story.clone().when(does("decide-penalty", "2025-10-30", data));
        outcome.findings().into_iter().map(str::to_owned).collect::<Vec<_>>()
    };
    assert_eq!(decide(&filed, json!({})), ["party-not-notified"]);
    assert!(decide(&filed, json!({ "outcome": "waived" })).is_empty(), "nothing is imposed");
    let notice = json!({ "filing": "@1", "fine_fen": 5_000_000, "hearing": true });
    let told = filed.given(does("notify-penalty", "2025-09-15", notice));
    assert!(decide(&told, json!({ "fine_fen": 5_000_000 })).is_empty());
    assert_eq!(decide(&told, json!({ "fine_fen": 5_000_001 })), ["heavier-than-announced"]);
    // Five days to ask, and nobody is late who does not.
    let right = &told.obligations_of(ObligationKind::RequestHearing, "2025-09-20")[0];
    assert_eq!((right.state, right.due.unwrap().words()), (ObligationState::Open, "2025-09-20".to_owned()));
    assert_eq!(
        told.obligations_of(ObligationKind::RequestHearing, "2025-09-21")[0].state,
        ObligationState::Closed
    );
    let ask = |day| does("request-hearing", day, json!({ "notice": "@2" })).by("institution");
    assert_eq!(told.clone().when(ask("2025-09-21")).findings(), ["out-of-time"]);
    let asked = told.given(ask("2025-09-20"));
    assert_eq!(
        asked.obligations_of(ObligationKind::HoldHearing, "2025-09-20")[0].state,
        ObligationState::Open
    );
    assert_eq!(decide(&asked, json!({})), ["hearing-not-held"]);
    let hold = |told_on: &str| {
        let data = json!({ "request": "@3", "told_on": told_on });
        asked.clone().when(does("hold-hearing", "2025-10-20", data))
    };
    assert_eq!(hold("2025-10-14").findings(), ["hearing-told-late"]);
    assert!(hold("2025-10-13").findings().is_empty(), "seven days before");
    let held = hold("2025-10-13").then(&["case.hearing-held"]);
    assert_eq!(held.obligations_of(ObligationKind::HoldHearing, "2025-10-20")[0].state, ObligationState::Met);
    assert!(decide(&held, json!({})).is_empty());
    held.when(does("request-hearing", "2025-10-21", json!({ "notice": "@1" }))).refused("wrong-event");
}
