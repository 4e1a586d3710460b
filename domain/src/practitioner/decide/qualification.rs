//! 暂停, 恢复, 终止 by a decision apart from points (older regimes, credit).

use super::{Case, PractitionerEvent};
use crate::decide::{Decision, ends_after};
use crate::practitioner::facts::{
    QualificationSuspension, QualificationTermination, QualificationTerminationAct, Restoration,
};
use crate::rejection::Rejection;
use crate::track::BarClass;
use crate::words;
use serde_json::json;

pub(super) fn suspend(case: &Case<'_>, data: &QualificationSuspension) -> Result<Decision, Rejection> {
    case.decided_by_others()?;
    not_terminated(case)?;
    let from = data.from.unwrap_or(case.at);
    if from < case.at {
        let words = words!(
            "the suspension would begin on {}, before it takes effect on {}",
            "暂停起始时间 {} 早于生效时间 {}",
            from.words(),
            case.at.words()
        );
        return Err(Rejection::new("begins-before-effect", words).allowed(json!({ "from": case.at })));
    }
    if let Some(until) = data.until {
        ends_after(until, from)?;
    }
    let mut event = case.event(PractitionerEvent::QualificationSuspended(data.clone()));
    if !case.registered() {
        event = event.finding("not-registered", None);
    }
    if case.state.suspended(from).is_some() {
        event = event.finding("suspension-running", None);
    }
    Ok(vec![event])
}

/// A suspension ends by itself; this ends one early, or one without an end.
pub(super) fn restore(case: &Case<'_>, data: &Restoration) -> Result<Decision, Rejection> {
    case.decided_by_others()?;
    not_terminated(case)?;
    if case.state.suspensions().iter().any(|suspension| case.at < suspension.until) {
        return Ok(case.record(PractitionerEvent::QualificationRestored(data.clone())));
    }
    let words = words!(
        "the qualification is not suspended on {}, nor later",
        "{} 及以后医保支付资格均未被暂停",
        case.at.words()
    );
    Err(Rejection::new("not-suspended", words))
}

pub(super) fn terminate(case: &Case<'_>, data: &QualificationTerminationAct) -> Result<Decision, Rejection> {
    case.decided_by_others()?;
    not_terminated(case)?;
    if let Some(until) = data.barred_until {
        ends_after(until, case.at)?;
    }
    let facts = QualificationTermination {
        barred_until: data.barred_until,
        class: BarClass::Decision,
        ground: data.ground.clone(),
    };
    let mut event = case.event(PractitionerEvent::QualificationTerminated(facts));
    if !case.registered() {
        event = event.finding("not-registered", None);
    }
    Ok(vec![event])
}

fn not_terminated(case: &Case<'_>) -> Result<(), Rejection> {
    match case.state.terminated(case.at) {
        None => Ok(()),
        Some(termination) => Err(Rejection::new(
            "terminated",
            words!(
                "the qualification is terminated since {}",
                "医保支付资格已于 {} 终止",
                termination.at.words()
            ),
        )
        .blocked_by(termination.cause)),
    }
}
