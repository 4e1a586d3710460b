//! Personal data opened in an evidence bundle: by the real program, and checked by it, by the script written from the
//! format alone, and by the page in a browser. And over HTTP.

use accord_replay::bundle::{Manifest, Member, OpenedValue, check, opened_document, read, seal};
use accord_store::keys::Signer;
use accord_tests::browser::Browser;
use accord_tests::program;
use serde_json::{Value as Json, json};
use std::fs;
use std::path::Path;
use uuid::Uuid;

const PERSON: &str = "D510105900001";
const NAME: &str = "欧阳某某";
const IDENTITY: &str = "11010519491231002X";
const PHONE: &str = "13812345678";
/// Longer than two blocks of the cipher: 144 bytes.
const TITLE: &str = "成都市某某医院心血管内科主任医师兼某某医科大学教授博士研究生导师享受政府特殊津贴专家某某省医学会心血管病学分会主任";

fn act(name: &str, day: &str, data: &Json) -> String {
    let actor = json!({ "authority": "agency", "area": "510100" });
    json!({ "command": format!("practitioner.{name}"), "subject": PERSON, "effective_at": day, "actor": actor, "data": data })
        .to_string()
}

/// A ledger with a person in it, and the bundle that opens what is known of them.
fn desk(dir: &Path) {
    program::run(dir, &["--ledger", "ledger", "init"]).expect(0, &[]);
    let register = json!({ "institution": "H51010590001", "category": "doctor", "area": "510100", "name": NAME, "identity_number": IDENTITY, "phone": PHONE });
    program::feed(dir, &["--ledger", "ledger", "do", "-"], &act("register", "2025-01-01", &register))
        .expect(0, &[]);
    let change = json!({ "what": "address", "to": TITLE });
    program::feed(dir, &["--ledger", "ledger", "do", "-"], &act("change-details", "2025-02-01", &change))
        .expect(0, &[]);
    export(dir, "opened.zip", &["--reason", "法院调取", "--operator", "op-17"])
        .expect(0, &["personal data is opened in it; the reading is recorded at position 2"]);
}

fn export(dir: &Path, out: &str, more: &[&str]) -> program::Run {
    let fixed = ["--ledger", "ledger", "export", PERSON, "--out", out, "--open-personal"];
    program::run(dir, &[&fixed, more].concat())
}

fn verify(dir: &Path, file: &str) -> program::Run {
    program::run(dir, &["--ledger", "ledger", "verify", file])
}

/// The bundle with other values, signed by the ledger.
fn resealed(dir: &Path, out: &str, change: impl FnOnce(&mut Vec<OpenedValue>)) {
    let members = read(&fs::read(dir.join("opened.zip")).expect("a bundle")).expect("a bundle");
    let manifest: Manifest = serde_json::from_slice(&members[0].bytes).expect("a manifest");
    let mut rest: Vec<Member> = members[2..].to_vec();
    let document = rest.iter_mut().find(|member| member.name == "opened.json").expect("opened.json");
    let mut values: Vec<OpenedValue> = serde_json::from_slice(&document.bytes).expect("values");
    change(&mut values);
    document.bytes = opened_document(&values).expect("JSON");
    let ledger = Uuid::parse_str(manifest.ledger.trim_start_matches("accord/")).expect("an id");
    let signer = Signer::open(&dir.join("ledger"), ledger).expect("a key");
    fs::write(dir.join(out), seal(manifest, rest, &signer).expect("a bundle")).expect("a file");
}

/// Changes that the seal of a value tells of.
fn spoil(dir: &Path) -> [&'static str; 5] {
    resealed(dir, "text.zip", |values| values[0].text = "11010519491231002x".to_owned());
    resealed(dir, "long.zip", |values| values[3].text = TITLE.replace("某某省", "某某市"));
    resealed(dir, "key.zip", |values| values[0].key = values[1].key.clone());
    resealed(dir, "field.zip", |values| values[2].pointer = "/data/photo".to_owned());
    resealed(dir, "none.zip", Vec::clear);
    ["text.zip", "long.zip", "key.zip", "field.zip", "none.zip"]
}

#[test]
fn opened_personal_data_is_checked_by_the_program_the_script_and_the_page() {
    let dir = tempfile::tempdir().expect("a directory");
    let dir = dir.path();
    desk(dir);
    // The reading is on the record, by whom and why.
    let history = program::run(dir, &["--ledger", "ledger", "--json", "history", PERSON]).expect(0, &[]);
    let last: Json = serde_json::from_str(history.out.lines().last().expect("a line")).expect("JSON");
    assert_eq!(
        (&last["type"], &last["actor"]["operator"]),
        (&"practitioner.personal-data-read".into(), &"op-17".into())
    );
    let bytes = fs::read(dir.join("opened.zip")).expect("a bundle");
    for word in [NAME, IDENTITY, PHONE, TITLE] {
        assert!(bytes.windows(word.len()).any(|window| window == word.as_bytes()), "{word}");
    }
    verify(dir, "opened.zip").expect(0, &["4 values of personal data opened", "recorded at position 2"]);
    let told =
        program::run(dir, &["--ledger", "ledger", "--json", "verify", "opened.zip"]).expect(0, &[]).json();
    assert_eq!((&told["opened"], &told["manifest"]["custody"]["reading"]), (&4.into(), &"2".into()));
    for name in [NAME, IDENTITY, PHONE] {
        assert!(!told.to_string().contains(name), "a check repeats no personal data");
    }
    for file in spoil(dir) {
        verify(dir, file).expect(5, &["[altered]"]);
    }
    // What cannot be is said before anything is recorded.
    export(dir, "opened.zip", &["--reason", "why"]).expect(2, &["file-exists"]);
    export(dir, "x.zip", &[]).expect(2, &["--reason"]);
    let nobody = ["--ledger", "ledger", "export", PERSON, "--out", "x.zip", "--operator", "op-17"];
    program::run(dir, &nobody).expect(2, &["--open-personal"]);
    let reasons = ["--ledger", "ledger", "export", PERSON, "--out", "x.zip", "--reason", "why"];
    program::run(dir, &reasons).expect(2, &["--open-personal"]);
    assert_eq!(
        program::run(dir, &["--ledger", "ledger", "--json", "history", PERSON]).out.lines().count(),
        3
    );
    // One event alone.
    let first: Json = serde_json::from_str(history.out.lines().next().expect("a line")).expect("JSON");
    let id = first["id"].as_str().expect("an id");
    export(dir, "first.zip", &["--reason", "why", "--event", id]).expect(0, &[]);
    verify(dir, "first.zip").expect(0, &["3 values of personal data opened"]);
    let bytes = fs::read(dir.join("first.zip")).expect("a bundle");
    assert!(!bytes.windows(TITLE.len()).any(|window| window == TITLE.as_bytes()));
    // Erased: nothing is opened any more, and what was handed out still holds.
    let erase =
        ["--ledger", "ledger", "erase-personal", PERSON, "--basis", "个人信息保护法", "--article", "47"];
    program::run(dir, &erase).expect(0, &[]);
    export(dir, "late.zip", &["--reason", "why"]).expect(1, &["personal-data-erased"]);
    assert!(!dir.join("late.zip").exists());
    verify(dir, "opened.zip").expect(0, &["4 values of personal data opened"]);
    let Some(good) = program::other_verifier(dir, &["opened.zip"]) else { return };
    good.expect(0, &["4 values of personal data opened, each the one sealed there"]);
    for file in spoil(dir) {
        program::other_verifier(dir, &[file]).expect("python3 starts").expect(5, &["does not hold"]);
    }
}

#[tokio::test]
async fn the_page_opens_what_is_sealed_in_a_real_browser() {
    let Some(browser) = Browser::start().await else { return };
    let dir = tempfile::tempdir().expect("a directory");
    let dir = dir.path();
    desk(dir);
    browser.open_verifier(dir).await;
    let (kind, text) = browser.verdict(&dir.join("opened.zip")).await;
    assert_eq!(kind, "holds", "{text}");
    for word in [NAME, IDENTITY, PHONE, TITLE, "/data/identity_number"] {
        assert!(text.contains(word), "{word}: {text}");
    }
    for file in spoil(dir) {
        let (kind, text) = browser.verdict(&dir.join(file)).await;
        assert!(kind == "fails" && text.contains("[altered]"), "{file}: {text}");
    }
    assert_eq!(browser.complaints().await, Vec::<String>::new());
}

#[tokio::test]
async fn a_bundle_that_opens_personal_data_is_asked_for_with_a_post() {
    let dir = tempfile::tempdir().expect("a directory");
    let dir = dir.path();
    desk(dir);
    let server = program::Server::start(dir, &["--ledger", "ledger", "serve", "--listen", "127.0.0.1:0"]);
    let address = format!("{}/v1/practitioners/{PERSON}/bundle", server.address());
    let client = reqwest::Client::new();
    let post = async |query: &str, body: Json| {
        client.post(format!("{address}{query}")).json(&body).send().await.expect("an answer")
    };
    let body = json!({ "actor": { "authority": "court", "area": "510100" }, "reason": "法院调取" });
    let answer = post("?exported_by=op-3", body.clone()).await;
    assert_eq!(answer.status().as_u16(), 200);
    let header = |name: &str| answer.headers()[name].to_str().expect("text").to_owned();
    assert_eq!(
        (header("content-type"), header("cache-control"), header("x-position")),
        ("application/zip".into(), "no-store".into(), "3".into())
    );
    let bytes = answer.bytes().await.expect("a bundle");
    let checked = check(&bytes, None).expect("it holds");
    assert_eq!((checked.opened, checked.manifest.custody.reading.as_deref()), (4, Some("3")));
    // Without a reason, without who, of what is withheld: nothing is recorded.
    for (query, body, status) in [
        ("", json!({ "actor": { "authority": "court" } }), 400),
        ("", json!({ "reason": "why" }), 400),
        ("?redact=x", body.clone(), 400),
        ("?what=x", body.clone(), 400),
        (
            "",
            json!({ "actor": { "authority": "court" }, "reason": "why", "events": ["0198f0a0-0000-7000-8000-000000000000"] }),
            400,
        ),
    ] {
        let answer = post(query, body.clone()).await;
        let (got, text) = (answer.status().as_u16(), answer.text().await.expect("a text"));
        assert_eq!(got, status, "{query} {body}: {text}");
    }
    let closed = reqwest::get(&address).await.expect("an answer").bytes().await.expect("a bundle");
    let closed = check(&closed, None).expect("it holds");
    assert_eq!((closed.opened, closed.manifest.version, closed.manifest.events.len()), (0, 1, 4));
    assert_eq!(server.stop(), Some(0));
}
