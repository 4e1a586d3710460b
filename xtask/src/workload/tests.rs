//! What the workload promises.

use super::plan::AREAS;
use super::{Act, Kind, Pace, Workload, Written};
use accord_domain::Instant;
use accord_domain::command::Command;
use accord_store::clock::{Clock, ManualClock};
use std::collections::BTreeSet;
use std::sync::Arc;

const SALT: u64 = 42;

fn write(events: u64) -> (Workload, Written, String) {
    let workload = Workload::of_events(events);
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("commands.jsonl");
    let written = workload.write(&path, SALT).unwrap();
    let text = std::fs::read_to_string(&path).unwrap();
    (workload, written, text)
}

#[test]
fn the_same_seed_writes_the_same_bytes() {
    let (_, first, text) = write(2_000);
    let (_, second, again) = write(2_000);
    assert_eq!(text, again);
    assert_eq!(first.lines, second.lines);
    assert_eq!(first.lines, text.lines().count() as u64);
}

#[test]
fn five_hundred_thousand_events_are_85_000_subjects() {
    let workload = Workload::of_events(500_000);
    assert_eq!((workload.institutions, workload.practitioners), (25_000, 60_000));
}

#[test]
fn every_institution_comes_to_eight_events_and_every_practitioner_to_five() {
    let workload = Workload::of_events(20_000);
    for subject in 0..workload.subjects() {
        let plan = workload.plan(subject);
        let mended = |act| matches!(act, Act::CorrectFirst | Act::AnnulLast);
        let events: u8 = plan.steps.iter().filter(|step| !mended(step.act)).map(|step| step.events).sum();
        assert_eq!(events, if plan.kind == Kind::Practitioner { 5 } else { 8 }, "{plan:?}");
    }
}

#[test]
fn shares_are_those_of_the_description() {
    let (workload, written, text) = write(100_000);
    let share = |part: u64, whole: u64| part * 1_000 / whole;
    assert!((25..=35).contains(&share(written.late, written.lines)), "late: {written:?}");
    assert!((4..=6).contains(&share(written.mended, written.events)), "mended: {written:?}");
    assert!(written.overtaken > 0);
    let first = (0..workload.subjects()).filter(|subject| workload.plan(*subject).area == AREAS[0]).count();
    assert!((180..=220).contains(&share(first as u64, workload.subjects())), "{first}");
    let neighbours = text.lines().zip(text.lines().skip(1));
    let subject = |line: &str| line.split("\"subject\":\"").nth(1).map(|rest| rest[..13].to_owned());
    let same = neighbours.filter(|(a, b)| subject(a) == subject(b)).count();
    assert!(same < 100, "{same}");
}

#[test]
fn codes_are_unique_and_every_line_is_a_command() {
    let (workload, written, text) = write(20_000);
    let codes: BTreeSet<String> =
        (0..workload.subjects()).map(|subject| workload.plan(subject).code()).collect();
    assert_eq!(codes.len() as u64, workload.subjects());
    for line in text.lines() {
        Command::parse(line).unwrap_or_else(|error| panic!("{error}: {line}"));
    }
    let mean = written.bytes / written.lines;
    assert!((300..=450).contains(&mean), "{mean}");
}

#[test]
fn the_clock_stands_where_the_lines_were_entered() {
    let workload = Workload::of_events(5_000);
    let dir = tempfile::tempdir().unwrap();
    let written = workload.write(&dir.path().join("commands.jsonl"), SALT).unwrap();
    let clock = Arc::new(ManualClock::at(Instant::MIN));
    let mut pace = Pace::start(&written, Arc::clone(&clock));
    let mut settings = Vec::new();
    for _ in 0..written.lines {
        settings.push(clock.now());
        pace.line();
    }
    assert_eq!(settings.len() as u64, written.lines);
    assert_eq!(settings[0], settings[99]);
    assert!(settings[99] < settings[100]);
    settings.dedup();
    assert_eq!(settings.len() as u64, written.lines.div_ceil(100));
}
