//! `POST /v1/import`: many commands, one a line, each on its own: good ones are kept, bad ones are named.

use super::app::App;
use super::commands::{Since, failed, last_position};
use super::problem::{Problem, catalogue};
use super::query::Query;
use super::{idempotency, language, media};
use crate::answers::{Lang, Position};
use crate::limits::{IMPORT_BYTES_MAX, IMPORT_LINES_MAX};
use accord_domain::{CommandError, Version, words};
use axum::body::Bytes;
use axum::extract::rejection::BytesRejection;
use axum::extract::{DefaultBodyLimit, State};
use axum::http::{HeaderMap, HeaderValue};
use axum::response::Response;
use futures_util::{StreamExt, stream};
use serde::Serialize;
use serde_json::{Map, Value};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

const MEDIA_TYPES: &[&str] = &["application/x-ndjson", "application/jsonl", "application/x-jsonlines"];
/// Commands of one import that wait for the writer at once: enough to share commits, few enough to leave room for
/// others.
const WAITING_MAX: usize = 256;

pub(crate) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(import)).layer(DefaultBodyLimit::max(IMPORT_BYTES_MAX))
}

#[derive(Serialize)]
struct Report {
    lines: usize,
    recorded: usize,
    repeated: usize,
    rejected: usize,
    results: Vec<Line>,
}

/// What became of one line.
#[derive(Serialize)]
struct Line {
    /// From 1; blank lines count and have no result.
    line: usize,
    result: Outcome,
    #[serde(skip_serializing_if = "Option::is_none")]
    subject: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    version: Option<Version>,
    #[serde(skip_serializing_if = "Option::is_none")]
    position: Option<Position>,
    #[serde(skip_serializing_if = "Option::is_none")]
    problem: Option<Map<String, Value>>,
}

#[derive(Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
enum Outcome {
    Recorded,
    Repeated,
    Rejected,
}

/// Record many acts
///
/// One command a line (JSON Lines), carried out in order, each on its own: a bad line stops no other. The answer is 200
/// also when lines were rejected; look at `rejected`. A line without a `key` gets one made from what it asks: sending the same
/// body again after a broken connection records nothing twice. `Idempotency-Key` and `If-Match` are of one command and
/// refused here: each line has `key` and `expected_version`. Larger histories go through `accord import`.
#[utoipa::path(
    post,
    path = "/v1/import",
    tag = "Record",
    request_body(content = String, content_type = "application/x-ndjson"),
    responses((status = 200, body = ref("#/components/schemas/ImportReport"), description = "What became of each line."))
)]
pub(crate) async fn import(
    State(app): State<App>,
    headers: HeaderMap,
    query: Query,
    body: Result<Bytes, BytesRejection>,
) -> Result<Response, Problem> {
    query.finish()?;
    let instead = words!(
        "give each line its own `key` and `expected_version`",
        "请在各行命令中使用 `key` 和 `expected_version`"
    );
    idempotency::not_meant(&headers, &instead)?;
    media::expect(&headers, MEDIA_TYPES)?;
    let body = media::body(body, IMPORT_BYTES_MAX)?;
    let lines: Vec<(usize, Bytes)> = body
        .split(|byte| *byte == b'\n')
        .enumerate()
        .map(|(index, line)| (index + 1, body.slice_ref(line.trim_ascii_end())))
        .filter(|(_, line)| !line.is_empty())
        .collect();
    if lines.len() > IMPORT_LINES_MAX {
        let count = lines.len();
        return Err(Problem::new(
            &catalogue::TOO_LARGE,
            words!(
                "{count} commands; at most {IMPORT_LINES_MAX} are taken at once",
                "{count} 条命令，一次最多 {IMPORT_LINES_MAX} 条"
            ),
        )
        .with("max_lines", IMPORT_LINES_MAX));
    }
    let lang = language::of(&headers);
    let import = app.ledger().begin_import();
    let mut results: Vec<Line> = Vec::with_capacity(lines.len());
    // A line that may name an event by a key waits for all before it, so that the event has its id.
    for together in lines.chunk_by(|_, (_, next)| !names_by_key(next)) {
        // `buffered` starts the commands in the order of their lines, and the writer takes them in that order.
        let started = together.iter().cloned().map(|(line, text)| one(app.clone(), import, line, text, lang));
        results.extend(stream::iter(started).buffered(WAITING_MAX).collect::<Vec<_>>().await);
    }
    let count = |wanted| results.iter().filter(|line| line.result == wanted).count();
    let newest = results.iter().filter_map(|line| line.position).max();
    let report = Report {
        lines: results.len(),
        recorded: count(Outcome::Recorded),
        repeated: count(Outcome::Repeated),
        rejected: count(Outcome::Rejected),
        results,
    };
    let mut response = super::app::json(&report);
    if let Some(position) = newest {
        response.headers_mut().insert(media::POSITION, HeaderValue::from(position.0));
    }
    Ok(response)
}

fn names_by_key(line: &[u8]) -> bool {
    line.windows(2).any(|two| two == b"\"@")
}

async fn one(app: App, import: u64, line: usize, text: Bytes, lang: Lang) -> Line {
    let rejected = |subject, problem: Problem| Line {
        line,
        result: Outcome::Rejected,
        subject,
        version: None,
        position: None,
        problem: Some(problem.on_line(line).members(lang)),
    };
    let parsed = CommandError::utf8(&text)
        .map_err(|error| Problem::command(&error))
        .and_then(|text| app.ledger().read(text)?.map_err(|error| Problem::command(&error)));
    let command = match parsed {
        Ok(command) => command,
        Err(problem) => return rejected(None, problem),
    };
    let subject = command.subject.clone();
    let since = Since { expected: command.envelope.expected_version, by_header: false };
    match app.ledger().execute_line(import, command).await {
        Ok(done) => {
            let result = if done.repeated {
                Outcome::Repeated
            } else {
                app.metrics().recorded.inc();
                app.grown(last_position(&done));
                Outcome::Recorded
            };
            Line {
                line,
                result,
                subject: Some(subject.code().to_owned()),
                version: Some(done.appended.first_version + done.appended.count.saturating_sub(1)),
                position: Some(Position(last_position(&done))),
                problem: None,
            }
        }
        Err(failure) => {
            rejected(Some(subject.code().to_owned()), failed(&app, &subject, since, &failure, lang).await)
        }
    }
}
