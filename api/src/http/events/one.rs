//! `GET /v1/events/{id}`: the stored bytes of one event.

use crate::answers::AnswerError;
use crate::http::App;
use crate::http::etag;
use crate::http::media::POSITION;
use crate::http::problem::{Problem, catalogue};
use crate::http::query::Query;
use accord_domain::words;
use accord_store::Stored;
use accord_store::merkle::hex;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use uuid::Uuid;

/// Leaf hash in hexadecimal: SHA-256 over 0x00 and the body (RFC 6962 §2.1).
pub(super) const LEAF: HeaderName = HeaderName::from_static("x-leaf-hash");

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(event))
}

/// One event, as stored
///
/// The body is the stored bytes, nothing added and nothing changed: SHA-256 over one zero byte and the body is the leaf
/// hash in `X-Leaf-Hash`. `X-Position` is its place in the log. It never changes.
#[utoipa::path(
    get,
    path = "/v1/events/{id}",
    tag = "Log",
    params(("id" = String, Path, description = "Id of the event.", example = "0198f0a0-0000-7000-8000-000000000000")),
    responses((status = 200, body = ref("#/components/schemas/StoredEvent"), description = "The stored bytes."))
)]
pub(crate) async fn event(
    State(app): State<App>,
    Path(id): Path<String>,
    headers: HeaderMap,
    query: Query,
) -> Result<Response, Problem> {
    query.finish()?;
    let stored = find(&app, &id).await?;
    let leaf = hex(&stored.leaf);
    let tag = format!("\"e-{leaf}\"");
    let mut response = if etag::none_match(&headers, &tag)? {
        StatusCode::NOT_MODIFIED.into_response()
    } else {
        ([(header::CONTENT_TYPE, "application/json")], String::from(stored.body)).into_response()
    };
    let headers = response.headers_mut();
    headers.insert(POSITION, HeaderValue::from(stored.position));
    for (name, value) in [(LEAF, &leaf), (header::ETAG, &tag)] {
        headers.insert(name, HeaderValue::from_str(value).map_err(|_| Problem::internal())?);
    }
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("private, max-age=31536000, immutable"));
    Ok(response)
}

/// The event of an id as an address names it.
///
/// # Errors
/// When it is no id, or nothing was recorded under it.
pub(super) async fn find(app: &App, id: &str) -> Result<Stored, Problem> {
    let id = Uuid::try_parse(id).map_err(|_| {
        Problem::new(
            &catalogue::INVALID_CODE,
            words!("this is not an event id, a UUID", "不是事件标识（UUID）"),
        )
    })?;
    let found = app.log().event(id).await.map_err(AnswerError::from)?;
    found.ok_or_else(|| {
        Problem::new(
            &catalogue::UNKNOWN_EVENT,
            words!("event {id} is not in the ledger", "账本中没有事件 {id}"),
        )
    })
}
