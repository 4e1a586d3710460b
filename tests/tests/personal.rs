//! Personal data from the command to every file of a ledger: sealed on the way in, and nowhere in plain text.

#![expect(clippy::unwrap_used, reason = "helpers of tests: what fails there fails the test")]
#![expect(clippy::needless_pass_by_value, reason = "JSON made at the call reads best without ampersands")]

use accord_api::ledger::{Importer, LineResult, Watcher};
use accord_api::{Access, Failure, Ledger};
use accord_domain::{Command, Instant, Subject};
use accord_store::EventLog;
use accord_store::clock::ManualClock;
use accord_store::vault::{Held, NotOpened, Place};
use serde_json::{Value as Json, json};
use std::path::Path;
use std::sync::Arc;

const PERSON: &str = "D510105900001";
const HOSPITAL: &str = "H51010590001";
const NAME: &str = "欧阳某某";
const NEW_NAME: &str = "欧阳某";
const IDENTITY: &str = "11010519491231002X";
const PHONE: &str = "13812345678";
const CERTIFICATE: &str = "2019510105000077";
const HEAD: &str = "司马某某";

/// Everything a person said of themselves in these tests.
const SECRETS: [&str; 6] = [NAME, NEW_NAME, IDENTITY, PHONE, CERTIFICATE, HEAD];

fn clock() -> Arc<ManualClock> {
    Arc::new(ManualClock::at(Instant::parse("2026-01-15T09:00:00+08:00").unwrap()))
}

fn act(command: &str, subject: &str, day: &str, data: Json) -> Json {
    let key = format!("{command}/{subject}/{day}");
    json!({ "command": command, "subject": subject, "effective_at": day, "key": key,
        "actor": { "authority": "agency", "area": "510100" }, "data": data })
}

fn register() -> Json {
    act(
        "practitioner.register",
        PERSON,
        "2025-01-01",
        json!({
            "institution": HOSPITAL, "category": "doctor", "area": "510100", "name": NAME, "identity_number": IDENTITY,
            "phone": PHONE, "certificate": CERTIFICATE,
        }),
    )
}

fn renamed() -> Json {
    act(
        "practitioner.change-details",
        PERSON,
        "2025-02-01",
        json!({ "what": "name", "from": NAME, "to": NEW_NAME }),
    )
}

fn apply() -> Json {
    let mut apply = act(
        "institution.apply",
        HOSPITAL,
        "2024-05-01",
        json!({
            "area": "510100", "lines": [], "name": "示例医院", "opened_on": "2018-01-01", "physicians": 3,
            "legal_representative": HEAD, "principal": PERSON, "controllers": [HEAD, IDENTITY],
        }),
    );
    apply["actor"]["authority"] = json!("institution");
    apply
}

struct Own {
    dir: tempfile::TempDir,
    ledger: Option<Ledger>,
}

impl Own {
    fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        Ledger::init(dir.path(), 7, &*clock()).unwrap();
        let ledger = Ledger::open(dir.path(), Access::ReadWrite, clock()).unwrap();
        Self { dir, ledger: Some(ledger) }
    }

    fn ledger(&self) -> &Ledger {
        self.ledger.as_ref().unwrap()
    }

    async fn tries(&self, command: &Json) -> Result<accord_api::Done, Failure> {
        self.ledger().execute(Command::parse(&command.to_string()).unwrap()).await
    }

    async fn does(&self, command: &Json) -> accord_api::Done {
        self.tries(command).await.unwrap_or_else(|error| panic!("{command}: {error:?}"))
    }

    async fn refuses(&self, command: &Json) -> String {
        match self.tries(command).await {
            Err(Failure::Rejected { rejection, .. }) => rejection.code.to_owned(),
            other => panic!("{command}: {other:?}"),
        }
    }

    async fn bodies(&self) -> Vec<Json> {
        let events = self.ledger().log().read_all(0, 100).await.unwrap();
        events.iter().map(|stored| serde_json::from_str(&stored.body).unwrap()).collect()
    }

    /// Opens a value of an event as the service would.
    fn opens(&self, subject: &str, version: u32, pointer: &str, at: &Json) -> Result<String, NotOpened> {
        let stream = Subject::parse(subject).unwrap().stream();
        let sealed: accord_domain::Personal = serde_json::from_value(at.clone()).unwrap();
        let Held::Key(key) = self.ledger().vault().key(&stream).unwrap() else {
            panic!("no key of {stream}")
        };
        let place = Place { ledger: self.ledger().log().ledger_id(), stream: &stream, version, pointer };
        key.open(&place, sealed.sealed().unwrap()).map(|text| text.to_string())
    }
}

/// Looks into every file under a directory for what nobody may find there.
fn nothing_in_plain_text(dir: &Path) {
    let mut files = 0;
    for_each_file(dir, &mut |path, bytes| {
        files += 1;
        for secret in SECRETS {
            let found = bytes.windows(secret.len()).any(|window| window == secret.as_bytes());
            assert!(!found, "{secret} stands in {}", path.display());
        }
    });
    assert!(files > 4, "{files} files");
}

fn for_each_file(dir: &Path, look: &mut dyn FnMut(&Path, &[u8])) {
    for entry in std::fs::read_dir(dir).unwrap().map(Result::unwrap) {
        let path = entry.path();
        if path.is_dir() {
            for_each_file(&path, look);
        } else {
            look(&path, &std::fs::read(&path).unwrap());
        }
    }
}

#[tokio::test]
async fn no_file_of_the_ledger_holds_personal_data_in_plain_text() {
    let mut world = Own::new();
    for command in [apply(), register(), renamed()] {
        world.does(&command).await;
    }
    nothing_in_plain_text(world.dir.path());
    // Closed, so that what was only in the write-ahead logs is in the files.
    world.ledger = None;
    nothing_in_plain_text(world.dir.path());
    drop(Ledger::open(world.dir.path(), Access::ReadWrite, clock()).unwrap());
    nothing_in_plain_text(world.dir.path());
}

#[tokio::test]
async fn every_value_opens_at_its_own_place_and_nowhere_else() {
    let world = Own::new();
    for command in [apply(), register(), renamed()] {
        world.does(&command).await;
    }
    let bodies = world.bodies().await;
    let [applied, registered, changed] = [0, 1, 2].map(|at| bodies[at]["data"].clone());
    for (subject, version, pointer, value, text) in [
        (HOSPITAL, 0, "/data/legal_representative", &applied["legal_representative"], HEAD),
        (HOSPITAL, 0, "/data/controllers/0", &applied["controllers"][0], HEAD),
        (HOSPITAL, 0, "/data/controllers/1", &applied["controllers"][1], IDENTITY),
        (PERSON, 0, "/data/name", &registered["name"], NAME),
        (PERSON, 0, "/data/identity_number", &registered["identity_number"], IDENTITY),
        (PERSON, 0, "/data/phone", &registered["phone"], PHONE),
        (PERSON, 0, "/data/certificate", &registered["certificate"], CERTIFICATE),
        (PERSON, 1, "/data/from", &changed["from"], NAME),
        (PERSON, 1, "/data/to", &changed["to"], NEW_NAME),
    ] {
        assert_eq!(world.opens(subject, version, pointer, value).as_deref(), Ok(text), "{pointer}");
        assert_eq!(world.opens(subject, version + 1, pointer, value), Err(NotOpened), "another event");
        assert_eq!(world.opens(subject, version, "/data/other", value), Err(NotOpened), "another field");
    }
    assert_eq!(applied["principal"], PERSON, "a practitioner's code is a reference, not personal data");
    assert_eq!(registered["name"]["mark"], changed["from"]["mark"], "the same name has the same mark");
    assert_eq!(bodies[2].get("findings"), None, "and is seen to be the one recorded");
}

#[tokio::test]
async fn a_name_that_differs_from_the_one_recorded_is_noticed_without_opening_either() {
    let world = Own::new();
    world.does(&register()).await;
    let other = json!({ "what": "name", "from": "别人", "to": NEW_NAME });
    world.does(&act("practitioner.change-details", PERSON, "2025-02-01", other)).await;
    assert_eq!(world.bodies().await[1]["findings"][0]["code"], "differs-from-record");
}

#[tokio::test]
async fn a_repeated_request_is_told_from_another_one_by_a_keyed_hash() {
    let mut world = Own::new();
    let first = world.does(&register()).await;
    world.ledger = None;
    world.ledger = Some(Ledger::open(world.dir.path(), Access::ReadWrite, clock()).unwrap());
    let again = world.does(&register()).await;
    assert!(again.repeated);
    assert_eq!(again.events, first.events);
    let mut other = register();
    other["data"]["name"] = json!("别人");
    assert_eq!(world.refuses(&other).await, "key-reused");
    // What is stored to tell them apart cannot be made again from the event and a guessed name.
    let plain = Command::parse(&register().to_string()).unwrap().digest().unwrap();
    for_each_file(world.dir.path(), &mut |path, bytes| {
        let found = bytes.windows(plain.len()).any(|window| window == plain);
        assert!(!found, "a hash of the name stands in {}", path.display());
    });
}

#[tokio::test]
async fn a_correction_of_a_name_is_sealed_for_the_correction() {
    let world = Own::new();
    let registered = world.does(&register()).await;
    let id = registered.events[0].decode().unwrap().id;
    let corrected = json!({ "event": id, "changes": { "/data/name": NEW_NAME, "/data/category": "nurse" } });
    world.does(&act("practitioner.correct", PERSON, "2025-03-01", corrected)).await;
    let bodies = world.bodies().await;
    let changes = &bodies[1]["data"]["changes"];
    assert_eq!(changes["/data/category"], "nurse");
    let pointer = "/data/changes/~1data~1name";
    assert_eq!(world.opens(PERSON, 1, pointer, &changes["/data/name"]).as_deref(), Ok(NEW_NAME));
    let same = json!({ "event": id, "changes": { "/data/name": NEW_NAME } });
    let again = act("practitioner.correct", PERSON, "2025-03-02", same);
    assert_eq!(world.refuses(&again).await, "nothing-to-correct", "equal by its mark");
    nothing_in_plain_text(world.dir.path());
}

#[derive(Default)]
struct Results(Vec<String>);

impl Watcher for Results {
    fn line(&mut self, result: LineResult) {
        self.0.push(match result {
            LineResult::Recorded(_) => "recorded".to_owned(),
            LineResult::Repeated(_) => "repeated".to_owned(),
            LineResult::Rejected(reject) => format!("{:?}", reject.why),
        });
    }

    fn bytes(&mut self, _done: u64) {}
}

#[test]
fn an_import_seals_and_knows_its_lines_again() {
    let dir = tempfile::tempdir().unwrap();
    Ledger::init(dir.path(), 7, &*clock()).unwrap();
    let mut without_key = register();
    without_key.as_object_mut().unwrap().remove("key");
    let source = [apply(), without_key, renamed()].map(|command| command.to_string()).join("\n");
    let mut importer = Importer::open(dir.path(), clock()).unwrap();
    let mut results = Results::default();
    importer.try_out(source.as_bytes(), &mut results).unwrap();
    assert!(!dir.path().join("personal.db").exists(), "a rehearsal makes no keys");
    importer.run(source.as_bytes(), &mut results).unwrap();
    importer.run(source.as_bytes(), &mut results).unwrap();
    assert_eq!(results.0[..6], ["recorded"; 6]);
    assert_eq!(results.0[6..], ["repeated"; 3]);
    drop(importer);
    nothing_in_plain_text(dir.path());
}
