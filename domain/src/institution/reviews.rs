//! What the rules call for and nobody has decided yet.

use super::decide::law;
use super::facts::{InstitutionKind, ReasonClass};
use super::spans::is_over;
use super::state::{Agreement, Institution, Stage, Suspension};
use crate::id::{AreaCode, Version};
use crate::obligation::{Obligation, ObligationKind, ObligationState, working_days_after};
use crate::rejection::Words;
use crate::rulebook::{Rule, Rulebook};
use crate::time::Instant;
use crate::track::{Line, Value};
use crate::words;

/// Major information (令2 art 40), whose change is to be filed.
const MAJOR_INFORMATION: [&str; 10] = [
    "name",
    "legal_representative",
    "principal",
    "controller",
    "address",
    "bank_account",
    "departments",
    "scale",
    "nature",
    "level",
];

impl Institution {
    /// What is due at an instant, for a state folded from the events effective by then.
    #[must_use]
    pub fn reviews(&self, kind: InstitutionKind, at: Instant, rulebook: &Rulebook) -> Vec<Obligation> {
        let desk = Desk { state: self, kind, at, rulebook };
        let mut due = Vec::new();
        desk.suspended_too_often(&mut due);
        desk.unrectified_while_suspended(&mut due);
        desk.unrectified_in_probation(&mut due);
        desk.records(&mut due);
        desk.rectifications(&mut due);
        desk.applications(&mut due);
        desk.changes(&mut due);
        due
    }
}

/// When, and by which event, rectification failed in the extension of the probation of an area (fact sheet S0-17).
pub(super) fn failed_in_extension(
    state: &Institution,
    area: AreaCode,
    at: Instant,
) -> Option<(Instant, Version)> {
    let probation = state.probation(area)?;
    let (until, _) = probation.extended?;
    state
        .rectifications()
        .iter()
        .filter(|order| order.area.is_none_or(|own| own == area))
        .filter_map(|order| match order.result {
            Some((false, on, cause)) => Some((on, cause)),
            Some((true, ..)) | None => None,
        })
        .find(|(on, _)| probation.initial_until <= *on && *on <= until && *on <= at)
}

struct Desk<'a> {
    state: &'a Institution,
    kind: InstitutionKind,
    at: Instant,
    rulebook: &'a Rulebook,
}

impl Desk<'_> {
    fn obligation(
        &self,
        kind: ObligationKind,
        raised_by: Version,
        rule: Option<&Rule>,
        state: ObligationState,
        sum: Words,
    ) -> Obligation {
        let rule = rule.map(|rule| self.rulebook.citation(rule));
        Obligation { kind, due: None, provisional: false, rule, raised_by, state, sum }
    }

    /// How many suspensions within a term call for termination, by the rule of the day of a suspension.
    fn limit(&self, day: Instant, area: AreaCode) -> Option<(u32, &Rule)> {
        let limit = |param| law::count(self.rulebook, param, day, Some(area));
        limit(law::SUSPENSIONS.of(self.kind)).or_else(|| limit(law::SUSPENSIONS_2018))
    }

    /// 协议有效期内累计中止: the flag is raised by the suspension that reaches the number of its day. One suspension of all
    /// lines raises it once.
    fn suspended_too_often(&self, due: &mut Vec<Obligation>) {
        let mut raised: Vec<Version> = Vec::new();
        for agreement in &self.state.agreements {
            for term in agreement.terms() {
                let sanctions = agreement.sanctions(term, self.at);
                let reaches = |(index, s): (usize, &Suspension)| {
                    let (limit, rule) = self.limit(s.from, agreement.area)?;
                    (u32::try_from(index + 1).ok()? >= limit).then_some((s.cause, index + 1, rule))
                };
                let Some((cause, count, rule)) = sanctions.iter().enumerate().find_map(reaches) else {
                    continue;
                };
                if raised.contains(&cause) {
                    continue;
                }
                raised.push(cause);
                let (area, line) = (agreement.area, agreement.line);
                let sum = words!(
                    "suspended {count} times within the term ({area}, {line}): termination is to be decided",
                    "协议有效期内累计 {count} 次被中止（{area}，{line}）：应就解除协议作出决定"
                );
                // Renewed meanwhile: that term is over.
                let overtaken = term.until <= self.at && agreement.is_live(self.at);
                let state = if overtaken { ObligationState::Closed } else { self.after(agreement) };
                due.push(self.obligation(ObligationKind::TerminationReview, cause, Some(rule), state, sum));
            }
        }
    }

    /// 中止期间未按要求整改或整改不到位.
    fn unrectified_while_suspended(&self, due: &mut Vec<Obligation>) {
        for order in self.state.rectifications() {
            let Some((false, on, cause)) = order.result else { continue };
            let suspended = |agreement: &&Agreement| {
                order.area.is_none_or(|area| area == agreement.area)
                    && agreement.suspension(on).is_some_and(|suspension| !suspension.at_request)
            };
            let Some(agreement) = self.state.agreements.iter().find(suspended) else { continue };
            let Some((_, rule)) = self.limit(on, agreement.area) else { continue };
            let area = agreement.area;
            let sum = words!(
                "not rectified while suspended ({area}): termination is to be decided",
                "中止期间整改不到位（{area}）：应就解除协议作出决定"
            );
            let state = self.after(agreement);
            due.push(self.obligation(ObligationKind::TerminationReview, cause, Some(rule), state, sum));
        }
    }

    /// 延长期内整改不到位的不予续签.
    fn unrectified_in_probation(&self, due: &mut Vec<Obligation>) {
        for area in &self.state.areas {
            let Some((on, cause)) = failed_in_extension(self.state, area.area, self.at) else { continue };
            let rule = self.rulebook.rule(law::UNRECTIFIED_NOT_RENEWED, on, Some(area.area));
            let agreement = self
                .state
                .agreement(area.area, Line::Basic)
                .or_else(|| self.state.agreements_in(area.area).next());
            let (Some(rule), Some(agreement)) = (rule, agreement) else { continue };
            let state = if agreement.renewal_refused.is_some() {
                ObligationState::Met
            } else if agreement.is_live(self.at) {
                ObligationState::Open
            } else {
                ObligationState::Closed
            };
            let area = area.area;
            let sum = words!(
                "not rectified in the extended probation ({area}): the agreement is not renewed",
                "政策辅导期延长期内整改不到位（{area}）：不予续签"
            );
            let mut review = self.obligation(ObligationKind::RenewalReview, cause, Some(rule), state, sum);
            review.due = agreement.end().and_then(Instant::bounded);
            due.push(review);
        }
    }

    /// 提供资料, and what follows when they are not produced in time.
    fn records(&self, due: &mut Vec<Obligation>) {
        for demand in self.state.demands() {
            let in_time = demand.provided.is_some_and(|(on, _)| on <= demand.due);
            let state = if demand.provided.is_some() {
                ObligationState::Met
            } else {
                open_until(Some(demand.due), self.at)
            };
            let day = demand.due.words();
            let rule = self.rulebook.rule(law::RECORDS_DAYS, demand.from, None);
            let rule = rule.filter(|_| self.kind.is_medical());
            let sum = words!("records are to be produced by {day}", "应于 {day} 前提供资料");
            let mut task = self.obligation(ObligationKind::ProvideRecords, demand.cause, rule, state, sum);
            task.due = Some(demand.due);
            due.push(task);
            let rule = self.rulebook.rule(law::RECORDS_NOT_PRODUCED, demand.due, None);
            let Some(rule) = rule.filter(|_| self.kind.is_medical() && !in_time && demand.due < self.at)
            else {
                continue;
            };
            let state = self.after_all(demand.due);
            let sum = words!(
                "records demanded by {day} were not produced: termination is to be decided",
                "未在 {day} 前提供资料：应就解除协议作出决定"
            );
            let kind = ObligationKind::TerminationReview;
            let mut review = self.obligation(kind, demand.cause, Some(rule), state, sum);
            review.due = Some(demand.due);
            due.push(review);
        }
    }

    fn rectifications(&self, due: &mut Vec<Obligation>) {
        for order in self.state.rectifications() {
            let state = match order.result {
                Some((true, ..)) => ObligationState::Met,
                Some((false, ..)) => ObligationState::Closed,
                None => open_until(order.until, self.at),
            };
            let sum = match order.until.map(Instant::words) {
                Some(day) => words!("to be rectified by {day}", "应于 {day} 前完成整改"),
                None => words!("to be rectified; no day was set", "应完成整改，未定期限"),
            };
            let mut task = self.obligation(ObligationKind::Rectify, order.cause, None, state, sum);
            task.due = order.until;
            due.push(task);
        }
    }

    /// 受理 and 评估, once per pooling area.
    fn applications(&self, due: &mut Vec<Obligation>) {
        let mut seen: Vec<AreaCode> = Vec::new();
        for agreement in &self.state.agreements {
            let (area, from) = (agreement.area, agreement.stage_from);
            let (kind, param) = match agreement.stage {
                Stage::Applied => (ObligationKind::AcceptApplication, law::ACCEPTANCE_WORKING_DAYS),
                Stage::Evaluating => (ObligationKind::Evaluate, law::EVALUATION_MONTHS),
                Stage::Candidate | Stage::Refused | Stage::Signed => continue,
            };
            let rule = law::count(self.rulebook, param.of(self.kind), from, Some(area));
            let (Some((number, rule)), false) = (rule, seen.contains(&area)) else { continue };
            seen.push(area);
            let provisional = kind == ObligationKind::AcceptApplication;
            let day = if provisional { working_days_after(from, number) } else { from.plus_months(number) };
            let sum = if provisional {
                words!(
                    "the application in {area} is to be accepted or returned",
                    "统筹地区 {area} 的申请应予受理或一次性告知补正"
                )
            } else {
                words!("the applicant in {area} is to be evaluated", "统筹地区 {area} 的申请应完成评估")
            };
            let state = open_until(Some(day), self.at);
            let mut task = self.obligation(kind, agreement.stage_cause, Some(rule), state, sum);
            (task.due, task.provisional) = (Some(day), provisional);
            due.push(task);
        }
    }

    /// 重大信息变更备案.
    fn changes(&self, due: &mut Vec<Obligation>) {
        for change in self.state.changes().iter().filter(|change| change.major) {
            let Some(approved) = change.approved_on else { continue };
            let param = law::FILING_WORKING_DAYS.of(self.kind);
            let Some((days, rule)) = law::count(self.rulebook, param, approved, None) else { continue };
            let day = working_days_after(approved, days);
            let state = match change.filed {
                Some(_) => ObligationState::Met,
                None => open_until(Some(day), self.at),
            };
            let sum = words!("the change is to be filed by {}", "变更应于 {} 前备案", day.words());
            let mut task = self.obligation(ObligationKind::FileChange, change.cause, Some(rule), state, sum);
            (task.due, task.provisional) = (Some(day), true);
            due.push(task);
        }
    }

    /// How a review of one agreement stands: decided by termination, or overtaken by another end.
    fn after(&self, agreement: &Agreement) -> ObligationState {
        match self.state.status(agreement, self.at).0 {
            Value::Terminated => ObligationState::Met,
            status if is_over(status) => ObligationState::Closed,
            _ => ObligationState::Open,
        }
    }

    /// How a review of the whole institution stands.
    fn after_all(&self, since: Instant) -> ObligationState {
        let terminated = |agreement: &Agreement| {
            let sanction = |class: ReasonClass| class != ReasonClass::Consent;
            agreement
                .ended
                .as_deref()
                .is_some_and(|end| end.class.is_some_and(sanction) && since <= end.at && end.at <= self.at)
        };
        if self.state.agreements.iter().any(|agreement| agreement.is_live(self.at)) {
            ObligationState::Open
        } else if self.state.agreements.iter().any(terminated) {
            ObligationState::Met
        } else {
            ObligationState::Closed
        }
    }
}

/// Whether a change is one of major information.
pub(super) fn is_major(what: &str) -> bool {
    MAJOR_INFORMATION.contains(&what)
}

/// Nothing done yet: open until due, late afterwards.
fn open_until(due: Option<Instant>, at: Instant) -> ObligationState {
    if due.is_some_and(|due| due < at) { ObligationState::Late } else { ObligationState::Open }
}
