//! Rectification, records, changes of details: acts with a clock, none of which changes the status by itself.

use super::{Matter, law};
use crate::decide::Decision;
use crate::event::{Event, EventData};
use crate::id::AreaCode;
use crate::institution::InstitutionEvent as E;
use crate::institution::facts::{
    Change, ChangeFiling, RecordsDemand, RecordsDemandAct, RecordsProvision, RectificationOrder,
    RectificationResult, ReviewCall, ReviewMatter,
};
use crate::others::What;
use crate::personal::Personal;
use crate::rejection::Rejection;
use crate::words;
use serde_json::json;
use uuid::Uuid;

impl Matter<'_> {
    /// 限期整改.
    pub(super) fn order_rectification(&self, data: &RectificationOrder) -> Result<Decision, Rejection> {
        self.period(self.at, data.until)?;
        Ok(self.one(E::RectificationOrdered(data.clone())))
    }

    /// 整改到位 or 整改不到位.
    pub(super) fn rectification_result(
        &self,
        data: &RectificationResult,
        facts: fn(RectificationResult) -> E,
    ) -> Result<Decision, Rejection> {
        let Some(order) = self.state.rectifications().iter().find(|order| order.id == data.order) else {
            let is = |facts: &E| matches!(facts, E::RectificationOrdered(_));
            return Err(self.no_such(data.order, is, words!("a rectification order", "限期整改")));
        };
        match order.result {
            Some((_, on, cause)) => Err(Rejection::new(
                "already-decided",
                words!("the order was decided on {}", "该整改已于 {} 作出认定", on.words()),
            )
            .blocked_by(cause)),
            None => Ok(self.one(facts(data.clone()))),
        }
    }

    /// 要求提供资料. Where no rule sets the days, the demand states its deadline.
    pub(super) fn demand_records(&self, data: &RecordsDemandAct) -> Result<Decision, Rejection> {
        if data.what.is_empty() {
            return Err(Rejection::new(
                "nothing-demanded",
                words!("a demand names at least one record", "须写明所要求的资料"),
            ));
        }
        self.period(self.at, data.due)?;
        let rule = self.count(law::RECORDS_DAYS, self.whole_area()).filter(|_| self.kind.is_medical());
        let due = data.due.or_else(|| rule.map(|(days, _)| self.at.plus_days(i64::from(days))));
        let Some(due) = due else {
            return Err(Rejection::new(
                "due-missing",
                words!(
                    "no rule in force sets the days for this institution, so the demand states its deadline",
                    "没有适用于该机构的期限规定，须写明提供资料的期限"
                ),
            )
            .allowed(json!({ "due": { "after": self.at } })));
        };
        let event = self.event(E::RecordsDemanded(RecordsDemand { due, what: data.what.clone() }));
        Ok(vec![match rule {
            Some((_, rule)) if data.due.is_none() => event.rule(&rule.id),
            Some(_) | None => event,
        }])
    }

    /// 提供资料.
    pub(super) fn provide_records(&self, data: &RecordsProvision) -> Result<Decision, Rejection> {
        let Some(demand) = self.state.demands().iter().find(|demand| demand.id == data.demand) else {
            let is = |facts: &E| matches!(facts, E::RecordsDemanded(_));
            return Err(self.no_such(data.demand, is, words!("a demand for records", "提供资料的要求")));
        };
        match demand.provided {
            Some((on, cause)) => Err(Rejection::new(
                "already-provided",
                words!("all of it was provided on {}", "资料已于 {} 全部提供", on.words()),
            )
            .blocked_by(cause)),
            None => Ok(self.one(E::RecordsProvided(data.clone()))),
        }
    }

    /// 变更.
    pub(super) fn change_details(&self, data: &Change) -> Result<Decision, Rejection> {
        let mut event = self.event(E::DetailsChanged(data.clone()));
        let known = match &*data.what {
            "name" => self.state.profile.name.as_deref(),
            "level" => self.state.profile.level.as_deref(),
            _ => None,
        };
        let from = data.from.as_ref().and_then(Personal::plain);
        if from.is_some() && known.is_some() && from != known {
            event = event.finding("from-differs-from-record", None);
        }
        let Some(ban) = self.of(What::ManagerBan).next() else { return Ok(vec![event]) };
        // The change has happened, approved elsewhere. What becomes of the institution people decide, as where somebody is
        // banned who runs one already.
        let mut areas: Vec<AreaCode> = Vec::new();
        for agreement in self.state.agreements.iter().filter(|agreement| agreement.is_live(self.at)) {
            if !areas.contains(&agreement.area) {
                areas.push(agreement.area);
            }
        }
        let mut decision = vec![event.finding("manager-banned", self.ban_rule(ban).map(|rule| &*rule.id))];
        for area in areas {
            let review = ReviewCall {
                area: Some(area),
                origin: ban.event.clone(),
                refusal: None,
                what: ReviewMatter::ManagerBan,
            };
            decision.extend(self.raise_review(&review).into_iter().map(|review| review.caused_by(0)));
        }
        Ok(decision)
    }

    /// 变更备案.
    pub(super) fn file_change(&self, data: &ChangeFiling) -> Result<Decision, Rejection> {
        let Some(change) = self.state.changes().iter().find(|change| change.id == data.change) else {
            let is = |facts: &E| matches!(facts, E::DetailsChanged(_));
            return Err(self.no_such(data.change, is, words!("a change of details", "变更")));
        };
        match change.filed {
            Some((on, cause)) => Err(Rejection::new(
                "already-filed",
                words!("the change was filed on {}", "该变更已于 {} 备案", on.words()),
            )
            .blocked_by(cause)),
            None => Ok(self.one(E::ChangeFiled(data.clone()))),
        }
    }

    /// Whether an event referred to is of the right kind and already holds.
    pub(super) fn is_in_effect(&self, event: &Event, id: Uuid, is: fn(&E) -> bool) -> bool {
        event.id == id
            && event.effective_at <= self.at
            && matches!(&event.data, EventData::Institution(facts) if is(facts))
    }
}
