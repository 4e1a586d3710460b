//! The ledger's own reactions: what must follow on other streams is carried out after the commit of what it follows from.
//!
//! Which events still have theirs to come stands in the views ([`accord_projections::Projector::pending_reactions`]), written
//! with the views of the event itself. A reaction is an ordinary command with a key made from the causing event: when the
//! program fell between the two, it is carried out at the next opening, and once.

use super::Failure;
use super::writer::Writer;
use accord_domain::command::Circumstances;
use accord_domain::reactor::{self, Candidate};
use accord_domain::{Command, Subject};
use accord_projections::ViewError;
use accord_store::LogError;
use std::sync::Arc;

/// Events whose reactions are looked up at once.
const PENDING_AT_ONCE: u32 = 100;

/// Events whose reactions are carried out in one go. Reactions have none themselves, so that this many are only met after an
/// import or a rebuild; what is left waits for the next go.
const CAUSES_MAX: usize = 1_000_000;

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

    /// The commands that must follow the event at a position.
    async fn reactions(&mut self, position: u64) -> Result<Vec<Command>, Trouble> {
        let Some(stored) = self.log.read_all(position, 1).await?.pop() else { return Ok(Vec::new()) };
        let undecodable = |position| move |source| LogError::Undecodable { position, source };
        let event = stored.decode().map_err(undecodable(position))?;
        let circumstances = Circumstances::read(&stored.body)
            .map_err(|error| LogError::Other(format!("the event at position {position}: {error}")))?;
        let subject = Subject::parse(&stored.stream).map_err(|error| LogError::Other(error.to_string()))?;
        let history = self.heads.history(&*self.log, &subject).await?;
        let Some(cause) = reactor::cause(&event, &history) else { return Ok(Vec::new()) };
        let mut named: Vec<Subject> = Vec::new();
        for person in reactor::people(&subject, cause) {
            let naming = self.views.ask(move |projector| projector.naming(person));
            for other in naming.ok_or(Trouble::Stopped)?? {
                if !named.contains(&other) {
                    named.push(other);
                }
            }
        }
        let mut candidates = Vec::with_capacity(named.len());
        for other in named {
            let events = self.heads.history(&*self.log, &other).await?;
            candidates.push(Candidate { subject: other, events });
        }
        let by = circumstances.actor.authority;
        Ok(reactor::react(&subject, &event, by, &history, &candidates, self.laws.book()))
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
