//! Limits and forms that types alone do not hold.

use super::fault::{escaped, invalid};
use super::{Act, CommandError, Envelope, pointed};
use crate::limits::{COMMAND_BYTES_MAX, KEY_BYTES_MAX, LIST_ITEMS_MAX, NESTING_MAX, TEXT_BYTES_MAX};
use crate::personal::{PersonalAct, PersonalKind, looks_personal, names};
use crate::rejection::Words;
use crate::{spoken, words};
use serde_json::Value;

/// The text as a whole, before it is read.
pub(super) fn text(text: &str) -> Result<(), CommandError> {
    if text.len() > COMMAND_BYTES_MAX {
        return Err(CommandError::too_large());
    }
    whole_is_object(text)?;
    // A shorter text can hold neither a string nor a list beyond the limits: an item takes three bytes (`"",`).
    if text.len() > TEXT_BYTES_MAX.min(3 * LIST_ITEMS_MAX)
        && let Ok(value) = serde_json::from_str::<Value>(text)
    {
        // Rules that an area adopts are a text of their own, bounded by the command's.
        let long = if value["command"] == "area.adopt-rules" { "/data/text" } else { "" };
        sizes(&value, &mut String::new(), 0, long).map_err(|error| error.placed(text))?;
    }
    // Whatever is no sign stands there escaped, or as one of these.
    if (text.contains('\\') || text.chars().any(|sign| '\u{7f}' <= sign && is_no_sign(sign)))
        && let Ok(value) = serde_json::from_str::<Value>(text)
    {
        return signs(&value, &mut String::new()).map_err(|error| error.placed(text));
    }
    Ok(())
}

/// As [`is_object`], of a text as a whole.
pub(super) fn whole_is_object(text: &str) -> Result<(), CommandError> {
    is_object(text).map_err(|error| CommandError { pointer: String::new(), line: 1, column: 1, ..error })
}

/// Fields whose text may have several lines.
const PROSE: [&str; 17] = [
    "commitments",
    "content",
    "departure_reason",
    "facts",
    "findings",
    "ground",
    "grounds",
    "measures",
    "missing",
    "note",
    "problems",
    "reason",
    "refusal",
    "result",
    "text",
    "violation",
    "what",
];

/// A control character, or one that turns the direction of the text around it: it is not seen itself and changes how the rest
/// is shown, on a terminal too.
fn is_no_sign(sign: char) -> bool {
    sign.is_control()
        || matches!(sign, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// Texts hold nothing but what is seen when they are shown; line breaks and tabs only where several lines are meant.
fn signs(value: &Value, pointer: &mut String) -> Result<(), CommandError> {
    let fault = |pointer: &str, sign: char| {
        let code = u32::from(sign);
        let message = words!(
            "holds U+{code:04X}, a character that is not seen and changes how the text is shown; leave it out",
            "含有 U+{code:04X}，该字符不可见且会改变文本的显示；请删去"
        );
        Err(invalid(pointer, message))
    };
    match value {
        Value::String(text) => {
            let lines = is_prose(pointer);
            let mut signs = text.chars().peekable();
            while let Some(sign) = signs.next() {
                let breaks = matches!(sign, '\n' | '\t') || sign == '\r' && signs.peek() == Some(&'\n');
                if is_no_sign(sign) && !(lines && breaks) {
                    return fault(pointer, sign);
                }
            }
            Ok(())
        }
        Value::Array(list) => list.iter().enumerate().try_for_each(|(index, item)| {
            within(pointer, &index.to_string(), |pointer| signs(item, pointer))
        }),
        Value::Object(members) => members.iter().try_for_each(|(key, item)| {
            if let Some(sign) = key.chars().find(|sign| is_no_sign(*sign)) {
                return fault(pointer, sign);
            }
            within(pointer, key, |pointer| signs(item, pointer))
        }),
        Value::Null | Value::Bool(_) | Value::Number(_) => Ok(()),
    }
}

/// Whether the field at a pointer, or the one that a correction of it names, may have several lines; and why something is not
/// known.
fn is_prose(pointer: &str) -> bool {
    let is_item = |name: &&str| !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_digit());
    let name = pointer.replace("~1", "/");
    let name = name.rsplit('/').find(|name| !is_item(name)).unwrap_or_default();
    PROSE.contains(&name) || pointer.starts_with("/unknown/")
}

/// Serde also reads the members of an object from a list, by position; here an object is meant.
pub(super) fn is_object(text: &str) -> Result<(), CommandError> {
    let first = text.trim_start_matches([' ', '\t', '\r', '\n']).chars().next();
    if matches!(first, Some('{')) {
        return Ok(());
    }
    let message = match first {
        Some(first) => words!(
            "begins with {first:?}; a JSON object is expected: {{ … }}",
            "以 {first:?} 开头；应为 JSON 对象：{{ … }}"
        ),
        None => words!("empty; a JSON object is expected: {{ … }}", "内容为空；应为 JSON 对象：{{ … }}"),
    };
    let json = first.is_some_and(|first| "[\"-0123456789tfn".contains(first));
    let code = if json { "invalid-value" } else { "malformed-json" };
    Err(CommandError { code, ..invalid("/data", message) })
}

fn sizes(value: &Value, pointer: &mut String, depth: usize, long: &str) -> Result<(), CommandError> {
    if depth > NESTING_MAX {
        return Err(invalid(
            pointer,
            words!("nested deeper than {NESTING_MAX} levels", "嵌套超过 {NESTING_MAX} 层"),
        ));
    }
    match value {
        Value::String(text) if text.len() > TEXT_BYTES_MAX && *pointer != long => {
            Err(invalid(pointer, too_long(text.len(), TEXT_BYTES_MAX)))
        }
        Value::Array(list) => {
            if list.len() > LIST_ITEMS_MAX {
                let count = list.len();
                let message = words!(
                    "{count} items; at most {LIST_ITEMS_MAX} are accepted",
                    "共 {count} 项；至多 {LIST_ITEMS_MAX} 项"
                );
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
            let message = words!(
                "a sealed value; a command brings the value itself, as a text",
                "这是密封后的值；命令应给出原值，为文本"
            );
            return Err(invalid(&pointer, message));
        }
        let mut fault = Ok(());
        act.each_personal(&mut |pointer, kind, value| {
            if let (Ok(()), Some(why)) = (&fault, value.plain().and_then(|text| kind.fault(text))) {
                fault = Err(invalid(pointer, spoken::both(why.to_owned())));
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
                let (en, zh) = match kind {
                    PersonalKind::Phone => ("a mobile number", "手机号码"),
                    _ => ("a citizen identity number", "公民身份号码"),
                };
                let message = words!(
                    "holds what looks like {en}; this text is kept as it is and could never be erased: personal data goes \
                     into the fields for it (`name`, `identity_number`, `phone` …), which are sealed",
                    "含有疑似{zh}的内容；该文本原样保存，永远无法删除：个人信息应填入专用字段（`name`、`identity_number`、`phone` 等），\
                     这些字段会被密封"
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
    let missing =
        |pointer: &str, message: Words| CommandError { code: "missing-field", ..invalid(pointer, message) };
    match act.personal_act() {
        None => Ok(()),
        Some(PersonalAct::Read(_)) if envelope.reason.as_deref().is_none_or(|why| why.trim().is_empty()) => {
            let message = words!("personal data is read for a reason: say which", "查阅个人信息须写明理由");
            Err(missing("/reason", message))
        }
        Some(PersonalAct::Read(_)) if envelope.key.is_some() => {
            let message = words!(
                "every reading is recorded, a repeated one too: leave the key out",
                "每次查阅均须记录，重复查阅亦然：请勿填写 key"
            );
            Err(invalid("/key", message))
        }
        Some(PersonalAct::Erase(_)) if envelope.basis.is_empty() => {
            let message =
                words!("personal data is erased on a basis: name it", "删除个人信息须有依据：请写明");
            Err(missing("/basis", message))
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
            let message = words!(
                "not a SHA-256 digest: 64 hexadecimal digits in lower case",
                "不是 SHA-256 摘要：应为 64 位小写十六进制数字"
            );
            return Err(invalid(&format!("/evidence/{index}/sha256"), message));
        }
    }
    for (pointer, why) in &envelope.unknown {
        // ASCII, so that the order of the keys is the same in every encoding (RFC 8785 sorts by UTF-16).
        if !pointer.starts_with('/') || !pointer.is_ascii() {
            let message = words!(
                "{pointer:?} is not a JSON pointer into the command, such as \"/data/from\"",
                "{pointer:?} 不是指向命令内某处的 JSON 指针，如 \"/data/from\""
            );
            return Err(invalid("/unknown", message));
        }
        if why.is_empty() {
            let message =
                words!("{pointer:?} says nothing about why it is not known", "{pointer:?} 未说明为何不详");
            return Err(invalid("/unknown", message));
        }
    }
    Ok(())
}

/// What is said not to be known is a field of the command.
pub(super) fn unknown(envelope: &Envelope, act: &Act) -> Result<(), CommandError> {
    let name = act.name();
    envelope.unknown.keys().try_for_each(|pointer| {
        let Err(instead) = pointed::follow(act.kind(), name, pointer) else { return Ok(()) };
        let message = if instead.is_empty() {
            words!(
                "{pointer:?} names no field of {name}: there is nothing at that place",
                "{pointer:?} 不是 {name} 的字段：该处没有任何字段"
            )
        } else {
            let (en, zh) = (instead.join(", "), instead.join("、"));
            Words {
                en: format!("{pointer:?} names no field of {name}; there are: {en}"),
                zh: format!("{pointer:?} 不是 {name} 的字段；可用字段：{zh}"),
            }
        };
        Err(invalid(&format!("/unknown/{}", escaped(pointer)), message))
    })
}

fn short(pointer: &str, text: Option<&str>, max: usize) -> Result<(), CommandError> {
    match text {
        Some("") => Err(invalid(pointer, words!("empty; leave it out instead", "内容为空；请省略该字段"))),
        Some(text) if text.len() > max => Err(invalid(pointer, too_long(text.len(), max))),
        Some(_) | None => Ok(()),
    }
}

fn too_long(size: usize, max: usize) -> Words {
    words!("{size} bytes; at most {max} are accepted", "共 {size} 字节；至多 {max} 字节")
}
