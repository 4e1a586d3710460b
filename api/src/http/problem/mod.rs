//! Errors as RFC 9457 problem documents. A handler says what is wrong ([`Problem`]); [`Problem::render`], called in one
//! place for every answer, adds what only the request knows: language, address, trace id.

pub mod catalogue;
mod page;

pub(crate) use page::routes as pages;

use crate::answers::Lang;
use crate::limits::RETRY_AFTER_SECONDS;
use accord_domain::CommandError;
use accord_domain::rejection::Words;
use accord_domain::words;
use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use catalogue::Kind;
use serde::Serialize;
use serde_json::{Map, Value, json};
use std::borrow::Cow;

/// Media type of problem documents.
pub(crate) const MEDIA_TYPE: &str = "application/problem+json";

/// What is wrong with a request, or with us.
#[derive(Clone, Debug)]
pub struct Problem {
    kind: &'static Kind,
    code: Cow<'static, str>,
    detail: Words,
    errors: Vec<Place>,
    extra: Map<String, Value>,
    header: Option<(HeaderName, HeaderValue)>,
}

/// One place in the request and what is wrong there.
#[derive(Clone, Debug)]
struct Place {
    member: &'static str,
    place: String,
    code: Cow<'static, str>,
    detail: Words,
    line: usize,
    column: usize,
}

impl Problem {
    /// A problem of a type, in words.
    #[must_use]
    pub fn new(kind: &'static Kind, detail: Words) -> Self {
        let (errors, extra) = (Vec::new(), Map::new());
        Self { kind, code: Cow::Borrowed(kind.slug), detail, errors, extra, header: None }
    }

    /// With a header of the answer.
    #[must_use]
    pub fn header(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.header = Some((name, value));
        self
    }

    /// With a finer code than its type's.
    #[must_use]
    pub fn code(mut self, code: impl Into<Cow<'static, str>>) -> Self {
        self.code = code.into();
        self
    }

    /// With a further member. A value that cannot be written as JSON is left out.
    #[must_use]
    pub fn with(mut self, name: &str, value: impl Serialize) -> Self {
        if let Ok(value) = serde_json::to_value(value) {
            self.extra.insert(name.to_owned(), value);
        }
        self
    }

    /// With all members of an object.
    #[must_use]
    pub fn with_all(mut self, value: impl Serialize) -> Self {
        if let Ok(Value::Object(members)) = serde_json::to_value(value) {
            self.extra.extend(members);
        }
        self
    }

    /// With a query parameter that is wrong.
    #[must_use]
    pub fn parameter(mut self, name: &str, code: &'static str, detail: Words) -> Self {
        let place = name.chars().take(40).collect();
        let code = Cow::Borrowed(code);
        self.errors.push(Place { member: "parameter", place, code, detail, line: 0, column: 0 });
        self
    }

    /// A command that cannot be read.
    #[must_use]
    pub fn command(error: &CommandError) -> Self {
        Self::unread(&catalogue::INVALID_COMMAND, "命令有误", error)
    }

    /// A body that cannot be read, of a type for what it should have been.
    #[must_use]
    pub fn body(kind: &'static Kind, error: &CommandError) -> Self {
        Self::unread(kind, "请求正文有误", error)
    }

    fn unread(kind: &'static Kind, what_zh: &str, error: &CommandError) -> Self {
        let (pointer, Words { en, zh }) = (&error.pointer, &error.message);
        let place = if pointer.is_empty() { String::new() } else { format!("{pointer}: ") };
        let detail = words!("{place}{en}", "{what_zh}：{place}{zh}");
        let mut problem = Self::new(kind, detail).code(error.code);
        problem.errors.push(Place {
            member: "pointer",
            place: error.pointer.clone(),
            code: Cow::Borrowed(error.code),
            detail: error.message.clone(),
            line: error.line,
            column: error.column,
        });
        problem
    }

    /// Of a command that stands on this line of a body with many.
    #[must_use]
    pub(crate) fn on_line(mut self, line: usize) -> Self {
        for place in self.errors.iter_mut().filter(|place| place.line > 0) {
            place.line = line;
        }
        self
    }

    /// A fault of ours. Nothing of its cause leaves the server; the log has it under the trace id.
    #[must_use]
    pub fn internal() -> Self {
        Self::new(
            &catalogue::INTERNAL,
            words!(
                "a fault in the server; nothing half-done was recorded",
                "服务内部错误；不会留下只完成一半的记录"
            ),
        )
    }

    /// HTTP status.
    #[must_use]
    pub fn status(&self) -> StatusCode {
        self.kind.status
    }

    /// The code, for logs and metrics.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.code
    }

    /// The document of the whole request's problem.
    fn document(&self, language: Lang, instance: &str, trace_id: &str) -> Map<String, Value> {
        let mut document = self.members(language);
        document.insert("instance".to_owned(), json!(instance));
        document.insert("trace_id".to_owned(), json!(trace_id));
        document
    }

    /// What the problem says by itself: one of several in an answer.
    pub(crate) fn members(&self, language: Lang) -> Map<String, Value> {
        let title = match language {
            Lang::Zh => self.kind.title_zh,
            Lang::En => self.kind.title_en,
        };
        let mut document = Map::new();
        let mut put = |name: &str, value: Value| document.insert(name.to_owned(), value);
        put("type", json!(format!("/problems/{}", self.kind.slug)));
        put("title", json!(title));
        put("status", json!(self.kind.status.as_u16()));
        put("detail", json!(language.pick(&self.detail)));
        put("code", json!(self.code));
        put("retryable", json!(self.kind.retryable));
        if !self.errors.is_empty() {
            put("errors", self.errors.iter().map(|place| place.document(language)).collect());
        }
        for (name, value) in &self.extra {
            document.entry(name.clone()).or_insert_with(|| value.clone());
        }
        document
    }

    /// The answer.
    pub(crate) fn render(&self, language: Lang, instance: &str, trace_id: &str) -> Response {
        let body = Value::Object(self.document(language, instance, trace_id)).to_string();
        let mut response = (self.kind.status, body).into_response();
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(MEDIA_TYPE));
        headers.insert(header::CONTENT_LANGUAGE, HeaderValue::from_static(language.tag()));
        headers.insert(header::VARY, HeaderValue::from_static("accept-language"));
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        if let Some((name, value)) = &self.header {
            headers.insert(name, value.clone());
        }
        if self.kind.retryable {
            headers.insert(header::RETRY_AFTER, HeaderValue::from(RETRY_AFTER_SECONDS));
        }
        response
    }
}

impl Place {
    fn document(&self, language: Lang) -> Value {
        let mut out =
            json!({ self.member: self.place, "code": self.code, "detail": language.pick(&self.detail) });
        if let Value::Object(members) = &mut out
            && self.line > 0
        {
            members.insert("line".to_owned(), json!(self.line));
            members.insert("column".to_owned(), json!(self.column));
        }
        out
    }
}

/// Carries the problem to the one place that renders it.
impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let mut response = self.kind.status.into_response();
        response.extensions_mut().insert(self);
        response
    }
}
