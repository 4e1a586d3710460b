//! Reading what is supposed of a subject's acts; the command line and HTTP say it in their own ways.

use super::AnswerError;
use crate::ledger::{Ledger, history};
use accord_domain::others::{self, OtherFact};
use accord_domain::rejection::Words;
use accord_domain::what_if::Fork;
use accord_domain::{Command, Event, Instant, Subject, words};
use accord_projections::wait_for;
use accord_store::Stored;
use uuid::Uuid;

/// What is wrong with a supposition.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Wrong {
    /// A text that is no id of an event.
    NoId {
        /// The text.
        text: String,
    },
    /// There is no such event.
    NoEvent {
        /// The id.
        id: Uuid,
    },
    /// The event only follows from another.
    NotAnAct {
        /// The version of the event it follows from.
        cause: u32,
    },
    /// The command or the event is of another subject.
    OtherSubject {
        /// Whose it is.
        of: Subject,
        /// Who is named.
        named: Subject,
    },
    /// The command does not say from when it holds.
    NoDate,
    /// The event cannot be read.
    Unreadable,
}

impl Wrong {
    /// Stable code.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::NoId { .. } => "invalid-code",
            Self::NoEvent { .. } => "unknown-event",
            Self::NotAnAct { .. } => "not-an-act",
            Self::OtherSubject { .. } => "other-subject",
            Self::NoDate => "date-missing",
            Self::Unreadable => "log-unreadable",
        }
    }

    /// In words.
    #[must_use]
    pub fn words(&self) -> Words {
        match self {
            Self::NoId { text } => words!("{text:?} is not the id of an event", "{text:?} 不是事件标识"),
            Self::NoEvent { id } => words!("there is no event {id}", "没有事件 {id}"),
            Self::NotAnAct { cause } => words!(
                "this event only follows from event #{cause} of the subject; suppose something of that one",
                "该事件由该主体的 #{cause} 号事件引起；请对后者作假设"
            ),
            Self::OtherSubject { of, named } => {
                words!("that is of {}, not of {}", "所指属于 {}，而非 {}", of.code(), named.code())
            }
            Self::NoDate => words!(
                "a supposed command says from when it holds, in effective_at",
                "假设的命令须以 effective_at 写明生效时间"
            ),
            Self::Unreadable => words!("the event cannot be read", "事件无法读取"),
        }
    }
}

/// The course supposed: without the event, with the command in its place, or with the command at the end.
///
/// # Errors
/// [`Wrong`] says what is.
pub fn fork_of(event: Option<&Stored>, command: Option<Command>) -> Result<(Subject, Fork), Wrong> {
    if command.as_ref().is_some_and(|command| command.envelope.effective_at.is_none()) {
        return Err(Wrong::NoDate);
    }
    let Some(stored) = event else {
        let command = command.ok_or(Wrong::NoDate)?;
        return Ok((command.subject.clone(), Fork::Insert(Box::new(command))));
    };
    let subject = Subject::parse(&stored.stream).map_err(|_| Wrong::Unreadable)?;
    if let Some(cause) = stored.decode().map_err(|_| Wrong::Unreadable)?.caused_by {
        return Err(Wrong::NotAnAct { cause });
    }
    match command {
        None => Ok((subject, Fork::Without(stored.version))),
        Some(command) if command.subject == subject => {
            Ok((subject, Fork::Replace(stored.version, Box::new(command))))
        }
        Some(command) => Err(Wrong::OtherSubject { of: subject, named: command.subject }),
    }
}

/// What stands of other subjects that the command supposed asks for, as the ledger finds it for a real one: as it was known
/// when the act was recorded whose place it takes, and by `known_at` where it is one more. For a thread that may block.
///
/// # Errors
/// When log or views cannot be read.
pub fn met(
    ledger: &Ledger,
    stored: &[Stored],
    fork: &Fork,
    known_at: Instant,
) -> Result<Vec<OtherFact>, AnswerError> {
    let Some((command, at)) = fork.command().and_then(|it| Some((it, it.envelope.effective_at?))) else {
        return Ok(Vec::new());
    };
    let replaced = match fork {
        Fork::Replace(version, _) => stored.iter().find(|stored| stored.version == *version),
        Fork::Without(_) | Fork::Insert(_) => None,
    };
    let is_known = |event: &Event| match replaced {
        Some(act) => event.recorded_at < act.recorded_at,
        None => event.recorded_at <= known_at,
    };
    let mut facts = Vec::new();
    for ask in command.act.asks(&command.subject) {
        let speaking = ask.whom().map(|whom| ledger.views().speaking_of(whom)).transpose()?;
        let mut subjects = ask.subjects();
        subjects.extend(speaking.unwrap_or_default());
        for subject in subjects {
            let mut events = wait_for(history(&**ledger.log(), &subject))?;
            events.retain(is_known);
            facts.extend(ask.answers(&subject, &others::known(&subject, &events), at));
        }
    }
    Ok(facts)
}
