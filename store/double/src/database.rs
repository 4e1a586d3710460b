//! What the nodes share: the streams, and the faults that were asked for.

use std::collections::{HashMap, VecDeque};
use std::sync::{Mutex, MutexGuard, PoisonError};
use uuid::Uuid;

/// Largest append the server takes unless told otherwise (`MaxAppendSize`): one mebibyte of data and metadata.
const APPEND_BYTES_MAX: usize = 1 << 20;

/// An event as the server keeps it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Kept {
    /// Given by who sent it.
    pub id: Uuid,
    /// Its type.
    pub kind: String,
    /// Its data.
    pub data: Vec<u8>,
    /// What its sender put beside the data.
    pub metadata: Vec<u8>,
}

/// What goes wrong with the next append, of whatever node.
pub enum Fault {
    /// It is done, and the answer is lost.
    LostAnswer,
    /// It is not done, and the answer tells nothing.
    NotDone,
    /// It is done, and the server says that it took too long (`Aborted`): the outcome is open to who asked.
    TimedOutDone,
    /// The answer tells nothing now, and it is done when the next append comes, before that.
    Late,
    /// Something else happens first.
    Before(Box<dyn FnOnce() + Send>),
    /// It is done, and something else happens before the answer.
    BeforeAnswer(Box<dyn FnOnce() + Send>),
}

impl std::fmt::Debug for Fault {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::LostAnswer => "LostAnswer",
            Self::NotDone => "NotDone",
            Self::TimedOutDone => "TimedOutDone",
            Self::Late => "Late",
            Self::Before(_) => "Before",
            Self::BeforeAnswer(_) => "BeforeAnswer",
        })
    }
}

/// Where a stream must end for an append.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Expected {
    Any,
    Exists,
    NoStream,
    Revision(u64),
}

/// An append.
#[derive(Clone, Debug)]
pub(crate) struct Asked {
    pub(crate) stream: String,
    pub(crate) expected: Expected,
    pub(crate) events: Vec<Kept>,
}

/// What an append comes to.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Outcome {
    /// Done now or before; the newest revision it made.
    Done(u64),
    /// The stream ends elsewhere.
    Wrong(Option<u64>),
    /// More bytes than an append may hold.
    TooLarge,
}

#[derive(Debug, Default)]
struct State {
    streams: HashMap<String, Vec<Kept>>,
    faults: VecDeque<Fault>,
    late: Vec<Asked>,
    appends: u64,
}

/// The database.
#[derive(Debug, Default)]
pub(crate) struct Database(Mutex<State>);

impl Database {
    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn ask_for(&self, fault: Fault) {
        self.state().faults.push_back(fault);
    }

    pub(crate) fn faults_left(&self) -> usize {
        self.state().faults.len()
    }

    /// Counts an append, does what came late, and gives the fault that is due.
    pub(crate) fn begin(&self) -> Option<Fault> {
        let mut state = self.state();
        state.appends += 1;
        for late in std::mem::take(&mut state.late) {
            state.append(&late);
        }
        state.faults.pop_front()
    }

    pub(crate) fn appends(&self) -> u64 {
        self.state().appends
    }

    pub(crate) fn postpone(&self, asked: Asked) {
        self.state().late.push(asked);
    }

    pub(crate) fn append(&self, asked: &Asked) -> Outcome {
        self.state().append(asked)
    }

    /// A stream; none when nothing was ever appended.
    pub(crate) fn stream(&self, name: &str) -> Option<Vec<Kept>> {
        self.state().streams.get(name).cloned()
    }

    /// Puts another stream in the place of one: what an operator's hand or a restored backup may do.
    pub(crate) fn replace(&self, name: &str, events: Vec<Kept>) {
        self.state().streams.insert(name.to_owned(), events);
    }
}

impl State {
    /// As `IndexWriter.CheckCommit` decides: what is expected may lie behind the end of the stream if the very same events,
    /// by their ids, stand there; then the append was done before, and is answered as done.
    fn append(&mut self, asked: &Asked) -> Outcome {
        let bytes: usize =
            asked.events.iter().map(|event| event.data.len() + event.metadata.len() + event.kind.len()).sum();
        if bytes > APPEND_BYTES_MAX {
            return Outcome::TooLarge;
        }
        let length = self.streams.get(&asked.stream).map_or(0, |events| events.len() as u64);
        let newest = length.checked_sub(1);
        let first = match asked.expected {
            Expected::Any => length,
            Expected::Exists if length > 0 => length,
            Expected::Exists => return Outcome::Wrong(newest),
            Expected::NoStream => 0,
            Expected::Revision(revision) => revision + 1,
        };
        if first > length {
            return Outcome::Wrong(newest);
        }
        let events = self.streams.entry(asked.stream.clone()).or_default();
        let after = first + asked.events.len() as u64;
        if first < length {
            let at = usize::try_from(first).unwrap_or(usize::MAX);
            let stands = events.iter().skip(at).map(|event| event.id);
            let same = after <= length
                && asked.events.iter().map(|event| event.id).eq(stands.take(asked.events.len()));
            return if same { Outcome::Done(after - 1) } else { Outcome::Wrong(newest) };
        }
        events.extend(asked.events.iter().cloned());
        Outcome::Done(after - 1)
    }
}
