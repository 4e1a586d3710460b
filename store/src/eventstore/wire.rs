//! How requests and events look in the database.
//!
//! The data of an event are its canonical bytes, unchanged; its type is our type; its metadata is what a copy needs besides:
//! the columns of the log, the leaf hash, where in its request it stands, and with the first event of a request its key, hashed
//! as the log keeps it, and the digest of the command.

use super::client::{Found, Sent};
use crate::merkle::{hex, leaf_hash, unhex};
use crate::port::{Append, LogError, Stored};
use crate::replica::{Keyed, Recorded};
use accord_domain::{EventType, Instant, Version};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use sha2::{Digest, Sha256};
use uuid::Uuid;

/// What an event takes besides its body and the name of its stream.
const EVENT_BYTES: usize = 640;

/// The metadata of an event.
#[derive(Serialize, Deserialize)]
struct Metadata {
    stream: String,
    version: Version,
    /// Number of the type: known to a copy whose version of this program does not know the name.
    number: u16,
    effective_at: Instant,
    recorded_at: Instant,
    leaf: String,
    /// Place in its request, from 0, and how many events that has.
    at: usize,
    of: usize,
    #[serde(skip_serializing_if = "Option::is_none")]
    key: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    digest: Option<String>,
}

/// What a body says that the columns of the log say too.
#[derive(Deserialize)]
struct Embedded {
    id: Uuid,
    effective_at: Instant,
    recorded_at: Instant,
}

/// What an event takes in an append, at most.
fn bytes(stream: &str, body: usize) -> usize {
    // A control character of the name takes six bytes in JSON.
    EVENT_BYTES + 6 * stream.len() + body
}

/// What a request takes in an append, at most, before it is decided.
pub(super) fn bytes_of(append: &Append) -> usize {
    append.events.iter().map(|event| bytes(&append.stream, event.body.len())).sum()
}

/// The same of a request that is decided.
pub(super) fn bytes_of_recorded(request: &Recorded) -> usize {
    request.events.iter().map(|event| bytes(&event.stream, event.body.len())).sum()
}

/// Cuts a row of things into parts that are no larger than `max`, each of one thing at least.
pub(super) fn parts<T>(all: Vec<T>, max: usize, size: impl Fn(&T) -> usize) -> Vec<Vec<T>> {
    let mut parts: Vec<Vec<T>> = Vec::new();
    let mut room = 0;
    for one in all {
        let bytes = size(&one);
        match parts.last_mut() {
            Some(part) if bytes <= room => {
                room -= bytes;
                part.push(one);
            }
            Some(_) | None => {
                room = max.saturating_sub(bytes);
                parts.push(vec![one]);
            }
        }
    }
    parts
}

/// The id of an event in the database.
///
/// Not the id that the event carries: two nodes that decide at the same instant give their events at the same position the
/// same one, and the database takes an event whose id stands there already for the same event sent twice. This one is made
/// from all the bytes and from a number drawn by who sends them: nobody else sends it, and the same try always does.
fn id(sender: &[u8; 16], leaf: &[u8; 32]) -> Uuid {
    let hash = Sha256::new().chain_update(sender).chain_update(leaf).finalize();
    let mut bytes = [0; 16];
    bytes.copy_from_slice(&hash[..16]);
    uuid::Builder::from_custom_bytes(bytes).into_uuid()
}

/// The events of requests, in order, as they are sent.
pub(super) fn sent<'a>(
    requests: impl IntoIterator<Item = &'a Recorded>,
    sender: &[u8; 16],
) -> Result<Vec<Sent>, LogError> {
    let mut all = Vec::new();
    for request in requests {
        for (at, event) in request.events.iter().enumerate() {
            let keyed = request.keyed.filter(|_| at == 0);
            let metadata = Metadata {
                stream: event.stream.to_string(),
                version: event.version,
                number: event.kind.0,
                effective_at: event.effective_at,
                recorded_at: event.recorded_at,
                leaf: hex(&event.leaf),
                at,
                of: request.events.len(),
                key: keyed.map(|keyed| hex(&keyed.key)),
                digest: keyed.map(|keyed| hex(&keyed.digest)),
            };
            let raw = |error: serde_json::Error| LogError::Other(error.to_string());
            all.push(Sent {
                id: id(sender, &event.leaf),
                kind: event.kind.name().to_owned(),
                data: RawValue::from_string(event.body.to_string()).map_err(raw)?,
                metadata: serde_json::value::to_raw_value(&metadata).map_err(raw)?,
            });
        }
    }
    Ok(all)
}

/// Puts events that were read together into whole requests again.
#[derive(Debug)]
pub(super) struct Gathering {
    /// Salt of the ledger's event ids.
    salt: u64,
    next: u64,
    whole: Vec<Recorded>,
    /// The request whose events are not all here yet, and how many it has.
    open: Option<(Recorded, usize)>,
}

impl Gathering {
    pub(super) fn from(position: u64, salt: u64) -> Self {
        Self { salt, next: position, whole: Vec::new(), open: None }
    }

    /// The next position.
    pub(super) fn next(&self) -> u64 {
        self.next
    }

    /// Takes the requests that are whole.
    pub(super) fn take(&mut self) -> Vec<Recorded> {
        std::mem::take(&mut self.whole)
    }

    /// Takes an event.
    ///
    /// # Errors
    /// [`LogError::Damaged`] when it is not the event that a ledger has there.
    pub(super) fn push(&mut self, found: Found) -> Result<(), LogError> {
        let position = self.next;
        let damaged = |what: String| LogError::Damaged { position, what: format!("in the cluster: {what}") };
        let revision = found.revision;
        if revision != position {
            return Err(damaged(format!(
                "the stream has revision {revision} here: what is before it is gone"
            )));
        }
        let (stored, metadata) = stored(found, self.salt).map_err(damaged)?;
        let (mut request, of) = match self.open.take() {
            None => {
                let keyed = keyed(&metadata).map_err(damaged)?;
                (Recorded { events: Vec::new(), keyed }, metadata.of)
            }
            Some(open) => open,
        };
        if metadata.at != request.events.len() || metadata.of != of || of == 0 {
            return Err(damaged(format!(
                "event {} of {} of a request where event {} of {of} should follow",
                metadata.at,
                metadata.of,
                request.events.len()
            )));
        }
        request.events.push(stored);
        self.next += 1;
        if request.events.len() == of {
            self.whole.push(request);
        } else {
            self.open = Some((request, of));
        }
        Ok(())
    }
}

fn keyed(metadata: &Metadata) -> Result<Option<Keyed>, String> {
    match (&metadata.key, &metadata.digest) {
        (None, None) => Ok(None),
        (Some(key), Some(digest)) => match (unhex(key), unhex(digest)) {
            (Some(key), Some(digest)) => Ok(Some(Keyed { key, digest })),
            _ => Err("the key of the request cannot be read".to_owned()),
        },
        _ => Err("a key without a digest, or a digest without a key".to_owned()),
    }
}

/// An event as the log stores it, compared with itself.
fn stored(found: Found, salt: u64) -> Result<(Stored, Metadata), String> {
    let metadata: Metadata = serde_json::from_slice(&found.metadata)
        .map_err(|error| format!("the metadata of the event cannot be read: {error}"))?;
    let leaf = leaf_hash(&found.data);
    if metadata.leaf != hex(&leaf) {
        return Err("the bytes do not hash to the leaf".to_owned());
    }
    let body = String::from_utf8(found.data).map_err(|_| "the bytes are not text".to_owned())?;
    let embedded: Embedded =
        serde_json::from_str(&body).map_err(|error| format!("the bytes are not an event: {error}"))?;
    if embedded.id != crate::ids::event_id(metadata.recorded_at, found.revision, salt) {
        return Err("the event has an id that this ledger does not give here".to_owned());
    }
    if (embedded.effective_at, embedded.recorded_at) != (metadata.effective_at, metadata.recorded_at) {
        return Err("the metadata and the bytes tell of different times".to_owned());
    }
    let kind = EventType(metadata.number);
    if EventType::by_name(&found.kind).is_some_and(|named| named != kind) {
        return Err(format!("the type is {}, its number {}", found.kind, metadata.number));
    }
    let stored = Stored {
        position: found.revision,
        stream: metadata.stream.as_str().into(),
        version: metadata.version,
        kind,
        effective_at: metadata.effective_at,
        recorded_at: metadata.recorded_at,
        leaf,
        body: body.into(),
    };
    Ok((stored, metadata))
}
