//! `GET /v1/events/stream`: the log as it grows, as server-sent events.
//!
//! Every connection reads the log for itself, at the pace of its reader: one that is slow falls behind and holds up
//! nobody, least of all the writer.

use super::Wanted;
use super::cloud::CloudEvent;
use crate::http::App;
use crate::http::problem::{Problem, catalogue};
use crate::http::query::{Query, invalid};
use crate::limits::{HEARTBEAT, STREAM_BATCH_EVENTS, STREAM_RETRY, STREAMS_MAX};
use crate::text::words::chain;
use accord_domain::rejection::Words;
use accord_domain::words;
use accord_store::Stored;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderName};
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse, Response};
use futures_util::stream;
use std::collections::VecDeque;
use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{OwnedSemaphorePermit, watch};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

const LAST_EVENT_ID: HeaderName = HeaderName::from_static("last-event-id");
/// How often a stream that has sent everything looks for what another process recorded.
const LOOK_AGAIN: Duration = Duration::from_secs(1);

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(follow))
}

/// The log, live
///
/// Server-sent events: `id` is the position, `event` the type, `data` a CloudEvent 1.0 in JSON. Resume with
/// `Last-Event-ID` (browsers do so by themselves) or `after`; `after=latest` gives only what is recorded from now on.
/// After 15 seconds of silence a comment is sent; before the server stops, `event: end`.
#[utoipa::path(
    get,
    path = "/v1/events/stream",
    tag = "Log",
    params(
        ("after" = Option<String>, Query, description = "Position after which to start, or `latest`; from the first event when left out.", example = "4711"),
        ("types" = Option<String>, Query, description = "Event types, separated by commas.", example = "institution.agreement-suspended"),
        ("subject" = Option<String>, Query, description = "Code of a subject.", example = "H37010200001"),
        ("Last-Event-ID" = Option<String>, Header, description = "Position of the last event received. Goes before `after`."),
    ),
    responses((status = 200, body = String, content_type = "text/event-stream", description = "The stream."))
)]
pub(crate) async fn follow(
    State(app): State<App>,
    headers: HeaderMap,
    mut query: Query,
) -> Result<Response, Problem> {
    let after = query.read("after", start)?;
    let wanted = Wanted::read(&mut query)?;
    query.finish()?;
    let by_header = last_event_id(&headers)?;
    let refuse = |why: Words| match by_header {
        Some(_) => unreadable(&why),
        None => invalid("after", &why.en, &why.zh),
    };
    let next = match by_header.or(after) {
        None => 0,
        Some(Start::After(position)) => super::after(&app, position, refuse).await?,
        Some(Start::Latest) => app.log().len().await?,
    };
    let permit = Arc::clone(app.streams()).try_acquire_owned().map_err(|_| {
        Problem::new(
            &catalogue::TOO_MANY_REQUESTS,
            words!(
                "{STREAMS_MAX} live streams are open, no more are",
                "已有 {STREAMS_MAX} 条实时流，不再接受更多"
            ),
        )
    })?;
    app.metrics().streams.inc();
    let follower = Follower {
        stopping: app.stopping(),
        recorded: app.recorded(),
        app,
        wanted,
        next,
        waiting: VecDeque::new(),
        state: Phase::Greeting,
        _permit: permit,
    };
    let events = stream::unfold(follower, |mut follower| async move {
        let event = follower.event().await?;
        Some((Ok::<_, Infallible>(event), follower))
    });
    let heartbeat = KeepAlive::new().interval(HEARTBEAT).text("heartbeat");
    Ok(Sse::new(events).keep_alive(heartbeat).into_response())
}

#[derive(Clone, Copy)]
enum Start {
    After(u64),
    Latest,
}

fn start(text: &str) -> Result<Start, Words> {
    if text == "latest" {
        return Ok(Start::Latest);
    }
    let number = text.bytes().all(|digit| digit.is_ascii_digit()).then(|| text.parse().ok()).flatten();
    number.map(Start::After).ok_or_else(|| {
        words!(
            "{text:?} is neither a position such as 4711 nor latest",
            "{text:?} 既不是位置（例如 4711）也不是 latest"
        )
    })
}

fn last_event_id(headers: &HeaderMap) -> Result<Option<Start>, Problem> {
    let Some(value) = headers.get(&LAST_EVENT_ID) else { return Ok(None) };
    start(value.to_str().unwrap_or("?")).map(Some).map_err(|why| unreadable(&why))
}

fn unreadable(why: &Words) -> Problem {
    let en = format!("Last-Event-ID: {}", why.en);
    let zh = format!("Last-Event-ID：{}", why.zh);
    Problem::new(&catalogue::INVALID_HEADER, Words { en, zh })
}

/// Where a stream stands in its life.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Phase {
    Greeting,
    Following,
    Ended,
}

/// One connection.
struct Follower {
    app: App,
    wanted: Wanted,
    next: u64,
    waiting: VecDeque<Stored>,
    stopping: watch::Receiver<bool>,
    recorded: watch::Receiver<u64>,
    state: Phase,
    _permit: OwnedSemaphorePermit,
}

impl Drop for Follower {
    fn drop(&mut self) {
        self.app.metrics().streams.dec();
    }
}

impl Follower {
    /// The next thing to send; none when all is said.
    async fn event(&mut self) -> Option<Event> {
        match self.state {
            Phase::Greeting => {
                self.state = Phase::Following;
                return Some(Event::default().retry(STREAM_RETRY).comment("accord"));
            }
            Phase::Ended => return None,
            Phase::Following => {}
        }
        loop {
            if *self.stopping.borrow() {
                self.state = Phase::Ended;
                return Some(Event::default().event("end").data("{}"));
            }
            if let Some(stored) = self.waiting.pop_front() {
                return self.told(stored);
            }
            // Before reading: what is recorded meanwhile wakes the wait below.
            self.recorded.mark_unchanged();
            match self.app.log().read_all(self.next, STREAM_BATCH_EVENTS).await {
                Ok(batch) => {
                    let Some(last) = batch.last() else {
                        self.wait().await;
                        continue;
                    };
                    self.next = last.position + 1;
                    self.waiting.extend(batch.into_iter().filter(|stored| self.wanted.takes(stored)));
                }
                Err(error) => {
                    tracing::error!(error = %chain(&error), "a live stream cannot read the log");
                    return None;
                }
            }
        }
    }

    async fn wait(&mut self) {
        tokio::select! {
            _ = self.stopping.changed() => {}
            _ = self.recorded.changed() => {}
            () = tokio::time::sleep(LOOK_AGAIN) => {}
        }
    }

    /// An event of the log as one of the stream. What cannot be read ends the stream: leaving it out would be a lie.
    fn told(&mut self, stored: Stored) -> Option<Event> {
        let (position, kind) = (stored.position, stored.kind.name());
        let data = CloudEvent::of(stored).and_then(|event| serde_json::to_string(&event));
        match data {
            Ok(data) => Some(Event::default().id(position.to_string()).event(kind).data(data)),
            Err(error) => {
                tracing::error!(position, error = %error, "a live stream cannot read an event");
                self.state = Phase::Ended;
                None
            }
        }
    }
}
