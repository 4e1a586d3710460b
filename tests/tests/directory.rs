//! A ledger's directory that lost something, against the real program: it is said what is missing, and nothing new takes its
//! place unseen.

use accord_tests::program::{Run, command, feed, run};
use serde_json::json;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use tempfile::TempDir;

const DOCTOR: &str = "D370102900001";

/// A ledger with a practitioner in it, whose name is sealed.
fn place() -> TempDir {
    let dir = tempfile::tempdir().expect("a directory");
    run(dir.path(), &["init"]).expect(0, &[]);
    let data =
        json!({ "institution": "H37010290001", "category": "doctor", "area": "370100", "name": "欧阳某某" });
    does(dir.path(), "register", "2025-01-01", &data).expect(0, &[]);
    dir
}

fn does(dir: &Path, act: &str, day: &str, data: &serde_json::Value) -> Run {
    let command = json!({
        "command": format!("practitioner.{act}"), "subject": DOCTOR, "effective_at": day,
        "actor": { "authority": "agency", "area": "370100" }, "data": data
    });
    feed(dir, &["do", "-"], &command.to_string())
}

fn renamed(dir: &Path) -> Run {
    does(dir, "change-details", "2025-02-01", &json!({ "what": "name", "to": "欧阳某" }))
}

fn deducted(dir: &Path) -> Run {
    let data = json!({ "institution": "H37010290001", "points": 2, "behaviour": "重复收费", "area": "370100", "measure": "处理决定" });
    does(dir, "deduct-points", "2025-03-01", &data)
}

fn in_ledger(dir: &Path, name: &str) -> PathBuf {
    dir.join("accord-ledger").join(name)
}

/// Puts a file of the ledger, or a folder, out of the program's sight; with what SQLite keeps beside it.
fn hide(dir: &Path, name: &str) {
    let aside = dir.join("aside");
    fs::create_dir_all(aside.join("keys")).expect("a directory");
    for suffix in ["", "-wal", "-shm"] {
        let name = format!("{name}{suffix}");
        if suffix.is_empty() || in_ledger(dir, &name).exists() {
            fs::rename(in_ledger(dir, &name), aside.join(&name)).expect("it is there");
        }
    }
}

fn put_back(dir: &Path, name: &str) {
    fs::rename(dir.join("aside").join(name), in_ledger(dir, name)).expect("it was hidden");
}

fn events(dir: &Path) -> usize {
    run(dir, &["--json", "history", DOCTOR]).expect(0, &[]).out.lines().count()
}

#[test]
fn lost_keys_of_personal_data_are_told_and_not_made_anew() {
    for lost in [&["personal.db"][..], &["keys/personal.key"], &["personal.db", "keys/personal.key"]] {
        let dir = place();
        let dir = dir.path();
        run(dir, &["doctor"]).expect(0, &["✓ keys  there and usable"]);
        let before = events(dir);
        lost.iter().for_each(|name| hide(dir, name));
        let file = lost[0];
        run(dir, &["doctor"]).expect(5, &["✗ keys", file]);
        run(dir, &["--json", "open-personal", DOCTOR, "--reason", "核查"])
            .expect(4, &["personal-keys", "restore"]);
        let export = ["export", DOCTOR, "--out", "out.zip", "--open-personal", "--reason", "核查"];
        run(dir, &export).expect(4, &["personal-keys"]);
        assert_eq!(events(dir), before, "nothing was recorded");
        if lost.len() == 1 {
            renamed(dir).expect(4, &["personal-keys", file]);
            assert!(!in_ledger(dir, file).exists(), "none is made");
        }
        // What needs no keys goes on.
        let done = deducted(dir).expect(0, &[]);
        assert!(!done.err.contains("destroyed"), "nothing was erased: {done:?}");
        lost.iter().for_each(|name| put_back(dir, name));
        run(dir, &["open-personal", DOCTOR, "--reason", "核查"]).expect(0, &["欧阳某某"]);
        run(dir, &["doctor"]).expect(0, &[]);
    }
}

#[test]
fn a_personal_db_that_cannot_be_read_is_not_taken_for_an_erasure() {
    let dir = place();
    let dir = dir.path();
    hide(dir, "personal.db");
    fs::write(in_ledger(dir, "personal.db"), "not a database, only its name".repeat(200)).expect("a file");
    fs::write(dir.join("none.jsonl"), "").expect("a file");
    let mut import = command(dir, &["import", "none.jsonl"]);
    let done: Run =
        import.env_remove("NO_COLOR").stdin(Stdio::null()).output().expect("accord starts").into();
    let done = done.expect(0, &["whether an erasure of personal data is unfinished"]);
    assert!(!done.err.contains("destroyed"), "{done:?}");
    assert!(!done.err.contains('\u{1b}'), "no colours where nobody sees them: {done:?}");
}

#[test]
fn a_lost_signing_key_is_told_and_made_anew_only_when_asked_for() {
    let dir = place();
    let dir = dir.path();
    let public = fs::read(in_ledger(dir, "keys/checkpoint.pub")).expect("a key");
    for lost in ["keys/checkpoint.key", "keys"] {
        hide(dir, lost);
        run(dir, &["doctor"]).expect(5, &["✗ keys", "checkpoint.key"]);
        deducted(dir).expect(2, &["key-unusable", "checkpoint.renew"]);
        assert!(!in_ledger(dir, "keys/checkpoint.key").exists(), "none is made");
        if lost == "keys" {
            break;
        }
        put_back(dir, lost);
    }
    fs::create_dir_all(in_ledger(dir, "keys")).expect("a directory");
    fs::write(in_ledger(dir, "keys/checkpoint.renew"), "").expect("a file");
    deducted(dir).expect(0, &[]);
    assert_ne!(fs::read(in_ledger(dir, "keys/checkpoint.pub")).expect("a key"), public);
    assert!(!in_ledger(dir, "keys/checkpoint.renew").exists());

    // A ledger in which nothing is recorded yet may still get its first.
    let dir = tempfile::tempdir().expect("a directory");
    run(dir.path(), &["init"]).expect(0, &[]);
    fs::remove_dir_all(in_ledger(dir.path(), "keys")).expect("keys");
    run(dir.path(), &["doctor"]).expect(0, &[]);
    deducted(dir.path()).expect(3, &[DOCTOR]);
    assert!(in_ledger(dir.path(), "keys/checkpoint.key").exists());
}

#[cfg(unix)]
#[test]
fn a_key_that_others_can_read_is_named() {
    use std::os::unix::fs::PermissionsExt as _;
    let dir = place();
    let key = in_ledger(dir.path(), "keys/checkpoint.key");
    fs::set_permissions(key, fs::Permissions::from_mode(0o644)).expect("permissions");
    run(dir.path(), &["doctor"]).expect(5, &["keys/checkpoint.key 644"]);
}

#[test]
fn a_ledger_without_its_log_is_to_be_restored_and_no_new_one_is_made_over_it() {
    let dir = place();
    let dir = dir.path();
    hide(dir, "log.db");
    for empty in [false, true] {
        if empty {
            fs::write(in_ledger(dir, "log.db"), "").expect("a file");
        }
        for question in [&["show", DOCTOR][..], &["verify"], &["doctor"]] {
            let told = run(dir, question).expect(3, &["no-ledger", "log.db", "restore"]);
            assert!(!told.err.contains("accord init"), "{told:?}");
        }
        run(dir, &["init"]).expect(4, &["ledger-remains", "personal.db", "restore log.db"]);
        assert!(fs::metadata(in_ledger(dir, "log.db")).is_ok_and(|file| file.len() == 0) == empty);
    }
    fs::remove_file(in_ledger(dir, "log.db")).expect("the empty one");
    for suffix in ["", "-wal", "-shm"] {
        if dir.join(format!("aside/log.db{suffix}")).exists() {
            put_back(dir, &format!("log.db{suffix}"));
        }
    }
    run(dir, &["show", DOCTOR]).expect(0, &[]);
    run(dir, &["init"]).expect(4, &["ledger-exists"]);

    // Where making one was interrupted before anything was written, it is made.
    let dir = tempfile::tempdir().expect("a directory");
    let dir = dir.path();
    fs::create_dir(dir.join("accord-ledger")).expect("a directory");
    fs::write(in_ledger(dir, "log.db"), "").expect("a file");
    run(dir, &["list"]).expect(3, &["no-ledger", "accord init"]);
    run(dir, &["init"]).expect(0, &[]);
    run(dir, &["list"]).expect(0, &[]);
}

#[test]
fn a_log_cut_short_is_named_by_the_doctor_and_a_file_is_no_directory() {
    let dir = place();
    let dir = dir.path();
    for name in ["log.db-wal", "log.db-shm"] {
        // There is none after a clean end.
        let _ = fs::remove_file(in_ledger(dir, name));
    }
    let log = fs::read(in_ledger(dir, "log.db")).expect("the log");
    fs::write(in_ledger(dir, "log.db"), &log[..5_000]).expect("a file");
    let told = run(dir, &["doctor"]).expect(5, &["file-damaged", "backup"]);
    assert!(!told.err.contains("accord doctor"), "{told:?}");
    fs::write(dir.join("file"), "").expect("a file");
    for place in ["file", "file/ledger"] {
        run(dir, &["--ledger", place, "init"]).expect(2, &["not-a-ledger", "file is not a directory"]);
    }
}

#[cfg(unix)]
#[test]
fn an_intact_ledger_on_a_medium_that_cannot_be_written_is_healthy() {
    use std::os::unix::fs::{PermissionsExt as _, chown};
    use std::os::unix::process::CommandExt as _;
    const NOBODY: u32 = 65_534;

    let dir = place();
    let dir = dir.path();
    let ledger = dir.join("accord-ledger");
    let mode =
        |path: &Path, mode| fs::set_permissions(path, fs::Permissions::from_mode(mode)).expect("permissions");
    // For root no directory is read-only: the program then runs as nobody, from a copy that nobody can reach.
    let root = chown(dir, Some(0), None).is_ok();
    let program = dir.join("accord");
    fs::copy(accord_tests::program::path(), &program).expect("a copy");
    mode(&program, 0o755);
    mode(dir, 0o755);
    let owned = |path: &Path| {
        if root {
            chown(path, Some(NOBODY), Some(NOBODY)).expect("an owner");
        }
    };
    // The views are read with what SQLite keeps beside them, as a program leaves it that was ended by force.
    let views = rusqlite::Connection::open(ledger.join("views.db")).expect("the views");
    views.query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get::<_, i64>(0)).expect("an answer");
    assert!(!in_ledger(dir, "personal.db-shm").exists());
    for folder in [ledger.join("keys"), ledger.clone()] {
        for entry in fs::read_dir(&folder).expect("the ledger") {
            let path = entry.expect("a file").path();
            if path.is_file() {
                mode(&path, 0o400);
                owned(&path);
            }
        }
        owned(&folder);
        mode(&folder, 0o500);
    }
    let mut asked = std::process::Command::new(&program);
    asked.args(["doctor"]).current_dir(dir).env_remove("ACCORD_LEDGER").env("LANG", "C.UTF-8");
    if root {
        asked.uid(NOBODY).gid(NOBODY);
    }
    let told: Run = asked.stdin(Stdio::null()).output().expect("accord starts").into();
    mode(&ledger, 0o700);
    mode(&ledger.join("keys"), 0o700);
    drop(views);
    told.expect(0, &["✓ erasures", "✓ keys"]);
}
