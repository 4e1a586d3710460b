//! Deciding what a request comes to before anything is written: numbers, conditions, keys.
//!
//! Every condition is checked here, in memory and by lookups, and sees the earlier requests of the same commit. So a
//! refused request writes nothing and no savepoint is needed.

use super::generations::Generations;
use super::index::{Digest128, digest_hash, digest128};
use super::read::{Head, Lookup};
use crate::limits;
use crate::port::{Answer, Append, AppendError, Appended, LogError, Raw, Stored};
use crate::replica::Recorded;
use accord_domain::event::Stamp;
use accord_domain::{Instant, Proposed, Version};
use std::sync::Arc;

/// The next numbers to give.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Next {
    pub(super) position: u64,
    pub(super) stream: u64,
    /// When the newest event was recorded.
    pub(super) recorded_at: Instant,
}

/// An event with its numbers, ready for its row.
#[derive(Debug)]
pub(super) struct Row {
    pub(super) position: u64,
    pub(super) stream: u64,
    pub(super) version: Version,
    pub(super) back: u64,
    pub(super) recorded_at: Instant,
    /// Known once it is written.
    pub(super) leaf: [u8; 32],
    pub(super) event: Proposed,
}

impl Row {
    /// As it lies in the store.
    pub(super) fn raw(&self) -> Raw<'_> {
        let Self { position, stream, version, recorded_at, ref leaf, ref event, .. } = *self;
        let (kind, effective_at, body) = (event.kind, event.effective_at, event.body.as_slice());
        Raw { position, stream, version, kind, effective_at, recorded_at, leaf, body }
    }

    /// As it will be read.
    pub(super) fn stored(&self, stream: Arc<str>) -> Stored {
        let Self { position, version, recorded_at, leaf, ref event, .. } = *self;
        let (kind, effective_at) = (event.kind, event.effective_at);
        let body = String::from_utf8_lossy(&event.body).into();
        Stored { position, stream, version, kind, effective_at, recorded_at, leaf, body }
    }
}

/// A key, as stored.
#[derive(Debug)]
pub(super) struct KeyRow {
    pub(super) first_position: u64,
    pub(super) key: Digest128,
    pub(super) digest: [u8; 32],
    pub(super) count: u32,
}

/// The rows of one commit.
#[derive(Debug, Default)]
pub(super) struct Commit {
    /// Id, name and where the index looks for it.
    pub(super) streams: Vec<(u64, Arc<str>, i64)>,
    pub(super) events: Vec<Row>,
    pub(super) requests: Vec<KeyRow>,
    /// How many events each request has, in order.
    pub(super) counts: Vec<u32>,
    /// Whether these come from another log: stamped already, and to be kept byte for byte.
    pub(super) taken_over: bool,
}

/// Plans requests into commits.
#[derive(Debug)]
pub(super) struct Planner {
    next: Next,
    heads: Generations<Digest128, Head>,
    keys: Generations<Digest128, ([u8; 32], Appended)>,
    commit: Commit,
    /// The key that was asked for last, when nothing is recorded under it: an import asks before it decides, and plans
    /// the request of that key next.
    unknown: Option<Digest128>,
}

impl Planner {
    pub(super) fn new(next: Next) -> Self {
        let under_way = limits::BULK_BATCH_EVENTS * (limits::BULK_QUEUE_BATCHES + 3);
        Self {
            next,
            heads: Generations::new(under_way.max(limits::STREAMS_REMEMBERED)),
            keys: Generations::new(under_way),
            commit: Commit::default(),
            unknown: None,
        }
    }

    /// Where it stands.
    pub(super) fn next(&self) -> Next {
        self.next
    }

    /// Takes the commit planned so far.
    pub(super) fn take(&mut self) -> Commit {
        std::mem::take(&mut self.commit)
    }

    /// How many events the commit planned so far has.
    pub(super) fn planned(&self) -> usize {
        self.commit.events.len()
    }

    /// Forgets what was planned since a point: it was not written.
    pub(super) fn back_to(&mut self, next: Next) {
        self.next = next;
        self.commit = Commit::default();
        self.heads.clear();
        self.keys.clear();
    }

    /// Plans one request into the commit.
    pub(super) fn plan(
        &mut self,
        append: Append,
        lookup: Lookup<'_>,
        now: Instant,
    ) -> Result<Answer, AppendError> {
        limits::check(&append)?;
        let stored = |error| AppendError::Storage(Arc::new(error));
        let request = append.request.map(|request| (digest128(&request.key), request.digest));
        let unknown = self.unknown.take();
        if let Some((key, digest)) = &request
            && unknown != Some(*key)
            && let Some((first, appended)) = self.answered(key, lookup).map_err(stored)?
        {
            return if first == *digest {
                Ok(Answer { appended, repeated: true })
            } else {
                Err(AppendError::KeyReused { first_position: appended.first_position })
            };
        }
        let name = digest128(&append.stream);
        let head = self.head(&append.stream, &name, lookup).map_err(stored)?;
        let actual = head.map(|head| head.version);
        if !append.expected.holds(actual) {
            return Err(AppendError::Conflict { expected: append.expected, actual });
        }
        let appended = self.number((append.stream, name), head, append.events, now);
        self.commit.counts.push(appended.count);
        if let Some((key, digest)) = request {
            let (first_position, count) = (appended.first_position, appended.count);
            self.commit.requests.push(KeyRow { first_position, key, digest, count });
            self.keys.put(key, (digest, appended));
        }
        Ok(Answer { appended, repeated: false })
    }

    /// Plans a request that another log gave its numbers: they must be those this log would give.
    pub(super) fn take_over(&mut self, request: Recorded, lookup: Lookup<'_>) -> Result<(), LogError> {
        let Recorded { events, keyed } = request;
        let mut counted: u32 = 0;
        let first_position = self.next.position;
        for stored in events {
            let wrong = |what: String| Err(LogError::Damaged { position: stored.position, what });
            if stored.position != self.next.position {
                return wrong(format!("position {} should follow", self.next.position));
            }
            if stored.recorded_at <= self.next.recorded_at {
                return wrong("it was recorded before the event before it".to_owned());
            }
            let name = digest128(&stored.stream);
            let head = self.head(&stored.stream, &name, lookup)?;
            let version = head.map_or(0, |head| head.version + 1);
            if stored.version != version {
                return wrong(format!("version {} where {version} should follow", stored.version));
            }
            let event = Proposed {
                kind: stored.kind,
                effective_at: stored.effective_at,
                body: stored.body.into_string().into_bytes(),
                stamp: Stamp { id_at: 0, recorded_at_at: 0 },
            };
            self.number((stored.stream, name), head, vec![event], stored.recorded_at);
            counted += 1;
        }
        if let Some(keyed) = keyed {
            let row = KeyRow { first_position, key: keyed.key, digest: keyed.digest, count: counted };
            self.commit.requests.push(row);
        }
        self.commit.counts.push(counted);
        self.commit.taken_over = true;
        Ok(())
    }

    /// What was answered under a key, what is planned and not yet written included.
    pub(super) fn request(
        &mut self,
        key: &Digest128,
        lookup: Lookup<'_>,
    ) -> Result<Option<([u8; 32], Appended)>, LogError> {
        let found = self.answered(key, lookup)?;
        self.unknown = found.is_none().then_some(*key);
        Ok(found)
    }

    fn answered(
        &self,
        key: &Digest128,
        lookup: Lookup<'_>,
    ) -> Result<Option<([u8; 32], Appended)>, LogError> {
        self.keys.get(key).map_or_else(|| lookup.request(key), |found| Ok(Some(found)))
    }

    fn head(&self, name: &str, digest: &Digest128, lookup: Lookup<'_>) -> Result<Option<Head>, LogError> {
        self.heads.get(digest).map_or_else(|| lookup.head(name), |found| Ok(Some(found)))
    }

    /// Gives every event its numbers. The events of one request are recorded a microsecond apart.
    fn number(
        &mut self,
        (name, digest): (Arc<str>, Digest128),
        head: Option<Head>,
        events: Vec<Proposed>,
        now: Instant,
    ) -> Appended {
        let mut head = head;
        let stream = head.map_or(self.next.stream, |head| head.stream);
        if head.is_none() {
            self.commit.streams.push((stream, name, digest_hash(&digest)));
            self.next.stream += 1;
        }
        let first_position = self.next.position;
        let first_version = head.map_or(0, |head| head.version + 1);
        let count = u32::try_from(events.len()).unwrap_or(u32::MAX);
        for event in events {
            let position = self.next.position;
            let recorded_at = now.max(Instant::from_micros(self.next.recorded_at.as_micros() + 1));
            let (version, back) = head.map_or((0, 0), |head| (head.version + 1, position - head.position));
            self.commit.events.push(Row {
                position,
                stream,
                version,
                back,
                recorded_at,
                leaf: [0; 32],
                event,
            });
            head = Some(Head { stream, version, position });
            self.next.position += 1;
            self.next.recorded_at = recorded_at;
        }
        if let Some(head) = head {
            self.heads.put(digest, head);
        }
        Appended { first_position, first_version, count, recorded_at: self.next.recorded_at }
    }
}
