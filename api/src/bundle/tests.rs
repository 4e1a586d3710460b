//! Bundles of a real ledger under a clock set by hand: what they say, and that nothing of them can be changed.

mod opening;

use super::{Asked, VERIFY_PAGE, make};
use crate::answers::{AnswerError, Coordinates};
use crate::{Access, Ledger};
use accord_domain::{Command, Instant, Subject};
use accord_replay::bundle::{Checked, Findings, Manifest, Member, check, read, seal, write};
use accord_store::clock::ManualClock;
use accord_store::keys::Signer;
use accord_store::verify::FlawKind;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use insta::assert_snapshot;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use std::sync::Arc;
use tempfile::TempDir;
use uuid::Uuid;

const PHARMACY: &str = "P43050300012";

fn at(text: &str) -> Instant {
    Instant::parse(text).unwrap()
}

/// A ledger with a clock that a test sets.
struct Desk {
    _dir: TempDir,
    clock: Arc<ManualClock>,
    ledger: Ledger,
    /// The ids of the pharmacy's events.
    ids: Vec<Uuid>,
}

impl Desk {
    /// A pharmacy in force, suspended, the suspension corrected and annulled, a hold placed; and another one's events in between.
    fn told() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let clock = Arc::new(ManualClock::at(at("2025-08-01T09:00:00+08:00")));
        Ledger::init(dir.path(), 7, &*clock).unwrap();
        let ledger = Ledger::open(dir.path(), Access::ReadWrite, clock.clone()).unwrap();
        let mut desk = Self { _dir: dir, clock, ledger, ids: Vec::new() };
        let line = json!({ "area": "430500", "line": "special_outpatient", "until": "2025-11-04", "ground": "追溯码线索核查属实" });
        let agreement = json!({ "area": "430500", "lines": ["basic", "special_outpatient"], "name": "大祥<某>大药房", "from": "2025-01-01", "until": "2026-01-01" });
        desk.act("2025-08-01", PHARMACY, "sign-agreement", "2025-01-01", &agreement);
        desk.act("2025-08-02", "P43050300015", "sign-agreement", "2025-01-01", &agreement);
        desk.act("2025-08-04", PHARMACY, "suspend-agreement", "2025-08-04", &line);
        let suspension = desk.ids[1];
        desk.act(
            "2025-08-10",
            PHARMACY,
            "correct",
            "2025-08-10",
            &json!({ "event": suspension, "changes": { "/data/ground": "追溯码重复结算核查属实" } }),
        );
        desk.act(
            "2025-09-01",
            PHARMACY,
            "hold-settlement",
            "2025-09-01",
            &json!({ "area": "430500", "ground": "涉嫌欺诈骗保" }),
        );
        desk.act(
            "2025-10-10",
            PHARMACY,
            "annul",
            "2025-10-10",
            &json!({ "event": suspension, "scope": "from_start" }),
        );
        desk.clock.set(at("2025-11-21T10:00:00+08:00"));
        desk
    }

    fn act(&mut self, day: &str, subject: &str, act: &str, effective_at: &str, data: &Value) {
        self.act_of("institution", day, subject, act, effective_at, data);
    }

    fn act_of(&mut self, kind: &str, day: &str, subject: &str, act: &str, effective_at: &str, data: &Value) {
        self.clock.set(at(&format!("{day}T09:30:00+08:00")));
        let authority = if act == "annul" { "bureau" } else { "agency" };
        let command = json!({
            "command": format!("{kind}.{act}"), "subject": subject, "effective_at": effective_at, "data": data,
            "actor": { "authority": authority, "area": "430500", "office": "邵阳市医疗保障事务中心" },
            "basis": [{ "instrument": "2025年定点零售药店协议", "article": "58" }],
        });
        let command =
            Command::parse(&command.to_string()).unwrap_or_else(|error| panic!("{command}: {error:?}"));
        let done = self.ledger.execute_blocking(command).unwrap_or_else(|error| panic!("{act}: {error:?}"));
        if subject == PHARMACY {
            let log = self.ledger.event_log();
            self.ids.extend((0..done.appended.count).map(|index| log.event_id(&done.appended, index)));
        }
    }

    async fn place(&self, as_of: &str, known_at: Option<&str>) -> Coordinates {
        let asked = crate::answers::Asked { as_of: Some(at(as_of)), known_at: known_at.map(at) };
        self.ledger.coordinates(asked).await.unwrap()
    }

    async fn bundle(&self, place: Coordinates, asked: &Asked) -> Result<Vec<u8>, AnswerError> {
        make(&self.ledger.source(), &Subject::parse(PHARMACY).unwrap(), place, asked).await
    }

    /// As of 1 September 2025, as known now.
    async fn whole(&self) -> Vec<u8> {
        self.bundle(self.place("2025-09-01", None).await, &asked()).await.unwrap()
    }

    fn signer(&self) -> &Signer {
        self.ledger.signer().unwrap()
    }
}

fn asked() -> Asked {
    Asked {
        redact: Vec::new(),
        redact_reason: None,
        exported_by: Some("op-17".to_owned()),
        exported_at: at("2025-11-21T10:00:00+08:00"),
        opened: None,
    }
}

fn member<'a>(members: &'a mut [Member], name: &str) -> &'a mut Member {
    members.iter_mut().find(|member| member.name == name).unwrap_or_else(|| panic!("no {name}"))
}

fn text(bytes: &[u8], name: &str) -> String {
    String::from_utf8(member(&mut read(bytes).unwrap(), name).bytes.clone()).unwrap()
}

fn manifest(bytes: &[u8]) -> Manifest {
    serde_json::from_str(&text(bytes, "manifest.json")).unwrap()
}

/// A page without what changes whenever the rulebook does or a key is drawn: hashes and the id of the key.
fn steady(page: &str, signer: &Signer) -> String {
    let id = signer.verifier().label();
    let mut out = page.replace(&id, "<name and id of the key>");
    while let Some(found) = out
        .as_bytes()
        .windows(64)
        .position(|window| window.iter().all(|digit| matches!(digit, b'0'..=b'9' | b'a'..=b'f')))
    {
        out.replace_range(found..found + 64, "<64 digits>");
    }
    out.replace("><", ">\n<")
}

#[tokio::test]
async fn a_bundle_holds_and_tells_what_stood_and_what_was_done() {
    let desk = Desk::told();
    let bytes = desk.whole().await;
    let checked = check(&bytes, Some(desk.signer().verifier())).unwrap();
    assert_eq!((checked.proofs.len(), checked.withheld), (5, 0));
    assert_eq!(checked.manifest.tree.size, "6");
    assert_eq!(checked.manifest.custody.exported_by.as_deref(), Some("op-17"));
    for (lang, name) in [("zh", "timeline.zh.html"), ("en", "timeline.en.html")] {
        let page = text(&bytes, name);
        assert!(page.contains("大祥&lt;某&gt;大药房"), "what is recorded is escaped");
        let body = &page[page.find("<body>").unwrap()..];
        assert_snapshot!(format!("timeline.{lang}"), steady(body, desk.signer()));
    }
    for named in ["recorded_at", "\"leaf\"", &desk.ids[4].to_string()] {
        assert!(!text(&bytes, "rules.json").contains(named));
    }
}

#[tokio::test]
async fn the_rules_cited_come_with_the_references_to_their_texts() {
    let mut desk = Desk::told();
    let doctor = "D430503000123";
    let register =
        json!({ "institution": PHARMACY, "category": "doctor", "area": "430500", "commitment_signed": true });
    desk.act_of("practitioner", "2025-11-01", doctor, "register", "2025-02-01", &register);
    let points = json!({ "area": "430500", "behaviour": "art-40", "institution": PHARMACY, "points": 12, "responsibility": "main" });
    desk.act_of("practitioner", "2025-11-02", doctor, "deduct-points", "2025-11-01", &points);
    let place = desk.place("2025-11-21", None).await;
    let bytes = make(&desk.ledger.source(), &Subject::parse(doctor).unwrap(), place, &asked()).await.unwrap();
    let rules: Value = serde_json::from_str(&text(&bytes, "rules.json")).unwrap();
    let rules = rules.as_array().unwrap();
    assert!(!rules.is_empty());
    for rule in rules {
        let (id, own) = (rule["id"].as_str().unwrap(), &rule["rule"]);
        let known = desk.ledger.laws().book().cite(id).unwrap();
        assert!(known.basis.instrument.contains(own["instrument"].as_str().unwrap()), "{rule}");
        assert_eq!(own["article"].as_str(), known.basis.article.as_deref());
        assert_eq!(own["verified"], known.confidence.is_verified());
        assert!(rule["events"].as_array().is_some_and(|events| !events.is_empty()));
        for page in ["timeline.zh.html", "timeline.en.html"] {
            assert!(text(&bytes, page).contains(&format!("<td>{id}</td>")), "{page} {id}");
        }
        let marked = text(&bytes, "timeline.zh.html").contains("尚未核对原文");
        assert!(marked || rules.iter().all(|rule| rule["rule"]["verified"] == true));
    }
    assert_snapshot!("rules", serde_json::to_string_pretty(&rules).unwrap());
}

#[tokio::test]
async fn personal_data_stays_sealed_in_a_bundle() {
    let mut desk = Desk::told();
    let doctor = "D430503000123";
    let register = json!({ "institution": PHARMACY, "category": "doctor", "area": "430500", "commitment_signed": true, "name": "张三丰" });
    desk.act_of("practitioner", "2025-11-01", doctor, "register", "2025-02-01", &register);
    let place = desk.place("2025-11-21", None).await;
    let bytes = make(&desk.ledger.source(), &Subject::parse(doctor).unwrap(), place, &asked()).await.unwrap();
    assert!(check(&bytes, None).is_ok());
    assert!(!bytes.windows(9).any(|window| window == "张三丰".as_bytes()));
    assert!(text(&bytes, "timeline.zh.html").contains("（封存）"));
    assert!(text(&bytes, "timeline.en.html").contains("(sealed 封存)"));
}

#[tokio::test]
async fn the_bytes_of_events_are_those_of_the_log() {
    let desk = Desk::told();
    let bytes = desk.whole().await;
    let stored = desk.ledger.event_log().read_stream("institution-P43050300012", 0, 100).await.unwrap();
    for event in stored {
        assert_eq!(text(&bytes, &format!("events/{:012}.json", event.position)), *event.body);
    }
}

#[tokio::test]
async fn the_same_input_gives_the_same_bytes_whatever_came_since() {
    let mut desk = Desk::told();
    let place = desk.place("2025-09-01", Some("2025-09-15")).await;
    let first = desk.bundle(place, &asked()).await.unwrap();
    assert_eq!(first, desk.bundle(place, &asked()).await.unwrap());
    desk.act("2025-11-30", PHARMACY, "interview", "2025-11-30", &json!({}));
    desk.act("2025-11-30", "P43050300015", "interview", "2025-11-30", &json!({}));
    let place = desk.place("2025-09-01", Some("2025-09-15")).await;
    assert_eq!(first, desk.bundle(place, &asked()).await.unwrap());
    let known = manifest(&first);
    assert_eq!((known.events.len(), &*known.tree.size), (4, "5"));
    assert!(!text(&first, "timeline.zh.html").contains("撤销"), "what came later is not told");
    // Another moment of export is another input.
    let later = Asked { exported_at: at("2025-11-22"), ..asked() };
    assert_ne!(first, desk.bundle(place, &later).await.unwrap());
}

#[tokio::test]
async fn there_is_no_bundle_before_anything_was_known_whatever_was_recorded_later() {
    let desk = Desk::told();
    let early = desk.bundle(desk.place("2025-09-01", Some("2025-07-01")).await, &asked()).await;
    assert!(matches!(early, Err(AnswerError::UnknownSubject { .. })));
    let nobody = Subject::parse("P43050300099").unwrap();
    let place = desk.place("2025-09-01", None).await;
    let unknown = make(&desk.ledger.source(), &nobody, place, &asked()).await;
    assert!(matches!(unknown, Err(AnswerError::UnknownSubject { .. })));
}

#[tokio::test]
async fn a_withheld_event_leaves_its_place_its_hash_and_its_proof_and_nothing_else() {
    let desk = Desk::told();
    let place = desk.place("2025-09-01", None).await;
    let hold = desk.ids[3];
    let redacted = Asked { redact: vec![hold], redact_reason: Some("商业秘密".to_owned()), ..asked() };
    let bytes = desk.bundle(place, &redacted).await.unwrap();
    let checked = check(&bytes, Some(desk.signer().verifier())).unwrap();
    assert_eq!((checked.proofs.len(), checked.withheld), (4, 1));
    let (whole, entry) = (manifest(&desk.whole().await), &checked.manifest.events[3]);
    assert_eq!(entry.leaf, whole.events[3].leaf);
    assert_eq!((entry.file.as_ref(), entry.withheld_reason.as_deref()), (None, Some("商业秘密")));
    for member in read(&bytes).unwrap() {
        let text = String::from_utf8(member.bytes).unwrap();
        for word in ["涉嫌欺诈骗保", "settlement-held", "暂停医保基金结算", &hold.to_string()] {
            assert!(!text.contains(word), "{} tells {word:?}", member.name);
        }
    }
    let page = text(&bytes, "timeline.zh.html");
    assert!(page.contains("已隐去") && page.contains("商业秘密") && page.contains("故不列状态"));
    // An act that annuls another is told of by its place also when it is withheld: else the other would seem to stand.
    let redacted = Asked { redact: vec![desk.ids[4]], ..asked() };
    let page = text(&desk.bundle(place, &redacted).await.unwrap(), "timeline.zh.html");
    assert!(page.contains("自始撤销，见 #4"), "{page}");
}

#[tokio::test]
async fn what_cannot_be_asked_is_refused_with_the_parameter() {
    let desk = Desk::told();
    let place = desk.place("2025-09-01", None).await;
    let refused = [
        (Asked { redact: vec![Uuid::from_u128(1)], ..asked() }, "redact"),
        (Asked { redact_reason: Some("why".to_owned()), ..asked() }, "redact_reason"),
        (Asked { exported_by: Some("a\nb".to_owned()), ..asked() }, "exported_by"),
        (Asked { exported_by: Some(" ".to_owned()), ..asked() }, "exported_by"),
        (Asked { exported_by: Some("长".repeat(70)), ..asked() }, "exported_by"),
    ];
    for (asked, wrong) in refused {
        match desk.bundle(place, &asked).await {
            Err(AnswerError::Question { parameter, .. }) => assert_eq!(parameter, wrong),
            other => panic!("{wrong}: {other:?}"),
        }
    }
}

/// What a change to a bundle is found as; the archive around it is laid out anew.
fn found(members: &[Member], key: &Signer) -> Findings {
    check(&write(members).unwrap(), Some(key.verifier())).expect_err("it does not hold")
}

#[tokio::test]
async fn whatever_is_changed_is_named_each_in_its_own_words() {
    let desk = Desk::told();
    let bytes = desk.whole().await;
    let members = read(&bytes).unwrap();
    // Every member: one byte changed, left out, emptied.
    for (index, listed) in members.iter().enumerate() {
        let mut changed = members.clone();
        let middle = changed[index].bytes.len() / 2;
        changed[index].bytes[middle] ^= 1;
        let flaws = found(&changed, desk.signer());
        let told = &flaws[0].words.en;
        // A letter of the name of who signed may have been changed.
        let signed = listed.name.ends_with(".note") && flaws[0].kind == FlawKind::Foreign;
        assert!(signed || told.contains("altered"), "{}: {told}", listed.name);
        let without: Vec<_> = members.iter().filter(|member| *member != listed).cloned().collect();
        let flaws = found(&without, desk.signer());
        assert_eq!((flaws[0].kind, flaws.len()), (FlawKind::Missing, 1), "{}: {flaws:?}", listed.name);
        assert!(flaws[0].words.en.contains(&listed.name));
        changed[index].bytes.clear();
        assert!(!found(&changed, desk.signer()).is_empty(), "{}", listed.name);
    }
    // The file as it lies on a disk.
    for at in (0..bytes.len()).step_by(7) {
        let mut changed = bytes.clone();
        changed[at] ^= 1;
        assert!(check(&changed, None).is_err(), "byte {at} changed is not noticed");
    }
    let event = bytes.windows(9).position(|window| window == "核查属实".as_bytes().split_at(9).0).unwrap();
    let mut changed = bytes.clone();
    changed[event] ^= 1;
    let flaws = check(&changed, None).expect_err("altered");
    assert_eq!(flaws[0].kind, FlawKind::Altered);
    assert!(flaws[0].words.en.starts_with("altered: events/000000000002.json"), "{flaws:?}");
    // Put in, moved.
    let mut more = members.clone();
    more.push(Member::new("zzz.js", "alert(1)"));
    assert_eq!(found(&more, desk.signer())[0].kind, FlawKind::Foreign);
    let mut moved = members.clone();
    moved.swap(2, 3);
    assert_eq!(found(&moved, desk.signer())[0].kind, FlawKind::Order);
    // A newer version.
    let mut newer = members.clone();
    let manifest = member(&mut newer, "manifest.json");
    let text = String::from_utf8(manifest.bytes.clone()).unwrap();
    manifest.bytes = text.replace("\"version\":1}", "\"version\":3,\"new\":true}").into_bytes();
    let flaws = found(&newer, desk.signer());
    assert_eq!(flaws[0].kind, FlawKind::UnknownVersion);
    assert!(flaws[0].words.en.contains("version 3") && flaws[0].words.zh.contains("第 3 版"));
}

#[tokio::test]
async fn a_foreign_key_is_told_from_a_forged_signature() {
    let (desk, other) = (Desk::told(), Desk::told());
    let bytes = desk.whole().await;
    let flaws = check(&bytes, Some(other.signer().verifier())).expect_err("a foreign key");
    assert_eq!(flaws[0].kind, FlawKind::Foreign);
    assert!(flaws[0].words.en.contains("foreign key") && flaws[0].words.zh.contains("外来密钥"));
    // Sealed again by somebody else, who leaves the ledger's public key in it.
    let members = read(&bytes).unwrap();
    let rest = || members[2..].to_vec();
    let forged = seal(manifest(&bytes), rest(), other.signer()).unwrap();
    let flaws = check(&forged, Some(desk.signer().verifier())).expect_err("forged");
    assert!(matches!(flaws[0].kind, FlawKind::Foreign | FlawKind::Signature), "{flaws:?}");
    // And who puts in his own key as well: it agrees with itself but for the checkpoint, and not with the ledger's key.
    let mut own = rest();
    member(&mut own, "checkpoint.pub").bytes = format!("{}\n", other.signer().verifier()).into_bytes();
    let forged = seal(manifest(&bytes), own, other.signer()).unwrap();
    assert_eq!(
        check(&forged, Some(desk.signer().verifier())).expect_err("forged")[0].kind,
        FlawKind::Foreign
    );
    assert!(check(&forged, None).is_err());
}

/// Seals again with the ledger's own key, as nobody else can: what the signature does not settle.
fn resealed(
    desk: &Desk,
    bytes: &[u8],
    change: impl FnOnce(&mut Manifest, &mut Vec<Member>),
) -> Result<Checked, Findings> {
    let mut manifest = manifest(bytes);
    let mut members = read(bytes).unwrap()[2..].to_vec();
    change(&mut manifest, &mut members);
    check(&seal(manifest, members, desk.signer()).unwrap(), None)
}

#[tokio::test]
async fn events_are_bound_to_their_place_their_subject_and_the_tree() {
    let desk = Desk::told();
    let bytes = desk.whole().await;
    let kind = |change: &dyn Fn(&mut Manifest, &mut Vec<Member>)| {
        resealed(&desk, &bytes, change).expect_err("it does not hold")[0].kind
    };
    assert!(resealed(&desk, &bytes, |_, _| {}).is_ok());
    let event = "events/000000000002.json";
    let other = "events/000000000000.json";
    // An event's bytes changed, or those of another in its place.
    assert_eq!(kind(&|_, members| member(members, event).bytes[20] ^= 1), FlawKind::Altered);
    assert_eq!(
        kind(&|_, members| {
            let bytes = member(members, other).bytes.clone();
            member(members, event).bytes = bytes;
        }),
        FlawKind::Altered
    );
    // An event left out of the middle, with everything that is of it.
    let left_out = kind(&|manifest, members| {
        manifest.events.remove(1);
        members.retain(|member| !member.name.contains("000000000002"));
    });
    assert_eq!(left_out, FlawKind::Missing);
    // Another leaf, another subject, another tree.
    assert_eq!(kind(&|manifest, _| manifest.events[1].leaf = "0".repeat(64)), FlawKind::Altered);
    assert_eq!(kind(&|manifest, _| manifest.subject.code = "P43050300015".to_owned()), FlawKind::Moved);
    assert_eq!(kind(&|manifest, _| manifest.tree.size = "7".to_owned()), FlawKind::Tree);
    assert_eq!(kind(&|manifest, _| manifest.ledger = "accord/other".to_owned()), FlawKind::Foreign);
    // A proof of another event, a step of it left out, and a withheld event with another leaf.
    assert_eq!(
        kind(&|_, members| {
            let bytes = member(members, "proofs/000000000000.tlog-proof").bytes.clone();
            member(members, "proofs/000000000002.tlog-proof").bytes = bytes;
        }),
        FlawKind::Tree
    );
    assert_eq!(
        kind(&|manifest, members| {
            manifest.events[1] = accord_replay::bundle::Entry {
                file: None,
                withheld: true,
                leaf: "1".repeat(64),
                ..manifest.events[1].clone()
            };
            members.retain(|member| member.name != event);
        }),
        FlawKind::Tree
    );
}

#[test]
fn the_page_allows_itself_its_own_script_and_style_and_nothing_from_elsewhere() {
    let hash = |from: &str, to: &str| {
        let start = VERIFY_PAGE.find(from).unwrap() + from.len();
        let end = VERIFY_PAGE.find(to).unwrap();
        STANDARD.encode(Sha256::digest(&VERIFY_PAGE[start..end]))
    };
    let policy = format!(
        "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; script-src 'sha256-{}'; style-src 'sha256-{}'; base-uri 'none'; form-action 'none'\">",
        hash("<script>", "</script>"),
        hash("<style>", "</style>")
    );
    assert!(VERIFY_PAGE.contains(&policy), "verify.html must have: {policy}");
    for loading in
        ["http://", "https://", "src=", "href=", "innerHTML", "eval(", "Function(", "fetch(", "import("]
    {
        assert!(!VERIFY_PAGE.contains(loading), "{loading}");
    }
}
