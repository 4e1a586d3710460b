//! `GET /v1/{institutions|practitioners}/{code}/diff` and `GET /v1/diff`: what changed between two pairs of coordinates, and
//! why, of a subject, an area or the whole ledger.

use super::app::{App, At, from_replay, json, subject};
use super::cursor::unreadable;
use super::paging::{Paging, link_next};
use super::problem::Problem;
use super::query::Query;
use crate::answers::{Asked, Coordinates, Diff, gather};
use crate::limits::SUBJECTS_LOOKED_AT_MAX;
use accord_domain::{Instant, SubjectKind};
use accord_replay::{Between, PageSize, diff_page, differs};
use axum::extract::{Path, State};
use axum::response::Response;
use serde::Serialize;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

pub(crate) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(institution)).routes(routes!(practitioner)).routes(routes!(many))
}

#[derive(Serialize)]
struct List {
    coordinates: Coordinates,
    items: Vec<Diff>,
    next_cursor: Option<String>,
}

/// What changed in an area or the whole ledger
///
/// As for an institution, of every subject of which anything did, in the order in which they were first heard of. Where
/// little did a page is short: go on with `next_cursor` until it is null. With the same day twice and an earlier
/// `known_from` it tells all that was learnt since.
#[utoipa::path(
    get,
    path = "/v1/diff",
    tag = "Read",
    params(
        ("from" = String, Query, description = "The first day (生效).", example = "2025-01-01"),
        ("known_from" = Option<String>, Query, description = "What was known at the first (记录); as `known_at` when left out.", example = "2025-08-20T09:00:00+08:00"),
        ("area" = Option<String>, Query, description = "Only what is of this pooling area.", example = "430500"),
    ),
    responses((status = 200, body = ref("#/components/schemas/Diffs"), description = "A page."))
)]
pub(crate) async fn many(State(app): State<App>, mut query: Query) -> Result<Response, Problem> {
    let at = At::read(&mut query)?;
    let (first, known_from) = first(&mut query)?;
    let area = query.area()?;
    let paging = Paging::read(&mut query, "diff")?;
    query.finish()?;
    let to = paging.pin(at, |at| app.coordinates(at)).await?;
    let (from, between) = between(&app, first, known_from, to).await?;
    let begin = position_after(&paging)?;
    let (worker, size) = (app.clone(), looked_at(paging.limit));
    let laws = app.ledger().laws();
    let found = tokio::task::spawn_blocking(move || {
        let page =
            diff_page(worker.log(), between, area, begin, size).map_err(|error| from_replay(&error))?;
        let items = page
            .found
            .iter()
            .map(|found| Diff::of(found, from, to, laws.book()))
            .collect::<Result<Vec<_>, _>>()?;
        Ok::<_, Problem>((items, page.next))
    });
    let (items, next) = found.await.map_err(|_| Problem::internal())??;
    let next_cursor = next.map(|position| paging.next(position.to_string(), to));
    let link = next_cursor.as_deref().map(|cursor| query.with("cursor", cursor));
    Ok(link_next(json(&List { coordinates: to, items, next_cursor }), "/v1/diff", link.as_deref()))
}

/// How much is told and looked at for a page of so many subjects.
pub(super) const fn looked_at(limit: usize) -> PageSize {
    PageSize { told_max: limit, looked_max: SUBJECTS_LOOKED_AT_MAX }
}

/// From which position a page over the whole ledger goes on.
pub(super) fn position_after(paging: &Paging) -> Result<u64, Problem> {
    paging.after().map_or(Ok(0), |text| text.parse().map_err(|_| unreadable()))
}

/// The first day, and what was known at it.
fn first(query: &mut Query) -> Result<(Instant, Option<Instant>), Problem> {
    let first = query.instant("from")?;
    let known_from = query.instant("known_from")?;
    let first = first.ok_or_else(|| super::query::invalid("from", "it is missing", "缺少该参数"))?;
    Ok((first, known_from))
}

/// Where the first coordinates are, and the way from them to the second.
async fn between(
    app: &App,
    first: Instant,
    known_from: Option<Instant>,
    to: Coordinates,
) -> Result<(Coordinates, Between), Problem> {
    let asked = Asked { as_of: Some(first), known_at: Some(known_from.unwrap_or(to.known_at)) };
    let from = app.place(asked).await?;
    let between =
        Between { from: from.as_of, to: to.as_of, known_from: from.known_at, known_to: to.known_at };
    Ok((from, between))
}

/// What changed of an institution
///
/// Field by field between `from` as known at `known_from` and `as_of` as known at `known_at`, with each step on the way
/// and the events that did it. With the same day twice it tells what was known then against what is known now.
#[utoipa::path(
    get,
    path = "/v1/institutions/{code}/diff",
    tag = "Read",
    params(
        ("code" = String, Path, description = "Code, such as H37010200001 or P43050300012.", example = "H37010200001"),
        ("from" = String, Query, description = "The first day (生效).", example = "2025-01-01"),
        ("known_from" = Option<String>, Query, description = "What was known at the first (记录); as `known_at` when left out.", example = "2025-08-20T09:00:00+08:00"),
    ),
    responses((status = 200, body = ref("#/components/schemas/Diff"), description = "What changed."))
)]
pub(crate) async fn institution(
    State(app): State<App>,
    Path(code): Path<String>,
    query: Query,
) -> Result<Response, Problem> {
    diff(&app, SubjectKind::Institution, &code, query).await
}

/// What changed of a practitioner
///
/// As for an institution.
#[utoipa::path(
    get,
    path = "/v1/practitioners/{code}/diff",
    tag = "Read",
    params(
        ("code" = String, Path, description = "Code, such as D510105000123.", example = "D510105000123"),
        ("from" = String, Query, description = "The first day (生效).", example = "2025-01-01"),
        ("known_from" = Option<String>, Query, description = "What was known at the first (记录); as `known_at` when left out.", example = "2025-08-20T09:00:00+08:00"),
    ),
    responses((status = 200, body = ref("#/components/schemas/Diff"), description = "What changed."))
)]
pub(crate) async fn practitioner(
    State(app): State<App>,
    Path(code): Path<String>,
    query: Query,
) -> Result<Response, Problem> {
    diff(&app, SubjectKind::Practitioner, &code, query).await
}

pub(super) async fn diff(
    app: &App,
    kind: SubjectKind,
    code: &str,
    mut query: Query,
) -> Result<Response, Problem> {
    let at = At::read(&mut query)?;
    let (first, known_from) = first(&mut query)?;
    query.finish()?;
    let subject = subject(kind, code)?;
    let to = app.coordinates(at).await?;
    let (from, between) = between(app, first, known_from, to).await?;
    let known_at = from.known_at.max(to.known_at);
    let stored = gather::known_history(app.log(), &subject, known_at).await?;
    // Many events against many others take a while: away from the threads that serve others.
    let found = tokio::task::spawn_blocking(move || differs(subject, &stored, between)).await;
    let found = found.map_err(|_| Problem::internal())?.map_err(|error| from_replay(&error))?;
    Ok(json(&Diff::of(&found, from, to, app.ledger().laws().book())?))
}
