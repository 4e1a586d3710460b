//! Deciding alone: a command that is read, on the state it meets, under the whole rulebook; no file is touched.

use super::clients::Client;
use super::measure::Calls;
use super::report::{Figure, Mark};
use crate::workload::{SEED, Workload, middle_and_end};
use accord_domain::Laws;
use accord_domain::command::Command;
use accord_domain::{Context, Event, Instant, decide, event, timeline};
use accord_store::ids;
use anyhow::{anyhow, ensure};
use std::collections::HashMap;

/// Lives told in one run: about six commands each.
const SUBJECTS: u64 = 2_000;
/// What half of all commands are meant to be decided in, in microseconds.
const P50_MICROS: f64 = 20.0;

/// Median and 99th percentile, after a first run that warms the caches.
pub(crate) fn measure(workload: &Workload, runs: u16) -> anyhow::Result<Vec<Figure>> {
    let (mut p50, mut p99) = (Vec::new(), Vec::new());
    for run in 0..=runs {
        let calls = lives(Client::new(workload, u64::from(run) * SUBJECTS, SUBJECTS))?;
        if run > 0 {
            p50.push(calls.micros(50.0));
            p99.push(calls.micros(99.0));
        }
    }
    Ok(vec![
        Figure::new("decide p50", "µs", &p50)?.mark(Mark::AtMost(P50_MICROS)),
        Figure::new("decide p99", "µs", &p99)?,
    ])
}

/// Tells lives to their ends, in memory. Only the decision is timed, not the reading, the folding or the writing.
fn lives(mut client: Client) -> anyhow::Result<Calls> {
    let laws = Laws::national();
    let mut histories: HashMap<String, Vec<Event>> = HashMap::new();
    let mut calls = Calls::new()?;
    let (_, end) = middle_and_end();
    let mut position = 0_u64;
    while let Some(next) = client.next() {
        let command = Command::parse(&next.line)?;
        let subject = command.subject.clone();
        let events = histories.entry(subject.stream()).or_default();
        let effective_at = command.envelope.effective_at.unwrap_or(end);
        let state = timeline::state_at(subject.kind(), events, effective_at);
        let version = events.last().map(|event| event.version);
        let context = Context { effective_at, laws, version, history: events, others: &[], erased: None };
        let begin = std::time::Instant::now();
        let decided = decide(&state, &command, &context);
        calls.record(begin.elapsed());
        let decided = decided.map_err(|no| anyhow!("{}: {}", no.code, next.line))?;
        ensure!(!decided.is_empty(), "nothing was decided of {}", next.line);
        let first = version.map_or(0, |version| version + 1);
        for (index, new) in decided.iter().enumerate() {
            let mut proposed = event::encode(&command, new, first, index, false, laws.book().hash())?;
            let recorded_at = Instant::from_micros(end.as_micros() + i64::try_from(position)?);
            let id = ids::event_id(recorded_at, position, SEED);
            proposed.stamp(id, recorded_at);
            let version = first + u32::try_from(index)?;
            let (kind, at) = (proposed.kind, proposed.effective_at);
            let body = std::str::from_utf8(&proposed.body)?;
            events.push(Event::decode(kind, position, version, at, recorded_at, body)?);
            if index == 0 {
                client.recorded(&next, id);
            }
            position += 1;
        }
    }
    Ok(calls)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_life_is_decided_to_its_end() {
        let workload = Workload::of_events(10_000);
        let calls = lives(Client::new(&workload, 0, 34)).unwrap();
        assert!(calls.per_second() > 0.0);
    }
}
