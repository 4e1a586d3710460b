//! The one writer: takes all commands that wait, decides each, and puts them into one commit.
//!
//! A client's commands wait while the commit before them syncs, so the commits grow with the load. Two commands for one
//! subject, or under one key, never share a commit: the second is decided on what the first one did.

use super::Failure;
use super::beside::Beside;
use super::decision::{self, Door};
use super::heads::{Heads, numbered};
use super::personal;
use super::shelf::Shelf;
use accord_domain::institution::InstitutionCommand;
use accord_domain::others::{self, Ask};
use accord_domain::practitioner::PractitionerCommand;
use accord_domain::{Act, Command, EventData, Laws, NewEvent, Subject, reactor};
use accord_projections::wait_for;
use accord_store::clock::Clock;
use accord_store::vault::Vault;
use accord_store::{Answer, Append, AppendError, Appended, EventLog, LogError, Stored};
use std::collections::{HashMap, HashSet, VecDeque};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
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
    pub(super) asker: Asker,
    /// The import that it is a line of: its lines come to what they come to one after the other.
    pub(super) import: Option<u64>,
}

/// How a command, before it is decided, may hang on those about other subjects, or they on it; of several together, how any.
#[derive(Clone, Copy, Default)]
struct Bearing {
    /// It may be decided on what others came to.
    asks: bool,
    /// Others may be decided on what it comes to.
    says: bool,
    /// All others may be decided under another law after it.
    law: bool,
}

impl Bearing {
    fn of(command: &Command, asks: &[Ask]) -> Self {
        let Command { subject, act, .. } = command;
        // A person is found by an identity number too, whoever brings it first.
        let names_people = act.holds_personal();
        let law = matches!(subject, Subject::Area(_));
        let on_the_record = act.annulment().is_some() || act.correction().is_some();
        let speaks = matches!(
            act,
            Act::Case(_)
                | Act::Institution(InstitutionCommand::TerminateAgreement(_))
                | Act::Practitioner(PractitionerCommand::BanManager(_))
        );
        Self {
            asks: names_people || !asks.is_empty(),
            says: names_people || on_the_record || speaks || law,
            law,
        }
    }

    /// Whether a command may not be decided before those of its import that wait.
    fn stays_behind(self, waiting: Self) -> bool {
        self.law || waiting.law || (self.asks && waiting.says) || (self.says && waiting.asks)
    }

    fn and(self, other: Self) -> Self {
        Self { asks: self.asks || other.asks, says: self.says || other.says, law: self.law || other.law }
    }
}

/// Who waits for an answer.
pub(super) struct Asker {
    pub(super) answer: oneshot::Sender<Result<Done, Failure>>,
    /// Held until the answer is given.
    pub(super) place: Place,
}

impl Asker {
    fn answer(self, result: Result<Done, Failure>) {
        // The place first: who is answered may pass by an empty queue at once.
        drop(self.place);
        // One that went away does not care.
        drop(self.answer.send(result));
    }
}

/// Room for a command, counted from when it is asked until it is answered.
#[derive(Debug)]
pub(super) struct Place {
    all: Arc<AtomicUsize>,
    /// Whether nobody else had one when it was taken.
    pub(super) alone: bool,
}

impl Place {
    pub(super) fn take(all: &Arc<AtomicUsize>) -> Self {
        let alone = all.fetch_add(1, Ordering::AcqRel) == 0;
        Self { all: Arc::clone(all), alone }
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.all.fetch_sub(1, Ordering::AcqRel);
    }
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
    /// Whether it erases personal data.
    erases: bool,
    asker: Asker,
}

/// Decides, records and shows. One thread at a time has it.
pub(super) struct Writer {
    pub(super) vault: Arc<Vault>,
    pub(super) log: Arc<dyn EventLog>,
    /// Before the views: it reads them, and who closes them last, if it can write, moves their WAL into the file.
    pub(super) heads: Heads,
    pub(super) views: Beside,
    /// The law, brought forward with every adoption before the next command is decided.
    pub(super) laws: Laws,
    /// Where others find it.
    pub(super) shelf: Shelf,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) salt: u64,
    /// Set, for good, when the cluster that keeps the ledger turned out to hold what is not known here.
    pub(super) overtaken: Arc<AtomicBool>,
}

/// Serves the queue until every sender is gone, or the writer stopped by a fault.
pub(super) fn serve(writer: &Mutex<Writer>, mut waiting: mpsc::Receiver<Asked>) {
    let mut queue: VecDeque<Asked> = VecDeque::new();
    loop {
        if queue.is_empty() {
            match next(&mut waiting) {
                Some(asked) => queue.push_back(asked),
                None => return,
            }
        }
        // Nothing more is recorded after a fault: what it left half done cannot be known.
        let Ok(mut writer) = writer.lock() else {
            waiting.close();
            queue.extend(std::iter::from_fn(|| waiting.try_recv().ok()));
            return queue.into_iter().for_each(|asked| asked.asker.answer(Err(Failure::Stopped)));
        };
        while queue.len() < BATCH_MAX
            && let Ok(asked) = waiting.try_recv()
        {
            queue.push_back(asked);
        }
        wait_for(writer.commit(&mut queue));
    }
}

impl Writer {
    /// Carries out one command on the caller's thread.
    pub(super) fn execute(&mut self, command: Command, place: Place) -> Result<Done, Failure> {
        let (answer, mut answered) = oneshot::channel();
        let mut queue = VecDeque::from([Asked { command, asker: Asker { answer, place }, import: None }]);
        wait_for(self.commit(&mut queue));
        answered.try_recv().unwrap_or(Err(Failure::Interrupted))
    }

    /// Decides and commits what can share a commit; the rest stays in the queue, in order.
    pub(super) async fn commit(&mut self, queue: &mut VecDeque<Asked>) {
        if self.views.lost().load(Ordering::Acquire) {
            return queue.drain(..).for_each(|asked| asked.asker.answer(Err(Failure::Stopped)));
        }
        let prepared = personal::prepare(&self.vault, queue.iter().map(|asked| &asked.command));
        let keyless = |asked: &&mut Asked| asked.import.is_some() && asked.command.envelope.key.is_none();
        for asked in queue.iter_mut().filter(keyless) {
            // What is in the way of a key is in the way of the command too, which tells it.
            if let Ok(Some(request)) = decision::import_request(&self.vault, &asked.command) {
                asked.command.envelope.key = Some(request.key);
            }
        }
        let mut subjects: HashSet<Subject> = HashSet::new();
        let mut keys: HashSet<Box<str>> = HashSet::new();
        let mut later = VecDeque::new();
        let mut batch = Vec::new();
        let mut pending = Vec::new();
        let mut something_said = false;
        let mut law_changes = false;
        let mut waiting: HashMap<u64, Bearing> = HashMap::new();
        for asked in queue.drain(..) {
            let key = asked.command.envelope.key.clone();
            let asks = asked.command.act.asks(&asked.command.subject);
            let line = asked.import.map(|import| (import, Bearing::of(&asked.command, &asks)));
            let stays = |(import, bearing): (u64, Bearing)| {
                waiting.get(&import).is_some_and(|before| bearing.stays_behind(*before))
            };
            let shares = line.is_some_and(stays)
                || subjects.contains(&asked.command.subject)
                || key.as_ref().is_some_and(|key| keys.contains(key))
                // It is decided on what others have come to, not on what they came from.
                || asks.iter().flat_map(Ask::subjects).any(|other| subjects.contains(&other))
                || (something_said && asks.iter().any(|ask| ask.whom().is_some()))
                // It is decided under what was adopted before it.
                || law_changes;
            if shares {
                // Whatever waits behind it for the same subject, or under the same key, must stay behind it.
                subjects.insert(asked.command.subject.clone());
                keys.extend(key);
                if let Some((import, bearing)) = line {
                    let before = waiting.entry(import).or_default();
                    *before = before.and(bearing);
                }
                later.push_back(asked);
                continue;
            }
            subjects.insert(asked.command.subject.clone());
            keys.extend(key);
            // A command without personal data needs no keys.
            let decided = match &prepared {
                Err(failure) if asked.command.act.holds_personal() => Err(failure.clone()),
                Ok(()) | Err(_) => self.decide(&asked.command, Door::Outside).await,
            };
            match decided {
                Ok(Decided::New { append, decided, erases }) => {
                    law_changes |= decided.iter().any(|new| Laws::may_change(new.data.event_type()));
                    something_said |= decided.iter().any(|new| others::bears_on_others(&new.data));
                    batch.push(append);
                    pending.push(Pending {
                        subject: asked.command.subject,
                        decided,
                        erases,
                        asker: asked.asker,
                    });
                }
                Ok(Decided::Repeated(done)) => asked.asker.answer(Ok(done)),
                Err(failure) => asked.asker.answer(Err(failure)),
            }
        }
        queue.extend(later);
        if !batch.is_empty() {
            let waiting = self.append(batch, pending).await;
            if !waiting.is_empty() {
                self.react().await;
            }
            waiting.into_iter().for_each(|(asker, result)| asker.answer(result));
        }
    }

    /// Records and answers. Those whose events may have reactions are handed back: they are answered after these.
    async fn append(
        &mut self,
        batch: Vec<Append>,
        pending: Vec<Pending>,
    ) -> Vec<(Asker, Result<Done, Failure>)> {
        let mut events: Arc<[Stored]> = Arc::default();
        let views = &mut self.views;
        let mut foretold = |told: Vec<Stored>| {
            events = told.into();
            views.begin(Arc::clone(&events));
        };
        let answers = self.log.append_foretold(batch, &mut foretold).await;
        let durable = answers.iter().flatten().any(|answer| !answer.repeated);
        // Before it is announced: who sees an event sees the law with it.
        if durable && events.iter().any(|stored| Laws::may_change(stored.kind)) {
            self.learn(&events);
        }
        if !events.is_empty() {
            self.views.end(Arc::clone(&events), durable);
        }
        if answers.iter().any(is_overtaken) && !self.overtaken.swap(true, Ordering::AcqRel) {
            tracing::error!(
                "the cluster holds what this node does not know of: nothing is recorded until it is started again"
            );
        }
        if pending.iter().any(|one| one.erases) {
            personal::finish(&self.vault, &*self.log).await;
        }
        let mut rest = &*events;
        let mut waiting = Vec::new();
        for (one, answer) in pending.into_iter().zip(answers) {
            let mut causes = false;
            let result = match answer {
                Ok(answer) if answer.repeated => {
                    self.heads.forget(&one.subject);
                    self.repeated(answer.appended).await.map_err(Failure::from)
                }
                Ok(answer) => {
                    let (own, others) = rest.split_at((answer.appended.count as usize).min(rest.len()));
                    rest = others;
                    causes = self.may_have_reactions(&one);
                    self.heads.recorded(&one.subject, &numbered(one.decided, &answer.appended, self.salt));
                    Ok(Done { appended: answer.appended, repeated: false, events: own.to_vec() })
                }
                Err(error) => {
                    self.heads.forget(&one.subject);
                    Err(decision::refused(error))
                }
            };
            if causes {
                waiting.push((one.asker, result));
            } else {
                one.asker.answer(result);
            }
        }
        waiting
    }

    /// Whether what was just recorded may have reactions: an annulment or a correction may, if what it is about had, and whatever
    /// tells late who runs an institution may be reached by earlier ones.
    fn may_have_reactions(&self, one: &Pending) -> bool {
        let any = |is: &dyn Fn(&EventData) -> bool| one.decided.iter().any(|new| is(&new.data));
        if any(&|data| data.annulment().is_some() || data.correction().is_some() || reactor::concerns(data)) {
            return true;
        }
        any(&reactor::arrives)
            && (any(&|data| !others::running(data).is_empty()) || self.heads.may_name_people(&one.subject))
    }

    /// Brings the law forward by what was just recorded.
    fn learn(&mut self, events: &[Stored]) {
        for stored in events {
            if let Err(error) = accord_store::laws::take(&mut self.laws, stored) {
                // It was decided on the same text: this cannot be but by a fault, and nothing is decided under half a law.
                panic!("the law recorded at position {}: {error}", stored.position);
            }
        }
        if let Some(last) = events.last() {
            self.shelf.put(self.laws.clone(), last.position + 1);
        }
    }

    /// Carries out one of the ledger's own commands.
    pub(super) async fn carry_out(&mut self, command: Command) -> Result<Done, Failure> {
        let (append, decided, erases) = match self.decide(&command, Door::Inside).await? {
            Decided::New { append, decided, erases } => (append, decided, erases),
            Decided::Repeated(done) => return Ok(done),
        };
        let (answer, mut answered) = oneshot::channel();
        let asker = Asker { answer, place: Place::take(&Arc::default()) };
        let pending = Pending { subject: command.subject, decided, erases, asker };
        // What the ledger does itself has no reactions, so that nobody is left waiting.
        let waiting = self.append(vec![append], vec![pending]).await;
        waiting.into_iter().for_each(|(asker, result)| asker.answer(result));
        answered.try_recv().unwrap_or(Err(Failure::Interrupted))
    }

    async fn repeated(&self, appended: Appended) -> Result<Done, LogError> {
        let events = self.log.read_all(appended.first_position, appended.count as usize).await?;
        Ok(Done { appended, repeated: true, events })
    }

    /// Decides first and looks for the key afterwards, where the log does so anyway: a key is nearly always new. A
    /// command that was carried out before is refused by its own effects, if by anything, and then the key is asked.
    async fn decide(&mut self, command: &Command, door: Door) -> Result<Decided, Failure> {
        door.lets_in(command)?;
        let request = decision::request_of(&self.vault, command)?;
        let asked = request.clone();
        let now = self.clock.now();
        let decided =
            decision::decide(&mut self.heads, &*self.log, &self.vault, command, request, now, &self.laws)
                .await;
        match (decided, asked) {
            (Ok((append, decided)), _) => {
                let erases = personal::begin(&self.vault, command)?;
                Ok(Decided::New { append, decided, erases })
            }
            (Err(failure), Some(asked)) => match self.log.request(&asked.key).await? {
                Some((digest, appended)) if digest == asked.digest => {
                    Ok(Decided::Repeated(self.repeated(appended).await?))
                }
                Some((_, Appended { first_position, .. })) => {
                    Err(decision::refused(AppendError::KeyReused { first_position }))
                }
                None => Err(failure),
            },
            // It has no key, or its subject's personal data was erased, so that there is no digest.
            (Err(failure), None) => {
                let Some(key) = &command.envelope.key else { return Err(failure) };
                let Some((_, appended)) = self.log.request(key).await? else { return Err(failure) };
                let events = personal::sent_again(&*self.log, command, appended).await?;
                Ok(Decided::Repeated(Done { appended, repeated: true, events }))
            }
        }
    }
}

/// Whether it was refused because the cluster that keeps the ledger holds what this node does not know of.
fn is_overtaken(answer: &Result<Answer, AppendError>) -> bool {
    matches!(answer, Err(AppendError::Storage(why)) if matches!(**why, LogError::Overtaken { .. }))
}

enum Decided {
    New { append: Append, decided: Vec<NewEvent>, erases: bool },
    Repeated(Done),
}
