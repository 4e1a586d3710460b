//! Checkpoints, proofs and tiles, checked as a stranger would: with the public key and the arithmetic alone.

use super::{PHARMACY, Server, command, get, post};
use accord_store::keys;
use accord_store::merkle::note::{COSIGNATURE, Checkpoint, SignedNote, VerifierKey};
use accord_store::merkle::{Hash, leaf_hash, verify_consistency, verify_inclusion};
use accord_store::verify::receipt::{Receipt, hash};
use axum::http::StatusCode;
use base64::Engine;
use http_body_util::BodyExt;
use serde_json::{Value, json};
use tower::ServiceExt;

impl Server {
    pub(super) fn key(&self) -> VerifierKey {
        keys::verifier(self.dir.path()).unwrap()
    }

    pub(super) async fn bytes(&self, target: &str) -> Option<Vec<u8>> {
        let response = self.router.clone().oneshot(get(target, &[])).await.unwrap();
        let found = response.status() == StatusCode::OK;
        let bytes = response.into_body().collect().await.unwrap().to_bytes().to_vec();
        found.then_some(bytes)
    }

    async fn checkpoint(&self, target: &str) -> Checkpoint {
        let answer = self.get(target).await;
        assert_eq!(
            (answer.status, answer.header("content-type")),
            (StatusCode::OK, "text/plain; charset=utf-8")
        );
        let note = SignedNote::parse(&answer.text).unwrap();
        note.verify(&self.key()).unwrap();
        Checkpoint::parse(note.text()).unwrap()
    }
}

/// An act that can be done any number of times.
fn interview(day: &str) -> Value {
    command("institution.interview", PHARMACY, day, &json!({ "note": "约谈" }))
}

fn path(answer: &Value) -> Vec<Hash> {
    answer["path"].as_array().unwrap().iter().map(|text| hash(text.as_str().unwrap()).unwrap()).collect()
}

#[tokio::test]
async fn a_command_is_answered_with_a_receipt_that_a_stranger_can_check() {
    let server = Server::with_histories().await;
    let answer = server.post(&interview("2025-08-12")).await;
    let receipt = Receipt::parse(&answer.text).unwrap();
    let checkpoint = receipt.check(&server.key()).unwrap();
    assert_eq!(checkpoint.size.to_string(), (receipt.proof.index + 1).to_string());
    assert_eq!(checkpoint, server.checkpoint("/v1/log/checkpoint").await);
    assert_eq!(checkpoint, server.checkpoint("/checkpoint").await);
    // And the ledger, asked later, still has that past.
    server.post(&interview("2025-08-14")).await;
    let log = server.ledger.event_log();
    assert_eq!(receipt.check_against(&*log, &checkpoint).await.unwrap(), None);
}

#[tokio::test]
async fn every_event_is_proved_in_every_tree_that_holds_it() {
    let server = Server::with_histories().await;
    let events = server.get("/v1/events?limit=500").await.json();
    let events = events["events"].as_array().unwrap();
    let all = events.len() as u64;
    for event in events {
        let id = event["id"].as_str().unwrap();
        let body = server.get(&format!("/v1/events/{id}")).await.text;
        let position: u64 = event["sequence"].as_str().unwrap().parse().unwrap();
        for size in position + 1..=all {
            let answer = server.get(&format!("/v1/events/{id}/proof?size={size}")).await;
            let proof = answer.json();
            let note = SignedNote::parse(proof["checkpoint"].as_str().unwrap()).unwrap();
            note.verify(&server.key()).unwrap();
            let checkpoint = Checkpoint::parse(note.text()).unwrap();
            assert_eq!(checkpoint.size, size);
            let leaf = leaf_hash(body.as_bytes());
            assert!(verify_inclusion(&leaf, position, size, &path(&proof), &checkpoint.root));
            let file = server.get(&format!("/v1/events/{id}/proof?size={size}&form=tlog-proof")).await;
            assert_eq!(
                Receipt::parse(&file.text).unwrap().proof,
                Receipt::parse(&answer.text).unwrap().proof
            );
        }
        let early = server.get(&format!("/v1/events/{id}/proof?size={position}")).await;
        assert_eq!(early.status, StatusCode::BAD_REQUEST);
    }
    for from in 1..=all {
        for to in from..=all {
            let proof = server.get(&format!("/v1/log/consistency?from={from}&to={to}")).await.json();
            let old = server.checkpoint(&format!("/v1/log/checkpoint?size={from}")).await;
            let new = server.checkpoint(&format!("/v1/log/checkpoint?size={to}")).await;
            assert!(verify_consistency(from, to, &old.root, &new.root, &path(&proof)));
        }
    }
    for wrong in ["from=0", "from=2&to=1", "from=1&to=999", "", "from=1&x=1"] {
        let answer = server.get(&format!("/v1/log/consistency?{wrong}")).await;
        assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{wrong}");
    }
    assert_eq!(server.get("/v1/log/checkpoint?size=999").await.status, StatusCode::BAD_REQUEST);
}

#[tokio::test]
async fn tiles_hold_leaves_and_bundles_hold_events() {
    let server = Server::with_histories().await;
    for day in 1..=290 {
        server.post(&interview(&format!("2025-07-{:02}", day % 28 + 1))).await;
    }
    let all = server.checkpoint("/checkpoint").await.size;
    assert!(all > 256 && all < 512, "{all}");
    let full = server.bytes("/tile/0/000").await.unwrap();
    let rest = server.bytes(&format!("/tile/0/001.p/{}", all - 256)).await.unwrap();
    assert_eq!((full.len(), rest.len() as u64), (8_192, (all - 256) * 32));
    let mut tree = accord_store::merkle::Frontier::default();
    for leaf in [full, rest].concat().chunks_exact(32) {
        tree.push(leaf.try_into().unwrap(), &mut |_, _| {});
        if tree.size() == 256 {
            assert_eq!(server.bytes("/tile/1/000.p/1").await.unwrap(), tree.root());
        }
    }
    assert_eq!(tree.root(), server.checkpoint("/checkpoint").await.root);
    let mut bundle = &server.bytes("/tile/entries/000").await.unwrap()[..];
    let mut leaves = Vec::new();
    while let Some((length, after)) = bundle.split_first_chunk::<2>() {
        let (body, after) = after.split_at(u16::from_be_bytes(*length).into());
        leaves.extend(leaf_hash(body));
        bundle = after;
    }
    assert_eq!(leaves, server.bytes("/tile/0/000").await.unwrap());
    for absent in [
        "/tile/0/001",
        "/tile/1/000",
        "/tile/0/002.p/1",
        "/tile/2/000.p/1",
        "/tile/9/000",
        "/tile/x/000",
        "/tile/0/x000/000",
    ] {
        assert_eq!(server.bytes(absent).await, None, "{absent}");
    }
}

/// A witness of the tests.
fn cosigned(note: &str, time: u64) -> (VerifierKey, String) {
    use ed25519_dalek::{Signer, SigningKey};
    let secret = SigningKey::from_bytes(&[9; 32]);
    let witness = VerifierKey::new("witness.example/w", COSIGNATURE, secret.verifying_key()).unwrap();
    let text = SignedNote::parse(note).unwrap().text().to_owned();
    let mut data = witness.id().to_vec();
    data.extend(time.to_be_bytes());
    data.extend(secret.sign(format!("cosignature/v1\ntime {time}\n{text}").as_bytes()).to_bytes());
    let line = base64::engine::general_purpose::STANDARD.encode(data);
    (witness, format!("{note}— witness.example/w {line}\n"))
}

#[tokio::test]
async fn cosignatures_of_named_witnesses_are_kept_and_given_out() {
    let server = Server::with_histories().await;
    let hand_in = async |checkpoint: &str| {
        let body = json!({ "checkpoint": checkpoint }).to_string();
        server.send(post("/v1/log/cosignatures", "application/json", body, &[])).await
    };
    assert_eq!(server.get("/v1/log/checkpoint?cosigned=true").await.status, StatusCode::NOT_FOUND);
    let old = server.get("/v1/log/checkpoint?size=2").await.text;
    let own = server.get("/v1/log/checkpoint").await.text;
    let (witness, signed) = cosigned(&own, 1_755_655_200);
    assert_eq!(hand_in(&signed).await.json()["code"], "invalid-checkpoint", "no witness is named yet");
    std::fs::write(keys::witnesses_path(server.dir.path()), format!("# ours\n{witness}\n")).unwrap();
    let answer = hand_in(&signed).await;
    assert_eq!((answer.status, &answer.text), (StatusCode::OK, &signed));
    for target in ["/v1/log/checkpoint", "/checkpoint", "/v1/log/checkpoint?cosigned=true"] {
        assert_eq!(server.get(target).await.text, signed);
    }
    // An older one, a changed one, one of another log, one without a witness.
    let changed = signed.replace("witness.example/w ", "witness.example/w AAAA");
    let foreign = signed.replace("accord/", "accord/0");
    for wrong in [&cosigned(&old, 1).1, &changed, &foreign, &own, "", "x"] {
        assert_eq!(hand_in(wrong).await.json()["code"], "invalid-checkpoint", "{wrong}");
    }
    // The log grows; the cosigned one stays until the next is handed in.
    server.post(&interview("2025-08-12")).await;
    assert_ne!(server.get("/v1/log/checkpoint").await.text, signed);
    assert_eq!(server.get("/v1/log/checkpoint?cosigned=true").await.text, signed);
}
