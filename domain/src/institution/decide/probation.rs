//! 政策辅导期 and cross-region settlement, which it keeps closed (notice of 2025-05-28, section on new institutions).

use super::{Matter, law};
use crate::decide::Decision;
use crate::id::AreaCode;
use crate::institution::InstitutionEvent as E;
use crate::institution::facts::{
    InArea, InstitutionKind, ProbationExtension, ProbationPeriod, ProbationViolation,
};
use crate::institution::state::Probation;
use crate::rejection::Rejection;
use crate::words;
use serde_json::json;

impl Matter<'_> {
    /// 政策辅导期开始, where it was not part of the signing.
    pub(super) fn start_probation(&self, data: &ProbationPeriod) -> Result<Decision, Rejection> {
        if self.kind == InstitutionKind::Pharmacy {
            return Err(Rejection::new(
                "medical-only",
                words!("a probation is for medical institutions", "政策辅导期仅适用于医疗机构"),
            ));
        }
        let since = self.in_scope(data.area, None)?.iter().map(|a| a.stage_from).min().unwrap_or(self.at);
        if let Some(probation) = self.state.probation(data.area) {
            let from = probation.from.words();
            return Err(Rejection::new(
                "already-in-probation",
                words!(
                    "the probation of this agreement began on {from}",
                    "本协议的政策辅导期已自 {from} 开始"
                ),
            )
            .blocked_by(probation.cause));
        }
        self.period(data.from, Some(data.until))?;
        // Recorded late it holds from its own first day, though not from before anything is known of the agreement.
        let event = self.event_at(self.at.min(data.from.max(since)), E::ProbationStarted(data.clone()));
        let rulebook = self.context.rulebook();
        let Some((months, rule)) = law::count(rulebook, law::PROBATION_MONTHS, data.from, Some(data.area))
        else {
            return Ok(vec![event.finding("no-rule-at-the-time", None)]);
        };
        let until = data.from.plus_months(months);
        if data.until != until {
            let refusal = Rejection::new(
                "out-of-range",
                words!("the probation lasts {months} months", "政策辅导期为 {months} 个月"),
            );
            return Err(self.under(rule, refusal).allowed(json!({ "until": until })));
        }
        Ok(vec![event.rule(&rule.id)])
    }

    /// 情节较轻的, 政策辅导期延长: once, and only out of the first phase.
    pub(super) fn extend_probation(&self, data: &ProbationViolation) -> Result<Decision, Rejection> {
        let probation = self.probation_of(data.area)?;
        if let Some((until, cause)) = probation.extended {
            return Err(Rejection::new(
                "already-extended",
                words!(
                    "the probation was already extended to {}; it is extended only once",
                    "政策辅导期已延长至 {}，只能延长一次",
                    until.words()
                ),
            )
            .blocked_by(cause));
        }
        if self.at < probation.from || probation.until() <= self.at {
            return Err(Rejection::new(
                "not-in-initial-phase",
                words!(
                    "the first phase of the probation runs from {} to {}",
                    "政策辅导期首期自 {} 至 {}",
                    probation.from.words(),
                    probation.until().words()
                ),
            )
            .blocked_by(probation.cause)
            .allowed(json!({ "effective_at": { "min": probation.from, "before": probation.until() } })));
        }
        let Some((months, rule)) = self.count(law::EXTENSION_MONTHS, Some(data.area)) else {
            return Err(Rejection::new(
                "no-rule-at-the-time",
                words!(
                    "no rule in force on {} extends a probation",
                    "{} 时没有关于延长政策辅导期的规定",
                    self.at.words()
                ),
            ));
        };
        let extension = ProbationExtension {
            area: data.area,
            until: probation.initial_until.plus_months(months),
            violation: data.violation.clone(),
        };
        Ok(vec![self.event(E::ProbationExtended(extension)).rule(&rule.id)])
    }

    /// 政策辅导期通过. Without a record the phase ends all the same.
    pub(super) fn pass_probation(&self, data: &InArea) -> Result<Decision, Rejection> {
        let probation = self.probation_of(data.area)?;
        if let Some(passed) = probation.passed {
            return Err(Rejection::new(
                "already-passed",
                words!("the probation was passed on {}", "政策辅导期已于 {} 结束", passed.words()),
            )
            .blocked_by(probation.cause));
        }
        let mut event = self.event(E::ProbationPassed(data.clone()));
        if self.at < probation.until() {
            event = event.finding("passed-before-its-end", None);
        }
        Ok(vec![event])
    }

    fn probation_of(&self, area: AreaCode) -> Result<&Probation, Rejection> {
        self.in_scope(area, None)?;
        self.state.probation(area).ok_or_else(|| {
            Rejection::new(
                "no-probation",
                words!("no probation is recorded in {area}", "在统筹地区 {area} 没有政策辅导期记录"),
            )
        })
    }

    /// 开通异地就医结算: not in the probation, unless the institution is a regional medical centre.
    pub(super) fn open_cross_region(&self, data: &InArea) -> Result<Decision, Rejection> {
        self.in_scope(data.area, None)?;
        self.cross_region_is_not(true, data.area)?;
        let closed = self.yes(law::CROSS_REGION_CLOSED, Some(data.area));
        let probation = self.state.probation(data.area).filter(|probation| probation.covers(self.at));
        if let (Some(rule), Some(probation), false) =
            (closed, probation, self.state.profile.regional_medical_centre)
        {
            let until = probation.until();
            let refusal = Rejection::new(
                "in-probation",
                words!(
                    "in probation until {}; cross-region settlement is opened then only for regional medical centres",
                    "政策辅导期至 {}，期内除区域医疗中心外不开通异地就医结算",
                    until.words()
                ),
            );
            let cause = probation.extended.map_or(probation.cause, |(_, cause)| cause);
            let refusal = self.under(rule, refusal).blocked_by(cause);
            return Err(refusal.allowed(json!({ "effective_at": { "min": until } })));
        }
        Ok(self.one(E::CrossRegionOpened(data.clone())))
    }

    /// 不开通／关闭异地就医结算.
    pub(super) fn close_cross_region(&self, data: &InArea) -> Result<Decision, Rejection> {
        self.in_scope(data.area, None)?;
        self.cross_region_is_not(false, data.area)?;
        Ok(self.one(E::CrossRegionClosed(data.clone())))
    }

    fn cross_region_is_not(&self, open: bool, area: AreaCode) -> Result<(), Rejection> {
        let known = self.state.area(area).and_then(|area| area.cross_region);
        let Some((_, cause)) = known.filter(|(known, _)| *known == open) else { return Ok(()) };
        let rejection = if open {
            Rejection::new(
                "already-open",
                words!(
                    "cross-region settlement in {area} is already open",
                    "统筹地区 {area} 已开通异地就医结算"
                ),
            )
        } else {
            Rejection::new(
                "already-closed",
                words!(
                    "cross-region settlement in {area} is already closed",
                    "统筹地区 {area} 未开通异地就医结算"
                ),
            )
        };
        Err(rejection.blocked_by(cause))
    }
}
