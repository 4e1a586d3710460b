//! Lists read from the views page by page: every page stands at the same coordinates.

use super::Session;
use super::exit::Stop;
use crate::answers::{Coordinates, Lang};
use crate::text;
use accord_projections::{Page, ViewError};
use serde::Serialize;

/// Rows read from the views at a time.
pub(super) const PAGE: usize = 500;

/// How the rows of a list are read and told.
pub(super) struct Told<Read, Row, Text> {
    /// Gives the page behind a cursor.
    pub(super) read: Read,
    /// What a row says; none for one that is not told.
    pub(super) row: Row,
    /// Rows for people.
    pub(super) text: Text,
    /// What is said where there are none, in Chinese and English.
    pub(super) none: (&'static str, &'static str),
}

/// Prints a list: JSON lines, or the coordinates and a table a page.
pub(super) fn print<Item, Line: Serialize>(
    session: &mut Session<'_, '_>,
    place: &Coordinates,
    told: &Told<
        impl Fn(Option<&str>) -> Result<Page<Item>, ViewError>,
        impl Fn(Item) -> Option<Line>,
        impl Fn(&[Line], Lang) -> String,
    >,
) -> Result<(), Stop> {
    let lang = session.lang();
    if !session.out.json {
        session.out.text(&text::coordinates(place, lang))?;
    }
    let mut cursor: Option<String> = None;
    loop {
        let page = (told.read)(cursor.as_deref()).map_err(|error| Stop::views(&error, lang))?;
        let lines: Vec<Line> = page.items.into_iter().filter_map(&told.row).collect();
        if session.out.json {
            for line in &lines {
                session.out.document(line)?;
            }
        } else if lines.is_empty() && cursor.is_none() {
            session.out.text(lang.of_two(told.none.0, told.none.1))?;
        } else if !lines.is_empty() {
            session.out.text(&(told.text)(&lines, lang))?;
        }
        cursor = page.next;
        if cursor.is_none() {
            return Ok(());
        }
    }
}
