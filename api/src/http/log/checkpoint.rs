//! `GET /v1/log/checkpoint`: the signed head of the tree.

use super::{App, note, size};
use crate::http::problem::{Problem, catalogue};
use crate::http::query::Query;
use accord_domain::words;
use accord_store::cosigned;
use axum::Router;
use axum::extract::State;
use axum::response::Response;
use axum::routing::get;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(checkpoint))
}

/// The same where tlog-tiles has it.
pub(super) fn tiles() -> Router<App> {
    Router::new().route("/checkpoint", get(checkpoint))
}

/// The signed head of the tree
///
/// A checkpoint (c2sp.org/tlog-checkpoint): origin, size and root, signed with the ledger's Ed25519 key as a signed note,
/// and by the witnesses who have signed this size. The same tree gives the same bytes. With `cosigned=true` the newest one
/// that witnesses have signed.
#[utoipa::path(
    get,
    path = "/v1/log/checkpoint",
    tag = "Log",
    params(
        ("size" = Option<String>, Query, description = "Size of the tree; that of all events when left out.", example = "1"),
        ("cosigned" = Option<bool>, Query, description = "The newest checkpoint with cosignatures of witnesses.", example = false),
    ),
    responses((status = 200, content_type = "text/plain", body = String, description = "A signed note."))
)]
pub(crate) async fn checkpoint(State(app): State<App>, mut query: Query) -> Result<Response, Problem> {
    let asked = query.number("size")?;
    let wants_cosigned = query.flag("cosigned")?;
    query.finish()?;
    let signer = app.ledger().signer().ok_or_else(super::no_key)?;
    if wants_cosigned {
        let kept = cosigned::load(app.ledger().dir(), signer.verifier());
        let (text, _) = kept.map_err(|error| super::no_cosigned(&error))?.ok_or_else(|| {
            Problem::new(
                &catalogue::NOT_FOUND,
                words!("no witness has signed a checkpoint yet", "尚无见证人签署的检查点"),
            )
        })?;
        return Ok(note(text));
    }
    let size = size(&app, "size", asked).await?;
    let own = super::checkpoint(&app, size).await?;
    super::with_witnesses(&app, own, size).map(note)
}
