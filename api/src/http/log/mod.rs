//! The Merkle tree over the log: checkpoints, proofs, and the static addresses of c2sp.org/tlog-tiles.

mod checkpoint;
mod consistency;
mod cosignatures;
mod tile;

use super::App;
use super::problem::{Problem, catalogue};
use super::query::invalid;
use accord_domain::words;
use accord_store::cosigned::{self, CosignError};
use axum::Router;
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};
use utoipa_axum::router::OpenApiRouter;

pub(crate) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .merge(checkpoint::routes())
        .merge(consistency::routes())
        .merge(cosignatures::routes())
}

/// The addresses of tlog-tiles.
pub(crate) fn tiles() -> Router<App> {
    Router::new().merge(checkpoint::tiles()).merge(tile::routes())
}

/// A size of the tree that was asked for, or that of all events.
pub(crate) async fn size(app: &App, name: &'static str, asked: Option<u64>) -> Result<u64, Problem> {
    let events = app.log().len().await?;
    match asked {
        Some(size) if size > events => {
            let en = format!("the log has {events} events");
            Err(invalid(name, &en, &format!("日志只有 {events} 个事件")))
        }
        asked => Ok(asked.unwrap_or(events)),
    }
}

/// A signed checkpoint of a size.
pub(crate) async fn checkpoint(app: &App, size: u64) -> Result<String, Problem> {
    let signer = app.ledger().signer().ok_or_else(no_key)?;
    Ok(signer.checkpoint(size, app.log().frontier(size).await?.root()))
}

/// A checkpoint of the ledger's own with the lines of the witnesses who signed the same tree.
pub(crate) fn with_witnesses(app: &App, own: String, size: u64) -> Result<String, Problem> {
    let signer = app.ledger().signer().ok_or_else(no_key)?;
    cosigned::with_witnesses(app.ledger().dir(), signer.verifier(), own, size)
        .map_err(|error| no_cosigned(&error))
}

pub(crate) fn no_cosigned(error: &CosignError) -> Problem {
    tracing::error!(error = %crate::text::words::chain(error), "the cosigned checkpoint cannot be read");
    Problem::internal()
}

pub(crate) fn no_key() -> Problem {
    Problem::new(
        &catalogue::UNAVAILABLE,
        words!("this server cannot read the key that signs checkpoints", "本服务无法读取签署检查点的密钥"),
    )
}

/// Plain text that is new at every look.
pub(crate) fn note(text: String) -> Response {
    let mut response = text.into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/plain; charset=utf-8"));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("private, no-cache"));
    response
}
