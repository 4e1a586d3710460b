//! What a stretch of the log comes to, read without knowing what came before.

use super::PASSED_OVER;
use accord_domain::{AreaCode, Event, EventType, Instant, SubjectKind};
use accord_projections::home_area;
use accord_store::{LogError, Raw};
use std::ops::Range;

/// What a stretch of the log comes to.
#[derive(Default)]
pub(super) struct Chunk {
    /// Subjects with an event effective by then on which no status rests.
    pub(super) begun: Vec<(u32, SubjectKind)>,
    /// What is to be folded, in the order of the log.
    pub(super) items: Vec<(u32, SubjectKind, Item)>,
    /// The stream of each event.
    pub(super) streams: Vec<u32>,
}

/// What one event means for the fold.
#[expect(
    clippy::large_enum_variant,
    reason = "nearly all are facts, and a chunk's room is used again for the next"
)]
pub(super) enum Item {
    /// Its facts.
    Fold(Event),
    /// The first event tells where a practitioner is counted, but takes effect later.
    Home(AreaCode),
    /// An annulment or correction.
    Tangle,
}

/// What an event of a type is to the census.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Use {
    Fold,
    PassOver,
    Tangle,
}

/// How stretches are read.
pub(super) struct Reading {
    as_of: Instant,
    subjects: Range<u64>,
    /// By number of the type; whatever lies beyond is folded.
    uses: Vec<Use>,
}

impl Reading {
    pub(super) fn new(as_of: Instant, subjects: Range<u64>) -> Self {
        let mut uses = Vec::new();
        for (kind, name, _) in EventType::all() {
            let number = usize::from(*kind);
            if uses.len() <= number {
                uses.resize(number + 1, Use::Fold);
            }
            if EventType(*kind).acts_on_record() {
                uses[number] = Use::Tangle;
            } else if PASSED_OVER.contains(name) {
                uses[number] = Use::PassOver;
            }
        }
        Self { as_of, subjects, uses }
    }

    /// Reads one event into the chunk.
    pub(super) fn read(&self, raw: &Raw<'_>, chunk: &mut Chunk) -> Result<(), LogError> {
        chunk.streams.push(u32::try_from(raw.stream).unwrap_or(u32::MAX));
        if !self.subjects.contains(&raw.stream) {
            return Ok(());
        }
        let at = u32::try_from(raw.stream - self.subjects.start).unwrap_or(u32::MAX);
        let effective = raw.effective_at <= self.as_of;
        let item = match self.uses.get(usize::from(raw.kind.0)).unwrap_or(&Use::Fold) {
            Use::Tangle => Item::Tangle,
            Use::PassOver => {
                if effective {
                    chunk.begun.push((at, raw.kind.kind()));
                }
                return Ok(());
            }
            Use::Fold if effective => Item::Fold(decode(raw)?),
            Use::Fold => match raw.version {
                0 => match home_area(&decode(raw)?) {
                    Some(home) => Item::Home(home),
                    None => return Ok(()),
                },
                1.. => return Ok(()),
            },
        };
        chunk.items.push((at, raw.kind.kind(), item));
        Ok(())
    }
}

/// Reads an event's facts.
pub(super) fn decode(raw: &Raw<'_>) -> Result<Event, LogError> {
    Event::decode(raw.kind, raw.position, raw.version, raw.effective_at, raw.recorded_at, raw.body)
        .map_err(|source| LogError::Undecodable { position: raw.position, source })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amendments_tangle_and_what_is_not_passed_over_is_folded() {
        let reading = Reading::new(Instant::MAX, 0..1);
        let of = |name: &str| reading.uses[usize::from(EventType::by_name(name).unwrap().0)];
        for name in ["decision-annulled", "record-corrected"] {
            for kind in SubjectKind::ALL {
                assert_eq!(of(&format!("{}.{name}", kind.name())), Use::Tangle);
            }
        }
        assert_eq!(of("institution.warned"), Use::PassOver);
        assert_eq!(of("institution.agreement-signed"), Use::Fold);
        let folded = EventType::all().filter(|(_, name, _)| of(name) == Use::Fold).count();
        assert_eq!(folded, EventType::all().count() - PASSED_OVER.len() - 2 * SubjectKind::ALL.len());
    }
}
