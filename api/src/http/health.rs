//! `GET /healthz`, `/readyz`, `/metrics`: for those who run it.

use super::app::App;
use super::problem::{Problem, catalogue};
use super::query::Query;
use crate::Standstill;
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

/// Why a server is not ready.
#[derive(Clone, Copy)]
enum Hindrance {
    /// The views are more than [`READY_LAG_EVENTS_MAX`] events behind the log, or could not be written; they catch up by
    /// themselves.
    ViewsBehind,
    /// The views cannot be read.
    ViewsUnreadable,
    /// A fault stopped the writer; the server must be started again.
    WriterStopped,
    /// The cluster holds what this node does not know of; the server must be started again.
    Overtaken,
}

impl Hindrance {
    const ALL: [Self; 4] = [Self::ViewsBehind, Self::ViewsUnreadable, Self::WriterStopped, Self::Overtaken];

    /// Its name in answers and counters.
    const fn name(self) -> &'static str {
        match self {
            Self::ViewsBehind => "views-behind",
            Self::ViewsUnreadable => "views-unreadable",
            Self::WriterStopped => "writer-stopped",
            Self::Overtaken => "overtaken",
        }
    }

    /// `lag` is how far the views are behind; none where they cannot be read.
    fn stands(self, app: &App, lag: Option<u64>) -> bool {
        match self {
            Self::ViewsBehind => {
                lag.is_some_and(|lag| lag > READY_LAG_EVENTS_MAX) || app.ledger().views().is_behind()
            }
            Self::ViewsUnreadable => lag.is_none(),
            Self::WriterStopped => app.ledger().standstill() == Some(Standstill::Fault),
            Self::Overtaken => app.ledger().standstill() == Some(Standstill::Overtaken),
        }
    }
}

#[derive(Serialize)]
struct Ready {
    ready: bool,
    /// What is in the way; nothing when it is ready.
    hindered_by: Vec<&'static str>,
    writable: bool,
    /// Events in the log.
    log_events: String,
    /// Events the views have consumed; null where they cannot be read.
    view_events: Option<String>,
    /// Difference of both.
    lag_events: Option<String>,
    /// The first hundred subjects whose events could not be understood; their rows stand as of the event before. They come
    /// back when a program that understands the event opens the ledger.
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
/// 200 when log and views can be read, the views are close behind and the writer is alive and not overtaken by another node of its
/// cluster; else 503 with the same document, which says what is in the way. Health is progress: positions, not words.
#[utoipa::path(get, path = "/readyz", tag = "Operate", responses(
    (status = 200, body = ref("#/components/schemas/Ready"), description = "It is."),
    (status = 503, body = ref("#/components/schemas/Ready"), description = "It is not, or not yet."),
))]
pub(crate) async fn readyz(State(app): State<App>, query: Query) -> Result<Response, Problem> {
    query.finish()?;
    let log = app.log().len().await?;
    // Why they cannot be read is in the server's own log.
    let health = app.views(Views::health).await.ok();
    let lag = health.as_ref().map(|health| log.saturating_sub(health.position));
    let stands = Hindrance::ALL.into_iter().filter(|hindrance| hindrance.stands(&app, lag));
    let hindered_by: Vec<_> = stands.map(Hindrance::name).collect();
    let ready = hindered_by.is_empty();
    let view_events = health.as_ref().map(|health| health.position.to_string());
    let parked = health
        .into_iter()
        .flat_map(|health| health.parked)
        .map(|parked| Parked {
            stream: parked.stream,
            position: parked.position.to_string(),
            error: parked.error,
        })
        .collect();
    let status = if ready { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    let ready = Ready {
        ready,
        hindered_by,
        writable: app.ledger().is_writable(),
        log_events: log.to_string(),
        view_events,
        lag_events: lag.map(|lag| lag.to_string()),
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
    let views = app.views(Views::health).await.ok();
    let lag = views.as_ref().map(|views| log.saturating_sub(views.position));
    for hindrance in Hindrance::ALL {
        app.metrics().hindered(hindrance.name(), hindrance.stands(&app, lag));
    }
    let text = app.metrics().text(log, views.as_ref()).map_err(|_| {
        Problem::new(&catalogue::INTERNAL, words!("the counters cannot be written", "无法写出计数"))
    })?;
    let media_type = "application/openmetrics-text; version=1.0.0; charset=utf-8";
    Ok(([(header::CONTENT_TYPE, media_type)], text).into_response())
}
