//! `GET /v1/{institutions|practitioners}/{code}/history`: the full trail, nothing left out.

use super::app::{App, At, json, subject};
use super::cursor::unreadable;
use super::paging::{Paging, link_next};
use super::problem::Problem;
use super::query::Query;
use crate::answers::{Axis, Entry, RecordCoordinates, entries, gather};
use accord_domain::{SubjectKind, words};
use axum::extract::{Path, State};
use axum::response::Response;
use serde::Serialize;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

pub(crate) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(institution)).routes(routes!(practitioner))
}

#[derive(Serialize)]
struct History<'a> {
    subject: &'a str,
    coordinates: RecordCoordinates,
    events: &'a [Entry],
    next_cursor: Option<String>,
}

/// The trail of an institution
///
/// Every event known at `known_at`, by one of the two axes; annulled and corrected ones stay and are marked. With
/// `as_of`, only those in force from then or earlier.
#[utoipa::path(
    get,
    path = "/v1/institutions/{code}/history",
    tag = "Read",
    params(
        ("code" = String, Path, description = "Code, such as H37010200001 or P43050300012.", example = "H37010200001"),
        ("axis" = Option<String>, Query, description = "`recorded` (记录, the default) or `effective` (生效).", example = "effective"),
    ),
    responses((status = 200, body = ref("#/components/schemas/History"), description = "A page of the trail."))
)]
pub(crate) async fn institution(
    State(app): State<App>,
    Path(code): Path<String>,
    query: Query,
) -> Result<Response, Problem> {
    history(&app, SubjectKind::Institution, &code, query).await
}

/// The trail of a practitioner
///
/// As for an institution.
#[utoipa::path(
    get,
    path = "/v1/practitioners/{code}/history",
    tag = "Read",
    params(
        ("code" = String, Path, description = "Code, such as D510105000123.", example = "D510105000123"),
        ("axis" = Option<String>, Query, description = "`recorded` (记录, the default) or `effective` (生效).", example = "effective"),
    ),
    responses((status = 200, body = ref("#/components/schemas/History"), description = "A page of the trail."))
)]
pub(crate) async fn practitioner(
    State(app): State<App>,
    Path(code): Path<String>,
    query: Query,
) -> Result<Response, Problem> {
    history(&app, SubjectKind::Practitioner, &code, query).await
}

pub(super) async fn history(
    app: &App,
    kind: SubjectKind,
    code: &str,
    mut query: Query,
) -> Result<Response, Problem> {
    let at = At::read(&mut query)?;
    let axis = query
        .read("axis", |word| {
            Axis::parse(word).ok_or_else(|| {
                words!(
                    "{word:?} is neither recorded nor effective",
                    "{word:?} 既不是 recorded 也不是 effective"
                )
            })
        })?
        .unwrap_or_default();
    let paging = Paging::read(&mut query, code)?;
    query.finish()?;
    let subject = subject(kind, code)?;
    let coordinates = paging.pin(at, |at| app.coordinates(at)).await?;
    let stored = gather::known_history(app.log(), &subject, coordinates.known_at).await?;
    let mut trail = entries(&stored, axis)?;
    if at.asked.as_of.is_some() {
        trail.retain(|entry| entry.effective_at <= coordinates.as_of);
    }
    // The trail known at a pinned instant never changes, so the version where a page ended finds its place again.
    let start = match paging.after() {
        Some(after) => {
            let last = trail.iter().position(|entry| entry.version.to_string() == after);
            last.ok_or_else(unreadable)? + 1
        }
        None => 0,
    };
    let rest = trail.get(start..).unwrap_or_default();
    let page = rest.get(..paging.limit).unwrap_or(rest);
    let echoed = coordinates.of_records(at.asked.as_of);
    let next_cursor = page
        .last()
        .filter(|_| page.len() < rest.len())
        .map(|last| paging.next(last.version.to_string(), coordinates));
    let link = next_cursor.as_deref().map(|cursor| query.with("cursor", cursor));
    let path = format!("/v1/{}/{code}/history", kind.plural());
    Ok(link_next(
        json(&History { subject: subject.code(), coordinates: echoed, events: page, next_cursor }),
        &path,
        link.as_deref(),
    ))
}
