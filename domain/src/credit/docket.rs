//! What objections and appeals make due, for every kind of subject alike.

use super::facts::{Appeal, AppealDecision, Forum, Objection, ObjectionDecision};
use crate::enterprise::EnterpriseEvent as E;
use crate::event::{Event, EventData};
use crate::id::AreaCode;
use crate::insured::InsuredEvent as I;
use crate::obligation::{About, Clock, Docket, Ending, Law, ObligationKind as Kind, Raise};
use crate::time::Instant;

/// Takes an event of a subject of which only objections make anything due.
pub(crate) fn take_obligations(docket: &mut Docket, event: &Event, law: &Law<'_>) {
    if let EventData::Enterprise(E::Objected(data)) | EventData::Insured(I::Objected(data)) = &event.data {
        objected(docket, event, data, None, law);
    } else if let EventData::Enterprise(E::ObjectionDecided(data))
    | EventData::Insured(I::ObjectionDecided(data)) = &event.data
    {
        objection_decided(docket, event, data);
    }
}

/// 异议: to be answered, by the day a local rule sets where one does.
pub(crate) fn objected(
    docket: &mut Docket,
    event: &Event,
    data: &Objection,
    area: Option<AreaCode>,
    law: &Law<'_>,
) {
    let clock = if data.reply_by.is_some() { Clock::Set } else { Clock::InTime };
    raise(docket, event, Kind::AnswerObjection, clock, (data.reply_by, area), law);
}

/// 异议处理.
pub(crate) fn objection_decided(docket: &mut Docket, event: &Event, data: &ObjectionDecision) {
    docket.end_named(event.effective_at, Ending::Met(event.version), |entry, id| {
        entry.kind == Kind::AnswerObjection && id == data.objection
    });
}

/// 申诉, 复议, 诉讼: to be decided. The right to go there has been used.
pub(crate) fn appealed(
    docket: &mut Docket,
    event: &Event,
    data: &Appeal,
    area: Option<AreaCode>,
    law: &Law<'_>,
) {
    // The day it states is the first one out of time.
    let clock = if data.decide_by.is_some() { Clock::MonthsBefore(0) } else { Clock::InTime };
    raise(docket, event, Kind::DecideAppeal, clock, (data.decide_by, area), law);
    let used = match data.forum {
        Forum::AdministrativeReview => Kind::SeekReview,
        Forum::Litigation => Kind::Sue,
        Forum::Complaint => return,
    };
    docket.end_named(event.effective_at, Ending::Met(event.version), |entry, id| {
        entry.kind == used && id == data.decision
    });
}

/// 申诉, 复议 or 诉讼 decided.
pub(crate) fn appeal_decided(docket: &mut Docket, event: &Event, data: &AppealDecision) {
    docket.end_named(event.effective_at, Ending::Met(event.version), |entry, id| {
        entry.kind == Kind::DecideAppeal && id == data.appeal
    });
}

fn raise(
    docket: &mut Docket,
    event: &Event,
    kind: Kind,
    clock: Clock,
    (day, area): (Option<Instant>, Option<AreaCode>),
    law: &Law<'_>,
) {
    let from = event.effective_at;
    let raise = Raise {
        kind,
        about: About { area, ..About::default() },
        from,
        clock,
        start: day.unwrap_or(from),
        rule: None,
        expires: Instant::MAX,
    };
    docket.raise(event, raise, law);
}
