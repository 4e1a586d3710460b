//! The state of a practitioner, and what stands in it at any instant.

use super::facts::Category;
use crate::dated::Dated;
use crate::id::{AreaCode, InstitutionCode, Version};
use crate::institution::facts::Text;
use crate::personal::Personal;
use crate::time::Instant;
use crate::track::{BarClass, Span, Track, Value};

/// Everything known of a practitioner.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Practitioner {
    /// Name; sealed, unless it comes from an event of an older form.
    pub name: Option<Personal>,
    /// Category at the last registration.
    pub category: Option<Category>,
    /// Sites, present and past, in the order of registration.
    pub sites: Vec<Site>,
    /// Points, one entry a natural year.
    pub years: Vec<Year>,
    /// What few have: kept apart, because a census holds millions of practitioners.
    pub rare: Option<Box<Rare>>,
    /// Version of the newest event folded; none before the first.
    pub version: Option<Version>,
}

/// What few practitioners have.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Rare {
    /// Earlier names that are not sealed, oldest first.
    pub former_names: Vec<Text>,
    /// Suspensions, in the order they became known; ended ones stay.
    pub suspensions: Vec<Suspension>,
    /// Terminations; one without re-registration stands.
    pub terminations: Vec<Termination>,
    /// End of a ban from managing institutions, and the event.
    pub manager_ban: Option<(Instant, Version)>,
    /// Commitments, objections and appeals.
    pub dated: Dated,
}

/// A registration at an institution.
#[derive(Clone, PartialEq, Debug)]
pub struct Site {
    /// The institution.
    pub institution: InstitutionCode,
    /// Begin.
    pub from: Instant,
    /// End; [`Instant::MAX`] while registered.
    pub until: Instant,
    /// The event.
    pub cause: Version,
    /// The event that ended it.
    pub left_by: Option<Version>,
}

/// The points of a natural year.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Year {
    /// The year.
    pub year: i32,
    /// The area of the newest points of the year.
    pub area: Option<AreaCode>,
    /// Total, 0 to 12.
    pub total: u8,
    /// Points given back by repair in this year.
    pub repaired: u8,
    /// From when the total stands.
    pub since: Instant,
    /// The event that made it.
    pub cause: Version,
    /// The event counted in that became known last: what took effect later may have been decided without it.
    pub newest: Version,
}

/// A suspension (暂停).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Suspension {
    /// Begin.
    pub from: Instant,
    /// End; [`Instant::MAX`] until restored.
    pub until: Instant,
    /// The event.
    pub cause: Version,
    /// The event that restored early, where one did.
    pub restored_by: Option<Version>,
}

/// A termination (终止).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Termination {
    /// From when.
    pub at: Instant,
    /// The area of the points it follows, under whose rules it was decided; none for a decision apart from points.
    pub area: Option<AreaCode>,
    /// End of the bar; [`Instant::MAX`] when not known.
    pub barred_until: Instant,
    /// Class of the bar.
    pub class: BarClass,
    /// The event.
    pub cause: Version,
    /// When re-registered, and by which event.
    pub reregistered: Option<(Instant, Version)>,
}

impl Termination {
    /// End of the bar. One whose end nobody stated ends with the registration that was accepted after it.
    #[must_use]
    pub fn bar_end(&self) -> Instant {
        match self.reregistered {
            Some((back, _)) if self.barred_until == Instant::MAX => back,
            Some(_) | None => self.barred_until,
        }
    }
}

impl Practitioner {
    /// Earlier names, oldest first.
    #[must_use]
    pub fn former_names(&self) -> &[Text] {
        self.rare.as_ref().map_or(&[], |rare| &rare.former_names)
    }

    /// Suspensions, in the order they became known; ended ones stay.
    #[must_use]
    pub fn suspensions(&self) -> &[Suspension] {
        self.rare.as_ref().map_or(&[], |rare| &rare.suspensions)
    }

    /// Terminations, past ones included.
    #[must_use]
    pub fn terminations(&self) -> &[Termination] {
        self.rare.as_ref().map_or(&[], |rare| &rare.terminations)
    }

    /// Commitments, objections and appeals; none where there never was any.
    #[must_use]
    pub fn dated(&self) -> Option<&Dated> {
        self.rare.as_ref().map(|rare| &rare.dated)
    }

    /// End of a ban from managing institutions, and the event.
    #[must_use]
    pub fn manager_ban(&self) -> Option<(Instant, Version)> {
        self.rare.as_ref().and_then(|rare| rare.manager_ban)
    }

    /// The registration at an institution that stands at an instant.
    #[must_use]
    pub fn site(&self, institution: InstitutionCode, at: Instant) -> Option<&Site> {
        self.sites.iter().find(|site| site.institution == institution && site.from <= at && at < site.until)
    }

    /// Points of a natural year.
    #[must_use]
    pub fn points(&self, year: i32) -> u8 {
        self.year(year).map_or(0, |entry| entry.total)
    }

    /// The entry of a natural year.
    #[must_use]
    pub fn year(&self, year: i32) -> Option<&Year> {
        self.years.iter().find(|entry| entry.year == year)
    }

    /// The termination that stands at an instant.
    #[must_use]
    pub fn terminated(&self, at: Instant) -> Option<&Termination> {
        self.terminations()
            .iter()
            .rev()
            .find(|t| t.at <= at && t.reregistered.is_none_or(|(back, _)| at < back))
    }

    /// The suspension that stands at an instant.
    #[must_use]
    pub fn suspended(&self, at: Instant) -> Option<&Suspension> {
        self.suspensions().iter().rev().find(|s| s.from <= at && at < s.until)
    }

    /// Status and the event that made it so; none for somebody who has never been registered, suspended or terminated.
    #[must_use]
    pub fn status(&self, at: Instant) -> Option<(Value, Version)> {
        if let Some(termination) = self.terminated(at) {
            return Some((Value::Terminated, termination.cause));
        }
        if let Some(suspension) = self.suspended(at) {
            return Some((Value::Suspended, suspension.cause));
        }
        let over = self.suspensions().iter().rev().find(|s| s.until <= at);
        if let Some(site) = self.sites.iter().find(|site| site.from <= at && at < site.until) {
            // What was over before the registration that stands did not make it normal.
            let restored = over.filter(|s| site.from < s.until).and_then(|s| s.restored_by);
            return Some((Value::Normal, restored.unwrap_or(site.cause)));
        }
        let left = self.sites.iter().filter(|site| site.until <= at).max_by_key(|site| site.until);
        let cause = match left {
            Some(site) => Some(site.left_by.unwrap_or(site.cause)),
            None => over.map(|s| s.restored_by.unwrap_or(s.cause)),
        };
        cause.map(|cause| (Value::Unregistered, cause))
    }

    /// Every instant from `from` on at which the status can turn.
    fn turns(&self, from: Instant) -> Vec<Instant> {
        let mut turns = vec![from];
        for site in &self.sites {
            turns.extend([site.from, site.until]);
        }
        for suspension in self.suspensions() {
            turns.extend([suspension.from, suspension.until]);
        }
        for termination in self.terminations() {
            turns.push(termination.at);
            turns.extend(termination.reregistered.map(|(at, _)| at));
        }
        turns.retain(|turn| from <= *turn && *turn < Instant::MAX);
        turns.sort_unstable();
        turns.dedup();
        turns
    }

    /// Every span from an instant on, as far as the facts now known carry, by track and time.
    #[must_use]
    pub fn spans(&self, from: Instant) -> Vec<Span> {
        let mut spans: Vec<Span> = Vec::with_capacity(6);
        let turns = self.turns(from);
        for (index, &turn) in turns.iter().enumerate() {
            let until = turns.get(index + 1).copied().unwrap_or(Instant::MAX);
            let Some((value, cause)) = self.status(turn) else { continue };
            match spans.last_mut() {
                Some(last) if last.until == turn && last.value == value && last.cause == cause => {
                    last.until = until;
                }
                Some(_) | None => {
                    spans.push(Span { track: Track::Qualification, value, from: turn, until, cause });
                }
            }
        }
        let mut push = |track: Track, value: Value, begin: Instant, until: Instant, cause: Version| {
            let begin = begin.max(from);
            if begin < until {
                spans.push(Span { track, value, from: begin, until, cause });
            }
        };
        for site in &self.sites {
            push(Track::Site(site.institution), Value::Registered, site.from, site.until, site.cause);
        }
        for entry in &self.years {
            let begin = entry.since.max(start_of(entry.year));
            push(Track::Points, Value::Points(entry.total), begin, start_of(entry.year + 1), entry.cause);
        }
        for termination in self.terminations() {
            let value = Value::Barred { class: termination.class, liability_performed: true };
            push(
                Track::Bar(termination.cause),
                value,
                termination.at,
                termination.bar_end(),
                termination.cause,
            );
        }
        if let Some(dated) = self.dated() {
            dated.put(from, &mut spans);
        }
        spans.sort_unstable();
        spans
    }
}

fn start_of(year: i32) -> Instant {
    chrono::NaiveDate::from_ymd_opt(year, 1, 1).map_or(Instant::MIN, Instant::from_date)
}
