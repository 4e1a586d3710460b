//! Old forms of events, lifted to the newest one step at a time. The stored bytes never change.

use super::{DecodeError, EventType};
use serde_json::Value;

/// Lifts the `data` of one event type from one schema version to the next.
struct Upcaster {
    kind: &'static str,
    from: u16,
    lift: fn(Value) -> Value,
}

/// Every step there is. All events stand at schema version 1, so there is none yet.
const UPCASTERS: &[Upcaster] = &[];

/// Applies the chain from `schema` to the newest version.
pub(crate) fn to_newest(kind: EventType, schema: u16, data: &str) -> Result<String, DecodeError> {
    chain(UPCASTERS, kind, schema, data)
}

fn chain(steps: &[Upcaster], kind: EventType, schema: u16, data: &str) -> Result<String, DecodeError> {
    let facts = |source| DecodeError::Facts { kind: kind.name(), source };
    let mut value: Value = serde_json::from_str(data).map_err(facts)?;
    for from in schema..kind.schema() {
        let step = steps
            .iter()
            .find(|step| step.kind == kind.name() && step.from == from)
            .ok_or(DecodeError::NoUpcaster { kind: kind.name(), schema: from })?;
        value = (step.lift)(value);
    }
    serde_json::to_string(&value).map_err(facts)
}
