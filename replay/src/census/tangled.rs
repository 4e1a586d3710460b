//! Subjects whose events came out of order, or were annulled or corrected: folded again from their own events.

use super::chunk::decode;
use super::{Counts, Round};
use crate::ReplayError;
use crate::threads::{InOrder, on_threads};
use accord_domain::{AreaCode, Event, SubjectKind, timeline};
use std::collections::BTreeMap;
use std::ops::ControlFlow;
use std::sync::atomic::{AtomicU64, Ordering};

/// Tangled subjects whose events are held at once.
const TANGLED_MAX: usize = 50_000;

/// Events read at a time.
const BLOCK_EVENTS: usize = 2_048;

/// A tangled subject.
pub(super) struct Tangled {
    /// Its number in the round.
    pub(super) at: usize,
    /// Kind of subject.
    pub(super) kind: SubjectKind,
    /// Where it is counted.
    pub(super) home: Option<AreaCode>,
}

impl Round<'_> {
    /// Counts tangled subjects, which stand in the order of their numbers; `streams` tells the stream of each event.
    pub(super) fn count_tangled(
        &self,
        tangled: &[Tangled],
        streams: &[u32],
        counts: &mut Counts,
    ) -> Result<(), ReplayError> {
        for portion in tangled.chunks(TANGLED_MAX) {
            let histories = self.histories(portion, streams)?;
            for subject in portion {
                if let Some(events) = histories.get(&subject.at) {
                    self.count_again(subject, events, counts);
                }
            }
        }
        Ok(())
    }

    /// All events of some subjects, read in the order of the log.
    fn histories(
        &self,
        subjects: &[Tangled],
        streams: &[u32],
    ) -> Result<BTreeMap<usize, Vec<Event>>, ReplayError> {
        let mut asked = vec![false; subjects.last().map_or(0, |last| last.at + 1)];
        for subject in subjects {
            asked[subject.at] = true;
        }
        let wanted: Vec<(u64, usize)> = (self.from..)
            .zip(streams)
            .filter_map(|(position, stream)| {
                let at = usize::try_from(u64::from(*stream).checked_sub(self.subjects.start)?).ok()?;
                (asked.get(at) == Some(&true)).then_some((position, at))
            })
            .collect();
        let blocks: Vec<_> = wanted.chunks(BLOCK_EVENTS).collect();
        let claimed = AtomicU64::new(0);
        let found = InOrder::new(BTreeMap::<usize, Vec<Event>>::new());
        let take = |found: &mut BTreeMap<usize, Vec<Event>>, events: &mut Vec<(usize, Event)>| {
            for (at, event) in events.drain(..) {
                found.entry(at).or_default().push(event);
            }
            ControlFlow::Continue(())
        };
        on_threads(
            || {
                let mut scan = self.log.scanner()?;
                let mut events = Vec::new();
                loop {
                    let number = claimed.fetch_add(1, Ordering::Relaxed);
                    let block = usize::try_from(number).ok().and_then(|number| blocks.get(number));
                    let Some(block) = block else { return Ok(()) };
                    let mut subjects = block.iter().map(|(_, at)| *at);
                    scan.pick(&mut block.iter().map(|(position, _)| *position), &mut |raw| {
                        let event = decode(&raw)?;
                        events.extend(subjects.next().map(|at| (at, event)));
                        Ok(())
                    })?;
                    let Some(used) = found.put(number, events, take) else { return Ok(()) };
                    events = used;
                }
            },
            || found.stop(),
        )?;
        Ok(found.into_inner())
    }

    fn count_again(&self, subject: &Tangled, events: &[Event], counts: &mut Counts) {
        let begun =
            timeline::resolve(events).first().is_some_and(|first| first.event.effective_at <= self.as_of);
        if begun {
            let state = timeline::state_at(subject.kind, events, self.as_of);
            counts.count(subject.home, &state, self.as_of, self.area);
        }
    }
}
