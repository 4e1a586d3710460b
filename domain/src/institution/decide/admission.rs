//! From application to candidate (令2 arts 5–9, 令3 arts 5–9).

use super::{Matter, law};
use crate::decide::Decision;
use crate::event::NewEvent;
use crate::id::AreaCode;
use crate::institution::InstitutionEvent as E;
use crate::institution::facts::{
    Application, Bar as BarRaised, BarTerms, Evaluation, InArea, InstitutionKind, PublicNotice, Refusal,
    Return, Verdict,
};
use crate::institution::state::{Agreement, Bar, Stage};
use crate::rejection::{Rejection, Words};
use crate::time::Instant;
use crate::track::{BarClass, Line};
use crate::words;
use crate::words::Term;
use serde_json::json;

impl Matter<'_> {
    /// 申请定点.
    pub(super) fn apply(&self, data: &Application) -> Result<Decision, Rejection> {
        self.not_barred(data.area)?;
        self.admitted(data.area)?;
        self.nobody_barred()?;
        self.nobody_responsible(data.area)?;
        self.not_applied(data)?;
        let mut event = self.event(E::Applied(data.clone()));
        self.operating_long_enough(data, &mut event)?;
        match self.kind {
            InstitutionKind::Medical => {
                let who = words!("physician", "医师");
                self.staffed(law::PHYSICIANS, data.physicians, "physicians", &who, data.area, &mut event)?;
                if data.tests_offered == Some(true) {
                    let who = words!("qualified technician", "具有相应资质的医技人员");
                    self.staffed(
                        law::TECHNICIANS,
                        data.technicians,
                        "technicians",
                        &who,
                        data.area,
                        &mut event,
                    )?;
                }
                self.has_department(data, &mut event)?;
                self.collects_codes(data, &mut event)?;
            }
            InstitutionKind::Pharmacy => {
                let who = words!("licensed pharmacist", "药师");
                self.staffed(law::PHARMACISTS, data.pharmacists, "pharmacists", &who, data.area, &mut event)?;
                let who = words!("insurance manager", "医保管理人员");
                let staff = data.insurance_staff;
                self.staffed(law::INSURANCE_STAFF, staff, "insurance_staff", &who, data.area, &mut event)?;
                self.contracted(data, &mut event)?;
            }
        }
        Ok(vec![event])
    }

    /// Refuses while a bar is on: which, until when, and what would lift it. Of several each is told.
    pub(super) fn not_barred(&self, area: AreaCode) -> Result<(), Rejection> {
        let mut bars: Vec<&Bar> = self.state.bars().iter().filter(|bar| bar.covers(area, self.at)).collect();
        // The one that lasts longest first: it is the one to be cited.
        bars.sort_by_key(|bar| std::cmp::Reverse((until(bar), bar.end())));
        let Some(last) = bars.first() else { return Ok(()) };
        let told: Vec<Words> = bars.iter().map(|bar| self.barred_until(bar)).collect();
        let join = |text: fn(&Words) -> &str, by| told.iter().map(text).collect::<Vec<_>>().join(by);
        let message = Words { en: join(|words| &words.en, "; "), zh: join(|words| &words.zh, "；") };
        let waits = bars.iter().any(|bar| waits(bar));
        let rejection = Rejection::new("barred", message)
            .allowed(json!({ "from": until(last), "after_liability_performed": waits }));
        let rejection = bars.iter().fold(rejection, |rejection, bar| rejection.blocked_by(bar.cause));
        // Barred under the rule that raised the bar, where it was.
        let rule = self
            .bar_param(last.class)
            .and_then(|param| self.context.rulebook().rule(param, last.law_of, Some(last.raised_in)));
        Err(match rule {
            Some(rule) => self.under(rule, rejection),
            None => rejection,
        })
    }

    fn barred_until(&self, bar: &Bar) -> Words {
        let (Term { en, zh }, day) = (words::bar_class(bar.class), until(bar).words());
        match (waits(bar), self.at < bar.until) {
            (true, true) => words!(
                "barred ({en}) until {day} and until liability is performed",
                "在 {day} 之前且责任履行完毕之前不予受理（{zh}）"
            ),
            (true, false) => words!(
                "barred ({en}) until liability is performed; the time of the bar ended on {day}",
                "责任履行完毕之前不予受理（{zh}）；期限已于 {day} 届满"
            ),
            (false, _) => words!("barred ({en}) until {day}", "在 {day} 之前不予受理（{zh}）"),
        }
    }

    fn not_applied(&self, data: &Application) -> Result<(), Rejection> {
        let area = data.area;
        let open = |agreement: &&Agreement| {
            matches!(agreement.stage, Stage::Applied | Stage::Evaluating | Stage::Candidate)
        };
        let named = |agreement: &&Agreement| {
            data.lines.contains(&agreement.line) || (agreement.line == Line::Basic && data.lines.is_empty())
        };
        if let Some(agreement) = self.state.agreements_in(area).filter(open).find(|agreement| {
            // An application always means basic, unless that is already running.
            named(agreement) || agreement.line == Line::Basic
        }) {
            return Err(Rejection::new(
                "already-applied",
                words!("an application in {area} is already open", "在统筹地区 {area} 的申请尚未办结"),
            )
            .blocked_by(agreement.stage_cause));
        }
        let running = self.live(area).find(named);
        match running {
            Some(agreement) => {
                let Term { en, zh } = words::line(agreement.line);
                Err(Rejection::new(
                    "already-in-force",
                    words!(
                        "an agreement for the line {en} in {area} is already in force",
                        "在统筹地区 {area} 已有业务线 {zh} 的有效服务协议"
                    ),
                )
                .blocked_by(agreement.term.map_or(agreement.stage_cause, |term| term.cause)))
            }
            None => Ok(()),
        }
    }

    fn operating_long_enough(&self, data: &Application, event: &mut NewEvent) -> Result<(), Rejection> {
        let Some((months, rule)) = self.count(law::OPERATING_MONTHS.of(self.kind), Some(data.area)) else {
            return Ok(());
        };
        let Some(opened) = data.opened_on else {
            note(event, "opened-on-to-verify", &rule.id);
            return Ok(());
        };
        let first = opened.plus_months(months);
        if self.at >= first {
            return Ok(());
        }
        let refusal = Rejection::new(
            "open-too-briefly",
            words!(
                "operating since {}; an application needs {months} months",
                "自 {} 起营业，正式运营满 {months} 个月方可申请",
                opened.words()
            ),
        );
        Err(self.under(rule, refusal).allowed(json!({ "effective_at": { "min": first } })))
    }

    /// None of them is a refusal, a number not told is for the agency to verify.
    fn staffed(
        &self,
        param: &str,
        number: Option<u32>,
        field: &'static str,
        who: &crate::rejection::Words,
        area: AreaCode,
        event: &mut NewEvent,
    ) -> Result<(), Rejection> {
        let Some((least, rule)) = self.count(param, Some(area)) else { return Ok(()) };
        match number {
            None => {
                note(event, &format!("{field}-to-verify"), &rule.id);
                Ok(())
            }
            Some(number) if number >= least => Ok(()),
            Some(number) => {
                let (en, zh) = (&who.en, &who.zh);
                let refusal = Rejection::new(
                    "staff-missing",
                    words!("{number} of at least {least} {en}", "{zh}至少 {least} 名，现有 {number} 名"),
                );
                Err(self.under(rule, refusal).allowed(json!({ field: { "min": least } })))
            }
        }
    }

    /// 医保管理部门: from so many beds on; where beds are not told nobody knows whether it is needed.
    fn has_department(&self, data: &Application, event: &mut NewEvent) -> Result<(), Rejection> {
        let rule = self.count(law::DEPARTMENT_BEDS, Some(data.area));
        let (Some(beds), Some((from, rule))) = (data.beds, rule) else { return Ok(()) };
        match data.insurance_department {
            _ if beds < from => Ok(()),
            Some(true) => Ok(()),
            None => {
                note(event, "insurance_department-to-verify", &rule.id);
                Ok(())
            }
            Some(false) => {
                let refusal = Rejection::new(
                    "department-missing",
                    words!(
                        "{beds} beds; from {from} on a department for insurance of its own is needed",
                        "床位 {beds} 张；{from} 张以上的须设内部医保管理部门"
                    ),
                );
                Err(self.under(rule, refusal).allowed(json!({ "insurance_department": true })))
            }
        }
    }

    /// 追溯码应采尽采、依码结算.
    fn collects_codes(&self, data: &Application, event: &mut NewEvent) -> Result<(), Rejection> {
        let Some(rule) = self.yes(law::TRACEABILITY_CODES, Some(data.area)) else { return Ok(()) };
        match data.traceability_codes {
            Some(true) => Ok(()),
            None => {
                note(event, "traceability_codes-to-verify", &rule.id);
                Ok(())
            }
            Some(false) => {
                let refusal = Rejection::new(
                    "traceability-missing",
                    words!(
                        "traceability codes of drugs and consumables are to be collected and settled by",
                        "药品、耗材追溯码须应采尽采、依码结算"
                    ),
                );
                Err(self.under(rule, refusal).allowed(json!({ "traceability_codes": true })))
            }
        }
    }

    /// 劳动合同: those of pharmacists and insurance managers, the shortest counted.
    fn contracted(&self, data: &Application, event: &mut NewEvent) -> Result<(), Rejection> {
        let Some((least, rule)) = self.count(law::CONTRACT_MONTHS, Some(data.area)) else { return Ok(()) };
        match data.staff_contract_months {
            None => note(event, "staff_contract_months-to-verify", &rule.id),
            Some(months) if months < least => {
                let refusal = Rejection::new(
                    "contract-too-short",
                    words!(
                        "a contract of {months} months; at least {least} are needed",
                        "劳动合同期限 {months} 个月；须不少于 {least} 个月"
                    ),
                );
                return Err(self
                    .under(rule, refusal)
                    .allowed(json!({ "staff_contract_months": { "min": least } })));
            }
            Some(_) => {}
        }
        Ok(())
    }

    /// 受理.
    pub(super) fn accept_application(&self, data: &InArea) -> Result<Decision, Rejection> {
        self.application(data.area, &[Stage::Applied])?;
        Ok(self.one(E::ApplicationAccepted(data.clone())))
    }

    /// 退回补正.
    pub(super) fn return_application(&self, data: &Return) -> Result<Decision, Rejection> {
        self.application(data.area, &[Stage::Applied, Stage::Evaluating])?;
        Ok(self.one(E::ApplicationReturned(data.clone())))
    }

    /// 评估. A second failure bars another application for a time.
    pub(super) fn evaluate(&self, data: &Evaluation) -> Result<Decision, Rejection> {
        let stage = self.application(data.area, &[Stage::Applied, Stage::Evaluating])?.stage;
        let failed = self.state.area(data.area).and_then(|area| area.last_failed.as_deref()).copied();
        if let (Some((last, cause)), Some((months, rule))) =
            (failed, self.count(law::RETRY_MONTHS.of(self.kind), Some(data.area)))
        {
            let first = last.plus_months(months);
            self.not_before("effective_at", self.at, first, rule, || {
                Rejection::new(
                    "too-early",
                    words!(
                        "failed on {}; evaluated again no sooner than {months} months later",
                        "{} 评估不合格，满 {months} 个月后方可再次评估",
                        last.words()
                    ),
                )
                .blocked_by(cause)
            })?;
        }
        let mut event = self.event(E::Evaluated(data.clone()));
        if stage == Stage::Applied {
            event = event.finding("no-acceptance-recorded", None);
        }
        let mut decision = vec![event];
        if data.verdict == Verdict::Fail
            && failed.is_some()
            && let Some((years, rule)) = self.count(law::EVALUATION_BAR_YEARS.of(self.kind), Some(data.area))
        {
            let bar = BarTerms {
                class: BarClass::EvaluationFailed,
                until: self.at.plus_years(years),
                until_performed: false,
            };
            let bar = self.event(E::BarRaised(BarRaised { area: data.area, bar }));
            decision.push(bar.rule(&rule.id).caused_by(0));
        }
        Ok(decision)
    }

    /// 拟定点公示.
    pub(super) fn publicise(&self, data: &PublicNotice) -> Result<Decision, Rejection> {
        let stage =
            self.application(data.area, &[Stage::Applied, Stage::Evaluating, Stage::Candidate])?.stage;
        self.period(data.from, Some(data.until))?;
        let mut event = self.event(E::PublicNoticeGiven(data.clone()));
        if stage != Stage::Candidate {
            event = event.finding("no-evaluation-recorded", None);
        }
        Ok(vec![event])
    }

    /// 不予定点. Fraud in the application bars another one, from the day it was found out.
    pub(super) fn refuse(&self, data: &Refusal) -> Result<Decision, Rejection> {
        self.application(data.area, &[Stage::Applied, Stage::Evaluating, Stage::Candidate])?;
        let mut decision = self.one(E::Refused(data.clone()));
        let Some(found) = data.fraud_found_on else { return Ok(decision) };
        self.is_found(found)?;
        match self.count(law::FRAUD_YEARS.of(self.kind), Some(data.area)) {
            None => decision[0] = decision[0].clone().finding("no-rule-for-a-bar", None),
            Some((years, rule)) => {
                let until = found.plus_years(years);
                let bar = BarTerms { class: BarClass::FraudInApplication, until, until_performed: false };
                // What was found out so long ago bars nothing any more.
                if self.at < until {
                    let bar = self.event(E::BarRaised(BarRaised { area: data.area, bar }));
                    decision.push(bar.rule(&rule.id).caused_by(0));
                }
            }
        }
        Ok(decision)
    }

    /// Refuses fraud that would be found out only after the decision that answers it.
    pub(super) fn is_found(&self, found: Instant) -> Result<(), Rejection> {
        let decided = self.envelope.decided_at.unwrap_or(self.at);
        if found <= decided {
            return Ok(());
        }
        let words = words!(
            "found on {}, after the decision on {}",
            "发现日 {} 晚于作出决定的 {}",
            found.words(),
            decided.words()
        );
        Err(Rejection::new("found-after-decision", words)
            .allowed(json!({ "fraud_found_on": { "max": decided } })))
    }

    /// The open application of an area, at one of the stages from which the act leads on.
    fn application(&self, area: AreaCode, stages: &[Stage]) -> Result<&Agreement, Rejection> {
        let open = self.state.agreements_in(area).find(|agreement| stages.contains(&agreement.stage));
        open.ok_or_else(|| {
            let rejection = Rejection::new(
                "no-application",
                words!(
                    "no application in {area} stands where this act leads on",
                    "在统筹地区 {area} 没有可作此处理的申请"
                ),
            );
            match self.state.agreements_in(area).next() {
                Some(agreement) => rejection.blocked_by(agreement.stage_cause),
                None => rejection,
            }
        })
    }
}

/// Whether it waits for liability nobody is known to have performed.
const fn waits(bar: &Bar) -> bool {
    bar.until_performed && bar.performed.is_none()
}

/// Until when it lasts, but for what it waits for.
fn until(bar: &Bar) -> Instant {
    if waits(bar) { bar.until } else { bar.end() }
}

fn note(event: &mut NewEvent, code: &str, rule: &str) {
    event.findings.push(crate::event::Finding::new(code, Some(rule)));
}
