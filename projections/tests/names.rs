//! Names in lists and searches, against the events known then.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod common;

use accord_domain::timeline::{self, Naming};
use accord_domain::{EventData, EventType, Instant, NewEvent, Subject};
use accord_projections::{Filter, Found, Options, Projector, Views, Worklist};
use common::{SOURCE, Step, TestLog, day, play, recorded, steps, subject, subjects};
use proptest::prelude::*;
use serde_json::json;
use std::collections::BTreeSet;
use std::sync::Arc;
use tempfile::TempDir;

/// The views of a log, taken in some events at a time.
fn views(log: &TestLog, batch: usize) -> (TempDir, Views) {
    let dir = TempDir::new().unwrap();
    let path = dir.path().join("views.db");
    let options = Options { heads_max: 3 };
    let (mut projector, _) = Projector::open(&path, SOURCE, Arc::new(log.0.clone()), options).unwrap();
    for events in log.events().chunks(batch) {
        projector.project(events).unwrap();
    }
    let views = Views::open(&path).unwrap();
    (dir, views)
}

fn names(log: &TestLog, subject: &Subject, known_at: Instant) -> Vec<Naming> {
    let mut events = log.stream(subject);
    events.retain(|event| event.recorded_at <= known_at);
    timeline::names(subject.kind(), &events)
}

/// What a state folded afresh is called.
fn name(log: &TestLog, subject: &Subject, as_of: Instant, known_at: Instant) -> Option<String> {
    let mut events = log.stream(subject);
    events.retain(|event| event.recorded_at <= known_at);
    timeline::state_at(subject.kind(), &events, as_of).name().map(Into::into)
}

/// Whatever was ever called so, as known then; names of these histories have letters and digits only.
fn called(log: &TestLog, part: &str, as_of: Instant, known_at: Instant) -> BTreeSet<(String, String, bool)> {
    let mut found = BTreeSet::new();
    for subject in subjects() {
        let namings = names(log, &subject, known_at);
        let borne = namings.iter().find(|naming| naming.from <= as_of && as_of < naming.until);
        for naming in namings.iter().filter(|naming| naming.name.contains(part)) {
            let current = borne.is_some_and(|borne| borne.name == naming.name);
            found.insert((subject.code().to_owned(), naming.name.to_string(), current));
        }
    }
    found
}

fn told(found: &[Found]) -> BTreeSet<(String, String, bool)> {
    let told = |found: &Found| (found.subject.code().to_owned(), found.name.clone().unwrap(), found.current);
    let set: BTreeSet<_> = found.iter().map(told).collect();
    assert_eq!(set.len(), found.len(), "told twice: {found:?}");
    set
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(80))]

    #[test]
    fn lists_and_searches_tell_names_as_known_then(
        steps in steps(60), batch in 1..9_usize, at in -50..500_i64, position in 0..60_u64,
    ) {
        let log = TestLog::default();
        play(&log, &steps);
        let (_dir, views) = views(&log, batch);
        let (as_of, known_at) = (day(at), recorded(position));
        let ever = subjects().into_iter().flat_map(|subject| {
            let log = &log;
            (0..log.events().len() as u64).flat_map(move |at| names(log, &subject, recorded(at)))
        });
        let ever: BTreeSet<String> = ever.map(|naming| naming.name.into()).collect();
        for part in ever.iter().map(String::as_str).chain(["医", "公司", "医师"]) {
            let found = views.search(part, as_of, known_at, 1_000).unwrap();
            prop_assert_eq!(told(&found), called(&log, part, as_of, known_at), "{}", part);
        }
        for subject in subjects() {
            let known = log.stream(&subject).first().is_some_and(|first| first.recorded_at <= known_at);
            let found = views.search(subject.code(), as_of, known_at, 10).unwrap();
            let expected = Found {
                subject: subject.clone(),
                name: name(&log, &subject, as_of, known_at),
                current: true,
            };
            prop_assert_eq!(found, known.then_some(expected).into_iter().collect::<Vec<_>>());
        }
        for row in views.list(&Filter::default(), as_of, known_at, None, 1_000).unwrap().items {
            prop_assert_eq!(row.name, name(&log, &row.subject, as_of, known_at), "{}", row.subject);
        }
        for duty in views.worklist(&Worklist::default(), as_of, known_at, None, 1_000).unwrap().items {
            prop_assert_eq!(duty.name, name(&log, &duty.subject, as_of, known_at), "{}", duty.subject);
        }
    }
}

#[test]
fn a_name_is_found_by_any_part_and_by_its_earlier_form() {
    let log = TestLog::default();
    play(
        &log,
        &[Step { subject: 0, act: 3, day: 1, detail: 1 }, Step { subject: 0, act: 23, day: 2, detail: 2 }],
    );
    let (_dir, views) = views(&log, 1);
    for (text, name, current) in [
        ("邵阳市第1医院", "邵阳市第1医院", false),
        ("阳市", "邵阳市第1医院", false),
        ("院", "邵阳市第1医院", false),
        ("康复", "康复中心2", true),
        ("中心2", "康复中心2", true),
    ] {
        let found = views.search(text, day(9), Instant::MAX, 10).unwrap();
        let expected = Found { subject: subject(0), name: Some(name.to_owned()), current };
        assert_eq!(found, [expected], "{text}");
    }
    assert_eq!(views.search("h4305", day(9), Instant::MAX, 10).unwrap().len(), 1);
    assert_eq!(views.search("医阳", day(9), Instant::MAX, 10).unwrap(), []);
    // On the day before the change the first name is the one borne.
    let found = views.search("第1", day(1), Instant::MAX, 10).unwrap();
    assert_eq!((found.len(), found[0].current), (1, true));
}

#[test]
fn a_name_that_is_sealed_from_a_day_on_is_told_until_then() {
    let log = TestLog::default();
    // Registered and called so in plain text, then under a sealed name.
    play(
        &log,
        &[(0, 1, 3), (22, 2, 1), (22, 5, 5)].map(|(act, day, detail)| Step { subject: 3, act, day, detail }),
    );
    let (_dir, views) = views(&log, 1);
    let name = |at| views.search(subject(3).code(), day(at), Instant::MAX, 10).unwrap()[0].name.clone();
    assert_eq!((name(1).as_deref(), name(4).as_deref(), name(5)), (Some("王医师"), Some("李医师1"), None));
    let found = views.search("李医师", day(9), Instant::MAX, 10).unwrap();
    assert_eq!((found.len(), found[0].current), (1, false));
}

#[test]
fn an_annulled_change_is_found_by_whoever_asks_what_was_known_before_the_annulment() {
    let log = TestLog::default();
    play(
        &log,
        &[Step { subject: 0, act: 3, day: 1, detail: 1 }, Step { subject: 0, act: 23, day: 2, detail: 2 }],
    );
    let data = json!({ "event": log.stream(&subject(0))[1].id, "scope": "from_start" });
    let kind = EventType::by_name("institution.decision-annulled").unwrap();
    let annulment = EventData::read(kind, kind.schema(), &data.to_string()).unwrap();
    log.record(&subject(0), &[NewEvent::new(day(5), annulment)]);
    let (_dir, views) = views(&log, 3);
    let known_at = |position| {
        let found = views.search("康复", day(9), recorded(position), 10).unwrap();
        let listed = views.list(&Filter::default(), day(9), recorded(position), None, 10).unwrap();
        let name = listed.items.first().and_then(|row| row.name.clone()).unwrap();
        (found.len(), name)
    };
    let (first, second) = ("邵阳市第1医院".to_owned(), "康复中心2".to_owned());
    assert_eq!(known_at(0), (0, first.clone()), "before the change was recorded");
    assert_eq!(known_at(1), (1, second), "between it and the annulment");
    assert_eq!(known_at(2), (0, first), "after the annulment");
}
