//! Personal data on its way into events: sealed between the command and the decision, so that what is decided, recorded,
//! shown and replayed only ever knows sealed values.

use super::Failure;
use super::heads::history;
use accord_domain::institution::facts::Text;
use accord_domain::others::Numbered;
use accord_domain::personal::{Mark, PersonalAct, PersonalRead, Sealed, fence};
use accord_domain::practitioner::PractitionerEvent;
use accord_domain::{
    Command, Event, EventData, EventType, Instant, NewEvent, Personal, PersonalKind, PractitionerCode,
    Rejection, Subject, Version, timeline, words,
};
use accord_replay::{Course, Numbers};
use accord_store::vault::{Held, Number, Place, SubjectKey, ValueKey, Vault, VaultError, Wanted};
use accord_store::{AppendError, Appended, EventLog, LogError, Stored};
use serde_json::Value;
use std::sync::Arc;
use uuid::Uuid;

/// Subjects found by a value, at most.
const FOUND_MAX: usize = 500;

/// What the vault must know before a command with personal data is dealt with; none for any other.
pub(super) fn wanted(command: &Command) -> Option<Wanted> {
    if !command.act.holds_personal() {
        return None;
    }
    let mut values = Vec::new();
    command.act.clone().each_personal(&mut |_, kind, value| {
        values.extend(value.plain().map(|text| (kind, text.to_owned().into())));
    });
    // What a correction says of a person is told by the event it corrects, which is not read yet: it is found by whatever
    // it may be.
    let changes = command.act.correction().into_iter().flat_map(|correction| correction.changes.values());
    for text in changes.filter_map(|value| value.as_str()) {
        let kinds = [PersonalKind::Name, PersonalKind::Phone, PersonalKind::Certificate];
        values.extend(kinds.into_iter().map(|kind| (kind, text.to_owned().into())));
    }
    Some(Wanted { stream: command.subject.stream(), values })
}

/// Makes the keys that commands need.
pub(super) fn prepare<'a>(vault: &Vault, commands: impl Iterator<Item = &'a Command>) -> Result<(), Failure> {
    let wanted: Vec<Wanted> = commands.filter_map(wanted).collect();
    vault.prepare(&wanted).map_err(Failure::from)
}

/// What tells a repeated command from another one; none where that cannot be told any more, because the key is destroyed.
pub(super) fn digest(vault: &Vault, command: &Command) -> Result<Option<[u8; 32]>, Failure> {
    if !command.act.holds_personal() {
        return command.digest().map(Some).map_err(super::decision::unwritable);
    }
    let canonical = command.canonical().map_err(super::decision::unwritable)?;
    Ok(key(vault, &command.subject.stream())?.map(|key| key.digest(&canonical)))
}

/// What a command without a digest came to that was recorded under its key before the personal data of its subject was erased:
/// who sends it again is answered as before. Its personal data is neither compared nor given back.
///
/// # Errors
/// `key-reused` when something else was asked under the key.
pub(super) async fn sent_again(
    log: &dyn EventLog,
    command: &Command,
    Appended { first_position, count, .. }: Appended,
) -> Result<Vec<Stored>, Failure> {
    let events = log.read_all(first_position, count as usize).await?;
    let is_same = events.first().is_some_and(|stored| {
        *stored.stream == command.subject.stream()
            && stored.decode().is_ok_and(|event| is_repeated(command, &event, &stored.body))
    });
    if is_same {
        Ok(events)
    } else {
        Err(super::decision::refused(AppendError::KeyReused { first_position }))
    }
}

/// Whether a command that nobody can compare by its digest any more, as the key of its subject is destroyed, says what an
/// event says that was recorded under the same key: everything but the personal data, of which only the places are
/// compared. `body` is the event as stored.
fn is_repeated(command: &Command, event: &Event, body: &str) -> bool {
    const SAID: [&str; 7] = ["actor", "basis", "case", "decided_at", "evidence", "reason", "unknown"];
    let asked = command.canonical().ok().and_then(|bytes| serde_json::from_slice::<Value>(&bytes).ok());
    let (Some(mut asked), Ok(mut said)) = (asked, serde_json::from_str::<Value>(body)) else { return false };
    for (pointer, _) in event.data.sealed() {
        match (asked.pointer_mut(&pointer), said.pointer_mut(&pointer)) {
            (Some(plain), Some(sealed)) if plain.is_string() => {
                (*plain, *sealed) = (Value::Null, Value::Null);
            }
            _ => return false,
        }
    }
    let envelope = &asked["asked"];
    let is_nothing = |value: &Value| match value {
        Value::Null => true,
        Value::Array(list) => list.is_empty(),
        Value::Object(members) => members.is_empty(),
        Value::Bool(_) | Value::Number(_) | Value::String(_) => false,
    };
    let same = |member: &str| {
        envelope[member] == said[member] || (is_nothing(&envelope[member]) && is_nothing(&said[member]))
    };
    // Without a date it took effect when it was recorded.
    let on_the_day = envelope["effective_at"].is_null() || envelope["effective_at"] == said["effective_at"];
    let members = |data: &Value| data.as_object().cloned().unwrap_or_default();
    let facts = members(&said["data"]);
    on_the_day
        && SAID.iter().all(|member| same(member))
        && members(&asked["data"])
            .iter()
            .all(|(name, value)| facts.get(name).unwrap_or(&Value::Null) == value)
}

/// The command as it is decided: every personal value sealed for the event that will carry it, the first of the decision.
/// Values stay as they are where the key is destroyed; whatever would record them is refused.
pub(super) fn sealed(
    vault: &Vault,
    command: &Command,
    newest: Option<Version>,
    history: &[Event],
) -> Result<Command, Failure> {
    let stream = command.subject.stream();
    let mut command = command.clone();
    let Some(key) = key(vault, &stream)? else { return Ok(command) };
    let version = newest.map_or(0, |version| version + 1);
    let mut seal = |pointer: &str, kind: PersonalKind, value: &mut Personal| {
        let place = Place { ledger: vault.ledger(), stream: &stream, version, pointer };
        if let Some(text) = value.plain() {
            let sealed: Sealed = key.seal(&place, kind, text);
            *value = Personal::Sealed(Box::new(sealed));
        }
    };
    command.act.each_personal(&mut seal);
    if let Some(correction) = command.act.correction() {
        let target = history.iter().find(|event| event.id == correction.event);
        let about = target.map(|target| match target.data.correction() {
            Some(_) => timeline::changed_event(history, target).unwrap_or(target),
            None => target,
        });
        if let Some(about) = about {
            command.act.each_corrected(&about.data, &mut seal);
        }
    }
    Ok(command)
}

/// The last look before events are written: none of them carries personal data in plain text.
pub(super) fn none_in_plain_text(command: &Command, decided: &[NewEvent]) -> Result<(), Failure> {
    if decided.iter().any(|event| !event.data.plain_personal().is_empty()) {
        return Err(erased(command));
    }
    Ok(())
}

/// Reading is not a command like others: it is recorded only by what also gives out what was read.
pub(super) fn no_reading(command: &Command) -> Result<(), Failure> {
    let Some(PersonalAct::Read(_)) = command.act.personal_act() else { return Ok(()) };
    let rejection = Rejection::new(
        "reading-by-itself",
        words!(
            "reading personal data is recorded where it is read: `accord open-personal`, or POST …/personal-data",
            "查阅个人信息在查阅时记录：请用 `accord open-personal` 或 POST …/personal-data"
        ),
    );
    Err(Failure::Rejected { rejection: Box::new(rejection), blocked_by: Vec::new() })
}

/// Before an erasure is recorded: from now on it is brought to an end, or found not to have been recorded, by
/// [`finish`].
pub(super) fn begin(vault: &Vault, command: &Command) -> Result<bool, Failure> {
    let erases = matches!(command.act.personal_act(), Some(PersonalAct::Erase(_)));
    if erases {
        vault.begin_erasure(&command.subject.stream())?;
    }
    Ok(erases)
}

/// Destroys the keys of subjects whose erasure is recorded. Called after every erasure and on opening, so that a crash in
/// between is mended. What cannot be destroyed now is tried again at the next opening; nothing opens it meanwhile.
pub(super) async fn finish(vault: &Vault, log: &dyn EventLog) {
    let unfinished = match vault.unfinished() {
        Ok(streams) => streams,
        Err(error) => {
            let error = &error as &dyn std::error::Error;
            return tracing::warn!(error, "whether an erasure of personal data is unfinished cannot be told");
        }
    };
    if let Err(error) = try_finish(vault, log, unfinished).await {
        tracing::error!(error = %error, "a key of erased personal data could not be destroyed");
    }
}

async fn try_finish(vault: &Vault, log: &dyn EventLog, unfinished: Vec<String>) -> Result<(), Failure> {
    for stream in unfinished {
        let Ok(subject) = Subject::parse(&stream) else { continue };
        let history = history(log, &subject).await?;
        if fence(&history).is_some() {
            vault.destroy(&stream)?;
        } else {
            vault.keep(&stream)?;
        }
    }
    Ok(())
}

/// A value that was read.
#[derive(Clone, PartialEq, Debug)]
pub struct Opened {
    /// The event that holds it.
    pub event: Uuid,
    /// Its position.
    pub position: u64,
    /// Its type.
    pub kind: EventType,
    /// JSON pointer into it.
    pub field: Box<str>,
    /// The value; none where it does not open, because it was changed or moved.
    pub value: Option<Text>,
    /// The key of this value alone, for handing it out; likewise.
    pub key: Option<ValueKey>,
}

/// Whether there are keys for what is sealed of a subject: else nobody can tell missing keys from a value that was changed.
pub(super) async fn at_hand(vault: &Vault, log: &dyn EventLog, subject: &Subject) -> Result<(), Failure> {
    let stream = subject.stream();
    match vault.key(&stream)? {
        Held::Key(_) | Held::Destroyed => return Ok(()),
        Held::Nothing => {}
    }
    if history(log, subject).await?.iter().all(|event| event.data.sealed().is_empty()) {
        return Ok(());
    }
    Err(VaultError::NoKey { stream }.into())
}

/// Opens what an event says was read.
pub(super) async fn open(
    vault: &Vault,
    log: &dyn EventLog,
    subject: &Subject,
    read: &PersonalRead,
) -> Result<Vec<Opened>, Failure> {
    let stream = subject.stream();
    let history = history(log, subject).await?;
    let Some(key) = key(vault, &stream)? else { return Ok(Vec::new()) };
    let mut opened = Vec::new();
    for (event, fields) in read.read.iter().filter_map(|read| {
        history.iter().find(|event| event.id == read.event).map(|event| (event, &read.fields))
    }) {
        for (pointer, sealed) in event.data.sealed() {
            if !fields.iter().any(|field| **field == *pointer) {
                continue;
            }
            let place =
                Place { ledger: vault.ledger(), stream: &stream, version: event.version, pointer: &pointer };
            opened.push(Opened {
                event: event.id,
                position: event.position,
                kind: event.data.event_type(),
                value: key.open(&place, &sealed).ok().map(|text| text.as_str().into()),
                key: key.key_of(&place, &sealed),
                field: pointer.into(),
            });
        }
    }
    Ok(opened)
}

/// Whether two texts say the same of a person, if both can say it.
fn is_same(kind: PersonalKind, own: &str, text: &str) -> bool {
    let can = |text: &str| kind.fault(text).is_none();
    can(own) && can(text) && kind.normal(own) == kind.normal(text)
}

/// Subjects of which exactly this name, identity number, telephone number or certificate was recorded by an instant, and not
/// annulled from the start by then. The keyed hash names candidates, which are compared with the log.
pub(super) async fn find(
    vault: &Vault,
    log: &dyn EventLog,
    text: &str,
    known_at: Instant,
) -> Result<Vec<Subject>, Failure> {
    let kinds = [
        PersonalKind::Name,
        PersonalKind::IdentityNumber,
        PersonalKind::Phone,
        PersonalKind::Certificate,
        PersonalKind::Other,
    ];
    let mut streams = Vec::new();
    for kind in kinds.into_iter().filter(|kind| kind.fault(text).is_none()) {
        streams.extend(vault.find(kind, text)?);
    }
    streams.sort();
    streams.dedup();
    let mut found = Vec::new();
    for stream in streams.into_iter().take(FOUND_MAX) {
        let Ok(subject) = Subject::parse(&stream) else { continue };
        let Some(key) = key(vault, &stream)? else { continue };
        let history = history(log, &subject).await?;
        let known = history.partition_point(|event| event.recorded_at <= known_at);
        let known = &history[..known];
        let stands = timeline::resolve(known);
        let stands = stands.iter().filter(|known| known.void_from != Instant::MIN);
        let stands: Vec<Version> = stands.map(|known| known.event.version).collect();
        let is_it = known.iter().filter(|event| stands.contains(&event.version)).any(|event| {
            event.data.sealed().iter().any(|(pointer, sealed)| {
                let place =
                    Place { ledger: vault.ledger(), stream: &stream, version: event.version, pointer };
                key.open(&place, sealed).is_ok_and(|own| kinds.iter().any(|kind| is_same(*kind, &own, text)))
            })
        });
        if is_it && fence(&history).is_none() {
            found.push(subject);
        }
    }
    Ok(found)
}

/// The practitioners of whom an identity number is recorded that an act names somebody by. The keyed hash of the number tells
/// where to look, the mark of each practitioner's own key whether it is recorded there: nothing is opened, and nothing of the
/// number goes into what is asked or recorded.
pub(super) async fn named(
    vault: &Vault,
    log: &dyn EventLog,
    command: &Command,
) -> Result<Vec<PractitionerCode>, Failure> {
    let mut found = Vec::new();
    for number in command.act.named_by_number() {
        for stream in vault.find(PersonalKind::IdentityNumber, number)?.into_iter().take(FOUND_MAX) {
            let Ok(Subject::Practitioner(code)) = Subject::parse(&stream) else { continue };
            let Some(key) = key(vault, &stream)? else { continue };
            let mark = key.mark(PersonalKind::IdentityNumber, number);
            let history = history(log, &Subject::Practitioner(code)).await?;
            let recorded =
                history.iter().any(|event| event.data.sealed().iter().any(|(_, sealed)| sealed.mark == mark));
            if recorded && !found.contains(&code) {
                found.push(code);
            }
        }
    }
    Ok(found)
}

/// The subjects that name a practitioner by his identity number, and the mark it has in each: the same number was brought of
/// both, and is recorded of the practitioner. Nothing is opened. Whether it is recorded of the other, and stands there, its
/// events tell.
pub(super) async fn numbered(
    vault: &Vault,
    log: &dyn EventLog,
    person: PractitionerCode,
) -> Result<Vec<(Subject, Mark)>, Failure> {
    let numbers = vault.numbers(&Subject::Practitioner(person).stream())?;
    if numbers.is_empty() {
        return Ok(Vec::new());
    }
    let history = history(log, &Subject::Practitioner(person)).await?;
    let numbered = recorded_numbers(person, numbers, &history);
    Ok(numbered.into_iter().map(|one| (one.subject, one.mark)).collect())
}

/// Of the numbers brought of a practitioner those that his events say, and who else names somebody by them.
fn recorded_numbers(person: PractitionerCode, numbers: Vec<Number>, history: &[Event]) -> Vec<Numbered> {
    let says = |event: &Event, mark| event.data.sealed().iter().any(|(_, sealed)| sealed.mark == mark);
    let mut found = Vec::new();
    for Number { mark, elsewhere } in numbers {
        let Some(event) = history.iter().find(|event| says(event, mark)) else { continue };
        for (stream, mark) in elsewhere.into_iter().take(FOUND_MAX) {
            let Ok(subject) = Subject::parse(&stream) else { continue };
            found.push(Numbered { subject, mark, person, since: event.recorded_at });
        }
    }
    found
}

/// What the keys tell of the people of another course, as known at an instant. Keys that are missing or cannot be used are no
/// error: what they would tell is left open then.
pub(super) async fn numbers(
    vault: &Vault,
    log: &dyn EventLog,
    course: &Course,
    known_at: Instant,
) -> Result<Numbers, LogError> {
    let told = |subject: &Subject| {
        let stream = subject.stream();
        let told = key(vault, &stream).and_then(|key| Ok(key.map(|_| vault.numbers(&stream)).transpose()?));
        told.unwrap_or_else(|error| {
            tracing::warn!(error = &error as &dyn std::error::Error, "who is named by number is not told");
            None
        })
    };
    let own = told(course.subject()).map(|numbers| numbers.into_iter().map(|number| number.mark).collect());
    let mut numbers = Numbers { numbered: Vec::new(), complete: true, own };
    for person in course.people() {
        let subject = Subject::Practitioner(person);
        let mut history = history(log, &subject).await?;
        history.retain(|event| event.recorded_at <= known_at);
        let known = told(&subject).unwrap_or_default();
        let is_known = |number: &Personal| {
            number.sealed().is_some_and(|own| known.iter().any(|number| number.mark == own.mark))
        };
        numbers.complete &= history.iter().filter_map(|event| registered_number(&event.data)).all(is_known);
        numbers.numbered.extend(recorded_numbers(person, known, &history));
    }
    Ok(numbers)
}

/// The identity number that a registration says.
fn registered_number(data: &EventData) -> Option<&Personal> {
    match data {
        EventData::Practitioner(PractitionerEvent::Registered(data)) => data.identity_number.as_ref(),
        _ => None,
    }
}

/// The refusal where the key is gone.
fn erased(command: &Command) -> Failure {
    let subject = &command.subject;
    let rejection = Rejection::new(
        "personal-data-erased",
        words!(
            "the personal data of {subject} was erased, and none is taken any more",
            "{subject} 的个人信息已删除，不再接收其个人信息"
        ),
    );
    Failure::Rejected { rejection: Box::new(rejection), blocked_by: Vec::new() }
}

fn key(vault: &Vault, stream: &str) -> Result<Option<Arc<SubjectKey>>, Failure> {
    match vault.key(stream)? {
        Held::Key(key) => Ok(Some(key)),
        Held::Nothing | Held::Destroyed => Ok(None),
    }
}
