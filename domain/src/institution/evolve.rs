//! How each event changes the state. Total: it never fails, whatever the order events become known in.

use super::InstitutionEvent;
use super::facts::{Application, BarTerms, RectificationResult, Signing, Verdict};
use super::state::{
    Agreement, AreaState, Bar, Demand, DepartmentOrder, Ended, Hold, Probation, Rectification, Stage,
};
use super::state::{Institution, Suspension as Suspended, Term};
use crate::event::Event;
use crate::id::{AreaCode, Version};
use crate::time::Instant;
use crate::track::Line;

impl Institution {
    /// Folds one event. Events come in the order of `(effective_at, position)`.
    pub fn evolve(&mut self, event: &Event, facts: &InstitutionEvent) {
        let at = event.effective_at;
        let cause = event.version;
        self.version = Some(self.version.map_or(cause, |version| version.max(cause)));
        match facts {
            InstitutionEvent::Applied(data) => self.applied(data, cause),
            InstitutionEvent::ApplicationAccepted(data) => self.advance(data.area, Stage::Evaluating, cause),
            InstitutionEvent::ApplicationReturned(data) => self.advance(data.area, Stage::Applied, cause),
            InstitutionEvent::Evaluated(data) => {
                let area = self.area_mut(data.area);
                match data.verdict {
                    Verdict::Pass => {
                        area.evaluations_failed = 0;
                        area.last_failed = None;
                        self.advance(data.area, Stage::Candidate, cause);
                    }
                    Verdict::Fail => {
                        area.evaluations_failed = area.evaluations_failed.saturating_add(1);
                        area.last_failed = Some(at);
                        self.advance(data.area, Stage::Evaluating, cause);
                    }
                }
            }
            InstitutionEvent::PublicNoticeGiven(_) => {}
            InstitutionEvent::Refused(data) => self.advance(data.area, Stage::Refused, cause),
            InstitutionEvent::BarRaised(data) => self.bar(&data.bar, event),
            InstitutionEvent::AgreementSigned(data) => self.signed(data, at, cause),
            InstitutionEvent::ProbationStarted(data) => {
                self.area_mut(data.area).probation = Some(Probation {
                    from: data.from,
                    initial_until: data.until,
                    cause,
                    extended: None,
                    passed: None,
                });
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
            InstitutionEvent::AgreementRenewed(data) => {
                for agreement in self.agreements.iter_mut().filter(|a| a.area == data.area) {
                    if let Some(term) = &mut agreement.term {
                        let renewed = data.from.unwrap_or(term.until).min(term.until);
                        // The old term runs on into the new one: one unbroken stretch in force.
                        term.until = data.until.unwrap_or(Instant::MAX);
                        if renewed <= at {
                            term.cause = cause;
                        }
                        agreement.renewal_refused = None;
                    }
                }
            }
            InstitutionEvent::RenewalRefused(data) => {
                for agreement in self.agreements.iter_mut().filter(|a| a.area == data.area) {
                    agreement.renewal_refused = Some(cause);
                }
            }
            InstitutionEvent::AgreementLapsed(data) => {
                for agreement in self.agreements.iter_mut().filter(|a| a.area == data.area) {
                    if let Some(term) = &mut agreement.term {
                        term.until = term.until.min(at);
                        term.cause = cause;
                    }
                }
            }
            InstitutionEvent::SuspensionRequested(_) => {}
            InstitutionEvent::AgreementSuspended(data) => {
                let suspension = Suspended {
                    from: at,
                    until: data.until.unwrap_or(Instant::MAX),
                    cause,
                    resumed_by: None,
                    at_request: data.at_request == Some(true),
                };
                for agreement in self.in_scope(data.area, data.line) {
                    agreement.suspensions.push(suspension);
                }
            }
            InstitutionEvent::AgreementResumed(data) => {
                for agreement in self.in_scope(data.area, data.line) {
                    for suspension in &mut agreement.suspensions {
                        if suspension.from <= at && at < suspension.until {
                            suspension.until = at;
                            suspension.resumed_by = Some(cause);
                        }
                    }
                }
            }
            InstitutionEvent::AgreementTerminated(data) => {
                let line = data.line.filter(|line| *line != Line::Basic);
                let ended = Ended { at, cause, class: Some(data.reason_class) };
                for agreement in self.in_scope(data.area, line) {
                    agreement.end(ended);
                }
                if let Some(bar) = &data.bar {
                    self.bar(bar, event);
                }
            }
            InstitutionEvent::AgreementWithdrawn(data) => {
                for agreement in self.in_scope(data.area, None) {
                    agreement.end(Ended { at: data.from.max(at), cause, class: None });
                }
            }
            InstitutionEvent::LiabilitySettled(data) => {
                for bar in self.bars.iter_mut().filter(|bar| bar.id == data.liability) {
                    bar.performed = Some((data.performed_on, cause));
                }
            }
            InstitutionEvent::SettlementHeld(data) => self.holds.push(Hold {
                id: event.id,
                from: at,
                until: Instant::MAX,
                area: data.area,
                lines: data.lines.clone(),
                cause,
            }),
            InstitutionEvent::SettlementReleased(data) => {
                for hold in self.holds.iter_mut().filter(|hold| hold.id == data.hold) {
                    hold.until = hold.until.min(at);
                }
            }
            InstitutionEvent::DepartmentOrdered(data) => self.departments.push(DepartmentOrder {
                department: data.department.clone(),
                from: at,
                until: data.until,
                cause,
            }),
            InstitutionEvent::DepartmentOrderLifted(data) => {
                for order in self.departments.iter_mut().filter(|order| order.department == data.department) {
                    if order.from <= at && at < order.until {
                        order.until = at;
                    }
                }
            }
            InstitutionEvent::CrossRegionOpened(data) => self.area_mut(data.area).cross_region = Some((true, cause)),
            InstitutionEvent::CrossRegionClosed(data) => self.area_mut(data.area).cross_region = Some((false, cause)),
            InstitutionEvent::RectificationOrdered(data) => self.rectifications.push(Rectification {
                id: event.id,
                cause,
                area: data.area,
                until: data.until,
                result: None,
            }),
            InstitutionEvent::RectificationAccepted(data) => self.rectified(data, true, event),
            InstitutionEvent::RectificationFailed(data) => self.rectified(data, false, event),
            InstitutionEvent::RecordsDemanded(data) => {
                self.demands.push(Demand { id: event.id, cause, from: at, due: data.due, provided: None });
            }
            InstitutionEvent::RecordsProvided(data) => {
                for demand in self.demands.iter_mut().filter(|demand| demand.id == data.demand) {
                    if data.complete && demand.provided.is_none() {
                        demand.provided = Some(at);
                    }
                }
            }
            InstitutionEvent::DetailsChanged(data) => {
                if &*data.what == "name" {
                    self.rename(&data.to);
                }
                if &*data.what == "level" {
                    self.profile.level = Some(data.to.clone());
                }
            }
            InstitutionEvent::InterviewHeld(_)
            | InstitutionEvent::Warned(_)
            | InstitutionEvent::Circulated(_)
            | InstitutionEvent::CasePublicised(_)
            | InstitutionEvent::PaymentDenied(_)
            | InstitutionEvent::FundsRecovered(_)
            | InstitutionEvent::LiquidatedDamagesCharged(_)
            | InstitutionEvent::FineImposed(_)
            | InstitutionEvent::CoefficientAdjusted(_)
            | InstitutionEvent::Prepaid(_)
            | InstitutionEvent::InspectionRecorded(_)
            | InstitutionEvent::ChangeFiled(_)
            | InstitutionEvent::Referred(_)
            | InstitutionEvent::Reported(_)
            // Both act on the record, before the fold: see crate::timeline.
            | InstitutionEvent::DecisionAnnulled(_)
            | InstitutionEvent::RecordCorrected(_) => {}
        }
    }

    fn applied(&mut self, data: &Application, cause: Version) {
        self.rename(&data.name);
        let profile = &mut self.profile;
        profile.uscc = data.uscc.clone().or(profile.uscc.take());
        profile.ownership = data.ownership.or(profile.ownership);
        profile.level = data.level.clone().or(profile.level.take());
        profile.regional_medical_centre =
            data.regional_medical_centre.unwrap_or(profile.regional_medical_centre);
        for line in lines(&data.lines) {
            self.begin(data.area, line, Stage::Applied, cause);
        }
    }

    fn signed(&mut self, data: &Signing, at: Instant, cause: Version) {
        if let Some(name) = &data.name {
            self.rename(name);
        }
        let profile = &mut self.profile;
        profile.uscc = data.uscc.clone().or(profile.uscc.take());
        profile.ownership = data.ownership.or(profile.ownership);
        profile.regional_medical_centre =
            data.regional_medical_centre.unwrap_or(profile.regional_medical_centre);
        let term = Term { from: data.from.unwrap_or(at), until: data.until.unwrap_or(Instant::MAX), cause };
        for line in &data.lines {
            let agreement = self.begin(data.area, *line, Stage::Signed, cause);
            agreement.term = Some(term);
        }
    }

    /// A fresh agreement of this area and line: what an earlier one left behind is over.
    fn begin(&mut self, area: AreaCode, line: Line, stage: Stage, cause: Version) -> &mut Agreement {
        let fresh = Agreement {
            area,
            line,
            stage,
            stage_cause: cause,
            term: None,
            suspensions: Vec::new(),
            ended: None,
            renewal_refused: None,
        };
        let index = match self.agreements.iter().position(|a| a.area == area && a.line == line) {
            Some(index) => {
                self.agreements[index] = fresh;
                index
            }
            None => {
                self.agreements.push(fresh);
                self.agreements.len() - 1
            }
        };
        &mut self.agreements[index]
    }

    /// Brings every open application of an area to a stage.
    fn advance(&mut self, area: AreaCode, stage: Stage, cause: Version) {
        for agreement in self.agreements.iter_mut().filter(|a| a.area == area && a.stage != Stage::Signed) {
            agreement.stage = stage;
            agreement.stage_cause = cause;
        }
    }

    fn in_scope(&mut self, area: AreaCode, line: Option<Line>) -> impl Iterator<Item = &mut Agreement> {
        self.agreements.iter_mut().filter(move |a| a.area == area && line.is_none_or(|line| a.line == line))
    }

    fn area_mut(&mut self, area: AreaCode) -> &mut AreaState {
        let index = match self.areas.iter().position(|state| state.area == area) {
            Some(index) => index,
            None => {
                self.areas.push(AreaState {
                    area,
                    probation: None,
                    cross_region: None,
                    evaluations_failed: 0,
                    last_failed: None,
                });
                self.areas.len() - 1
            }
        };
        &mut self.areas[index]
    }

    fn bar(&mut self, terms: &BarTerms, event: &Event) {
        self.bars.push(Bar {
            cause: event.version,
            id: event.id,
            class: terms.class,
            from: event.effective_at,
            until: terms.until,
            until_performed: terms.until_performed,
            performed: None,
        });
    }

    fn rectified(&mut self, data: &RectificationResult, accepted: bool, event: &Event) {
        for order in self.rectifications.iter_mut().filter(|order| order.id == data.order) {
            order.result = Some((accepted, event.effective_at, event.version));
        }
    }

    fn rename(&mut self, name: &str) {
        match &self.profile.name {
            Some(known) if **known == *name => {}
            Some(known) => {
                let former = known.clone();
                self.profile.former_names.push(former);
                self.profile.name = Some(name.into());
            }
            None => self.profile.name = Some(name.into()),
        }
    }
}

impl Agreement {
    /// An agreement ends once; a later end does not move an earlier one.
    fn end(&mut self, ended: Ended) {
        if self.ended.is_none_or(|known| ended.at < known.at) {
            self.ended = Some(ended);
        }
    }
}

/// The lines named, with `basic`, which an application always means.
fn lines(named: &[Line]) -> impl Iterator<Item = Line> + '_ {
    let basic = (!named.contains(&Line::Basic)).then_some(Line::Basic);
    basic.into_iter().chain(named.iter().copied())
}
