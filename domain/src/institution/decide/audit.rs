//! 费用审核, 年度考核, 自查自纠, 停业: what an agency or the institution finds out, none of which changes the status by itself.

use super::{Matter, law};
use crate::decide::Decision;
use crate::institution::InstitutionEvent as E;
use crate::institution::facts::{Assessment, Audit, AuditKind, Closure, SelfCheck};
use crate::rejection::Rejection;
use crate::words;
use serde_json::json;

/// Ten-thousandths in a whole.
const WHOLE_BP: i128 = 10_000;

impl Matter<'_> {
    /// 费用审核. Sums and ratio must agree with each other; a denial scaled up by the ratio of the sample (按抽查比例放大后拒付)
    /// must be that (医保办发〔2018〕21号; rows S2-16 … S2-19).
    pub(super) fn audit(&self, data: &Audit) -> Result<Decision, Rejection> {
        sums_are_parts(data)?;
        ratio_agrees(data)?;
        denial_agrees(data)?;
        let mut event = self.event(E::AuditRecorded(data.clone()));
        let bp = data.sample_bp.map(i128::from).or_else(|| exact_bp(data));
        match data.audit {
            AuditKind::FirstReview if bp.is_some_and(|bp| bp < WHOLE_BP) => {
                event = event.finding("not-all-reviewed", Some("S2-17"));
            }
            AuditKind::SampledReview => {
                if let (Some(bp), Some((percent, rule))) =
                    (bp, self.count(law::SAMPLE_PERCENT, Some(data.area)))
                {
                    event = if bp < i128::from(percent) * 100 {
                        event.finding("sample-below-minimum", Some(&rule.id))
                    } else {
                        event.rule(&rule.id)
                    };
                }
            }
            AuditKind::FirstReview => {}
        }
        Ok(vec![event])
    }

    /// 年度考核. Below the line that a local rule draws, ending the agreement is up for review: the ledger only says so.
    pub(super) fn assess(&self, data: &Assessment) -> Result<Decision, Rejection> {
        let mut event = self.event(E::AssessmentRecorded(data.clone()));
        if let Some((least, rule)) = self.count(law::LEAST_SCORE, Some(data.area)) {
            event = event.rule(&rule.id);
            if data.score < least {
                event = event.finding("termination-to-be-reviewed", Some(&rule.id));
            }
        }
        Ok(vec![event])
    }

    /// 自查自纠.
    pub(super) fn self_check(&self, data: &SelfCheck) -> Result<Decision, Rejection> {
        if let Some(sum) = data.refunded_fen.filter(|sum| *sum < 0) {
            return Err(Rejection::new(
                "out-of-range",
                words!("refunded_fen is {sum}; it is not less than 0", "refunded_fen 为 {sum}，不得小于 0"),
            )
            .allowed(json!({ "refunded_fen": { "min": 0 } })));
        }
        Ok(self.one(E::SelfCheckRecorded(data.clone())))
    }

    /// 停业, 歇业 or 注销. Without a report the agreement is to be ended (令2 art 43(7)), which a person decides.
    pub(super) fn close(&self, data: &Closure) -> Result<Decision, Rejection> {
        let event = self.event(E::Closed(data.clone()));
        let rule = self.yes(law::UNREPORTED_CLOSURE, self.whole_area()).filter(|_| self.kind.is_medical());
        Ok(vec![match rule {
            Some(rule) if data.reported == Some(false) => {
                event.finding("termination-to-be-reviewed", Some(&rule.id))
            }
            Some(_) | None => event,
        }])
    }
}

fn sums_are_parts(data: &Audit) -> Result<(), Rejection> {
    let sums = [
        ("total_fen", data.total_fen),
        ("sample_fen", data.sample_fen),
        ("denied_in_sample_fen", data.denied_in_sample_fen),
        ("denied_fen", data.denied_fen),
    ];
    if let Some((field, sum)) =
        sums.iter().find_map(|(field, sum)| sum.filter(|sum| *sum < 0).map(|sum| (*field, sum)))
    {
        let words = words!("{field} is {sum}; it is not less than 0", "{field} 为 {sum}，不得小于 0");
        return Err(Rejection::new("out-of-range", words).allowed(json!({ field: { "min": 0 } })));
    }
    let parts = [
        (data.sample_fen, data.total_fen),
        (data.denied_in_sample_fen, data.sample_fen),
        (data.denied_fen, data.total_fen),
    ];
    for (part, whole) in parts {
        if let (Some(part), Some(whole)) = (part, whole)
            && part > whole
        {
            let words = words!(
                "{0} cannot be a part of {1}",
                "{0} 不可能是 {1} 的一部分",
                words::yuan(part.into()),
                words::yuan(whole.into())
            );
            return Err(
                Rejection::new("sums-disagree", words).allowed(json!({ "max": whole, "unit": "fen" }))
            );
        }
    }
    Ok(())
}

/// The ratio of the sample in ten-thousandths, rounded down.
fn exact_bp(data: &Audit) -> Option<i128> {
    let total = data.total_fen.filter(|total| *total > 0)?;
    Some(i128::from(data.sample_fen?) * WHOLE_BP / i128::from(total))
}

fn ratio_agrees(data: &Audit) -> Result<(), Rejection> {
    let Some(stated) = data.sample_bp.map(i128::from) else { return Ok(()) };
    let fits = (1..=WHOLE_BP).contains(&stated);
    // Rounded up or down by whoever stated it.
    let agrees = exact_bp(data).is_none_or(|exact| (exact..=exact + 1).contains(&stated));
    if fits && agrees {
        return Ok(());
    }
    let exact = exact_bp(data).unwrap_or(WHOLE_BP);
    let words = words!(
        "the sample is {0}% of the whole, not {1}%",
        "抽查金额占总额的 {0}%，而非 {1}%",
        words::decimal(exact, 2),
        words::decimal(stated, 2)
    );
    Err(Rejection::new("ratio-disagrees", words).allowed(json!({ "sample_bp": exact.to_string() })))
}

fn denial_agrees(data: &Audit) -> Result<(), Rejection> {
    let (Some(denied), Some(in_sample)) = (data.denied_fen, data.denied_in_sample_fen) else { return Ok(()) };
    let (denied, in_sample) = (i128::from(denied), i128::from(in_sample));
    let scaled = if data.extrapolated == Some(true) {
        match (data.total_fen, data.sample_fen.filter(|sample| *sample > 0), data.sample_bp) {
            (Some(total), Some(sample), _) => Some(in_sample * i128::from(total) / i128::from(sample)),
            (_, _, Some(bp)) if bp > 0 => Some(in_sample * WHOLE_BP / i128::from(bp)),
            _ => None,
        }
    } else {
        Some(in_sample)
    };
    // A fraction of a fen may be rounded either way.
    let slack = i128::from(data.extrapolated == Some(true));
    match scaled {
        Some(scaled) if (denied - scaled).abs() > slack => Err(Rejection::new(
            "sums-disagree",
            words!(
                "by the sample {0} are denied, not {1}",
                "按抽查结果应拒付 {0}，而非 {1}",
                words::yuan(scaled),
                words::yuan(denied)
            ),
        )
        .allowed(json!({ "denied_fen": scaled.to_string(), "unit": "fen" }))),
        Some(_) | None => Ok(()),
    }
}
