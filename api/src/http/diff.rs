//! `GET /v1/{institutions|practitioners}/{code}/diff`: what changed between two pairs of coordinates, and why.

use super::app::{App, At, json, subject};
use super::problem::Problem;
use super::query::Query;
use crate::answers::{Asked, Diff, coordinates, gather};
use accord_domain::SubjectKind;
use accord_replay::{Between, differs};
use axum::extract::{Path, State};
use axum::response::Response;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

pub(crate) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(institution)).routes(routes!(practitioner))
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
    let first = query.instant("from")?;
    let known_from = query.instant("known_from")?;
    query.finish()?;
    let Some(first) = first else {
        return Err(super::query::invalid("from", "it is missing", "缺少该参数"));
    };
    let subject = subject(kind, code)?;
    let to = app.coordinates(at).await?;
    let asked = Asked { as_of: Some(first), known_at: Some(known_from.unwrap_or(to.known_at)) };
    let from = coordinates(app.log(), app.ledger().clock().now(), asked).await?;
    let stored = gather::history(app.log(), &subject, from.known_at.max(to.known_at)).await?;
    if stored.is_empty() {
        gather::must_be_known(app.log(), &subject).await?;
    }
    let between =
        Between { from: from.as_of, to: to.as_of, known_from: from.known_at, known_to: to.known_at };
    // Many events against many others take a while: away from the threads that serve others.
    let found = tokio::task::spawn_blocking(move || differs(subject, &stored, between)).await;
    let found = found.map_err(|_| Problem::internal())?.map_err(|error| super::app::from_replay(&error))?;
    Ok(json(&Diff::of(&found, from, to)?))
}
