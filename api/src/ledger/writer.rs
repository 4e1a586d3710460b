//! The one writer: takes all commands that wait, decides each, and puts them into one commit.
//!
//! A client's commands wait while the commit before them syncs, so the commits grow with the load. Two commands for one
//! subject, or under one key, never share a commit: the second is decided on what the first one did.

use super::Failure;
use super::decision;
use super::heads::{Heads, numbered};
use accord_domain::rulebook::Rulebook;
use accord_domain::{Command, NewEvent, Subject};
use accord_projections::Projector;
use accord_store::clock::Clock;
use accord_store::{Append, AppendError, Appended, EventLog, LogError, Stored};
use std::collections::{HashSet, VecDeque};
use std::sync::Arc;
use tokio::sync::{mpsc, oneshot};

/// Commands that share one commit at most.
const BATCH_MAX: usize = 512;

/// Looks for a further command before the thread goes to sleep: some hundred microseconds, about what a client needs to
/// be woken and to ask again. A client that asks one command after the other is then served without that wait.
const LOOKS_BEFORE_SLEEP: u32 = 6_000;

/// What a command came to.
#[derive(Clone, Debug)]
pub struct Done {
    /// Positions and versions.
    pub appended: Appended,
    /// Whether the key had already been answered: nothing new was recorded.
    pub repeated: bool,
    /// The events.
    pub events: Vec<Stored>,
}

/// A command waiting for its answer.
pub(super) struct Asked {
    pub(super) command: Command,
    pub(super) answer: oneshot::Sender<Result<Done, Failure>>,
}

/// The next command; none when every sender is gone.
fn next(waiting: &mut mpsc::Receiver<Asked>) -> Option<Asked> {
    for _ in 0..LOOKS_BEFORE_SLEEP {
        match waiting.try_recv() {
            Ok(asked) => return Some(asked),
            Err(mpsc::error::TryRecvError::Empty) => std::hint::spin_loop(),
            Err(mpsc::error::TryRecvError::Disconnected) => return None,
        }
    }
    waiting.blocking_recv()
}

/// A command decided and put into the batch.
struct Pending {
    subject: Subject,
    decided: Vec<NewEvent>,
    answer: oneshot::Sender<Result<Done, Failure>>,
}

/// State of the writer thread.
pub(super) struct Writer {
    pub(super) log: Arc<dyn EventLog>,
    pub(super) projector: Projector,
    pub(super) rulebook: Arc<Rulebook>,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) salt: u64,
    pub(super) heads: Heads,
}

impl Writer {
    /// Serves until every sender is gone.
    pub(super) fn run(mut self, mut waiting: mpsc::Receiver<Asked>, runtime: &tokio::runtime::Runtime) {
        let mut queue: VecDeque<Asked> = VecDeque::new();
        loop {
            if queue.is_empty() {
                match next(&mut waiting) {
                    Some(asked) => queue.push_back(asked),
                    None => return,
                }
            }
            while queue.len() < BATCH_MAX
                && let Ok(asked) = waiting.try_recv()
            {
                queue.push_back(asked);
            }
            runtime.block_on(self.commit(&mut queue));
        }
    }

    /// Decides and commits what can share a commit; the rest stays in the queue, in order.
    async fn commit(&mut self, queue: &mut VecDeque<Asked>) {
        let mut subjects: HashSet<Subject> = HashSet::new();
        let mut keys: HashSet<Box<str>> = HashSet::new();
        let mut later = VecDeque::new();
        let mut batch = Vec::new();
        let mut pending = Vec::new();
        for asked in queue.drain(..) {
            let key = asked.command.envelope.key.clone();
            let shares = subjects.contains(&asked.command.subject)
                || key.as_ref().is_some_and(|key| keys.contains(key));
            if shares {
                // Whatever waits behind it for the same subject must stay behind it.
                subjects.insert(asked.command.subject.clone());
                later.push_back(asked);
                continue;
            }
            subjects.insert(asked.command.subject.clone());
            keys.extend(key);
            match self.decide(&asked.command).await {
                Ok(Decided::New(append, decided)) => {
                    batch.push(append);
                    pending.push(Pending { subject: asked.command.subject, decided, answer: asked.answer });
                }
                Ok(Decided::Repeated(done)) => drop(asked.answer.send(Ok(done))),
                Err(failure) => drop(asked.answer.send(Err(failure))),
            }
        }
        queue.extend(later);
        if !batch.is_empty() {
            self.append(batch, pending).await;
        }
    }

    async fn append(&mut self, batch: Vec<Append>, pending: Vec<Pending>) {
        let answers = self.log.append(batch).await;
        let recorded: u32 =
            answers.iter().flatten().filter(|answer| !answer.repeated).map(|a| a.appended.count).sum();
        let first = answers
            .iter()
            .flatten()
            .filter(|answer| !answer.repeated)
            .map(|a| a.appended.first_position)
            .min();
        let stored = match first {
            Some(first) => self.log.read_all(first, recorded as usize).await,
            None => Ok(Vec::new()),
        };
        let stored = match stored {
            Ok(stored) => stored,
            Err(error) => {
                // Recorded, but what was recorded cannot be read: say so rather than guess.
                let failure = Failure::from(error);
                for one in pending {
                    self.heads.forget(&one.subject);
                    drop(one.answer.send(Err(failure.clone())));
                }
                return;
            }
        };
        if let Err(error) = self.projector.keep_up(&stored) {
            // The log is the truth and has it; the views catch up from there.
            tracing::error!(error = %error, "views are behind");
        }
        let mut rest = stored.as_slice();
        for (one, answer) in pending.into_iter().zip(answers) {
            let result = match answer {
                Ok(answer) if answer.repeated => {
                    self.heads.forget(&one.subject);
                    self.repeated(answer.appended).await.map_err(Failure::from)
                }
                Ok(answer) => {
                    let (own, others) = rest.split_at((answer.appended.count as usize).min(rest.len()));
                    rest = others;
                    self.heads.recorded(&one.subject, &numbered(one.decided, &answer.appended, self.salt));
                    Ok(Done { appended: answer.appended, repeated: false, events: own.to_vec() })
                }
                Err(error) => {
                    self.heads.forget(&one.subject);
                    Err(decision::refused(error))
                }
            };
            drop(one.answer.send(result));
        }
    }

    async fn repeated(&self, appended: Appended) -> Result<Done, LogError> {
        let events = self.log.read_all(appended.first_position, appended.count as usize).await?;
        Ok(Done { appended, repeated: true, events })
    }

    async fn decide(&mut self, command: &Command) -> Result<Decided, Failure> {
        let request = decision::request_of(command)?;
        if let Some(request) = &request
            && let Some((digest, appended)) = self.log.request(&request.key).await?
        {
            return if digest == request.digest {
                Ok(Decided::Repeated(self.repeated(appended).await?))
            } else {
                Err(decision::refused(AppendError::KeyReused { first_position: appended.first_position }))
            };
        }
        let now = self.clock.now();
        let (append, decided) =
            decision::decide(&mut self.heads, &*self.log, command, request, now, &self.rulebook).await?;
        Ok(Decided::New(append, decided))
    }
}

enum Decided {
    New(Append, Vec<NewEvent>),
    Repeated(Done),
}
