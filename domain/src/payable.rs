//! May this claim be paid? A pure function of what stands at the instant of the claim.
//!
//! The walk: agreement of the area and line → suspended or ended → settlement held (`held`, not refused)
//! → department order → cross-region → practitioner registered at the site → suspended or terminated → emergency
//! exception. Every blocking reason is listed, not only the first.

use crate::id::{AreaCode, InstitutionCode, Version};
use crate::rulebook::Rulebook;
use crate::time::Instant;
use crate::track::{Line, Span, Track, Value};
use serde::Serialize;
use std::fmt;

/// The claim asked about.
#[derive(Clone, PartialEq, Debug)]
pub struct Claim<'a> {
    /// When the service was given.
    pub at: Instant,
    /// Pooling area that pays.
    pub area: AreaCode,
    /// Line.
    pub line: Line,
    /// Institution.
    pub institution: &'a InstitutionCode,
    /// Department, where one is named.
    pub department: Option<&'a str>,
    /// 急诊、抢救.
    pub emergency: bool,
    /// When it is asked: what waited is free from the day on which a hold is released, not from when that is recorded.
    pub asked_at: Instant,
}

/// Which emergency exceptions are in force at the instant and place of the claim (row C-08): three separate rules.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct EmergencyRules {
    /// For services of a suspended practitioner.
    pub suspended_practitioner: bool,
    /// For services of a terminated practitioner.
    pub terminated_practitioner: bool,
    /// For services of a suspended or non-designated institution.
    pub institution: bool,
}

impl EmergencyRules {
    /// The exceptions in force at the instant and place of a claim.
    #[must_use]
    pub fn at(rulebook: &Rulebook, at: Instant, area: Option<AreaCode>) -> Self {
        let flag = |param| rulebook.flag(param, at, area);
        Self {
            suspended_practitioner: flag("payable.emergency.suspended_practitioner"),
            terminated_practitioner: flag("payable.emergency.terminated_practitioner"),
            institution: flag("payable.emergency.institution"),
        }
    }
}

/// The answer.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// Yes.
    Payable,
    /// The money waits and may still be paid.
    Held,
    /// No, for good.
    Refused,
}

/// Whose stream a reason's event is in.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Whose {
    /// The institution's.
    Institution,
    /// The practitioner's.
    Practitioner,
}

/// Why, as the contract names it.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum ReasonCode {
    /// Nothing stands in this pooling area.
    NoAgreement,
    /// Applied for, under evaluation, refused, or signed and not begun.
    AgreementNotInForce,
    /// 中止.
    AgreementSuspended,
    /// 解除, 到期终止, 不予续签 or given up.
    AgreementEnded,
    /// 暂停医保基金结算: the money waits.
    SettlementHeld,
    /// 恢复医保基金结算: released as cleared, so that what waited is payable; why a hold does not block.
    SettlementReleased,
    /// 恢复医保基金结算: released as confirmed (查实), so that what waited still waits.
    SettlementConfirmed,
    /// The agreement of the area has no such line.
    LineNotInAgreement,
    /// 责令暂停相关责任部门医药服务.
    DepartmentOrderedOff,
    /// 异地就医结算 is not open.
    CrossRegionClosed,
    /// Not registered, or not at this institution.
    PractitionerUnregistered,
    /// 暂停医保支付资格.
    PractitionerSuspended,
    /// 终止医保支付资格.
    PractitionerTerminated,
    /// 急诊、抢救除外: why a blocking reason does not block.
    EmergencyException,
}

impl ReasonCode {
    /// Every code.
    pub const ALL: [ReasonCode; 14] = [
        Self::NoAgreement,
        Self::AgreementNotInForce,
        Self::AgreementSuspended,
        Self::AgreementEnded,
        Self::SettlementHeld,
        Self::SettlementReleased,
        Self::SettlementConfirmed,
        Self::LineNotInAgreement,
        Self::DepartmentOrderedOff,
        Self::CrossRegionClosed,
        Self::PractitionerUnregistered,
        Self::PractitionerSuspended,
        Self::PractitionerTerminated,
        Self::EmergencyException,
    ];

    /// The code in answers.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::NoAgreement => "no-agreement",
            Self::AgreementNotInForce => "agreement-not-in-force",
            Self::AgreementSuspended => "agreement-suspended",
            Self::AgreementEnded => "agreement-ended",
            Self::SettlementHeld => "settlement-held",
            Self::SettlementReleased => "settlement-released",
            Self::SettlementConfirmed => "settlement-confirmed",
            Self::LineNotInAgreement => "line-not-in-agreement",
            Self::DepartmentOrderedOff => "department-ordered-off",
            Self::CrossRegionClosed => "cross-region-closed",
            Self::PractitionerUnregistered => "practitioner-unregistered",
            Self::PractitionerSuspended => "practitioner-suspended",
            Self::PractitionerTerminated => "practitioner-terminated",
            Self::EmergencyException => "emergency-exception",
        }
    }
}

impl fmt::Display for ReasonCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// One reason.
#[derive(Clone, PartialEq, Debug)]
pub struct Reason {
    /// Stable code of the contract.
    pub code: ReasonCode,
    /// Whose stream the event is in.
    pub whose: Whose,
    /// The event; none where nothing is recorded that would allow payment.
    pub cause: Option<Version>,
    /// From when.
    pub from: Option<Instant>,
    /// Until when; none when open.
    pub until: Option<Instant>,
}

impl Reason {
    fn bare(code: ReasonCode, whose: Whose) -> Self {
        Self { code, whose, cause: None, from: None, until: None }
    }

    fn of(code: ReasonCode, whose: Whose, span: &Span) -> Self {
        Self { code, whose, cause: Some(span.cause), from: Some(span.from), until: span.until.bounded() }
    }
}

/// Answer and reasons. `institution` and `practitioner` are the spans standing at the instant of the claim; an empty
/// `practitioner` means one with nothing recorded, none means that the claim names nobody.
#[must_use]
pub fn assess(
    claim: &Claim<'_>,
    institution: &[Span],
    practitioner: Option<&[Span]>,
    emergency: EmergencyRules,
) -> (Outcome, Vec<Reason>) {
    let mut answer = Answer { outcome: Outcome::Payable, reasons: Vec::new(), claim };
    agreement(&mut answer, institution, emergency);
    measures(&mut answer, institution);
    if let Some(spans) = practitioner {
        qualification(&mut answer, spans, emergency);
    }
    (answer.outcome, answer.reasons)
}

struct Answer<'a> {
    outcome: Outcome,
    reasons: Vec<Reason>,
    claim: &'a Claim<'a>,
}

impl Answer<'_> {
    /// A reason for the outcome; the worst outcome stands.
    fn because(&mut self, outcome: Outcome, reason: Reason) {
        self.reasons.push(reason);
        self.outcome = self.outcome.max(outcome);
    }

    /// A reason to refuse, unless an emergency excepts it (`excepted`); both are listed then.
    fn refuse(&mut self, reason: Reason, excepted: bool) {
        let whose = reason.whose;
        if excepted && self.claim.emergency {
            self.reasons.push(reason);
            self.reasons.push(Reason::bare(ReasonCode::EmergencyException, whose));
        } else {
            self.because(Outcome::Refused, reason);
        }
    }
}

/// Whether the agreement of the area and line is in force.
fn agreement(answer: &mut Answer<'_>, spans: &[Span], emergency: EmergencyRules) {
    let Claim { area, line, .. } = *answer.claim;
    let of = |line: Line| spans.iter().find(|span| span.track == Track::Agreement(area, line));
    if !spans.iter().any(|span| matches!(span.track, Track::Agreement(known, _) if known == area)) {
        let reason = Reason::bare(ReasonCode::NoAgreement, Whose::Institution);
        return answer.refuse(reason, emergency.institution);
    }
    let basic = of(Line::Basic);
    // Cross-region settlement is opened or closed under the basic agreement where it is no line of its own.
    let under_basic =
        line == Line::CrossRegion && spans.iter().any(|span| span.track == Track::CrossRegion(area));
    let Some(span) = of(line).or(if under_basic { basic } else { None }) else {
        let code = ReasonCode::LineNotInAgreement;
        let reason = basic.map_or_else(
            || Reason::bare(code, Whose::Institution),
            |span| Reason::of(code, Whose::Institution, span),
        );
        return answer.refuse(reason, false);
    };
    if let Some(code) = agreement_blocks(span.value) {
        answer.refuse(Reason::of(code, Whose::Institution, span), emergency.institution);
    }
}

const fn agreement_blocks(value: Value) -> Option<ReasonCode> {
    match value {
        Value::InForce => None,
        Value::Suspended => Some(ReasonCode::AgreementSuspended),
        Value::Terminated | Value::Lapsed | Value::NotRenewed | Value::Withdrawn => {
            Some(ReasonCode::AgreementEnded)
        }
        Value::Applied
        | Value::Evaluating
        | Value::Candidate
        | Value::Refused
        // Values of other tracks: never on an agreement, and nothing that would let it be in force.
        | Value::Initial
        | Value::Extended
        | Value::Open
        | Value::Closed
        | Value::On
        | Value::Cleared
        | Value::ClearedLater(_)
        | Value::Confirmed
        | Value::Barred { .. }
        | Value::Unregistered
        | Value::Normal
        | Value::Registered
        | Value::Points(_)
        | Value::Grade(_)
        | Value::Pending
        | Value::Unverified
        | Value::Inspecting
        | Value::Founded
        | Value::Unfounded
        | Value::Referred
        | Value::Transferred => Some(ReasonCode::AgreementNotInForce),
    }
}

/// What stands beside the agreement: holds, department orders, cross-region settlement.
fn measures(answer: &mut Answer<'_>, spans: &[Span]) {
    let Claim { area: claimed, line: on_line, department, .. } = *answer.claim;
    for span in spans {
        let (outcome, code) = match &span.track {
            Track::Hold { placed_by, area, line }
                if area.is_none_or(|area| area == claimed) && line.is_none_or(|line| line == on_line) =>
            {
                held(answer, span, *placed_by);
                continue;
            }
            Track::Department(ordered) if department == Some(ordered) => {
                (Outcome::Refused, ReasonCode::DepartmentOrderedOff)
            }
            Track::CrossRegion(area)
                if *area == claimed && on_line == Line::CrossRegion && span.value == Value::Closed =>
            {
                (Outcome::Refused, ReasonCode::CrossRegionClosed)
            }
            Track::Hold { .. }
            | Track::Department(_)
            | Track::CrossRegion(_)
            | Track::Agreement(..)
            | Track::Probation(_)
            | Track::Bar(_)
            | Track::Qualification
            | Track::Site(_)
            | Track::Points
            | Track::Credit
            | Track::Moratorium(_)
            | Track::Commitment(_)
            | Track::Discipline(_)
            | Track::OnlineSettlement
            | Track::Objection(_)
            | Track::Appeal(_)
            | Track::Plan
            | Track::Rules(_)
            | Track::Case
            | Track::Supervision => continue,
        };
        answer.because(outcome, Reason::of(code, Whose::Institution, span));
    }
}

/// The money waits, unless by the time of asking the hold was released as cleared: both are told then, and so is a release as
/// confirmed, after which it still waits.
fn held(answer: &mut Answer<'_>, span: &Span, placed_by: Version) {
    let hold =
        Reason { cause: Some(placed_by), ..Reason::of(ReasonCode::SettlementHeld, Whose::Institution, span) };
    let (code, from) = match span.value {
        Value::Cleared => (ReasonCode::SettlementReleased, span.until),
        Value::ClearedLater(from) => (ReasonCode::SettlementReleased, from),
        Value::Confirmed => (ReasonCode::SettlementConfirmed, span.until),
        _ => return answer.because(Outcome::Held, hold),
    };
    let released = (from <= answer.claim.asked_at).then(|| Reason {
        cause: Some(span.cause),
        from: Some(from),
        ..Reason::bare(code, Whose::Institution)
    });
    if released.is_some() && code == ReasonCode::SettlementReleased {
        answer.reasons.push(hold);
    } else {
        answer.because(Outcome::Held, hold);
    }
    answer.reasons.extend(released);
}

/// Whether the practitioner is registered at the site, and the qualification stands.
fn qualification(answer: &mut Answer<'_>, spans: &[Span], emergency: EmergencyRules) {
    let institution = *answer.claim.institution;
    let here = spans.iter().any(|span| span.track == Track::Site(institution));
    if !here {
        answer.refuse(Reason::bare(ReasonCode::PractitionerUnregistered, Whose::Practitioner), false);
    }
    let Some(span) = spans.iter().find(|span| span.track == Track::Qualification) else { return };
    let (code, excepted) = match span.value {
        Value::Suspended => (ReasonCode::PractitionerSuspended, emergency.suspended_practitioner),
        Value::Terminated => (ReasonCode::PractitionerTerminated, emergency.terminated_practitioner),
        // Normal, or unregistered: said above by the missing site.
        _ => return,
    };
    answer.refuse(Reason::of(code, Whose::Practitioner, span), excepted);
}

#[cfg(test)]
mod tests {
    use super::*;

    const AREA: &str = "430500";

    fn at(text: &str) -> Instant {
        Instant::parse(text).unwrap()
    }

    fn here() -> InstitutionCode {
        InstitutionCode::parse("H43050000001").unwrap()
    }

    fn area() -> AreaCode {
        AreaCode::parse(AREA).unwrap()
    }

    fn span(track: Track, value: Value, cause: Version) -> Span {
        Span { track, value, from: at("2025-01-01"), until: at("2026-01-01"), cause }
    }

    fn basic(value: Value) -> Span {
        span(Track::Agreement(area(), Line::Basic), value, 3)
    }

    fn ask(
        line: Line,
        emergency: bool,
        rules: EmergencyRules,
        spans: &[Span],
        person: Option<&[Span]>,
    ) -> String {
        let institution = here();
        let claim = Claim {
            at: at("2025-06-01"),
            area: area(),
            line,
            institution: &institution,
            department: Some("放射科"),
            emergency,
            asked_at: at("2026-06-01"),
        };
        let (outcome, reasons) = assess(&claim, spans, person, rules);
        let words: Vec<String> = reasons.iter().map(|r| format!("{} {:?}", r.code, r.cause)).collect();
        format!("{outcome:?}: {}", words.join(", "))
    }

    fn plain(spans: &[Span]) -> String {
        ask(Line::Basic, false, EmergencyRules::default(), spans, None)
    }

    #[test]
    fn an_agreement_in_force_pays_and_every_other_status_says_why_not() {
        assert_eq!(plain(&[basic(Value::InForce)]), "Payable: ");
        assert_eq!(plain(&[]), "Refused: no-agreement None");
        assert_eq!(plain(&[basic(Value::Candidate)]), "Refused: agreement-not-in-force Some(3)");
        assert_eq!(plain(&[basic(Value::Suspended)]), "Refused: agreement-suspended Some(3)");
        for ended in [Value::Terminated, Value::Lapsed, Value::NotRenewed, Value::Withdrawn] {
            assert_eq!(plain(&[basic(ended)]), "Refused: agreement-ended Some(3)");
        }
    }

    #[test]
    fn a_line_that_is_not_in_the_agreement_is_refused_also_in_an_emergency() {
        let all =
            EmergencyRules { suspended_practitioner: true, terminated_practitioner: true, institution: true };
        let answer = ask(Line::DualChannel, true, all, &[basic(Value::InForce)], None);
        assert_eq!(answer, "Refused: line-not-in-agreement Some(3)");
    }

    #[test]
    fn what_waited_is_payable_once_the_hold_is_released_as_cleared() {
        let hold = |until, value| Span {
            until: at(until),
            ..span(Track::Hold { placed_by: 7, area: None, line: None }, value, 9)
        };
        let released = hold("2026-01-01", Value::Cleared);
        assert_eq!(
            plain(&[basic(Value::InForce), released.clone()]),
            "Payable: settlement-held Some(7), settlement-released Some(9)"
        );
        assert_eq!(
            plain(&[basic(Value::Suspended), released]),
            "Refused: agreement-suspended Some(3), settlement-held Some(7), settlement-released Some(9)"
        );
        // Asked before the day of a release recorded ahead.
        let ahead = hold("2026-07-01", Value::Cleared);
        assert_eq!(plain(&[basic(Value::InForce), ahead]), "Held: settlement-held Some(7)");
        // Released as confirmed it still waits, until it is released as cleared after all.
        let confirmed = hold("2026-01-01", Value::Confirmed);
        assert_eq!(
            plain(&[basic(Value::InForce), confirmed]),
            "Held: settlement-held Some(7), settlement-confirmed Some(9)"
        );
        let later = |day| hold("2026-01-01", Value::ClearedLater(at(day)));
        assert_eq!(
            plain(&[basic(Value::InForce), later("2026-06-01")]),
            "Payable: settlement-held Some(7), settlement-released Some(9)"
        );
        assert_eq!(plain(&[basic(Value::InForce), later("2026-06-02")]), "Held: settlement-held Some(7)");
    }

    #[test]
    fn a_hold_lets_the_money_wait_unless_something_else_refuses_it() {
        let hold = |area, line| span(Track::Hold { placed_by: 7, area, line }, Value::On, 7);
        let elsewhere = AreaCode::parse("430600").unwrap();
        assert_eq!(plain(&[basic(Value::InForce), hold(None, None)]), "Held: settlement-held Some(7)");
        assert_eq!(plain(&[basic(Value::InForce), hold(Some(elsewhere), None)]), "Payable: ");
        assert_eq!(plain(&[basic(Value::InForce), hold(None, Some(Line::Internet))]), "Payable: ");
        assert_eq!(
            plain(&[basic(Value::Suspended), hold(None, None)]),
            "Refused: agreement-suspended Some(3), settlement-held Some(7)"
        );
    }

    #[test]
    fn only_the_claims_of_the_department_ordered_off_are_refused() {
        let order = |name: &str| span(Track::Department(name.into()), Value::On, 5);
        assert_eq!(
            plain(&[basic(Value::InForce), order("放射科")]),
            "Refused: department-ordered-off Some(5)"
        );
        assert_eq!(plain(&[basic(Value::InForce), order("骨科")]), "Payable: ");
    }

    #[test]
    fn cross_region_claims_need_it_open() {
        let cross = |value| span(Track::CrossRegion(area()), value, 6);
        let none = EmergencyRules::default();
        let asked = |spans: &[Span]| ask(Line::CrossRegion, false, none, spans, None);
        assert_eq!(asked(&[basic(Value::InForce), cross(Value::Open)]), "Payable: ");
        assert_eq!(
            asked(&[basic(Value::InForce), cross(Value::Closed)]),
            "Refused: cross-region-closed Some(6)"
        );
        assert_eq!(asked(&[basic(Value::InForce)]), "Refused: line-not-in-agreement Some(3)");
        assert_eq!(plain(&[basic(Value::InForce), cross(Value::Closed)]), "Payable: ");
    }

    #[test]
    fn a_practitioner_must_be_registered_here_and_neither_suspended_nor_terminated() {
        let person = |value, site: &str| {
            let site = Track::Site(InstitutionCode::parse(site).unwrap());
            [span(Track::Qualification, value, 1), span(site, Value::Registered, 0)]
        };
        let none = EmergencyRules::default();
        let asked = |spans: &[Span]| ask(Line::Basic, false, none, &[basic(Value::InForce)], Some(spans));
        assert_eq!(asked(&person(Value::Normal, "H43050000001")), "Payable: ");
        assert_eq!(asked(&[]), "Refused: practitioner-unregistered None");
        assert_eq!(asked(&person(Value::Normal, "H43050000002")), "Refused: practitioner-unregistered None");
        assert_eq!(
            asked(&person(Value::Suspended, "H43050000001")),
            "Refused: practitioner-suspended Some(1)"
        );
        assert_eq!(
            asked(&person(Value::Terminated, "H43050000002")),
            "Refused: practitioner-unregistered None, practitioner-terminated Some(1)"
        );
    }

    #[test]
    fn the_three_emergency_exceptions_come_from_the_rulebook_by_day_and_place() {
        let book = Rulebook::national();
        let rules = |day: &str, area: &str| EmergencyRules::at(book, at(day), AreaCode::parse(area).ok());
        let (hunan, beijing) = (AREA, "110105");
        let expected = |suspended, terminated, institution| EmergencyRules {
            suspended_practitioner: suspended,
            terminated_practitioner: terminated,
            institution,
        };
        assert_eq!(rules("2024-12-31", hunan), expected(false, false, false));
        assert_eq!(rules("2025-01-01", hunan), expected(true, false, false));
        assert_eq!(rules("2025-04-26", beijing), expected(true, false, false));
        assert_eq!(rules("2025-04-27", beijing), expected(true, true, false));
        assert_eq!(rules("2026-03-31", hunan), expected(true, false, false));
        assert_eq!(rules("2026-04-01", hunan), expected(true, false, true));
    }

    #[test]
    fn an_exception_is_listed_beside_the_reason_that_it_lifts_and_only_in_an_emergency() {
        let person = [
            span(Track::Qualification, Value::Suspended, 1),
            span(Track::Site(here()), Value::Registered, 0),
        ];
        let rules = EmergencyRules { suspended_practitioner: true, institution: true, ..Default::default() };
        let suspended = [basic(Value::Suspended)];
        assert_eq!(
            ask(Line::Basic, true, rules, &suspended, Some(&person)),
            "Payable: agreement-suspended Some(3), emergency-exception None, practitioner-suspended Some(1), \
             emergency-exception None"
        );
        assert_eq!(
            ask(Line::Basic, false, rules, &suspended, Some(&person)),
            "Refused: agreement-suspended Some(3), practitioner-suspended Some(1)"
        );
        let terminated = [span(Track::Qualification, Value::Terminated, 1), person[1].clone()];
        assert_eq!(
            ask(Line::Basic, true, rules, &[basic(Value::InForce)], Some(&terminated)),
            "Refused: practitioner-terminated Some(1)"
        );
    }

    #[test]
    fn codes_are_written_as_they_are_named() {
        for code in ReasonCode::ALL {
            assert_eq!(serde_json::to_value(code).unwrap(), code.name());
        }
    }
}
