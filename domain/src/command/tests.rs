use super::{Act, Command, CommandError};
use crate::limits::{COMMAND_BYTES_MAX, LIST_ITEMS_MAX, TEXT_BYTES_MAX};
use crate::time::Instant;
use serde_json::{Value, json};
use std::fmt::Write;

/// A command as people write it.
const GOOD: &str = r#"{
  "command": "institution.suspend-agreement",
  "subject": "P43050300012",
  "effective_at": "2025-08-04",
  "actor": { "authority": "agency", "area": "430500", "office": "邵阳市医疗保障事务中心", "operator": "op-17" },
  "basis": [ { "instrument": "2025年定点零售药店协议", "article": "58" } ],
  "reason": "追溯码线索核查属实",
  "key": "邵医保-2025-0804-2",
  "data": { "area": "430500", "line": "special_outpatient", "until": "2025-11-04", "ground": "agreement-breach" }
}"#;

fn refusal(text: &str) -> String {
    let error = Command::parse(text).expect_err("refused");
    format!("{} {}:{} {error}", error.code, error.line, error.column)
}

/// The good command with one text replaced by another.
fn slip(from: &str, to: &str) -> String {
    assert!(GOOD.contains(from), "{from}");
    refusal(&GOOD.replacen(from, to, 1))
}

#[test]
fn bytes_are_text_with_or_without_a_mark_before_it_and_else_the_place_is_told_in_characters() {
    assert_eq!(CommandError::utf8("\u{feff}{}".as_bytes()).unwrap(), "{}");
    let error = CommandError::utf8(b"{\n  \"\xe9\x82\xb5\": \"\xc9\xdb\"}").unwrap_err();
    assert_eq!((error.code, error.line, error.column), ("not-utf-8", 2, 9));
}

#[test]
fn a_good_command_is_read_whole() {
    let command = Command::parse(GOOD).unwrap();
    assert_eq!(command.act.name(), "institution.suspend-agreement");
    assert_eq!(command.envelope.effective_at, Some(Instant::parse("2025-08-04").unwrap()));
    assert!(matches!(command.act, Act::Institution(_)));
}

#[test]
fn bad_input_names_the_place_and_what_would_be_right() {
    let mut out = String::new();
    let mut say = |what: &str, refusal: String| {
        let refusal = if refusal.len() > 420 {
            format!("{}…", refusal.chars().take(420).collect::<String>())
        } else {
            refusal
        };
        writeln!(out, "{what}\n    {refusal}").unwrap();
    };
    say("nothing", refusal(""));
    say("no JSON", refusal("suspend it"));
    say("a list", refusal("[]"));
    say("cut off", refusal(&GOOD[..300]));
    say("a comma too many", slip("\"58\" }", "\"58\", }"));
    say("something after the end", refusal(&format!("{GOOD} x")));
    say("unknown command", slip("suspend-agreement", "suspend-agrement"));
    say("unknown kind of subject", slip("institution.suspend", "hospital.suspend"));
    say("unknown field", slip("\"reason\"", "\"raeson\""));
    say("unknown field in data", slip("\"until\"", "\"untill\""));
    say("unknown field in a list", slip("\"article\"", "\"artcle\""));
    say("field twice", slip("\"reason\"", "\"subject\": \"P43050300012\", \"reason\""));
    say("field twice in data", slip("\"line\"", "\"area\": \"430500\", \"line\""));
    say("missing field", slip("\"subject\": \"P43050300012\",", ""));
    say("missing field in data", slip(", \"ground\": \"agreement-breach\"", ""));
    say("missing field in actor", slip("\"authority\": \"agency\", ", ""));
    say("wrong type", slip("\"area\": \"430500\", \"line\"", "\"area\": 430500, \"line\""));
    say(
        "wrong type of data",
        slip(
            "{ \"area\": \"430500\", \"line\": \"special_outpatient\", \"until\": \"2025-11-04\", \"ground\": \"agreement-breach\" }",
            "[\"430500\"]",
        ),
    );
    say(
        "wrong type of actor",
        slip(
            "{ \"authority\": \"agency\", \"area\": \"430500\", \"office\": \"邵阳市医疗保障事务中心\", \"operator\": \"op-17\" }",
            "\"agency\"",
        ),
    );
    say("unknown word", slip("special_outpatient", "special-outpatient"));
    say("unknown authority", slip("\"agency\"", "\"ministry\""));
    say("impossible date", slip("2025-11-04", "2025-02-30"));
    say("impossible effective date", slip("2025-08-04", "2025-13-01"));
    say("year out of range", slip("2025-08-04", "0205-08-04"));
    say("wrong subject", slip("P43050300012", "P4305030001"));
    say("subject of another kind", slip("P43050300012", "D510105000123"));
    say("wrong area", slip("\"area\": \"430500\", \"office\"", "\"area\": \"43050\", \"office\""));
    say("empty key", slip("邵医保-2025-0804-2", ""));
    say("key too long", slip("邵医保-2025-0804-2", &"k".repeat(201)));
    say("negative version", slip("\"reason\"", "\"expected_version\": -1, \"reason\""));
    say(
        "bad digest",
        slip("\"reason\"", "\"evidence\": [ { \"name\": \"a\", \"sha256\": \"AB\" } ], \"reason\""),
    );
    say("unknown without pointer", slip("\"reason\"", "\"unknown\": { \"from\": \"not said\" }, \"reason\""));
    say(
        "unknown with a pointer of other letters",
        slip("\"reason\"", "\"unknown\": { \"/data/期限\": \"未载明\" }, \"reason\""),
    );
    say(
        "unknown twice",
        slip("\"reason\"", "\"unknown\": { \"/data/from\": \"a\", \"/data/from\": \"b\" }, \"reason\""),
    );
    insta::assert_snapshot!(out);
}

fn deduction(points: &Value) -> Value {
    json!({
        "command": "practitioner.deduct-points", "subject": "D430500000001", "actor": { "authority": "agency" },
        "data": { "points": points, "behaviour": "art-38", "institution": "H43050000001", "area": "430500" },
    })
}

#[test]
fn numbers_out_of_range_say_what_range_there_is() {
    let mut out = String::new();
    for points in [json!(300), json!(-1), json!(2.5), json!("3"), json!(1e30)] {
        writeln!(out, "{points}: {}", refusal(&deduction(&points).to_string())).unwrap();
    }
    insta::assert_snapshot!(out);
}

#[test]
fn sums_of_money_stay_within_what_is_written_exactly() {
    let recovery = |sum: Value| {
        json!({
            "command": "institution.recover-funds", "subject": "H43050000001", "actor": { "authority": "agency" },
            "data": { "amount_fen": sum },
        })
        .to_string()
    };
    let most = crate::limits::MONEY_FEN_MAX;
    assert!(Command::parse(&recovery(json!(most))).is_ok());
    assert!(Command::parse(&recovery(json!(null))).is_ok());
    assert_eq!(
        refusal(&recovery(json!(most + 1))),
        "invalid-value 1:92 /data/amount_fen: 100000000000001 fen; a sum lies between -100000000000000 and \
         100000000000000 fen"
    );
    assert!(refusal(&recovery(json!(99.0))).contains("invalid type: floating point"));
    // Beyond what the reader of JSON takes for a whole number, and beyond what one is read into here.
    for digits in ["99999999999999999999", "9999999999999999999"] {
        for (sign, right) in
            [("", "too large: at most 100000000000000"), ("-", "too small: at least -100000000000000")]
        {
            let text = recovery(json!(0)).replace(":0}", &format!(":{sign}{digits}}}"));
            assert_eq!(refusal(&text), format!("invalid-value 1:92 /data/amount_fen: {right}"));
        }
    }
    let text = recovery(json!(0)).replace(":0}", ":99999999999999999999}");
    assert_eq!(Command::parse(&text).unwrap_err().message.zh, "过大：至多 100000000000000");
}

#[test]
fn texts_hold_only_what_is_seen_when_they_are_shown() {
    let with = |pointer: &str, text: &str| {
        let mut command: Value = serde_json::from_str(GOOD).unwrap();
        command["unknown"] = json!({ "/basis": "x" });
        command["case"] = json!("x");
        command["data"]["ground"] = json!("x");
        *command.pointer_mut(pointer).unwrap() = json!(text);
        Command::parse(&command.to_string())
    };
    let forbidden =
        ["\u{0}", "\u{1b}", "\u{7f}", "\u{85}", "\u{9b}", "\u{202e}", "\u{2066}", "\u{200f}", "a\rb"];
    let one_line = ["/basis/0/instrument", "/actor/office", "/case", "/key"];
    for sign in forbidden {
        for pointer in one_line.iter().chain(&["/reason", "/data/ground", "/unknown/~1basis"]) {
            if let Ok(command) = with(pointer, &format!("某{sign}医院")) {
                panic!("{pointer} {sign:?}: {command:?}");
            }
        }
    }
    let error = with("/actor/office", "某\u{1b}[2J医院").unwrap_err();
    assert_eq!((error.code, &*error.pointer, error.line), ("invalid-value", "/actor/office", 1));
    assert!(error.message.en.contains("U+001B") && error.message.zh.contains("U+001B"), "{error:?}");
    for several in ["一\n二", "一\r\n二", "一\t二"] {
        for pointer in ["/reason", "/data/ground", "/unknown/~1basis"] {
            assert!(with(pointer, several).is_ok(), "{pointer}");
        }
        for pointer in one_line {
            assert!(with(pointer, several).is_err(), "{pointer}");
        }
    }
    // Signs of every script, and quotation marks.
    assert!(with("/actor/office", "“某”医院·Ünïcode—Ω \"甲\" \\").is_ok());
    let named = json!({ "command": "institution.interview", "subject": "P43050300012", "actor": { "authority": "agency" },
        "unknown": { "/basis\u{1b}": "x" } });
    assert!(refusal(&named.to_string()).contains("/unknown: holds U+001B"));
}

#[test]
fn what_is_not_known_is_a_field_of_the_command() {
    let with = |pointer: &str| {
        let mut command: Value = serde_json::from_str(GOOD).unwrap();
        command["unknown"][pointer] = json!("来源未载明");
        Command::parse(&command.to_string())
    };
    for pointer in [
        "/effective_at",
        "/actor/authority",
        "/actor/approver",
        "/basis",
        "/basis/0/article",
        "/case",
        "/evidence/2/sha256",
        "/data",
        "/data/until",
        "/data/at_request",
        "/data/act_from",
    ] {
        assert!(with(pointer).is_ok(), "{pointer}: {:?}", with(pointer));
    }
    for pointer in [
        "/data/nope",
        "/data/",
        "/",
        "/untill",
        "/actor/name",
        "/basis/x",
        "/basis/0/law",
        "/data/until/0",
        "/data/amount_fen",
    ] {
        let error = with(pointer).expect_err(pointer);
        assert_eq!(error.pointer, format!("/unknown/{}", pointer.replace('/', "~1")));
        assert!(1 < error.column && error.message.zh.contains(pointer), "{error:?}");
    }
    let error = with("/actor/name").unwrap_err();
    assert_eq!(
        error.message.en,
        "\"/actor/name\" names no field of institution.suspend-agreement; there are: approver, area, authority, office, operator"
    );
}

#[test]
fn there_is_a_limit_on_texts_lists_nesting_and_the_whole() {
    let mut command = deduction(&json!(3));
    command["reason"] = json!("长".repeat(TEXT_BYTES_MAX / 3 + 1));
    assert!(refusal(&command.to_string()).contains("/reason: 4002 bytes; at most 4000"));
    command["reason"] = json!("x");
    command["data"]["behaviour"] = json!("b".repeat(TEXT_BYTES_MAX + 1));
    assert!(refusal(&command.to_string()).contains("/data/behaviour: 4001 bytes"));

    let mut command = deduction(&json!(3));
    command["basis"] = json!(vec![json!({ "instrument": "x" }); LIST_ITEMS_MAX + 1]);
    assert!(refusal(&command.to_string()).contains("/basis: 1001 items; at most 1000"));

    let mut deep = json!(1);
    for _ in 0..30 {
        deep = json!([deep, "x".repeat(200)]);
    }
    let mut command = json!({
        "command": "practitioner.correct", "subject": "D430500000001", "actor": { "authority": "agency" },
        "data": { "event": "00000000-0000-0000-0000-000000000000", "changes": { "/data/name": deep } },
    });
    assert!(refusal(&command.to_string()).contains("nested deeper than 16 levels"));
    command["reason"] = json!("x".repeat(COMMAND_BYTES_MAX));
    assert!(refusal(&command.to_string()).starts_with("too-large"));

    let bottomless = format!("{{\"command\": {}", "[".repeat(5_000));
    assert!(refusal(&bottomless).starts_with("invalid-value"), "{}", refusal(&bottomless));
}

#[test]
fn what_asks_the_same_has_the_same_digest_whatever_the_spelling() {
    let digest = |text: &str| Command::parse(text).unwrap().digest().unwrap();
    let compact = serde_json::to_string(&serde_json::from_str::<Value>(GOOD).unwrap()).unwrap();
    assert_eq!(digest(GOOD), digest(&compact));
    assert_eq!(digest(GOOD), digest(&GOOD.replace("2025-08-04", "2025-08-03T16:00:00Z")));
    assert_eq!(
        digest(GOOD),
        digest(&GOOD.replace("\"key\": \"邵医保-2025-0804-2\",", "\"expected_version\": 3,"))
    );
    assert_ne!(digest(GOOD), digest(&GOOD.replace("2025-11-04", "2025-11-05")));
    assert_ne!(digest(GOOD), digest(&GOOD.replace("op-17", "op-18")));
}

#[test]
fn an_event_is_named_by_the_key_of_its_command() {
    let known = uuid::Uuid::from_u128(7);
    let read = |event: &str, more: &str| {
        let text = format!(
            r#"{{"command":"institution.correct","subject":"P43050300012","actor":{{"authority":"agency"}},
            "data":{{"event":"{event}","changes":{{"/data/number":"@x"}}{more}}}}}"#
        );
        let mut asked = Vec::new();
        let read = Command::parse_naming(&text, &mut |key| {
            asked.push(key.to_owned());
            (key == "合同-1").then_some(known)
        });
        (read, asked)
    };
    let (named, asked) = read("@合同-1", "");
    assert_eq!(named.unwrap().act.correction().unwrap().event, known);
    assert_eq!(asked, ["合同-1"], "a text that begins alike is left alone");
    let error = read("@合同-2", "").0.unwrap_err();
    assert_eq!((error.code, &*error.pointer, error.line), ("unknown-key", "/data/event", 2));
    let error = read("@合同-1", r#","no_such":1"#).0.unwrap_err();
    assert_eq!((error.code, &*error.pointer, error.line), ("unknown-field", "/data/no_such", 2));
    let (plain, asked) = read("00000000-0000-0000-0000-000000000007", "");
    assert!(plain.is_ok() && asked.is_empty());
    let (wrong, asked) = read("合同-1", "");
    assert!(wrong.is_err() && asked.is_empty(), "without the sign it is no key");
}
