//! The tree in the eyes of `tlog_tiles`, Cloudflare's port of Go's `sumdb/tlog`: our tiles, checkpoints and proofs are read
//! and verified by it, and its proofs by ours. And the answers of a public log of certificates that Go's tests keep.

use super::super::note::VerifierKey;
use super::{Checkpoint, Frontier, Hash, Plan, Subtree, leaf_hash, verify_consistency, verify_inclusion};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use std::collections::HashMap;
use tlog_tiles::{
    Error, HashReader, Tile, TileHashReader, TileReader, check_record, check_tree, prove_record, prove_tree,
    stored_hash_index, tree_hash,
};

/// Leaves of a full tile.
const WIDTH: u64 = 256;
/// Sizes at and beside the borders of tiles of the levels 0, 1 and 2.
const SIZES: [u64; 13] = [1, 2, 3, 255, 256, 257, 511, 512, 513, 65_535, 65_536, 65_537, 65_793];

/// All complete subtrees, and the root of every size of [`SIZES`].
struct Grown {
    subtrees: HashMap<Subtree, Hash>,
    roots: HashMap<u64, Hash>,
}

impl Grown {
    fn new() -> Self {
        let (mut subtrees, mut roots) = (HashMap::new(), HashMap::new());
        let mut frontier = Frontier::default();
        for number in 0..SIZES[SIZES.len() - 1] {
            frontier.push(leaf(number), &mut |subtree, hash| {
                subtrees.insert(subtree, *hash);
            });
            if SIZES.contains(&frontier.size()) {
                roots.insert(frontier.size(), frontier.root());
            }
        }
        Self { subtrees, roots }
    }

    fn made(&self, plan: &Plan) -> Vec<Hash> {
        plan.assemble(&plan.subtrees().iter().map(|subtree| self.subtrees[subtree]).collect::<Vec<_>>())
    }
}

/// Our tiles, as `/tile/<level>/<number>` gives them.
impl TileReader for Grown {
    fn height(&self) -> u8 {
        8
    }

    fn read_tiles(&self, tiles: &[Tile]) -> Result<Vec<Vec<u8>>, Error> {
        let of_tile = |tile: &Tile| {
            let first = tile.level_index() * WIDTH;
            let height = u32::from(tile.level()) * 8;
            let hashes = (first..first + u64::from(tile.width())).map(|index| Subtree { height, index });
            hashes.map(|subtree| self.subtrees.get(&subtree).copied().ok_or(Error::InvalidTile)).collect()
        };
        let hashes: Result<Vec<Vec<Hash>>, Error> = tiles.iter().map(of_tile).collect();
        Ok(hashes?.iter().map(|hashes| hashes.concat()).collect())
    }

    fn save_tiles(&self, _: &[Tile], _: &[Vec<u8>]) {}
}

fn leaf(number: u64) -> Hash {
    leaf_hash(&number.to_be_bytes())
}

fn theirs(hashes: &[Hash]) -> Vec<tlog_tiles::Hash> {
    hashes.iter().map(|hash| tlog_tiles::Hash(*hash)).collect()
}

fn ours(hashes: &[tlog_tiles::Hash]) -> Vec<Hash> {
    hashes.iter().map(|hash| hash.0).collect()
}

fn decoded(texts: &[&str]) -> Vec<Hash> {
    texts.iter().map(|text| STANDARD.decode(text).unwrap().try_into().unwrap()).collect()
}

/// Leaves worth asking for: the ends, and both sides of every border.
fn indexes(size: u64) -> impl Iterator<Item = u64> {
    [0, 1, 2, 254, 255, 256, 257, 511, 512, 65_279, 65_280, 65_535, 65_536, 65_792]
        .into_iter()
        .chain([size - 1, size / 2])
        .filter(move |index| *index < size)
}

#[test]
fn another_implementation_reads_our_tiles_and_verifies_our_proofs_as_we_do_its() {
    let grown = Grown::new();
    for size in SIZES {
        let root = grown.roots[&size];
        let reader = TileHashReader::new(size, tlog_tiles::Hash(root), &grown);
        assert_eq!(tree_hash(size, &reader).unwrap().0, root);
        for index in indexes(size) {
            let path = grown.made(&Plan::inclusion(index, size).unwrap());
            let (their_root, their_leaf) = (tlog_tiles::Hash(root), tlog_tiles::Hash(leaf(index)));
            check_record(&theirs(&path), size, their_root, index, their_leaf).unwrap();
            // Their reader checks every tile against the root before it takes a hash from it.
            assert_eq!(reader.read_hashes(&[stored_hash_index(0, index)]).unwrap()[0].0, leaf(index));
            assert_eq!(ours(&prove_record(size, index, &reader).unwrap()), path);
            assert!(verify_inclusion(&leaf(index), index, size, &path, &root));
            let other = tlog_tiles::Hash(leaf(index + 1));
            assert!(check_record(&theirs(&path), size, their_root, index, other).is_err());
        }
        for from in SIZES.into_iter().filter(|from| *from <= size) {
            let (old, path) = (grown.roots[&from], grown.made(&Plan::consistency(from, size).unwrap()));
            check_tree(&theirs(&path), size, tlog_tiles::Hash(root), from, tlog_tiles::Hash(old)).unwrap();
            assert_eq!(ours(&prove_tree(size, from, &reader).unwrap()), path, "{from} {size}");
            assert!(verify_consistency(from, size, &old, &root, &path));
        }
    }
}

#[test]
fn a_tile_with_one_wrong_bit_is_refused_by_another_implementation() {
    let mut grown = Grown::new();
    let size = 65_793;
    let root = grown.roots[&size];
    for wrong in
        [Subtree { height: 0, index: 300 }, Subtree { height: 8, index: 2 }, Subtree { height: 16, index: 0 }]
    {
        let whole = grown.subtrees[&wrong];
        grown.subtrees.get_mut(&wrong).unwrap()[31] ^= 1;
        let read = TileHashReader::new(size, tlog_tiles::Hash(root), &grown)
            .read_hashes(&[stored_hash_index(0, 300)]);
        // A tile of a level below the top is compared with its parent; the top ones make up the root.
        assert!(matches!(read, Err(Error::InconsistentTile)), "{wrong:?}: {read:?}");
        grown.subtrees.insert(wrong, whole);
    }
    let reader = TileHashReader::new(size, tlog_tiles::Hash(root), &grown);
    assert_eq!(reader.read_hashes(&[stored_hash_index(0, 300)]).unwrap()[0].0, leaf(300));
}

#[test]
fn another_implementation_reads_and_writes_our_checkpoints() {
    for (size, root) in [(0, super::empty_root()), (1, leaf(0)), (20_852_163, leaf(7)), (u64::MAX, [255; 32])]
    {
        let checkpoint = Checkpoint { origin: "accord/x".to_owned(), size, root };
        let text = checkpoint.text();
        let read = tlog_tiles::Checkpoint::from_bytes(text.as_bytes()).unwrap();
        assert_eq!(
            (read.origin(), read.size(), read.hash().0, read.extension()),
            ("accord/x", size, root, "")
        );
        assert_eq!(read.to_bytes(), text.as_bytes());
        assert_eq!(Checkpoint::parse(std::str::from_utf8(&read.to_bytes()).unwrap()).unwrap(), checkpoint);
    }
    // What one refuses the other does too.
    let root = STANDARD.encode([7; 32]);
    let good = format!("accord/x\n12\n{root}\n");
    for wrong in [
        good.replace("12", "012"),
        good.replace("12", "+12"),
        good.replace("12", "-1"),
        good.replace("12", "18446744073709551616"),
        good.replace("accord/x", ""),
        good.replace(&root, &root[4..]),
        good.trim_end().to_owned(),
        format!("{good}\n"),
        format!("{good}\nmore\n"),
        String::new(),
    ] {
        let (own, other) =
            (Checkpoint::parse(&wrong).is_ok(), tlog_tiles::Checkpoint::from_bytes(wrong.as_bytes()).is_ok());
        assert_eq!((own, other), (false, false), "{wrong:?}");
    }
}

/// Size of Google's log Argon 2020 when it was asked, and its root (`ct_test.go` of golang.org/x/mod, `tests/http_get` of
/// `tlog_tiles`).
const ARGON: (u64, &str) = (961_984_011, "AWxD3p811N3m4WTinWRXPvBZHfT9IR9g/R4C7SKLPiU=");
/// Its size and root some time before.
const ARGON_BEFORE: (u64, &str) = (3_654_490, "AuIZ5V6sDUj1vn3Y1K85oOaQ7y+FJJKtyRTl1edIKBQ=");
/// Leaf hash of its entry 10,000.
const ARGON_LEAF: (u64, &str) = (10_000, "nCs3mfIydh9x4CKyQ+u2xtmpxmFggA5MLymHwNQSlLg=");
/// The audit path that the log answered.
const ARGON_PATH: [&str; 30] = [
    "T46AmJsuOM/gFiGlUp+IJJebp+1Z5qratFNW7U0JyOQ=",
    "9Jj1Feodn42uRYEfffkV4HF/EIPFQ5Zo9IwkxbQ2uhk=",
    "D53/1oCNebF4J59HHgioovKZxrmrKcVuCVhy3Izg8Ck=",
    "wSFDgGSrsXRPA+1c8WHoAFCsWeUv8NDyP/Q/SgsyVyY=",
    "516/RcwsgdwdzHn18v1dJHqBkgFUbNhmCIWOGjsMJaE=",
    "naTFY2ajLFgrgs5XUl+zJYZnnlJksLGsA1VYwpLfqbY=",
    "mKBRJo6qao+0Kdh/rhGkZUbHUAxMhrtrclrTpIbNjIg=",
    "Co4ueOFE7lpifLio94irxxsv1wFMMaK3tPu2ZQkHlro=",
    "yRgy800K6JMYCC05sWfqF2kvCg2riT/pVM+nEa6V5+0=",
    "n2O38XJZC8/Wpbwi9HhgVizlUyeUHVZvYyQB1607MRc=",
    "go3tAjuNfNSCj87y2Rg1xOroDknGN1eaf3cgvzObf7Q=",
    "8D0Mj3/J7ySSnFb0afIHYXv6rlOhECnsebY6XKi1IR8=",
    "6rcez46ZU8M5vPiWVMAUfJfAOV0pPP/mch/lYzZhj/M=",
    "2rtIeXrPvSdUyHc5maIgSAVB2BzaKaupWxSAiVayDE4=",
    "nniW/IMFQPN5xw8UsHFn7CRStYbm1gLu7NNa6kkRqJQ=",
    "mRPPi7sQS22MduIEyvcNzCNFqIt6kLwYPkNKrVtIcu8=",
    "JvTivzESNS9wHI8aph5a7uieVmtS/p9PciMZ5D6GyOo=",
    "UTyQd+Ym0wY4zG+qK806bBORwi1CSVvFQ/KknnqoZj8=",
    "hXODrqN+ff+U6zPqRQ+ZQKs6im1fPcxIerDSfNwflhE=",
    "II6GE+WY/DrpZzfHztLwkR46o37zVkNLCyPYlf68zA0=",
    "d609kWWcNBllbA8Jb/ad4XAVVGnScLRmtP8FYyr+Dck=",
    "rikBsP0G0gioXRpBFED2CzQdSLrGPvRd0bEcbEZw1rI=",
    "GXIElfmnRuWfbA4z7ubV/UwlpSRUbUeec7oL5HDDnh0=",
    "pR0SH/NYP6s9+8azWwaeUXA4Ze/3WCIgMfh5YW6wvcE=",
    "f3GuAKYVrF8RBg3s15jvA/YvV9oAliWtzP/imwPhQVA=",
    "WHn8zDxlVgkV+lSlmzaOdfSBrTHoRr5nT3d76q0KKWE=",
    "f2uV2ZxVgULzLPKuZcowRY3ZY7fRlX59iDBjV1R8kNQ=",
    "NzQVjJsvQwbi7WStMr9oFkh9VbHfK7LB6o7WwAqwNTs=",
    "C0LttBeYHZHgL+032JIcJC3CTBIyza/hsbmJUgJfmDI=",
    "30HzZbwT4DdqHQi4f7+WRG6M4YwVGaKgGXicDvSFT6k=",
];
/// The consistency proof that the log answered.
const ARGON_CONSISTENCY: [&str; 30] = [
    "80Sfbj6UQEdVSZCSIgh9NMPj3vCBzcc1A48B2crJSWg=",
    "FZcrgAHUk6nNPviJZq8kEK6jCG1d18pJOFE45ZDc1TQ=",
    "Q67reWXmPBo1UfmwBap4Xi9PMPfFdUSSw3WGlRZdG7k=",
    "eJ7CyhR4PxzBxDIsWgrVYW1eFUb9ndgf46tFmiqVrxA=",
    "QrDwp062Grm5WY8KdrhFsBuuNjGzRox2Jb8PmVL5OYw=",
    "XM4YMjMEdLH/XJam/ZWyaP14k3cmsOtnPsOWQ54lW1s=",
    "SGiBh+jOTGccXU48ZzgQ88lRcBmtB4wz4oSDndv2QTg=",
    "WAS6txqNLYKGL1GdBdpqmV42TTfn6cJsuDsqLXuTCNI=",
    "QFmRS0rirUA7ZN3lxFjDncV+E1OCrn3NUB4RCp+5fzc=",
    "Hdbp7It2XBNZmNDBpCN/KPd7vfVqxgzwOosqVIaEA9E=",
    "mxvHL0ZiblBdD7j7pIa1jlfB0gSqfJ6oX0UGo7L0VsU=",
    "q5hjyvoW6TL/PThgcitpDcSTrnKX2p1+aqscqH2euRA=",
    "jTOWDqt3IHj2NVFeezyBz2ofpru+ztEywqKUAfFclKI=",
    "GIRn0w3HqJdvU9j1WVD//eR6lk2AaTVjyzjsJNP8U88=",
    "x52GJvxG81fnQBrgOTbll1A5tz95/LXK0Ag1NhB0r1I=",
    "6/0OqrcTgc3o5dD5PymmoC96lB9yLPFuTHVvLy8fSGk=",
    "Gf+iKLfcXO5l4JEFmsZvSdG5q1uEeWPfYLrds6pmjz0=",
    "DGuaco+McyM3AfRSF6qX7RwSetwe2ieYJmxw5e9rVx0=",
    "2tQJ9V32hnYp+fdpP6TcjmgJmLeNVOMKM0Ml1kk4cNU=",
    "3PapK+IkyJr8I9yAErAmzuZezzLMzsg+PfeRCgNW8NQ=",
    "s6xiYeejb+wtqHA+URJZ2I/SCPyIW8coP6aB00FJbMY=",
    "z9lSpmdTcr5M5ZzKlc4EPh3SrSypKFdk6JUF/UccaZU=",
    "GXIElfmnRuWfbA4z7ubV/UwlpSRUbUeec7oL5HDDnh0=",
    "pR0SH/NYP6s9+8azWwaeUXA4Ze/3WCIgMfh5YW6wvcE=",
    "f3GuAKYVrF8RBg3s15jvA/YvV9oAliWtzP/imwPhQVA=",
    "WHn8zDxlVgkV+lSlmzaOdfSBrTHoRr5nT3d76q0KKWE=",
    "f2uV2ZxVgULzLPKuZcowRY3ZY7fRlX59iDBjV1R8kNQ=",
    "NzQVjJsvQwbi7WStMr9oFkh9VbHfK7LB6o7WwAqwNTs=",
    "C0LttBeYHZHgL+032JIcJC3CTBIyza/hsbmJUgJfmDI=",
    "30HzZbwT4DdqHQi4f7+WRG6M4YwVGaKgGXicDvSFT6k=",
];

#[test]
fn the_answers_of_a_public_log_with_961_984_011_entries_hold() {
    let [root, before, leaf] = decoded(&[ARGON.1, ARGON_BEFORE.1, ARGON_LEAF.1])[..] else {
        panic!("three hashes")
    };
    let (path, proof) = (decoded(&ARGON_PATH), decoded(&ARGON_CONSISTENCY));
    assert!(verify_inclusion(&leaf, ARGON_LEAF.0, ARGON.0, &path, &root));
    assert!(!verify_inclusion(&leaf, ARGON_LEAF.0 + 1, ARGON.0, &path, &root));
    assert!(!verify_inclusion(&before, ARGON_LEAF.0, ARGON.0, &path, &root));
    assert!(verify_consistency(ARGON_BEFORE.0, ARGON.0, &before, &root, &proof));
    assert!(!verify_consistency(ARGON_BEFORE.0 + 1, ARGON.0, &before, &root, &proof));
    assert!(!verify_consistency(ARGON_BEFORE.0, ARGON.0, &leaf, &root, &proof));
    // As many hashes as our own plans would ask for.
    assert_eq!(
        Plan::inclusion(ARGON_LEAF.0, ARGON.0)
            .unwrap()
            .assemble(&vec![root; Plan::inclusion(ARGON_LEAF.0, ARGON.0).unwrap().subtrees().len()])
            .len(),
        path.len()
    );
}

/// `TestNewVerifier` of golang.org/x/mod/sumdb/note: no part of a key is a key, and none with a byte changed.
#[test]
fn mangled_keys_are_refused_as_go_refuses_them() {
    const KEY: &str = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW";
    assert!(VerifierKey::parse(KEY).is_ok());
    for from in 0..=KEY.len() {
        for to in from + 1..=KEY.len() {
            let whole = (from, to) == (0, KEY.len());
            assert_eq!(VerifierKey::parse(&KEY[from..to]).is_ok(), whole, "{from}..{to}");
        }
    }
    for at in 0..KEY.len() {
        let mut mangled = KEY.as_bytes().to_vec();
        mangled[at] += 1;
        assert!(VerifierKey::parse(std::str::from_utf8(&mangled).unwrap()).is_err(), "byte {at}");
    }
    // A key of the wrong length and one of an unknown type, each under the id that fits.
    assert!(
        VerifierKey::parse("PeterNeumann+cc469956+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TWBADKEY==")
            .is_err()
    );
    assert!(
        VerifierKey::parse("PeterNeumann+173116ae+ZRpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW").is_err()
    );
}
