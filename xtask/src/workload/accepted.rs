//! The domain accepts every line of the workload and comes to what the plans expect.

use super::expected::Expected;
use super::{Workload, middle_and_end};
use accord_domain::Laws;
use accord_domain::command::Command;
use accord_domain::track::Track;
use accord_domain::{Context, Event, Instant, Subject, decide, event, timeline};
use accord_store::ids;
use std::collections::BTreeMap;

const SALT: u64 = 42;

/// A ledger in memory, as simple as can be: every event of every subject.
#[derive(Default)]
struct Memory {
    subjects: BTreeMap<String, (Subject, Vec<Event>)>,
    events: u64,
    recorded: i64,
    bytes: u64,
}

impl Memory {
    fn record(&mut self, line: &str, now: i64) {
        let command = Command::parse(line).unwrap_or_else(|error| panic!("{error}: {line}"));
        let subject = command.subject.clone();
        let (_, events) =
            self.subjects.entry(subject.stream()).or_insert_with(|| (subject.clone(), Vec::new()));
        let at = command.envelope.effective_at.unwrap();
        let state = timeline::state_at(subject.kind(), events, at);

        let version = events.last().map(|event| event.version);
        let laws = Laws::national();
        let context = Context { effective_at: at, laws, version, history: events, others: &[], erased: None };
        let decided = decide(&state, &command, &context).unwrap_or_else(|no| panic!("{no:?}: {line}"));
        for (index, new) in decided.iter().enumerate() {
            let first = version.map_or(0, |version| version + 1);
            let mut proposed = event::encode(&command, new, first, index, false, laws.book().hash()).unwrap();
            self.recorded = now.max(self.recorded + 1);
            let recorded_at = Instant::from_micros(self.recorded);
            proposed.stamp(ids::event_id(recorded_at, self.events, SALT), recorded_at);
            let version = first + u32::try_from(index).unwrap();
            let body = std::str::from_utf8(&proposed.body).unwrap();
            let (kind, at) = (proposed.kind, proposed.effective_at);
            events.push(Event::decode(kind, self.events, version, at, recorded_at, body).unwrap());
            self.events += 1;
            self.bytes += proposed.body.len() as u64;
        }
    }

    /// What stands as of a date, in the form the workload expects.
    fn census(&self, as_of: Instant) -> Expected {
        let mut census = Expected::new();
        for (subject, events) in self.subjects.values() {
            let home = super::plan::AREAS.iter().copied().find(|area| {
                let code = subject.code().trim_start_matches(|letter: char| letter.is_ascii_alphabetic());
                code.starts_with(&area.to_string()[..4])
            });
            let state = timeline::state_at(subject.kind(), events, as_of);
            for span in state.standing(as_of) {
                let (area, line) = match span.track {
                    Track::Agreement(area, line) => (area.number(), line.name()),
                    Track::Qualification if span.value.name() != "unregistered" => (home.unwrap(), ""),
                    _ => continue,
                };
                *census.entry((area, line, span.value.name())).or_default() += 1;
            }
        }
        census
    }
}

#[test]
fn every_line_is_accepted_and_leads_where_the_plans_say() {
    let workload = Workload::of_events(10_000);
    let dir = tempfile::tempdir().unwrap();
    let written = workload.write(&dir.path().join("commands.jsonl"), SALT).unwrap();
    let text = std::fs::read_to_string(&written.path).unwrap();
    let mut memory = Memory { recorded: i64::MIN, ..Memory::default() };
    for (index, line) in text.lines().enumerate() {
        memory.record(line, written.settings()[index / 100]);
    }
    assert_eq!(memory.events, written.events);
    let mean = memory.bytes / memory.events;
    assert!((500..=600).contains(&mean), "{mean} bytes an event");
    let (middle, end) = middle_and_end();
    assert_eq!(memory.census(end), workload.expected(end));
    assert_eq!(memory.census(middle), workload.expected(middle));
}
