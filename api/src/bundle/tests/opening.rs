//! Bundles that open personal data: what stands in them, what never does, and that nothing of it can be changed.

use super::{Desk, PHARMACY, asked, at, found, manifest, member, read, text};
use crate::answers::{self, AnswerError};
use crate::bundle::{Asked, OpeningFailure, make_open};
use crate::{Done, Failure};
use accord_domain::{Command, Subject};
use accord_replay::bundle::{Manifest, Member, OpenedValue, check, opened_document, seal};
use accord_store::verify::FlawKind;
use serde_json::{Value, json};
use uuid::Uuid;

const DOCTOR: &str = "D430503000123";
const NAME: &str = "张三丰";
const NEW_NAME: &str = "张君宝";
const PHONE: &str = "13812345678";

fn doctor() -> Subject {
    Subject::parse(DOCTOR).unwrap()
}

/// A doctor registered by name and telephone number, renamed, and the new name corrected.
fn told() -> Desk {
    let mut desk = Desk::told();
    let register = json!({ "institution": PHARMACY, "category": "doctor", "area": "430500", "commitment_signed": true, "name": NAME, "phone": PHONE });
    desk.act_of("practitioner", "2025-11-01", DOCTOR, "register", "2025-02-01", &register);
    let change = json!({ "what": "name", "from": NAME, "to": "张君保" });
    desk.act_of("practitioner", "2025-11-02", DOCTOR, "change-details", "2025-03-01", &change);
    let correct = json!({ "event": desk.id_of(1), "changes": { "/data/to": NEW_NAME } });
    desk.act_of("practitioner", "2025-11-03", DOCTOR, "correct", "2025-11-03", &correct);
    desk.clock.set(at("2025-11-21T10:00:00+08:00"));
    desk
}

impl Desk {
    /// The id of the doctor's event of a version.
    fn id_of(&self, version: usize) -> Uuid {
        let log = self.ledger.event_log();
        let stored =
            futures_util::FutureExt::now_or_never(log.read_stream("practitioner-D430503000123", 0, 100));
        let stored = stored.expect("read at once").unwrap();
        serde_json::from_str::<Value>(&stored[version].body).unwrap()["id"].as_str().unwrap().parse().unwrap()
    }

    async fn open(&self, asked: Asked, only: &[Uuid]) -> Result<(Vec<u8>, Done), OpeningFailure> {
        let reading = |events: &[Uuid]| {
            let command = json!({ "command": "practitioner.read-personal-data", "subject": DOCTOR, "data": { "events": events },
                "actor": { "authority": "court", "area": "430500", "operator": "op-17" }, "reason": "法院调取" });
            Command::parse(&command.to_string())
        };
        let at = answers::Asked::default();
        let made = make_open(&self.ledger, &doctor(), at, asked, only, reading).await;
        made.map(|(bytes, _, done)| (bytes, done))
    }

    async fn events(&self) -> u64 {
        self.ledger.event_log().len().await.unwrap()
    }
}

fn opened(bytes: &[u8]) -> Vec<OpenedValue> {
    serde_json::from_str(&text(bytes, "opened.json")).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn every_value_comes_with_a_key_of_its_own_and_the_reading_is_recorded_first() {
    let desk = told();
    let before = desk.events().await;
    let (bytes, done) = desk.open(asked(), &[]).await.unwrap();
    let checked = check(&bytes, Some(desk.signer().verifier())).unwrap();
    assert_eq!((checked.opened, checked.manifest.version), (5, 2));
    assert_eq!((done.appended.first_position, desk.events().await), (before, before + 1));
    assert_eq!(checked.manifest.custody.reading, Some(before.to_string()));
    // The reading is the newest event of the bundle, with its proof.
    let reading = checked.manifest.events.last().unwrap();
    assert_eq!(reading.position, before.to_string());
    let said: Value = serde_json::from_str(&text(&bytes, reading.file.as_ref().unwrap())).unwrap();
    assert_eq!(
        (&said["type"], &said["reason"]),
        (&json!("practitioner.personal-data-read"), &json!("法院调取"))
    );
    let values = opened(&bytes);
    let told: Vec<(&str, &str)> = values.iter().map(|value| (&*value.pointer, &*value.text)).collect();
    let expected = [
        ("/data/name", NAME),
        ("/data/phone", PHONE),
        ("/data/from", NAME),
        ("/data/to", "张君保"),
        ("/data/changes/~1data~1to", NEW_NAME),
    ];
    assert_eq!(told, expected);
    let mut keys: Vec<&str> = values.iter().map(|value| &*value.key).collect();
    keys.sort_unstable();
    keys.dedup();
    assert_eq!(keys.len(), 5, "no two values share a key");
    for (lang, mark, said) in [("zh", "（已启封）", "5 项已启封"), ("en", "(opened 启封)", "5 values opened")]
    {
        let page = text(&bytes, &format!("timeline.{lang}.html"));
        assert!(
            page.contains(&format!("{NAME}{}", mark.trim_start()))
                || page.contains(&format!("{NAME} {mark}")),
            "{page}"
        );
        assert!(page.contains(NEW_NAME) && page.contains(said), "{page}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_not_asked_for_stays_sealed() {
    let desk = told();
    let (bytes, _) = desk.open(asked(), &[desk.id_of(2)]).await.unwrap();
    assert_eq!(check(&bytes, None).unwrap().opened, 1);
    let has = |word: &str| bytes.windows(word.len()).any(|window| window == word.as_bytes());
    assert!(has(NEW_NAME) && !has(NAME) && !has(PHONE) && !has("张君保"));
    // Nothing is read of what is withheld.
    let withheld = Asked { redact: vec![desk.id_of(0)], ..asked() };
    let (bytes, _) = desk.open(withheld.clone(), &[]).await.unwrap();
    assert_eq!(check(&bytes, None).unwrap().opened, 3);
    assert!(!bytes.windows(PHONE.len()).any(|window| window == PHONE.as_bytes()));
    let refused = desk.open(withheld, &[desk.id_of(0)]).await.unwrap_err();
    assert!(matches!(refused, OpeningFailure::Answer(AnswerError::Question { parameter: "event", .. })));
    // The bundle without is what it was before: version 1, and no word of any of this.
    let place = desk.place("2025-11-21", Some("2025-11-05")).await;
    let closed = crate::bundle::make(&desk.ledger.source(), &doctor(), place, &asked()).await.unwrap();
    let manifest = text(&closed, "manifest.json");
    assert!(
        manifest.contains("\"version\":1}") && !manifest.contains("reading") && !manifest.contains("opened")
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_given_out_is_not_recorded_as_read() {
    let mut desk = told();
    let before = desk.events().await;
    let nobody = Uuid::from_u128(1);
    let agreement = desk.ids[0];
    for (asked, only, wrong) in [
        (Asked { redact: vec![nobody], ..asked() }, vec![], "redact"),
        (Asked { exported_by: Some(" ".to_owned()), ..asked() }, vec![], "exported_by"),
        (asked(), vec![nobody], "event"),
        (asked(), vec![agreement], "event"),
        (
            Asked { redact: (0..3).map(|version| desk.id_of(version)).collect(), ..asked() },
            vec![],
            "open_personal",
        ),
    ] {
        match desk.open(asked, &only).await {
            Err(OpeningFailure::Answer(AnswerError::Question { parameter, .. })) => {
                assert_eq!(parameter, wrong);
            }
            other => panic!("{wrong}: {other:?}"),
        }
    }
    assert_eq!(desk.events().await, before);
    // Erased: the reading is refused, and a bundle tells nothing.
    desk.act_of("practitioner", "2025-11-22", DOCTOR, "erase-personal-data", "2025-11-22", &json!({}));
    let before = desk.events().await;
    match desk.open(asked(), &[]).await {
        Err(OpeningFailure::Failure(Failure::Rejected { rejection, .. })) => {
            assert_eq!(rejection.code, "personal-data-erased");
        }
        other => panic!("{other:?}"),
    }
    assert_eq!(desk.events().await, before);
}

#[tokio::test(flavor = "multi_thread")]
async fn no_opened_value_can_be_changed_swapped_moved_or_made_up() {
    let desk = told();
    let (bytes, _) = desk.open(asked(), &[]).await.unwrap();
    // With the ledger's own signature over it: the seal of each value settles it.
    let resealed = |change: &Change| {
        let (mut manifest, mut values) = (manifest(&bytes), opened(&bytes));
        let mut members = read(&bytes).unwrap()[2..].to_vec();
        change(&mut manifest, &mut values, &mut members);
        if let Some(document) = members.iter_mut().find(|member| member.name == "opened.json") {
            document.bytes = opened_document(&values).unwrap();
        }
        check(&seal(manifest, members, desk.signer()).unwrap(), None)
    };
    assert_eq!(resealed(&|_, _, _| {}).unwrap().opened, 5);
    // Fewer of them still hold.
    assert_eq!(resealed(&|_, values, _| drop(values.remove(1))).unwrap().opened, 4);
    let wrong: [(&str, &OfValues); 9] = [
        ("text", &|values| values[0].text = "李四".to_owned()),
        ("a letter more", &|values| values[0].text.push('某')),
        ("keys swapped", &|values| {
            let key = values[0].key.clone();
            values[0].key = std::mem::replace(&mut values[1].key, key);
        }),
        ("texts swapped", &|values| {
            let text = values[0].text.clone();
            values[0].text = std::mem::replace(&mut values[1].text, text);
        }),
        ("another field", &|values| values[1].pointer = "/data/title".to_owned()),
        ("another event", &|values| {
            values.iter_mut().for_each(|value| value.position = values_end(&value.position));
        }),
        ("order", &|values| values.swap(0, 1)),
        ("twice", &|values| values.insert(0, values[0].clone())),
        ("none", &|values| values.clear()),
    ];
    for (name, change) in wrong {
        let flaws = resealed(&|_, values, _| change(values)).expect_err(name);
        assert_eq!(flaws[0].kind, FlawKind::Altered, "{name}: {flaws:?}");
        let told = format!("{flaws:?}");
        assert!(!told.contains(NAME) && !told.contains("李四"), "a flaw tells no personal data: {told}");
    }
    // A version that says otherwise than the members.
    let version =
        |to: u32| resealed(&move |manifest, _, _| manifest.version = to).expect_err("another version");
    assert_eq!((version(1)[0].kind, version(3)[0].kind), (FlawKind::Altered, FlawKind::UnknownVersion));
    let left_out = resealed(&|_, _, members| members.retain(|member| member.name != "opened.json"));
    assert_eq!(left_out.expect_err("left out")[0].kind, FlawKind::Missing);
    // And without the ledger's key not a byte of it.
    let mut members = read(&bytes).unwrap();
    member(&mut members, "opened.json").bytes[20] ^= 1;
    assert_eq!(found(&members, desk.signer())[0].kind, FlawKind::Altered);
}

/// What is done to a bundle before it is signed again.
type Change = dyn Fn(&mut Manifest, &mut Vec<OpenedValue>, &mut Vec<Member>);
/// What is done to its values.
type OfValues = dyn Fn(&mut Vec<OpenedValue>);

/// A position that is no event's of the subject.
fn values_end(position: &str) -> String {
    (position.parse::<u64>().unwrap() + 100).to_string()
}
