//! Which instants a correction may not move: those that something recorded was reckoned or decided from. It would stay where it
//! is, and be wrong.

use super::clerical;
use crate::credit::decide::ART_41;
use crate::decide::Context;
use crate::event::{Correction, Event, EventData};
use crate::id::{SubjectKind, Version};
use crate::institution::InstitutionEvent;
use crate::institution::facts::Renewal;
use crate::insured::InsuredEvent;
use crate::practitioner::PractitionerEvent;
use crate::rejection::Rejection;
use crate::state::State;
use crate::time::Instant;
use crate::timeline::{self, Known};
use crate::track::Line;
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
    match timeline::moved_to(&data.changes) {
        Some(to) if to != recorded.effective_at => stays_in_its_period(target, recorded, to, context),
        Some(_) | None => Ok(()),
    }
}

/// An act that takes effect by the begin of what it decides, and before its end, goes on doing so: else a part of it would never
/// have held, or all.
fn stays_in_its_period(
    target: &Event,
    recorded: &Event,
    to: Instant,
    context: &Context<'_>,
) -> Result<(), Rejection> {
    let begin = begin(target, context).filter(|begin| recorded.effective_at <= *begin && *begin < to);
    let end = end(target).filter(|end| recorded.effective_at < *end && *end <= to);
    let kind = target.data.event_type();
    let (words, mut allowed) = match (begin, end) {
        (Some(begin), _) => (
            words!(
                "what {kind} decides holds from {0}, so it does not take effect after that: annul event {1} and decide anew",
                "{kind} 所定事项自 {0} 起，其生效时间不得更正至此之后：请撤销事件 {1} 后重新作出决定",
                begin.words(),
                recorded.id
            ),
            json!({ "field": "/effective_at", "max": begin }),
        ),
        (None, Some(end)) => (
            words!(
                "what {kind} decides is over on {0}, so it takes effect before that: annul event {1} and decide anew",
                "{kind} 所定事项至 {0} 止，其生效时间须更正在此之前：请撤销事件 {1} 后重新作出决定",
                end.words(),
                recorded.id
            ),
            json!({ "field": "/effective_at", "before": end }),
        ),
        (None, None) => return Ok(()),
    };
    allowed["annul"] = json!({ "event": recorded.id, "scope": "from_start", "consequences": true });
    Err(Rejection::new("reckoned-from", words).blocked_by(recorded.version).allowed(allowed))
}

/// When what an act decides begins, where that is not when it takes effect.
fn begin(event: &Event, context: &Context<'_>) -> Option<Instant> {
    use InstitutionEvent as I;
    match &event.data {
        EventData::Institution(I::AgreementSigned(data)) => data.from,
        EventData::Institution(I::AgreementRenewed(data)) => {
            data.from.or_else(|| goes_on_from(event, data, context))
        }
        EventData::Institution(I::ProbationStarted(data)) => Some(data.from),
        EventData::Practitioner(PractitionerEvent::QualificationSuspended(data)) => data.from,
        EventData::Institution(_)
        | EventData::Practitioner(_)
        | EventData::Enterprise(_)
        | EventData::Insured(_)
        | EventData::Area(_)
        | EventData::Case(_) => None,
    }
}

/// The end of the term that a renewal without a begin of its own was decided to go on from.
fn goes_on_from(event: &Event, data: &Renewal, context: &Context<'_>) -> Option<Instant> {
    let before = context.history.partition_point(|known| known.version < event.version);
    let before = context.history.get(..before)?;
    let State::Institution(state) =
        timeline::state_at(SubjectKind::Institution, before, context.event(event.id)?.effective_at)
    else {
        return None;
    };
    let basic = state.agreement(data.area, Line::Basic);
    basic.or_else(|| state.agreements_in(data.area).next())?.end()?.bounded()
}

/// When what an act decides is over. A period that only describes (what was declared or looked at) is none.
fn end(event: &Event) -> Option<Instant> {
    let facts = timeline::facts(event);
    let decided = ["until", "barred_until"].into_iter().find_map(|field| {
        let value = facts.pointer(&format!("/data/{field}")).filter(|value| !value.is_null())?;
        (!clerical::fields(&event.data).contains(&field)).then_some(value)
    })?;
    serde_json::from_value(decided.clone()).ok()
}

/// Whether an act tells something that was reckoned from the instant it takes effect and would be otherwise from another.
fn from_effect(event: &Event, to: Instant) -> bool {
    use InstitutionEvent as I;
    use PractitionerEvent as P;
    match &event.data {
        EventData::Institution(I::AgreementTerminated(data)) => {
            data.bar.is_some() || data.responsible_until.is_some()
        }
        // No longer than the rule has it from that day on.
        EventData::Institution(I::AgreementSuspended(data)) => data.at_request == Some(true),
        EventData::Insured(InsuredEvent::OnlineSettlementSuspended(data)) => &*data.ground == ART_41,
        // As long as the rule has it; told so far ahead; performed on that day.
        EventData::Institution(
            I::DepartmentOrdered(_)
            | I::AgreementWithdrawn(_)
            | I::SuspensionRequested(_)
            | I::LiabilitySettled(_)
            | I::RecordsDemanded(_),
        )
        | EventData::Practitioner(P::ManagerBanned(_)) => true,
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
