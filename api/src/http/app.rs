//! What every handler works with.

use crate::Ledger;
use crate::answers::{AnswerError, Asked, Coordinates, coordinates};
use crate::http::metrics::Metrics;
use crate::http::problem::{Problem, catalogue};
use crate::http::query::Query;
use crate::limits::{Bounds, IN_FLIGHT_MAX, STREAMS_MAX};
use crate::text::words::chain;
use accord_domain::{Subject, SubjectKind, words};
use accord_projections::{ViewError, Views};
use accord_store::EventLog;
use axum::http::HeaderValue;
use axum::response::{IntoResponse, Response};
use axum::{Json, http::header};
use serde::Serialize;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;
use tokio::sync::{Semaphore, watch};

/// How often a read that waits for `min_position` looks again.
const LOOK_AGAIN: Duration = Duration::from_millis(20);

/// The application: cheap to clone.
#[derive(Clone)]
pub struct App(Arc<Inner>);

struct Inner {
    ledger: Ledger,
    bounds: Bounds,
    metrics: Metrics,
    requests: Arc<Semaphore>,
    imports: Semaphore,
    streams: Arc<Semaphore>,
    stopping: watch::Sender<bool>,
    recorded: watch::Sender<u64>,
    started_micros: i64,
    served: AtomicU64,
}

impl App {
    /// Over an open ledger.
    #[must_use]
    pub fn new(ledger: Ledger) -> Self {
        Self::bounded(ledger, Bounds::default())
    }

    /// As [`App::new`], within other bounds.
    pub(crate) fn bounded(ledger: Ledger, bounds: Bounds) -> Self {
        let started_micros = ledger.clock().now().as_micros();
        Self(Arc::new(Inner {
            ledger,
            bounds,
            metrics: Metrics::new(),
            requests: Arc::new(Semaphore::new(IN_FLIGHT_MAX)),
            imports: Semaphore::new(bounds.imports),
            streams: Arc::new(Semaphore::new(STREAMS_MAX)),
            stopping: watch::Sender::new(false),
            recorded: watch::Sender::new(0),
            started_micros,
            served: AtomicU64::new(0),
        }))
    }

    pub(crate) fn ledger(&self) -> &Ledger {
        &self.0.ledger
    }

    pub(crate) fn log(&self) -> &dyn EventLog {
        &**self.0.ledger.log()
    }

    pub(crate) fn metrics(&self) -> &Metrics {
        &self.0.metrics
    }

    /// One permit a request being answered.
    pub(crate) fn requests(&self) -> &Arc<Semaphore> {
        &self.0.requests
    }

    /// One permit an import.
    pub(crate) fn imports(&self) -> &Semaphore {
        &self.0.imports
    }

    pub(crate) fn bounds(&self) -> &Bounds {
        &self.0.bounds
    }

    /// One permit a live stream.
    pub(crate) fn streams(&self) -> &Arc<Semaphore> {
        &self.0.streams
    }

    /// Becomes true when the server is told to stop.
    pub(crate) fn stopping(&self) -> watch::Receiver<bool> {
        self.0.stopping.subscribe()
    }

    /// Tells live streams to say goodbye.
    pub(crate) fn stop(&self) {
        self.0.stopping.send_replace(true);
    }

    /// Wakes those who wait for the log to grow. What another process records is found by looking again.
    pub(crate) fn grown(&self, position: u64) {
        self.0.recorded.send_if_modified(|newest| {
            let grown = *newest < position;
            *newest = position.max(*newest);
            grown
        });
    }

    /// Changes when this process records something.
    pub(crate) fn recorded(&self) -> watch::Receiver<u64> {
        self.0.recorded.subscribe()
    }

    /// A number for one request: when the server started and how many it had answered before.
    pub(crate) fn trace_id(&self) -> String {
        format!("{:x}-{:x}", self.0.started_micros, self.0.served.fetch_add(1, Ordering::Relaxed))
    }

    /// Asks the views, away from the threads that serve others.
    ///
    /// # Errors
    /// When the views cannot be read.
    pub(crate) async fn views<T: Send + 'static>(
        &self,
        ask: impl FnOnce(&Views) -> Result<T, ViewError> + Send + 'static,
    ) -> Result<T, Problem> {
        let app = self.clone();
        let answer = tokio::task::spawn_blocking(move || ask(app.ledger().views())).await;
        answer.map_err(|_| Problem::internal())?.map_err(|error| from_views(&error))
    }

    /// Where the question is asked; waits for `min_position` first.
    ///
    /// # Errors
    /// `behind` when the views do not get there in time; else when log or views cannot be read.
    pub(crate) async fn coordinates(&self, at: At) -> Result<Coordinates, Problem> {
        if let Some(position) = at.min_position {
            self.wait_for(position).await?;
        }
        self.place(at.asked).await
    }

    /// The same for an answer from the views: what they do not hold yet is not known.
    ///
    /// # Errors
    /// As [`App::coordinates`].
    pub(crate) async fn coordinates_of_views(&self, at: At) -> Result<Coordinates, Problem> {
        if let Some(position) = at.min_position {
            self.wait_for(position).await?;
        }
        let seen = self.views(Views::position).await?;
        let ledger = &self.0.ledger;
        Ok(coordinates(ledger.log(), Some(seen), ledger.clock().now(), at.asked).await?)
    }

    /// Coordinates of an answer from the log.
    ///
    /// # Errors
    /// When the log cannot be read.
    pub(crate) async fn place(&self, asked: Asked) -> Result<Coordinates, Problem> {
        let ledger = &self.0.ledger;
        Ok(ledger.coordinates(asked).await?)
    }

    async fn wait_for(&self, position: u64) -> Result<(), Problem> {
        let reached = async {
            let mut recorded = self.recorded();
            loop {
                recorded.mark_unchanged();
                if position < self.views(Views::position).await? {
                    return Ok(());
                }
                // Either another process records, which only looking again shows, or this one does.
                let _ = tokio::time::timeout(LOOK_AGAIN, recorded.changed()).await;
            }
        };
        if let Ok(result) = tokio::time::timeout(self.0.bounds.behind_wait, reached).await {
            return result;
        }
        let next = self.views(Views::position).await?;
        let waited = self.0.bounds.behind_wait.as_millis();
        Err(Problem::new(
            &catalogue::BEHIND,
            words!(
                "position {position} was not reached within {waited} ms",
                "在 {waited} 毫秒内未到达位置 {position}"
            ),
        )
        .with("position", next.checked_sub(1).map(|newest| newest.to_string())))
    }
}

/// The coordinates as a request gives them.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct At {
    pub(crate) asked: Asked,
    min_position: Option<u64>,
}

impl At {
    /// Reads `as_of`, `known_at` and `min_position`.
    ///
    /// # Errors
    /// When one is not of its form.
    pub(crate) fn read(query: &mut Query) -> Result<Self, Problem> {
        let as_of = query.instant("as_of")?;
        let known_at = query.instant("known_at")?;
        let min_position = query.number("min_position")?;
        Ok(Self { asked: Asked { as_of, known_at }, min_position })
    }

    /// As [`At::read`], where the effective coordinate may also be given as `at`.
    ///
    /// # Errors
    /// When one is not of its form, or both are given and differ.
    pub(crate) fn read_at(query: &mut Query) -> Result<Self, Problem> {
        let day = query.instant("at")?;
        let mut at = Self::read(query)?;
        if day.is_some() && at.asked.as_of.is_some() && day != at.asked.as_of {
            let (en, zh) = ("it differs from as_of; give one of them", "与 as_of 不同；请只给其一");
            return Err(super::query::invalid("at", en, zh));
        }
        at.asked.as_of = at.asked.as_of.or(day);
        Ok(at)
    }
}

/// The subject an address names.
///
/// # Errors
/// `not-found` for a kind that does not exist, `invalid-code` for a code that is not of the kind's form.
pub(crate) fn subject(kind: SubjectKind, code: &str) -> Result<Subject, Problem> {
    Subject::parse_as(kind, code).map_err(|error| {
        Problem::new(&catalogue::INVALID_CODE, error.words()).with("expected", error.expected)
    })
}

/// An answer in JSON.
pub(crate) fn json(value: &impl Serialize) -> Response {
    let mut response = Json(value).into_response();
    let headers = response.headers_mut();
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("private, no-cache"));
    response
}

/// What the views say when they cannot answer.
pub(crate) fn from_views(error: &ViewError) -> Problem {
    if let ViewError::Cursor(_) = error {
        return Problem::new(
            &catalogue::INVALID_CURSOR,
            words!("the cursor cannot be read; start again without one", "游标无法读取；请不带游标重新开始"),
        );
    }
    if let ViewError::Behind { shown, recorded } = error {
        return Problem::new(
            &catalogue::BEHIND,
            words!(
                "the views hold {shown} of {recorded} events and cannot be written further at the moment; the log is whole",
                "视图目前只含 {recorded} 个事件中的 {shown} 个，暂时无法继续写入；日志完整无损"
            ),
        );
    }
    tracing::error!(error = %chain(error), "the views cannot be read");
    Problem::new(&catalogue::UNAVAILABLE, words!("the views cannot be read now", "视图暂时无法读取"))
}

/// What replay says when it cannot answer.
pub(crate) fn from_replay(error: &accord_replay::ReplayError) -> Problem {
    tracing::error!(error = %chain(error), "the log cannot be replayed");
    Problem::new(&catalogue::UNAVAILABLE, words!("the ledger cannot be read now", "账本暂时无法读取"))
}

impl From<AnswerError> for Problem {
    fn from(error: AnswerError) -> Self {
        match &error {
            AnswerError::UnknownSubject { code } => Self::new(
                &catalogue::UNKNOWN_SUBJECT,
                words!("nothing is recorded of {code}", "账本中没有 {code} 的任何记录"),
            ),
            AnswerError::Question { parameter, message, message_zh } => {
                crate::http::query::invalid(parameter, message, message_zh)
            }
            AnswerError::Views(error) => from_views(error),
            AnswerError::NoKey => crate::http::log::no_key(),
            AnswerError::Log(_) | AnswerError::Decode { .. } | AnswerError::Quote { .. } => {
                tracing::error!(error = %chain(&error), "a question cannot be answered");
                Self::new(
                    &catalogue::UNAVAILABLE,
                    words!("the ledger cannot be read now", "账本暂时无法读取"),
                )
            }
        }
    }
}

impl From<accord_store::LogError> for Problem {
    fn from(error: accord_store::LogError) -> Self {
        AnswerError::from(error).into()
    }
}
