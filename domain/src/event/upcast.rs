//! Old forms of events, lifted to the newest one step at a time. The stored bytes never change.
//!
//! How a form changes: raise the schema version in the vocabulary, change the facts, add the step here and the fixture of
//! the new form under `fixtures/events/`. The fixture of the old form stays, and every build reads it through the chain.

use super::{DecodeError, EventType};
use serde_json::Value;

/// Lifts the `data` of one event type from one schema version to the next.
struct Step {
    kind: &'static str,
    from: u16,
    lift: fn(Value) -> Value,
}

/// Every step there is.
const STEPS: &[Step] = &[
    sealed("institution.applied"),
    sealed("institution.details-changed"),
    sealed("institution.interview-held"),
    sealed("institution.warned"),
    sealed("institution.circulated"),
    sealed("institution.case-publicised"),
    sealed("practitioner.registered"),
    sealed("practitioner.details-changed"),
    sealed("insured.credit-rated"),
    // Version 2 may name the informant; older ones do not say who it was.
    Step { kind: "case.lead-received", from: 1, lift: |data| data },
    // Version 2 may tell the fine; older ones do not.
    Step { kind: "case.penalty-decided", from: 1, lift: |data| data },
    // Version 3 may tell of insurance staff, contracts and traceability codes; older ones do not.
    Step { kind: "institution.applied", from: 2, lift: |data| data },
    // Version 2 may say how many institutions the area is to have at most; older ones do not.
    Step { kind: "area.resources-planned", from: 1, lift: |data| data },
    // Version 2 says whose area it is of, where the ledger knows; older ones do not.
    Step { kind: "insured.online-settlement-suspended", from: 1, lift: |data| data },
    // Version 2 may name who caused a termination, and whether as the head office of a chain; older ones do not say.
    Step { kind: "institution.agreement-terminated", from: 1, lift: |data| data },
    // Version 2 may tell that the commitment was signed before; older ones do not say.
    Step { kind: "practitioner.site-added", from: 1, lift: |data| data },
    Step { kind: "practitioner.reregistered", from: 1, lift: |data| data },
    of_act("institution.agreement-terminated", 2),
    // The next version may tell when it was found that an application was fraudulent; older ones do not.
    Step { kind: "institution.agreement-terminated", from: 3, lift: |data| data },
    Step { kind: "institution.refused", from: 1, lift: |data| data },
    of_act("institution.agreement-suspended", 1),
    of_act("institution.settlement-held", 1),
    of_act("institution.payment-denied", 1),
    of_act("institution.funds-recovered", 1),
    of_act("institution.damages-charged", 1),
];

/// The next version may tell when the act took place that a measure answers, and which agreement bound it then; of older
/// ones neither is known.
const fn of_act(kind: &'static str, from: u16) -> Step {
    Step { kind, from, lift: |data| data }
}

/// Version 2 seals what says something of a person. What version 1 stored in plain text is read as it stands: bytes once
/// stored never change.
const fn sealed(kind: &'static str) -> Step {
    Step { kind, from: 1, lift: |data| data }
}

/// Applies the chain from `schema` to the newest version.
pub(crate) fn to_newest(kind: EventType, schema: u16, data: &str) -> Result<String, DecodeError> {
    chain(STEPS, kind.name(), schema, kind.schema(), data)
}

fn chain(
    steps: &[Step],
    kind: &'static str,
    schema: u16,
    newest: u16,
    data: &str,
) -> Result<String, DecodeError> {
    let facts = |source| DecodeError::Facts { kind, source };
    let mut value: Value = serde_json::from_str(data).map_err(facts)?;
    for from in schema..newest {
        let step = steps.iter().find(|step| step.kind == kind && step.from == from);
        let step = step.ok_or(DecodeError::NoUpcaster { kind, schema: from })?;
        value = (step.lift)(value);
    }
    serde_json::to_string(&value).map_err(facts)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::EventData;
    use serde_json::json;

    /// Version 2 renamed `months` to `period_months`, version 3 says of older ones that the source is not known.
    const TRIED: &[Step] = &[
        Step {
            kind: "tried.event",
            from: 2,
            lift: |mut data| {
                data["source"] = json!("unknown");
                data
            },
        },
        Step { kind: "other.event", from: 1, lift: |_| json!("never") },
        Step {
            kind: "tried.event",
            from: 1,
            lift: |mut data| {
                data["period_months"] = data["months"].take();
                data.as_object_mut().map(|members| members.remove("months"));
                data
            },
        },
    ];

    fn lifted(schema: u16, newest: u16) -> Result<String, DecodeError> {
        let data = if schema == 1 { r#"{"months":3}"# } else { r#"{"period_months":3}"# };
        chain(TRIED, "tried.event", schema, newest, data)
    }

    #[test]
    fn an_old_form_is_lifted_step_by_step_whatever_the_order_of_the_table() {
        assert_eq!(lifted(1, 3).unwrap(), r#"{"period_months":3,"source":"unknown"}"#);
        assert_eq!(lifted(2, 3).unwrap(), r#"{"period_months":3,"source":"unknown"}"#);
        assert_eq!(lifted(3, 3).unwrap(), r#"{"period_months":3}"#);
    }

    #[test]
    fn a_missing_step_is_a_fault_that_names_type_and_version() {
        let error = lifted(1, 4).unwrap_err().to_string();
        assert_eq!(error, "no upcaster for tried.event from schema version 3");
    }

    #[test]
    fn every_type_has_the_steps_from_its_first_version_to_its_newest() {
        for (_, name, newest) in EventType::all() {
            for from in 1..*newest {
                assert!(
                    STEPS.iter().any(|step| step.kind == *name && step.from == from),
                    "{name} from {from}"
                );
            }
        }
    }

    #[test]
    fn what_a_newer_version_wrote_is_refused_and_not_guessed_at() {
        let kind = EventType::by_name("practitioner.registered").unwrap();
        let newer = EventData::read(kind, 3, "{}").unwrap_err().to_string();
        assert_eq!(
            newer,
            "practitioner.registered is stored in schema version 3, this version knows up to 2"
        );
        let unknown = EventData::read(EventType(999), 1, "{}").unwrap_err().to_string();
        assert_eq!(unknown, "event type number 999 is not known to this version");
        let facts = EventData::read(kind, 1, "{}").unwrap_err();
        assert!(matches!(facts, DecodeError::Facts { kind: "practitioner.registered", .. }), "{facts}");
    }
}
