//! `GET /v1/{institutions|practitioners}`: subjects by status.

use super::app::{App, At, json};
use super::paging::{Paging, link_next};
use super::payable::line;
use super::problem::Problem;
use super::query::Query;
use crate::answers::Coordinates;
use crate::answers::list::{Row, STATUSES, status};
use accord_domain::{SubjectKind, Value, words};
use accord_projections::Filter;
use axum::extract::State;
use axum::response::Response;
use serde::Serialize;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

pub(crate) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(institutions)).routes(routes!(practitioners))
}

#[derive(Serialize)]
struct List {
    coordinates: Coordinates,
    items: Vec<Row>,
    next_cursor: Option<String>,
}

/// Institutions by status
///
/// One item for each agreement line that has a status at `as_of` as known at `known_at`. All pages of a listing are of
/// the coordinates of its first.
#[utoipa::path(
    get,
    path = "/v1/institutions",
    tag = "Read",
    params(
        ("area" = Option<String>, Query, description = "Pooling area of the agreement.", example = "430500"),
        ("line" = Option<String>, Query, description = "Line of the agreement.", example = "basic"),
        ("status" = Option<String>, Query, description = "`applied evaluating candidate refused in_force suspended terminated lapsed not_renewed withdrawn`.", example = "suspended"),
    ),
    responses((status = 200, body = ref("#/components/schemas/List"), description = "A page."))
)]
pub(crate) async fn institutions(State(app): State<App>, mut query: Query) -> Result<Response, Problem> {
    let line = query.read("line", line)?;
    list(&app, Filter { kind: Some(SubjectKind::Institution), line, ..Filter::default() }, query).await
}

/// Practitioners by status
///
/// One item for each practitioner whose payment qualification has a status at `as_of` as known at `known_at`.
#[utoipa::path(
    get,
    path = "/v1/practitioners",
    tag = "Read",
    params(
        ("area" = Option<String>, Query, description = "Area of the first registration.", example = "430500"),
        ("status" = Option<String>, Query, description = "`unregistered normal suspended terminated`.", example = "suspended"),
    ),
    responses((status = 200, body = ref("#/components/schemas/List"), description = "A page."))
)]
pub(crate) async fn practitioners(State(app): State<App>, query: Query) -> Result<Response, Problem> {
    list(&app, Filter { kind: Some(SubjectKind::Practitioner), ..Filter::default() }, query).await
}

pub(super) async fn list(app: &App, mut filter: Filter, mut query: Query) -> Result<Response, Problem> {
    let kind = filter.kind.map_or("", SubjectKind::plural);
    filter.area = query.area()?;
    filter.status = query.read("status", |word| {
        status(word).map_err(|_| {
            let known = STATUSES.map(Value::name).join(", ");
            words!("{word:?} is not a status; known: {known}", "{word:?} 不是状态；可用：{known}")
        })
    })?;
    let at = At::read(&mut query)?;
    let paging = Paging::read(&mut query, kind)?;
    query.finish()?;
    let coordinates = paging.pin(at, |at| app.coordinates_of_views(at)).await?;
    let (limit, after) = (paging.limit, paging.after().map(str::to_owned));
    let page = app
        .views(move |views| {
            views.list(&filter, coordinates.as_of, coordinates.known_at, after.as_deref(), limit)
        })
        .await?;
    let items =
        page.items.into_iter().map(|row| Row::of(&row.subject, row.name, row.area, &row.span)).collect();
    let next_cursor = page.next.map(|after| paging.next(after, coordinates));
    let link = next_cursor.as_deref().map(|cursor| query.with("cursor", cursor));
    let path = format!("/v1/{kind}");
    Ok(link_next(json(&List { coordinates, items, next_cursor }), &path, link.as_deref()))
}
