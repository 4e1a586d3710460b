//! Questions: `show`, `history`, `list`, `payable`, `points`.
//!
//! What is answered from the log opens no view: it neither waits for views nor fails with them.

use super::Session;
use super::args::{At, Claim};
use super::exit::{Exit, Problem, Stop};
use super::pages::{self, Told};
use super::progress::shown;
use crate::answers::list::Row;
use crate::answers::{
    AnswerError, Asked, Axis, ClaimAsked, Coordinates, Lang, Payable, Points, Rules, Show, coordinates,
    entries, gather,
};
use crate::ledger::{Access, Ledger, OpenError, Records, open_for_writing};
use crate::text;
use crate::text::words::{day, many};
use accord_domain::rulebook::Rulebook;
use accord_domain::{AreaCode, Instant, PractitionerCode, Subject};
use accord_projections::{Filter, Listed};
use accord_store::{LogError, SqliteLog};
use std::sync::Arc;

/// Opens the ledger for questions. Where the views are missing or behind and nobody else is writing, they are brought up to
/// date first. Nothing is recorded for a question: what is to follow elsewhere waits for the next opening for writing.
pub(super) fn open(session: &mut Session<'_, '_>) -> Result<Ledger, Stop> {
    let lang = session.lang();
    let clock = || Arc::clone(&session.clock);
    let opened = Ledger::open(&session.ledger, Access::ReadOnly, clock());
    let behind = match &opened {
        Ok(ledger) => behind(session, ledger)?,
        Err(OpenError::Views { .. }) => u64::MAX,
        Err(_) => 0,
    };
    if behind == 0 {
        return opened.map_err(|error| Stop::open(&error, lang));
    }
    match shown(|report| open_for_writing(&session.ledger, &session.clock, report)) {
        Ok(up_to_date) => {
            drop(up_to_date);
            Ledger::open(&session.ledger, Access::ReadOnly, clock()).map_err(|error| Stop::open(&error, lang))
        }
        Err(OpenError::Log {
            source: LogError::Locked(_) | LogError::ReadOnly(_) | LogError::Replica(_) | LogError::Cluster(_),
            ..
        }) => {
            let ledger = opened.map_err(|error| Stop::open(&error, lang))?;
            session.out.say(
                &format!("注意：视图比日志少 {behind} 个事件"),
                &format!("note: the views are {} behind the log", many(behind, "event")),
            );
            Ok(ledger)
        }
        Err(error) => Err(Stop::open(&error, lang)),
    }
}

/// Opens what is read from the log alone: neither views nor the whole law are needed. Says where the law ends, when it does.
pub(super) fn records(session: &mut Session<'_, '_>) -> Result<Records, Stop> {
    let records = Records::open(&session.ledger, Arc::clone(&session.clock));
    let records = records.map_err(|error| Stop::open(&error, session.lang()))?;
    if let Some(ends) = records.law_ends() {
        let words = ends.words();
        session.out.say(&format!("注意：{}", words.zh), &format!("note: {}", words.en));
    }
    Ok(records)
}

/// Opens what is read from the log alone, under the whole law: where that cannot be read to its end, nothing is answered.
pub(super) fn whole_records(session: &Session<'_, '_>) -> Result<Records, Stop> {
    let records = Records::open_whole(&session.ledger, Arc::clone(&session.clock));
    records.map_err(|error| Stop::open(&error, session.lang()))
}

/// How many events the views lack.
fn behind(session: &Session<'_, '_>, ledger: &Ledger) -> Result<u64, Stop> {
    let lang = session.lang();
    let seen = ledger.views().position().map_err(|error| Stop::views(&error, lang))?;
    let log = ledger.event_log();
    let length = session.runtime.block_on(log.len()).map_err(|error| Stop::log(&error, lang))?;
    Ok(length.saturating_sub(seen))
}

/// Runs a question to its answer.
pub(super) fn answer<T>(
    session: &Session<'_, '_>,
    question: impl Future<Output = Result<T, AnswerError>>,
) -> Result<T, Stop> {
    session.runtime.block_on(question).map_err(|error| Stop::answer(&error, session.out.lang))
}

/// The coordinates of a question to the log.
pub(super) fn place(session: &Session<'_, '_>, log: &SqliteLog, at: At) -> Result<Coordinates, Stop> {
    place_seeing(session, log, None, at)
}

/// The coordinates of a question to the views: what they do not hold yet is not known.
pub(super) fn place_of_views(
    session: &Session<'_, '_>,
    ledger: &Ledger,
    at: At,
) -> Result<Coordinates, Stop> {
    let seen = ledger.views().position().map_err(|error| Stop::views(&error, session.lang()))?;
    place_seeing(session, ledger.log(), Some(seen), at)
}

fn place_seeing(
    session: &Session<'_, '_>,
    log: &SqliteLog,
    seen: Option<u64>,
    at: At,
) -> Result<Coordinates, Stop> {
    let asked = Asked { as_of: at.as_of, known_at: at.known_at };
    answer(session, coordinates(log, seen, session.clock.now(), asked))
}

/// What stands of a subject.
pub(super) fn show(session: &mut Session<'_, '_>, subject: &Subject, at: At) -> Result<(), Stop> {
    let records = whole_records(session)?;
    let log = records.log();
    let place = place(session, log, at)?;
    let gathered = answer(session, gather::from_log(log, subject, place, records.laws()))?;
    session.out.answer(&Show::of(&gathered), text::show)?;
    Ok(())
}

/// The trail of a subject.
pub(super) fn history(
    session: &mut Session<'_, '_>,
    subject: &Subject,
    axis: Axis,
    known_at: Option<Instant>,
) -> Result<(), Stop> {
    let records = records(session)?;
    let log = records.log();
    let place = place(session, log, At { as_of: None, known_at })?;
    let stored = answer(session, gather::known_history(log, subject, place.known_at))?;
    let lines = entries(&stored, axis).map_err(|error| Stop::answer(&error, session.lang()))?;
    if session.out.json {
        for line in &lines {
            session.out.document(line)?;
        }
        return Ok(());
    }
    let known_at = day(place.known_at);
    let heading = match session.lang() {
        Lang::Zh => format!("{subject}  记录截至 {known_at}，共 {} 个事件\n\n", lines.len()),
        Lang::En => format!("{subject}  {} recorded (记录) by {known_at}\n\n", many(lines.len(), "event")),
    };
    session.out.text(&(heading + &text::history(&lines, axis, session.lang())))?;
    Ok(())
}

/// Subjects by status. Every page stands at the same coordinates.
pub(super) fn list(session: &mut Session<'_, '_>, filter: Filter, at: At) -> Result<(), Stop> {
    let ledger = open(session)?;
    let place = place_of_views(session, &ledger, at)?;
    let read =
        |cursor: Option<&str>| ledger.views().list(&filter, place.as_of, place.known_at, cursor, pages::PAGE);
    let row = |item: Listed| Some(Row::of(&item.subject, item.name, item.area, &item.span));
    let none = ("没有符合条件的主体。", "No subject fits.");
    pages::print(session, &place, &Told { read, row, text: text::list, none })
}

/// May this claim be paid?
pub(super) fn payable(session: &mut Session<'_, '_>, claim: &Claim) -> Result<(), Stop> {
    let ledger = open(session)?;
    let place = place_of_views(session, &ledger, At { as_of: Some(claim.at), known_at: claim.known_at })?;
    let asked = ClaimAsked {
        institution: claim.institution,
        practitioner: claim.practitioner,
        area: claim.area,
        line: claim.line,
        department: claim.department.as_deref().map(Into::into),
        emergency: claim.emergency,
    };
    let answer = Payable::ask(ledger.views(), &ledger.laws(), &asked, place)
        .map_err(|error| Stop::answer(&error, session.lang()))?;
    session.out.answer(&answer, text::payable)?;
    Ok(())
}

/// The points of a natural year.
pub(super) fn points(
    session: &mut Session<'_, '_>,
    practitioner: PractitionerCode,
    year: Option<i32>,
    at: At,
) -> Result<(), Stop> {
    let subject = &Subject::Practitioner(practitioner);
    if let Some(year) = year.filter(|year| !(Instant::YEAR_MIN..=Instant::YEAR_MAX).contains(year)) {
        let (from, to) = (Instant::YEAR_MIN, Instant::YEAR_MAX);
        let message = match session.lang() {
            Lang::Zh => format!("--year {year} 不在 {from} 与 {to} 之间"),
            Lang::En => format!("--year {year} is not between {from} and {to}"),
        };
        return Err(Stop::problem(Problem::new(Exit::Usage, "invalid-question", message)));
    }
    let records = records(session)?;
    let log = records.log();
    let place = place(session, log, at)?;
    let stored = answer(session, gather::known_history(log, subject, place.known_at))?;
    let year = year.unwrap_or_else(|| place.as_of.year());
    let points =
        Points::of(subject, year, place, &stored).map_err(|error| Stop::answer(&error, session.lang()))?;
    session.out.answer(&points, text::points)?;
    Ok(())
}

/// The law in force. Without a ledger it is that of the program; a ledger adds what its areas adopted.
pub(super) fn rules(
    session: &mut Session<'_, '_>,
    only: Option<&str>,
    at: At,
    area: Option<AreaCode>,
) -> Result<(), Stop> {
    let answer = if session.ledger.exists() {
        let records = whole_records(session)?;
        let place = place(session, records.log(), at)?;
        Rules::known(records.laws(), place, area, only)
    } else {
        let at = at.as_of.unwrap_or_else(|| session.clock.now());
        Rules::of(Rulebook::national(), at, area, only)
    };
    if let Some(word) = only.filter(|_| answer.is_empty()) {
        let message = match session.lang() {
            Lang::Zh => format!("{} 没有现行规则或参数名为 {word}", day(answer.at)),
            Lang::En => format!("on {} no rule or parameter in force is called {word}", day(answer.at)),
        };
        return Err(Stop::problem(Problem::new(Exit::NotFound, "unknown-rule", message)));
    }
    session.out.answer(&answer, text::rules)?;
    Ok(())
}
