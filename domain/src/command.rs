//! Commands as they come from outside: one JSON object, read strictly. Every error names the place by JSON pointer and
//! says what would be right.

use crate::envelope::{Actor, Basis, Evidence};
use crate::id::{Subject, SubjectKind, Version};
use crate::institution::InstitutionCommand;
use crate::limits::{KEY_BYTES_MAX, TEXT_BYTES_MAX};
use crate::practitioner::PractitionerCommand;
use crate::time::Instant;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use uuid::Uuid;

/// Who asks for what, on which basis.
#[derive(Clone, PartialEq, Debug)]
pub struct Envelope {
    /// From when it holds in law; none means from the moment of recording.
    pub effective_at: Option<Instant>,
    /// When it was decided, where that differs.
    pub decided_at: Option<Instant>,
    /// Who acts.
    pub actor: Actor,
    /// On what basis.
    pub basis: Vec<Basis>,
    /// The case it belongs to.
    pub case: Option<Box<str>>,
    /// Why, in words.
    pub reason: Option<Box<str>>,
    /// What shows it.
    pub evidence: Vec<Evidence>,
    /// Idempotency key.
    pub key: Option<Box<str>>,
    /// Refuse if the stream has moved on from this version.
    pub expected_version: Option<Version>,
    /// What the source does not say: JSON pointer and why it is not known.
    pub unknown: BTreeMap<String, String>,
}

/// What is asked.
#[derive(Clone, PartialEq, Debug)]
pub enum Act {
    /// Of an institution.
    Institution(InstitutionCommand),
    /// Of a practitioner.
    Practitioner(PractitionerCommand),
}

impl Act {
    /// The full name: `institution.suspend-agreement`.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::Institution(command) => command.name(),
            Self::Practitioner(command) => command.name(),
        }
    }
}

impl Act {
    /// The event of the subject's own stream that it names, where it names one: deciding it needs to see the history.
    #[must_use]
    pub fn names_event(&self) -> Option<Uuid> {
        use InstitutionCommand as I;
        use PractitionerCommand as P;
        match self {
            Self::Institution(I::Annul(data)) | Self::Practitioner(P::Annul(data)) => Some(data.event),
            Self::Institution(I::Correct(data)) | Self::Practitioner(P::Correct(data)) => Some(data.event),
            Self::Institution(I::SettleLiability(data)) => Some(data.liability),
            Self::Institution(I::ReleaseSettlement(data)) => Some(data.hold),
            Self::Institution(I::AcceptRectification(data) | I::FailRectification(data)) => Some(data.order),
            Self::Institution(I::ProvideRecords(data)) => Some(data.demand),
            Self::Institution(I::FileChange(data)) => Some(data.change),
            Self::Institution(_) | Self::Practitioner(_) => None,
        }
    }
}

/// A command for one subject.
#[derive(Clone, PartialEq, Debug)]
pub struct Command {
    /// Whose stream it touches.
    pub subject: Subject,
    /// Who and on what basis.
    pub envelope: Envelope,
    /// What.
    pub act: Act,
}

/// What is wrong with a command, where, and what would be right.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, thiserror::Error)]
#[error("{pointer}: {message}")]
pub struct CommandError {
    /// Stable code: `malformed-json`, `unknown-command`, `unknown-field`, `missing-field`, `invalid-value`.
    pub code: &'static str,
    /// JSON pointer to the place.
    pub pointer: String,
    /// Line in the text, from 1; 0 when not known.
    pub line: usize,
    /// Column in the line, from 1; 0 when not known.
    pub column: usize,
    /// What is wrong and what would be right.
    pub message: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Raw<'a> {
    #[serde(borrow)]
    command: std::borrow::Cow<'a, str>,
    #[serde(borrow)]
    subject: std::borrow::Cow<'a, str>,
    #[serde(default)]
    effective_at: Option<Instant>,
    #[serde(default)]
    decided_at: Option<Instant>,
    actor: Actor,
    #[serde(default)]
    basis: Vec<Basis>,
    #[serde(default)]
    case: Option<Box<str>>,
    #[serde(default)]
    reason: Option<Box<str>>,
    #[serde(default)]
    evidence: Vec<Evidence>,
    #[serde(default)]
    key: Option<Box<str>>,
    #[serde(default)]
    expected_version: Option<Version>,
    #[serde(default)]
    unknown: BTreeMap<String, String>,
    #[serde(borrow, default)]
    data: Option<&'a RawValue>,
}

impl Command {
    /// Reads one command.
    ///
    /// # Errors
    /// [`CommandError`] with the place and what would be right.
    pub fn parse(text: &str) -> Result<Self, CommandError> {
        let raw: Raw<'_> = match serde_json::from_str(text) {
            Ok(raw) => raw,
            Err(_) => return Err(locate::<Raw<'_>>(text, "", 0)),
        };
        let kind = raw.command.split_once('.').and_then(|(kind, _)| SubjectKind::parse(kind));
        let data = raw.data.map_or("{}", RawValue::get);
        let mut reader = serde_json::Deserializer::from_str(data);
        let act = match kind {
            Some(SubjectKind::Institution) => {
                InstitutionCommand::read(&raw.command, &mut reader).map(|read| read.map(Act::Institution))
            }
            Some(SubjectKind::Practitioner) => {
                PractitionerCommand::read(&raw.command, &mut reader).map(|read| read.map(Act::Practitioner))
            }
            None => None,
        };
        let (Some(act), Some(kind)) = (act, kind) else { return Err(unknown_command(&raw.command)) };
        let act = act.map_err(|_| locate_data(text, &raw.command, data, kind))?;
        let subject =
            Subject::parse_as(kind, &raw.subject).map_err(|error| invalid("/subject", error.to_string()))?;
        let envelope = Envelope {
            effective_at: raw.effective_at,
            decided_at: raw.decided_at,
            actor: raw.actor,
            basis: raw.basis,
            case: raw.case,
            reason: raw.reason,
            evidence: raw.evidence,
            key: raw.key,
            expected_version: raw.expected_version,
            unknown: raw.unknown,
        };
        envelope.check()?;
        Ok(Self { subject, envelope, act })
    }

    /// From when the act holds in law: what the command states, else the moment of asking. An agreement signed or renewed
    /// for a term that began earlier holds from the begin of the term.
    #[must_use]
    pub fn effective_at(&self, now: Instant) -> Instant {
        let stated = self.envelope.effective_at.unwrap_or(now);
        let begin = match &self.act {
            Act::Institution(InstitutionCommand::SignAgreement(signing)) => signing.from,
            Act::Institution(_) | Act::Practitioner(_) => None,
        };
        begin.map_or(stated, |begin| begin.min(stated))
    }

    /// The canonical bytes of what is asked, without key and expected version: two texts that ask the same have the same.
    ///
    /// # Errors
    /// Only when a value cannot be written as JSON, which the types rule out.
    pub fn canonical(&self) -> Result<Vec<u8>, serde_json::Error> {
        #[derive(Serialize)]
        struct Asked<'a> {
            actor: &'a Actor,
            basis: &'a [Basis],
            case: &'a Option<Box<str>>,
            command: &'static str,
            decided_at: Option<Instant>,
            effective_at: Option<Instant>,
            evidence: &'a [Evidence],
            reason: &'a Option<Box<str>>,
            subject: &'a str,
            unknown: &'a BTreeMap<String, String>,
        }
        let mut out = Vec::with_capacity(512);
        out.extend_from_slice(b"{\"asked\":");
        serde_json::to_writer(
            &mut out,
            &Asked {
                actor: &self.envelope.actor,
                basis: &self.envelope.basis,
                case: &self.envelope.case,
                command: self.act.name(),
                decided_at: self.envelope.decided_at,
                effective_at: self.envelope.effective_at,
                evidence: &self.envelope.evidence,
                reason: &self.envelope.reason,
                subject: self.subject.code(),
                unknown: &self.envelope.unknown,
            },
        )?;
        out.extend_from_slice(b",\"data\":");
        match &self.act {
            Act::Institution(command) => command.write(&mut out)?,
            Act::Practitioner(command) => command.write(&mut out)?,
        }
        out.push(b'}');
        Ok(out)
    }

    /// SHA-256 of [`Command::canonical`]: tells a repeated request from another one under the same key.
    ///
    /// # Errors
    /// As [`Command::canonical`].
    pub fn digest(&self) -> Result<[u8; 32], serde_json::Error> {
        Ok(Sha256::digest(self.canonical()?).into())
    }
}

impl Envelope {
    fn check(&self) -> Result<(), CommandError> {
        let too_long = |pointer: &str, text: &Option<Box<str>>, max: usize| match text {
            Some(text) if text.len() > max => {
                Err(invalid(pointer, format!("{} bytes; at most {max} are accepted", text.len())))
            }
            Some(text) if text.is_empty() => Err(invalid(pointer, "empty; leave it out instead".to_owned())),
            Some(_) | None => Ok(()),
        };
        too_long("/key", &self.key, KEY_BYTES_MAX)?;
        too_long("/reason", &self.reason, TEXT_BYTES_MAX)?;
        too_long("/case", &self.case, KEY_BYTES_MAX)?;
        for (index, evidence) in self.evidence.iter().enumerate() {
            if let Some(digest) = &evidence.sha256
                && !(digest.len() == 64 && digest.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f')))
            {
                let message = "not a SHA-256 digest: 64 hexadecimal digits in lower case".to_owned();
                return Err(invalid(&format!("/evidence/{index}/sha256"), message));
            }
        }
        Ok(())
    }
}

fn invalid(pointer: &str, message: String) -> CommandError {
    CommandError { code: "invalid-value", pointer: pointer.to_owned(), line: 0, column: 0, message }
}

fn unknown_command(name: &str) -> CommandError {
    let known = || InstitutionCommand::NAMES.iter().chain(PractitionerCommand::NAMES);
    let word = name.split_once('.').map_or(name, |(_, word)| word);
    let near: Vec<_> = known()
        .filter(|known| {
            let act = known.split_once('.').map_or("", |(_, act)| act);
            !word.is_empty()
                && (act.contains(word)
                    || word.contains(act)
                    || act.split('-').any(|part| word.contains(part)))
        })
        .take(6)
        .copied()
        .collect();
    let hint =
        if near.is_empty() { known().copied().collect::<Vec<_>>().join(", ") } else { near.join(", ") };
    let name: String = name.chars().take(60).collect();
    CommandError {
        code: "unknown-command",
        pointer: "/command".to_owned(),
        line: 0,
        column: 0,
        message: format!("there is no command {name:?}; known: {hint}"),
    }
}

/// Reads again, slowly, to say where the error is.
fn locate<'a, T: Deserialize<'a>>(text: &'a str, prefix: &str, line_offset: usize) -> CommandError {
    let mut reader = serde_json::Deserializer::from_str(text);
    match serde_path_to_error::deserialize::<_, T>(&mut reader) {
        Ok(_) => describe(reader.end().err(), String::new(), prefix, line_offset),
        Err(error) => {
            let path = pointer(error.path());
            describe(Some(error.into_inner()), path, prefix, line_offset)
        }
    }
}

fn locate_data(text: &str, name: &str, data: &str, kind: SubjectKind) -> CommandError {
    let line_offset = text.find(data).map_or(0, |at| text[..at].matches('\n').count());
    let mut track = serde_path_to_error::Track::new();
    let mut reader = serde_json::Deserializer::from_str(data);
    let tracked = serde_path_to_error::Deserializer::new(&mut reader, &mut track);
    let error = match kind {
        SubjectKind::Institution => InstitutionCommand::read(name, tracked).and_then(Result::err),
        SubjectKind::Practitioner => PractitionerCommand::read(name, tracked).and_then(Result::err),
    };
    describe(error, pointer(&track.path()), "/data", line_offset)
}

fn pointer(path: &serde_path_to_error::Path) -> String {
    use serde_path_to_error::Segment;
    let mut out = String::new();
    for segment in path {
        match segment {
            Segment::Seq { index } => out.push_str(&format!("/{index}")),
            Segment::Map { key } => out.push_str(&format!("/{}", key.replace('~', "~0").replace('/', "~1"))),
            Segment::Enum { variant } => out.push_str(&format!("/{variant}")),
            Segment::Unknown => {}
        }
    }
    out
}

fn describe(
    error: Option<serde_json::Error>,
    path: String,
    prefix: &str,
    line_offset: usize,
) -> CommandError {
    let Some(error) = error else {
        return invalid(&format!("{prefix}{path}"), "cannot be read".to_owned());
    };
    let (line, column) = (error.line(), error.column());
    let message = error.to_string();
    let message = message.rsplit_once(" at line ").map_or(message.as_str(), |(words, _)| words).to_owned();
    let code = if error.is_syntax() || error.is_eof() {
        "malformed-json"
    } else if message.starts_with("unknown field") {
        "unknown-field"
    } else if message.starts_with("missing field") {
        "missing-field"
    } else {
        "invalid-value"
    };
    let line = if line == 0 { 0 } else { line + line_offset };
    CommandError { code, pointer: format!("{prefix}{path}"), line, column, message }
}
