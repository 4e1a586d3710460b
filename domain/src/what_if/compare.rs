//! Two histories of a subject against each other.

use crate::difference::{Field, Held, pieces};
use crate::event::Event;
use crate::id::{SubjectKind, Version};
use crate::time::Instant;
use std::collections::BTreeSet;

/// A stretch of the effective axis on which a field would say something else.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Stretch {
    /// Which field.
    pub field: Field,
    /// First instant.
    pub from: Instant,
    /// End; [`Instant::MAX`] when open.
    pub until: Instant,
    /// What it says, and the event that makes it so; none when nothing.
    pub actual: Option<(Box<str>, Version)>,
    /// What it would say.
    pub supposed: Option<(Box<str>, Version)>,
}

/// Where two histories differ, field by field, over the whole effective axis.
#[must_use]
pub fn compare(kind: SubjectKind, actual: &[Event], supposed: &[Event]) -> Vec<Stretch> {
    let (actual, supposed) = (pieces(kind, actual), pieces(kind, supposed));
    let fields: BTreeSet<&Field> = actual.keys().chain(supposed.keys()).collect();
    let mut stretches = Vec::new();
    for field in fields {
        let none = Vec::new();
        let (is, would) = (actual.get(field).unwrap_or(&none), supposed.get(field).unwrap_or(&none));
        if is != would {
            against(field, is, would, &mut stretches);
        }
    }
    stretches
}

fn against(field: &Field, is: &[Held], would: &[Held], stretches: &mut Vec<Stretch>) {
    let turns: BTreeSet<Instant> = is.iter().chain(would).flat_map(|held| [held.from, held.until]).collect();
    let turns: Vec<Instant> = turns.into_iter().collect();
    let says = |held: &[Held], at: Instant| {
        held.iter().find(|held| held.covers(at)).map(|held| (held.value.clone(), held.cause))
    };
    for pair in turns.windows(2) {
        let (from, until) = (pair[0], pair[1]);
        let (actual, supposed) = (says(is, from), says(would, from));
        let value = |says: &Option<(Box<str>, Version)>| says.as_ref().map(|(value, _)| value.clone());
        if value(&actual) == value(&supposed) {
            continue;
        }
        let stretch = Stretch { field: field.clone(), from, until, actual, supposed };
        match stretches.last_mut() {
            Some(last)
                if last.field == stretch.field
                    && last.until == from
                    && last.actual == stretch.actual
                    && last.supposed == stretch.supposed =>
            {
                last.until = until;
            }
            Some(_) | None => stretches.push(stretch),
        }
    }
}
