//! What a root or a proof is made of.

use super::hash::{Hash, fold};
use std::ops::Range;

/// A complete subtree: the leaves `[index · 2^height, (index + 1) · 2^height)`.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Subtree {
    /// Height: 0 is a leaf.
    pub height: u32,
    /// Place among the subtrees of this height, from the left, from 0.
    pub index: u64,
}

impl Subtree {
    /// Its leaves.
    #[must_use]
    pub fn leaves(self) -> Range<u64> {
        self.index << self.height..(self.index + 1) << self.height
    }
}

/// The subtrees whose hashes make up a root or a proof, and how they are put together.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Plan {
    subtrees: Vec<Subtree>,
    /// Where each hash of the result ends in `subtrees`.
    ends: Vec<usize>,
}

impl Plan {
    /// The root of the tree over the first `size` leaves: one hash.
    #[must_use]
    pub fn root(size: u64) -> Self {
        let mut plan = Self::default();
        plan.take(0..size);
        plan
    }

    /// The audit path of a leaf (RFC 6962 §2.1.1), from its sibling up to the root's child; none when the leaf is not in
    /// a tree of that size.
    #[must_use]
    pub fn inclusion(index: u64, size: u64) -> Option<Self> {
        if index >= size {
            return None;
        }
        let mut ranges = Vec::new();
        let mut within = 0..size;
        while within.end - within.start > 1 {
            let middle = within.start + split(within.end - within.start);
            if index < middle {
                ranges.push(middle..within.end);
                within.end = middle;
            } else {
                ranges.push(within.start..middle);
                within.start = middle;
            }
        }
        Some(Self::bottom_up(ranges))
    }

    /// The proof that the tree of size `to` begins with the tree of size `from` (RFC 6962 §2.1.2); none unless
    /// `from <= to`. It is empty for equal sizes and for `from` 0.
    #[must_use]
    pub fn consistency(from: u64, to: u64) -> Option<Self> {
        if from > to {
            return None;
        }
        let mut ranges = Vec::new();
        if from > 0 && from < to {
            let mut within = 0..to;
            while within.end != from {
                let middle = within.start + split(within.end - within.start);
                if from <= middle {
                    ranges.push(middle..within.end);
                    within.end = middle;
                } else {
                    ranges.push(within.start..middle);
                    within.start = middle;
                }
            }
            // The old tree itself needs no hash: who checks the proof has its root.
            if within.start > 0 {
                ranges.push(within);
            }
        }
        Some(Self::bottom_up(ranges))
    }

    /// The subtrees whose hashes are needed, in the order in which [`Plan::assemble`] takes them.
    #[must_use]
    pub fn subtrees(&self) -> &[Subtree] {
        &self.subtrees
    }

    /// Puts the hashes of [`Plan::subtrees`] together; those that are missing at the end leave out what needs them.
    #[must_use]
    pub fn assemble(&self, hashes: &[Hash]) -> Vec<Hash> {
        let mut start = 0;
        let ranges = self.ends.iter().map(|end| std::mem::replace(&mut start, *end)..*end);
        ranges.map_while(|range| hashes.get(range)).map(fold).collect()
    }

    fn bottom_up(ranges: Vec<Range<u64>>) -> Self {
        let mut plan = Self::default();
        ranges.into_iter().rev().for_each(|range| plan.take(range));
        plan
    }

    /// Adds the hash of a range that begins where a subtree at least as large as it begins.
    fn take(&mut self, range: Range<u64>) {
        let mut start = range.start;
        while start < range.end {
            let height = (range.end - start).ilog2();
            self.subtrees.push(Subtree { height, index: start >> height });
            start += 1 << height;
        }
        self.ends.push(self.subtrees.len());
    }
}

/// The largest power of two smaller than `n`, which is more than 1.
fn split(n: u64) -> u64 {
    1 << (n - 1).ilog2()
}
