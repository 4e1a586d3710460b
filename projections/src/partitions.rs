//! The events of a log on their way to the views: taken in in the order of the log, given out subject by subject.
//!
//! Views made from nothing are fastest when each subject is folded from its first event to its last and written once.
//! The log has the subjects mixed, so its events are first dealt out: neighbouring streams (by the log's own dense
//! numbers, which follow the order of first events) share a partition, and what is beyond a fixed amount of memory waits
//! in a file without a name. Every event is written and read once, whatever the length of the log.

use accord_domain::{EventType, Instant, Version};
use accord_store::Raw;
use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

use crate::fold::Columns;

/// Streams of one partition: some ten thousand events, which are in memory together when their turn comes.
const PARTITION_STREAMS: u64 = 2_048;

/// What a partition keeps in memory before it goes into the file, in bytes.
const CHUNK_BYTES: usize = 64 * 1024;

/// Bytes before the body of a record: stream in the partition, type, version, length of the body, position and the two
/// times.
const HEAD_BYTES: usize = 2 + 2 + 4 + 4 + 8 + 8 + 8;

/// Events of a log from its beginning, dealt out by stream.
#[derive(Debug)]
pub struct Partitions {
    dir: PathBuf,
    file: Option<File>,
    /// Bytes in the file.
    end: u64,
    parts: Vec<Part>,
    len: u64,
    last: Option<Last>,
}

/// The newest event taken in.
#[derive(Clone, Debug)]
pub(crate) struct Last {
    pub(crate) leaf: Vec<u8>,
    pub(crate) recorded_at: Instant,
}

#[derive(Debug, Default)]
struct Part {
    /// Where in the file its earlier records lie.
    chunks: Vec<(u64, usize)>,
    /// Its newest records.
    buffer: Vec<u8>,
}

impl Partitions {
    /// Empty; a file is made in the directory when memory does not suffice.
    #[must_use]
    pub fn new(dir: &Path) -> Self {
        Self { dir: dir.to_owned(), file: None, end: 0, parts: Vec::new(), len: 0, last: None }
    }

    /// How many events it holds: those of the log before this position.
    #[must_use]
    pub fn len(&self) -> u64 {
        self.len
    }

    /// Whether it holds none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    pub(crate) fn last(&self) -> Option<&Last> {
        self.last.as_ref()
    }

    /// Takes in the next event of the log.
    ///
    /// # Errors
    /// When it is not the next one, and when the file cannot be written.
    pub fn push(&mut self, raw: &Raw<'_>) -> io::Result<()> {
        if raw.position != self.len {
            return Err(io::Error::other(format!("position {} where {} comes next", raw.position, self.len)));
        }
        let index = to_index(raw.stream / PARTITION_STREAMS);
        if self.parts.len() <= index {
            self.parts.resize_with(index + 1, Part::default);
        }
        let part = &mut self.parts[index];
        if part.buffer.len() + HEAD_BYTES + raw.body.len() > CHUNK_BYTES && !part.buffer.is_empty() {
            let file = match &self.file {
                Some(file) => file,
                None => self.file.insert(tempfile::tempfile_in(&self.dir)?),
            };
            file.write_all_at(&part.buffer, self.end)?;
            part.chunks.push((self.end, part.buffer.len()));
            self.end += part.buffer.len() as u64;
            part.buffer.clear();
        }
        write_record(&mut part.buffer, raw)?;
        self.len += 1;
        match &mut self.last {
            Some(last) => {
                last.leaf.clear();
                last.leaf.extend_from_slice(raw.leaf);
                last.recorded_at = raw.recorded_at;
            }
            none => *none = Some(Last { leaf: raw.leaf.to_vec(), recorded_at: raw.recorded_at }),
        }
        Ok(())
    }

    /// How many partitions there are.
    pub(crate) fn parts(&self) -> usize {
        self.parts.len()
    }

    /// Lets go of a partition: its events come in place of those the last one left in `partition`, whose memory is used
    /// again.
    pub(crate) fn take(&mut self, index: usize, partition: &mut Partition) -> io::Result<()> {
        let Part { chunks, buffer } = std::mem::take(&mut self.parts[index]);
        let Partition { first_stream, bytes, records } = partition;
        *first_stream = index as u64 * PARTITION_STREAMS;
        bytes.clear();
        bytes.resize(chunks.iter().map(|(_, len)| len).sum(), 0);
        let mut rest = bytes.as_mut_slice();
        for (at, len) in chunks {
            let (chunk, others) = rest.split_at_mut(len);
            let file =
                self.file.as_ref().ok_or_else(|| io::Error::other("the file of partitions is gone"))?;
            file.read_exact_at(chunk, at)?;
            rest = others;
        }
        bytes.extend_from_slice(&buffer);
        records.clear();
        let mut at = 0;
        while at < bytes.len() {
            let (stream, record) = read_record(&bytes[at..])?;
            records.push((stream, at));
            at += HEAD_BYTES + record.body.len();
        }
        // Stable: the events of a stream stay in their order.
        records.sort_by_key(|(stream, _)| *stream);
        Ok(())
    }
}

/// The events of neighbouring streams.
#[derive(Debug, Default)]
pub(crate) struct Partition {
    first_stream: u64,
    bytes: Vec<u8>,
    /// Where each record begins, and the stream it is of, sorted by stream and then as they came.
    records: Vec<(u16, usize)>,
}

/// One event.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Record<'a> {
    pub(crate) columns: Columns,
    pub(crate) body: &'a [u8],
}

impl Partition {
    /// Every stream with its events, oldest first.
    pub(crate) fn streams(
        &self,
    ) -> impl Iterator<Item = (u64, impl Iterator<Item = io::Result<Record<'_>>>)> {
        self.records.chunk_by(|(a, _), (b, _)| a == b).map(|records| {
            let stream = self.first_stream + u64::from(records[0].0);
            let read = |(_, at): &(u16, usize)| read_record(&self.bytes[*at..]).map(|(_, record)| record);
            (stream, records.iter().map(read))
        })
    }
}

fn write_record(buffer: &mut Vec<u8>, raw: &Raw<'_>) -> io::Result<()> {
    let too_large = |_| io::Error::other("an event larger than any log takes");
    let stream = u16::try_from(raw.stream % PARTITION_STREAMS).map_err(too_large)?;
    let length = u32::try_from(raw.body.len()).map_err(too_large)?;
    buffer.reserve(HEAD_BYTES + raw.body.len());
    buffer.extend_from_slice(&stream.to_le_bytes());
    buffer.extend_from_slice(&raw.kind.0.to_le_bytes());
    buffer.extend_from_slice(&raw.version.to_le_bytes());
    buffer.extend_from_slice(&length.to_le_bytes());
    buffer.extend_from_slice(&raw.position.to_le_bytes());
    buffer.extend_from_slice(&raw.effective_at.as_micros().to_le_bytes());
    buffer.extend_from_slice(&raw.recorded_at.as_micros().to_le_bytes());
    buffer.extend_from_slice(raw.body);
    Ok(())
}

fn read_record(bytes: &[u8]) -> io::Result<(u16, Record<'_>)> {
    let mut rest = bytes;
    let stream = u16::from_le_bytes(take(&mut rest)?);
    let kind = EventType(u16::from_le_bytes(take(&mut rest)?));
    let version: Version = u32::from_le_bytes(take(&mut rest)?);
    let length = u32::from_le_bytes(take(&mut rest)?);
    let position = u64::from_le_bytes(take(&mut rest)?);
    let effective_at = Instant::from_micros(i64::from_le_bytes(take(&mut rest)?));
    let recorded_at = Instant::from_micros(i64::from_le_bytes(take(&mut rest)?));
    let body = usize::try_from(length).ok().and_then(|length| rest.get(..length)).ok_or_else(cut_short)?;
    Ok((stream, Record { columns: Columns { position, version, kind, effective_at, recorded_at }, body }))
}

fn take<const N: usize>(bytes: &mut &[u8]) -> io::Result<[u8; N]> {
    let (head, rest) = bytes.split_first_chunk::<N>().ok_or_else(cut_short)?;
    *bytes = rest;
    Ok(*head)
}

fn cut_short() -> io::Error {
    io::Error::other("a record in the file of partitions is cut short")
}

fn to_index(number: u64) -> usize {
    usize::try_from(number).unwrap_or(usize::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn push(partitions: &mut Partitions, position: u64, stream: u64, version: Version, body: &[u8]) {
        partitions
            .push(&Raw {
                position,
                stream,
                version,
                kind: EventType(118),
                effective_at: Instant::from_micros(-7),
                recorded_at: Instant::from_micros(position.cast_signed()),
                leaf: &[1; 32],
                body,
            })
            .unwrap();
    }

    #[test]
    fn what_was_dealt_out_comes_back_by_stream_and_in_order_from_memory_and_file() {
        let dir = tempfile::tempdir().unwrap();
        let mut partitions = Partitions::new(dir.path());
        // Two partitions; one of them far larger than a chunk, so that most of it is in the file.
        let streams = [0, 1, PARTITION_STREAMS + 3];
        let body = |position: u64| vec![u8::try_from(position % 251).unwrap(); 1_000 + to_index(position)];
        for position in 0..600 {
            let nth = to_index(position % 3);
            push(
                &mut partitions,
                position,
                streams[nth],
                u32::try_from(position / 3).unwrap(),
                &body(position),
            );
        }
        assert_eq!(partitions.len(), 600);
        assert!(partitions.file.is_some() && partitions.end > 0);
        let mut found = Vec::new();
        let mut part = Partition::default();
        for index in 0..partitions.parts() {
            partitions.take(index, &mut part).unwrap();
            for (stream, records) in part.streams() {
                for record in records {
                    let Record { columns, body: bytes } = record.unwrap();
                    assert_eq!(bytes, body(columns.position));
                    assert_eq!(columns.kind, EventType(118));
                    assert_eq!(columns.effective_at, Instant::from_micros(-7));
                    assert_eq!(columns.recorded_at.as_micros(), columns.position.cast_signed());
                    found.push((stream, columns.version));
                }
            }
        }
        let wanted: Vec<_> =
            streams.iter().flat_map(|stream| (0..200).map(move |version| (*stream, version))).collect();
        assert_eq!(found, wanted);
        assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 0, "the file has no name");
    }

    #[test]
    fn an_event_out_of_turn_is_refused() {
        let dir = tempfile::tempdir().unwrap();
        let mut partitions = Partitions::new(dir.path());
        push(&mut partitions, 0, 0, 0, b"{}");
        let raw = Raw {
            position: 2,
            stream: 0,
            version: 1,
            kind: EventType(118),
            effective_at: Instant::MIN,
            recorded_at: Instant::MIN,
            leaf: &[],
            body: b"{}",
        };
        assert!(partitions.push(&raw).unwrap_err().to_string().contains("position 2 where 1 comes next"));
    }
}
