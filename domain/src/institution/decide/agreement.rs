//! The agreement from signing to the end of its term (令2 arts 10, 41).

use super::{Matter, law};
use crate::decide::Decision;
use crate::event::NewEvent;
use crate::id::{AreaCode, SubjectKind};
use crate::institution::InstitutionEvent as E;
use crate::institution::docket;
use crate::institution::facts::{InArea, InstitutionKind, ProbationPeriod, Renewal, RenewalRefusal, Signing};
use crate::institution::state::{Agreement, Ended, Stage};
use crate::rejection::Rejection;
use crate::state::State;
use crate::time::Instant;
use crate::timeline::state_at;
use crate::track::Line;
use crate::words;
use crate::words::Term;
use serde_json::json;

impl Matter<'_> {
    /// 签订协议. The first designation of a medical institution begins its probation, and with it settlement for
    /// patients from elsewhere is closed.
    pub(super) fn sign(&self, data: &Signing) -> Result<Decision, Rejection> {
        self.lines_named(data)?;
        self.begin_known_or_explained(data)?;
        let from = data.from.unwrap_or(self.at);
        self.period(from, data.until)?;
        self.may_sign(data, from)?;
        self.no_complaint_waits(data.area)?;
        // Signed late, an agreement holds from its own first day, and is tested on what stood then too.
        let effective_at = self.at.min(from);
        if effective_at < self.at {
            let then = state_at(SubjectKind::Institution, self.context.history, effective_at);
            if let State::Institution(state) = &then {
                Matter { state, at: effective_at, ..*self }.may_sign(data, from)?;
            }
        }
        let event = self.event_at(effective_at, E::AgreementSigned(data.clone()));
        let event = self.with_usual_term(event, data.area, data.from, data.until);
        let mut decision = vec![self.with_steps_left_out(data, event)];
        self.begin_probation(data, effective_at, &mut decision);
        Ok(decision)
    }

    /// Refuses what at this instant stands in the way of a term from a day on.
    fn may_sign(&self, data: &Signing, from: Instant) -> Result<(), Rejection> {
        self.not_barred(data.area)?;
        self.no_line_running(data, from)?;
        self.renews_nothing_refused(data, from)
    }

    /// To sign on from a term that runs, or from the instant at which it ended, is to renew it, whatever it is called.
    fn renews_nothing_refused(&self, data: &Signing, from: Instant) -> Result<(), Rejection> {
        let goes_on = |agreement: &&Agreement| {
            let last = agreement.last();
            let end = last.end();
            let open = last.stage == Stage::Signed && last.ended.is_none();
            open && (agreement.is_live(self.at) || end.is_some_and(|end| from <= end))
        };
        let lines = data.lines.iter().filter_map(|line| self.state.agreement(data.area, *line));
        lines.into_iter().filter(goes_on).try_for_each(|agreement| self.may_be_renewed(agreement.last()))
    }

    /// 期限一般为1年: a longer term is noticed.
    fn with_usual_term(
        &self,
        event: NewEvent,
        area: AreaCode,
        from: Option<Instant>,
        until: Option<Instant>,
    ) -> NewEvent {
        let years = self.count(law::TERM_YEARS.of(self.kind), Some(area));
        match (from, until.and_then(Instant::bounded), years) {
            (Some(from), Some(until), Some((years, rule))) if from.plus_years(years) < until => {
                event.finding("longer-than-usual", Some(&rule.id))
            }
            _ => event,
        }
    }

    fn lines_named(&self, data: &Signing) -> Result<(), Rejection> {
        let repeated = data.lines.iter().enumerate().any(|(at, line)| data.lines[..at].contains(line));
        if !data.lines.is_empty() && !repeated {
            return Ok(());
        }
        Err(Rejection::new(
            "lines-missing",
            words!(
                "an agreement names each of its lines once, and at least one",
                "服务协议须写明业务线，至少一条且不得重复"
            ),
        )
        .allowed(json!({ "lines": Line::ALL })))
    }

    fn begin_known_or_explained(&self, data: &Signing) -> Result<(), Rejection> {
        if data.from.is_some() || self.is_unknown("/data/from") {
            return Ok(());
        }
        Err(Rejection::new(
            "unknown-needs-reason",
            words!(
                "an agreement without a beginning is one taken over: say in unknown, at /data/from, why it is not known",
                "未写起始日的协议视为接收登记：须在 unknown 的 /data/from 处说明为何不详"
            ),
        )
        .allowed(json!({ "unknown": { "/data/from": "why the source does not tell" } })))
    }

    /// A line that runs on at the new begin cannot be signed again; one that ends by then is followed by the new term.
    fn no_line_running(&self, data: &Signing, from: Instant) -> Result<(), Rejection> {
        let Some(running) = data.lines.iter().find_map(|line| {
            let agreement = self.state.agreement(data.area, *line)?;
            let end = agreement.last().end()?;
            // A term without a known end gives way to a new one with a known begin.
            let stays = end != Instant::MAX || data.from.is_none();
            (agreement.is_live(self.at) && from < end && stays).then_some(agreement)
        }) else {
            return Ok(());
        };
        let (area, Term { en, zh }) = (data.area, words::line(running.line));
        let end = running.last().end().unwrap_or(Instant::MAX).words();
        let rejection = Rejection::new(
            "already-in-force",
            words!(
                "the agreement for the line {en} in {area} runs until {end}",
                "统筹地区 {area} 业务线 {zh} 的服务协议有效期至 {end}"
            ),
        )
        .blocked_by(running.term_at(self.at).map_or(running.stage_cause, |term| term.cause));
        Err(rejection.allowed(json!({ "from": { "min": running.last().end() } })))
    }

    /// The ledger takes in histories whose source is silent about earlier steps, and says so.
    fn with_steps_left_out(&self, data: &Signing, mut event: NewEvent) -> NewEvent {
        if data.until.is_none() && !self.is_unknown("/data/until") {
            event = event.finding("no-end-of-term", None);
        }
        let basic =
            data.lines.contains(&Line::Basic) || self.state.agreement(data.area, Line::Basic).is_some();
        if !basic {
            event = event.finding("no-basic-agreement-recorded", None);
        }
        let Some(from) = data.from else { return event };
        // What is over by then is another agreement: the new one is applied for like the first.
        let stages: Vec<Stage> = data
            .lines
            .iter()
            .filter_map(|line| self.state.agreement(data.area, *line))
            .filter(|agreement| !agreement.is_over_before(from))
            .map(|agreement| agreement.stage)
            .collect();
        let step = match stages.first() {
            None => Some("no-application-recorded"),
            Some(Stage::Applied | Stage::Evaluating) => Some("no-evaluation-recorded"),
            Some(Stage::Refused) => Some("signed-after-refusal"),
            Some(Stage::Candidate | Stage::Signed) => None,
        };
        match step {
            Some(code) => event.finding(code, None),
            None => event,
        }
    }

    fn begin_probation(&self, data: &Signing, effective_at: Instant, decision: &mut Decision) {
        let Some(from) = data.from else { return };
        if self.kind != InstitutionKind::Medical || self.state.designated.is_some() {
            return;
        }
        let signed = self.envelope.decided_at.unwrap_or(self.at);
        let rulebook = self.context.rulebook();
        let Some((months, rule)) = law::count(rulebook, law::PROBATION_MONTHS, signed, Some(data.area))
        else {
            return;
        };
        let period = ProbationPeriod { area: data.area, from, until: from.plus_months(months) };
        decision.push(self.event_at(effective_at, E::ProbationStarted(period)).rule(&rule.id).caused_by(0));
        let centre = data.regional_medical_centre.unwrap_or(self.state.profile.regional_medical_centre);
        if !centre && let Some(rule) = rulebook.rule(law::CROSS_REGION_CLOSED, signed, Some(data.area)) {
            let closed = E::CrossRegionClosed(InArea { area: data.area });
            decision.push(self.event_at(effective_at, closed).rule(&rule.id).caused_by(0));
        }
    }

    /// 续签: the lines go on without a gap.
    pub(super) fn renew(&self, data: &Renewal) -> Result<Decision, Rejection> {
        let agreement = self.last_signed(data.area)?;
        let end = agreement.end().and_then(Instant::bounded);
        self.may_be_renewed(agreement)?;
        let from = data.from.or(end).unwrap_or(self.at);
        if let Some(end) = end.filter(|end| from != *end) {
            return Err(Rejection::new(
                "no-unbroken-term",
                words!(
                    "the term ends on {}, so a renewal begins then; after a gap an agreement is signed anew",
                    "协议期满日为 {}，续签须自该日起；中断后须重新签订",
                    end.words()
                ),
            )
            .blocked_by(agreement.term.map_or(agreement.stage_cause, |term| term.cause))
            .allowed(json!({ "from": end })));
        }
        self.period(from, data.until)?;
        let mut event = self.event_at(self.at.min(from), E::AgreementRenewed(data.clone()));
        if data.until.is_none() && !self.is_unknown("/data/until") {
            event = event.finding("no-end-of-term", None);
        }
        event = self.with_usual_term(event, data.area, Some(from), data.until);
        if from < self.at {
            event = event.finding("renewed-after-expiry", None);
        }
        Ok(vec![event])
    }

    /// The agreement to be renewed: running, or run out without another end.
    fn last_signed(&self, area: AreaCode) -> Result<&Agreement, Rejection> {
        self.state.renewable(area).ok_or_else(|| {
            let given_up = self.live(area).find_map(|agreement| agreement.last().ended.as_deref());
            given_up.map_or_else(|| self.not_in_force(area, None), |ended| self.given_up(area, ended))
        })
    }

    /// Why nothing goes on from an agreement that runs, but only to the day on which it is given up.
    pub(super) fn given_up(&self, area: AreaCode, ended: &Ended) -> Rejection {
        Rejection::new(
            "already-withdrawn",
            words!(
                "the institution withdraws from the agreement in {area} on {}",
                "机构已提出自 {} 起退出统筹地区 {area} 的服务协议",
                ended.at.words()
            ),
        )
        .blocked_by(ended.cause)
    }

    /// Refuses what is not renewed: 延长期内整改不到位的不予续签, where no choice is left, and what was decided not to be.
    fn may_be_renewed(&self, agreement: &Agreement) -> Result<(), Rejection> {
        let area = agreement.area;
        let failed = docket::failed_in_extension(self.state, area, self.at);
        if let (Some((_, failed)), Some(rule)) = (failed, self.yes(law::UNRECTIFIED_NOT_RENEWED, Some(area)))
        {
            let refusal = Rejection::new(
                "not-rectified-in-probation",
                words!(
                    "not rectified in the extended probation: the agreement is not renewed",
                    "政策辅导期延长期内整改不到位，不予续签"
                ),
            );
            return Err(self.under(rule, refusal).blocked_by(failed));
        }
        if let Some(lapsed) = agreement.lapsed {
            return Err(Rejection::new(
                "already-lapsed",
                words!(
                    "it is recorded that the agreement in {area} ran out on {} and nothing followed; that stands until it is \
                     annulled",
                    "已记录统筹地区 {area} 的服务协议于 {} 到期终止，该记录未被撤销",
                    agreement.end().unwrap_or(self.at).words()
                ),
            )
            .blocked_by(lapsed));
        }
        let Some(refused) = agreement.renewal_refused else { return Ok(()) };
        Err(Rejection::new(
            "renewal-refused",
            words!(
                "renewal in {area} was refused; that decision stands until it is annulled",
                "统筹地区 {area} 已决定不予续签，该决定未被撤销"
            ),
        )
        .blocked_by(refused))
    }

    /// 不予续签: the agreement runs to the end of its term and then is not renewed.
    pub(super) fn refuse_renewal(&self, data: &RenewalRefusal) -> Result<Decision, Rejection> {
        let area = data.area;
        let agreement = self.last_signed(area)?;
        if let Some(refused) = agreement.renewal_refused {
            return Err(Rejection::new(
                "already-refused",
                words!("renewal in {area} is already refused", "统筹地区 {area} 已决定不予续签"),
            )
            .blocked_by(refused));
        }
        // Recorded after the term has run out, it still says how the term ended.
        let end = agreement.end().unwrap_or(self.at);
        let mut event = self.event_at(self.at.min(end), E::RenewalRefused(data.clone()));
        if docket::failed_in_extension(self.state, area, self.at).is_some()
            && let Some(rule) = self.yes(law::UNRECTIFIED_NOT_RENEWED, Some(area))
        {
            event = event.rule(&rule.id);
        }
        Ok(vec![event])
    }

    /// 到期终止, recorded. Without a record the status is the same from the end of the term on.
    pub(super) fn record_lapse(&self, data: &InArea) -> Result<Decision, Rejection> {
        let area = data.area;
        let current = self.state.agreement(area, Line::Basic).map(|agreement| agreement.current(self.at));
        let agreement = match current {
            // In the gap before one signed anew it is the one before that lapsed.
            Some(current) if current.stage == Stage::Signed && current.ended.is_none() => current,
            Some(_) | None => self.last_signed(area)?,
        };
        let end = agreement.end().unwrap_or(self.at);
        if end != Instant::MAX && self.at < end {
            return Err(Rejection::new(
                "term-not-over",
                words!(
                    "the term in {area} ends only on {}",
                    "统筹地区 {area} 的服务协议至 {} 才期满",
                    end.words()
                ),
            )
            .blocked_by(agreement.term.map_or(agreement.stage_cause, |term| term.cause))
            .allowed(json!({ "effective_at": { "min": end } })));
        }
        Ok(self.one(E::AgreementLapsed(data.clone())))
    }
}
