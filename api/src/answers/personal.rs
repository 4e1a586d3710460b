//! What was read of a subject's personal data.

use super::Position;
use crate::Done;
use crate::ledger::Opened;
use accord_domain::Subject;
use serde::Serialize;
use uuid::Uuid;

/// Personal data as read, and where the reading is recorded.
#[derive(Debug, Serialize)]
pub struct PersonalOpened {
    /// Whose.
    pub subject: Box<str>,
    /// The event that records the reading.
    pub recorded: Option<Uuid>,
    /// Its position.
    pub position: Position,
    /// The values, in the order of the events.
    pub values: Vec<OpenedValue>,
}

/// One value.
#[derive(Debug, Serialize)]
pub struct OpenedValue {
    /// The event that holds it.
    pub event: Uuid,
    /// Its position.
    pub position: Position,
    /// Its type.
    #[serde(rename = "type")]
    pub kind: &'static str,
    /// JSON pointer into it.
    pub field: Box<str>,
    /// The value; null where it does not open, because it was changed or moved.
    pub value: Option<Box<str>>,
}

impl PersonalOpened {
    /// Of a reading that was carried out.
    #[must_use]
    pub fn of(subject: &Subject, done: &Done, opened: Vec<Opened>) -> Self {
        let recorded = done.events.first().and_then(|stored| stored.decode().ok()).map(|event| event.id);
        let values = opened.into_iter().map(|opened| OpenedValue {
            event: opened.event,
            position: Position(opened.position),
            kind: opened.kind.name(),
            field: opened.field,
            value: opened.value,
        });
        Self {
            subject: subject.code().into(),
            recorded,
            position: Position(done.appended.first_position),
            values: values.collect(),
        }
    }
}
