use super::*;
use crate::command::Circumstances;
use crate::history::{History, at};
use crate::rulebook::Rulebook;
use proptest::prelude::*;
use serde_json::json;

pub(super) fn records(history: &History) -> Vec<Record> {
    let circumstances = |body: &Vec<u8>| Circumstances::read(std::str::from_utf8(body).unwrap()).unwrap();
    let both = history.events.iter().cloned().zip(history.bodies.iter().map(circumstances));
    both.map(|(event, circumstances)| Record { event, circumstances }).collect()
}

fn asked(as_of: &str) -> Asked<'static> {
    Asked { as_of: at(as_of), known_at: Instant::MAX, late_days: 100_000, laws: Laws::national() }
}

/// As a lawyer reads it.
fn told(found: &[Breach]) -> String {
    use std::fmt::Write;
    let mut out = String::new();
    for breach in found {
        let day = |at: Option<Instant>| at.map_or_else(|| "—".to_owned(), Instant::words);
        let kind = breach.kind.term();
        let rule = breach.rule.as_ref().map_or_else(
            || "—".to_owned(),
            |rule| {
                let mark = if rule.confidence.is_verified() { "" } else { "（尚未核对原文）" };
                let article = rule.basis.article.as_deref().unwrap_or("");
                format!("{} {} {article}{mark}", rule.id, rule.basis.instrument)
            },
        );
        let days = breach.days.map_or_else(String::new, |days| format!(" · {days} 日"));
        writeln!(out, "{} {}（{}）{}", breach.since.words(), kind.zh, breach.code, breach.words.zh).unwrap();
        writeln!(out, "           {}: {}", kind.en, breach.words.en).unwrap();
        writeln!(
            out,
            "           应于 {} · 办于 {}{days} · 规则 {rule} · 事件 {:?}",
            day(breach.due),
            day(breach.done),
            breach.events
        )
        .unwrap();
    }
    out
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    /// What was decided under a law is not found wanting under the same law, whatever the order it became known in.
    #[test]
    fn what_was_decided_comes_out_the_same_when_it_is_judged((institution, rolls) in timeline::properties::asked()) {
        let history = timeline::properties::decided(institution, &rolls);
        let records = records(&history);
        let found = breaches(&history.subject, &records, &asked("2030-01-01"));
        // What a correction makes of an act was never decided.
        let changed: Vec<Version> = timeline::resolve(&history.events)
            .iter()
            .filter(|known| matches!(known.event, std::borrow::Cow::Owned(_)))
            .map(|known| known.event.version)
            .collect();
        let again: Vec<_> = found
            .iter()
            .filter(|breach| !changed.contains(&breach.events[0]))
            .filter(|breach| breach.allowed.is_some() || matches!(&*breach.code,
                "consequence-missing" | "consequence-not-called-for" | "decided-otherwise")
                || matches!(breach.kind, BreachKind::AgainstRule | BreachKind::OutOfRange))
            .collect();
        prop_assert!(again.is_empty(), "{again:#?}\n{:#?}", history.events);
    }
}

const AREA: &str = "430500";
const HOSPITAL: &str = "H43050000001";

fn hospital() -> History {
    let mut history = History::of(HOSPITAL);
    history.act(
        "apply",
        "2023-10-09",
        json!({ "area": AREA, "lines": ["basic"], "name": "某医院", "opened_on": "2020-01-01",
        "physicians": 20, "tests_offered": false }),
    );
    history
}

fn signing(from: &str, until: &str) -> serde_json::Value {
    json!({ "area": AREA, "lines": ["basic"], "from": from, "until": until })
}

fn suspension(until: &str) -> serde_json::Value {
    json!({ "area": AREA, "until": until, "ground": "agreement-breach" })
}

/// Told on a day, under the law there is, of some kinds.
fn story(history: &History, as_of: &str, kinds: &[BreachKind]) -> String {
    let mut found = breaches(&history.subject, &records(history), &asked(as_of));
    found.retain(|breach| kinds.contains(&breach.kind));
    told(&found)
}

/// What is recorded, with an event made otherwise than the decision made it: as another program, or another law, would have.
fn forged(history: &History, version: usize, change: impl Fn(&mut serde_json::Value)) -> Vec<Record> {
    let mut records = records(history);
    let mut body: serde_json::Value = serde_json::from_slice(&history.bodies[version]).unwrap();
    change(&mut body);
    let old = &records[version].event;
    let text = body.to_string();
    let kind = old.data.event_type();
    let event =
        Event::decode(kind, old.position, old.version, old.effective_at, old.recorded_at, &text).unwrap();
    records[version] = Record { event, circumstances: Circumstances::read(&text).unwrap() };
    records
}

#[test]
fn what_was_accepted_or_evaluated_too_late_or_never() {
    let mut history = hospital();
    history.act("accept-application", "2023-11-01", json!({ "area": AREA }));
    insta::assert_snapshot!(story(&history, "2024-03-01", &[BreachKind::DoneLate, BreachKind::NotDone]));
}

#[test]
fn a_second_suspension_leaves_a_decision_to_be_made() {
    // T-07.
    let mut history = hospital();
    history
        .act("sign-agreement", "2024-01-01", signing("2024-01-01", "2025-01-01"))
        .act("suspend-agreement", "2024-03-01", suspension("2024-04-01"))
        .act("suspend-agreement", "2024-06-01", suspension("2024-07-01"));
    insta::assert_snapshot!(story(&history, "2024-08-01", &[BreachKind::NotDecided]));
    // Nobody decided before the agreement ran out.
    let after = story(&history, "2025-06-01", &[BreachKind::NotDecided]);
    assert!(after.contains("termination-review"), "{after}");
}

#[test]
fn the_same_in_2020_calls_for_a_decision_at_the_third_suspension() {
    // T-08.
    let mut history = hospital();
    history
        .act("sign-agreement", "2020-01-01", signing("2020-01-01", "2021-01-01"))
        .act("suspend-agreement", "2020-03-01", suspension("2020-04-01"))
        .act("suspend-agreement", "2020-06-01", suspension("2020-07-01"));
    assert_eq!(story(&history, "2020-08-01", &[BreachKind::NotDecided]), "");
    history.act("suspend-agreement", "2020-08-01", suspension("2020-09-01"));
    insta::assert_snapshot!(story(&history, "2020-10-01", &[BreachKind::NotDecided]));
}

#[test]
fn an_agreement_that_must_not_be_renewed_and_ran_out_undecided() {
    // T-11.
    let mut history = hospital();
    history
        .act("sign-agreement", "2025-06-02", signing("2025-06-02", "2026-06-02"))
        .act("extend-probation", "2025-09-01", json!({ "area": AREA, "violation": "病历书写不规范" }))
        .act(
            "order-rectification",
            "2026-01-05",
            json!({ "area": AREA, "until": "2026-02-05", "problems": ["重复收费"] }),
        );
    let order = history.events.last().unwrap().id;
    history.act("fail-rectification", "2026-02-10", json!({ "order": order }));
    let kinds = [BreachKind::NotDecided, BreachKind::NotDone];
    insta::assert_snapshot!("rectification_failed", story(&history, "2026-03-01", &kinds));
    insta::assert_snapshot!("ran_out_undecided", story(&history, "2026-07-01", &kinds));
    history.act("refuse-renewal", "2026-05-20", json!({ "area": AREA, "ground": "延长期内整改不到位" }));
    let decided = story(&history, "2026-07-01", &kinds);
    assert!(!decided.contains("renewal-review"), "{decided}");
}

#[test]
fn records_not_produced_are_not_done_and_termination_is_not_decided() {
    // T-09.
    let mut history = hospital();
    history.act("sign-agreement", "2025-06-02", signing("2025-06-02", "2026-06-02")).act(
        "demand-records",
        "2025-07-01",
        json!({ "what": ["进销存台账"] }),
    );
    let kinds = [BreachKind::NotDone, BreachKind::NotDecided];
    assert_eq!(story(&history, "2025-07-08", &kinds), "", "the whole last day is left");
    insta::assert_snapshot!(story(&history, "2025-07-12", &kinds));
}

#[test]
fn decisions_that_state_no_basis() {
    let mut history = hospital();
    history.act("sign-agreement", "2024-01-01", signing("2024-01-01", "2025-01-01"));
    let basis = json!({ "basis": [{ "instrument": "2024年服务协议", "article": "58" }] });
    let unknown = json!({ "unknown": { "/basis": "来源未载明依据" } });
    history
        .act("suspend-agreement", "2024-02-01", suspension("2024-02-10"))
        .act_with("suspend-agreement", "2024-03-01", suspension("2024-03-10"), basis)
        .act_with("suspend-agreement", "2024-04-01", suspension("2024-04-10"), unknown);
    insta::assert_snapshot!(story(
        &history,
        "2024-05-01",
        &[BreachKind::WithoutBasis, BreachKind::ToExamine]
    ));
}

#[test]
fn where_no_rule_is_known_a_basis_that_nobody_told_is_to_be_examined() {
    let kinds = |unknown: serde_json::Value| {
        let mut history = hospital();
        let order = json!({ "department": "骨科", "until": "2022-12-18", "act_from": "2017-01-31", "act_to": "2020-09-30" });
        let more = json!({ "actor": { "authority": "bureau", "area": AREA }, "unknown": unknown });
        history.act_with("order-department", "2022-04-18", order, more);
        let found = breaches(&history.subject, &records(&history), &asked("2025-12-01"));
        let found = found.iter().filter(|found| &*found.code == "no-rule-at-the-time");
        found.map(|found| found.kind).collect::<Vec<_>>()
    };
    assert_eq!(kinds(json!({})), [BreachKind::WithoutBasis]);
    assert_eq!(kinds(json!({ "/basis": "来源未载明依据" })), [BreachKind::ToExamine]);
}

#[test]
fn points_without_a_measure_before_and_outside_the_band() {
    let mut history = History::of("D430500000001");
    let points = |more: serde_json::Value| {
        let mut data = json!({ "behaviour": "art-38", "institution": HOSPITAL, "area": AREA });
        data.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        data
    };
    history
        .act("register", "2025-01-01", json!({ "institution": HOSPITAL, "category": "doctor" }))
        .act("deduct-points", "2025-02-01", points(json!({ "points": 4 })))
        .act(
            "deduct-points",
            "2025-03-01",
            points(json!({ "points": 2, "measure": "处罚决定", "departure_reason": "主动纠正" })),
        )
        .act_with(
            "deduct-points",
            "2025-03-10",
            points(json!({ "points": 1, "behaviour": "agreement-measure" })),
            json!({ "unknown": { "/data/measure": "报道未载明" } }),
        );
    insta::assert_snapshot!(story(&history, "2025-04-01", BreachKind::ALL));
}

#[test]
fn what_the_law_of_its_day_would_have_refused() {
    let mut history = History::of(HOSPITAL);
    history.act_with(
        "order-department",
        "2025-01-10",
        json!({ "department": "骨科", "until": "2025-09-10" }),
        json!({ "actor": { "authority": "bureau", "area": AREA } }),
    );
    let judged = |change: &dyn Fn(&mut serde_json::Value)| {
        told(&breaches(&history.subject, &forged(&history, 0, change), &asked("2025-12-01")))
    };
    assert_eq!(judged(&|_| {}), "", "as it was decided");
    insta::assert_snapshot!(
        "out_of_range",
        judged(&|body| body["data"]["until"] = json!("2027-01-10T00:00:00+08:00"))
    );
    insta::assert_snapshot!("wrong_authority", judged(&|body| body["actor"]["authority"] = json!("agency")));
}

#[test]
fn what_was_annulled_or_corrected_since_is_judged_as_it_stands() {
    let bureau = json!({ "actor": { "authority": "bureau", "area": AREA } });
    let too_long = |body: &mut serde_json::Value| body["data"]["until"] = json!("2027-01-10T00:00:00+08:00");
    let ordered = || {
        let mut history = History::of(HOSPITAL);
        let order = json!({ "department": "骨科", "until": "2025-09-10" });
        history.act_with("order-department", "2025-01-10", order, bureau.clone());
        history
    };
    let judged = |history: &History| {
        let mut found = breaches(&history.subject, &forged(history, 0, too_long), &asked("2025-12-01"));
        found.retain(|breach| breach.kind == BreachKind::OutOfRange);
        found.len()
    };
    assert_eq!(judged(&ordered()), 1);
    let mut annulled = ordered();
    let whole = json!({ "event": crate::history::id(0), "scope": "from_start" });
    annulled.act_with("annul", "2025-02-01", whole, bureau.clone());
    assert_eq!(judged(&annulled), 0);
    let mut lowered = ordered();
    let part = json!({ "event": crate::history::id(0), "scope": "partial", "changes": { "/data/until": "2025-08-10" } });
    lowered.act_with("annul", "2025-02-01", part, bureau.clone());
    assert_eq!(judged(&lowered), 0, "what is left lies in the range");
}

#[test]
fn an_agency_of_another_area() {
    let mut history = hospital();
    history.act_with(
        "sign-agreement",
        "2024-01-01",
        signing("2024-01-01", "2025-01-01"),
        json!({ "actor": { "authority": "agency", "area": "370100" } }),
    );
    insta::assert_snapshot!(story(
        &history,
        "2024-02-01",
        &[BreachKind::WrongAuthority, BreachKind::StepLeftOut]
    ));
}

#[test]
fn a_consequence_left_out_and_one_decided_otherwise() {
    // T-02: ten points and four more end the qualification.
    let mut history = History::of("D500100000001");
    history.area = "500100";
    let points = |points: u8, more: serde_json::Value| {
        let mut data = json!({ "points": points, "behaviour": "虚构服务", "institution": HOSPITAL, "area": "500100", "measure": "处罚" });
        data.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        data
    };
    history
        .act("register", "2025-01-01", json!({ "institution": HOSPITAL, "category": "doctor" }))
        .act("deduct-points", "2025-04-20", points(10, json!({ "suspend_months": 4 })))
        .act("deduct-points", "2025-06-20", points(4, json!({})));
    let kinds = [BreachKind::NotDecided, BreachKind::AgainstRule, BreachKind::OutOfRange];
    let tell = |records: &[Record]| {
        let mut found = breaches(&history.subject, records, &asked("2025-12-01"));
        found.retain(|breach| kinds.contains(&breach.kind));
        told(&found)
    };
    let whole = records(&history);
    assert_eq!(tell(&whole), "");
    insta::assert_snapshot!("consequence_missing", tell(&whole[..4]));
    let longer =
        forged(&history, 4, |body| body["data"]["barred_until"] = json!("2030-06-20T00:00:00+08:00"));
    insta::assert_snapshot!("bar_too_long", tell(&longer));
    let months = forged(&history, 2, |body| body["data"]["until"] = json!("2026-04-20T00:00:00+08:00"));
    insta::assert_snapshot!("months_too_many", tell(&months));
}

/// Conduct of 2020, terminated in 2025: the bar is that of 2020 (ADR 17).
#[test]
fn an_agreement_measure_is_judged_under_the_law_of_the_conduct_it_answers() {
    let mut history = History::of(HOSPITAL);
    let ended = json!({ "area": AREA, "ground": "查实", "reason_class": "breach", "act_from": "2020-03-01", "act_to": "2020-06-01" });
    history.act("sign-agreement", "2020-01-01", signing("2020-01-01", "2026-01-01")).act(
        "terminate-agreement",
        "2025-06-01",
        ended,
    );
    let tell = |records: &[Record]| {
        let mut found = breaches(&history.subject, records, &asked("2025-12-01"));
        found.retain(|breach| [BreachKind::AgainstRule, BreachKind::OutOfRange].contains(&breach.kind));
        told(&found)
    };
    assert_eq!(tell(&records(&history)), "");
    let of_today = |body: &mut serde_json::Value| {
        body["data"]["bar"] =
            json!({ "class": "breach", "until": "2026-06-01T00:00:00+08:00", "until_performed": true });
    };
    insta::assert_snapshot!("bar_of_the_wrong_law", tell(&forged(&history, 1, of_today)));
}

#[test]
fn a_year_with_too_few_inspections_is_told_when_it_is_over() {
    let mut history = hospital();
    // Recorded from July 2026 on.
    history
        .act("sign-agreement", "2025-01-01", signing("2025-01-01", "2029-01-01"))
        .act("record-inspection", "2027-05-01", json!({ "inspection": "日常" }))
        .act("record-inspection", "2028-05-01", json!({ "inspection": "日常" }))
        .act("record-inspection", "2028-11-01", json!({ "inspection": "专项" }));
    let of_year = |on: &str| {
        let mut found = breaches(&history.subject, &records(&history), &asked(on));
        found.retain(|breach| &*breach.code == "inspections-of-the-year");
        told(&found)
    };
    assert_eq!(of_year("2027-12-31T23:59:59+08:00"), "", "2025 and 2026 began unseen, 2027 is not over");
    insta::assert_snapshot!("inspections_of_the_year", of_year("2028-01-01"));
    assert_eq!(of_year("2029-06-01"), of_year("2028-01-01").replace("· 1 日", "· 518 日"), "twice in 2028");
    let pharmacy = History::of("P43050000001");
    assert!(breaches(&pharmacy.subject, &records(&pharmacy), &asked("2030-01-01")).is_empty());
}

#[test]
fn what_was_recorded_late_tells_what_that_changed() {
    let mut history = hospital();
    history.act("sign-agreement", "2024-01-01", signing("2024-01-01", "2025-01-01"));
    let asked = Asked { late_days: 30, ..asked("2026-12-01") };
    let found = breaches(&history.subject, &records(&history), &asked);
    let late: Vec<_> = found.iter().filter(|breach| breach.kind == BreachKind::RecordedLate).collect();
    assert_eq!(
        late.iter().map(|breach| (breach.events[0], breach.days)).collect::<Vec<_>>(),
        [(0, Some(996)), (1, Some(913))]
    );
    let changed: Vec<_> = late[1].changes.iter().map(|change| change.field.to_string()).collect();
    assert!(changed.contains(&"agreement/430500/basic".to_owned()), "{changed:?}");
    let none = Asked { late_days: 1_000, ..asked };
    assert!(
        breaches(&history.subject, &records(&history), &none)
            .iter()
            .all(|b| b.kind != BreachKind::RecordedLate)
    );
}

#[test]
fn what_was_annulled_is_not_judged_and_what_was_found_wrong_waits_to_be_changed() {
    let mut history = hospital();
    history
        .act("sign-agreement", "2024-01-01", signing("2024-01-01", "2025-01-01"))
        .act("suspend-agreement", "2024-02-01", suspension("2024-03-01"))
        .act_with(
            "object",
            "2024-02-05",
            json!({ "decision": crate::history::id(2), "grounds": "事实不清" }),
            json!({ "actor": { "authority": "institution" } }),
        )
        .act(
            "decide-objection",
            "2024-02-10",
            json!({ "objection": crate::history::id(3), "outcome": "upheld" }),
        );
    let kinds = [BreachKind::NotDecided, BreachKind::WithoutBasis];
    insta::assert_snapshot!(story(&history, "2024-02-20", &kinds));
    history.act("annul", "2024-02-15", json!({ "event": crate::history::id(2), "scope": "from_start" }));
    let after = story(&history, "2024-02-20", &kinds);
    assert!(!after.contains("basis-missing") && !after.contains("decision-to-be-changed"), "{after}");
}

/// Which decisions state what they rest on is data: each parameter of that sort names an event there is.
#[test]
fn decisions_that_state_their_basis_are_named_by_the_rulebook() {
    let params: std::collections::BTreeSet<&str> = Rulebook::national()
        .rules()
        .iter()
        .filter_map(|rule| rule.param.strip_prefix(noticed::STATES_BASIS))
        .collect();
    assert!(params.contains("institution.fine-imposed") && params.len() > 15, "{params:?}");
    for name in params {
        assert!(crate::event::EventType::by_name(name).is_some(), "there is no event {name}");
    }
}

#[test]
fn a_fine_states_its_basis_since_the_law_asks_for_it_and_not_before() {
    let fined = |day: &str| {
        let mut history = hospital();
        let data = json!({ "amount_fen": 100 });
        history.act_with(
            "impose-fine",
            day,
            data,
            json!({ "actor": { "authority": "bureau" }, "basis": [] }),
        );
        let found = breaches(&history.subject, &records(&history), &asked("2024-01-01"));
        found.into_iter().find(|breach| &*breach.code == "basis-missing")
    };
    assert_eq!(fined("2021-07-14"), None);
    let told = fined("2021-07-15").unwrap();
    let rule = told.rule.unwrap();
    assert_eq!((&*rule.id, rule.basis.article.as_deref()), ("R-012.b1", Some("44")));
}

/// Every finding that a decision can carry is known here, so that none is told in bare code.
#[test]
fn every_finding_of_the_deciders_has_its_words() {
    let mut sources = String::new();
    let mut folders = vec![std::path::PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/src"))];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            let is_test = path.to_string_lossy().contains("test");
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|end| end == "rs") && !is_test {
                sources += &std::fs::read_to_string(path).unwrap();
            }
        }
    }
    let codes: std::collections::BTreeSet<&str> = ["finding(\"", "Finding::new(\"", "note(event, \""]
        .iter()
        .flat_map(|call| sources.split(call).skip(1))
        .filter_map(|rest| rest.split('"').next())
        .collect();
    assert!(codes.len() > 30, "{codes:?}");
    let facts = ["physicians", "pharmacists", "technicians", "insurance_staff", "opened-on"];
    let to_verify: Vec<_> = facts.map(|fact| format!("{fact}-to-verify")).into();
    let all =
        codes.into_iter().map(str::to_owned).chain(noticed::codes().map(str::to_owned)).chain(to_verify);
    let speaks = |text: &str| !text.is_empty() && !text.contains('_');
    let has_words = |code: &String| {
        words_of(&crate::event::Finding::new(code, None))
            .is_some_and(|words| speaks(&words.en) && speaks(&words.zh) && !words.zh.is_ascii())
    };
    let bare: Vec<_> = all.filter(|code| !has_words(code)).collect();
    assert!(bare.is_empty(), "{bare:?}");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    /// Nothing is forgotten by the passing of time: what was told on a day is told on every later day, or was a duty still
    /// to be done, which ends or runs out; and nothing new is told but what took effect or fell due since.
    #[test]
    fn the_passing_of_time_alone_adds_only_what_falls_due(
        (institution, rolls) in timeline::properties::asked(), (a, b) in (0_u8..216, 0_u8..216),
    ) {
        let history = timeline::properties::decided(institution, &rolls);
        let records = records(&history);
        let (a, b) = (timeline::properties::instant(a), timeline::properties::instant(b));
        let (first, second) = (a.min(b), a.max(b));
        let on = |as_of| breaches(&history.subject, &records, &Asked { as_of, ..asked("2026-01-01") });
        let same = |one: &Breach, other: &Breach| {
            (&one.code, one.since, &one.events[0]) == (&other.code, other.since, &other.events[0])
        };
        let waits = |breach: &Breach| {
            matches!(breach.kind, BreachKind::NotDone | BreachKind::NotDecided | BreachKind::Outstanding)
        };
        let (before, after) = (on(first), on(second));
        for breach in &before {
            prop_assert!(waits(breach) || after.iter().any(|later| same(breach, later)), "{breach:#?}");
        }
        for breach in &after {
            let new = !before.iter().any(|earlier| same(earlier, breach));
            let since_then = first < breach.since || breach.done.is_some_and(|done| first < done);
            prop_assert!(!new || since_then || waits(breach), "{breach:#?}");
        }
    }
}
