use super::{AREA, HOSPITAL, PHARMACY, basic, hospital, in_area, sign, suspend, terminate};
use crate::obligation::{ObligationKind as Kind, ObligationState as State};
use crate::testing::{Act, Story, act};
use serde_json::{Value, json};

fn hold(day: &str, mut data: Value) -> Act {
    if data["ground"].is_null() {
        data["ground"] = json!("suspected-fraud");
    }
    act("institution.hold-settlement", day, data)
}

fn release(day: &str, event: &str, outcome: &str) -> Act {
    act("institution.release-settlement", day, json!({ "hold": event, "outcome": outcome }))
}

#[test]
fn holds_overlap_and_each_is_released_by_its_own_event() {
    let story = hospital()
        .given(hold("2024-03-01", json!({})))
        .given(hold("2024-03-10", json!({ "area": AREA, "lines": ["basic"] })))
        .given(release("2024-04-01", "@1", "cleared"));
    assert_eq!(story.value("hold/1/*/*", "2024-03-31"), "cleared");
    assert_eq!(story.value("hold/1/*/*", "2024-04-01"), "");
    assert_eq!(story.value("hold/2/370100/basic", "2024-04-01"), "on");
    assert_eq!(basic(&story, "2024-04-01"), "in_force");
    let refused = story.clone().when(release("2024-05-01", "@1", "cleared")).refused("already-released");
    assert_eq!(refused.blocked_by, [3]);
    let story = story.given(release("2024-05-01", "@2", "confirmed"));
    assert_eq!(story.value("hold/2/370100/basic", "2024-05-01"), "");
}

#[test]
fn what_a_cleared_hold_held_back_is_free_also_for_the_days_before() {
    let held = hospital().given(hold("2024-03-01", json!({})));
    assert_eq!(held.value("hold/1/*/*", "2024-03-15"), "on");
    let cause =
        |story: &Story| story.spans().iter().find(|span| span.value.name() == "cleared").unwrap().cause;
    let cleared = held.clone().given(release("2024-04-01", "@1", "cleared"));
    assert_eq!(cleared.value("hold/1/*/*", "2024-03-15"), "cleared");
    assert_eq!(cleared.value("hold/1/*/*", "2024-04-01"), "");
    assert_eq!(cause(&cleared), 2);
    let confirmed = held.given(release("2024-04-01", "@1", "confirmed"));
    assert_eq!(confirmed.value("hold/1/*/*", "2024-03-15"), "confirmed");
    // A release that is annulled, from the start or from a day on, lets the money wait again.
    let annul = |data: Value| {
        let mut whole = json!({ "event": "@2" });
        whole.as_object_mut().unwrap().append(&mut data.as_object().unwrap().clone());
        act("institution.annul", "2024-05-01", whole).by("bureau")
    };
    let annulled = cleared.clone().given(annul(json!({ "scope": "from_start" })));
    assert_eq!(annulled.value("hold/1/*/*", "2024-03-15"), "on");
    let from_a_day = cleared.given(annul(json!({ "scope": "from_date", "date": "2024-05-01" })));
    assert_eq!(from_a_day.value("hold/1/*/*", "2024-03-15"), "on");
    assert_eq!(from_a_day.value("hold/1/*/*", "2024-04-15"), "");
    assert_eq!(from_a_day.value("hold/1/*/*", "2024-05-01"), "on");
}

#[test]
fn a_hold_that_is_not_there_is_not_released() {
    hospital().when(release("2024-05-01", "@77", "cleared")).refused("no-such-event");
    hospital().when(release("2024-05-01", "@0", "cleared")).refused("wrong-event");
    let story = hospital().given(hold("2024-03-01", json!({})));
    story.clone().when(release("2024-02-01", "@1", "cleared")).refused("not-yet-in-effect");
    let annul = act("institution.annul", "2024-03-02", json!({ "event": "@1", "scope": "from_start" }));
    story.given(annul.by("bureau")).when(release("2024-05-01", "@1", "cleared")).refused("no-longer-stands");
}

#[test]
fn a_hold_under_article_30_needs_the_bureau_the_refusal_and_the_approval() {
    let complete = json!({ "ground": "art-30", "refused_cooperation": true, "approved_by_principal": true });
    hospital().when(hold("2024-03-01", complete.clone()).by("bureau")).accepted();
    let refused = hospital().when(hold("2024-03-01", complete.clone())).refused("art-30-conditions");
    assert_eq!(refused.rule.unwrap().id, "R-009".into());
    for field in ["refused_cooperation", "approved_by_principal"] {
        for value in [json!(false), json!(null)] {
            let mut data = complete.clone();
            data[field] = value;
            hospital().when(hold("2024-03-01", data).by("bureau")).refused("art-30-conditions");
        }
    }
    // The regulation came into force on 2021-05-01.
    let early = Story::of(HOSPITAL).given(sign("2021-01-01", "2021-01-01", "2022-01-01", &["basic"]));
    early.when(hold("2021-04-30", complete).by("bureau")).refused("no-rule-at-the-time");
}

#[test]
fn a_hold_needs_an_agreement_but_not_a_running_one() {
    let inspected = Story::of(HOSPITAL).given(act(
        "institution.record-inspection",
        "2024-01-01",
        json!({ "inspection": "flight" }),
    ));
    inspected.when(hold("2024-03-01", json!({}))).refused("no-agreement");
    hospital().when(hold("2024-03-01", json!({ "lines": ["internet"] }))).refused("line-not-in-agreement");
    hospital().given(terminate("2024-02-01", "illegality")).when(hold("2024-03-01", json!({}))).accepted();
}

#[test]
fn a_department_is_ordered_off_for_six_to_twelve_months_by_the_bureau() {
    let order = |until| {
        let data = json!({ "department": "骨科", "until": until });
        act("institution.order-department", "2022-04-18", data).by("bureau")
    };
    let refused = hospital().when(order("2022-10-17")).refused("out-of-range");
    assert_eq!(refused.rule.unwrap().id, "R-017".into());
    let allowed = refused.allowed.unwrap();
    assert_eq!(
        (&allowed["min"], &allowed["max"], &allowed["unit"]),
        (&json!(6), &json!(12), &json!("months"))
    );
    hospital().when(order("2023-04-19")).refused("out-of-range");
    hospital().when(order("2023-04-18")).accepted();
    let agency = act(
        "institution.order-department",
        "2022-04-18",
        json!({ "department": "骨科", "until": "2022-12-18" }),
    );
    hospital().when(agency).refused("wrong-authority");
    let story = Story::of(HOSPITAL).given(order("2022-10-18"));
    assert_eq!(story.value("department/骨科", "2022-10-17"), "on");
    assert_eq!(story.value("department/骨科", "2022-10-18"), "");
    story.clone().when(order("2022-12-18")).refused("already-ordered-off");
    let lift = |department| {
        act("institution.lift-department-order", "2022-06-01", json!({ "department": department }))
            .by("bureau")
    };
    story.clone().when(lift("内科")).refused("not-ordered-off");
    assert_eq!(story.given(lift("骨科")).value("department/骨科", "2022-06-01"), "");
}

#[test]
fn a_rectification_is_decided_once() {
    let story = hospital().given(act(
        "institution.order-rectification",
        "2024-03-01",
        json!({ "until": "2024-04-01", "problems": ["病案首页"] }),
    ));
    let result =
        |command: &str| act(&format!("institution.{command}"), "2024-03-20", json!({ "order": "@1" }));
    let story = story.given(result("accept-rectification"));
    let refused = story.clone().when(result("fail-rectification")).refused("already-decided");
    assert_eq!(refused.blocked_by, [2]);
    let wrong = act("institution.fail-rectification", "2024-03-20", json!({ "order": "@0" }));
    story.when(wrong).refused("wrong-event");
    let backwards = act("institution.order-rectification", "2024-03-01", json!({ "until": "2024-03-01" }));
    hospital().when(backwards).refused("empty-period");
}

#[test]
fn records_are_due_in_seven_days_where_the_rule_says_so_and_else_the_demand_says_when() {
    let demand = |day: &str, due: Value| {
        act("institution.demand-records", day, json!({ "what": ["病历"], "due": due }))
    };
    let due = |story: Story, act: Act| {
        let story = story.given(act);
        story
            .obligations_of(Kind::ProvideRecords, "2026-01-01")
            .first()
            .and_then(|task| task.due)
            .map(crate::time::Instant::words)
    };
    assert_eq!(due(hospital(), demand("2025-07-01", json!(null))), Some("2025-07-08".to_owned()));
    assert_eq!(due(hospital(), demand("2025-07-01", json!("2025-07-15"))), Some("2025-07-15".to_owned()));
    hospital().when(demand("2025-05-27", json!(null))).refused("due-missing");
    let pharmacy = Story::of(PHARMACY).given(sign("2025-01-01", "2025-01-01", "2026-01-01", &["basic"]));
    pharmacy.when(demand("2025-07-01", json!(null))).refused("due-missing");
    hospital().when(demand("2025-07-01", json!("2025-07-01"))).refused("empty-period");
    let nothing = act("institution.demand-records", "2025-07-01", json!({ "what": [] }));
    hospital().when(nothing).refused("nothing-demanded");
}

#[test]
fn records_are_provided_once_in_whole() {
    let provide = |day: &str, event: &str, complete: bool| {
        act("institution.provide-records", day, json!({ "demand": event, "complete": complete }))
            .by("institution")
    };
    let story =
        hospital().given(act("institution.demand-records", "2025-07-01", json!({ "what": ["病历"] })));
    story.clone().when(provide("2025-07-03", "@0", true)).refused("wrong-event");
    let story = story.given(provide("2025-07-03", "@1", false)).given(provide("2025-07-05", "@1", true));
    story.when(provide("2025-07-06", "@1", true)).refused("already-provided");
}

#[test]
fn changes_are_kept_with_old_names_and_filed_once() {
    let change = act(
        "institution.change-details",
        "2024-03-01",
        json!({ "what": "name", "from": "旧名", "to": "乙医院", "approved_on": "2024-03-01" }),
    );
    let outcome = hospital().when(change.by("institution"));
    assert_eq!(outcome.findings(), ["from-differs-from-record"]);
    let story = outcome.then(&["institution.details-changed"]);
    let state = story.state("2024-03-01");
    assert_eq!(state.name(), Some("乙医院"));
    assert_eq!(state.former_names(), ["甲医院".into()]);
    let file = |event: &str| act("institution.file-change", "2024-03-10", json!({ "change": event }));
    story.clone().when(file("@0")).refused("wrong-event");
    story.given(file("@1")).when(file("@1")).refused("already-filed");
}

#[test]
fn measures_change_no_status_and_may_be_the_first_thing_known() {
    for (command, data) in [
        ("interview", json!({})),
        ("warn", json!({})),
        ("circulate", json!({})),
        ("publicise-case", json!({})),
        ("refer", json!({ "to": "公安" })),
        ("report", json!({ "to": "国家医保局" })),
        ("recover-funds", json!({ "amount_fen": 9900 })),
    ] {
        let act = act(&format!("institution.{command}"), "2025-01-01", data).by("bureau");
        let story = Story::of(HOSPITAL).given(act);
        assert!(story.spans().is_empty());
    }
}

#[test]
fn a_hold_has_no_end_of_its_own_and_is_looked_at_until_it_is_released() {
    let states = |story: &Story, kind, day: &str| -> Vec<_> {
        story.obligations_of(kind, day).iter().map(|due| due.state).collect()
    };
    let hold = |ground: &str| {
        let data = json!({ "ground": ground, "approved_by_principal": true, "refused_cooperation": true });
        hospital().given(act("institution.hold-settlement", "2024-03-01", data).by("bureau"))
    };
    let story = hold("art-30");
    let told = &story.obligations_of(Kind::ReviewHold, "2024-12-01")[0];
    assert_eq!((told.state, told.due, &*told.rule.as_ref().unwrap().id), (State::Open, None, "R-009"));
    assert_eq!(told.area.unwrap().to_string(), AREA);
    assert!(hold("协议第四十条").obligations_of(Kind::ReviewHold, "2024-12-01")[0].rule.is_none());
    let release = |outcome: &str| {
        let data = json!({ "hold": "@1", "outcome": outcome });
        story.clone().given(act("institution.release-settlement", "2024-05-01", data))
    };
    let cleared = release("cleared");
    assert_eq!(states(&cleared, Kind::ReviewHold, "2024-05-01"), [State::Met]);
    let settle = &cleared.obligations_of(Kind::SettleHeld, "2024-05-01")[0];
    assert_eq!((settle.state, &*settle.rule.as_ref().unwrap().id), (State::Open, "R-009.2"));
    let paid = json!({ "event": "@2", "obligation": "settle-held", "outcome": "done" });
    let paid = cleared.given(act("institution.close-obligation", "2024-06-01", paid));
    assert_eq!(states(&paid, Kind::SettleHeld, "2024-06-01"), [State::Met]);
    assert!(states(&release("confirmed"), Kind::SettleHeld, "2024-05-01").is_empty());
}

/// What is open of a kind on a day: the event that raised it, and in words.
fn open(story: &Story, kind: Kind, day: &str) -> Vec<(u32, String)> {
    let due = story.obligations_of(kind, day).into_iter().filter(|due| due.state == State::Open);
    due.map(|due| (due.raised_by, due.sum.en)).collect()
}

#[test]
fn what_a_confirmed_hold_held_back_waits_and_is_asked_about_until_it_is_released_as_cleared() {
    let confirmed =
        hospital().given(hold("2024-03-01", json!({}))).given(release("2024-04-01", "@1", "confirmed"));
    let words = "released as confirmed, what waited still waits: \
                 whether settlement is still to be held is to be reviewed (370100)";
    assert_eq!(open(&confirmed, Kind::ReviewHold, "2024-12-01"), [(2, words.to_owned())]);
    let again = confirmed.clone().when(release("2024-05-01", "@1", "confirmed")).refused("already-released");
    assert_eq!(again.blocked_by, [2]);
    let cleared = confirmed.clone().given(release("2024-06-01", "@1", "cleared"));
    assert_eq!(cleared.value("hold/1/*/*", "2024-03-15"), "cleared 2024-06-01T00:00:00+08:00");
    assert_eq!(cleared.value("hold/1/*/*", "2024-04-01"), "", "claims after the release never waited");
    assert!(open(&cleared, Kind::ReviewHold, "2024-06-01").is_empty());
    assert_eq!(open(&cleared, Kind::SettleHeld, "2024-06-01").len(), 1);
    let twice = cleared.clone().when(release("2024-07-01", "@1", "cleared")).refused("already-released");
    assert_eq!((twice.blocked_by, twice.message.en), (vec![3], "the hold was released on 2024-06-01".into()));
    // Where the release as confirmed is annulled, the other one is the release.
    let annul = json!({ "event": "@2", "scope": "from_start" });
    let annulled = cleared.given(act("institution.annul", "2024-08-01", annul).by("bureau"));
    assert_eq!(annulled.value("hold/1/*/*", "2024-05-15"), "cleared");
    // A person may also decide that nothing is to be settled.
    let close = json!({ "event": "@2", "obligation": "review-hold", "outcome": "done", "reason": "拒付" });
    let closed = confirmed.given(act("institution.close-obligation", "2024-07-01", close));
    assert!(open(&closed, Kind::ReviewHold, "2024-07-01").is_empty());
}

#[test]
fn what_waited_before_a_hold_was_annulled_from_a_day_on_is_released_too() {
    let annul = json!({ "event": "@1", "scope": "from_date", "date": "2024-04-01" });
    let story = hospital()
        .given(hold("2024-03-01", json!({})))
        .given(act("institution.annul", "2024-05-01", annul).by("bureau"));
    assert_eq!(story.value("hold/1/*/*", "2024-03-15"), "on");
    assert_eq!(story.value("hold/1/*/*", "2024-04-15"), "");
    let words = "annulled from a day on, what waited before still waits: \
                 whether settlement is still to be held is to be reviewed (370100)";
    assert_eq!(open(&story, Kind::ReviewHold, "2024-06-01"), [(1, words.to_owned())]);
    story.clone().when(release("2024-06-01", "@1", "confirmed")).refused("no-longer-stands");
    let story = story.given(release("2024-06-01", "@1", "cleared"));
    assert_eq!(story.value("hold/1/*/*", "2024-03-15"), "cleared 2024-06-01T00:00:00+08:00");
    assert!(open(&story, Kind::ReviewHold, "2024-06-01").is_empty());
    assert_eq!(open(&story, Kind::SettleHeld, "2024-06-01").len(), 1);
    story.when(release("2024-07-01", "@1", "cleared")).refused("already-released");
}

#[test]
fn who_asked_for_the_suspension_asks_to_resume_before_it_ends() {
    let kind = Kind::ApplyResumption;
    let asked = |at_request: bool| {
        let data = json!({ "until": "2024-06-01", "at_request": at_request });
        hospital().given(suspend("2024-03-01", data))
    };
    let story = asked(true);
    let told = &story.obligations_of(kind, "2024-05-31")[0];
    assert_eq!((told.state, told.due.unwrap().words()), (State::Open, "2024-05-31".to_owned()));
    assert_eq!(&*told.rule.as_ref().unwrap().id, "R-134.2");
    assert_eq!(
        story.obligations_of(kind, "2024-06-01")[0].state,
        State::Late,
        "and nobody ends the agreement"
    );
    assert_eq!(basic(&story, "2024-06-01"), "in_force");
    let resumed = story.given(in_area("institution.resume-agreement", "2024-05-20", json!({})));
    assert_eq!(resumed.obligations_of(kind, "2024-06-01")[0].state, State::Met);
    assert!(asked(false).obligations_of(kind, "2024-05-31").is_empty());
}
