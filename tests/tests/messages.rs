//! Whatever is wrong with a command is said in both languages: every value of every sample is spoiled in every way there is.

#![expect(clippy::unwrap_used, reason = "a fault of the test itself panics where it is")]

use accord_domain::{Command, CommandError};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};

/// One line for every act there is in the samples, the longest: it shows the most fields.
fn lines() -> BTreeMap<String, Value> {
    let mut lines: BTreeMap<String, Value> = BTreeMap::new();
    for (_, text) in accord_tests::samples().into_iter().chain(accord_tests::made_up()) {
        for line in text.lines() {
            let value: Value = serde_json::from_str(line).unwrap();
            let name = value["command"].as_str().unwrap().to_owned();
            if lines.get(&name).is_none_or(|known| known.to_string().len() < line.len()) {
                lines.insert(name, value);
            }
        }
    }
    lines
}

/// The pointers to every value inside.
fn places(value: &Value, at: &str, out: &mut Vec<String>) {
    let mut below = |name: &str, inner: &Value| {
        let place = format!("{at}/{}", name.replace('~', "~0").replace('/', "~1"));
        out.push(place.clone());
        places(inner, &place, out);
    };
    match value {
        Value::Object(members) => members.iter().for_each(|(name, inner)| below(name, inner)),
        Value::Array(list) => list.iter().enumerate().for_each(|(at, inner)| below(&at.to_string(), inner)),
        _ => {}
    }
}

fn spoiled(good: &Value) -> Vec<String> {
    let mut out = Vec::new();
    let mut at = Vec::new();
    places(good, "", &mut at);
    let values = [
        json!(null),
        json!(true),
        json!(-1),
        json!(300),
        json!(2.5),
        json!(i64::MAX),
        json!(""),
        json!("x"),
        json!("2025-02-30"),
        json!("0205-08-04"),
        json!("34052419800101001X"),
        json!([]),
        json!([1]),
        json!({}),
        json!({ "mark": "x", "sealed": "y" }),
    ];
    for place in &at {
        for value in &values {
            let mut bad = good.clone();
            *bad.pointer_mut(place).unwrap() = value.clone();
            out.push(bad.to_string());
        }
        let (parent, name) = place.rsplit_once('/').unwrap();
        let mut bad = good.clone();
        if let Some(members) = bad.pointer_mut(parent).and_then(Value::as_object_mut) {
            members.remove(&name.replace("~1", "/").replace("~0", "~"));
            out.push(bad.to_string());
            let mut more = good.clone();
            more.pointer_mut(parent).unwrap()["no_such_field"] = json!(1);
            out.push(more.to_string());
        }
    }
    let text = good.to_string();
    out.extend(
        (1..text.len())
            .step_by(23)
            .filter(|end| text.is_char_boundary(*end))
            .map(|end| text[..end].to_owned()),
    );
    for (from, to) in
        [("\":", "\""), (",\"", "\""), ("\"", ""), ("}", ",}"), (":\"", ":'"), ("\"command\"", "\"\\ud800\"")]
    {
        out.push(text.replacen(from, to, 1));
    }
    out
}

/// What is left of a Chinese sentence without what is quoted in it.
fn own_words(zh: &str) -> String {
    let mut out = String::new();
    let mut rest = zh;
    while let Some(begin) = rest.find(['`', '"', '\'']) {
        let quote = rest[begin..].chars().next().unwrap();
        out.push_str(&rest[..begin]);
        let inside = &rest[begin + 1..];
        let mut escaped = false;
        let end = inside.find(|c: char| {
            let ends = c == quote && !escaped;
            escaped = c == '\\' && !escaped;
            ends
        });
        rest = end.map_or("", |end| &inside[end + 1..]);
    }
    out + rest
}

/// Names that are the same in every language.
const NAMES: [&str; 5] = ["JSON", "SHA", "UTF", "key", "UUID"];

fn foreign(error: &CommandError) -> Option<String> {
    let own = own_words(&error.message.zh);
    let words = own.split(|c: char| !c.is_ascii_alphabetic());
    let word = words.filter(|word| word.len() > 1).find(|word| !NAMES.contains(word))?;
    Some(format!("{word}: {} | {}", error.message.zh, error.message.en))
}

#[test]
fn every_fault_of_a_command_is_told_in_chinese_too() {
    let mut english = BTreeSet::new();
    let mut codes = BTreeSet::new();
    for line in lines().values() {
        for bad in spoiled(line) {
            if let Err(error) = Command::parse(&bad) {
                codes.insert(error.code);
                english.extend(foreign(&error));
            }
        }
    }
    let shown: Vec<String> = english.iter().take(20).map(|one| one.chars().take(200).collect()).collect();
    assert!(english.is_empty(), "{} sentences: {shown:#?}", english.len());
    let all = [
        "duplicate-field",
        "invalid-value",
        "malformed-json",
        "missing-field",
        "personal-data",
        "too-large",
        "unknown-command",
        "unknown-field",
    ];
    let rare = ["duplicate-field", "too-large", "unknown-command"];
    for code in all.iter().filter(|code| !rare.contains(code)) {
        assert!(codes.contains(code), "{code} was never met: {codes:?}");
    }
}
