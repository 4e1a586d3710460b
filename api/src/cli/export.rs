//! `export`: the evidence bundle of a subject.

use super::Session;
use super::args::Export;
use super::ask;
use super::exit::{Exit, Problem, Stop};
use super::text;
use crate::answers::{Coordinates, Lang, hex};
use crate::bundle::{self, Asked};
use serde::Serialize;
use sha2::{Digest, Sha256};
use std::io::Write as _;
use std::path::Path;

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
}

/// Writes a bundle.
pub(super) fn export(session: &mut Session<'_, '_>, asked: Export) -> Result<(), Stop> {
    let lang = session.lang();
    let ledger = ask::open(session)?;
    let place = ask::place(session, &ledger, asked.at)?;
    let withheld = asked.redact.len();
    let question = Asked {
        redact: asked.redact,
        redact_reason: asked.redact_reason,
        exported_by: asked.exported_by,
        exported_at: session.clock.now(),
    };
    let bytes = ask::answer(session, bundle::make(&ledger, &asked.subject, place, &question))?;
    write(&asked.out, &bytes, lang)?;
    let written = Written {
        file: asked.out.display().to_string(),
        size: bytes.len(),
        sha256: hex(&Sha256::digest(&bytes)),
        subject: asked.subject.code().into(),
        coordinates: place,
        withheld,
    };
    session.out.answer(&written, told)?;
    Ok(())
}

fn told(written: &Written, lang: Lang) -> String {
    let Written { file, size, sha256, subject, withheld, .. } = written;
    let place = text::coordinates(&written.coordinates, lang);
    match lang {
        Lang::Zh => format!(
            "{subject}  证据包已写入 {file}（{size} 字节，隐去 {withheld} 个事件）\n{place}\nSHA-256 {sha256}\n"
        ),
        Lang::En => format!(
            "{subject}  evidence bundle written to {file} ({size} bytes, {withheld} events withheld)\n{place}\nSHA-256 {sha256}\n"
        ),
    }
}

/// Writes a new file and waits until it is on the disk. Evidence is not written over.
fn write(path: &Path, bytes: &[u8], lang: Lang) -> Result<(), Stop> {
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create_new(true);
    // It may hold what only its owner may read, as the ledger does.
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let written =
        options.open(path).and_then(|mut file| file.write_all(bytes).and_then(|()| file.sync_all()));
    written.map_err(|error| {
        let name = path.display().to_string();
        let problem = if error.kind() == std::io::ErrorKind::AlreadyExists {
            let message =
                lang.of_two("文件已存在，不会覆盖", "a file of this name is there and is not written over");
            Problem::new(Exit::Usage, "file-exists", message.to_owned())
        } else {
            Problem::new(Exit::Usage, "unwritable", error.to_string())
        };
        Stop::problem(problem.file(&name))
    })
}
