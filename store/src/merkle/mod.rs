//! The Merkle tree over the log (RFC 6962 §2.1): pure, knows nothing of storage.
//!
//! The leaf of an event is the hash of its stored bytes, its index is the position. [`Plan`] names the complete subtrees
//! a root or a proof is made of; whoever stores hashes gives those of the subtrees named, and the plan puts them together.
//! [`Frontier`] is the right edge of a growing tree. [`verify_inclusion`] and [`verify_consistency`] need nothing else.
//! [`note`] holds what is signed: checkpoints, and the proof of one event with its checkpoint.

mod frontier;
mod hash;
pub mod note;
mod plan;
mod proof;
#[cfg(test)]
mod tests;

pub use frontier::Frontier;
pub use hash::{Hash, empty_root, hex, leaf_hash, node_hash, unhex};
pub use plan::{Plan, Subtree};
pub use proof::{root_of_path, verify_consistency, verify_inclusion};
