//! Lines of an import that were not accepted: kept as they were, to be mended and sent again.

use super::exit::{Exit, Problem, Stop};
use super::text;
use crate::answers::{Lang, Refusal};
use crate::ledger::{Reject, Why};
use serde::Serialize;
use std::fs::File;
use std::io::{self, BufRead, BufReader, BufWriter, Write};
use std::path::{Path, PathBuf};

/// Where rejected lines go: the lines as they were in one file, why in another.
pub(super) struct Rejects {
    path: PathBuf,
    reasons_path: PathBuf,
    lines: BufWriter<File>,
    reasons: BufWriter<File>,
    count: u64,
    /// The file being imported, for lines that are not text.
    source: Option<Original>,
}

impl Rejects {
    /// Makes both files, empty.
    pub(super) fn create(path: &Path, inputs: &[PathBuf], lang: Lang) -> Result<Self, Stop> {
        let same = |input: &PathBuf| match (input.canonicalize(), path.canonicalize()) {
            (Ok(input), Ok(path)) => input == path,
            _ => false,
        };
        if inputs.iter().any(same) {
            let message = lang.of_two(
                "拒收文件与导入文件相同，会被覆盖；请另选文件名",
                "this file is imported and would be overwritten; name another one for the rejects",
            );
            let problem = Problem::new(Exit::Usage, "rejects-is-input", message.to_owned());
            return Err(Stop::problem(problem.file(&path.display().to_string())));
        }
        let mut reasons_path = path.as_os_str().to_owned();
        reasons_path.push(".reasons.jsonl");
        let reasons_path = PathBuf::from(reasons_path);
        let make = |path: &Path| {
            File::create(path).map(BufWriter::new).map_err(|error| {
                let message = match lang {
                    Lang::Zh => format!("无法写入：{error}"),
                    Lang::En => format!("cannot be written: {error}"),
                };
                let problem = Problem::new(Exit::Usage, "rejects-unwritable", message);
                Stop::problem(problem.file(&path.display().to_string()))
            })
        };
        let (lines, reasons) = (make(path)?, make(&reasons_path)?);
        Ok(Self { path: path.to_owned(), reasons_path, lines, reasons, count: 0, source: None })
    }

    /// The lines that follow come from this file.
    pub(super) fn from(&mut self, path: &Path) {
        self.source = Original::open(path);
    }

    /// Takes a line, as it was, and why. One that is no text, or too long to have been kept, is copied from its file.
    pub(super) fn put(&mut self, reject: &Reject, reason: &Reason) -> io::Result<()> {
        self.count += 1;
        match (&reject.why, &mut self.source) {
            (Why::Unreadable(_), Some(source)) => source.copy(reject.line, &mut self.lines)?,
            (Why::Unreadable(_), None) | (Why::Invalid(_) | Why::Refused(_), _) => {
                self.lines.write_all(reject.text.as_bytes())?;
            }
        }
        self.lines.write_all(b"\n")?;
        serde_json::to_writer(&mut self.reasons, &RejectedLine { rejects_line: self.count, reason })?;
        self.reasons.write_all(b"\n")
    }

    /// Where the lines and the reasons are; files without a line are taken away again.
    pub(super) fn finish(mut self) -> io::Result<Option<(PathBuf, PathBuf)>> {
        self.lines.flush()?;
        self.reasons.flush()?;
        if self.count == 0 {
            std::fs::remove_file(&self.path)?;
            std::fs::remove_file(&self.reasons_path)?;
            return Ok(None);
        }
        Ok(Some((self.path, self.reasons_path)))
    }
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
            Why::Unreadable(why) => {
                let problem = Problem::new(Exit::Usage, "unreadable", lang.pick(why).to_owned());
                Self::Problem(Box::new(problem.file(file).line(line)))
            }
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

/// A file being imported, read a second time and only forwards: for the lines whose bytes the import does not hand on.
struct Original {
    reader: BufReader<File>,
    /// The line that comes next, from 1.
    next: u64,
}

impl Original {
    /// None where a file cannot be read twice, such as a pipe.
    fn open(path: &Path) -> Option<Self> {
        let file = File::open(path).ok()?;
        file.metadata().ok()?.is_file().then(|| Self { reader: BufReader::new(file), next: 1 })
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
