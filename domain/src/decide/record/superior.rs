//! Which body may annul or correct what: a court, the body itself, or one that stands over it. An agency does not touch what
//! only a bureau decides.

use crate::command::Command;
use crate::decide::Context;
use crate::envelope::Authority;
use crate::event::{Event, EventData};
use crate::id::{AreaCode, Subject};
use crate::institution::InstitutionEvent;
use crate::practitioner::PractitionerEvent;
use crate::rejection::Rejection;
use crate::timeline::Known;
use crate::words;
use serde_json::{Value, json};

/// Refuses a body that stands neither at the place of the decision nor over it. Where the body's area or the place is not
/// recorded there is nothing to compare.
pub(super) fn check(command: &Command, target: &Known<'_>, context: &Context<'_>) -> Result<(), Rejection> {
    let actor = &command.envelope.actor;
    if actor.authority == Authority::Court {
        return Ok(());
    }
    let event = decision(context.history, &target.event);
    if actor.authority == Authority::Agency && is_of_bureau(&event.data) {
        let words = words!(
            "what the bureau decided is not for an agency to annul or correct",
            "医保行政部门作出的决定，经办机构无权撤销或更正"
        );
        return Err(Rejection::new("wrong-authority", words)
            .blocked_by(event.version)
            .allowed(json!({ "authority": [Authority::Bureau, Authority::Court] })));
    }
    let (Some(own), Some(place)) = (actor.area, place(&command.subject, event, context.history)) else {
        return Ok(());
    };
    if own.covers(place) {
        return Ok(());
    }
    let words = words!(
        "a decision of {place} is annulled or corrected there, by its prefecture or province, or by a court; {own} stands \
         over none of these",
        "{place} 的决定由本地、其上级市或省级机关或法院撤销或更正；{own} 并非其上级"
    );
    let mut areas = vec![place, place.prefecture(), place.province()];
    areas.dedup();
    Err(Rejection::new("not-superior", words)
        .blocked_by(event.version)
        .allowed(json!({ "field": "/actor/area", "values": areas })))
}

/// The decision that an act on the record, or an act on that, is about in the end.
fn decision<'a>(history: &'a [Event], mut event: &'a Event) -> &'a Event {
    while let Some(object) = object(event) {
        // Acts on the record name earlier events, so that this ends.
        let earlier = history.iter().find(|known| known.id == object && known.version < event.version);
        let Some(earlier) = earlier else { break };
        event = earlier;
    }
    event
}

fn object(event: &Event) -> Option<uuid::Uuid> {
    let annulled = event.data.annulment().map(|data| data.event);
    annulled.or_else(|| event.data.correction().map(|data| data.event))
}

/// What only a bureau decides (令735).
const fn is_of_bureau(data: &EventData) -> bool {
    matches!(
        data,
        EventData::Institution(
            InstitutionEvent::DepartmentOrdered(_)
                | InstitutionEvent::DepartmentOrderLifted(_)
                | InstitutionEvent::FineImposed(_)
        ) | EventData::Practitioner(PractitionerEvent::ManagerBanned(_))
    )
}

/// Where a decision was made: the area its facts name, that of the decision it follows from, or the region of the subject.
fn place(subject: &Subject, event: &Event, history: &[Event]) -> Option<AreaCode> {
    area_named(event, history).or_else(|| subject.region())
}

/// The pooling area that an act is of, as far as it is told: that of the decision for an act on the record.
pub(crate) fn area_of(event: &Event, history: &[Event]) -> Option<AreaCode> {
    area_named(decision(history, event), history)
}

/// The area that the facts of a decision name, or those of the decision it follows from.
fn area_named(event: &Event, history: &[Event]) -> Option<AreaCode> {
    let cause = event.caused_by.and_then(|cause| history.iter().find(|known| known.version == cause));
    let named = |event: &Event| {
        let mut facts = Vec::new();
        event.data.write(&mut facts).ok()?;
        let facts: Value = serde_json::from_slice(&facts).ok()?;
        facts.get("area").and_then(Value::as_str).and_then(|area| AreaCode::parse(area).ok())
    };
    // A registration names its institution, whose region is where it was made.
    let site = || match &event.data {
        EventData::Practitioner(PractitionerEvent::Registered(data)) => data.institution.region(),
        EventData::Institution(_)
        | EventData::Practitioner(_)
        | EventData::Enterprise(_)
        | EventData::Insured(_)
        | EventData::Area(_)
        | EventData::Case(_) => None,
    };
    named(event).or_else(|| cause.and_then(named)).or_else(site)
}
