//! `GET /v1/statistics`: how many stand where.

use super::app::{App, At, json};
use super::problem::Problem;
use super::query::Query;
use crate::answers::{Coordinates, Count};
use accord_domain::{AreaCode, SubjectKind};
use accord_projections::Census;
use axum::extract::State;
use axum::response::Response;
use serde::Serialize;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

pub(crate) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(statistics))
}

#[derive(Serialize)]
struct Statistics {
    coordinates: Coordinates,
    #[serde(skip_serializing_if = "Option::is_none")]
    area: Option<AreaCode>,
    institutions: u64,
    practitioners: u64,
    enterprises: u64,
    insured: u64,
    areas: u64,
    cases: u64,
    counts: Vec<Count>,
}

/// How many stand in each status
///
/// A census by kind, pooling area, line and status at `as_of` as known at `known_at`.
#[utoipa::path(
    get,
    path = "/v1/statistics",
    tag = "Read",
    params(("area" = Option<String>, Query, description = "Pooling area.", example = "430500")),
    responses((status = 200, body = ref("#/components/schemas/Statistics"), description = "The census."))
)]
pub(crate) async fn statistics(State(app): State<App>, mut query: Query) -> Result<Response, Problem> {
    let area = query.area()?;
    let at = At::read(&mut query)?;
    query.finish()?;
    let coordinates = app.coordinates_of_views(at).await?;
    let census = app.views(move |views| views.census(coordinates.as_of, coordinates.known_at, area)).await?;
    let of = |wanted| census.subjects.iter().find(|(kind, _)| *kind == wanted).map_or(0, |(_, count)| *count);
    Ok(json(&Statistics {
        coordinates,
        area,
        institutions: of(SubjectKind::Institution),
        practitioners: of(SubjectKind::Practitioner),
        enterprises: of(SubjectKind::Enterprise),
        insured: of(SubjectKind::Insured),
        areas: of(SubjectKind::Area),
        cases: of(SubjectKind::Case),
        counts: counts(&census),
    }))
}

fn counts(census: &Census) -> Vec<Count> {
    let count = |line: &accord_projections::CensusLine| Count {
        kind: line.kind.name(),
        area: line.area,
        line: line.line,
        status: line.status.name(),
        count: line.count,
    };
    census.lines.iter().map(count).collect()
}
