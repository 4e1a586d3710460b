//! Decisions.

use super::{InsuredCommand as C, InsuredEvent as E};
use crate::command::Command;
use crate::credit::decide::{Asked, Noted};
use crate::dated::Record;
use crate::decide::{Context, Decision, no_such_event, unknown_subject};
use crate::event::EventData;
use crate::rejection::Rejection;

/// Decides.
pub(crate) fn decide(
    state: &Record,
    command: &Command,
    act: &C,
    context: &Context<'_>,
) -> Result<Decision, Rejection> {
    let asked = Asked { dated: &state.dated, command, context };
    let comes_first =
        matches!(act, C::RateCredit(_) | C::Commit(_) | C::Discipline(_) | C::SuspendOnlineSettlement(_));
    if context.version.is_none() && !comes_first {
        return Err(unknown_subject(&command.subject));
    }
    let event = match act {
        C::RateCredit(data) => told(asked, asked.rate(data)?, E::CreditRated),
        C::Commit(data) => told(asked, asked.commit(data)?, E::Committed),
        C::Discipline(data) => told(asked, asked.discipline(data)?, E::Disciplined),
        C::LiftDiscipline(data) => told(asked, asked.lift_discipline(data)?, E::DisciplineLifted),
        C::RepairCredit(data) => told(asked, asked.repair(data)?, E::CreditRepaired),
        C::SuspendOnlineSettlement(data) => {
            told(asked, asked.suspend_online(data)?, E::OnlineSettlementSuspended)
        }
        C::ResumeOnlineSettlement(data) => {
            told(asked, asked.resume_online(data)?, E::OnlineSettlementResumed)
        }
        C::Object(data) => told(asked, asked.object(data)?, E::Objected),
        C::DecideObjection(data) => told(asked, asked.decide_objection(data)?, E::ObjectionDecided),
        // Decided in crate::decide for every kind of subject alike.
        C::Annul(data) => return Err(no_such_event(data.event)),
        C::Correct(data) => return Err(no_such_event(data.event)),
        C::CloseObligation(data) => return Err(no_such_event(data.event)),
        C::ReadPersonalData(_) | C::ErasePersonalData(_) => return Ok(Vec::new()),
    };
    Ok(vec![event])
}

fn told<T>(asked: Asked<'_>, noted: Noted<T>, facts: fn(T) -> E) -> crate::event::NewEvent {
    noted.event(asked.at(), |data| EventData::Insured(facts(data)))
}
