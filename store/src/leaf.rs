//! Leaf hashes of the Merkle tree.

use sha2::{Digest, Sha256};

/// SHA-256 of 0x00 and the bytes (RFC 6962 §2.1).
#[must_use]
pub fn leaf_hash(body: &[u8]) -> [u8; 32] {
    let mut hasher = Sha256::new();
    hasher.update([0_u8]);
    hasher.update(body);
    hasher.finalize().into()
}
