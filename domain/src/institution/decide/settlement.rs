//! Settlement holds (令735 art 30 or the agreement) and department orders (令735 arts 38, 40).

use super::{Matter, law};
use crate::decide::Decision;
use crate::envelope::Authority;
use crate::event::EventData;
use crate::id::Version;
use crate::institution::facts::{DepartmentLift, DepartmentOrder, Hold, HoldAct, HoldOutcome, HoldRelease};
use crate::institution::state::Stage;
use crate::institution::{CameTo, InstitutionEvent as E};
use crate::rejection::Rejection;
use crate::timeline::resolve;
use crate::track::Value;
use crate::words;
use serde_json::json;
use uuid::Uuid;

impl Matter<'_> {
    /// 暂停医保基金结算. It may also be placed after the agreement has ended, on money not yet paid.
    pub(super) fn hold(&self, data: &HoldAct) -> Result<Decision, Rejection> {
        let signed: Vec<_> = self
            .state
            .agreements
            .iter()
            .filter(|a| a.stage == Stage::Signed && data.area.is_none_or(|area| a.area == area))
            .collect();
        let Some(first) = signed.first() else {
            return Err(Rejection::new(
                "no-agreement",
                words!("there is no agreement under which to hold settlement", "没有可暂停结算的服务协议"),
            ));
        };
        let missing = data.lines.iter().find(|line| !signed.iter().any(|a| a.line == **line));
        if let Some(line) = missing {
            return Err(self.line_not_in_agreement(data.area.unwrap_or(first.area), *line, &signed));
        }
        let line = if let [line] = *data.lines { Some(line) } else { None };
        let conduct = self.conduct((data.act_from, data.act_to), data.area, line)?;
        let event = conduct.noticed(self.event(E::SettlementHeld(Hold {
            act_from: data.act_from,
            act_to: data.act_to,
            approved_by_principal: data.approved_by_principal,
            area: data.area,
            bound_by: conduct.bound_by.clone(),
            ground: data.ground.clone(),
            lines: data.lines.clone(),
            refused_cooperation: data.refused_cooperation,
        })));
        if &*data.ground != law::ART_30 {
            return Ok(vec![event]);
        }
        let Some(rule) = self.yes(law::HOLD_ART_30, data.area.or_else(|| self.whole_area())) else {
            return Err(Rejection::new(
                "no-rule-at-the-time",
                words!(
                    "article 30 of the regulation was not in force on {}",
                    "{} 时条例第三十条尚未施行",
                    self.at.words()
                ),
            ));
        };
        let bureau = self.envelope.actor.authority == Authority::Bureau;
        if bureau && data.refused_cooperation == Some(true) && data.approved_by_principal == Some(true) {
            return Ok(vec![event.rule(&rule.id)]);
        }
        let refusal = Rejection::new(
            "art-30-conditions",
            words!(
                "a hold under article 30 is instructed by the bureau, after a refusal to cooperate, with the approval of \
                 its principal responsible person",
                "依条例第三十条暂停结算，须由医保行政部门在机构拒不配合调查时，经其主要负责人批准"
            ),
        );
        Err(self.under(rule, refusal).allowed(
            json!({ "authority": ["bureau"], "refused_cooperation": true, "approved_by_principal": true }),
        ))
    }

    /// 恢复医保基金结算: each hold is released by its own event. What waited while it was on still waits after a release as
    /// confirmed or an annulment from a day on, and is freed by a further release, as cleared.
    pub(super) fn release(&self, data: &HoldRelease) -> Result<Decision, Rejection> {
        let released = Ok(self.one(E::SettlementReleased(data.clone())));
        let no_such = || {
            let is = |facts: &E| matches!(facts, E::SettlementHeld(_));
            Err(self.no_such(data.hold, is, words!("a settlement hold", "暂停结算")))
        };
        let came_to = match self.state.holds().iter().find(|hold| hold.id == data.hold) {
            Some(hold) if hold.released_by.is_none() => return released,
            Some(hold) => hold.came_to,
            None => match self.annulled_from_a_day(data.hold) {
                Some(came_to) => came_to,
                None => return no_such(),
            },
        };
        let cleared = data.outcome == HoldOutcome::Cleared;
        match came_to {
            Some((Value::Confirmed, _)) | None if cleared => released,
            Some((_, by)) => Err(self.already_released(by)),
            None => no_such(),
        }
    }

    /// What came of a hold that was annulled from a day on, which has come.
    fn annulled_from_a_day(&self, hold: Uuid) -> Option<Option<CameTo>> {
        let known = resolve(self.context.history);
        let hold = known.iter().find(|known| known.event.id == hold)?;
        let is_hold = matches!(&hold.event.data, EventData::Institution(E::SettlementHeld(_)));
        let was_on = is_hold && hold.event.effective_at < hold.void_from && hold.void_from <= self.at;
        was_on.then_some(hold.came_to)
    }

    fn already_released(&self, by: Version) -> Rejection {
        let event = self.context.history.iter().find(|event| event.version == by);
        let on = event.map_or(self.at, |event| event.effective_at).words();
        let words = words!("the hold was released on {on}", "该暂停结算已于 {on} 恢复结算");
        Rejection::new("already-released", words).blocked_by(by)
    }

    /// 责令暂停相关责任部门医药服务: the length is the bureau's choice within the article's range.
    pub(super) fn order_department(&self, data: &DepartmentOrder) -> Result<Decision, Rejection> {
        self.period(self.at, Some(data.until))?;
        let department = &data.department;
        let mut running = self.state.departments().iter();
        if let Some(order) = running
            .find(|order| order.department == *department && order.from < data.until && self.at < order.until)
        {
            return Err(Rejection::new(
                "already-ordered-off",
                words!(
                    "{department} is ordered off until {}",
                    "{department} 已被责令暂停至 {}",
                    order.until.words()
                ),
            )
            .blocked_by(order.cause));
        }
        let event =
            self.limited(self.event(E::DepartmentOrdered(data.clone())), (data.act_from, data.act_to));
        let Some(penalty) = self.penalty(law::DEPARTMENT_MONTHS, (data.act_from, data.act_to)) else {
            return Ok(vec![event.finding("no-rule-at-the-time", None)]);
        };
        let ((min, max), rule) = (penalty.range, penalty.rule);
        let after = |months: i64| self.at.plus_months(u32::try_from(months).unwrap_or(0));
        let (first, last) = (after(min), after(max));
        if first <= data.until && data.until <= last {
            return Ok(vec![penalty.cited(event)]);
        }
        let refusal = Rejection::new(
            "out-of-range",
            words!(
                "a department is ordered off for {min} to {max} months",
                "责令暂停相关责任部门医药服务的期限为 {min} 个月以上 {max} 个月以下"
            ),
        );
        let allowed =
            json!({ "until": { "min": first, "max": last }, "min": min, "max": max, "unit": "months" });
        Err(self.under(rule, refusal).allowed(allowed))
    }

    /// Lifted early.
    pub(super) fn lift_department_order(&self, data: &DepartmentLift) -> Result<Decision, Rejection> {
        let department = &data.department;
        let running = |order: &&crate::institution::state::DepartmentOrder| {
            order.department == *department && order.from <= self.at && self.at < order.until
        };
        if self.state.departments().iter().any(|order| running(&order)) {
            return Ok(self.one(E::DepartmentOrderLifted(data.clone())));
        }
        Err(Rejection::new(
            "not-ordered-off",
            words!(
                "{department} is not ordered off on {}",
                "{department} 在 {} 未被责令暂停",
                self.at.words()
            ),
        ))
    }
}
