//! For tests: one stored event of every type and schema version under `fixtures/events/`, read by every build.
//!
//! A new event type or schema version gets its fixture by `ACCORD_WRITE_FIXTURES=1 cargo test -p accord-domain fixtures`,
//! which writes what is missing and never touches what is there: what was once stored stays as it is.

use super::samples::{self, Open};
use super::{Event, EventType, NewEvent, encode};
use crate::command::Command;
use crate::id::SubjectKind;
use crate::time::Instant;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::path::PathBuf;
use uuid::Uuid;

fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("fixtures/events")
}

fn file(name: &str, schema: u16) -> String {
    format!("{name}.v{schema}.json")
}

fn time(text: &str) -> Instant {
    Instant::parse(text).unwrap()
}

/// The same choices every time.
fn settled(open: Open) -> Value {
    match open {
        Open::Area | Open::AnyArea => json!("430500"),
        Open::Line | Open::AnyLine => json!("special_outpatient"),
        Open::Time | Open::AnyTime => json!("2026-01-01T00:00:00+08:00"),
        Open::Flag => json!(true),
        Open::Event => json!("01980000-0000-7000-8000-000000000001"),
        Open::Site => json!("H43050000001"),
        Open::Points => json!(4),
        Open::Year => json!(2025),
        Open::Reach => json!({ "scope": "from_date", "date": "2026-01-01T00:00:00+08:00" }),
        Open::Changes => json!({ "/data/name": "乙" }),
    }
}

/// Stored bytes of an event of that type, with everything an envelope can have.
fn stored(kind: EventType) -> Vec<u8> {
    let (subject, command) = match kind.kind() {
        SubjectKind::Institution => ("H43050000001", "institution.interview"),
        SubjectKind::Practitioner => ("D430500000001", "practitioner.interview"),
        SubjectKind::Enterprise => ("91350100M000100Y43", "enterprise.rate-credit"),
        SubjectKind::Insured => ("ins-7f3a09c2", "insured.rate-credit"),
        SubjectKind::Area => ("430500", "area.start-moratorium"),
        SubjectKind::Case => ("case-2025-0804", "case.open"),
    };
    let data = match kind.kind() {
        SubjectKind::Institution | SubjectKind::Practitioner => json!({}),
        SubjectKind::Enterprise | SubjectKind::Insured => json!({ "area": "430500", "grade": "b" }),
        SubjectKind::Area => json!({ "basis_agreement": true, "ground": "强监管期间" }),
        SubjectKind::Case => json!({ "area": "430500" }),
    };
    let command = json!({
        "command": command, "data": data, "subject": subject, "effective_at": "2025-08-04", "decided_at": "2025-08-01",
        "actor": { "authority": "agency", "area": "430500", "office": "邵阳市医疗保障事务中心", "operator": "op-17",
                   "approver": "op-03" },
        "basis": [{ "instrument": "2025年定点零售药店协议", "article": "58" }],
        "case": "case-2025-0804", "reason": "追溯码线索\"核查\"属实", "key": "邵医保-2025-0804-2",
        "evidence": [{ "name": "决定书.pdf", "sha256": "0".repeat(64), "media_type": "application/pdf" }],
    });
    let mut command = Command::parse(&command.to_string()).unwrap();
    // No longer taken from outside, but recorded once, and so to be read for ever.
    command.envelope.reason = Some("追溯码线索\"核查\"属实\n\u{1}".into());
    command.envelope.unknown.insert("/data/number".to_owned(), "来源未载明".to_owned());
    let facts = samples::facts(kind.name(), &mut settled).unwrap_or_else(|| panic!("no sample of {kind}"));
    let event = NewEvent::new(time("2025-08-04"), samples::read(kind, facts))
        .rule("R-123")
        .caused_by(0)
        .finding("no-preceding-measure", Some("R-310"));
    let mut proposed = encode(&command, &event, 2, 1, true, &"0".repeat(64)).unwrap();
    let id = Uuid::parse_str("01980000-0000-7000-8000-000000000003").unwrap();
    proposed.stamp(id, time("2025-08-05T09:30:00.123456+08:00"));
    proposed.body
}

#[test]
fn fixtures_of_every_event_type_are_read_and_written_again_byte_for_byte() {
    let mut wanted = BTreeSet::new();
    for (number, name, newest) in EventType::all() {
        let kind = EventType(*number);
        for schema in 1..=*newest {
            wanted.insert(file(name, schema));
            let path = folder().join(file(name, schema));
            if schema == *newest && !path.exists() && std::env::var_os("ACCORD_WRITE_FIXTURES").is_some() {
                std::fs::create_dir_all(folder()).unwrap();
                std::fs::write(&path, stored(kind)).unwrap();
            }
            let text =
                std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
            let event = Event::decode(kind, 3, 3, time("2025-08-04"), time("2025-08-05"), &text).unwrap();
            assert_eq!(event.caused_by, Some(2), "{name}");
            if schema == *newest {
                assert_eq!(
                    text,
                    String::from_utf8(stored(kind)).unwrap(),
                    "{name} is no longer stored as it was"
                );
            }
        }
    }
    let found: BTreeSet<String> = std::fs::read_dir(folder())
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    assert_eq!(found, wanted, "the fixtures are those of the event types and no others");
}

#[test]
fn fixtures_are_canonical_json() {
    for (number, name, _) in EventType::all() {
        let body = stored(EventType(*number));
        let value: Value = serde_json::from_slice(&body).unwrap();
        let canonical = serde_json_canonicalizer::to_vec(&value).unwrap();
        assert_eq!(String::from_utf8(body).unwrap(), String::from_utf8(canonical).unwrap(), "{name}");
    }
}
