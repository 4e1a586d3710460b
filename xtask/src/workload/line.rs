//! An act as the line of JSON a caller would send.

use super::plan::{Act, Kind, Plan, Step};
use accord_domain::Instant;
use std::fmt::Write;
use uuid::Uuid;

/// Months of a suspension of an agreement.
const SUSPENDED_MONTHS: u32 = 3;
/// Years of an agreement.
const TERM_YEARS: u32 = 2;
/// Months of a suspension of a qualification.
const QUALIFICATION_MONTHS: u32 = 6;

impl Plan {
    /// The subject's code.
    pub(crate) fn code(&self) -> String {
        match self.kind {
            Kind::Practitioner => {
                let (region, serial) = (self.area, self.number % 1_000_000);
                format!("D{:06}{serial:06}", u64::from(region) + self.number / 1_000_000)
            }
            Kind::Medical | Kind::RegionalCentre => institution_code('H', self.area, self.number),
            Kind::Pharmacy => institution_code('P', self.area, self.number),
        }
    }

    /// Appends one line, without its end, that asks for a step. `named` is the event it names, `site` the code of the
    /// institution a practitioner is registered at.
    pub(crate) fn write(&self, index: u8, named: Option<Uuid>, site: &str, out: &mut String) {
        let step = &self.steps[usize::from(index)];
        let kind = if self.kind == Kind::Practitioner { "practitioner" } else { "institution" };
        let code = self.code();
        // Writing to a String cannot fail.
        let _ = write!(out, r#"{{"command":"{kind}.{}","subject":"{code}","#, command(step.act));
        let _ = write!(out, r#""effective_at":"{}","#, step.effective_at.date());
        self.actor(step.act, out);
        let _ = write!(
            out,
            r#""basis":[{{"instrument":"{}","article":"{}"}}],"key":"w-{code}-{index}","data":"#,
            if self.kind == Kind::Practitioner {
                "支付资格办法（合成）"
            } else {
                "服务协议（合成）"
            },
            1 + self.variety % 60,
        );
        self.data(step, named, site, out);
        out.push('}');
    }

    fn actor(&self, act: Act, out: &mut String) {
        let operator = self.variety % 97;
        let (authority, area) = match act {
            Act::AnnulLast => ("bureau", self.area / 10_000 * 10_000),
            _ => ("agency", self.area),
        };
        let _ = write!(
            out,
            r#""actor":{{"authority":"{authority}","area":"{area}","operator":"op-{operator:02}"}},"#
        );
    }

    fn data(&self, step: &Step, named: Option<Uuid>, site: &str, out: &mut String) {
        let area = self.area;
        let lines = if self.second_line { r#"["basic","outpatient_pooling"]"# } else { r#"["basic"]"# };
        let named = named.unwrap_or_default();
        let at = step.effective_at;
        let _ = match step.act {
            Act::Apply => write!(
                out,
                r#"{{"area":"{area}","lines":{lines},"name":"合成机构{:07}","regional_medical_centre":{}}}"#,
                self.number,
                self.kind == Kind::RegionalCentre
            ),
            Act::Sign => write!(
                out,
                r#"{{"area":"{area}","lines":{lines},"number":"XY-{area}-{:07}","from":"{}","until":"{}"}}"#,
                self.number,
                at.date(),
                self.term_end(at).date()
            ),
            Act::ExtendProbation => write!(out, r#"{{"area":"{area}","violation":"病历书写不规范"}}"#),
            Act::Hold => write!(out, r#"{{"area":"{area}","ground":"追溯码线索核查"}}"#),
            Act::Release => write!(out, r#"{{"hold":"{named}","outcome":"cleared"}}"#),
            Act::Suspend => write!(
                out,
                r#"{{"area":"{area}","until":"{}","ground":"违反服务协议"}}"#,
                suspension_end(at).date()
            ),
            Act::Resume => write!(out, r#"{{"area":"{area}"}}"#),
            Act::Terminate => {
                write!(out, r#"{{"area":"{area}","ground":"严重违反服务协议","reason_class":"breach"}}"#)
            }
            Act::Register => {
                write!(
                    out,
                    r#"{{"institution":"{site}","category":"doctor","commitment_signed":true,"area":"{area}"}}"#
                )
            }
            Act::DeductPoints => write!(
                out,
                r#"{{"points":{},"behaviour":"未核验参保人身份","responsibility":"general","institution":"{site}","measure":"合成-{:07}","area":"{area}"}}"#,
                self.points(),
                self.number
            ),
            Act::RepairPoints => {
                write!(out, r#"{{"points":1,"activity":"参加医保政策学习","area":"{area}"}}"#)
            }
            Act::SuspendQualification => {
                write!(out, r#"{{"ground":"暂停医保支付资格","until":"{}"}}"#, qualification_end(at).date())
            }
            Act::Restore => write!(out, r#"{{"note":"整改到位，恢复资格"}}"#),
            Act::CorrectFirst => {
                let (pointer, value) = if self.kind == Kind::Practitioner {
                    ("/data/certificate", format!("ZS-{:07}", self.number))
                } else {
                    ("/data/name", format!("合成机构{:07}（更正）", self.number))
                };
                write!(out, r#"{{"event":"{named}","changes":{{"{pointer}":"{value}"}}}}"#)
            }
            Act::AnnulLast => write!(out, r#"{{"event":"{named}","scope":"from_start"}}"#),
        };
    }

    /// Points deducted: few enough that nothing follows from them.
    pub(crate) fn points(&self) -> u64 {
        1 + self.variety % 3
    }

    /// End of the term of an agreement signed on a day.
    pub(crate) fn term_end(&self, signed: Instant) -> Instant {
        signed.plus_years(TERM_YEARS)
    }
}

/// The code of an institution.
fn institution_code(letter: char, area: u32, number: u64) -> String {
    format!("{letter}{:06}{:05}", u64::from(area) + number / 100_000, number % 100_000)
}

/// End of a suspension of an agreement from a day on, unless resumed earlier.
pub(crate) fn suspension_end(from: Instant) -> Instant {
    from.plus_months(SUSPENDED_MONTHS)
}

/// End of a suspension of a qualification from a day on, unless restored earlier.
pub(crate) fn qualification_end(from: Instant) -> Instant {
    from.plus_months(QUALIFICATION_MONTHS)
}

const fn command(act: Act) -> &'static str {
    match act {
        Act::Apply => "apply",
        Act::Sign => "sign-agreement",
        Act::ExtendProbation => "extend-probation",
        Act::Hold => "hold-settlement",
        Act::Release => "release-settlement",
        Act::Suspend => "suspend-agreement",
        Act::Resume => "resume-agreement",
        Act::Terminate => "terminate-agreement",
        Act::Register => "register",
        Act::DeductPoints => "deduct-points",
        Act::RepairPoints => "repair-points",
        Act::SuspendQualification => "suspend",
        Act::Restore => "restore",
        Act::CorrectFirst => "correct",
        Act::AnnulLast => "annul",
    }
}
