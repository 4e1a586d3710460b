use super::{AREA, HOSPITAL, hospital, in_area, sign, sign_in, suspend, terminate};
use crate::obligation::{ObligationKind, ObligationState};
use crate::testing::{Act, Story, act};
use serde_json::json;

/// Kind, state and rule of the reviews, rectifications and filings due, in order.
fn due(story: &Story, at: &str) -> Vec<(ObligationKind, ObligationState, String)> {
    use ObligationKind::{FileChange, Rectify, RenewalReview, TerminationReview};
    let due = story.obligations(at);
    due.iter()
        .filter(|o| matches!(o.kind, TerminationReview | RenewalReview | Rectify | FileChange))
        .map(|o| (o.kind, o.state, o.rule.as_ref().map(|rule| rule.id.to_string()).unwrap_or_default()))
        .collect()
}

fn review(state: ObligationState, rule: &str) -> (ObligationKind, ObligationState, String) {
    (ObligationKind::TerminationReview, state, rule.to_owned())
}

fn suspended(story: Story, day: &str, until: &str) -> Story {
    story.given(suspend(day, json!({ "until": until })))
}

#[test]
fn suspensions_at_request_and_of_an_earlier_term_do_not_count() {
    let story = suspended(hospital(), "2024-03-01", "2024-04-01")
        .given(suspend("2024-05-01", json!({ "until": "2024-06-01", "at_request": true })))
        .given(in_area(
            "institution.renew",
            "2024-12-01",
            json!({ "from": "2025-01-01", "until": "2026-01-01" }),
        ));
    let story = suspended(story, "2025-03-01", "2025-04-01");
    assert!(due(&story, "2024-05-01").is_empty());
    assert!(due(&story, "2025-03-01").is_empty());
}

#[test]
fn a_review_not_decided_before_the_renewal_is_closed_with_its_term() {
    let story = suspended(suspended(hospital(), "2024-03-01", "2024-04-01"), "2024-05-01", "2024-06-01")
        .given(in_area("institution.renew", "2024-12-01", json!({ "until": "2026-01-01" })));
    assert_eq!(due(&story, "2024-12-31"), [review(ObligationState::Open, "R-136")]);
    assert_eq!(due(&story, "2025-01-01"), [review(ObligationState::Closed, "R-136")]);
}

#[test]
fn a_line_suspended_twice_with_basic_raises_one_review() {
    let story =
        Story::of(HOSPITAL).given(sign("2024-01-01", "2024-01-01", "2025-01-01", &["basic", "internet"]));
    let story = suspended(suspended(story, "2024-03-01", "2024-04-01"), "2024-05-01", "2024-06-01");
    assert_eq!(due(&story, "2024-05-01"), [review(ObligationState::Open, "R-136")]);
}

#[test]
fn a_suspension_of_basic_counts_for_the_lines_it_suspends() {
    let story =
        Story::of(HOSPITAL).given(sign("2024-01-01", "2024-01-01", "2025-01-01", &["basic", "internet"]));
    let line = |day, line: &str, until| suspend(day, json!({ "line": line, "until": until }));
    let one = |first: &str, second: &str| {
        let story = story.clone().given(line("2024-03-01", first, "2024-04-01"));
        due(&story.given(line("2024-05-01", second, "2024-06-01")), "2024-05-01")
    };
    assert_eq!(one("internet", "basic"), [review(ObligationState::Open, "R-136")]);
    assert_eq!(one("basic", "internet"), [review(ObligationState::Open, "R-136")]);
    // The suspension of a line leaves the others alone.
    let lines = Story::of(HOSPITAL).given(sign(
        "2024-01-01",
        "2024-01-01",
        "2025-01-01",
        &["basic", "internet", "dual_channel"],
    ));
    let lines = lines.given(line("2024-03-01", "internet", "2024-04-01"));
    assert_eq!(due(&lines.given(line("2024-05-01", "dual_channel", "2024-06-01")), "2024-05-01"), []);
}

#[test]
fn the_review_is_met_by_termination_and_closed_by_any_other_end() {
    let story = suspended(suspended(hospital(), "2024-03-01", "2024-04-01"), "2024-05-01", "2024-06-01");
    assert_eq!(due(&story, "2025-01-01"), [review(ObligationState::Closed, "R-136")]);
    let story = story.given(terminate("2024-07-01", "breach"));
    assert_eq!(due(&story, "2024-06-30"), [review(ObligationState::Open, "R-136")]);
    assert_eq!(due(&story, "2024-07-01"), [review(ObligationState::Met, "R-136")]);
}

#[test]
fn not_rectified_while_suspended_calls_for_a_review() {
    let story = suspended(hospital(), "2024-03-01", "2024-06-01")
        .given(act("institution.order-rectification", "2024-03-01", json!({ "until": "2024-05-01" })))
        .given(act("institution.fail-rectification", "2024-05-02", json!({ "order": "@2" })));
    let closed = (ObligationKind::Rectify, ObligationState::Closed, String::new());
    assert_eq!(due(&story, "2024-05-02"), [review(ObligationState::Open, "R-136"), closed]);
}

#[test]
fn an_overdue_rectification_is_late() {
    let story = hospital().given(act(
        "institution.order-rectification",
        "2024-03-01",
        json!({ "until": "2024-05-01" }),
    ));
    let task = |state| (ObligationKind::Rectify, state, String::new());
    assert_eq!(due(&story, "2024-05-01"), [task(ObligationState::Open)]);
    assert_eq!(due(&story, "2024-05-02"), [task(ObligationState::Late)]);
}

#[test]
fn an_application_has_its_clocks() {
    let apply =
        json!({ "area": AREA, "lines": [], "name": "甲医院", "opened_on": "2020-01-01", "physicians": 1 });
    // Friday 2025-09-26: the Sunday after it and 11 October are worked, 1 to 8 October are off.
    let story = Story::of(HOSPITAL).given(act("institution.apply", "2025-09-26", apply));
    let task = |story: &Story, kind, at: &str| story.obligations_of(kind, at).remove(0);
    let accept = task(&story, ObligationKind::AcceptApplication, "2025-09-26");
    assert_eq!((accept.state, accept.provisional), (ObligationState::Open, false));
    assert_eq!(accept.due.unwrap().words(), "2025-10-10");
    assert_eq!(
        accept.sum.en,
        "the application is to be accepted or returned (370100): 2025-09-26 + 5 working days \
         (calendar 2025-1, skipping 1–8 Oct, counting 28 Sep)"
    );
    assert_eq!(
        accept.sum.zh,
        "申请应予受理或一次性告知补正（370100）：2025-09-26 起 5 个工作日（2025-1 版放假安排，\
         跳过10月1日至8日，计入调休上班的9月28日）"
    );
    let verify = task(&story, ObligationKind::VerifyFacts, "2025-09-26");
    assert_eq!((verify.due, verify.sum.zh.contains("开展检验检查")), (None, true));
    let story = story.given(in_area("institution.accept-application", "2025-10-13", json!({})));
    let accept = task(&story, ObligationKind::AcceptApplication, "2025-10-13");
    assert_eq!((accept.state, accept.was_late), (ObligationState::Met, true));
    assert_eq!(task(&story, ObligationKind::AcceptApplication, "2025-10-12").state, ObligationState::Late);
    let evaluate = task(&story, ObligationKind::Evaluate, "2026-01-13T23:59:59+08:00");
    assert_eq!(
        (evaluate.state, evaluate.due.unwrap().words()),
        (ObligationState::Open, "2026-01-13".to_owned())
    );
    assert_eq!(task(&story, ObligationKind::Evaluate, "2026-01-14").state, ObligationState::Late);
}

#[test]
fn a_failed_evaluation_may_be_repeated_after_three_months_and_a_pass_is_publicised() {
    let apply = json!({ "area": AREA, "lines": [], "name": "甲医院", "opened_on": "2020-01-01", "physicians": 1, "tests_offered": false });
    let story = Story::of(HOSPITAL)
        .given(act("institution.apply", "2025-03-03", apply))
        .given(in_area("institution.accept-application", "2025-03-04", json!({})))
        .given(in_area("institution.evaluate", "2025-04-01", json!({ "verdict": "fail" })));
    let again = ObligationKind::Reevaluate;
    assert!(story.obligations_of(again, "2025-06-30").is_empty());
    assert_eq!(story.obligations_of(again, "2025-07-01")[0].rule.as_ref().unwrap().id, "R-110.1".into());
    let story = story.given(in_area("institution.evaluate", "2025-07-01", json!({ "verdict": "pass" })));
    assert!(story.obligations_of(again, "2025-07-01").is_empty(), "held on the first day it could be");
    let publicise = story.obligations_of(ObligationKind::PubliciseCandidate, "2025-07-01");
    assert_eq!((publicise[0].state, publicise[0].due), (ObligationState::Open, None));
    let notice = json!({ "from": "2025-07-10", "until": "2025-07-17" });
    let story = story.given(in_area("institution.publicise", "2025-07-10", notice));
    assert_eq!(
        story.obligations_of(ObligationKind::PubliciseCandidate, "2025-07-10")[0].state,
        ObligationState::Met
    );
}

#[test]
fn a_major_change_is_to_be_filed_and_a_minor_one_is_not() {
    let change = |what| {
        let data = json!({ "what": what, "to": "新", "approved_on": "2024-03-01" });
        hospital().given(act("institution.change-details", "2024-03-01", data))
    };
    assert!(due(&change("telephone"), "2024-03-01").is_empty());
    let story = change("legal_representative");
    let task = |state| (ObligationKind::FileChange, state, "R-130".to_owned());
    // 30 working days over Qingming of 2024, with a Sunday worked.
    assert_eq!(due(&story, "2024-04-15T23:59:59+08:00"), [task(ObligationState::Open)]);
    let late = [task(ObligationState::Late), review(ObligationState::Open, "R-136.6")];
    assert_eq!(due(&story, "2024-04-16"), late);
    let file = |day| act("institution.file-change", day, json!({ "change": "@1" }));
    assert_eq!(due(&story.clone().given(file("2024-04-01")), "2024-04-16"), [task(ObligationState::Met)]);
    let filed_late = story.given(file("2024-04-20"));
    assert_eq!(
        due(&filed_late, "2024-04-20"),
        [review(ObligationState::Open, "R-136.6"), task(ObligationState::Met)],
        "filing late does not decide the review"
    );
}

#[test]
fn liaoning_counted_two_before_the_national_rule_did() {
    let story = Story::of("H21010200001").given(sign_in(
        "210100",
        "2020-01-01",
        "2020-01-01",
        "2021-01-01",
        &["basic"],
    ));
    let suspend = |day: &str, until: &str| {
        let data = json!({ "area": "210100", "ground": "x", "until": until });
        act("institution.suspend-agreement", day, data)
    };
    let story = story.given(suspend("2020-03-01", "2020-04-01"));
    assert!(due(&story, "2020-03-01").is_empty());
    let story = story.given(suspend("2020-06-01", "2020-07-01"));
    assert_eq!(due(&story, "2020-06-01"), [review(ObligationState::Open, "C-01")]);
}

/// The acts in doubt, and by which event recorded after them.
fn doubts(story: &Story) -> Vec<(u32, String)> {
    let due = story.obligations_of(ObligationKind::ReviewLaterAct, "2029-12-31");
    due.into_iter().map(|due| (due.raised_by, due.sum.en)).collect()
}

/// How a doubt because of an event is told.
fn because_of(event: u32, area: &str) -> String {
    format!("act #{event}: an act is in doubt through one recorded later and is to be reviewed ({area})")
}

#[test]
fn a_termination_put_before_a_later_one_puts_that_one_in_doubt() {
    let story = hospital().given(terminate("2024-10-03", "breach"));
    assert!(doubts(&story).is_empty());
    let story = story.given(terminate("2024-06-01", "illegality"));
    assert_eq!(doubts(&story), [(1, because_of(2, AREA))]);
    // Of one line by that line: the others go on.
    let line = |day: &str| {
        let data = json!({ "line": "internet", "ground": "x", "reason_class": "other" });
        in_area("institution.terminate-agreement", day, data)
    };
    let story = Story::of(HOSPITAL)
        .given(sign("2024-01-01", "2024-01-01", "2025-01-01", &["basic", "internet"]))
        .given(line("2024-10-03"))
        .given(line("2024-06-01"));
    assert_eq!(doubts(&story), [(1, because_of(2, AREA))]);
}

#[test]
fn a_termination_put_before_what_rests_on_the_agreement_puts_it_in_doubt() {
    let late = |act: Act| hospital().given(act).given(terminate("2024-06-01", "consent"));
    for (command, data) in [
        ("suspend-agreement", json!({ "until": "2024-09-01" })),
        ("request-suspension", json!({ "from": "2024-12-01" })),
        ("withdraw", json!({ "from": "2024-12-01" })),
        ("renew", json!({ "until": "2026-01-01" })),
        ("refuse-renewal", json!({ "ground": "x" })),
        ("open-cross-region", json!({})),
        ("close-cross-region", json!({})),
    ] {
        let story = late(in_area(&format!("institution.{command}"), "2024-08-01", data));
        assert_eq!(doubts(&story), [(1, because_of(2, AREA))], "{command}");
    }
    let lapse = late(in_area("institution.record-lapse", "2025-01-01", json!({})));
    assert_eq!(doubts(&lapse), [(1, because_of(2, AREA))]);
    let line = late(sign("2024-08-01", "2024-08-01", "2025-01-01", &["internet"]));
    assert_eq!(doubts(&line), [(1, because_of(2, AREA))], "a line hangs on the basic agreement");
    let resumed = suspended(hospital(), "2024-05-01", "2024-12-01")
        .given(in_area("institution.resume-agreement", "2024-08-01", json!({})))
        .given(terminate("2024-06-01", "consent"));
    assert_eq!(doubts(&resumed), [(2, because_of(3, AREA))]);
}

#[test]
fn a_withdrawal_announced_before_a_renewal_and_recorded_after_it_puts_it_in_doubt() {
    let withdraw = in_area("institution.withdraw", "2024-05-01", json!({ "from": "2024-09-01" }));
    let story = hospital()
        .given(in_area("institution.renew", "2024-08-01", json!({ "until": "2026-01-01" })))
        .given(withdraw);
    assert_eq!(doubts(&story), [(1, because_of(2, AREA))]);
    assert_eq!(super::basic(&story, "2025-02-01"), "withdrawn");
}

#[test]
fn a_bar_that_became_known_later_puts_what_it_would_have_refused_in_doubt() {
    let next = || sign("2024-08-01", "2025-01-01", "2026-01-01", &["basic"]);
    let story = hospital().given(next()).given(terminate("2024-06-01", "illegality"));
    assert_eq!(doubts(&story), [(1, because_of(2, AREA))]);
    // A bar holds everywhere: so for what is applied for elsewhere.
    let apply = json!({ "area": "370200", "lines": ["basic"], "name": "甲医院", "opened_on": "2020-01-01", "physicians": 1 });
    let story = hospital()
        .given(act("institution.apply", "2024-08-01", apply))
        .given(terminate("2024-06-01", "breach"));
    assert_eq!(doubts(&story), [(1, because_of(2, "370200"))]);
    // With no bar nothing stood in the way of a new agreement.
    let story = hospital().given(next()).given(terminate("2024-06-01", "consent"));
    assert_eq!(doubts(&story), []);
    // What is recorded in order is decided in the knowledge of it.
    let line = json!({ "area": AREA, "line": "internet", "ground": "x", "reason_class": "breach" });
    let story = Story::of(HOSPITAL)
        .given(sign("2024-01-01", "2024-01-01", "2025-01-01", &["basic", "internet"]))
        .given(act("institution.terminate-agreement", "2024-03-01", line))
        .given(sign("2024-08-01", "2024-08-01", "2025-01-01", &["internet"]));
    assert_eq!(doubts(&story), []);
}

#[test]
fn a_probation_is_in_doubt_when_an_earlier_designation_becomes_known() {
    let signed = |area, day: &str, until| sign_in(area, day, day, until, &["basic"]);
    let qingdao = signed("370200", "2025-10-01", "2026-10-01");
    let jinan = signed("370100", "2025-09-01", "2026-09-01");
    let story = Story::of(HOSPITAL).given(qingdao.clone()).given(jinan.clone());
    // 0 signing, 1 probation, 2 cross-region closed; 3 the earlier signing.
    assert_eq!(doubts(&story), [(1, because_of(3, "370200"))]);
    assert_eq!(doubts(&Story::of(HOSPITAL).given(jinan).given(qingdao)), []);
}
