//! 中止 and what the institution itself may ask for (令2 arts 42, 44).

use super::authority::covers;
use super::{Matter, law};
use crate::decide::Decision;
use crate::envelope::Authority;
use crate::event::{EventRef, NewEvent};
use crate::id::{AreaCode, Version};
use crate::institution::InstitutionEvent as E;
use crate::institution::facts::{InstitutionKind, Ownership, Request, Resumption, Suspension, SuspensionAct};
use crate::institution::state::{Ended, Suspension as Suspended};
use crate::rejection::Rejection;
use crate::time::Instant;
use crate::track::{Line, Value};
use crate::words;
use serde_json::json;

impl Matter<'_> {
    /// 中止协议, by sanction or at the institution's request; by an agency of prefecture level or above at its place, in all
    /// other pooling areas too.
    pub(super) fn suspend(&self, data: &SuspensionAct) -> Result<Decision, Rejection> {
        let scope = self.in_scope(data.area, data.line)?;
        let mut standing = scope.iter().map(|agreement| self.state.status(agreement, self.at));
        if !standing.clone().any(|(status, _)| status == Value::InForce) {
            let area = data.area;
            let running = standing.find(|(status, _)| *status == Value::Suspended);
            let Some((_, cause)) = running else { return Err(self.not_in_force(area, data.line)) };
            return Err(Rejection::new(
                "already-suspended",
                words!(
                    "the agreement in {area} is already suspended",
                    "统筹地区 {area} 的服务协议已处于中止状态"
                ),
            )
            .blocked_by(cause));
        }
        self.period(self.at, data.until)?;
        let at_request = data.at_request == Some(true);
        let conduct = self.conduct((data.act_from, data.act_to), Some(data.area), data.line)?;
        let mut facts = self.suspension(data, data.area, None);
        facts.bound_by.clone_from(&conduct.bound_by);
        let mut event = conduct.noticed(self.event(E::AgreementSuspended(facts)));
        if at_request {
            event = self.within_days_on_request(data, event)?;
        }
        let mut decision = vec![event];
        if !at_request {
            for (area, rule) in self.elsewhere(data.area, data.line) {
                let mirrored = self.suspension(data, area, Some(self.origin()));
                let event = self.event(E::AgreementSuspended(mirrored));
                decision.push(event.rule(&rule).caused_by(0));
            }
        }
        Ok(decision)
    }

    fn suspension(&self, data: &SuspensionAct, area: AreaCode, origin: Option<EventRef>) -> Suspension {
        Suspension {
            act_from: data.act_from,
            act_to: data.act_to,
            area,
            at_request: data.at_request,
            // Of what is mirrored the origin says it.
            bound_by: None,
            ground: data.ground.clone(),
            line: data.line.filter(|_| origin.is_none()),
            origin,
            until: data.until,
        }
    }

    /// 机构申请中止: no longer than the rule's days, and not for a public medical institution.
    fn within_days_on_request(&self, data: &SuspensionAct, event: NewEvent) -> Result<NewEvent, Rejection> {
        let event = self.may_leave(event, data.area)?;
        let Some((days, rule)) = self.count(law::ON_REQUEST_DAYS.of(self.kind), Some(data.area)) else {
            return Ok(event);
        };
        let last = self.at.plus_days(i64::from(days));
        if data.until.is_some_and(|until| until <= last) {
            return Ok(event.rule(&rule.id));
        }
        let refusal = Rejection::new(
            "out-of-range",
            words!(
                "a suspension at request states its end and lasts at most {days} days, to {}",
                "机构申请的中止须写明期限，且不超过 {days} 天，即至 {}",
                last.words()
            ),
        );
        let allowed = json!({ "until": { "after": self.at, "max": last }, "max": days, "unit": "days" });
        Err(self.under(rule, refusal).allowed(allowed))
    }

    /// The other areas in which an act by the home agency of prefecture level or above has the same effect, each with the
    /// id of the rule. One line alone is no such act.
    pub(super) fn elsewhere(&self, area: AreaCode, line: Option<Line>) -> Vec<(AreaCode, Box<str>)> {
        let actor = &self.envelope.actor;
        let home = AreaCode::parse(self.code.as_str().get(1..7).unwrap_or_default());
        let (Authority::Agency, Some(own), Ok(home)) = (actor.authority, actor.area, home) else {
            return Vec::new();
        };
        if line.is_some_and(|line| line != Line::Basic) || !own.is_prefecture_or_above() || !covers(own, home)
        {
            return Vec::new();
        }
        let Some(rule) = self.yes(law::EVERYWHERE.of(self.kind), Some(area)) else { return Vec::new() };
        let mut areas: Vec<AreaCode> = self
            .state
            .agreements
            .iter()
            .filter(|agreement| agreement.area != area && agreement.is_live(self.at))
            .map(|agreement| agreement.area)
            .collect();
        areas.sort_unstable();
        areas.dedup();
        areas.into_iter().map(|area| (area, rule.id.clone())).collect()
    }

    /// The first event of this decision, by name.
    pub(super) fn origin(&self) -> EventRef {
        let version: Version = self.context.version.map_or(0, |version| version + 1);
        EventRef::new(self.subject, version)
    }

    /// 恢复协议: ends a suspension early, or one without an end.
    pub(super) fn resume(&self, data: &Resumption) -> Result<Decision, Rejection> {
        let scope = self.in_scope(data.area, data.line)?;
        // A line suspended with the whole agreement is not resumed alone.
        let alone = data.line.is_some_and(|line| line != Line::Basic);
        let ends = |s: &Suspended| s.runs(self.at) && !(alone && s.whole);
        if scope.iter().any(|agreement| agreement.current(self.at).suspensions.iter().any(ends)) {
            return Ok(self.one(E::AgreementResumed(data.clone())));
        }
        let area = data.area;
        let above = scope.iter().map(|agreement| self.state.status(agreement, self.at));
        let above = above.into_iter().find(|(status, _)| *status == Value::Suspended);
        Err(match above {
            Some((_, cause)) => Rejection::new(
                "suspended-with-basic",
                words!(
                    "the line is suspended with the basic agreement, which is to be resumed",
                    "该业务线随基本协议中止，应恢复基本协议"
                ),
            )
            .blocked_by(cause),
            None => Rejection::new(
                "not-suspended",
                words!(
                    "the agreement in {area} is not suspended",
                    "统筹地区 {area} 的服务协议未处于中止状态"
                ),
            ),
        })
    }

    /// 机构申请中止.
    pub(super) fn request_suspension(&self, data: &Request) -> Result<Decision, Rejection> {
        self.asks_in_time(data, E::SuspensionRequested(data.clone()))
    }

    /// 机构主动退出.
    pub(super) fn withdraw(&self, data: &Request) -> Result<Decision, Rejection> {
        let live = self.in_scope(data.area, None)?;
        let ends: Option<Vec<&Ended>> =
            live.iter().map(|agreement| agreement.last().ended.as_deref()).collect();
        // A day that is no earlier would change nothing.
        if let Some(ended) = ends.into_iter().flatten().max_by_key(|ended| ended.at)
            && ended.at <= data.from
        {
            let refusal = self.given_up(data.area, ended);
            return Err(refusal.allowed(json!({ "from": { "before": ended.at } })));
        }
        self.asks_in_time(data, E::AgreementWithdrawn(data.clone()))
    }

    fn asks_in_time(&self, data: &Request, facts: E) -> Result<Decision, Rejection> {
        self.in_scope(data.area, None)?;
        let event = self.may_leave(self.event(facts), data.area)?;
        let Some((months, rule)) = self.count(law::NOTICE_MONTHS.of(self.kind), Some(data.area)) else {
            return Ok(vec![event]);
        };
        let first: Instant = self.at.plus_months(months);
        self.not_before("from", data.from, first, rule, || {
            Rejection::new(
                "notice-too-short",
                words!(
                    "the institution asks {months} months ahead, so from {} at the earliest",
                    "须提前 {months} 个月提出，最早自 {} 起",
                    first.words()
                ),
            )
        })?;
        Ok(vec![event.rule(&rule.id)])
    }

    /// 公立医疗机构不得主动提出中止或解除.
    fn may_leave(&self, event: NewEvent, area: AreaCode) -> Result<NewEvent, Rejection> {
        let Some(rule) = self.yes(law::PUBLIC_MAY_NOT_LEAVE, Some(area)) else { return Ok(event) };
        match (self.kind, self.state.profile.ownership) {
            (InstitutionKind::Medical, Some(Ownership::Public)) => {
                let refusal = Rejection::new(
                    "public-may-not-leave",
                    words!(
                        "a public medical institution may not itself start a suspension or termination",
                        "公立医疗机构不得主动提出中止或解除医保协议"
                    ),
                );
                Err(self.under(rule, refusal))
            }
            (InstitutionKind::Medical, None) => Ok(event.finding("ownership-to-verify", Some(&rule.id))),
            (InstitutionKind::Medical, Some(Ownership::Private)) | (InstitutionKind::Pharmacy, _) => {
                Ok(event)
            }
        }
    }
}
