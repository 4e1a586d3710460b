//! `GET /v1/{institutions|practitioners}/{code}`: what stands of a subject, with its reasons.

use super::app::{App, At, json, subject};
use super::etag;
use super::problem::Problem;
use super::query::Query;
use crate::answers::{Show, gather};
use accord_domain::SubjectKind;
use axum::body::Body;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::Response;
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
    responses((status = 200, body = ref("#/components/schemas/Institution"), description = "What stands. `ETag` is the version of its history and a digest of what stands."))
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
    responses((status = 200, body = ref("#/components/schemas/Practitioner"), description = "What stands. `ETag` is the version of its history and a digest of what stands."))
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
    let shown = Show::of(&gathered);
    let Some(version) = gathered.version else { return Ok(json(&shown)) };
    let tag = etag::of_answer(&subject, version, &without_coordinates(&shown)?);
    let mut response = json(&shown);
    if etag::none_match(headers, &tag)? {
        // The same headers as with the answer (RFC 9110 §15.4.5), but for those of the body.
        *response.status_mut() = StatusCode::NOT_MODIFIED;
        *response.body_mut() = Body::empty();
        response.headers_mut().remove(header::CONTENT_TYPE);
    }
    response.headers_mut().insert(header::ETAG, etag::header_value(&tag)?);
    Ok(response)
}

/// What stands, without the moment it was asked for and how far the log was then.
fn without_coordinates(shown: &Show) -> Result<Vec<u8>, Problem> {
    let mut answer = serde_json::to_value(shown).map_err(|_| Problem::internal())?;
    if let Some(members) = answer.as_object_mut() {
        members.remove("coordinates");
    }
    Ok(answer.to_string().into_bytes())
}
