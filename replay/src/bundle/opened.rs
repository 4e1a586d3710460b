//! Personal data opened in a bundle: each value in clear, with the key that opens what the event holds, and nothing else.
//!
//! The subject's key is never handed out. XChaCha20-Poly1305 makes a key for each nonce, and no two values of a ledger share
//! a nonce: that one key is what a verifier needs, and all it gets.

use super::manifest::Manifest;
use accord_domain::{Personal, words};
use accord_store::vault::{Place, ValueKey};
use accord_store::verify::{Flaw, FlawKind};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::fmt;
use uuid::Uuid;

/// A value in clear, and what shows that it is the one sealed there.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OpenedValue {
    /// The key of this value alone: 32 bytes in base64url.
    pub key: String,
    /// JSON pointer into the event.
    pub pointer: String,
    /// Position of the event.
    pub position: String,
    /// The value.
    pub text: String,
}

/// Neither the value nor its key: what is printed for debugging ends in logs.
impl fmt::Debug for OpenedValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "OpenedValue({} {})", self.position, self.pointer)
    }
}

/// The bytes of `opened.json`: the values by position and pointer, members sorted by name, no white space.
///
/// # Errors
/// Never for what the program makes: no map has keys that are not text.
pub fn document(values: &[OpenedValue]) -> Result<Vec<u8>, serde_json::Error> {
    serde_json::to_vec(&serde_json::to_value(values)?)
}

/// Every value is the one that is sealed at its place. `body` gives the bytes of the event at a position, where the bundle
/// has them. Gives how many there are.
pub(super) fn check<'a>(
    bytes: &[u8],
    manifest: &Manifest,
    body: impl Fn(&str) -> Option<&'a [u8]>,
) -> Result<usize, Flaw> {
    let form = || {
        let name = super::OPENED;
        Flaw::of(FlawKind::Altered, words!("altered: {name} is not of its form", "被改动：{name} 格式不符"))
    };
    let values: Vec<OpenedValue> = serde_json::from_slice(bytes).map_err(|_| form())?;
    let ledger = manifest.ledger.strip_prefix("accord/").and_then(|id| Uuid::parse_str(id).ok());
    let ledger = ledger.ok_or_else(form)?;
    let place =
        |value: &OpenedValue| value.position.parse::<u64>().ok().map(|at| (at, value.pointer.clone()));
    let in_order = values.windows(2).all(|two| place(&two[0]) < place(&two[1]));
    if values.is_empty() || !in_order || values.iter().any(|value| place(value).is_none()) {
        return Err(form());
    }
    let stream = format!("{}-{}", manifest.subject.kind, manifest.subject.code);
    for value in &values {
        let entry = manifest.events.iter().find(|entry| entry.position == value.position && !entry.withheld);
        let opened = entry.zip(body(&value.position)).and_then(|(entry, body)| {
            let place = Place { ledger, stream: &stream, version: entry.version, pointer: &value.pointer };
            let sealed = serde_json::from_slice::<Value>(body).ok()?.pointer(&value.pointer)?.clone();
            let sealed: Personal = serde_json::from_value(sealed).ok()?;
            ValueKey::parse(&value.key)?.open(&place, sealed.sealed()?).ok()
        });
        if opened.is_none_or(|opened| *opened != value.text) {
            return Err(not_sealed_there(value));
        }
    }
    Ok(values.len())
}

fn not_sealed_there(value: &OpenedValue) -> Flaw {
    let OpenedValue { position, pointer, .. } = value;
    let words = words!(
        "position {position}: what was opened at {pointer} is not what is sealed there: text, key or place was changed",
        "位置 {position}：{pointer} 处启封的内容不是该处所封存的：内容、密钥或位置被改动"
    );
    match position.parse() {
        Ok(position) => Flaw::at(position, FlawKind::Altered, words),
        Err(_) => Flaw::of(FlawKind::Altered, words),
    }
}
