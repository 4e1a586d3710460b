//! The whole ledger at one pair of coordinates, from the log alone.
//!
//! Worker threads claim chunks of positions, each with a scanner of its own, and read what a status can rest on; the
//! chunks are folded in the order of the log, one small state a subject, by whichever worker finds the next one ready. A
//! subject whose events came out of order, or were annulled or corrected, is folded again from its own events at the end.
//! When there are more subjects than memory should hold, they are taken in rounds.

mod chunk;
mod seats;
mod tangled;

use crate::ReplayError;
use crate::threads::{InOrder, on_threads};
use accord_domain::{AreaCode, Instant, Line, State, SubjectKind, Value};
use accord_projections::{Census, Progress, Report, wait_for};
use accord_store::EventLog;
use chunk::{Chunk, Reading};
use seats::Seats;
use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

/// Positions claimed at a time: few enough that a chunk stays in the processor's cache until it is folded.
const CHUNK_EVENTS: u64 = 2_048;

/// Subjects folded in one round: their states take about 550 bytes each.
const ROUND_SUBJECTS: u64 = 900_000;

/// Events on which no status rests: their facts are passed over unread. Whatever is not named here is read.
const PASSED_OVER: [&str; 41] = [
    "institution.public-notice-given",
    "institution.bar-raised",
    "institution.probation-started",
    "institution.probation-extended",
    "institution.probation-passed",
    "institution.suspension-requested",
    "institution.liability-settled",
    "institution.settlement-held",
    "institution.settlement-released",
    "institution.department-ordered",
    "institution.department-order-lifted",
    "institution.cross-region-opened",
    "institution.cross-region-closed",
    "institution.rectification-ordered",
    "institution.rectification-accepted",
    "institution.rectification-failed",
    "institution.interview-held",
    "institution.warned",
    "institution.circulated",
    "institution.case-publicised",
    "institution.payment-denied",
    "institution.funds-recovered",
    "institution.damages-charged",
    "institution.fine-imposed",
    "institution.coefficient-adjusted",
    "institution.prepaid",
    "institution.settlement-declared",
    "institution.settlement-paid",
    "institution.inspection-recorded",
    "institution.records-demanded",
    "institution.records-provided",
    "institution.details-changed",
    "institution.change-filed",
    "institution.referred",
    "institution.reported",
    "practitioner.details-changed",
    "practitioner.points-deducted",
    "practitioner.points-repaired",
    "practitioner.manager-banned",
    "practitioner.interview-held",
    "practitioner.referred",
];

/// How many had which status at an instant, as known at another: by kind, area, line and status; all areas or one.
///
/// # Errors
/// [`ReplayError::Cancelled`] when the report says to stop; else when the log cannot be read.
pub fn census(
    log: &dyn EventLog,
    as_of: Instant,
    known_at: Instant,
    area: Option<AreaCode>,
    report: &mut Report<'_>,
) -> Result<Census, ReplayError> {
    census_in_rounds(log, as_of, known_at, area, ROUND_SUBJECTS, report)
}

/// The same, with the states of at most so many subjects in memory at a time.
///
/// # Errors
/// As [`census`].
pub fn census_in_rounds(
    log: &dyn EventLog,
    as_of: Instant,
    known_at: Instant,
    area: Option<AreaCode>,
    round_subjects: u64,
    report: &mut Report<'_>,
) -> Result<Census, ReplayError> {
    let len = wait_for(log.known(known_at))?;
    let mut counts = Counts::default();
    let mut next = Some((0, 0_u64));
    while let Some((from, first)) = next {
        let subjects = first..first.saturating_add(round_subjects.max(1));
        let round = Round { log, as_of, area, from, len, subjects: subjects.clone() };
        let seats = round.fold(report)?;
        // Streams are numbered as they begin: no subject of the next round has an event before this.
        next = seats.first_of(subjects.end).map(|from| (from, subjects.end));
        counts.add(round.count(seats)?);
    }
    let subjects = |kind| counts.subjects.get(&kind).copied().unwrap_or_default();
    Ok(Census::new(as_of, known_at, counts.lines.clone(), subjects))
}

/// What is counted.
#[derive(Default)]
struct Counts {
    lines: BTreeMap<(SubjectKind, Option<AreaCode>, Option<Line>, Value), u64>,
    subjects: BTreeMap<SubjectKind, u64>,
}

impl Counts {
    fn add(&mut self, other: Self) {
        for (key, count) in other.lines {
            *self.lines.entry(key).or_default() += count;
        }
        for (kind, count) in other.subjects {
            *self.subjects.entry(kind).or_default() += count;
        }
    }

    fn count(&mut self, home: Option<AreaCode>, state: &State, as_of: Instant, area: Option<AreaCode>) {
        let kind = state.kind();
        let mut any = false;
        state.each_status(as_of, |place, line, value| {
            let place = place.or(home);
            if area.is_none() || area == place {
                *self.lines.entry((kind, place, line, value)).or_default() += 1;
                any = true;
            }
        });
        if any {
            *self.subjects.entry(kind).or_default() += 1;
        }
    }
}

/// A pass over the log for a range of subjects.
struct Round<'a> {
    log: &'a dyn EventLog,
    as_of: Instant,
    /// Only this area is counted.
    area: Option<AreaCode>,
    /// Where the first of the subjects begins.
    from: u64,
    len: u64,
    subjects: Range<u64>,
}

impl Round<'_> {
    /// Folds the subjects of this round.
    fn fold(&self, report: &mut Report<'_>) -> Result<Seats, ReplayError> {
        let reading = Reading::new(self.as_of, self.subjects.clone());
        let claimed = AtomicU64::new(0);
        let folded = InOrder::new((Seats::new(self.from..self.len), report));
        let take = |(seats, report): &mut (Seats, &mut Report<'_>), chunk: &mut Chunk| {
            seats.apply(chunk);
            report(Progress { done: seats.done(), total: self.len })
        };
        on_threads(
            || {
                let mut scan = self.log.scanner()?;
                let mut chunk = Chunk::default();
                loop {
                    let number = claimed.fetch_add(1, Ordering::Relaxed);
                    let from = self.from + number * CHUNK_EVENTS;
                    if from >= self.len {
                        return Ok(());
                    }
                    let until = (from + CHUNK_EVENTS).min(self.len);
                    scan.scan(from..until, &mut |raw| reading.read(&raw, &mut chunk))?;
                    let Some(used) = folded.put(number, chunk, take) else { return Ok(()) };
                    chunk = used;
                }
            },
            || folded.stop(),
        )?;
        if folded.was_stopped() {
            return Err(ReplayError::Cancelled);
        }
        Ok(folded.into_inner().0)
    }

    /// Counts what stands, folding tangled subjects again.
    fn count(&self, seats: Seats) -> Result<Counts, ReplayError> {
        let (blocks, streams) = seats.into_blocks();
        let blocks = Mutex::new(blocks);
        let total = Mutex::new((Counts::default(), Vec::new()));
        on_threads(
            || {
                let (mut counts, mut tangled) = (Counts::default(), Vec::new());
                loop {
                    // Taken in a statement of its own, so that nobody waits while a block is counted.
                    let next = blocks.lock().unwrap_or_else(PoisonError::into_inner).next();
                    let Some(block) = next else { break };
                    block.count(&mut tangled, |seat| {
                        counts.count(seat.home, &seat.state, self.as_of, self.area);
                    });
                }
                let mut total = total.lock().unwrap_or_else(PoisonError::into_inner);
                total.0.add(counts);
                total.1.append(&mut tangled);
                Ok(())
            },
            || (),
        )?;
        let (mut counts, mut tangled) = total.into_inner().unwrap_or_else(PoisonError::into_inner);
        tangled.sort_unstable_by_key(|tangled: &tangled::Tangled| tangled.at);
        self.count_tangled(&tangled, &streams, &mut counts)?;
        Ok(counts)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use accord_domain::EventType;

    #[test]
    fn every_name_passed_over_is_an_event() {
        for name in PASSED_OVER {
            assert!(EventType::by_name(name).is_some(), "{name}");
        }
    }
}
