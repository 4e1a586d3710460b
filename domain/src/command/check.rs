//! Limits and forms that types alone do not hold.

use super::fault::{escaped, invalid};
use super::{Act, CommandError, Envelope};
use crate::limits::{COMMAND_BYTES_MAX, KEY_BYTES_MAX, LIST_ITEMS_MAX, NESTING_MAX, TEXT_BYTES_MAX};
use crate::personal::{PersonalAct, PersonalKind, looks_personal, names};
use serde_json::Value;

/// The text as a whole, before it is read.
pub(super) fn text(text: &str) -> Result<(), CommandError> {
    if text.len() > COMMAND_BYTES_MAX {
        let message = format!("{} bytes; a command has at most {COMMAND_BYTES_MAX}", text.len());
        return Err(CommandError { code: "too-large", ..invalid("", message) });
    }
    is_object(text).map_err(|error| CommandError { pointer: String::new(), line: 1, column: 1, ..error })?;
    // A shorter text can hold neither a string nor a list beyond the limits: an item takes three bytes (`"",`).
    if text.len() > TEXT_BYTES_MAX.min(3 * LIST_ITEMS_MAX)
        && let Ok(value) = serde_json::from_str::<Value>(text)
    {
        // Rules that an area adopts are a text of their own, bounded by the command's.
        let long = if value["command"] == "area.adopt-rules" { "/data/text" } else { "" };
        return sizes(&value, &mut String::new(), 0, long).map_err(|error| error.placed(text));
    }
    Ok(())
}

/// Serde also reads the members of an object from a list, by position; here an object is meant.
pub(super) fn is_object(text: &str) -> Result<(), CommandError> {
    let first = text.trim_start_matches([' ', '\t', '\r', '\n']).chars().next();
    if matches!(first, Some('{')) {
        return Ok(());
    }
    let message = match first {
        Some(first) => format!("begins with {first:?}; a JSON object is expected: {{ … }}"),
        None => "empty; a JSON object is expected: { … }".to_owned(),
    };
    let json = first.is_some_and(|first| "[\"-0123456789tfn".contains(first));
    let code = if json { "invalid-value" } else { "malformed-json" };
    Err(CommandError { code, ..invalid("/data", message) })
}

fn sizes(value: &Value, pointer: &mut String, depth: usize, long: &str) -> Result<(), CommandError> {
    if depth > NESTING_MAX {
        return Err(invalid(pointer, format!("nested deeper than {NESTING_MAX} levels")));
    }
    match value {
        Value::String(text) if text.len() > TEXT_BYTES_MAX && *pointer != long => {
            Err(invalid(pointer, format!("{} bytes; at most {TEXT_BYTES_MAX} are accepted", text.len())))
        }
        Value::Array(list) => {
            if list.len() > LIST_ITEMS_MAX {
                let message = format!("{} items; at most {LIST_ITEMS_MAX} are accepted", list.len());
                return Err(invalid(pointer, message));
            }
            list.iter().enumerate().try_for_each(|(index, item)| {
                within(pointer, &index.to_string(), |pointer| sizes(item, pointer, depth + 1, long))
            })
        }
        Value::Object(members) => members.iter().try_for_each(|(key, item)| {
            within(pointer, key, |pointer| sizes(item, pointer, depth + 1, long))
        }),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => Ok(()),
    }
}

/// Personal data stands in the fields that are sealed, in a form that will do, and nowhere else as far as can be told.
pub(super) fn personal(text: &str, act: &mut Act) -> Result<(), CommandError> {
    let mut sealed = Vec::new();
    if act.holds_personal() {
        if let Some(pointer) = act.sealed_from_outside() {
            let message = "a sealed value; a command brings the value itself, as a text".to_owned();
            return Err(invalid(&pointer, message));
        }
        let mut fault = Ok(());
        act.each_personal(&mut |pointer, kind, value| {
            if let (Ok(()), Some(why)) = (&fault, value.plain().and_then(|text| kind.fault(text))) {
                fault = Err(invalid(pointer, why.to_owned()));
            }
            sealed.push(pointer.to_owned());
        });
        fault?;
    }
    if looks_personal(text).is_none() {
        return Ok(());
    }
    let Ok(value) = serde_json::from_str::<Value>(text) else { return Ok(()) };
    let names = names(act.kind());
    outside(&value, &mut String::new(), &|pointer| {
        let changed = pointer.strip_prefix("/data/changes/~1data~1");
        let changed = changed.map(|rest| rest.split(['/', '~']).next().unwrap_or(rest));
        sealed.iter().any(|own| own == pointer) || changed.is_some_and(|name| names.contains(&name))
    })
}

/// Looks for personal data in every text but those that are sealed.
fn outside(
    value: &Value,
    pointer: &mut String,
    is_sealed: &dyn Fn(&str) -> bool,
) -> Result<(), CommandError> {
    match value {
        Value::String(text) => match looks_personal(text) {
            Some(kind) if !is_sealed(pointer) => {
                let what = match kind {
                    PersonalKind::Phone => "a mobile number",
                    _ => "a citizen identity number",
                };
                let message = format!(
                    "holds what looks like {what}; this text is kept as it is and could never be erased: personal data goes \
                     into the fields for it (name, identity_number, phone …), which are sealed"
                );
                Err(CommandError { code: "personal-data", ..invalid(pointer, message) })
            }
            Some(_) | None => Ok(()),
        },
        Value::Array(list) => list.iter().enumerate().try_for_each(|(index, item)| {
            within(pointer, &index.to_string(), |pointer| outside(item, pointer, is_sealed))
        }),
        Value::Object(members) => members
            .iter()
            .try_for_each(|(key, item)| within(pointer, key, |pointer| outside(item, pointer, is_sealed))),
        Value::Null | Value::Bool(_) | Value::Number(_) => Ok(()),
    }
}

fn within<T>(pointer: &mut String, segment: &str, inner: impl FnOnce(&mut String) -> T) -> T {
    let length = pointer.len();
    pointer.push('/');
    pointer.push_str(&escaped(segment));
    let result = inner(pointer);
    pointer.truncate(length);
    result
}

/// Who reads personal data says why, and each time anew; who erases it says on what basis.
pub(super) fn personal_act(envelope: &Envelope, act: &Act) -> Result<(), CommandError> {
    let missing = |pointer: &str, message: &str| CommandError {
        code: "missing-field",
        ..invalid(pointer, message.to_owned())
    };
    match act.personal_act() {
        None => Ok(()),
        Some(PersonalAct::Read(_)) if envelope.reason.as_deref().is_none_or(|why| why.trim().is_empty()) => {
            Err(missing("/reason", "personal data is read for a reason: say which"))
        }
        Some(PersonalAct::Read(_)) if envelope.key.is_some() => {
            let message = "every reading is recorded, a repeated one too: leave the key out".to_owned();
            Err(invalid("/key", message))
        }
        Some(PersonalAct::Erase(_)) if envelope.basis.is_empty() => {
            Err(missing("/basis", "personal data is erased on a basis: name it"))
        }
        Some(PersonalAct::Read(_) | PersonalAct::Erase(_)) => Ok(()),
    }
}

pub(super) fn envelope(envelope: &Envelope) -> Result<(), CommandError> {
    short("/key", envelope.key.as_deref(), KEY_BYTES_MAX)?;
    short("/case", envelope.case.as_deref(), KEY_BYTES_MAX)?;
    short("/actor/approver", envelope.actor.approver.as_deref(), KEY_BYTES_MAX)?;
    short("/actor/office", envelope.actor.office.as_deref(), KEY_BYTES_MAX)?;
    short("/actor/operator", envelope.actor.operator.as_deref(), KEY_BYTES_MAX)?;
    short("/reason", envelope.reason.as_deref(), TEXT_BYTES_MAX)?;
    for (index, basis) in envelope.basis.iter().enumerate() {
        short(&format!("/basis/{index}/instrument"), Some(&*basis.instrument), TEXT_BYTES_MAX)?;
    }
    for (index, evidence) in envelope.evidence.iter().enumerate() {
        if let Some(digest) = &evidence.sha256
            && !(digest.len() == 64 && digest.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f')))
        {
            let message = "not a SHA-256 digest: 64 hexadecimal digits in lower case".to_owned();
            return Err(invalid(&format!("/evidence/{index}/sha256"), message));
        }
    }
    for (pointer, why) in &envelope.unknown {
        // ASCII, so that the order of the keys is the same in every encoding (RFC 8785 sorts by UTF-16).
        if !pointer.starts_with('/') || !pointer.is_ascii() {
            let message = format!("{pointer:?} is not a JSON pointer into the command, such as /data/from");
            return Err(invalid("/unknown", message));
        }
        if why.is_empty() {
            return Err(invalid("/unknown", format!("{pointer} says nothing about why it is not known")));
        }
    }
    Ok(())
}

fn short(pointer: &str, text: Option<&str>, max: usize) -> Result<(), CommandError> {
    match text {
        Some("") => Err(invalid(pointer, "empty; leave it out instead".to_owned())),
        Some(text) if text.len() > max => {
            Err(invalid(pointer, format!("{} bytes; at most {max} are accepted", text.len())))
        }
        Some(_) | None => Ok(()),
    }
}
