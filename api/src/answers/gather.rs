//! Facts about one subject at one pair of coordinates, gathered from its events.

use super::{AnswerError, Coordinates, Due, Position, Reason};
use accord_domain::event::Finding;
use accord_domain::obligation::obligations;
use accord_domain::personal::fence;
use accord_domain::rulebook::Rulebook;
use accord_domain::timeline;
use accord_domain::{Basis, Event, Instant, Laws, Span, State, Subject, Version};
use accord_projections::Views;
use accord_store::{EventLog, Stored};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// How many events of a stream are read at a time.
const PAGE: usize = 1_000;

/// What stood of a subject, and why.
#[derive(Clone, PartialEq, Debug)]
pub struct Gathered {
    /// The subject.
    pub subject: Subject,
    /// The coordinates it is gathered at.
    pub coordinates: Coordinates,
    /// Newest version known then; none when nothing was.
    pub version: Option<Version>,
    /// Name then, where one is known.
    pub name: Option<Box<str>>,
    /// Earlier names, oldest first.
    pub former_names: Vec<Box<str>>,
    /// What became of the personal data recorded of it; none where none is.
    pub personal_data: Option<PersonalData>,
    /// The spans standing at `as_of`, whole: their ends may lie far off.
    pub spans: Vec<Span>,
    /// The events that made them so.
    pub reasons: BTreeMap<Version, Reason>,
    /// What is due.
    pub obligations: Vec<Due>,
}

/// What became of the personal data of a subject.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum PersonalData {
    /// Sealed with the key of the subject.
    Sealed,
    /// Erased: nothing of it is taken or opened any more.
    Erased,
}

impl PersonalData {
    fn of(events: &[Event]) -> Option<Self> {
        if fence(events).is_some() {
            return Some(Self::Erased);
        }
        events.iter().any(|event| !event.data.sealed().is_empty()).then_some(Self::Sealed)
    }
}

impl Gathered {
    /// The reasons of spans, each event once, in the order given.
    #[must_use]
    pub fn reasons_of<'a>(&self, causes: impl IntoIterator<Item = &'a Version>) -> Vec<Reason> {
        let mut seen = Vec::new();
        let mut reasons = Vec::new();
        for cause in causes {
            if seen.contains(cause) {
                continue;
            }
            seen.push(*cause);
            reasons.extend(self.reasons.get(cause).cloned());
        }
        reasons
    }
}

/// The events of a subject known at an instant, oldest first; empty when nothing was ever recorded by then.
///
/// # Errors
/// When the log cannot be read.
pub async fn history(
    log: &dyn EventLog,
    subject: &Subject,
    known_at: Instant,
) -> Result<Vec<Stored>, AnswerError> {
    let stream = subject.stream();
    let mut events: Vec<Stored> = Vec::new();
    loop {
        let from = events.last().map_or(0, |last| last.version + 1);
        let page = log.read_stream(&stream, from, PAGE).await?;
        let full = page.len() == PAGE;
        events.extend(page);
        let over = events.last().is_some_and(|last| known_at < last.recorded_at);
        if over || !full {
            break;
        }
    }
    events.retain(|stored| stored.recorded_at <= known_at);
    Ok(events)
}

/// The same of a subject of which something was recorded by then.
///
/// # Errors
/// [`AnswerError::UnknownSubject`] when nothing was; else when the log cannot be read.
pub async fn known_history(
    log: &dyn EventLog,
    subject: &Subject,
    known_at: Instant,
) -> Result<Vec<Stored>, AnswerError> {
    let stored = history(log, subject, known_at).await?;
    if stored.is_empty() {
        return Err(AnswerError::UnknownSubject { code: subject.code().into() });
    }
    Ok(stored)
}

/// Whether anything was recorded of a subject by an instant. What was recorded later makes no difference: it would tell of
/// the future, and the same question would have another answer once it is there.
///
/// # Errors
/// [`AnswerError::UnknownSubject`] when nothing was; else when the log cannot be read.
pub async fn must_be_known(
    log: &dyn EventLog,
    subject: &Subject,
    known_at: Instant,
) -> Result<(), AnswerError> {
    let first = log.read_stream(&subject.stream(), 0, 1).await?;
    if first.first().is_none_or(|first| known_at < first.recorded_at) {
        return Err(AnswerError::UnknownSubject { code: subject.code().into() });
    }
    Ok(())
}

/// Reads the facts of stored events.
///
/// # Errors
/// When one cannot be read.
pub fn decode(events: &[Stored]) -> Result<Vec<Event>, AnswerError> {
    events
        .iter()
        .map(|stored| {
            stored.decode().map_err(|source| AnswerError::Decode { stream: (&*stored.stream).into(), source })
        })
        .collect()
}

/// Gathers from the events known at the coordinates' `known_at`.
///
/// # Errors
/// When an event cannot be read.
pub fn from_events(
    subject: &Subject,
    coordinates: Coordinates,
    stored: &[Stored],
    laws: &Laws,
) -> Result<Gathered, AnswerError> {
    let events = decode(stored)?;
    let kind = subject.kind();
    let mut spans = timeline::timeline(kind, &events);
    spans.retain(|span| span.covers(coordinates.as_of));
    let state: State = timeline::state_at(kind, &events, coordinates.as_of);
    let mut reasons = BTreeMap::new();
    for cause in spans.iter().flat_map(Span::causes) {
        if let Some(stored) = stored.iter().find(|stored| stored.version == cause) {
            reasons.insert(cause, reason(stored, laws.book())?);
        }
    }
    Ok(Gathered {
        subject: subject.clone(),
        coordinates,
        version: stored.last().map(|stored| stored.version),
        name: state.name().map(Into::into),
        former_names: state.former_names().to_vec(),
        personal_data: PersonalData::of(&events),
        spans,
        reasons,
        obligations: due(subject, &events, coordinates, laws),
    })
}

/// What is due of a subject, and what was, with the events that raised and ended it.
fn due(subject: &Subject, events: &[Event], coordinates: Coordinates, laws: &Laws) -> Vec<Due> {
    let id = |version| events.iter().find(|event| event.version == version).map(|event| event.id);
    obligations(subject, events, coordinates.as_of, coordinates.known_at, laws)
        .iter()
        .filter_map(|obligation| Due::of(subject, obligation, id))
        .collect()
}

/// Gathers from the log alone.
///
/// # Errors
/// When nothing was recorded of the subject by then, or the log cannot be read.
pub async fn from_log(
    log: &dyn EventLog,
    subject: &Subject,
    coordinates: Coordinates,
    laws: &Laws,
) -> Result<Gathered, AnswerError> {
    let stored = known_history(log, subject, coordinates.known_at).await?;
    from_events(subject, coordinates, &stored, laws)
}

/// What the views say stands of a subject, without reasons, obligations, name and version; empty for one nothing is recorded of.
///
/// # Errors
/// When the views cannot be read.
pub fn standing(views: &Views, subject: Subject, coordinates: Coordinates) -> Result<Gathered, AnswerError> {
    let spans = views.standing(&subject, coordinates.as_of, coordinates.known_at)?;
    Ok(Gathered {
        subject,
        coordinates,
        version: None,
        name: None,
        former_names: Vec::new(),
        personal_data: None,
        spans,
        reasons: BTreeMap::new(),
        obligations: Vec::new(),
    })
}

/// Adds one event's reason from the views, its rules cited from the law known.
///
/// # Errors
/// When the views cannot be read.
pub fn add_reason(
    views: &Views,
    gathered: &mut Gathered,
    version: Version,
    law: &Rulebook,
) -> Result<(), AnswerError> {
    if let Some(found) = views.reason(&gathered.subject, version)? {
        let reason = Reason {
            event: found.id,
            position: Position(found.position),
            version: found.version,
            kind: found.kind.name(),
            effective_at: found.effective_at,
            recorded_at: found.recorded_at,
            basis: found.basis,
            rule: found.rules.first().map(|id| id.as_str().into()),
            rules: found.rules.iter().filter_map(|id| law.cite(id)).collect(),
            case: found.case.map(Into::into),
            unknown: BTreeMap::new(),
        };
        gathered.reasons.insert(version, reason);
    }
    Ok(())
}

/// The members of stored bytes that a reason quotes.
#[derive(Deserialize)]
struct Quoted {
    id: uuid::Uuid,
    #[serde(default)]
    basis: Vec<Basis>,
    #[serde(default)]
    rules: Vec<Box<str>>,
    #[serde(default)]
    case: Option<Box<str>>,
    #[serde(default)]
    findings: Vec<Finding>,
    #[serde(default)]
    unknown: BTreeMap<String, String>,
}

fn quoted(stored: &Stored) -> Result<Quoted, AnswerError> {
    serde_json::from_str(&stored.body)
        .map_err(|source| AnswerError::Quote { position: stored.position, source })
}

/// What was noticed when the event was decided.
///
/// # Errors
/// When the bytes cannot be read.
pub fn findings(stored: &Stored) -> Result<Vec<Finding>, AnswerError> {
    quoted(stored).map(|quoted| quoted.findings)
}

/// 依据 of the event, as the decision states it.
///
/// # Errors
/// When the bytes cannot be read.
pub fn basis(stored: &Stored) -> Result<Vec<Basis>, AnswerError> {
    quoted(stored).map(|quoted| quoted.basis)
}

/// The event as a reason, its rules cited from the law known.
///
/// # Errors
/// When the bytes cannot be read.
pub fn reason(stored: &Stored, law: &Rulebook) -> Result<Reason, AnswerError> {
    let quoted = quoted(stored)?;
    Ok(Reason {
        event: quoted.id,
        position: Position(stored.position),
        version: stored.version,
        kind: stored.kind.name(),
        effective_at: stored.effective_at,
        recorded_at: stored.recorded_at,
        basis: quoted.basis,
        rule: quoted.rules.first().cloned(),
        rules: quoted.rules.iter().filter_map(|id| law.cite(id)).collect(),
        case: quoted.case,
        unknown: quoted.unknown,
    })
}
