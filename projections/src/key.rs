//! The number of a row: whose it is, and which of its rows.
//!
//! A subject's rows are numbered from 0, and the two numbers are packed into one, the subject's above. So the rows of a
//! subject lie side by side in tables whose key is a plain integer. Filling such a table in order costs SQLite less than one with a
//! key of two columns: it compares numbers instead of records, and begins a new page at the end instead of spreading the last
//! ones out again.

use crate::error::ViewError;

/// Bits of the number of a row within its subject. The 36 that remain number the subjects by the position of their first event.
const ROW_BITS: u32 = 27;

/// The last number a subject may have: the one after it is needed to say where its rows end.
const SUBJECT_MAX: u64 = (1 << (63 - ROW_BITS)) - 2;

/// The number of a subject's row.
///
/// # Errors
/// [`ViewError::Damaged`] when there is no number left: after 134 million rows of one subject, or 68 billion events.
pub(crate) fn key(subject: u64, row: u32) -> Result<i64, ViewError> {
    if subject > SUBJECT_MAX || row >> ROW_BITS != 0 {
        return Err(ViewError::Damaged(format!("row {row} of subject {subject} has no number left")));
    }
    Ok((subject << ROW_BITS | u64::from(row)).cast_signed())
}

/// The number of the subject that a row with this key is of.
pub(crate) const fn owner(key: i64) -> i64 {
    key >> ROW_BITS
}

/// In SQL: whether a row with this key is of a subject.
macro_rules! is_of {
    ($key:literal, $subject:literal) => {
        concat!($key, " >= ", $subject, " << 27 AND ", $key, " < ", $subject, " + 1 << 27")
    };
}

/// In SQL: the key of a subject's row.
macro_rules! key_of {
    ($subject:literal, $row:literal) => {
        concat!("(", $subject, " << 27 | ", $row, ")")
    };
}

/// In SQL: the subject of a row with this key.
macro_rules! subject_of {
    ($key:literal) => {
        concat!("(", $key, " >> 27)")
    };
}

/// In SQL: which of its subject's rows one with this key is.
macro_rules! row_of {
    ($key:literal) => {
        concat!("(", $key, " & 134217727)")
    };
}

pub(crate) use {is_of, key_of, row_of, subject_of};

#[cfg(test)]
mod tests {
    use super::*;
    use rusqlite::Connection;

    #[test]
    fn sql_takes_a_key_apart_as_it_was_put_together() {
        let connection = Connection::open_in_memory().unwrap();
        let ends = [(0, 0), (0, (1 << ROW_BITS) - 1), (1, 0), (SUBJECT_MAX, (1 << ROW_BITS) - 1)];
        for (subject, row) in ends {
            let key = key(subject, row).unwrap();
            const APART: &str = concat!(
                "SELECT ",
                subject_of!("?1"),
                ", ",
                row_of!("?1"),
                ", ",
                is_of!("?1", "?2"),
                ", ",
                key_of!("?2", "?3")
            );
            let subject = subject.cast_signed();
            let apart: (i64, u32, bool, i64) = connection
                .query_row(APART, (key, subject, row), |row| {
                    Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?))
                })
                .unwrap();
            assert_eq!(apart, (subject, row, true, key), "{subject} {row}");
        }
        assert!(key(1, 0).unwrap() > key(0, (1 << ROW_BITS) - 1).unwrap());
    }

    #[test]
    fn a_number_that_does_not_fit_is_refused() {
        assert!(key(0, 1 << ROW_BITS).is_err());
        assert!(key(SUBJECT_MAX + 1, 0).is_err());
    }
}
