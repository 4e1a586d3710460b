//! Replay against the views and against the plainest way to the same answers.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

#[path = "../../projections/tests/common/mod.rs"]
mod common;

use accord_domain::{Instant, SubjectKind, Value};
use accord_projections::{Axis, Filter, Options, Progress, Projector, Views, wait_for};
use accord_replay::{
    Difference, ReplayError, census, census_in_rounds, history, standing_as_of, state_as_of, verify,
};
use accord_store::EventLog;
use common::{SOURCE, Step, TestLog, day, play, recorded, steps, subjects};
use proptest::prelude::*;
use std::collections::BTreeMap;
use std::ops::ControlFlow;
use std::path::PathBuf;
use std::sync::Arc;
use tempfile::TempDir;

fn go_on(_: Progress) -> ControlFlow<()> {
    ControlFlow::Continue(())
}

struct Bench {
    dir: TempDir,
    log: TestLog,
}

impl Bench {
    fn of(steps: &[Step]) -> Self {
        let bench = Self { dir: TempDir::new().unwrap(), log: TestLog::default() };
        play(&bench.log, steps);
        bench
    }

    fn path(&self) -> PathBuf {
        self.dir.path().join("views.db")
    }

    fn project(&self) -> Views {
        let log: Arc<dyn EventLog> = Arc::new(self.log.0.clone());
        let (mut projector, _) = Projector::open(&self.path(), SOURCE, log, Options::default()).unwrap();
        projector.catch_up(&mut go_on).unwrap();
        Views::open(&self.path()).unwrap()
    }

    /// Changes the file behind the views' back.
    fn spoil(&self, sql: &str) {
        let changed = rusqlite::Connection::open(self.path()).unwrap().execute(sql, []).unwrap();
        assert!(changed > 0, "nothing was changed");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(120))]

    #[test]
    fn views_replay_and_census_agree_at_any_coordinates(
        steps in steps(60), at in -50..500_i64, position in 0..60_u64, round in 1..4_u64,
    ) {
        let bench = Bench::of(&steps);
        let views = bench.project();
        let log = &bench.log.0;
        let (as_of, known_at) = (day(at), recorded(position));
        let mut counted = BTreeMap::new();
        for subject in subjects() {
            let standing = wait_for(standing_as_of(log, &subject, as_of, known_at)).unwrap();
            prop_assert_eq!(&views.standing(&subject, as_of, known_at).unwrap(), &standing, "{}", subject);
            for span in standing.iter().filter(|span| span.track.is_status_of(subject.kind())) {
                *counted.entry((subject.kind(), span.value)).or_insert(0) += 1;
            }
        }
        let replayed = census(log, as_of, known_at, None, &mut go_on).unwrap();
        let in_rounds = census_in_rounds(log, as_of, known_at, None, round, &mut go_on).unwrap();
        prop_assert_eq!(&in_rounds, &replayed, "in rounds of {}", round);
        let mut summed = BTreeMap::new();
        for line in &replayed.lines {
            *summed.entry((line.kind, line.status)).or_insert(0) += line.count;
        }
        prop_assert_eq!(summed, counted);
        prop_assert_eq!(&views.census(as_of, known_at, None).unwrap(), &replayed);
        // Each line of the census is a list of that length.
        for line in replayed.lines.iter().filter(|line| line.area.is_some()) {
            let filter = Filter {
                kind: Some(line.kind), area: line.area, line: line.line, status: Some(line.status),
            };
            let listed = views.list(&filter, as_of, known_at, None, 500).unwrap();
            prop_assert_eq!(listed.items.len() as u64, line.count, "{:?}", line);
        }
        // An area alone is the same as its lines of the whole.
        for area in replayed.lines.iter().filter_map(|line| line.area) {
            let alone = census(log, as_of, known_at, Some(area), &mut go_on).unwrap();
            let lines: Vec<_> =
                replayed.lines.iter().filter(|line| line.area == Some(area)).cloned().collect();
            prop_assert_eq!(&alone.lines, &lines);
            prop_assert_eq!(views.census(as_of, known_at, Some(area)).unwrap(), alone);
        }
    }

    #[test]
    fn what_was_known_then_never_changes_and_verify_finds_nothing(
        steps in steps(50), more in steps(20), at in -50..500_i64,
    ) {
        let bench = Bench::of(&steps);
        let views = bench.project();
        let then = recorded(bench.log.events().len() as u64 - 1);
        let ask = || {
            let standing: Vec<_> =
                subjects().iter().map(|s| views.standing(s, day(at), then).unwrap()).collect();
            let trails: Vec<_> = subjects()
                .iter()
                .map(|s| views.trail(s, Axis::Effective, then, None, 100).unwrap().items)
                .collect();
            let points: Vec<_> = subjects()
                .iter()
                .filter_map(|s| accord_domain::PractitionerCode::parse(s.code()).ok())
                .map(|code| views.points(&code, 2025, day(at), then).unwrap())
                .collect();
            (standing, trails, points, views.census(day(at), then, None).unwrap())
        };
        let before = ask();
        play(&bench.log, &more);
        bench.project();
        prop_assert_eq!(ask(), before);
        let verified = verify(&bench.log.0, &views, &mut go_on).unwrap();
        prop_assert_eq!(verified.differences, vec![]);
        prop_assert_eq!(verified.position, bench.log.events().len() as u64);
    }

    #[test]
    fn the_points_of_a_year_are_those_of_the_fold(
        steps in steps(60), at in 0..500_i64, position in 0..60_u64,
    ) {
        let bench = Bench::of(&steps);
        let views = bench.project();
        let (as_of, known_at) = (day(at), recorded(position));
        for subject in subjects() {
            let Ok(code) = accord_domain::PractitionerCode::parse(subject.code()) else { continue };
            let state = wait_for(state_as_of(&bench.log.0, &subject, as_of, known_at)).unwrap();
            let accord_domain::State::Practitioner(state) = state else { panic!("of another kind") };
            for year in 2024..2027 {
                let points = views.points(&code, year, as_of, known_at).unwrap();
                prop_assert_eq!(points.total, state.points(year), "{} {}", subject, year);
            }
        }
    }

    #[test]
    fn the_trail_says_of_every_event_what_resolving_says(steps in steps(60), position in 0..60_u64) {
        let bench = Bench::of(&steps);
        let views = bench.project();
        let known_at = recorded(position);
        for subject in subjects() {
            let events = wait_for(history(&bench.log.0, &subject, known_at)).unwrap();
            let known = accord_domain::timeline::resolve(&events);
            let trail = views.trail(&subject, Axis::Recorded, known_at, None, 100).unwrap();
            prop_assert_eq!(trail.items.len(), events.len());
            for entry in trail.items {
                let known = known.iter().find(|known| known.event.version == entry.reason.version).unwrap();
                let void_from = entry.void_from.unwrap_or(Instant::MAX);
                prop_assert_eq!(void_from, known.void_from, "{} {:?}", subject, entry);
                prop_assert_eq!(entry.reason.id, known.event.id);
            }
        }
    }
}

fn signed(subjects: u8) -> Vec<Step> {
    (0..subjects).map(|subject| Step { subject, act: 3, day: i64::from(subject), detail: 1 }).collect()
}

#[test]
fn verify_names_what_differs() {
    let bench = Bench::of(&signed(5));
    let views = bench.project();
    bench.spoil("UPDATE periods SET value = 'suspended' WHERE value = 'in_force' AND key >> 27 = 1");
    let verified = verify(&bench.log.0, &views, &mut go_on).unwrap();
    let words: Vec<String> = verified.differences.iter().map(ToString::to_string).collect();
    // Where it is listed no longer fits it either.
    assert_eq!(words.len(), 2, "{words:#?}");
    assert!(words[0].starts_with("institution-P43050000002 as known at 2025-11-03"), "{words:#?}");
    assert!(words[0].contains("expected agreement/430500/basic in_force"), "{words:#?}");
    assert!(words[0].contains("found agreement/430500/basic suspended"), "{words:#?}");
}

/// Rows that are not asked when a subject is shown, but when it is listed, paid for or looked at as of earlier.
#[test]
fn verify_notices_what_lists_reasons_and_earlier_worklists_are_told_by() {
    let spoilt = |sql: &str| {
        let bench = Bench::of(&signed(3));
        let views = bench.project();
        assert_eq!(verify(&bench.log.0, &views, &mut go_on).unwrap().differences, []);
        bench.spoil(sql);
        let verified = verify(&bench.log.0, &views, &mut go_on).unwrap();
        verified.differences.iter().map(ToString::to_string).collect::<Vec<String>>()
    };
    for sql in [
        "UPDATE periods SET shelf = NULL WHERE shelf IS NOT NULL AND key >> 27 = 1",
        "UPDATE shelves SET area = 430100 WHERE id = (SELECT min(id) FROM shelves)",
        "DELETE FROM shelves",
    ] {
        let words = spoilt(sql);
        assert!(
            words[0].contains("lists and statistics count agreement/430500/basic in_force"),
            "{sql}: {words:#?}"
        );
    }
    for sql in [
        "UPDATE trail SET type = 302 WHERE key >> 27 = 1",
        "UPDATE trail SET position = position + 1 WHERE key >> 27 = 1",
        "UPDATE trail SET effective_at = effective_at + 1 WHERE key >> 27 = 1",
        "UPDATE citations SET json = '{\"basis\":[],\"rules\":[\"R-001\"]}'",
    ] {
        let words = spoilt(sql);
        assert!(words[0].ends_with("the trail says of #0 what the log does not"), "{sql}: {words:#?}");
    }
}

#[test]
fn verify_notices_a_name_that_the_log_does_not_tell() {
    let bench = Bench::of(&signed(3));
    let views = bench.project();
    bench.spoil("UPDATE names SET name = '别的医院' WHERE subject = 1");
    let verified = verify(&bench.log.0, &views, &mut go_on).unwrap();
    let words: Vec<String> = verified.differences.iter().map(ToString::to_string).collect();
    assert_eq!(words.len(), 1, "{words:#?}");
    assert!(words[0].starts_with("institution-P43050000002 as known at 2025-11-03"), "{words:#?}");
    assert!(words[0].ends_with("other names than the log tells"), "{words:#?}");
}

#[test]
fn verify_misses_a_subject_and_a_version() {
    let bench = Bench::of(&signed(5));
    let views = bench.project();
    bench.spoil("DELETE FROM trail WHERE key >> 27 = 0");
    bench.spoil("DELETE FROM subjects WHERE id = 1");
    let verified = verify(&bench.log.0, &views, &mut go_on).unwrap();
    let count = |wanted: fn(&Difference) -> bool| verified.differences.iter().filter(|d| wanted(d)).count();
    assert_eq!(count(|d| matches!(d, Difference::Version { found: None, .. })), 2);
    assert_eq!(count(|d| matches!(d, Difference::Subjects { expected: 5, found: 4 })), 1);
    assert!(count(|d| matches!(d, Difference::Track { found: None, .. })) > 0);
    assert!(count(|d| matches!(d, Difference::Obligation { found: None, .. })) > 0);
}

#[test]
fn a_census_counts_by_kind_area_line_and_status() {
    let bench = Bench::of(&signed(5));
    let counted = census(&bench.log.0, day(40), Instant::MAX, None, &mut go_on).unwrap();
    let lines: Vec<_> = counted
        .lines
        .iter()
        .map(|line| (line.kind.name(), line.area.unwrap().to_string(), line.status.name(), line.count))
        .collect();
    assert_eq!(
        lines,
        [
            ("institution", "430500".to_owned(), "in_force", 3),
            ("practitioner", "370102".to_owned(), "suspended", 2),
        ]
    );
    let some: Vec<_> = counted.subjects.iter().copied().filter(|(_, count)| *count > 0).collect();
    assert_eq!(some, [(SubjectKind::Institution, 3), (SubjectKind::Practitioner, 2)]);
    assert_eq!(counted.lines[0].status, Value::InForce);
}

#[test]
fn a_census_can_be_cancelled() {
    let bench = Bench::of(&signed(5));
    let error =
        census(&bench.log.0, day(40), Instant::MAX, None, &mut |_| ControlFlow::Break(())).unwrap_err();
    assert!(matches!(error, ReplayError::Cancelled), "{error}");
}
