//! Every adapter keeps the same promises.
#![expect(clippy::unwrap_used, reason = "tests")]

use accord_store::clock::ManualClock;
use accord_store::contract::{Fixture, second};
use accord_store::{EventLog, MemoryLog, SqliteLog};
use std::sync::Arc;

mod memory {
    use super::{Arc, EventLog, Fixture, ManualClock, MemoryLog, second};

    struct Memory(MemoryLog, Arc<ManualClock>);

    impl Fixture for Memory {
        fn log(&self) -> Arc<dyn EventLog> {
            Arc::new(self.0.clone())
        }
        fn clock(&self) -> &ManualClock {
            &self.1
        }
    }

    fn fixture() -> Memory {
        let clock = Arc::new(ManualClock::at(second(0)));
        Memory(MemoryLog::new(7, clock.clone()), clock)
    }

    accord_store::contract_tests!(fixture);
}

mod sqlite {
    use super::{Arc, EventLog, Fixture, ManualClock, SqliteLog, second};
    use std::path::PathBuf;

    /// What happens to the files while the log is closed.
    #[derive(Clone, Copy)]
    pub(super) enum Between {
        Nothing,
        LoseIndex,
        StaleIndex,
    }

    pub(super) struct Sqlite {
        log: Option<Arc<SqliteLog>>,
        clock: Arc<ManualClock>,
        between: Between,
        dir: tempfile::TempDir,
    }

    impl Sqlite {
        fn files(&self, name: &str) -> [PathBuf; 3] {
            ["", "-wal", "-shm"].map(|suffix| self.dir.path().join(format!("{name}{suffix}")))
        }
    }

    impl Fixture for Sqlite {
        fn log(&self) -> Arc<dyn EventLog> {
            self.log.clone().unwrap()
        }
        fn clock(&self) -> &ManualClock {
            &self.clock
        }
        fn reopen(&mut self) {
            self.log = None;
            match self.between {
                Between::Nothing => {}
                Between::LoseIndex => {
                    for file in self.files("index.db") {
                        let _ = std::fs::remove_file(file);
                    }
                }
                Between::StaleIndex => {
                    let index = self.files("index.db")[0].clone();
                    rusqlite::Connection::open(index)
                        .and_then(|db| db.execute("UPDATE covered SET leaf = zeroblob(32), events = 1", []))
                        .unwrap();
                }
            }
            self.log = Some(Arc::new(SqliteLog::open(self.dir.path(), self.clock.clone()).unwrap()));
        }
    }

    pub(super) fn made(between: Between) -> Sqlite {
        let dir = tempfile::tempdir().unwrap();
        let clock = Arc::new(ManualClock::at(second(0)));
        SqliteLog::create(dir.path(), 7, &*clock).unwrap();
        let log = Some(Arc::new(SqliteLog::open(dir.path(), clock.clone()).unwrap()));
        Sqlite { log, clock, between, dir }
    }

    fn fixture() -> Sqlite {
        made(Between::Nothing)
    }

    accord_store::contract_tests!(fixture);
}

mod sqlite_whose_index_is_lost_between {
    use super::sqlite::{Between, Sqlite, made};

    fn fixture() -> Sqlite {
        made(Between::LoseIndex)
    }

    accord_store::contract_tests!(fixture);
}

mod sqlite_whose_index_is_of_another_past {
    use super::sqlite::{Between, Sqlite, made};

    fn fixture() -> Sqlite {
        made(Between::StaleIndex)
    }

    accord_store::contract_tests!(fixture);
}
