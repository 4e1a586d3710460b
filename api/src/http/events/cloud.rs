//! A stored event in a CloudEvents 1.0 envelope.

use crate::answers::Position;
use accord_domain::{Instant, Version};
use accord_store::Stored;
use serde::Serialize;
use serde_json::value::RawValue;
use uuid::Uuid;

/// The envelope. Attribute names are lower case without separators, as the specification demands; `data` is the stored
/// event, byte for byte.
#[derive(Debug, Serialize)]
pub(super) struct CloudEvent {
    specversion: &'static str,
    id: Uuid,
    source: &'static str,
    #[serde(rename = "type")]
    kind: &'static str,
    /// The subject's code.
    subject: String,
    /// When it happened: from when it holds in law (生效).
    time: Instant,
    /// Extension of the specification's own list: when the ledger learnt it (记录).
    recordedtime: Instant,
    /// Extension: place in the log.
    sequence: Position,
    /// Extension: place in the subject's history.
    streamversion: Version,
    /// Extension of the specification's own list: events of one key stay in order.
    partitionkey: String,
    datacontenttype: &'static str,
    data: Box<RawValue>,
}

#[derive(serde::Deserialize)]
struct Id {
    id: Uuid,
}

impl CloudEvent {
    /// Wraps a stored event.
    ///
    /// # Errors
    /// When the stored bytes are not an event.
    pub(super) fn of(stored: Stored) -> Result<Self, serde_json::Error> {
        let Id { id } = serde_json::from_str(&stored.body)?;
        let code = stored.stream.split_once('-').map_or(&*stored.stream, |(_, code)| code);
        Ok(Self {
            specversion: "1.0",
            id,
            source: "/v1/events",
            kind: stored.kind.name(),
            subject: code.to_owned(),
            time: stored.effective_at,
            recordedtime: stored.recorded_at,
            sequence: Position(stored.position),
            streamversion: stored.version,
            partitionkey: stored.stream.to_string(),
            datacontenttype: "application/json",
            data: RawValue::from_string(stored.body.into_string())?,
        })
    }
}
