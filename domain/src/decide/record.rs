//! Acts on the record itself, the same for every kind of subject: 撤销 and 更正. Nothing is edited: each is an event that
//! names another, and [`crate::timeline`] applies it.

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
    let (facts, found) = match act {
        ActOnRecord::Annul(data) => {
            require_authority(command, &[Authority::Agency, Authority::Bureau, Authority::Court])?;
            annul(data, target, context)?;
            (Facts::Annulled(data.clone()), to_reconsider(data, target, &resolved))
        }
        ActOnRecord::Correct(data) => {
            require_authority(command, &[Authority::Agency, Authority::Bureau, Authority::Court])?;
            correct(data, target, context)?;
            (Facts::Corrected(data.clone()), false)
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
    let reach = match (data.scope, data.date) {
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
        let words = words!(
            "an annulment or a correction is annulled from the start or not at all",
            "对撤销或更正的撤销只能自始生效"
        );
        return Err(Rejection::new("scope-not-meant", words)
            .blocked_by(event.version)
            .allowed(json!({ "field": "/data/scope", "value": AnnulmentScope::FromStart })));
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

fn correct(data: &Correction, target: &Known<'_>, context: &Context<'_>) -> Result<(), Rejection> {
    let event = &*target.event;
    if target.void_from == Instant::MIN {
        return Err(already_annulled(event, context));
    }
    if let Some(first) = event.data.correction() {
        let words = words!(
            "a correction is not corrected: correct the event itself again, the later word stands, or annul the \
             correction",
            "更正本身不作更正：请再次更正原事件（以后者为准），或撤销该更正"
        );
        return Err(Rejection::new("correct-the-original", words)
            .blocked_by(event.version)
            .allowed(json!({ "field": "/data/event", "value": first.event })));
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
    if corrected == *event && data.changes.keys().all(touches_facts) {
        let words = words!("the correction changes nothing", "更正未改动任何内容");
        return Err(Rejection::new("nothing-to-correct", words).blocked_by(event.version));
    }
    Ok(())
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
    let clerical = clerical_fields(&event.data);
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

/// The facts that only describe: names, numbers, notes. Everything else is what was decided.
fn clerical_fields(data: &EventData) -> &'static [&'static str] {
    match data {
        EventData::Institution(event) => institution_clerical(event),
        EventData::Practitioner(event) => practitioner_clerical(event),
        EventData::Enterprise(event) => crate::enterprise::clerical(event),
        EventData::Insured(event) => crate::insured::clerical(event),
        EventData::Area(event) => crate::area::clerical(event),
        EventData::Case(event) => crate::case::clerical(event),
    }
}

fn institution_clerical(event: &InstitutionEvent) -> &'static [&'static str] {
    use InstitutionEvent as E;
    match event {
        E::Applied(_) => &[
            "beds",
            "commitments",
            "controllers",
            "legal_representative",
            "level",
            "name",
            "opened_on",
            "ownership",
            "pharmacists",
            "physicians",
            "principal",
            "technicians",
            "tests_offered",
            "uscc",
        ],
        E::ApplicationReturned(_) => &["missing"],
        E::Evaluated(_) => &["findings", "score"],
        E::Refused(_) => &["grounds"],
        E::AgreementSigned(_) => &["name", "number", "ownership", "template", "uscc"],
        E::ProbationExtended(_) => &["violation"],
        E::AgreementRenewed(_) => &["number"],
        E::RenewalRefused(_)
        | E::AgreementSuspended(_)
        | E::AgreementTerminated(_)
        | E::SettlementHeld(_) => &["ground"],
        E::RectificationOrdered(_) => &["problems"],
        E::RectificationAccepted(_)
        | E::RectificationFailed(_)
        | E::PaymentDenied(_)
        | E::FundsRecovered(_)
        | E::LiquidatedDamagesCharged(_)
        | E::FineImposed(_)
        | E::CoefficientAdjusted(_)
        | E::Prepaid(_) => &["note"],
        E::InterviewHeld(_) | E::Warned(_) | E::Circulated(_) | E::CasePublicised(_) => {
            &["note", "recipient"]
        }
        E::InspectionRecorded(_) => &["findings", "inspection", "note"],
        E::RecordsDemanded(_) => &["what"],
        E::DetailsChanged(_) => &["approved_on", "from", "to", "what"],
        E::Referred(_) | E::Reported(_) => &["note", "to"],
        E::ApplicationAccepted(_)
        | E::PublicNoticeGiven(_)
        | E::BarRaised(_)
        | E::ProbationStarted(_)
        | E::ProbationPassed(_)
        | E::AgreementLapsed(_)
        | E::SuspensionRequested(_)
        | E::AgreementResumed(_)
        | E::AgreementWithdrawn(_)
        | E::LiabilitySettled(_)
        | E::SettlementReleased(_)
        | E::DepartmentOrdered(_)
        | E::DepartmentOrderLifted(_)
        | E::CrossRegionOpened(_)
        | E::CrossRegionClosed(_)
        | E::RecordsProvided(_)
        | E::ChangeFiled(_)
        | E::DecisionAnnulled(_)
        | E::RecordCorrected(_) => &[],
    }
}

fn practitioner_clerical(event: &PractitionerEvent) -> &'static [&'static str] {
    use PractitionerEvent as E;
    match event {
        E::Registered(_) => &["category", "certificate", "commitment_signed", "name"],
        E::DetailsChanged(_) => &["from", "to", "what"],
        E::PointsDeducted(_) => &["act_from", "act_to", "departure_reason", "measure"],
        E::PointsRepaired(_) => &["activity"],
        E::QualificationSuspended(_) | E::QualificationTerminated(_) => &["ground"],
        E::QualificationRestored(_) | E::InterviewHeld(_) => &["note"],
        E::Referred(_) => &["note", "to"],
        E::SiteAdded(_)
        | E::SiteRemoved(_)
        | E::Reregistered(_)
        | E::ManagerBanned(_)
        | E::DecisionAnnulled(_)
        | E::RecordCorrected(_) => &[],
    }
}

#[cfg(test)]
mod tests;
