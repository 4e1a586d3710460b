//! The pages of an evidence bundle in a real browser: `verify.html` checks it without a network, and every printed sheet
//! of the timeline carries subject, dates and position.
//!
//! `tests/run` installs Chromium, its driver and poppler; where they are missing these tests say that they were skipped.

use accord_replay::bundle::{Member, read, write};
use accord_tests::browser::Browser;
use accord_tests::program;
use serde_json::Value as Json;
use std::fs;
use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};

const DOCTOR: &str = "D500152900001";

/// A ledger of the samples, the bundle of a practitioner in `bundle.zip`, and its members in `bundle/`.
fn desk(dir: &Path) {
    program::sampled(dir, |_| true);
    let export = ["--ledger", "ledger", "export", DOCTOR, "--as-of", "2025-09-01", "--out", "bundle.zip"];
    program::run(dir, &export).expect(0, &[]);
    fs::create_dir(dir.join("bundle")).expect("a folder");
    for member in members(dir).iter().filter(|member| !member.name.contains('/')) {
        fs::write(dir.join("bundle").join(&member.name), &member.bytes).expect("a file");
    }
}

fn members(dir: &Path) -> Vec<Member> {
    read(&fs::read(dir.join("bundle.zip")).expect("a bundle")).expect("a bundle")
}

fn changed(dir: &Path, name: &str, change: impl FnOnce(&mut Vec<Member>)) {
    let mut members = members(dir);
    change(&mut members);
    fs::write(dir.join(name), write(&members).expect("a zip")).expect("a file");
}

#[tokio::test]
async fn the_page_checks_a_bundle_in_a_real_browser_without_a_network() {
    let Some(browser) = Browser::start().await else { return };
    let dir = tempfile::tempdir().expect("a directory");
    let dir = dir.path();
    desk(dir);
    browser.open(&dir.join("bundle/verify.html")).await;
    let (kind, text) = browser.verdict(&dir.join("bundle.zip")).await;
    assert_eq!(kind, "holds", "{text}");
    for word in [
        DOCTOR,
        "practitioner.points-deducted",
        "the signatures on manifest and checkpoint hold",
        "compare it with the one",
    ] {
        assert!(text.contains(word), "{word}: {text}");
    }
    // With the key of the ledger, and with that of another one.
    let key = fs::read_to_string(dir.join("ledger/keys/checkpoint.pub")).expect("a key");
    browser.type_into("key", key.trim()).await;
    let (kind, text) = browser.verdict(&dir.join("bundle.zip")).await;
    assert!(kind == "holds" && text.contains("the key is the one given"), "{text}");
    program::run(dir, &["--ledger", "foreign", "init"]).expect(0, &[]);
    let foreign = fs::read_to_string(dir.join("foreign/keys/checkpoint.pub")).expect("a key");
    browser.clear("key").await;
    browser.type_into("key", foreign.trim()).await;
    let (kind, text) = browser.verdict(&dir.join("bundle.zip")).await;
    assert!(kind == "fails" && text.contains("[foreign]") && text.contains("foreign key"), "{text}");
    browser.clear("key").await;
    // What is changed is told, as the program tells it.
    let bytes = fs::read(dir.join("bundle.zip")).expect("a bundle");
    fs::write(dir.join("cut.zip"), &bytes[..bytes.len() - 1]).expect("a file");
    fs::write(dir.join("longer.zip"), [b"x", &bytes[..]].concat()).expect("a file");
    let event = |members: &mut Vec<Member>| {
        members.iter().position(|member| member.name.starts_with("events/")).expect("an event")
    };
    changed(dir, "altered.zip", |members| {
        let at = event(members);
        members[at].bytes[9] ^= 1;
    });
    changed(dir, "missing.zip", |members| {
        let at = event(members);
        members.remove(at);
    });
    changed(dir, "more.zip", |members| members.push(Member::new("zzz", "<script>alert(1)</script>")));
    changed(dir, "manifest.zip", |members| {
        let text = String::from_utf8(members[0].bytes.clone()).expect("UTF-8");
        members[0].bytes = text.replace("\"exported_by\":null", "\"exported_by\":\"me\"").into_bytes();
    });
    changed(dir, "newer.zip", |members| {
        let text = String::from_utf8(members[0].bytes.clone()).expect("UTF-8");
        members[0].bytes = text.replace("\"version\":1}", "\"version\":3}").into_bytes();
    });
    changed(dir, "escape.zip", |members| members.push(Member::new("../outside", "x")));
    for (file, told) in [
        ("cut.zip", "[file]"),
        ("longer.zip", ""),
        ("altered.zip", "[altered]"),
        ("missing.zip", "[missing]"),
        ("more.zip", "[foreign]"),
        ("manifest.zip", "[signature]"),
        ("newer.zip", "[unknown-version]"),
        ("escape.zip", "[unsafe]"),
    ] {
        let (kind, text) = browser.verdict(&dir.join(file)).await;
        assert!(kind == "fails" && text.contains(told), "{file}: {kind} {text}");
    }
    for at in (0..bytes.len()).step_by(bytes.len() / 25) {
        let mut changed = bytes.clone();
        changed[at] ^= 4;
        fs::write(dir.join("changed.zip"), changed).expect("a file");
        assert_eq!(browser.verdict(&dir.join("changed.zip")).await.0, "fails", "byte {at}");
    }
    // A withheld event.
    let history = program::run(dir, &["--ledger", "ledger", "--json", "history", DOCTOR]).expect(0, &[]);
    let first: Json = serde_json::from_str(history.out.lines().next().expect("a line")).expect("JSON");
    let id = first["id"].as_str().expect("an id");
    let export = ["--ledger", "ledger", "export", DOCTOR, "--out", "redacted.zip", "--redact", id];
    program::run(dir, &export).expect(0, &[]);
    let (kind, text) = browser.verdict(&dir.join("redacted.zip")).await;
    assert!(kind == "holds" && text.contains("已隐去 withheld"), "{text}");
    assert_eq!(
        browser.complaints().await,
        Vec::<String>::new(),
        "nothing was refused by the page's own policy"
    );
    // A browser that knows no Ed25519 says so and checks the rest.
    browser
        .run("crypto.subtle.importKey = () => Promise.reject(new DOMException('no', 'NotSupportedError'));")
        .await;
    let (kind, text) = browser.verdict(&dir.join("bundle.zip")).await;
    assert!(kind == "unsigned" && text.contains("NOT checked"), "{text}");
    assert_eq!(browser.verdict(&dir.join("altered.zip")).await.0, "fails");
    // The page may reach nobody, whatever runs in it.
    let refused = browser
        .run("return fetch('http://127.0.0.1:9/').then(() => 'went', (error) => String(error));")
        .await;
    assert!(refused.as_str().is_some_and(|text| text.contains("Failed to fetch")), "{refused}");
    let complaints = browser.complaints().await.join("\n");
    assert!(complaints.contains("Content Security Policy"), "{complaints}");
}

#[tokio::test]
async fn every_printed_sheet_carries_subject_dates_and_position() {
    let Some(browser) = Browser::start().await else { return };
    let dir = tempfile::tempdir().expect("a directory");
    let dir = dir.path();
    desk(dir);
    for page in ["timeline.zh.html", "timeline.en.html"] {
        browser.open(&dir.join("bundle").join(page)).await;
        assert_eq!(browser.complaints().await, Vec::<String>::new(), "{page} loads nothing from elsewhere");
        let Some(text) = text_of(&browser.print().await) else {
            eprintln!("pdftotext is not installed: skipped, not passed");
            break;
        };
        let sheets: Vec<&str> = text.split('\u{c}').filter(|sheet| !sheet.trim().is_empty()).collect();
        assert!(sheets.len() > 1, "one sheet shows nothing");
        for sheet in &sheets {
            // The English head takes two lines.
            let lines: Vec<&str> = sheet.lines().filter(|line| !line.trim().is_empty()).take(2).collect();
            let head = lines.join(" ");
            // Where the fonts for Chinese are missing, the rest of the line is there all the same.
            assert!(
                head.contains(DOCTOR) && head.contains("2025-09-01") && head.contains("116"),
                "{page}: {head}"
            );
            assert!(head.contains("99") && head.contains("103"), "{page}: {head}");
        }
    }
}

/// The text of a PDF, sheets parted by form feeds.
fn text_of(pdf: &[u8]) -> Option<String> {
    let mut child = Command::new("pdftotext")
        .args(["-layout", "-", "-"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .ok()?;
    let mut input = child.stdin.take().expect("standard input");
    let pdf = pdf.to_vec();
    let feeding = std::thread::spawn(move || input.write_all(&pdf));
    let output = child.wait_with_output().expect("pdftotext ends");
    feeding.join().expect("a thread").expect("the PDF is taken");
    Some(String::from_utf8(output.stdout).expect("UTF-8"))
}
