//! What differs over the whole ledger against what differs of each subject alone.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

#[path = "../../projections/tests/common/mod.rs"]
mod common;

use accord_domain::Subject;
use accord_projections::{Progress, wait_for};
use accord_replay::{Between, Differs, ReplayError, differs, standing_as_of};
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

proptest! {
    #![proptest_config(ProptestConfig::with_cases(80))]

    #[test]
    fn the_whole_ledger_differs_as_its_subjects_do(
        steps in steps(60), (from, to) in (-50..500_i64, -50..500_i64), (then, now) in (0..60_u64, 0..60_u64),
    ) {
        let log = TestLog::default();
        play(&log, &steps);
        let log = &log.0;
        let between = Between { from: day(from), to: day(to), known_from: recorded(then), known_to: recorded(now) };
        let mut whole = Vec::new();
        accord_replay::diff(log, between, None, &mut |found| { whole.push(found); ControlFlow::Continue(()) }, &mut go_on).unwrap();
        let mut alone: Vec<Differs> = subjects()
            .into_iter()
            .map(|subject| { let stored = all_of(log, &subject); differs(subject, &stored, between).unwrap() })
            .filter(|found| !found.changes.is_empty())
            .collect();
        alone.sort_by_key(|found| all_of(log, &found.subject)[0].position);
        prop_assert_eq!(&whole, &alone);
        // What is told at both ends is what stands there.
        for found in &whole {
            for (as_of, known_at, end) in [(between.from, between.known_from, 0), (between.to, between.known_to, 1)] {
                let standing = wait_for(standing_as_of(log, &found.subject, as_of, known_at)).unwrap();
                for change in &found.changes {
                    let held = if end == 0 { &change.before } else { &change.after };
                    let accord_domain::difference::Field::Track(track) = &change.field else { continue };
                    let stands = standing.iter().find(|span| span.track == *track).map(|span| span.value.to_string());
                    prop_assert_eq!(held.as_ref().map(|held| held.value.to_string()), stands, "{}", track);
                }
            }
        }
    }
}

#[test]
fn a_receiver_that_has_enough_stops_the_question() {
    let log = TestLog::default();
    let mut runner = proptest::test_runner::TestRunner::deterministic();
    play(&log, &steps(60).new_tree(&mut runner).unwrap().current());
    let between = Between { from: day(-50), to: day(500), known_from: recorded(60), known_to: recorded(60) };
    let stopped =
        accord_replay::diff(&log.0, between, None, &mut |_| ControlFlow::Break(()), &mut go_on).unwrap_err();
    assert!(matches!(stopped, ReplayError::Cancelled));
}
