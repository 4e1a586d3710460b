//! What is served under `/tile/` and `/checkpoint`, read and verified by a reader of static logs that is not ours.

use super::{PHARMACY, Server, command, sign};
use accord_store::merkle::note::SignedNote;
use accord_store::verify::receipt::hash;
use axum::http::StatusCode;
use serde_json::json;
use std::collections::HashMap;
use tlog_tiles::{Checkpoint, Error, Hash, HashReader, Tile, TileHashReader, TileReader};
use tlog_tiles::{check_record, check_tree, prove_record, prove_tree, stored_hash_index, tree_hash};

/// The tiles of a tree as they were served.
struct Served(HashMap<String, Vec<u8>>);

impl TileReader for Served {
    fn height(&self) -> u8 {
        8
    }

    fn read_tiles(&self, tiles: &[Tile]) -> Result<Vec<Vec<u8>>, Error> {
        tiles.iter().map(|tile| self.0.get(&tile.path()).cloned().ok_or(Error::InvalidTile)).collect()
    }

    fn save_tiles(&self, _: &[Tile], _: &[Vec<u8>]) {}
}

impl Server {
    /// The checkpoint with its root, once its signature was seen to hold.
    async fn head(&self, size: u64) -> Checkpoint {
        let text = self.get(&format!("/v1/log/checkpoint?size={size}")).await.text;
        let note = SignedNote::parse(&text).unwrap();
        note.verify(&self.key()).unwrap();
        Checkpoint::from_bytes(note.text().as_bytes()).unwrap()
    }

    /// Every tile of a tree of a size. Where Go's form names the height, `/tile/8/0/000`, c2sp.org/tlog-tiles does not.
    async fn served(&self, size: u64) -> Served {
        let mut served = HashMap::new();
        for tile in Tile::new_tiles(8, 0, size) {
            let path = tile.path();
            let target = path.strip_prefix("tile/8/").map(|rest| format!("/tile/{rest}")).unwrap();
            served.insert(path, self.bytes(&target).await.unwrap_or_else(|| panic!("{target} of {size}")));
        }
        Served(served)
    }
}

#[tokio::test]
async fn a_reader_of_static_logs_that_is_not_ours_reads_and_verifies_what_is_served() {
    let server = Server::empty();
    let mut before: Vec<(u64, Hash)> = Vec::new();
    let mut events = 0;
    for size in [1, 2, 255, 256, 257] {
        while events < size {
            let act = match events {
                0 => sign(PHARMACY, "2025-01-01", "2026-01-01"),
                _ => command("institution.interview", PHARMACY, "2025-07-01", &json!({})),
            };
            assert_eq!(server.post(&act).await.status, StatusCode::OK);
            events += 1;
        }
        let head = server.head(size).await;
        assert_eq!((head.origin(), head.size()), (server.key().name(), size));
        let (root, tiles) = (*head.hash(), server.served(size).await);
        let reader = TileHashReader::new(size, root, &tiles);
        assert_eq!(tree_hash(size, &reader).unwrap(), root);
        for position in [0, 1, 254, 255, 256].into_iter().filter(|position| *position < size) {
            let list = server.get(&format!("/v1/events?after={}&limit=1", position.max(1) - 1)).await.json();
            let first = server.get("/v1/events?limit=1").await.json();
            let event = if position == 0 { &first["events"][0] } else { &list["events"][0] };
            let id = event["id"].as_str().unwrap();
            let leaf = tlog_tiles::record_hash(server.get(&format!("/v1/events/{id}")).await.text.as_bytes());
            assert_eq!(reader.read_hashes(&[stored_hash_index(0, position)]).unwrap(), [leaf]);
            let proof = server.get(&format!("/v1/events/{id}/proof?size={size}")).await.json();
            let path = proof["path"].as_array().unwrap().iter();
            let path: Vec<Hash> = path.map(|text| Hash(hash(text.as_str().unwrap()).unwrap())).collect();
            check_record(&path, size, root, position, leaf).unwrap();
            assert_eq!(prove_record(size, position, &reader).unwrap(), path);
        }
        for (from, old) in &before {
            let proof = server.get(&format!("/v1/log/consistency?from={from}&to={size}")).await.json();
            let path = proof["path"].as_array().unwrap().iter();
            let path: Vec<Hash> = path.map(|text| Hash(hash(text.as_str().unwrap()).unwrap())).collect();
            check_tree(&path, size, root, *from, *old).unwrap();
            assert_eq!(prove_tree(size, *from, &reader).unwrap(), path);
        }
        before.push((size, root));
    }
    // One bit of one tile: its reader refuses what it took before.
    let mut tiles = server.served(257).await;
    tiles.0.get_mut("tile/8/0/000").unwrap()[31] ^= 1;
    let reader = TileHashReader::new(257, before[4].1, &tiles);
    assert!(matches!(reader.read_hashes(&[stored_hash_index(0, 3)]), Err(Error::InconsistentTile)));
}
