//! Checking proofs (RFC 9162 §2.1.3.2 and §2.1.4.2; the proofs are those of RFC 6962).

use super::hash::{Hash, node_hash};

/// The root that an audit path leads to from a leaf; none when the path does not fit leaf and size.
#[must_use]
pub fn root_of_path(leaf: &Hash, index: u64, size: u64, path: &[Hash]) -> Option<Hash> {
    if index >= size {
        return None;
    }
    let (mut node, mut last, mut hash) = (index, size - 1, *leaf);
    for sibling in path {
        if last == 0 {
            return None;
        }
        if node % 2 == 1 || node == last {
            hash = node_hash(sibling, &hash);
            // At the right edge the node goes up without a sibling until it is a right child.
            while node % 2 == 0 && node != 0 {
                node >>= 1;
                last >>= 1;
            }
        } else {
            hash = node_hash(&hash, sibling);
        }
        node >>= 1;
        last >>= 1;
    }
    (last == 0).then_some(hash)
}

/// Whether a leaf is at a place of the tree of that size and root.
#[must_use]
pub fn verify_inclusion(leaf: &Hash, index: u64, size: u64, path: &[Hash], root: &Hash) -> bool {
    root_of_path(leaf, index, size, path).as_ref() == Some(root)
}

/// Whether the tree of size `to` begins with the tree of size `from`. Every tree begins with the empty one.
#[must_use]
pub fn verify_consistency(from: u64, to: u64, from_root: &Hash, to_root: &Hash, path: &[Hash]) -> bool {
    if from == to {
        return path.is_empty() && from_root == to_root;
    }
    if from == 0 {
        return path.is_empty() && *from_root == super::empty_root();
    }
    if from > to {
        return false;
    }
    // When the old tree is a complete subtree of the new one, its root stands for the first hash.
    let (first, path) = match (from.is_power_of_two(), path.split_first()) {
        (true, _) => (from_root, path),
        (false, Some((first, rest))) => (first, rest),
        (false, None) => return false,
    };
    let (mut node, mut last) = (from - 1, to - 1);
    while node % 2 == 1 {
        node >>= 1;
        last >>= 1;
    }
    let (mut old, mut new) = (*first, *first);
    for hash in path {
        if last == 0 {
            return false;
        }
        if node % 2 == 1 || node == last {
            old = node_hash(hash, &old);
            new = node_hash(hash, &new);
            while node % 2 == 0 && node != 0 {
                node >>= 1;
                last >>= 1;
            }
        } else {
            new = node_hash(&new, hash);
        }
        node >>= 1;
        last >>= 1;
    }
    last == 0 && old == *from_root && new == *to_root
}
