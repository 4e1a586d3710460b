//! The rules a decision asks for, by what they set.

use super::Matter;
use crate::event::NewEvent;
use crate::id::AreaCode;
use crate::institution::facts::InstitutionKind;
use crate::rejection::Rejection;
use crate::rulebook::{Rule, RuleValue, Rulebook};
use crate::time::Instant;
use serde_json::json;

/// Parameters set for medical institutions by one instrument and for pharmacies by another.
#[derive(Clone, Copy)]
pub(in crate::institution) struct ByKind {
    medical: &'static str,
    pharmacy: &'static str,
}

impl ByKind {
    /// The name of the parameter for a kind of institution.
    pub(in crate::institution) const fn of(self, kind: InstitutionKind) -> &'static str {
        match kind {
            InstitutionKind::Medical => self.medical,
            InstitutionKind::Pharmacy => self.pharmacy,
        }
    }
}

macro_rules! by_kind {
    ($($name:ident = $param:literal;)*) => {
        $( pub(in crate::institution) const $name: ByKind =
            ByKind { medical: concat!($param, ".medical"), pharmacy: concat!($param, ".pharmacy") }; )*
    };
}

by_kind! {
    OPERATING_MONTHS = "institution.admission.operating_months";
    ACCEPTANCE_WORKING_DAYS = "institution.acceptance.working_days";
    EVALUATION_MONTHS = "institution.evaluation.months";
    RETRY_MONTHS = "institution.evaluation.retry_months";
    EVALUATION_BAR_YEARS = "institution.evaluation.bar_years";
    NOTICE_MONTHS = "institution.notice_months";
    ON_REQUEST_DAYS = "institution.suspension.on_request_days";
    TERM_YEARS = "institution.agreement.term_years";
    RESUME_ON_APPLICATION = "institution.suspension.resume_on_application";
    SUSPENSIONS = "institution.termination.suspensions";
    EVERYWHERE = "institution.termination.everywhere";
    ILLEGALITY_YEARS = "institution.bar.illegality_years";
    BREACH_YEARS = "institution.bar.breach_years";
    FRAUD_YEARS = "institution.bar.fraud_in_application_years";
    FILING_WORKING_DAYS = "institution.change_filing.working_days";
    PUBLICISE = "institution.candidate.publicise";
    RENEWAL_MONTHS = "institution.renewal.apply_months";
    UNFILED_CHANGE = "institution.termination.unfiled_change";
    FRAUD_FOUND = "institution.termination.fraud";
    RESPONSIBLE_YEARS = "institution.bar.responsible_years";
}

pub(in crate::institution) const PHYSICIANS: &str = "institution.admission.physicians";
pub(in crate::institution) const PHARMACISTS: &str = "institution.admission.pharmacists";
pub(in crate::institution) const TECHNICIANS: &str = "institution.admission.technicians";
/// Of medical institutions alone.
pub(in crate::institution) const TRACEABILITY_CODES: &str =
    "institution.admission.traceability_codes.medical";
/// Of medical institutions alone.
pub(in crate::institution) const DEPARTMENT_BEDS: &str = "institution.admission.department_beds.medical";
/// Of pharmacies alone.
pub(in crate::institution) const INSURANCE_STAFF: &str = "institution.admission.insurance_staff.pharmacy";
/// Of pharmacies alone.
pub(in crate::institution) const CONTRACT_MONTHS: &str = "institution.admission.contract_months.pharmacy";
/// What each day late adds to a fine.
pub(in crate::institution) const SURCHARGE_PERCENT: &str = "institution.fine.surcharge_percent";
/// Of every penalty.
pub(in crate::institution) const LIMITATION_YEARS: &str = "penalty.limitation_years";
/// Of pharmacies alone.
pub(in crate::institution) const CHAIN: &str = "institution.termination.chain.pharmacy";
/// Set for practitioners: a ban on a person.
pub(in crate::institution) const MANAGER_BAN_YEARS: &str = "practitioner.manager_ban.years";
pub(in crate::institution) const PROBATION_MONTHS: &str = "institution.probation.months";
pub(in crate::institution) const EXTENSION_MONTHS: &str = "institution.probation.extension_months";
pub(in crate::institution) const CROSS_REGION_CLOSED: &str = "institution.probation.cross_region_closed";
pub(in crate::institution) const UNRECTIFIED_NOT_RENEWED: &str =
    "institution.probation.unrectified_not_renewed";
pub(in crate::institution) const PUBLIC_MAY_NOT_LEAVE: &str = "institution.public_may_not_leave";
/// Until 2021-01-31 one rule for both kinds.
pub(in crate::institution) const SUSPENSIONS_2018: &str = "institution.termination.suspensions";
pub(in crate::institution) const RECORDS_NOT_PRODUCED: &str = "institution.termination.records_not_produced";
pub(in crate::institution) const FLAT_BAR_YEARS: &str = "institution.bar.flat_years";
pub(in crate::institution) const HOLD_ART_30: &str = "institution.hold.art_30";
/// That what was held is settled where nothing was found.
pub(in crate::institution) const SETTLE_CLEARED: &str = "institution.hold.settle_cleared";
/// The ground of a hold that rests on 令735 art 30 and has conditions of its own; others rest on the agreement.
pub(in crate::institution) const ART_30: &str = "art-30";
pub(in crate::institution) const COMPLAINTS_FIRST: &str = "institution.signing.complaints_first";
pub(in crate::institution) const RECORDS_DAYS: &str = "institution.records.days";
pub(in crate::institution) const DEPARTMENT_MONTHS: &str = "institution.department_order.months";
pub(in crate::institution) const SAMPLE_PERCENT: &str = "institution.audit.sample_percent";
pub(in crate::institution) const LEAST_SCORE: &str = "institution.assessment.least_score";
pub(in crate::institution) const PUBLISH_LIST: &str = "institution.publish_list";
pub(in crate::institution) const FILE_AGREEMENT: &str = "institution.file_agreement";
/// Of 令2 alone.
pub(in crate::institution) const SETTLEMENT_WORKING_DAYS: &str =
    "institution.settlement.working_days.medical";
/// Of everybody, where no number of days is set: paid in time.
pub(in crate::institution) const SETTLE_IN_TIME: &str = "institution.settlement.in_time";
pub(in crate::institution) const REPORT_MEASURE: &str = "institution.report_measure";
pub(in crate::institution) const RESUMPTION_WORKING_DAYS: &str = "institution.resumption.working_days";
/// Of 令2 alone.
pub(in crate::institution) const UNREPORTED_CLOSURE: &str =
    "institution.termination.unreported_closure.medical";
/// Asked for by the check: what a year should have seen is told when it is over.
pub(crate) const INSPECTIONS_PER_YEAR: &str = "institution.inspections_per_year.medical";
pub(in crate::institution) const FINE_DAYS: &str = "institution.fine.days";
pub(in crate::institution) const REVIEW_DAYS: &str = "remedy.review.days";
pub(in crate::institution) const SUIT_MONTHS: &str = "remedy.suit.months";
pub(in crate::institution) const FINE_38: &str = "institution.fine.art_38.multiple_tenths";
pub(in crate::institution) const FINE_39: &str = "institution.fine.art_39.fen";
pub(in crate::institution) const FINE_40: &str = "institution.fine.art_40.multiple_tenths";

/// Every parameter set by kind.
#[cfg(test)]
pub(in crate::institution) const BY_KIND: &[ByKind] = &[
    OPERATING_MONTHS,
    ACCEPTANCE_WORKING_DAYS,
    EVALUATION_MONTHS,
    RETRY_MONTHS,
    EVALUATION_BAR_YEARS,
    NOTICE_MONTHS,
    ON_REQUEST_DAYS,
    TERM_YEARS,
    RESUME_ON_APPLICATION,
    SUSPENSIONS,
    EVERYWHERE,
    ILLEGALITY_YEARS,
    BREACH_YEARS,
    FRAUD_YEARS,
    FILING_WORKING_DAYS,
    PUBLICISE,
    RENEWAL_MONTHS,
    UNFILED_CHANGE,
    FRAUD_FOUND,
    RESPONSIBLE_YEARS,
];
/// Every other parameter.
#[cfg(test)]
pub(in crate::institution) const PARAMS: &[&str] = &[
    SETTLE_CLEARED,
    TRACEABILITY_CODES,
    DEPARTMENT_BEDS,
    INSURANCE_STAFF,
    CONTRACT_MONTHS,
    LIMITATION_YEARS,
    SURCHARGE_PERCENT,
    PHYSICIANS,
    PHARMACISTS,
    TECHNICIANS,
    PROBATION_MONTHS,
    EXTENSION_MONTHS,
    CROSS_REGION_CLOSED,
    UNRECTIFIED_NOT_RENEWED,
    PUBLIC_MAY_NOT_LEAVE,
    SUSPENSIONS_2018,
    RECORDS_NOT_PRODUCED,
    CHAIN,
    FLAT_BAR_YEARS,
    HOLD_ART_30,
    COMPLAINTS_FIRST,
    RECORDS_DAYS,
    PUBLISH_LIST,
    FILE_AGREEMENT,
    REPORT_MEASURE,
    SETTLEMENT_WORKING_DAYS,
    SETTLE_IN_TIME,
    RESUMPTION_WORKING_DAYS,
    FINE_DAYS,
    REVIEW_DAYS,
    SUIT_MONTHS,
    DEPARTMENT_MONTHS,
    FINE_38,
    FINE_39,
    FINE_40,
    SAMPLE_PERCENT,
    LEAST_SCORE,
    UNREPORTED_CLOSURE,
    INSPECTIONS_PER_YEAR,
];

/// A number of days, months or years in force, and the rule that sets it.
pub(in crate::institution) fn count<'a>(
    rulebook: &'a Rulebook,
    param: &str,
    at: Instant,
    area: Option<AreaCode>,
) -> Option<(u32, &'a Rule)> {
    let rule = rulebook.rule(param, at, area)?;
    match rule.value {
        RuleValue::Number(value) => u32::try_from(value).ok().map(|value| (value, rule)),
        RuleValue::Flag(_) | RuleValue::Range { .. } => None,
    }
}

/// The range of a penalty and the rule that sets it.
#[derive(Clone, Copy)]
pub(super) struct Penalty<'a> {
    pub(super) range: (i64, i64),
    pub(super) rule: &'a Rule,
    /// The other version, where the law changed between act and decision.
    heavier: Option<&'a Rule>,
}

impl Penalty<'_> {
    /// Both versions are named, and the lighter one marked.
    pub(super) fn cited(&self, event: NewEvent) -> NewEvent {
        let event = event.rule(&self.rule.id);
        match self.heavier {
            Some(heavier) => event.rule(&heavier.id).finding("lighter-law", Some(&self.rule.id)),
            None => event,
        }
    }
}

impl<'a> Matter<'a> {
    /// A number in force when the act holds.
    pub(super) fn count(&self, param: &str, area: Option<AreaCode>) -> Option<(u32, &'a Rule)> {
        self.count_on(param, area, self.at)
    }

    /// A number in force on another day than that of the act.
    pub(super) fn count_on(
        &self,
        param: &str,
        area: Option<AreaCode>,
        day: Instant,
    ) -> Option<(u32, &'a Rule)> {
        count(self.context.rulebook(), param, day, area)
    }

    /// The range a penalty keeps to (行政处罚法 art 37, 从旧兼从轻): that of the law when the act that is punished ended, or
    /// that of the decision where it is lighter. Without a day of the act it is the law of the decision.
    pub(super) fn penalty(
        &self,
        param: &str,
        act: (Option<Instant>, Option<Instant>),
    ) -> Option<Penalty<'a>> {
        let (from, to) = act;
        let ended = to.or(from).unwrap_or(self.at).min(self.at);
        let area = self.whole_area();
        let at = |day| {
            let rule = self.context.rulebook().rule(param, day, area)?;
            match rule.value {
                RuleValue::Range { min, max } => Some(((min, max), rule)),
                RuleValue::Number(_) | RuleValue::Flag(_) => None,
            }
        };
        let (then, now) = (at(ended), at(self.at));
        let (old, new) = match (then, now) {
            // What no law punished then is not punished by a later one.
            (None, _) => return None,
            (Some(only), None) => return Some(Penalty { range: only.0, rule: only.1, heavier: None }),
            (Some(old), Some(new)) => (old, new),
        };
        if old.1.id == new.1.id {
            return Some(Penalty { range: old.0, rule: old.1, heavier: None });
        }
        let weight = |(min, max): (i64, i64)| (max, min);
        let (lighter, heavier) = if weight(new.0) < weight(old.0) { (new, old) } else { (old, new) };
        Some(Penalty { range: lighter.0, rule: lighter.1, heavier: Some(heavier.1) })
    }

    /// 追责时效: an act that ended longer ago than the limitation is noticed. When it was found out, on which the limitation
    /// turns, and whether the longer one holds, a person says.
    pub(super) fn limited(&self, event: NewEvent, act: (Option<Instant>, Option<Instant>)) -> NewEvent {
        let Some(ended) = act.1.or(act.0) else { return event };
        match self.count(LIMITATION_YEARS, self.whole_area()) {
            Some((years, rule)) if ended.plus_years(years) <= self.at => {
                event.finding("limitation-to-examine", Some(&rule.id))
            }
            Some(_) | None => event,
        }
    }

    /// A rule that says yes when the act holds.
    pub(super) fn yes(&self, param: &str, area: Option<AreaCode>) -> Option<&'a Rule> {
        self.yes_on(param, area, self.at)
    }

    /// A rule that said yes on another day than that of the act.
    pub(super) fn yes_on(&self, param: &str, area: Option<AreaCode>, day: Instant) -> Option<&'a Rule> {
        self.context.rulebook().rule(param, day, area).filter(|rule| rule.value == RuleValue::Flag(true))
    }

    /// A refusal that cites a rule.
    pub(super) fn under(&self, rule: &Rule, rejection: Rejection) -> Rejection {
        rejection.rule(self.context.rulebook().citation(rule))
    }

    /// Refuses a day before the first one allowed.
    pub(super) fn not_before(
        &self,
        field: &str,
        day: Instant,
        first: Instant,
        rule: &Rule,
        rejection: impl FnOnce() -> Rejection,
    ) -> Result<(), Rejection> {
        if day >= first {
            return Ok(());
        }
        Err(self.under(rule, rejection()).allowed(json!({ field: { "min": first } })))
    }
}
