//! `GET /v1/rules`: the law in force.

use super::app::{App, At, json};
use super::problem::Problem;
use super::query::Query;
use crate::answers::rules::Rules;
use axum::extract::State;
use axum::response::Response;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

pub(crate) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(rules))
}

/// The law in force at a date in a place
///
/// Rule by rule: value, citation, how sure the reading is, from and until, where it comes from, what it replaced and what it
/// takes precedence over. Provisions in words follow. What areas adopted is law as it was known at `known_at`.
#[utoipa::path(
    get,
    path = "/v1/rules",
    tag = "Read",
    params(
        ("at" = Option<String>, Query, description = "The date; now when left out. The effective coordinate; `as_of` means the same.", example = "2025-08-04"),
        ("area" = Option<String>, Query, description = "Pooling area, prefecture or province; the whole country when left out.", example = "430500"),
        ("rule" = Option<String>, Query, description = "Only this rule, row or parameter, or parameters that begin so.", example = "practitioner.suspend"),
    ),
    responses((status = 200, body = ref("#/components/schemas/Rules"), description = "The rules."))
)]
pub(crate) async fn rules(State(app): State<App>, mut query: Query) -> Result<Response, Problem> {
    let at = At::read_at(&mut query)?;
    let area = query.area()?;
    let only = query.text("rule")?;
    query.finish()?;
    let coordinates = app.coordinates(at).await?;
    Ok(json(&Rules::known(&app.ledger().laws(), coordinates, area, only.as_deref())))
}
