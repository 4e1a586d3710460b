//! Finding a subject by code or by any part of a name it bears or bore.

use super::subject::text;
use super::{Views, micros, sql};
use crate::error::ViewError;
use crate::grams;
use crate::model::Found;
use accord_domain::{Instant, Subject};

impl Views {
    /// Subjects heard of by `known_at` whose code begins with the text, then those of whom a name was known then that contains
    /// it, whenever it was borne; `as_of` says which name is the current one.
    ///
    /// # Errors
    /// When the views cannot be read.
    pub fn search(
        &self,
        wanted: &str,
        as_of: Instant,
        known_at: Instant,
        limit: usize,
    ) -> Result<Vec<Found>, ViewError> {
        let (wanted, as_of, known_at) = (wanted.trim(), micros(as_of), micros(known_at));
        self.with_moment(|connection| {
            let mut found = Vec::new();
            let parse = |code: &str| Subject::parse(code).ok();
            let of_code = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_');
            if wanted.bytes().all(of_code) && !wanted.is_empty() {
                // Only the codes of insured persons and cases have small letters, and both have a fixed beginning.
                let small = ["ins-", "case-"].iter().any(|prefix| wanted.starts_with(prefix));
                let from = if small { wanted.to_owned() } else { wanted.to_ascii_uppercase() };
                let until = format!("{from}~");
                let mut statement = connection.prepare_cached(sql::BY_CODE)?;
                let mut rows = statement.query((from, until, as_of, known_at, limit_of(limit)))?;
                while let Some(row) = rows.next()? {
                    found.push(Found { subject: text(row, 0, parse)?, name: row.get(1)?, current: true });
                }
            }
            if let Some(phrase) = grams::query(wanted).filter(|_| found.len() < limit) {
                let mut statement = connection.prepare_cached(sql::BY_NAME)?;
                let mut rows = statement.query((phrase, as_of, known_at, limit_of(limit - found.len())))?;
                while let Some(row) = rows.next()? {
                    found.push(Found {
                        subject: text(row, 0, parse)?,
                        name: row.get(1)?,
                        current: row.get(2)?,
                    });
                }
            }
            Ok(found)
        })
    }
}

fn limit_of(limit: usize) -> i64 {
    i64::try_from(limit).unwrap_or(i64::MAX)
}
