//! What surrounds every request: trace id, host check, limits, deadline, panics, problem documents, security headers,
//! metrics, one span. In one place, so that no answer gets out without them.

use super::app::App;
use super::arrival::Arrival;
use super::connection::Crowded;
use super::language;
use super::metrics::Answered;
use super::problem::{Problem, catalogue};
use crate::answers::Lang;
use crate::limits::TARGET_BYTES_MAX;
use accord_domain::rejection::Words;
use accord_domain::words;
use axum::extract::{MatchedPath, Request, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Uri, Version, header};
use axum::middleware::Next;
use axum::response::Response;
use futures_util::FutureExt;
use std::net::{Ipv4Addr, Ipv6Addr};
use std::panic::AssertUnwindSafe;
use std::time::{Duration, Instant as Stopwatch};
use tracing::Instrument;

/// Routes whose answer may take longer than others; fewer of them are taken at once.
const UNHURRIED: &[&str] = &["/v1/import"];
/// Routes answered also when there is too much else to do: that is when they are needed.
const OPERATING: &[&str] = &["/healthz", "/readyz", "/metrics"];

/// The layer.
pub(crate) async fn scope(State(app): State<App>, request: Request, next: Next) -> Response {
    let started = Stopwatch::now();
    let route = request.extensions().get::<MatchedPath>().map_or("unknown", MatchedPath::as_str).to_owned();
    let method = known_method(request.method().as_str());
    let about = About {
        lang: language::of(request.headers()),
        instance: request.uri().path().to_owned(),
        trace_id: app.trace_id(),
    };
    // At the level of errors, so that every line written on the way carries it.
    let span = tracing::error_span!("request", method, route, trace_id = about.trace_id);
    let counted = InFlight::new(&app);
    let answer = answer(&app, request, next, &route).instrument(span.clone()).await;
    drop(counted);
    let response = finish(answer, &about);
    let took = started.elapsed();
    let status = response.status().as_u16();
    span.in_scope(|| {
        let micros = u64::try_from(took.as_micros()).unwrap_or(u64::MAX);
        tracing::info!(status, micros, "answered");
    });
    app.metrics().answered(&Answered { method, route, status }, took);
    response
}

/// Counts a request while it is being answered, also one whose caller goes away before the answer.
struct InFlight<'a>(&'a App);

impl<'a> InFlight<'a> {
    fn new(app: &'a App) -> Self {
        app.metrics().in_flight.inc();
        Self(app)
    }
}

impl Drop for InFlight<'_> {
    fn drop(&mut self) {
        self.0.metrics().in_flight.dec();
    }
}

/// What a problem document says of its request.
struct About {
    lang: Lang,
    instance: String,
    trace_id: String,
}

async fn answer(app: &App, request: Request, next: Next, route: &str) -> Result<Response, Problem> {
    check_target(request.uri())?;
    check_host(request.headers(), request.uri(), request.version())?;
    let unhurried = UNHURRIED.contains(&route);
    let place = app.requests().try_acquire();
    let among_imports = unhurried.then(|| app.imports().try_acquire());
    let crowded = request.extensions().get::<Crowded>().is_some()
        || place.is_err()
        || among_imports.as_ref().is_some_and(Result::is_err);
    if crowded && !OPERATING.contains(&route) {
        return Err(Problem::new(
            &catalogue::TOO_MANY_REQUESTS,
            words!("the server answers as many requests as it may at once", "服务同时处理的请求已达上限"),
        ));
    }
    let (parts, body) = request.into_parts();
    let (body, arrival) = Arrival::watch(body, app.bounds().body_silence);
    let handled = AssertUnwindSafe(next.run(Request::from_parts(parts, body))).catch_unwind();
    let handled = if unhurried {
        handled.await
    } else {
        let in_time = tokio::time::timeout(app.bounds().answer_time, handled).await;
        in_time.map_err(|_| overdue(&arrival, app.bounds().answer_time))?
    };
    if arrival.fell_silent() {
        return Err(overdue(&arrival, app.bounds().body_silence));
    }
    handled.map_err(|_| {
        tracing::error!("a handler panicked");
        Problem::internal()
    })
}

/// Why there is no answer after so long: the body did not come, or deciding took too long.
fn overdue(arrival: &Arrival, after: Duration) -> Problem {
    let seconds = after.as_secs();
    if arrival.is_whole() {
        let words = words!("no answer within {seconds} s", "{seconds} 秒内未能答复");
        return Problem::new(&catalogue::TIMED_OUT, words);
    }
    let words = words!(
        "the body did not arrive within {seconds} s; nothing was recorded",
        "请求正文在 {seconds} 秒内未能送达，未作任何记录"
    );
    Problem::new(&catalogue::REQUEST_TIMEOUT, words)
}

/// Makes problem documents of problems and of bare errors, and puts on what every answer carries.
fn finish(answer: Result<Response, Problem>, about: &About) -> Response {
    let mut response = match answer {
        Err(problem) => problem.render(about.lang, &about.instance, &about.trace_id),
        Ok(mut response) => match problem_of(&mut response) {
            Some(problem) => {
                let mut rendered = problem.render(about.lang, &about.instance, &about.trace_id);
                if let Some(methods) = response.headers_mut().remove(header::ALLOW) {
                    rendered.headers_mut().insert(header::ALLOW, methods);
                }
                rendered
            }
            None => response,
        },
    };
    let headers = response.headers_mut();
    let mut put = |name, value| {
        headers.entry(name).or_insert(HeaderValue::from_static(value));
    };
    put(header::X_CONTENT_TYPE_OPTIONS, "nosniff");
    put(header::CONTENT_SECURITY_POLICY, "default-src 'none'; frame-ancestors 'none'");
    put(header::REFERRER_POLICY, "no-referrer");
    put(header::CACHE_CONTROL, "no-store");
    put(HeaderName::from_static("cross-origin-resource-policy"), "same-origin");
    if let Ok(value) = HeaderValue::from_str(&about.trace_id) {
        headers.insert(HeaderName::from_static("x-trace-id"), value);
    }
    response
}

/// The problem a handler returned, or the one a bare error of the router stands for.
fn problem_of(response: &mut Response) -> Option<Problem> {
    if let Some(problem) = response.extensions_mut().remove::<Problem>() {
        return Some(problem);
    }
    let status = response.status();
    if !status.is_client_error() && !status.is_server_error() {
        return None;
    }
    // A document of our own, such as that of a server that is not ready, stays as it is.
    let media_type = response.headers().get(header::CONTENT_TYPE).map(HeaderValue::as_bytes);
    if media_type.is_some_and(|text| text.starts_with(b"application/json")) {
        return None;
    }
    let kind = catalogue::of_status(status);
    Some(Problem::new(kind, Words { en: kind.help_en.to_owned(), zh: kind.help_zh.to_owned() }))
}

fn check_target(uri: &Uri) -> Result<(), Problem> {
    let bytes = uri.path_and_query().map_or(0, |target| target.as_str().len());
    if bytes <= TARGET_BYTES_MAX {
        return Ok(());
    }
    Err(Problem::new(
        &catalogue::TARGET_TOO_LONG,
        words!(
            "the address has {bytes} bytes; at most {TARGET_BYTES_MAX} are accepted",
            "地址为 {bytes} 字节，最多 {TARGET_BYTES_MAX} 字节"
        ),
    ))
}

/// One host (RFC 9112 §3.2), and only loopback names: a page elsewhere whose name was made to point here sends its own name
/// (DNS rebinding).
fn check_host(headers: &HeaderMap, uri: &Uri, version: Version) -> Result<(), Problem> {
    let hosts = headers.get_all(header::HOST).iter().count();
    if hosts > 1 || (hosts == 0 && version == Version::HTTP_11) {
        return Err(Problem::new(
            &catalogue::INVALID_HEADER,
            words!(
                "the header Host stands {hosts} times; it stands once",
                "Host 标头出现 {hosts} 次，应恰好一次"
            ),
        ));
    }
    let host = uri
        .authority()
        .map(axum::http::uri::Authority::as_str)
        .or_else(|| headers.get(header::HOST).and_then(|value| value.to_str().ok()));
    if host.is_some_and(is_loopback) {
        return Ok(());
    }
    Err(Problem::new(
        &catalogue::UNKNOWN_HOST,
        words!(
            "the header Host must be localhost or a loopback address such as 127.0.0.1, with or without a port",
            "Host 标头须为 localhost 或回环地址（如 127.0.0.1），可带端口"
        ),
    ))
}

fn is_loopback(host: &str) -> bool {
    let (name, port) = match host.rsplit_once(':') {
        Some((name, port)) if !port.contains(']') => (name, port),
        _ => (host, ""),
    };
    let bare = name.strip_prefix('[').and_then(|name| name.strip_suffix(']'));
    let address = match bare {
        Some(inner) => inner.parse::<Ipv6Addr>().is_ok_and(|address| address.is_loopback()),
        None => name.parse::<Ipv4Addr>().is_ok_and(|address| address.is_loopback()),
    };
    port.bytes().all(|digit| digit.is_ascii_digit()) && (address || name.eq_ignore_ascii_case("localhost"))
}

/// A label of metrics must come from a closed list.
fn known_method(method: &str) -> &'static str {
    ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]
        .into_iter()
        .find(|known| *known == method)
        .unwrap_or("other")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_loopback_names_are_hosts() {
        for good in [
            "localhost",
            "localhost:8080",
            "LOCALHOST:1",
            "127.0.0.1:80",
            "127.0.0.2:80",
            "[::1]",
            "[::1]:8080",
        ] {
            assert!(is_loopback(good), "{good}");
        }
        for bad in [
            "",
            "example.org",
            "localhost.example.org",
            "127.0.0.1.example.org:80",
            "localhost:80@evil",
            "evil:80",
            "::1",
            "127.0.0.2x",
        ] {
            assert!(!is_loopback(bad), "{bad}");
        }
    }
}
