//! `GET /healthz`, `/readyz`, `/metrics`: for those who run it.

use super::app::App;
use super::problem::{Problem, catalogue};
use super::query::Query;
use crate::limits::READY_LAG_EVENTS_MAX;
use accord_domain::words;
use accord_projections::Views;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

pub(crate) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(healthz)).routes(routes!(readyz)).routes(routes!(metrics))
}

/// Is it alive?
///
/// 200 as long as the process answers.
#[utoipa::path(get, path = "/healthz", tag = "Operate", responses((status = 200, body = ref("#/components/schemas/Alive"), description = "It is.")))]
pub(crate) async fn healthz(query: Query) -> Result<Response, Problem> {
    query.finish()?;
    Ok(axum::Json(serde_json::json!({ "status": "alive", "version": env!("CARGO_PKG_VERSION") }))
        .into_response())
}

#[derive(Serialize)]
struct Ready {
    ready: bool,
    writable: bool,
    /// Events in the log.
    log_events: String,
    /// Events the views have consumed.
    view_events: String,
    /// Difference of both.
    lag_events: String,
    /// Subjects whose events could not be understood; their rows stand as of the event before.
    parked: Vec<Parked>,
}

#[derive(Serialize)]
struct Parked {
    stream: String,
    position: String,
    error: String,
}

/// Is it ready?
///
/// 200 when log and views can be read, the views are close behind and the writer is alive; else 503 with the same document. Health is
/// progress: positions, not words.
#[utoipa::path(get, path = "/readyz", tag = "Operate", responses(
    (status = 200, body = ref("#/components/schemas/Ready"), description = "It is."),
    (status = 503, body = ref("#/components/schemas/Ready"), description = "It is not, or not yet."),
))]
pub(crate) async fn readyz(State(app): State<App>, query: Query) -> Result<Response, Problem> {
    query.finish()?;
    let log = app.log().len().await?;
    let health = app.views(Views::health).await?;
    let lag = log.saturating_sub(health.position);
    let ready = lag <= READY_LAG_EVENTS_MAX && !app.writer_lost();
    let parked = health
        .parked
        .into_iter()
        .map(|parked| Parked {
            stream: parked.stream,
            position: parked.position.to_string(),
            error: parked.error,
        })
        .collect();
    let status = if ready { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    let ready = Ready {
        ready,
        writable: app.ledger().is_writable(),
        log_events: log.to_string(),
        view_events: health.position.to_string(),
        lag_events: lag.to_string(),
        parked,
    };
    Ok((status, axum::Json(ready)).into_response())
}

/// Counters
///
/// For Prometheus, in the OpenMetrics text format.
#[utoipa::path(get, path = "/metrics", tag = "Operate", responses((status = 200, body = String, content_type = "application/openmetrics-text", description = "The counters.")))]
pub(crate) async fn metrics(State(app): State<App>, query: Query) -> Result<Response, Problem> {
    query.finish()?;
    let log = app.log().len().await?;
    let views = app.views(Views::position).await?;
    let text = app.metrics().text(log, views).map_err(|_| {
        Problem::new(&catalogue::INTERNAL, words!("the counters cannot be written", "无法写出计数"))
    })?;
    let media_type = "application/openmetrics-text; version=1.0.0; charset=utf-8";
    Ok(([(header::CONTENT_TYPE, media_type)], text).into_response())
}
