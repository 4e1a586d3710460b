//! Decisions about a case.

use super::{CaseCommand as C, CaseEvent as E};
use crate::command::Command;
use crate::dated::Record;
use crate::decide::{Context, Decision, no_such_event, require_authority, unknown_subject};
use crate::envelope::Authority;
use crate::event::{EventData, NewEvent};
use crate::rejection::Rejection;
use crate::track::{Span, Track, Value};
use crate::words;

/// Decides.
pub(crate) fn decide(
    state: &Record,
    command: &Command,
    act: &C,
    context: &Context<'_>,
) -> Result<Decision, Rejection> {
    let status = state.dated.at(&Track::Case, context.effective_at);
    let facts = match act {
        C::Open(data) => {
            require_authority(command, &[Authority::Bureau, Authority::Agency])?;
            if let Some(span) = status {
                let words = words!("the case is open since {}", "该案已于 {} 立案", span.from.words());
                return Err(Rejection::new("already-open", words).blocked_by(span.cause));
            }
            E::Opened(data.clone())
        }
        C::Close(data) => {
            require_authority(command, &[Authority::Bureau, Authority::Agency])?;
            running(command, context, status)?;
            E::Closed(data.clone())
        }
        // Both act on the record and are decided in crate::decide for every kind of subject.
        C::Annul(data) => return Err(no_such_event(data.event)),
        C::Correct(data) => return Err(no_such_event(data.event)),
    };
    Ok(vec![NewEvent::new(context.effective_at, EventData::Case(facts))])
}

/// Refuses an act on a case that is not open.
fn running(command: &Command, context: &Context<'_>, status: Option<&Span>) -> Result<(), Rejection> {
    match status {
        Some(span) if span.value == Value::Closed => {
            let words = words!("the case was closed on {}", "该案已于 {} 结案", span.from.words());
            Err(Rejection::new("case-closed", words).blocked_by(span.cause))
        }
        Some(_) => Ok(()),
        None if context.version.is_none() => Err(unknown_subject(&command.subject)),
        None => {
            let words =
                words!("the case is not open on {}", "该案在 {} 尚未立案", context.effective_at.words());
            Err(Rejection::new("case-not-open", words))
        }
    }
}
