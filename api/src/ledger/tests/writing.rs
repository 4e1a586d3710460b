//! Who writes, and what everybody sees when writing fails.

use super::{SIGN, SUSPEND, clock, fresh};
use crate::ledger::beside::Beside;
use crate::ledger::heads::Heads;
use crate::ledger::shelf::Shelf;
use crate::ledger::writer::{Asked, Asker, Place, Writer};
use crate::ledger::{Access, Done, Failure, Ledger};
use accord_domain::{Command, Instant, Laws, Subject, Version};
use accord_projections::{Axis, Options, Projector, Source, ViewError, Views};
use accord_store::clock::{Clock, ManualClock};
use accord_store::vault::{Use, Vault};
use accord_store::{
    Answer, Append, AppendError, Appended, EventLog, Foretold, LogError, MemoryLog, Scan, Stored,
};
use std::collections::VecDeque;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use tokio::sync::{oneshot, watch};

const SALT: u64 = 7;

fn sign(number: usize) -> Command {
    let line = SIGN
        .replace("H37010200001", &format!("H370102{number:05}"))
        .replace("sign-1", &format!("sign-{number}"));
    Command::parse(&line).unwrap()
}

fn interview(number: usize, nth: usize) -> Command {
    Command::parse(&format!(
        r#"{{"command":"institution.interview","subject":"H370102{number:05}","effective_at":"2025-08-04",
           "actor":{{"authority":"agency","area":"370100"}},"key":"interview-{number}-{nth}","data":{{"note":"约谈"}}}}"#
    ))
    .unwrap()
}

fn stands(views: &Views, number: usize) -> bool {
    let subject = Subject::parse(&format!("H370102{number:05}")).unwrap();
    let at = Instant::parse("2025-06-01").unwrap();
    !views.standing(&subject, at, Instant::MAX).unwrap().is_empty()
}

/// A log that foretells events and then, when told so, does not record them.
#[derive(Debug)]
struct Torn {
    log: MemoryLog,
    clock: Arc<dyn Clock>,
    recorded: Mutex<Vec<Vec<Append>>>,
    torn: AtomicBool,
}

#[async_trait::async_trait]
impl EventLog for Torn {
    async fn append_foretold(
        &self,
        batch: Vec<Append>,
        foretold: &mut Foretold<'_>,
    ) -> Vec<Result<Answer, AppendError>> {
        let recorded = self.recorded.lock().unwrap().clone();
        if !self.torn.load(Ordering::SeqCst) {
            self.recorded.lock().unwrap().push(batch.clone());
            return self.log.append_foretold(batch, foretold).await;
        }
        let twin = MemoryLog::new(SALT, self.clock.clone());
        for batch in recorded {
            twin.append(batch).await;
        }
        let count = batch.len();
        twin.append_foretold(batch, foretold).await;
        let torn = || Err(AppendError::Storage(Arc::new(LogError::Full("torn".to_owned()))));
        std::iter::repeat_with(torn).take(count).collect()
    }
    async fn read_stream(&self, stream: &str, from: Version, limit: usize) -> Result<Vec<Stored>, LogError> {
        self.log.read_stream(stream, from, limit).await
    }
    async fn areas(&self) -> Result<Vec<Arc<str>>, LogError> {
        self.log.areas().await
    }

    async fn read_all(&self, from: u64, limit: usize) -> Result<Vec<Stored>, LogError> {
        self.log.read_all(from, limit).await
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

/// The writer of a log, and the views that it writes.
fn writer(dir: &Path, log: Arc<dyn EventLog>) -> (Writer, Views) {
    let path = dir.join("views.db");
    let source = Source { ledger: [1; 16], salt: SALT };
    let (projector, _) = Projector::open(&path, source, log.clone(), Options::default()).unwrap();
    let beside = Beside::start(projector).unwrap();
    let views = Views::open_after(&path, beside.showing()).unwrap();
    let writer = Writer {
        vault: Arc::new(Vault::new(dir, uuid::Uuid::from_u128(1), Use::ReadWrite)),
        log,
        views: beside,
        laws: Laws::national().clone(),
        shelf: Shelf::new(Laws::national().clone(), 0),
        clock: clock(),
        salt: SALT,
        heads: Heads::new(100),
        overtaken: Arc::default(),
    };
    (writer, views)
}

/// What becomes of commands that wait together, lines of one import or on their own: for each the commit it was part of, or
/// the code of its refusal.
fn together(commands: &[String], import: Option<u64>) -> Vec<String> {
    let dir = tempfile::tempdir().unwrap();
    let (mut writer, _views) = writer(dir.path(), Arc::new(MemoryLog::new(SALT, clock())));
    let places = Arc::new(AtomicUsize::new(0));
    let mut queue = VecDeque::new();
    let mut answers = Vec::new();
    for command in commands {
        let (answer, answered) = oneshot::channel();
        let asker = Asker { answer, place: Place::take(&places) };
        queue.push_back(Asked { command: Command::parse(command).unwrap(), asker, import });
        answers.push((answered, None));
    }
    for commit in 0..commands.len() {
        accord_projections::wait_for(writer.commit(&mut queue));
        for (answered, came) in answers.iter_mut().filter(|(_, came)| came.is_none()) {
            *came = answered.try_recv().ok().map(|result| match result {
                Ok(_) => commit.to_string(),
                Err(Failure::Rejected { rejection, .. }) => rejection.code.to_owned(),
                Err(other) => panic!("{other}"),
            });
        }
    }
    answers.into_iter().map(|(_, came)| came.unwrap()).collect()
}

#[test]
fn the_lines_of_an_import_come_to_what_they_come_to_one_after_the_other() {
    let line = |command: &str, subject: &str, authority: &str, data: &str| {
        format!(
            r#"{{"command":"{command}","subject":"{subject}","effective_at":"2025-02-01",
               "actor":{{"authority":"{authority}","area":"370100"}},"data":{data}}}"#
        )
    };
    let open = line("case.open", "case-1", "bureau", r#"{"area":"370100","title":"t"}"#);
    let lead = r#"{"source":"complaint","content":"x","about":["H37010200001"]}"#;
    let lead = line("case.receive-lead", "case-1", "bureau", lead);
    let plan = line("area.plan-resources", "370100", "bureau", r#"{"title":"p"}"#);
    let stop = line("area.start-moratorium", "370100", "bureau", r#"{"basis_agreement":true,"ground":"g"}"#);
    let (one, two) =
        (SIGN.to_owned(), SIGN.replace("H37010200001", "H37010200002").replace("sign-1", "sign-2"));
    let talk = line("institution.interview", "H37010200002", "agency", "{}");
    // Told of whom it is, the complaint is in the way of the signing that comes after it, and of no other.
    let told = [open, lead, one.replace("2025-01-01", "2025-03-01")];
    let came = together(&told, Some(1));
    assert_eq!(came[..2], ["0", "1"]);
    assert!(came[2].parse::<u32>().is_err(), "{came:?}");
    assert_eq!(together(&told, None), ["0", "1", "0"], "clients that know nothing of each other");
    // What changes the law, or who may be admitted, is neither passed by nor passes by.
    assert_eq!(together(&[plan, stop, two.clone()], Some(1)), ["0", "1", "2"]);
    let suspend = SUSPEND.to_owned();
    assert_eq!(together(&[one, suspend, two, talk], Some(1)), ["0", "1", "0", "1"], "those share commits");
}

#[test]
fn what_the_log_foretold_and_could_not_keep_is_never_in_the_views() {
    let dir = tempfile::tempdir().unwrap();
    let log = Arc::new(Torn {
        log: MemoryLog::new(SALT, clock()),
        clock: clock(),
        recorded: Mutex::default(),
        torn: AtomicBool::new(false),
    });
    let (mut writer, views) = writer(dir.path(), log.clone());
    let places = Arc::new(AtomicUsize::new(0));
    let mut ask = |command| -> Result<Done, Failure> { writer.execute(command, Place::take(&places)) };

    ask(sign(1)).unwrap();
    for command in [sign(2), interview(1, 0)] {
        log.torn.store(true, Ordering::SeqCst);
        let refused = ask(command.clone()).unwrap_err();
        assert!(matches!(&refused, Failure::Log(why) if matches!(**why, LogError::Full(_))), "{refused:?}");
        assert!(!stands(&views, 2), "nothing of it may be seen");
        let subject = Subject::parse("H37010200001").unwrap();
        let trail = views.trail(&subject, Axis::Recorded, Instant::MAX, None, 10).unwrap();
        assert_eq!(trail.items.len(), 1, "the signing");
    }
    log.torn.store(false, Ordering::SeqCst);
    let done = ask(sign(2)).unwrap();
    assert_eq!(done.appended.first_position, 1, "no place in the log was lost");
    assert!(stands(&views, 2));
    assert_eq!(ask(interview(1, 0)).unwrap().appended.first_version, 1);
}

/// A clock that stops the writer by a fault, when told so.
#[derive(Debug)]
struct Faulty {
    clock: ManualClock,
    fault: AtomicBool,
}

impl Clock for Faulty {
    fn now(&self) -> Instant {
        assert!(!self.fault.load(Ordering::SeqCst), "the clock is broken");
        self.clock.now()
    }
}

#[tokio::test]
async fn after_a_fault_of_the_writer_nothing_more_is_recorded_and_the_files_are_let_go() {
    for on_own_thread in [true, false] {
        let dir = tempfile::tempdir().unwrap();
        let start = Instant::parse("2026-01-15T09:00:00+08:00").unwrap();
        let faulty = Arc::new(Faulty { clock: ManualClock::at(start), fault: AtomicBool::new(false) });
        Ledger::init(dir.path(), SALT, &*faulty).unwrap();
        let ledger = Ledger::open(dir.path(), Access::ReadWrite, faulty.clone()).unwrap();
        ledger.execute_blocking(sign(1)).unwrap();
        faulty.fault.store(true, Ordering::SeqCst);
        if on_own_thread {
            assert!(catch_unwind(AssertUnwindSafe(|| ledger.execute_blocking(sign(2)))).is_err());
        } else {
            assert!(matches!(ledger.execute(sign(2)).await, Err(Failure::Interrupted)));
        }
        faulty.fault.store(false, Ordering::SeqCst);
        // A client of the other thread hears of the fault while that thread is still on its way out.
        while ledger.is_writable() {
            std::thread::yield_now();
        }
        assert!(matches!(ledger.execute_blocking(sign(3)), Err(Failure::Stopped)));
        assert!(matches!(ledger.execute(sign(3)).await, Err(Failure::Stopped)));
        assert_eq!(ledger.event_log().len().await.unwrap(), 1, "the first signing");
        drop(ledger);
        let again = Ledger::open(dir.path(), Access::ReadWrite, faulty).unwrap();
        again.execute_blocking(sign(2)).unwrap();
    }
}

/// One caller that asks again as soon as it is answered does not keep 63 others waiting.
#[test]
fn nobody_passes_by_those_who_wait() {
    const OTHERS: usize = 63;
    const TRIES_MAX: usize = 5_000;
    let (_dir, ledger) = fresh();
    for number in 0..=OTHERS {
        ledger.execute_blocking(sign(number)).unwrap();
    }
    let served = AtomicUsize::new(0);
    std::thread::scope(|scope| {
        for number in 1..=OTHERS {
            let (ledger, served) = (&ledger, &served);
            scope.spawn(move || {
                let done = ledger.execute_blocking(interview(number, 0)).unwrap();
                assert!(stands(ledger.views(), number) && done.events.len() == 1);
                served.fetch_add(1, Ordering::SeqCst);
            });
        }
        let mut tries = 0;
        while served.load(Ordering::SeqCst) < OTHERS {
            assert!(tries < TRIES_MAX, "{} of {OTHERS} were served", served.load(Ordering::SeqCst));
            ledger.execute_blocking(interview(0, tries)).unwrap();
            tries += 1;
        }
    });
    let events = accord_projections::wait_for(ledger.event_log().read_all(0, TRIES_MAX * 2)).unwrap();
    assert!((0_u64..).zip(&events).all(|(position, event)| event.position == position));
}

#[test]
fn what_the_views_cannot_take_in_is_durable_and_questions_are_refused_until_they_can() {
    let dir = tempfile::tempdir().unwrap();
    let clock = clock();
    Ledger::init(dir.path(), SALT, &*clock).unwrap();
    let ledger = Ledger::open(dir.path(), Access::ReadWrite, clock).unwrap();
    ledger.execute_blocking(sign(1)).unwrap();
    assert!(stands(ledger.views(), 1));
    let views = rusqlite::Connection::open(crate::ledger::views_path(dir.path())).unwrap();
    let full = "CREATE TRIGGER full BEFORE INSERT ON trail BEGIN SELECT RAISE(ABORT, 'full'); END";
    views.execute_batch(full).unwrap();
    for number in 2..4 {
        let done = ledger.execute_blocking(sign(number)).unwrap();
        assert!(!done.repeated, "recorded all the same");
        let version = ledger.views().version(&sign(number).subject, Instant::MAX);
        assert!(
            matches!(version, Err(ViewError::Behind { shown: 1, recorded }) if recorded == number as u64),
            "{version:?}"
        );
        assert!(ledger.views().is_behind() && ledger.views().position().unwrap() == 1);
    }
    views.execute_batch("DROP TRIGGER full").unwrap();
    // They are tried again though nobody records anything.
    while ledger.views().is_behind() {
        std::thread::yield_now();
    }
    assert!((1..4).all(|number| stands(ledger.views(), number)));
}

impl Ledger {
    /// Stops the thread that writes the views by a fault, once the sender is gone.
    pub(crate) fn fail_views(&self) -> std::sync::mpsc::Sender<()> {
        let (until, after) = std::sync::mpsc::channel();
        self.inner.writing.as_ref().unwrap().writer.lock().unwrap().views.fail(after);
        until
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn after_a_fault_of_the_views_what_is_durable_is_answered_and_nothing_more_is_recorded() {
    let dir = tempfile::tempdir().unwrap();
    let clock = clock();
    Ledger::init(dir.path(), SALT, &*clock).unwrap();
    let ledger = Ledger::open(dir.path(), Access::ReadWrite, clock.clone()).unwrap();
    ledger.execute_blocking(sign(1)).unwrap();
    // The thread is held up in its fault while a command is recorded: its answer tells the truth.
    let until = ledger.fail_views();
    let done = ledger.execute_blocking(sign(2)).unwrap();
    assert_eq!((done.appended.first_position, done.repeated), (1, false));
    drop(until);
    while ledger.is_writable() {
        std::thread::yield_now();
    }
    for _ in 0..2 {
        assert!(matches!(ledger.execute_blocking(sign(3)), Err(Failure::Stopped)));
        assert!(matches!(ledger.execute(sign(3)).await, Err(Failure::Stopped)));
    }
    // Nobody waits for what will not come, and nobody is answered without it.
    let missing = ledger.views().version(&sign(1).subject, Instant::MAX);
    assert!(matches!(missing, Err(ViewError::Behind { shown: 1, recorded: 2 })), "{missing:?}");
    assert_eq!(ledger.event_log().len().await.unwrap(), 2);
    drop(ledger);
    let ledger = Ledger::open(dir.path(), Access::ReadWrite, clock).unwrap();
    assert!(stands(ledger.views(), 1) && stands(ledger.views(), 2), "made up for from the log");
    assert!(ledger.execute_blocking(sign(2)).unwrap().repeated, "the same key, the same answer");
    ledger.execute_blocking(sign(3)).unwrap();
}
