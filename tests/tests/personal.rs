//! Personal data from the command to every file of a ledger: sealed on the way in, and nowhere in plain text.

#![expect(clippy::unwrap_used, reason = "helpers of tests: what fails there fails the test")]
#![expect(clippy::needless_pass_by_value, reason = "JSON made at the call reads best without ampersands")]

use accord_api::ledger::{Importer, LineResult, Watcher};
use accord_api::{Access, Failure, Ledger};
use accord_domain::{Command, Instant, Subject};
use accord_store::EventLog;
use accord_store::clock::ManualClock;
use accord_store::vault::{Held, NotOpened, Place, Use, Vault};
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
    importer.rehearsal().unwrap().run(source.as_bytes(), &mut results).unwrap();
    assert!(!dir.path().join("personal.db").exists(), "a rehearsal makes no keys");
    importer.run(source.as_bytes(), &mut results).unwrap();
    importer.run(source.as_bytes(), &mut results).unwrap();
    assert_eq!(results.0[..6], ["recorded"; 6]);
    assert_eq!(results.0[6..], ["repeated"; 3]);
    drop(importer);
    nothing_in_plain_text(dir.path());
}

fn erase() -> Json {
    json!({ "command": "practitioner.erase-personal-data", "subject": PERSON, "key": "erase-1",
        "actor": { "authority": "agency", "area": "510100", "operator": "op-17" },
        "basis": [{ "instrument": "个人信息保护法", "article": "47" }], "data": { "note": "保存期限届满" } })
}

fn read(events: Json) -> Command {
    let read = json!({ "command": "practitioner.read-personal-data", "subject": PERSON, "reason": "核对身份",
        "actor": { "authority": "agency", "area": "510100", "operator": "op-17" }, "data": { "events": events } });
    Command::parse(&read.to_string()).unwrap()
}

#[tokio::test]
async fn reading_personal_data_is_recorded_before_anything_is_given_out() {
    let world = Own::new();
    let registered = world.does(&register()).await;
    world.does(&renamed()).await;
    let (done, opened) = world.ledger().open_personal(read(json!([]))).await.unwrap();
    let values: Vec<_> = opened.iter().map(|one| (&*one.field, one.value.as_deref().unwrap())).collect();
    let expected = [
        ("/data/certificate", CERTIFICATE),
        ("/data/identity_number", IDENTITY),
        ("/data/name", NAME),
        ("/data/phone", PHONE),
        ("/data/from", NAME),
        ("/data/to", NEW_NAME),
    ];
    assert_eq!(values, expected);
    let body: Json = serde_json::from_str(&done.events[0].body).unwrap();
    assert_eq!(body["type"], "practitioner.personal-data-read");
    assert_eq!((&body["reason"], &body["actor"]["operator"]), (&json!("核对身份"), &json!("op-17")));
    assert_eq!(body["data"]["read"][1]["fields"], json!(["/data/from", "/data/to"]));
    let id = registered.events[0].decode().unwrap().id;
    let (_, opened) = world.ledger().open_personal(read(json!([id]))).await.unwrap();
    assert_eq!(opened.len(), 4, "only what was asked for");
    assert_eq!(world.bodies().await.len(), 4, "every reading is an event");
    let by_itself = world.ledger().execute(read(json!([]))).await.unwrap_err();
    assert!(
        matches!(by_itself, Failure::Rejected { rejection, .. } if rejection.code == "reading-by-itself")
    );
    nothing_in_plain_text(world.dir.path());
}

#[test]
fn a_reading_says_why_and_an_erasure_on_what_basis() {
    let fault = |mut command: Json, member: &str| {
        command.as_object_mut().unwrap().remove(member);
        let error = Command::parse(&command.to_string()).unwrap_err();
        (error.code, error.pointer)
    };
    assert_eq!(fault(erase(), "basis"), ("missing-field", "/basis".to_owned()));
    let reading = json!({ "command": "practitioner.read-personal-data", "subject": PERSON, "reason": "x",
        "actor": { "authority": "agency" }, "data": {} });
    assert_eq!(fault(reading, "reason"), ("missing-field", "/reason".to_owned()));
}

#[tokio::test]
async fn erased_personal_data_is_gone_for_good_and_every_proof_still_holds() {
    let mut world = Own::new();
    for command in [apply(), register(), renamed()] {
        world.does(&command).await;
    }
    let before = world.bodies().await;
    let name = before[1]["data"]["name"].clone();
    assert_eq!(world.opens(PERSON, 0, "/data/name", &name).as_deref(), Ok(NAME));
    let erased = world.does(&erase()).await;
    let body: Json = serde_json::from_str(&erased.events[0].body).unwrap();
    assert_eq!(body["type"], "practitioner.personal-data-erased");
    assert_eq!(body["data"]["events"].as_array().unwrap().len(), 2);
    let stream = Subject::parse(PERSON).unwrap().stream();
    assert!(matches!(world.ledger().vault().key(&stream).unwrap(), Held::Destroyed));
    // Nothing that was hashed changed, and other subjects keep theirs.
    assert_eq!(world.bodies().await[..3], before[..]);
    let head = &before[0]["data"]["legal_representative"];
    assert_eq!(world.opens(HOSPITAL, 0, "/data/legal_representative", head).as_deref(), Ok(HEAD));
    // The fence.
    let mut again = renamed();
    again["key"] = json!("renamed-again");
    assert_eq!(world.refuses(&again).await, "personal-data-erased");
    again["effective_at"] = json!("2025-01-15");
    assert_eq!(world.refuses(&again).await, "personal-data-erased", "whatever its effect");
    assert!(world.does(&register()).await.repeated, "sent again it is answered as before, sealed as it was");
    let reading = world.ledger().open_personal(read(json!([]))).await.unwrap_err();
    assert!(
        matches!(reading, Failure::Rejected { rejection, .. } if rejection.code == "personal-data-erased")
    );
    let site = json!({ "institution": "H51010590002" });
    world.does(&act("practitioner.add-site", PERSON, "2026-01-10", site)).await;
    // Twice is once.
    assert!(world.does(&erase()).await.repeated);
    let mut other = erase();
    other["key"] = json!("erase-2");
    assert_eq!(world.refuses(&other).await, "already-erased");
    let id = erased.events[0].decode().unwrap().id;
    let mut annul =
        act("practitioner.annul", PERSON, "2026-01-12", json!({ "event": id, "scope": "from_start" }));
    annul["actor"]["authority"] = json!("court");
    assert_eq!(world.refuses(&annul).await, "not-annullable");
    world.ledger = None;
    nothing_in_plain_text(world.dir.path());
    let output =
        accord_tests::program::command(world.dir.path(), &["--ledger", ".", "verify"]).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let output = accord_tests::program::command(world.dir.path(), &["--ledger", ".", "replay", "--verify"])
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

#[tokio::test]
async fn an_erasure_that_a_crash_interrupted_is_finished_at_the_next_opening() {
    let mut world = Own::new();
    world.does(&register()).await;
    let stream = Subject::parse(PERSON).unwrap().stream();
    world.ledger = None;
    // What the file was just before the key was destroyed: the fence is recorded, the key is there.
    let kept = std::fs::read(world.dir.path().join("personal.db")).unwrap();
    world.ledger = Some(Ledger::open(world.dir.path(), Access::ReadWrite, clock()).unwrap());
    world.does(&erase()).await;
    world.ledger = None;
    for name in ["personal.db-wal", "personal.db-shm"] {
        drop(std::fs::remove_file(world.dir.path().join(name)));
    }
    std::fs::write(world.dir.path().join("personal.db"), kept).unwrap();
    let vault = |dir: &Path| {
        let ledger = Ledger::open(dir, Access::ReadOnly, clock()).unwrap().log().ledger_id();
        Vault::new(dir, ledger, Use::ReadWrite)
    };
    let before = vault(world.dir.path());
    assert!(matches!(before.key(&stream).unwrap(), Held::Key(_)));
    before.begin_erasure(&stream).unwrap();
    drop(before);
    world.ledger = Some(Ledger::open(world.dir.path(), Access::ReadWrite, clock()).unwrap());
    assert!(matches!(world.ledger().vault().key(&stream).unwrap(), Held::Destroyed));
    assert!(world.ledger().vault().unfinished().unwrap().is_empty());
}

#[tokio::test]
async fn an_erasure_begun_and_never_recorded_leaves_the_key_at_the_next_opening() {
    let mut world = Own::new();
    world.does(&register()).await;
    let stream = Subject::parse(PERSON).unwrap().stream();
    world.ledger().vault().begin_erasure(&stream).unwrap();
    world.ledger = None;
    world.ledger = Some(Ledger::open(world.dir.path(), Access::ReadWrite, clock()).unwrap());
    assert!(matches!(world.ledger().vault().key(&stream).unwrap(), Held::Key(_)));
    world.does(&renamed()).await;
}

#[tokio::test]
async fn a_person_is_found_by_exact_name_and_number_until_erased() {
    let world = Own::new();
    for command in [apply(), register()] {
        world.does(&command).await;
    }
    let find = async |text: &str| -> Vec<String> {
        let found = world.ledger().find_person(text, Instant::MAX).await.unwrap();
        found.iter().map(|subject| subject.code().to_owned()).collect()
    };
    assert_eq!(find(NAME).await, [PERSON]);
    assert_eq!(find(&IDENTITY.to_lowercase()).await, [HOSPITAL, PERSON]);
    assert_eq!(find("+86 138 1234 5678").await, [PERSON]);
    assert_eq!(find("欧阳").await, [""; 0], "no part of a name");
    // A name that was refused is found by nobody.
    let mut refused = register();
    refused["data"]["name"] = json!("别人");
    refused["key"] = json!("other");
    assert_eq!(world.refuses(&refused).await, "already-registered");
    assert_eq!(find("别人").await, [""; 0]);
    world.does(&erase()).await;
    assert_eq!(find(NAME).await, [""; 0]);
    assert_eq!(find(IDENTITY).await, [HOSPITAL], "whom the application named is still named there");
}

#[tokio::test]
async fn a_person_is_found_by_what_was_recorded_by_then_and_not_annulled() {
    let world = Own::new();
    let registered = world.does(&register()).await.events[0].recorded_at;
    let renamed = world.does(&renamed()).await;
    let (id, changed) = (renamed.events[0].decode().unwrap().id, renamed.events[0].recorded_at);
    let annul =
        act("practitioner.annul", PERSON, "2026-01-12", json!({ "event": id, "scope": "from_start" }));
    let annulled = world.does(&annul).await.events[0].recorded_at;
    let find = async |text: &str, at: Instant| world.ledger().find_person(text, at).await.unwrap().len();
    let before = Instant::from_micros(registered.as_micros() - 1);
    for (at, name, new_name) in [(before, 0, 0), (registered, 1, 0), (changed, 1, 1), (annulled, 1, 0)] {
        assert_eq!((find(NAME, at).await, find(NEW_NAME, at).await), (name, new_name), "{at}");
    }
}

#[test]
fn an_import_erases_and_what_follows_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    Ledger::init(dir.path(), 7, &*clock()).unwrap();
    let source = [register(), erase(), renamed()].map(|command| command.to_string()).join("\n");
    let mut importer = Importer::open(dir.path(), clock()).unwrap();
    let mut results = Results::default();
    importer.run(source.as_bytes(), &mut results).unwrap();
    drop(importer);
    assert_eq!(results.0[..2], ["recorded"; 2]);
    assert!(results.0[2].contains("personal-data-erased"), "{}", results.0[2]);
    let ledger = Ledger::open(dir.path(), Access::ReadOnly, clock()).unwrap();
    let stream = Subject::parse(PERSON).unwrap().stream();
    assert!(matches!(ledger.vault().key(&stream).unwrap(), Held::Destroyed));
    drop(ledger);
    nothing_in_plain_text(dir.path());
}

/// An import answers as `do` and HTTP do, and says what each line came to by its key.
#[test]
fn an_import_of_what_was_recorded_before_the_erasure_is_answered_as_before_and_records_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let run = |arguments: &[&str]| accord_tests::program::run(dir.path(), arguments);
    let file = |name: &str, lines: &[Json]| {
        let text: String = lines.iter().map(|line| format!("{line}\n")).collect();
        std::fs::write(dir.path().join(name), text).unwrap();
    };
    run(&["init"]).expect(0, &[]);
    let mut keyless = act(
        "practitioner.register",
        "D510105900002",
        "2025-01-01",
        json!({
        "institution": HOSPITAL, "category": "doctor", "area": "510100", "name": NAME }),
    );
    keyless.as_object_mut().unwrap().remove("key");
    file("first.jsonl", &[register(), renamed(), keyless]);
    run(&["import", "first.jsonl"]).expect(0, &[]);
    for person in [PERSON, "D510105900002"] {
        run(&["erase-personal", person, "--basis", "个人信息保护法", "--article", "47"]).expect(0, &[]);
    }
    let length = || run(&["--json", "verify"]).expect(0, &[]).json()["events"].clone();
    let before = length();

    // The whole lines, one of them with another name: of personal data only the places can be compared.
    let mut other_name = register();
    other_name["data"]["name"] = json!("上官某某");
    file("again.jsonl", &[register(), renamed(), other_name]);
    for arguments in
        [&["--json", "import", "--dry-run", "again.jsonl"][..], &["--json", "import", "again.jsonl"]]
    {
        let told = run(arguments).expect(0, &[]);
        let report = told.json();
        let counts = ["lines", "recorded", "repeated", "rejected"].map(|member| report[member].as_u64());
        assert_eq!(counts, [3, 0, 3, 0].map(Some), "{report}");
        assert!(SECRETS.iter().all(|secret| !told.out.contains(secret) && !told.err.contains(secret)));
    }

    // Something else under the key, and what has none: refused, with the reason.
    let mut other = register();
    other["data"]["category"] = json!("nurse");
    file("other.jsonl", &[other]);
    run(&["import", "other.jsonl"]).expect(1, &["key-reused"]);
    run(&["import", "first.jsonl"]).expect(1, &["personal-data-erased"]);
    assert_eq!(length(), before, "nothing was recorded");
    for name in ["first", "again", "other"] {
        std::fs::remove_file(dir.path().join(format!("{name}.jsonl"))).unwrap();
    }
    nothing_in_plain_text(dir.path());
}

/// A ledger of before: its event holds the name in plain text, and is read as it stands.
#[tokio::test]
async fn events_of_the_older_form_are_read_and_told_apart_at_erasure() {
    let text = include_str!("../../domain/fixtures/events/practitioner.registered.v1.json");
    let body: Json = serde_json::from_str(text).unwrap();
    assert_eq!(body["data"]["name"], "甲");
    let kind = accord_domain::EventType::by_name("practitioner.registered").unwrap();
    let data = accord_domain::EventData::read(kind, 1, &body["data"].to_string()).unwrap();
    assert_eq!(data.plain_personal(), ["/data/certificate", "/data/name"]);
}

#[test]
fn the_program_reads_erases_and_shows_what_is_sealed() {
    let dir = tempfile::tempdir().unwrap();
    let run = |arguments: &[&str]| {
        let output = accord_tests::program::command(dir.path(), arguments).output().unwrap();
        let out = String::from_utf8(output.stdout).unwrap();
        (output.status.code().unwrap(), out, String::from_utf8(output.stderr).unwrap())
    };
    std::fs::write(dir.path().join("register.json"), register().to_string()).unwrap();
    assert_eq!(run(&["init"]).0, 0);
    let (code, out, _) = run(&["do", "register.json"]);
    assert_eq!(code, 0);
    assert!(!out.contains(NAME), "{out}");
    std::fs::remove_file(dir.path().join("register.json")).unwrap();
    let (_, shown, _) = run(&["show", PERSON]);
    assert!(shown.contains("Personal data: sealed (封存)"), "{shown}");
    let (_, trail, _) = run(&["history", PERSON]);
    assert!(trail.contains("name (sealed 封存)") && !trail.contains(NAME), "{trail}");
    assert_eq!(run(&["open-personal", PERSON]).0, 2, "a reason is asked for");
    let (code, opened, _) =
        run(&["open-personal", PERSON, "--reason", "identity check", "--operator", "op-17"]);
    assert_eq!(code, 0);
    assert!(opened.contains(NAME) && opened.contains(IDENTITY), "{opened}");
    let (_, json, _) = run(&["--json", "history", PERSON]);
    let last: Json = serde_json::from_str(json.lines().last().unwrap()).unwrap();
    assert_eq!(last["type"], "practitioner.personal-data-read");
    let erase = ["erase-personal", PERSON, "--basis", "个人信息保护法", "--article", "47"];
    let (code, _, said) = run(&erase);
    assert!(code == 0 && said.contains("the key is destroyed"), "{said}");
    assert_eq!(run(&erase).0, 0, "asked again, the answer is the same");
    let (code, _, said) = run(&["open-personal", PERSON, "--reason", "identity check"]);
    assert_eq!(code, 1, "{said}");
    assert!(run(&["show", PERSON]).1.contains("Personal data: erased (已删除)"));
    assert_eq!(run(&["verify"]).0, 0);
    // Decided again, a reading and an erasure come to what they came to.
    let (code, supposed, said) = run(&["what-if", PERSON, "--as-if-law-of", "2025-06-01"]);
    assert!(code == 0 && supposed.contains("Nothing would stand otherwise"), "{supposed}{said}");
    let (code, found, said) = run(&["--json", "check", PERSON]);
    assert!(code == 0 && !found.contains("against-rule"), "{found}{said}");
    nothing_in_plain_text(dir.path());
}

#[tokio::test]
async fn a_registration_sent_again_after_the_erasure_is_answered_as_before_and_tells_nothing() {
    let world = Own::new();
    let first = world.does(&register()).await;
    world.does(&renamed()).await;
    world.does(&erase()).await;
    let length = world.ledger().event_log().len().await.unwrap();
    // The same request: what was recorded, sealed as it was. Of its personal data only the places can be compared.
    let mut other_name = register();
    other_name["data"]["name"] = json!("上官某某");
    for command in [register(), renamed(), other_name] {
        let done = world.ledger().execute(Command::parse(&command.to_string()).unwrap()).await.unwrap();
        assert!(done.repeated);
        let told = format!("{:?}", done.events);
        assert!(SECRETS.iter().chain(&["上官某某"]).all(|secret| !told.contains(secret)), "{told}");
    }
    let again = Command::parse(&register().to_string()).unwrap();
    assert_eq!(world.ledger().execute_blocking(again).unwrap().events, first.events);
    // Anything else under that key is another request, and a new one is refused.
    let mut others = [register(), register(), register(), register(), register()];
    others[0]["data"]["category"] = json!("nurse");
    others[1]["actor"]["area"] = json!("510200");
    others[2]["data"].as_object_mut().unwrap().remove("phone");
    others[3]["effective_at"] = json!("2025-01-02");
    others[4]["reason"] = json!("另有原因");
    for (nth, other) in others.iter().enumerate() {
        let failure = world.ledger().execute(Command::parse(&other.to_string()).unwrap()).await.unwrap_err();
        let Failure::Rejected { rejection, .. } = failure else { panic!("{failure:?}") };
        assert_eq!(rejection.code, "key-reused", "{nth}");
    }
    let mut new = register();
    new["key"] = json!("another key");
    let failure = world.ledger().execute(Command::parse(&new.to_string()).unwrap()).await.unwrap_err();
    assert!(
        matches!(failure, Failure::Rejected { rejection, .. } if rejection.code == "personal-data-erased")
    );
    assert_eq!(world.ledger().event_log().len().await.unwrap(), length);
    nothing_in_plain_text(world.dir.path());
}

#[tokio::test]
async fn the_doctor_names_an_erasure_that_was_begun_and_not_finished() {
    let mut world = Own::new();
    world.does(&register()).await;
    let stream = Subject::parse(PERSON).unwrap().stream();
    let dir = world.dir.path().display().to_string();
    let world_dir = tempfile::tempdir().unwrap();
    let doctor = |lang: &str| {
        let arguments = ["--ledger", &dir, "--lang", lang, "doctor"];
        let run = accord_tests::program::run(world_dir.path(), &arguments);
        (run.code.unwrap(), run.out)
    };
    world.ledger().vault().begin_erasure(&stream).unwrap();
    world.ledger = None;
    let (code, told) = doctor("en");
    assert!(
        code != 0
            && told.contains(&format!("✗ erasures of personal data  1 begun and not finished: {stream}")),
        "{told}"
    );
    assert!(doctor("zh").1.contains("1 项删除未完成"));
    // The next opening for writing finds that nothing was recorded, and leaves the key.
    drop(Ledger::open(world.dir.path(), Access::ReadWrite, clock()).unwrap());
    let (code, told) = doctor("en");
    assert!(told.contains("✓ erasures of personal data"), "{code} {told}");
}

const CASE: &str = "case-2025-0301";

fn lead() -> Json {
    let data = json!({ "source": "complaint", "about": [HOSPITAL], "content": "虚构诊疗服务", "informant": HEAD, "informant_phone": PHONE });
    act("case.receive-lead", CASE, "2025-03-01", data)
}

/// 令735 art 35: who reports is kept secret.
#[tokio::test]
async fn who_reported_is_sealed_found_by_name_and_read_and_erased_by_acts_of_their_own() {
    let world = Own::new();
    world.does(&lead()).await;
    let corrected = world.ledger().event_log().read_all(0, 1).await.unwrap()[0].decode().unwrap().id;
    let correct = json!({ "event": corrected, "changes": { "/data/informant": NAME } });
    world.does(&act("case.correct", CASE, "2025-03-02", correct)).await;
    nothing_in_plain_text(world.dir.path());
    let find = async |text: &str| world.ledger().find_person(text, Instant::MAX).await.unwrap();
    assert_eq!(find(HEAD).await, [Subject::parse(CASE).unwrap()]);
    assert_eq!(find(NAME).await, [Subject::parse(CASE).unwrap()]);
    assert_eq!(find("138 1234 5678").await, [Subject::parse(CASE).unwrap()]);
    let reading = json!({ "command": "case.read-personal-data", "subject": CASE, "reason": "核实奖励",
        "actor": { "authority": "bureau", "area": "510100" }, "data": {} });
    let reading = Command::parse(&reading.to_string()).unwrap();
    let (done, opened) = world.ledger().open_personal(reading.clone()).await.unwrap();
    assert_eq!(done.events[0].kind.name(), "case.personal-data-read");
    let told: Vec<_> = opened.iter().map(|value| (&*value.field, value.value.as_deref().unwrap())).collect();
    let all = [
        ("/data/informant", HEAD),
        ("/data/informant_phone", PHONE),
        ("/data/changes/~1data~1informant", NAME),
    ];
    assert_eq!(told, all);
    let mut erase = act("case.erase-personal-data", CASE, "2025-04-01", json!({}));
    erase["basis"] = json!([{ "instrument": "个人信息保护法", "article": "47" }]);
    world.does(&erase).await;
    assert!(find(HEAD).await.is_empty() && find(PHONE).await.is_empty());
    assert!(world.ledger().open_personal(reading).await.is_err());
    assert!(world.does(&lead()).await.repeated);
    let mut again = lead();
    again["key"] = json!("lead-2");
    assert_eq!(world.refuses(&again).await, "personal-data-erased");
    // A lead without a name is taken as ever.
    again["data"] = json!({ "source": "data" });
    world.does(&again).await;
    nothing_in_plain_text(world.dir.path());
}
