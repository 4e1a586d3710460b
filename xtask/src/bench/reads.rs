//! Questions to a filled ledger, in random order over all its subjects and dates.

use super::measure::Calls;
use super::report::{Figure, Mark};
use crate::workload::{AREAS, Kind, Plan, Rng, SEED, Workload, middle_and_end};
use accord_api::ledger::{Ledger, history};
use accord_domain::payable::{Claim, EmergencyRules, assess};
use accord_domain::track::{Line, Value};
use accord_domain::{AreaCode, Instant, Span, Subject, SubjectKind, timeline};
use accord_projections::{Filter, wait_for};
use anyhow::{Context, ensure};
use std::collections::BTreeSet;
use std::hint::black_box;

/// Questions of each kind in one run.
const QUESTIONS: u64 = 10_000;
/// Lists in one run: a page of each.
const LISTS: u64 = 2_000;
/// Rows of a page.
const PAGE: usize = 50;
/// What `show` and `payable` are meant to stay under, in microseconds, 99 times of 100.
const P99_MICROS: f64 = 200.0;

/// Asks everything.
pub(crate) fn measure(ledger: &Ledger, workload: &Workload, runs: u16) -> anyhow::Result<Vec<Figure>> {
    let asker = Asker { ledger, workload, known_at: middle_and_end().1 };
    let mut figures = Vec::new();
    figures.extend(percentiles("load of an institution", None, runs, |rng| asker.load(rng), QUESTIONS)?);
    figures.extend(percentiles("show", Some(P99_MICROS), runs, |rng| asker.show(rng), QUESTIONS)?);
    figures.extend(percentiles("payable", Some(P99_MICROS), runs, |rng| asker.payable(rng), QUESTIONS)?);
    figures.extend(percentiles("past list, first page", None, runs, |rng| asker.list(rng), LISTS)?);
    Ok(figures)
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

    /// What stands for a subject, with the reason of each span.
    fn show(&self, rng: &mut Rng) -> anyhow::Result<()> {
        let subject = subject(&self.any_plan(rng))?;
        let as_of = Self::any_day(rng);
        let spans = self.standing(&subject, as_of)?;
        let causes: BTreeSet<_> = spans.iter().map(|span| span.cause).collect();
        for cause in causes {
            let reason = self.ledger.views().reason(&subject, cause)?;
            black_box(reason.context("a span without its reason")?);
        }
        black_box(self.ledger.views().subject(&subject)?);
        Ok(())
    }

    /// May a claim of a practitioner's institution be paid?
    fn payable(&self, rng: &mut Rng) -> anyhow::Result<()> {
        let number = self.workload.institutions + rng.below(self.workload.practitioners);
        let practitioner = self.workload.plan(number);
        let institution = self.workload.plan(practitioner.institution);
        let at = Self::any_day(rng);
        let (practitioner, institution) = (subject(&practitioner)?, subject(&institution)?);
        let of_institution = self.standing(&institution, at)?;
        let of_practitioner = self.standing(&practitioner, at)?;
        let Subject::Institution(code) = &institution else {
            anyhow::bail!("{institution} is no institution")
        };
        let area = self.workload.plan(number).area;
        let claim = Claim {
            at,
            area: AreaCode::from_number(area),
            line: Line::Basic,
            institution: code,
            department: None,
            emergency: false,
        };
        black_box(assess(&claim, &of_institution, Some(&of_practitioner), EmergencyRules::default()));
        Ok(())
    }

    fn standing(&self, subject: &Subject, as_of: Instant) -> anyhow::Result<Vec<Span>> {
        Ok(self.ledger.views().standing(subject, as_of, self.known_at)?)
    }

    /// First page of those with a status in an area, at a past pair of dates.
    fn list(&self, rng: &mut Rng) -> anyhow::Result<()> {
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
        let (middle, _) = middle_and_end();
        black_box(self.ledger.views().list(&filter, Self::any_day(rng), middle, None, PAGE)?);
        Ok(())
    }
}

fn subject(plan: &Plan) -> anyhow::Result<Subject> {
    let kind =
        if plan.kind == Kind::Practitioner { SubjectKind::Practitioner } else { SubjectKind::Institution };
    Ok(Subject::parse_as(kind, &plan.code())?)
}
