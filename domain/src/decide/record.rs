//! Acts on the record itself, the same for every kind of subject: 撤销 and 更正. Nothing is edited: each is an event that
//! names another, and [`crate::timeline`] applies it.

mod clerical;
mod partial;
mod reckoned;
mod superior;

pub(crate) use superior::area_of;

use super::{Context, no_such_event, require_authority, unknown_subject};
use crate::area::AreaEvent;
use crate::case::CaseEvent;
use crate::command::{Act, Command};
use crate::enterprise::EnterpriseEvent;
use crate::envelope::{Authority, Basis, Evidence};
use crate::event::{Annulment, AnnulmentScope, Correction, Event, EventData, NewEvent};
use crate::id::SubjectKind;
use crate::institution::InstitutionEvent;
use crate::insured::InsuredEvent;
use crate::practitioner::PractitionerEvent;
use crate::rejection::Rejection;
use crate::time::Instant;
use crate::timeline::{self, Known};
use crate::words;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

/// An annulment or a correction.
#[derive(Clone, Copy)]
pub(super) enum ActOnRecord<'a> {
    Annul(&'a Annulment),
    Correct(&'a Correction),
}

pub(super) fn act_on_record(act: &Act) -> Option<ActOnRecord<'_>> {
    act.annulment().map(ActOnRecord::Annul).or(act.correction().map(ActOnRecord::Correct))
}

pub(super) fn decide(
    command: &Command,
    act: ActOnRecord<'_>,
    context: &Context<'_>,
) -> Result<NewEvent, Rejection> {
    if context.version.is_none() {
        return Err(unknown_subject(&command.subject));
    }
    let resolved = timeline::resolve(context.history);
    let id = match act {
        ActOnRecord::Annul(data) => data.event,
        ActOnRecord::Correct(data) => data.event,
    };
    let target = resolved.iter().find(|known| known.event.id == id).ok_or_else(|| no_such_event(id))?;
    require_authority(command, &[Authority::Agency, Authority::Bureau, Authority::Court])?;
    if target.event.data.personal_read().is_some() || target.event.data.personal_erased().is_some() {
        let words = words!(
            "that personal data was read or erased can be neither annulled nor corrected",
            "查阅和删除个人信息的记录不得撤销或更正"
        );
        return Err(Rejection::new("not-annullable", words).blocked_by(target.event.version));
    }
    superior::check(command, target, context)?;
    let (facts, found) = match act {
        ActOnRecord::Annul(data) => {
            let mut data = data.clone();
            annul(&data, target, context)?;
            if data.scope == AnnulmentScope::Partial {
                partial::check(&mut data, &target.event)?;
            }
            let found = to_reconsider(&data, target, &resolved);
            (Facts::Annulled(data), found)
        }
        ActOnRecord::Correct(data) => {
            let about = correct(data, target, &resolved, context)?;
            (Facts::Corrected(data.clone()), moves_past(data, about, &resolved))
        }
    };
    let event = NewEvent::new(context.effective_at, facts.of(command.subject.kind()));
    Ok(if found { event.finding("dependents-to-reconsider", None) } else { event })
}

enum Facts {
    Annulled(Annulment),
    Corrected(Correction),
}

impl Facts {
    fn of(self, kind: SubjectKind) -> EventData {
        macro_rules! in_the_words_of {
            ($Kind:ident, $Event:ident) => {
                EventData::$Kind(match self {
                    Self::Annulled(data) => $Event::DecisionAnnulled(data),
                    Self::Corrected(data) => $Event::RecordCorrected(data),
                })
            };
        }
        match kind {
            SubjectKind::Institution => in_the_words_of!(Institution, InstitutionEvent),
            SubjectKind::Practitioner => in_the_words_of!(Practitioner, PractitionerEvent),
            SubjectKind::Enterprise => in_the_words_of!(Enterprise, EnterpriseEvent),
            SubjectKind::Insured => in_the_words_of!(Insured, InsuredEvent),
            SubjectKind::Area => in_the_words_of!(Area, AreaEvent),
            SubjectKind::Case => in_the_words_of!(Case, CaseEvent),
        }
    }
}

fn annul(data: &Annulment, target: &Known<'_>, context: &Context<'_>) -> Result<(), Rejection> {
    let event = &*target.event;
    if data.scope != AnnulmentScope::Partial && !data.changes.is_empty() {
        let words = words!(
            "only a partial annulment changes something; what is annulled whole leaves nothing",
            "只有部分撤销才写明改动；全部撤销无所保留"
        );
        return Err(Rejection::new("changes-not-meant", words)
            .allowed(json!({ "field": "/data/scope", "value": AnnulmentScope::Partial })));
    }
    let reach = match (data.scope, data.date) {
        (AnnulmentScope::Partial, None) if is_on_record(event) => return Err(scope_not_meant(event)),
        (AnnulmentScope::Partial, None) => event.effective_at,
        (AnnulmentScope::Partial, Some(_)) => {
            return Err(Rejection::new(
                "date-not-meant",
                words!(
                    "a partial annulment names no date: what is left holds all the time",
                    "部分撤销不写日期：保留部分始终有效"
                ),
            ));
        }
        (AnnulmentScope::FromStart, None) => Instant::MIN,
        (AnnulmentScope::FromDate, Some(date)) => date,
        (AnnulmentScope::FromDate, None) => {
            return Err(Rejection::new(
                "date-missing",
                words!("an annulment from a date must name the date", "自某日起撤销须写明日期"),
            ));
        }
        (AnnulmentScope::FromStart, Some(_)) => {
            return Err(Rejection::new(
                "date-not-meant",
                words!("an annulment from the start names no date", "自始撤销不写日期"),
            ));
        }
    };
    if target.void_from <= reach {
        return Err(already_annulled(event, context));
    }
    if reach == Instant::MIN {
        return Ok(());
    }
    if is_on_record(event) {
        return Err(scope_not_meant(event));
    }
    if reach < event.effective_at {
        let words = words!(
            "the decision took effect on {0}, so it cannot be annulled from {1}",
            "该决定自 {0} 生效，不能自 {1} 起撤销",
            event.effective_at.words(),
            reach.words()
        );
        return Err(Rejection::new("date-before-effect", words)
            .blocked_by(event.version)
            .allowed(json!({ "field": "/data/date", "min": event.effective_at })));
    }
    Ok(())
}

fn scope_not_meant(event: &Event) -> Rejection {
    let words = words!(
        "an annulment or a correction is annulled from the start or not at all",
        "对撤销或更正的撤销只能自始生效"
    );
    Rejection::new("scope-not-meant", words)
        .blocked_by(event.version)
        .allowed(json!({ "field": "/data/scope", "value": AnnulmentScope::FromStart }))
}

fn is_on_record(event: &Event) -> bool {
    event.data.annulment().is_some() || event.data.correction().is_some()
}

fn already_annulled(event: &Event, context: &Context<'_>) -> Rejection {
    let words = words!("event {0} is annulled already", "事件 {0} 已被撤销", event.id);
    let mut rejection = Rejection::new("already-annulled", words);
    rejection.blocked_by = context
        .history
        .iter()
        .filter(|known| known.data.annulment().is_some_and(|annulment| annulment.event == event.id))
        .map(|known| known.version)
        .collect();
    rejection
}

/// Whether something hangs on the decision annulled: a consequence that stays, or a later act that was decided while it
/// stood.
fn to_reconsider(data: &Annulment, target: &Known<'_>, resolved: &[Known<'_>]) -> bool {
    let event = &*target.event;
    if is_on_record(event) {
        return false;
    }
    let order = |event: &Event| (event.effective_at, event.position);
    resolved.iter().any(|other| {
        let consequence = other.event.caused_by == Some(event.version);
        let later = order(event) < order(&other.event) && !is_on_record(&other.event);
        let goes_too = consequence && data.consequences == Some(true);
        other.void_from == Instant::MAX && (consequence || later) && !goes_too
    })
}

/// Whether a correction moves an event past an act that stands: that was decided on another order of what had happened.
fn moves_past(data: &Correction, about: &Known<'_>, resolved: &[Known<'_>]) -> bool {
    let Some(to) = timeline::moved_to(&data.changes) else { return false };
    let stands = |other: &&Known<'_>| other.void_from == Instant::MAX && !is_on_record(&other.event);
    resolved.iter().filter(stands).any(|other| timeline::passes(&about.event, to, &other.event))
}

/// A correction of a correction takes its place: both are about the same event, which is the answer.
fn correct<'k, 'e>(
    data: &Correction,
    target: &'k Known<'e>,
    resolved: &'k [Known<'e>],
    context: &Context<'_>,
) -> Result<&'k Known<'e>, Rejection> {
    if target.void_from == Instant::MIN {
        return Err(already_annulled(&target.event, context));
    }
    if let Some(first) = target.event.data.correction() {
        if first.changes == data.changes {
            return Err(nothing_to_correct(&target.event));
        }
        let about = timeline::changed_event(context.history, &target.event);
        let about = about.and_then(|about| resolved.iter().find(|known| known.event.id == about.id));
        let about = about.ok_or_else(|| no_such_event(first.event))?;
        correct_facts(data, about, resolved, context, false)?;
        return Ok(about);
    }
    correct_facts(data, target, resolved, context, true)?;
    Ok(target)
}

fn correct_facts(
    data: &Correction,
    target: &Known<'_>,
    resolved: &[Known<'_>],
    context: &Context<'_>,
    must_change: bool,
) -> Result<(), Rejection> {
    let event = &*target.event;
    if target.void_from == Instant::MIN {
        return Err(already_annulled(event, context));
    }
    for (pointer, value) in &data.changes {
        check_place(event, pointer, value)?;
    }
    let corrected = timeline::correct(event, &data.changes).map_err(|why| {
        let words = words!("the correction does not fit the event: {why}", "更正与事件不符：{why}");
        Rejection::new("not-correctable", words).blocked_by(event.version)
    })?;
    // What stands beside the facts (the basis, the reason) is not read back here, so a change there is taken as one.
    let touches_facts = |pointer: &String| pointer.starts_with("/data/") || pointer == "/effective_at";
    if must_change && corrected == *event && data.changes.keys().all(touches_facts) {
        return Err(nothing_to_correct(event));
    }
    reckoned::check(data, event, resolved, context)
}

fn nothing_to_correct(event: &Event) -> Rejection {
    let words = words!("the correction changes nothing", "更正未改动任何内容");
    Rejection::new("nothing-to-correct", words).blocked_by(event.version)
}

/// A correction is clerical: it may touch what describes a decision, never what was decided.
fn check_place(event: &Event, pointer: &str, value: &Value) -> Result<(), Rejection> {
    let fits = match pointer {
        "/effective_at" | "/decided_at" => read::<Instant>(value),
        "/reason" | "/case" => read::<Box<str>>(value),
        "/basis" => read::<Vec<Basis>>(value),
        "/evidence" => read::<Vec<Evidence>>(value),
        _ => return check_fact(event, pointer),
    };
    fits.map_err(|why| {
        let words = words!("{pointer}: {why}", "{pointer}：{why}");
        Rejection::new("not-correctable", words).blocked_by(event.version)
    })
}

fn read<T: DeserializeOwned>(value: &Value) -> Result<(), String> {
    serde_json::from_value::<T>(value.clone()).map(|_| ()).map_err(|error| error.to_string())
}

fn check_fact(event: &Event, pointer: &str) -> Result<(), Rejection> {
    let clerical = clerical::fields(&event.data);
    let field = pointer.strip_prefix("/data/").map(|rest| rest.split('/').next().unwrap_or(rest));
    if field.is_some_and(|field| clerical.contains(&field)) {
        return Ok(());
    }
    let kind = event.data.event_type();
    let mut places: Vec<String> =
        ["/effective_at", "/decided_at", "/reason", "/case", "/basis", "/evidence"].map(str::to_owned).into();
    places.extend(clerical.iter().map(|field| format!("/data/{field}")));
    let words = words!(
        "{pointer} of {kind} is not clerical: what was decided is annulled and decided anew, not corrected",
        "{kind} 的 {pointer} 不属于笔误更正范围：决定内容须撤销后重新作出，不得更正"
    );
    Err(Rejection::new("decision-field", words)
        .blocked_by(event.version)
        .allowed(json!({ "field": "/data/changes", "pointers": places })))
}

#[cfg(test)]
mod tests;
