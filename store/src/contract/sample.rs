//! Requests to append, made by hand.

use crate::port::{Append, Expected, Request};
use accord_domain::event::Stamp;
use accord_domain::{EventType, Instant, Proposed, Version};

/// The stream most tests write to.
pub const STREAM: &str = "practitioner-D510105000123";

/// An instant of the tests' own calendar: whole seconds after 2026-01-01T00:00:00Z.
#[must_use]
pub const fn second(seconds: i64) -> Instant {
    Instant::from_micros((1_767_225_600 + seconds) * 1_000_000)
}

/// An event that can be decoded, with any text as its reason.
#[must_use]
pub fn event(subject: &str, version: Version, effective_at: Instant, reason: &str) -> Proposed {
    let text = |text: &str| serde_json::Value::from(text).to_string();
    let mut body = format!(
        r#"{{"actor":{{"authority":"agency"}},"data":{{"institution":"H37010200001"}},"effective_at":"{effective_at}","id":""#
    );
    let id_at = body.len();
    body += "00000000-0000-0000-0000-000000000000\",\"reason\":";
    body += &text(reason);
    body += ",\"recorded_at\":\"";
    let recorded_at_at = body.len();
    body += "0000-00-00T00:00:00.000000+08:00\",\"rulebook\":\"none\",\"schema\":1,\"subject\":";
    body += &text(subject);
    body += &format!(",\"type\":\"practitioner.site-removed\",\"version\":{version}}}");
    Proposed {
        kind: EventType(302),
        effective_at,
        body: body.into_bytes(),
        stamp: Stamp { id_at, recorded_at_at },
    }
}

/// A request of `count` events for a stream, whose first has the version given.
#[must_use]
pub fn append(stream: &str, expected: Expected, first: Version, count: u32) -> Append {
    let subject = stream.split_once('-').map_or(stream, |(_, code)| code);
    let events = (first..first + count).map(|version| event(subject, version, second(0), "")).collect();
    Append { stream: stream.into(), expected, request: None, events }
}

/// The same under a key, asking what the digest says.
#[must_use]
pub fn under(key: &str, digest: u8, append: Append) -> Append {
    let member = format!("\"key\":{},", serde_json::Value::from(key));
    let mut append = append;
    for event in &mut append.events {
        // After the id, which is of fixed width and ends with a quote and a comma.
        let at = event.stamp.id_at + 38;
        event.body.splice(at..at, member.bytes());
        event.stamp.recorded_at_at += member.len();
    }
    Append { request: Some(Request { key: key.into(), digest: [digest; 32] }), ..append }
}
