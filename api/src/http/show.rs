//! `GET /v1/{institutions|practitioners}/{code}`: what stands of a subject, with its reasons.

use super::app::{App, At, json, subject};
use super::etag;
use super::problem::Problem;
use super::query::Query;
use crate::answers::{Coordinates, Gathered, Show, gather};
use accord_domain::{SubjectKind, Version};
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

pub(crate) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(institution)).routes(routes!(practitioner))
}

/// What stands of an institution
///
/// Every agreement line with its status at `as_of` as known at `known_at`, and for each the events, citations and rules
/// that made it so.
#[utoipa::path(
    get,
    path = "/v1/institutions/{code}",
    tag = "Read",
    params(("code" = String, Path, description = "Code, such as H37010200001 or P43050300012.", example = "H37010200001")),
    responses((status = 200, body = ref("#/components/schemas/Institution"), description = "What stands. `ETag` is the version of its history."))
)]
pub(crate) async fn institution(
    State(app): State<App>,
    Path(code): Path<String>,
    headers: HeaderMap,
    query: Query,
) -> Result<Response, Problem> {
    show(&app, SubjectKind::Institution, &code, &headers, query).await
}

/// What stands of a practitioner
///
/// Payment qualification (医保支付资格), points of the year and sites at `as_of` as known at `known_at`.
#[utoipa::path(
    get,
    path = "/v1/practitioners/{code}",
    tag = "Read",
    params(("code" = String, Path, description = "Code, such as D510105000123.", example = "D510105000123")),
    responses((status = 200, body = ref("#/components/schemas/Practitioner"), description = "What stands. `ETag` is the version of its history."))
)]
pub(crate) async fn practitioner(
    State(app): State<App>,
    Path(code): Path<String>,
    headers: HeaderMap,
    query: Query,
) -> Result<Response, Problem> {
    show(&app, SubjectKind::Practitioner, &code, &headers, query).await
}

pub(super) async fn show(
    app: &App,
    kind: SubjectKind,
    code: &str,
    headers: &HeaderMap,
    mut query: Query,
) -> Result<Response, Problem> {
    let at = At::read(&mut query)?;
    query.finish()?;
    let subject = subject(kind, code)?;
    let coordinates = app.coordinates(at).await?;
    let gathered = gather::from_log(app.log(), &subject, coordinates, &app.ledger().laws()).await?;
    let Some(version) = gathered.version else { return Ok(json(&Show::of(&gathered))) };
    if etag::none_match(headers, &subject, version)?
        && (at.asked.as_of.is_some() || unturned(app, &gathered, version).await?)
    {
        let headers = [(header::ETAG, etag::value(&subject, version)?)];
        return Ok((StatusCode::NOT_MODIFIED, headers).into_response());
    }
    let mut response = json(&Show::of(&gathered));
    response.headers_mut().insert(header::ETAG, etag::value(&subject, version)?);
    Ok(response)
}

/// Whether the passing of time has changed nothing since the version was recorded. The entity tag is the version, and a
/// suspension that ended meanwhile changes what stands without a new one: then "not modified" would be a lie.
async fn unturned(app: &App, now: &Gathered, version: Version) -> Result<bool, Problem> {
    let newest = app.log().read_stream(&now.subject.stream(), version, 1).await?;
    let Some(recorded_at) = newest.first().map(|stored| stored.recorded_at) else { return Ok(false) };
    let coordinates = Coordinates { as_of: recorded_at, ..now.coordinates };
    let then = gather::from_log(app.log(), &now.subject, coordinates, &app.ledger().laws()).await?;
    Ok(Gathered { coordinates: now.coordinates, ..then } == *now)
}
