//! What must stand at a date when everything is known, worked out from the plans alone: the benchmark's own answer, which
//! replay and lists are compared with. Nothing of the program's fold is used.

use super::Workload;
use super::line::{qualification_end, suspension_end};
use super::plan::{Act, Kind, Plan, Step};
use accord_domain::Instant;
use std::collections::BTreeMap;

/// How many subjects stand where: by area, line (empty for practitioners) and status.
pub(crate) type Expected = BTreeMap<(u32, &'static str, &'static str), u64>;

impl Workload {
    /// The census at a date, everything known.
    pub(crate) fn expected(&self, as_of: Instant) -> Expected {
        let mut census = Expected::new();
        for subject in 0..self.subjects() {
            let plan = self.plan(subject);
            let Some(status) = plan.status(as_of) else { continue };
            let lines: &[&'static str] = match (plan.kind, plan.second_line) {
                (Kind::Practitioner, _) => &[""],
                (_, true) => &["basic", "outpatient_pooling"],
                (_, false) => &["basic"],
            };
            for line in lines {
                *census.entry((plan.area, line, status)).or_default() += 1;
            }
        }
        census
    }
}

impl Plan {
    /// The status at a date, everything known; none before anything took effect.
    pub(crate) fn status(&self, as_of: Instant) -> Option<&'static str> {
        let annulled = self.steps.iter().find(|step| step.act == Act::AnnulLast).and_then(|step| step.names);
        let mut status = None;
        let mut until = Instant::MAX;
        let mut term_end = Instant::MAX;
        for (index, step) in (0_u8..).zip(&self.steps) {
            if as_of < step.effective_at || annulled == Some(index) {
                continue;
            }
            let Step { act, effective_at, .. } = *step;
            match act {
                Act::Apply => status = Some("applied"),
                Act::Sign => {
                    term_end = self.term_end(effective_at);
                    status = Some("in_force");
                }
                Act::Suspend => (status, until) = (Some("suspended"), suspension_end(effective_at)),
                Act::Resume => status = Some("in_force"),
                Act::Terminate => status = Some("terminated"),
                Act::Register | Act::Restore => status = Some("normal"),
                Act::SuspendQualification => {
                    (status, until) = (Some("suspended"), qualification_end(effective_at));
                }
                Act::ExtendProbation
                | Act::Hold
                | Act::Release
                | Act::DeductPoints
                | Act::RepairPoints
                | Act::CorrectFirst
                | Act::AnnulLast => {}
            }
        }
        match status {
            Some("suspended") if until <= as_of && self.kind == Kind::Practitioner => Some("normal"),
            Some("suspended") if until <= as_of && as_of < term_end => Some("in_force"),
            Some("in_force" | "suspended") if term_end <= as_of => Some("lapsed"),
            status => status,
        }
    }
}
