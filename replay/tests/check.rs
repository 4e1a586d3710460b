//! What is not as the rules have it of the whole ledger, against what is of each subject alone, and in pages.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

#[path = "../../projections/tests/common/mod.rs"]
mod common;

use accord_domain::Laws;
use accord_domain::compliance::{Asked, Breach, BreachKind};
use accord_domain::{AreaCode, Instant, Subject};
use accord_projections::{Progress, wait_for};
use accord_replay::{Checked, Checking, Mark, ReplayError, check, check_of, check_page, check_subject_page};
use accord_store::{EventLog, Stored};
use common::{TestLog, day, play, recorded, steps, subjects};
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use std::ops::ControlFlow;

fn go_on(_: Progress) -> ControlFlow<()> {
    ControlFlow::Continue(())
}

fn all_of(log: &dyn EventLog, subject: &Subject) -> Vec<Stored> {
    wait_for(log.read_stream(&subject.stream(), 0, 1_000)).unwrap()
}

fn checking(as_of: Instant, known_at: Instant) -> Checking<'static> {
    let asked = Asked { as_of, known_at: Instant::MAX, late_days: 30, laws: Laws::national() };
    Checking { asked, known_at, area: None, kinds: Vec::new() }
}

fn whole(log: &dyn EventLog, checking: &Checking<'_>) -> Vec<Checked> {
    let mut found = Vec::new();
    let mut receive = |checked| {
        found.push(checked);
        ControlFlow::Continue(())
    };
    check(log, checking, &mut receive, &mut go_on).unwrap();
    found
}

/// Subject and breach, one by one.
fn flat(found: &[Checked]) -> Vec<(Subject, Breach)> {
    let each = |checked: &Checked| {
        let subject = checked.subject.clone();
        checked.breaches.iter().map(move |breach| (subject.clone(), breach.clone())).collect::<Vec<_>>()
    };
    found.iter().flat_map(each).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(60))]

    #[test]
    fn the_whole_ledger_is_as_its_subjects_are_and_as_its_pages(
        steps in steps(60), as_of in -50..900_i64, known in 0..70_u64, (room, most) in (1..7_usize, 1..5_usize),
    ) {
        let log = TestLog::default();
        play(&log, &steps);
        let log = &log.0;
        let checking = checking(day(as_of), recorded(known));
        let found = whole(log, &checking);
        let mut alone: Vec<Checked> = subjects()
            .into_iter()
            .map(|subject| { let stored = all_of(log, &subject); check_of(subject, &stored, &checking).unwrap() })
            .filter(|found| !found.breaches.is_empty())
            .collect();
        alone.sort_by_key(|found| all_of(log, &found.subject)[0].position);
        prop_assert_eq!(&found, &alone);

        let (mut pages, mut next) = (Vec::new(), Some(Mark::default()));
        while let Some(mark) = next {
            let page = check_page(log, &checking, mark, room, most).unwrap();
            prop_assert!(flat(&page.found).len() <= room);
            pages.extend(flat(&page.found));
            prop_assert!(page.next != Some(mark), "it goes on");
            next = page.next;
        }
        prop_assert_eq!(&pages, &flat(&found));
        for checked in &found {
            let (mut pages, mut next) = (Vec::new(), Some(Mark::default()));
            while let Some(mark) = next {
                let page = check_subject_page(log, checked.subject.clone(), &checking, mark, room).unwrap();
                pages.extend(page.found.iter().flat_map(|found| found.breaches.clone()));
                next = page.next;
            }
            prop_assert_eq!(&pages, &checked.breaches);
        }
    }

    /// With nothing recorded in between, what is told of a day never changes; and kinds and areas only leave out.
    #[test]
    fn what_was_told_as_known_then_is_told_for_ever(steps in steps(40), as_of in -50..900_i64, later in 0..900_i64) {
        let log = TestLog::default();
        play(&log, &steps);
        let log = &log.0;
        let newest = wait_for(log.len()).unwrap();
        let then = checking(day(as_of), recorded(newest));
        let found = flat(&whole(log, &then));
        prop_assert_eq!(&found, &flat(&whole(log, &checking(day(as_of), recorded(newest).plus_days(later)))));
        let mut of_kinds = Vec::new();
        for kind in BreachKind::ALL {
            of_kinds.extend(flat(&whole(log, &Checking { kinds: vec![*kind], ..then.clone() })));
        }
        prop_assert_eq!(of_kinds.len(), found.len());
        for area in ["430500", "370100"] {
            let area = AreaCode::parse(area).unwrap();
            let here = flat(&whole(log, &Checking { area: Some(area), ..then.clone() }));
            prop_assert!(here.iter().all(|one| found.contains(one) && one.1.area.is_none_or(|of| of == area)));
            let named = found.iter().filter(|(_, breach)| breach.area == Some(area));
            prop_assert!(named.into_iter().all(|one| here.contains(one)));
        }
    }
}

#[test]
fn a_receiver_that_has_enough_stops_the_question() {
    let log = TestLog::default();
    let mut runner = proptest::test_runner::TestRunner::deterministic();
    play(&log, &steps(60).new_tree(&mut runner).unwrap().current());
    let checking = checking(day(500), recorded(60));
    let stopped = check(&log.0, &checking, &mut |_| ControlFlow::Break(()), &mut go_on).unwrap_err();
    assert!(matches!(stopped, ReplayError::Cancelled));
}
