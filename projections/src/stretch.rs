//! Rows that are over lie apart from those that are not.
//!
//! What a list passes over is not to grow with the past: most of what was ever suspended or due is over, and most questions
//! are about today. So an index that serves a list has, before its order, the stretch of time in which a row is over for good.
//! A list asked at two dates looks into the stretches from the one the earlier of them lies in on, and no others.
//!
//! A stretch is 2⁴¹ microseconds, about 25 days: short enough that little is over within it, long enough that decades have a few
//! hundred.

use crate::error::ViewError;
use rusqlite::{Connection, OptionalExtension};

/// In SQL: the stretch in which a row is over: as of any instant after it, as known at any instant after it, it does not hold.
/// Before its end is known to have moved (`cut_rec`) a row lasts until `eff_first`, from then on until `eff_to`; a row of which
/// something else may end (`$further`) lasts no longer than that.
macro_rules! over_in {
    ($row:literal $(, $further:literal)?) => {
        concat!(
            "min(", $row, "rec_to, ",
            $($row, $further, ", ",)?
            "CASE WHEN ", $row, "cut_rec = 9223372036854775807 THEN ", $row, "eff_first ",
            "ELSE max(", $row, "cut_rec, ", $row, "eff_to) END) >> 41"
        )
    };
}
pub(crate) use over_in;

/// In SQL: the next stretch of a part of an index, `?1`, from `?2` on.
macro_rules! next_stretch {
    ($index:literal, $part:literal, $stretch:expr) => {
        concat!(
            "SELECT ",
            $stretch,
            " AS stretch FROM ",
            $index,
            " WHERE ",
            $part,
            " = ?1 AND ",
            $stretch,
            " >= ?2 ORDER BY stretch LIMIT 1"
        )
    };
}
pub(crate) use next_stretch;

/// The first stretch in which something that holds at both dates, in microseconds, can be over.
pub(crate) fn first(as_of: i64, known_at: i64) -> i64 {
    as_of.min(known_at) >> 41
}

/// The stretches of a part of an index from one on, earliest first: most of what held for a short while was over soon after, and
/// of what holds for long little is over in any stretch before the last, so that a page is full early.
pub(crate) fn from(
    connection: &Connection,
    next: &str,
    part: i64,
    first: i64,
) -> Result<Vec<i64>, ViewError> {
    let mut next = connection.prepare_cached(next)?;
    let mut found = Vec::new();
    let mut from = first;
    while let Some(stretch) = next.query_row((part, from), |row| row.get::<_, i64>(0)).optional()? {
        found.push(stretch);
        from = stretch + 1;
    }
    Ok(found)
}
