//! `POST /v1/what-if`: what would stand otherwise of a subject, an area or the whole ledger. Nothing is recorded.

use super::app::{App, At, from_replay, json};
use super::diff::{looked_at, position_after};
use super::paging::Paging;
use super::problem::{Problem, catalogue};
use super::query::Query;
use super::{language, media};
use crate::answers::supposed::{Wrong, fork_of, met};
use crate::answers::{Coordinates, Lang, NotJudged, WhatIf, gather};
use crate::limits::COMMAND_BYTES_MAX;
use accord_domain::command::body::object;
use accord_domain::what_if::Fork;
use accord_domain::{AreaCode, Instant, Laws, Subject, words};
use accord_replay::{Course, Supposing, what_if, what_if_page};
use accord_store::Stored;
use accord_store::merkle::hex;
use axum::body::Bytes;
use axum::extract::rejection::BytesRejection;
use axum::extract::{DefaultBodyLimit, State};
use axum::http::HeaderMap;
use axum::response::Response;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use sha2::{Digest, Sha256};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use uuid::Uuid;

/// Names of the types of body taken.
const MEDIA_TYPES: &[&str] = &["application/json"];

pub(crate) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(suppose)).layer(DefaultBodyLimit::max(COMMAND_BYTES_MAX))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Asked<'a> {
    #[serde(default)]
    subject: Option<String>,
    #[serde(default)]
    area: Option<AreaCode>,
    #[serde(default)]
    all: bool,
    #[serde(default)]
    without: Option<Uuid>,
    #[serde(borrow, default)]
    replace: Option<Replace<'a>>,
    #[serde(borrow, default)]
    insert: Option<&'a RawValue>,
    #[serde(default)]
    as_if_law_of: Option<Instant>,
    #[serde(default)]
    rulebook: Option<String>,
    #[serde(default)]
    again: bool,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Replace<'a> {
    event: Uuid,
    #[serde(borrow)]
    command: &'a RawValue,
}

/// Suppose something and see what would stand
///
/// Had an act not been made (`without`), been another (`replace`), been made besides (`insert`), or been decided as under
/// the law of another day (`as_if_law_of`) or under a rulebook amended by TOML (`rulebook`). The log is forked in memory;
/// nothing is recorded. With `again` the acts recorded later are decided again too.
///
/// It is asked of one subject, or with `area` or `all` of every subject: those of which something would stand otherwise, in
/// the order in which they were first heard of, page by page. Another course of one subject's acts reaches the others by
/// what followed from it there, by what they asked about it, and by the rules an area adopted. Send the same body with
/// `cursor` until `next_cursor` is null.
#[utoipa::path(
    post,
    path = "/v1/what-if",
    tag = "Read",
    request_body(content = ref("#/components/schemas/Supposition"), content_type = "application/json"),
    responses((status = 200, body = ref("#/components/schemas/WhatIfAnswer"), description = "What would stand otherwise, with the chain of reasons; with `area` or `all` a page of it."))
)]
pub(crate) async fn suppose(
    State(app): State<App>,
    headers: HeaderMap,
    mut query: Query,
    body: Result<Bytes, BytesRejection>,
) -> Result<Response, Problem> {
    let at = At::read(&mut query)?;
    let body = media::text(&headers, MEDIA_TYPES, body, COMMAND_BYTES_MAX, &catalogue::INVALID_SUPPOSITION)?;
    let asked: Asked<'_> =
        object(&body).map_err(|error| Problem::body(&catalogue::INVALID_SUPPOSITION, &error))?;
    let digest: [u8; 32] = Sha256::digest(body.as_bytes()).into();
    let paging = Paging::read(&mut query, &format!("what-if/{}", hex(&digest)))?;
    query.finish()?;
    let fork = fork(&app, &asked, &body).await?;
    let lang = language::of(&headers);
    if fork.is_none() && asked.as_if_law_of.is_none() && asked.rulebook.is_none() {
        return Err(invalid(
            "nothing-supposed",
            &words!(
                "give one of without, replace, insert, as_if_law_of, rulebook",
                "请给出 without、replace、insert、as_if_law_of、rulebook 之一"
            ),
        ));
    }
    if asked.all || asked.area.is_some() {
        if asked.subject.is_some() {
            return Err(invalid(
                "whose",
                &words!("give subject, area or all, one of them", "subject、area、all 只能给其一"),
            ));
        }
        return many(&app, at, &paging, &asked, fork, lang).await;
    }
    let named = asked.subject.as_deref().map(Subject::parse).transpose();
    let named = named.map_err(|error| Problem::new(&catalogue::INVALID_CODE, error.words()))?;
    let (subject, fork) = match (fork, named) {
        (Some((of, _)), Some(named)) if of != named => return Err(wrong(&Wrong::OtherSubject { of, named })),
        (Some((of, fork)), _) => (of, Some(fork)),
        (None, Some(named)) => (named, None),
        (None, None) => {
            return Err(invalid("subject-missing", &words!("name a subject", "请给出主体")));
        }
    };
    let coordinates = app.coordinates(at).await?;
    let laws = app.ledger().laws().known_at(coordinates.known_at);
    let other = other_law(&asked, &laws)?;
    let stored = gather::known_history(app.log(), &subject, coordinates.known_at).await?;
    // Deciding a long history again takes a while: away from the threads that serve others.
    let (worker, again) = (app.clone(), asked.again);
    let answered = tokio::task::spawn_blocking(move || {
        let supposing = supposing(coordinates, &laws, other.as_ref(), again);
        let forked = fork.map(|fork| (subject.clone(), stored.clone(), fork));
        let course = course(&worker, forked, &supposing)?;
        let supposing = Supposing { course: course.as_ref(), ..supposing };
        let found = what_if(subject, &stored, &supposing).map_err(|error| from_replay(&error))?;
        let books = (laws.book(), supposing.supposed_law().book());
        WhatIf::of(&found, coordinates, books, lang).map_err(Problem::from)
    });
    Ok(json(&answered.await.map_err(|_| Problem::internal())??))
}

/// What is supposed, but for another course of acts.
fn supposing<'a>(
    coordinates: Coordinates,
    law: &'a Laws,
    other: Option<&'a Laws>,
    again: bool,
) -> Supposing<'a> {
    Supposing { as_of: coordinates.as_of, known_at: coordinates.known_at, law, other, course: None, again }
}

/// The other course supposed of a subject with these events, where one is.
fn course(
    app: &App,
    forked: Option<(Subject, Vec<Stored>, Fork)>,
    supposing: &Supposing<'_>,
) -> Result<Option<Course>, Problem> {
    let Some((of, stored, fork)) = forked else { return Ok(None) };
    let others = met(app.ledger(), &stored, &fork, supposing.known_at)?;
    let course = Course::of(&of, &stored, fork, others, supposing).map_err(|error| from_replay(&error))?;
    Ok(Some(app.ledger().informed(course, supposing.known_at)?))
}

#[derive(Serialize)]
struct List {
    coordinates: Coordinates,
    items: Vec<WhatIf>,
    not_judged: Vec<NotJudged>,
    next_cursor: Option<String>,
}

/// Every subject, or those of an area, of which something would stand otherwise.
async fn many(
    app: &App,
    at: At,
    paging: &Paging,
    asked: &Asked<'_>,
    fork: Option<(Subject, Fork)>,
    lang: Lang,
) -> Result<Response, Problem> {
    let coordinates = paging.pin(at, |at| app.coordinates(at)).await?;
    let laws = app.ledger().laws().known_at(coordinates.known_at);
    let other = other_law(asked, &laws)?;
    let (from, size) = (position_after(paging)?, looked_at(paging.limit));
    let forked = match fork {
        Some((of, fork)) => {
            let stored = gather::history(app.log(), &of, coordinates.known_at).await?;
            Some((of, stored, fork))
        }
        None => None,
    };
    let (worker, area, again) = (app.clone(), asked.area, asked.again);
    let answered = tokio::task::spawn_blocking(move || {
        let supposing = supposing(coordinates, &laws, other.as_ref(), again);
        let course = course(&worker, forked, &supposing)?;
        let supposing = Supposing { course: course.as_ref(), ..supposing };
        let page = what_if_page(worker.log(), &supposing, area, from, size);
        let page = page.map_err(|error| from_replay(&error))?;
        let books = (laws.book(), supposing.supposed_law().book());
        let items = page.found.iter().map(|found| WhatIf::of(found, coordinates, books, lang));
        let left = course.as_ref().map(Course::unjudged).unwrap_or_default();
        Ok::<_, Problem>((items.collect::<Result<Vec<_>, _>>()?, NotJudged::all(&left, lang), page.next))
    });
    let (items, not_judged, next) = answered.await.map_err(|_| Problem::internal())??;
    let next_cursor = next.map(|position| paging.next(position.to_string(), coordinates));
    Ok(json(&List { coordinates, items, not_judged, next_cursor }))
}

fn other_law(asked: &Asked<'_>, laws: &Laws) -> Result<Option<Laws>, Problem> {
    match (asked.as_if_law_of, &asked.rulebook) {
        (Some(_), Some(_)) => Err(invalid(
            "two-laws",
            &words!("as_if_law_of and rulebook exclude each other", "as_if_law_of 与 rulebook 只能给其一"),
        )),
        (Some(day), None) => Ok(Some(laws.as_if_of(day))),
        (None, Some(text)) => laws
            .amended("rulebook", text)
            .map(Some)
            .map_err(|error| invalid("invalid-rulebook", &words!("{error}", "规则文件有误：{error}"))),
        (None, None) => Ok(None),
    }
}

async fn fork(app: &App, asked: &Asked<'_>, body: &str) -> Result<Option<(Subject, Fork)>, Problem> {
    let command = |raw: &RawValue, pointer: &str| {
        let read = app.ledger().read(raw.get())?;
        read.map_err(|error| Problem::command(&error.within(body, raw.get(), pointer)))
    };
    let (event, command) = match (&asked.without, &asked.replace, &asked.insert) {
        (None, None, None) => return Ok(None),
        (Some(event), None, None) => (Some(*event), None),
        (None, Some(replace), None) => {
            (Some(replace.event), Some(command(replace.command, "/replace/command")?))
        }
        (None, None, Some(insert)) => (None, Some(command(insert, "/insert")?)),
        _ => {
            return Err(invalid(
                "two-courses",
                &words!(
                    "without, replace and insert exclude each other",
                    "without、replace、insert 只能给其一"
                ),
            ));
        }
    };
    let stored = match event {
        None => None,
        Some(id) => {
            let found = app.log().event(id).await?;
            Some(found.ok_or_else(|| wrong(&Wrong::NoEvent { id }))?)
        }
    };
    fork_of(stored.as_ref(), command).map(Some).map_err(|error| wrong(&error))
}

fn wrong(wrong: &Wrong) -> Problem {
    match wrong {
        Wrong::NoEvent { .. } => Problem::new(&catalogue::UNKNOWN_EVENT, wrong.words()),
        Wrong::NoId { .. }
        | Wrong::NotAnAct { .. }
        | Wrong::OtherSubject { .. }
        | Wrong::NoDate
        | Wrong::Unreadable => invalid(wrong.code(), &wrong.words()),
    }
}

fn invalid(code: &'static str, words: &accord_domain::rejection::Words) -> Problem {
    Problem::new(&catalogue::INVALID_SUPPOSITION, words.clone()).code(code)
}
