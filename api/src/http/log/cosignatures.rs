//! `POST /v1/log/cosignatures`: what witnesses signed, handed in.

use super::{App, note};
use crate::http::media;
use crate::http::problem::{Problem, catalogue};
use crate::http::query::Query;
use crate::limits::CHECKPOINT_BYTES_MAX;
use crate::text::words::chain;
use accord_domain::command::body::object;
use accord_domain::words;
use accord_store::cosigned::{self, CosignError};
use accord_store::merkle::note::{Checkpoint, NoteError, SignedNote};
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
    let kind = &catalogue::INVALID_CHECKPOINT;
    let body = media::text(&headers, &["application/json"], body, CHECKPOINT_BYTES_MAX, kind)?;
    let handed: Handed = object(&body).map_err(|error| Problem::body(kind, &error))?;
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
            let (why, zh) = (chain(&error), in_chinese(&error));
            refused(words!("{why}", "检查点未被接受：{zh}"))
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

/// Why it is not taken.
fn in_chinese(error: &CosignError) -> String {
    match error {
        CosignError::Note(NoteError::Form { .. }) => "格式不符".to_owned(),
        CosignError::Note(NoteError::ForeignKey { wanted, found }) => {
            let found = if found.is_empty() { "无人".to_owned() } else { found.join("、") };
            format!("签署者为{found}，而非 {wanted}")
        }
        CosignError::Note(NoteError::Signature { signer }) => {
            format!("{signer} 的签名不成立：文本或签名已被改动")
        }
        CosignError::Fork { size } => format!("其根与本日志在 {size} 个事件时的根不同"),
        CosignError::NoWitness => "keys/witnesses 所列见证人均未签名".to_owned(),
        CosignError::Older { size } => format!("已存有 {size} 个事件的检查点"),
        // Faults of ours, of which nothing is told.
        CosignError::Kept(_) | CosignError::Keys(_) | CosignError::File { .. } => String::new(),
    }
}
