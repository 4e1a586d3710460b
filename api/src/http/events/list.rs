//! `GET /v1/events`: the log from a position on.

use super::Wanted;
use super::cloud::CloudEvent;
use crate::answers::{Position, RecordCoordinates};
use crate::http::App;
use crate::http::app::{At, json};
use crate::http::paging::{self, link_next};
use crate::http::problem::Problem;
use crate::http::query::{Query, invalid};
use crate::limits::EVENTS_SCANNED_MAX;
use accord_domain::rejection::Words;
use accord_store::{LogError, Stored};
use axum::extract::State;
use axum::response::Response;
use serde::Serialize;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// Events read from the log at a time.
const BATCH: usize = 500;

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(list))
}

#[derive(Serialize)]
struct Events {
    coordinates: RecordCoordinates,
    events: Vec<CloudEvent>,
    /// The `after` of the next page; null at the end of what is known.
    next_after: Option<Position>,
}

/// The log
///
/// Events in the order they were recorded, as CloudEvents 1.0; `data` is the stored event, byte for byte. A rare filter
/// gives short pages: go on with `next_after` until it is null.
#[utoipa::path(
    get,
    path = "/v1/events",
    tag = "Log",
    params(
        ("after" = Option<String>, Query, description = "Position after which to start; from the first event when left out.", example = "4711"),
        ("types" = Option<String>, Query, description = "Event types, separated by commas.", example = "institution.agreement-suspended,institution.agreement-resumed"),
        ("subject" = Option<String>, Query, description = "Code of a subject.", example = "H37010200001"),
    ),
    responses((status = 200, body = ref("#/components/schemas/Events"), description = "A page of the log."))
)]
pub(crate) async fn list(State(app): State<App>, mut query: Query) -> Result<Response, Problem> {
    let after = query.number("after")?;
    let wanted = Wanted::read(&mut query)?;
    let at = At::read(&mut query)?;
    let limit = paging::limit(&mut query)?;
    query.finish()?;
    let coordinates = app.coordinates(at).await?;
    let refuse = |why: Words| invalid("after", &why.en, &why.zh);
    let from = match after {
        Some(position) => super::after(&app, position, refuse).await?,
        None => 0,
    };
    let end = coordinates.position.map_or(0, |position| position.0.saturating_add(1));
    let mut page = match &wanted.subject {
        Some(_) => of_subject(&app, &wanted, from, end, limit).await?,
        None => of_log(&app, &wanted, from, end, limit).await?,
    };
    if at.asked.as_of.is_some() {
        page.events.retain(|stored| stored.effective_at <= coordinates.as_of);
    }
    let next_after = page.next_after.map(Position);
    let events = page
        .events
        .into_iter()
        .map(|stored| {
            let position = stored.position;
            CloudEvent::of(stored).map_err(|error| LogError::Damaged { position, what: error.to_string() })
        })
        .collect::<Result<Vec<_>, _>>()?;
    let echoed = coordinates.of_records(at.asked.as_of);
    let link = next_after.map(|after| query.with("after", &after.to_string()));
    Ok(link_next(json(&Events { coordinates: echoed, events, next_after }), "/v1/events", link.as_deref()))
}

struct Page {
    events: Vec<Stored>,
    next_after: Option<u64>,
}

/// From the whole log; stops looking after a while even when nothing fits.
async fn of_log(app: &App, wanted: &Wanted, from: u64, end: u64, limit: usize) -> Result<Page, Problem> {
    let mut events = Vec::new();
    let mut next = from;
    let mut scanned = 0;
    while next < end && scanned < EVENTS_SCANNED_MAX {
        let batch = app.log().read_all(next, BATCH).await?;
        if batch.is_empty() {
            break;
        }
        for stored in batch {
            if stored.position >= end {
                next = end;
                break;
            }
            (next, scanned) = (stored.position + 1, scanned + 1);
            if wanted.takes(&stored) {
                events.push(stored);
                if events.len() == limit {
                    return Ok(Page { events, next_after: (next < end).then(|| next - 1) });
                }
            }
        }
    }
    Ok(Page { events, next_after: (next < end).then(|| next.saturating_sub(1)) })
}

/// From one subject's history, which is short beside the log.
async fn of_subject(app: &App, wanted: &Wanted, from: u64, end: u64, limit: usize) -> Result<Page, Problem> {
    let Some(subject) = &wanted.subject else { return of_log(app, wanted, from, end, limit).await };
    let stream = subject.stream();
    let mut events: Vec<Stored> = Vec::new();
    let mut version = 0;
    loop {
        let batch = app.log().read_stream(&stream, version, BATCH).await?;
        let Some(last) = batch.last() else { break };
        version = last.version + 1;
        let own = |stored: &Stored| from <= stored.position && stored.position < end && wanted.takes(stored);
        events.extend(batch.into_iter().filter(own));
        if events.len() > limit {
            events.truncate(limit);
            let next_after = events.last().map(|last| last.position);
            return Ok(Page { events, next_after });
        }
    }
    Ok(Page { events, next_after: None })
}
