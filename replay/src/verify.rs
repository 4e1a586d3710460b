//! What the views say against what the log says.

use crate::ReplayError;
use crate::subject;
use crate::threads::on_threads;
use accord_domain::event::DecodeError;
use accord_domain::obligation::{Entry, docket};
use accord_domain::{Basis, Event, Instant, Laws, Span, Subject, timeline};
use accord_projections::{
    Axis, Listing, Period, Progress, Reason, Report, TrailEntry, Views, home_area, wait_for,
};
use accord_store::{EventLog, LogError, Stored};
use serde::Deserialize;
use std::collections::HashMap;
use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

/// Subjects compared at a time by one thread.
const BLOCK_SUBJECTS: u64 = 256;

/// Differences named; one more would tell nobody anything new.
const DIFFERENCES_MAX: usize = 1_000;

/// Recorded instants compared of each subject: the newest, and others spread over its history.
const INSTANTS_MAX: usize = 8;

/// What a comparison came to.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Verified {
    /// Events of the log that were compared with the views: those the views had taken in.
    pub position: u64,
    /// Subjects compared.
    pub subjects: u64,
    /// Pairs of a subject and a recorded instant compared, each over the whole effective axis.
    pub instants: u64,
    /// What differs; empty when the views agree. At most a thousand are named.
    pub differences: Vec<Difference>,
}

/// One way in which the views differ from the log.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Difference {
    /// A track of a subject, as known at an instant.
    Track {
        /// Stream name.
        stream: String,
        /// The recorded instant.
        known_at: Instant,
        /// What the log says; none when it says nothing there.
        expected: Option<Span>,
        /// What the views say; none when they say nothing there.
        found: Option<Span>,
    },
    /// What a subject was called when, as known at an instant. The names themselves are not told: they may be a person's.
    Names {
        /// Stream name.
        stream: String,
        /// The recorded instant.
        known_at: Instant,
    },
    /// An obligation of a subject, as known at an instant.
    Obligation {
        /// Stream name.
        stream: String,
        /// The recorded instant.
        known_at: Instant,
        /// What the log says; none when it says nothing of the kind.
        expected: Option<Box<Entry>>,
        /// What the views say; none when they say nothing of the kind.
        found: Option<Box<Entry>>,
    },
    /// Where lists and statistics count a period of a subject.
    Listing {
        /// Stream name.
        stream: String,
        /// The period.
        span: Span,
    },
    /// What the trail says of an event: its place, type and times, or what it was decided on.
    Trail {
        /// Stream name.
        stream: String,
        /// The event's version.
        version: u32,
    },
    /// The newest version of a stream.
    Version {
        /// Stream name.
        stream: String,
        /// What the log says.
        expected: Option<u32>,
        /// What the views say.
        found: Option<u32>,
    },
    /// A subject that the views set aside.
    Parked {
        /// Stream name.
        stream: String,
        /// Why.
        error: String,
    },
    /// How many subjects there are.
    Subjects {
        /// What the log says.
        expected: u64,
        /// What the views say.
        found: u64,
    },
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let words = |span: &Option<Span>| match span {
            Some(span) => {
                format!(
                    "{} {} [{}, {}) by #{}",
                    span.track,
                    span.value,
                    span.from,
                    span.until.words(),
                    span.cause
                )
            }
            None => "nothing".to_owned(),
        };
        match self {
            Self::Track { stream, known_at, expected, found } => write!(
                f,
                "{stream} as known at {known_at}: expected {}, found {}",
                words(expected),
                words(found)
            ),
            Self::Names { stream, known_at } => {
                write!(f, "{stream} as known at {known_at}: other names than the log tells")
            }
            Self::Listing { stream, span } => write!(
                f,
                "{stream}: lists and statistics count {} elsewhere than the log tells",
                words(&Some(span.clone()))
            ),
            Self::Trail { stream, version } => {
                write!(f, "{stream}: the trail says of #{version} what the log does not")
            }
            Self::Obligation { stream, known_at, expected, found } => {
                let words = |entry: &Option<Box<Entry>>| match entry {
                    Some(entry) => format!(
                        "{} of #{} [{}, {})",
                        entry.kind.name(),
                        entry.raised_by,
                        entry.from.words(),
                        entry.until.words()
                    ),
                    None => "nothing".to_owned(),
                };
                write!(
                    f,
                    "{stream} as known at {known_at}: expected due {}, found {}",
                    words(expected),
                    words(found)
                )
            }
            Self::Version { stream, expected, found } => {
                write!(f, "{stream}: expected newest version {expected:?}, found {found:?}")
            }
            Self::Parked { stream, error } => write!(f, "{stream} was set aside: {error}"),
            Self::Subjects { expected, found } => write!(f, "expected {expected} subjects, found {found}"),
        }
    }
}

/// Compares the views with the log, subject by subject: what stands, names and obligations over the whole effective axis, as
/// known now and at up to seven earlier recorded instants of each; where its periods are listed; and its trail. Events that the
/// views have not taken in yet are left out.
///
/// # Errors
/// [`ReplayError::Cancelled`] when the report says to stop; else when the log or the views cannot be read.
pub fn verify(log: &dyn EventLog, views: &Views, report: &mut Report<'_>) -> Result<Verified, ReplayError> {
    let health = views.health()?;
    let known_at = health.recorded_at.unwrap_or(Instant::MIN);
    let streams = streams(log, health.position)?;
    let laws = &wait_for(accord_store::laws::laws(log))?;
    let mut verified =
        Verified { position: health.position, subjects: streams, instants: 0, differences: Vec::new() };
    let found = views.subjects()?;
    if found < streams {
        verified.differences.push(Difference::Subjects { expected: streams, found });
    }
    for parked in health.parked {
        verified.differences.push(Difference::Parked { stream: parked.stream, error: parked.error });
    }
    let (claimed, stopped) = (AtomicU64::new(0), AtomicU64::new(0));
    let shared = Mutex::new((verified, 0, report));
    let outcome = on_threads(
        || {
            let mut names = log.scanner()?;
            while stopped.load(Ordering::Relaxed) == 0 {
                let from = claimed.fetch_add(BLOCK_SUBJECTS, Ordering::Relaxed);
                if from >= streams {
                    return Ok(());
                }
                let until = (from + BLOCK_SUBJECTS).min(streams);
                let (mut instants, mut differences) = (0, Vec::new());
                for stream in from..until {
                    let name = names.stream_name(stream)?;
                    instants += compare(log, views, &name, known_at, laws, &mut differences)?;
                }
                let mut shared = shared.lock().unwrap_or_else(PoisonError::into_inner);
                let (verified, done, report) = &mut *shared;
                verified.instants += instants;
                let room = DIFFERENCES_MAX.saturating_sub(verified.differences.len());
                verified.differences.extend(differences.into_iter().take(room));
                *done += until - from;
                if report(Progress { done: *done, total: streams }).is_break() {
                    return Err(ReplayError::Cancelled);
                }
            }
            Ok(())
        },
        || stopped.store(1, Ordering::Relaxed),
    );
    outcome?;
    let (mut verified, ..) = shared.into_inner().unwrap_or_else(PoisonError::into_inner);
    verified.differences.sort_by_key(ToString::to_string);
    Ok(verified)
}

/// How many streams begin before a position: their numbers are dense and in order of their first event.
fn streams(log: &dyn EventLog, position: u64) -> Result<u64, ReplayError> {
    let mut streams = 0;
    log.scanner()?.scan(0..position, &mut |raw| {
        streams = streams.max(raw.stream + 1);
        Ok(())
    })?;
    Ok(streams)
}

fn compare(
    log: &dyn EventLog,
    views: &Views,
    stream: &str,
    known_at: Instant,
    laws: &Laws,
    differences: &mut Vec<Difference>,
) -> Result<u64, ReplayError> {
    let stored = wait_for(subject::read_stored(log, stream, known_at))?;
    let events = stored.iter().map(subject::decode).collect::<Result<Vec<_>, _>>()?;
    let Ok(subject) = Subject::parse(stream) else { return Ok(0) };
    let version = views.version(&subject, known_at)?;
    let newest = events.last().map(|event| event.version);
    if version != newest {
        let stream = stream.to_owned();
        differences.push(Difference::Version { stream, expected: newest, found: version });
    }
    compare_trail(views, &subject, &stored, &events, known_at, differences)?;
    let periods = views.periods(&subject)?;
    compare_listing(&subject, &events, &periods, differences);
    let chosen = instants(&events);
    let then = chosen.iter().rev().map(|known| (&events[..*known], events[*known - 1].recorded_at));
    for (known, at) in std::iter::once((&*events, known_at)).chain(then) {
        // What differs at one instant differs at others: the newest of them is told.
        if compare_docket(views, &subject, known, at, laws, differences)? {
            break;
        }
    }
    for known in &chosen {
        compare_at(views, &subject, &events[..*known], &periods, differences)?;
    }
    Ok(chosen.len() as u64)
}

/// The trail: where each event is, of what type, when, and what it was decided on.
fn compare_trail(
    views: &Views,
    subject: &Subject,
    stored: &[Stored],
    events: &[Event],
    known_at: Instant,
    differences: &mut Vec<Difference>,
) -> Result<(), ReplayError> {
    let trail = views.trail(subject, Axis::Recorded, known_at, None, usize::MAX)?;
    let mut found: HashMap<u32, TrailEntry> =
        trail.items.into_iter().map(|entry| (entry.reason.version, entry)).collect();
    for (stored, event) in stored.iter().zip(events) {
        let position = stored.position;
        let decided = Decided::read(&stored.body)
            .map_err(|source| LogError::Undecodable { position, source: DecodeError::Envelope(source) })?;
        let same = found.remove(&event.version).is_some_and(|found| {
            let Reason { position: at, kind, effective_at, recorded_at, basis, rules, case, .. } =
                found.reason;
            (at, kind, effective_at, recorded_at, found.caused_by)
                == (position, stored.kind, stored.effective_at, stored.recorded_at, event.caused_by)
                && (basis, rules, case) == (decided.basis, decided.rules, decided.case)
        });
        if !same {
            differences.push(Difference::Trail { stream: subject.stream(), version: event.version });
        }
    }
    let surplus = found.into_keys().map(|version| Difference::Trail { stream: subject.stream(), version });
    differences.extend(surplus);
    Ok(())
}

/// What an event was decided on, as its bytes say.
#[derive(Deserialize)]
struct Decided {
    #[serde(default)]
    basis: Vec<Basis>,
    #[serde(default)]
    rules: Vec<String>,
    #[serde(default)]
    case: Option<String>,
}

impl Decided {
    fn read(body: &str) -> serde_json::Result<Self> {
        serde_json::from_str(body)
    }
}

/// Lists and statistics find a status by its kind, area and words.
fn compare_listing(
    subject: &Subject,
    events: &[Event],
    periods: &[Period],
    differences: &mut Vec<Difference>,
) {
    let home = events.first().and_then(home_area);
    for Period { span, listed, .. } in periods {
        if *listed != Listing::of(subject.kind(), home, &span.track, span.value) {
            differences.push(Difference::Listing { stream: subject.stream(), span: span.clone() });
        }
    }
}

/// What is due and was, as known at an instant; says whether it differs.
fn compare_docket(
    views: &Views,
    subject: &Subject,
    events: &[Event],
    known_at: Instant,
    laws: &Laws,
    differences: &mut Vec<Difference>,
) -> Result<bool, ReplayError> {
    let expected = docket(subject, events, &laws.known_at(known_at), known_at);
    let found = views.docket(subject, known_at)?;
    let missing = expected.iter().filter(|entry| !found.contains(entry));
    let surplus = found.iter().filter(|entry| !expected.contains(entry));
    let (stream, before) = (subject.stream(), differences.len());
    differences.extend(missing.map(|entry| Difference::Obligation {
        stream: stream.clone(),
        known_at,
        expected: Some(Box::new(entry.clone())),
        found: None,
    }));
    differences.extend(surplus.map(|entry| Difference::Obligation {
        stream: stream.clone(),
        known_at,
        expected: None,
        found: Some(Box::new(entry.clone())),
    }));
    Ok(differences.len() > before)
}

/// How many events to take as known, for each comparison: all of them, and fewer.
fn instants(events: &[Event]) -> Vec<usize> {
    let len = events.len();
    let steps = len.min(INSTANTS_MAX);
    let mut chosen: Vec<usize> = (1..=steps).map(|step| step * len / steps).collect();
    chosen.dedup();
    chosen
}

fn compare_at(
    views: &Views,
    subject: &Subject,
    known: &[Event],
    periods: &[Period],
    differences: &mut Vec<Difference>,
) -> Result<(), ReplayError> {
    let Some(newest) = known.last() else { return Ok(()) };
    let known_at = newest.recorded_at;
    let (mut expected, names) = timeline::timeline_and_names(subject.kind(), known);
    if names != views.names(subject, known_at)? {
        differences.push(Difference::Names { stream: subject.stream(), known_at });
    }
    let mut found: Vec<Span> = periods.iter().filter_map(|period| period.known(known_at)).collect();
    found.sort_unstable();
    if expected == found {
        return Ok(());
    }
    let both: Vec<Span> = expected.iter().filter(|span| found.contains(span)).cloned().collect();
    expected.retain(|span| !both.contains(span));
    found.retain(|span| !both.contains(span));
    let mut found = found.into_iter().map(Some).collect::<Vec<_>>();
    for span in expected {
        // The row that says something else of the same track belongs beside it.
        let beside = found.iter_mut().find(|found| found.as_ref().is_some_and(|f| f.track == span.track));
        differences.push(Difference::Track {
            stream: subject.stream(),
            known_at,
            expected: Some(span),
            found: beside.and_then(Option::take),
        });
    }
    for span in found.into_iter().flatten() {
        let (stream, found) = (subject.stream(), Some(span));
        differences.push(Difference::Track { stream, known_at, expected: None, found });
    }
    Ok(())
}
