//! Every subject of the log with all its events, one after the other, in bounded memory.
//!
//! A first pass notes which stream each event is of, four bytes an event. Then worker threads claim blocks of subjects,
//! fetch their events by position, and the results come out in the order in which the subjects were first heard of.

use crate::ReplayError;
use crate::subject::read_stored;
use crate::threads::{InOrder, on_threads};
use accord_domain::{Instant, Subject};
use accord_projections::{Progress, Report, wait_for};
use accord_store::{EventLog, LogError, Raw, Scan, Stored};
use std::ops::{ControlFlow, Range};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

/// Positions claimed at a time in the first pass.
const CHUNK_EVENTS: u64 = 16_384;

/// Events held by one thread at a time, as long as a single subject does not have more.
const BLOCK_EVENTS: usize = 4_096;

/// Positions read at a time in search of subjects.
const WALK_EVENTS: u64 = 4_096;

/// Positions that are read along and passed over rather than looked up anew.
const GAP_MAX: u32 = 8;

/// What is asked of a subject, given its events: an answer, or nothing worth telling.
pub(crate) type Question<'a, T> = dyn Fn(Subject, &[Stored]) -> Result<Option<T>, ReplayError> + Sync + 'a;

/// Asks something of every subject heard of before a position, and hands the answers on in order; none is passed over.
///
/// # Errors
/// [`ReplayError::Cancelled`] when the report or the receiver says to stop; else when the log cannot be read.
pub(crate) fn each<T: Send>(
    log: &dyn EventLog,
    len: u64,
    ask: &Question<'_, T>,
    receive: &mut (dyn FnMut(T) -> ControlFlow<()> + Send),
    report: &mut Report<'_>,
) -> Result<(), ReplayError> {
    let index = Index::of(log, len)?;
    let claims = Mutex::new((0_u64, 0_usize));
    let out = InOrder::new((receive, report, 0));
    // Answers, and the events they rest on.
    let take = |(receive, report, total): &mut (_, &mut Report<'_>, u64),
                (answers, events): &mut (Vec<T>, u64)| {
        let receive: &mut &mut (dyn FnMut(T) -> ControlFlow<()> + Send) = receive;
        *total += *events;
        answers.drain(..).try_for_each(&mut **receive)?;
        report(Progress { done: *total, total: len })
    };
    on_threads(
        || {
            let mut scan = log.scanner()?;
            let mut answers = Vec::new();
            while let Some((turn, streams)) = index.claim(&claims) {
                let events = index.fetch(&mut *scan, streams.clone())?;
                for (stream, events) in streams.zip(&events) {
                    let Ok(subject) = Subject::parse(&scan.stream_name(stream as u64)?) else { continue };
                    answers.extend(ask(subject, events)?);
                }
                let done: usize = events.iter().map(Vec::len).sum();
                let Some((used, _)) = out.put(turn, (answers, done as u64), take) else { return Ok(()) };
                answers = used;
            }
            Ok(())
        },
        || out.stop(),
    )?;
    if out.was_stopped() { Err(ReplayError::Cancelled) } else { Ok(()) }
}

/// Visits subjects one by one in the order in which they were first heard of, from a position on, until the visitor breaks
/// off before one of them. Gives the position of that one's first event; none at the end.
///
/// # Errors
/// When the log cannot be read, and what the visitor says.
pub(crate) fn walk(
    log: &dyn EventLog,
    len: u64,
    from: u64,
    visit: &mut dyn FnMut(u64, Subject) -> Result<ControlFlow<()>, ReplayError>,
) -> Result<Option<u64>, ReplayError> {
    let mut scan = log.scanner()?;
    let mut at = from;
    while at < len {
        let until = (at + WALK_EVENTS).min(len);
        let mut begun = Vec::new();
        scan.scan(at..until, &mut |raw| {
            if raw.version == 0 {
                begun.push((raw.position, raw.stream));
            }
            Ok(())
        })?;
        for (position, stream) in begun {
            let Ok(subject) = Subject::parse(&scan.stream_name(stream)?) else { continue };
            if visit(position, subject)?.is_break() {
                return Ok(Some(position));
            }
        }
        at = until;
    }
    Ok(None)
}

/// How much is told and looked at for one page of a walk: where little is found a page is short, never slow.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct PageSize {
    /// Subjects told of.
    pub told_max: usize,
    /// Subjects looked at.
    pub looked_max: usize,
}

/// A page of a walk over the ledger.
#[derive(Clone, PartialEq, Debug)]
pub struct Page<T> {
    /// What was found, a subject each.
    pub found: Vec<T>,
    /// From which position the next page looks for subjects; none at the end of what is known.
    pub next: Option<u64>,
}

/// Asks something of subjects heard of before a position, from another on; the answers of [`each`], page by page.
pub(crate) fn page<T>(
    log: &dyn EventLog,
    known_at: Instant,
    from: u64,
    size: PageSize,
    ask: &Question<'_, T>,
) -> Result<Page<T>, ReplayError> {
    let len = wait_for(log.known(known_at))?;
    let (mut found, mut looked) = (Vec::new(), 0);
    let next = walk(log, len, from, &mut |_, subject| {
        if looked == size.looked_max || found.len() == size.told_max {
            return Ok(ControlFlow::Break(()));
        }
        looked += 1;
        let stored = wait_for(read_stored(log, &subject.stream(), known_at))?;
        found.extend(ask(subject, &stored)?);
        Ok(ControlFlow::Continue(()))
    })?;
    Ok(Page { found, next })
}

/// Where the events of each stream are.
struct Index {
    /// Positions, stream by stream, each stream's in order.
    positions: Vec<u32>,
    /// Where each stream begins in `positions`; one more at the end.
    begins: Vec<u32>,
}

impl Index {
    fn of(log: &dyn EventLog, len: u64) -> Result<Self, ReplayError> {
        // Four bytes a position: beyond four thousand million events this index would have to grow.
        let too_long = || LogError::Other(format!("{len} events are more than this question can take in"));
        u32::try_from(len).map_err(|_| too_long())?;
        let streams = streams(log, len)?;
        let count = streams.iter().max().map_or(0, |last| *last as usize + 1);
        let mut begins = vec![0_u32; count + 1];
        for stream in &streams {
            begins[*stream as usize + 1] += 1;
        }
        for at in 1..begins.len() {
            begins[at] += begins[at - 1];
        }
        let mut next = begins.clone();
        let mut positions = vec![0_u32; streams.len()];
        for (position, stream) in (0..).zip(&streams) {
            let slot = &mut next[*stream as usize];
            positions[*slot as usize] = position;
            *slot += 1;
        }
        Ok(Self { positions, begins })
    }

    fn begin(&self, stream: usize) -> usize {
        self.begins[stream] as usize
    }

    /// The next streams nobody has taken, and their turn.
    fn claim(&self, claims: &Mutex<(u64, usize)>) -> Option<(u64, Range<usize>)> {
        let mut claims = claims.lock().unwrap_or_else(PoisonError::into_inner);
        let (turn, from) = *claims;
        let last = self.begins.len() - 1;
        if from >= last {
            return None;
        }
        let room = self.begin(from) + BLOCK_EVENTS;
        let until = self.begins.partition_point(|begin| *begin as usize <= room) - 1;
        let until = until.clamp(from + 1, last);
        *claims = (turn + 1, until);
        Some((turn, from..until))
    }

    /// The events of some streams.
    fn fetch(&self, scan: &mut dyn Scan, streams: Range<usize>) -> Result<Vec<Vec<Stored>>, ReplayError> {
        let first = streams.start;
        let mut wanted = self.positions[self.begin(first)..self.begin(streams.end)].to_vec();
        wanted.sort_unstable();
        let names: Vec<Arc<str>> =
            streams.clone().map(|stream| scan.stream_name(stream as u64)).collect::<Result<_, _>>()?;
        let mut events: Vec<Vec<Stored>> = streams.map(|_| Vec::new()).collect();
        let mut take = |raw: Raw<'_>| {
            let at = usize::try_from(raw.stream).unwrap_or(usize::MAX).wrapping_sub(first);
            if let (Some(list), Some(name)) = (events.get_mut(at), names.get(at)) {
                list.push(stored(&raw, name)?);
            }
            Ok(())
        };
        for run in wanted.chunk_by(|a, b| b - a <= GAP_MAX) {
            if let (Some(from), Some(to)) = (run.first(), run.last()) {
                scan.scan(u64::from(*from)..u64::from(*to) + 1, &mut take)?;
            }
        }
        Ok(events)
    }
}

/// The stream of each event, in the order of positions.
fn streams(log: &dyn EventLog, len: u64) -> Result<Vec<u32>, ReplayError> {
    let claimed = AtomicU64::new(0);
    let streams = InOrder::new(Vec::new());
    let take = |streams: &mut Vec<u32>, chunk: &mut Vec<u32>| {
        streams.append(chunk);
        ControlFlow::Continue(())
    };
    on_threads(
        || {
            let mut scan = log.scanner()?;
            let mut chunk = Vec::new();
            loop {
                let turn = claimed.fetch_add(1, Ordering::Relaxed);
                let from = turn * CHUNK_EVENTS;
                if from >= len {
                    return Ok(());
                }
                scan.scan(from..(from + CHUNK_EVENTS).min(len), &mut |raw| {
                    let stream = u32::try_from(raw.stream);
                    chunk.push(stream.map_err(|_| LogError::Other("too many streams".to_owned()))?);
                    Ok(())
                })?;
                let Some(used) = streams.put(turn, chunk, take) else { return Ok(()) };
                chunk = used;
            }
        },
        || streams.stop(),
    )?;
    Ok(streams.into_inner())
}

fn stored(raw: &Raw<'_>, stream: &Arc<str>) -> Result<Stored, LogError> {
    let damaged = |what: String| LogError::Damaged { position: raw.position, what };
    Ok(Stored {
        position: raw.position,
        stream: Arc::clone(stream),
        version: raw.version,
        kind: raw.kind,
        effective_at: raw.effective_at,
        recorded_at: raw.recorded_at,
        leaf: raw.leaf.try_into().map_err(|_| damaged("the leaf hash is cut".to_owned()))?,
        body: std::str::from_utf8(raw.body).map_err(|error| damaged(error.to_string()))?.into(),
    })
}
