//! Which instants a correction may not move: those that something recorded was reckoned or decided from. It would stay where it
//! is, and be wrong.

use crate::decide::Context;
use crate::event::{Correction, Event, EventData};
use crate::id::Version;
use crate::institution::InstitutionEvent;
use crate::practitioner::PractitionerEvent;
use crate::rejection::Rejection;
use crate::time::Instant;
use crate::timeline::Known;
use crate::words;
use serde_json::json;

/// Refuses to move the instant of an act with which something else would have to move: what followed from it, what it follows
/// from, or what it tells itself. Back to where it was reckoned from it may be moved.
pub(super) fn check(
    data: &Correction,
    target: &Event,
    resolved: &[Known<'_>],
    context: &Context<'_>,
) -> Result<(), Rejection> {
    let recorded = context.event(target.id).unwrap_or(target);
    let followed: Vec<Version> = resolved
        .iter()
        .filter(|known| known.event.caused_by == Some(recorded.version) && known.void_from != Instant::MIN)
        .map(|known| known.event.version)
        .collect();
    let hangs = !followed.is_empty() || recorded.caused_by.is_some();
    for pointer in ["/effective_at", "/decided_at"] {
        let Some(to) = data.changes.get(pointer) else { continue };
        let Ok(to) = serde_json::from_value::<Instant>(to.clone()) else { continue };
        let (from, tells) = match pointer {
            "/effective_at" => (Some(recorded.effective_at), from_effect(recorded, to)),
            _ => (from_decision(&recorded.data), from_decision(&recorded.data).is_some()),
        };
        if (hangs || tells) && from != Some(to) {
            return Err(refused(pointer, recorded, followed, context));
        }
    }
    Ok(())
}

/// Whether an act tells something that was reckoned from the instant it takes effect and would be otherwise from another.
fn from_effect(event: &Event, to: Instant) -> bool {
    use InstitutionEvent as I;
    use PractitionerEvent as P;
    match &event.data {
        EventData::Institution(I::AgreementTerminated(data)) => {
            data.bar.is_some() || data.responsible_until.is_some()
        }
        EventData::Institution(I::RecordsDemanded(_)) | EventData::Practitioner(P::ManagerBanned(_)) => true,
        // The day of the decision, which is that of the effect where no other was stated.
        EventData::Practitioner(P::PointsDeducted(data)) => data.decided_at == event.effective_at,
        EventData::Practitioner(P::PointsRepaired(data)) => data.year != to.year(),
        EventData::Institution(_)
        | EventData::Practitioner(_)
        | EventData::Enterprise(_)
        | EventData::Insured(_)
        | EventData::Area(_)
        | EventData::Case(_) => false,
    }
}

/// The instant of the decision, where what an act tells depends on it: points count in its year (row R-313).
fn from_decision(data: &EventData) -> Option<Instant> {
    match data {
        EventData::Practitioner(PractitionerEvent::PointsDeducted(data)) => Some(data.decided_at),
        EventData::Practitioner(_)
        | EventData::Institution(_)
        | EventData::Enterprise(_)
        | EventData::Insured(_)
        | EventData::Area(_)
        | EventData::Case(_) => None,
    }
}

fn refused(pointer: &str, event: &Event, followed: Vec<Version>, context: &Context<'_>) -> Rejection {
    let cause = event.caused_by.and_then(|by| context.history.iter().find(|known| known.version == by));
    let first = cause.unwrap_or(event);
    let kind = event.data.event_type();
    let words = words!(
        "{pointer} of {kind} is what other dates or decisions were reckoned from, which a correction would leave as they are: \
         annul event {0} with what followed from it (`consequences`), and decide anew",
        "{kind} 的 {pointer} 是其他期限或处理的起算依据，更正不会使其随之变动：请将事件 {0} 连同其后续处理（`consequences`）一并撤销后\
         重新作出决定",
        first.id
    );
    let annul = json!({ "event": first.id, "scope": "from_start", "consequences": true });
    let mut rejection = Rejection::new("reckoned-from", words).blocked_by(first.version);
    rejection.blocked_by.extend(cause.map(|_| event.version));
    rejection.blocked_by.extend(followed);
    rejection.allowed(json!({ "field": pointer, "annul": annul }))
}
