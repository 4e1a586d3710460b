//! Lines of an import that were not accepted: kept as they were, to be mended and sent again.

use super::exit::{Exit, Problem, Stop};
use super::new_file;
use crate::answers::{Lang, Refusal};
use crate::ledger::{Reject, Why};
use crate::text;
use serde::Serialize;
use std::fs::File;
use std::io::{self, BufRead, BufReader, BufWriter, Write};
use std::path::{Path, PathBuf};

/// Where rejected lines go: the lines as they were in one file, why in another.
pub(super) struct Rejects {
    lines: Made,
    reasons: Made,
    count: u64,
    /// Lines of which only the beginning is kept.
    cut: u64,
    /// The file being imported, for lines that are too long to be handed on.
    source: Option<Original>,
    lang: Lang,
}

/// What there is of the lines that were rejected.
pub(super) struct Kept {
    pub(super) lines: PathBuf,
    pub(super) reasons: PathBuf,
    /// Lines of which only the beginning is kept.
    pub(super) cut: u64,
}

impl Rejects {
    /// Makes both files, empty. One that is there is left alone: it may hold lines that somebody has mended.
    pub(super) fn create(path: &Path, lang: Lang) -> Result<Self, Stop> {
        let mut reasons = path.as_os_str().to_owned();
        reasons.push(".reasons.jsonl");
        let lines = Made::new(path.to_owned(), lang)?;
        match Made::new(PathBuf::from(reasons), lang) {
            Ok(reasons) => Ok(Self { lines, reasons, count: 0, cut: 0, source: None, lang }),
            Err(stop) => {
                // Nothing is in it, and why the other could not be made is what is to be told.
                let _ = lines.remove();
                Err(stop)
            }
        }
    }

    /// The lines that follow come from this file; from something that cannot be read twice where there is none.
    pub(super) fn from(&mut self, path: Option<&Path>) {
        self.source = path.and_then(Original::open);
    }

    /// Takes a line, as it was, and why. One that is too long to have been handed on is copied from its file; where that
    /// cannot be read twice, the beginning is kept, and the reason says so.
    pub(super) fn put(&mut self, reject: &Reject, reason: &mut Reason) -> io::Result<()> {
        self.count += 1;
        match &mut self.source {
            Some(source) if reject.cut => source.copy(reject.line, &mut self.lines.file)?,
            Some(_) | None => self.lines.file.write_all(&reject.bytes)?,
        }
        if reject.cut && self.source.is_none() {
            self.cut += 1;
            reason.cut(reject.bytes.len(), self.lang);
        }
        self.lines.file.write_all(b"\n")?;
        serde_json::to_writer(&mut self.reasons.file, &RejectedLine { rejects_line: self.count, reason })?;
        self.reasons.file.write_all(b"\n")
    }

    /// Hands everything over to the system: whatever ends the program now, it is there.
    pub(super) fn flush(&mut self) -> io::Result<()> {
        self.lines.file.flush()?;
        self.reasons.file.flush()
    }

    /// Where the lines and the reasons are; files without a line are taken away again.
    pub(super) fn finish(mut self) -> io::Result<Option<Kept>> {
        self.flush()?;
        if self.count == 0 {
            self.lines.remove()?;
            self.reasons.remove()?;
            return Ok(None);
        }
        Ok(Some(Kept { lines: self.lines.path, reasons: self.reasons.path, cut: self.cut }))
    }
}

/// A file that this run made.
struct Made {
    path: PathBuf,
    file: BufWriter<File>,
}

impl Made {
    fn new(path: PathBuf, lang: Lang) -> Result<Self, Stop> {
        match new_file::make(&path) {
            Ok(file) => Ok(Self { path, file: BufWriter::new(file) }),
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
                Err(Stop::problem(new_file::there_already(&path, lang).advice(lang.of_two(
                    "用 --rejects 另指定文件，或先移走该文件；重新导入时，未通过的行会全部再次写出",
                    "name another one with --rejects, or move this one away; started again, an import hands back every refused line anew",
                ))))
            }
            Err(error) => {
                let name = path.display().to_string();
                Err(Stop::problem(unwritable(&error, lang).file(&name)))
            }
        }
    }

    fn remove(self) -> io::Result<()> {
        std::fs::remove_file(&self.path)
    }
}

/// Rejected lines that cannot be kept.
pub(super) fn unwritable(error: &io::Error, lang: Lang) -> Problem {
    let message = match lang {
        Lang::Zh => format!("未通过的行无法写入：{error}"),
        Lang::En => format!("rejected lines cannot be written: {error}"),
    };
    Problem::new(Exit::Usage, "rejects-unwritable", message)
}

#[derive(Serialize)]
struct RejectedLine<'a> {
    rejects_line: u64,
    #[serde(flatten)]
    reason: &'a Reason,
}

/// Why a line was rejected.
#[derive(Serialize)]
#[serde(untagged)]
pub(super) enum Reason {
    Problem(Box<Problem>),
    Refusal {
        file: String,
        line: u64,
        #[serde(flatten)]
        refusal: Box<Refusal>,
    },
}

impl Reason {
    /// Of a rejected line of a file.
    pub(super) fn of(reject: &Reject, file: &str, lang: Lang) -> Self {
        let line = usize::try_from(reject.line).unwrap_or(usize::MAX);
        match &reject.why {
            Why::Invalid(error) => Self::Problem(Box::new(Problem::command(error, file, line, lang))),
            Why::Refused(failure) => match Stop::failure(failure, lang) {
                Stop::Refused(_, refusal) => {
                    Self::Refusal { file: file.to_owned(), line: reject.line, refusal }
                }
                Stop::Problem(problem) | Stop::Told(problem) => {
                    Self::Problem(Box::new(problem.file(file).line(line)))
                }
                Stop::Rejected | Stop::ReaderGone => Self::Problem(Box::new(
                    Problem::new(Exit::Usage, "rejected", failure.to_string()).file(file).line(line),
                )),
            },
        }
    }

    /// Says that only the first bytes of the line are kept.
    fn cut(&mut self, kept: usize, lang: Lang) {
        if let Self::Problem(problem) = self {
            problem.message.push_str(&match lang {
                Lang::Zh => format!("；来源不能读第二遍，只保留了前 {kept} 字节"),
                Lang::En => {
                    format!("; only its first {kept} bytes are kept, as its source cannot be read twice")
                }
            });
        }
    }

    /// In words, with its place.
    pub(super) fn text(&self, lang: Lang) -> String {
        match self {
            Self::Problem(problem) => problem.text(),
            Self::Refusal { file, line, refusal } => {
                format!("{file}:{line}: {}", text::refusal(refusal, lang).trim_end())
            }
        }
    }
}

/// A file being imported, read a second time and only forwards: for lines too long to be handed on.
struct Original {
    reader: BufReader<File>,
    /// The line that comes next, from 1.
    next: u64,
}

impl Original {
    /// None where a file cannot be read twice, such as a pipe.
    fn open(path: &Path) -> Option<Self> {
        // Looked at first: to open a pipe once more is to wait for who writes to it.
        if !std::fs::metadata(path).ok()?.is_file() {
            return None;
        }
        Some(Self { reader: BufReader::new(File::open(path).ok()?), next: 1 })
    }

    /// Copies a line without its end. Lines must be asked for in order.
    fn copy(&mut self, line: u64, to: &mut impl Write) -> io::Result<()> {
        while self.next < line {
            self.reader.skip_until(b'\n')?;
            self.next += 1;
        }
        self.next += 1;
        loop {
            let buffer = self.reader.fill_buf()?;
            let end = buffer.iter().position(|byte| *byte == b'\n');
            to.write_all(&buffer[..end.unwrap_or(buffer.len())])?;
            let used = end.map_or(buffer.len(), |end| end + 1);
            let done = end.is_some() || used == 0;
            self.reader.consume(used);
            if done {
                return Ok(());
            }
        }
    }
}
