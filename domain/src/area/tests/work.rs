//! What an area does for itself, again and again, and what is due of it.

use super::*;
use crate::obligation::{Obligation, ObligationKind as Kind, ObligationState as State};
use serde_json::Value;

fn work(day: &str, what: &str, rest: Value) -> Act {
    let mut data = rest;
    data["work"] = json!(what);
    act("area.record-work", day, data).by("bureau")
}

/// An area of no rules of its own, that has planned its inspections of 2026.
fn planned() -> Story {
    Story::of("430500").given(work("2026-01-10", "inspection-plan", json!({ "document": "计划1号" })))
}

fn due(story: &Story, kind: Kind, day: &str) -> Vec<(State, String)> {
    let told = |due: &Obligation| (due.state, due.due.map(crate::time::Instant::words).unwrap_or_default());
    story.obligations_of(kind, day).iter().map(told).collect()
}

#[test]
fn four_special_inspections_a_year_are_counted_from_the_acts_recorded() {
    let mut story = planned();
    let kind = Kind::SpecialInspections;
    assert_eq!(due(&story, kind, "2026-01-09"), []);
    assert_eq!(due(&story, kind, "2026-01-10"), [(State::Open, "2026-12-31".to_owned())]);
    let told = &story.obligations_of(kind, "2026-06-01")[0];
    assert_eq!(&*told.rule.as_ref().unwrap().id, "S2-22");
    assert_eq!(told.area.unwrap().to_string(), "430500");
    assert!(!told.provisional);
    insta::assert_snapshot!(format!("{}\n{}", told.sum.zh, told.sum.en), @r"
    2026年，不少于4次：应开展专项检查（430500）：2027-01-01 之前
    2026, at least 4 times: special inspections are to be held (430500): before 2027-01-01
    ");
    for day in ["2026-03-01", "2026-06-01", "2026-09-01"] {
        story = story.given(work(day, "special-inspection", json!({ "note": "重点检查" })));
        assert_eq!(due(&story, kind, "2026-12-31")[0].0, State::Open, "{day}");
    }
    assert_eq!(due(&story, kind, "2027-01-01")[0], (State::Late, "2026-12-31".to_owned()));
    let fourth = story.clone().given(work("2026-12-30", "special-inspection", json!({})));
    assert_eq!(due(&fourth, kind, "2026-12-31")[0].0, State::Met);
    // Held in the new year and about it, it is none of the old year; recorded late about the old year, it is.
    let next = story.clone().given(work("2027-02-01", "special-inspection", json!({})));
    assert_eq!(due(&next, kind, "2027-02-01")[0].0, State::Late);
    let late = story.given(work("2027-02-01", "special-inspection", json!({ "year": 2026 })));
    let told = late.obligations_of(kind, "2027-02-01");
    let of_2026: Vec<_> = told.iter().filter(|due| due.due.unwrap().year() == 2026).collect();
    assert!(of_2026[0].state == State::Met && of_2026[0].was_late);
}

#[test]
fn an_inspection_whose_record_is_annulled_does_not_count() {
    let mut story = planned();
    for day in ["2026-02-01", "2026-03-01", "2026-04-01", "2026-05-01"] {
        story = story.given(work(day, "special-inspection", json!({})));
    }
    assert_eq!(due(&story, Kind::SpecialInspections, "2026-12-01")[0].0, State::Met);
    let annul = json!({ "event": "@2", "scope": "from_start" });
    let story = story.given(act("area.annul", "2026-06-01", annul).by("bureau"));
    assert_eq!(due(&story, Kind::SpecialInspections, "2026-12-01")[0].0, State::Open);
}

#[test]
fn an_area_that_keeps_its_work_here_owes_that_of_the_next_year_and_of_silent_years() {
    // Nothing is called for of an area of which only a moratorium is known: that nothing is recorded proves nothing.
    let silent = area().given(start("2024-10-31", both()));
    assert_eq!(due(&silent, Kind::PlanInspections, "2030-01-01"), []);
    let story = planned();
    // The plan recorded is the one of its year.
    assert_eq!(due(&story, Kind::PlanInspections, "2026-12-31"), []);
    assert_eq!(due(&story, Kind::PlanInspections, "2027-01-01"), [(State::Open, "2027-12-31".to_owned())]);
    let later = story.given(work("2029-05-01", "inspection-plan", json!({})));
    let years: Vec<_> = due(&later, Kind::PlanInspections, "2029-05-01");
    let late = |year: &str| (State::Late, format!("{year}-12-31"));
    assert_eq!(years, [late("2027"), late("2028")]);
}

#[test]
fn the_bulletin_of_a_year_is_called_for_when_the_year_is_over_and_no_day_is_made_up() {
    let story = planned();
    assert_eq!(due(&story, Kind::FlightBulletin, "2026-12-31"), []);
    assert_eq!(due(&story, Kind::FlightBulletin, "2027-01-01"), [(State::Open, String::new())]);
    let bulletin = work("2027-03-01", "flight-bulletin", json!({ "year": 2026 }));
    let outcome = story.clone().when(bulletin);
    assert_eq!(outcome.findings(), ["not-published"]);
    let done = outcome.then(&["area.work-recorded"]);
    assert_eq!(due(&done, Kind::FlightBulletin, "2027-03-01"), [(State::Met, String::new())]);
    let public = work("2027-03-01", "flight-bulletin", json!({ "year": 2026, "published": true }));
    assert!(story.when(public).findings().is_empty());
}

#[test]
fn where_the_place_asks_for_it_every_month_and_quarter_has_its_own() {
    let zhangye = |day: &str, what: &str, rest| Story::of("620700").given(work(day, what, rest));
    let story = zhangye("2025-03-10", "anomaly-feedback", json!({ "part": 2 }));
    let months = due(&story, Kind::AnomalyFeedback, "2025-06-01");
    assert_eq!(months.len(), 3, "March, April and May are over: {months:?}");
    let told = &story.obligations_of(Kind::AnomalyFeedback, "2025-06-01")[0];
    assert_eq!(told.sum.en, "2025, month 3: anomalous data are to be fed back, with a warning (620700)");
    let quarter = &story.obligations_of(Kind::FundAnalysis, "2025-04-01")[0];
    assert_eq!(quarter.sum.zh, "2025年第1季度：应开展基金运行分析（620700）");
    let story = story.given(work("2025-04-05", "anomaly-feedback", json!({ "part": 3 })));
    let open = story.obligations_of(Kind::AnomalyFeedback, "2025-05-01");
    assert_eq!(open.iter().filter(|due| due.state == State::Open).count(), 1, "April");
    // Elsewhere nobody asks for it, and it may be recorded all the same.
    let elsewhere = Story::of("430500").given(work("2025-03-10", "anomaly-feedback", json!({})));
    assert_eq!(due(&elsewhere, Kind::AnomalyFeedback, "2025-06-01"), []);
    let refused =
        Story::of("620700").when(work("2025-03-10", "fund-analysis", json!({}))).refused("wrong-part");
    assert_eq!(refused.allowed, Some(json!({ "part": { "min": 1, "max": 4 } })));
    assert_eq!(&*refused.rule.unwrap().id, "S4-06.1");
    Story::of("430500").when(work("2025-03-10", "publicity", json!({ "part": 13 }))).refused("wrong-part");
}

#[test]
fn the_full_inspection_of_zhangye_is_that_of_the_year_of_its_document() {
    let story = Story::of("620700").given(work("2024-11-01", "publicity", json!({})));
    assert_eq!(due(&story, Kind::FullInspection, "2024-12-31"), [(State::Open, "2024-12-31".to_owned())]);
    let done = story.clone().given(work("2024-12-20", "full-inspection", json!({ "institutions": 812 })));
    assert_eq!(due(&done, Kind::FullInspection, "2024-12-31"), [(State::Met, "2024-12-31".to_owned())]);
    let next = story.given(work("2025-02-01", "publicity", json!({})));
    assert_eq!(due(&next, Kind::FullInspection, "2025-12-31"), [(State::Late, "2024-12-31".to_owned())]);
}

#[test]
fn work_is_not_recorded_before_its_year_and_not_by_others() {
    let refused = area().when(work("2026-05-01", "special-inspection", json!({ "year": 2027 })));
    assert_eq!(refused.refused("year-not-begun").allowed, Some(json!({ "year": { "max": 2026 } })));
    let _ = area().given(work("2026-12-01", "inspection-plan", json!({ "year": 2027 })));
    area().when(work("2026-12-01", "inspection-plan", json!({ "year": 2028 }))).refused("year-not-begun");
    area().when(work("2026-05-01", "publicity", json!({})).by("institution")).refused("wrong-authority");
}

#[test]
fn what_an_area_began_without_an_end_is_looked_at_until_it_ends() {
    let kind = Kind::ReviewMoratorium;
    let story = area().given(start("2024-10-31", both()));
    assert_eq!(due(&story, kind, "2025-03-01").len(), 2, "one for each kind of institution");
    let end = act("area.end-moratorium", "2025-03-01", json!({ "designations": ["pharmacy"] })).by("bureau");
    let story = story.given(end);
    let states: Vec<_> = story.obligations_of(kind, "2025-03-01").iter().map(|due| due.state).collect();
    assert_eq!(states, [State::Open, State::Met]);
    let dated = json!({ "basis_agreement": true, "ground": "x", "until": "2025-06-01" });
    assert_eq!(due(&area().given(start("2024-10-31", dated)), kind, "2025-03-01"), []);
    // A review is closed with a reason.
    let close = |rest: Value| {
        let mut data = json!({ "event": "@0", "obligation": "review-moratorium", "outcome": "done" });
        if let Some(reason) = rest.as_str() {
            data["reason"] = json!(reason);
        }
        act("area.close-obligation", "2025-04-01", data).by("bureau")
    };
    story.clone().when(close(Value::Null)).refused("reason-missing");
    let closed = story.given(close(json!("仍处于强监管期间，继续执行")));
    assert!(closed.obligations_of(kind, "2025-04-01").iter().all(|due| due.state == State::Met));
    assert_eq!(closed.value("moratorium/medical", "2025-04-01"), "on", "a review ends nothing by itself");
}

#[test]
fn a_plan_that_has_an_end_is_followed_by_another() {
    let plan = |day: &str, until: Option<&str>| {
        let mut data = json!({ "title": "规划", "medical_max": 120, "pharmacy_max": 300 });
        if let Some(until) = until {
            data["until"] = json!(until);
        }
        act("area.plan-resources", day, data).by("bureau")
    };
    let story = area().given(plan("2025-06-01", Some("2026-06-01")));
    assert_eq!(due(&story, Kind::PlanAgain, "2026-05-31"), [(State::Open, "2026-05-31".to_owned())]);
    assert_eq!(due(&story, Kind::PlanAgain, "2026-06-01")[0].0, State::Late);
    assert_eq!(&*story.obligations_of(Kind::PlanAgain, "2026-01-01")[0].rule.as_ref().unwrap().id, "S0-02");
    let again = story.given(plan("2026-05-20", None));
    assert_eq!(due(&again, Kind::PlanAgain, "2026-06-01"), [(State::Met, "2026-05-31".to_owned())]);
}
