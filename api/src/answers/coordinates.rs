//! Where on the two axes of time a question is asked.

use super::{AnswerError, Position};
use accord_domain::Instant;
use accord_store::{EventLog, SqliteLog};
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
    /// 记录: everything recorded up to then was known, and nothing else.
    pub known_at: Instant,
    /// The newest event known by then; null when nothing was.
    pub position: Option<Position>,
}

/// The coordinates of a list of records: `as_of` is null where the list is not of a day, and then nothing is left out for it.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize)]
pub struct RecordCoordinates {
    /// 生效: only what is in force from then or earlier; null for all.
    pub as_of: Option<Instant>,
    /// 记录: everything recorded up to then was known, and nothing else.
    pub known_at: Instant,
    /// The newest event known by then; null when nothing was.
    pub position: Option<Position>,
}

impl Coordinates {
    /// Those of a list of records of which this day was asked for.
    #[must_use]
    pub const fn of_records(self, as_of: Option<Instant>) -> RecordCoordinates {
        let Self { known_at, position, .. } = self;
        RecordCoordinates { as_of, known_at, position }
    }
}

/// Fills in what the question leaves out and finds the newest event known. `seen` is how many events of the log what is
/// asked can see; all of them when left out.
///
/// `known_at` goes no further than the newest event seen, whatever the clock says: an event gets its time before it is
/// committed, so another one may still come in before now, but times of recording strictly increase, so none comes in
/// before that one. So the coordinates echoed give the same answer for ever. Of an empty ledger it is the instant before
/// it was made. `as_of` may well lie in the future: what is recorded reaches there.
///
/// # Errors
/// When the log cannot be read.
pub async fn coordinates(
    log: &SqliteLog,
    seen: Option<u64>,
    now: Instant,
    asked: Asked,
) -> Result<Coordinates, AnswerError> {
    let length = log.len().await?;
    let length = seen.map_or(length, |seen| seen.min(length));
    let newest = match length.checked_sub(1) {
        Some(last) => log.read_all(last, 1).await?.first().map(|stored| stored.recorded_at),
        None => None,
    };
    let closed = newest.unwrap_or_else(|| Instant::from_micros(log.created_at().as_micros() - 1));
    let known_at = asked.known_at.map_or(closed, |known_at| known_at.min(closed));
    let known = if closed <= known_at { length } else { log.known(known_at).await? };
    Ok(Coordinates {
        // Under load the newest may lie a little ahead of the clock.
        as_of: asked.as_of.unwrap_or_else(|| now.max(closed)),
        known_at,
        position: known.checked_sub(1).map(Position),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ledger::{Access, Ledger};
    use accord_domain::Command;
    use accord_store::clock::ManualClock;
    use std::sync::Arc;

    fn at(text: &str) -> Instant {
        Instant::parse(text).unwrap()
    }

    /// Records an act at a time of the clock.
    fn act(ledger: &Ledger, clock: &ManualClock, time: &str) {
        clock.set(at(time));
        let command = r#"{"command":"institution.interview","subject":"H37010200001","effective_at":"2025-08-04",
            "actor":{"authority":"agency","area":"370100"},"data":{}}"#;
        ledger.execute_blocking(Command::parse(command).unwrap()).unwrap();
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn what_was_on_its_way_when_it_was_asked_comes_after_the_coordinates_given_out() {
        let dir = tempfile::tempdir().unwrap();
        let clock = Arc::new(ManualClock::at(at("2025-08-20T09:00:00+08:00")));
        Ledger::init(dir.path(), 7, &*clock).unwrap();
        let ledger = Ledger::open(dir.path(), Access::ReadWrite, clock.clone()).unwrap();
        let asked_at = at("2025-08-20T12:00:00+08:00");
        let (later, today) = (at("2030-01-01"), at("2025-08-20T11:00:00+08:00"));
        let mut given = Vec::new();
        // Each of these got its time before it was asked, and is committed after: of an empty ledger too.
        for time in ["2025-08-20T09:00:00+08:00", "2025-08-20T10:00:00+08:00", "2025-08-20T10:00:01+08:00"] {
            for known_at in [None, Some(today), Some(later)] {
                let asked = Asked { as_of: None, known_at };
                given.push(coordinates(ledger.log(), None, asked_at, asked).await.unwrap());
            }
            act(&ledger, &clock, time);
        }
        for given in given {
            let asked = Asked { as_of: Some(given.as_of), known_at: Some(given.known_at) };
            let again = coordinates(ledger.log(), None, at("2025-09-01"), asked).await.unwrap();
            assert_eq!(again, given);
        }
        let now = coordinates(ledger.log(), None, asked_at, Asked::default()).await.unwrap();
        assert_eq!((now.as_of, now.known_at), (asked_at, at("2025-08-20T10:00:01+08:00")));
        let seen = coordinates(ledger.log(), Some(2), asked_at, Asked::default()).await.unwrap();
        assert_eq!((seen.known_at, seen.position), (at("2025-08-20T10:00:00+08:00"), Some(Position(1))));
    }
}
