//! `GET /v1/practitioners/{code}/points`: the points (记分) of a natural year.

use super::app::{App, At, json, subject};
use super::problem::Problem;
use super::query::Query;
use crate::answers::{Points, gather};
use accord_domain::{Instant, SubjectKind, words};
use axum::extract::{Path, State};
use axum::response::Response;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

pub(crate) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(points))
}

/// The points of a year
///
/// Every deduction (记分) and repair (记分修复) that counts in the natural year of its decision; annulled ones stay and
/// are marked.
#[utoipa::path(
    get,
    path = "/v1/practitioners/{code}/points",
    tag = "Read",
    params(
        ("code" = String, Path, description = "Code, such as D510105000123.", example = "D510105000123"),
        ("year" = Option<i32>, Query, description = "Natural year; that of `as_of` when left out.", example = 2025),
    ),
    responses((status = 200, body = ref("#/components/schemas/Points"), description = "The year's points."))
)]
pub(crate) async fn points(
    State(app): State<App>,
    Path(code): Path<String>,
    mut query: Query,
) -> Result<Response, Problem> {
    let at = At::read(&mut query)?;
    let year = query.read("year", |text| {
        let year = text.parse::<i32>().ok();
        year.filter(|year| (Instant::YEAR_MIN..=Instant::YEAR_MAX).contains(year)).ok_or_else(|| {
            let (from, to) = (Instant::YEAR_MIN, Instant::YEAR_MAX);
            words!("{text:?} is not a year from {from} to {to}", "{text:?} 不是 {from} 至 {to} 之间的年份")
        })
    })?;
    query.finish()?;
    let subject = subject(SubjectKind::Practitioner, &code)?;
    let coordinates = app.coordinates(at).await?;
    let stored = gather::known_history(app.log(), &subject, coordinates.known_at).await?;
    let year = year.unwrap_or_else(|| coordinates.as_of.year());
    Ok(json(&Points::of(&subject, year, coordinates, &stored)?))
}
