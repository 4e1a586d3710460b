//! What must hold of any history: random events of every type, out of order, annulled and corrected, and random
//! commands through `decide`.

use super::{state_at, timeline};
use crate::event::samples::{self, Open};
use crate::event::{Event, EventType};
use crate::history::{History, id};
use crate::id::SubjectKind;
use crate::time::Instant;
use crate::track::Span;
use proptest::prelude::*;
use serde_json::{Value, json};

/// Small numbers that choices are drawn from; shrinking them shrinks the history.
pub(crate) type Dice = Vec<u8>;

struct Choices<'a> {
    dice: std::iter::Cycle<std::slice::Iter<'a, u8>>,
    /// Events there are to refer to.
    events: usize,
}

/// Few instants, so that they meet: the first of a month over three years, some at noon.
pub(crate) fn instant(die: u8) -> Instant {
    let month = u32::from(die) % 36;
    let noon = if die >= 216 { 12 } else { 0 };
    let start = Instant::parse("2024-01-01").unwrap().plus_months(month);
    Instant::from_micros(start.as_micros() + noon * 3_600_000_000)
}

impl Choices<'_> {
    fn die(&mut self) -> u8 {
        self.dice.next().copied().unwrap_or(0)
    }

    fn pick(&mut self, open: Open) -> Value {
        let die = self.die();
        let odd = die % 2 == 1;
        match open {
            Open::Area => json!(["430500", "430600"][usize::from(odd)]),
            Open::AnyArea => [json!(null), json!("430500"), json!("430600")][usize::from(die % 3)].clone(),
            Open::Line => json!(["special_outpatient", "cross_region", "basic"][usize::from(die % 3)]),
            Open::AnyLine => {
                [json!(null), json!("special_outpatient"), json!("basic")][usize::from(die % 3)].clone()
            }
            Open::Time => json!(instant(die)),
            Open::AnyTime if die.is_multiple_of(4) => json!(null),
            Open::AnyTime => json!(instant(die)),
            Open::Flag => json!(odd),
            Open::Event => json!(id(usize::from(die) % self.events.max(1))),
            Open::Site => json!(["H43050000001", "H43050000002"][usize::from(odd)]),
            Open::Points => json!(die % 12 + 1),
            Open::Year => json!(2024 + i32::from(die % 3)),
            Open::Reach if die % 4 == 2 => {
                json!({ "scope": "partial", "changes": { "/data/points": die % 12 + 1 } })
            }
            Open::Reach if odd => json!({ "scope": "from_date", "date": instant(die) }),
            Open::Reach => json!({ "scope": "from_start" }),
            Open::Changes if odd => json!({ "/effective_at": instant(die) }),
            Open::Changes => json!({ "/data/name": "丙" }),
        }
    }
}

/// Events of any types at any effective times, numbered in the order in which they became known.
pub(crate) fn events(kind: SubjectKind, rolls: &[Dice]) -> Vec<Event> {
    let types: Vec<EventType> = EventType::all()
        .map(|(number, ..)| EventType(*number))
        .filter(|known| known.kind() == kind)
        .collect();
    let mut events: Vec<Event> = Vec::new();
    for dice in rolls {
        let mut choices = Choices { dice: dice.iter().cycle(), events: events.len() };
        let kind = types[usize::from(choices.die()) % types.len()];
        let facts = samples::facts(kind.name(), &mut |open| choices.pick(open)).unwrap();
        let position = events.len();
        let caused_by = (choices.die().is_multiple_of(5) && position > 0)
            .then(|| u32::from(choices.die()) % u32::try_from(position).unwrap());
        events.push(Event {
            position: position as u64,
            id: id(position),
            version: u32::try_from(position).unwrap(),
            effective_at: instant(choices.die()),
            recorded_at: Instant::parse("2027-01-01").unwrap().plus_days(i64::try_from(position).unwrap()),
            caused_by,
            data: samples::read(kind, facts),
        });
    }
    events
}

pub(crate) fn histories() -> impl Strategy<Value = (SubjectKind, Vec<Dice>)> {
    let kind = prop::sample::select(SubjectKind::ALL.as_slice());
    (kind, prop::collection::vec(prop::collection::vec(any::<u8>(), 8..24), 1..16))
}

fn covering(spans: &[Span], at: Instant) -> Vec<Span> {
    let mut standing: Vec<Span> = spans.iter().filter(|span| span.covers(at)).cloned().collect();
    standing.sort();
    standing
}

/// What says that a thing stands, without when it began and ends.
fn what(spans: &[Span]) -> Vec<String> {
    spans.iter().map(|span| format!("{} {} {}", span.track, span.value, span.cause)).collect()
}

fn standing(kind: SubjectKind, events: &[Event], at: Instant) -> Vec<Span> {
    let mut spans = state_at(kind, events, at).standing(at);
    spans.sort();
    spans
}

/// Every instant at which something can turn, and one just before and after each.
fn probes(events: &[Event], spans: &[Span]) -> Vec<Instant> {
    let turns = events.iter().map(|event| event.effective_at);
    let turns = turns.chain(spans.iter().flat_map(|span| [span.from, span.until]));
    let near = turns
        .filter(|at| *at != Instant::MAX && *at != Instant::MIN)
        .flat_map(|at| [at.as_micros() - 1, at.as_micros(), at.as_micros() + 1].map(Instant::from_micros));
    let mut probes: Vec<Instant> = near.chain((0..=255).step_by(7).map(instant)).collect();
    probes.sort();
    probes.dedup();
    probes
}

proptest! {
    #[test]
    fn the_timeline_says_at_any_instant_what_the_fold_up_to_it_says((kind, rolls) in histories()) {
        let events = events(kind, &rolls);
        let spans = timeline(kind, &events);
        for at in probes(&events, &spans) {
            prop_assert_eq!(what(&covering(&spans, at)), what(&standing(kind, &events, at)), "at {}", at);
        }
    }

    #[test]
    fn the_statuses_are_what_stands_on_the_tracks_of_a_status((kind, rolls) in histories()) {
        let events = events(kind, &rolls);
        for at in probes(&events, &[]) {
            let state = state_at(kind, &events, at);
            let mut told = Vec::new();
            state.each_status(at, |area, line, value| told.push((area, line, value)));
            told.sort_unstable();
            let standing = state.standing(at).into_iter().filter(|span| span.track.is_status_of(kind));
            let mut wanted: Vec<_> =
                standing.map(|span| (span.track.area(), span.track.line(), span.value)).collect();
            wanted.sort_unstable();
            prop_assert_eq!(told, wanted, "at {}", at);
        }
    }

    #[test]
    fn a_track_has_one_value_at_a_time_and_no_piece_is_empty((kind, rolls) in histories()) {
        let spans = timeline(kind, &events(kind, &rolls));
        for pair in spans.windows(2) {
            let overlap = pair[0].track == pair[1].track && pair[1].from < pair[0].until;
            prop_assert!(!overlap, "{:?} and {:?}", pair[0], pair[1]);
        }
        prop_assert!(spans.iter().all(|span| span.from < span.until));
    }

    #[test]
    fn what_becomes_known_in_order_leaves_the_past_as_it_was((kind, rolls) in histories()) {
        let mut events = events(kind, &rolls);
        let last = events.pop();
        let Some(mut last) = last else { return Ok(()) };
        // In order: it takes effect after all that is known, and does not act on the record.
        if last.data.annulment().is_some() || last.data.correction().is_some() {
            return Ok(());
        }
        last.effective_at = Instant::parse("2026-12-15").unwrap();
        let before = timeline(kind, &events);
        let turn = last.effective_at;
        events.push(last);
        let after = timeline(kind, &events);
        for at in probes(&events, &before).into_iter().filter(|at| *at < turn) {
            prop_assert_eq!(what(&covering(&after, at)), what(&covering(&before, at)), "at {}", at);
        }
    }

    #[test]
    fn a_later_word_does_not_change_what_was_known_then((kind, rolls) in histories(), cut in 0_usize..24) {
        let all = events(kind, &rolls);
        let cut = cut.min(all.len());
        let then = timeline(kind, &all[..cut]);
        let known: Vec<Event> = all.iter().filter(|event| event.position < cut as u64).cloned().collect();
        prop_assert_eq!(timeline(kind, &known), then);
    }

    #[test]
    fn events_are_written_in_canonical_form_and_read_back_as_they_were((kind, rolls) in histories()) {
        for event in events(kind, &rolls) {
            let mut written = Vec::new();
            event.data.write(&mut written).unwrap();
            let value: Value = serde_json::from_slice(&written).unwrap();
            let canonical = serde_json_canonicalizer::to_vec(&value).unwrap();
            prop_assert_eq!(String::from_utf8(written.clone()), String::from_utf8(canonical));
            let kind = event.data.event_type();
            let text = std::str::from_utf8(&written).unwrap();
            prop_assert_eq!(crate::event::EventData::read(kind, kind.schema(), text).unwrap(), event.data);
        }
    }

    /// Whatever is asked in whatever order is decided or refused; what is recorded is canonical, and the timeline agrees
    /// with the fold.
    #[test]
    fn decisions_in_any_order_leave_a_history_that_agrees_with_itself(
        (institution, rolls) in asked(),
    ) {
        let history = decided(institution, &rolls);
        for body in &history.bodies {
            let value: Value = serde_json::from_slice(body).unwrap();
            prop_assert_eq!(&serde_json_canonicalizer::to_vec(&value).unwrap(), body);
        }
        let spans = history.timeline();
        for at in probes(&history.events, &spans) {
            let state = history.state(at).standing(at);
            prop_assert_eq!(what(&covering(&spans, at)), what(&state), "at {}", at);
        }
    }
}

/// A kind of subject and the rolls that what is asked of it is drawn from.
pub(crate) fn asked() -> impl Strategy<Value = (bool, Vec<Dice>)> {
    (any::<bool>(), prop::collection::vec(prop::collection::vec(any::<u8>(), 12), 1..16))
}

/// What is left of commands in any order: those accepted.
pub(crate) fn decided(institution: bool, rolls: &[Dice]) -> History {
    let mut history = History::of(if institution { "H43050000001" } else { "D430500000001" });
    for dice in rolls {
        let mut choices = Choices { dice: dice.iter().cycle(), events: history.events.len() };
        let (act, data) = if institution {
            asked_of_institution(&mut choices)
        } else {
            asked_of_practitioner(&mut choices)
        };
        let on = instant(choices.die()).to_string();
        let bureau = json!({ "actor": { "authority": "bureau", "area": "430500" } });
        let by = if choices.die() < 32 || act == "order-department" { bureau } else { json!({}) };
        let command = crate::history::command(&history.subject, act, &on, &data, &by);
        if let Err(rejection) = history.decide(&command) {
            assert!(!rejection.message.en.is_empty() && !rejection.message.zh.is_empty());
        }
    }
    history
}

/// A choice for each place of a sample.
pub(crate) fn plain(open: Open) -> Value {
    let dice = [7_u8, 9, 3, 5];
    Choices { dice: dice.iter().cycle(), events: 1 }.pick(open)
}

fn asked_of_institution(choices: &mut Choices<'_>) -> (&'static str, Value) {
    let area = choices.pick(Open::Area);
    let line = choices.pick(Open::AnyLine);
    let (time, any_time, event) =
        (choices.pick(Open::Time), choices.pick(Open::AnyTime), choices.pick(Open::Event));
    match choices.die() % 18 {
        0..=2 => (
            "sign-agreement",
            json!({ "area": area, "lines": ["basic", "special_outpatient"], "from": time, "until": any_time }),
        ),
        3 | 4 => (
            "suspend-agreement",
            json!({ "area": area, "line": line, "until": any_time, "ground": "违反协议" }),
        ),
        5 => ("resume-agreement", json!({ "area": area, "line": line })),
        6 => (
            "terminate-agreement",
            json!({ "area": area, "line": line, "ground": "违约", "reason_class": "breach" }),
        ),
        7 => ("renew", json!({ "area": area, "until": any_time })),
        8 => ("refuse-renewal", json!({ "area": area, "ground": "考核不合格" })),
        9 => ("hold-settlement", json!({ "area": choices.pick(Open::AnyArea), "ground": "疑似违规" })),
        10 => {
            let cleared = choices.pick(Open::Flag) == json!(true);
            let outcome = if cleared { "cleared" } else { "confirmed" };
            ("release-settlement", json!({ "hold": event, "outcome": outcome }))
        }
        11 => ("order-department", json!({ "department": "放射科", "until": time })),
        12 => ("extend-probation", json!({ "area": area, "violation": "轻微违约" })),
        13 => ("open-cross-region", json!({ "area": area })),
        14 => ("apply", json!({ "area": area, "name": "某某医院" })),
        15 => ("record-lapse", json!({ "area": area })),
        16 => on_the_record(choices),
        _ => ("settle-liability", json!({ "liability": event, "performed_on": time })),
    }
}

fn asked_of_practitioner(choices: &mut Choices<'_>) -> (&'static str, Value) {
    let site = choices.pick(Open::Site);
    match choices.die() % 12 {
        0 | 1 => ("register", json!({ "institution": site, "category": "doctor" })),
        2 => ("add-site", json!({ "institution": site })),
        3 => ("remove-site", json!({ "institution": site })),
        4..=6 => {
            let mut data = json!({
                "points": choices.pick(Open::Points), "behaviour": "行为", "institution": site, "area": "430500",
            });
            if choices.pick(Open::Flag) == json!(true) {
                data["suspend_months"] = json!(2);
            }
            ("deduct-points", data)
        }
        7 => ("repair-points", json!({ "points": 1, "activity": "学习" })),
        8 => ("suspend", json!({ "until": choices.pick(Open::AnyTime) })),
        9 => ("reregister", json!({ "institution": site })),
        _ => on_the_record(choices),
    }
}

fn on_the_record(choices: &mut Choices<'_>) -> (&'static str, Value) {
    if choices.pick(Open::Flag) == json!(true) {
        return (
            "correct",
            json!({ "event": choices.pick(Open::Event), "changes": choices.pick(Open::Changes) }),
        );
    }
    let mut data = choices.pick(Open::Reach);
    data["event"] = choices.pick(Open::Event);
    data["consequences"] = choices.pick(Open::Flag);
    ("annul", data)
}
