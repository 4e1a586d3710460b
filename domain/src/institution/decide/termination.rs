//! 解除协议, the bar it raises, and how the bar ends (令2 arts 12, 43, 44).

use super::conduct::of_the_act;
use super::{Matter, law};
use crate::decide::Decision;
use crate::event::{EventRef, Finding, NewEvent};
use crate::id::AreaCode;
use crate::institution::InstitutionEvent as E;
use crate::institution::facts::{
    BarTerms, LiabilitySettlement, ReasonClass, ReviewCall, ReviewMatter, Termination, TerminationAct,
};
use crate::rejection::Rejection;
use crate::rulebook::Rule;
use crate::time::Instant;
use crate::track::{BarClass, Line};
use crate::words;
use serde_json::json;

impl Matter<'_> {
    /// 解除协议. `basic` takes all lines with it; by an agency of prefecture level or above at the institution's place it
    /// ends the agreements of all other pooling areas too.
    pub(super) fn terminate(&self, data: &TerminationAct) -> Result<Decision, Rejection> {
        self.in_scope(data.area, data.line)?;
        if let Some(origin) = &data.origin {
            return Ok(vec![self.follow(data, origin)]);
        }
        self.fraud_is_why(data)?;
        let line = data.line.filter(|line| *line != Line::Basic);
        let conduct = self.conduct((data.act_from, data.act_to), Some(data.area), data.line)?;
        let day = conduct.day;
        let mut first = Termination {
            act_from: data.act_from,
            act_to: data.act_to,
            area: data.area,
            bar: None,
            bound_by: conduct.bound_by.clone(),
            fraud_found_on: data.fraud_found_on,
            ground: data.ground.clone(),
            head_office: data.head_office,
            line,
            origin: None,
            reason_class: data.reason_class,
            responsible: data.responsible.clone(),
            responsible_until: None,
        };
        let barred = self.bar_on_people(data, day);
        first.responsible_until = barred.as_ref().and_then(|barred| barred.ok()).map(|(until, _)| until);
        let event = |facts| self.event(E::AgreementTerminated(facts));
        let bar = self.bar(data, day);
        let rules = (bar.rule(), self.bar(data, self.at).rule());
        let mut decision = match bar {
            // The bar is on designation; an institution that loses one line stays designated.
            Raised::Bar(_, rule) if line.is_some() => {
                vec![event(first).finding("no-bar-for-one-line", Some(&rule.id))]
            }
            Raised::Bar(terms, rule) => {
                first.bar = Some(terms);
                vec![event(first).rule(&rule.id)]
            }
            Raised::NotByRule => vec![event(first).finding("no-rule-for-a-bar", None)],
            Raised::Nothing => vec![event(first)],
        };
        match barred {
            Some(Ok((_, rule))) => decision[0] = decision[0].clone().rule(&rule.id),
            Some(Err(code)) => decision[0] = decision[0].clone().finding(code, None),
            None => {}
        }
        decision[0] = conduct.noticed(of_the_act(decision[0].clone(), rules));
        if data.head_office == Some(true) {
            decision[0].findings.extend(self.chain_findings(data));
        }
        for (area, rule) in self.elsewhere(data.area, data.line) {
            let mirrored = event(mirror(data, area, self.origin()));
            decision.push(mirrored.rule(&rule).caused_by(0));
        }
        Ok(decision)
    }

    /// The termination of a branch because another one of its chain was terminated for what the head office did
    /// (令3 art 40). What it bars the branch from no rule says.
    fn follow(&self, data: &TerminationAct, origin: &EventRef) -> NewEvent {
        let event = self.event(E::AgreementTerminated(mirror(data, data.area, origin.clone())));
        match self.chain(Some(data.area)) {
            Some(rule) => event.rule(&rule.id).finding("no-rule-for-a-bar", None),
            None => event.finding("no-rule-for-a-chain", None),
        }
    }

    /// The rule that takes the other branches of a chain along.
    fn chain(&self, area: Option<AreaCode>) -> Option<&Rule> {
        self.yes(law::CHAIN, area).filter(|_| !self.kind.is_medical())
    }

    /// 因其他主体的事件须复核.
    pub(super) fn raise_review(&self, data: &ReviewCall) -> Decision {
        let event = self.event(E::ReviewRaised(data.clone()));
        let param = match data.what {
            ReviewMatter::ChainTermination => Some(law::CHAIN),
            ReviewMatter::ManagerBan => Some(law::MANAGER_BAN_YEARS),
            ReviewMatter::OriginAnnulled => None,
        };
        let rule = param.and_then(|param| self.context.rulebook().rule(param, self.at, data.area));
        vec![match rule {
            Some(rule) => event.rule(&rule.id),
            None => event,
        }]
    }

    /// Until when those who caused it keep an institution they run from being admitted, and the rule, which is that of a day;
    /// else what is to be noted. Nothing where nobody is named.
    fn bar_on_people(
        &self,
        data: &TerminationAct,
        day: Instant,
    ) -> Option<Result<(Instant, &Rule), &'static str>> {
        if data.responsible.is_empty() {
            return None;
        }
        // 严重违反医保法律法规规章 or the agreement: what else a termination may be for the rule does not name.
        let serious = matches!(data.reason_class, ReasonClass::Illegality | ReasonClass::Breach);
        let rule = self.count_on(law::RESPONSIBLE_YEARS.of(self.kind), Some(data.area), day);
        let rule = rule.filter(|_| serious);
        Some(match rule {
            Some((years, rule)) => Ok((self.at.plus_years(years), rule)),
            None => Err("no-rule-for-a-bar-on-persons"),
        })
    }

    /// What keeps the other branches from following, though the head office is to blame.
    fn chain_findings(&self, data: &TerminationAct) -> Option<Finding> {
        let code = match self.chain(Some(data.area)) {
            None => "no-rule-for-a-chain",
            Some(_) if data.responsible.is_empty() => "nobody-named-responsible",
            Some(_) => return None,
        };
        Some(Finding::new(code, None))
    }

    /// When fraud in the application was found out is told of no other reason, and not before it was.
    fn fraud_is_why(&self, data: &TerminationAct) -> Result<(), Rejection> {
        let Some(found) = data.fraud_found_on else { return Ok(()) };
        if data.reason_class == ReasonClass::FraudInApplication {
            return self.is_found(found);
        }
        let words = words!(
            "`fraud_found_on` goes with the reason class fraud_in_application alone",
            "`fraud_found_on` 仅用于 reason_class 为 fraud_in_application 的解除"
        );
        let allowed = json!({ "reason_class": [ReasonClass::FraudInApplication] });
        Err(Rejection::new("reason-disagrees", words).allowed(allowed))
    }

    /// What a termination bars, under the rules of a day.
    fn bar(&self, data: &TerminationAct, day: Instant) -> Raised<'_> {
        let area = data.area;
        let class = match data.reason_class {
            ReasonClass::Consent => return Raised::Nothing,
            _ if self.count_on(law::FLAT_BAR_YEARS, Some(area), day).is_some() => BarClass::Terminated2018,
            ReasonClass::Illegality => BarClass::Illegality,
            ReasonClass::Breach => BarClass::Breach,
            ReasonClass::FraudInApplication => BarClass::FraudInApplication,
            ReasonClass::NotRectified | ReasonClass::Other => return Raised::NotByRule,
        };
        let found = self.bar_param(class).and_then(|param| self.count_on(param, Some(area), day));
        let Some((years, rule)) = found else { return Raised::NotByRule };
        let until_performed = matches!(class, BarClass::Illegality | BarClass::Breach);
        // 自发现之日起: where it is told, else from the termination.
        let from = data.fraud_found_on.filter(|_| class == BarClass::FraudInApplication).unwrap_or(self.at);
        Raised::Bar(BarTerms { class, until: from.plus_years(years), until_performed }, rule)
    }

    /// The parameter that sets how long a bar of a class lasts.
    pub(super) const fn bar_param(&self, class: BarClass) -> Option<&'static str> {
        match class {
            BarClass::Illegality => Some(law::ILLEGALITY_YEARS.of(self.kind)),
            BarClass::Breach => Some(law::BREACH_YEARS.of(self.kind)),
            BarClass::FraudInApplication => Some(law::FRAUD_YEARS.of(self.kind)),
            BarClass::EvaluationFailed => Some(law::EVALUATION_BAR_YEARS.of(self.kind)),
            BarClass::Terminated2018 => Some(law::FLAT_BAR_YEARS),
            BarClass::PointsAccumulated | BarClass::PointsSingle | BarClass::Decision => None,
        }
    }

    /// 责任履行完毕: ends the half of a bar that waits for it.
    pub(super) fn settle_liability(&self, data: &LiabilitySettlement) -> Result<Decision, Rejection> {
        let bar = self.state.bars().iter().find(|bar| bar.id == data.liability);
        let makes_liability = |facts: &E| {
            matches!(
                facts,
                E::AgreementTerminated(_)
                    | E::FineImposed(_)
                    | E::LiquidatedDamagesCharged(_)
                    | E::FundsRecovered(_)
            )
        };
        let begin = match (bar, self.context.event(data.liability)) {
            (Some(bar), _) => bar.from,
            (None, Some(event)) if self.is_in_effect(event, data.liability, makes_liability) => {
                event.effective_at
            }
            (None, _) => {
                let wanted = words!("a decision that makes a liability", "产生责任的决定");
                return Err(self.no_such(data.liability, makes_liability, wanted));
            }
        };
        if let Some((performed, cause)) = bar.and_then(|bar| bar.performed) {
            return Err(Rejection::new(
                "already-performed",
                words!("performed on {}", "责任已于 {} 履行完毕", performed.words()),
            )
            .blocked_by(cause));
        }
        if data.performed_on > self.at {
            return Err(Rejection::new(
                "not-yet-performed",
                words!(
                    "{} is still to come on {}",
                    "履行日 {} 晚于本行为生效日 {}",
                    data.performed_on.words(),
                    self.at.words()
                ),
            )
            .allowed(json!({ "performed_on": { "max": self.at } })));
        }
        // It counts from the day of performance, not from the day it is reported.
        let effective_at = data.performed_on.max(begin);
        Ok(vec![self.event_at(effective_at, E::LiabilitySettled(data.clone()))])
    }
}

enum Raised<'a> {
    /// A bar, by a rule.
    Bar(BarTerms, &'a Rule),
    /// No rule in force says anything about this reason.
    NotByRule,
    /// By consent: none is meant.
    Nothing,
}

impl<'a> Raised<'a> {
    const fn rule(&self) -> Option<&'a Rule> {
        match self {
            Self::Bar(_, rule) => Some(rule),
            Self::NotByRule | Self::Nothing => None,
        }
    }
}

fn mirror(data: &TerminationAct, area: AreaCode, origin: EventRef) -> Termination {
    Termination {
        act_from: data.act_from,
        act_to: data.act_to,
        area,
        // The bar of the origin holds everywhere already.
        bar: None,
        // Of what is mirrored the origin says it.
        bound_by: None,
        fraud_found_on: None,
        ground: data.ground.clone(),
        head_office: None,
        line: None,
        origin: Some(origin),
        reason_class: data.reason_class,
        // As the bar, what follows for people follows from the origin.
        responsible: Vec::new(),
        responsible_until: None,
    }
}
