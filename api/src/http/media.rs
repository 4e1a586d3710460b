//! Bodies: their type, their size, and the headers that answers share.

use super::problem::Problem;
use super::problem::catalogue::{self, Kind};
use accord_domain::{CommandError, words};
use axum::body::Bytes;
use axum::extract::rejection::BytesRejection;
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};

/// Position of the last event recorded, or of the one shown.
pub(crate) const POSITION: HeaderName = HeaderName::from_static("x-position");

/// Refuses a body of a type other than these, and one that is encoded.
///
/// # Errors
/// `unsupported-media-type`, naming those taken.
pub(crate) fn expect(headers: &HeaderMap, taken: &[&str]) -> Result<(), Problem> {
    let plain = |value: &HeaderValue| value.as_bytes().trim_ascii().eq_ignore_ascii_case(b"identity");
    if !headers.get_all(header::CONTENT_ENCODING).iter().all(plain) {
        return Err(Problem::new(
            &catalogue::UNSUPPORTED_MEDIA_TYPE,
            words!(
                "bodies are taken as they are, without Content-Encoding",
                "请求正文须原样发送，不接受 Content-Encoding"
            ),
        )
        .code("unsupported-content-encoding")
        .header(header::ACCEPT_ENCODING, HeaderValue::from_static("identity")));
    }
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

/// The body of a type that is taken, as text; one that is not is a problem of `kind`.
///
/// # Errors
/// As [`expect`] and [`body`]; `not-utf-8` with its place for bytes that are no text.
pub(crate) fn text(
    headers: &HeaderMap,
    types: &[&str],
    given: Result<Bytes, BytesRejection>,
    bytes_max: usize,
    kind: &'static Kind,
) -> Result<String, Problem> {
    expect(headers, types)?;
    let bytes = body(given, bytes_max)?;
    let text = CommandError::utf8(&bytes).map_err(|error| Problem::body(kind, &error))?;
    Ok(text.to_owned())
}
