//! What credit, online settlement, objections and appeals make due, for every kind of subject alike.

use super::decide::{ART_30, COMMITMENT_RECORDED, ONLINE_INVESTIGATION, ONLINE_SETTLE_CLEARED, RATED_YEARLY};
use super::facts::{
    Appeal, AppealDecision, Commitment, CreditRepair, Discipline, DisciplineLift, Forum, Objection,
    ObjectionDecision, OnlineResumption, OnlineSuspension, Rating,
};
use crate::enterprise::EnterpriseEvent as E;
use crate::event::{Event, EventData};
use crate::id::AreaCode;
use crate::institution::facts::HoldOutcome;
use crate::insured::InsuredEvent as I;
use crate::obligation::{About, Clock, Docket, Ending, Entry, Law, ObligationKind as Kind, Raise};
use crate::rulebook::Rule;
use crate::time::Instant;

/// Takes an event of an enterprise or an insured person.
pub(crate) fn take_obligations(docket: &mut Docket, event: &Event, law: &Law<'_>) {
    let area = docket.home();
    let mut desk = Desk { docket, event, area, law };
    match &event.data {
        EventData::Enterprise(E::CreditRated(data)) | EventData::Insured(I::CreditRated(data)) => {
            desk.rated(data);
        }
        EventData::Enterprise(E::CreditRepaired(data)) | EventData::Insured(I::CreditRepaired(data)) => {
            desk.repaired(data);
        }
        EventData::Enterprise(E::Committed(data)) | EventData::Insured(I::Committed(data)) => {
            desk.committed(data);
        }
        EventData::Enterprise(E::Disciplined(data)) | EventData::Insured(I::Disciplined(data)) => {
            desk.disciplined(data);
        }
        EventData::Enterprise(E::DisciplineLifted(data)) | EventData::Insured(I::DisciplineLifted(data)) => {
            desk.discipline_lifted(data);
        }
        EventData::Insured(I::OnlineSettlementSuspended(data)) => desk.suspended_online(data),
        EventData::Insured(I::OnlineSettlementResumed(data)) => desk.resumed_online(data),
        EventData::Enterprise(E::Objected(data)) | EventData::Insured(I::Objected(data)) => {
            objected(desk.docket, event, data, None, law);
        }
        EventData::Enterprise(E::ObjectionDecided(data)) | EventData::Insured(I::ObjectionDecided(data)) => {
            objection_decided(desk.docket, event, data);
        }
        _ => {}
    }
}

/// One event at the desk, of a subject whose worklist is that of an area.
pub(crate) struct Desk<'a> {
    pub(crate) docket: &'a mut Docket,
    pub(crate) event: &'a Event,
    pub(crate) area: Option<AreaCode>,
    pub(crate) law: &'a Law<'a>,
}

impl Desk<'_> {
    /// 信用评级: it takes in how commitments were kept. The next one is due when its validity ends, or where the scheme goes
    /// by natural years when the year after the one it is about is over.
    pub(crate) fn rated(&mut self, data: &Rating) {
        let at = self.event.effective_at;
        self.meet(|entry| match entry.kind {
            Kind::RateAgain => true,
            Kind::RecordPerformance => entry.from <= at,
            _ => false,
        });
        if let Some(until) = data.until {
            return self.rate_again(at, Clock::MonthsBefore(0), until, None);
        }
        let law = *self.law;
        let yearly = law.rulebook.rule(RATED_YEARLY, at, Some(data.area));
        let next = data.year.and_then(|year| Instant::first_of_year(year.checked_add(2)?));
        if let (Some(rule), Some(next)) = (yearly, next) {
            self.rate_again(next.max(at), Clock::InTime, next, Some(rule));
        }
    }

    /// 信用修复: the better grade takes the place of the one that stood, and of its end.
    pub(crate) fn repaired(&mut self, data: &CreditRepair) {
        let Some(until) = data.until else { return };
        self.meet(|entry| entry.kind == Kind::RateAgain);
        self.rate_again(self.event.effective_at, Clock::MonthsBefore(0), until, None);
    }

    fn rate_again(&mut self, from: Instant, clock: Clock, start: Instant, rule: Option<&Rule>) {
        self.raise(Raise { clock, start, rule, ..self.draft(Kind::RateAgain, from) });
    }

    /// 承诺: how it was kept goes into the credit record when it ends.
    pub(crate) fn committed(&mut self, data: &Commitment) {
        let law = *self.law;
        let rule = law.rulebook.rule(COMMITMENT_RECORDED, self.event.effective_at, self.area);
        let (Some(until), Some(rule)) = (data.until, rule) else { return };
        self.raise(Raise { rule: Some(rule), ..self.draft(Kind::RecordPerformance, until) });
    }

    /// 失信惩戒 without an end.
    pub(crate) fn disciplined(&mut self, data: &Discipline) {
        if data.until.is_none() {
            let raise = self.draft(Kind::ReviewDiscipline, self.event.effective_at);
            self.raise(raise);
        }
    }

    pub(crate) fn discipline_lifted(&mut self, data: &DisciplineLift) {
        self.docket.end_named(self.event.effective_at, Ending::Met(self.event.version), |entry, id| {
            entry.kind == Kind::ReviewDiscipline && id == data.discipline
        });
    }

    /// 暂停联网结算: with an end it runs out, without one somebody looks at it until it is resumed.
    fn suspended_online(&mut self, data: &OnlineSuspension) {
        let (at, law) = (self.event.effective_at, *self.law);
        if let Some(until) = data.until {
            let raise = self.draft(Kind::OnlineSuspensionEnd, at);
            return self.raise(Raise { clock: Clock::Set, start: until, expires: until, ..raise });
        }
        let investigated = &*data.ground == ART_30;
        let area = data.area.or(self.area);
        let rule = law.rulebook.rule(ONLINE_INVESTIGATION, at, area).filter(|_| investigated);
        let mut raise = Raise { rule, ..self.draft(Kind::ReviewOnlineSuspension, at) };
        if investigated {
            raise.about.detail = ART_30.into();
        }
        self.raise(raise);
    }

    /// 恢复联网结算: where the investigation found nothing, what was paid in full meanwhile is settled.
    fn resumed_online(&mut self, data: &OnlineResumption) {
        let (at, by, law) = (self.event.effective_at, self.event.version, *self.law);
        let rule = law.rulebook.rule(ONLINE_SETTLE_CLEARED, at, self.area);
        self.meet(|entry| entry.kind == Kind::ReviewOnlineSuspension);
        self.docket.end(at, Ending::Dropped(by), |entry| entry.kind == Kind::OnlineSuspensionEnd);
        if let Some(rule) = rule.filter(|_| data.outcome == Some(HoldOutcome::Cleared)) {
            self.raise(Raise { rule: Some(rule), ..self.draft(Kind::SettleSuspended, at) });
        }
    }

    fn meet(&mut self, which: impl Fn(&Entry) -> bool) {
        self.docket.end(self.event.effective_at, Ending::Met(self.event.version), which);
    }

    /// One without a day, called for from an instant on.
    fn draft(&self, kind: Kind, from: Instant) -> Raise<'static> {
        Raise {
            kind,
            about: About { area: self.area, ..About::default() },
            from,
            clock: Clock::InTime,
            start: from,
            rule: None,
            expires: Instant::MAX,
        }
    }

    fn raise(&mut self, raise: Raise<'_>) {
        self.docket.raise(self.event, raise, self.law);
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
