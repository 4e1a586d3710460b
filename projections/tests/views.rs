//! The views against the plainest way to the same answers.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod bench;
mod common;

use accord_domain::area::AreaEvent;
use accord_domain::obligation::{Entry, ObligationKind, ObligationState, docket};
use accord_domain::practitioner::{PractitionerEvent, facts::QualificationSuspension};
use accord_domain::timeline::Naming;
use accord_domain::{EventData, EventType, Instant, Laws, NewEvent, Span, Subject, Value, timeline};
use accord_projections::{Filter, Opened, Showing, ViewError, Views, Worklist, wait_for};
use bench::{Bench, go_on, laws};
use common::{Step, TestLog, adopting, adoption, day, dump, play, recorded, steps, subjects};
use proptest::prelude::*;
use serde_json::json;
use std::ops::ControlFlow;

/// The spans over the whole effective axis, from the events recorded by an instant.
fn naive(log: &TestLog, subject: &Subject, known_at: Instant) -> Vec<Span> {
    let mut events = log.stream(subject);
    events.retain(|event| event.recorded_at <= known_at);
    timeline::timeline(subject.kind(), &events)
}

/// The names over the whole effective axis, from the events recorded by an instant.
fn naive_names(log: &TestLog, subject: &Subject, known_at: Instant) -> Vec<Naming> {
    let mut events = log.stream(subject);
    events.retain(|event| event.recorded_at <= known_at);
    timeline::names(subject.kind(), &events)
}

/// What is due and was, from the events recorded by an instant.
fn naive_docket(log: &TestLog, laws: &Laws, subject: &Subject, known_at: Instant) -> Vec<Entry> {
    let mut events = log.stream(subject);
    events.retain(|event| event.recorded_at <= known_at);
    // Under the law known by then: what is adopted later is nothing to it.
    docket(subject, &events, &laws.known_at(known_at), known_at)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(160))]

    #[test]
    fn at_every_recorded_instant_the_rows_are_the_timeline_known_then(
        steps in steps(60), batch in 1..9_usize, heads in 0..6_usize,
    ) {
        let bench = Bench::of(&steps);
        let (mut projector, _) = bench.open("views.db", heads);
        for events in bench.log.events().chunks(batch) {
            projector.project(events).unwrap();
        }
        let (views, laws) = (bench.views("views.db"), laws(&bench.log));
        for subject in subjects() {
            // Beyond the last event too: a calendar published after it moves days nobody recorded anything about.
            for position in 0..bench.log.events().len().max(12) as u64 {
                let known_at = recorded(position);
                prop_assert_eq!(
                    views.timeline(&subject, known_at).unwrap(),
                    naive(&bench.log, &subject, known_at),
                    "{} as known when position {} was recorded", subject, position
                );
                prop_assert_eq!(
                    views.names(&subject, known_at).unwrap(),
                    naive_names(&bench.log, &subject, known_at),
                    "names of {} as known when position {} was recorded", subject, position
                );
                prop_assert_eq!(
                    views.docket(&subject, known_at).unwrap(),
                    naive_docket(&bench.log, &laws, &subject, known_at),
                    "obligations of {} as known when position {} was recorded", subject, position
                );
            }
        }
    }

    #[test]
    fn a_worklist_is_what_the_events_known_then_make_due(
        steps in steps(60), at in -50..700_i64, position in 0..60_u64, limit in 1..7_usize, before in 0..800_i64,
    ) {
        let bench = Bench::of(&steps);
        let (mut projector, _) = bench.open("views.db", 10);
        projector.project(&bench.log.events()).unwrap();
        let views = bench.views("views.db");
        let (as_of, known_at) = (day(at), recorded(position));
        let before = (before < 600).then(|| day(before));
        let laws = laws(&bench.log);
        let mut expected = Vec::new();
        for subject in subjects() {
            for entry in naive_docket(&bench.log, &laws, &subject, known_at) {
                let open = matches!(entry.state(as_of), Some(ObligationState::Open | ObligationState::Late));
                let in_time = before.is_none_or(|before| entry.due.is_some_and(|due| due < before));
                if open && in_time && entry.kind.on_worklist() {
                    expected.push((subject.code().to_owned(), entry));
                }
            }
        }
        let filter = Worklist { area: None, due_before: before };
        let (mut found, mut after) = (Vec::new(), None::<String>);
        loop {
            let page = views.worklist(&filter, as_of, known_at, after.as_deref(), limit).unwrap();
            found.extend(page.items.into_iter().map(|duty| (duty.subject.code().to_owned(), duty.entry)));
            after = page.next;
            if after.is_none() {
                break;
            }
        }
        prop_assert!(found.is_sorted_by_key(|(_, entry)| entry.due.unwrap_or(Instant::MAX)));
        let areas: std::collections::BTreeSet<_> =
            found.iter().filter_map(|(_, entry)| entry.about.area).collect();
        for area in areas {
            let filter = Worklist { area: Some(area), due_before: before };
            let page = views.worklist(&filter, as_of, known_at, None, 1_000).unwrap();
            let of_area: Vec<_> = found.iter().filter(|(_, e)| e.about.area == Some(area)).collect();
            prop_assert_eq!(page.items.len(), of_area.len());
        }
        found.sort();
        expected.sort();
        prop_assert_eq!(found, expected);
    }

    #[test]
    fn lists_and_counts_are_of_what_stands(
        steps in steps(60), at in -50..700_i64, position in 0..60_u64, limit in 1..7_usize,
    ) {
        let bench = Bench::of(&steps);
        let (mut projector, _) = bench.open("views.db", 10);
        projector.project(&bench.log.events()).unwrap();
        let views = bench.views("views.db");
        let (as_of, known_at) = (day(at), recorded(position));
        let mut expected = Vec::new();
        for subject in subjects() {
            let standing = views.standing(&subject, as_of, known_at).unwrap();
            let listed = standing.into_iter().filter(|span| span.track.is_status_of(subject.kind()));
            expected.extend(listed.map(|span| (subject.code().to_owned(), span)));
        }
        let whole = views.list(&Filter::default(), as_of, known_at, None, 500).unwrap();
        let (mut paged, mut after) = (Vec::new(), None::<String>);
        loop {
            let page = views.list(&Filter::default(), as_of, known_at, after.as_deref(), limit).unwrap();
            paged.extend(page.items);
            after = page.next;
            if after.is_none() {
                break;
            }
        }
        prop_assert_eq!(&paged, &whole.items);
        let mut found: Vec<_> =
            paged.into_iter().map(|row| (row.subject.code().to_owned(), row.span)).collect();
        found.sort();
        expected.sort();
        let counted: u64 = views.census(as_of, known_at, None).unwrap().lines.iter().map(|line| line.count).sum();
        prop_assert_eq!(counted, expected.len() as u64);
        prop_assert_eq!(found, expected);
    }

    #[test]
    fn standing_is_the_fold_of_what_was_effective_and_known(
        steps in steps(60), at in -50..500_i64, position in 0..60_u64,
    ) {
        let bench = Bench::of(&steps);
        let (mut projector, _) = bench.open("views.db", 10);
        projector.project(&bench.log.events()).unwrap();
        let views = bench.views("views.db");
        let (as_of, known_at) = (day(at), recorded(position));
        for subject in subjects() {
            let mut events = bench.log.stream(&subject);
            events.retain(|event| event.recorded_at <= known_at);
            let mut folded: Vec<_> = timeline::state_at(subject.kind(), &events, as_of)
                .standing(as_of)
                .into_iter()
                .map(|span| (span.track, span.value, span.cause))
                .collect();
            folded.sort();
            folded.dedup();
            // Nothing stands before the first event takes effect, not even 'unregistered'.
            if timeline::resolve(&events).first().is_none_or(|first| as_of < first.event.effective_at) {
                folded.clear();
            }
            let standing = views.standing(&subject, as_of, known_at).unwrap();
            let mut found: Vec<_> = standing.into_iter().map(|s| (s.track, s.value, s.cause)).collect();
            found.sort();
            prop_assert_eq!(found, folded, "{}", subject);
        }
    }
}

#[test]
fn what_an_area_adopts_binds_what_is_recorded_after_it_and_no_row_there_before() {
    let bench = Bench::new();
    let (mut projector, _) = bench.open("views.db", 10);
    let sign = |at: i64| {
        let data = json!({ "area": adopting(), "lines": ["basic"], "until": day(at + 365) });
        let kind = EventType::by_name("institution.agreement-signed").unwrap();
        NewEvent::new(day(at), EventData::read(kind, kind.schema(), &data.to_string()).unwrap())
    };
    let area = Subject::Area(accord_domain::AreaSubject::of(adopting()));
    let adopt = |detail| NewEvent::new(day(0), EventData::Area(AreaEvent::RulesAdopted(adoption(detail))));
    let pharmacies: Vec<Subject> =
        (2..6).map(|n| Subject::parse(&format!("P430500000{n}0")).unwrap()).collect();
    let record = |subject: &Subject, event| {
        bench.log.record(subject, &[event]);
    };
    record(&pharmacies[0], sign(0));
    record(&area, adopt(0));
    record(&pharmacies[1], sign(0));
    record(&area, adopt(4));
    record(&pharmacies[2], sign(0));
    projector.project(&bench.log.events()).unwrap();
    let views = bench.views("views.db");
    let months = |subject: &Subject, known_at| {
        let due = views.docket(subject, known_at).unwrap();
        let due = due.into_iter().find(|entry| entry.kind == ObligationKind::ApplyRenewal).unwrap();
        (1..10_u32).find(|months| due.due.unwrap().plus_days(1).plus_months(*months) == day(365)).unwrap()
    };
    let found: Vec<u32> = pharmacies[..3].iter().map(|subject| months(subject, recorded(9))).collect();
    assert_eq!(found, [3, 1, 5]);
    // A head given up and read again, and an event that resolves everything afresh, come to the same.
    let (mut again, _) = bench.open("views.db", 0);
    let annul = |of: &Subject| {
        let data = json!({ "event": bench.log.stream(of)[0].id, "scope": "from_date", "date": day(700) });
        let kind = EventType::by_name("institution.decision-annulled").unwrap();
        NewEvent::new(day(400), EventData::read(kind, kind.schema(), &data.to_string()).unwrap())
    };
    pharmacies[..3].iter().for_each(|subject| record(subject, annul(subject)));
    again.project(&bench.log.events()).unwrap();
    let found: Vec<u32> = pharmacies[..3].iter().map(|subject| months(subject, recorded(99))).collect();
    assert_eq!(found, [3, 1, 5]);
}

#[test]
fn a_law_whose_recording_failed_is_forgotten() {
    let bench = Bench::new();
    let (mut projector, _) = bench.open("views.db", 10);
    let other = Bench::new();
    let area = Subject::Area(accord_domain::AreaSubject::of(adopting()));
    let adopt = NewEvent::new(day(0), EventData::Area(AreaEvent::RulesAdopted(adoption(0))));
    other.log.record(&area, std::slice::from_ref(&adopt));
    projector.prepare(&other.log.events()).unwrap();
    assert!(projector.laws().latest().is_some());
    projector.withdraw().unwrap();
    assert!(projector.laws().latest().is_none());
    bench.log.record(&area, &[adopt]);
    projector.project(&bench.log.events()).unwrap();
    assert_eq!(projector.laws(), &laws(&bench.log));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(80))]

    #[test]
    fn event_by_event_in_batches_and_rebuilt_come_to_the_same_rows(
        steps in steps(60), batch in 2..20_usize, cut in 0..60_usize,
    ) {
        let bench = Bench::of(&steps);
        let events = bench.log.events();
        let (mut single, _) = bench.open("single.db", 3);
        for event in &events {
            single.project(std::slice::from_ref(event)).unwrap();
        }
        let (mut batched, _) = bench.open("batched.db", 1);
        for events in events.chunks(batch) {
            batched.project(events).unwrap();
        }
        // The file behind at a crash of the process: opened again it catches up.
        let (mut broken, _) = bench.open("broken.db", 10);
        broken.project(&events[..cut.min(events.len())]).unwrap();
        drop(broken);
        let (mut broken, opened) = bench.open("broken.db", 10);
        prop_assert_eq!(opened, Opened::Resumed);
        broken.catch_up(&mut go_on).unwrap();
        let (mut rebuilt, _) = bench.open("rebuilt.db", 10);
        rebuilt.rebuild(&mut go_on).unwrap();
        prop_assert_eq!(rebuilt.position(), events.len() as u64);
        let expected = dump(single.path());
        for other in [batched.path(), broken.path(), rebuilt.path()] {
            let found = dump(other);
            let differ = expected.iter().zip(&found).find(|(a, b)| a != b);
            prop_assert_eq!(differ, None, "{}", other.display());
            prop_assert_eq!(found.len(), expected.len());
        }
    }
}

/// Views of an earlier program have smaller pages, and what is copied into them page by page must have the same.
#[test]
fn an_event_that_cannot_be_read_parks_its_subject_and_nobody_else() {
    let step = |subject, day| Step { subject, act: 3, day, detail: 1 };
    let bench = Bench::of(&[step(0, 1), step(1, 2), step(0, 3), step(1, 4), step(0, 5)]);
    let (mut projector, _) = bench.open("views.db", 10);
    let mut events = bench.log.events();
    events[2].body = events[2].body.replace("\"schema\":1", "\"schema\":9").into();
    projector.project(&events).unwrap();
    let views = bench.views("views.db");
    let health = views.health().unwrap();
    assert_eq!(health.position, 5);
    assert_eq!(health.parked.len(), 1);
    assert_eq!(
        (health.parked[0].stream.as_str(), health.parked[0].position),
        ("institution-H43050000001", 2)
    );
    assert!(health.parked[0].error.contains("schema version 9"), "{}", health.parked[0].error);
    let version = |subject| views.version(&subject, Instant::MAX).unwrap();
    assert_eq!(version(common::subject(0)), Some(0));
    assert_eq!(version(common::subject(1)), Some(1));
}

#[test]
fn an_event_missed_is_fetched_with_the_next_one() {
    let step = Step { subject: 0, act: 3, day: 1, detail: 1 };
    let bench = Bench::of(&[step, step, step]);
    let (mut projector, _) = bench.open("views.db", 10);
    projector.keep_up(&bench.log.events()[2..]).unwrap();
    assert_eq!(projector.position(), 3);
    assert_eq!(projector.lag().unwrap(), 0);
}

#[test]
fn a_question_waits_for_what_was_answered_before_it() {
    let step = Step { subject: 0, act: 3, day: 1, detail: 1 };
    let bench = Bench::of(&[step, step]);
    let (mut projector, _) = bench.open("views.db", 10);
    let showing = Showing::from(projector.position());
    let views = Views::open_after(projector.path(), &showing).unwrap();
    let version = || views.version(&common::subject(0), Instant::MAX);
    for (position, event) in (1..).zip(bench.log.events()) {
        showing.announce(position);
        let (going, gone) = std::sync::mpsc::channel();
        std::thread::scope(|scope| {
            let asked = scope.spawn(move || {
                going.send(()).unwrap();
                version().unwrap()
            });
            gone.recv().unwrap();
            projector.project(&[event]).unwrap();
            showing.shown(position);
            assert_eq!(asked.join().unwrap().map(u64::from), Some(position - 1));
        });
    }
    showing.announce(3);
    showing.missed(3);
    assert!(matches!(version(), Err(ViewError::Behind { shown: 2, recorded: 3 })));
    assert_eq!(
        (views.position().unwrap(), views.health().unwrap().position),
        (2, 2),
        "asked of the views as they are"
    );
}

#[test]
fn whoever_follows_the_log_takes_in_what_comes() {
    let step = |day| Step { subject: 0, act: 3, day, detail: 1 };
    let bench = Bench::of(&[step(1)]);
    let (mut projector, _) = bench.open("views.db", 10);
    let mut taken = Vec::new();
    wait_for(projector.follow(|step_taken| {
        taken.push(step_taken.unwrap());
        match taken.len() {
            1 => {
                play(&bench.log, &[step(2), step(3)]);
                ControlFlow::Continue(())
            }
            _ => ControlFlow::Break(()),
        }
    }));
    assert_eq!(taken, [1, 2]);
}

#[test]
fn a_reason_names_the_event_as_the_log_does() {
    let bench = Bench::of(&[Step { subject: 3, act: 7, day: 1, detail: 1 }]);
    let (mut projector, _) = bench.open("views.db", 10);
    projector.project(&bench.log.events()).unwrap();
    let views = bench.views("views.db");
    for (stored, event) in bench.log.events().iter().zip(bench.log.stream(&common::subject(3))) {
        let reason = views.reason(&common::subject(3), stored.version).unwrap().unwrap();
        assert_eq!((reason.id, reason.position, reason.kind), (event.id, stored.position, stored.kind));
        assert_eq!((reason.effective_at, reason.recorded_at), (stored.effective_at, stored.recorded_at));
        assert_eq!(&*reason.basis[0].instrument, "协议");
        assert_eq!(reason.case.as_deref(), Some("case-0"));
    }
}

#[test]
fn an_event_left_out_is_noticed() {
    let step = Step { subject: 0, act: 3, day: 1, detail: 1 };
    let bench = Bench::of(&[step, step, step]);
    let (mut projector, _) = bench.open("views.db", 10);
    let error = projector.project(&bench.log.events()[1..]).unwrap_err();
    assert!(matches!(error, ViewError::Gap { expected: 0, found: 1 }), "{error}");
    projector.project(&bench.log.events()).unwrap();
    assert_eq!(projector.position(), 3);
}

#[test]
fn lists_page_without_loss_or_repetition() {
    let steps: Vec<Step> = (0..5_u8)
        .flat_map(|subject| {
            (0..3).map(move |n| Step { subject, act: 3, day: n, detail: u16::from(subject) * 2 })
        })
        .collect();
    let bench = Bench::of(&steps);
    let (mut projector, _) = bench.open("views.db", 10);
    projector.project(&bench.log.events()).unwrap();
    let views = bench.views("views.db");
    let (filter, at, known) = (Filter::default(), day(20), Instant::MAX);
    let whole = views.list(&filter, at, known, None, 500).unwrap();
    assert_eq!(whole.next, None);
    assert!(whole.items.len() > 5);
    for limit in 1..8 {
        let (mut items, mut after) = (Vec::new(), None);
        loop {
            let page = views.list(&filter, at, known, after.as_deref(), limit).unwrap();
            assert!(page.items.len() <= limit);
            items.extend(page.items);
            after = page.next;
            if after.is_none() {
                break;
            }
        }
        assert_eq!(items, whole.items, "by pages of {limit}");
    }
}

#[test]
fn a_page_takes_its_rows_from_whatever_is_over_later() {
    let bench = Bench::new();
    // They end in another order than they were recorded in, forty days apart.
    let ends: Vec<i64> = (0..9).map(|number| 60 + 40 * (number * 4 % 9)).collect();
    let practitioner = |number: usize| Subject::parse(&format!("D43050000{number:04}")).unwrap();
    for (number, end) in ends.iter().enumerate() {
        let data = QualificationSuspension { from: None, ground: None, until: Some(day(*end)) };
        let suspended = EventData::Practitioner(PractitionerEvent::QualificationSuspended(data));
        bench.log.record(&practitioner(number), &[NewEvent::new(day(0), suspended)]);
    }
    let (mut projector, _) = bench.open("views.db", 10);
    projector.project(&bench.log.events()).unwrap();
    let views = bench.views("views.db");
    let filter = Filter { status: Some(Value::Suspended), ..Filter::default() };
    for at in [30, 100, 150, 300, 400] {
        let expected: Vec<Subject> = (0..9).filter(|number| at < ends[*number]).map(practitioner).collect();
        for limit in 1..6 {
            let (mut found, mut after) = (Vec::new(), None::<String>);
            loop {
                let page = views.list(&filter, day(at), Instant::MAX, after.as_deref(), limit).unwrap();
                found.extend(page.items.into_iter().map(|row| row.subject));
                after = page.next;
                if after.is_none() {
                    break;
                }
            }
            assert_eq!(found, expected, "on day {at} by pages of {limit}");
        }
    }
}
