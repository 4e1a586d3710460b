//! `check`: what is not as the rules have it, of a subject, an area or the whole ledger.

use super::Session;
use super::args::Check;
use super::ask;
use super::diff::{Teller, streamed};
use super::exit::Stop;
use super::replay::failed;
use crate::answers::{AnswerError, Breach, gather};
use crate::text;
use accord_domain::compliance::{Asked, BreachKind};
use accord_projections::Report;
use accord_replay::{Checked, Checking, check_of};
use accord_store::EventLog;
use std::collections::BTreeMap;

/// What is not as the rules have it.
pub(super) fn check(session: &mut Session<'_, '_>, asked: &Check) -> Result<(), Stop> {
    let lang = session.lang();
    let records = ask::whole_records(session)?;
    let log = records.log();
    let place = ask::place(session, log, asked.at)?;
    let laws = records.laws().known_at(place.known_at);
    let checking = Checking {
        asked: Asked {
            as_of: place.as_of,
            known_at: place.known_at,
            late_days: asked.late_days,
            laws: &laws,
        },
        known_at: place.known_at,
        area: asked.area,
        kinds: asked.kind.clone(),
    };
    // Whom nobody knows is said before anything is printed.
    let one = asked.subject.as_ref().map(|subject| {
        ask::answer(session, gather::known_history(log, subject, place.known_at))
            .map(|stored| (subject, stored))
    });
    let one = one.transpose()?;
    if !session.out.json {
        session.out.text(&text::coordinates(&place, lang))?;
    }
    let mut counts: BTreeMap<BreachKind, u64> = BTreeMap::new();
    let mut print = |session: &mut Session<'_, '_>, found: &Checked| {
        let breaches = Breach::all(found, laws.book())?;
        for breach in &breaches {
            *counts.entry(breach.kind).or_default() += 1;
        }
        if session.out.json {
            return Ok(breaches.iter().try_for_each(|breach| session.out.document(breach)));
        }
        Ok(if breaches.is_empty() { Ok(()) } else { session.out.text(&text::breaches(&breaches, lang)) })
    };
    if let Some((subject, stored)) = one {
        let found = check_of(subject.clone(), &stored, &checking).map_err(|error| failed(&error, lang))?;
        print(session, &found).map_err(|error: AnswerError| Stop::answer(&error, lang))??;
    } else {
        let question = |log: &dyn EventLog, tell: &mut Teller<'_, Checked>, report: &mut Report<'_>| {
            accord_replay::check(log, &checking, tell, report)
        };
        streamed(session, log, question, |session, found| print(session, &found))?;
    }
    if !session.out.json {
        session.out.text(&text::breach_counts(&counts, lang))?;
    }
    Ok(())
}
