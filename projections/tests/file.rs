//! The file of the views: opened, rebuilt, moved, damaged, left behind.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod bench;
mod common;

use accord_domain::area::AreaEvent;
use accord_domain::{EventData, Instant, NewEvent, Subject};
use accord_projections::{Opened, Options, Projector, Source, ViewError, Views};
use accord_store::EventLog;
use bench::{Bench, go_on, laws};
use common::{SOURCE, Step, adopting, adoption, day, dump, play};
use std::ops::ControlFlow;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

#[test]
fn readers_go_on_while_views_are_rebuilt_and_see_them_whole() {
    let steps: Vec<Step> =
        (0..400_u16).map(|n| Step { subject: (n % 5) as u8, act: 3, day: i64::from(n), detail: n }).collect();
    let bench = Bench::of(&steps);
    let (mut projector, _) = bench.open("views.db", 10);
    projector.project(&bench.log.events()).unwrap();
    let views = bench.views("views.db");
    let expected = views.census(day(300), Instant::MAX, None).unwrap();
    let (stop, asked) = (AtomicBool::new(false), AtomicBool::new(false));
    std::thread::scope(|scope| {
        let reader = scope.spawn(|| {
            while !stop.load(Ordering::Acquire) {
                assert_eq!(views.census(day(300), Instant::MAX, None).unwrap(), expected);
                asked.store(true, Ordering::Release);
            }
        });
        while !asked.load(Ordering::Acquire) {
            std::thread::yield_now();
        }
        for _ in 0..5 {
            projector.rebuild(&mut go_on).unwrap();
        }
        stop.store(true, Ordering::Release);
        reader.join().unwrap();
    });
    assert_eq!(views.position().unwrap(), bench.log.events().len() as u64);
}

#[test]
fn views_with_pages_of_another_size_are_rebuilt_in_place() {
    let steps: Vec<Step> = (0..50).map(|n| Step { subject: 1, act: 3, day: n, detail: 1 }).collect();
    let bench = Bench::of(&steps);
    let (mut projector, _) = bench.open("views.db", 10);
    projector.project(&bench.log.events()).unwrap();
    let path = projector.path().to_owned();
    drop(projector);
    let page_size = || -> u32 {
        let db = rusqlite::Connection::open(&path).unwrap();
        db.pragma_query_value(None, "page_size", |row| row.get(0)).unwrap()
    };
    assert_eq!(page_size(), 8_192);
    rusqlite::Connection::open(&path)
        .unwrap()
        .execute_batch(
            "PRAGMA journal_mode = DELETE; PRAGMA page_size = 1024; VACUUM; PRAGMA journal_mode = WAL",
        )
        .unwrap();
    let (mut projector, _) = bench.open("views.db", 10);
    // Somebody has them open, so they are copied.
    let views = bench.views("views.db");
    let before = dump(&path);
    projector.rebuild(&mut go_on).unwrap();
    assert_eq!(dump(&path), before);
    assert_eq!(page_size(), 1_024);
    assert_eq!(views.position().unwrap(), 50);
}

#[test]
fn views_that_nobody_has_open_are_moved_in_place_and_others_copied() {
    use std::os::unix::fs::{MetadataExt, PermissionsExt};
    let steps: Vec<Step> = (0..50).map(|n| Step { subject: 1, act: 3, day: n, detail: 1 }).collect();
    let bench = Bench::of(&steps);
    let (mut projector, _) = bench.open("views.db", 10);
    projector.project(&bench.log.events()).unwrap();
    let path = projector.path().to_owned();
    let before = dump(&path);
    let file = || std::fs::metadata(&path).unwrap();
    // Open, and not read yet: nothing tells that it is there.
    let late = rusqlite::Connection::open(&path).unwrap();
    let old = file().ino();
    projector.rebuild(&mut go_on).unwrap();
    assert_ne!(file().ino(), old, "moved");
    assert_eq!(file().permissions().mode() & 0o777, 0o600);
    assert_eq!(dump(&path), before);
    // It has the old file, and is told so.
    assert_eq!(late.query_row("SELECT format FROM checkpoint", [], |row| row.get::<_, i64>(0)).unwrap(), 0);
    let views = bench.views("views.db");
    let moved = file().ino();
    projector.rebuild(&mut go_on).unwrap();
    assert_eq!(file().ino(), moved, "copied, as somebody has it open");
    assert_eq!((dump(&path), views.position().unwrap()), (before, 50));
    // Both go on with what comes next.
    drop(views);
    projector.rebuild(&mut go_on).unwrap();
    play(&bench.log, &[Step { subject: 2, act: 3, day: 60, detail: 1 }]);
    projector.catch_up(&mut go_on).unwrap();
    assert_eq!(bench.views("views.db").position().unwrap(), 51);
    assert!(!bench.dir.path().join("views.db.rebuild").exists());
}

#[test]
fn who_has_the_empty_views_open_sees_them_filled() {
    let steps: Vec<Step> = (0..20).map(|n| Step { subject: 0, act: 3, day: n, detail: 1 }).collect();
    let bench = Bench::of(&steps);
    let events = bench.log.events().len() as u64;
    let (mut projector, _) = bench.open("views.db", 10);
    let views = bench.views("views.db");
    assert_eq!(views.position().unwrap(), 0);
    projector.rebuild(&mut go_on).unwrap();
    assert_eq!(views.position().unwrap(), events);
    assert!(!bench.dir.path().join("views.db.rebuild").exists());
}

#[test]
fn a_cancelled_rebuild_leaves_nothing_behind() {
    let bench = Bench::of(&[Step { subject: 0, act: 3, day: 1, detail: 1 }]);
    let (mut projector, _) = bench.open("views.db", 10);
    projector.project(&bench.log.events()).unwrap();
    let before = dump(projector.path());
    let error = projector.rebuild(&mut |_| ControlFlow::Break(())).unwrap_err();
    assert!(matches!(error, ViewError::Cancelled), "{error}");
    assert_eq!(dump(projector.path()), before);
    assert!(!bench.dir.path().join("views.db.rebuild").exists());
}

#[test]
fn what_is_folded_after_a_rebuild_is_folded_under_what_was_adopted_before_it() {
    let bench = Bench::new();
    let (mut projector, _) = bench.open("views.db", 10);
    let area = Subject::Area(accord_domain::AreaSubject::of(adopting()));
    let adopt = NewEvent::new(day(0), EventData::Area(AreaEvent::RulesAdopted(adoption(5))));
    bench.log.record(&area, &[adopt]);
    projector.rebuild(&mut go_on).unwrap();
    assert_eq!(projector.laws(), &laws(&bench.log));
}

#[test]
fn views_that_were_being_written_when_the_machine_stopped_are_computed_anew() {
    let step = |day| Step { subject: 0, act: 3, day, detail: 1 };
    let bench = Bench::of(&[step(1), step(2), step(3)]);
    let (mut projector, _) = bench.open("views.db", 10);
    projector.catch_up(&mut go_on).unwrap();
    let (path, rows) = (projector.path().to_owned(), dump(projector.path()));
    let mark = bench.dir.path().join("views.db-writing");
    let this_run = std::fs::read_to_string(&mark).unwrap();
    bench.views("views.db");
    drop(projector);
    assert!(!mark.exists(), "they are whole");
    // Killed, and the machine went on.
    std::fs::write(&mark, this_run).unwrap();
    bench.views("views.db");
    assert_eq!(bench.open("views.db", 10).1, Opened::Resumed);
    // Nobody knows what a loss of power left: here a row that no look at the checkpoint would tell.
    rusqlite::Connection::open(&path).unwrap().execute("DELETE FROM trail WHERE position = 1", []).unwrap();
    std::fs::write(&mark, "another run").unwrap();
    assert!(matches!(Views::open(&path), Err(ViewError::Damaged(_))), "nobody reads them");
    let (mut projector, opened) = bench.open("views.db", 10);
    assert!(matches!(opened, Opened::Discarded(_)), "{opened:?}");
    projector.catch_up(&mut go_on).unwrap();
    assert_eq!(dump(&path), rows);
}

#[test]
fn views_in_which_damage_is_met_are_made_again() {
    let steps: Vec<Step> = (0..400).map(|n| Step { subject: 0, act: 3, day: n, detail: 1 }).collect();
    let bench = Bench::of(&steps);
    let (mut projector, _) = bench.open("views.db", 10);
    let events = bench.log.events();
    projector.project(&events[..399]).unwrap();
    let path = projector.path().to_owned();
    drop(projector);
    // The rows of one subject, which nothing looks at until its next event comes.
    let root: usize = {
        let views = rusqlite::Connection::open(&path).unwrap();
        let root = "SELECT rootpage FROM sqlite_schema WHERE name = 'subjects'";
        views.query_row(root, [], |row| row.get::<_, u32>(0)).unwrap().try_into().unwrap()
    };
    let mut file = std::fs::read(&path).unwrap();
    file[(root - 1) * 8_192..root * 8_192].fill(0xA5);
    std::fs::write(&path, file).unwrap();
    let log: Arc<dyn EventLog> = Arc::new(bench.log.0.clone());
    let (projector, opened) =
        Projector::open_up_to_date(&path, SOURCE, log, Options::default(), &mut go_on).unwrap();
    assert!(matches!(opened, Opened::Discarded(_)), "{opened:?}");
    drop(projector);
    let (mut whole, _) = bench.open("whole.db", 10);
    whole.project(&events).unwrap();
    assert_eq!(dump(&path), dump(whole.path()));
}

#[test]
fn views_of_another_fold_are_not_read() {
    let bench = Bench::new();
    let (projector, _) = bench.open("views.db", 10);
    let path = projector.path().to_owned();
    drop(projector);
    rusqlite::Connection::open(&path).unwrap().execute("UPDATE checkpoint SET fold = fold + 1", []).unwrap();
    assert!(Views::open(&path).unwrap_err().to_string().contains("rebuild them"));
    assert!(matches!(bench.open("views.db", 10).1, Opened::Discarded(_)));
    bench.views("views.db");
}

#[test]
fn a_file_that_is_no_database_is_replaced() {
    let bench = Bench::of(&[Step { subject: 0, act: 3, day: 1, detail: 1 }]);
    std::fs::write(bench.dir.path().join("views.db"), "not a database, and long enough to be looked at twice, even if only by its first sixteen bytes and no more of them than that".repeat(40)).unwrap();
    let (mut projector, opened) = bench.open("views.db", 10);
    assert!(matches!(opened, Opened::Discarded(_)), "{opened:?}");
    projector.catch_up(&mut go_on).unwrap();
    assert_eq!(projector.position(), 1);
}

#[test]
fn views_are_readable_by_their_owner_alone() {
    use std::os::unix::fs::PermissionsExt;
    let bench = Bench::new();
    let (projector, _) = bench.open("views.db", 10);
    assert_eq!(projector.path().metadata().unwrap().permissions().mode() & 0o777, 0o600);
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
    let (projector, opened) =
        Projector::open(&path, other, Arc::new(bench.log.0.clone()), Options::default()).unwrap();
    assert_eq!(opened, Opened::Discarded("they are of another ledger".to_owned()));
    assert_eq!(projector.position(), 0);
}

#[test]
fn views_that_are_not_of_the_log_are_not_read() {
    let of = |days: &[i64]| {
        let step = |day: &i64| Step { subject: 0, act: 3, day: *day, detail: 1 };
        Bench::of(&days.iter().map(step).collect::<Vec<_>>())
    };
    let bench = of(&[0, 1, 2]);
    let (mut projector, _) = bench.open("views.db", 10);
    projector.catch_up(&mut go_on).unwrap();
    let path = projector.path().to_owned();
    drop(projector);
    let open = |source, log: &dyn EventLog| Views::open_of(&path, source, log);
    open(SOURCE, &bench.log.0).unwrap();
    let refused = |source, log: &dyn EventLog| open(source, log).unwrap_err().to_string();
    let other = Source { ledger: [9; 16], ..SOURCE };
    assert!(refused(other, &bench.log.0).contains("of another ledger"));
    let other = Source { salt: SOURCE.salt + 1, ..SOURCE };
    assert!(refused(other, &bench.log.0).contains("of another ledger"));
    // A copy of the log from before the last act, and one that went on otherwise since.
    let lost = "the log does not hold what they say is at position";
    assert!(refused(SOURCE, &of(&[0, 1]).log.0).contains(lost));
    assert!(refused(SOURCE, &of(&[0, 1, 5, 6]).log.0).contains(lost));
}
