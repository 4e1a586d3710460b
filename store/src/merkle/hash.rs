//! The two hashes of the tree (RFC 6962 §2.1).

use sha2::{Digest, Sha256};

/// A hash of the tree: of a leaf, of a subtree, or its root.
pub type Hash = [u8; 32];

/// Bytes in lower-case hexadecimal: the form of hashes in answers and files.
#[must_use]
pub fn hex(bytes: &[u8]) -> String {
    let digit = |value: u8| char::from(b"0123456789abcdef"[usize::from(value & 15)]);
    bytes.iter().flat_map(|byte| [digit(byte >> 4), digit(*byte)]).collect()
}

/// Reads what [`hex`] writes; none when it is not so many bytes. Digits may be upper case.
#[must_use]
pub fn unhex<const N: usize>(text: &str) -> Option<[u8; N]> {
    let mut bytes = [0; N];
    if text.len() != 2 * N || !text.bytes().all(|digit| digit.is_ascii_hexdigit()) {
        return None;
    }
    for (byte, digits) in bytes.iter_mut().zip(text.as_bytes().chunks_exact(2)) {
        *byte = u8::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok()?;
    }
    Some(bytes)
}

/// Hash of a leaf: SHA-256 of 0x00 and the stored bytes.
#[must_use]
pub fn leaf_hash(body: &[u8]) -> Hash {
    let mut hasher = Sha256::new();
    hasher.update([0_u8]);
    hasher.update(body);
    hasher.finalize().into()
}

/// Hash of two neighbours: SHA-256 of 0x01, the left one and the right one.
#[must_use]
pub fn node_hash(left: &Hash, right: &Hash) -> Hash {
    let mut bytes = [1; 65];
    bytes[1..33].copy_from_slice(left);
    bytes[33..].copy_from_slice(right);
    Sha256::digest(bytes).into()
}

/// Root of the tree without leaves: SHA-256 of nothing.
#[must_use]
pub fn empty_root() -> Hash {
    Sha256::digest([]).into()
}

/// Root over subtrees that stand side by side, from left to right, each at least as high as the next: the last two are
/// joined first. Of none it is [`empty_root`].
pub(super) fn fold(peaks: &[Hash]) -> Hash {
    let Some((last, rest)) = peaks.split_last() else { return empty_root() };
    rest.iter().rev().fold(*last, |right, left| node_hash(left, &right))
}
