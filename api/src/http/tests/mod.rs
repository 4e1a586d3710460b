//! Through the router, with a real ledger in a directory of its own and a clock set by hand.

mod log;
mod problems;
mod reads;
mod reference;
mod socket;
mod tiles;
mod writes;

use super::{App, router};
use crate::{Access, Ledger};
use accord_domain::Instant;
use accord_store::clock::ManualClock;
use axum::Router;
use axum::body::Body;
use axum::http::{HeaderMap, HeaderName, HeaderValue, Request, StatusCode};
use http_body_util::BodyExt;
use serde_json::{Value, json};
use std::sync::Arc;
use tempfile::TempDir;
use tower::ServiceExt;

/// The institution and the practitioner most tests are about.
const PHARMACY: &str = "P43050300012";
const HOSPITAL: &str = "H43050300001";
const DOCTOR: &str = "D430503000123";

/// A server without a socket.
struct Server {
    dir: TempDir,
    clock: Arc<ManualClock>,
    ledger: Ledger,
    router: Router,
}

/// An answer, read to its end.
struct Answer {
    status: StatusCode,
    headers: HeaderMap,
    text: String,
}

impl Answer {
    fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|error| panic!("{error}: {}", self.text))
    }

    fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }
}

fn at(text: &str) -> Instant {
    Instant::parse(text).unwrap()
}

impl Server {
    fn empty() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let clock = Arc::new(ManualClock::at(at("2025-08-20T09:00:00+08:00")));
        Ledger::init(dir.path(), 7, &*clock).unwrap();
        let ledger = Ledger::open(dir.path(), Access::ReadWrite, clock.clone()).unwrap();
        let router = router(App::new(ledger.clone()));
        Self { dir, clock, ledger, router }
    }

    /// A pharmacy in force and then suspended, a hospital in force with a doctor.
    async fn with_histories() -> Self {
        let server = Self::empty();
        for command in histories() {
            let answer = server.post(&command).await;
            assert_eq!(answer.status, StatusCode::OK, "{command}: {}", answer.text);
        }
        server.clock.set(at("2025-08-20T10:00:00+08:00"));
        server
    }

    /// The same ledger opened anew, something done to its directory in between.
    fn reopened(self, meanwhile: impl FnOnce(&std::path::Path)) -> Self {
        let Self { dir, clock, ledger, router: served } = self;
        drop((served, ledger));
        meanwhile(dir.path());
        let ledger = loop {
            match Ledger::open(dir.path(), Access::ReadWrite, clock.clone()) {
                Ok(ledger) => break ledger,
                Err(error) if format!("{error:?}").contains("Locked") => std::thread::yield_now(),
                Err(error) => panic!("{error:?}"),
            }
        };
        let router = router(App::new(ledger.clone()));
        Self { dir, clock, ledger, router }
    }

    async fn send(&self, request: Request<Body>) -> Answer {
        let response = self.router.clone().oneshot(request).await.unwrap();
        let (parts, body) = response.into_parts();
        let text = String::from_utf8(body.collect().await.unwrap().to_bytes().to_vec()).unwrap();
        Answer { status: parts.status, headers: parts.headers, text }
    }

    async fn get(&self, target: &str) -> Answer {
        self.send(get(target, &[])).await
    }

    async fn get_with(&self, target: &str, headers: &[(&str, &str)]) -> Answer {
        self.send(get(target, headers)).await
    }

    async fn post(&self, command: &Value) -> Answer {
        self.post_with(command, &[]).await
    }

    async fn post_with(&self, command: &Value, headers: &[(&str, &str)]) -> Answer {
        self.send(post("/v1/commands", "application/json", command.to_string(), headers)).await
    }
}

fn get(target: &str, headers: &[(&str, &str)]) -> Request<Body> {
    with_headers(Request::get(target).body(Body::empty()).unwrap(), headers)
}

fn post(target: &str, media_type: &str, body: String, headers: &[(&str, &str)]) -> Request<Body> {
    let mut request = Request::post(target).body(Body::from(body)).unwrap();
    request.headers_mut().insert("content-type", media_type.parse().unwrap());
    with_headers(request, headers)
}

fn with_headers(mut request: Request<Body>, headers: &[(&str, &str)]) -> Request<Body> {
    request.headers_mut().insert("host", HeaderValue::from_static("localhost"));
    for (name, value) in headers {
        let name: HeaderName = name.parse().unwrap();
        // Beyond ASCII too: a key may be Chinese.
        request.headers_mut().insert(name, HeaderValue::from_bytes(value.as_bytes()).unwrap());
    }
    request
}

fn command(name: &str, subject: &str, effective_at: &str, data: &Value) -> Value {
    json!({
        "command": name,
        "subject": subject,
        "effective_at": effective_at,
        "actor": { "authority": "agency", "area": "430500", "office": "邵阳市医疗保障事务中心" },
        "basis": [{ "instrument": "2025年定点零售药店协议", "article": "58" }],
        "data": data,
    })
}

fn sign(subject: &str, from: &str, until: &str) -> Value {
    let data = json!({ "area": "430500", "lines": ["basic", "special_outpatient"], "name": "邵阳某药店", "from": from, "until": until });
    command("institution.sign-agreement", subject, from, &data)
}

fn suspend(subject: &str, from: &str, until: &str) -> Value {
    let data = json!({ "area": "430500", "line": "special_outpatient", "until": until, "ground": "agreement-breach" });
    command("institution.suspend-agreement", subject, from, &data)
}

fn register(subject: &str, institution: &str, from: &str) -> Value {
    let data = json!({ "institution": institution, "category": "doctor", "area": "430500", "commitment_signed": true });
    command("practitioner.register", subject, from, &data)
}

fn histories() -> Vec<Value> {
    vec![
        sign(PHARMACY, "2025-01-01", "2026-01-01"),
        suspend(PHARMACY, "2025-08-04", "2025-11-04"),
        sign(HOSPITAL, "2025-01-01", "2026-01-01"),
        register(DOCTOR, HOSPITAL, "2025-03-01"),
    ]
}

/// A problem as a person sees it, without what differs from run to run.
fn shown(answer: &Answer) -> Value {
    let mut document = answer.json();
    if let Some(members) = document.as_object_mut() {
        assert!(members.remove("trace_id").is_some(), "{}", answer.text);
    }
    document
}
