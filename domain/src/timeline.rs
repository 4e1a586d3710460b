//! From a subject's events to what stood when: annulments and corrections applied, the fold in effective order, and the
//! spans of the whole effective axis.
//!
//! Everything here takes the events *known* (recorded by some instant) in the order of their positions, and never looks
//! at others: that is how `known_at` binds.

use crate::event::{Annulment, AnnulmentScope, Event, EventData};
use crate::id::{SubjectKind, Version};
use crate::institution::InstitutionEvent;
use crate::institution::facts::HoldRelease;
use crate::institution::{CameTo, after_release};
use crate::state::State;
use crate::time::Instant;
use crate::track::Span;
use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use uuid::Uuid;

/// An event with what is known of it: corrected facts, and from when it is void.
#[derive(Clone, Debug)]
pub struct Known<'a> {
    /// The event, its facts as corrected.
    pub event: Cow<'a, Event>,
    /// From when it is annulled: [`Instant::MIN`] from the start, [`Instant::MAX`] not at all.
    pub void_from: Instant,
    /// For a settlement hold: what came of it by a release, whenever that takes effect. What waited is then payable, or not
    /// yet, so it says something about the time before too.
    pub came_to: Option<CameTo>,
}

impl Known<'_> {
    fn fold(&self, state: &mut State) {
        state.evolve(&self.event);
        if let (Some(came_to), State::Institution(state)) = (self.came_to, state) {
            state.hold_came_to(self.event.id, came_to);
        }
    }

    /// Ends earlier what a partial annulment of its cause ends earlier, unless it ends by then already; the rest stays.
    fn lessen(&mut self, changes: &BTreeMap<String, serde_json::Value>) {
        let facts = facts(&self.event);
        let mut less = changes.clone();
        less.retain(|pointer, value| {
            let now = facts.pointer(pointer).map_or(Some(Instant::MAX), instant);
            now.zip(instant(value)).is_some_and(|(now, value)| value < now)
        });
        if let Ok(lessened) = correct(&self.event, &less) {
            self.event = Cow::Owned(lessened);
        }
    }
}

/// Applies annulments and corrections, and puts the events in effective order.
///
/// An annulment or correction that is itself annulled has no effect; the later word stands.
#[must_use]
pub fn resolve(events: &[Event]) -> Vec<Known<'_>> {
    let mut known: Vec<Known<'_>> = events
        .iter()
        .map(|event| Known { event: Cow::Borrowed(event), void_from: Instant::MAX, came_to: None })
        .collect();
    if events.iter().any(|event| event.data.annulment().is_some() || event.data.correction().is_some()) {
        apply(events, &mut known);
    }
    known.sort_by_key(|known| (known.event.effective_at, known.event.position));
    release(&mut known);
    known
}

/// Marks the holds with what came of them by their releases.
fn release(known: &mut [Known<'_>]) {
    for at in 0..known.len() {
        let Some(&HoldRelease { hold, outcome }) = hold_release(&known[at]) else { continue };
        let (by, from) = (known[at].event.version, known[at].event.effective_at);
        if let Some(placed) = known[..at].iter_mut().find(|known| known.event.id == hold) {
            placed.came_to = after_release(placed.came_to, from, placed.void_from, outcome, by);
        }
    }
}

/// The release of a hold, where it stands.
fn hold_release<'a>(known: &'a Known<'_>) -> Option<&'a HoldRelease> {
    match &known.event.data {
        EventData::Institution(InstitutionEvent::SettlementReleased(data)) => {
            (known.void_from == Instant::MAX).then_some(data)
        }
        _ => None,
    }
}

/// The acts that annul an event, in whole or in part, and stand, by version.
#[must_use]
pub fn annulled_by(events: &[Event], target: &Event) -> Vec<Version> {
    let stands: Vec<Known<'_>> = resolve(events);
    let stands = |event: &Event| {
        stands.iter().any(|known| known.event.id == event.id && known.void_from == Instant::MAX)
    };
    let names = |event: &&Event| {
        event.data.annulment().is_some_and(|annulment| {
            let with_cause = || {
                let cause = events.iter().find(|event| event.id == annulment.event);
                annulment.consequences == Some(true)
                    && cause.is_some_and(|cause| target.caused_by == Some(cause.version))
            };
            annulment.event == target.id || with_cause()
        })
    };
    events.iter().filter(names).filter(|event| stands(event)).map(|event| event.version).collect()
}

fn apply(events: &[Event], known: &mut [Known<'_>]) {
    let index: BTreeMap<Uuid, usize> = events.iter().enumerate().map(|(at, event)| (event.id, at)).collect();
    // From the newest to the oldest: when an act on the record is reached, whether it is void itself is already known.
    for (at, event) in events.iter().enumerate().rev() {
        if known[at].void_from == Instant::MIN {
            continue;
        }
        if let Some(annulment) = event.data.annulment()
            && let Some(&target) = index.get(&annulment.event)
            && target < at
        {
            let from = match annulment.scope {
                AnnulmentScope::FromStart => Some(Instant::MIN),
                AnnulmentScope::FromDate => Some(annulment.date.unwrap_or(event.effective_at)),
                AnnulmentScope::Partial => None,
            };
            if let Some(from) = from {
                known[target].void_from = known[target].void_from.min(from);
            }
            if annulment.consequences == Some(true) {
                let version = events[target].version;
                for consequence in known.iter_mut().filter(|k| k.event.caused_by == Some(version)) {
                    // What says the same elsewhere holds for less too, see below; another kind rested on what is annulled.
                    let same = mirrors(&consequence.event, &events[target]);
                    let from = from.or((!same).then_some(Instant::MIN)).unwrap_or(Instant::MAX);
                    consequence.void_from = consequence.void_from.min(from);
                }
            }
        }
    }
    // A correction of a correction takes its place.
    let mut replaced = BTreeSet::new();
    for (at, event) in events.iter().enumerate().filter(|(at, _)| known[*at].void_from == Instant::MAX) {
        let target = event.data.correction().and_then(|correction| index.get(&correction.event));
        if let Some(&target) =
            target.filter(|target| **target < at && events[**target].data.correction().is_some())
        {
            replaced.insert(target);
        }
    }
    // Corrections and partial annulments in the order they were made, so that the later one wins.
    for (at, event) in events.iter().enumerate() {
        if known[at].void_from != Instant::MAX || replaced.contains(&at) {
            continue;
        }
        if let Some((object, changes)) = changes(&event.data)
            && let Some(target) = index.get(&object).and_then(|target| root(events, &index, *target))
            && target < at
            && let Ok(corrected) = correct(&known[target].event, changes)
        {
            known[target].event = Cow::Owned(corrected);
            if event.data.annulment().is_some_and(|annulment| annulment.consequences == Some(true)) {
                let same = |known: &&mut Known<'_>| mirrors(&known.event, &events[target]);
                known.iter_mut().filter(same).for_each(|known| known.lessen(changes));
            }
        }
    }
}

/// Whether an event is a consequence that says the same as its cause, in another area.
fn mirrors(event: &Event, cause: &Event) -> bool {
    event.caused_by == Some(cause.version) && event.data.event_type() == cause.data.event_type()
}

/// What holds for less together with what an act annuls in part: the consequences, as resolved, that end when it says.
pub fn lessened<'k, 'e>(known: &'k [Known<'e>], act: &Event) -> impl Iterator<Item = &'k Known<'e>> {
    let partial = |annulment: &&Annulment| {
        annulment.scope == AnnulmentScope::Partial && annulment.consequences == Some(true)
    };
    let annulment = act.data.annulment().filter(partial).cloned();
    let cause = annulment.as_ref().and_then(|annulment| {
        known.iter().map(|known| &*known.event).find(|event| event.id == annulment.event)
    });
    known.iter().filter(move |known| {
        let (Some(annulment), Some(cause)) = (&annulment, cause) else { return false };
        let facts = facts(&known.event);
        let ends = |(pointer, value): (&String, &serde_json::Value)| {
            instant(value).is_some_and(|value| facts.pointer(pointer).and_then(instant) == Some(value))
        };
        mirrors(&known.event, cause) && annulment.changes.iter().any(ends)
    })
}

fn instant(value: &serde_json::Value) -> Option<Instant> {
    serde_json::from_value(value.clone()).ok()
}

/// What an act on the record changes, and of which event.
fn changes(data: &EventData) -> Option<(Uuid, &BTreeMap<String, serde_json::Value>)> {
    if let Some(correction) = data.correction() {
        return Some((correction.event, &correction.changes));
    }
    let annulment = data.annulment().filter(|annulment| annulment.scope == AnnulmentScope::Partial)?;
    Some((annulment.event, &annulment.changes))
}

/// The event that a correction, or a correction of it, is about.
fn root(events: &[Event], index: &BTreeMap<Uuid, usize>, mut at: usize) -> Option<usize> {
    while let Some(correction) = events[at].data.correction() {
        // Only backwards, so that this ends.
        at = index.get(&correction.event).copied().filter(|target| *target < at)?;
    }
    Some(at)
}

/// The event that a correction is about in the end, through those it takes the place of, or that a partial annulment is
/// about; none for any other act.
#[must_use]
pub fn changed_event<'a>(events: &'a [Event], act: &Event) -> Option<&'a Event> {
    let (object, _) = changes(&act.data)?;
    let index: BTreeMap<Uuid, usize> = events.iter().enumerate().map(|(at, event)| (event.id, at)).collect();
    root(events, &index, *index.get(&object)?).map(|at| &events[at])
}

/// The facts of an event under `/data`, as the pointers of changes name them.
#[must_use]
pub fn facts(event: &Event) -> serde_json::Value {
    let mut facts = Vec::new();
    let written = event.data.write(&mut facts).is_ok();
    let facts: serde_json::Value =
        written.then(|| serde_json::from_slice(&facts).ok()).flatten().unwrap_or_default();
    serde_json::json!({ "data": facts })
}

/// The event with facts changed at JSON pointers; clerical changes only, which `decide` has checked.
///
/// # Errors
/// When a pointer leads nowhere or the result is not of the form of the event.
pub fn correct(event: &Event, changes: &BTreeMap<String, serde_json::Value>) -> Result<Event, String> {
    let mut data = Vec::new();
    event.data.write(&mut data).map_err(|error| error.to_string())?;
    let mut data: serde_json::Value = serde_json::from_slice(&data).map_err(|error| error.to_string())?;
    let mut corrected = event.clone();
    for (pointer, value) in changes {
        if pointer == "/effective_at" {
            corrected.effective_at =
                serde_json::from_value(value.clone()).map_err(|error| error.to_string())?;
            continue;
        }
        let Some(inner) = pointer.strip_prefix("/data") else { continue };
        let (parent, name) = inner.rsplit_once('/').ok_or_else(|| format!("{pointer} names no field"))?;
        match data.pointer_mut(parent) {
            Some(serde_json::Value::Object(object)) => {
                object.insert(name.replace("~1", "/").replace("~0", "~"), value.clone());
            }
            Some(serde_json::Value::Array(list)) => {
                let slot = name.parse::<usize>().ok().and_then(|index| list.get_mut(index));
                *slot.ok_or_else(|| format!("{pointer} leads nowhere"))? = value.clone();
            }
            Some(_) | None => return Err(format!("{pointer} leads nowhere")),
        }
    }
    let kind = event.data.event_type();
    corrected.data = EventData::read(kind, kind.schema(), &data.to_string()).map_err(|error| {
        std::error::Error::source(&error).map_or_else(|| error.to_string(), ToString::to_string)
    })?;
    Ok(corrected)
}

/// The instant that changes at JSON pointers give an event to take effect; none where they leave it.
#[must_use]
pub fn moved_to(changes: &BTreeMap<String, serde_json::Value>) -> Option<Instant> {
    instant(changes.get("/effective_at")?)
}

/// Whether an event comes to lie on the other side of another when it takes effect at another instant: what was decided
/// later by the one order comes earlier by the other.
#[must_use]
pub fn passes(event: &Event, to: Instant, other: &Event) -> bool {
    let before = |at: Instant| (other.effective_at, other.position) < (at, event.position);
    event.id != other.id && before(event.effective_at) != before(to)
}

/// The state as of an instant: the events effective by then and not void then, folded.
#[must_use]
pub fn state_at(kind: SubjectKind, events: &[Event], as_of: Instant) -> State {
    fold(kind, &resolve(events), as_of)
}

fn fold(kind: SubjectKind, known: &[Known<'_>], as_of: Instant) -> State {
    let mut state = State::new(kind);
    for known in known.iter().take_while(|known| known.event.effective_at <= as_of) {
        if as_of < known.void_from {
            known.fold(&mut state);
        }
    }
    state
}

/// What stood over the whole effective axis, as known from these events: every span, by track and time.
#[must_use]
pub fn timeline(kind: SubjectKind, events: &[Event]) -> Vec<Span> {
    timeline_and_names(kind, events).0
}

/// A name, and when it was borne.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Naming {
    /// From then on.
    pub from: Instant,
    /// Until then, exclusive; [`Instant::MAX`] when nothing recorded ends it.
    pub until: Instant,
    /// The name.
    pub name: Box<str>,
}

/// Every name over the whole effective axis, as known from these events, by time. At each instant it is the name that
/// [`state_at`] gives; where none is known, or the one known is sealed, nothing is.
#[must_use]
pub fn names(kind: SubjectKind, events: &[Event]) -> Vec<Naming> {
    timeline_and_names(kind, events).1
}

/// Puts down what a subject is called from an instant on, in place of what was put down for that time before.
pub fn bear(names: &mut Vec<Naming>, name: Option<&str>, from: Instant) {
    names.retain(|known| known.from < from);
    if let Some(last) = names.last_mut() {
        if from <= last.until && name == Some(&*last.name) {
            last.until = Instant::MAX;
            return;
        }
        last.until = last.until.min(from);
    }
    names.extend(name.map(|name| Naming { from, until: Instant::MAX, name: name.into() }));
}

/// [`timeline`] and [`names`] at once.
#[must_use]
pub fn timeline_and_names(kind: SubjectKind, events: &[Event]) -> (Vec<Span>, Vec<Naming>) {
    let known = resolve(events);
    let mut turns: Vec<Instant> = known.iter().map(|known| known.event.effective_at).collect();
    turns.extend(
        known.iter().map(|known| known.void_from).filter(|at| *at != Instant::MIN && *at != Instant::MAX),
    );
    turns.sort_unstable();
    turns.dedup();
    let plain = known.iter().all(|known| known.void_from == Instant::MIN || known.void_from == Instant::MAX);
    let (mut spans, mut names) = (Vec::new(), Vec::new());
    let mut state = State::new(kind);
    let mut next = 0;
    for (index, &turn) in turns.iter().enumerate() {
        if plain {
            while let Some(known) = known.get(next).filter(|known| known.event.effective_at <= turn) {
                if known.void_from == Instant::MAX {
                    known.fold(&mut state);
                }
                next += 1;
            }
        } else {
            state = fold(kind, &known, turn);
        }
        let end = turns.get(index + 1).copied().unwrap_or(Instant::MAX);
        for mut span in state.spans(turn) {
            span.until = span.until.min(end);
            if span.from < span.until {
                spans.push(span);
            }
        }
        bear(&mut names, state.name(), turn);
    }
    (merge(spans), names)
}

/// Joins pieces of a track that say the same and touch or overlap, and sorts by track and time.
///
/// The result depends only on the instants covered, not on how they were cut into pieces: a timeline folded event by
/// event and one computed at once come out equal.
#[must_use]
pub fn merge(mut spans: Vec<Span>) -> Vec<Span> {
    spans.sort_unstable_by(|a, b| {
        (&a.track, a.value, a.cause, a.from).cmp(&(&b.track, b.value, b.cause, b.from))
    });
    spans.dedup_by(|later, earlier| {
        let same = later.track == earlier.track
            && later.value == earlier.value
            && later.cause == earlier.cause
            && later.from <= earlier.until;
        if same {
            earlier.until = earlier.until.max(later.until);
        }
        same
    });
    spans.sort_unstable();
    spans
}

#[cfg(test)]
pub(crate) mod properties;
