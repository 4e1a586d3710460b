//! 部分撤销: the decision holds, but for less. Points are lowered, a period is shortened, a sum reduced; nothing is raised.

use crate::event::{Annulment, Event, EventData};
use crate::institution::InstitutionEvent;
use crate::practitioner::PractitionerEvent;
use crate::rejection::Rejection;
use crate::time::Instant;
use crate::timeline;
use crate::words;
use serde_json::{Value, json};

/// What can be made less.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Measure {
    /// A number of at least 1.
    Number,
    /// The end of a period.
    End,
}

/// What of an event can be made less: the pointer and how it is measured.
fn reducible(data: &EventData) -> &'static [(&'static str, Measure)] {
    use InstitutionEvent as I;
    use Measure::{End, Number};
    use PractitionerEvent as P;
    match data {
        EventData::Institution(I::AgreementSuspended(_) | I::DepartmentOrdered(_))
        | EventData::Practitioner(P::QualificationSuspended(_) | P::ManagerBanned(_)) => {
            &[("/data/until", End)]
        }
        EventData::Institution(I::AgreementTerminated(_) | I::BarRaised(_)) => &[("/data/bar/until", End)],
        EventData::Institution(
            I::PaymentDenied(_) | I::FundsRecovered(_) | I::LiquidatedDamagesCharged(_),
        ) => &[("/data/amount_fen", Number)],
        EventData::Institution(I::FineImposed(_)) => {
            &[("/data/amount_fen", Number), ("/data/base_fen", Number), ("/data/multiple_tenths", Number)]
        }
        EventData::Practitioner(P::PointsDeducted(_)) => &[("/data/points", Number)],
        EventData::Practitioner(P::QualificationTerminated(_)) => &[("/data/barred_until", End)],
        EventData::Institution(_)
        | EventData::Practitioner(_)
        | EventData::Enterprise(_)
        | EventData::Insured(_)
        | EventData::Area(_)
        | EventData::Case(_) => &[],
    }
}

/// Refuses what is not a reduction, and completes what follows from one: points that count are never more than the points.
pub(super) fn check(data: &mut Annulment, event: &Event) -> Result<(), Rejection> {
    let reducible = reducible(&event.data);
    if data.changes.is_empty() || reducible.is_empty() {
        return Err(nothing_to_reduce(event, reducible));
    }
    let facts = timeline::facts(event);
    let begin = begin(event);
    for (pointer, value) in &data.changes {
        let Some((_, measure)) = reducible.iter().find(|(known, _)| known == pointer) else {
            return Err(nothing_to_reduce(event, reducible));
        };
        let now = facts.pointer(pointer).unwrap_or(&Value::Null);
        let less = match measure {
            Measure::Number => is_less(value, now),
            Measure::End => ends_earlier(value, now, begin),
        };
        if !less {
            return Err(not_less(event, pointer, now, (*measure == Measure::End).then_some(begin)));
        }
    }
    let counted = facts.pointer("/data/counted").and_then(Value::as_i64);
    let points = data.changes.get("/data/points").and_then(Value::as_i64);
    if let (Some(counted), Some(points)) = (counted, points) {
        data.changes.insert("/data/counted".to_owned(), json!(counted.min(points)));
    }
    timeline::correct(event, &data.changes).map_err(|why| {
        let words = words!("what would be left does not fit the event: {why}", "保留部分与事件不符：{why}");
        Rejection::new("not-reducible", words).blocked_by(event.version)
    })?;
    Ok(())
}

/// When the period begins that may be ended earlier: where a suspension does not start with its decision, only then.
fn begin(event: &Event) -> Instant {
    let suspended =
        if let EventData::Practitioner(PractitionerEvent::QualificationSuspended(data)) = &event.data {
            data.from
        } else {
            None
        };
    suspended.map_or(event.effective_at, |from| from.max(event.effective_at))
}

fn is_less(value: &Value, now: &Value) -> bool {
    match (value.as_i64(), now.as_i64()) {
        (Some(value), Some(now)) => 1 <= value && value < now,
        (Some(_) | None, _) => false,
    }
}

/// Whether a period would end earlier, and not before it begins; one without an end can be given one.
fn ends_earlier(value: &Value, now: &Value, begin: Instant) -> bool {
    let read = |value: &Value| serde_json::from_value::<Instant>(value.clone()).ok();
    let now = if now.is_null() { Some(Instant::MAX) } else { read(now) };
    match (read(value), now) {
        (Some(value), Some(now)) => begin < value && value < now,
        (Some(_) | None, _) => false,
    }
}

fn nothing_to_reduce(event: &Event, reducible: &[(&str, Measure)]) -> Rejection {
    let pointers: Vec<&str> = reducible.iter().map(|(pointer, _)| *pointer).collect();
    let kind = event.data.event_type();
    let words = words!(
        "a partial annulment of {kind} leaves less of what can be less, named in changes",
        "对 {kind} 的部分撤销须在 changes 中写明可减轻的内容及其保留部分"
    );
    Rejection::new("not-reducible", words)
        .blocked_by(event.version)
        .allowed(json!({ "field": "/data/changes", "pointers": pointers }))
}

fn not_less(event: &Event, pointer: &str, now: &Value, begin: Option<Instant>) -> Rejection {
    let words = match begin {
        None => words!(
            "{pointer} stands at {now}; a partial annulment leaves less, and at least something",
            "{pointer} 现为 {now}；部分撤销须予减轻，且须有所保留"
        ),
        Some(begin) => words!(
            "{pointer} stands at {now}; a partial annulment leaves less, and at least something: what is left begins on {}",
            "{pointer} 现为 {now}；部分撤销须予减轻，且须有所保留：保留部分自 {} 起",
            begin.words()
        ),
    };
    let mut allowed = json!({ "field": format!("/data/changes{pointer}"), "below": now });
    if let Some(begin) = begin {
        allowed["after"] = json!(begin);
    }
    Rejection::new("not-less", words).blocked_by(event.version).allowed(allowed)
}
