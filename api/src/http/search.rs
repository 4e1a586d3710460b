//! `GET /v1/search`: a subject by any part of its code or of a name it bears or bore.

use super::app::{App, At, json};
use super::paging;
use super::problem::Problem;
use super::query::{Query, invalid};
use crate::answers::Coordinates;
use crate::limits::SEARCH_CHARS_MAX;
use crate::text::words::chain;
use accord_domain::{Instant, Subject, words};
use axum::extract::State;
use axum::response::Response;
use serde::Serialize;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

pub(crate) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(search))
}

#[derive(Serialize)]
struct Search {
    coordinates: Coordinates,
    items: Vec<Found>,
    /// Whether more would be found under a higher limit.
    more: bool,
    /// Whether people were looked for.
    people_searched: bool,
}

#[derive(Serialize)]
struct Found {
    subject: String,
    kind: &'static str,
    name: Option<String>,
    /// Whether that is the name borne at the coordinates.
    current: bool,
}

/// Find a subject
///
/// By any part of its code, of its name or of an earlier name; a person by a whole name, identity number, telephone number
/// or certificate, which are sealed and not shown. Only what was known at `known_at` is found: no name recorded later, and one
/// annulled or corrected later by that name still. A name is found whenever it was borne; `current` says whether it was at
/// `as_of`. `more` says that the limit cut something off; `people_searched` is false when the keys of personal data cannot be
/// used, so that nobody is found by what is sealed.
#[utoipa::path(
    get,
    path = "/v1/search",
    tag = "Read",
    params(("q" = String, Query, description = "Part of a code or a name.", example = "医院")),
    responses((status = 200, body = ref("#/components/schemas/Search"), description = "What was found."))
)]
pub(crate) async fn search(State(app): State<App>, mut query: Query) -> Result<Response, Problem> {
    let wanted = query.required("q", |text| {
        let chars = text.trim().chars().count();
        if chars <= SEARCH_CHARS_MAX {
            Ok(text.trim().to_owned())
        } else {
            Err(words!(
                "{chars} characters; at most {SEARCH_CHARS_MAX} are accepted",
                "共 {chars} 字，最多 {SEARCH_CHARS_MAX} 字"
            ))
        }
    })?;
    let at = At::read(&mut query)?;
    let limit = paging::limit(&mut query)?;
    query.finish()?;
    if wanted.contains('\0') {
        return Err(invalid("q", "it holds a character that no name has", "含有名称中不会出现的字符"));
    }
    let coordinates = app.coordinates_of_views(at).await?;
    let people = people(&app, &wanted, coordinates.known_at).await;
    let people_searched = people.is_some();
    // One more than asked for tells whether there are more.
    let wanted_items = limit.saturating_add(1);
    let found = app
        .views(move |views| views.search(&wanted, coordinates.as_of, coordinates.known_at, wanted_items))
        .await?;
    let known: Vec<Subject> = found.iter().map(|found| found.subject.clone()).collect();
    let people = people.unwrap_or_default().into_iter().filter(|subject| !known.contains(subject));
    let people = people.map(|subject| Found {
        subject: subject.code().to_owned(),
        kind: subject.kind().name(),
        name: None,
        current: true,
    });
    let mut items: Vec<Found> = found
        .into_iter()
        .map(|found| Found {
            subject: found.subject.code().to_owned(),
            kind: found.subject.kind().name(),
            name: found.name,
            current: found.current,
        })
        .chain(people)
        .collect();
    let more = items.len() > limit;
    items.truncate(limit);
    Ok(json(&Search { coordinates, items, more, people_searched }))
}

/// Subjects of which exactly this was sealed by then; none where they cannot be looked for. Whoever lost the keys still finds
/// institutions; the log says why nobody else.
async fn people(app: &App, wanted: &str, known_at: Instant) -> Option<Vec<Subject>> {
    let found = app.ledger().find_person(wanted, known_at).await;
    found.inspect_err(|failure| tracing::error!(error = %chain(failure), "people cannot be searched")).ok()
}
