//! How each event changes the state. Total: it never fails, whatever the order events become known in.

use super::InstitutionEvent;
use super::docket::is_major;
use super::facts::{
    Application, BarTerms, Change, Evaluation, HoldOutcome, Ownership, RectificationResult, Renewal, Signing,
    Verdict,
};
use super::state::{
    Agreement, AreaState, Bar, CameTo, Change as ChangeMade, Demand, DepartmentOrder, Ended, Hold,
    Institution, Probation, Rectification, Stage, Suspension, Term,
};
use crate::dated::push_one;
use crate::event::Event;
use crate::id::{AreaCode, Version};
use crate::identifiers::Uscc;
use crate::personal::Personal;
use crate::time::Instant;
use crate::track::{BarClass, Line, Track, Value};
use uuid::Uuid;

impl Institution {
    /// Folds one event. Events come in the order of `(effective_at, position)`.
    pub fn evolve(&mut self, event: &Event, facts: &InstitutionEvent) {
        let at = event.effective_at;
        let cause = event.version;
        self.version = Some(self.version.map_or(cause, |version| version.max(cause)));
        self.go_on(at);
        match facts {
            InstitutionEvent::Applied(data) => self.applied(data, at, cause),
            InstitutionEvent::ApplicationAccepted(data) => self.advance(data.area, Stage::Evaluating, at, cause),
            InstitutionEvent::ApplicationReturned(data) => self.advance(data.area, Stage::Applied, at, cause),
            InstitutionEvent::Evaluated(data) => self.evaluated(data, at, cause),
            InstitutionEvent::Refused(data) => self.advance(data.area, Stage::Refused, at, cause),
            InstitutionEvent::BarRaised(data) => {
                let failed = data.bar.class == BarClass::EvaluationFailed;
                // An evaluation is one pooling area's; fraud in an application bars everywhere.
                self.bar(&data.bar, failed.then_some(data.area), data.area, None, event);
                if failed {
                    self.advance(data.area, Stage::Refused, at, cause);
                    // The bar answers the failures: who applies after it begins anew.
                    self.forget_failures(data.area);
                }
            }
            InstitutionEvent::AgreementSigned(data) => self.signed(data, at, cause),
            InstitutionEvent::ProbationStarted(data) => {
                self.area_mut(data.area).probation = Some(Box::new(Probation {
                    from: data.from,
                    initial_until: data.until,
                    cause,
                    extended: None,
                    passed: None,
                }));
            }
            InstitutionEvent::ProbationExtended(data) => {
                if let Some(probation) = &mut self.area_mut(data.area).probation {
                    probation.extended = Some((data.until, cause));
                }
            }
            InstitutionEvent::ProbationPassed(data) => {
                if let Some(probation) = &mut self.area_mut(data.area).probation {
                    probation.passed = Some(at);
                }
            }
            InstitutionEvent::AgreementRenewed(data) => self.renewed(data, at, cause),
            InstitutionEvent::RenewalRefused(data) => {
                for agreement in self.in_scope(data.area, None) {
                    agreement.change_last(|last| last.renewal_refused = Some(cause));
                }
            }
            InstitutionEvent::AgreementLapsed(data) => {
                for agreement in self.in_scope(data.area, None) {
                    agreement.lapse(at, cause);
                }
            }
            InstitutionEvent::AgreementSuspended(data) => {
                let (line, whole) = self.line_or_whole(data.area, data.line);
                let suspension = Suspension {
                    from: at,
                    until: data.until.unwrap_or(Instant::MAX),
                    cause,
                    resumed_by: None,
                    at_request: data.at_request == Some(true),
                    follows: event.caused_by,
                    whole,
                };
                for agreement in self.in_scope(data.area, line) {
                    push_one(&mut agreement.suspensions, suspension);
                }
            }
            InstitutionEvent::AgreementResumed(data) => {
                let (line, whole) = self.line_or_whole(data.area, data.line);
                // Resumed as a whole is what was suspended as a whole; where nothing was, the single lines are meant.
                let runs = |s: &Suspension| s.whole && s.runs(at);
                let whole = whole && self.in_scope(data.area, None).any(|a| a.suspensions.iter().any(runs));
                for agreement in self.in_scope(data.area, line) {
                    agreement.resume(whole, at, cause);
                }
            }
            InstitutionEvent::AgreementTerminated(data) => {
                let line = data.line.filter(|line| *line != Line::Basic);
                for agreement in self.in_scope(data.area, line) {
                    agreement.finish(Ended { at, cause, class: Some(data.reason_class) });
                }
                if let Some(bar) = &data.bar {
                    self.bar(bar, None, data.area, data.act_to.or(data.act_from), event);
                }
            }
            InstitutionEvent::AgreementWithdrawn(data) => {
                for agreement in self.in_scope(data.area, None) {
                    agreement.finish(Ended { at: data.from.max(at), cause, class: None });
                }
            }
            InstitutionEvent::LiabilitySettled(data) => {
                for bar in self.rare().bars.iter_mut().filter(|bar| bar.id == data.liability) {
                    bar.performed = Some((data.performed_on, cause));
                }
            }
            InstitutionEvent::SettlementHeld(data) => self.rare().holds.push(Hold {
                id: event.id,
                from: at,
                until: Instant::MAX,
                area: data.area,
                lines: data.lines.clone(),
                cause,
                released_by: None,
                came_to: None,
            }),
            InstitutionEvent::SettlementReleased(data) => {
                for hold in self.rare().holds.iter_mut().filter(|hold| hold.id == data.hold) {
                    let before = if at < hold.until { None } else { hold.came_to };
                    if at < hold.until {
                        hold.until = at;
                        hold.released_by = Some(cause);
                    }
                    hold.came_to = after_release(before, at, hold.until, data.outcome, cause);
                }
            }
            InstitutionEvent::DepartmentOrdered(data) => self.rare().departments.push(DepartmentOrder {
                department: data.department.clone(),
                from: at,
                until: data.until,
                cause,
            }),
            InstitutionEvent::DepartmentOrderLifted(data) => {
                let orders = self.rare().departments.iter_mut();
                for order in orders.filter(|order| order.department == data.department) {
                    if order.from <= at && at < order.until {
                        order.until = at;
                    }
                }
            }
            InstitutionEvent::CrossRegionOpened(data) => {
                self.area_mut(data.area).cross_region = Some((true, cause));
            }
            InstitutionEvent::CrossRegionClosed(data) => {
                self.area_mut(data.area).cross_region = Some((false, cause));
            }
            InstitutionEvent::RectificationOrdered(data) => self.rare().rectifications.push(Rectification {
                id: event.id,
                cause,
                area: data.area,
                until: data.until,
                result: None,
            }),
            InstitutionEvent::RectificationAccepted(data) => self.rectified(data, true, event),
            InstitutionEvent::RectificationFailed(data) => self.rectified(data, false, event),
            InstitutionEvent::RecordsDemanded(data) => self.rare().demands.push(Demand {
                id: event.id,
                cause,
                from: at,
                due: data.due,
                provided: None,
            }),
            InstitutionEvent::RecordsProvided(data) => {
                for demand in self.rare().demands.iter_mut().filter(|demand| demand.id == data.demand) {
                    if data.complete && demand.provided.is_none() {
                        demand.provided = Some((at, cause));
                    }
                }
            }
            InstitutionEvent::DetailsChanged(data) => self.changed(data, event),
            InstitutionEvent::ChangeFiled(data) => {
                for change in self.rare().changes.iter_mut().filter(|change| change.id == data.change) {
                    change.filed = change.filed.or(Some((at, cause)));
                }
            }
            InstitutionEvent::CreditRated(data) => {
                if let Some(name) = data.name.as_ref().and_then(Personal::plain) {
                    self.rename(name);
                }
                self.rare().dated.rated(event, data);
            }
            InstitutionEvent::Committed(data) => self.rare().dated.committed(event, data),
            InstitutionEvent::Disciplined(data) => self.rare().dated.disciplined(event, data),
            InstitutionEvent::DisciplineLifted(data) => {
                self.rare().dated.discipline_lifted(event, data.discipline);
            }
            InstitutionEvent::CreditRepaired(data) => self.rare().dated.repaired(event, data),
            InstitutionEvent::Objected(_) => {
                self.rare().dated.pends(Track::Objection(event.version), event);
            }
            InstitutionEvent::ObjectionDecided(data) => {
                self.rare().dated.decided(Track::Objection, event, data.objection);
            }
            InstitutionEvent::Appealed(_) => self.rare().dated.pends(Track::Appeal(event.version), event),
            InstitutionEvent::AppealDecided(data) => {
                self.rare().dated.decided(Track::Appeal, event, data.appeal);
            }
            // Facts that change no status.
            InstitutionEvent::PublicNoticeGiven(_)
            | InstitutionEvent::SuspensionRequested(_)
            | InstitutionEvent::InterviewHeld(_)
            | InstitutionEvent::Warned(_)
            | InstitutionEvent::Circulated(_)
            | InstitutionEvent::CasePublicised(_)
            | InstitutionEvent::PaymentDenied(_)
            | InstitutionEvent::FundsRecovered(_)
            | InstitutionEvent::LiquidatedDamagesCharged(_)
            | InstitutionEvent::FineImposed(_)
            | InstitutionEvent::CoefficientAdjusted(_)
            | InstitutionEvent::Prepaid(_)
            | InstitutionEvent::SettlementDeclared(_)
            | InstitutionEvent::SettlementPaid(_)
            | InstitutionEvent::InspectionRecorded(_)
            | InstitutionEvent::AuditRecorded(_)
            | InstitutionEvent::AssessmentRecorded(_)
            | InstitutionEvent::SelfCheckRecorded(_)
            | InstitutionEvent::Closed(_)
            | InstitutionEvent::Referred(_)
            | InstitutionEvent::Reported(_)
            | InstitutionEvent::ObligationClosed(_)
            | InstitutionEvent::PersonalDataRead(_)
            | InstitutionEvent::PersonalDataErased(_)
            | InstitutionEvent::ReviewRaised(_)
            // Both act on the record, before the fold: see crate::timeline.
            | InstitutionEvent::DecisionAnnulled(_)
            | InstitutionEvent::RecordCorrected(_) => {}
        }
    }

    /// Takes down what is known to come of a hold, by an event that may take effect only later.
    pub(crate) fn hold_came_to(&mut self, hold: Uuid, came_to: CameTo) {
        for hold in self.rare().holds.iter_mut().filter(|known| known.id == hold) {
            hold.came_to = Some(came_to);
        }
    }

    /// Whether an event says something of days before its own that this state does not tell: a release of a hold that has
    /// ended, by a release as confirmed or by an annulment from a day on.
    #[must_use]
    pub fn reaches_back(&self, facts: &InstitutionEvent) -> bool {
        let InstitutionEvent::SettlementReleased(data) = facts else { return false };
        !self.holds().iter().any(|hold| hold.id == data.hold && hold.released_by.is_none())
    }

    fn applied(&mut self, data: &Application, at: Instant, cause: Version) {
        self.rename(&data.name);
        self.identify(data.uscc, data.ownership, data.regional_medical_centre);
        if data.level.is_some() {
            self.profile.level.clone_from(&data.level);
        }
        let basic = (!data.lines.contains(&Line::Basic)).then_some(Line::Basic);
        for line in basic.into_iter().chain(data.lines.iter().copied()) {
            // An application for another line leaves the running agreement alone.
            if !self.agreement(data.area, line).is_some_and(|agreement| agreement.is_live(at)) {
                self.begin(data.area, line, Stage::Applied, at, cause);
            }
        }
    }

    fn evaluated(&mut self, data: &Evaluation, at: Instant, cause: Version) {
        match data.verdict {
            Verdict::Pass => {
                self.forget_failures(data.area);
                self.advance(data.area, Stage::Candidate, at, cause);
            }
            Verdict::Fail => {
                let area = self.area_mut(data.area);
                area.evaluations_failed = area.evaluations_failed.saturating_add(1);
                area.last_failed = Some(Box::new((at, cause)));
                self.advance(data.area, Stage::Evaluating, at, cause);
            }
        }
    }

    fn signed(&mut self, data: &Signing, at: Instant, cause: Version) {
        if let Some(name) = &data.name {
            self.rename(name);
        }
        self.identify(data.uscc, data.ownership, data.regional_medical_centre);
        self.designated = self.designated.or(Some(cause));
        let term = Term { from: data.from.unwrap_or(at), until: data.until.unwrap_or(Instant::MAX), cause };
        for line in &data.lines {
            let running = self.agreements.iter_mut().find(|a| a.area == data.area && a.line == *line);
            match running.filter(|agreement| agreement.is_live(at)) {
                // Taken over while a term known by now was running: it attests what is known better.
                Some(_) if data.from.is_none() => {}
                Some(agreement) if agreement.is_over_before(term.from) => {
                    let fresh = Agreement::fresh(data.area, *line, Stage::Signed, at, cause);
                    let anew = Agreement { term: Some(term), ..fresh };
                    agreement.change_last(|last| last.later.get_or_insert_default().anew = Some(anew));
                    if *line == Line::Basic {
                        self.forget_failures(data.area);
                    }
                }
                Some(agreement) => agreement.change_last(|last| last.follow(term, at)),
                None => self.begin(data.area, *line, Stage::Signed, at, cause).term = Some(term),
            }
        }
    }

    /// The lines that run to the end of the agreement go on together; a line that was over before stays over, and
    /// one agreed for longer than the renewal keeps its own term.
    fn renewed(&mut self, data: &Renewal, at: Instant, cause: Version) {
        let Some(end) = self.renewable(data.area).and_then(Agreement::end) else { return };
        let from = data.from.or(end.bounded()).unwrap_or(at);
        let term = Term { from, until: data.until.unwrap_or(Instant::MAX), cause };
        for agreement in self.in_scope(data.area, None) {
            let last = agreement.last();
            let runs_there = |own: Term| own.from <= from && from.min(end) <= own.until;
            let not_longer = |own: Term| own.until == Instant::MAX || own.until < term.until;
            let own = last.terms().next_back().filter(|_| last.ended.is_none());
            if own.is_some_and(|own| runs_there(own) && not_longer(own)) {
                agreement.change_last(|last| last.follow(term, at));
            }
        }
    }

    /// Where an agreement signed anew for a later time has begun by an instant, it takes the place of the one before it.
    fn go_on(&mut self, at: Instant) {
        for index in 0..self.agreements.len() {
            while self.agreements[index].anew().is_some_and(|anew| anew.begin() <= at) {
                let Agreement { area, line, .. } = self.agreements[index];
                if line == Line::Basic {
                    // A line signed for after the end of the old one hangs on the new one.
                    let end = self.agreements[index].end();
                    self.begin_area(area, end.unwrap_or(Instant::MAX));
                }
                let later = self.agreements[index].later.take();
                if let Some(anew) = later.and_then(|later| later.anew) {
                    self.agreements[index] = anew;
                }
            }
        }
    }

    /// A fresh agreement of this area and line: what an earlier one left behind is over.
    fn begin(
        &mut self,
        area: AreaCode,
        line: Line,
        stage: Stage,
        at: Instant,
        cause: Version,
    ) -> &mut Agreement {
        let fresh = Agreement::fresh(area, line, stage, at, cause);
        if line == Line::Basic {
            self.begin_area(area, Instant::MAX);
            // Refused and applied for again, it is evaluated again: a failure stays one until it passes or is signed.
            if stage == Stage::Signed {
                self.forget_failures(area);
            }
        }
        let index = match self.agreements.iter().position(|a| a.area == area && a.line == line) {
            Some(index) => {
                self.agreements[index] = fresh;
                index
            }
            None => {
                self.agreements.reserve_exact(1);
                self.agreements.push(fresh);
                self.agreements.len() - 1
            }
        };
        &mut self.agreements[index]
    }

    /// Before a new `basic` agreement: what began before an instant hung on the old one, and ends where and as that ended.
    fn begin_area(&mut self, area: AreaCode, begun_before: Instant) {
        let basic = self.agreement(area, Line::Basic).filter(|basic| basic.stage == Stage::Signed);
        if let Some(basic) = basic.cloned()
            && let Some(end) = basic.end()
        {
            for line in self.in_scope(area, None).filter(|line| line.begin() < begun_before) {
                line.fall(&basic, end);
            }
        }
        if let Some(state) = self.areas.iter_mut().find(|state| state.area == area) {
            state.probation = None;
            state.cross_region = None;
        }
    }

    fn forget_failures(&mut self, area: AreaCode) {
        if let Some(state) = self.areas.iter_mut().find(|state| state.area == area) {
            state.evaluations_failed = 0;
            state.last_failed = None;
        }
    }

    /// Brings every open application of an area to a stage.
    fn advance(&mut self, area: AreaCode, stage: Stage, at: Instant, cause: Version) {
        for agreement in self.agreements.iter_mut().filter(|a| a.area == area && a.stage != Stage::Signed) {
            agreement.stage = stage;
            agreement.stage_cause = cause;
            agreement.stage_from = at;
        }
    }

    /// The line that an act means alone; else all, and whether that is an agreement as a whole: `basic` stands for it, and
    /// lines without one stand each for itself.
    fn line_or_whole(&mut self, area: AreaCode, line: Option<Line>) -> (Option<Line>, bool) {
        let line = line.filter(|line| *line != Line::Basic);
        (line, line.is_none() && self.in_scope(area, Some(Line::Basic)).next().is_some())
    }

    /// The signed agreements of an area, or the one of a line.
    fn in_scope(&mut self, area: AreaCode, line: Option<Line>) -> impl Iterator<Item = &mut Agreement> {
        let agreements = self.agreements.iter_mut();
        agreements.filter(move |a| {
            a.area == area && a.stage == Stage::Signed && line.is_none_or(|line| a.line == line)
        })
    }

    fn area_mut(&mut self, area: AreaCode) -> &mut AreaState {
        let index = match self.areas.iter().position(|state| state.area == area) {
            Some(index) => index,
            None => {
                let fresh = AreaState {
                    area,
                    probation: None,
                    cross_region: None,
                    evaluations_failed: 0,
                    last_failed: None,
                };
                push_one(&mut self.areas, fresh);
                self.areas.len() - 1
            }
        };
        &mut self.areas[index]
    }

    fn bar(
        &mut self,
        terms: &BarTerms,
        area: Option<AreaCode>,
        raised_in: AreaCode,
        conduct: Option<Instant>,
        event: &Event,
    ) {
        self.rare().bars.push(Bar {
            cause: event.version,
            id: event.id,
            class: terms.class,
            area,
            raised_in,
            from: event.effective_at,
            law_of: conduct.unwrap_or(event.effective_at),
            until: terms.until,
            until_performed: terms.until_performed,
            performed: None,
        });
    }

    fn rectified(&mut self, data: &RectificationResult, accepted: bool, event: &Event) {
        for order in self.rare().rectifications.iter_mut().filter(|order| order.id == data.order) {
            order.result = Some((accepted, event.effective_at, event.version));
        }
    }

    fn changed(&mut self, data: &Change, event: &Event) {
        // What is changed of a person is sealed, and no part of a profile.
        let to = data.to.plain().unwrap_or_default();
        match &*data.what {
            "name" => self.rename(to),
            "level" => self.profile.level = Some(to.into()),
            "ownership" => {
                self.profile.ownership = match to {
                    "public" => Some(Ownership::Public),
                    "private" => Some(Ownership::Private),
                    _ => self.profile.ownership,
                }
            }
            _ => {}
        }
        self.rare().changes.push(ChangeMade {
            id: event.id,
            cause: event.version,
            approved_on: data.approved_on,
            major: is_major(&data.what),
            filed: None,
        });
    }

    fn identify(&mut self, uscc: Option<Uscc>, ownership: Option<Ownership>, centre: Option<bool>) {
        let profile = &mut self.profile;
        if let Some(uscc) = uscc {
            profile.uscc = Some(uscc);
        }
        profile.ownership = ownership.or(profile.ownership);
        profile.regional_medical_centre = centre.unwrap_or(profile.regional_medical_centre);
    }

    fn rename(&mut self, name: &str) {
        if self.profile.name.as_deref() == Some(name) {
            return;
        }
        if let Some(former) = self.profile.name.replace(name.into()) {
            let mut names = std::mem::take(&mut self.profile.former_names).into_vec();
            names.push(former);
            self.profile.former_names = names.into();
        }
    }
}

/// What came of a hold by a release, where `before` came of it so far and it ended by `end`. The first release as cleared
/// frees what waited; where the hold had ended before, by a release as confirmed or an annulment, it does so only then.
pub(crate) fn after_release(
    before: Option<CameTo>,
    at: Instant,
    end: Instant,
    outcome: HoldOutcome,
    by: Version,
) -> Option<CameTo> {
    match (before, outcome) {
        (None, HoldOutcome::Cleared) if at <= end => Some((Value::Cleared, by)),
        (None | Some((Value::Confirmed, _)), HoldOutcome::Cleared) => Some((Value::ClearedLater(at), by)),
        (None, HoldOutcome::Confirmed) if at <= end => Some((Value::Confirmed, by)),
        (before, _) => before,
    }
}

impl Agreement {
    const fn fresh(area: AreaCode, line: Line, stage: Stage, at: Instant, cause: Version) -> Self {
        Self {
            area,
            line,
            stage,
            stage_cause: cause,
            stage_from: at,
            term: None,
            later: None,
            suspensions: Vec::new(),
            ended: None,
            renewal_refused: None,
            lapsed: None,
        }
    }

    /// Changes the last agreement signed.
    fn change_last(&mut self, change: impl FnOnce(&mut Self)) {
        match self.later.as_mut().and_then(|later| later.anew.as_mut()) {
            Some(anew) => anew.change_last(change),
            None => change(self),
        }
    }

    /// Another term follows the running one: one unbroken stretch, and nothing changes before it begins.
    fn follow(&mut self, term: Term, at: Instant) {
        self.renewal_refused = None;
        self.lapsed = None;
        let later = self.later.get_or_insert_default();
        let begun = later.terms.iter().take_while(|next| next.from <= at).count();
        self.term = later.terms.drain(..begun).next_back().or(self.term);
        later.terms.retain(|next| next.from < term.from);
        for running in self.term.iter_mut().chain(&mut later.terms) {
            running.until = running.until.min(term.from);
        }
        push_one(&mut later.terms, term);
    }

    /// 到期终止 says how a term ended that was over by then, or whose end the source had left open.
    fn lapse(&mut self, at: Instant, cause: Version) {
        let later = self.later.iter_mut().flat_map(|later| &mut later.terms);
        let begun = self.term.iter_mut().chain(later).rfind(|term| term.from <= at);
        if let Some(term) = begun.filter(|term| term.until <= at || term.until == Instant::MAX) {
            term.until = term.until.min(at);
            term.cause = cause;
            self.lapsed = Some(cause);
        }
    }

    /// A line falls with the `basic` agreement it hangs on.
    fn fall(&mut self, basic: &Self, end: Instant) {
        if self.end().is_none_or(|own| own <= end) {
            return;
        }
        if let Some(later) = &mut self.later {
            later.terms.clear();
        }
        let cause = basic.terms().next_back().map_or(basic.stage_cause, |term| term.cause);
        self.term = self.term.map(|term| Term { until: end, cause, ..term });
        self.ended = basic.ended.clone();
        self.renewal_refused = basic.renewal_refused;
    }

    /// Ends what is suspended: with the whole agreement, or by itself.
    fn resume(&mut self, whole: bool, at: Instant, cause: Version) {
        for suspension in self.suspensions.iter_mut().filter(|s| s.runs(at) && s.whole == whole) {
            suspension.until = at;
            suspension.resumed_by = Some(cause);
        }
    }

    /// An agreement ends once: what is over already stays as it ended, and a later end does not move an earlier one.
    fn finish(&mut self, ended: Ended) {
        if self.end().is_some_and(|end| ended.at < end) {
            self.ended = Some(Box::new(ended));
        }
        if let Some(anew) = self.later.as_mut().and_then(|later| later.anew.as_mut()) {
            anew.finish(ended);
        }
    }
}
