//! `docs/reference/format.md` says byte for byte what is stored. Its worked example is made here again and compared.

use accord_domain::event::encode;
use accord_domain::institution::InstitutionEvent;
use accord_domain::institution::facts::Suspension;
use accord_domain::{Command, Event, EventData, Instant, Line, NewEvent};
use accord_store::ids;
use accord_store::keys::Signer;
use accord_store::merkle::note::SignedNote;
use accord_store::merkle::{Frontier, Hash, leaf_hash, verify_inclusion};
use std::fmt::Write as _;

const COMMAND: &str = r#"{
  "command": "institution.suspend-agreement", "subject": "P43050090002", "effective_at": "2025-08-04",
  "actor": { "authority": "agency", "area": "430500", "office": "邵阳市医疗保障事务中心" },
  "basis": [ { "instrument": "2025年定点零售药店医保服务协议", "article": "58" } ],
  "reason": "追溯码线索核查属实", "key": "notice-2",
  "data": { "area": "430500", "line": "special_outpatient", "until": "2025-11-04", "ground": "追溯码线索核查属实" }
}"#;
const SALT: u64 = 0x0002_5A5A_5A5A;
const POSITION: u64 = 4_711;

fn at(text: &str) -> Instant {
    Instant::parse(text).expect("an instant")
}

fn example() -> (String, String, String) {
    let command = Command::parse(COMMAND).expect("a command");
    let event = NewEvent::new(
        at("2025-08-04"),
        EventData::Institution(InstitutionEvent::AgreementSuspended(Suspension {
            act_from: None,
            act_to: None,
            bound_by: None,
            area: accord_domain::AreaCode::parse("430500").expect("an area"),
            at_request: None,
            ground: "追溯码线索核查属实".into(),
            line: Some(Line::SpecialOutpatient),
            origin: None,
            until: Some(at("2025-11-04")),
        })),
    );
    let rulebook = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
    let recorded_at = at("2025-08-04T09:30:00.123456+08:00");
    let id = ids::event_id(recorded_at, POSITION, SALT);
    let mut proposed = encode(&command, &event, 1, 0, false, rulebook).expect("bytes");
    proposed.stamp(id, recorded_at);
    let kind = proposed.kind;
    let body = String::from_utf8(proposed.body).expect("UTF-8");
    let read = Event::decode(kind, POSITION, 1, event.effective_at, recorded_at, &body).expect("an event");
    assert_eq!(read.data, event.data);
    (id.to_string(), body.clone(), leaf(body.as_bytes()))
}

fn leaf(body: &[u8]) -> String {
    use sha2::{Digest, Sha256};
    let digest: [u8; 32] = Sha256::new().chain_update([0]).chain_update(body).finalize().into();
    digest.iter().fold(String::new(), |mut hex, byte| {
        let _ = write!(hex, "{byte:02x}");
        hex
    })
}

#[test]
fn the_worked_example_of_the_format_is_what_the_program_writes() {
    let document =
        std::fs::read_to_string(accord_tests::root().join("docs/reference/format.md")).expect("format.md");
    let (id, body, leaf) = example();
    let missing: Vec<_> = [("id", id), ("body", body), ("leaf hash", leaf)]
        .into_iter()
        .filter(|(_, text)| !document.contains(text))
        .collect();
    assert!(missing.is_empty(), "format.md does not carry of its example: {missing:#?}");
}

/// The key of the example: its seed is the bytes 1 to 32.
const PRIVATE_KEY: &str = "PRIVATE+KEY+accord/019872b3-0000-7a5a-a5a5-a5ffffffffff+9230fb9b+AQECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8g";
const PUBLIC_KEY: &str =
    "accord/019872b3-0000-7a5a-a5a5-a5ffffffffff+9230fb9b+AXm1Vi6P5lT5QHixEuipi6eQH4U65pW+1+DjkQutBJZk";

/// The receipt of the example in a tree in which the leaf before it at position n is the one of the text of n.
fn receipt() -> (String, Vec<String>) {
    let (_, body, _) = example();
    let mut tree = Frontier::default();
    (0..POSITION).for_each(|n| tree.push(leaf_hash(n.to_string().as_bytes()), &mut |_, _| {}));
    let path = tree.path_of_next();
    let own = leaf_hash(body.as_bytes());
    tree.push(own, &mut |_, _| {});
    assert!(verify_inclusion(&own, POSITION, tree.size(), &path, &tree.root()));
    let dir = tempfile::tempdir().expect("a directory");
    std::fs::create_dir(dir.path().join("keys")).expect("a directory");
    std::fs::write(dir.path().join("keys/checkpoint.key"), PRIVATE_KEY).expect("a file");
    let ledger = "019872b3-0000-7a5a-a5a5-a5ffffffffff".parse().expect("an id");
    let signer = Signer::open(dir.path(), ledger).expect("the key of the example");
    assert_eq!(signer.verifier().to_string(), PUBLIC_KEY);
    let checkpoint = signer.checkpoint(tree.size(), tree.root());
    SignedNote::parse(&checkpoint).expect("a note").verify(signer.verifier()).expect("a signature");
    let digits = |hash: &Hash| hash.iter().map(|byte| format!("{byte:02x}")).collect();
    (checkpoint, path.iter().map(digits).collect())
}

#[test]
fn the_receipt_of_the_worked_example_is_what_the_program_gives() {
    let document =
        std::fs::read_to_string(accord_tests::root().join("docs/reference/format.md")).expect("format.md");
    let (checkpoint, path) = receipt();
    let keys = [PRIVATE_KEY.to_owned(), PUBLIC_KEY.to_owned()];
    let missing: Vec<_> = std::iter::once(checkpoint)
        .chain([path.join("\n")])
        .chain(keys)
        .filter(|text| !document.contains(text.as_str()))
        .collect();
    assert!(missing.is_empty(), "format.md does not carry of its example:\n{}", missing.join("\n\n"));
}

#[test]
fn stored_bytes_are_their_own_canonical_form() {
    let (_, body, _) = example();
    let value: serde_json::Value = serde_json::from_str(&body).expect("JSON");
    // serde_json keeps the members of an object sorted, which for these ASCII names is the order of RFC 8785.
    assert_eq!(serde_json::to_string(&value).expect("JSON"), body);
}

#[test]
fn an_id_carries_its_position_and_the_millisecond_of_its_recording() {
    let recorded_at = at("2025-08-04T09:30:00.123456+08:00");
    let id = ids::event_id(recorded_at, POSITION, SALT);
    assert_eq!(id.get_version_num(), 7);
    assert_eq!(ids::position_of(id), POSITION);
    assert_eq!(i64::try_from(id.as_u128() >> 80).expect("48 bits"), recorded_at.as_micros() / 1_000);
}
