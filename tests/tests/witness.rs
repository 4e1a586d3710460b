//! Cosignatures of witnesses wherever they are read: what is served, receipts, bundles; by the program, by the script
//! written from the format alone, and by the page in a browser.

use accord_replay::bundle::{Manifest, Member, read, seal};
use accord_store::keys::{Signer, origin};
use accord_store::merkle::note::SignedNote;
use accord_tests::browser::Browser;
use accord_tests::program;
use accord_tests::witness::{Witness, altered};
use serde_json::{Value as Json, json};
use std::fs;
use std::path::Path;
use uuid::Uuid;

const PHARMACY: &str = "P43050090002";
/// 2025-08-20T02:00:00Z.
const AT_S: u64 = 1_755_655_200;

/// Who signs in these tests, and two who do not: one of the same name, one of another.
struct Cast {
    witness: Witness,
    namesake: Witness,
    stranger: Witness,
}

/// A ledger of a sample in `ledger`, whose newest checkpoint a witness signed; what was given out of it: `receipt.json`,
/// `receipt.tlog-proof`, `bundle.zip`. Keys are in `witness.pub` and so on.
async fn desk(dir: &Path) -> Cast {
    let cast = Cast {
        witness: Witness::new("witness.example/w", 9),
        namesake: Witness::new("witness.example/w", 10),
        stranger: Witness::new("witness.example/other", 11),
    };
    for (file, witness) in
        [("witness.pub", &cast.witness), ("namesake.pub", &cast.namesake), ("stranger.pub", &cast.stranger)]
    {
        fs::write(dir.join(file), format!("# a witness\n{}\n", witness.key())).expect("a key");
    }
    program::sampled(dir, |text| text.contains(PHARMACY));
    fs::copy(dir.join("witness.pub"), dir.join("ledger/keys/witnesses")).expect("a key");
    let server = program::Server::start(dir, &["--ledger", "ledger", "serve", "--listen", "127.0.0.1:0"]);
    let get = async |target: &str| {
        let answer = reqwest::get(format!("{}{target}", server.address())).await.expect("an answer");
        answer.text().await.expect("a text")
    };
    let own = get("/v1/log/checkpoint").await;
    let cosigned = format!("{own}{}", cast.witness.line(&own, AT_S));
    let hand_in = reqwest::Client::new().post(format!("{}/v1/log/cosignatures", server.address()));
    let answer = hand_in.json(&json!({ "checkpoint": cosigned })).send().await.expect("an answer");
    assert_eq!((answer.status().as_u16(), answer.text().await.expect("a text")), (200, cosigned.clone()));
    for target in ["/v1/log/checkpoint", "/checkpoint", "/v1/log/checkpoint?cosigned=true"] {
        assert_eq!(get(target).await, cosigned, "{target}");
    }
    let events: Json = serde_json::from_str(&get("/v1/events?limit=2").await).expect("JSON");
    let id = events["events"][1]["id"].as_str().expect("an id");
    let receipt = get(&format!("/v1/events/{id}/proof")).await;
    assert!(receipt.contains("witness.example/w"), "{receipt}");
    fs::write(dir.join("receipt.json"), receipt).expect("a receipt");
    let proof = get(&format!("/v1/events/{id}/proof?form=tlog-proof")).await;
    assert!(proof.ends_with(&cosigned), "{proof}");
    fs::write(dir.join("receipt.tlog-proof"), proof).expect("a receipt");
    // A smaller tree has the ledger's signature alone.
    assert!(!get(&format!("/v1/events/{id}/proof?size=2")).await.contains("witness"));
    assert_eq!(server.stop(), Some(0));
    let export = ["--ledger", "ledger", "export", PHARMACY, "--as-of", "2025-09-01", "--out", "bundle.zip"];
    program::run(dir, &export).expect(0, &[]);
    fs::copy(dir.join("ledger/keys/checkpoint.pub"), dir.join("key.pub")).expect("a key");
    cast
}

/// What the ledger itself would have to do to pass on another line of the witness: everything else holds.
fn with_line(dir: &Path, out: &str, change: impl Fn(&str) -> String) {
    let members = read(&fs::read(dir.join("bundle.zip")).expect("a bundle")).expect("a bundle");
    let manifest: Manifest = serde_json::from_slice(&members[0].bytes).expect("a manifest");
    let mut rest: Vec<Member> = members[2..].to_vec();
    for member in &mut rest {
        let text = String::from_utf8(member.bytes.clone()).expect("UTF-8");
        if member.name == "checkpoint.txt" || member.name.starts_with("proofs/") {
            member.bytes = changed(&text, &change).into_bytes();
        }
    }
    let ledger = Uuid::parse_str(manifest.ledger.trim_start_matches("accord/")).expect("an id");
    assert_eq!(origin(ledger), manifest.ledger);
    let signer = Signer::open(&dir.join("ledger"), ledger).expect("a key");
    fs::write(dir.join(out), seal(manifest, rest, &signer).expect("a bundle")).expect("a file");
}

/// A text with the line of the witness changed; in JSON the line breaks are escaped.
fn changed(text: &str, change: impl Fn(&str) -> String) -> String {
    let from = text.find("— witness.example/w").expect("a line");
    let end = text[from..].find(['\n', '\\']).expect("its end") + from;
    text[..from].to_owned() + change(&text[from..end]).trim_end() + &text[end..]
}

/// Another line for that of the witness.
type Change = Box<dyn Fn(&str) -> String>;

/// What is wrong with the line of a witness, each by a name.
fn wrong() -> Vec<(&'static str, Change)> {
    vec![
        ("time", Box::new(|line| altered(line, 7))),
        ("century", Box::new(|line| altered(line, 0))),
        ("signature", Box::new(|line| altered(line, 30))),
        ("end", Box::new(|line| altered(line, 71))),
        (
            // Of another tree of the same ledger.
            "moved",
            Box::new(|line| {
                let other = format!("accord/x\n1\n{}\n\n— accord/x AAAAAAA=\n", line.len());
                Witness::new("witness.example/w", 9).line(&other, AT_S)
            }),
        ),
    ]
}

fn verify(dir: &Path, ledger: &str, arguments: &[&str]) -> program::Run {
    program::run(dir, &[&["--ledger", ledger, "verify"], arguments].concat())
}

#[tokio::test]
async fn what_a_witness_signed_is_told_and_whatever_is_changed_of_it_is_noticed() {
    let dir = tempfile::tempdir().expect("a directory");
    let dir = dir.path();
    desk(dir).await;
    let given = ["bundle.zip", "receipt.json", "receipt.tlog-proof"];
    let arguments = |file: &str| -> Vec<String> {
        let own = if file.ends_with("zip") { vec![file] } else { vec!["--receipt", file] };
        own.into_iter().map(str::to_owned).collect()
    };
    let run = |ledger: &str, file: &str, more: &[&str]| {
        let own = arguments(file);
        let own: Vec<&str> = own.iter().map(String::as_str).chain(more.iter().copied()).collect();
        verify(dir, ledger, &own)
    };
    for file in given {
        // The ledger's own witnesses, a witness given, none known.
        let said = ["signed by the witness witness.example/w", "2025-08-20T10:00:00+08:00"];
        run("ledger", file, &[]).expect(0, &said);
        run("nowhere", file, &["--key", "key.pub", "--witness", "witness.pub"]).expect(0, &said);
        run("nowhere", file, &["--key", "key.pub"]).expect(0, &["was not checked"]);
        // Somebody else, and somebody else of the same name.
        for foreign in ["stranger.pub", "namesake.pub"] {
            let said = ["[foreign]", "not signed by the witness"];
            run("nowhere", file, &["--key", "key.pub", "--witness", foreign]).expect(5, &said);
        }
        run("nowhere", file, &["--key", "key.pub", "--witness", "key.pub"]).expect(2, &["not-a-key"]);
        run("nowhere", file, &["--key", "key.pub", "--witness", "none.pub"]).expect(2, &["not-a-key"]);
    }
    let told =
        program::run(dir, &["--ledger", "ledger", "--json", "verify", "bundle.zip"]).expect(0, &[]).json();
    assert_eq!(told["witnesses"][0]["at"], "2025-08-20T10:00:00+08:00");
    assert_eq!((&told["unchecked"], told["witnesses"].as_array().map(Vec::len)), (&json!([]), Some(1)));
    let zh = ["--ledger", "ledger", "--lang", "zh", "verify", "bundle.zip"];
    program::run(dir, &zh).expect(0, &["见证人 witness.example/w", "签名，成立"]);
    // Changed: noticed wherever the witness's key is known, passed over where it is not.
    for (name, change) in wrong() {
        with_line(dir, "wrong.zip", &change);
        for file in &given[1..] {
            let text = fs::read_to_string(dir.join(file)).expect("a receipt");
            fs::write(dir.join(format!("wrong.{file}")), changed(&text, &change)).expect("a file");
        }
        for file in ["wrong.zip", "wrong.receipt.json", "wrong.receipt.tlog-proof"] {
            let said = ["[signature]", "the signature of the witness witness.example/w"];
            run("ledger", file, &[]).expect(5, &said);
            run("nowhere", file, &["--key", "key.pub", "--witness", "witness.pub"]).expect(5, &said);
            run("nowhere", file, &["--key", "key.pub"]).expect(0, &["was not checked"]);
            if let Some(other) = program::other_verifier(dir, &other(file, "witness.pub")) {
                other.expect(5, &["the signature of the witness witness.example/w does not hold"]);
            }
        }
        // What the ledger keeps is checked with it, and never given out.
        let kept = dir.join("ledger/checkpoint.cosigned");
        let whole = fs::read_to_string(&kept).expect("a checkpoint");
        fs::write(&kept, changed(&whole, &change)).expect("a file");
        verify(dir, "ledger", &[]).expect(5, &["[signature]", "checkpoint.cosigned"]);
        let export = ["--ledger", "ledger", "export", PHARMACY, "--out", "no.zip"];
        assert_ne!(program::run(dir, &export).code, Some(0), "{name}");
        fs::write(&kept, whole).expect("a file");
    }
    verify(dir, "ledger", &[]).expect(0, &[]);
    for file in given {
        let Some(good) = program::other_verifier(dir, &other(file, "witness.pub")) else { return };
        good.expect(0, &[&format!("signed by the witness witness.example/w at {AT_S} s")]);
        for foreign in ["stranger.pub", "namesake.pub"] {
            let found = program::other_verifier(dir, &other(file, foreign)).expect("python3 starts");
            found.expect(5, &["foreign key: not signed by the witness"]);
        }
    }
}

/// The arguments of the other verifier.
fn other<'a>(file: &'a str, witness: &'a str) -> Vec<&'a str> {
    if file.ends_with("zip") {
        vec![file, "--key", "key.pub", "--witness", witness]
    } else {
        vec!["--key", "key.pub", "--witness", witness, file]
    }
}

#[tokio::test]
async fn the_page_checks_the_signatures_of_witnesses_in_a_real_browser() {
    let Some(browser) = Browser::start().await else { return };
    let dir = tempfile::tempdir().expect("a directory");
    let dir = dir.path();
    let cast = desk(dir).await;
    browser.open_verifier(dir).await;
    let verdict = async |witnesses: &[&Witness], file: &str| {
        browser.clear("witness").await;
        let keys: Vec<String> = witnesses.iter().map(|witness| witness.key().to_string()).collect();
        if !keys.is_empty() {
            browser.type_into("witness", &keys.join("\n")).await;
        }
        browser.verdict(&dir.join(file)).await
    };
    let (kind, text) = verdict(&[], "bundle.zip").await;
    assert!(kind == "holds" && !text.contains("signed by the witness"), "{text}");
    let (kind, text) = verdict(&[&cast.witness], "bundle.zip").await;
    assert_eq!(kind, "holds", "{text}");
    assert!(text.contains("signed by the witness witness.example/w"), "{text}");
    assert!(text.contains("2025-08-20T02:00:00.000Z"), "{text}");
    for foreign in [&cast.namesake, &cast.stranger] {
        let (kind, text) = verdict(&[&cast.witness, foreign], "bundle.zip").await;
        assert!(kind == "fails" && text.contains("[foreign]"), "{text}");
        assert!(text.contains("not signed by the witness"), "{text}");
    }
    for (name, change) in wrong() {
        with_line(dir, "wrong.zip", &change);
        let (kind, text) = verdict(&[&cast.witness], "wrong.zip").await;
        assert!(kind == "fails" && text.contains("[signature]"), "{name}: {text}");
        let (kind, text) = verdict(&[], "wrong.zip").await;
        assert_eq!(kind, "holds", "nobody asked for the witness: {name}: {text}");
    }
    let own = SignedNote::parse(&fs::read_to_string(dir.join("ledger/checkpoint.cosigned")).expect("a note"));
    assert_eq!(own.expect("a note").signers().count(), 2);
    assert_eq!(browser.complaints().await, Vec::<String>::new());
}
