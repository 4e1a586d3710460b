//! A bundle that opens personal data: who reads it and why is recorded before anything is given out, as for every reading.

use super::{Asked, Read, make, question};
use crate::answers::{self, AnswerError, Coordinates, gather};
use crate::{Done, Failure, Ledger};
use accord_domain::command::CommandError;
use accord_domain::{Command, Event, Subject, words};
use accord_replay::bundle::OpenedValue;
use accord_store::Stored;
use uuid::Uuid;

/// Why there is no bundle with personal data in clear.
#[derive(Debug)]
pub enum OpeningFailure {
    /// It cannot be made as asked; nothing was recorded unless the log failed in between.
    Answer(AnswerError),
    /// What is said of who reads and why is not of its form.
    Command(CommandError),
    /// The reading was refused or could not be recorded.
    Failure(Failure),
}

impl From<AnswerError> for OpeningFailure {
    fn from(error: AnswerError) -> Self {
        Self::Answer(error)
    }
}

impl From<CommandError> for OpeningFailure {
    fn from(error: CommandError) -> Self {
        Self::Command(error)
    }
}

impl From<Failure> for OpeningFailure {
    fn from(failure: Failure) -> Self {
        Self::Failure(failure)
    }
}

/// Makes a bundle in which personal data is opened. `reading` makes the command that reads the events it is given; `only`
/// narrows them, where it names any. Nothing is read of what is withheld. Gives the bundle, its coordinates (they include
/// the reading where none were asked for), and the reading as recorded.
///
/// # Errors
/// [`OpeningFailure`]. That the bundle can be made is seen before anything is recorded.
pub async fn make_open(
    ledger: &Ledger,
    subject: &Subject,
    at: answers::Asked,
    asked: Asked,
    only: &[Uuid],
    reading: impl FnOnce(&[Uuid]) -> Result<Command, CommandError>,
) -> Result<(Vec<u8>, Coordinates, Done), OpeningFailure> {
    let log = ledger.event_log();
    let place = async || ledger.coordinates(at).await;
    let before = place().await?;
    make(&ledger.source(), subject, before, &asked).await?;
    let stored = gather::history(&*log, subject, before.known_at).await?;
    let command = reading(&holding(&gather::decode(&stored)?, &asked, only)?)?;
    let (done, values) = ledger.open_personal(command).await?;
    let after = place().await?;
    let asked = Asked { opened: Some(Read { position: done.appended.first_position, values }), ..asked };
    let bytes = make(&ledger.source(), subject, after, &asked).await?;
    Ok((bytes, after, done))
}

/// The events to read from.
fn holding(events: &[Event], asked: &Asked, only: &[Uuid]) -> Result<Vec<Uuid>, AnswerError> {
    let shown = |id: &Uuid| !asked.redact.contains(id) && (only.is_empty() || only.contains(id));
    let known = |id: &Uuid| events.iter().any(|event| event.id == *id && !event.data.sealed().is_empty());
    if let Some(id) = only.iter().find(|id| !known(id) || asked.redact.contains(id)) {
        let words = words!(
            "{id} is no event of the bundle that holds sealed personal data and is not withheld",
            "{id} 不是证据包中含有封存个人信息且未隐去的事件"
        );
        return Err(question("event", words));
    }
    let ids: Vec<Uuid> = events.iter().map(|event| event.id).filter(|id| known(id) && shown(id)).collect();
    if ids.is_empty() {
        let words = words!("nothing sealed would stand in the bundle", "证据包中没有封存的个人信息");
        return Err(question("open_personal", words));
    }
    Ok(ids)
}

/// What `opened.json` says: what was read of the events shown, by position and pointer. A value that does not open where
/// it stands stays sealed.
pub(super) fn values(read: Option<&Read>, shown: &[&Stored]) -> Result<Vec<OpenedValue>, AnswerError> {
    let Some(read) = read else { return Ok(Vec::new()) };
    let mut opened: Vec<(u64, OpenedValue)> = Vec::new();
    for value in &read.values {
        let is_shown = shown.iter().any(|event| event.position == value.position);
        if let (true, Some(text), Some(key)) = (is_shown, &value.value, &value.key) {
            let (pointer, position) = (value.field.to_string(), value.position.to_string());
            let value =
                OpenedValue { key: key.text().to_string(), pointer, position, text: text.to_string() };
            opened.push((value.position.parse().unwrap_or_default(), value));
        }
    }
    if opened.is_empty() {
        let words = words!(
            "none of the sealed values opens where it stands: they were changed or moved",
            "封存的内容在原处均无法打开：已被改动或移动"
        );
        return Err(question("open_personal", words));
    }
    opened.sort_by(|a, b| (a.0, &a.1.pointer).cmp(&(b.0, &b.1.pointer)));
    Ok(opened.into_iter().map(|(_, value)| value).collect())
}
