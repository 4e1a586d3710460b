//! What the tests of the files share.
#![allow(dead_code, unreachable_pub, clippy::unwrap_used, reason = "each test file uses a part")]

use accord_store::clock::ManualClock;
use accord_store::contract::second;
use accord_store::{Answer, Append, AppendError, EventLog, LogError, SqliteLog};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;

const ROLE: &str = "ACCORD_TEST_CHILD";
const DIR: &str = "ACCORD_TEST_DIR";

pub fn clock() -> Arc<ManualClock> {
    Arc::new(ManualClock::at(second(0)))
}

pub fn open(dir: &Path) -> Result<SqliteLog, LogError> {
    SqliteLog::open(dir, clock())
}

/// A new ledger, open.
pub fn made() -> (tempfile::TempDir, SqliteLog) {
    let dir = tempfile::tempdir().unwrap();
    SqliteLog::create(dir.path(), 7, &*clock()).unwrap();
    let log = open(dir.path()).unwrap();
    (dir, log)
}

pub async fn one(log: &SqliteLog, append: Append) -> Result<Answer, AppendError> {
    log.append(vec![append]).await.pop().unwrap()
}

/// This test again, in another process, in a role.
pub fn again_as_child(test: &str, role: &str, dir: &Path) -> Command {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(["--exact", test, "--nocapture", "--test-threads=1"]).env(ROLE, role).env(DIR, dir);
    command
}

/// The role and directory, when this process was started for that role.
pub fn child_role(role: &str) -> Option<(String, PathBuf)> {
    let given = std::env::var(ROLE).ok().filter(|given| given.starts_with(role))?;
    Some((given, std::env::var_os(DIR)?.into()))
}
