//! `obligations`: the worklist.

use super::Session;
use super::args::At;
use super::ask::{open, place};
use super::exit::Stop;
use super::text;
use crate::answers::Task;
use accord_projections::Worklist;

/// Rows read from the views at a time.
const PAGE: usize = 500;

/// What is to be done. Every page stands at the same coordinates.
pub(super) fn obligations(session: &mut Session<'_, '_>, filter: Worklist, at: At) -> Result<(), Stop> {
    let lang = session.lang();
    let ledger = open(session)?;
    let place = place(session, &ledger, at)?;
    if !session.out.json {
        session.out.text(&text::coordinates(&place, lang))?;
    }
    let laws = ledger.laws();
    let mut cursor: Option<String> = None;
    loop {
        let page = ledger
            .views()
            .worklist(&filter, place.as_of, place.known_at, cursor.as_deref(), PAGE)
            .map_err(|error| Stop::views(&error, lang))?;
        let tasks: Vec<Task> =
            page.items.into_iter().filter_map(|duty| Task::of(duty, place.as_of, &laws)).collect();
        if session.out.json {
            for task in &tasks {
                session.out.document(task)?;
            }
        } else if tasks.is_empty() && cursor.is_none() {
            session.out.text(lang.of_two("没有待办事项。", "Nothing is due."))?;
        } else if !tasks.is_empty() {
            session.out.text(&text::worklist(&tasks, lang))?;
        }
        cursor = page.next;
        if cursor.is_none() {
            return Ok(());
        }
    }
}
