//! The one way from a command to events.

use crate::command::{Act, Command};
use crate::event::{Annulment, AnnulmentScope, Correction, Event, EventData, NewEvent};
use crate::id::Version;
use crate::institution::{self, InstitutionCommand};
use crate::practitioner::{self, PractitionerCommand};
use crate::rejection::{Rejection, RejectionKind};
use crate::rulebook::Rulebook;
use crate::state::State;
use crate::time::Instant;
use crate::words;
use uuid::Uuid;

/// What a decision may look at besides the state and the command. All of it is injected.
#[derive(Clone, Copy, Debug)]
pub struct Context<'a> {
    /// From when the act holds: the command's `effective_at`, or the moment of asking where it names none.
    pub effective_at: Instant,
    /// The rules.
    pub rulebook: &'a Rulebook,
    /// The newest version of the stream, whatever its effect; none for a subject never heard of.
    pub version: Option<Version>,
    /// The event that an annulment, correction or other reference names, when it is in this stream.
    pub target: Option<&'a Event>,
}

/// What was decided: at least one event, consequences after their cause.
pub type Decision = Vec<NewEvent>;

/// Decides a command on the state of its subject **as of the command's effective time, with what is known now**.
///
/// # Errors
/// A [`Rejection`] with a stable code, the fact that blocked and the rule that says so.
pub fn decide(state: &State, command: &Command, context: &Context<'_>) -> Result<Decision, Rejection> {
    if let Some(expected) = command.envelope.expected_version
        && context.version != Some(expected)
    {
        return Err(moved_on(expected, context.version));
    }
    match (&command.act, state) {
        (Act::Institution(InstitutionCommand::Annul(data)), State::Institution(_)) => annul(data, context)
            .map(|data| {
                one(context, EventData::Institution(institution::InstitutionEvent::DecisionAnnulled(data)))
            }),
        (Act::Practitioner(PractitionerCommand::Annul(data)), State::Practitioner(_)) => annul(data, context)
            .map(|data| {
                one(context, EventData::Practitioner(practitioner::PractitionerEvent::DecisionAnnulled(data)))
            }),
        (Act::Institution(InstitutionCommand::Correct(data)), State::Institution(_)) => {
            correct(data, context).map(|data| {
                one(context, EventData::Institution(institution::InstitutionEvent::RecordCorrected(data)))
            })
        }
        (Act::Practitioner(PractitionerCommand::Correct(data)), State::Practitioner(_)) => {
            correct(data, context).map(|data| {
                one(context, EventData::Practitioner(practitioner::PractitionerEvent::RecordCorrected(data)))
            })
        }
        (Act::Institution(act), State::Institution(state)) => {
            institution::decide(state, command, act, context)
        }
        (Act::Practitioner(act), State::Practitioner(state)) => {
            practitioner::decide(state, command, act, context)
        }
        (Act::Institution(_), State::Practitioner(_)) | (Act::Practitioner(_), State::Institution(_)) => {
            Err(Rejection::new(
                "wrong-subject",
                words!("the state is of another kind of subject", "主体类型不符"),
            ))
        }
    }
}

fn one(context: &Context<'_>, data: EventData) -> Decision {
    vec![NewEvent::new(context.effective_at, data)]
}

/// The refusal of an act on a stream that moved on from the version the caller had seen.
#[must_use]
pub fn moved_on(expected: Version, actual: Option<Version>) -> Rejection {
    let mut rejection = match actual {
        Some(actual) => Rejection::new(
            "version-conflict",
            words!(
                "version {expected} was expected, the newest is {actual}",
                "预期版本为 {expected}，最新版本为 {actual}"
            ),
        ),
        None => Rejection::new(
            "version-conflict",
            words!(
                "version {expected} was expected, nothing is recorded yet",
                "预期版本为 {expected}，尚无任何记录"
            ),
        ),
    };
    if let Some(actual) = actual {
        rejection.blocked_by = (expected.saturating_add(1)..=actual).take(50).collect();
    }
    rejection.kind(RejectionKind::Conflict)
}

/// The refusal of a reference to an event that this stream does not have.
#[must_use]
pub fn no_such_event(id: Uuid) -> Rejection {
    Rejection::new(
        "no-such-event",
        words!("event {id} is not in this subject's history", "该主体的历史中没有事件 {id}"),
    )
    .kind(RejectionKind::NotFound)
}

fn target<'a>(id: Uuid, context: &Context<'a>) -> Result<&'a Event, Rejection> {
    context.target.filter(|event| event.id == id).ok_or_else(|| no_such_event(id))
}

fn annul(data: &Annulment, context: &Context<'_>) -> Result<Annulment, Rejection> {
    let event = target(data.event, context)?;
    match (data.scope, data.date) {
        (AnnulmentScope::FromDate, None) => Err(Rejection::new(
            "date-missing",
            words!("an annulment from a date must name the date", "自某日起撤销须写明日期"),
        )),
        (AnnulmentScope::FromDate, Some(date)) if date < event.effective_at => Err(Rejection::new(
            "date-before-effect",
            words!(
                "the decision took effect on {}, so it cannot be annulled from {}",
                "该决定自 {} 生效，不能自 {} 起撤销",
                event.effective_at.words(),
                date.words()
            ),
        )
        .blocked_by(event.version)),
        (AnnulmentScope::FromStart, Some(_)) => Err(Rejection::new(
            "date-not-meant",
            words!("an annulment from the start names no date", "自始撤销不写日期"),
        )),
        (AnnulmentScope::FromDate, Some(_)) | (AnnulmentScope::FromStart, None) => Ok(data.clone()),
    }
}

fn correct(data: &Correction, context: &Context<'_>) -> Result<Correction, Rejection> {
    let event = target(data.event, context)?;
    if data.changes.is_empty() {
        return Err(Rejection::new(
            "nothing-to-correct",
            words!("a correction must name at least one change", "更正须至少写明一处改动"),
        ));
    }
    match crate::timeline::correct(event, &data.changes) {
        Ok(_) => Ok(data.clone()),
        Err(why) => Err(Rejection::new(
            "not-correctable",
            words!("the correction does not fit the event: {why}", "更正与事件不符：{why}"),
        )
        .blocked_by(event.version)),
    }
}
