//! Events to rows, in memory: what a subject's newest knowledge is, and what one more event changes of it.

mod decode;
mod diff;
mod head;

pub(crate) use decode::{Citations, Columns, Read, read};
pub(crate) use diff::{Kept, Row};
pub(crate) use head::{Head, Open, PointRow, TrailRow};

pub use accord_domain::obligation::home_area;
use accord_domain::{Event, Version};
use accord_store::{EventLog, Stored};

use crate::error::ViewError;
use crate::parked::NotUnderstood;
use crate::projector::words;
use crate::wait::wait_for;

/// A subject's events up to a version; the inner error says which of them cannot be understood, and why.
///
/// Of those at hand, which the log may not show yet, the ones of the subject that it does not show are taken too: they
/// end with that version.
pub(crate) fn history(
    log: &dyn EventLog,
    stream: &str,
    up_to: Version,
    at_hand: &[Stored],
) -> Result<Result<Vec<Event>, NotUnderstood>, ViewError> {
    let shown = wait_for(log.read_stream(stream, 0, up_to as usize + 1))?;
    let next = shown.last().map_or(0, |stored| stored.version + 1);
    let rest = at_hand.iter().filter(|stored| &*stored.stream == stream && next <= stored.version);
    let decode = |stored: &Stored| {
        let position = stored.position;
        stored.decode().map_err(|error| NotUnderstood { position, error: words(&error) })
    };
    Ok(shown.iter().chain(rest).map(decode).collect())
}
