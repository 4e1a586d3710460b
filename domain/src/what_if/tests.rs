use super::*;
use crate::event::EventData;
use crate::history::{History, at};
use crate::timeline;
use proptest::prelude::*;
use serde_json::json;

const SITE: &str = "H43050000001";

fn circumstances(body: &[u8]) -> Circumstances {
    Circumstances::read(std::str::from_utf8(body).unwrap()).unwrap()
}

fn records(history: &History) -> Vec<Record> {
    let bodies = history.bodies.iter().map(|body| circumstances(body));
    history
        .events
        .iter()
        .cloned()
        .zip(bodies)
        .map(|(event, circumstances)| Record { event, circumstances })
        .collect()
}

fn told(history: &History, supposition: Supposition<'_>) -> String {
    let records = records(history);
    let supposed = suppose(&history.subject, &records, supposition);
    let mut out = String::new();
    for act in &supposed.acts {
        let what = match &act.outcome {
            Outcome::LeftOut => "left out".to_owned(),
            Outcome::WithoutObject => "without its object".to_owned(),
            Outcome::WithoutCause => "without its cause".to_owned(),
            Outcome::Refused(rejection) => {
                format!("refused: {} {:?}", rejection.code, rejection.rule.as_ref().map(|rule| &rule.id))
            }
            Outcome::Decided(decision) => {
                let names: Vec<String> =
                    decision.iter().map(|new| format!("{} {:?}", new.data.event_type(), new.rules)).collect();
                format!("decided: {}", names.join(", "))
            }
        };
        let act = act.act.map_or_else(|| "supposed".to_owned(), |version| format!("#{version}"));
        out += &format!("{act} {what}\n");
    }
    for Stretch { field, from, until, actual, supposed } in
        compare(history.kind(), &history.events, &supposed.events)
    {
        let say = |says: Option<(Box<str>, Version)>| {
            says.map_or_else(|| "—".to_owned(), |(value, cause)| format!("{value} #{cause}"))
        };
        let until = until.bounded().map_or_else(|| "—".to_owned(), crate::time::Instant::words);
        out += &format!("{field} [{}, {until}): {} | {}\n", from.words(), say(actual), say(supposed));
    }
    out
}

fn law() -> &'static Laws {
    Laws::national()
}

fn fork(fork: &Fork, again: bool) -> Supposition<'_> {
    Supposition { law: law(), other: law(), fork: Some(fork), others: &[], elsewhere: None, again }
}

/// Ten points in March with two months of suspension, five in October: twelve in the year, terminated.
fn doctor() -> History {
    let mut history = History::of("D500100000001");
    history.area = "500100";
    let points = |points: u8, months: Option<u32>| {
        let mut data = json!({ "points": points, "behaviour": "行为", "institution": SITE, "area": "500100", "measure": "x" });
        if let Some(months) = months {
            data["suspend_months"] = json!(months);
        }
        data
    };
    history
        .act("register", "2025-01-01", json!({ "institution": SITE, "category": "doctor", "name": "甲" }))
        .act("deduct-points", "2025-03-10", points(10, Some(2)))
        .act("deduct-points", "2025-10-10", points(5, None));
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
    history
}

#[test]
fn without_an_act_what_followed_from_it_goes_and_the_rest_stays_as_it_was_recorded() {
    insta::assert_snapshot!(told(&doctor(), fork(&Fork::Without(1), false)), @"
    #1 left out
    qualification [2025-03-10, 2025-05-10): suspended #2 | normal #0
    points [2025-03-10, 2025-10-10): points 10 #1 | —
    points [2025-10-10, 2026-01-01): points 12 #3 | points 5 #3
    ");
}

#[test]
fn decided_again_without_it_a_later_act_comes_out_otherwise() {
    insta::assert_snapshot!(told(&doctor(), fork(&Fork::Without(1), true)), @"
    #1 left out
    #3 decided: practitioner.points-deducted []
    bar/4 [2025-10-10, 2026-10-10): barred points_accumulated performed #4 | —
    qualification [2025-03-10, 2025-05-10): suspended #2 | normal #0
    qualification [2025-10-10, —): terminated #4 | normal #0
    points [2025-03-10, 2025-10-10): points 10 #1 | —
    points [2025-10-10, 2026-01-01): points 12 #3 | points 5 #3
    ");
}

#[test]
fn with_another_act_in_its_place() {
    let history = doctor();
    let data =
        json!({ "points": 3, "behaviour": "行为", "institution": SITE, "area": "500100", "measure": "x" });
    let command = crate::history::command(&history.subject, "deduct-points", "2025-03-10", &data, &json!({}));
    insta::assert_snapshot!(told(&history, fork(&Fork::Replace(1, Box::new(command)), true)), @"
    #1 decided: practitioner.points-deducted []
    #3 decided: practitioner.points-deducted []
    bar/4 [2025-10-10, 2026-10-10): barred points_accumulated performed #4 | —
    qualification [2025-03-10, 2025-05-10): suspended #2 | normal #0
    qualification [2025-10-10, —): terminated #4 | normal #0
    points [2025-03-10, 2025-10-10): points 10 #1 | points 3 #1
    points [2025-10-10, 2026-01-01): points 12 #3 | points 8 #3
    ");
}

#[test]
fn with_one_more_act_or_one_that_would_be_refused() {
    let history = doctor();
    let asked = |on: &str| {
        let command = crate::history::command(
            &history.subject,
            "add-site",
            on,
            &json!({ "institution": "H43050000002" }),
            &json!({}),
        );
        told(&history, fork(&Fork::Insert(Box::new(command)), true))
    };
    insta::assert_snapshot!(asked("2025-02-01"), @"
    supposed decided: practitioner.site-added []
    site/H43050000002 [2025-02-01, —): — | registered #5
    ");
    insta::assert_snapshot!(asked("2025-12-01"), @r##"
    supposed refused: barred Some("R-332.1")
    "##);
}

#[test]
fn an_annulment_of_what_would_not_be_there_falls_away() {
    let mut history = doctor();
    history.act(
        "annul",
        "2025-04-01",
        json!({ "event": crate::history::id(1), "scope": "from_start", "consequences": true }),
    );
    insta::assert_snapshot!(told(&history, fork(&Fork::Without(1), false)), @"
    #1 left out
    #5 without its object
    ");
}

/// What a supposed history must be: the recorded one without an act, what it caused, and the acts on either.
fn plainly_without(history: &History, version: Version) -> Vec<Event> {
    let mut gone: Vec<Uuid> = Vec::new();
    let mut kept = Vec::new();
    for event in &history.events {
        let object =
            event.data.annulment().map(|data| data.event).or(event.data.correction().map(|data| data.event));
        let goes = event.version == version
            || event.caused_by == Some(version)
            || object.is_some_and(|object| gone.contains(&object));
        if goes {
            gone.push(event.id);
        } else {
            kept.push(event.clone());
        }
    }
    kept
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn with_nothing_changed_nothing_differs((institution, rolls) in timeline::properties::asked()) {
        let history = timeline::properties::decided(institution, &rolls);
        let records = records(&history);
        let same = law().clone();
        for other in [law(), &same] {
            let supposed = suppose(&history.subject, &records, Supposition { law: law(), other, fork: None, others: &[], elsewhere: None, again: true });
            prop_assert_eq!(&supposed.acts, &[]);
            prop_assert_eq!(&supposed.events, &history.events);
        }
    }

    #[test]
    fn without_an_act_is_the_replay_of_the_log_without_it(
        (institution, rolls) in timeline::properties::asked(), pick in any::<prop::sample::Index>(),
    ) {
        let history = timeline::properties::decided(institution, &rolls);
        let acts: Vec<Version> = history.events.iter().filter(|event| event.caused_by.is_none()).map(|event| event.version).collect();
        prop_assume!(!acts.is_empty());
        let version = acts[pick.index(acts.len())];
        let fork = Fork::Without(version);
        let supposed = suppose(&history.subject, &records(&history), Supposition { law: law(), other: law(), fork: Some(&fork), others: &[], elsewhere: None, again: false });
        let plain = plainly_without(&history, version);
        prop_assert_eq!(
            timeline::timeline(history.kind(), &supposed.events),
            timeline::timeline(history.kind(), &plain)
        );
        let stretches = compare(history.kind(), &history.events, &supposed.events);
        prop_assert_eq!(stretches, compare(history.kind(), &history.events, &plain));
    }

    /// Deciding an act again as things were gives what was recorded. Acts that hold from another day than they were
    /// decided on do not tell that day.
    #[test]
    fn an_act_put_in_its_own_place_changes_nothing(
        (institution, rolls) in timeline::properties::asked(), pick in any::<prop::sample::Index>(),
    ) {
        let history = timeline::properties::decided(institution, &rolls);
        let acts: Vec<usize> = (0..history.events.len()).filter(|at| history.events[*at].caused_by.is_none()).collect();
        prop_assume!(!acts.is_empty());
        let place = acts[pick.index(acts.len())];
        let event = &history.events[place];
        prop_assume!(!["institution.agreement-signed", "institution.agreement-renewed", "institution.renewal-refused",
            "institution.probation-started"].contains(&event.data.event_type().name()));
        let caused: Vec<Event> = history.events.iter().filter(|other| other.caused_by == Some(event.version)).cloned().collect();
        let Some(command) = Command::recorded(&history.subject, event, &caused, &circumstances(&history.bodies[place]), law().book()) else {
            return Ok(());
        };
        let fork = Fork::Replace(event.version, Box::new(command));
        let supposed = suppose(&history.subject, &records(&history), Supposition { law: law(), other: law(), fork: Some(&fork), others: &[], elsewhere: None, again: false });
        prop_assert_eq!(&supposed.events, &history.events, "{:?}", supposed.acts);
    }
}

#[test]
fn every_event_that_begins_a_decision_tells_its_command() {
    use crate::event::EventType;
    for (number, name, _) in EventType::all() {
        let kind = EventType(*number);
        let facts =
            crate::event::samples::facts(name, &mut |open| crate::timeline::properties::plain(open)).unwrap();
        let data: EventData = crate::event::samples::read(kind, facts);
        let subject =
            if kind.kind() == crate::id::SubjectKind::Institution { "H43050000001" } else { "D430500000001" };
        let event = Event {
            position: 0,
            id: crate::history::id(0),
            version: 0,
            effective_at: at("2025-06-01"),
            recorded_at: at("2025-06-02"),
            caused_by: None,
            data,
        };
        let circumstances = Circumstances {
            actor: serde_json::from_value(json!({ "authority": "agency" })).unwrap(),
            basis: Vec::new(),
            decided_at: None,
            others: Vec::new(),
            findings: Vec::new(),
            rules: Vec::new(),
            unknown: std::collections::BTreeMap::new(),
        };
        let command =
            Command::recorded(&Subject::parse(subject).unwrap(), &event, &[], &circumstances, law().book());
        assert_eq!(command.is_none(), *name == "institution.bar-raised", "{name}");
    }
}
