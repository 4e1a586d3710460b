//! The log in memory: the same promises, nothing kept. For tests, and the plainest reading of what the port means.

use crate::clock::Clock;
use crate::port::{
    Answer, Append, AppendError, Appended, EventLog, Foretold, LogError, Raw, Scan, Stored, is_area,
};
use crate::{ids, leaf_hash, limits};
use accord_domain::{Instant, Version};
use async_trait::async_trait;
use std::collections::HashMap;
use std::ops::Range;
use std::sync::{Arc, PoisonError, RwLock};
use tokio::sync::watch;

/// What is recorded.
#[derive(Debug, Default)]
struct Inner {
    events: Vec<Stored>,
    /// Dense number of each event's stream.
    stream_of: Vec<usize>,
    names: Vec<Arc<str>>,
    streams: HashMap<Arc<str>, (usize, Vec<usize>)>,
    requests: HashMap<Box<str>, ([u8; 32], Appended)>,
}

/// The log in memory.
#[derive(Clone, Debug)]
pub struct MemoryLog {
    inner: Arc<RwLock<Inner>>,
    clock: Arc<dyn Clock>,
    salt: u64,
    len: watch::Sender<u64>,
}

impl MemoryLog {
    /// An empty log.
    #[must_use]
    pub fn new(salt: u64, clock: Arc<dyn Clock>) -> Self {
        Self { inner: Arc::default(), clock, salt, len: watch::Sender::new(0) }
    }

    fn read<T>(&self, ask: impl FnOnce(&Inner) -> T) -> T {
        ask(&self.inner.read().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Inner {
    fn append(&mut self, append: Append, salt: u64, now: Instant) -> Result<Answer, AppendError> {
        limits::check(&append)?;
        if let Some(request) = &append.request
            && let Some((digest, appended)) = self.requests.get(&request.key)
        {
            return if *digest == request.digest {
                Ok(Answer { appended: *appended, repeated: true })
            } else {
                Err(AppendError::KeyReused { first_position: appended.first_position })
            };
        }
        let versions = self.streams.get(&append.stream).map_or(0, |(_, events)| number(events.len()));
        let actual = versions.checked_sub(1);
        if !append.expected.holds(actual) {
            return Err(AppendError::Conflict { expected: append.expected, actual });
        }
        let (first_position, count) = (self.events.len() as u64, number(append.events.len()));
        let mut recorded_at = self.events.last().map_or(Instant::MIN, |event| event.recorded_at);
        for (version, mut event) in (versions..).zip(append.events) {
            recorded_at = now.max(Instant::from_micros(recorded_at.as_micros() + 1));
            let position = self.events.len() as u64;
            event.stamp(ids::event_id(recorded_at, position, salt), recorded_at);
            self.push(Stored {
                position,
                stream: Arc::clone(&append.stream),
                version,
                kind: event.kind,
                effective_at: event.effective_at,
                recorded_at,
                leaf: leaf_hash(&event.body),
                body: String::from_utf8_lossy(&event.body).into(),
            });
        }
        let appended = Appended { first_position, first_version: versions, count, recorded_at };
        if let Some(request) = append.request {
            self.requests.insert(request.key, (request.digest, appended));
        }
        Ok(Answer { appended, repeated: false })
    }

    fn push(&mut self, event: Stored) {
        let fresh = self.names.len();
        let (stream, events) = self.streams.entry(Arc::clone(&event.stream)).or_insert((fresh, Vec::new()));
        events.push(self.events.len());
        if *stream == fresh {
            self.names.push(Arc::clone(&event.stream));
        }
        self.stream_of.push(*stream);
        self.events.push(event);
    }
}

fn number(count: usize) -> u32 {
    u32::try_from(count).unwrap_or(u32::MAX)
}

fn index(position: u64) -> usize {
    usize::try_from(position).unwrap_or(usize::MAX)
}

#[async_trait]
impl EventLog for MemoryLog {
    async fn append_foretold(
        &self,
        batch: Vec<Append>,
        foretold: &mut Foretold<'_>,
    ) -> Vec<Result<Answer, AppendError>> {
        let now = self.clock.now();
        let mut inner = self.inner.write().unwrap_or_else(PoisonError::into_inner);
        let before = inner.events.len();
        let answers = batch.into_iter().map(|append| inner.append(append, self.salt, now)).collect();
        // Nobody sees them before the lock is given back.
        if before < inner.events.len() {
            foretold(inner.events[before..].to_vec());
        }
        let events = inner.events.len() as u64;
        self.len.send_if_modified(|len| std::mem::replace(len, events) != events);
        answers
    }

    async fn read_stream(&self, stream: &str, from: Version, limit: usize) -> Result<Vec<Stored>, LogError> {
        Ok(self.read(|inner| {
            let places = inner.streams.get(stream).map_or(&[][..], |(_, places)| places);
            places.iter().skip(index(from.into())).take(limit).map(|at| inner.events[*at].clone()).collect()
        }))
    }

    async fn areas(&self) -> Result<Vec<Arc<str>>, LogError> {
        Ok(self.read(|inner| inner.names.iter().filter(|name| is_area(name)).map(Arc::clone).collect()))
    }

    async fn read_all(&self, from: u64, limit: usize) -> Result<Vec<Stored>, LogError> {
        Ok(self.read(|inner| inner.events.iter().skip(index(from)).take(limit).cloned().collect()))
    }

    async fn len(&self) -> Result<u64, LogError> {
        Ok(self.read(|inner| inner.events.len() as u64))
    }

    async fn request(&self, key: &str) -> Result<Option<([u8; 32], Appended)>, LogError> {
        Ok(self.read(|inner| inner.requests.get(key).copied()))
    }

    async fn known(&self, at: Instant) -> Result<u64, LogError> {
        Ok(self.read(|inner| inner.events.partition_point(|event| event.recorded_at <= at) as u64))
    }

    fn scanner(&self) -> Result<Box<dyn Scan>, LogError> {
        Ok(Box::new(Scanner(Arc::clone(&self.inner))))
    }

    fn salt(&self) -> u64 {
        self.salt
    }

    fn subscribe(&self) -> watch::Receiver<u64> {
        self.len.subscribe()
    }
}

#[derive(Debug)]
struct Scanner(Arc<RwLock<Inner>>);

impl Scan for Scanner {
    fn scan(
        &mut self,
        range: Range<u64>,
        visit: &mut dyn FnMut(Raw<'_>) -> Result<(), LogError>,
    ) -> Result<(), LogError> {
        let inner = self.0.read().unwrap_or_else(PoisonError::into_inner);
        let events = inner.events.iter().zip(&inner.stream_of);
        let wanted = events.skip(index(range.start)).take(index(range.end.saturating_sub(range.start)));
        for (event, stream) in wanted {
            visit(Raw {
                position: event.position,
                stream: *stream as u64,
                version: event.version,
                kind: event.kind,
                effective_at: event.effective_at,
                recorded_at: event.recorded_at,
                leaf: &event.leaf,
                body: event.body.as_bytes(),
            })?;
        }
        Ok(())
    }

    fn stream_name(&mut self, stream: u64) -> Result<Arc<str>, LogError> {
        let inner = self.0.read().unwrap_or_else(PoisonError::into_inner);
        let name = inner.names.get(index(stream)).map(Arc::clone);
        name.ok_or_else(|| LogError::Other(format!("there is no stream number {stream}")))
    }
}
