//! The views against the plainest way to the same answers.

mod common;

use accord_domain::{Instant, Span, Subject, timeline};
use accord_projections::{Filter, Opened, Options, Projector, ViewError, Views};
use accord_store::EventLog;
use common::{SOURCE, Step, TestLog, day, play, recorded, steps, subjects};
use proptest::prelude::*;
use std::sync::Arc;
use tempfile::TempDir;

struct Bench {
    dir: TempDir,
    log: Arc<TestLog>,
}

impl Bench {
    fn new() -> Self {
        Self { dir: TempDir::new().unwrap(), log: Arc::default() }
    }

    fn of(steps: &[Step]) -> Self {
        let bench = Self::new();
        play(&bench.log, steps);
        bench
    }

    fn open(&self, name: &str, heads_max: usize) -> (Projector, Opened) {
        let log: Arc<dyn EventLog> = self.log.clone();
        Projector::open(&self.dir.path().join(name), SOURCE, log, Options { heads_max }).unwrap()
    }

    fn views(&self, name: &str) -> Views {
        Views::open(&self.dir.path().join(name)).unwrap()
    }
}

/// The spans over the whole effective axis, from the events recorded by an instant.
fn naive(log: &TestLog, subject: &Subject, known_at: Instant) -> Vec<Span> {
    let mut events = log.stream(subject);
    events.retain(|event| event.recorded_at <= known_at);
    timeline::timeline(subject.kind(), &events)
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
        let views = bench.views("views.db");
        for subject in subjects() {
            for position in 0..bench.log.events().len() as u64 {
                let known_at = recorded(position);
                prop_assert_eq!(
                    views.timeline(&subject, known_at).unwrap(),
                    naive(&bench.log, &subject, known_at),
                    "{} as known when position {} was recorded", subject, position
                );
            }
        }
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
fn views_of_another_ledger_are_not_trusted() {
    let bench = Bench::of(&[Step { subject: 0, act: 3, day: 1, detail: 1 }]);
    let (mut projector, opened) = bench.open("views.db", 10);
    assert_eq!(opened, Opened::Fresh);
    projector.project(&bench.log.events()).unwrap();
    drop(projector);
    assert_eq!(bench.open("views.db", 10).1, Opened::Resumed);
    let other = accord_projections::Source { ledger: [8; 16], ..SOURCE };
    let path = bench.dir.path().join("views.db");
    let (projector, opened) = Projector::open(&path, other, bench.log.clone(), Options::default()).unwrap();
    assert_eq!(opened, Opened::Discarded("they are of another ledger".to_owned()));
    assert_eq!(projector.position(), 0);
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
