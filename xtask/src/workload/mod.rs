//! The workload of the benchmark: the lives of made-up subjects as lines of JSON in the order an office would enter them.
//! Everything follows from one seed; no clock, no outside data.
//!
//! Two fifths of the events belong to institutions, eight each (application, signing with its consequences, and measures
//! up to termination), three fifths to practitioners, five each (registration, points, repair, suspension, restoration);
//! 40 pooling areas, the largest with a fifth; about 3 in 100 acts are entered more than 30 days after they took effect,
//! some of them behind later acts of the same subject; 5 in 1,000 events are followed by a correction or an annulment.
//! Lives overlap at random, so neighbours in the order belong to different subjects.

#[cfg(test)]
mod accepted;
mod expected;
mod line;
mod order;
mod plan;
mod rng;
#[cfg(test)]
mod tests;

pub(crate) use order::{Pace, Written};
pub(crate) use plan::{AREAS, Act, Kind, Plan, middle_and_end};
pub(crate) use rng::Rng;

/// The seed of every run.
pub(crate) const SEED: u64 = 0x0041_6363_6F72_6421;

/// How many subjects, and which.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Workload {
    seed: u64,
    /// Institutions.
    pub(crate) institutions: u64,
    /// Practitioners.
    pub(crate) practitioners: u64,
}

impl Workload {
    /// About so many events: 500,000 are 25,000 institutions and 60,000 practitioners.
    pub(crate) const fn of_events(events: u64) -> Self {
        Self { seed: SEED, institutions: events.div_ceil(20), practitioners: events.div_ceil(25) * 3 }
    }

    /// How many subjects.
    pub(crate) const fn subjects(&self) -> u64 {
        self.institutions + self.practitioners
    }

    /// The life of a subject: institutions first, then practitioners. Numbers past the end give further subjects of the
    /// same kind of life, for appends on top of a filled ledger.
    pub(crate) fn plan(&self, subject: u64) -> Plan {
        if subject < self.institutions {
            Plan::institution(self.seed, subject)
        } else {
            Plan::practitioner(self.seed, subject - self.institutions, self.institutions)
        }
    }

    /// An institution that is not part of the workload proper.
    pub(crate) fn further_institution(&self, nth: u64) -> Plan {
        Plan::institution(self.seed, self.institutions + nth)
    }

    /// A practitioner that is not part of the workload proper, registered at an institution that is.
    pub(crate) fn further_practitioner(&self, nth: u64) -> Plan {
        Plan::practitioner(self.seed, self.practitioners + nth, self.institutions)
    }

    /// The code of the institution a practitioner is registered at; an institution's own code.
    pub(crate) fn site(&self, plan: &Plan) -> String {
        if plan.kind == Kind::Practitioner {
            Plan::institution(self.seed, plan.institution).code()
        } else {
            plan.code()
        }
    }
}
