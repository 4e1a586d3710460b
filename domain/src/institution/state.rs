//! The state of an institution.
//!
//! It holds dated facts; what stands at an instant is a pure function of it (see [`super::spans`]), so nothing needs to
//! have run for a suspension to end or a term to lapse. A census holds a million of these: what most institutions never
//! have sits behind one pointer.

use super::facts::{Ownership, ReasonClass, Text};
use crate::dated::Dated;
use crate::id::{AreaCode, InstitutionCode, Version};
use crate::identifiers::Uscc;
use crate::time::Instant;
use crate::track::{BarClass, Line, Value};
use uuid::Uuid;

/// Everything known of an institution.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Institution {
    /// Identity.
    pub profile: Box<Profile>,
    /// One per pooling area and line.
    pub agreements: Vec<Agreement>,
    /// Per pooling area.
    pub areas: Vec<AreaState>,
    /// Measures, bars and open ends; most institutions have none.
    rare: Option<Box<Rare>>,
    /// The event of the first signing anywhere; none when never designated.
    pub designated: Option<Version>,
    /// Version of the newest event folded; none before the first.
    pub version: Option<Version>,
}

/// What most institutions never have.
#[derive(Clone, PartialEq, Debug, Default)]
pub(super) struct Rare {
    pub(super) holds: Vec<Hold>,
    pub(super) departments: Vec<DepartmentOrder>,
    pub(super) bars: Vec<Bar>,
    pub(super) demands: Vec<Demand>,
    pub(super) rectifications: Vec<Rectification>,
    pub(super) changes: Vec<Change>,
    pub(super) dated: Dated,
}

/// Identity of an institution.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Profile {
    /// Name now.
    pub name: Option<Text>,
    /// Earlier names, oldest first.
    pub former_names: Box<[Text]>,
    /// 统一社会信用代码.
    pub uscc: Option<Uscc>,
    /// Hospital grade.
    pub level: Option<Text>,
    /// Ownership.
    pub ownership: Option<Ownership>,
    /// 区域医疗中心.
    pub regional_medical_centre: bool,
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
    /// From when it stands there.
    pub stage_from: Instant,
    /// The term, once signed.
    pub term: Option<Term>,
    /// What is agreed to come after that term; most agreements have nothing.
    pub(super) later: Option<Box<Later>>,
    /// Suspensions of this line, in the order they became known; ended ones stay, as later rules count them.
    pub suspensions: Vec<Suspension>,
    /// Its end, by termination or withdrawal.
    pub ended: Option<Box<Ended>>,
    /// Set when renewal was refused.
    pub renewal_refused: Option<Version>,
    /// Set when it was recorded that the term ran out and nothing followed.
    pub lapsed: Option<Version>,
}

/// What is agreed to come after a term.
#[derive(Clone, PartialEq, Debug, Default)]
pub(super) struct Later {
    /// Terms of the same agreement, each from where the one before it ends.
    pub(super) terms: Vec<Term>,
    /// The agreement signed anew for a time after this one is over: nothing of this one reaches into it.
    pub(super) anew: Option<Agreement>,
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
    /// The suspension of another pooling area that this one follows.
    pub follows: Option<Version>,
    /// Of the whole agreement of the area, of which every line then keeps its share.
    pub whole: bool,
}

impl Suspension {
    /// Whether it runs at an instant.
    #[must_use]
    pub fn runs(&self, at: Instant) -> bool {
        self.from <= at && at < self.until
    }
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
    pub probation: Option<Box<Probation>>,
    /// Cross-region settlement and the event that opened or closed it.
    pub cross_region: Option<(bool, Version)>,
    /// Failed evaluations since the last one that passed, the last signing or the last bar for failing.
    pub evaluations_failed: u8,
    /// When the last of these failed, and the event.
    pub last_failed: Option<Box<(Instant, Version)>>,
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

    /// Whether it is running at an instant.
    #[must_use]
    pub fn covers(&self, at: Instant) -> bool {
        self.from <= at && at < self.until()
    }
}

/// What came of a hold: [`Value::Cleared`], [`Value::ClearedLater`] or [`Value::Confirmed`], and the event.
pub type CameTo = (Value, Version);

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
    /// The event that released it.
    pub released_by: Option<Version>,
    /// What came of it and by which event, also where that takes effect only later than what is asked about: a release as
    /// cleared, after which what waited is payable, or as confirmed.
    pub came_to: Option<CameTo>,
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
    /// The one pooling area it holds in; none means everywhere.
    pub area: Option<AreaCode>,
    /// The pooling area under whose rules it was raised.
    pub raised_in: AreaCode,
    /// Begin.
    pub from: Instant,
    /// The day whose law raised it: that of the conduct, where a termination tells it.
    pub law_of: Instant,
    /// End of the time part.
    pub until: Instant,
    /// Whether it also lasts until liability is performed.
    pub until_performed: bool,
    /// When liability was performed, and the event that says so.
    pub performed: Option<(Instant, Version)>,
}

impl Bar {
    /// When it ends as far as known: the later of the time bar and the performance of liability (row C-02).
    #[must_use]
    pub fn end(&self) -> Instant {
        match (self.until_performed, self.performed) {
            (true, None) => Instant::MAX,
            (true, Some((performed, _))) => self.until.max(performed),
            (false, _) => self.until,
        }
    }

    /// Whether it stands in the way of an application in an area.
    #[must_use]
    pub fn covers(&self, area: AreaCode, at: Instant) -> bool {
        self.area.is_none_or(|own| own == area) && self.from <= at && at < self.end()
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
    /// When all of it was provided, and the event.
    pub provided: Option<(Instant, Version)>,
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

/// A change of details that may have to be filed.
#[derive(Clone, PartialEq, Debug)]
pub struct Change {
    /// Id of the event.
    pub id: Uuid,
    /// The event.
    pub cause: Version,
    /// When the authority approved it.
    pub approved_on: Option<Instant>,
    /// Whether it is major information, which is to be filed.
    pub major: bool,
    /// When it was filed, and the event.
    pub filed: Option<(Instant, Version)>,
}

impl Institution {
    /// The agreement of an area and line.
    #[must_use]
    pub fn agreement(&self, area: AreaCode, line: Line) -> Option<&Agreement> {
        self.agreements.iter().find(|agreement| agreement.area == area && agreement.line == line)
    }

    /// The agreements of an area.
    pub fn agreements_in(&self, area: AreaCode) -> impl Iterator<Item = &Agreement> {
        self.agreements.iter().filter(move |agreement| agreement.area == area)
    }

    /// The pooling area of what concerns an institution as a whole, seen from a region: of its agreements that of the first
    /// where the region lies; none where it lies in none.
    #[must_use]
    pub fn area_of(&self, region: AreaCode) -> Option<AreaCode> {
        let mut areas = self.agreements.iter().map(|agreement| agreement.area);
        areas.find(|area| [region, region.prefecture(), region.province()].contains(area))
    }

    /// The pooling area an institution is at home in: that of its agreement where its own region lies, else of the first
    /// agreement there is; none before any.
    #[must_use]
    pub fn home(&self, code: &InstitutionCode) -> Option<AreaCode> {
        let region = AreaCode::parse(code.as_str().get(1..7).unwrap_or_default()).ok();
        let here = region.and_then(|region| self.area_of(region));
        here.or_else(|| self.agreements.first().map(|agreement| agreement.area))
    }

    /// The agreement of an area that a renewal continues, the last one signed: `basic`, else of the lines the one that ends
    /// last; none where it was ended before its term.
    #[must_use]
    pub fn renewable(&self, area: AreaCode) -> Option<&Agreement> {
        let open = |last: &&Agreement| last.stage == Stage::Signed && last.ended.is_none();
        let basic = self.agreement(area, Line::Basic).map(Agreement::last).filter(open);
        let lines = self.agreements_in(area).map(Agreement::last).filter(open);
        basic.or_else(|| lines.max_by_key(|last| last.end()))
    }

    /// What is kept of an area.
    #[must_use]
    pub fn area(&self, area: AreaCode) -> Option<&AreaState> {
        self.areas.iter().find(|state| state.area == area)
    }

    /// The probation of an area.
    #[must_use]
    pub fn probation(&self, area: AreaCode) -> Option<&Probation> {
        self.area(area).and_then(|state| state.probation.as_deref())
    }

    /// Settlement holds, running and released.
    #[must_use]
    pub fn holds(&self) -> &[Hold] {
        self.rare.as_ref().map_or(&[], |rare| &rare.holds)
    }

    /// Department orders, running and over.
    #[must_use]
    pub fn departments(&self) -> &[DepartmentOrder] {
        self.rare.as_ref().map_or(&[], |rare| &rare.departments)
    }

    /// Bars to applying, running and over.
    #[must_use]
    pub fn bars(&self) -> &[Bar] {
        self.rare.as_ref().map_or(&[], |rare| &rare.bars)
    }

    /// Demands for records.
    #[must_use]
    pub fn demands(&self) -> &[Demand] {
        self.rare.as_ref().map_or(&[], |rare| &rare.demands)
    }

    /// Rectification orders.
    #[must_use]
    pub fn rectifications(&self) -> &[Rectification] {
        self.rare.as_ref().map_or(&[], |rare| &rare.rectifications)
    }

    /// Changes of details.
    #[must_use]
    pub fn changes(&self) -> &[Change] {
        self.rare.as_ref().map_or(&[], |rare| &rare.changes)
    }

    /// Credit, commitments, objections and appeals; none where there never was any.
    #[must_use]
    pub fn dated(&self) -> Option<&Dated> {
        self.rare.as_ref().map(|rare| &rare.dated)
    }

    pub(super) fn rare(&mut self) -> &mut Rare {
        self.rare.get_or_insert_default()
    }
}

impl Agreement {
    /// The agreement that an instant belongs to: itself, until one signed anew for later begins.
    #[must_use]
    pub fn current(&self, at: Instant) -> &Self {
        match self.anew() {
            Some(anew) if anew.begin() <= at => anew.current(at),
            Some(_) | None => self,
        }
    }

    /// The last agreement signed: itself, unless one is signed anew for later.
    #[must_use]
    pub fn last(&self) -> &Self {
        self.anew().map_or(self, Self::last)
    }

    pub(super) fn anew(&self) -> Option<&Self> {
        self.later.as_ref().and_then(|later| later.anew.as_ref())
    }

    /// When its first term still known begins; for an application, when that was made.
    #[must_use]
    pub fn begin(&self) -> Instant {
        self.term.map_or(self.stage_from, |term| term.from)
    }

    /// The terms still known, in order.
    pub(super) fn terms(&self) -> impl DoubleEndedIterator<Item = Term> {
        let later = self.later.as_ref().map_or(&[][..], |later| &later.terms);
        self.term.into_iter().chain(later.iter().copied())
    }

    /// The term an instant lies in, or the last one begun before it; the first one before any has begun.
    #[must_use]
    pub fn term_at(&self, at: Instant) -> Option<Term> {
        let current = self.current(at);
        current.terms().rev().find(|term| term.from <= at).or(current.term)
    }

    /// When it is over as far as known: the end of its last term, or earlier by termination or withdrawal. None for an
    /// application.
    #[must_use]
    pub fn end(&self) -> Option<Instant> {
        let term = self.terms().next_back()?;
        Some(self.ended.as_deref().map_or(term.until, |ended| ended.at.min(term.until)))
    }

    /// Signed and not over: in force, suspended, or still to begin.
    #[must_use]
    pub fn is_live(&self, at: Instant) -> bool {
        self.stage == Stage::Signed && self.last().end().is_some_and(|end| at < end)
    }

    /// Whether a term from an instant on is another agreement: after a gap, or after this one was given up.
    #[must_use]
    pub fn is_over_before(&self, from: Instant) -> bool {
        let last = self.last();
        last.end().is_some_and(|end| end < from || (end == from && last.ended.is_some()))
    }

    /// The suspension running at an instant; of several the one known last.
    #[must_use]
    pub fn suspension(&self, at: Instant) -> Option<&Suspension> {
        self.current(at).suspensions.iter().rev().find(|s| s.runs(at))
    }

    /// The suspensions by sanction that began inside a term and by an instant, in order: its own, and those of the `basic`
    /// agreement it hangs on, which suspend it too.
    #[must_use]
    pub fn sanctions(&self, basic: Option<&Agreement>, term: Term, at: Instant) -> Vec<Suspension> {
        let ended = self.ended.as_deref().map_or(Instant::MAX, |ended| ended.at);
        let inside = |s: &&Suspension| term.from <= s.from && s.from < term.until && s.from <= at;
        let above = basic.into_iter().flat_map(|basic| &basic.suspensions).filter(|s| s.from < ended);
        let all = self.suspensions.iter().chain(above);
        let mut sanctions: Vec<_> = all.filter(|s| !s.at_request).filter(inside).copied().collect();
        sanctions.sort_unstable_by_key(|s| (s.from, s.cause));
        // One suspension of all lines is one.
        sanctions.dedup_by_key(|s| s.cause);
        sanctions
    }
}
