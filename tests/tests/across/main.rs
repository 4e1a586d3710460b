//! What crosses subjects, on a real ledger.

#![expect(clippy::unwrap_used, reason = "a fault of the test itself panics where it is")]
#![expect(clippy::needless_pass_by_value, reason = "JSON made at the call reads best without ampersands")]

use accord_api::ledger::{Importer, LineResult, Watcher, Why};
use accord_api::{Access, Failure, Ledger};
use accord_domain::what_if::{Fork, Outcome};
use accord_domain::{Command, Subject};
use accord_replay::{Course, Supposing, what_if};
use accord_store::EventLog;
use accord_store::clock::ManualClock;
use accord_tests::world::{World, at};
use serde_json::{Value as Json, json};
use std::sync::Arc;

mod facts;
mod reactions;

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

const NUMBER: &str = "11010519491231002X";

/// The person, registered with an identity number.
fn registered() -> Json {
    let data =
        json!({ "category": "doctor", "institution": OTHER, "name": "张三", "identity_number": NUMBER });
    act("practitioner.register", PERSON, "2024-05-01", "agency", data)
}

/// A ledger into which these lines were imported, every one recorded; what they call for is not, until it is finished.
fn imported(lines: &[Json]) -> (tempfile::TempDir, Arc<ManualClock>, Importer) {
    let dir = tempfile::tempdir().unwrap();
    let clock = Arc::new(ManualClock::at(at("2026-01-01")));
    Ledger::init(dir.path(), 7, &*clock).unwrap();
    let mut importer = Importer::open(dir.path(), clock.clone()).unwrap();
    let mut codes = Codes::default();
    importer.run(text(lines).as_bytes(), &mut codes).unwrap();
    assert!(codes.0.iter().all(|code| code == "recorded"), "{:?}", codes.0);
    (dir, clock, importer)
}

fn text(lines: &[Json]) -> String {
    lines.iter().map(|line| format!("{line}\n")).collect()
}

/// Type, subject, authority and origin of every event from a position on.
async fn tail(ledger: &Ledger, from: u64) -> Vec<String> {
    let stored = ledger.log().read_all(from, 100).await.unwrap();
    let told = stored.iter().map(|stored| {
        let body: Json = serde_json::from_str(&stored.body).unwrap();
        let (kind, subject) = (stored.kind.name(), body["subject"].as_str().unwrap());
        let by = body["actor"]["authority"].as_str().unwrap();
        format!("{kind} {subject} {by} {}", body["data"]["origin"].as_str().unwrap_or("-"))
    });
    told.collect()
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
