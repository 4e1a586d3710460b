//! `GET /v1/events/{id}/proof`: that one event is in the tree.

use super::one::find;
use crate::answers::Receipt;
use crate::http::App;
use crate::http::app::json;
use crate::http::log::{note, size, with_witnesses};
use crate::http::problem::Problem;
use crate::http::query::{Query, invalid};
use accord_domain::words;
use axum::extract::{Path, State};
use axum::response::Response;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(proof))
}

/// Proof that an event is in the log
///
/// A receipt as the answer to a command has it, over the tree of all events: leaf hash, audit path (RFC 6962 §2.1.1), and
/// the signed checkpoint it leads to, with the lines of the witnesses who signed that size too. `size` asks for a smaller tree, such as one whose checkpoint somebody holds.
#[utoipa::path(
    get,
    path = "/v1/events/{id}/proof",
    tag = "Log",
    params(
        ("id" = String, Path, description = "Id of the event.", example = "0198f0a0-0000-7000-8000-000000000000"),
        ("size" = Option<String>, Query, description = "Size of the tree; that of all events when left out.", example = "4712"),
        ("form" = Option<String>, Query, description = "`json`, or `tlog-proof` for the text of c2sp.org/tlog-proof.", example = "json"),
    ),
    responses((
        status = 200,
        description = "The proof.",
        content((ref("#/components/schemas/Receipt") = "application/json"), (String = "text/plain"))
    ))
)]
pub(crate) async fn proof(
    State(app): State<App>,
    Path(id): Path<String>,
    mut query: Query,
) -> Result<Response, Problem> {
    let asked = query.number("size")?;
    let as_text = query.read("form", |form| match form {
        "json" => Ok(false),
        "tlog-proof" => Ok(true),
        other => {
            Err(words!("{other:?} is neither json nor tlog-proof", "{other:?} 既不是 json 也不是 tlog-proof"))
        }
    })?;
    query.finish()?;
    let stored = find(&app, &id).await?;
    let size = size(&app, "size", asked).await?;
    if stored.position >= size {
        let first = stored.position + 1;
        let en = format!("the event is in trees of {first} events and more");
        return Err(invalid("size", &en, &format!("该事件只在不少于 {first} 个事件的树中")));
    }
    let mut receipt = Receipt::in_tree(app.log(), app.ledger().signer(), &stored, size).await?;
    if let Some(own) = receipt.checkpoint.take() {
        receipt.checkpoint = Some(with_witnesses(&app, own, size)?);
    }
    if as_text == Some(true) {
        return receipt.proof().map(|proof| note(proof.text())).ok_or_else(crate::http::log::no_key);
    }
    Ok(json(&receipt))
}
