//! `POST /v1/log/cosignatures`: what witnesses signed, handed in.

use super::{App, note};
use crate::http::problem::{Problem, catalogue};
use crate::http::query::Query;
use crate::http::{app::chain, media};
use crate::limits::CHECKPOINT_BYTES_MAX;
use accord_domain::words;
use accord_store::cosigned::{self, CosignError};
use accord_store::merkle::note::{Checkpoint, SignedNote};
use axum::body::Bytes;
use axum::extract::rejection::BytesRejection;
use axum::extract::{DefaultBodyLimit, State};
use axum::http::HeaderMap;
use axum::response::Response;
use serde::Deserialize;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(cosign)).layer(DefaultBodyLimit::max(CHECKPOINT_BYTES_MAX))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Handed {
    checkpoint: String,
}

/// Hand in cosignatures
///
/// A checkpoint of this log with lines of witnesses (c2sp.org/tlog-cosignature, version 1). Taken are those of the
/// witnesses whose keys stand in `keys/witnesses`; they are kept beside the log and given out with the checkpoint.
#[utoipa::path(
    post,
    path = "/v1/log/cosignatures",
    tag = "Log",
    request_body(content = ref("#/components/schemas/Cosigned"), content_type = "application/json"),
    responses((status = 200, content_type = "text/plain", body = String, description = "The checkpoint as it is kept now."))
)]
pub(crate) async fn cosign(
    State(app): State<App>,
    headers: HeaderMap,
    query: Query,
    body: Result<Bytes, BytesRejection>,
) -> Result<Response, Problem> {
    query.finish()?;
    media::expect(&headers, &["application/json"])?;
    let body = media::body(body, CHECKPOINT_BYTES_MAX)?;
    let handed: Handed = serde_json::from_slice(&body).map_err(|error| {
        refused(words!(
            "the body is not {{\"checkpoint\": \"…\"}}: {error}",
            "请求正文不是 {{\"checkpoint\": \"…\"}}：{error}"
        ))
    })?;
    if !app.ledger().is_open_for_writing() {
        return Err(Problem::new(
            &catalogue::READ_ONLY,
            words!("this server has the ledger open for reading only", "本服务以只读方式打开账本"),
        ));
    }
    let signer = app.ledger().signer().ok_or_else(super::no_key)?;
    let told = |error: CosignError| match error {
        CosignError::Keys(_) | CosignError::Kept(_) | CosignError::File { .. } => {
            tracing::error!(error = %chain(&error), "a cosigned checkpoint cannot be kept");
            Problem::internal()
        }
        CosignError::Note(_)
        | CosignError::Fork { .. }
        | CosignError::NoWitness
        | CosignError::Older { .. } => {
            let why = chain(&error);
            refused(words!("{why}", "检查点未被接受：{why}"))
        }
    };
    let read = SignedNote::parse(&handed.checkpoint)
        .and_then(|note| Checkpoint::parse(note.text()).map(|checkpoint| (note, checkpoint)));
    let (signed, checkpoint) = read.map_err(|error| told(error.into()))?;
    let events = app.log().len().await?;
    if checkpoint.size > events {
        let claimed = checkpoint.size;
        return Err(refused(words!(
            "the checkpoint is of {claimed} events, the log has {events}: the log was cut back, or the checkpoint is forged",
            "检查点为 {claimed} 个事件，而日志只有 {events} 个：日志被截断，或检查点为伪造"
        )));
    }
    let root = app.log().frontier(checkpoint.size).await?.root();
    cosigned::accept(app.ledger().dir(), &signed, signer.verifier(), root).map(note).map_err(told)
}

fn refused(words: accord_domain::rejection::Words) -> Problem {
    Problem::new(&catalogue::INVALID_CHECKPOINT, words)
}
