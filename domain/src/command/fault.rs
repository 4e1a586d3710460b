//! Where a command is wrong and what would be right. Reads the text again, slowly: only a refused command comes here.

use super::{Act, CommandError};
use crate::id::SubjectKind;
use crate::limits::{COMMAND_BYTES_MAX, MONEY_FEN_MAX};
use crate::rejection::Words;
use crate::{spoken, words};
use serde::Deserialize;
use serde_json::value::RawValue;
use std::borrow::Cow;
use std::collections::HashMap;

impl CommandError {
    /// With line and column of the place that the pointer names, or of the nearest one around it.
    pub(super) fn placed(mut self, text: &str) -> Self {
        if self.line == 0 {
            (self.line, self.column) = line_and_column(text, offset_of(text, &self.pointer));
        }
        self
    }

    /// The same error where the text that was read is `part` of `whole`, standing at `pointer` there.
    #[must_use]
    pub fn within(self, whole: &str, part: &str, pointer: &str) -> Self {
        let pointer = format!("{pointer}{}", self.pointer);
        let Some(base) = offset_in(whole, part).filter(|_| self.line > 0) else {
            return self.moved(pointer, whole);
        };
        let (line, column) = from_base(whole, base, (self.line, self.column));
        Self { pointer, line, column, ..self }
    }

    /// The same error where what was read was made of `text`, in which the place has this pointer.
    #[must_use]
    pub fn moved(self, pointer: String, text: &str) -> Self {
        Self { pointer, line: 0, column: 0, ..self }.placed(text)
    }

    /// A text longer than any command.
    #[must_use]
    pub fn too_large() -> Self {
        let message = words!(
            "longer than the {COMMAND_BYTES_MAX} bytes of a command",
            "超过一条命令可有的 {COMMAND_BYTES_MAX} 字节"
        );
        Self { code: "too-large", line: 1, ..invalid("", message) }
    }

    /// The bytes as text, without the mark that editors on Windows begin a file with (RFC 8259 section 8.1 lets a reader pass over
    /// it); else the place of the first that belongs to no character.
    ///
    /// # Errors
    /// `not-utf-8`.
    pub fn utf8(bytes: &[u8]) -> Result<&str, Self> {
        let bytes = bytes.strip_prefix("\u{feff}".as_bytes()).unwrap_or(bytes);
        std::str::from_utf8(bytes).map_err(|error| {
            let (line, column) = line_and_column(bytes, error.valid_up_to());
            let message = words!(
                "not UTF-8 text; save it as UTF-8, not GBK",
                "不是 UTF-8 文本；请以 UTF-8 保存（不要用 GBK）"
            );
            Self { code: "not-utf-8", line, column, ..invalid("", message) }
        })
    }
}

pub(super) fn invalid(pointer: &str, message: Words) -> CommandError {
    CommandError { code: "invalid-value", pointer: pointer.to_owned(), line: 0, column: 0, message }
}

/// How many commands are named where one is meant that does not exist.
const HINTS_MAX: usize = 6;

pub(super) fn unknown_command(name: &str) -> CommandError {
    let word = name.split_once('.').map_or(name, |(_, word)| word);
    let resembles = |known: &&str| {
        let act = known.split_once('.').map_or("", |(_, act)| act);
        let part_in_common = act.split('-').any(|part| word.contains(part));
        !word.is_empty() && (act.contains(word) || word.contains(act) || part_in_common)
    };
    let near: Vec<_> =
        Act::names().filter(resembles).take(HINTS_MAX).map(|name| format!("`{name}`")).collect();
    let name: String = name.chars().take(60).collect();
    let message = if near.is_empty() {
        let kinds = SubjectKind::ALL.map(|kind| format!("`{}`", kind.name()));
        Words {
            en: format!(
                "there is no command {name:?}; one is `KIND.ACT`, and kinds are {}",
                kinds.join(", ")
            ),
            zh: format!("没有命令 {name:?}；命令写作 `主体类别.行为`，类别有 {}", kinds.join("、")),
        }
    } else {
        Words {
            en: format!("there is no command {name:?}; known: {}", near.join(", ")),
            zh: format!("没有命令 {name:?}；已有：{}", near.join("、")),
        }
    };
    CommandError { code: "unknown-command", ..invalid("/command", message) }
}

/// What keeps a text from being read as an object of these members.
pub(super) fn in_object<'a, T: Deserialize<'a>>(text: &'a str) -> CommandError {
    let mut reader = serde_json::Deserializer::from_str(text);
    let (error, path) = match serde_path_to_error::deserialize::<_, T>(&mut reader) {
        Ok(_) => (reader.end().err(), String::new()),
        Err(error) => {
            let path = pointer(error.path());
            (Some(error.into_inner()), path)
        }
    };
    describe(error, path, text, 0)
}

pub(super) fn in_data(text: &str, name: &str, data: &str, kind: SubjectKind) -> CommandError {
    let mut track = serde_path_to_error::Track::new();
    let mut reader = serde_json::Deserializer::from_str(data);
    let tracked = serde_path_to_error::Deserializer::new(&mut reader, &mut track);
    let error = Act::read(kind, name, tracked).and_then(Result::err);
    let path = format!("/data{}", pointer(&track.path()));
    describe(error, path, text, offset_in(text, data).unwrap_or(0))
}

fn pointer(path: &serde_path_to_error::Path) -> String {
    use serde_path_to_error::Segment;
    let mut out = String::new();
    for segment in path {
        match segment {
            Segment::Seq { index } => out.push_str(&format!("/{index}")),
            Segment::Map { key } => out.push_str(&format!("/{}", escaped(key))),
            Segment::Enum { variant } => out.push_str(&format!("/{variant}")),
            Segment::Unknown => {}
        }
    }
    out
}

/// A name as a segment of a JSON pointer (RFC 6901).
pub(super) fn escaped(name: &str) -> String {
    name.replace('~', "~0").replace('/', "~1")
}

/// `base` is where the text that the error counts its lines in begins in `text`.
fn describe(error: Option<serde_json::Error>, path: String, text: &str, base: usize) -> CommandError {
    let Some(error) = error else {
        return invalid(&path, words!("cannot be read", "无法读取")).placed(text);
    };
    let message = error.to_string();
    let message = message.rsplit_once(" at line ").map_or(message.as_str(), |(words, _)| words);
    if error.is_syntax() || error.is_eof() {
        let place = base + offset_at(&text[base..], error.line(), error.column());
        let (line, column) = line_and_column(text, place);
        return CommandError {
            code: "malformed-json",
            pointer: path,
            line,
            column,
            message: spoken::both(message.to_owned()),
        };
    }
    let field = message.split('`').nth(1).unwrap_or_default();
    let (code, pointer) = if message.starts_with("missing field") {
        ("missing-field", below(&path, field))
    } else if message.starts_with("unknown field") {
        ("unknown-field", below(&path, field))
    } else if message.starts_with("duplicate field") {
        ("duplicate-field", below(&path, field))
    } else {
        ("invalid-value", path)
    };
    CommandError { code, ..invalid(&pointer, spoken::both(plain(message))) }.placed(text)
}

/// The place of a member of the object at `path`, which some errors name already.
fn below(path: &str, field: &str) -> String {
    let field = escaped(field);
    if path.ends_with(&format!("/{field}")) { path.to_owned() } else { format!("{path}/{field}") }
}

/// What this program calls its types is nothing to the reader.
fn plain(message: &str) -> String {
    const NUMBERS: [(&str, &str); 5] = [
        ("u8", "a whole number from 0 to 255"),
        ("u16", "a whole number from 0 to 65535"),
        ("u32", "a whole number from 0 to 4294967295"),
        ("i32", "a whole number"),
        ("i64", "a whole number"),
    ];
    let Some((head, expected)) = message.rsplit_once("expected ") else { return message.to_owned() };
    if let Some(words) = far_too_much(head, expected) {
        return words;
    }
    if let Some((_, words)) = NUMBERS.iter().find(|(name, _)| *name == expected) {
        return format!("{head}expected {words}");
    }
    if expected.starts_with("struct ") {
        return format!("{head}expected an object");
    }
    message.to_owned()
}

/// A whole number beyond a type whose range is not told otherwise; the reader of JSON takes a very long one for a fraction.
/// What is wide here is a sum of money.
fn far_too_much(head: &str, expected: &str) -> Option<String> {
    const WIDEST: [(&str, i64); 2] = [("i32", i32::MAX as i64), ("i64", MONEY_FEN_MAX)];
    let (_, max) = WIDEST.iter().find(|(name, _)| *name == expected)?;
    let number: f64 = head.split('`').nth(1)?.parse().ok()?;
    #[expect(clippy::cast_precision_loss, reason = "both limits are written exactly")]
    let beyond = number.fract() == 0.0 && number.abs() > *max as f64;
    match number.is_sign_negative() {
        _ if !beyond => None,
        true => Some(format!("too small: at least -{max}")),
        false => Some(format!("too large: at most {max}")),
    }
}

/// Where the value at a pointer begins, or the nearest one around it.
fn offset_of(text: &str, pointer: &str) -> usize {
    let mut here = text;
    for segment in pointer.split('/').skip(1) {
        let name = segment.replace("~1", "/").replace("~0", "~");
        let inner = if here.trim_start().starts_with('[') {
            let list = serde_json::from_str::<Vec<&RawValue>>(here).ok();
            list.and_then(|list| list.get(name.parse::<usize>().ok()?).copied())
        } else {
            let members = serde_json::from_str::<HashMap<Cow<'_, str>, &RawValue>>(here).ok();
            members.and_then(|members| members.get(name.as_str()).copied())
        };
        match inner {
            Some(inner) => here = inner.get(),
            None => break,
        }
    }
    offset_in(text, here).unwrap_or(0)
}

/// Where a part of `text` begins in it.
fn offset_in(text: &str, part: &str) -> Option<usize> {
    let offset = (part.as_ptr() as usize).checked_sub(text.as_ptr() as usize)?;
    (offset + part.len() <= text.len()).then_some(offset)
}

/// Line and column in `text` of a place counted from where a part of it begins.
fn from_base(text: &str, base: usize, (line, column): (usize, usize)) -> (usize, usize) {
    let (first_line, first_column) = line_and_column(text, base);
    (first_line - 1 + line, if line == 1 { first_column - 1 + column } else { column })
}

/// Where a line and a column begin, both from 1; the reader of JSON counts its columns in bytes.
fn offset_at(text: &str, line: usize, column: usize) -> usize {
    let before: usize = text.split_inclusive('\n').take(line.saturating_sub(1)).map(str::len).sum();
    before + column.saturating_sub(1)
}

/// Both from 1; columns in characters, as an editor counts them.
fn line_and_column(text: impl AsRef<[u8]>, offset: usize) -> (usize, usize) {
    let text = text.as_ref();
    let before = &text[..offset.min(text.len())];
    let line = before.iter().filter(|byte| **byte == b'\n').count() + 1;
    let of_line = before.iter().rev().take_while(|byte| **byte != b'\n');
    let begins_a_character = |byte: &&u8| **byte & 0b1100_0000 != 0b1000_0000;
    (line, of_line.filter(begins_a_character).count() + 1)
}
