//! Decisions of credit management, the same for every kind of subject that has them.

use super::facts::{
    Commitment, CreditRepair, Discipline, DisciplineLift, OnlineResumption, OnlineSuspension, Rating,
};
use crate::command::Command;
use crate::dated::Dated;
use crate::decide::{Context, ends_after, no_such_event, require_authority};
use crate::envelope::Authority::{self, Agency, Bureau};
use crate::event::{Event, EventData, Finding, NewEvent};
use crate::id::{AreaCode, Version};
use crate::rejection::Rejection;
use crate::time::Instant;
use crate::timeline;
use crate::track::{Grade, Track, Value};
use crate::words;
use serde_json::json;
use uuid::Uuid;

pub(crate) const EITHER: &[Authority] = &[Agency, Bureau];
/// Whoever is concerned; the agency may record what they handed in.
pub(crate) const CONCERNED: &[Authority] = &[Authority::Institution, Authority::Practitioner, Agency, Bureau];
/// Grades in schemes that go by score, and the parameter that sets the least score of each.
const BY_SCORE: [(Grade, &str); 4] = [
    (Grade::A, "credit.grade.a"),
    (Grade::B, "credit.grade.b"),
    (Grade::C, "credit.grade.c"),
    (Grade::D, "credit.grade.d"),
];
pub(crate) const ONLINE_MONTHS: &str = "insured.online_suspension.months";
pub(crate) const ONLINE_INVESTIGATION: &str = "insured.online_suspension.investigation";
/// That what was paid in full while online settlement was suspended is settled where nothing was found.
pub(crate) const ONLINE_SETTLE_CLEARED: &str = "insured.online_suspension.settle_cleared";
/// That a scheme rates every natural year anew.
pub(crate) const RATED_YEARLY: &str = "credit.rating.yearly";
/// That how a commitment was kept goes into the credit record.
pub(crate) const COMMITMENT_RECORDED: &str = "credit.commitment.record";
/// For so many months as the article has it.
pub(crate) const ART_41: &str = "art-41";
/// While somebody who refuses to cooperate is investigated.
pub(crate) const ART_30: &str = "art-30";
/// Every parameter asked for here.
#[cfg(test)]
pub(crate) const PARAMS: [&str; 9] = [
    "credit.grade.a",
    "credit.grade.b",
    "credit.grade.c",
    "credit.grade.d",
    ONLINE_MONTHS,
    ONLINE_INVESTIGATION,
    ONLINE_SETTLE_CLEARED,
    RATED_YEARLY,
    COMMITMENT_RECORDED,
];

/// Facts decided, with the rules they were decided under and what was noticed.
pub(crate) struct Noted<T> {
    facts: T,
    rules: Vec<Box<str>>,
    findings: Vec<Finding>,
}

impl<T> Noted<T> {
    pub(crate) fn plain(facts: T) -> Self {
        Self { facts, rules: Vec::new(), findings: Vec::new() }
    }

    pub(crate) fn rule(mut self, id: &str) -> Self {
        self.rules.push(id.into());
        self
    }

    pub(crate) fn finding(mut self, code: &str, rule: Option<&str>) -> Self {
        self.findings.push(Finding::new(code, rule));
        self
    }

    /// The event, in the words of a kind of subject.
    pub(crate) fn event(self, at: Instant, data: impl FnOnce(T) -> EventData) -> NewEvent {
        let mut event = NewEvent::new(at, data(self.facts));
        event.rules = self.rules;
        event.findings = self.findings;
        event
    }
}

/// One command before these decisions, with all they may look at.
#[derive(Clone, Copy)]
pub(crate) struct Asked<'a> {
    pub(crate) dated: &'a Dated,
    pub(crate) command: &'a Command,
    pub(crate) context: &'a Context<'a>,
}

impl<'a> Asked<'a> {
    pub(crate) fn at(&self) -> Instant {
        self.context.effective_at
    }

    /// The area whose rules hold: that of who decides.
    pub(crate) fn area(&self) -> Option<AreaCode> {
        self.command.envelope.actor.area
    }

    /// 信用评级. Where the area's scheme goes by score, grade and score must agree.
    pub(crate) fn rate(&self, data: &Rating) -> Result<Noted<Rating>, Rejection> {
        require_authority(self.command, EITHER)?;
        self.ends(data.until)?;
        let noted = Noted::plain(data.clone());
        let Some(score) = data.score else { return Ok(noted) };
        let Some((grade, cited)) = self.grade_of(score, data.area) else { return Ok(noted) };
        if grade == data.grade {
            return Ok(noted.rule(&cited.id));
        }
        let words::Term { en, zh } = words::grade(grade);
        let refusal = Rejection::new(
            "grade-disagrees-with-score",
            words!("in this area a score of {score} is {en}", "按本地区规则，{score} 分为{zh}"),
        );
        Err(refusal.rule(cited).allowed(json!({ "grade": grade })))
    }

    fn grade_of(&self, score: u32, area: AreaCode) -> Option<(Grade, crate::rulebook::Citation)> {
        let reached = |(grade, param): (Grade, &str)| {
            let least = self.context.rulebook().number(param, self.at(), Some(area))?;
            (i64::from(score) >= least.value).then_some((grade, least.citation))
        };
        BY_SCORE.into_iter().find_map(reached)
    }

    /// 承诺: by whoever is concerned.
    pub(crate) fn commit(&self, data: &Commitment) -> Result<Noted<Commitment>, Rejection> {
        require_authority(self.command, CONCERNED)?;
        self.ends(data.until)?;
        Ok(Noted::plain(data.clone()))
    }

    /// 失信惩戒. One that names no rating is accepted: lists of other bodies are a ground too.
    pub(crate) fn discipline(&self, data: &Discipline) -> Result<Noted<Discipline>, Rejection> {
        require_authority(self.command, EITHER)?;
        self.ends(data.until)?;
        if data.measures.is_empty() {
            let words = words!("a discipline names at least one measure", "须写明惩戒措施");
            return Err(Rejection::new("no-measure", words));
        }
        match data.rating {
            Some(rating) => {
                self.standing(rating)?;
                Ok(Noted::plain(data.clone()))
            }
            None => Ok(Noted::plain(data.clone()).finding("no-rating-named", None)),
        }
    }

    /// 解除惩戒.
    pub(crate) fn lift_discipline(&self, data: &DisciplineLift) -> Result<Noted<DisciplineLift>, Rejection> {
        require_authority(self.command, EITHER)?;
        self.running(data.discipline, Track::Discipline, "not-disciplined")?;
        Ok(Noted::plain(data.clone()))
    }

    /// 信用修复: to a better grade than the one that stands.
    pub(crate) fn repair(&self, data: &CreditRepair) -> Result<Noted<CreditRepair>, Rejection> {
        require_authority(self.command, EITHER)?;
        self.ends(data.until)?;
        let Some(span) = self.dated.at(&Track::Credit, self.at()) else {
            let words = words!("no grade stands on {}", "{} 无有效信用等级", self.at().words());
            return Err(Rejection::new("not-rated", words));
        };
        match span.value {
            Value::Grade(now) if data.grade < now => Ok(Noted::plain(data.clone())),
            stands => {
                let words::Term { en, zh } = words::value(&Track::Credit, stands);
                let words = words!(
                    "{en} stands already; a repair leads to a better grade",
                    "现为{zh}；信用修复后的等级应更高"
                );
                Err(Rejection::new("grade-not-better", words).blocked_by(span.cause))
            }
        }
    }

    /// 暂停医疗费用联网结算 (令735 arts 30, 41; rows ).
    pub(crate) fn suspend_online(
        &self,
        data: &OnlineSuspension,
    ) -> Result<Noted<OnlineSuspension>, Rejection> {
        require_authority(self.command, EITHER)?;
        self.ends(data.until)?;
        if let Some(span) = self.dated.at(&Track::OnlineSettlement, self.at()) {
            let words = words!("suspended since {} already", "已自 {} 起暂停联网结算", span.from.words());
            return Err(Rejection::new("already-suspended", words).blocked_by(span.cause));
        }
        let area = data.area.or(self.area());
        let noted = Noted::plain(OnlineSuspension { area, ..data.clone() });
        match &*data.ground {
            ART_41 => self.for_months(data, noted),
            ART_30 => self.while_investigated(data, noted),
            _ => Ok(noted.finding("no-rule-for-the-ground", None)),
        }
    }

    fn for_months(
        &self,
        data: &OnlineSuspension,
        noted: Noted<OnlineSuspension>,
    ) -> Result<Noted<OnlineSuspension>, Rejection> {
        let Some(months) = self.context.rulebook().range(ONLINE_MONTHS, self.at(), self.area()) else {
            return Ok(noted.finding("no-rule-at-the-time", None));
        };
        let (min, max) = months.value;
        let after = |months: i64| self.at().plus_months(u32::try_from(months).unwrap_or(0));
        let (first, last) = (after(min), after(max));
        if data.until.is_some_and(|until| first <= until && until <= last) {
            return Ok(noted.rule(&months.citation.id));
        }
        let refusal = Rejection::new(
            "out-of-range",
            words!(
                "online settlement is suspended for {min} to {max} months",
                "暂停医疗费用联网结算的期限为 {min} 个月至 {max} 个月"
            ),
        );
        let allowed =
            json!({ "until": { "min": first, "max": last }, "min": min, "max": max, "unit": "months" });
        Err(refusal.rule(months.citation).allowed(allowed))
    }

    fn while_investigated(
        &self,
        data: &OnlineSuspension,
        noted: Noted<OnlineSuspension>,
    ) -> Result<Noted<OnlineSuspension>, Rejection> {
        let book = self.context.rulebook();
        if !book.flag(ONLINE_INVESTIGATION, self.at(), self.area()) {
            return Ok(noted.finding("no-rule-at-the-time", None));
        }
        let Some(rule) = book.rule(ONLINE_INVESTIGATION, self.at(), self.area()) else { return Ok(noted) };
        let bureau = self.command.envelope.actor.authority == Bureau;
        if bureau && data.refused_cooperation == Some(true) && data.until.is_none() {
            return Ok(noted.rule(&rule.id));
        }
        let refusal = Rejection::new(
            "art-30-conditions",
            words!(
                "under article 30 the bureau suspends online settlement of somebody who refuses to cooperate, until the \
                 investigation has ended",
                "依条例第三十条，参保人拒不配合调查的，由医保行政部门要求暂停联网结算，直至调查结束"
            ),
        );
        let allowed = json!({ "authority": ["bureau"], "refused_cooperation": true, "until": null });
        Err(refusal.rule(book.citation(rule)).allowed(allowed))
    }

    /// 恢复医疗费用联网结算: ends a suspension early, or one without an end.
    pub(crate) fn resume_online(
        &self,
        data: &OnlineResumption,
    ) -> Result<Noted<OnlineResumption>, Rejection> {
        require_authority(self.command, EITHER)?;
        match self.dated.at(&Track::OnlineSettlement, self.at()) {
            Some(_) => Ok(Noted::plain(data.clone())),
            None => {
                let words = words!("not suspended on {}", "{} 未处于暂停联网结算期间", self.at().words());
                Err(Rejection::new("not-suspended", words))
            }
        }
    }

    fn ends(&self, until: Option<Instant>) -> Result<(), Rejection> {
        until.map_or(Ok(()), |until| ends_after(until, self.at()))
    }

    /// The event of this stream with that id, in effect and not annulled from the start.
    pub(crate) fn standing(&self, id: Uuid) -> Result<&'a Event, Rejection> {
        let event = self.context.event(id).ok_or_else(|| no_such_event(id))?;
        if event.effective_at > self.at() {
            let words = words!(
                "event {id} takes effect only on {}, after this act",
                "事件 {id} 自 {} 才生效，晚于本行为",
                event.effective_at.words()
            );
            return Err(Rejection::new("not-yet-in-effect", words).blocked_by(event.version));
        }
        let known = timeline::resolve(self.context.history);
        if known.iter().any(|known| known.event.id == id && known.void_from <= self.at()) {
            let words = words!("event {id} has been annulled", "事件 {id} 已被撤销");
            return Err(Rejection::new("no-longer-stands", words).blocked_by(event.version));
        }
        Ok(event)
    }

    /// What an event set on a track named by it, where it still stands.
    pub(crate) fn running(
        &self,
        id: Uuid,
        track: fn(Version) -> Track,
        code: &'static str,
    ) -> Result<Version, Rejection> {
        let version = match self.dated.version_of(id) {
            Some(version) => version,
            None => self.standing(id)?.version,
        };
        if self.dated.at(&track(version), self.at()).is_some() {
            return Ok(version);
        }
        let words = words!(
            "nothing that event {id} set stands on {}",
            "事件 {id} 所设事项在 {} 已不存在",
            self.at().words()
        );
        Err(Rejection::new(code, words).blocked_by(version))
    }
}
