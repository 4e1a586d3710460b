//! `what-if`: what would stand otherwise, had an act not been made, been another, or been decided under another law.

use super::Session;
use super::act;
use super::args::{At, Suppose};
use super::ask;
use super::diff::{Teller, streamed};
use super::exit::{Exit, Problem, Stop};
use super::replay::failed;
use crate::answers::supposed::{Wrong, fork_of, met};
use crate::answers::{Lang, WhatIf, gather};
use crate::ledger::Ledger;
use crate::text;
use accord_domain::what_if::{Fork, Unjudged};
use accord_domain::{Laws, Subject};
use accord_projections::Report;
use accord_replay::{Course, Supposing, WhatIf as Found};
use accord_store::EventLog;
use std::path::Path;
use uuid::Uuid;

/// What would stand otherwise.
pub(super) fn what_if(session: &mut Session<'_, '_>, asked: &Suppose) -> Result<(), Stop> {
    let lang = session.lang();
    let ledger = ask::open(session)?;
    let log = &**ledger.log();
    let place = ask::place(session, log, At { as_of: asked.at.as_of, known_at: asked.at.known_at })?;
    let laws = ledger.laws().known_at(place.known_at);
    let other = other_law(asked, &laws, lang)?;
    let forked = fork(session, &ledger, asked)?;
    let mut supposing = Supposing {
        as_of: place.as_of,
        known_at: place.known_at,
        law: &laws,
        other: other.as_ref(),
        course: None,
        again: asked.again,
    };
    let course = match forked {
        Some((of, fork)) => {
            if let Some(named) = asked.subject.clone().filter(|named| *named != of) {
                return Err(refuse(&Wrong::OtherSubject { of, named }, lang));
            }
            let stored = ask::answer(session, gather::known_history(log, &of, place.known_at))?;
            let others = met(&ledger, &stored, &fork, place.known_at);
            let others = others.map_err(|error| Stop::answer(&error, lang))?;
            let course = Course::of(&of, &stored, fork, others, &supposing);
            let course = course.map_err(|error| failed(&error, lang))?;
            Some(ledger.informed(course, place.known_at).map_err(|error| Stop::log(&error, lang))?)
        }
        None => None,
    };
    supposing.course = course.as_ref();
    let books = (laws.book(), supposing.supposed_law().book());
    let many = asked.all || asked.area.is_some();
    let of_course = course.as_ref().filter(|_| !many).map(Course::subject);
    if let Some(subject) = of_course.or(asked.subject.as_ref()) {
        let stored = ask::answer(session, gather::known_history(log, subject, place.known_at))?;
        let found = accord_replay::what_if(subject.clone(), &stored, &supposing);
        let found = found.map_err(|error| failed(&error, lang))?;
        let answer = WhatIf::of(&found, place, books, lang).map_err(|error| Stop::answer(&error, lang))?;
        session.out.answer(&answer, text::what_if)?;
        return Ok(());
    }
    if !many {
        let message = lang.of_two("请给出主体、--area 或 --all", "name a subject, --area or --all");
        return Err(Stop::problem(Problem::new(Exit::Usage, "invalid-question", message.to_owned())));
    }
    if !session.out.json {
        session.out.text(&text::coordinates(&place, lang))?;
    }
    let area = asked.area;
    let question = |log: &dyn EventLog, tell: &mut Teller<'_, Found>, report: &mut Report<'_>| {
        accord_replay::what_if_all(log, &supposing, area, tell, report)
    };
    let mut count = 0_u64;
    streamed(session, log, question, |session, found| {
        count += 1;
        let answer = WhatIf::of(&found, place, books, lang)?;
        Ok(if session.out.json {
            session.out.document(&answer)
        } else {
            session.out.text(&format!("\n{}{}", answer.subject, text::what_if_brief(&answer, lang)))
        })
    })?;
    let left = course.as_ref().map(Course::unjudged).unwrap_or_default();
    for words in left.into_iter().map(Unjudged::words) {
        session.out.say(&words.zh, &words.en);
    }
    session.out.say(
        &format!("{count} 个主体结果不同"),
        &format!("subjects of which something would stand otherwise: {count}"),
    );
    Ok(())
}

/// The law supposed.
fn other_law(asked: &Suppose, laws: &Laws, lang: Lang) -> Result<Option<Laws>, Stop> {
    if let Some(day) = asked.as_if_law_of {
        return Ok(Some(laws.as_if_of(day)));
    }
    let Some(file) = &asked.rulebook else { return Ok(None) };
    let name = file.display().to_string();
    let text = act::read(file, &name, lang)?;
    let amended = laws.amended(&name, &text).map_err(|error| {
        Stop::problem(
            Problem::new(Exit::Usage, "invalid-rulebook", error.message.clone())
                .file(&error.file)
                .line(error.line),
        )
    })?;
    Ok(Some(amended))
}

/// The other course supposed, and whose.
fn fork(
    session: &Session<'_, '_>,
    ledger: &Ledger,
    asked: &Suppose,
) -> Result<Option<(Subject, Fork)>, Stop> {
    let lang = session.lang();
    let command = |file: &Path| {
        let name = file.display().to_string();
        let text = act::read(file, &name, lang)?;
        let read = ledger.read(&text).map_err(|error| Stop::log(&error, lang))?;
        read.map_err(|error| Stop::problem(Problem::command(&error, &name, 1, lang)))
    };
    let id =
        |text: &str| Uuid::try_parse(text).map_err(|_| refuse(&Wrong::NoId { text: text.to_owned() }, lang));
    let (event, command) = match (&asked.without, asked.replace.as_slice(), &asked.insert) {
        (Some(event), _, _) => (Some(*event), None),
        (None, [event, file], _) => (Some(id(event)?), Some(command(Path::new(file))?)),
        (None, _, Some(file)) => (None, Some(command(file)?)),
        (None, _, None) => return Ok(None),
    };
    let log = ledger.event_log();
    let stored = match event {
        None => None,
        Some(id) => {
            let found = session.runtime.block_on(log.event(id)).map_err(|error| Stop::log(&error, lang))?;
            Some(found.ok_or_else(|| refuse(&Wrong::NoEvent { id }, lang))?)
        }
    };
    fork_of(stored.as_ref(), command).map(Some).map_err(|wrong| refuse(&wrong, lang))
}

fn refuse(wrong: &Wrong, lang: Lang) -> Stop {
    let exit = if matches!(wrong, Wrong::NoEvent { .. }) { Exit::NotFound } else { Exit::Usage };
    Stop::problem(Problem::new(exit, wrong.code(), lang.pick(&wrong.words()).to_owned()))
}
