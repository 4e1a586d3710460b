//! `POST /v1/{institutions|practitioners|insured|cases}/{code}/personal-data`: reads personal data. A POST, because every reading
//! is recorded.

use super::app::{App, json, subject};
use super::commands::{Since, failed};
use super::problem::Problem;
use super::query::Query;
use super::{language, media};
use crate::answers::PersonalOpened;
use crate::limits::COMMAND_BYTES_MAX;
use accord_domain::{Command, SubjectKind};
use axum::body::Bytes;
use axum::extract::rejection::BytesRejection;
use axum::extract::{DefaultBodyLimit, Path, State};
use axum::http::{HeaderMap, HeaderValue, header};
use axum::response::Response;
use serde_json::{Map, Value, json as object};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

pub(crate) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(institution))
        .routes(routes!(practitioner))
        .routes(routes!(insured))
        .routes(routes!(case))
        .layer(DefaultBodyLimit::max(COMMAND_BYTES_MAX))
}

/// Read the personal data of an institution's people
///
/// Who reads and why (`actor`, `reason`) is recorded before anything is given out; `events` narrows it to these events.
/// Repeating it records it again.
#[utoipa::path(
    post,
    path = "/v1/institutions/{code}/personal-data",
    tag = "Record",
    params(("code" = String, Path, description = "Code, such as H37010200001 or P43050300012.", example = "H37010200001")),
    request_body(content = ref("#/components/schemas/PersonalReading"), content_type = "application/json"),
    responses((status = 200, body = ref("#/components/schemas/PersonalOpened"), description = "What was read. Not to be stored."))
)]
pub(crate) async fn institution(
    State(app): State<App>,
    Path(code): Path<String>,
    headers: HeaderMap,
    query: Query,
    body: Result<Bytes, BytesRejection>,
) -> Result<Response, Problem> {
    read(&app, SubjectKind::Institution, &code, &headers, query, body).await
}

/// Read the personal data of a practitioner
///
/// As for an institution.
#[utoipa::path(
    post,
    path = "/v1/practitioners/{code}/personal-data",
    tag = "Record",
    params(("code" = String, Path, description = "Code, such as D510105000123.", example = "D510105000123")),
    request_body(content = ref("#/components/schemas/PersonalReading"), content_type = "application/json"),
    responses((status = 200, body = ref("#/components/schemas/PersonalOpened"), description = "What was read. Not to be stored."))
)]
pub(crate) async fn practitioner(
    State(app): State<App>,
    Path(code): Path<String>,
    headers: HeaderMap,
    query: Query,
    body: Result<Bytes, BytesRejection>,
) -> Result<Response, Problem> {
    read(&app, SubjectKind::Practitioner, &code, &headers, query, body).await
}

/// Read the personal data of an insured person
///
/// As for an institution.
#[utoipa::path(
    post,
    path = "/v1/insured/{code}/personal-data",
    tag = "Record",
    params(("code" = String, Path, description = "Code, such as ins-7f3a09c2.", example = "ins-7f3a09c2")),
    request_body(content = ref("#/components/schemas/PersonalReading"), content_type = "application/json"),
    responses((status = 200, body = ref("#/components/schemas/PersonalOpened"), description = "What was read. Not to be stored."))
)]
pub(crate) async fn insured(
    State(app): State<App>,
    Path(code): Path<String>,
    headers: HeaderMap,
    query: Query,
    body: Result<Bytes, BytesRejection>,
) -> Result<Response, Problem> {
    read(&app, SubjectKind::Insured, &code, &headers, query, body).await
}

/// Read the personal data of a case's informant
///
/// As for an institution.
#[utoipa::path(
    post,
    path = "/v1/cases/{code}/personal-data",
    tag = "Record",
    params(("code" = String, Path, description = "Code, such as case-2025-0804.", example = "case-2025-0804")),
    request_body(content = ref("#/components/schemas/PersonalReading"), content_type = "application/json"),
    responses((status = 200, body = ref("#/components/schemas/PersonalOpened"), description = "What was read. Not to be stored."))
)]
pub(crate) async fn case(
    State(app): State<App>,
    Path(code): Path<String>,
    headers: HeaderMap,
    query: Query,
    body: Result<Bytes, BytesRejection>,
) -> Result<Response, Problem> {
    read(&app, SubjectKind::Case, &code, &headers, query, body).await
}

async fn read(
    app: &App,
    kind: SubjectKind,
    code: &str,
    headers: &HeaderMap,
    query: Query,
    body: Result<Bytes, BytesRejection>,
) -> Result<Response, Problem> {
    query.finish()?;
    let text = media::text(headers, &["application/json"], body, COMMAND_BYTES_MAX)?;
    let subject = subject(kind, code)?;
    let command = command(&subject, &text)?;
    match app.ledger().open_personal(command).await {
        Ok((done, opened)) => {
            app.metrics().recorded.inc();
            app.grown(done.appended.first_position);
            let mut response = json(&PersonalOpened::of(&subject, &done, opened));
            let headers = response.headers_mut();
            headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
            headers.insert(media::POSITION, HeaderValue::from(done.appended.first_position));
            Ok(response)
        }
        Err(failure) => {
            let since = Since { expected: None, by_header: false };
            Err(failed(app, &subject, since, &failure, language::of(headers)).await)
        }
    }
}

/// The body with the command around it, read as any other command.
fn command(subject: &accord_domain::Subject, body: &str) -> Result<Command, Problem> {
    let asked = reading(subject, body)?;
    Command::parse(&Value::Object(asked).to_string()).map_err(|error| Problem::command(&error))
}

/// The command that a body asks for, not read yet.
pub(super) fn reading(subject: &accord_domain::Subject, body: &str) -> Result<Map<String, Value>, Problem> {
    let refused = |error| Problem::command(&error);
    let Ok(Value::Object(mut asked)) = serde_json::from_str::<Value>(body) else {
        // Says where it is no JSON object.
        return Err(Command::parse(body).map_or_else(refused, |_| media::not_utf8()));
    };
    let events = asked.remove("events");
    asked.insert("command".to_owned(), object!(format!("{}.read-personal-data", subject.kind().name())));
    asked.insert("subject".to_owned(), object!(subject.code()));
    let data: Map<String, Value> = events.map(|events| ("events".to_owned(), events)).into_iter().collect();
    asked.insert("data".to_owned(), Value::Object(data));
    Ok(asked)
}
