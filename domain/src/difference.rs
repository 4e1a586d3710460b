//! What differs between two pairs of coordinates, field by field, and which events did it.
//!
//! A subject is a bundle of fields: its tracks, and the facts of its profile. [`pieces`] lays every field out over the
//! whole effective axis. [`difference`] goes from the first pair to the second in two legs, first along the effective
//! axis with what was known at the first, then along the recorded axis on the day of the second, and notes each step a
//! field takes. So a change is never only stated: each has its chain of reasons.

mod profile;

use crate::event::Event;
use crate::id::{SubjectKind, Version};
use crate::state::State;
use crate::time::Instant;
use crate::timeline::{self, Known};
use crate::track::Track;
use serde::{Serialize, Serializer};
use std::collections::BTreeMap;
use std::fmt;

/// What can differ.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Field {
    /// A track.
    Track(Track),
    /// A fact of the profile, by name: `name`, `level`, `category` ….
    Profile(&'static str),
}

impl fmt::Display for Field {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Track(track) => track.fmt(f),
            Self::Profile(name) => write!(f, "profile/{name}"),
        }
    }
}

impl Serialize for Field {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// What a field says for a stretch of the effective axis.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Held {
    /// The value in its text form: `in_force`, `points 10`, a name.
    pub value: Box<str>,
    /// First instant it holds.
    pub from: Instant,
    /// First instant it no longer holds; [`Instant::MAX`] when open.
    pub until: Instant,
    /// The event that made it so.
    pub cause: Version,
}

impl Held {
    /// Whether it holds at an instant.
    #[must_use]
    pub fn covers(&self, at: Instant) -> bool {
        self.from <= at && at < self.until
    }
}

/// What each field holds over the whole effective axis, in order of time; gaps are where it says nothing.
pub type Pieces = BTreeMap<Field, Vec<Held>>;

/// What each field holds at one instant.
pub type Fields = BTreeMap<Field, Held>;

/// Where on the two axes: a day, and how many of the subject's events were known.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Place {
    /// 生效.
    pub as_of: Instant,
    /// 记录: the first so many events.
    pub known: usize,
}

/// Why a field took a step.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Why {
    /// An event took effect.
    TookEffect,
    /// An event lost its effect: annulled from that day on.
    NoLongerHeld,
    /// A day stated by an earlier event came: a period began or ended.
    DayCame,
    /// An event became known.
    BecameKnown,
    /// Asked backwards: what had become known is taken away again.
    NotYetKnown,
}

/// One step of a field.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Step {
    /// The day it happened, on the axis the step is on: effective, or recorded for [`Why::BecameKnown`] and
    /// [`Why::NotYetKnown`].
    pub at: Instant,
    /// Why.
    pub why: Why,
    /// The events that did it, by version.
    pub by: Vec<Version>,
    /// What the field says after the step; none when nothing.
    pub after: Option<Held>,
}

/// A field that differs, or did in between.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Change {
    /// Which.
    pub field: Field,
    /// At the first coordinates; none when it said nothing.
    pub before: Option<Held>,
    /// At the second coordinates.
    pub after: Option<Held>,
    /// The way from one to the other.
    pub steps: Vec<Step>,
}

impl Change {
    /// Whether both ends say the same of it: it changed and changed back.
    #[must_use]
    pub fn is_transient(&self) -> bool {
        let value = |held: &Option<Held>| held.as_ref().map(|held| (held.value.clone(), held.cause));
        value(&self.before) == value(&self.after)
    }
}

/// What differs between two places, and why.
///
/// `events` are the subject's events in the order of their positions, at least as many as the places know.
#[must_use]
pub fn difference(kind: SubjectKind, events: &[Event], from: Place, to: Place) -> Vec<Change> {
    let known = |place: Place| &events[..place.known.min(events.len())];
    let first = pieces(kind, known(from));
    let mut changes: BTreeMap<Field, Change> = BTreeMap::new();
    along_effective(kind, known(from), &first, from.as_of, to.as_of, &mut changes);
    along_recorded(kind, events, &first, from.known, to, &mut changes);
    changes.into_values().collect()
}

/// What each field says at an instant.
#[must_use]
pub fn standing(pieces: &Pieces, at: Instant) -> Fields {
    pieces
        .iter()
        .filter_map(|(field, held)| Some((field.clone(), held.iter().find(|held| held.covers(at))?.clone())))
        .collect()
}

fn step(
    changes: &mut BTreeMap<Field, Change>,
    field: &Field,
    before: Option<&Held>,
    after: Option<&Held>,
    (at, why, by): (Instant, Why, Vec<Version>),
) {
    let change = changes.entry(field.clone()).or_insert_with(|| Change {
        field: field.clone(),
        before: before.cloned(),
        after: None,
        steps: Vec::new(),
    });
    change.after = after.cloned();
    change.steps.push(Step { at, why, by, after: after.cloned() });
}

fn along_effective(
    kind: SubjectKind,
    events: &[Event],
    pieces: &Pieces,
    from: Instant,
    to: Instant,
    changes: &mut BTreeMap<Field, Change>,
) {
    let (low, high) = (from.min(to), from.max(to));
    for (field, held) in pieces {
        let at = |at: Instant| held.iter().find(|held| held.covers(at));
        let mut turns: Vec<Instant> = held.iter().flat_map(|held| [held.from, held.until]).collect();
        turns.retain(|turn| low < *turn && *turn <= high);
        turns.sort_unstable();
        turns.dedup();
        let just_before = |turn: Instant| at(Instant::from_micros(turn.as_micros() - 1));
        if from <= to {
            for turn in turns {
                let (before, after) = (just_before(turn), at(turn));
                let (why, by) = explain(kind, events, field, turn, (before, after));
                step(changes, field, before, after, (turn, why, by));
            }
        } else {
            for turn in turns.into_iter().rev() {
                let (earlier, later) = (just_before(turn), at(turn));
                let (why, by) = explain(kind, events, field, turn, (earlier, later));
                step(changes, field, later, earlier, (turn, why, by));
            }
        }
    }
}

fn along_recorded(
    kind: SubjectKind,
    events: &[Event],
    first: &Pieces,
    known: usize,
    to: Place,
    changes: &mut BTreeMap<Field, Change>,
) {
    let mut before = standing(first, to.as_of);
    let forward = known <= to.known;
    let records: Vec<usize> =
        if forward { (known..to.known).collect() } else { (to.known..known).rev().collect() };
    for record in records {
        let Some(event) = events.get(record) else { continue };
        let len = if forward { record + 1 } else { record };
        let after = standing(&pieces(kind, &events[..len]), to.as_of);
        let why = if forward { Why::BecameKnown } else { Why::NotYetKnown };
        let fields: std::collections::BTreeSet<&Field> = before.keys().chain(after.keys()).collect();
        for field in fields {
            let (old, new) = (before.get(field), after.get(field));
            if old != new {
                step(changes, field, old, new, (event.recorded_at, why, vec![event.version]));
            }
        }
        before = after;
    }
}

/// Why a field turns at an instant: which events did it.
fn explain(
    kind: SubjectKind,
    events: &[Event],
    field: &Field,
    turn: Instant,
    (before, after): (Option<&Held>, Option<&Held>),
) -> (Why, Vec<Version>) {
    let resolved = timeline::resolve(events);
    let begins = |known: &&Known<'_>| known.event.effective_at == turn && turn < known.void_from;
    let begun: Vec<Version> = resolved.iter().filter(begins).map(|known| known.event.version).collect();
    if let Some(after) = after.filter(|after| begun.contains(&after.cause)) {
        return (Why::TookEffect, vec![after.cause]);
    }
    let matters = |version: &Version| {
        let without: Vec<Event> = events.iter().filter(|event| event.version != *version).cloned().collect();
        let says = standing(&pieces(kind, &without), turn);
        says.get(field).map(|held| (&held.value, held.cause)) != after.map(|held| (&held.value, held.cause))
    };
    // The acts that end what they annul on this day.
    let ended = resolved.iter().filter(|known| known.void_from == turn);
    let by: Vec<Version> =
        ended.flat_map(|known| timeline::annulled_by(events, &known.event)).filter(matters).collect();
    if !by.is_empty() {
        return (Why::NoLongerHeld, by);
    }
    let by: Vec<Version> = begun.into_iter().filter(|version| matters(version)).collect();
    if !by.is_empty() {
        return (Why::TookEffect, by);
    }
    // Of what ends and what begins, the later decision is the one that stated the day.
    let stated = [before, after].into_iter().flatten().map(|held| held.cause);
    let place = |version: &Version| resolved.iter().position(|known| known.event.version == *version);
    (Why::DayCame, stated.max_by_key(place).into_iter().collect())
}

/// Lays out what is known of a subject, field by field.
#[must_use]
pub fn pieces(kind: SubjectKind, events: &[Event]) -> Pieces {
    let mut pieces = profile(kind, events);
    for span in timeline::timeline(kind, events) {
        let held = Held {
            value: span.value.to_string().into(),
            from: span.from,
            until: span.until,
            cause: span.cause,
        };
        pieces.entry(Field::Track(span.track)).or_default().push(held);
    }
    pieces
}

/// The facts of the profile over the effective axis.
fn profile(kind: SubjectKind, events: &[Event]) -> Pieces {
    let known = timeline::resolve(events);
    let mut turns: Vec<Instant> = known
        .iter()
        .flat_map(|known| [known.event.effective_at, known.void_from])
        .filter(|turn| *turn != Instant::MIN && *turn != Instant::MAX)
        .collect();
    turns.sort_unstable();
    turns.dedup();
    let plain = known.iter().all(|known| known.void_from == Instant::MIN || known.void_from == Instant::MAX);
    let mut pieces = Pieces::new();
    let mut facts = Facts::new(kind);
    let mut next = 0;
    for turn in turns {
        if !plain {
            (facts, next) = (Facts::new(kind), 0);
        }
        while let Some(known) = known.get(next).filter(|known| known.event.effective_at <= turn) {
            if turn < known.void_from {
                facts.evolve(&known.event);
            }
            next += 1;
        }
        facts.lay_out(turn, &mut pieces);
    }
    pieces
}

/// The facts of a profile, each with the event that told it.
struct Facts {
    state: State,
    told: BTreeMap<&'static str, (Box<str>, Version)>,
}

impl Facts {
    fn new(kind: SubjectKind) -> Self {
        Self { state: State::new(kind), told: BTreeMap::new() }
    }

    fn evolve(&mut self, event: &Event) {
        self.state.evolve(event);
        let facts = profile::facts(&self.state);
        self.told.retain(|name, _| facts.iter().any(|(known, _)| known == name));
        for (name, value) in facts {
            if self.told.get(name).is_none_or(|(told, _)| **told != *value) {
                self.told.insert(name, (value.into_owned().into(), event.version));
            }
        }
    }

    fn lay_out(&self, turn: Instant, pieces: &mut Pieces) {
        for (field, list) in pieces.iter_mut() {
            let Field::Profile(name) = field else { continue };
            let Some(last) = list.last_mut().filter(|last| last.until == Instant::MAX) else { continue };
            let stays =
                self.told.get(name).is_some_and(|(told, cause)| *told == last.value && *cause == last.cause);
            if !stays {
                last.until = turn;
            }
        }
        for (name, (value, cause)) in &self.told {
            let list = pieces.entry(Field::Profile(name)).or_default();
            if list.last().is_none_or(|last| last.until != Instant::MAX) {
                list.push(Held { value: value.clone(), from: turn, until: Instant::MAX, cause: *cause });
            }
        }
    }
}

#[cfg(test)]
mod tests;
