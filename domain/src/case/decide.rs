//! Decisions about a case. Published cases begin anywhere, so a step that nobody recorded is a finding; refused is what
//! comes after the end, and what the law does not let happen.

use super::docket::{HEARING_DAYS, HEARING_NOTICE_DAYS};
use super::facts::{
    CaseInspection, FindingOutcome, Hearing, HearingRequest, PenaltyDecision, PenaltyOutcome, Reward,
};
use super::{CaseCommand as C, CaseEvent as E};
use crate::command::Command;
use crate::dated::Record;
use crate::decide::{Context, Decision, ends_after, no_such_event, require_authority, unknown_subject};
use crate::envelope::Authority::{
    self, Agency, Bureau, Discipline, Drug, Health, Market, Police, Procuratorate,
};
use crate::event::{EventData, NewEvent};
use crate::obligation::day_after;
use crate::rejection::Rejection;
use crate::time::Instant;
use crate::timeline;
use crate::track::{Span, Track, Value};
use crate::words;
use serde_json::json;
use uuid::Uuid;

const EITHER: &[Authority] = &[Agency, Bureau];
/// Bodies that refer cases to one another.
const BODIES: &[Authority] = &[
    Agency,
    Bureau,
    Police,
    Procuratorate,
    Discipline,
    Health,
    Market,
    Drug,
    Authority::Finance,
    Authority::Court,
];
/// Bodies that impose administrative penalties.
const PUNISHING: &[Authority] = &[Bureau, Health, Market, Drug, Police];
/// Whoever may ask for a hearing, and those who record what the party handed in.
const MAY_ASK: &[Authority] =
    &[Authority::Institution, Authority::Practitioner, Bureau, Health, Market, Drug, Police];
/// Least number of inspectors (令735 art 29).
const INSPECTORS: &str = "case.inspectors";
/// Every parameter asked for here.
#[cfg(test)]
pub(super) const PARAMS: [&str; 6] = [
    INSPECTORS,
    HEARING_DAYS,
    HEARING_NOTICE_DAYS,
    super::docket::LEAD_WORKING_DAYS,
    super::docket::PENALTY_DAYS,
    super::docket::SERVICE_DAYS,
];

/// A fine is more than nothing.
fn more_than_nothing(fine_fen: Option<i64>) -> Result<(), Rejection> {
    if fine_fen.is_none_or(|fen| 0 < fen) {
        return Ok(());
    }
    let words = words!("a fine is more than 0 fen", "罚款数额须大于 0");
    Err(Rejection::new("out-of-range", words).allowed(json!({ "fine_fen": { "min": 1 } })))
}

/// Decides.
pub(crate) fn decide(
    state: &Record,
    command: &Command,
    act: &C,
    context: &Context<'_>,
) -> Result<Decision, Rejection> {
    let matter = Matter { state, command, context, at: context.effective_at };
    let event = match act {
        C::Open(data) => {
            require_authority(command, EITHER)?;
            if let Some(span) = matter.status() {
                let words = words!("the case is known since {}", "该案已于 {} 登记", span.from.words());
                return Err(Rejection::new("already-open", words).blocked_by(span.cause));
            }
            matter.event(E::Opened(data.clone()))
        }
        C::ReceiveLead(data) => {
            require_authority(command, BODIES)?;
            matter.not_over()?;
            matter.event(E::LeadReceived(data.clone()))
        }
        C::Inspect(data) => matter.inspect(data)?,
        C::Find(data) => {
            require_authority(command, EITHER)?;
            matter.running()?;
            if data.outcome == FindingOutcome::Founded && data.facts.is_empty() {
                let words = words!("what was found must be told", "须写明查实的事实");
                return Err(Rejection::new("no-facts", words));
            }
            matter.event(E::Found(data.clone()))
        }
        C::Refer(data) => {
            require_authority(command, BODIES)?;
            matter.running()?;
            if data.to == command.envelope.actor.authority {
                let words = words!(
                    "a case is referred to another body; inside the system it is `case.transfer`",
                    "移送须移送其他机关；系统内部移交请用 `case.transfer`"
                );
                return Err(Rejection::new("to-itself", words));
            }
            matter.event(E::Referred(data.clone()))
        }
        C::AcceptReferral(data) => {
            require_authority(command, BODIES)?;
            matter.running()?;
            if data.by == data.from {
                let words = words!("nobody accepts a referral from itself", "接收机关与移送机关不得相同");
                return Err(Rejection::new("to-itself", words));
            }
            matter.event(E::ReferralAccepted(data.clone()))
        }
        C::Transfer(data) => {
            require_authority(command, EITHER)?;
            matter.running()?;
            matter.event(E::Transferred(data.clone()))
        }
        C::Supervise(data) => {
            require_authority(command, EITHER)?;
            matter.running()?;
            if let Some(until) = data.until {
                ends_after(until, matter.at)?;
            }
            matter.event(E::Supervised(data.clone()))
        }
        C::FilePenalty(data) => {
            require_authority(command, PUNISHING)?;
            matter.running()?;
            matter.event(E::PenaltyFiled(data.clone()))
        }
        C::DecidePenalty(data) => {
            require_authority(command, PUNISHING)?;
            matter.names(data.filing, |facts| matches!(facts, E::PenaltyFiled(_)))?;
            more_than_nothing(data.fine_fen)?;
            matter.heard(data, matter.event(E::PenaltyDecided(data.clone())))
        }
        C::NotifyPenalty(data) => {
            require_authority(command, PUNISHING)?;
            matter.names(data.filing, |facts| matches!(facts, E::PenaltyFiled(_)))?;
            more_than_nothing(data.fine_fen)?;
            matter.event(E::PenaltyNotified(data.clone()))
        }
        C::RequestHearing(data) => matter.request_hearing(data)?,
        C::HoldHearing(data) => {
            require_authority(command, PUNISHING)?;
            matter.names(data.request, |facts| matches!(facts, E::HearingRequested(_)))?;
            matter.hearing(data)
        }
        C::ServePenalty(data) => {
            require_authority(command, PUNISHING)?;
            matter.names(data.decision, |facts| matches!(facts, E::PenaltyDecided(_)))?;
            matter.event(E::PenaltyServed(data.clone()))
        }
        C::Publicise(data) => {
            require_authority(command, BODIES)?;
            matter.known()?;
            matter.event(E::Publicised(data.clone()))
        }
        C::Reward(data) => matter.reward(data)?,
        C::Close(data) => {
            require_authority(command, EITHER)?;
            matter.running()?;
            matter.event(E::Closed(data.clone()))
        }
        // Decided in crate::decide for every kind of subject alike.
        C::Annul(data) => return Err(no_such_event(data.event)),
        C::Correct(data) => return Err(no_such_event(data.event)),
        C::ReadPersonalData(_) | C::ErasePersonalData(_) => return Ok(Vec::new()),
        C::CloseObligation(data) => return Err(no_such_event(data.event)),
    };
    Ok(vec![event])
}

/// One command before the decider, with all it may look at.
struct Matter<'a> {
    state: &'a Record,
    command: &'a Command,
    context: &'a Context<'a>,
    at: Instant,
}

impl<'a> Matter<'a> {
    fn event(&self, facts: E) -> NewEvent {
        NewEvent::new(self.at, EventData::Case(facts))
    }

    fn status(&self) -> Option<&'a Span> {
        self.state.dated.at(&Track::Case, self.at)
    }

    /// Refuses what comes after the end.
    fn not_over(&self) -> Result<(), Rejection> {
        match self.status() {
            Some(span) if span.value == Value::Closed => {
                let words = words!("the case was closed on {}", "该案已于 {} 结案", span.from.words());
                Err(Rejection::new("case-closed", words).blocked_by(span.cause))
            }
            Some(_) | None => Ok(()),
        }
    }

    /// Refuses an act on a case nobody has heard of.
    fn known(&self) -> Result<(), Rejection> {
        match self.status() {
            Some(_) => Ok(()),
            None if self.context.version.is_none() => Err(unknown_subject(&self.command.subject)),
            None => {
                let words = words!("the case is not open on {}", "该案在 {} 尚未登记", self.at.words());
                Err(Rejection::new("case-not-open", words))
            }
        }
    }

    /// Refuses an act on a case that is not open.
    fn running(&self) -> Result<(), Rejection> {
        self.not_over()?;
        self.known()
    }

    /// Refuses an act on an event that is not there, does not stand, or is of another sort.
    fn names(&self, event: Uuid, fits: impl Fn(&E) -> bool) -> Result<(), Rejection> {
        self.known()?;
        let known = timeline::resolve(self.context.history);
        let Some(named) = known.iter().find(|known| known.event.id == event) else {
            return Err(no_such_event(event));
        };
        let stands = named.event.effective_at <= self.at && self.at < named.void_from;
        if stands && matches!(&named.event.data, EventData::Case(facts) if fits(facts)) {
            return Ok(());
        }
        let words = words!(
            "event {event} does not stand, or is not what this is about",
            "事件 {event} 无效，或者不是该行为所针对的事件"
        );
        Err(Rejection::new("wrong-event", words).blocked_by(named.event.version))
    }

    /// 开展检查: by two at least; fewer is a finding, for it was done.
    fn inspect(&self, data: &CaseInspection) -> Result<NewEvent, Rejection> {
        require_authority(self.command, BODIES)?;
        self.running()?;
        let event = self.event(E::Inspected(data.clone()));
        let least = self.context.rulebook().number(INSPECTORS, self.at, self.command.envelope.actor.area);
        let (Some(inspectors), Some(least)) = (data.inspectors, least) else { return Ok(event) };
        let rule = &least.citation.id;
        Ok(if i64::from(inspectors) < least.value {
            event.finding("too-few-inspectors", Some(rule))
        } else {
            event.rule(rule)
        })
    }

    /// 申请听证: after a notice that told of the right; one that comes late is recorded, marked.
    fn request_hearing(&self, data: &HearingRequest) -> Result<NewEvent, Rejection> {
        require_authority(self.command, MAY_ASK)?;
        self.names(
            data.notice,
            |facts| matches!(facts, E::PenaltyNotified(notice) if notice.hearing == Some(true)),
        )?;
        let event = self.event(E::HearingRequested(data.clone()));
        let told = self.context.event(data.notice).map_or(self.at, |notice| notice.effective_at);
        let Some((days, rule)) = self.days(HEARING_DAYS) else { return Ok(event) };
        let last = Instant::from_date(told.plus_days(days).date());
        Ok(if day_after(last) <= self.at {
            event.finding("out-of-time", Some(&rule))
        } else {
            event.rule(&rule)
        })
    }

    /// 听证: the party is told of time and place some days before.
    fn hearing(&self, data: &Hearing) -> NewEvent {
        let event = self.event(E::HearingHeld(data.clone()));
        match (data.told_on, self.days(HEARING_NOTICE_DAYS)) {
            (Some(told), Some((days, rule))) if self.at < told.plus_days(days) => {
                event.finding("hearing-told-late", Some(&rule))
            }
            (Some(_), Some((_, rule))) => event.rule(&rule),
            _ => event,
        }
    }

    /// Before a penalty the party is told and heard (令735 art 31, 行政处罚法 arts 44, 45, 63): what is not recorded of it, and
    /// a fine above the one announced, is noticed.
    fn heard(&self, data: &PenaltyDecision, event: NewEvent) -> NewEvent {
        if data.outcome != PenaltyOutcome::Imposed {
            return event;
        }
        let known = timeline::resolve(self.context.history);
        let standing: Vec<(Uuid, &E)> = known
            .iter()
            .filter(|known| known.event.effective_at <= self.at && self.at < known.void_from)
            .filter_map(|known| match &known.event.data {
                EventData::Case(facts) => Some((known.event.id, facts)),
                _ => None,
            })
            .collect();
        let mut notices = standing.iter().filter_map(|(id, facts)| match facts {
            E::PenaltyNotified(notice) if notice.filing == data.filing => Some((*id, notice)),
            _ => None,
        });
        // The newest word of those who decide.
        let Some((notice, told)) = notices.next_back() else {
            return event.finding("party-not-notified", Some("R-012"));
        };
        let event = match (data.fine_fen, told.fine_fen) {
            (Some(decided), Some(announced)) if announced < decided => {
                event.finding("heavier-than-announced", Some("R-070"))
            }
            _ => event,
        };
        let asked = standing.iter().find_map(|(id, facts)| match facts {
            E::HearingRequested(request) if request.notice == notice => Some(*id),
            _ => None,
        });
        let held = |request| {
            standing.iter().any(|(_, facts)| matches!(facts, E::HearingHeld(held) if held.request == request))
        };
        match asked {
            Some(request) if !held(request) => event.finding("hearing-not-held", Some("R-067")),
            Some(_) | None => event,
        }
    }

    /// A number of days in force where who acts is at home, and the rule.
    fn days(&self, param: &str) -> Option<(i64, Box<str>)> {
        let area = self.command.envelope.actor.area;
        let days = self.context.rulebook().number(param, self.at, area)?;
        Some((days.value, days.citation.id.clone()))
    }

    /// 举报奖励: of a lead of this case that was found to be so (令735 art 35).
    fn reward(&self, data: &Reward) -> Result<NewEvent, Rejection> {
        require_authority(self.command, &[Agency, Bureau, Authority::Finance])?;
        self.known()?;
        let known = timeline::resolve(self.context.history);
        let standing =
            |known: &&timeline::Known<'_>| known.event.effective_at <= self.at && self.at < known.void_from;
        let lead = known.iter().find(|known| known.event.id == data.lead);
        let Some(lead) = lead else { return Err(no_such_event(data.lead)) };
        if !standing(&lead) || !matches!(lead.event.data, EventData::Case(E::LeadReceived(_))) {
            let words = words!("event {} is no lead that stands", "事件 {} 不是有效的线索", data.lead);
            return Err(Rejection::new("wrong-event", words).blocked_by(lead.event.version));
        }
        let founded = known.iter().filter(standing).any(|known| match &known.event.data {
            EventData::Case(E::Found(found)) => {
                found.outcome == FindingOutcome::Founded
                    && lead.event.effective_at <= known.event.effective_at
            }
            _ => false,
        });
        if !founded {
            let words =
                words!("a report is rewarded once it has been verified", "举报线索经查证属实后方可给予奖励");
            return Err(Rejection::new("not-verified", words).allowed(json!({ "after": "case.find" })));
        }
        if data.amount_fen.is_some_and(|fen| fen <= 0) {
            let words = words!("a reward is more than 0 fen", "奖励金额须大于 0");
            return Err(Rejection::new("out-of-range", words).allowed(json!({ "amount_fen": { "min": 1 } })));
        }
        Ok(self.event(E::Rewarded(data.clone())))
    }
}
