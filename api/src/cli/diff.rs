//! `diff`: what changed between two pairs of coordinates, of a subject, an area or the whole ledger.

use super::Session;
use super::args::{At, Differ};
use super::ask;
use super::exit::Stop;
use super::progress::{bar, watched};
use super::replay::failed;
use crate::answers::{AnswerError, Coordinates, Diff, gather};
use crate::ledger::Records;
use crate::text;
use accord_projections::Report;
use accord_replay::{Between, Differs, ReplayError};
use accord_store::EventLog;
use std::ops::ControlFlow;
use std::sync::mpsc::sync_channel;
use std::thread;

/// Answers that may wait to be printed.
const WAITING_MAX: usize = 64;

/// What changed.
pub(super) fn diff(session: &mut Session<'_, '_>, asked: &Differ) -> Result<(), Stop> {
    let records = ask::whole_records(session)?;
    let log = records.log();
    let from = ask::place(session, log, At { as_of: asked.from, known_at: asked.known_from })?;
    let to = ask::place(session, log, At { as_of: asked.to, known_at: asked.known_to })?;
    let between =
        Between { from: from.as_of, to: to.as_of, known_from: from.known_at, known_to: to.known_at };
    let Some(subject) = &asked.whom.subject else {
        return many(session, &records, asked, between, (from, to));
    };
    let stored =
        ask::answer(session, gather::known_history(log, subject, between.known_from.max(between.known_to)))?;
    let found = accord_replay::differs(subject.clone(), &stored, between);
    let found = found.map_err(|error| failed(&error, session.lang()))?;
    let answer = Diff::of(&found, from, to, records.laws().book())
        .map_err(|error| Stop::answer(&error, session.lang()))?;
    session.out.answer(&answer, text::diff)?;
    Ok(())
}

fn many(
    session: &mut Session<'_, '_>,
    records: &Records,
    asked: &Differ,
    between: Between,
    (from, to): (Coordinates, Coordinates),
) -> Result<(), Stop> {
    let lang = session.lang();
    if !session.out.json {
        let (first, second) = (text::coordinates(&from, lang), text::coordinates(&to, lang));
        session.out.text(&format!(
            "{}  {first}\n{}  {second}\n",
            lang.of_two("甲", "from"),
            lang.of_two("乙", "to  ")
        ))?;
    }
    let area = asked.whom.area;
    let question = |log: &dyn EventLog, tell: &mut Teller<'_, Differs>, report: &mut Report<'_>| {
        accord_replay::diff(log, between, area, tell, report)
    };
    let mut count = 0_u64;
    streamed(session, records.log(), question, |session, found| {
        count += 1;
        let answer = Diff::of(&found, from, to, records.laws().book())?;
        Ok(if session.out.json {
            session.out.document(&answer)
        } else {
            session.out.text(&text::diff_brief(&answer, lang))
        })
    })?;
    session.out.say(&format!("{count} 个主体有差别"), &format!("subjects that differ: {count}"));
    Ok(())
}

/// Where a question over the whole ledger tells what it finds.
pub(super) type Teller<'a, T> = dyn FnMut(T) -> ControlFlow<()> + Send + 'a;

/// Asks the whole ledger on other threads and prints on this one, as the answers come.
pub(super) fn streamed<T: Send>(
    session: &mut Session<'_, '_>,
    log: &dyn EventLog,
    question: impl FnOnce(&dyn EventLog, &mut Teller<'_, T>, &mut Report<'_>) -> Result<(), ReplayError> + Send,
    mut print: impl FnMut(&mut Session<'_, '_>, T) -> Result<std::io::Result<()>, AnswerError>,
) -> Result<(), Stop> {
    let lang = session.lang();
    let bar = bar(0);
    let (send, received) = sync_channel(WAITING_MAX);
    let progress = bar.clone();
    thread::scope(|scope| {
        let asking = scope.spawn(move || {
            let mut tell = |found: T| match send.send(found) {
                Ok(()) => ControlFlow::Continue(()),
                Err(_) => ControlFlow::Break(()),
            };
            question(log, &mut tell, &mut watched(&progress))
        });
        // Letting go of the receiving end tells the others to stop.
        for found in received {
            bar.suspend(|| print(session, found)).map_err(|error| Stop::answer(&error, lang))??;
        }
        bar.finish_and_clear();
        let asked = asking.join().unwrap_or(Err(ReplayError::Stopped));
        asked.map_err(|error| failed(&error, lang))
    })
}
