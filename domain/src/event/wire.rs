//! The stored bytes of an event: one JSON object in the canonical form of RFC 8785 (keys sorted, no blanks, no floats).
//!
//! `decide` cannot know the id and the time of recording, so both have a fixed width and are stamped into the bytes by
//! the log's writer, before hashing. What is hashed is what is stored is what is returned.

use super::{Event, EventData, EventRef, EventType, NewEvent};
use crate::command::Command;
use crate::id::{Subject, Version};
use crate::time::Instant;
use memchr::memmem::Finder;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use std::sync::LazyLock;
use uuid::Uuid;

/// Why stored bytes could not be read as an event.
#[derive(Debug, thiserror::Error)]
pub enum DecodeError {
    /// A type number this version does not know: written by a newer one.
    #[error("event type number {0} is not known to this version")]
    UnknownType(u16),
    /// A schema this version does not know: written by a newer one.
    #[error("{kind} is stored in schema version {schema}, this version knows up to {newest}")]
    NewerSchema {
        /// The event type.
        kind: &'static str,
        /// The version stored.
        schema: u16,
        /// The newest version known.
        newest: u16,
    },
    /// A step of the chain is missing: a fault of this program.
    #[error("no upcaster for {kind} from schema version {schema}")]
    NoUpcaster {
        /// The event type.
        kind: &'static str,
        /// The version it starts from.
        schema: u16,
    },
    /// The facts are not of the form of their type.
    #[error("the facts of {kind} cannot be read")]
    Facts {
        /// The event type.
        kind: &'static str,
        /// Where and why.
        #[source]
        source: serde_json::Error,
    },
    /// The bytes are no event at all.
    #[error("the stored bytes are not an event")]
    Envelope(#[source] serde_json::Error),
}

/// Where the writer stamps id and time of recording into the bytes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Stamp {
    /// Offset of the 36 bytes of the id.
    pub id_at: usize,
    /// Offset of the 32 bytes of the time of recording.
    pub recorded_at_at: usize,
}

/// An event ready for the log but for its stamp.
#[derive(Clone, PartialEq, Debug)]
pub struct Proposed {
    /// Type, for the log's column.
    pub kind: EventType,
    /// In force from, for the log's column.
    pub effective_at: Instant,
    /// Canonical bytes with blanks for the stamp.
    pub body: Vec<u8>,
    /// Where the blanks are.
    pub stamp: Stamp,
}

impl Proposed {
    /// Stamps id and time of recording.
    pub fn stamp(&mut self, id: Uuid, recorded_at: Instant) {
        let Stamp { id_at, recorded_at_at } = self.stamp;
        id.hyphenated().encode_lower(&mut self.body[id_at..id_at + 36]);
        self.body[recorded_at_at..recorded_at_at + 32].copy_from_slice(&recorded_at.to_fixed());
    }
}

const BLANK_ID: &[u8] = b"00000000-0000-0000-0000-000000000000";
const BLANK_TIME: &[u8] = b"0000-00-00T00:00:00.000000+08:00";

/// Writes the members of one JSON object in the order given, which must be alphabetical.
struct Members<'a> {
    out: &'a mut Vec<u8>,
    first: bool,
}

impl Members<'_> {
    fn key(&mut self, key: &str) {
        self.out.push(if self.first { b'{' } else { b',' });
        self.first = false;
        self.out.push(b'"');
        self.out.extend_from_slice(key.as_bytes());
        self.out.extend_from_slice(b"\":");
    }

    fn put<T: Serialize + ?Sized>(&mut self, key: &str, value: &T) -> Result<(), serde_json::Error> {
        self.key(key);
        serde_json::to_writer(&mut *self.out, value)
    }

    fn put_some<T: Serialize>(&mut self, key: &str, value: Option<&T>) -> Result<(), serde_json::Error> {
        value.map_or(Ok(()), |value| self.put(key, value))
    }

    fn put_list<T: Serialize>(&mut self, key: &str, list: &[T]) -> Result<(), serde_json::Error> {
        if list.is_empty() { Ok(()) } else { self.put(key, list) }
    }

    fn blank(&mut self, key: &str, blank: &[u8]) -> usize {
        self.key(key);
        self.out.push(b'"');
        let at = self.out.len();
        self.out.extend_from_slice(blank);
        self.out.push(b'"');
        at
    }
}

/// The canonical bytes of an event decided from a command.
///
/// `first_version` is the version of the first event of the decision; `index` is this one's place in it; `retroactive`
/// says that events of later effect were already recorded; `rulebook` is the hash of the rulebook it was decided under.
///
/// # Errors
/// Only when a value cannot be written as JSON, which the types rule out.
pub fn encode(
    command: &Command,
    event: &NewEvent,
    first_version: Version,
    index: usize,
    retroactive: bool,
    rulebook: &str,
) -> Result<Proposed, serde_json::Error> {
    // A quarter of the events of a busy ledger are longer than 640 bytes, hardly any than this: it need not grow.
    let mut body = Vec::with_capacity(1_024);
    let kind = event.data.event_type();
    let version = first_version + Version::try_from(index).unwrap_or(Version::MAX);
    let envelope = &command.envelope;
    let mut members = Members { out: &mut body, first: true };
    members.put("actor", &envelope.actor)?;
    members.put_list("basis", &envelope.basis)?;
    members.put_some("case", envelope.case.as_ref())?;
    if let Some(cause) = event.caused_by {
        let cause = first_version + Version::try_from(cause).unwrap_or(Version::MAX);
        members.put("caused_by", &EventRef::new(&command.subject, cause))?;
    }
    members.key("data");
    event.data.write(members.out)?;
    members.put_some("decided_at", envelope.decided_at.as_ref())?;
    members.put("effective_at", &event.effective_at)?;
    members.put_list("evidence", &envelope.evidence)?;
    members.put_list("findings", &event.findings)?;
    let id_at = members.blank("id", BLANK_ID);
    members.put_some("key", envelope.key.as_ref())?;
    members.put_list("others", &event.others)?;
    members.put_some("reason", envelope.reason.as_ref())?;
    let recorded_at_at = members.blank("recorded_at", BLANK_TIME);
    if retroactive {
        members.put("retroactive", &true)?;
    }
    members.put("rulebook", rulebook)?;
    members.put_list("rules", &event.rules)?;
    members.put("schema", &kind.schema())?;
    members.put("subject", command.subject.code())?;
    members.put("type", kind.name())?;
    if !envelope.unknown.is_empty() {
        members.put("unknown", &envelope.unknown)?;
    }
    members.put("version", &version)?;
    body.push(b'}');
    Ok(Proposed { kind, effective_at: event.effective_at, body, stamp: Stamp { id_at, recorded_at_at } })
}

/// The members of stored bytes that the fold needs.
#[derive(Deserialize)]
struct Folded<'a> {
    #[serde(default)]
    caused_by: Option<EventRef>,
    #[serde(borrow)]
    data: &'a RawValue,
    id: Uuid,
    schema: u16,
}

impl Event {
    /// Reads stored bytes; what the log keeps in columns is passed along, not parsed again. Only the members that the fold
    /// needs are looked at: whether the others are as they were written is for the hash to say.
    ///
    /// # Errors
    /// [`DecodeError`] says what is wrong with them.
    pub fn decode(
        kind: EventType,
        position: u64,
        version: Version,
        effective_at: Instant,
        recorded_at: Instant,
        body: impl AsRef<[u8]>,
    ) -> Result<Self, DecodeError> {
        let Located { data, id, schema, caused_by } = located(body.as_ref())?;
        let data = EventData::read(kind, schema, data)?;
        Ok(Self { position, id, version, effective_at, recorded_at, caused_by, data })
    }
}

/// What the fold needs of stored bytes, found without reading the rest.
#[derive(PartialEq, Debug)]
struct Located<'a> {
    data: &'a str,
    id: Uuid,
    schema: u16,
    caused_by: Option<Version>,
}

fn located(body: &[u8]) -> Result<Located<'_>, DecodeError> {
    locate(body).map_or_else(|| general(body).map_err(DecodeError::Envelope), Ok)
}

/// The general reader, for bytes of any form.
fn general(body: &[u8]) -> Result<Located<'_>, serde_json::Error> {
    let folded: Folded<'_> = serde_json::from_slice(body)?;
    let caused_by = folded.caused_by.and_then(|cause| cause.version());
    Ok(Located { data: folded.data.get(), id: folded.id, schema: folded.schema, caused_by })
}

/// Beginnings of members. A search is prepared once: preparing costs more than searching an event.
static DATA: LazyLock<Finder<'static>> = LazyLock::new(|| Finder::new(b",\"data\":{"));
static ID: LazyLock<Finder<'static>> = LazyLock::new(|| Finder::new(b",\"id\":\""));
static SCHEMA: LazyLock<Finder<'static>> = LazyLock::new(|| Finder::new(b",\"schema\":"));

/// Finds the members that the fold needs by the places canonical bytes have them in. Inside a JSON string every quote is
/// escaped, so a comma, a quote and a name can only be the beginning of a member; the members before `data`, between
/// `data` and `id`, and between `id` and `schema` have no members of these names themselves. Anything unusual gives none,
/// and the general reader takes over.
fn locate(bytes: &[u8]) -> Option<Located<'_>> {
    let data_at = DATA.find(bytes)?;
    let begin = data_at + 8;
    let end = begin + object_end(&bytes[begin..])?;
    let data = std::str::from_utf8(&bytes[begin..end]).ok()?;
    let id_at = end + ID.find(&bytes[end..])? + 7;
    let id_end = id_at + 36;
    let id = Uuid::try_parse_ascii(bytes.get(id_at..id_end)?).ok()?;
    let schema_at = id_end + SCHEMA.find(&bytes[id_end..])? + 10;
    let digits = bytes[schema_at..].iter().take_while(|byte| byte.is_ascii_digit()).count();
    let schema = std::str::from_utf8(&bytes[schema_at..schema_at + digits]).ok()?.parse().ok()?;
    Some(Located { data, id, schema, caused_by: cause(&bytes[..data_at])? })
}

/// The cause of an event, from the bytes before `data`: it is their last member where there is one. None when it cannot
/// be read.
#[expect(
    clippy::option_option,
    reason = "that there is no cause is one answer, that it cannot be told is another"
)]
fn cause(before: &[u8]) -> Option<Option<Version>> {
    let Some(text) = before.strip_suffix(b"\"") else { return Some(None) };
    let begin = memchr::memrchr(b'"', text)? + 1;
    if !text[..begin].ends_with(b",\"caused_by\":\"") {
        return Some(None);
    }
    let version = &text[memchr::memrchr(b'@', text).filter(|at| begin <= *at)? + 1..];
    std::str::from_utf8(version).ok()?.parse().ok().map(Some)
}

/// Length of the JSON object that the bytes begin with.
fn object_end(bytes: &[u8]) -> Option<usize> {
    let mut depth = 0_usize;
    let mut at = 0;
    while let Some(byte) = bytes.get(at) {
        match byte {
            b'{' => depth += 1,
            b'}' => {
                depth -= 1;
                if depth == 0 {
                    return Some(at + 1);
                }
            }
            b'"' => at += string_end(&bytes[at + 1..])? + 1,
            _ => {}
        }
        at += 1;
    }
    None
}

/// Where the string ends whose text the bytes begin with: the place of its closing quote.
fn string_end(bytes: &[u8]) -> Option<usize> {
    let mut at = 0;
    loop {
        at += memchr::memchr2(b'"', b'\\', &bytes[at..])?;
        if bytes[at] == b'"' {
            return Some(at);
        }
        at += 2;
        if at > bytes.len() {
            return None;
        }
    }
}

#[cfg(test)]
mod locate_tests {
    use super::*;

    #[test]
    fn what_is_found_by_place_is_what_the_general_reader_finds() {
        let id = "01a2005f-f39a-7735-a9ca-bc000000003b";
        let tricky = r#"\",\"data\":{\"x\":1},\"id\":\"no\",\"schema\":9,\\"#;
        for (before, data, between, after) in [
            ("", r#"{"area":"430500"}"#, "", ""),
            (r#","caused_by":"institution-H37010200001@12""#, "{}", r#","decided_at":"2025-08-04""#, ""),
            (
                "",
                r#"{"changes":{"/data/a":{"b":[{"c":"}"}]}},"note":"T"}"#,
                r#","evidence":[{"name":"T"}]"#,
                r#","rules":["T"]"#,
            ),
        ] {
            let data = data.replace('T', tricky);
            let between = between.replace('T', tricky);
            let after = after.replace('T', tricky);
            let body = format!(
                r#"{{"actor":{{"authority":"agency","office":"{tricky}"}},"case":"{tricky}"{before},"data":{data}{between},"id":"{id}","key":"{tricky}"{after},"schema":1,"subject":"H37010200001","unknown":{{"schema":"{tricky}"}},"version":3}}"#
            );
            let by_place = locate(body.as_bytes());
            assert!(by_place.is_none_or(|found| found == general(body.as_bytes()).unwrap()), "{body}");
            let plain = body.replace(&format!(r#","unknown":{{"schema":"{tricky}"}}"#), "");
            assert_eq!(locate(plain.as_bytes()), general(plain.as_bytes()).ok(), "{plain}");
        }
    }

    #[test]
    fn bytes_that_are_cut_or_of_another_form_are_left_to_the_general_reader() {
        for body in [
            "",
            "{}",
            r#"{"a":1,"data":{"#,
            r#"{"a":1,"data":{"x":"\"#,
            r#"{"a":1,"data":{}}"#,
            r#"{"a":1,"data":{},"id":"x""#,
        ] {
            assert_eq!(locate(body.as_bytes()), None, "{body}");
        }
    }
}

/// The subject named in stored bytes and the type name: what a verifier compares with the log's columns.
#[derive(Deserialize, Debug)]
pub struct Header<'a> {
    /// The subject's code.
    #[serde(borrow)]
    pub subject: std::borrow::Cow<'a, str>,
    /// The type's full name.
    #[serde(borrow, rename = "type")]
    pub kind: std::borrow::Cow<'a, str>,
}

impl Header<'_> {
    /// The subject, when the code is of the type's kind.
    #[must_use]
    pub fn subject(&self) -> Option<Subject> {
        let kind = EventType::by_name(&self.kind)?.kind();
        Subject::parse_as(kind, &self.subject).ok()
    }
}
