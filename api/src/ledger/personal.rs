//! Personal data on its way into events: sealed between the command and the decision, so that what is decided, recorded,
//! shown and replayed only ever knows sealed values.

use super::Failure;
use accord_domain::personal::Sealed;
use accord_domain::{Command, Event, NewEvent, Personal, PersonalKind, Rejection, Version, timeline, words};
use accord_store::vault::{Held, Place, SubjectKey, Vault, Wanted};
use std::sync::Arc;

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
