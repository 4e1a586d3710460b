//! Credit, online settlement, objections and appeals: given, when, then, for each kind of subject that has them.

use super::{decide, remedy};
use crate::obligation::{ObligationKind as Kind, ObligationState as State};
use crate::rulebook::Rulebook;
use crate::testing::{Story, act};
use serde_json::json;

const FIRM: &str = "91350100M000100Y43";
const PERSON: &str = "ins-7f3a09c2";
const HOSPITAL: &str = "H37010200001";
const DOCTOR: &str = "D370102000001";

fn rated(code: &str, kind: &str, grade: &str) -> Story {
    Story::of(code).given(act(
        &format!("{kind}.rate-credit"),
        "2026-01-05",
        json!({ "area": "370000", "grade": grade }),
    ))
}

#[test]
fn every_parameter_asked_for_is_set_by_a_rule() {
    for param in decide::PARAMS.iter().chain(&remedy::PARAMS) {
        assert!(Rulebook::national().sets(param), "{param}");
    }
}

#[test]
fn a_grade_stands_until_the_next_one_or_its_own_end() {
    for (code, kind) in [(FIRM, "enterprise"), (PERSON, "insured"), (HOSPITAL, "institution")] {
        let story = rated(code, kind, "b").given(act(
            &format!("{kind}.rate-credit"),
            "2026-07-01",
            json!({ "area": "370000", "grade": "d", "until": "2027-01-01" }),
        ));
        assert_eq!(story.value("credit", "2026-06-30"), "grade_b", "{kind}");
        assert_eq!(story.value("credit", "2026-12-31"), "grade_d", "{kind}");
        assert_eq!(story.value("credit", "2027-01-01"), "", "{kind}");
    }
}

#[test]
fn where_the_scheme_goes_by_score_the_grade_must_be_the_one_of_the_score() {
    let rate = |score: u32, grade: &str, day: &str| {
        let data = json!({ "area": "150100", "grade": grade, "score": score });
        Story::of(HOSPITAL).when(act("institution.rate-credit", day, data))
    };
    for (score, grade) in [(90, "a"), (89, "b"), (80, "b"), (79, "c"), (65, "c"), (64, "d"), (0, "d")] {
        rate(score, grade, "2026-01-05").then(&["institution.credit-rated"]);
    }
    let refused = rate(89, "a", "2026-01-05").refused("grade-disagrees-with-score");
    assert_eq!(refused.allowed.unwrap(), json!({ "grade": "b" }));
    assert_eq!(&*refused.rule.unwrap().id, "K-02.2");
    // Before the scheme, and where none is known, the grade is what the source says.
    rate(89, "a", "2025-06-01").then(&["institution.credit-rated"]);
}

#[test]
fn a_repair_leads_to_a_better_grade_than_the_one_that_stands() {
    let repair = |story: Story, grade: &str| {
        story.when(act(
            "enterprise.repair-credit",
            "2026-03-01",
            json!({ "activity": "退回多收价款", "grade": grade }),
        ))
    };
    let story = rated(FIRM, "enterprise", "seriously_dishonest");
    let repaired = repair(story.clone(), "dishonest").then(&["enterprise.credit-repaired"]);
    assert_eq!(repaired.value("credit", "2026-03-01"), "dishonest");
    assert_eq!(repair(story.clone(), "seriously_dishonest").refused("grade-not-better").blocked_by, [0]);
    repair(story, "extremely_dishonest").refused("grade-not-better");
    let committed =
        Story::of(FIRM).given(act("enterprise.commit", "2026-01-05", json!({ "content": "守信承诺" })));
    repair(committed, "a").refused("not-rated");
    repair(Story::of(FIRM), "a").refused("unknown-subject");
}

#[test]
fn a_discipline_stands_until_it_is_lifted() {
    let story = rated(FIRM, "enterprise", "seriously_dishonest").given(act(
        "enterprise.discipline",
        "2026-02-01",
        json!({ "ground": "严重失信", "measures": ["取消涉案产品挂网资格"], "rating": "@0" }),
    ));
    assert_eq!(story.value("discipline/1", "2026-02-01"), "on");
    let lift = act("enterprise.lift-discipline", "2026-05-01", json!({ "discipline": "@1" }));
    let lifted = story.when(lift.clone()).then(&["enterprise.discipline-lifted"]);
    assert_eq!(lifted.value("discipline/1", "2026-04-30"), "on");
    assert_eq!(lifted.value("discipline/1", "2026-05-01"), "");
    lifted.when(lift).refused("not-disciplined");
}

#[test]
fn a_discipline_names_measures_and_a_rating_that_stands() {
    let discipline = |story: Story, data| story.when(act("insured.discipline", "2026-02-01", data));
    let rated = rated(PERSON, "insured", "d");
    discipline(rated.clone(), json!({ "ground": "失信", "measures": [] })).refused("no-measure");
    let missing = json!({ "ground": "失信", "measures": ["重点监测"], "rating": "@7" });
    discipline(rated.clone(), missing).refused("no-such-event");
    let without = json!({ "ground": "失信", "measures": ["重点监测"] });
    assert_eq!(discipline(rated.clone(), without).findings(), ["no-rating-named"]);
    let annulled =
        rated.given(act("insured.annul", "2026-01-20", json!({ "event": "@0", "scope": "from_start" })));
    let named = json!({ "ground": "失信", "measures": ["重点监测"], "rating": "@0" });
    discipline(annulled, named).refused("no-longer-stands");
}

#[test]
fn only_the_agency_or_the_bureau_rates_disciplines_and_repairs() {
    let data = json!({ "area": "370000", "grade": "a" });
    let rate = act("institution.rate-credit", "2026-01-05", data).by("institution");
    Story::of(HOSPITAL).when(rate).refused("wrong-authority");
    let data = json!({ "area": "370000", "grade": "a" });
    Story::of(FIRM)
        .when(act("enterprise.rate-credit", "2026-01-05", data).by("police"))
        .refused("wrong-authority");
}

#[test]
fn online_settlement_is_suspended_for_three_to_twelve_months() {
    let suspend = |until: Option<&str>| {
        let data = json!({ "ground": "art-41", "until": until });
        Story::of(PERSON).when(act("insured.suspend-online-settlement", "2025-06-01", data))
    };
    for until in ["2025-09-01", "2026-06-01"] {
        let story = suspend(Some(until)).then(&["insured.online-settlement-suspended"]);
        assert_eq!(story.value("online-settlement", "2025-08-31"), "suspended");
        assert_eq!(story.value("online-settlement", until), "");
    }
    for until in [Some("2025-08-31"), Some("2026-06-02"), None] {
        let refused = suspend(until).refused("out-of-range");
        assert_eq!(&*refused.rule.unwrap().id, "R-020.1");
    }
}

#[test]
fn who_refuses_to_cooperate_is_suspended_while_investigated() {
    let suspend = |data, by: &str| {
        Story::of(PERSON).when(act("insured.suspend-online-settlement", "2025-06-01", data).by(by))
    };
    let data = || json!({ "ground": "art-30", "refused_cooperation": true });
    let story = suspend(data(), "bureau").then(&["insured.online-settlement-suspended"]);
    assert_eq!(story.value("online-settlement", "2027-01-01"), "suspended");
    suspend(data(), "agency").refused("art-30-conditions");
    suspend(json!({ "ground": "art-30" }), "bureau").refused("art-30-conditions");
    let again = act("insured.suspend-online-settlement", "2025-07-01", data()).by("bureau");
    assert_eq!(story.clone().when(again).refused("already-suspended").blocked_by, [0]);
    let resume = act("insured.resume-online-settlement", "2025-08-01", json!({ "outcome": "cleared" }));
    let resumed = story.when(resume.clone()).then(&["insured.online-settlement-resumed"]);
    assert_eq!(resumed.value("online-settlement", "2025-08-01"), "");
    resumed.when(resume).refused("not-suspended");
}

fn fined() -> Story {
    let fine = json!({ "amount_fen": 19_800, "article": "38", "base_fen": 9_900, "multiple_tenths": 20 });
    Story::of(HOSPITAL).given(act("institution.impose-fine", "2026-01-05", fine).by("bureau"))
}

#[test]
fn an_objection_is_pending_until_it_is_decided_once() {
    let story = fined().given(
        act("institution.object", "2026-01-10", json!({ "decision": "@0", "grounds": "金额有误" }))
            .by("institution"),
    );
    assert_eq!(story.value("objection/1", "2026-01-15"), "pending");
    let decide =
        act("institution.decide-objection", "2026-01-20", json!({ "objection": "@1", "outcome": "upheld" }));
    let outcome = story.when(decide.clone());
    assert_eq!(outcome.findings(), ["decision-to-be-changed"]);
    let decided = outcome.then(&["institution.objection-decided"]);
    assert_eq!(decided.value("objection/1", "2026-01-20"), "");
    decided.when(decide).refused("not-pending");
}

#[test]
fn an_objection_names_a_decision_that_stands_by_then() {
    let object = |story: Story, decision: &str, day: &str| {
        story.when(act("institution.object", day, json!({ "decision": decision, "grounds": "x" })))
    };
    object(fined(), "@9", "2026-01-10").refused("no-such-event");
    object(fined(), "@0", "2026-01-01").refused("not-yet-in-effect");
    let annul = json!({ "event": "@0", "scope": "from_start" });
    let annulled = fined().given(act("institution.annul", "2026-01-08", annul).by("bureau"));
    object(annulled, "@0", "2026-01-10").refused("no-longer-stands");
}

#[test]
fn an_appeal_has_the_clocks_of_its_forum_and_a_late_one_is_marked() {
    let appeal = |day: &str, data| fined().when(act("institution.appeal", day, data).by("institution"));
    let review = |informed: &str| {
        json!({ "decision": "@0", "forum": "administrative_review",
        "informed_on": informed, "accepted_on": "2026-03-10" })
    };
    let in_time = appeal("2026-03-08", review("2026-01-07"));
    assert!(in_time.findings().is_empty());
    let rules = |outcome: &crate::testing::Outcome| outcome.accepted()[0].rules.join(" ");
    assert_eq!(rules(&in_time), "R-060.1 R-061.1");
    let late = appeal("2026-03-09", review("2026-01-07"));
    assert_eq!(late.findings(), ["out-of-time"]);
    let story = in_time.then(&["institution.appealed"]);
    assert_eq!(story.value("appeal/1", "2026-04-01"), "pending");
    let decide = |day: &str| {
        let data = json!({ "appeal": "@1", "outcome": "maintained", "note": "维持" });
        story.clone().when(act("institution.decide-appeal", day, data).by("bureau"))
    };
    assert!(decide("2026-05-09").findings().is_empty());
    assert_eq!(decide("2026-05-10").findings(), ["decided-late"]);
    let decided = decide("2026-05-08").then(&["institution.appeal-decided"]);
    assert_eq!(decided.value("appeal/1", "2026-05-08"), "");
    // A suit after the review has fifteen days; without one, six months.
    let sue = |day: &str, data| decided.clone().when(act("institution.appeal", day, data).by("institution"));
    let after = json!({ "decision": "@0", "forum": "litigation", "review": "@2" });
    assert!(sue("2026-05-23", after.clone()).findings().is_empty());
    assert_eq!(sue("2026-05-24", after).findings(), ["out-of-time"]);
    let straight = json!({ "decision": "@0", "forum": "litigation", "informed_on": "2026-01-07" });
    assert!(appeal("2026-07-07", straight.clone()).findings().is_empty());
    assert_eq!(appeal("2026-07-08", straight).findings(), ["out-of-time"]);
    let wrong = json!({ "decision": "@0", "forum": "litigation", "review": "@0" });
    sue("2026-05-20", wrong).refused("wrong-event");
}

#[test]
fn a_practitioner_promises_objects_and_appeals_too() {
    let story = Story::of(DOCTOR)
        .given(act(
            "practitioner.register",
            "2025-02-01",
            json!({ "institution": HOSPITAL, "category": "doctor" }),
        ))
        .given(act("practitioner.commit", "2025-02-01", json!({ "content": "服务承诺" })).by("practitioner"))
        .given(act(
            "practitioner.deduct-points",
            "2025-06-10",
            json!({ "area": "370100", "behaviour": "art-38", "institution": HOSPITAL, "points": 4 }),
        ))
        .given(
            act("practitioner.object", "2025-06-12", json!({ "decision": "@2", "grounds": "非本人" }))
                .by("practitioner"),
        )
        .given(act(
            "practitioner.decide-objection",
            "2025-06-20",
            json!({ "objection": "@3", "outcome": "rejected" }),
        ))
        .given(
            act("practitioner.appeal", "2025-06-25", json!({ "decision": "@2", "forum": "complaint" }))
                .by("practitioner"),
        );
    assert_eq!(story.value("commitment/1", "2025-07-01"), "on");
    assert_eq!(story.value("objection/3", "2025-06-15"), "pending");
    assert_eq!(story.value("objection/3", "2025-07-01"), "");
    assert_eq!(story.value("appeal/5", "2025-07-01"), "pending");
    let decided = story.when(act(
        "practitioner.decide-appeal",
        "2025-07-10",
        json!({ "appeal": "@5", "outcome": "annulled" }),
    ));
    assert_eq!(decided.findings(), ["decision-to-be-changed"]);
    decided.then(&["practitioner.appeal-decided"]);
}

/// The states of one kind on a day, with the last day where there is one.
fn due(story: &Story, kind: Kind, day: &str) -> Vec<(State, String)> {
    let told = story.obligations_of(kind, day);
    told.iter().map(|due| (due.state, due.due.map(crate::time::Instant::words).unwrap_or_default())).collect()
}

#[test]
fn online_settlement_suspended_without_an_end_is_looked_at_and_what_was_paid_settled_when_cleared() {
    let suspend = json!({ "ground": "art-30", "refused_cooperation": true });
    let suspend = act("insured.suspend-online-settlement", "2026-03-01", suspend).by("bureau");
    let story = Story::of(PERSON).given(suspend.of_area("370100"));
    let review = story.obligations_of(Kind::ReviewOnlineSuspension, "2026-09-01");
    assert_eq!((review[0].state, review[0].due), (State::Open, None), "no day is made up");
    assert_eq!(&*review[0].rule.as_ref().unwrap().id, "R-011.1");
    assert_eq!(review[0].area.unwrap().to_string(), "370100", "the area of whoever decided");
    let resume = |outcome: &str| {
        let data = json!({ "outcome": outcome });
        story.clone().given(act("insured.resume-online-settlement", "2026-10-01", data).by("bureau"))
    };
    let cleared = resume("cleared");
    assert_eq!(due(&cleared, Kind::ReviewOnlineSuspension, "2026-10-01")[0].0, State::Met);
    assert_eq!(due(&cleared, Kind::SettleSuspended, "2026-10-01"), [(State::Open, String::new())]);
    assert_eq!(
        &*cleared.obligations_of(Kind::SettleSuspended, "2026-10-01")[0].rule.as_ref().unwrap().id,
        "R-011.2"
    );
    assert_eq!(due(&resume("confirmed"), Kind::SettleSuspended, "2026-10-01"), []);
}

#[test]
fn a_suspension_with_an_end_runs_out_by_itself_and_is_on_no_worklist() {
    let data = json!({ "ground": "art-41", "until": "2026-09-01" });
    let story =
        Story::of(PERSON).given(act("insured.suspend-online-settlement", "2026-03-01", data).by("bureau"));
    let kind = Kind::OnlineSuspensionEnd;
    assert!(!kind.on_worklist());
    assert_eq!(due(&story, kind, "2026-08-31"), [(State::Open, "2026-09-01".to_owned())]);
    assert_eq!(due(&story, kind, "2026-09-01"), [(State::Closed, "2026-09-01".to_owned())]);
    assert_eq!(due(&story, Kind::ReviewOnlineSuspension, "2026-08-31"), []);
}

#[test]
fn a_rating_is_made_anew_when_its_validity_ends_or_the_scheme_goes_by_years() {
    let rate =
        |kind: &str, day: &str, data: serde_json::Value| act(&format!("{kind}.rate-credit"), day, data);
    for (code, kind) in [(FIRM, "enterprise"), (PERSON, "insured"), (HOSPITAL, "institution")] {
        let until = json!({ "area": "370000", "grade": "b", "until": "2027-01-01" });
        let story = Story::of(code).given(rate(kind, "2026-01-05", until));
        assert_eq!(
            due(&story, Kind::RateAgain, "2026-12-31"),
            [(State::Open, "2026-12-31".to_owned())],
            "{kind}"
        );
        assert_eq!(due(&story, Kind::RateAgain, "2027-01-01")[0].0, State::Late, "{kind}");
        let again = story.given(rate(kind, "2027-02-01", json!({ "area": "370000", "grade": "a" })));
        let told = again.obligations_of(Kind::RateAgain, "2027-02-01");
        assert!(told.len() == 1 && told[0].state == State::Met && told[0].was_late, "{kind}");
        // 德州: every natural year; the year that follows the rated one is over on the first day of the one after.
        let of_year = json!({ "area": "371400", "grade": "b", "year": 2025 });
        let story = Story::of(code).given(rate(kind, "2026-03-01", of_year));
        assert_eq!(due(&story, Kind::RateAgain, "2026-12-31"), [], "{kind}");
        assert_eq!(due(&story, Kind::RateAgain, "2027-01-01"), [(State::Open, String::new())], "{kind}");
        assert_eq!(
            &*story.obligations_of(Kind::RateAgain, "2027-01-01")[0].rule.as_ref().unwrap().id,
            "K-07.1"
        );
        // Where no rule says how often, and the rating has no end, nothing is due.
        let open = Story::of(code).given(rate(
            kind,
            "2026-03-01",
            json!({ "area": "370000", "grade": "b", "year": 2025 }),
        ));
        assert_eq!(due(&open, Kind::RateAgain, "2030-01-01"), [], "{kind}");
    }
}

#[test]
fn a_discipline_without_an_end_is_looked_at_until_it_is_lifted() {
    for (code, kind) in [(FIRM, "enterprise"), (PERSON, "insured"), (HOSPITAL, "institution")] {
        let discipline = |until: Option<&str>| {
            let mut data = json!({ "ground": "严重失信", "measures": ["增加检查频次"] });
            if let Some(until) = until {
                data["until"] = json!(until);
            }
            rated(code, kind, "d").given(act(&format!("{kind}.discipline"), "2026-02-01", data))
        };
        let story = discipline(None);
        let told = story.obligations_of(Kind::ReviewDiscipline, "2027-02-01");
        assert_eq!((told.len(), told[0].state, told[0].due), (1, State::Open, None), "{kind}");
        let lift = act(&format!("{kind}.lift-discipline"), "2027-03-01", json!({ "discipline": "@1" }));
        assert_eq!(due(&story.given(lift), Kind::ReviewDiscipline, "2027-03-01")[0].0, State::Met, "{kind}");
        assert_eq!(due(&discipline(Some("2027-01-01")), Kind::ReviewDiscipline, "2026-06-01"), [], "{kind}");
    }
}

#[test]
fn how_a_commitment_was_kept_goes_into_the_credit_record_when_it_ends() {
    for (code, kind) in [(FIRM, "enterprise"), (PERSON, "insured"), (HOSPITAL, "institution")] {
        let commit = json!({ "content": "诚信经营", "until": "2026-12-01" });
        let story = rated(code, kind, "b").given(act(&format!("{kind}.commit"), "2026-02-01", commit));
        assert_eq!(due(&story, Kind::RecordPerformance, "2026-11-30"), [], "{kind}");
        let told = story.obligations_of(Kind::RecordPerformance, "2026-12-01");
        assert_eq!((told[0].state, &*told[0].rule.as_ref().unwrap().id), (State::Open, "S1-35"), "{kind}");
        let rating = json!({ "area": "370000", "grade": "a" });
        let next = story.given(act(&format!("{kind}.rate-credit"), "2027-01-10", rating));
        assert_eq!(due(&next, Kind::RecordPerformance, "2027-01-10")[0].0, State::Met, "{kind}");
    }
}
