//! The service against a real directory.

mod writing;

use super::{Access, Failure, ImportReport, Importer, Ledger, LineResult, Watcher};
use accord_domain::{Command, Instant, Subject};
use accord_store::EventLog;
use accord_store::clock::{Clock, ManualClock};
use std::sync::Arc;

const SIGN: &str = r#"{"command":"institution.sign-agreement","subject":"H37010200001","effective_at":"2025-01-01",
 "actor":{"authority":"agency","area":"370100"},"key":"sign-1",
 "data":{"area":"370100","lines":["basic"],"from":"2025-01-01","until":"2026-01-01","name":"示例医院"}}"#;
const SUSPEND: &str = r#"{"command":"institution.suspend-agreement","subject":"H37010200001","effective_at":"2025-08-04",
 "actor":{"authority":"agency","area":"370100"},"key":"suspend-1",
 "data":{"area":"370100","until":"2025-11-04","ground":"agreement-breach"}}"#;

fn clock() -> Arc<dyn Clock> {
    Arc::new(ManualClock::at(Instant::parse("2026-01-15T09:00:00+08:00").unwrap()))
}

fn fresh() -> (tempfile::TempDir, Ledger) {
    let dir = tempfile::tempdir().unwrap();
    Ledger::init(dir.path(), 7, &*clock()).unwrap();
    let ledger = Ledger::open(dir.path(), Access::ReadWrite, clock()).unwrap();
    (dir, ledger)
}

#[tokio::test]
async fn a_command_is_durable_and_visible_when_it_is_answered() {
    let (_dir, ledger) = fresh();
    let done = ledger.execute(Command::parse(SIGN).unwrap()).await.unwrap();
    assert_eq!(done.appended.first_position, 0);
    let subject = Subject::parse("H37010200001").unwrap();
    let at = Instant::parse("2025-06-01").unwrap();
    let standing = ledger.views().standing(&subject, at, Instant::MAX).unwrap();
    assert!(standing.iter().any(|span| span.value.name() == "in_force"), "{standing:?}");
}

#[tokio::test]
async fn the_same_key_gets_the_same_answer_and_another_body_is_refused() {
    let (dir, ledger) = fresh();
    let first = ledger.execute(Command::parse(SIGN).unwrap()).await.unwrap();
    drop(ledger);
    let ledger = reopen(dir.path());
    let again = ledger.execute(Command::parse(SIGN).unwrap()).await.unwrap();
    assert!(again.repeated);
    assert_eq!(again.events, first.events);
    let other = SIGN.replace("示例医院", "另一医院");
    let refused = ledger.execute(Command::parse(&other).unwrap()).await.unwrap_err();
    assert!(matches!(refused, Failure::Rejected { rejection, .. } if rejection.code == "key-reused"));
}

/// The writer thread lets go of the ledger a moment after the last handle is dropped.
fn reopen(dir: &std::path::Path) -> Ledger {
    loop {
        match Ledger::open(dir, Access::ReadWrite, clock()) {
            Ok(ledger) => return ledger,
            Err(error) if format!("{error:?}").contains("Locked") => std::thread::yield_now(),
            Err(error) => panic!("{error:?}"),
        }
    }
}

#[derive(Default)]
struct Results(Vec<LineResult>);

impl Watcher for Results {
    fn line(&mut self, result: LineResult) {
        self.0.push(result);
    }
    fn bytes(&mut self, _done: u64) {}
}

#[test]
fn an_import_keeps_good_lines_names_bad_ones_and_can_be_run_again() {
    let dir = tempfile::tempdir().unwrap();
    Ledger::init(dir.path(), 7, &*clock()).unwrap();
    let one_line = |text: &str| text.replace('\n', "");
    let source = format!("{}\n{{\"broken\n\n{}\n", one_line(SIGN), one_line(SUSPEND));
    let mut importer = Importer::open(dir.path(), clock()).unwrap();
    let mut results = Results::default();
    let tried = importer.rehearsal().unwrap().run(source.as_bytes(), &mut results).unwrap();
    assert_eq!(futures_len(importer.log()), 0, "a rehearsal records nothing");
    let report = importer.run(source.as_bytes(), &mut results).unwrap();
    assert_eq!(tried, report);
    assert_eq!(
        report,
        ImportReport { lines: 3, recorded: 2, events: report.events, repeated: 0, rejected: 1 }
    );
    let rejected = results.0.iter().rev().find_map(|result| match result {
        LineResult::Rejected(reject) => Some(reject.line),
        LineResult::Recorded(_) | LineResult::Repeated(_) => None,
    });
    assert_eq!(rejected, Some(2));
    let again = importer.run(source.as_bytes(), &mut results).unwrap();
    assert_eq!((again.recorded, again.repeated, again.rejected), (0, 2, 1));
}

fn futures_len(log: &accord_store::SqliteLog) -> u64 {
    accord_projections::wait_for(log.len()).unwrap()
}

/// Signed, suspended, resumed, and then an inspection of an earlier day becomes known: its line is decided while the
/// lines before it are still on their way to the disk.
fn life() -> Vec<String> {
    let act = |name: &str, at: &str, key: &str, data: &str| {
        format!(
            r#"{{"command":"institution.{name}","subject":"H37010200001","effective_at":"{at}","actor":{{"authority":"agency","area":"370100"}},"key":"{key}","data":{data}}}"#
        )
    };
    vec![
        SIGN.replace('\n', ""),
        SUSPEND.replace('\n', ""),
        act("resume-agreement", "2025-09-01", "resume-1", r#"{"area":"370100"}"#),
        act("record-inspection", "2025-03-01", "inspect-1", r#"{"inspection":"daily"}"#),
        act(
            "suspend-agreement",
            "2025-12-01",
            "suspend-2",
            r#"{"area":"370100","until":"2025-12-15","ground":"g"}"#,
        ),
    ]
}

#[tokio::test]
async fn an_import_records_the_very_bytes_that_commands_one_by_one_do() {
    let (_one_by_one, ledger) = fresh();
    for line in life() {
        ledger.execute(Command::parse(&line).unwrap()).await.unwrap();
    }
    let expected = ledger.log().read_all(0, 100).await.unwrap();

    let imported = tempfile::tempdir().unwrap();
    Ledger::init(imported.path(), 7, &*clock()).unwrap();
    let mut importer = Importer::open(imported.path(), clock()).unwrap();
    let source = life().join("\n");
    let report = importer.run(source.as_bytes(), &mut Results::default()).unwrap();
    assert_eq!((report.recorded, report.rejected), (5, 0));
    let found = importer.log().read_all(0, 100).await.unwrap();
    assert_eq!(found, expected);

    let marked = |stored: &accord_store::Stored| stored.body.contains(r#""retroactive":true"#);
    let kinds: Vec<_> =
        expected.iter().filter(|stored| marked(stored)).map(|stored| stored.kind.name()).collect();
    assert_eq!(
        kinds,
        ["institution.inspection-recorded"],
        "only what came after acts of later effect is marked"
    );
}

/// The index finds streams by name, and can be wrong: the views know better, and nothing is recorded twice over.
#[tokio::test]
async fn no_second_stream_is_begun_for_a_subject_that_the_index_has_lost() {
    let (dir, ledger) = fresh();
    ledger.execute(Command::parse(SIGN).unwrap()).await.unwrap();
    drop(ledger);
    drop(reopen(dir.path()));
    let open = |name: &str| rusqlite::Connection::open(dir.path().join(name)).unwrap();
    let leaf: Vec<u8> = open("log.db").query_row("SELECT leaf FROM events", [], |row| row.get(0)).unwrap();
    // As one that was written and has lost its rows.
    let covered = "UPDATE covered SET events = 1, streams = 1, leaf = ?1";
    assert_eq!(open("index.db").execute(covered, [leaf]).unwrap(), 1);
    let ledger = reopen(dir.path());
    let again = Command::parse(&SIGN.replace("sign-1", "sign-2")).unwrap();
    let failure = ledger.execute(again.clone()).await.unwrap_err();
    assert!(
        matches!(&failure, Failure::Log(why) if why.to_string().contains("delete index.db")),
        "{failure:?}"
    );
    drop(ledger);
    let flaws = accord_store::SqliteLog::verify(dir.path(), &mut |_, _| {}).unwrap().flaws;
    assert!(flaws.len() == 1 && flaws[0].words.en.contains("delete index.db"), "{flaws:?}");
    std::fs::remove_file(dir.path().join("index.db")).unwrap();
    let refused = reopen(dir.path()).execute(again).await.unwrap_err();
    assert!(matches!(refused, Failure::Rejected { .. }), "it is known again: {refused:?}");
}
