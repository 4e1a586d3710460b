//! May this claim be paid? A pure function of what stands at the instant of the claim.
//!
//! The walk (fact sheet §2): agreement of the area and line → suspended or ended → settlement held (`held`, not refused)
//! → department order → cross-region → practitioner registered at the site → suspended or terminated → emergency
//! exception. Every blocking reason is listed, not only the first.

use crate::id::{AreaCode, InstitutionCode, Version};
use crate::time::Instant;
use crate::track::{Line, Span, Track, Value};
use serde::Serialize;

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
}

/// Which emergency exceptions are in force at the instant and place of the claim (fact sheet C-08): three separate rules.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct EmergencyRules {
    /// For services of a suspended practitioner.
    pub suspended_practitioner: bool,
    /// For services of a terminated practitioner.
    pub terminated_practitioner: bool,
    /// For services of a suspended or non-designated institution.
    pub institution: bool,
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

/// One reason.
#[derive(Clone, PartialEq, Debug)]
pub struct Reason {
    /// Stable code of the contract.
    pub code: &'static str,
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
    fn bare(code: &'static str, whose: Whose) -> Self {
        Self { code, whose, cause: None, from: None, until: None }
    }

    fn of(code: &'static str, whose: Whose, span: &Span) -> Self {
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
    let mut reasons = Vec::new();
    let mut outcome = Outcome::Payable;
    let blocked = agreement(claim, institution, &mut reasons);
    if blocked && claim.emergency && emergency.institution {
        reasons.push(Reason::bare("emergency-exception", Whose::Institution));
    } else if blocked {
        outcome = Outcome::Refused;
    }
    for span in institution {
        match &span.track {
            Track::Hold { area, line, .. }
                if area.is_none_or(|area| area == claim.area)
                    && line.is_none_or(|line| line == claim.line) =>
            {
                reasons.push(Reason::of("settlement-held", Whose::Institution, span));
                outcome = outcome.max(Outcome::Held);
            }
            Track::Department(department) if claim.department == Some(department) => {
                reasons.push(Reason::of("department-ordered-off", Whose::Institution, span));
                outcome = Outcome::Refused;
            }
            Track::CrossRegion(area)
                if *area == claim.area && claim.line == Line::CrossRegion && span.value == Value::Closed =>
            {
                reasons.push(Reason::of("cross-region-closed", Whose::Institution, span));
                outcome = Outcome::Refused;
            }
            _ => {}
        }
    }
    if let Some(spans) = practitioner {
        let (code, cause, excepted) = qualification(claim, spans, emergency);
        if let Some(code) = code {
            reasons.push(match cause {
                Some(span) => Reason::of(code, Whose::Practitioner, span),
                None => Reason::bare(code, Whose::Practitioner),
            });
            if excepted {
                reasons.push(Reason::bare("emergency-exception", Whose::Practitioner));
            } else {
                outcome = Outcome::Refused;
            }
        }
    }
    (outcome, reasons)
}

/// Whether the agreement stands in the way; pushes why.
fn agreement(claim: &Claim<'_>, spans: &[Span], reasons: &mut Vec<Reason>) -> bool {
    let of = |line: Line| spans.iter().find(|span| span.track == Track::Agreement(claim.area, line));
    let basic = of(Line::Basic);
    let own = of(claim.line);
    let opened = claim.line == Line::CrossRegion
        && spans.iter().any(|span| matches!(span.track, Track::CrossRegion(area) if area == claim.area));
    let any = spans.iter().any(|span| matches!(span.track, Track::Agreement(area, _) if area == claim.area));
    if !any {
        reasons.push(Reason::bare("no-agreement", Whose::Institution));
        return true;
    }
    let Some(span) = own.or(if opened { basic } else { None }) else {
        reasons.push(match basic {
            Some(span) => Reason::of("line-not-in-agreement", Whose::Institution, span),
            None => Reason::bare("line-not-in-agreement", Whose::Institution),
        });
        return true;
    };
    let code = match span.value {
        Value::InForce => return false,
        Value::Suspended => "agreement-suspended",
        Value::Terminated | Value::Lapsed | Value::NotRenewed | Value::Withdrawn => "agreement-ended",
        _ => "agreement-not-in-force",
    };
    reasons.push(Reason::of(code, Whose::Institution, span));
    true
}

/// The code that blocks, its span, and whether an emergency excepts it.
fn qualification<'a>(
    claim: &Claim<'_>,
    spans: &'a [Span],
    emergency: EmergencyRules,
) -> (Option<&'static str>, Option<&'a Span>, bool) {
    let status = spans.iter().find(|span| span.track == Track::Qualification);
    match status.map(|span| span.value) {
        Some(Value::Suspended) => {
            (Some("practitioner-suspended"), status, claim.emergency && emergency.suspended_practitioner)
        }
        Some(Value::Terminated) => {
            (Some("practitioner-terminated"), status, claim.emergency && emergency.terminated_practitioner)
        }
        Some(Value::Normal) => {
            let here = spans
                .iter()
                .any(|span| matches!(&span.track, Track::Site(code) if code == claim.institution));
            (if here { None } else { Some("practitioner-unregistered") }, None, false)
        }
        _ => (Some("practitioner-unregistered"), None, false),
    }
}
