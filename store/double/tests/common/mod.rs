//! What the tests of the adapter share.
#![allow(dead_code, unreachable_pub, clippy::unwrap_used, reason = "each test file uses a part")]

use accord_store::clock::ManualClock;
use accord_store::contract::{Fixture, second};
use accord_store::eventstore::{EventStoreLog, Place};
use accord_store::merkle::{Hash, Plan};
use accord_store::{Answer, Append, AppendError, EventLog, LogError, Stored};
use accord_store_double::Double;
use std::path::Path;
use std::sync::Arc;

/// The stream of the ledger of the tests.
pub const LEDGER: &str = "accord-test";

pub fn clock() -> Arc<ManualClock> {
    Arc::new(ManualClock::at(second(0)))
}

/// Where the double keeps the ledger.
pub fn place(double: &Double) -> Place {
    Place { address: double.address(&[0]), stream: LEDGER.to_owned() }
}

/// A new copy of the double's ledger, open.
pub fn made(double: &Double) -> (tempfile::TempDir, EventStoreLog) {
    made_at(&place(double))
}

pub fn made_at(place: &Place) -> (tempfile::TempDir, EventStoreLog) {
    let dir = tempfile::tempdir().unwrap();
    EventStoreLog::create(dir.path(), place, 7, &*clock()).unwrap();
    let log = EventStoreLog::open(dir.path(), clock()).unwrap();
    (dir, log)
}

pub async fn one(log: &dyn EventLog, append: Append) -> Result<Answer, AppendError> {
    log.append(vec![append]).await.pop().unwrap()
}

/// Everything a log holds, and the root of its tree.
pub async fn contents(log: &dyn EventLog) -> (Vec<Stored>, Vec<Hash>) {
    let all = log.read_all(0, usize::MAX).await.unwrap();
    let root = log.prove(&Plan::root(all.len() as u64)).await.unwrap();
    (all, root)
}

/// The failure of the log behind a refused append.
pub fn why<T: std::fmt::Debug>(result: Result<T, AppendError>) -> Arc<LogError> {
    match result {
        Err(AppendError::Storage(error)) => error,
        other => panic!("{other:?}"),
    }
}

/// The copy, the double and the events agree, all of them.
pub async fn sound(double: &Double, log: &EventStoreLog) {
    let all = log.read_all(0, usize::MAX).await.unwrap();
    let kept = double.stream(LEDGER);
    assert_eq!(all.len(), kept.len());
    for (stored, kept) in all.iter().zip(&kept) {
        assert_eq!(stored.body.as_bytes(), kept.data);
    }
    assert_eq!(log.compare().unwrap(), all.len() as u64);
}

/// What happens to the copy while the log is closed.
#[derive(Clone, Copy)]
pub enum Between {
    Nothing,
    LoseCopy,
}

/// The adapter under the contract suite.
pub struct Adapter {
    pub log: Option<Arc<EventStoreLog>>,
    pub clock: Arc<ManualClock>,
    pub between: Between,
    pub place: Place,
    pub dir: tempfile::TempDir,
    /// Last, so that it outlives the log; none where another one is asked.
    pub double: Option<Double>,
}

impl Adapter {
    pub fn over(double: Option<Double>, place: Place, between: Between) -> Self {
        let (dir, clock) = (tempfile::tempdir().unwrap(), clock());
        assert!(EventStoreLog::create(dir.path(), &place, 7, &*clock).unwrap(), "a ledger is there already");
        let log = Some(Arc::new(EventStoreLog::open(dir.path(), clock.clone()).unwrap()));
        Self { log, clock, between, place, dir, double }
    }

    pub fn of_double(between: Between) -> Self {
        let double = Double::start(1);
        let place = place(&double);
        Self::over(Some(double), place, between)
    }
}

impl Fixture for Adapter {
    fn log(&self) -> Arc<dyn EventLog> {
        self.log.clone().unwrap()
    }

    fn clock(&self) -> &ManualClock {
        &self.clock
    }

    fn reopen(&mut self) {
        self.log = None;
        if matches!(self.between, Between::LoseCopy) {
            lose(self.dir.path());
            let new = EventStoreLog::create(self.dir.path(), &self.place, 9, &*self.clock).unwrap();
            assert!(!new, "the ledger is still there");
        }
        self.log = Some(Arc::new(EventStoreLog::open(self.dir.path(), self.clock.clone()).unwrap()));
    }
}

/// Removes every file of a copy.
pub fn lose(dir: &Path) {
    for file in std::fs::read_dir(dir).unwrap() {
        std::fs::remove_file(file.unwrap().path()).unwrap();
    }
}
