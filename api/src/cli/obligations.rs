//! `obligations`: the worklist.

use super::Session;
use super::args::At;
use super::ask::{open, place_of_views};
use super::exit::Stop;
use super::pages::{self, Told};
use crate::answers::Task;
use crate::text;
use accord_projections::Worklist;

/// What is to be done. Every page stands at the same coordinates.
pub(super) fn obligations(session: &mut Session<'_, '_>, filter: Worklist, at: At) -> Result<(), Stop> {
    let ledger = open(session)?;
    let place = place_of_views(session, &ledger, at)?;
    let read = |cursor: Option<&str>| {
        ledger.views().worklist(&filter, place.as_of, place.known_at, cursor, pages::PAGE)
    };
    let laws = ledger.laws();
    let row = |duty| Task::of(duty, place.as_of, &laws);
    let none = ("没有待办事项。", "Nothing is due.");
    pages::print(session, &place, &Told { read, row, text: text::worklist, none })
}
