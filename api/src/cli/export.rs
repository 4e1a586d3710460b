//! `export`: the evidence bundle of a subject.

use super::Session;
use super::args::Export;
use super::exit::{Exit, Problem, Stop};
use super::{ask, new_file, personal};
use crate::answers::{self, Coordinates, Lang, Position};
use crate::bundle::{self, Asked, OpeningFailure};
use crate::text;
use crate::text::words::many;
use accord_store::merkle::hex;
use serde::Serialize;
use sha2::{Digest, Sha256};
use std::io::Write as _;
use std::path::Path;
use uuid::Uuid;

/// What was written.
#[derive(Serialize)]
struct Written {
    file: String,
    /// How many bytes.
    size: usize,
    /// SHA-256 over the file: note it down when the bundle is handed over.
    sha256: String,
    subject: Box<str>,
    coordinates: Coordinates,
    /// Events whose bytes are withheld.
    withheld: usize,
    /// Where the reading of the personal data opened in it is recorded; left out where none is.
    #[serde(skip_serializing_if = "Option::is_none")]
    reading: Option<Position>,
}

/// Writes a bundle.
pub(super) fn export(session: &mut Session<'_, '_>, asked: &Export) -> Result<(), Stop> {
    let lang = session.lang();
    let withheld = asked.redact.len();
    let question = Asked {
        redact: asked.redact.clone(),
        redact_reason: asked.redact_reason.clone(),
        exported_by: asked.exported_by.clone(),
        exported_at: session.clock.now(),
        opened: None,
    };
    let (bytes, place, reading) = if asked.open_personal {
        let (bytes, place, position) = open(session, asked, question)?;
        (bytes, place, Some(Position(position)))
    } else {
        personal::nobody_reads(&asked.who, lang)?;
        let records = ask::records(session)?;
        let place = ask::place(session, records.log(), asked.at)?;
        let source = records.source();
        let made = ask::answer(session, bundle::make(&source, &asked.subject, place, &question))?;
        (made, place, None)
    };
    write(&asked.out, &bytes, lang)?;
    let written = Written {
        file: asked.out.display().to_string(),
        size: bytes.len(),
        sha256: hex(&Sha256::digest(&bytes)),
        subject: asked.subject.code().into(),
        coordinates: place,
        withheld,
        reading,
    };
    session.out.answer(&written, told)?;
    Ok(())
}

/// A bundle with personal data in clear, and the position of the reading. That nothing would be written over is seen before
/// anything is recorded.
fn open(
    session: &mut Session<'_, '_>,
    asked: &Export,
    question: Asked,
) -> Result<(Vec<u8>, Coordinates, u64), Stop> {
    let lang = session.lang();
    if asked.out.exists() {
        return Err(Stop::problem(new_file::there_already(&asked.out, lang)));
    }
    let ledger = session.open_to_write()?;
    let reason = asked.reason.as_deref().unwrap_or_default();
    let reading = |events: &[Uuid]| personal::reading(&asked.subject, &asked.who, reason, events);
    let at = answers::Asked { as_of: asked.at.as_of, known_at: asked.at.known_at };
    let made = bundle::make_open(&ledger, &asked.subject, at, question, &asked.event, reading);
    match session.runtime.block_on(made) {
        Ok((bytes, place, done)) => Ok((bytes, place, done.appended.first_position)),
        Err(OpeningFailure::Answer(error)) => Err(Stop::answer(&error, lang)),
        Err(OpeningFailure::Failure(failure)) => Err(Stop::failure(&failure, lang)),
        Err(OpeningFailure::Command(error)) => Err(personal::not_a_command(&error, lang)),
    }
}

fn told(written: &Written, lang: Lang) -> String {
    let Written { file, size, sha256, subject, withheld, reading, .. } = written;
    let place = text::coordinates(&written.coordinates, lang);
    let opened = match (reading, lang) {
        (None, _) => String::new(),
        (Some(at), Lang::Zh) => format!("内含已启封的个人信息，查阅记录于位置 {at}\n"),
        (Some(at), Lang::En) => {
            format!("personal data is opened in it; the reading is recorded at position {at}\n")
        }
    };
    match lang {
        Lang::Zh => format!(
            "{subject}  证据包已写入 {file}（{size} 字节，隐去 {withheld} 个事件）\n{place}\n{opened}SHA-256 {sha256}\n"
        ),
        Lang::En => format!(
            "{subject}  evidence bundle written to {file} ({size} bytes, {} withheld)\n{place}\n{opened}SHA-256 {sha256}\n",
            many(withheld, "event")
        ),
    }
}

/// Writes a new file and waits until it is on the disk. Evidence is not written over.
fn write(path: &Path, bytes: &[u8], lang: Lang) -> Result<(), Stop> {
    let made = new_file::make(path);
    let written = made.and_then(|mut file| file.write_all(bytes).and_then(|()| file.sync_all()));
    written.map_err(|error| {
        Stop::problem(if error.kind() == std::io::ErrorKind::AlreadyExists {
            new_file::there_already(path, lang)
        } else {
            Problem::new(Exit::Usage, "unwritable", error.to_string()).file(&path.display().to_string())
        })
    })
}
