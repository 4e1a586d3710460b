//! `GET /v1/check`: what is not as the rules have it.

use super::app::{App, At, from_replay, json};
use super::cursor::unreadable;
use super::paging::{Paging, link_next};
use super::problem::Problem;
use super::query::Query;
use crate::answers::check::breach_kind;
use crate::answers::{Breach, Coordinates, gather};
use crate::limits::SUBJECTS_LOOKED_AT_MAX;
use accord_domain::compliance::{Asked, BreachKind, LATE_DAYS_DEFAULT};
use accord_domain::{AreaCode, Laws, Subject, words};
use accord_replay::{CheckPage, Checking, Mark, ReplayError, check_page, check_subject_page};
use axum::extract::State;
use axum::response::Response;
use serde::Serialize;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

pub(crate) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(check))
}

#[derive(Serialize)]
struct List {
    coordinates: Coordinates,
    items: Vec<Breach>,
    next_cursor: Option<String>,
}

/// What is not as the rules have it
///
/// What was called for by `as_of` and not done or not decided, done late, without basis, out of range, by the wrong body, or
/// not as the law of its day has it, as known at `known_at`; and what was recorded late. Computed from the log alone, subject
/// by subject in the order in which they were first heard of. Where little is found a page is short: go on with
/// `next_cursor` until it is null.
#[utoipa::path(
    get,
    path = "/v1/check",
    tag = "Read",
    params(
        ("subject" = Option<String>, Query, description = "Code of a subject; the whole ledger when left out.", example = "P43050300012"),
        ("area" = Option<String>, Query, description = "Only what is of this pooling area.", example = "430500"),
        ("kind" = Option<String>, Query, description = "Kinds, separated by commas: `not-done not-decided outstanding done-late without-basis step-left-out out-of-range wrong-authority against-rule recorded-late to-examine`.", example = "not-done,done-late"),
        ("late_days" = Option<String>, Query, description = "Recorded late is what was recorded more than so many days after it took effect; 1 when left out.", example = "30"),
    ),
    responses((status = 200, body = ref("#/components/schemas/Breaches"), description = "A page."))
)]
pub(crate) async fn check(State(app): State<App>, mut query: Query) -> Result<Response, Problem> {
    let subject = query.read("subject", Subject::parse)?;
    let area = query.area()?;
    let kinds = query.read("kind", |text| {
        text.split(',').map(|word| breach_kind(word.trim())).collect::<Result<Vec<BreachKind>, _>>().map_err(
            |known| {
                words!("not a kind among {text:?}; {known}", "{text:?} 中有无法识别的类别；可用：{known}")
            },
        )
    })?;
    let late_days = query.read("late_days", |text| {
        let days: Option<u32> = text.parse().ok();
        days.ok_or_else(|| {
            words!("{text:?} is not a number of days such as 30", "{text:?} 不是天数（例如 30）")
        })
    })?;
    let at = At::read(&mut query)?;
    let paging = Paging::read(&mut query, "check")?;
    query.finish()?;
    let coordinates = paging.pin(at, |at| app.coordinates(at)).await?;
    let from = paging.after().map_or(Ok(Mark::default()), mark)?;
    if let Some(subject) = &subject {
        gather::must_be_known(app.log(), subject, coordinates.known_at).await?;
    }
    let asked = Question {
        subject,
        area,
        kinds: kinds.unwrap_or_default(),
        late_days: late_days.unwrap_or(LATE_DAYS_DEFAULT),
        coordinates,
    };
    let (worker, limit) = (app.clone(), paging.limit);
    // Judging many acts takes a while: away from the threads that serve others.
    let answered = tokio::task::spawn_blocking(move || {
        let laws = worker.ledger().laws().known_at(coordinates.known_at);
        let page = asked.page(&worker, &laws, from, limit).map_err(|error| from_replay(&error))?;
        let mut items = Vec::new();
        for found in &page.found {
            items.extend(Breach::all(found, laws.book())?);
        }
        Ok::<_, Problem>((items, page.next))
    });
    let (items, next) = answered.await.map_err(|_| Problem::internal())??;
    let next_cursor = next.map(|mark| paging.next(format!("{}.{}", mark.position, mark.told), coordinates));
    let link = next_cursor.as_deref().map(|cursor| query.with("cursor", cursor));
    Ok(link_next(json(&List { coordinates, items, next_cursor }), "/v1/check", link.as_deref()))
}

struct Question {
    subject: Option<Subject>,
    area: Option<AreaCode>,
    kinds: Vec<BreachKind>,
    late_days: u32,
    coordinates: Coordinates,
}

impl Question {
    fn page(self, app: &App, laws: &Laws, from: Mark, limit: usize) -> Result<CheckPage, ReplayError> {
        let checking = Checking {
            asked: Asked {
                as_of: self.coordinates.as_of,
                known_at: self.coordinates.known_at,
                late_days: self.late_days,
                laws,
            },
            known_at: self.coordinates.known_at,
            area: self.area,
            kinds: self.kinds,
        };
        match self.subject {
            Some(subject) => check_subject_page(app.log(), subject, &checking, from, limit),
            None => check_page(app.log(), &checking, from, limit, SUBJECTS_LOOKED_AT_MAX),
        }
    }
}

/// Where the page before ended.
fn mark(text: &str) -> Result<Mark, Problem> {
    let read = || {
        let (position, told) = text.split_once('.')?;
        Some(Mark { position: position.parse().ok()?, told: told.parse().ok()? })
    };
    read().ok_or_else(unreadable)
}
