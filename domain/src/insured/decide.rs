//! Decisions.

use super::{InsuredCommand as C, InsuredEvent as E};
use crate::command::Command;
use crate::credit;
use crate::dated::Record;
use crate::decide::{Context, Decision, no_such_event};
use crate::event::{EventData, NewEvent};
use crate::rejection::Rejection;

/// Decides.
pub(crate) fn decide(
    _state: &Record,
    command: &Command,
    act: &C,
    context: &Context<'_>,
) -> Result<Decision, Rejection> {
    let facts = match act {
        C::RateCredit(data) => E::CreditRated(credit::decide::rate(command, context, data)?),
        // Both act on the record and are decided in crate::decide for every kind of subject.
        C::Annul(data) => return Err(no_such_event(data.event)),
        C::Correct(data) => return Err(no_such_event(data.event)),
    };
    Ok(vec![NewEvent::new(context.effective_at, EventData::Insured(facts))])
}
