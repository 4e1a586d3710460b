//! The one way from a command to events.

mod record;

pub(crate) use record::area_of;

use crate::command::{Act, Command};
use crate::envelope::Authority;
use crate::event::{Event, Finding, NewEvent};
use crate::id::{Subject, Version};
use crate::identifiers::{Doubt, region_doubt};
use crate::institution::{self, InstitutionCommand};
use crate::laws::Laws;
use crate::obligation::closing;
use crate::others::OtherFact;
use crate::personal;
use crate::practitioner;
use crate::rejection::{Rejection, RejectionKind};
use crate::rulebook::Rulebook;
use crate::state::State;
use crate::time::Instant;
use crate::words;
use crate::words::Term;
use crate::{area, case, enterprise, insured};
use uuid::Uuid;

/// What a decision may look at besides the state and the command. All of it is injected.
#[derive(Clone, Copy, Debug)]
pub struct Context<'a> {
    /// From when the act holds: the command's `effective_at`, or the moment of asking where it names none.
    pub effective_at: Instant,
    /// The law known when it is decided, and all that was known before.
    pub laws: &'a Laws,
    /// The newest version of the stream, whatever its effect; none for a subject never heard of.
    pub version: Option<Version>,
    /// What is known of the stream, in the order of versions, for a command that names one of its events
    /// ([`Act::names_event`]), answers conduct of another day ([`Act::tells_conduct`]) or brings what holds from an earlier
    /// day ([`Act::holds_from`]); may be left empty for others.
    pub history: &'a [Event],
    /// What stands of other subjects, of what the command asks for ([`Act::asks`]), at the same coordinates.
    pub others: &'a [OtherFact],
    /// The event by which the subject's personal data was erased, whatever its effect: see [`crate::personal::fence`].
    pub erased: Option<Version>,
}

impl<'a> Context<'a> {
    /// The rules known when it is decided.
    #[must_use]
    pub fn rulebook(&self) -> &'a Rulebook {
        self.laws.book()
    }

    /// The event of this stream with that id.
    #[must_use]
    pub fn event(&self, id: Uuid) -> Option<&'a Event> {
        self.history.iter().find(|event| event.id == id)
    }
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
    personal::not_fenced(command, context)?;
    if let Some(act) = command.act.personal_act() {
        return personal::decide(command, act, context).map(|event| vec![event]);
    }
    if let Some(act) = record::act_on_record(&command.act) {
        return record::decide(command, act, context).map(|event| vec![event]);
    }
    if let Some(closing) = command.act.closing() {
        return closing::decide(command, closing, context).map(|event| vec![event]);
    }
    let mut decision = match (&command.act, state) {
        (Act::Institution(act), State::Institution(state)) => {
            institution::decide(state, command, act, context)
        }
        (Act::Practitioner(act), State::Practitioner(state)) => {
            practitioner::decide(state, command, act, context)
        }
        (Act::Enterprise(act), State::Enterprise(state)) => enterprise::decide(state, command, act, context),
        (Act::Insured(act), State::Insured(state)) => insured::decide(state, command, act, context),
        (Act::Area(act), State::Area(state)) => area::decide(state, command, act, context),
        (Act::Case(act), State::Case(state)) => case::decide(state, command, act, context),
        (
            Act::Institution(_)
            | Act::Practitioner(_)
            | Act::Enterprise(_)
            | Act::Insured(_)
            | Act::Area(_)
            | Act::Case(_),
            _,
        ) => Err(Rejection::new(
            "wrong-subject",
            words!("the state is of another kind of subject", "主体类型不符"),
        )),
    }?;
    if let Some(first) = decision.first_mut() {
        first.others = context.others.to_vec();
        first.findings.extend(doubts(command, context).map(|doubt| Finding::new(doubt.code(), None)));
    }
    decision.iter_mut().for_each(|event| note_conflicts(event, context.rulebook()));
    Ok(decision)
}

/// A rule that another of equal rank contradicts was read as it is found; that there is another is for people to look at.
fn note_conflicts(event: &mut NewEvent, rulebook: &Rulebook) {
    let against = event.rules.iter().flat_map(|rule| rulebook.conflicts(rule));
    event.findings.extend(against.map(|other| Finding::new("rule-conflict", Some(other))));
}

/// What looks odd about the identifiers that a command brings in: the subject's own when it is first heard of, and a
/// 统一社会信用代码.
fn doubts(command: &Command, context: &Context<'_>) -> impl Iterator<Item = Doubt> {
    // The codes of insured persons and cases have no region.
    let has_region = !matches!(command.subject, Subject::Insured(_) | Subject::Case(_));
    let new = context.version.is_none() && has_region;
    let region = if new { region_doubt(command.subject.region()) } else { None };
    let uscc = match (&command.act, &command.subject) {
        (Act::Institution(InstitutionCommand::Apply(data)), _) => data.uscc,
        (Act::Institution(InstitutionCommand::SignAgreement(data)), _) => data.uscc,
        (_, Subject::Enterprise(own)) if context.version.is_none() => Some(*own),
        _ => None,
    };
    let mut doubts = uscc.map(|uscc| uscc.doubts()).unwrap_or_default();
    doubts.retain(|doubt| Some(*doubt) != region);
    region.into_iter().chain(doubts)
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

/// The refusal of an act on a subject that nothing is recorded of.
#[must_use]
pub fn unknown_subject(subject: &Subject) -> Rejection {
    Rejection::new(
        "unknown-subject",
        words!("nothing is recorded of {subject}", "没有关于 {subject} 的任何记录"),
    )
    .kind(RejectionKind::NotFound)
}

/// Refuses an act by a body that cannot do it.
///
/// # Errors
/// `wrong-authority`, with the bodies that can.
pub fn require_authority(command: &Command, allowed: &[Authority]) -> Result<(), Rejection> {
    let authority = command.envelope.actor.authority;
    if allowed.contains(&authority) {
        return Ok(());
    }
    Err(wrong_authority(command.act.name(), authority, allowed))
}

/// The refusal of an act by a body that cannot do it, with the bodies that can.
pub(crate) fn wrong_authority(name: &'static str, authority: Authority, allowed: &[Authority]) -> Rejection {
    let Term { en: who_en, zh: who_zh } = crate::words::authority(authority);
    let Term { en, zh } = crate::words::act(name).unwrap_or(Term { en: name, zh: name });
    let words = words!("{en} ({name}): not for {who_en} to do", "{zh}（{name}）不由{who_zh}作出");
    Rejection::new("wrong-authority", words).allowed(serde_json::json!({ "authority": allowed }))
}

/// Refuses a period that does not end after it begins.
///
/// # Errors
/// `ends-before-it-begins`, with the first end that would do.
pub(crate) fn ends_after(until: Instant, from: Instant) -> Result<(), Rejection> {
    if from < until {
        return Ok(());
    }
    let words = words!(
        "the period would end on {}, not after its beginning on {}",
        "期间于 {} 截止，不晚于起始时间 {}",
        until.words(),
        from.words()
    );
    Err(Rejection::new("ends-before-it-begins", words).allowed(serde_json::json!({ "after": from })))
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
