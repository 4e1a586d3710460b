//! `GET /v1/log/consistency`: that a larger tree goes on from a smaller one.

use super::{App, size};
use crate::answers::Position;
use crate::http::app::json;
use crate::http::problem::Problem;
use crate::http::query::{Query, invalid};
use accord_store::merkle::Plan;
use accord_store::merkle::hex;
use axum::extract::State;
use axum::response::Response;
use serde::Serialize;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(consistency))
}

#[derive(Serialize)]
struct Consistency {
    from: Position,
    from_root: String,
    to: Position,
    to_root: String,
    path: Vec<String>,
    checkpoint: Option<String>,
}

/// Proof that the log only grew
///
/// Two sizes of the tree, their roots, and the consistency proof between them (RFC 6962 §2.1.2), all in hexadecimal. Who
/// holds a checkpoint of the smaller size sees with it that nothing before has changed.
#[utoipa::path(
    get,
    path = "/v1/log/consistency",
    tag = "Log",
    params(
        ("from" = String, Query, description = "The smaller size, at least 1.", example = "1"),
        ("to" = Option<String>, Query, description = "The larger size; that of all events when left out.", example = "1"),
    ),
    responses((status = 200, body = ref("#/components/schemas/Consistency"), description = "The proof, with the signed checkpoint of the larger size."))
)]
pub(crate) async fn consistency(State(app): State<App>, mut query: Query) -> Result<Response, Problem> {
    let from = query.number("from")?;
    let to = query.number("to")?;
    query.finish()?;
    let from = from.filter(|from| *from > 0).ok_or_else(|| {
        invalid("from", "a size of the tree, at least 1, is needed", "需要给出不小于 1 的树大小")
    })?;
    let to = size(&app, "to", to).await?;
    let plan = Plan::consistency(from, to).ok_or_else(|| {
        invalid("from", &format!("it must not be larger than {to}"), &format!("不得大于 {to}"))
    })?;
    let path = app.log().prove(&plan).await?;
    let from_root = app.log().frontier(from).await?.root();
    let to_root = app.log().frontier(to).await?.root();
    Ok(json(&Consistency {
        from: Position(from),
        from_root: hex(&from_root),
        to: Position(to),
        to_root: hex(&to_root),
        path: path.iter().map(|hash| hex(hash)).collect(),
        checkpoint: app.ledger().signer().map(|signer| signer.checkpoint(to, to_root)),
    }))
}
