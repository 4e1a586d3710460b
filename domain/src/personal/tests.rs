#![expect(clippy::needless_pass_by_value, reason = "JSON made at the call reads best without ampersands")]

use super::*;
use crate::command::{Act, Command};
use crate::event::{EventData, EventType};
use proptest::prelude::*;
use serde_json::{Value, json};

/// The example of GB 11643, and its owner's made-up mobile number.
const IDENTITY: &str = "11010519491231002X";
const MOBILE: &str = "13812345678";

fn register(data: Value) -> Value {
    let mut facts = json!({ "institution": "H51010500001", "category": "doctor" });
    facts.as_object_mut().unwrap().extend(data.as_object().unwrap().clone());
    json!({ "command": "practitioner.register", "subject": "D510105000123",
            "actor": { "authority": "agency", "area": "510100" }, "data": facts })
}

fn refusal(command: &Value) -> (&'static str, String, String) {
    let error = Command::parse(&command.to_string()).unwrap_err();
    (error.code, error.pointer, error.message.en)
}

fn sealed(number: u8) -> Value {
    json!({ "mark": format!("{number:022}"), "sealed": "A".repeat(60) })
}

#[test]
fn personal_data_is_taken_in_its_own_fields_only() {
    let fields =
        json!({ "name": "张三", "identity_number": IDENTITY, "phone": MOBILE, "certificate": "Z-1" });
    let command = Command::parse(&register(fields).to_string()).unwrap();
    let mut found = Vec::new();
    command.act.clone().each_personal(&mut |pointer, kind, _| found.push((pointer.to_owned(), kind)));
    assert_eq!(
        found,
        [
            ("/data/certificate".to_owned(), PersonalKind::Certificate),
            ("/data/identity_number".to_owned(), PersonalKind::IdentityNumber),
            ("/data/name".to_owned(), PersonalKind::Name),
            ("/data/phone".to_owned(), PersonalKind::Phone),
        ]
    );
    for (text, what) in
        [(IDENTITY, "identity number"), (MOBILE, "mobile number"), ("+8613812345678", "mobile number")]
    {
        for pointer in ["/reason", "/key", "/case", "/actor/office", "/basis/0/instrument"] {
            let mut command = register(json!({}));
            command["basis"] = json!([{ "instrument": "x" }]);
            let place = pointer[1..].split('/').fold(&mut command, |at, name| match name.parse::<usize>() {
                Ok(index) => &mut at[index],
                Err(_) => &mut at[name],
            });
            let before = if pointer == "/reason" { "\n" } else { " " };
            *place = json!(format!("{before}{text}，本人"));
            let (code, at, message) = refusal(&command);
            assert_eq!((code, at.as_str()), ("personal-data", pointer));
            assert!(message.contains(what) && !message.contains(text), "{message}");
        }
    }
}

#[test]
fn codes_sums_and_digests_are_no_personal_data() {
    for text in [
        "P13812345678",
        "H13050300012",
        "ins-13812345678a",
        "138123456789",
        "1381234567",
        "12812345678",
        "110105194912310021",
        "91350100M000100Y43",
        "01a2005f-f39a-7735-a9ca-138123456789",
        "a13812345678",
        "",
    ] {
        assert_eq!(looks_personal(text), None, "{text}");
    }
    assert_eq!(looks_personal("x 13812345678"), Some(PersonalKind::Phone));
    assert_eq!(looks_personal(r#"{"reason":"a\n13812345678"}"#), Some(PersonalKind::Phone));
    assert_eq!(looks_personal("电话13812345678。"), Some(PersonalKind::Phone));
    assert_eq!(looks_personal("（11010519491231002x）"), Some(PersonalKind::IdentityNumber));
}

#[test]
fn a_value_of_the_wrong_form_is_refused_and_not_repeated() {
    for (field, text) in [
        ("identity_number", "110105194912310021"),
        ("phone", "call me"),
        ("name", " "),
        ("certificate", &*"9".repeat(PERSONAL_BYTES_MAX + 1)),
    ] {
        let (code, pointer, message) = refusal(&register(json!({ field: text })));
        assert_eq!((code, pointer), ("invalid-value", format!("/data/{field}")));
        assert!(text == " " || !message.contains(text), "{message}");
        let long = PERSONAL_BYTES_MAX < text.len();
        assert!(!long || message.contains(&PERSONAL_BYTES_MAX.to_string()), "{message}");
    }
}

#[test]
fn what_stands_in_the_wrong_place_is_not_repeated() {
    for value in [json!(13_812_345_678_u64), json!(-13_812_345_678_i64), json!(1_381_234_567.8)] {
        let (_, pointer, message) = refusal(&register(json!({ "phone": value })));
        assert_eq!(pointer, "/data/phone");
        assert!(message.contains("in quotes") && !message.contains("1381234567"), "{message}");
    }
    let mut command = register(json!({}));
    command["subject"] = json!("110105194912310021");
    let (_, pointer, message) = refusal(&command);
    assert_eq!(pointer, "/subject");
    assert!(!message.contains("19491231"), "{message}");
}

#[test]
fn a_sealed_value_does_not_come_from_outside() {
    let (code, pointer, _) = refusal(&register(json!({ "name": sealed(1) })));
    assert_eq!((code, pointer.as_str()), ("invalid-value", "/data/name"));
    let correction = json!({
        "command": "practitioner.correct", "subject": "D510105000123", "actor": { "authority": "agency" },
        "data": { "event": "01980000-0000-7000-8000-000000000001", "changes": { "/data/name": sealed(1) } },
    });
    let (_, pointer, _) = refusal(&correction);
    assert_eq!(pointer, "/data/changes/~1data~1name");
}

#[test]
fn every_sealed_value_of_an_event_is_found_with_its_place() {
    let read = |name: &str, schema, data: Value| {
        EventData::read(EventType::by_name(name).unwrap(), schema, &data.to_string()).unwrap()
    };
    let pointers = |data: &EventData| data.sealed().into_iter().map(|(at, _)| at).collect::<Vec<_>>();
    let applied = json!({ "area": "370100", "name": "示例医院", "controllers": [sealed(1), sealed(2)], "principal": sealed(3) });
    let applied = read("institution.applied", 2, applied);
    assert_eq!(pointers(&applied), ["/data/controllers/0", "/data/controllers/1", "/data/principal"]);
    let changes = json!({ "/data/controllers": [sealed(1)], "/data/principal": sealed(2), "/data/name": "示例中心医院" });
    let correction = json!({ "event": "01980000-0000-7000-8000-000000000001", "changes": changes });
    assert_eq!(
        pointers(&read("institution.record-corrected", 1, correction)),
        ["/data/changes/~1data~1controllers/0", "/data/changes/~1data~1principal"]
    );
    let category = json!({ "what": "category", "to": "nurse" });
    let category = read("practitioner.details-changed", 2, category);
    assert_eq!((pointers(&category), category.plain_personal()), (vec![], vec![]));
    let old = read("practitioner.details-changed", 1, json!({ "what": "name", "to": "张三" }));
    assert_eq!((pointers(&old), old.plain_personal()), (vec![], vec!["/data/to".to_owned()]));
}

#[test]
fn what_a_correction_brings_is_told_by_the_event_it_corrects() {
    let correction = |changes: Value| {
        let command = json!({
            "command": "practitioner.correct", "subject": "D510105000123", "actor": { "authority": "agency" },
            "data": { "event": "01980000-0000-7000-8000-000000000001", "changes": changes },
        });
        Command::parse(&command.to_string()).unwrap().act
    };
    let visited = |mut act: Act, about: &str, data: Value| {
        let about = EventType::by_name(about).unwrap();
        let mut found = Vec::new();
        act.each_corrected(
            &EventData::read(about, about.schema(), &data.to_string()).unwrap(),
            &mut |at, kind, _| {
                found.push((at.to_owned(), kind));
            },
        );
        found
    };
    let registered = json!({ "institution": "H51010500001", "category": "doctor", "name": sealed(1) });
    assert_eq!(
        visited(
            correction(json!({ "/data/name": "李四", "/data/category": "nurse" })),
            "practitioner.registered",
            registered
        ),
        [("/data/changes/~1data~1name".to_owned(), PersonalKind::Name)]
    );
    let category = json!({ "what": "category", "to": "nurse" });
    assert_eq!(
        visited(
            correction(json!({ "/data/to": "doctor" })),
            "practitioner.details-changed",
            category.clone()
        ),
        []
    );
    assert_eq!(
        visited(
            correction(json!({ "/data/to": "李四", "/data/what": "name" })),
            "practitioner.details-changed",
            category
        ),
        [("/data/changes/~1data~1to".to_owned(), PersonalKind::Name)],
        "what it becomes counts as well as what it was"
    );
}

#[test]
fn debugging_shows_no_personal_data() {
    let command =
        Command::parse(&register(json!({ "name": "张三", "identity_number": IDENTITY })).to_string());
    let shown = format!("{command:?}");
    assert!(!shown.contains("张三") && !shown.contains(IDENTITY), "{shown}");
}

#[test]
fn two_ways_to_write_the_same_are_compared_as_one() {
    for (kind, one, other) in [
        (PersonalKind::Name, "张 三", "张三"),
        (PersonalKind::IdentityNumber, "11010519491231002x", IDENTITY),
        (PersonalKind::IdentityNumber, "110105491231002", IDENTITY),
        (PersonalKind::Phone, "+86 138-1234-5678", MOBILE),
    ] {
        assert_eq!(kind.normal(one), kind.normal(other));
    }
    assert_eq!(PersonalKind::Name.of(IDENTITY), PersonalKind::IdentityNumber);
    assert_eq!(PersonalKind::Name.of("张三"), PersonalKind::Name);
}

proptest! {
    #[test]
    fn a_number_is_found_wherever_it_stands(before in "[^0-9A-Za-z]{0,40}", after in "[^0-9A-Za-z]{0,40}", mobile in "1[3-9][0-9]{9}") {
        let text = format!("{before}{mobile}{after}");
        prop_assert_eq!(looks_personal(&text), Some(PersonalKind::Phone));
        let text = format!("{before}{IDENTITY}{after}");
        prop_assert_eq!(looks_personal(&text), Some(PersonalKind::IdentityNumber));
        let within_json = serde_json::to_string(&text).unwrap();
        prop_assert_eq!(looks_personal(&within_json), Some(PersonalKind::IdentityNumber));
    }
}
