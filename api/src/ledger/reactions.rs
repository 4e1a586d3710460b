//! The ledger's own reactions: what must follow on other streams is carried out after the commit of what it follows from.
//!
//! Which events still have theirs to come stands in the views ([`accord_projections::Projector::pending_reactions`]), written
//! with the views of the event itself. A reaction is an ordinary command with a key made from the causing event: when the
//! program fell between the two, it is carried out at the next opening, and once.
//!
//! What cannot be read now, an event of one subject or a key, keeps back what follows for those it is about and nobody else:
//! the cause stays to come, and the others are gone on with.

use super::writer::Writer;
use super::{Failure, personal};
use accord_domain::command::Circumstances;
use accord_domain::others::{self, Whom};
use accord_domain::reactor::{self, Candidate};
use accord_domain::{Authority, Command, Event, Subject};
use accord_projections::ViewError;
use accord_store::vault::VaultError;
use accord_store::{LogError, Stored};
use std::sync::Arc;

/// Events whose reactions are looked up at once.
const PENDING_AT_ONCE: u32 = 100;

/// Events whose reactions are carried out in one go. Reactions have none themselves, so that this many are only met after an
/// import or a rebuild; what is left waits for the next go.
const CAUSES_MAX: usize = 1_000_000;

/// An event, of whom, and by whom it was done.
struct Happened {
    subject: Subject,
    event: Event,
    by: Authority,
}

/// Why reactions could not be carried out now.
#[derive(Debug, thiserror::Error)]
enum Trouble {
    #[error("the log cannot be read or written")]
    Log(#[from] LogError),
    #[error("the log cannot be read or written")]
    Write(#[source] Arc<LogError>),
    #[error("the views cannot be read or written")]
    Views(#[from] ViewError),
    #[error("the keys of personal data cannot be used")]
    Keys(#[source] Arc<VaultError>),
    #[error("the event at position {0} cannot be read: {1}")]
    Unreadable(u64, String),
    #[error("the ledger is closing, or a fault stopped what writes it")]
    Stopped,
}

impl Trouble {
    /// Whether nothing can be carried out any more; else it is in the way of some only.
    fn is_general(&self) -> bool {
        let undecodable = |error: &LogError| matches!(error, LogError::Undecodable { .. });
        match self {
            Self::Log(error) => !undecodable(error),
            Self::Write(error) => !undecodable(error),
            Self::Views(_) | Self::Stopped => true,
            Self::Keys(_) | Self::Unreadable(..) => false,
        }
    }

    /// What was asked for, or none where the trouble is in the way of some only: it is remembered then.
    fn beside<T>(result: Result<T, impl Into<Self>>, missing: &mut Option<Self>) -> Result<Option<T>, Self> {
        match result.map_err(Into::into) {
            Ok(found) => Ok(Some(found)),
            Err(trouble) if trouble.is_general() => Err(trouble),
            Err(trouble) => {
                missing.get_or_insert(trouble);
                Ok(None)
            }
        }
    }
}

impl Writer {
    /// Carries out every reaction that is to come. What cannot be done now stays to come.
    pub(super) async fn react(&mut self) {
        let (mut from, mut done) = (0, 0);
        while done < CAUSES_MAX {
            match self.react_some(from).await {
                Ok((_, None)) => return,
                Ok((some, Some(next))) => (from, done) = (next, done + some),
                Err(trouble) => {
                    tracing::error!(
                        error = &trouble as &dyn std::error::Error,
                        "reactions are still to come"
                    );
                    return;
                }
            }
        }
        tracing::warn!(done, "further reactions are still to come");
    }

    /// Goes through some causes from a position on: how many, and where the next ones are.
    async fn react_some(&mut self, from: u64) -> Result<(usize, Option<u64>), Trouble> {
        let pending = self
            .views
            .ask(move |projector| projector.pending_reactions(from, PENDING_AT_ONCE))
            .ok_or(Trouble::Stopped)??;
        for &position in &pending {
            match self.react_to(position).await? {
                None => {
                    let done = self.views.ask(move |projector| projector.reacted(position));
                    done.ok_or(Trouble::Stopped)??;
                }
                Some(trouble) => tracing::error!(
                    position,
                    error = &trouble as &dyn std::error::Error,
                    "some reactions to an event are still to come; all others are carried out"
                ),
            }
        }
        Ok((pending.len(), pending.last().map(|last| last + 1)))
    }

    /// Carries out what must follow the event at a position, and gives what kept it back from some.
    async fn react_to(&mut self, position: u64) -> Result<Option<Trouble>, Trouble> {
        let mut missing = None;
        let commands = self.reactions(position, &mut missing).await;
        for command in Trouble::beside(commands, &mut missing)?.unwrap_or_default() {
            Trouble::beside(self.carry_out_or_tell(command).await, &mut missing)?;
        }
        Ok(missing)
    }

    /// The commands that must follow the event at a position: what it causes elsewhere, and what was caused elsewhere before it
    /// and should have reached its subject.
    async fn reactions(
        &mut self,
        position: u64,
        missing: &mut Option<Trouble>,
    ) -> Result<Vec<Command>, Trouble> {
        let Some(happened) = self.happened(position).await? else { return Ok(Vec::new()) };
        let mut commands = self.caused(&happened, missing).await?;
        if reactor::arrives(&happened.event.data) {
            commands.extend(self.reached_late(&happened, missing).await?);
        }
        Ok(commands)
    }

    async fn happened(&self, position: u64) -> Result<Option<Happened>, Trouble> {
        let Some(stored) = self.log.read_all(position, 1).await?.pop() else { return Ok(None) };
        let event = stored.decode().map_err(|source| LogError::Undecodable { position, source })?;
        let circumstances = Circumstances::read(&stored.body)
            .map_err(|error| Trouble::Unreadable(position, error.to_string()))?;
        let subject = Subject::parse(&stored.stream)
            .map_err(|error| Trouble::Unreadable(position, error.to_string()))?;
        Ok(Some(Happened { subject, event, by: circumstances.actor.authority }))
    }

    /// What must follow an event in all subjects it concerns that are known by now.
    async fn caused(
        &mut self,
        happened: &Happened,
        missing: &mut Option<Trouble>,
    ) -> Result<Vec<Command>, Trouble> {
        let Happened { subject, event, by } = happened;
        let history = self.heads.history(&*self.log, subject).await?;
        let Some(cause) = reactor::cause(event, &history) else { return Ok(Vec::new()) };
        let mut candidates: Vec<Candidate> = Vec::new();
        for person in reactor::people(subject, cause) {
            let naming = self.views.ask(move |projector| projector.naming(person));
            for other in naming.ok_or(Trouble::Stopped)?? {
                candidate(&mut candidates, other);
            }
            let numbered = personal::numbered(&self.vault, &*self.log, person).await.map_err(trouble);
            for (other, mark) in Trouble::beside(numbered, missing)?.unwrap_or_default() {
                candidate(&mut candidates, other).marked.push((mark, person));
            }
        }
        let mut known = Vec::with_capacity(candidates.len());
        for candidate in candidates {
            let events = self.heads.history(&*self.log, &candidate.subject).await;
            let events = Trouble::beside(events, missing)?;
            known.extend(events.map(|events| Candidate { events, ..candidate }));
        }
        let law = self.laws.book_before(event.recorded_at);
        Ok(reactor::react(subject, event, *by, &history, &known, law))
    }

    /// What earlier events of others make follow in the subject of this one, of which they could not know.
    async fn reached_late(
        &mut self,
        happened: &Happened,
        missing: &mut Option<Trouble>,
    ) -> Result<Vec<Command>, Trouble> {
        let subject = happened.subject.clone();
        let events = self.heads.history(&*self.log, &subject).await?;
        let mut sources: Vec<Subject> = Vec::new();
        for person in events.iter().flat_map(|event| others::running(&event.data)) {
            let speaking = self.heads.speaking_of(Whom::Person(person)).iter().cloned();
            for source in std::iter::once(Subject::Practitioner(person)).chain(speaking) {
                if source != subject && !sources.contains(&source) {
                    sources.push(source);
                }
            }
        }
        let candidate = [Candidate { subject, events, marked: Vec::new() }];
        let mut commands = Vec::new();
        for source in sources {
            let history = self.heads.history(&*self.log, &source).await;
            let Some(history) = Trouble::beside(history, missing)? else { continue };
            for cause in reactor::causes(&history, happened.event.position) {
                let Some(by) = self.happened(cause.position).await?.map(|told| told.by) else { continue };
                let law = self.laws.book_before(cause.recorded_at);
                commands.extend(reactor::react(&source, &cause, by, &history, &candidate, law));
            }
        }
        Ok(commands)
    }

    /// Whether the ledger itself recorded something under the key of a reaction before, or the review that it became: asked
    /// again after a correction of its cause, or under another law, the reaction need not say the same.
    async fn is_carried_out(&self, command: &Command) -> Result<bool, Trouble> {
        for key in command.envelope.key.clone().into_iter().chain(reactor::refused_key(command)) {
            let Some((_, appended)) = self.log.request(&key).await? else { continue };
            let first = self.log.read_all(appended.first_position, 1).await?.pop();
            let by = |stored: &Stored| Circumstances::read(&stored.body).map(|told| told.actor.authority);
            if first.is_some_and(|stored| {
                *stored.stream == command.subject.stream()
                    && by(&stored).is_ok_and(|by| by == Authority::System)
            }) {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Carries out a reaction, once. One that is refused becomes a review where people see it, and is not tried again.
    async fn carry_out_or_tell(&mut self, command: Command) -> Result<(), Trouble> {
        if self.is_carried_out(&command).await? {
            return Ok(());
        }
        let refusal = match self.carry_out(command.clone()).await {
            Ok(_) => return Ok(()),
            Err(Failure::Rejected { rejection, .. }) => rejection,
            Err(failure) => return Err(trouble(failure)),
        };
        let Some(review) = reactor::refused(&command, &refusal) else {
            tracing::error!(code = refusal.code, act = command.act.name(), "a reaction was refused");
            return Ok(());
        };
        match self.carry_out(review).await {
            Ok(_) => Ok(()),
            Err(Failure::Rejected { rejection, .. }) => {
                tracing::error!(code = rejection.code, act = command.act.name(), "a reaction was refused");
                Ok(())
            }
            Err(failure) => Err(trouble(failure)),
        }
    }
}

/// The candidate of a subject, its events not read yet.
fn candidate(candidates: &mut Vec<Candidate>, subject: Subject) -> &mut Candidate {
    let at = candidates.iter().position(|candidate| candidate.subject == subject).unwrap_or_else(|| {
        candidates.push(Candidate { subject, events: Vec::new(), marked: Vec::new() });
        candidates.len() - 1
    });
    &mut candidates[at]
}

fn trouble(failure: Failure) -> Trouble {
    match failure {
        Failure::Log(source) => Trouble::Write(source),
        Failure::Vault(source) => Trouble::Keys(source),
        Failure::Rejected { .. }
        | Failure::ReadOnly
        | Failure::Closing
        | Failure::Stopped
        | Failure::Interrupted => Trouble::Stopped,
    }
}
