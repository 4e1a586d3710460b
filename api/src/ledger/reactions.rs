//! The ledger's own reactions: what must follow on other streams is carried out after the commit of what it follows from.
//!
//! Which events still have theirs to come stands in the views ([`accord_projections::Projector::pending_reactions`]), written
//! with the views of the event itself. A reaction is an ordinary command with a key made from the causing event: when the
//! program fell between the two, it is carried out at the next opening, and once.

use super::writer::Writer;
use super::{Failure, personal};
use accord_domain::command::Circumstances;
use accord_domain::others::{self, Whom};
use accord_domain::reactor::{self, Candidate};
use accord_domain::{Authority, Command, Event, Subject};
use accord_projections::ViewError;
use accord_store::LogError;
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
    #[error("the ledger is closing")]
    Stopped,
}

impl Writer {
    /// Carries out every reaction that is to come. What cannot be done now stays to come.
    pub(super) async fn react(&mut self) {
        let mut done = 0;
        while done < CAUSES_MAX {
            match self.react_some().await {
                Ok(0) => return,
                Ok(some) => done += some,
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

    async fn react_some(&mut self) -> Result<usize, Trouble> {
        let pending = self
            .views
            .ask(|projector| projector.pending_reactions(PENDING_AT_ONCE))
            .ok_or(Trouble::Stopped)??;
        for &position in &pending {
            for command in self.reactions(position).await? {
                self.carry_out_or_tell(command).await?;
            }
            self.views.ask(move |projector| projector.reacted(position)).ok_or(Trouble::Stopped)??;
        }
        Ok(pending.len())
    }

    /// The commands that must follow the event at a position: what it causes elsewhere, and what was caused elsewhere before it
    /// and should have reached its subject.
    async fn reactions(&mut self, position: u64) -> Result<Vec<Command>, Trouble> {
        let Some(happened) = self.happened(position).await? else { return Ok(Vec::new()) };
        let mut commands = self.caused(&happened).await?;
        if reactor::arrives(&happened.event.data) {
            commands.extend(self.reached_late(&happened).await?);
        }
        Ok(commands)
    }

    async fn happened(&self, position: u64) -> Result<Option<Happened>, Trouble> {
        let Some(stored) = self.log.read_all(position, 1).await?.pop() else { return Ok(None) };
        let event = stored.decode().map_err(|source| LogError::Undecodable { position, source })?;
        let circumstances = Circumstances::read(&stored.body)
            .map_err(|error| LogError::Other(format!("the event at position {position}: {error}")))?;
        let subject = Subject::parse(&stored.stream).map_err(|error| LogError::Other(error.to_string()))?;
        Ok(Some(Happened { subject, event, by: circumstances.actor.authority }))
    }

    /// What must follow an event in all subjects it concerns that are known by now.
    async fn caused(&mut self, happened: &Happened) -> Result<Vec<Command>, Trouble> {
        let Happened { subject, event, by } = happened;
        let history = self.heads.history(&*self.log, subject).await?;
        let Some(cause) = reactor::cause(event, &history) else { return Ok(Vec::new()) };
        let mut candidates: Vec<Candidate> = Vec::new();
        for person in reactor::people(subject, cause) {
            let naming = self.views.ask(move |projector| projector.naming(person));
            for other in naming.ok_or(Trouble::Stopped)?? {
                candidate(&mut candidates, other);
            }
            let numbered = personal::numbered(&self.vault, &*self.log, person).await.map_err(trouble)?;
            for (other, mark) in numbered {
                candidate(&mut candidates, other).marked.push((mark, person));
            }
        }
        for candidate in &mut candidates {
            candidate.events = self.heads.history(&*self.log, &candidate.subject).await?;
        }
        let law = self.laws.book_before(event.recorded_at);
        Ok(reactor::react(subject, event, *by, &history, &candidates, law))
    }

    /// What earlier events of others make follow in the subject of this one, of which they could not know.
    async fn reached_late(&mut self, happened: &Happened) -> Result<Vec<Command>, Trouble> {
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
            let history = self.heads.history(&*self.log, &source).await?;
            for cause in reactor::causes(&history, happened.event.position) {
                let Some(by) = self.happened(cause.position).await?.map(|told| told.by) else { continue };
                let law = self.laws.book_before(cause.recorded_at);
                commands.extend(reactor::react(&source, &cause, by, &history, &candidate, law));
            }
        }
        Ok(commands)
    }

    /// Carries out a reaction. One that is refused becomes a review where people see it, and is not tried again.
    async fn carry_out_or_tell(&mut self, command: Command) -> Result<(), Trouble> {
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
        Failure::Rejected { .. }
        | Failure::Vault(_)
        | Failure::ReadOnly
        | Failure::Closing
        | Failure::Stopped
        | Failure::Interrupted => Trouble::Stopped,
    }
}
