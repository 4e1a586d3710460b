//! `GET /v1/obligations`: what is to be done.

use super::app::{App, At, json};
use super::paging::{Paging, link_next};
use super::problem::Problem;
use super::query::Query;
use crate::answers::{Coordinates, Task};
use accord_projections::Worklist;
use axum::extract::State;
use axum::response::Response;
use serde::Serialize;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

pub(crate) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(obligations))
}

#[derive(Serialize)]
struct List {
    coordinates: Coordinates,
    items: Vec<Task>,
    next_cursor: Option<String>,
}

/// What is to be done
///
/// What the rules called for by `as_of` and nobody had done, as known at `known_at`: by the day it is due, so what is late
/// comes first and what has no day (及时) last. Rights of the parties, such as to apply for review, are with the subject and
/// not here.
#[utoipa::path(
    get,
    path = "/v1/obligations",
    tag = "Read",
    params(
        ("area" = Option<String>, Query, description = "Pooling area whose worklist it is.", example = "430500"),
        ("due_before" = Option<String>, Query, description = "Only what falls due before this day; what has no day is left out then.", example = "2025-12-01"),
    ),
    responses((status = 200, body = ref("#/components/schemas/Worklist"), description = "A page."))
)]
pub(crate) async fn obligations(State(app): State<App>, mut query: Query) -> Result<Response, Problem> {
    let filter = Worklist { area: query.area()?, due_before: query.instant("due_before")? };
    let at = At::read(&mut query)?;
    let paging = Paging::read(&mut query, "obligations")?;
    query.finish()?;
    let coordinates = paging.pin(at, |at| app.coordinates_of_views(at)).await?;
    let (limit, after) = (paging.limit, paging.after().map(str::to_owned));
    let page = app
        .views(move |views| {
            views.worklist(&filter, coordinates.as_of, coordinates.known_at, after.as_deref(), limit)
        })
        .await?;
    let laws = app.ledger().laws();
    let items = page.items.into_iter().filter_map(|duty| Task::of(duty, coordinates.as_of, &laws)).collect();
    let next_cursor = page.next.map(|after| paging.next(after, coordinates));
    let link = next_cursor.as_deref().map(|cursor| query.with("cursor", cursor));
    Ok(link_next(json(&List { coordinates, items, next_cursor }), "/v1/obligations", link.as_deref()))
}
