//! `replay`: how many stand where, over the whole ledger.

use super::Coordinates;
use accord_domain::{AreaCode, Line};
use serde::Serialize;

/// The census of the ledger at a pair of coordinates.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct Census {
    /// Where on the two axes.
    pub coordinates: Coordinates,
    /// The pooling area it is limited to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub area: Option<AreaCode>,
    /// Institutions that have any record by then.
    pub institutions: u64,
    /// Practitioners that have any record by then.
    pub practitioners: u64,
    /// Enterprises that have any status then.
    pub enterprises: u64,
    /// Insured persons that have any status then.
    pub insured: u64,
    /// Pooling areas that have any status then.
    pub areas: u64,
    /// Cases that have any status then.
    pub cases: u64,
    /// How many subjects stand in each status.
    pub counts: Vec<Count>,
}

/// How many subjects stand in a status.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize)]
pub struct Count {
    /// The word of their kind: `institution`, `practitioner` …
    pub kind: &'static str,
    /// Pooling area of the agreement; of the subject for others, where known.
    pub area: Option<AreaCode>,
    /// Line of the agreement; null for others.
    pub line: Option<Line>,
    /// Status, a word of the contract.
    pub status: &'static str,
    /// How many.
    pub count: u64,
}
