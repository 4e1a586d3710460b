//! `POST /v1/{institutions|practitioners|insured|cases}/{code}/personal-data`: reads personal data. A POST, because every reading
//! is recorded.

use super::app::{App, json, subject};
use super::commands::{Since, failed};
use super::problem::Problem;
use super::problem::catalogue::INVALID_COMMAND;
use super::query::Query;
use super::{idempotency, language, media};
use crate::answers::PersonalOpened;
use crate::limits::COMMAND_BYTES_MAX;
use crate::{Done, Failure};
use accord_domain::command::body::object;
use accord_domain::personal::PersonalAct;
use accord_domain::{Command, CommandError, Subject, SubjectKind, words};
use axum::body::Bytes;
use axum::extract::rejection::BytesRejection;
use axum::extract::{DefaultBodyLimit, Path, State};
use axum::http::{HeaderMap, HeaderValue, header};
use axum::response::Response;
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::value::RawValue;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use uuid::Uuid;

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
    /// Repeating it records it again: `Idempotency-Key` and `If-Match` are refused.
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
    let instead = words!(
        "every reading is recorded, a repeated one again, whatever was recorded before",
        "每次查阅均予记录，重复查阅亦再次记录，与此前记录无关"
    );
    idempotency::not_meant(headers, &instead)?;
    let text = media::text(headers, &["application/json"], body, COMMAND_BYTES_MAX, &INVALID_COMMAND)?;
    let subject = subject(kind, code)?;
    let asked = object::<Reading<'_>>(&text).and_then(|reading| reading.command(&subject, &text));
    let (command, _) = asked.map_err(|error| Problem::command(&error))?;
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

/// What a body asks for: who reads, why, and from which events.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Reading<'a> {
    #[serde(borrow)]
    actor: &'a RawValue,
    #[serde(borrow, default)]
    reason: Option<&'a RawValue>,
    #[serde(borrow, default, deserialize_with = "given")]
    events: Option<&'a RawValue>,
}

/// A member that is there; null is no way to leave it out, since without it everything is read.
fn given<'de, D: Deserializer<'de>>(reader: D) -> Result<Option<&'de RawValue>, D::Error> {
    Deserialize::deserialize(reader).map(Some)
}

/// The command that records a reading.
#[derive(Serialize)]
struct Recorded<'a, E> {
    command: String,
    subject: &'a str,
    actor: &'a RawValue,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<&'a RawValue>,
    data: Events<E>,
}

#[derive(Serialize)]
struct Events<E> {
    #[serde(skip_serializing_if = "Option::is_none")]
    events: Option<E>,
}

impl Reading<'_> {
    /// The command, and the events it is narrowed to; none where everything is read. Places are those of the body.
    ///
    /// # Errors
    /// As for any other command; a list of events that names none is refused too, and never read as all.
    pub(super) fn command(
        &self,
        subject: &Subject,
        body: &str,
    ) -> Result<(Command, Vec<Uuid>), CommandError> {
        let at_home = |error: CommandError| {
            let pointer = error.pointer.strip_prefix("/data").unwrap_or(&error.pointer).to_owned();
            error.moved(pointer, body)
        };
        let command = self.recorded(subject, self.events).map_err(at_home)?;
        let only = match command.act.personal_act() {
            Some(PersonalAct::Read(data)) => data.events.clone(),
            Some(PersonalAct::Erase(_)) | None => Vec::new(),
        };
        if self.events.is_some() && only.is_empty() {
            let message =
                words!("empty; leave it out to read everything", "内容为空；如需查阅全部，请省略该字段");
            let (code, pointer) = ("invalid-value", "/events".to_owned());
            return Err(at_home(CommandError { code, pointer, line: 0, column: 0, message }));
        }
        Ok((command, only))
    }

    /// The command that reads these events.
    ///
    /// # Errors
    /// As [`Reading::command`].
    pub(super) fn of_events(&self, subject: &Subject, events: &[Uuid]) -> Result<Command, CommandError> {
        self.recorded(subject, Some(events))
    }

    fn recorded(&self, subject: &Subject, events: Option<impl Serialize>) -> Result<Command, CommandError> {
        let recorded = Recorded {
            command: format!("{}.read-personal-data", subject.kind().name()),
            subject: subject.code(),
            actor: self.actor,
            reason: self.reason,
            data: Events { events },
        };
        // All of it is JSON already; were it ever not, what is left is refused as no command.
        Command::parse(&serde_json::to_string(&recorded).unwrap_or_default())
    }
}
