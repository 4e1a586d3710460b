//! The law of a ledger, read from its log alone.

use crate::port::{EventLog, LogError, Stored};
use accord_domain::rejection::Words;
use accord_domain::{Instant, Laws, Subject, words};

/// Events of an area read at once: the way to a page leads over everything after it, so there are to be few.
const PAGE: usize = 10_000;

/// The law of a log, as far as this program can read it.
#[derive(Debug)]
pub struct Readable {
    /// The rulebook compiled in, and what areas adopted.
    pub laws: Laws,
    /// Where that ends; none where it is all there is.
    pub ends: Option<Ends>,
}

/// The first change of the law that this program cannot read, as one that a newer program recorded. What was known before it
/// is whole; from then on the law is not known.
#[derive(Debug)]
pub struct Ends {
    /// Where in the log it stands.
    pub position: u64,
    /// When it was recorded.
    pub recorded_at: Instant,
    /// Why it cannot be read.
    pub error: LogError,
}

impl Ends {
    /// In words.
    #[must_use]
    pub fn words(&self) -> Words {
        let position = self.position;
        words!(
            "the rules adopted at position {position} cannot be read by this program: a newer one is needed",
            "位置 {position} 处采用的规则本程序无法读取：须用更新的版本"
        )
    }
}

/// The law of a log as far as this program can read it. Only the streams of areas are looked at.
///
/// # Errors
/// When the log cannot be read.
pub async fn readable(log: &dyn EventLog) -> Result<Readable, LogError> {
    let mut changes = Vec::new();
    for area in log.areas().await? {
        let mut from = 0;
        loop {
            let page = log.read_stream(&area, from, PAGE).await?;
            let full = page.len() == PAGE;
            from += page.len() as u32;
            changes.extend(page.into_iter().filter(|stored| Laws::may_change(stored.kind)));
            if !full {
                break;
            }
        }
    }
    changes.sort_unstable_by_key(|stored| stored.position);
    let mut laws = Laws::national().clone();
    for stored in &changes {
        if let Err(error) = take(&mut laws, stored) {
            let Stored { position, recorded_at, .. } = *stored;
            return Ok(Readable { laws, ends: Some(Ends { position, recorded_at, error }) });
        }
    }
    Ok(Readable { laws, ends: None })
}

/// The law of a log: the rulebook compiled in, and what areas adopted.
///
/// # Errors
/// [`LogError::Law`] for an adoption that this program cannot read; else when the log cannot be read.
pub async fn laws(log: &dyn EventLog) -> Result<Laws, LogError> {
    let Readable { laws, ends } = readable(log).await?;
    ends.map_or(Ok(laws), |ends| Err(ends.error))
}

/// Brings the law forward by an event of the log, in the order of the log; tells whether it changed.
///
/// # Errors
/// [`LogError::Law`] for an adoption that this program cannot read; [`LogError::Undecodable`] for bytes.
pub fn take(laws: &mut Laws, stored: &Stored) -> Result<bool, LogError> {
    if !Laws::may_change(stored.kind) {
        return Ok(false);
    }
    let position = stored.position;
    let event = stored.decode().map_err(|source| LogError::Undecodable { position, source })?;
    let subject = Subject::parse(&stored.stream).map_err(|error| LogError::Other(error.to_string()))?;
    Ok(laws.take(&subject, &event)?)
}
