//! One subject, from its own events.

use crate::ReplayError;
use accord_domain::{Event, Instant, Span, State, Subject, timeline};
use accord_store::{EventLog, LogError, Stored};

/// Events of a stream read at a time: the way to a page leads over everything after it, so there are to be few.
const PAGE_EVENTS: usize = 10_000;

/// Every event of a subject known by an instant, oldest first. Empty for one never heard of by then.
///
/// # Errors
/// When the log cannot be read or holds an event that this version cannot.
pub async fn history(
    log: &dyn EventLog,
    subject: &Subject,
    known_at: Instant,
) -> Result<Vec<Event>, ReplayError> {
    read(log, &subject.stream(), known_at).await.map_err(ReplayError::Log)
}

/// Every event of a stream known by an instant.
pub(crate) async fn read(
    log: &dyn EventLog,
    stream: &str,
    known_at: Instant,
) -> Result<Vec<Event>, LogError> {
    read_stored(log, stream, known_at).await?.iter().map(decode).collect()
}

/// Every event of a stream known by an instant, as stored.
pub(crate) async fn read_stored(
    log: &dyn EventLog,
    stream: &str,
    known_at: Instant,
) -> Result<Vec<Stored>, LogError> {
    let mut events: Vec<Stored> = Vec::new();
    loop {
        let from = u32::try_from(events.len()).unwrap_or(u32::MAX);
        let page = log.read_stream(stream, from, PAGE_EVENTS).await?;
        let whole = page.len() < PAGE_EVENTS;
        let read = page.len();
        events.extend(page.into_iter().take_while(|stored| stored.recorded_at <= known_at));
        if whole || events.len() < from as usize + read {
            return Ok(events);
        }
    }
}

/// An event as the fold takes it.
pub(crate) fn decode(stored: &Stored) -> Result<Event, LogError> {
    stored.decode().map_err(|source| LogError::Undecodable { position: stored.position, source })
}

/// The state of a subject at an instant, as known at another.
///
/// # Errors
/// As [`history`].
pub async fn state_as_of(
    log: &dyn EventLog,
    subject: &Subject,
    as_of: Instant,
    known_at: Instant,
) -> Result<State, ReplayError> {
    let events = history(log, subject, known_at).await?;
    Ok(timeline::state_at(subject.kind(), &events, as_of))
}

/// What stood for a subject over the whole effective axis, as known at an instant.
///
/// # Errors
/// As [`history`].
pub async fn timeline_as_known(
    log: &dyn EventLog,
    subject: &Subject,
    known_at: Instant,
) -> Result<Vec<Span>, ReplayError> {
    let events = history(log, subject, known_at).await?;
    Ok(timeline::timeline(subject.kind(), &events))
}

/// What stood for a subject at an instant, as known at another: the spans of its timeline that hold then.
///
/// # Errors
/// As [`history`].
pub async fn standing_as_of(
    log: &dyn EventLog,
    subject: &Subject,
    as_of: Instant,
    known_at: Instant,
) -> Result<Vec<Span>, ReplayError> {
    let mut spans = timeline_as_known(log, subject, known_at).await?;
    spans.retain(|span| span.covers(as_of));
    Ok(spans)
}
