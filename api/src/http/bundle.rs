//! `GET /v1/{kind}/{code}/bundle`: the evidence bundle of a subject.

use super::app::{App, At, subject};
use super::problem::Problem;
use super::query::Query;
use crate::bundle::{self, Asked};
use accord_domain::{SubjectKind, words};
use axum::extract::{Path, State};
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use uuid::Uuid;

/// The operation of a kind of subject.
macro_rules! operation {
    ($name:ident, $kind:ident, $path:literal, $example:literal, $(#[$words:meta])*) => {
        $(#[$words])*
        #[utoipa::path(
            get,
            path = $path,
            tag = "Read",
            params(
                ("code" = String, Path, description = "Code.", example = $example),
                ("redact" = Option<String>, Query, description = "Ids of events of which the bytes are withheld, with commas between; place, leaf hash and proof stay.", example = "0198f0a0-0000-7000-8000-000000000000"),
                ("redact_reason" = Option<String>, Query, description = "Why they are withheld.", example = "商业秘密"),
                ("exported_by" = Option<String>, Query, description = "Who takes it out of the ledger; stands in the chain of custody.", example = "op-17"),
            ),
            responses((status = 200, content_type = "application/zip", body = String, description = "The bundle; its format is in docs/reference/format.md."))
        )]
        pub(crate) async fn $name(
            State(app): State<App>,
            Path(code): Path<String>,
            query: Query,
        ) -> Result<Response, Problem> {
            give(&app, SubjectKind::$kind, &code, query).await
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

pub(crate) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(institution))
        .routes(routes!(practitioner))
        .routes(routes!(enterprise))
        .routes(routes!(insured))
        .routes(routes!(area))
        .routes(routes!(case))
}

async fn give(app: &App, kind: SubjectKind, code: &str, mut query: Query) -> Result<Response, Problem> {
    let at = At::read(&mut query)?;
    let redact = query.read("redact", ids)?.unwrap_or_default();
    let asked = Asked {
        redact,
        redact_reason: query.text("redact_reason")?,
        exported_by: query.text("exported_by")?,
        exported_at: app.ledger().clock().now(),
    };
    query.finish()?;
    let subject = subject(kind, code)?;
    let coordinates = app.coordinates(at).await?;
    let bytes = bundle::make(app.ledger(), &subject, coordinates, &asked).await?;
    let mut response = bytes.into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/zip"));
    let name = format!("attachment; filename=\"{}\"", bundle::file_name(&subject, coordinates));
    if let Ok(name) = HeaderValue::from_str(&name) {
        headers.insert(header::CONTENT_DISPOSITION, name);
    }
    Ok(response)
}

fn ids(text: &str) -> Result<Vec<Uuid>, accord_domain::rejection::Words> {
    let wrong =
        |part: &str| words!("{part:?} is not the id of an event (a UUID)", "{part:?} 不是事件标识（UUID）");
    text.split(',').map(|part| Uuid::parse_str(part.trim()).map_err(|_| wrong(part))).collect()
}
