//! Pages of a listing: cursor, limit, `Link: rel="next"`.

use super::app::At;
use super::cursor::{Cursor, unreadable};
use super::problem::Problem;
use super::query::{Query, invalid};
use crate::answers::{Asked, Coordinates};
use crate::limits::{PAGE_ITEMS_DEFAULT, PAGE_ITEMS_MAX};
use axum::http::{HeaderValue, header};
use axum::response::Response;

/// Parameters that do not say what is listed.
const NOT_FILTERS: &[&str] = &["cursor", "limit", "min_position"];

/// Where in a listing a page lies.
#[derive(Clone, Debug)]
pub(crate) struct Paging {
    /// Items on the page.
    pub(crate) limit: usize,
    cursor: Option<Cursor>,
    filter: String,
}

impl Paging {
    /// Reads `limit` and `cursor`. `listing` is what the address names beside the query.
    ///
    /// # Errors
    /// When one is not of its form, or the cursor belongs to another listing.
    pub(crate) fn read(query: &mut Query, listing: &str) -> Result<Self, Problem> {
        let limit = limit(query)?;
        let filter = format!("{listing}?{}", query.filter(NOT_FILTERS));
        let cursor = query.text("cursor")?.map(|text| Cursor::decode(&text, &filter)).transpose()?;
        Ok(Self { limit, cursor, filter })
    }

    /// The coordinates of page one, for every page.
    ///
    /// # Errors
    /// `invalid-cursor` when they were never given out: the log has nothing at them, or something else.
    pub(crate) async fn pin<F>(&self, at: At, find: impl FnOnce(At) -> F) -> Result<Coordinates, Problem>
    where
        F: Future<Output = Result<Coordinates, Problem>>,
    {
        let Some(cursor) = &self.cursor else { return find(at).await };
        let mut first = at;
        first.asked = Asked { as_of: Some(cursor.as_of()), known_at: Some(cursor.known_at()) };
        let found = find(first).await?;
        let is_found =
            found.known_at == cursor.known_at() && found.position.map(|newest| newest.0) == cursor.position();
        if is_found { Ok(found) } else { Err(unreadable()) }
    }

    /// Where the page before ended.
    pub(crate) fn after(&self) -> Option<&str> {
        self.cursor.as_ref().map(|cursor| cursor.after.as_str())
    }

    /// The cursor of the next page.
    pub(crate) fn next(&self, after: String, at: Coordinates) -> String {
        Cursor::new(after, &self.filter, at).encode()
    }
}

/// Reads `limit`.
///
/// # Errors
/// When it is not 1 to 500.
pub(crate) fn limit(query: &mut Query) -> Result<usize, Problem> {
    match query.number("limit")? {
        None => Ok(PAGE_ITEMS_DEFAULT),
        Some(limit) => usize::try_from(limit)
            .ok()
            .filter(|limit| (1..=PAGE_ITEMS_MAX).contains(limit))
            .ok_or_else(|| {
                invalid(
                    "limit",
                    &format!("{limit} is not between 1 and {PAGE_ITEMS_MAX}"),
                    &format!("{limit} 不在 1 至 {PAGE_ITEMS_MAX} 之间"),
                )
            }),
    }
}

/// Says where the next page is.
pub(crate) fn link_next(mut response: Response, path: &str, query: Option<&str>) -> Response {
    let link = query.and_then(|query| HeaderValue::from_str(&format!("<{path}?{query}>; rel=\"next\"")).ok());
    if let Some(link) = link {
        response.headers_mut().insert(header::LINK, link);
    }
    response
}
