//! Checking that what is stored agrees with itself.

use crate::merkle::leaf_hash;
use crate::port::{LogError, Stored};
use accord_domain::event::Header;
use accord_domain::{Instant, Version};
use serde::Deserialize;
use uuid::Uuid;

/// The members of the body that the log also keeps in columns, or that follow from them.
#[derive(Deserialize)]
struct Embedded {
    effective_at: Instant,
    id: Uuid,
    recorded_at: Instant,
    version: Version,
}

/// Hashes the body again and compares the leaf, then compares what the body says with the columns beside it.
///
/// # Errors
/// [`LogError::Damaged`] names the position and the first thing that does not agree.
pub fn verify_columns(stored: &Stored) -> Result<(), LogError> {
    let damaged = |what: String| LogError::Damaged { position: stored.position, what };
    if leaf_hash(stored.body.as_bytes()) != stored.leaf {
        return Err(damaged("the bytes do not hash to the leaf".to_owned()));
    }
    let unreadable = |error: serde_json::Error| damaged(format!("the bytes are not an event: {error}"));
    let body: Embedded = serde_json::from_str(&stored.body).map_err(unreadable)?;
    let header: Header<'_> = serde_json::from_str(&stored.body).map_err(unreadable)?;
    let differs = |what: &str, column: &dyn std::fmt::Display, body: &dyn std::fmt::Display| {
        Err(damaged(format!("the column says {what} {column}, the bytes say {body}")))
    };
    let kind = stored.kind.name();
    if header.kind != kind {
        return differs("type", &kind, &header.kind);
    }
    if body.version != stored.version {
        return differs("version", &stored.version, &body.version);
    }
    if body.effective_at != stored.effective_at {
        return differs("effective_at", &stored.effective_at, &body.effective_at);
    }
    if body.recorded_at != stored.recorded_at {
        return differs("recorded_at", &stored.recorded_at, &body.recorded_at);
    }
    let stream = format!("{}-{}", stored.kind.kind().name(), header.subject);
    if *stored.stream != *stream {
        return differs("stream", &stored.stream, &stream);
    }
    if crate::ids::position_of(body.id) != stored.position {
        return differs("position", &stored.position, &crate::ids::position_of(body.id));
    }
    Ok(())
}
