//! What the acts of a pooling area make due, and what they bring to an end.

use super::facts::WorkRecord;
use super::state::Area;
use super::work::{Work, parts_of_year};
use super::{AreaEvent as E, PLAN_AGAIN};
use crate::event::{Event, EventData};
use crate::id::AreaCode;
use crate::institution::facts::InstitutionKind;
use crate::obligation::{About, Clock, Docket, Ending, Entry, Law, ObligationKind as Kind, Raise};
use crate::rulebook::Rule;
use crate::time::Instant;

/// Takes an event's obligations, after the event itself.
pub(crate) fn take_obligations(
    state: &Area,
    area: AreaCode,
    docket: &mut Docket,
    event: &Event,
    law: &Law<'_>,
) {
    let EventData::Area(facts) = &event.data else { return };
    let mut desk = Desk { state, area, docket, event, law, at: event.effective_at };
    for year in state.begun_by(event.version) {
        desk.year(year);
    }
    match facts {
        E::ResourcesPlanned(data) => desk.planned(data.until),
        E::WorkRecorded(data) => desk.worked(data),
        E::MoratoriumStarted(data) if data.until.is_none() => {
            for kind in &data.designations {
                desk.raise(Kind::ReviewMoratorium, kind.name(), desk.at, (Clock::InTime, desk.at), None);
            }
        }
        E::MoratoriumEnded(data) => desk.admitted(&data.designations),
        E::MoratoriumStarted(_)
        | E::RulesAdopted(_)
        | E::ObligationClosed(_)
        | E::DecisionAnnulled(_)
        | E::RecordCorrected(_) => {}
    }
}

/// One event at the desk.
struct Desk<'a> {
    state: &'a Area,
    area: AreaCode,
    docket: &'a mut Docket,
    event: &'a Event,
    law: &'a Law<'a>,
    at: Instant,
}

impl Desk<'_> {
    fn raise(
        &mut self,
        kind: Kind,
        detail: &str,
        from: Instant,
        (clock, start): (Clock, Instant),
        rule: Option<&Rule>,
    ) {
        let about = About { area: Some(self.area), detail: detail.into(), ..About::default() };
        let raise = Raise { kind, about, from, clock, start, rule, expires: Instant::MAX };
        self.docket.raise(self.event, raise, self.law);
    }

    fn meet(&mut self, which: impl Fn(&Entry) -> bool) {
        self.docket.end(self.at, Ending::Met(self.event.version), which);
    }

    /// 资源配置规划: dynamic, so one that has an end is followed by another.
    fn planned(&mut self, until: Option<Instant>) {
        self.meet(|entry| entry.kind == Kind::PlanAgain);
        let Some(until) = until else { return };
        let law = *self.law;
        let rule = law.rulebook.rule(PLAN_AGAIN, self.at, Some(self.area));
        self.raise(Kind::PlanAgain, "", self.at, (Clock::MonthsBefore(0), until), rule);
    }

    fn admitted(&mut self, kinds: &[InstitutionKind]) {
        let is_named = |entry: &Entry| kinds.iter().any(|kind| kind.name() == &*entry.about.detail);
        self.meet(|entry| entry.kind == Kind::ReviewMoratorium && is_named(entry));
    }

    /// What the rules call for in a year.
    fn year(&mut self, year: i32) {
        for work in Work::ALL {
            let Some(kind) = work.kind() else { continue };
            self.times(*work, kind, year);
            self.parts(*work, kind, year);
        }
    }

    /// So many times a year, by the rule in force when the year ends. What the event itself does of it is taken off after.
    fn times(&mut self, work: Work, kind: Kind, year: i32) {
        let Some(begin) = Instant::first_of_year(year) else { return };
        let (law, end) = (*self.law, begin.plus_years(1));
        let Some((times, rule)) = number(work.per_year(), end.plus_days(-1), self.area, law) else { return };
        let detail = format!("{year}:{times}");
        self.raise(kind, &detail, begin.max(self.at), (Clock::MonthsBefore(0), end), Some(rule));
    }

    /// For every so many months, when they are over: by which day the rules do not say.
    fn parts(&mut self, work: Work, kind: Kind, year: i32) {
        let (Some(begin), law) = (Instant::first_of_year(year), *self.law) else { return };
        let last = begin.plus_years(1).plus_days(-1);
        let Some((months, _)) = number(work.every_months(), last, self.area, law) else { return };
        let Some(parts) = parts_of_year(months) else { return };
        for part in 1..=parts {
            let over = begin.plus_months(part * 12 / parts);
            let Some((_, rule)) = number(work.every_months(), over.plus_days(-1), self.area, law) else {
                continue;
            };
            let named = (1 < parts).then_some(part);
            if over <= self.at {
                continue;
            }
            let detail = named.map_or(format!("{year}"), |part| format!("{year}/{part}/{parts}"));
            self.raise(kind, &detail, over, (Clock::InTime, over), Some(rule));
        }
    }

    /// What a piece of work answers.
    fn worked(&mut self, data: &WorkRecord) {
        let (Some(kind), state) = (data.work.kind(), self.state) else { return };
        let year = data.year.to_string();
        self.meet(|entry| {
            let detail = &*entry.about.detail;
            entry.kind == kind
                && match detail.split_once(':') {
                    Some((of, times)) => {
                        let times = times.parse().unwrap_or(u32::MAX);
                        of == year && times <= state.count(data.work, data.year)
                    }
                    None => {
                        let mut parts = detail.split('/');
                        let of = parts.next();
                        let part = parts.next().and_then(|part| part.parse().ok());
                        of == Some(&*year) && (part.is_none() || part == data.part)
                    }
                }
        });
    }
}

/// A number in force in an area, and the rule that sets it.
pub(super) fn number<'a>(param: &str, at: Instant, area: AreaCode, law: Law<'a>) -> Option<(i64, &'a Rule)> {
    let rule = law.rulebook.rule(param, at, Some(area))?;
    Some((law.rulebook.number(param, at, Some(area))?.value, rule))
}
