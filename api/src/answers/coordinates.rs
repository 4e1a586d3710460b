//! Where on the two axes of time a question is asked.

use super::{AnswerError, Position};
use accord_domain::Instant;
use accord_store::EventLog;
use serde::Serialize;

/// The coordinates as asked: what is left out means now.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Asked {
    /// 生效: the day the answer is about.
    pub as_of: Option<Instant>,
    /// 记录: what was known by then.
    pub known_at: Option<Instant>,
}

/// The coordinates an answer stands at. With the same coordinates the answer never changes.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize)]
pub struct Coordinates {
    /// 生效: the day the answer is about.
    pub as_of: Instant,
    /// 记录: what was known by then.
    pub known_at: Instant,
    /// The newest event known by then; null when nothing was.
    pub position: Option<Position>,
}

/// Fills in what the question leaves out and finds the newest event known.
///
/// Nobody can know today what will be recorded tomorrow: a later `known_at` is taken as now, so that the coordinates
/// echoed give the same answer for ever. `as_of` may well lie in the future: what is recorded reaches there.
///
/// # Errors
/// When the log cannot be read.
pub async fn coordinates(log: &dyn EventLog, now: Instant, asked: Asked) -> Result<Coordinates, AnswerError> {
    let length = log.len().await?;
    let newest = match length.checked_sub(1) {
        Some(last) => log.read_all(last, 1).await?.first().map(|stored| stored.recorded_at),
        None => None,
    };
    // Times of recording strictly increase, so under load the newest may lie a little ahead of the clock.
    let now = newest.map_or(now, |newest| newest.max(now));
    let known_at = asked.known_at.map_or(now, |known_at| known_at.min(now));
    let known =
        if newest.is_none_or(|newest| newest <= known_at) { length } else { log.known(known_at).await? };
    Ok(Coordinates {
        as_of: asked.as_of.unwrap_or(now),
        known_at,
        position: known.checked_sub(1).map(Position),
    })
}
