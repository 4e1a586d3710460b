//! What stands, computed from the state.

use super::state::{Agreement, AreaState, Hold, Institution, Stage, Suspension, Term};
use crate::id::Version;
use crate::time::Instant;
use crate::track::{Line, Span, Track, Value};

/// Takes spans and cuts off what lies before an instant.
struct Sheet {
    from: Instant,
    spans: Vec<Span>,
}

impl Sheet {
    fn put(&mut self, track: Track, value: Value, from: Instant, until: Instant, cause: Version) {
        let from = from.max(self.from);
        if from < until {
            self.spans.push(Span { track, value, from, until, cause });
        }
    }
}

impl Institution {
    /// Every span from an instant on, as far as the facts now known carry, by track and time.
    #[must_use]
    pub fn spans(&self, from: Instant) -> Vec<Span> {
        let mut sheet = Sheet { from, spans: Vec::with_capacity(self.agreements.len() * 3 + 4) };
        for agreement in &self.agreements {
            agreement.spans(self.above(agreement), &mut sheet);
        }
        for area in &self.areas {
            let end = self.agreement(area.area, Line::Basic).and_then(Agreement::end);
            area.spans(end.unwrap_or(Instant::MAX), &mut sheet);
        }
        self.measures(&mut sheet);
        sheet.spans.sort_unstable();
        sheet.spans
    }

    /// The status of an agreement at an instant, and the event that made it so.
    #[must_use]
    pub fn status(&self, agreement: &Agreement, at: Instant) -> (Value, Version) {
        agreement.status(self.above(agreement), at)
    }

    /// The `basic` agreement a line hangs on.
    pub(super) fn above(&self, agreement: &Agreement) -> Option<&Agreement> {
        if agreement.line == Line::Basic { None } else { self.agreement(agreement.area, Line::Basic) }
    }

    /// Brings a span told before to what is known now: what came of a hold says something of the days before too.
    pub(crate) fn revise(&self, span: &mut Span) {
        let Track::Hold { placed_by, .. } = span.track else { return };
        if let Some(hold) = self.holds().iter().find(|hold| hold.cause == placed_by) {
            (span.value, span.cause) = hold.stands();
        }
    }

    fn measures(&self, sheet: &mut Sheet) {
        if let Some(dated) = self.dated() {
            dated.put(sheet.from, &mut sheet.spans);
        }
        for hold in self.holds() {
            let all = hold.lines.is_empty().then_some(None);
            for line in all.into_iter().chain(hold.lines.iter().copied().map(Some)) {
                let track = Track::Hold { placed_by: hold.cause, area: hold.area, line };
                let (value, cause) = hold.stands();
                sheet.put(track, value, hold.from, hold.until, cause);
            }
        }
        for (index, order) in self.departments().iter().enumerate() {
            // Orders can overlap where one became known late: a track says one thing at a time, the earlier order first.
            let earlier = self.departments()[..index].iter().filter(|e| e.department == order.department);
            let begin = earlier.map(|earlier| earlier.until).fold(order.from, Instant::max);
            let track = Track::Department(order.department.clone());
            sheet.put(track, Value::On, begin, order.until, order.cause);
        }
        for bar in self.bars() {
            let barred = |liability_performed| Value::Barred { class: bar.class, liability_performed };
            let track = Track::Bar(bar.cause);
            match bar.performed {
                Some((performed, cause)) if performed > bar.from => {
                    sheet.put(track.clone(), barred(false), bar.from, performed.min(bar.end()), bar.cause);
                    sheet.put(track, barred(true), performed, bar.end(), cause);
                }
                Some((_, cause)) => sheet.put(track, barred(true), bar.from, bar.end(), cause),
                None => sheet.put(track, barred(!bar.until_performed), bar.from, bar.end(), bar.cause),
            }
        }
    }
}

impl Hold {
    /// What it says while it is on, and the event that says so.
    fn stands(&self) -> (Value, Version) {
        self.came_to.unwrap_or((Value::On, self.cause))
    }
}

impl Agreement {
    fn status(&self, basic: Option<&Agreement>, at: Instant) -> (Value, Version) {
        let line = self.current(at);
        let own = line.own_status(at);
        // A line other than basic lives only while basic does, and sleeps while basic does.
        let Some(basic) = basic.filter(|basic| basic.stage == Stage::Signed) else { return own };
        let basic = basic.of(line.begin(), at);
        let above = basic.own_status(at);
        let falls = matches!(own.0, Value::InForce | Value::Suspended) && is_over(above.0);
        let sleeps = own.0 == Value::InForce && above.0 == Value::Suspended;
        if falls || sleeps { above } else { own }
    }

    /// The agreement that a line hangs on at an instant: the first that was not over when the line began, once it has begun.
    /// So no line outlives its own by hanging on the next.
    fn of(&self, line_begins: Instant, at: Instant) -> &Self {
        let over = self.end().is_some_and(|end| end <= line_begins);
        match self.anew() {
            Some(anew) if over && anew.begin() <= at => anew.of(line_begins, at),
            Some(_) | None => self,
        }
    }

    /// The status by its own facts alone.
    fn own_status(&self, at: Instant) -> (Value, Version) {
        match (self.stage, self.term_at(at)) {
            (Stage::Applied, _) => (Value::Applied, self.stage_cause),
            (Stage::Evaluating, _) => (Value::Evaluating, self.stage_cause),
            (Stage::Candidate, _) | (Stage::Signed, None) => (Value::Candidate, self.stage_cause),
            (Stage::Refused, _) => (Value::Refused, self.stage_cause),
            (Stage::Signed, Some(term)) => self.signed_status(term, at),
        }
    }

    fn signed_status(&self, term: Term, at: Instant) -> (Value, Version) {
        if let Some(ended) = self.ended.as_deref().filter(|ended| ended.at <= at) {
            return (if ended.class.is_some() { Value::Terminated } else { Value::Withdrawn }, ended.cause);
        }
        if at < term.from {
            return (Value::Candidate, term.cause);
        }
        if term.until <= at {
            return match self.renewal_refused {
                Some(cause) => (Value::NotRenewed, cause),
                None => (Value::Lapsed, term.cause),
            };
        }
        if let Some(suspension) = self.suspension(at) {
            return (Value::Suspended, suspension.cause);
        }
        let over = |s: &&Suspension| s.until <= at && term.from <= s.from;
        let last = self.suspensions.iter().rev().find(over);
        (Value::InForce, last.and_then(|last| last.resumed_by).unwrap_or(term.cause))
    }

    /// The instants at which its status may turn.
    fn turns(&self, out: &mut Vec<Instant>) {
        for term in self.terms() {
            out.extend([term.from, term.until]);
        }
        for suspension in &self.suspensions {
            out.extend([suspension.from, suspension.until]);
        }
        out.extend(self.ended.as_deref().map(|ended| ended.at));
        if let Some(anew) = self.anew() {
            anew.turns(out);
        }
    }

    fn spans(&self, basic: Option<&Agreement>, sheet: &mut Sheet) {
        let mut turns = Vec::with_capacity(8);
        turns.push(sheet.from);
        self.turns(&mut turns);
        if let Some(basic) = basic {
            basic.turns(&mut turns);
        }
        turns.retain(|turn| sheet.from <= *turn && *turn < Instant::MAX);
        turns.sort_unstable();
        turns.dedup();
        let first = sheet.spans.len();
        for turn in turns {
            let (value, cause) = self.status(basic, turn);
            if let Some(last) = sheet.spans[first..].last_mut() {
                if last.value == value && last.cause == cause {
                    continue;
                }
                last.until = turn;
            }
            let track = Track::Agreement(self.area, self.line);
            sheet.spans.push(Span { track, value, from: turn, until: Instant::MAX, cause });
        }
    }
}

/// Over for good: nothing follows without a new agreement.
pub(super) const fn is_over(value: Value) -> bool {
    matches!(value, Value::Terminated | Value::Lapsed | Value::NotRenewed | Value::Withdrawn)
}

impl AreaState {
    /// Probation and cross-region settlement last no longer than the agreement they belong to.
    fn spans(&self, end: Instant, sheet: &mut Sheet) {
        if let Some(probation) = self.probation.as_deref() {
            let until = probation.until().min(end);
            let turn = probation.initial_until.min(until);
            let track = || Track::Probation(self.area);
            sheet.put(track(), Value::Initial, probation.from, turn, probation.cause);
            if let Some((_, cause)) = probation.extended {
                sheet.put(track(), Value::Extended, probation.initial_until, until, cause);
            }
        }
        if let Some((open, cause)) = self.cross_region {
            let value = if open { Value::Open } else { Value::Closed };
            sheet.put(Track::CrossRegion(self.area), value, sheet.from, end, cause);
        }
    }
}
