//! Why something stands: the event, its basis and the rules it was decided under.

use super::Position;
use accord_domain::event::EventType;
use accord_domain::rulebook::Citation;
use accord_domain::{Basis, Instant, Version};
use serde::Serialize;
use std::collections::BTreeMap;
use uuid::Uuid;

/// The event that made something so.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct Reason {
    /// Its id.
    pub event: Uuid,
    /// Its place in the log.
    pub position: Position,
    /// Its place in the subject's history.
    pub version: Version,
    /// Its type, `institution.agreement-suspended`.
    #[serde(rename = "type")]
    pub kind: &'static str,
    /// From when it holds.
    pub effective_at: Instant,
    /// When the ledger learnt it.
    pub recorded_at: Instant,
    /// 依据, as the decision states it.
    pub basis: Vec<Basis>,
    /// The first of `rules`, by id.
    pub rule: Option<Box<str>>,
    /// The rules it was decided under.
    pub rules: Vec<Citation>,
    /// The case it belongs to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub case: Option<Box<str>>,
    /// What the source does not say: JSON pointer into the event, and why it is not known. A period whose begin is named here
    /// begins where it is first attested.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub unknown: BTreeMap<String, String>,
}

impl Reason {
    /// The event's type.
    #[must_use]
    pub fn event_type(&self) -> EventType {
        EventType::by_name(self.kind).unwrap_or(EventType(0))
    }
}
