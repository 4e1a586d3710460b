//! `POST /v1/commands`: one act, decided, durable and visible when it is answered.

use super::app::{App, json};
use super::etag::{self, Match};
use super::problem::{Problem, catalogue};
use super::query::Query;
use super::{idempotency, language, media};
use crate::answers::{self, Reason, Refusal, gather};
use crate::limits::{COMMAND_BYTES_MAX, SINCE_EVENTS_MAX};
use crate::text::words::chain;
use crate::{Done, Failure};
use accord_domain::rejection::RejectionKind;
use accord_domain::{Command, Instant, Rejection, Subject, Version, words};
use accord_store::LogError;
use axum::body::Bytes;
use axum::extract::rejection::BytesRejection;
use axum::extract::{DefaultBodyLimit, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, header};
use axum::response::Response;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// Names of the types of body taken.
const MEDIA_TYPES: &[&str] = &["application/json"];
/// Says that the answer is the one first given under the key.
pub(crate) const REPEATED: HeaderName = HeaderName::from_static("idempotent-replayed");

pub(crate) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(record)).layer(DefaultBodyLimit::max(COMMAND_BYTES_MAX))
}

/// Record an act
///
/// The answer comes when the events are durable; every later question to this server waits until the views show them.
/// Under the same key the same command gives the first answer again, byte for byte; another command is refused. With
/// If-Match the act is recorded only if the subject's history has not moved on.
#[utoipa::path(
    post,
    path = "/v1/commands",
    tag = "Record",
    params(
        ("Idempotency-Key" = Option<String>, Header, description = "The command's `key`: a string in double quotes. If both are given they must be the same."),
        ("If-Match" = Option<String>, Header, description = "The ETag of the subject as last seen, or `*` for one that has a history."),
    ),
    request_body(content = ref("#/components/schemas/Command"), content_type = "application/json"),
    responses((status = 200, body = ref("#/components/schemas/Done"), description = "Recorded. `ETag` is the new version, `X-Position` the position to pass on as `min_position`."))
)]
pub(crate) async fn record(
    State(app): State<App>,
    headers: HeaderMap,
    query: Query,
    body: Result<Bytes, BytesRejection>,
) -> Result<Response, Problem> {
    query.finish()?;
    let text = media::text(&headers, MEDIA_TYPES, body, COMMAND_BYTES_MAX, &catalogue::INVALID_COMMAND)?;
    let mut command = app.ledger().read(&text)?.map_err(|error| Problem::command(&error))?;
    give_key(&mut command, &headers)?;
    let by_header = give_version(&app, &mut command, &headers).await?;
    let subject = command.subject.clone();
    let expected = command.envelope.expected_version;
    match app.ledger().execute(command).await {
        Ok(done) => answer(&app, &subject, &done).await,
        Err(failure) => {
            let since = Since { expected, by_header };
            Err(failed(&app, &subject, since, &failure, language::of(&headers)).await)
        }
    }
}

async fn answer(app: &App, subject: &Subject, done: &Done) -> Result<Response, Problem> {
    if !done.repeated {
        app.metrics().recorded.inc();
        app.grown(last_position(done));
    }
    let answer =
        answers::Done::of(app.log(), app.ledger().signer(), &app.ledger().laws(), subject, done.appended)
            .await?;
    let mut response = json(&answer);
    let headers = response.headers_mut();
    headers.insert(header::ETAG, etag::value(subject, answer.version)?);
    headers.insert(media::POSITION, HeaderValue::from(answer.position.0));
    if done.repeated {
        headers.insert(REPEATED, HeaderValue::from_static("true"));
    }
    Ok(response)
}

/// Position of the last event of a command.
pub(crate) fn last_position(done: &Done) -> u64 {
    done.appended.first_position + u64::from(done.appended.count.saturating_sub(1))
}

/// The header's key becomes the command's.
fn give_key(command: &mut Command, headers: &HeaderMap) -> Result<(), Problem> {
    let Some(key) = idempotency::key(headers)? else { return Ok(()) };
    match &command.envelope.key {
        Some(own) if *own != key => Err(Problem::new(
            &catalogue::INVALID_HEADER,
            words!(
                "Idempotency-Key and the command's `key` differ; give one of them, or the same twice",
                "Idempotency-Key 与命令中的 `key` 不同；请只给其一或保持一致"
            ),
        )),
        Some(_) => Ok(()),
        None => {
            command.envelope.key = Some(key);
            Ok(())
        }
    }
}

/// `If-Match` becomes the command's expected version. Tells whether it did.
async fn give_version(app: &App, command: &mut Command, headers: &HeaderMap) -> Result<bool, Problem> {
    if headers.contains_key(header::IF_NONE_MATCH) {
        return Err(Problem::new(
            &catalogue::INVALID_HEADER,
            words!("If-None-Match has no meaning for a command", "If-None-Match 对命令无意义"),
        ));
    }
    let subject = &command.subject;
    match etag::if_match(headers, subject)? {
        Match::Any => Ok(false),
        Match::Exists => {
            // What has a history has one for ever, so looking before is as good as looking at the commit.
            let found = app.log().read_stream(&subject.stream(), 0, 1).await?;
            if found.is_empty() { Err(mismatch(app, subject, None).await) } else { Ok(false) }
        }
        Match::Nothing => Err(mismatch(app, subject, None).await),
        Match::Version(version) => match command.envelope.expected_version {
            Some(own) if own != version => Err(Problem::new(
                &catalogue::INVALID_HEADER,
                words!(
                    "If-Match names version {version} and the command's `expected_version` is {own}",
                    "If-Match 所指版本为 {version}，而命令中的 `expected_version` 为 {own}"
                ),
            )),
            _ => {
                command.envelope.expected_version = Some(version);
                Ok(true)
            }
        },
    }
}

async fn mismatch(app: &App, subject: &Subject, expected: Option<Version>) -> Problem {
    let detail =
        words!("{subject} is not at the version named in If-Match", "{subject} 的版本与 If-Match 所指不同");
    with_since(app, subject, expected, Problem::new(&catalogue::PRECONDITION_FAILED, detail)).await
}

/// What the caller had seen, and whether the header said so.
#[derive(Clone, Copy)]
pub(crate) struct Since {
    pub(crate) expected: Option<Version>,
    pub(crate) by_header: bool,
}

/// Why a command was not carried out, as a problem.
pub(crate) async fn failed(
    app: &App,
    subject: &Subject,
    since: Since,
    failure: &Failure,
    lang: answers::Lang,
) -> Problem {
    match failure {
        Failure::Rejected { rejection, blocked_by } => {
            app.metrics().refused.inc();
            let ids = blocked_by.iter().map(|(_, id)| *id).collect();
            let refusal = Refusal::of(rejection, ids, lang);
            let problem = Problem::new(kind_of(rejection, since.by_header), rejection.message.clone())
                .code(rejection.code)
                .with_all(refusal);
            if rejection.code == VERSION_CONFLICT {
                return with_since(app, subject, since.expected, problem).await;
            }
            problem
        }
        Failure::Log(error) => {
            tracing::error!(error = %chain(&**error), "the log failed");
            unwritten(error)
        }
        Failure::Vault(error) => {
            tracing::error!(error = %chain(&**error), "the keys of personal data cannot be used");
            Problem::new(
                &catalogue::PERSONAL_KEYS,
                words!(
                    "the keys of personal data cannot be used; nothing was recorded",
                    "个人信息密钥无法使用，未作任何记录"
                ),
            )
        }
        Failure::ReadOnly => Problem::new(
            &catalogue::READ_ONLY,
            words!("this server has the ledger open for reading only", "本服务以只读方式打开账本"),
        ),
        Failure::Closing => Problem::new(
            &catalogue::UNAVAILABLE,
            words!("the server is stopping; nothing was recorded", "服务正在停止，未作任何记录"),
        ),
        Failure::Stopped => Problem::new(
            &catalogue::UNAVAILABLE,
            words!(
                "a fault stopped what writes the ledger: it must be started again; nothing was recorded",
                "写入因程序故障而停止，须重新启动服务；本次未作任何记录"
            ),
        ),
        Failure::Interrupted => Problem::new(
            &catalogue::UNAVAILABLE,
            words!(
                "a fault stopped what writes the ledger, and whether this was recorded is not known: once it is started again, ask again under the same key",
                "写入因程序故障而中断，本次是否已记录不得而知：重新启动服务后请以同一幂等键重试"
            ),
        ),
    }
}

/// Why the log did not take it.
fn unwritten(error: &LogError) -> Problem {
    let detail = match error {
        LogError::InDoubt(_) => words!(
            "whether this was recorded is not known: ask again under the same key, it is recorded once",
            "本次是否已记录不得而知：请以同一幂等键重试，只会记录一次"
        ),
        LogError::Overtaken { .. } => words!(
            "another node wrote to this ledger, or a command whose answer was lost was recorded after all: this server must be started again; nothing was recorded now",
            "另一节点已写入该账本，或先前失去应答的命令其实已记录：须重新启动本服务；本次未作任何记录"
        ),
        _ => words!(
            "the log cannot take writes now; nothing was acknowledged",
            "日志暂时无法写入，未确认任何记录"
        ),
    };
    Problem::new(&catalogue::UNAVAILABLE, detail)
}

/// The code of a refusal because the stream moved on.
const VERSION_CONFLICT: &str = "version-conflict";

fn kind_of(rejection: &Rejection, by_header: bool) -> &'static catalogue::Kind {
    match rejection.kind {
        RejectionKind::Rule => &catalogue::REFUSED,
        RejectionKind::NotFound if rejection.code == "no-such-event" => &catalogue::UNKNOWN_EVENT,
        RejectionKind::NotFound => &catalogue::UNKNOWN_SUBJECT,
        RejectionKind::Conflict if rejection.code == "key-reused" => &catalogue::KEY_REUSED,
        RejectionKind::Conflict if by_header => &catalogue::PRECONDITION_FAILED,
        RejectionKind::Conflict => &catalogue::CONFLICT,
    }
}

/// Adds the newest version and what came since the one expected.
async fn with_since(app: &App, subject: &Subject, expected: Option<Version>, problem: Problem) -> Problem {
    let from = expected.map_or(0, |expected| expected.saturating_add(1));
    let found = match expected {
        Some(_) => app.log().read_stream(&subject.stream(), from, SINCE_EVENTS_MAX).await,
        None => Ok(Vec::new()),
    };
    let (found, laws) = (found.unwrap_or_default(), app.ledger().laws());
    let since = found.iter().filter_map(|stored| gather::reason(stored, laws.book()).ok());
    let since: Vec<Reason> = since.collect();
    let own = subject.clone();
    let version = app.views(move |views| views.version(&own, Instant::MAX)).await.ok().flatten();
    problem.with("version", version).with("since", since)
}
