//! What only the order of events can tell: time of recording, streams and their names, requests.

use super::chunk::{Chunk, Link};
use super::lookups::Lookups;
use crate::sqlite::index::Digest128;
use crate::verify::{Flaw, FlawKind};
use accord_domain::words;
use rusqlite::{Connection, Row, Rows, Statement};
use std::hash::{BuildHasher, RandomState};

/// The newest event of a stream so far.
#[derive(Clone, Copy)]
struct Head {
    version: u64,
    position: u64,
    name: Option<u64>,
}

/// The rows of a table, one after the other, with a look at the next one.
struct Rest<'s, T> {
    rows: Rows<'s>,
    read: fn(&Row<'_>) -> rusqlite::Result<T>,
    next: Option<T>,
}

impl<'s, T> Rest<'s, T> {
    fn of(
        select: &'s mut Statement<'_>,
        read: fn(&Row<'_>) -> rusqlite::Result<T>,
    ) -> rusqlite::Result<Self> {
        let mut rest = Self { rows: select.query([])?, read, next: None };
        rest.step()?;
        Ok(rest)
    }

    /// Takes the next row.
    fn step(&mut self) -> rusqlite::Result<Option<T>> {
        let after = self.rows.next()?.map(self.read).transpose()?;
        Ok(std::mem::replace(&mut self.next, after))
    }
}

/// A row of `streams`.
struct Stream {
    id: u64,
    name: String,
}

/// A row of `requests`.
struct Request {
    first: u64,
    /// None when it is no digest.
    key: Option<Digest128>,
    count: u64,
}

/// The statements an [`Order`] reads from.
pub(super) struct Statements<'c> {
    streams: Statement<'c>,
    requests: Statement<'c>,
}

impl<'c> Statements<'c> {
    pub(super) fn prepare(db: &'c Connection) -> rusqlite::Result<Self> {
        Ok(Self {
            streams: db.prepare("SELECT id, name FROM streams ORDER BY id")?,
            requests: db
                .prepare("SELECT first_position, key, count FROM requests ORDER BY first_position")?,
        })
    }
}

/// Follows the events in order.
pub(super) struct Order<'s> {
    heads: Vec<Option<Head>>,
    recorded_at: Option<i64>,
    names: &'s RandomState,
    /// Every stream's name, hashed, and where it begins.
    begun: Vec<(u64, u64)>,
    streams: Rest<'s, Stream>,
    requests: Rest<'s, Request>,
    /// The request whose events come now, and where it ends.
    run: Option<Request>,
    /// What the lookups of the index are held against.
    lookups: Option<Lookups>,
}

impl<'s> Order<'s> {
    pub(super) fn new(
        statements: &'s mut Statements<'_>,
        names: &'s RandomState,
        lookups: Option<Lookups>,
    ) -> rusqlite::Result<Self> {
        let streams = Rest::of(&mut statements.streams, |row| {
            Ok(Stream { id: row.get::<_, i64>(0)?.cast_unsigned(), name: row.get(1)? })
        })?;
        let requests = Rest::of(&mut statements.requests, |row| {
            Ok(Request {
                first: row.get::<_, i64>(0)?.cast_unsigned(),
                key: Digest128::try_from(row.get_ref(1)?.as_blob()?).ok(),
                count: row.get::<_, i64>(2)?.cast_unsigned(),
            })
        })?;
        Ok(Self {
            heads: Vec::new(),
            recorded_at: None,
            names,
            begun: Vec::new(),
            streams,
            requests,
            run: None,
            lookups,
        })
    }

    /// Takes in the next chunk.
    pub(super) fn follow(&mut self, chunk: &Chunk, flaws: &mut Vec<Flaw>) -> rusqlite::Result<()> {
        for link in &chunk.links {
            if self.recorded_at.is_some_and(|before| link.recorded_at <= before) {
                let position = link.position;
                let words = words!(
                    "position {position}: recorded_at does not increase",
                    "位置 {position}：记录时间没有递增"
                );
                flaws.push(Flaw::at(position, FlawKind::Order, words));
            }
            self.recorded_at = Some(link.recorded_at);
            self.stream(link, flaws)?;
            self.request(link.position, link.key.as_ref(), flaws)?;
        }
        Ok(())
    }

    /// Versions rise by one within a stream, `back` leads to the event before, and all of a stream have its name.
    fn stream(&mut self, link: &Link, flaws: &mut Vec<Flaw>) -> rusqlite::Result<()> {
        let Link { position, stream, version, back, name, .. } = *link;
        self.look_up_to(position);
        let index = usize::try_from(stream).unwrap_or(usize::MAX);
        if index > self.heads.len() {
            let words = words!(
                "position {position}: stream number {stream} was never begun",
                "位置 {position}：流编号 {stream} 从未开始"
            );
            flaws.push(Flaw::at(position, FlawKind::Order, words));
            return Ok(());
        }
        if index == self.heads.len() {
            self.heads.push(None);
            self.begin(link, flaws)?;
        }
        let head = self.heads[index].replace(Head { version, position, name });
        let (wanted, distance) = head.map_or((0, 0), |head| (head.version + 1, position - head.position));
        if version != wanted {
            let words = words!(
                "position {position}: version {wanted} of its stream was expected, {version} lies here",
                "位置 {position}：应为本流第 {wanted} 版，此处为第 {version} 版"
            );
            flaws.push(Flaw::at(position, FlawKind::Order, words));
        }
        if back != distance {
            let words = words!(
                "position {position}: altered: the column back says {back}, the previous event of the stream is {distance} before",
                "位置 {position}：被改动：back 列为 {back}，本流前一事件相距 {distance}"
            );
            flaws.push(Flaw::at(position, FlawKind::Altered, words));
        }
        if let (Some(Head { name: Some(before), .. }), Some(name)) = (head, name)
            && before != name
        {
            let words = words!(
                "position {position}: altered: the stream is not that of the subject the bytes name",
                "位置 {position}：被改动：流与字节中的主体不符"
            );
            flaws.push(Flaw::at(position, FlawKind::Altered, words));
        }
        Ok(())
    }

    /// Holds the newest events of the streams against the index where it ends.
    fn look_up_to(&mut self, position: u64) {
        if let Some(lookups) = self.lookups.as_mut().filter(|lookups| lookups.end_at(position)) {
            let heads = (0..).zip(&self.heads);
            lookups.heads(heads.filter_map(|(stream, head)| Some((stream, head.as_ref()?.position))));
        }
    }

    /// The first event of a stream: the table of streams has its name under its number.
    fn begin(&mut self, link: &Link, flaws: &mut Vec<Flaw>) -> rusqlite::Result<()> {
        let Link { position, stream, name, .. } = *link;
        let next = self.streams.next.as_ref();
        if next.is_none_or(|next| next.id != stream) {
            let words = words!(
                "position {position}: the name of stream number {stream} is missing",
                "位置 {position}：流编号 {stream} 的名称缺失"
            );
            flaws.push(Flaw::at(position, FlawKind::Missing, words));
            return Ok(());
        }
        let Some(Stream { name: stored, .. }) = self.streams.step()? else { return Ok(()) };
        let borne = self.names.hash_one(&stored);
        self.begun.push((borne, position));
        if let Some(lookups) = &mut self.lookups {
            lookups.stream(position, stream, &stored);
        }
        if name.is_some_and(|name| name != borne) {
            let words = words!(
                "position {position}: altered: the stream is named {stored:?}, the bytes name another subject",
                "位置 {position}：被改动：流名为 {stored:?}，字节所指主体不同"
            );
            flaws.push(Flaw::at(position, FlawKind::Altered, words));
        }
        Ok(())
    }

    /// Events of a request lie together and all carry its key.
    fn request(
        &mut self,
        position: u64,
        key: Option<&Digest128>,
        flaws: &mut Vec<Flaw>,
    ) -> rusqlite::Result<()> {
        while self.requests.next.as_ref().is_some_and(|next| next.first < position) {
            if let Some(request) = self.requests.step()? {
                flaws.push(odd_request(request.first));
            }
        }
        if self.requests.next.as_ref().is_some_and(|next| next.first == position) {
            self.run = self.requests.step()?;
            if let (Some(lookups), Some(key)) = (&mut self.lookups, self.run.as_ref().and_then(|run| run.key))
            {
                lookups.request(position, &key);
            }
        }
        let run = self.run.as_ref().filter(|run| position - run.first < run.count);
        let fits = match (run, key) {
            (Some(run), Some(key)) => run.key.as_ref() == Some(key),
            (None, None) => true,
            (Some(_), None) | (None, Some(_)) => false,
        };
        if !fits {
            flaws.push(odd_request(position));
        }
        Ok(())
    }

    /// Looks for what is left over when all events have been seen; gives back what the index is held against.
    pub(super) fn finish(mut self, events: u64, flaws: &mut Vec<Flaw>) -> rusqlite::Result<Option<Lookups>> {
        let runs_on = self.run.as_ref().is_some_and(|run| run.first.saturating_add(run.count) > events);
        if runs_on || self.requests.step()?.is_some() || self.streams.step()?.is_some() {
            let words = words!(
                "truncated: streams or requests are recorded whose events are not there; the log ends before position {events}",
                "被截断：有流或请求的记录而无其事件；日志止于位置 {events} 之前"
            );
            flaws.push(Flaw::at(events, FlawKind::Truncated, words));
        }
        self.twice(flaws);
        self.look_up_to(events);
        Ok(self.lookups)
    }

    /// No two streams bear one name: a subject's history would be in two parts that know nothing of each other.
    fn twice(&mut self, flaws: &mut Vec<Flaw>) {
        self.begun.sort_unstable();
        for pair in self.begun.windows(2) {
            let &[(name, first), (same, position)] = pair else { continue };
            if name != same {
                continue;
            }
            let words = words!(
                "position {position}: a second stream begins under the name of the one begun at position {first}",
                "位置 {position}：此处以位置 {first} 处所始之流的名称另起一流"
            );
            flaws.push(Flaw::at(position, FlawKind::Order, words));
        }
    }
}

fn odd_request(position: u64) -> Flaw {
    let words = words!(
        "position {position}: altered: what is kept of the request does not fit the key in the bytes",
        "位置 {position}：被改动：请求记录与字节中的 key 不符"
    );
    Flaw::at(position, FlawKind::Altered, words)
}
