//! A log and views of it, for the tests of rows and of files.

#![allow(dead_code, reason = "each test binary uses its own part")]
#![allow(clippy::unwrap_used, reason = "a test may panic")]

use crate::common::{SOURCE, Step, TestLog, play};
use accord_domain::Laws;
use accord_projections::{Opened, Options, Progress, Projector, Views, wait_for};
use accord_store::EventLog;
use std::ops::ControlFlow;
use std::sync::Arc;
use tempfile::TempDir;

/// A log in memory and a directory for views of it.
pub(crate) struct Bench {
    pub(crate) dir: TempDir,
    pub(crate) log: Arc<TestLog>,
}

impl Bench {
    pub(crate) fn new() -> Self {
        Self { dir: TempDir::new().unwrap(), log: Arc::default() }
    }

    pub(crate) fn of(steps: &[Step]) -> Self {
        let bench = Self::new();
        play(&bench.log, steps);
        bench
    }

    pub(crate) fn open(&self, name: &str, heads_max: usize) -> (Projector, Opened) {
        let log: Arc<dyn EventLog> = Arc::new(self.log.0.clone());
        Projector::open(&self.dir.path().join(name), SOURCE, log, Options { heads_max }).unwrap()
    }

    pub(crate) fn views(&self, name: &str) -> Views {
        Views::open(&self.dir.path().join(name)).unwrap()
    }
}

/// The law of a log.
pub(crate) fn laws(log: &TestLog) -> Laws {
    wait_for(accord_store::laws::laws(&log.0)).unwrap()
}

pub(crate) fn go_on(_: Progress) -> ControlFlow<()> {
    ControlFlow::Continue(())
}
