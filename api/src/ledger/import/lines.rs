//! From the bytes of a source to commands with their keys and digests, line by line.

use super::Why;
use crate::ledger::{Failure, decision, personal};
use accord_domain::limits::COMMAND_BYTES_MAX;
use accord_domain::{Command, CommandError};
use accord_store::Request;
use accord_store::vault::Vault;
use std::io::BufRead;
use std::sync::mpsc::SyncSender;

/// Longest line, in bytes; a longer one is rejected, not read into memory.
pub const LINE_BYTES_MAX: usize = COMMAND_BYTES_MAX;
/// Lines handed over at once.
const CHUNK_LINES: usize = 200;

/// A line read, and what it asks.
pub(super) struct Line<C> {
    pub(super) number: u64,
    /// Where in the source it ends.
    pub(super) ends_at: u64,
    pub(super) text: String,
    /// Of a line that is not read as text.
    pub(super) unread: Option<Unread>,
    pub(super) command: Result<C, Why>,
}

/// The bytes of a line that is not UTF-8, or too long.
pub(super) struct Unread {
    pub(super) bytes: Vec<u8>,
    /// Whether it goes on after them.
    pub(super) cut: bool,
}

/// With the command in it.
type Read = Line<Command>;

/// With the command, its key and its digest.
pub(super) type Parsed = Line<(Command, Option<Request>)>;

/// Reads lines and parses them, in chunks. Stops when nobody listens any more.
pub(super) fn parse_lines(
    mut source: impl BufRead,
    vault: &Vault,
    chunks: &SyncSender<Vec<Parsed>>,
) -> std::io::Result<()> {
    let mut chunk = Vec::with_capacity(CHUNK_LINES);
    let mut line = Vec::new();
    let (mut number, mut ends_at) = (0, 0);
    loop {
        line.clear();
        let read = read_line(&mut source, &mut line)?;
        if read == 0 {
            break;
        }
        number += 1;
        ends_at += read;
        let too_long = line.len() > LINE_BYTES_MAX;
        if line.iter().all(u8::is_ascii_whitespace) && !too_long {
            continue;
        }
        chunk.push(read_command(number, ends_at, &line, too_long));
        if chunk.len() == CHUNK_LINES {
            let full = std::mem::replace(&mut chunk, Vec::with_capacity(CHUNK_LINES));
            if chunks.send(with_requests(full, vault)).is_err() {
                return Ok(());
            }
        }
    }
    if !chunk.is_empty() {
        // Nobody listening means that the run has ended with an error of its own.
        drop(chunks.send(with_requests(chunk, vault)));
    }
    Ok(())
}

/// Gives every command its key and digest. The keys of personal data are made for all of them at once: one wait for the
/// disk.
fn with_requests(lines: Vec<Read>, vault: &Vault) -> Vec<Parsed> {
    let commands = lines.iter().filter_map(|line| line.command.as_ref().ok());
    let prepared = personal::prepare(vault, commands);
    lines.into_iter().map(|line| with_request(line, &prepared, vault)).collect()
}

pub(super) fn with_request(line: Read, prepared: &Result<(), Failure>, vault: &Vault) -> Parsed {
    let requested = |mut command: Command| {
        if let Err(failure) = prepared
            && command.act.holds_personal()
        {
            return Err(Why::Refused(failure.clone()));
        }
        let request = decision::import_request(vault, &command).map_err(Why::Refused)?;
        if let Some(request) = &request {
            // The events say under which key they were asked for, one made here too: what is kept of a request is checked
            // against them.
            command.envelope.key = Some(request.key.clone());
        }
        Ok((command, request))
    };
    let Line { number, ends_at, text, unread, command } = line;
    Line { number, ends_at, text, unread, command: command.and_then(requested) }
}

/// Reads one line without its end; of one that is too long only the beginning is kept. Returns the bytes consumed.
fn read_line(source: &mut impl BufRead, line: &mut Vec<u8>) -> std::io::Result<u64> {
    let mut consumed = 0;
    loop {
        let buffer = source.fill_buf()?;
        if buffer.is_empty() {
            return Ok(consumed);
        }
        let end = buffer.iter().position(|byte| *byte == b'\n');
        let part = &buffer[..end.unwrap_or(buffer.len())];
        let room = (LINE_BYTES_MAX + 1).saturating_sub(line.len());
        line.extend_from_slice(&part[..part.len().min(room)]);
        let used = part.len() + usize::from(end.is_some());
        consumed += used as u64;
        source.consume(used);
        if end.is_some() {
            return Ok(consumed);
        }
    }
}

fn read_command(number: u64, ends_at: u64, line: &[u8], too_long: bool) -> Read {
    let bytes = line.strip_suffix(b"\r").unwrap_or(line);
    let unread = |bytes: &[u8], cut, why| {
        let unread = Some(Unread { bytes: bytes.to_owned(), cut });
        Line { number, ends_at, text: String::new(), unread, command: Err(Why::Invalid(why)) }
    };
    if too_long {
        return unread(&line[..LINE_BYTES_MAX], true, CommandError::too_large());
    }
    match CommandError::utf8(bytes) {
        Ok(text) => {
            let command = Command::parse(text).map_err(Why::Invalid);
            Line { number, ends_at, text: text.to_owned(), unread: None, command }
        }
        Err(error) => unread(line, false, error),
    }
}
