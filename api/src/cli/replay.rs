//! `replay` and `rebuild`: everything again from the log.

use super::Session;
use super::args::At;
use super::ask;
use super::exit::{Exit, Problem, Stop};
use super::progress::shown;
use crate::answers::{Census, Coordinates, Count, Lang};
use crate::ledger::{Ledger, open_for_writing};
use crate::text;
use crate::text::words::{chain, difference, many};
use accord_domain::{AreaCode, SubjectKind};
use accord_projections::Opened;
use accord_replay::{ReplayError, Verified};
use serde::Serialize;

/// The views there are; they share a file and are computed together.
const VIEWS: [&str; 5] = ["subjects", "status", "trail", "points", "obligations"];
/// Differences printed; further ones are only counted.
const NAMED_MAX: usize = 100;

/// The census of the whole ledger, from the log alone.
pub(super) fn replay(
    session: &mut Session<'_, '_>,
    at: At,
    area: Option<AreaCode>,
    verify: bool,
) -> Result<(), Stop> {
    // Views are opened to be compared, and else not even looked for.
    let ledger = verify.then(|| ask::open(session)).transpose()?;
    let records = ask::records(session)?;
    let log = records.log();
    let place = ask::place(session, log, at)?;
    let counted = shown(|report| accord_replay::census(log, place.as_of, place.known_at, area, report));
    let counted = counted.map_err(|error| failed(&error, session.lang()))?;
    let verified = ledger.as_ref().map(compare).transpose();
    let verified = verified.map_err(|error| failed(&error, session.lang()))?;
    let answer = Replayed {
        census: census(counted, place, area),
        verified: verified.as_ref().map(|verified| Compared {
            subjects: verified.subjects,
            instants: verified.instants,
            position: verified.position,
            differences: verified
                .differences
                .iter()
                .take(NAMED_MAX)
                .map(|found| difference(found, session.lang()))
                .collect(),
        }),
    };
    session.out.answer(&answer, Replayed::text)?;
    match verified.map(|verified| verified.differences.len()) {
        None | Some(0) => Ok(()),
        Some(count) => {
            let message = match session.lang() {
                Lang::Zh => format!("视图与日志有 {count} 处不同"),
                Lang::En => format!("the views differ from the log in {count} places"),
            };
            let advice = session
                .lang()
                .of_two("用 `accord rebuild` 重建视图", "`accord rebuild` computes the views again");
            Err(Stop::told(Problem::new(Exit::Unverified, "views-differ", message).advice(advice)))
        }
    }
}

/// The census, and what the comparison came to.
#[derive(Serialize)]
struct Replayed {
    #[serde(flatten)]
    census: Census,
    #[serde(skip_serializing_if = "Option::is_none")]
    verified: Option<Compared>,
}

/// What the comparison of the views with the log came to.
#[derive(Serialize)]
struct Compared {
    subjects: u64,
    instants: u64,
    #[serde(serialize_with = "as_text")]
    position: u64,
    differences: Vec<String>,
}

fn as_text<S: serde::Serializer>(number: &u64, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(number)
}

impl Replayed {
    fn text(&self, lang: Lang) -> String {
        let mut out = text::census(&self.census, lang);
        if let Some(Compared { subjects, instants, differences, .. }) = &self.verified {
            out.push_str(&match lang {
                Lang::Zh => format!("\n视图与日志核对：{subjects} 个主体、{instants} 个记录时点\n"),
                Lang::En => format!(
                    "\nviews compared with the log: {}, {}\n",
                    many(subjects, "subject"),
                    many(instants, "recorded instant")
                ),
            });
            if differences.is_empty() {
                out.push_str(lang.of_two("一致。\n", "They agree.\n"));
            }
            for difference in differences {
                out.push_str(&format!("  ✗ {difference}\n"));
            }
        }
        out
    }
}

fn census(counted: accord_projections::Census, coordinates: Coordinates, area: Option<AreaCode>) -> Census {
    let of = |kind| counted.subjects.iter().filter(|(of, _)| *of == kind).map(|(_, count)| count).sum();
    Census {
        coordinates,
        area,
        institutions: of(SubjectKind::Institution),
        practitioners: of(SubjectKind::Practitioner),
        enterprises: of(SubjectKind::Enterprise),
        insured: of(SubjectKind::Insured),
        areas: of(SubjectKind::Area),
        cases: of(SubjectKind::Case),
        counts: counted
            .lines
            .into_iter()
            .map(|line| Count {
                kind: line.kind.name(),
                area: line.area,
                line: line.line,
                status: line.status.name(),
                count: line.count,
            })
            .collect(),
    }
}

/// Compares the views with the log.
pub(super) fn compare(ledger: &Ledger) -> Result<Verified, ReplayError> {
    let log = ledger.event_log();
    shown(|report| accord_replay::verify(&*log, ledger.views(), report))
}

/// Computes the views again.
pub(super) fn rebuild(session: &mut Session<'_, '_>, view: Option<&str>) -> Result<(), Stop> {
    let lang = session.lang();
    if let Some(view) = view.filter(|view| !VIEWS.contains(view)) {
        let known = VIEWS.join(", ");
        let message = match lang {
            Lang::Zh => format!("没有名为 {view} 的视图；有：{known}"),
            Lang::En => format!("there is no view {view}; there are: {known}"),
        };
        return Err(Stop::problem(Problem::new(Exit::Usage, "unknown-view", message)));
    }
    let opened = shown(|report| open_for_writing(&session.ledger, &session.clock, report));
    let (_log, mut projector, opened) = opened.map_err(|error| Stop::open(&error, lang))?;
    // Views that could not be gone on with were computed from the first event just now.
    if opened == Opened::Resumed {
        shown(|report| projector.rebuild(report)).map_err(|error| Stop::views(&error, lang))?;
    }
    let events = projector.position();
    if session.out.json {
        session.out.document(&serde_json::json!({ "views": VIEWS, "events": events.to_string() }))?;
    }
    let names = VIEWS.join(", ");
    session.out.say(
        &format!("已由 {events} 个事件重建视图：{names}"),
        &format!("computed the views again from {}: {names}", many(events, "event")),
    );
    Ok(())
}

pub(super) fn failed(error: &ReplayError, lang: Lang) -> Stop {
    match error {
        ReplayError::Log(source) => Stop::log(source, lang),
        ReplayError::Views(source) => Stop::views(source, lang),
        ReplayError::Cancelled => Stop::problem(Problem::new(Exit::Usage, "cancelled", error.to_string())),
        ReplayError::Stopped => Stop::problem(Problem::new(Exit::Bug, "replay-stopped", chain(error))),
    }
}
