//! The law of a ledger, read from its log alone.

use crate::port::{EventLog, LogError, Stored};
use accord_domain::{Laws, Subject};

/// Events of an area read at once.
const PAGE: usize = 100;

/// The law of a log: the rulebook compiled in, and what areas adopted. Only the streams of areas are looked at.
///
/// # Errors
/// [`LogError::Law`] for an adoption that this program cannot read; else when the log cannot be read.
pub async fn laws(log: &dyn EventLog) -> Result<Laws, LogError> {
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
        take(&mut laws, stored)?;
    }
    Ok(laws)
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
