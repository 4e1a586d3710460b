//! The n-th write or sync fails, for every n: whatever was acknowledged is there, nothing is half there, the program says what
//! happened and does not fall, and once the disk is well again the same command is carried out, once.
//!
//! The disk fails from outside the program: a few lines of C, loaded before the C library, answer with the error.

use accord_api::{Access, Ledger};
use accord_projections::wait_for;
use accord_store::SqliteLog;
use accord_store::clock::SystemClock;
use accord_tests::program::{Run, command, feed, run};
use serde_json::{Value as Json, json};
use std::fs;
use std::io::Write as _;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};
use tempfile::TempDir;

const PHARMACY: &str = "P43050000012";
const EIO: i32 = 5;
const ENOSPC: i32 = 28;

/// The failing disk, compiled; none where there is no C compiler to be called.
fn disk() -> &'static Path {
    static DISK: OnceLock<(TempDir, PathBuf)> = OnceLock::new();
    let (_, path) = DISK.get_or_init(|| {
        let dir = tempfile::tempdir().expect("a directory");
        let path = dir.path().join("disk.so");
        let source = concat!(env!("CARGO_MANIFEST_DIR"), "/faults/disk.c");
        let compiled = Command::new("cc")
            .args(["-shared", "-fPIC", "-O1", "-o"])
            .args([&path, Path::new(source)])
            .arg("-ldl")
            .output()
            .expect("a C compiler: apt-get install -y build-essential");
        assert!(compiled.status.success(), "{}", String::from_utf8_lossy(&compiled.stderr));
        (dir, path)
    });
    path
}

fn act(name: &str, day: &str, data: &Json) -> Json {
    json!({ "command": name, "subject": PHARMACY, "effective_at": day, "key": format!("{name}/{day}"),
        "actor": { "authority": "agency", "area": "430500" }, "data": data })
}

fn sign() -> Json {
    let terms = json!({ "area": "430500", "lines": ["basic"], "name": "某药房", "from": "2025-01-01", "until": "2027-01-01" });
    act("institution.sign-agreement", "2025-01-01", &terms)
}

fn suspend() -> Json {
    let data = json!({ "area": "430500", "until": "2025-11-04", "ground": "追溯码线索核查属实" });
    act("institution.suspend-agreement", "2025-08-04", &data)
}

/// Lines that an import records.
fn lines() -> Vec<Json> {
    let warned = |day: &str| act("institution.warn", day, &json!({ "note": "约谈未整改" }));
    let mut lines = vec![suspend()];
    lines.extend((1..=12).map(|day| warned(&format!("2025-09-{day:02}"))));
    lines
}

/// When the disk fails, and how.
#[derive(Clone, Copy, Debug)]
struct Fault {
    at: u64,
    errno: i32,
    stays: bool,
}

/// Runs the program on the failing disk. Says what came of it and how many calls there were.
fn on(fault: Fault, dir: &Path, arguments: &[&str], input: &str) -> (Run, u64) {
    let count = dir.join("count");
    let mut program = command(dir, arguments);
    program
        .env("LD_PRELOAD", disk())
        .env("FAULT_DIR", dir.join("accord-ledger"))
        .env("FAULT_AT", fault.at.to_string())
        .env("FAULT_ERRNO", fault.errno.to_string())
        .env("FAULT_COUNT", &count)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    if fault.stays {
        program.env("FAULT_STAYS", "1");
    }
    let mut child = program.spawn().expect("accord starts");
    // It may fail before it has read anything.
    let _ = child.stdin.take().expect("standard input").write_all(input.as_bytes());
    let run = Run::from(child.wait_with_output().expect("accord ends"));
    let calls = fs::read_to_string(&count).ok().and_then(|text| text.trim().parse().ok()).unwrap_or(0);
    (run, calls)
}

/// A ledger with one event in it, to be copied for every fault.
fn ledger() -> TempDir {
    let dir = tempfile::tempdir().expect("a directory");
    run(dir.path(), &["init"]).expect(0, &[]);
    feed(dir.path(), &["do", "-"], &sign().to_string()).expect(0, &[]);
    dir
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).expect("a directory");
    for entry in fs::read_dir(from).expect("a directory").map(|entry| entry.expect("an entry")) {
        let target = to.join(entry.file_name());
        if entry.file_type().expect("a type").is_dir() {
            copy(&entry.path(), &target);
        } else {
            fs::copy(entry.path(), target).expect("a copy");
        }
    }
}

/// The disk is well again: the log is whole and holds `acknowledged` at least; the commands, asked again, are recorded once;
/// and the views say what the log says.
fn recovered(dir: &Path, commands: &[Json], acknowledged: u64, about: &str) {
    let ledger = Ledger::open(&dir.join("accord-ledger"), Access::ReadWrite, Arc::new(SystemClock))
        .unwrap_or_else(|error| panic!("{about}: {error}"));
    let log = ledger.event_log();
    let len = wait_for(log.len()).expect("a log");
    assert!(
        acknowledged <= len && len <= 1 + commands.len() as u64,
        "{about}: {len} of {acknowledged} events"
    );
    for command in commands {
        let command = ledger.read(&command.to_string()).expect("a log").expect("a command");
        ledger.execute_blocking(command).unwrap_or_else(|failure| panic!("{about}: {failure}"));
    }
    assert_eq!(wait_for(log.len()).expect("a log"), 1 + commands.len() as u64, "{about}");
    let verified = SqliteLog::verify(&dir.join("accord-ledger"), &mut |_, _| {}).expect("a verification");
    assert!(verified.flaws.is_empty(), "{about}: {:?}", verified.flaws);
    let compared = accord_replay::verify(&*log, ledger.views(), &mut |_| ControlFlow::Continue(()))
        .expect("a comparison");
    assert!(compared.differences.is_empty(), "{about}: {:?}", compared.differences);
}

/// Lets the call at every place fail, on two threads, and looks at what came of each.
fn everywhere(arguments: &[&str], input: &str, commands: &[Json], faults: &[(i32, bool)]) {
    let template = ledger();
    fs::write(template.path().join("lines.jsonl"), input).expect("a file");
    let fresh = || {
        let dir = tempfile::tempdir().expect("a directory");
        copy(template.path(), dir.path());
        dir
    };
    let (run, calls) = on(Fault { at: 0, errno: EIO, stays: false }, fresh().path(), arguments, input);
    run.expect(0, &[]);
    assert!(calls > 10, "{calls} writes: the disk is not asked");
    let all: Vec<Fault> = faults
        .iter()
        .flat_map(|(errno, stays)| (1..=calls).map(|at| Fault { at, errno: *errno, stays: *stays }))
        .collect();
    let (next, refused) = (AtomicU64::new(0), AtomicU64::new(0));
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                while let Some(fault) =
                    all.get(usize::try_from(next.fetch_add(1, Ordering::Relaxed)).unwrap_or(usize::MAX))
                {
                    let dir = fresh();
                    let (run, _) = on(*fault, dir.path(), arguments, input);
                    let about = format!("{fault:?}: {} {}", run.code.unwrap_or(-1), run.err);
                    // By itself, with a code that is documented: neither a signal nor a panic.
                    assert!(run.code.is_some_and(|code| (0..=9).contains(&code)), "{about}");
                    assert!(!run.err.contains("panicked"), "{about}");
                    let done = run.code == Some(0);
                    refused.fetch_add(u64::from(!done), Ordering::Relaxed);
                    recovered(dir.path(), commands, if done { 1 + commands.len() as u64 } else { 1 }, &about);
                }
            });
        }
    });
    assert!(refused.into_inner() > 0, "no fault was noticed");
}

#[test]
fn a_command_on_a_disk_that_fails_at_any_write_is_recorded_whole_or_not_at_all() {
    everywhere(&["do", "-"], &suspend().to_string(), &[suspend()], &[(EIO, false), (ENOSPC, true)]);
}

#[test]
fn an_import_on_a_disk_that_fails_at_any_write_keeps_what_it_said_it_recorded() {
    let lines = lines();
    let text: String = lines.iter().map(|line| format!("{line}\n")).collect();
    everywhere(&["import", "lines.jsonl"], &text, &lines, &[(EIO, true)]);
}
