//! Questions to a filled ledger, in random order over all its subjects and dates.

use super::measure::Calls;
use super::report::{Figure, Mark};
use crate::workload::{AREAS, Kind, Plan, Rng, SEED, Workload, middle_and_end};
use accord_api::answers::{Asked, ClaimAsked, Coordinates, Payable, Show, coordinates, gather};
use accord_api::ledger::{Ledger, history};
use accord_domain::track::{Line, Value};
use accord_domain::{
    AreaCode, Instant, InstitutionCode, PractitionerCode, Subject, SubjectKind, Version, timeline,
};
use accord_projections::{Axis, Filter, Worklist, wait_for};
use accord_store::EventLog;
use anyhow::{Context, ensure};
use std::hint::black_box;

/// Questions of each kind in one run.
const QUESTIONS: u64 = 10_000;
/// Lists in one run: a page of each.
const LISTS: u64 = 2_000;
/// Rows of a page.
const PAGE: usize = 50;
/// Events read at once while the ledger is read through.
const EVENTS_READ_AT_ONCE: usize = 10_000;
/// Subjects between two that are asked about while the ledger is read through: at least so many have their rows on one page.
const SUBJECTS_OF_A_PAGE: usize = 4;
/// Events between two searches of the index in vain: several times fewer than a page of it has entries, as each ends on any page.
const EVENTS_A_SEARCH: usize = 40;
/// What `show` and `payable` are meant to stay under, in microseconds, 99 times of 100.
const P99_MICROS: f64 = 200.0;
/// What a page of a worklist is meant to stay under, in microseconds, 99 times of 100.
const WORKLIST_P99_MICROS: f64 = 5_000.0;

/// Reads the ledger through once by the connections that answer: all events, the rows of the subjects in the views, and where the
/// index is looked for keys and names that are new. A ledger that has served for a while has met these pages; what is timed
/// afterwards is the question more than the disk. What only lists and searches read is not met by it.
pub(crate) fn read_through(ledger: &Ledger, workload: &Workload) -> anyhow::Result<()> {
    let (log, views, known_at) = (ledger.log(), ledger.views(), middle_and_end().1);
    let (mut from, len) = (0, wait_for(log.len())?);
    while from < len {
        let events = wait_for(log.read_all(from, EVENTS_READ_AT_ONCE))?;
        ensure!(!events.is_empty(), "the log ends at {from} of {len}");
        from += u64::try_from(events.len())?;
    }
    for number in (0..workload.subjects()).step_by(SUBJECTS_OF_A_PAGE) {
        let subject = subject(&workload.plan(number))?;
        black_box(wait_for(log.read_stream(&subject.stream(), Version::MAX, 1))?);
        black_box(views.timeline(&subject, known_at)?);
        black_box(views.docket(&subject, known_at)?);
        black_box(views.trail(&subject, Axis::Recorded, known_at, None, 1)?);
    }
    for number in (0..len).step_by(EVENTS_A_SEARCH) {
        black_box(wait_for(log.request(&format!("not recorded {number}")))?);
        black_box(wait_for(log.read_stream(&format!("not recorded {number}"), 0, 1))?);
    }
    Ok(())
}

/// Asks everything.
pub(crate) fn measure(ledger: &Ledger, workload: &Workload, runs: u16) -> anyhow::Result<Vec<Figure>> {
    let asker = Asker { ledger, workload, known_at: middle_and_end().1 };
    let mut figures = Vec::new();
    figures.extend(percentiles("load of an institution", None, runs, |rng| asker.load(rng), QUESTIONS)?);
    figures.extend(percentiles("show", Some(P99_MICROS), runs, |rng| asker.show(rng), QUESTIONS)?);
    figures.extend(percentiles("payable", Some(P99_MICROS), runs, |rng| asker.payable(rng), QUESTIONS)?);
    let (middle, end) = middle_and_end();
    let past = |rng: &mut Rng| {
        let day = Asker::any_day(rng);
        asker.list(rng, day, middle)
    };
    figures.extend(percentiles("past list, first page", None, runs, past, LISTS)?);
    let today = |rng: &mut Rng| asker.list(rng, end, end);
    figures.extend(percentiles("list of the last day, first page", None, runs, today, LISTS)?);
    figures.extend(over_http(&asker, runs)?);
    Ok(figures)
}

/// First page of what is due in an area, from the view.
pub(crate) fn worklists(ledger: &Ledger, workload: &Workload, runs: u16) -> anyhow::Result<Vec<Figure>> {
    let asker = Asker { ledger, workload, known_at: middle_and_end().1 };
    let mark = Some(WORKLIST_P99_MICROS);
    percentiles("worklist of an area, first page", mark, runs, |rng| asker.worklist(rng), LISTS)
}

/// `payable` through a socket, client and server on the same cores.
fn over_http(asker: &Asker<'_>, runs: u16) -> anyhow::Result<Vec<Figure>> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
    let (listening, address) = std::sync::mpsc::channel();
    let ledger = asker.ledger.clone();
    let server = runtime.spawn(accord_api::http::serve_until(
        ledger,
        ([127, 0, 0, 1], 0).into(),
        move |address| {
            // The receiver waits right below.
            let _ = listening.send(address);
        },
        async move {
            // Also when the sender is gone it is time to stop.
            let _ = stopped.await;
        },
    ));
    let base = format!("http://{}", address.recv()?);
    let client = reqwest::Client::new();
    let ask = |rng: &mut Rng| runtime.block_on(asker.payable_over_http(&client, &base, rng));
    let figures = percentiles("payable over HTTP", None, runs, ask, LISTS);
    drop(client);
    drop(stop);
    runtime.block_on(server)??;
    figures
}

/// Median and 99th percentile of many questions, after a first run that warms the caches.
fn percentiles(
    name: &str,
    mark: Option<f64>,
    runs: u16,
    ask: impl Fn(&mut Rng) -> anyhow::Result<()>,
    questions: u64,
) -> anyhow::Result<Vec<Figure>> {
    let (mut p50, mut p99) = (Vec::new(), Vec::new());
    for run in 0..=runs {
        let mut rng = Rng::new(SEED, u64::from(run));
        let mut calls = Calls::new()?;
        for _ in 0..questions {
            let begin = std::time::Instant::now();
            ask(&mut rng).context(name.to_owned())?;
            calls.record(begin.elapsed());
        }
        if run > 0 {
            p50.push(calls.micros(50.0));
            p99.push(calls.micros(99.0));
        }
    }
    let p99 = Figure::new(&format!("{name} p99"), "µs", &p99)?;
    let p99 = mark.map_or(p99.clone(), |most| p99.mark(Mark::AtMost(most)));
    Ok(vec![Figure::new(&format!("{name} p50"), "µs", &p50)?, p99])
}

/// Who asks.
struct Asker<'a> {
    ledger: &'a Ledger,
    workload: &'a Workload,
    known_at: Instant,
}

impl Asker<'_> {
    fn any_plan(&self, rng: &mut Rng) -> Plan {
        self.workload.plan(rng.below(self.workload.subjects()))
    }

    /// A day between the first act and the end.
    fn any_day(rng: &mut Rng) -> Instant {
        let (middle, _) = middle_and_end();
        middle.plus_days(rng.between(-200, 300))
    }

    /// The state of an institution from the log alone.
    fn load(&self, rng: &mut Rng) -> anyhow::Result<()> {
        let plan = self.workload.plan(rng.below(self.workload.institutions));
        let subject = subject(&plan)?;
        let events = wait_for(history(&**self.ledger.log(), &subject))?;
        ensure!(events.len() >= 8, "{subject} has {} events", events.len());
        black_box(timeline::state_at(subject.kind(), &events, Instant::MAX));
        Ok(())
    }

    /// What stands for a subject with its reasons, as JSON.
    fn show(&self, rng: &mut Rng) -> anyhow::Result<()> {
        let subject = subject(&self.any_plan(rng))?;
        let coordinates = self.coordinates(Self::any_day(rng))?;
        let gathered =
            wait_for(gather::from_log(&**self.ledger.log(), &subject, coordinates, &self.ledger.laws()))?;
        black_box(serde_json::to_vec(&Show::of(&gathered))?);
        Ok(())
    }

    /// Who gave a service at a practitioner's institution, and when.
    fn claim(&self, rng: &mut Rng) -> anyhow::Result<(ClaimAsked, Instant)> {
        let number = self.workload.institutions + rng.below(self.workload.practitioners);
        let practitioner = self.workload.plan(number);
        let asked = ClaimAsked {
            institution: InstitutionCode::parse(&self.workload.site(&practitioner))?,
            practitioner: Some(PractitionerCode::parse(&practitioner.code())?),
            area: Some(AreaCode::from_number(practitioner.area)),
            line: Line::Basic,
            department: None,
            emergency: false,
        };
        Ok((asked, Self::any_day(rng)))
    }

    /// May a claim be paid? As JSON.
    fn payable(&self, rng: &mut Rng) -> anyhow::Result<()> {
        let (asked, at) = self.claim(rng)?;
        let coordinates = self.coordinates(at)?;
        let answer = Payable::ask(self.ledger.views(), &self.ledger.laws(), &asked, coordinates)?;
        black_box(serde_json::to_vec(&answer)?);
        Ok(())
    }

    fn coordinates(&self, as_of: Instant) -> anyhow::Result<Coordinates> {
        let asked = Asked { as_of: Some(as_of), known_at: None };
        Ok(wait_for(coordinates(self.ledger.log(), None, self.known_at, asked))?)
    }

    /// The same question over HTTP, one connection kept open.
    async fn payable_over_http(
        &self,
        client: &reqwest::Client,
        base: &str,
        rng: &mut Rng,
    ) -> anyhow::Result<()> {
        let (asked, at) = self.claim(rng)?;
        let practitioner = asked.practitioner.as_ref().map_or("", PractitionerCode::as_str);
        let url = format!(
            "{base}/v1/payable?institution={}&practitioner={practitioner}&area={}&at={}",
            asked.institution,
            asked.area.map_or_else(String::new, |area| area.to_string()),
            at.date()
        );
        let answer = client.get(url).send().await?;
        ensure!(answer.status().is_success(), "{}: {}", answer.status(), answer.text().await?);
        black_box(answer.bytes().await?);
        Ok(())
    }

    /// First page of what is due in an area, on any day.
    fn worklist(&self, rng: &mut Rng) -> anyhow::Result<()> {
        let area = AREAS[usize::try_from(rng.below(40))?];
        let filter = Worklist { area: Some(AreaCode::from_number(area)), due_before: None };
        let day = Self::any_day(rng);
        black_box(self.ledger.views().worklist(&filter, day, self.known_at, None, PAGE)?);
        Ok(())
    }

    /// First page of those with a status in an area, at a pair of dates.
    fn list(&self, rng: &mut Rng, as_of: Instant, known_at: Instant) -> anyhow::Result<()> {
        let (kind, statuses): (_, &[Value]) = if rng.below(2) == 0 {
            (SubjectKind::Institution, &[Value::InForce, Value::Suspended])
        } else {
            (SubjectKind::Practitioner, &[Value::Normal, Value::Suspended])
        };
        let status = statuses[usize::try_from(rng.below(2))?];
        let area = AREAS[usize::try_from(rng.below(40))?];
        let filter = Filter {
            kind: Some(kind),
            area: Some(AreaCode::from_number(area)),
            line: (kind == SubjectKind::Institution).then_some(Line::Basic),
            status: Some(status),
        };
        black_box(self.ledger.views().list(&filter, as_of, known_at, None, PAGE)?);
        Ok(())
    }
}

fn subject(plan: &Plan) -> anyhow::Result<Subject> {
    let kind =
        if plan.kind == Kind::Practitioner { SubjectKind::Practitioner } else { SubjectKind::Institution };
    Ok(Subject::parse_as(kind, &plan.code())?)
}
