//! `GET /v1/{kind}/{code}/bundle`: the evidence bundle of a subject.

use super::app::{App, At, subject};
use super::personal::Reading;
use super::problem::Problem;
use super::problem::catalogue::INVALID_COMMAND;
use super::query::Query;
use super::{media, personal};
use crate::answers::Coordinates;
use crate::bundle::{self, Asked, OpeningFailure};
use crate::limits::COMMAND_BYTES_MAX;
use accord_domain::command::body::object;
use accord_domain::{CommandError, Subject, SubjectKind, words};
use axum::body::Bytes;
use axum::extract::rejection::BytesRejection;
use axum::extract::{DefaultBodyLimit, Path, State};
use axum::http::{HeaderMap, HeaderValue, header};
use axum::response::{IntoResponse, Response};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use uuid::Uuid;

/// The head that all operations have, before the handler.
macro_rules! head {
    (
        $method:ident, $tag:literal, $path:literal, $example:literal, [$($body:tt)*], $description:literal,
        $(#[$words:meta])* => $($handler:tt)*
    ) => {
        $(#[$words])*
        #[utoipa::path(
            $method,
            path = $path,
            tag = $tag,
            params(
                ("code" = String, Path, description = "Code.", example = $example),
                ("redact" = Option<String>, Query, description = "Ids of events of which the bytes are withheld, with commas between; place, leaf hash and proof stay.", example = "0198f0a0-0000-7000-8000-000000000000"),
                ("redact_reason" = Option<String>, Query, description = "Why they are withheld.", example = "商业秘密"),
                ("exported_by" = Option<String>, Query, description = "Who takes it out of the ledger; stands in the chain of custody.", example = "op-17"),
            ),
            $($body)*
            responses((status = 200, content_type = "application/zip", body = String, description = $description))
        )]
        $($handler)*
    };
}

/// The operation of a kind of subject.
macro_rules! operation {
    ($name:ident, $kind:ident, $path:literal, $example:literal, $(#[$words:meta])*) => {
        head! {
            get, "Read", $path, $example, [], "The bundle; its format is in docs/reference/format.md.",
            $(#[$words])* =>
            pub(crate) async fn $name(
                State(app): State<App>,
                Path(code): Path<String>,
                query: Query,
            ) -> Result<Response, Problem> {
                give(&app, SubjectKind::$kind, &code, query).await
            }
        }
    };
}

operation! {
    institution, Institution, "/v1/institutions/{code}/bundle", "H37010200001",
    /// The evidence bundle of an institution
    ///
    /// A zip with the timeline in Chinese and English, every event known at `known_at` with its exact bytes, the proof of
    /// each, the signed checkpoint, the rules cited, a manifest that the ledger signed, and a page that checks all of it
    /// offline.
}
operation! {
    practitioner, Practitioner, "/v1/practitioners/{code}/bundle", "D510105000123",
    /// The evidence bundle of a practitioner
    ///
    /// As for an institution.
}
operation! {
    enterprise, Enterprise, "/v1/enterprises/{code}/bundle", "91350100M000100Y43",
    /// The evidence bundle of an enterprise
    ///
    /// As for an institution.
}
operation! {
    insured, Insured, "/v1/insured/{code}/bundle", "ins-7f3a09c2",
    /// The evidence bundle of an insured person
    ///
    /// As for an institution.
}
operation! {
    area, Area, "/v1/areas/{code}/bundle", "430500",
    /// The evidence bundle of a pooling area
    ///
    /// As for an institution.
}
operation! {
    case, Case, "/v1/cases/{code}/bundle", "case-2025-0804",
    /// The evidence bundle of a case
    ///
    /// As for an institution.
}

/// The operation that opens personal data in the bundle of a kind of subject.
macro_rules! opening {
    ($name:ident, $kind:ident, $path:literal, $example:literal, $(#[$words:meta])*) => {
        head! {
            post, "Record", $path, $example,
            [request_body(content = ref("#/components/schemas/PersonalReading"), content_type = "application/json"),],
            "The bundle, of version 2; its format is in docs/reference/format.md. Not to be stored by anybody in between.",
            $(#[$words])* =>
            pub(crate) async fn $name(
                State(app): State<App>,
                Path(code): Path<String>,
                headers: HeaderMap,
                query: Query,
                body: Result<Bytes, BytesRejection>,
            ) -> Result<Response, Problem> {
                open(&app, SubjectKind::$kind, &code, &headers, query, body).await
            }
        }
    };
}

opening! {
    open_institution, Institution, "/v1/institutions/{code}/bundle", "H37010200001",
    /// The evidence bundle of an institution with personal data in clear
    ///
    /// Who reads and why (`actor`, `reason`) is recorded before anything is given out; `events` narrows it to these events.
    /// Each value comes with a key that opens it alone, so that whoever checks the bundle sees that it is the one sealed.
}
opening! {
    open_practitioner, Practitioner, "/v1/practitioners/{code}/bundle", "D510105000123",
    /// The evidence bundle of a practitioner with personal data in clear
    ///
    /// As for an institution.
}
opening! {
    open_insured, Insured, "/v1/insured/{code}/bundle", "ins-7f3a09c2",
    /// The evidence bundle of an insured person with personal data in clear
    ///
    /// As for an institution.
}

opening! {
    open_case, Case, "/v1/cases/{code}/bundle", "case-2025-0804",
    /// The evidence bundle of a case with personal data in clear
    ///
    /// As for an institution: who reported.
}

pub(crate) fn routes() -> OpenApiRouter<App> {
    let opening = OpenApiRouter::new()
        .routes(routes!(open_institution))
        .routes(routes!(open_practitioner))
        .routes(routes!(open_insured))
        .routes(routes!(open_case))
        .layer(DefaultBodyLimit::max(COMMAND_BYTES_MAX));
    OpenApiRouter::new()
        .merge(opening)
        .routes(routes!(institution))
        .routes(routes!(practitioner))
        .routes(routes!(enterprise))
        .routes(routes!(insured))
        .routes(routes!(area))
        .routes(routes!(case))
}

/// What a query asks of a bundle.
fn asked(app: &App, mut query: Query) -> Result<(At, Asked), Problem> {
    let at = At::read(&mut query)?;
    let redact = query.read("redact", ids)?.unwrap_or_default();
    let asked = Asked {
        redact,
        redact_reason: query.text("redact_reason")?,
        exported_by: query.text("exported_by")?,
        exported_at: app.ledger().clock().now(),
        opened: None,
    };
    query.finish()?;
    Ok((at, asked))
}

async fn give(app: &App, kind: SubjectKind, code: &str, query: Query) -> Result<Response, Problem> {
    let (at, asked) = asked(app, query)?;
    let subject = subject(kind, code)?;
    let coordinates = app.coordinates(at).await?;
    let bytes = bundle::make(&app.ledger().source(), &subject, coordinates, &asked).await?;
    Ok(zip(bytes, &subject, coordinates))
}

async fn open(
    app: &App,
    kind: SubjectKind,
    code: &str,
    headers: &HeaderMap,
    query: Query,
    body: Result<Bytes, BytesRejection>,
) -> Result<Response, Problem> {
    let (at, asked) = asked(app, query)?;
    let text = media::text(headers, &["application/json"], body, COMMAND_BYTES_MAX, &INVALID_COMMAND)?;
    let subject = subject(kind, code)?;
    let refused = |error: CommandError| Problem::command(&error);
    let reading = object::<Reading<'_>>(&text).map_err(refused)?;
    let (_, only) = reading.command(&subject, &text).map_err(refused)?;
    let of_events = |events: &[Uuid]| reading.of_events(&subject, events);
    // The reading is recorded by what waits for the views too, so what was asked is waited for as anywhere else.
    app.coordinates(at).await?;
    match bundle::make_open(app.ledger(), &subject, at.asked, asked, &only, of_events).await {
        Ok((bytes, coordinates, done)) => {
            Ok(personal::given_out(app, &done, zip(bytes, &subject, coordinates)))
        }
        Err(OpeningFailure::Answer(error)) => Err(error.into()),
        Err(OpeningFailure::Command(error)) => Err(Problem::command(&error)),
        Err(OpeningFailure::Failure(failure)) => {
            Err(personal::not_read(app, &subject, &failure, headers).await)
        }
    }
}

fn zip(bytes: Vec<u8>, subject: &Subject, coordinates: Coordinates) -> Response {
    let mut response = bytes.into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/zip"));
    let name = format!("attachment; filename=\"{}\"", bundle::file_name(subject, coordinates));
    if let Ok(name) = HeaderValue::from_str(&name) {
        headers.insert(header::CONTENT_DISPOSITION, name);
    }
    response
}

fn ids(text: &str) -> Result<Vec<Uuid>, accord_domain::rejection::Words> {
    let wrong =
        |part: &str| words!("{part:?} is not the id of an event (a UUID)", "{part:?} 不是事件标识（UUID）");
    text.split(',').map(|part| Uuid::parse_str(part.trim()).map_err(|_| wrong(part))).collect()
}
