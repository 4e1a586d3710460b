//! The record that an obligation is over: for what no act of the vocabulary answers (the list was published) and for what was
//! decided not to do. One command and one event, the same for every kind of subject.

use super::docket::Docket;
use super::{Ending, Entry, ObligationKind};
use crate::area::AreaEvent;
use crate::case::CaseEvent;
use crate::command::Command;
use crate::decide::{Context, no_such_event, require_authority, unknown_subject};
use crate::enterprise::EnterpriseEvent;
use crate::envelope::Authority::{Agency, Bureau};
use crate::event::{Event, EventData, NewEvent};
use crate::id::{SubjectKind, Version};
use crate::institution::InstitutionEvent;
use crate::institution::facts::{Text, facts};
use crate::insured::InsuredEvent;
use crate::practitioner::PractitionerEvent;
use crate::rejection::Rejection;
use crate::words;
use crate::words::Term;
use serde::{Deserialize, Serialize};
use serde_json::json;
use uuid::Uuid;

/// What came of an obligation.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ClosingOutcome {
    /// It was done; a review, that it was held, whatever it decided.
    Done,
    /// It is not called for.
    NotCalledFor,
}

facts! {
    /// An obligation is over.
    ObligationClosing {
        /// The event of the same stream that raised it.
        event: Uuid,
        /// What was due.
        obligation: ObligationKind,
        /// What came of it.
        outcome: ClosingOutcome,
        /// Why; never left out where a person judged: what is not called for, and every review.
        ? reason: Text,
    }
}

/// Decides it: only what is on the worklist at that time can be closed, once, by those whose worklist it is.
pub(crate) fn decide(
    command: &Command,
    data: &ObligationClosing,
    context: &Context<'_>,
) -> Result<NewEvent, Rejection> {
    if context.version.is_none() {
        return Err(unknown_subject(&command.subject));
    }
    require_authority(command, &[Agency, Bureau])?;
    let raised_by = context.event(data.event).ok_or_else(|| no_such_event(data.event))?;
    let at = context.effective_at;
    // By whatever calendar it is due: it is called for, or was when the command was written.
    let docket = super::whole(&command.subject, context.history, context.laws);
    let mut open: Vec<Entry> = docket.entries().cloned().collect();
    open.sort_unstable();
    open.retain(|entry| entry.kind.on_worklist() && entry.from <= at && at < entry.until);
    if !open.iter().any(|entry| entry.raised_by == raised_by.version && entry.kind == data.obligation) {
        return Err(not_open(data, raised_by.version, &open, context));
    }
    let judged = data.outcome == ClosingOutcome::NotCalledFor || data.obligation.is_review();
    if judged && data.reason.as_deref().is_none_or(|reason| reason.trim().is_empty()) {
        let words = words!(
            "what is not called for, and a review, is closed with a reason",
            "认定无需办理的事项以及复核事项，须写明理由"
        );
        return Err(Rejection::new("reason-missing", words).allowed(json!({ "field": "/data/reason" })));
    }
    Ok(NewEvent::new(at, facts_of(command.subject.kind(), data.clone())))
}

fn not_open(data: &ObligationClosing, version: Version, open: &[Entry], context: &Context<'_>) -> Rejection {
    let (day, event) = (context.effective_at.words(), data.event);
    let Term { en, zh } = data.obligation.term();
    let words = words!(
        "nothing of this kind that event {event} raised is open on {day}: {en}",
        "{day} 没有因事件 {event} 产生且尚未了结的该类事项：{zh}"
    );
    let id = |entry: &Entry| {
        context.history.iter().find(|event| event.version == entry.raised_by).map(|event| event.id)
    };
    let mut list: Vec<_> = open.iter().map(|entry| (id(entry), entry.kind)).collect();
    list.dedup();
    let list: Vec<_> =
        list.into_iter().map(|(event, kind)| json!({ "event": event, "obligation": kind })).collect();
    Rejection::new("obligation-not-open", words).blocked_by(version).allowed(json!({ "open": list }))
}

/// The event, in the words of a kind of subject.
fn facts_of(kind: SubjectKind, data: ObligationClosing) -> EventData {
    match kind {
        SubjectKind::Institution => EventData::Institution(InstitutionEvent::ObligationClosed(data)),
        SubjectKind::Practitioner => EventData::Practitioner(PractitionerEvent::ObligationClosed(data)),
        SubjectKind::Enterprise => EventData::Enterprise(EnterpriseEvent::ObligationClosed(data)),
        SubjectKind::Insured => EventData::Insured(InsuredEvent::ObligationClosed(data)),
        SubjectKind::Area => EventData::Area(AreaEvent::ObligationClosed(data)),
        SubjectKind::Case => EventData::Case(CaseEvent::ObligationClosed(data)),
    }
}

/// Ends what an event closes: of several alike that one event raised, all that are called for by then.
pub(super) fn take(docket: &mut Docket, event: &Event, data: &ObligationClosing) {
    let ending = match data.outcome {
        ClosingOutcome::Done => Ending::Met(event.version),
        ClosingOutcome::NotCalledFor => Ending::Dropped(event.version),
    };
    let at = event.effective_at;
    docket.end_named(at, ending, |entry, id| {
        id == data.event && entry.kind == data.obligation && entry.kind.on_worklist() && entry.from <= at
    });
}
