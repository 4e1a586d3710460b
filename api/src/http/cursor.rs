//! Cursors: opaque to callers; inside, where the page ended, the coordinates the listing is pinned to, and a digest of
//! its filters, so that a cursor cannot be carried over to another listing.

use crate::answers::Coordinates;
use crate::http::problem::{Problem, catalogue};
use accord_domain::{Instant, words};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

/// Bytes of the filter's digest that are kept: enough against a slip, and a forged cursor gains nothing.
const FILTER_BYTES: usize = 8;

/// Where a page ended.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Cursor {
    /// Sort key of the last item.
    #[serde(rename = "k")]
    pub(crate) after: String,
    /// Effective coordinate of the listing.
    #[serde(rename = "a")]
    as_of_micros: i64,
    /// Recorded coordinate of the listing.
    #[serde(rename = "n")]
    known_at_micros: i64,
    /// Newest position of page one.
    #[serde(rename = "p")]
    position: Option<u64>,
    #[serde(rename = "f")]
    filter: [u8; FILTER_BYTES],
}

impl Cursor {
    /// The end of a page of a listing with these filters, pinned to these coordinates.
    pub(crate) fn new(after: String, filter: &str, at: Coordinates) -> Self {
        Self {
            after,
            as_of_micros: at.as_of.as_micros(),
            known_at_micros: at.known_at.as_micros(),
            position: at.position.map(|position| position.0),
            filter: digest(filter),
        }
    }

    /// The newest position of page one.
    pub(crate) const fn position(&self) -> Option<u64> {
        self.position
    }

    /// The effective coordinate of the listing.
    pub(crate) const fn as_of(&self) -> Instant {
        Instant::from_micros(self.as_of_micros)
    }

    /// The recorded coordinate of the listing.
    pub(crate) const fn known_at(&self) -> Instant {
        Instant::from_micros(self.known_at_micros)
    }

    /// The text callers carry.
    pub(crate) fn encode(&self) -> String {
        // Numbers, bytes and a string always serialise.
        URL_SAFE_NO_PAD.encode(serde_json::to_vec(self).unwrap_or_default())
    }

    /// Reads what a caller brought back, for a listing with these filters.
    ///
    /// # Errors
    /// `invalid-cursor` and `cursor-filter-mismatch`.
    pub(crate) fn decode(text: &str, filter: &str) -> Result<Self, Problem> {
        let within = Instant::YEAR_MIN..=Instant::YEAR_MAX;
        let read = URL_SAFE_NO_PAD
            .decode(text)
            .ok()
            .and_then(|bytes| serde_json::from_slice::<Self>(&bytes).ok())
            .filter(|read| [read.as_of(), read.known_at()].iter().all(|at| within.contains(&at.year())))
            .ok_or_else(unreadable)?;
        if read.filter != digest(filter) {
            return Err(Problem::new(
                &catalogue::CURSOR_FILTER_MISMATCH,
                words!(
                    "the cursor belongs to a listing with other filters; start again without one",
                    "游标属于筛选条件不同的列表；请不带游标重新开始"
                ),
            ));
        }
        Ok(read)
    }
}

/// What is said of a cursor that is none of ours.
pub(crate) fn unreadable() -> Problem {
    Problem::new(
        &catalogue::INVALID_CURSOR,
        words!("the cursor cannot be read; start again without one", "游标无法读取；请不带游标重新开始"),
    )
}

fn digest(filter: &str) -> [u8; FILTER_BYTES] {
    let whole: [u8; 32] = Sha256::digest(filter.as_bytes()).into();
    let mut out = [0; FILTER_BYTES];
    out.copy_from_slice(&whole[..FILTER_BYTES]);
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::answers::Position;

    #[test]
    fn a_cursor_comes_back_as_it_went_and_only_to_its_own_listing() {
        let at = Instant::parse("2025-08-04").unwrap();
        let at = Coordinates { as_of: at, known_at: at.plus_days(9), position: Some(Position(4711)) };
        let cursor = Cursor::new("H37010200001".to_owned(), "status=suspended", at);
        let text = cursor.encode();
        assert!(text.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_')));
        assert_eq!(Cursor::decode(&text, "status=suspended").unwrap(), cursor);
        assert_eq!(Cursor::decode(&text, "status=in_force").unwrap_err().name(), "cursor-filter-mismatch");
        for bad in ["", "x", "e30", &text[1..], &format!("{text}=")] {
            assert_eq!(Cursor::decode(bad, "status=suspended").unwrap_err().name(), "invalid-cursor");
        }
    }
}
