//! The whole ledger at one pair of coordinates, from the log alone.
//!
//! Worker threads claim chunks of positions, each with a scanner of its own, and read what a status can rest on; the
//! chunks are folded in the order of the log, one small state a subject. A subject whose events came out of order, or
//! were annulled or corrected, is folded again from its own events at the end. When there are more subjects than memory
//! should hold, they are taken in rounds.

use crate::ReplayError;
use crate::threads::{InOrder, on_threads};
use accord_domain::{AreaCode, Event, EventType, Instant, Line, State, SubjectKind, Value, timeline};
use accord_projections::{Census, Progress, Report, home_area, wait_for};
use accord_store::{EventLog, LogError, Raw};
use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::Mutex;
use std::sync::PoisonError;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};

/// Positions claimed at a time.
const CHUNK_EVENTS: u64 = 8_192;

/// Subjects folded in one round: their states take about 300 bytes each.
const ROUND_SUBJECTS: u64 = 1_000_000;

/// Tangled subjects whose events are held at once.
const TANGLED_MAX: usize = 50_000;

/// Subjects counted at a time.
const BLOCK_SUBJECTS: usize = 4_096;

/// Events on which no status rests: their facts are passed over unread. Whatever is not named here is read.
const PASSED_OVER: [&str; 39] = [
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
    let len = wait_for(log.known(known_at))?;
    let mut counts = Counts::default();
    let mut subjects = 0..ROUND_SUBJECTS;
    loop {
        let round = Round { log, as_of, len, subjects: subjects.clone() };
        let (folded, streams) = round.fold(report)?;
        counts.add(round.count(&folded, area)?);
        if streams <= subjects.end {
            break;
        }
        subjects = subjects.end..subjects.end + ROUND_SUBJECTS;
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

    fn count(
        &mut self,
        kind: SubjectKind,
        home: Option<AreaCode>,
        state: &State,
        round: &Round<'_>,
        area: Option<AreaCode>,
    ) {
        let mut any = false;
        for span in state.standing(round.as_of) {
            if !span.track.is_status_of(kind) {
                continue;
            }
            let (place, line) = (span.track.area().or(home), span.track.line());
            if area.is_none() || area == place {
                *self.lines.entry((kind, place, line, span.value)).or_default() += 1;
                any = true;
            }
        }
        if any {
            *self.subjects.entry(kind).or_default() += 1;
        }
    }
}

/// A subject being folded.
struct Seat {
    state: State,
    /// Effective time of the newest event folded.
    last: Instant,
    home: Option<AreaCode>,
    /// Whether any event was effective by then.
    begun: bool,
    /// To be folded again from its own events.
    tangled: bool,
}

/// What one event means for the fold.
enum Item {
    /// Its facts.
    Fold(Box<Event>),
    /// It was effective by then; no status rests on it.
    Begun,
    /// The first event tells where a practitioner is counted, but takes effect later.
    Home(AreaCode),
    /// An annulment or correction.
    Tangle,
}

/// What a stretch of the log comes to.
struct Chunk {
    items: Vec<(usize, SubjectKind, Item)>,
    /// The stream of each event.
    streams: Vec<u32>,
}

#[derive(Default)]
struct Folded {
    seats: Vec<Option<Seat>>,
    /// The stream of each event, in the order of positions: where a subject's events are is looked up here.
    streams: Vec<u32>,
    done: u64,
}

/// A pass over the log for a range of subjects.
struct Round<'a> {
    log: &'a dyn EventLog,
    as_of: Instant,
    len: u64,
    subjects: Range<u64>,
}

impl Round<'_> {
    /// Folds the subjects of this round; also tells how many subjects the log has.
    fn fold(&self, report: &mut Report<'_>) -> Result<(Folded, u64), ReplayError> {
        let mut passed_over: Vec<EventType> =
            PASSED_OVER.iter().filter_map(|name| EventType::by_name(name)).collect();
        passed_over.sort_unstable();
        let passed_over = |kind| passed_over.binary_search(&kind).is_ok();
        let (claimed, streams) = (AtomicU64::new(0), AtomicU64::new(0));
        let folded = InOrder::new((Folded::default(), report));
        let outcome = on_threads(
            || {
                let mut scan = self.log.scanner()?;
                loop {
                    let chunk = claimed.fetch_add(1, Ordering::Relaxed);
                    let from = chunk * CHUNK_EVENTS;
                    if from >= self.len {
                        return Ok(());
                    }
                    let until = (from + CHUNK_EVENTS).min(self.len);
                    let mut chunk_read =
                        Chunk { items: Vec::with_capacity(4_096), streams: Vec::with_capacity(8_192) };
                    let mut seen = 0;
                    scan.scan(from..until, &mut |raw| {
                        seen = seen.max(raw.stream + 1);
                        chunk_read.streams.push(u32::try_from(raw.stream).unwrap_or(u32::MAX));
                        self.read(&raw, &passed_over, &mut chunk_read)
                    })?;
                    streams.fetch_max(seen, Ordering::Relaxed);
                    let go_on = folded.at(chunk, |(folded, report)| {
                        folded.apply(chunk_read);
                        folded.done = until;
                        report(Progress { done: until, total: self.len }).is_continue()
                    });
                    match go_on {
                        Some(true) => {}
                        Some(false) => return Err(ReplayError::Cancelled),
                        None => return Ok(()),
                    }
                }
            },
            || folded.stop(),
        );
        outcome?;
        Ok((folded.into_inner().0, streams.into_inner()))
    }

    fn read(
        &self,
        raw: &Raw<'_>,
        passed_over: &dyn Fn(EventType) -> bool,
        items: &mut Chunk,
    ) -> Result<(), LogError> {
        if !self.subjects.contains(&raw.stream) {
            return Ok(());
        }
        let seat = usize::try_from(raw.stream - self.subjects.start).unwrap_or(usize::MAX);
        let effective = raw.effective_at <= self.as_of;
        let item = if raw.kind.acts_on_record() {
            Item::Tangle
        } else if passed_over(raw.kind) {
            if !effective {
                return Ok(());
            }
            Item::Begun
        } else if effective {
            Item::Fold(Box::new(decode(raw)?))
        } else if raw.version == 0 {
            match home_area(&decode(raw)?) {
                Some(home) => Item::Home(home),
                None => return Ok(()),
            }
        } else {
            return Ok(());
        };
        items.items.push((seat, raw.kind.kind(), item));
        Ok(())
    }

    /// Counts what stands, folding tangled subjects again.
    fn count(&self, folded: &Folded, area: Option<AreaCode>) -> Result<Counts, ReplayError> {
        let seats = folded.seats.as_slice();
        let claimed = AtomicUsize::new(0);
        let total = Mutex::new(Counts::default());
        on_threads(
            || {
                let mut counts = Counts::default();
                loop {
                    let from = claimed.fetch_add(BLOCK_SUBJECTS, Ordering::Relaxed);
                    let Some(rest) = seats.get(from..).filter(|rest| !rest.is_empty()) else { break };
                    for seat in rest.iter().take(BLOCK_SUBJECTS).flatten() {
                        if seat.begun && !seat.tangled {
                            counts.count(seat.state.kind(), seat.home, &seat.state, self, area);
                        }
                    }
                }
                total.lock().unwrap_or_else(PoisonError::into_inner).add(counts);
                Ok(())
            },
            || (),
        )?;
        let mut counts = total.into_inner().unwrap_or_else(PoisonError::into_inner);
        for portion in tangled_portions(seats) {
            for (at, events) in self.histories(folded, &portion)? {
                if let Some(Some(seat)) = seats.get(at) {
                    self.count_again(seat.state.kind(), seat.home, &events, area, &mut counts);
                }
            }
        }
        Ok(counts)
    }

    /// All events of the tangled subjects of a portion, read in the order of the log.
    fn histories(
        &self,
        folded: &Folded,
        portion: &Range<usize>,
    ) -> Result<BTreeMap<usize, Vec<Event>>, ReplayError> {
        let tangled = |at: usize| folded.seats[at].as_ref().is_some_and(|seat| seat.tangled);
        let wanted: Vec<(u64, usize)> = (0..)
            .zip(&folded.streams)
            .filter_map(|(position, stream)| {
                let at = usize::try_from(u64::from(*stream).checked_sub(self.subjects.start)?).ok()?;
                (portion.contains(&at) && tangled(at)).then_some((position, at))
            })
            .collect();
        let claimed = AtomicU64::new(0);
        let found = InOrder::new(BTreeMap::<usize, Vec<Event>>::new());
        on_threads(
            || {
                let mut scan = self.log.scanner()?;
                loop {
                    let turn = claimed.fetch_add(1, Ordering::Relaxed);
                    let from = usize::try_from(turn).unwrap_or(usize::MAX).saturating_mul(BLOCK_SUBJECTS);
                    let Some(rest) = wanted.get(from..).filter(|rest| !rest.is_empty()) else {
                        return Ok(());
                    };
                    let mut events = Vec::with_capacity(BLOCK_SUBJECTS);
                    for (position, at) in rest.iter().take(BLOCK_SUBJECTS) {
                        scan.scan(*position..position + 1, &mut |raw| {
                            events.push((*at, decode(&raw)?));
                            Ok(())
                        })?;
                    }
                    let told = found.at(turn, |found| {
                        for (at, event) in events {
                            found.entry(at).or_default().push(event);
                        }
                    });
                    if told.is_none() {
                        return Ok(());
                    }
                }
            },
            || found.stop(),
        )?;
        Ok(found.into_inner())
    }

    fn count_again(
        &self,
        kind: SubjectKind,
        home: Option<AreaCode>,
        events: &[Event],
        area: Option<AreaCode>,
        counts: &mut Counts,
    ) {
        let begun =
            timeline::resolve(events).first().is_some_and(|first| first.event.effective_at <= self.as_of);
        if begun {
            counts.count(kind, home, &timeline::state_at(kind, events, self.as_of), self, area);
        }
    }
}

/// Stretches of seats with so many tangled subjects that all their events may be held in memory at once.
fn tangled_portions(seats: &[Option<Seat>]) -> Vec<Range<usize>> {
    let mut portions = Vec::new();
    let (mut from, mut tangled) = (0, 0);
    for (at, seat) in seats.iter().enumerate() {
        tangled += usize::from(seat.as_ref().is_some_and(|seat| seat.tangled));
        if tangled == TANGLED_MAX {
            portions.push(from..at + 1);
            (from, tangled) = (at + 1, 0);
        }
    }
    if tangled > 0 {
        portions.push(from..seats.len());
    }
    portions
}

impl Folded {
    fn apply(&mut self, chunk: Chunk) {
        self.streams.extend(chunk.streams);
        for (at, kind, item) in chunk.items {
            if self.seats.len() <= at {
                self.seats.resize_with(at + 1, || None);
            }
            let seat = self.seats[at].get_or_insert_with(|| Seat {
                state: State::new(kind),
                last: Instant::MIN,
                home: None,
                begun: false,
                tangled: false,
            });
            seat.apply(item);
        }
    }
}

impl Seat {
    fn apply(&mut self, item: Item) {
        match item {
            Item::Tangle => {
                self.tangled = true;
                self.state = State::new(self.state.kind());
            }
            Item::Home(home) => self.home = Some(home),
            Item::Begun => self.begun = true,
            Item::Fold(event) => {
                self.begun = true;
                if event.version == 0 {
                    self.home = home_area(&event);
                }
                if event.effective_at < self.last {
                    self.tangled = true;
                }
                if !self.tangled {
                    self.last = event.effective_at;
                    self.state.evolve(&event);
                }
            }
        }
    }
}

fn decode(raw: &Raw<'_>) -> Result<Event, LogError> {
    let body = std::str::from_utf8(raw.body)
        .map_err(|error| LogError::Damaged { position: raw.position, what: error.to_string() })?;
    Event::decode(raw.kind, raw.position, raw.version, raw.effective_at, raw.recorded_at, body)
        .map_err(|source| LogError::Undecodable { position: raw.position, source })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_passed_over_is_an_event() {
        for name in PASSED_OVER {
            assert!(EventType::by_name(name).is_some(), "{name}");
        }
    }
}
