//! What the acts of a case make due, and what they bring to an end.

use super::CaseEvent as E;
use super::facts::PenaltyOutcome;
use crate::dated::Record;
use crate::event::{Event, EventData};
use crate::id::{AreaCode, Version};
use crate::obligation::{About, Clock, Docket, Ending, Entry, Law, ObligationKind as Kind, Raise, day_after};
use crate::rulebook::Rule;
use crate::time::Instant;
use crate::track::{Track, Value};

/// Working days to verify a lead and decide whether a case is opened (令4; row R-071).
pub(super) const LEAD_WORKING_DAYS: &str = "case.lead.working_days";

/// Days from the filing of a penalty case to its decision (行政处罚法 art 60; row R-066).
pub(super) const PENALTY_DAYS: &str = "case.penalty.days";
/// Days to serve a decision that was not handed over when it was announced (行政处罚法 art 61).
pub(super) const SERVICE_DAYS: &str = "case.penalty.service_days";

/// Days from the notice to ask for a hearing (行政处罚法 art 64; row R-067).
pub(super) const HEARING_DAYS: &str = "case.hearing.days";
/// Days before a hearing by which the party is told of it (行政处罚法 art 64).
pub(super) const HEARING_NOTICE_DAYS: &str = "case.hearing.notice_days";

/// Takes an event's obligations, after the event itself.
pub(crate) fn take_obligations(state: &Record, docket: &mut Docket, event: &Event, law: &Law<'_>) {
    let EventData::Case(facts) = &event.data else { return };
    let (at, by, home) = (event.effective_at, event.version, docket.home());
    match facts {
        E::LeadReceived(_) => {
            // Of a case that is open already nobody decides whether to open it.
            let is_open = |span: &crate::track::Span| span.track == Track::Case && span.value == Value::Open;
            if state.dated.all().iter().any(is_open) {
                return;
            }
            let Some((days, rule)) = days(LEAD_WORKING_DAYS, at, home, law) else { return };
            docket.raise(event, new(Kind::VerifyLead, at, Clock::WorkingDays(days), Some(rule)), law);
        }
        // No act says that a case begun by a lead is opened: whoever looks into it, hands it on or ends it has decided.
        E::Opened(_) | E::Inspected(_) | E::Found(_) | E::Transferred(_) => verified(docket, at, by),
        E::Supervised(data) => {
            // The later word of those who supervise takes the place of the earlier.
            docket.end(at, Ending::Dropped(by), |entry| entry.kind == Kind::HandleCase);
            if let Some(until) = data.until {
                let raise = Raise { start: until, ..new(Kind::HandleCase, at, Clock::Set, None) };
                docket.raise(event, raise, law);
            }
        }
        E::Referred(_) => {
            verified(docket, at, by);
            docket.raise(event, new(Kind::FollowReferral, at, Clock::InTime, None), law);
        }
        E::Closed(_) => {
            verified(docket, at, by);
            let done = [Kind::HandleCase, Kind::FollowReferral];
            docket.end(at, Ending::Met(by), |entry| done.contains(&entry.kind));
        }
        E::PenaltyFiled(_) => {
            let Some((days, rule)) = days(PENALTY_DAYS, at, home, law) else { return };
            docket.raise(event, new(Kind::DecidePenalty, at, Clock::Days(days), Some(rule)), law);
        }
        E::PenaltyDecided(data) => {
            let filed = |entry: &Entry, id| entry.kind == Kind::DecidePenalty && id == data.filing;
            docket.end_named(at, Ending::Met(by), filed);
            docket.end(at, Ending::Dropped(by), |entry| entry.kind == Kind::HoldHearing);
            // Where nobody says that the party was not there, no service is called for.
            let imposed = data.outcome == PenaltyOutcome::Imposed && data.announced == Some(false);
            let Some((days, rule)) = days(SERVICE_DAYS, at, home, law).filter(|_| imposed) else { return };
            docket.raise(event, new(Kind::ServePenalty, at, Clock::Days(days), Some(rule)), law);
        }
        E::PenaltyNotified(data) if data.hearing == Some(true) => {
            let Some((days, rule)) = days(HEARING_DAYS, at, home, law) else { return };
            let clock = Clock::Days(days);
            let expires = clock.last_day(at, law.calendar).map_or(Instant::MAX, day_after);
            docket.raise(event, Raise { expires, ..new(Kind::RequestHearing, at, clock, Some(rule)) }, law);
        }
        E::HearingRequested(data) => {
            let asked = |entry: &Entry, id| entry.kind == Kind::RequestHearing && id == data.notice;
            docket.end_named(at, Ending::Met(by), asked);
            let rule = law.rulebook.rule(HEARING_NOTICE_DAYS, at, home);
            docket.raise(event, new(Kind::HoldHearing, at, Clock::InTime, rule), law);
        }
        E::HearingHeld(data) => {
            let held = |entry: &Entry, id| entry.kind == Kind::HoldHearing && id == data.request;
            docket.end_named(at, Ending::Met(by), held);
        }
        E::PenaltyServed(data) => {
            let decided = |entry: &Entry, id| entry.kind == Kind::ServePenalty && id == data.decision;
            docket.end_named(at, Ending::Met(by), decided);
        }
        E::ReferralAccepted(_)
        | E::PenaltyNotified(_)
        | E::Publicised(_)
        | E::Rewarded(_)
        | E::ObligationClosed(_)
        | E::PersonalDataRead(_)
        | E::PersonalDataErased(_)
        | E::DecisionAnnulled(_)
        | E::RecordCorrected(_) => {}
    }
}

/// A number of days in force in the area of a case, and the rule that sets it.
fn days<'a>(param: &str, at: Instant, home: Option<AreaCode>, law: &Law<'a>) -> Option<(u32, &'a Rule)> {
    let rule = law.rulebook.rule(param, at, home)?;
    let days = law.rulebook.number(param, at, home)?;
    Some((u32::try_from(days.value).ok()?, rule))
}

fn verified(docket: &mut Docket, at: Instant, by: Version) {
    docket.end(at, Ending::Met(by), |entry| entry.kind == Kind::VerifyLead);
}

/// One called for from an instant on, from which its clock runs.
fn new(kind: Kind, from: Instant, clock: Clock, rule: Option<&Rule>) -> Raise<'_> {
    Raise { kind, about: About::default(), from, clock, start: from, rule, expires: Instant::MAX }
}
