//! 解除协议, the bar it raises, and how the bar ends (令2 arts 12, 43, 44).

use super::{Matter, law};
use crate::decide::Decision;
use crate::event::EventRef;
use crate::id::AreaCode;
use crate::institution::InstitutionEvent as E;
use crate::institution::facts::{BarTerms, LiabilitySettlement, ReasonClass, Termination, TerminationAct};
use crate::rejection::Rejection;
use crate::rulebook::Rule;
use crate::track::{BarClass, Line};
use crate::words;
use serde_json::json;

impl Matter<'_> {
    /// 解除协议. `basic` takes all lines with it; by an agency of prefecture level or above at the institution's place it
    /// ends the agreements of all other pooling areas too.
    pub(super) fn terminate(&self, data: &TerminationAct) -> Result<Decision, Rejection> {
        self.in_scope(data.area, data.line)?;
        let line = data.line.filter(|line| *line != Line::Basic);
        let mut first = Termination {
            area: data.area,
            bar: None,
            ground: data.ground.clone(),
            line,
            origin: None,
            reason_class: data.reason_class,
        };
        let event = |facts| self.event(E::AgreementTerminated(facts));
        let mut decision = match self.bar(data.reason_class) {
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
        for (area, rule) in self.elsewhere(data.area, data.line) {
            let mirrored = event(mirror(data, area, self.origin()));
            decision.push(mirrored.rule(&rule).caused_by(0));
        }
        Ok(decision)
    }

    /// What a termination for a reason bars, under the rules of its day.
    fn bar(&self, reason: ReasonClass) -> Raised<'_> {
        let class = match reason {
            ReasonClass::Consent => return Raised::Nothing,
            _ if self.count(law::FLAT_BAR_YEARS, None).is_some() => BarClass::Terminated2018,
            ReasonClass::Illegality => BarClass::Illegality,
            ReasonClass::Breach => BarClass::Breach,
            ReasonClass::FraudInApplication => BarClass::FraudInApplication,
            ReasonClass::NotRectified | ReasonClass::Other => return Raised::NotByRule,
        };
        let found = self.bar_param(class).and_then(|param| self.count(param, None));
        let Some((years, rule)) = found else { return Raised::NotByRule };
        let until_performed = matches!(class, BarClass::Illegality | BarClass::Breach);
        Raised::Bar(BarTerms { class, until: self.at.plus_years(years), until_performed }, rule)
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

fn mirror(data: &TerminationAct, area: AreaCode, origin: EventRef) -> Termination {
    Termination {
        area,
        // The bar of the origin holds everywhere already.
        bar: None,
        ground: data.ground.clone(),
        line: None,
        origin: Some(origin),
        reason_class: data.reason_class,
    }
}
