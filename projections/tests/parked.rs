//! Subjects set aside for an event that cannot be understood, and how they come back.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod common;

use accord_domain::{Instant, Version};
use accord_projections::{Options, Parked, Progress, Projector, Views, wait_for};
use accord_store::{
    Answer, Append, AppendError, Appended, EventLog, Foretold, LogError, MemoryLog, Scan, Stored,
};
use async_trait::async_trait;
use common::{SOURCE, Step, TestLog, dump, play, steps, subject};
use proptest::prelude::*;
use std::collections::BTreeSet;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use tempfile::TempDir;
use tokio::sync::watch;

/// A log as a program sees it that cannot understand the events at some positions until it is replaced by a newer one.
struct Seen {
    log: MemoryLog,
    strange: BTreeSet<u64>,
    is_newer: AtomicBool,
    /// Readings of a stream.
    read: AtomicUsize,
}

impl Seen {
    fn new(log: &TestLog, strange: impl IntoIterator<Item = u64>) -> Arc<Self> {
        Arc::new(Self {
            log: log.0.clone(),
            strange: strange.into_iter().collect(),
            is_newer: AtomicBool::new(false),
            read: AtomicUsize::new(0),
        })
    }

    fn see(&self, mut events: Vec<Stored>) -> Vec<Stored> {
        let is_newer = self.is_newer.load(Ordering::Relaxed);
        for stored in events.iter_mut().filter(|stored| !is_newer && self.strange.contains(&stored.position))
        {
            stored.body = stored.body.replace("\"schema\":", "\"schema\":9").into();
        }
        events
    }

    fn replace(&self) {
        self.is_newer.store(true, Ordering::Relaxed);
    }

    fn read(&self) -> usize {
        self.read.swap(0, Ordering::Relaxed)
    }
}

#[async_trait]
impl EventLog for Seen {
    async fn append_foretold(
        &self,
        batch: Vec<Append>,
        foretold: &mut Foretold<'_>,
    ) -> Vec<Result<Answer, AppendError>> {
        self.log.append_foretold(batch, foretold).await
    }

    async fn read_stream(&self, stream: &str, from: Version, limit: usize) -> Result<Vec<Stored>, LogError> {
        self.read.fetch_add(1, Ordering::Relaxed);
        Ok(self.see(self.log.read_stream(stream, from, limit).await?))
    }

    async fn areas(&self) -> Result<Vec<Arc<str>>, LogError> {
        self.log.areas().await
    }

    async fn read_all(&self, from: u64, limit: usize) -> Result<Vec<Stored>, LogError> {
        Ok(self.see(self.log.read_all(from, limit).await?))
    }

    async fn len(&self) -> Result<u64, LogError> {
        self.log.len().await
    }

    async fn request(&self, key: &str) -> Result<Option<([u8; 32], Appended)>, LogError> {
        self.log.request(key).await
    }

    async fn known(&self, at: Instant) -> Result<u64, LogError> {
        self.log.known(at).await
    }

    fn scanner(&self) -> Result<Box<dyn Scan>, LogError> {
        self.log.scanner()
    }

    fn salt(&self) -> u64 {
        self.log.salt()
    }

    fn subscribe(&self) -> watch::Receiver<u64> {
        self.log.subscribe()
    }
}

fn open(path: &Path, log: Arc<dyn EventLog>) -> Projector {
    Projector::open(path, SOURCE, log, Options { heads_max: 3 }).unwrap().0
}

fn catch_up(projector: &mut Projector) {
    projector.catch_up(&mut |_: Progress| ControlFlow::Continue(())).unwrap();
}

fn parked(path: &Path) -> Vec<Parked> {
    let health = Views::open(path).unwrap().health().unwrap();
    assert_eq!(health.parked_count, health.parked.len() as u64);
    health.parked
}

/// The rows of a log that was always understood.
fn understood(dir: &TempDir, log: &TestLog) -> Vec<String> {
    let mut projector = open(&dir.path().join("understood.db"), Arc::new(log.0.clone()));
    catch_up(&mut projector);
    dump(projector.path())
}

fn signed(subject: u8, day: i64) -> Step {
    Step { subject, act: 3, day, detail: 1 }
}

struct Bench {
    dir: TempDir,
    path: PathBuf,
    log: TestLog,
}

impl Bench {
    fn of(steps: &[Step]) -> Self {
        let dir = TempDir::new().unwrap();
        let path = dir.path().join("views.db");
        let log = TestLog::default();
        play(&log, steps);
        Self { dir, path, log }
    }
}

#[test]
fn a_program_that_understands_the_event_brings_the_subject_back_when_it_opens_the_views() {
    let bench = Bench::of(&[signed(0, 1), signed(1, 2), signed(0, 3), signed(1, 4), signed(0, 5)]);
    let seen = Seen::new(&bench.log, [2]);
    catch_up(&mut open(&bench.path, seen.clone()));
    let aside = parked(&bench.path);
    assert_eq!(
        (aside.len(), aside[0].stream.as_str(), aside[0].position),
        (1, "institution-H43050000001", 2)
    );
    assert!(aside[0].error.contains("schema version 91"), "{}", aside[0].error);
    let version = |of: u8| Views::open(&bench.path).unwrap().version(&subject(of), Instant::MAX).unwrap();
    assert_eq!((version(0), version(1)), (Some(0), Some(1)), "the rows stand as of the event before");
    // The same program opens it again: nothing is folded for that.
    seen.read();
    drop(open(&bench.path, seen.clone()));
    assert_eq!((seen.read(), parked(&bench.path)), (0, aside));
    seen.replace();
    drop(open(&bench.path, seen));
    assert_eq!(parked(&bench.path), []);
    assert_eq!(version(0), Some(2));
    assert_eq!(dump(&bench.path), understood(&bench.dir, &bench.log));
}

#[test]
fn a_further_event_of_its_own_brings_a_subject_back_and_those_of_others_do_not_look_at_it() {
    let bench = Bench::of(&[signed(0, 1), signed(0, 2), signed(1, 3)]);
    let seen = Seen::new(&bench.log, [1]);
    let mut projector = open(&bench.path, seen.clone());
    catch_up(&mut projector);
    assert_eq!(parked(&bench.path).len(), 1);
    play(&bench.log, &[signed(1, 4), signed(0, 5)]);
    seen.read();
    projector.project(&bench.log.events()[..4]).unwrap();
    projector.project(&bench.log.events()[..5]).unwrap();
    assert_eq!((seen.read(), parked(&bench.path).len()), (0, 1), "not understood: only that event was read");
    seen.replace();
    play(&bench.log, &[signed(1, 6)]);
    projector.project(&bench.log.events()).unwrap();
    assert_eq!((seen.read(), parked(&bench.path).len()), (0, 1), "an event of another subject");
    play(&bench.log, &[signed(0, 7)]);
    projector.project(&bench.log.events()).unwrap();
    assert_eq!(parked(&bench.path), []);
    assert_eq!(dump(&bench.path), understood(&bench.dir, &bench.log));
}

#[test]
fn a_subject_comes_as_far_as_it_is_understood() {
    let bench = Bench::of(&[signed(0, 1), signed(0, 2), signed(0, 3), signed(0, 4)]);
    catch_up(&mut open(&bench.path, Seen::new(&bench.log, [1, 3])));
    assert_eq!(parked(&bench.path)[0].position, 1);
    drop(open(&bench.path, Seen::new(&bench.log, [3])));
    assert_eq!(parked(&bench.path)[0].position, 3);
    let version = Views::open(&bench.path).unwrap().version(&subject(0), Instant::MAX).unwrap();
    assert_eq!(version, Some(2));
    drop(open(&bench.path, Arc::new(bench.log.0.clone())));
    assert_eq!(dump(&bench.path), understood(&bench.dir, &bench.log));
}

/// The event named is the one in the way, so that nothing is folded in vain while it is.
#[test]
fn an_earlier_event_no_longer_understood_is_the_one_named() {
    let bench = Bench::of(&[signed(0, 1), signed(0, 2)]);
    catch_up(&mut open(&bench.path, Arc::new(bench.log.0.clone())));
    // An older program takes over.
    let seen = Seen::new(&bench.log, [1]);
    let mut projector = open(&bench.path, seen.clone());
    play(&bench.log, &[signed(0, 3)]);
    catch_up(&mut projector);
    assert_eq!(parked(&bench.path)[0].position, 1);
    drop(projector);
    drop(open(&bench.path, Arc::new(bench.log.0.clone())));
    assert_eq!(dump(&bench.path), understood(&bench.dir, &bench.log));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(60))]

    #[test]
    fn whoever_was_set_aside_comes_back_with_the_rows_of_one_who_never_was(
        steps in steps(50), strange in proptest::collection::btree_set(0..50_u64, 1..5),
        batch in 1..9_usize, newer_from in 0..50_usize,
    ) {
        // What an area adopts is law to all: without it nothing can be folded at all.
        let steps: Vec<Step> = steps.into_iter().filter(|step| step.subject != 7).collect();
        let bench = Bench::of(&steps);
        let seen = Seen::new(&bench.log, strange);
        let mut projector = open(&bench.path, seen.clone());
        let events = bench.log.events();
        for (at, events) in events.chunks(batch).enumerate() {
            if newer_from <= at * batch {
                seen.replace();
            }
            let events = seen.see(events.to_vec());
            projector.project(&events).unwrap();
        }
        drop(projector);
        seen.replace();
        drop(open(&bench.path, seen));
        prop_assert_eq!(parked(&bench.path), vec![]);
        let (found, expected) = (dump(&bench.path), understood(&bench.dir, &bench.log));
        prop_assert_eq!(found.iter().zip(&expected).find(|(a, b)| a != b), None);
        prop_assert_eq!(found.len(), expected.len());
    }
}

#[test]
fn an_event_in_order_reads_no_history_though_one_before_it_was_corrected() {
    let log = TestLog::default();
    play(&log, &[signed(0, 0), signed(0, 1), signed(0, 2), Step { subject: 0, act: 25, day: 3, detail: 1 }]);
    let events = wait_for(log.0.read_all(0, 100)).unwrap();
    let amends = |stored: &Stored| stored.decode().unwrap().data.correction().is_some();
    assert!(events.iter().any(amends), "{events:?}");
    play(&log, &(100..120).map(|day| signed(0, day)).collect::<Vec<_>>());
    let (dir, seen) = (TempDir::new().unwrap(), Seen::new(&log, []));
    let mut projector = open(&dir.path().join("views.db"), seen.clone());
    projector.project(&events).unwrap();
    seen.read();
    catch_up(&mut projector);
    assert_eq!(seen.read(), 0);
}
