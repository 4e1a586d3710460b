//! One pass over the stored bytes: the facts for the fold and the citation for the trail.

use accord_domain::event::{DecodeError, EventData};
use accord_domain::{Event, EventRef};
use accord_store::Stored;
use serde::Deserialize;
use serde_json::value::RawValue;
use std::borrow::Cow;
use uuid::Uuid;

/// An event and what it was decided on.
#[derive(Debug)]
pub(crate) struct Read {
    pub(crate) event: Event,
    /// Basis and rules as JSON, the same text for events that share them.
    pub(crate) citation: Box<str>,
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

pub(crate) fn read(stored: &Stored) -> Result<Read, DecodeError> {
    let envelope: Envelope<'_> = serde_json::from_str(&stored.body).map_err(DecodeError::Envelope)?;
    let list = |raw: Option<&'_ RawValue>| raw.map_or("[]", RawValue::get).to_owned();
    let citation = ["{\"basis\":", &list(envelope.basis), ",\"rules\":", &list(envelope.rules), "}"].concat();
    Ok(Read {
        event: Event {
            position: stored.position,
            id: envelope.id,
            version: stored.version,
            effective_at: stored.effective_at,
            recorded_at: stored.recorded_at,
            caused_by: envelope.caused_by.and_then(|cause| cause.version()),
            data: EventData::read(stored.kind, envelope.schema, envelope.data.get())?,
        },
        citation: citation.into(),
        case: envelope.case.map(|case| case.into_owned().into()),
    })
}
