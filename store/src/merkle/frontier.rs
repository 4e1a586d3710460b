//! The right edge of a growing tree.

use super::hash::{Hash, fold, node_hash};
use super::plan::{Plan, Subtree};

/// The complete subtrees of a tree of some size, from left to right, each higher than the next. It is all that is needed
/// to make the tree larger, to tell its root, and to prove that the next leaf is the last of the next tree.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Frontier {
    size: u64,
    peaks: Vec<Hash>,
}

impl Frontier {
    /// The frontier of a tree of that size from the hashes of the subtrees of [`Plan::root`]; none when their number is
    /// not right.
    #[must_use]
    pub fn of(size: u64, peaks: Vec<Hash>) -> Option<Self> {
        (peaks.len() == Plan::root(size).subtrees().len()).then_some(Self { size, peaks })
    }

    /// How many leaves there are.
    #[must_use]
    pub fn size(&self) -> u64 {
        self.size
    }

    /// Adds a leaf, and tells of every subtree that it completes: the leaf itself first, then the higher ones.
    pub fn push(&mut self, leaf: Hash, completed: &mut dyn FnMut(Subtree, &Hash)) {
        self.push_complete(0, leaf, completed);
    }

    /// Adds a complete subtree of a height, as [`Frontier::push`] adds a leaf. The size must be a multiple of its leaves.
    pub fn push_complete(&mut self, height: u32, hash: Hash, completed: &mut dyn FnMut(Subtree, &Hash)) {
        let mut node = Subtree { height, index: self.size >> height };
        let mut hash = hash;
        completed(node, &hash);
        while node.index % 2 == 1
            && let Some(left) = self.peaks.pop()
        {
            hash = node_hash(&left, &hash);
            node = Subtree { height: node.height + 1, index: node.index / 2 };
            completed(node, &hash);
        }
        self.peaks.push(hash);
        self.size += 1 << height;
    }

    /// Adds a whole tree that is smaller than every subtree here.
    pub fn append_smaller(&mut self, other: &Self) {
        self.peaks.extend(&other.peaks);
        self.size += other.size;
    }

    /// The root.
    #[must_use]
    pub fn root(&self) -> Hash {
        fold(&self.peaks)
    }

    /// The audit path of the leaf that comes next, in the tree that ends with it: the subtrees to its left.
    #[must_use]
    pub fn path_of_next(&self) -> Vec<Hash> {
        self.peaks.iter().rev().copied().collect()
    }
}
