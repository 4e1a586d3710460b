//! The state of an institution, and what stands in it at any instant.
//!
//! The state holds dated facts; status is a pure function of it and an instant, so nothing needs to have run for a
//! suspension to end or a term to lapse.

use super::facts::{Ownership, ReasonClass, Text};
use crate::id::{AreaCode, Version};
use crate::time::Instant;
use crate::track::{BarClass, Line, Span, Track, Value};
use uuid::Uuid;

/// Everything known of an institution.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Institution {
    /// Identity.
    pub profile: Profile,
    /// One per pooling area and line.
    pub agreements: Vec<Agreement>,
    /// Per pooling area.
    pub areas: Vec<AreaState>,
    /// Settlement holds, running and released.
    pub holds: Vec<Hold>,
    /// Department orders.
    pub departments: Vec<DepartmentOrder>,
    /// Bars to applying.
    pub bars: Vec<Bar>,
    /// Demands for records.
    pub demands: Vec<Demand>,
    /// Rectification orders.
    pub rectifications: Vec<Rectification>,
    /// Version of the newest event folded; none before the first.
    pub version: Option<Version>,
}

/// Identity of an institution.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Profile {
    /// Name now.
    pub name: Option<Text>,
    /// Earlier names, oldest first.
    pub former_names: Vec<Text>,
    /// 统一社会信用代码.
    pub uscc: Option<Text>,
    /// Ownership.
    pub ownership: Option<Ownership>,
    /// 区域医疗中心.
    pub regional_medical_centre: bool,
    /// Closed for good.
    pub level: Option<Text>,
}

/// How far an application has come.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Stage {
    /// 已申请.
    Applied,
    /// 评估中.
    Evaluating,
    /// 拟定点.
    Candidate,
    /// 不予定点.
    Refused,
    /// 协议已签订.
    Signed,
}

/// One agreement: a pooling area and a line.
#[derive(Clone, PartialEq, Debug)]
pub struct Agreement {
    /// Pooling area.
    pub area: AreaCode,
    /// Line.
    pub line: Line,
    /// How far the application has come.
    pub stage: Stage,
    /// The event that brought it there.
    pub stage_cause: Version,
    /// The term, once signed.
    pub term: Option<Term>,
    /// Suspensions of this line in the running agreement, in order of their begin; ended ones stay.
    pub suspensions: Vec<Suspension>,
    /// Its end, by termination or withdrawal.
    pub ended: Option<Ended>,
    /// Set when renewal was refused.
    pub renewal_refused: Option<Version>,
}

/// The term of an agreement.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Term {
    /// Begin; for one taken over with unknown begin, the instant it is first attested.
    pub from: Instant,
    /// End; [`Instant::MAX`] when the source does not say.
    pub until: Instant,
    /// The event of signing or renewal.
    pub cause: Version,
}

/// A suspension (中止).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Suspension {
    /// Begin.
    pub from: Instant,
    /// End; [`Instant::MAX`] until resumed.
    pub until: Instant,
    /// The event that suspended.
    pub cause: Version,
    /// The event that resumed early, where one did.
    pub resumed_by: Option<Version>,
    /// Asked for by the institution: not a sanction.
    pub at_request: bool,
}

/// The end of an agreement before its term.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Ended {
    /// From when.
    pub at: Instant,
    /// The event.
    pub cause: Version,
    /// Reason class of a termination; none when withdrawn.
    pub class: Option<ReasonClass>,
}

/// What is kept per pooling area.
#[derive(Clone, PartialEq, Debug)]
pub struct AreaState {
    /// Pooling area.
    pub area: AreaCode,
    /// 政策辅导期.
    pub probation: Option<Probation>,
    /// Cross-region settlement and the event that opened or closed it.
    pub cross_region: Option<(bool, Version)>,
    /// Failed evaluations since the last pass, and when the last one was.
    pub evaluations_failed: u8,
    /// When the last evaluation failed.
    pub last_failed: Option<Instant>,
}

/// 政策辅导期.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Probation {
    /// Begin.
    pub from: Instant,
    /// End of the first phase.
    pub initial_until: Instant,
    /// Event of the first phase.
    pub cause: Version,
    /// The extension: new end and event.
    pub extended: Option<(Instant, Version)>,
    /// When it ended early, by passing.
    pub passed: Option<Instant>,
}

impl Probation {
    /// Its end, extension included.
    #[must_use]
    pub fn until(&self) -> Instant {
        let end = self.extended.map_or(self.initial_until, |(until, _)| until);
        self.passed.map_or(end, |passed| passed.min(end))
    }
}

/// A settlement hold.
#[derive(Clone, PartialEq, Debug)]
pub struct Hold {
    /// Id of the event, by which it is released.
    pub id: Uuid,
    /// Begin.
    pub from: Instant,
    /// End, once released.
    pub until: Instant,
    /// Pooling area; none means all.
    pub area: Option<AreaCode>,
    /// Lines; none means all.
    pub lines: Vec<Line>,
    /// The event.
    pub cause: Version,
}

/// A department ordered off.
#[derive(Clone, PartialEq, Debug)]
pub struct DepartmentOrder {
    /// Department.
    pub department: Text,
    /// Begin.
    pub from: Instant,
    /// End.
    pub until: Instant,
    /// The event.
    pub cause: Version,
}

/// A bar to applying again.
#[derive(Clone, PartialEq, Debug)]
pub struct Bar {
    /// The event that raised it.
    pub cause: Version,
    /// Id of that event, by which liability is settled.
    pub id: Uuid,
    /// Class.
    pub class: BarClass,
    /// Begin.
    pub from: Instant,
    /// End of the time part.
    pub until: Instant,
    /// Whether it also lasts until liability is performed.
    pub until_performed: bool,
    /// When liability was performed, and the event that says so.
    pub performed: Option<(Instant, Version)>,
}

impl Bar {
    /// When it ends as far as known: the later of the time bar and the performance of liability (fact sheet C-02).
    #[must_use]
    pub fn end(&self) -> Instant {
        match (self.until_performed, self.performed) {
            (true, None) => Instant::MAX,
            (true, Some((performed, _))) => self.until.max(performed),
            (false, _) => self.until,
        }
    }
}

/// A demand for records.
#[derive(Clone, PartialEq, Debug)]
pub struct Demand {
    /// Id of the event.
    pub id: Uuid,
    /// The event.
    pub cause: Version,
    /// When it was made.
    pub from: Instant,
    /// Deadline.
    pub due: Instant,
    /// When all of it was provided.
    pub provided: Option<Instant>,
}

/// A rectification order.
#[derive(Clone, PartialEq, Debug)]
pub struct Rectification {
    /// Id of the event.
    pub id: Uuid,
    /// The event.
    pub cause: Version,
    /// Pooling area, where it names one.
    pub area: Option<AreaCode>,
    /// Deadline, where it has one.
    pub until: Option<Instant>,
    /// Result: accepted or failed, when, and the event.
    pub result: Option<(bool, Instant, Version)>,
}

impl Institution {
    /// The agreement of an area and line.
    #[must_use]
    pub fn agreement(&self, area: AreaCode, line: Line) -> Option<&Agreement> {
        self.agreements.iter().find(|agreement| agreement.area == area && agreement.line == line)
    }

    /// What is kept of an area.
    #[must_use]
    pub fn area(&self, area: AreaCode) -> Option<&AreaState> {
        self.areas.iter().find(|state| state.area == area)
    }

    /// Every span from an instant on, as far as the facts now known carry, by track and time.
    #[must_use]
    pub fn spans(&self, from: Instant) -> Vec<Span> {
        let mut spans = Vec::with_capacity(self.agreements.len() * 2 + 4);
        for agreement in &self.agreements {
            let basic = if agreement.line == Line::Basic {
                None
            } else {
                self.agreement(agreement.area, Line::Basic)
            };
            agreement.spans(basic, from, &mut spans);
        }
        for area in &self.areas {
            area.spans(from, &mut spans);
        }
        let mut push = |track: Track, value: Value, begin: Instant, until: Instant, cause: Version| {
            let begin = begin.max(from);
            if begin < until {
                spans.push(Span { track, value, from: begin, until, cause });
            }
        };
        for hold in &self.holds {
            let track = |line| Track::Hold { placed_by: hold.cause, area: hold.area, line };
            if hold.lines.is_empty() {
                push(track(None), Value::On, hold.from, hold.until, hold.cause);
            }
            for line in &hold.lines {
                push(track(Some(*line)), Value::On, hold.from, hold.until, hold.cause);
            }
        }
        for order in &self.departments {
            push(
                Track::Department(order.department.clone()),
                Value::On,
                order.from,
                order.until,
                order.cause,
            );
        }
        for bar in &self.bars {
            let barred = |liability_performed| Value::Barred { class: bar.class, liability_performed };
            let track = Track::Bar(bar.cause);
            match bar.performed {
                Some((performed, cause)) if performed > bar.from => {
                    push(track.clone(), barred(false), bar.from, performed.min(bar.end()), bar.cause);
                    push(track, barred(true), performed, bar.end(), cause);
                }
                Some(_) | None => push(track, barred(!bar.until_performed), bar.from, bar.end(), bar.cause),
            }
        }
        spans.sort_unstable();
        spans
    }
}

impl Agreement {
    /// The status in an instant and the event that made it so; `basic` is the agreement this line hangs on.
    fn status(&self, basic: Option<&Agreement>, at: Instant) -> (Value, Version) {
        if let Some(ended) = self.ended.filter(|ended| ended.at <= at) {
            return (if ended.class.is_some() { Value::Terminated } else { Value::Withdrawn }, ended.cause);
        }
        let own = match (self.stage, self.term) {
            (Stage::Applied, _) => (Value::Applied, self.stage_cause),
            (Stage::Evaluating, _) => (Value::Evaluating, self.stage_cause),
            (Stage::Candidate, _) => (Value::Candidate, self.stage_cause),
            (Stage::Refused, _) => (Value::Refused, self.stage_cause),
            (Stage::Signed, None) => (Value::Candidate, self.stage_cause),
            (Stage::Signed, Some(term)) if at < term.from => (Value::Candidate, term.cause),
            (Stage::Signed, Some(term)) if term.until <= at => match self.renewal_refused {
                Some(cause) => (Value::NotRenewed, cause),
                None => (Value::Lapsed, term.cause),
            },
            (Stage::Signed, Some(term)) => {
                match self.suspensions.iter().rev().find(|s| s.from <= at && at < s.until) {
                    Some(suspension) => (Value::Suspended, suspension.cause),
                    None => {
                        let resumed =
                            self.suspensions.iter().rev().find(|s| s.until <= at && s.from >= term.from);
                        (Value::InForce, resumed.and_then(|s| s.resumed_by).unwrap_or(term.cause))
                    }
                }
            }
        };
        // A line other than basic lives only while basic does.
        if let Some(basic) = basic
            && matches!(own.0, Value::InForce | Value::Suspended)
        {
            let above = basic.status(None, at);
            let basic_holds_it_down = match above.0 {
                Value::Terminated | Value::Lapsed | Value::NotRenewed | Value::Withdrawn => true,
                Value::Suspended => own.0 == Value::InForce,
                _ => false,
            };
            if basic_holds_it_down {
                return above;
            }
        }
        own
    }

    fn instants(&self, out: &mut Vec<Instant>) {
        if let Some(term) = self.term {
            out.extend([term.from, term.until]);
        }
        for suspension in &self.suspensions {
            out.extend([suspension.from, suspension.until]);
        }
        out.extend(self.ended.map(|ended| ended.at));
    }

    fn spans(&self, basic: Option<&Agreement>, from: Instant, out: &mut Vec<Span>) {
        let mut turns = Vec::with_capacity(8);
        turns.push(from);
        self.instants(&mut turns);
        if let Some(basic) = basic {
            basic.instants(&mut turns);
        }
        turns.retain(|turn| from <= *turn && *turn < Instant::MAX);
        turns.sort_unstable();
        turns.dedup();
        let first = out.len();
        for turn in turns {
            let (value, cause) = self.status(basic, turn);
            if let Some(last) = out[first..].last_mut() {
                if last.value == value && last.cause == cause {
                    continue;
                }
                last.until = turn;
            }
            let track = Track::Agreement(self.area, self.line);
            out.push(Span { track, value, from: turn, until: Instant::MAX, cause });
        }
    }
}

impl AreaState {
    fn spans(&self, from: Instant, out: &mut Vec<Span>) {
        let mut push = |track: Track, value: Value, begin: Instant, until: Instant, cause: Version| {
            let begin = begin.max(from);
            if begin < until {
                out.push(Span { track, value, from: begin, until, cause });
            }
        };
        if let Some(probation) = self.probation {
            let until = probation.until();
            let track = || Track::Probation(self.area);
            push(
                track(),
                Value::Initial,
                probation.from,
                probation.initial_until.min(until),
                probation.cause,
            );
            if let Some((_, cause)) = probation.extended {
                push(track(), Value::Extended, probation.initial_until, until, cause);
            }
        }
        if let Some((open, cause)) = self.cross_region {
            let value = if open { Value::Open } else { Value::Closed };
            push(Track::CrossRegion(self.area), value, from, Instant::MAX, cause);
        }
    }
}
