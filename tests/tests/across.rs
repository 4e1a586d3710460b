//! What crosses subjects: facts of others in decisions, on a real ledger.

#![expect(clippy::needless_pass_by_value, reason = "JSON made at the call reads best without ampersands")]

use accord_api::ledger::{Importer, LineResult, Watcher, Why};
use accord_api::{Access, Failure, Ledger};
use accord_domain::{Command, Subject};
use accord_replay::{Supposing, what_if};
use accord_store::EventLog;
use accord_store::clock::ManualClock;
use accord_tests::world::{World, at};
use serde_json::{Value as Json, json};
use std::sync::Arc;

const HOSPITAL: &str = "H37010090001";
const OTHER: &str = "H37010090002";
const PERSON: &str = "D370100900001";

fn act(command: &str, subject: &str, day: &str, authority: &str, data: Json) -> Json {
    json!({ "command": command, "subject": subject, "effective_at": day,
        "actor": { "authority": authority, "area": "370100" }, "data": data })
}

fn apply(subject: &str, day: &str, lines: &[&str], principal: Option<&str>) -> Json {
    let mut data = json!({ "area": "370100", "lines": lines, "name": "某机构", "opened_on": "2018-01-01", "physicians": 3 });
    if let Some(principal) = principal {
        data["principal"] = json!(principal);
    }
    act("institution.apply", subject, day, "institution", data)
}

fn sign(subject: &str, day: &str) -> Json {
    let data = json!({ "area": "370100", "lines": ["basic"], "number": "1", "name": "某机构", "from": day, "until": "2027-01-01" });
    act("institution.sign-agreement", subject, day, "agency", data)
}

fn moratorium() -> Json {
    let data = json!({ "basis_agreement": true, "ground": "强监管期间" });
    act("area.start-moratorium", "370100", "2024-06-01", "bureau", data)
}

fn admitted_again() -> Json {
    act("area.end-moratorium", "370100", "2024-09-01", "bureau", json!({}))
}

fn ban() -> Json {
    act("practitioner.ban-manager", PERSON, "2024-06-01", "bureau", json!({}))
}

#[tokio::test]
async fn given_a_moratorium_when_one_applies_then_it_is_refused_while_it_lasts_as_known_by_then() {
    let world = World::new();
    world.does("2024-05-01", &apply(OTHER, "2024-05-01", &[], None)).await;
    world.does("2024-06-01", &moratorium()).await;
    assert_eq!(world.refuses("2024-06-02", &apply(HOSPITAL, "2024-06-02", &[], None)).await, "moratorium");
    world.does("2024-09-01", &admitted_again()).await;
    assert_eq!(world.refuses("2024-09-02", &apply(HOSPITAL, "2024-08-31", &[], None)).await, "moratorium");
    world.does("2024-09-02", &apply(HOSPITAL, "2024-09-01", &[], None)).await;
    world.agrees().await;
}

#[tokio::test]
async fn given_a_ban_when_the_person_is_named_in_an_application_elsewhere_then_it_is_refused() {
    let world = World::new();
    world.does("2024-06-01", &ban()).await;
    let named = apply(HOSPITAL, "2024-07-01", &[], Some(PERSON));
    match world.asks("2024-07-01", &named).await {
        Err(Failure::Rejected { rejection, .. }) => {
            assert_eq!(rejection.code, "manager-banned");
            assert_eq!(&*rejection.blocked_by_others[0].event.0, "practitioner-D370100900001@0");
        }
        other => panic!("{other:?}"),
    }
    let annul = json!({ "event": world.events(PERSON).await[0].id, "scope": "from_start" });
    world.does("2024-08-01", &act("practitioner.annul", PERSON, "2024-08-01", "court", annul)).await;
    world.does("2024-08-02", &named).await;
}

/// Sent together they may share a commit; whatever comes first, the application is decided on what the others came to.
#[tokio::test]
async fn commands_that_wait_together_are_decided_on_one_another() {
    for _ in 0..8 {
        let world = World::new();
        let ledger = world.ledger();
        let parse = |json: Json| Command::parse(&json.to_string()).unwrap();
        let (warm, stop, asks) = tokio::join!(
            ledger.execute(parse(sign(OTHER, "2024-01-01"))),
            ledger.execute(parse(moratorium())),
            ledger.execute(parse(apply(HOSPITAL, "2024-07-01", &[], None))),
        );
        let (_, stop) = (warm.unwrap(), stop.unwrap());
        match asks {
            Ok(done) => assert!(done.appended.first_position < stop.appended.first_position),
            Err(Failure::Rejected { rejection, .. }) => assert_eq!(rejection.code, "moratorium"),
            Err(other) => panic!("{other}"),
        }
    }
}

#[tokio::test]
async fn what_a_decision_rested_on_is_stored_with_it_and_it_is_decided_alike_from_its_own_stream() {
    let world = World::new();
    world.does("2024-01-01", &sign(HOSPITAL, "2024-01-01")).await;
    world.does("2024-06-01", &moratorium()).await;
    world.does("2024-07-01", &apply(HOSPITAL, "2024-07-01", &["dual_channel"], None)).await;
    let ledger = world.ledger();
    let subject = Subject::parse(HOSPITAL).unwrap();
    let stored = ledger.log().read_stream(&subject.stream(), 0, 10).await.unwrap();
    let applied = stored.last().unwrap();
    let body: Json = serde_json::from_str(&applied.body).unwrap();
    assert_eq!(
        body["others"],
        json!([{ "event": "area-370100@0", "from": "2024-06-01T00:00:00+08:00", "what": "moratorium" }])
    );
    // Without the agreement it would have been a first admission, which the moratorium, stored with it, refuses.
    let signed = stored.iter().find(|stored| stored.kind.name() == "institution.agreement-signed").unwrap();
    let supposing = Supposing {
        as_of: at("2024-08-01"),
        known_at: at("2030-01-01"),
        law: ledger.rulebook(),
        other: None,
        fork: Some(accord_domain::what_if::Fork::Without(signed.version)),
        again: true,
    };
    let found = what_if(subject, &stored, &supposing).unwrap();
    let refused: Vec<&str> = found
        .acts
        .iter()
        .filter_map(|act| match &act.outcome {
            accord_domain::what_if::Outcome::Refused(rejection) => Some(rejection.code),
            _ => None,
        })
        .collect();
    assert_eq!(refused, ["moratorium"]);
}

#[derive(Default)]
struct Codes(Vec<String>);

impl Watcher for Codes {
    fn line(&mut self, result: LineResult) {
        self.0.push(match result {
            LineResult::Recorded(_) => "recorded".to_owned(),
            LineResult::Repeated(_) => "repeated".to_owned(),
            LineResult::Rejected(reject) => match &reject.why {
                Why::Refused(Failure::Rejected { rejection, .. }) => rejection.code.to_owned(),
                other => format!("{other:?}"),
            },
        });
    }
    fn bytes(&mut self, _done: u64) {}
}

#[test]
fn an_import_decides_with_the_same_facts_even_of_lines_still_on_their_way() {
    let lines = [
        apply(OTHER, "2024-05-01", &[], None),
        moratorium(),
        apply(HOSPITAL, "2024-07-01", &[], None),
        admitted_again(),
        ban(),
        apply(HOSPITAL, "2024-10-01", &[], Some(PERSON)),
        apply(HOSPITAL, "2024-10-01", &[], None),
    ];
    let source: String = lines.iter().map(|line| format!("{line}\n")).collect();
    let dir = tempfile::tempdir().unwrap();
    let clock = Arc::new(ManualClock::at(at("2026-01-01")));
    Ledger::init(dir.path(), 7, &*clock).unwrap();
    let mut importer = Importer::open(dir.path(), clock.clone()).unwrap();
    let expected =
        ["recorded", "recorded", "moratorium", "recorded", "recorded", "manager-banned", "recorded"];
    for tried in [true, false] {
        let mut codes = Codes::default();
        if tried {
            importer.try_out(source.as_bytes(), &mut codes).unwrap();
        } else {
            importer.run(source.as_bytes(), &mut codes).unwrap();
        }
        assert_eq!(codes.0, expected, "rehearsal: {tried}");
    }
    drop(importer);
    let ledger = Ledger::open(dir.path(), Access::ReadWrite, clock).unwrap();
    assert_eq!(accord_projections::wait_for(ledger.log().len()).unwrap(), 5);
}
