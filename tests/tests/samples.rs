//! The sample histories: readable as commands, with keys of their own, silent where the source is silent; and the made-up
//! ones, which together with them show every act there is.

use accord_domain::{Act, Subject};
use accord_tests::{lanes::lanes, world::World};
use serde_json::Value as Json;
use std::collections::BTreeSet;

#[test]
fn every_line_of_every_sample_is_a_command() {
    for (name, text) in accord_tests::samples() {
        for (number, line) in text.lines().enumerate() {
            if let Err(error) = accord_tests::sample_command(line) {
                panic!("{name}:{}: {error}", number + 1);
            }
        }
    }
}

#[test]
fn the_demo_compiles_in_every_sample_in_the_order_of_their_names() {
    let folder = |files: Vec<(String, String)>| -> Vec<_> {
        files.into_iter().map(|(name, text)| (name + ".jsonl", text)).collect()
    };
    let compiled = |files: &[(&str, &str)]| -> Vec<_> {
        files.iter().map(|(name, text)| ((*name).to_owned(), (*text).to_owned())).collect()
    };
    assert_eq!(compiled(accord_api::samples::FILES), folder(accord_tests::samples()));
    assert_eq!(compiled(accord_api::samples::MADE_UP), folder(accord_tests::made_up()));
}

/// Reading is recorded only where something is read, and an erased history shows nothing: both are in the tests of
/// personal data.
fn is_about_personal_data(name: &str) -> bool {
    name.ends_with("-personal-data")
}

/// Nobody can ask for this: the ledger does it itself, as the tests of what crosses subjects show.
const OWN_ACTS: [&str; 1] = ["institution.raise-review"];

#[test]
fn every_act_of_the_vocabulary_is_in_a_sample() {
    let shown: BTreeSet<String> = accord_tests::samples()
        .into_iter()
        .chain(accord_tests::made_up())
        .flat_map(|(_, text)| text.lines().map(str::to_owned).collect::<Vec<_>>())
        .map(|line| serde_json::from_str::<Json>(&line).expect("JSON"))
        .map(|command| command["command"].as_str().expect("a command").to_owned())
        .collect();
    let elsewhere = |name: &str| OWN_ACTS.contains(&name) || is_about_personal_data(name);
    let missing: Vec<_> = Act::names().filter(|name| !shown.contains(*name) && !elsewhere(name)).collect();
    assert!(missing.is_empty(), "in no sample: {missing:?}");
}

#[test]
fn made_up_histories_say_so_and_lie_in_a_region_that_does_not_exist() {
    let mut keys = BTreeSet::new();
    for (name, text) in accord_tests::made_up() {
        let mut subjects = BTreeSet::new();
        for line in text.lines() {
            let command: Json = serde_json::from_str(line).expect("JSON");
            let (key, case) =
                (command["key"].as_str().expect("a key"), command["case"].as_str().expect("a case"));
            assert!(keys.insert(key.to_owned()), "{name}: key {key} is used twice");
            assert!(name.starts_with(&case.to_lowercase()), "{name}: {key} belongs to case {case}");
            assert!(
                key.starts_with(&format!("example/{case}/")),
                "{name}: {key} does not begin with its case"
            );
            let code = command["subject"].as_str().expect("a subject");
            let digits: String = code.chars().filter(char::is_ascii_digit).collect();
            let region = code.starts_with("91990100") || digits.starts_with("990100");
            assert!(region || code.contains("shili"), "{name}: {code}");
            if subjects.insert(code.to_owned()) {
                let reason = command["reason"].as_str().unwrap_or_default();
                assert!(
                    reason.starts_with("示例，非真实案例"),
                    "{name}: {key} does not say that it is made up"
                );
            }
        }
    }
}

#[test]
fn every_sample_command_has_a_key_of_its_own_and_names_its_case_and_source() {
    let mut keys = BTreeSet::new();
    for (name, command) in accord_tests::sample_commands() {
        let key = command.envelope.key.clone().unwrap_or_else(|| panic!("{name}: a command without a key"));
        assert!(keys.insert(key.clone()), "{name}: key {key} is used twice");
        let case = command.envelope.case.as_deref().unwrap_or_default();
        assert!(name.starts_with(&case.to_lowercase()), "{name}: {key} belongs to case {case}");
        assert!(key.starts_with(&format!("sample/{case}/")), "{name}: {key} does not begin with its case");
        assert_eq!(command.envelope.evidence.len(), 1, "{name}: {key} names its source");
    }
}

#[test]
fn codes_are_placeholders_with_serial_numbers_from_nine_on() {
    for (name, command) in accord_tests::sample_commands() {
        let digits: String = command.subject.code().chars().filter(char::is_ascii_digit).collect();
        assert_eq!(digits.as_bytes()[6], b'9', "{name}: {}", command.subject);
    }
}

#[test]
fn what_is_said_to_be_unknown_is_not_stated_beside_it() {
    // These fields may not be left out: the reason says what the value stands for.
    const STAND_IN: [&str; 11] = [
        "/effective_at",
        "/data/act_from",
        "/data/act_to",
        "/data/behaviour",
        "/data/departure_reason",
        "/data/lines",
        "/data/until",
        "/data/reason_class",
        "/data/category",
        "/data/inspection",
        "/actor/authority",
    ];
    for (name, text) in accord_tests::samples() {
        for line in text.lines() {
            let value: serde_json::Value = serde_json::from_str(line).expect("JSON");
            let Some(unknown) = value["unknown"].as_object() else { continue };
            for pointer in unknown.keys() {
                let stated = value.pointer(pointer).is_some();
                assert!(!stated || STAND_IN.contains(&&**pointer), "{name}: {pointer} is stated and unknown");
            }
        }
    }
}

#[test]
fn people_of_a_sample_belong_to_institutions_of_that_sample() {
    let institutions: BTreeSet<_> = accord_tests::sample_commands()
        .into_iter()
        .filter_map(|(name, command)| match command.subject {
            Subject::Institution(code) => Some((name, code.to_string())),
            Subject::Practitioner(_)
            | Subject::Enterprise(_)
            | Subject::Insured(_)
            | Subject::Area(_)
            | Subject::Case(_) => None,
        })
        .collect();
    for (name, text) in accord_tests::samples() {
        for line in text.lines() {
            let value: serde_json::Value = serde_json::from_str(line).expect("JSON");
            if let Some(code) = value["data"]["institution"].as_str() {
                assert!(institutions.contains(&(name.clone(), code.to_owned())), "{name}: {code}");
            }
        }
    }
}

/// The timelines of one sample, recorded in a ledger of its own.
async fn timelines(text: &str) -> String {
    let world = World::new();
    let mut subjects: Vec<String> = Vec::new();
    for line in text.lines() {
        let command: Json = serde_json::from_str(line).expect("JSON");
        world.does("2026-03-01T09:00:00+08:00", &command).await;
        let subject = command["subject"].as_str().expect("a subject").to_owned();
        if !subjects.contains(&subject) {
            subjects.push(subject);
        }
    }
    let mut text = String::new();
    for subject in &subjects {
        text.push_str(&lanes(&world, subject).await);
    }
    text
}

#[tokio::test]
async fn every_sample_is_accepted_whole_and_its_timelines_are_as_its_source_says() {
    for (name, text) in accord_tests::samples().into_iter().chain(accord_tests::made_up()) {
        insta::assert_snapshot!(name, timelines(&text).await);
    }
}
