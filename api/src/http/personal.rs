//! `POST /v1/{institutions|practitioners|insured|cases}/{code}/personal-data`: reads personal data. A POST, because every reading
//! is recorded.

use super::app::{App, json, subject};
use super::commands::{Since, failed};
use super::problem::Problem;
use super::query::Query;
use super::{language, media};
use crate::answers::PersonalOpened;
use crate::limits::COMMAND_BYTES_MAX;
use crate::{Done, Failure};
use accord_domain::{Command, Subject, SubjectKind};
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

/// The operation of a kind of subject.
macro_rules! reading {
    ($name:ident, $kind:ident, $path:literal, $code:literal, $example:literal, $(#[$words:meta])*) => {
        $(#[$words])*
        #[utoipa::path(
            post,
            path = $path,
            tag = "Record",
            params(("code" = String, Path, description = $code, example = $example)),
            request_body(content = ref("#/components/schemas/PersonalReading"), content_type = "application/json"),
            responses((status = 200, body = ref("#/components/schemas/PersonalOpened"), description = "What was read. Not to be stored."))
        )]
        pub(crate) async fn $name(
            State(app): State<App>,
            Path(code): Path<String>,
            headers: HeaderMap,
            query: Query,
            body: Result<Bytes, BytesRejection>,
        ) -> Result<Response, Problem> {
            read(&app, SubjectKind::$kind, &code, &headers, query, body).await
        }
    };
}

reading! {
    institution, Institution, "/v1/institutions/{code}/personal-data",
    "Code, such as H37010200001 or P43050300012.", "H37010200001",
    /// Read the personal data of an institution's people
    ///
    /// Who reads and why (`actor`, `reason`) is recorded before anything is given out; `events` narrows it to these events.
    /// Repeating it records it again.
}
reading! {
    practitioner, Practitioner, "/v1/practitioners/{code}/personal-data",
    "Code, such as D510105000123.", "D510105000123",
    /// Read the personal data of a practitioner
    ///
    /// As for an institution.
}
reading! {
    insured, Insured, "/v1/insured/{code}/personal-data",
    "Code, such as ins-7f3a09c2.", "ins-7f3a09c2",
    /// Read the personal data of an insured person
    ///
    /// As for an institution.
}
reading! {
    case, Case, "/v1/cases/{code}/personal-data",
    "Code, such as case-2025-0804.", "case-2025-0804",
    /// Read the personal data of a case's informant
    ///
    /// As for an institution.
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
        Ok((done, opened)) => Ok(given_out(app, &done, json(&PersonalOpened::of(&subject, &done, opened)))),
        Err(failure) => Err(not_read(app, &subject, &failure, headers).await),
    }
}

/// The answer to a reading that is recorded: nobody in between stores it.
pub(super) fn given_out(app: &App, done: &Done, mut response: Response) -> Response {
    let position = done.appended.first_position;
    app.metrics().recorded.inc();
    app.grown(position);
    let headers = response.headers_mut();
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(media::POSITION, HeaderValue::from(position));
    response
}

/// Why a reading was not recorded.
pub(super) async fn not_read(app: &App, subject: &Subject, why: &Failure, headers: &HeaderMap) -> Problem {
    let since = Since { expected: None, by_header: false };
    failed(app, subject, since, why, language::of(headers)).await
}

/// The body with the command around it, read as any other command.
fn command(subject: &Subject, body: &str) -> Result<Command, Problem> {
    let asked = reading(subject, body)?;
    Command::parse(&Value::Object(asked).to_string()).map_err(|error| Problem::command(&error))
}

/// The command that a body asks for, not read yet.
pub(super) fn reading(subject: &Subject, body: &str) -> Result<Map<String, Value>, Problem> {
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
