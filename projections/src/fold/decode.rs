//! One pass over the stored bytes: the facts for the fold and the citation for the trail.

use accord_domain::event::{DecodeError, EventData};
use accord_domain::{Event, EventRef, EventType, Instant, Version};
use accord_store::{Raw, Stored};
use foldhash::fast::RandomState;
use serde::Deserialize;
use serde_json::value::RawValue;
use std::borrow::Cow;
use std::collections::HashSet;
use std::sync::Arc;
use uuid::Uuid;

/// An event and what it was decided on.
#[derive(Debug)]
pub(crate) struct Read {
    pub(crate) event: Event,
    /// Basis and rules as JSON, the same text for events that share them.
    pub(crate) citation: Arc<str>,
    pub(crate) case: Option<Box<str>>,
}

#[derive(Deserialize)]
struct Envelope<'a> {
    #[serde(borrow, default)]
    basis: Option<&'a RawValue>,
    #[serde(borrow, default)]
    case: Option<Cow<'a, str>>,
    #[serde(default)]
    caused_by: Option<EventRef>,
    #[serde(borrow)]
    data: &'a RawValue,
    id: Uuid,
    #[serde(borrow, default)]
    rules: Option<&'a RawValue>,
    schema: u16,
}

/// Citations met before: nearly all events share theirs with others.
#[derive(Debug, Default)]
pub(crate) struct Citations {
    met: HashSet<Arc<str>, RandomState>,
    text: String,
}

/// Citations remembered; far more than there are instruments and clauses in use at a time.
const CITATIONS_MET_MAX: usize = 50_000;

impl Citations {
    fn of(&mut self, basis: Option<&RawValue>, rules: Option<&RawValue>) -> Arc<str> {
        self.text.clear();
        self.text.push_str("{\"basis\":");
        self.text.push_str(basis.map_or("[]", RawValue::get));
        self.text.push_str(",\"rules\":");
        self.text.push_str(rules.map_or("[]", RawValue::get));
        self.text.push('}');
        if let Some(met) = self.met.get(self.text.as_str()) {
            return Arc::clone(met);
        }
        if self.met.len() >= CITATIONS_MET_MAX {
            self.met.clear();
        }
        let new: Arc<str> = self.text.as_str().into();
        self.met.insert(Arc::clone(&new));
        new
    }
}

/// What the log keeps in columns beside the bytes.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Columns {
    pub(crate) position: u64,
    pub(crate) version: Version,
    pub(crate) kind: EventType,
    pub(crate) effective_at: Instant,
    pub(crate) recorded_at: Instant,
}

impl From<&Stored> for Columns {
    fn from(stored: &Stored) -> Self {
        let Stored { position, version, kind, effective_at, recorded_at, .. } = *stored;
        Self { position, version, kind, effective_at, recorded_at }
    }
}

impl From<&Raw<'_>> for Columns {
    fn from(raw: &Raw<'_>) -> Self {
        let Raw { position, version, kind, effective_at, recorded_at, .. } = *raw;
        Self { position, version, kind, effective_at, recorded_at }
    }
}

/// Reads an event from its columns and bytes.
pub(crate) fn read(columns: Columns, body: &str, citations: &mut Citations) -> Result<Read, DecodeError> {
    let envelope: Envelope<'_> = serde_json::from_str(body).map_err(DecodeError::Envelope)?;
    let Columns { position, version, kind, effective_at, recorded_at } = columns;
    Ok(Read {
        event: Event {
            position,
            id: envelope.id,
            version,
            effective_at,
            recorded_at,
            caused_by: envelope.caused_by.and_then(|cause| cause.version()),
            data: EventData::read(kind, envelope.schema, envelope.data.get())?,
        },
        citation: citations.of(envelope.basis, envelope.rules),
        case: envelope.case.map(|case| case.into_owned().into()),
    })
}
