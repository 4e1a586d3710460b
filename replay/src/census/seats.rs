//! The subjects being folded.

use super::chunk::{Chunk, Item};
use super::tangled::Tangled;
use accord_domain::{AreaCode, Instant, State, SubjectKind};
use accord_projections::home_area;
use std::ops::Range;

/// Subjects whose states lie together: they are counted by one thread, and no state ever moves while others come.
const BLOCK_SUBJECTS: usize = 4_096;

/// A subject being folded.
pub(super) struct Seat {
    pub(super) state: State,
    /// Effective time of the newest event folded.
    last: Instant,
    pub(super) home: Option<AreaCode>,
    /// To be folded again from its own events.
    tangled: bool,
}

/// The seats of neighbouring subjects.
pub(super) struct Block {
    /// Number of the first subject in the round.
    first: usize,
    seats: Vec<Option<Seat>>,
    /// Whether any event of the subject was effective by then. Apart from the seats: most events ask for nothing else.
    begun: Vec<bool>,
}

/// The subjects of a round.
pub(super) struct Seats {
    blocks: Vec<Block>,
    /// The position of the first event taken in.
    from: u64,
    /// The stream of each event from there on, in the order of positions: where a subject's events are is looked up here.
    streams: Vec<u32>,
}

impl Seats {
    /// No subject yet, of events at these positions.
    pub(super) fn new(positions: Range<u64>) -> Self {
        let room = usize::try_from(positions.end.saturating_sub(positions.start)).unwrap_or_default();
        Self { blocks: Vec::new(), from: positions.start, streams: Vec::with_capacity(room) }
    }

    /// Events done, those passed by before the first included.
    pub(super) fn done(&self) -> u64 {
        self.from + self.streams.len() as u64
    }

    /// The position of the first event of a stream with this number or a greater one.
    pub(super) fn first_of(&self, stream: u64) -> Option<u64> {
        let at = self.streams.iter().position(|found| u64::from(*found) >= stream)?;
        Some(self.from + at as u64)
    }

    /// Takes in the next chunk, and leaves it empty.
    pub(super) fn apply(&mut self, chunk: &mut Chunk) {
        for (at, kind, item) in &chunk.items {
            let (block, within) = self.block(*at);
            let seat = block.seats[within].get_or_insert_with(|| Seat::new(*kind));
            block.begun[within] |= matches!(item, Item::Fold(_));
            seat.apply(item);
        }
        for (at, kind) in &chunk.begun {
            let (block, within) = self.block(*at);
            if !block.begun[within] {
                block.begun[within] = true;
                block.seats[within].get_or_insert_with(|| Seat::new(*kind));
            }
        }
        self.streams.append(&mut chunk.streams);
        chunk.items.clear();
        chunk.begun.clear();
    }

    fn block(&mut self, at: u32) -> (&mut Block, usize) {
        let at = at as usize;
        let number = at / BLOCK_SUBJECTS;
        while self.blocks.len() <= number {
            self.blocks.push(Block::new(self.blocks.len() * BLOCK_SUBJECTS));
        }
        (&mut self.blocks[number], at % BLOCK_SUBJECTS)
    }

    /// The seats to be counted, and the stream of each event.
    pub(super) fn into_blocks(self) -> (std::vec::IntoIter<Block>, Vec<u32>) {
        (self.blocks.into_iter(), self.streams)
    }
}

impl Block {
    fn new(first: usize) -> Self {
        let seats = std::iter::repeat_with(|| None).take(BLOCK_SUBJECTS).collect();
        Self { first, seats, begun: vec![false; BLOCK_SUBJECTS] }
    }

    /// Shows each subject that is as it was folded, and tells those that are to be folded again.
    pub(super) fn count(self, tangled: &mut Vec<Tangled>, mut count: impl FnMut(&Seat)) {
        for (within, (seat, begun)) in self.seats.into_iter().zip(self.begun).enumerate() {
            match seat {
                Some(Seat { tangled: true, state, home, .. }) => {
                    tangled.push(Tangled { at: self.first + within, kind: state.kind(), home });
                }
                Some(seat) if begun => count(&seat),
                Some(_) | None => {}
            }
        }
    }
}

impl Seat {
    fn new(kind: SubjectKind) -> Self {
        Self { state: State::new(kind), last: Instant::MIN, home: None, tangled: false }
    }

    fn apply(&mut self, item: &Item) {
        match item {
            Item::Tangle => {
                self.tangled = true;
                self.state = State::new(self.state.kind());
            }
            Item::Home(home) => self.home = Some(*home),
            Item::Fold(event) => {
                if event.version == 0 {
                    self.home = home_area(event);
                }
                if event.effective_at < self.last {
                    self.tangled = true;
                }
                if !self.tangled {
                    self.last = event.effective_at;
                    self.state.evolve(event);
                    self.state.forget_identity();
                }
            }
        }
    }
}
