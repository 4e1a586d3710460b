//! Events named by the key of the command that made them: `"@邵医保-2025-0804-2"` where a place takes the id of an event.
//! Ids differ from ledger to ledger and are known only when an event is recorded; whoever writes a history down beforehand
//! has keys.

use super::{Command, CommandError};
use crate::rejection::Words;
use crate::words;
use serde_json::Value;
use uuid::Uuid;

/// Places of one command that may name an event by a key.
const PLACES_MAX: usize = 16;

/// What stands before a key.
const SIGN: char = '@';

impl Command {
    /// As [`Command::parse`], where a place that takes the id of an event may also hold `@` and a key: `id` answers with the
    /// id of the first event of the command under that key.
    ///
    /// # Errors
    /// [`CommandError`] with the place and what would be right; `unknown-key` where nothing is recorded under a key.
    pub fn parse_naming(text: &str, id: &mut dyn FnMut(&str) -> Option<Uuid>) -> Result<Self, CommandError> {
        let mut error = match Self::parse(text) {
            Ok(command) => return Ok(command),
            Err(error) => error,
        };
        let Ok(mut value) = serde_json::from_str::<Value>(text) else { return Err(error) };
        for _ in 0..PLACES_MAX {
            let Some(place) = error.place_of_key(&mut value) else { break };
            let key = place.as_str().and_then(|text| text.strip_prefix(SIGN)).unwrap_or_default().to_owned();
            match id(&key) {
                Some(id) => *place = Value::String(id.to_string()),
                None => return Err(CommandError { code: "unknown-key", message: unknown(&key), ..error }),
            }
            match Self::parse(&value.to_string()) {
                Ok(command) => return Ok(command),
                // Lines and columns are those of what was sent.
                Err(next) => error = CommandError { line: 0, column: 0, ..next }.placed(text),
            }
        }
        Err(error)
    }
}

impl CommandError {
    /// Whether the command may be one that names an event by a key: [`Command::parse_naming`] tells.
    #[must_use]
    pub fn may_be_a_key(&self, text: &str) -> bool {
        self.is_about_an_id()
            && serde_json::from_str(text).is_ok_and(|mut value| self.place_of_key(&mut value).is_some())
    }

    fn is_about_an_id(&self) -> bool {
        self.message.en.starts_with("UUID parsing failed")
    }

    fn place_of_key<'a>(&self, value: &'a mut Value) -> Option<&'a mut Value> {
        let place = value.pointer_mut(&self.pointer).filter(|_| self.is_about_an_id())?;
        place.as_str().is_some_and(|text| text.starts_with(SIGN)).then_some(place)
    }
}

fn unknown(key: &str) -> Words {
    let key: String = key.chars().take(60).collect();
    words!(
        "no command under the key {key:?} is recorded; the line that makes the event comes first",
        "没有以 {key:?} 为 key 的命令记录在案；产生该事件的一行应在前"
    )
}
