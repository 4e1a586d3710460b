//! The one place that writes to the terminal: data to one side, talk to the other.

use crate::answers::Lang;
use crate::text::visible::lines;
use serde::Serialize;
use std::io::{self, Write};

/// Where the words go. stdout and stderr in the program, buffers in tests.
pub struct Out<'a> {
    data: &'a mut dyn Write,
    talk: &'a mut dyn Write,
    /// Whether data is printed as JSON.
    pub json: bool,
    /// Language of what people read.
    pub lang: Lang,
}

impl<'a> Out<'a> {
    /// Over two writers.
    pub fn new(data: &'a mut dyn Write, talk: &'a mut dyn Write, json: bool, lang: Lang) -> Self {
        Self { data, talk, json, lang }
    }

    /// Data, as people read it; ends with a line break.
    ///
    /// # Errors
    /// When the reader has gone or the disk is full.
    pub fn text(&mut self, text: &str) -> io::Result<()> {
        self.data.write_all(lines(text).as_bytes())?;
        if text.ends_with('\n') { Ok(()) } else { self.data.write_all(b"\n") }
    }

    /// Data, as one JSON document on a line.
    ///
    /// # Errors
    /// As [`Out::text`].
    pub fn document<T: Serialize + ?Sized>(&mut self, document: &T) -> io::Result<()> {
        serde_json::to_writer(&mut *self.data, document)?;
        self.data.write_all(b"\n")
    }

    /// An answer in the form asked for.
    ///
    /// # Errors
    /// As [`Out::text`].
    pub fn answer<T: Serialize>(
        &mut self,
        answer: &T,
        text: impl FnOnce(&T, Lang) -> String,
    ) -> io::Result<()> {
        if self.json {
            self.document(answer)
        } else {
            let text = text(answer, self.lang);
            self.text(&text)
        }
    }

    /// Talk: what is going on, never data. That nobody hears it stops no work.
    pub fn say(&mut self, zh: &str, en: &str) {
        let text = match self.lang {
            Lang::Zh => zh,
            Lang::En => en,
        };
        let _ = writeln!(self.talk, "{}", lines(text));
    }

    /// Makes sure that everything written has left.
    ///
    /// # Errors
    /// As [`Out::text`].
    pub fn flush(&mut self) -> io::Result<()> {
        let _ = self.talk.flush();
        self.data.flush()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_printed_steers_no_terminal_and_json_is_left_as_it_is() {
        let (mut data, mut talk) = (Vec::new(), Vec::new());
        let mut out = Out::new(&mut data, &mut talk, false, Lang::En);
        out.text("a\u{1b}[2K\nb\r").unwrap();
        out.document("\u{202e}").unwrap();
        out.say("", "c\u{1b}\nd");
        assert_eq!(String::from_utf8(data).unwrap(), "a\\u{1b}[2K\nb\\u{d}\n\"\u{202e}\"\n");
        assert_eq!(String::from_utf8(talk).unwrap(), "c\\u{1b}\nd\n");
    }
}
