//! 登记备案: registering, sites, and coming back after a termination.

use super::{Case, PractitionerEvent};
use crate::decide::Decision;
use crate::event::NewEvent;
use crate::id::{AreaCode, InstitutionCode};
use crate::practitioner::facts::{PersonChange, Registration, SiteAct, SiteJoined};
use crate::practitioner::state::Termination;
use crate::rejection::Rejection;
use crate::track::BarClass;
use crate::words;
use serde_json::json;

pub(super) fn register(case: &Case<'_>, data: &Registration) -> Result<Decision, Rejection> {
    if let Some(termination) = case.state.terminated(case.at) {
        return Err(still_terminated(case, termination));
    }
    not_there_yet(case, data.institution)?;
    let area = data.area.or_else(|| data.institution.region());
    let event = case.event(PractitionerEvent::Registered(data.clone()));
    Ok(vec![committed_first(case, event, area, data.commitment_signed)?])
}

/// Whoever is registered anew at a site has signed the commitment before, where the area asks for it (row J-05).
fn committed_first(
    case: &Case<'_>,
    event: NewEvent,
    area: Option<AreaCode>,
    signed: Option<bool>,
) -> Result<NewEvent, Rejection> {
    let law = case.law(case.at, area);
    let Some(rule) = law.yes("practitioner.register.commitment_first") else { return Ok(event) };
    if signed == Some(true) {
        return Ok(event.rule(rule));
    }
    let words = words!(
        "in this area the service commitment (服务承诺) is signed before registration",
        "本地区须先签署服务承诺方可登记备案"
    );
    let book = case.context.rulebook();
    let mut rejection =
        Rejection::new("commitment-missing", words).allowed(json!({ "commitment_signed": true }));
    rejection.rule = book.by_id(rule).map(|rule| book.citation(rule));
    Err(rejection)
}

pub(super) fn add_site(case: &Case<'_>, data: &SiteJoined) -> Result<Decision, Rejection> {
    if let Some(termination) = case.state.terminated(case.at) {
        return Err(still_terminated(case, termination));
    }
    not_there_yet(case, data.institution)?;
    let event = case.event(PractitionerEvent::SiteAdded(data.clone()));
    let mut event = committed_first(case, event, data.institution.region(), data.commitment_signed)?;
    if !case.registered() {
        event = event.finding("not-registered", None);
    }
    Ok(vec![event])
}

pub(super) fn remove_site(case: &Case<'_>, data: &SiteAct) -> Result<Decision, Rejection> {
    if case.site(data.institution).is_some() {
        return Ok(case.record(PractitionerEvent::SiteRemoved(data.clone())));
    }
    let sites: Vec<_> = case
        .state
        .sites
        .iter()
        .filter(|site| site.from <= case.at && case.at < site.until)
        .map(|site| site.institution)
        .collect();
    let words =
        words!("not registered at {} on {}", "{1} 未在 {0} 登记备案", data.institution, case.at.words());
    Err(Rejection::new("not-registered-there", words).allowed(json!({ "institutions": sites })))
}

/// Only after the bar; a new registration, the history stays (row R-356).
pub(super) fn reregister(case: &Case<'_>, data: &SiteJoined) -> Result<Decision, Rejection> {
    let Some(termination) = case.state.terminated(case.at) else {
        let words = words!(
            "the qualification is not terminated on {}; a first registration is `practitioner.register`",
            "{} 医保支付资格并未终止；首次登记备案请用 `practitioner.register`",
            case.at.words()
        );
        return Err(Rejection::new("not-terminated", words));
    };
    let mut standing =
        case.state.terminations().iter().filter(|t| t.at <= case.at && t.reregistered.is_none());
    if let Some(barring) = standing.find(|t| t.barred_until.bounded().is_some_and(|until| case.at < until)) {
        return Err(still_terminated(case, barring));
    }
    let event = case.event(PractitionerEvent::Reregistered(data.clone()));
    let mut event = committed_first(case, event, data.institution.region(), data.commitment_signed)?;
    if termination.barred_until.bounded().is_none() {
        event = event.finding("bar-end-unknown", None);
    }
    Ok(vec![event])
}

pub(super) fn change_details(case: &Case<'_>, data: &PersonChange) -> Result<Decision, Rejection> {
    let mut event = case.event(PractitionerEvent::DetailsChanged(data.clone()));
    if &*data.what == "name"
        && let (Some(from), Some(known)) = (&data.from, &case.state.name)
        && from != known
    {
        event = event.finding("differs-from-record", None);
    }
    Ok(vec![event])
}

fn not_there_yet(case: &Case<'_>, institution: InstitutionCode) -> Result<(), Rejection> {
    match case.site(institution) {
        None => Ok(()),
        Some(cause) => Err(Rejection::new(
            "already-registered",
            words!("already registered at {institution}", "已在 {institution} 登记备案"),
        )
        .blocked_by(cause)),
    }
}

/// Refused because of a termination: while the bar runs, and afterwards by the wrong act.
fn still_terminated(case: &Case<'_>, termination: &Termination) -> Rejection {
    let rejection = match termination.barred_until.bounded() {
        Some(until) if case.at < until => Rejection::new(
            "barred",
            words!(
                "terminated on {}; registering again is barred until {}",
                "{} 终止医保支付资格，{} 前不得再次登记备案",
                termination.at.words(),
                until.words()
            ),
        )
        .allowed(json!({ "from": until })),
        Some(_) | None => Rejection::new(
            "terminated",
            words!(
                "terminated on {}; coming back is `practitioner.reregister`",
                "{} 终止医保支付资格；重新登记备案请用 `practitioner.reregister`",
                termination.at.words()
            ),
        ),
    };
    let mut rejection = rejection.blocked_by(termination.cause);
    let param = match termination.class {
        BarClass::PointsAccumulated => Some("practitioner.bar.years.accumulated"),
        BarClass::PointsSingle => Some("practitioner.bar.years.single"),
        BarClass::Illegality
        | BarClass::Breach
        | BarClass::FraudInApplication
        | BarClass::EvaluationFailed
        | BarClass::Terminated2018
        | BarClass::Decision => None,
    };
    let law = case.law(termination.at, termination.area);
    rejection.rule = param.and_then(|param| law.number(param)).map(|cited| cited.citation);
    rejection
}
