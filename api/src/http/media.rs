//! Bodies: their type, their size, and the headers that answers share.

use super::problem::{Problem, catalogue};
use accord_domain::words;
use axum::body::Bytes;
use axum::extract::rejection::BytesRejection;
use axum::http::{HeaderMap, HeaderName, StatusCode, header};

/// Position of the last event recorded, or of the one shown.
pub(crate) const POSITION: HeaderName = HeaderName::from_static("x-position");

/// Refuses a body of a type other than these.
///
/// # Errors
/// `unsupported-media-type`, naming those taken.
pub(crate) fn expect(headers: &HeaderMap, taken: &[&str]) -> Result<(), Problem> {
    let text = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or("");
    let essence = text.split(';').next().unwrap_or("").trim().to_ascii_lowercase();
    if taken.contains(&essence.as_str()) {
        return Ok(());
    }
    let list = taken.join(", ");
    let shown: String =
        if essence.is_empty() { "missing".to_owned() } else { essence.chars().take(60).collect() };
    Err(Problem::new(
        &catalogue::UNSUPPORTED_MEDIA_TYPE,
        words!("Content-Type is {shown}; taken here: {list}", "Content-Type 为 {shown}；此处接受：{list}"),
    )
    .with("accepted", taken))
}

/// The body, or why there is none.
///
/// # Errors
/// `too-large`, naming the limit; `invalid-header` for a body that broke off.
pub(crate) fn body(body: Result<Bytes, BytesRejection>, bytes_max: usize) -> Result<Bytes, Problem> {
    body.map_err(|rejection| {
        if rejection.status() == StatusCode::PAYLOAD_TOO_LARGE {
            return Problem::new(
                &catalogue::TOO_LARGE,
                words!("the body is longer than {bytes_max} bytes", "请求正文超过 {bytes_max} 字节"),
            )
            .with("max_bytes", bytes_max);
        }
        Problem::new(&catalogue::INVALID_HEADER, words!("the body broke off", "请求正文中断"))
    })
}

/// The body of a type that is taken, as text.
///
/// # Errors
/// As [`expect`] and [`body`]; `malformed-json` for bytes that are no text.
pub(crate) fn text(
    headers: &HeaderMap,
    types: &[&str],
    given: Result<Bytes, BytesRejection>,
    bytes_max: usize,
) -> Result<String, Problem> {
    expect(headers, types)?;
    String::from_utf8(body(given, bytes_max)?.into()).map_err(|_| not_utf8())
}

/// The refusal of bytes that are no text.
pub(crate) fn not_utf8() -> Problem {
    Problem::new(&catalogue::INVALID_COMMAND, words!("the body is not UTF-8 text", "请求正文不是 UTF-8 文本"))
        .code("malformed-json")
}
