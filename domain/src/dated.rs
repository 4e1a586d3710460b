//! Values on tracks over time as events set and end them: for subjects and matters whose spans need no further rule.

use crate::event::Event;
use crate::id::Version;
use crate::institution::facts::Text;
use crate::time::Instant;
use crate::track::{Span, Track, Value};
use uuid::Uuid;

/// What stands on some tracks, and what stood.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Dated {
    spans: Vec<Span>,
    /// Events that later ones name by id.
    pub(crate) named: Vec<(Uuid, Version)>,
}

impl Dated {
    /// Nothing has ever stood.
    pub(crate) const NOTHING: Dated = Dated { spans: Vec::new(), named: Vec::new() };

    /// From an instant on a value stands on a track, until another is set, it is ended, or its own end comes. An end at or
    /// before its begin sets nothing.
    pub fn set(&mut self, track: Track, value: Value, from: Instant, until: Option<Instant>, cause: Version) {
        self.end(&track, from);
        let until = until.unwrap_or(Instant::MAX);
        if from < until {
            self.spans.push(Span { track, from, until, value, cause });
        }
    }

    /// What stands on a track stands no longer from an instant on, and what would begin later never begins.
    pub fn end(&mut self, track: &Track, at: Instant) {
        for span in self.spans.iter_mut().filter(|span| span.track == *track) {
            span.until = span.until.min(at);
        }
        self.spans.retain(|span| span.from < span.until);
    }

    /// What stands on a track at an instant.
    #[must_use]
    pub fn at(&self, track: &Track, at: Instant) -> Option<&Span> {
        self.spans.iter().find(|span| span.track == *track && span.covers(at))
    }

    /// What has ever stood on any track, in the order it was set.
    #[must_use]
    pub fn all(&self) -> &[Span] {
        &self.spans
    }

    /// Every span from an instant on, sorted by track and time.
    #[must_use]
    pub fn spans(&self, from: Instant) -> Vec<Span> {
        let mut spans = Vec::with_capacity(self.spans.len());
        self.put(from, &mut spans);
        spans.sort_unstable();
        spans
    }

    /// Adds every span from an instant on.
    pub(crate) fn put(&self, from: Instant, spans: &mut Vec<Span>) {
        let later = self.spans.iter().filter(|span| from < span.until);
        spans.extend(later.map(|span| Span { from: span.from.max(from), ..span.clone() }));
    }
}

/// Adds to what most subjects have once: for the first no room is kept for more, as the states of millions are held at once.
pub(crate) fn push_one<T>(items: &mut Vec<T>, item: T) {
    if items.is_empty() {
        items.reserve_exact(1);
    }
    items.push(item);
}

/// The state of a subject that has no more than a name and dated values: an enterprise, an insured person, a pooling area,
/// a case.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Record {
    /// Name or title now, where one may be kept.
    pub name: Option<Text>,
    /// Earlier names, oldest first.
    pub former_names: Box<[Text]>,
    /// What stands.
    pub dated: Dated,
    /// Version of the newest event folded; none before the first.
    pub version: Option<Version>,
}

impl Record {
    /// Counts an event in, whatever it says.
    pub(crate) fn count(&mut self, event: &Event) {
        self.version = Some(self.version.map_or(event.version, |version| version.max(event.version)));
    }

    /// Takes a name.
    pub(crate) fn rename(&mut self, name: &str) {
        if self.name.as_deref() != Some(name)
            && let Some(former) = self.name.replace(name.into())
        {
            let mut names = std::mem::take(&mut self.former_names).into_vec();
            names.push(former);
            self.former_names = names.into();
        }
    }
}
