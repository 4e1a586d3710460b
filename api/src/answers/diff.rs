//! `diff`: what differs between two pairs of coordinates, and which events did it.

use super::gather::reason;
use super::{AnswerError, Coordinates, Reason};
use accord_domain::difference::{Change, Field, Held, Step, Why};
use accord_domain::rulebook::Rulebook;
use accord_domain::{Instant, Version};
use accord_replay::Differs;
use accord_store::Stored;
use serde::Serialize;
use std::collections::BTreeMap;
use uuid::Uuid;

/// What differs of a subject.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct Diff {
    /// Code.
    pub subject: Box<str>,
    /// `institution` or `practitioner`.
    pub kind: &'static str,
    /// The first pair of coordinates.
    pub from: Coordinates,
    /// The second.
    pub to: Coordinates,
    /// Field by field; empty when nothing differs.
    pub changes: Vec<FieldChange>,
    /// The events that the changes name, once each.
    pub events: Vec<Reason>,
}

/// A field that differs, or did in between.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct FieldChange {
    /// Which: a track such as `agreement/430500/basic`, or a fact of the profile such as `profile/name`.
    pub field: Field,
    /// At the first coordinates; null when it said nothing.
    pub before: Option<Says>,
    /// At the second coordinates.
    pub after: Option<Says>,
    /// The way from one to the other.
    pub steps: Vec<StepTaken>,
}

/// What a field says.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct Says {
    /// The value.
    pub value: Box<str>,
    /// Since when.
    pub from: Instant,
    /// Until when; null when open.
    pub until: Option<Instant>,
    /// The event that made it so.
    pub event: Option<Uuid>,
}

/// One step of a field.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct StepTaken {
    /// When, on the axis the step is on: recorded for `became-known` and `not-yet-known`, else effective.
    pub at: Instant,
    /// `took-effect`, `no-longer-held`, `day-came`, `became-known` or `not-yet-known`.
    pub why: Why,
    /// The events that did it.
    pub by: Vec<Uuid>,
    /// What the field says afterwards; null when nothing.
    pub after: Option<Says>,
}

impl Diff {
    /// Of what replay found; rules are cited from the law known.
    ///
    /// # Errors
    /// When an event cannot be quoted.
    pub fn of(
        found: &Differs,
        from: Coordinates,
        to: Coordinates,
        law: &Rulebook,
    ) -> Result<Self, AnswerError> {
        let events = reasons(&found.changes, &found.events, law)?;
        Ok(Self {
            subject: found.subject.code().into(),
            kind: found.subject.kind().name(),
            from,
            to,
            changes: fields(&found.changes, &events),
            events: events.into_values().collect(),
        })
    }
}

/// The events that changes name, by version, and those that these act on.
pub(crate) fn reasons(
    changes: &[Change],
    stored: &[Stored],
    law: &Rulebook,
) -> Result<BTreeMap<Version, Reason>, AnswerError> {
    let held = |held: &Option<Held>| held.as_ref().map(|held| held.cause);
    let steps = |step: &Step| step.by.iter().copied().chain(held(&step.after)).collect::<Vec<_>>();
    let mut named: Vec<Version> = changes
        .iter()
        .flat_map(|change| {
            let ends = [held(&change.before), held(&change.after)].into_iter().flatten();
            ends.chain(change.steps.iter().flat_map(steps)).collect::<Vec<_>>()
        })
        .collect();
    named.sort_unstable();
    named.dedup();
    named
        .into_iter()
        .filter_map(|version| stored.iter().find(|stored| stored.version == version))
        .map(|stored| Ok((stored.version, reason(stored, law)?)))
        .collect()
}

/// The changes, events named by id.
pub(crate) fn fields(changes: &[Change], events: &BTreeMap<Version, Reason>) -> Vec<FieldChange> {
    let id = |version: &Version| events.get(version).map(|reason| reason.event);
    let says = |held: &Option<Held>| {
        held.as_ref().map(|held| Says {
            value: held.value.clone(),
            from: held.from,
            until: held.until.bounded(),
            event: id(&held.cause),
        })
    };
    let step = |step: &Step| StepTaken {
        at: step.at,
        why: step.why,
        by: step.by.iter().filter_map(id).collect(),
        after: says(&step.after),
    };
    changes
        .iter()
        .map(|change| FieldChange {
            field: change.field.clone(),
            before: says(&change.before),
            after: says(&change.after),
            steps: change.steps.iter().map(step).collect(),
        })
        .collect()
}
