use super::{Ending, ObligationKind, ObligationState};
use crate::testing::{Act, Story, act};
use serde_json::{Value, json};

const AREA: &str = "430500";

/// Signed on the first day of 2024: the list is to be published, and renewal to be applied for.
fn signed() -> Story {
    let data = json!({ "area": AREA, "lines": ["basic"], "from": "2024-01-01", "until": "2025-01-01" });
    Story::of("H43050000001").given(act("institution.sign-agreement", "2024-01-01", data))
}

fn close(day: &str, event: &str, kind: &str, rest: Value) -> Act {
    close_of("institution", day, event, kind, rest)
}

fn close_of(subject: &str, day: &str, event: &str, kind: &str, mut rest: Value) -> Act {
    rest["event"] = json!(event);
    rest["obligation"] = json!(kind);
    act(&format!("{subject}.close-obligation"), day, rest)
}

fn done() -> Value {
    json!({ "outcome": "done" })
}

fn not_called_for() -> Value {
    json!({ "outcome": "not-called-for", "reason": "已随上级名单一并公布" })
}

/// The states of one kind on a day.
fn states(story: &Story, kind: ObligationKind, day: &str) -> Vec<ObligationState> {
    story.obligations_of(kind, day).iter().map(|due| due.state).collect()
}

#[test]
fn what_no_act_answers_is_done_by_its_record() {
    use ObligationState::{Met, Open};
    let story = signed()
        .when(close("2024-01-10", "@0", "publish-list", done()))
        .then(&["institution.obligation-closed"]);
    assert_eq!(states(&story, ObligationKind::PublishList, "2024-01-09"), [Open]);
    assert_eq!(states(&story, ObligationKind::PublishList, "2024-01-10"), [Met]);
    assert_eq!(states(&story, ObligationKind::ApplyRenewal, "2024-01-10"), [Open], "another kind stays");
    let due = story.obligations_of(ObligationKind::PublishList, "2024-01-10");
    assert!(
        matches!(due[0].ended, Some((_, Ending::Met(version))) if version + 1 == story.events().len() as u32)
    );
}

#[test]
fn what_is_not_called_for_is_closed_but_not_met() {
    let story = signed().given(close("2024-01-10", "@0", "publish-list", not_called_for()));
    assert_eq!(states(&story, ObligationKind::PublishList, "2024-01-10"), [ObligationState::Closed]);
}

#[test]
fn closing_changes_no_status() {
    let before = signed().standing("2024-02-01");
    let story = signed().given(close("2024-01-10", "@0", "publish-list", done()));
    assert_eq!(story.standing("2024-02-01"), before);
}

#[test]
fn a_second_suspension_leaves_a_review_that_ends_without_termination() {
    let suspend = |day: &str, until: &str| {
        let data = json!({ "area": AREA, "until": until, "ground": "agreement-breach" });
        act("institution.suspend-agreement", day, data)
    };
    let story =
        signed().given(suspend("2024-03-01", "2024-04-01")).given(suspend("2024-05-01", "2024-06-01"));
    let open = story.obligations_of(ObligationKind::TerminationReview, "2024-06-01");
    assert_eq!(open.len(), 1);
    let raised_by = format!("@{}", open[0].raised_by);
    let review = |rest| close("2024-06-10", &raised_by, "termination-review", rest);
    let refused = story.clone().when(review(done())).refused("reason-missing");
    assert_eq!(refused.allowed, Some(json!({ "field": "/data/reason" })));
    story.clone().when(review(json!({ "outcome": "done", "reason": " " }))).refused("reason-missing");
    let story = story.given(review(json!({ "outcome": "done", "reason": "情节轻微，决定不予解除" })));
    assert_eq!(states(&story, ObligationKind::TerminationReview, "2024-06-10"), [ObligationState::Met]);
    assert_eq!(story.value("agreement/430500/basic", "2024-06-10"), "in_force");
}

#[test]
fn only_what_is_open_can_be_closed_and_the_refusal_lists_it() {
    let refused = signed().when(close("2024-01-10", "@0", "rectify", done())).refused("obligation-not-open");
    let open = refused.allowed.unwrap_or_default();
    let kinds: Vec<_> = open["open"].as_array().unwrap().iter().map(|due| &due["obligation"]).collect();
    assert!(kinds.contains(&&json!("publish-list")) && kinds.contains(&&json!("apply-renewal")), "{open}");
    let id = signed().events()[0].id;
    assert!(open["open"].as_array().unwrap().iter().all(|due| due["event"] == json!(id)), "{open}");
    assert_eq!(refused.blocked_by, [0]);
    signed().when(close("2023-12-31", "@0", "publish-list", done())).refused("obligation-not-open");
    let story = signed().given(close("2024-01-10", "@0", "publish-list", done()));
    story.when(close("2024-01-11", "@0", "publish-list", done())).refused("obligation-not-open");
    signed().when(close("2024-01-10", "@9", "publish-list", done())).refused("no-such-event");
    let nobody = Story::of("H43050000001");
    nobody.when(close("2024-01-10", "@9", "publish-list", done())).refused("unknown-subject");
}

#[test]
fn only_agency_and_bureau_close_and_the_system_never_does() {
    for authority in ["system", "institution", "court", "police"] {
        let asked = close("2024-01-10", "@0", "publish-list", done()).by(authority);
        let refused = signed().when(asked).refused("wrong-authority");
        assert_eq!(refused.allowed, Some(json!({ "authority": ["agency", "bureau"] })));
    }
    let _ = signed().given(close("2024-01-10", "@0", "publish-list", done()).by("bureau"));
}

#[test]
fn what_was_closed_is_called_for_again_when_the_closing_is_annulled() {
    let story = signed().given(close("2024-01-10", "@0", "publish-list", done()));
    let closing = format!("@{}", story.events().len() - 1);
    let annul = json!({ "event": closing, "scope": "from_start" });
    let story = story.given(act("institution.annul", "2024-02-01", annul).by("bureau"));
    assert_eq!(states(&story, ObligationKind::PublishList, "2024-02-01"), [ObligationState::Open]);
}

#[test]
fn a_right_to_appeal_is_nobodys_to_close() {
    let fine = json!({ "amount_fen": 19_800, "article": "38", "base_fen": 9_900, "multiple_tenths": 20 });
    let story =
        Story::of("H43050000001").given(act("institution.impose-fine", "2026-01-05", fine).by("bureau"));
    assert_eq!(states(&story, ObligationKind::Sue, "2026-01-06"), [ObligationState::Open]);
    story.when(close("2026-01-06", "@0", "sue", not_called_for())).refused("obligation-not-open");
}

#[test]
fn a_practitioners_sites_and_referrals_are_closed_alike() {
    let story = Story::of("D430500000001")
        .given(act("practitioner.refer", "2026-01-05", json!({ "to": "卫生健康部门" })))
        .when(close_of("practitioner", "2026-02-01", "@0", "follow-referral", done()))
        .then(&["practitioner.obligation-closed"]);
    assert_eq!(states(&story, ObligationKind::FollowReferral, "2026-02-01"), [ObligationState::Met]);
}

#[test]
fn what_hangs_on_an_annulled_decision_is_reconsidered_for_every_kind_of_subject() {
    let rating = |grade: &str| json!({ "area": AREA, "grade": grade });
    let moratorium = json!({ "basis_agreement": true, "ground": "强监管期间", "designations": ["medical"] });
    let firsts = [
        ("enterprise", "91350100M000100Y43", ["rate-credit", "rate-credit"], [rating("c"), rating("b")]),
        ("insured", "ins-7f3a09c2", ["rate-credit", "rate-credit"], [rating("c"), rating("b")]),
        ("area", AREA, ["start-moratorium", "end-moratorium"], [moratorium, json!({})]),
        (
            "case",
            "case-2025-0804",
            ["open", "receive-lead"],
            [json!({ "area": AREA }), json!({ "source": "complaint", "content": "反映虚构诊疗" })],
        ),
    ];
    for (kind, code, [first, second], [one, two]) in firsts {
        let story = Story::of(code).given(act(&format!("{kind}.{first}"), "2026-01-01", one)).given(act(
            &format!("{kind}.{second}"),
            "2026-01-05",
            two,
        ));
        let annul = json!({ "event": "@0", "scope": "from_start" });
        let story = story.given(act(&format!("{kind}.annul"), "2026-02-01", annul).by("bureau"));
        let again = ObligationKind::ReconsiderConsequences;
        assert_eq!(states(&story, again, "2026-02-01"), [ObligationState::Open], "{kind}");
        let annulment = format!("@{}", story.events().len() - 1);
        let kept = json!({ "outcome": "done", "reason": "经复核，后续处理维持" });
        let asked = close_of(kind, "2026-02-10", &annulment, again.name(), kept);
        let story = story.when(asked).then(&[&format!("{kind}.obligation-closed")]);
        assert_eq!(states(&story, again, "2026-02-10"), [ObligationState::Met], "{kind}");
    }
}

#[test]
fn where_the_place_says_so_a_talk_is_held_before_any_measure() {
    let deduct = |day: &str, points: u8, area: &str| {
        let data = json!({ "points": points, "behaviour": "其他", "institution": "H43050000001", "area": area, "measure": "罚决1号" });
        act("practitioner.deduct-points", day, data)
    };
    let person = || {
        let data = json!({ "institution": "H43050000001", "category": "doctor" });
        Story::of("D430500000001").given(act("practitioner.register", "2025-01-01", data))
    };
    let talks = |story: &Story, day: &str| -> Vec<(ObligationState, String)> {
        let due = story.obligations_of(ObligationKind::HoldTalk, day);
        due.iter().map(|due| (due.state, due.rule.as_ref().unwrap().id.to_string())).collect()
    };
    let open = |rule: &str| (ObligationState::Open, rule.to_owned());
    // 辽宁: from 3, and again from 6.
    let liaoning = person().given(deduct("2025-06-01", 2, "210100"));
    assert_eq!(talks(&liaoning, "2025-06-01"), []);
    let warned = liaoning.given(deduct("2025-06-10", 1, "210100"));
    assert_eq!(talks(&warned, "2025-06-10"), [open("J-04.7")]);
    let sum = &warned.obligations_of(ObligationKind::HoldTalk, "2025-06-10")[0].sum;
    assert_eq!(sum.en, "3 points in the year: a talk is to be held (210100)");
    let held = warned.given(act("practitioner.interview", "2025-06-20", json!({})));
    assert_eq!(talks(&held, "2025-06-20")[0].0, ObligationState::Met);
    let within = held.clone().given(deduct("2025-07-01", 2, "210100"));
    assert_eq!(talks(&within, "2025-07-01").len(), 1, "5 points reach no other line");
    assert_eq!(talks(&within.given(deduct("2025-08-01", 1, "210100")), "2025-08-01")[0], open("J-04.8"));
    // 天津: from 6 alone; elsewhere nobody asks for it.
    let tianjin = |points| person().given(deduct("2025-06-01", points, "120100"));
    assert_eq!((talks(&tianjin(5), "2025-06-01").len(), talks(&tianjin(6), "2025-06-01").len()), (0, 1));
    assert_eq!(talks(&person().given(deduct("2025-06-01", 6, "500100")), "2025-06-01"), []);
}
