//! The tree against published vectors, against a naive recursive model, and against another implementation.

mod tlog;

use super::note::{COSIGNATURE, Checkpoint, NoteError, Proof, SignedNote, VerifierKey};
use super::*;
use ct_merkle::mem_backed_tree::MemoryBackedTree;
use proptest::prelude::*;
use sha2::Sha256;

/// Leaves of the test vectors of Certificate Transparency, and the root of every tree over the first of them.
const CT: [(&[u8], &str); 8] = [
    (b"", "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d"),
    (b"\x00", "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125"),
    (b"\x10", "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77"),
    (b"\x20\x21", "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7"),
    (b"\x30\x31", "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4"),
    (b"\x40\x41\x42\x43", "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef"),
    (b"\x50\x51\x52\x53\x54\x55\x56\x57", "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c"),
    (
        b"\x60\x61\x62\x63\x64\x65\x66\x67\x68\x69\x6a\x6b\x6c\x6d\x6e\x6f",
        "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
    ),
];

fn hex(hash: &Hash) -> String {
    hash.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn leaves(count: u64) -> Vec<Hash> {
    (0..count).map(|number| leaf_hash(&number.to_be_bytes())).collect()
}

/// Hashes of the subtrees a plan names, from leaves.
fn hashes(plan: &Plan, leaves: &[Hash]) -> Vec<Hash> {
    let naive = |subtree: &Subtree| {
        let range = subtree.leaves();
        model::root(&leaves[range.start as usize..range.end as usize])
    };
    plan.subtrees().iter().map(naive).collect()
}

fn made(plan: &Plan, leaves: &[Hash]) -> Vec<Hash> {
    plan.assemble(&hashes(plan, leaves))
}

/// RFC 6962 §2.1, word for word.
mod model {
    use super::{Hash, empty_root, node_hash};

    fn split(n: usize) -> usize {
        (1..).map(|power| 1 << power).take_while(|k| *k < n).last().unwrap_or(1)
    }

    pub(super) fn root(leaves: &[Hash]) -> Hash {
        match leaves {
            [] => empty_root(),
            [leaf] => *leaf,
            _ => {
                let (left, right) = leaves.split_at(split(leaves.len()));
                node_hash(&root(left), &root(right))
            }
        }
    }

    pub(super) fn path(m: usize, leaves: &[Hash]) -> Vec<Hash> {
        if leaves.len() == 1 {
            return Vec::new();
        }
        let (left, right) = leaves.split_at(split(leaves.len()));
        let (mut path, sibling) = if m < left.len() {
            (path(m, left), root(right))
        } else {
            (path(m - left.len(), right), root(left))
        };
        path.push(sibling);
        path
    }

    pub(super) fn consistency(m: usize, leaves: &[Hash], whole: bool) -> Vec<Hash> {
        if m == leaves.len() {
            return if whole { Vec::new() } else { vec![root(leaves)] };
        }
        let (left, right) = leaves.split_at(split(leaves.len()));
        let (mut proof, sibling) = if m <= left.len() {
            (consistency(m, left, whole), root(right))
        } else {
            (consistency(m - left.len(), right, false), root(left))
        };
        proof.push(sibling);
        proof
    }
}

#[test]
fn the_vectors_of_certificate_transparency_hold() {
    assert_eq!(hex(&empty_root()), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    let leaves: Vec<Hash> = CT.iter().map(|(leaf, _)| leaf_hash(leaf)).collect();
    let mut frontier = Frontier::default();
    assert_eq!(frontier.root(), empty_root());
    for (count, (_, root)) in (1..).zip(&CT) {
        frontier.push(leaves[count - 1], &mut |_, _| {});
        assert_eq!(hex(&frontier.root()), *root);
        assert_eq!(made(&Plan::root(count as u64), &leaves), [frontier.root()]);
    }
    // The paths that RFC 6962 §2.1.3 draws for seven leaves: [b,h,l], [c,g,l], [f,j,k], [i,k].
    let seven = &leaves[..7];
    let node = |from: usize, to: usize| model::root(&leaves[from..to]);
    let path = |index| made(&Plan::inclusion(index, 7).unwrap(), seven);
    assert_eq!(path(0), [leaves[1], node(2, 4), node(4, 7)]);
    assert_eq!(path(3), [leaves[2], node(0, 2), node(4, 7)]);
    assert_eq!(path(4), [leaves[5], leaves[6], node(0, 4)]);
    assert_eq!(path(6), [node(4, 6), node(0, 4)]);
    // And the consistency proofs from 3, 4 and 6: [c,d,g,l], [l], [i,j,k].
    let proof = |from| made(&Plan::consistency(from, 7).unwrap(), seven);
    assert_eq!(proof(3), [leaves[2], leaves[3], node(0, 2), node(4, 7)]);
    assert_eq!(proof(4), [node(4, 7)]);
    assert_eq!(proof(6), [node(4, 6), leaves[6], node(0, 4)]);
}

#[test]
fn every_proof_up_to_64_leaves_is_the_models_and_another_implementations() {
    let all = leaves(64);
    let mut other = MemoryBackedTree::<Sha256, Vec<u8>>::new();
    for size in 1..=64_u64 {
        other.push((size - 1).to_be_bytes().to_vec());
        let leaves = &all[..size as usize];
        let root = model::root(leaves);
        assert_eq!(root[..], other.root().as_bytes()[..]);
        for index in 0..size {
            let path = made(&Plan::inclusion(index, size).unwrap(), leaves);
            assert_eq!(path, model::path(index as usize, leaves));
            assert_eq!(path.concat(), other.prove_inclusion(index as usize).as_bytes());
            assert!(verify_inclusion(&leaves[index as usize], index, size, &path, &root));
        }
        for from in 1..=size {
            let path = made(&Plan::consistency(from, size).unwrap(), leaves);
            assert_eq!(path, model::consistency(from as usize, leaves, true));
            assert_eq!(path.concat(), other.prove_consistency((size - from) as usize).as_bytes());
            let old = model::root(&all[..from as usize]);
            assert!(verify_consistency(from, size, &old, &root, &path), "{from} {size}");
        }
        assert!(verify_consistency(0, size, &empty_root(), &root, &[]));
        assert!(!verify_consistency(0, size, &root, &root, &[]));
    }
    assert_eq!(Plan::inclusion(3, 3), None);
    assert_eq!(Plan::consistency(4, 3), None);
}

#[test]
fn a_frontier_tells_of_every_complete_subtree_once_and_is_found_again() {
    let all = leaves(100);
    let mut frontier = Frontier::default();
    let mut told = Vec::new();
    for leaf in &all {
        let size = frontier.size();
        let path = frontier.path_of_next();
        let again = Frontier::of(size, hashes(&Plan::root(size), &all)).unwrap();
        assert_eq!(again, frontier);
        frontier.push(*leaf, &mut |subtree, hash| told.push((subtree, *hash)));
        assert!(verify_inclusion(leaf, size, size + 1, &path, &frontier.root()));
    }
    for (subtree, hash) in &told {
        let range = subtree.leaves();
        assert_eq!(*hash, model::root(&all[range.start as usize..range.end as usize]));
    }
    told.sort_unstable();
    told.dedup();
    assert_eq!(told.len(), 100 + 50 + 25 + 12 + 6 + 3 + 1);
    assert_eq!(Frontier::of(3, Vec::new()), None);
}

proptest! {
    #[test]
    fn a_proof_holds_if_and_only_if_nothing_was_touched(
        size in 1..300_u64, index in 0..300_u64, other in 0..300_u64, byte in 0..32_usize, at in 0..20_usize,
    ) {
        let (index, from) = (index % size, other % size + 1);
        let all = leaves(size);
        let root = model::root(&all);
        let leaf = all[index as usize];
        let path = made(&Plan::inclusion(index, size).unwrap(), &all);
        prop_assert!(verify_inclusion(&leaf, index, size, &path, &root));
        let flipped = |hash: &Hash| { let mut hash = *hash; hash[byte] ^= 1; hash };
        prop_assert!(!verify_inclusion(&flipped(&leaf), index, size, &path, &root));
        prop_assert!(!verify_inclusion(&leaf, index, size, &path, &flipped(&root)));
        prop_assert!(!verify_inclusion(&leaf, index ^ 1, size, &path, &root));
        prop_assert!(!verify_inclusion(&leaf, index, size, &[path.clone(), vec![root]].concat(), &root));
        if !path.is_empty() {
            let mut wrong = path.clone();
            let at = at % wrong.len();
            wrong[at] = flipped(&wrong[at]);
            prop_assert!(!verify_inclusion(&leaf, index, size, &wrong, &root));
            prop_assert!(!verify_inclusion(&leaf, index, size, &path[..path.len() - 1], &root));
        }
        let old = model::root(&all[..from as usize]);
        let path = made(&Plan::consistency(from, size).unwrap(), &all);
        prop_assert!(verify_consistency(from, size, &old, &root, &path));
        prop_assert!(!verify_consistency(from, size, &flipped(&old), &root, &path));
        prop_assert!(!verify_consistency(from, size, &old, &flipped(&root), &path));
        prop_assert!(!verify_consistency(from, size, &old, &root, &[path.clone(), vec![root]].concat()));
        if !path.is_empty() {
            let mut wrong = path.clone();
            let at = at % wrong.len();
            wrong[at] = flipped(&wrong[at]);
            prop_assert!(!verify_consistency(from, size, &old, &root, &wrong));
        }
    }

    #[test]
    fn proofs_and_checkpoints_survive_their_text(index: u64, size: u64, count in 0..64_u64, root: Hash) {
        let checkpoint = Checkpoint { origin: "accord/x".to_owned(), size, root };
        prop_assert_eq!(Checkpoint::parse(&checkpoint.text()).unwrap(), checkpoint.clone());
        let proof = Proof { index, path: leaves(count), checkpoint: checkpoint.text() + "\n— accord/x AAAAAAA=\n" };
        prop_assert_eq!(Proof::parse(&proof.text()).unwrap(), proof);
    }
}

/// The example of c2sp.org/tlog-cosignature.
const COSIGNED: &str = "example.com/behind-the-sofa\n20852163\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n\n\
    — example.com/behind-the-sofa Az3grlgtzPICa5OS8npVmf1Myq/5IZniMp+ZJurmRDeOoRDe4URYN7u5/Zhcyv2q1gGzGku9nTo+zyWE+xeMcTOAYQ8=\n\
    — witness.example.com/w1 jWbPPwAAAABkGFDLEZMHwSRaJNiIDoe9DYn/zXcrtPHeolMI5OWXEhZCB9dlrDJsX3b2oyin1nPZqhf5nNo0xUe+mbIUBkBIfZ+qnA==\n";

#[test]
fn the_published_checkpoint_is_read_and_a_witness_is_verified() {
    let note = SignedNote::parse(COSIGNED).unwrap();
    let checkpoint = Checkpoint::parse(note.text()).unwrap();
    assert_eq!((checkpoint.origin.as_str(), checkpoint.size), ("example.com/behind-the-sofa", 20_852_163));
    // A witness of ours over the same text, with a time.
    use ed25519_dalek::{Signer, SigningKey};
    let secret = SigningKey::from_bytes(&[5; 32]);
    let witness = VerifierKey::new("witness.example/w", COSIGNATURE, secret.verifying_key()).unwrap();
    let time = 1_679_315_147_u64;
    let message = format!("cosignature/v1\ntime {time}\n{}", note.text());
    let mut signature = time.to_be_bytes().to_vec();
    signature.extend(secret.sign(message.as_bytes()).to_bytes());
    let line = super::note::signature_line(&witness, &signature);
    let cosigned = SignedNote::parse(&format!("{COSIGNED}{line}")).unwrap();
    assert_eq!(cosigned.verify(&witness), Ok(()));
    assert_eq!(cosigned.lines_of(&witness), line);
    assert!(matches!(note.verify(&witness), Err(NoteError::ForeignKey { .. })));
    // A time that was changed does not hold.
    signature[7] ^= 1;
    let line = super::note::signature_line(&witness, &signature);
    let changed = SignedNote::parse(&format!("{COSIGNED}{line}")).unwrap();
    assert!(matches!(changed.verify(&witness), Err(NoteError::Signature { .. })));
}
