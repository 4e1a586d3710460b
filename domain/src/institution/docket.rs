//! What the acts of an institution's history make due, and what they bring to an end.

mod measures;

use super::InstitutionEvent;
use super::decide::law::{self, ByKind};
use super::facts::{Application, Evaluation, InstitutionKind, Signing, Verdict};
use super::state::{Agreement, Institution, Stage};
use crate::credit::docket as credit;
use crate::event::Event;
use crate::id::{AreaCode, InstitutionCode, Version};
use crate::obligation::Raise;
use crate::obligation::{About, Clock, Docket, Ending, Entry, Law, ObligationKind as Kind};
use crate::rulebook::Rule;
use crate::time::Instant;
use crate::track::{BarClass, Line};
use std::collections::BTreeSet;

/// Major information (令2 art 40), whose change is to be filed.
const MAJOR_INFORMATION: [&str; 10] = [
    "name",
    "legal_representative",
    "principal",
    "controller",
    "address",
    "bank_account",
    "departments",
    "scale",
    "nature",
    "level",
];

/// Whether a change is one of major information.
pub(super) fn is_major(what: &str) -> bool {
    MAJOR_INFORMATION.contains(&what)
}

/// When, and by which event, rectification failed in the extension of the probation of an area (row S0-17).
pub(super) fn failed_in_extension(
    state: &Institution,
    area: AreaCode,
    at: Instant,
) -> Option<(Instant, Version)> {
    let probation = state.probation(area)?;
    let (until, _) = probation.extended?;
    let extension = |day: Instant| probation.initial_until <= day && day <= until;
    state
        .rectifications()
        .iter()
        .filter(|order| order.area.is_none_or(|own| own == area))
        .filter_map(|order| match order.result {
            Some((false, on, cause)) => Some((order, on, cause)),
            Some((true, ..)) | None => None,
        })
        // That the time ran out in vain is found only when it is over, which may be after the extension.
        .find(|(order, on, _)| {
            let ran_out = order.until.is_some_and(|end| end <= *on && extension(end));
            *on <= at && (extension(*on) || ran_out)
        })
        .map(|(_, on, cause)| (on, cause))
}

/// Of an application, up to the signing.
const APPLICATION: [Kind; 5] =
    [Kind::AcceptApplication, Kind::VerifyFacts, Kind::Evaluate, Kind::Reevaluate, Kind::PubliciseCandidate];

/// About an agreement that is running: over when it is.
const RUNNING: [Kind; 6] = [
    Kind::ApplyRenewal,
    Kind::ApplyResumption,
    Kind::EndProbation,
    Kind::RenewalReview,
    Kind::ReviewResumption,
    Kind::TerminationReview,
];

/// One event at the desk, after which the state is as it is.
struct Desk<'a> {
    docket: &'a mut Docket,
    state: &'a Institution,
    code: &'a InstitutionCode,
    kind: InstitutionKind,
    event: &'a Event,
    law: &'a Law<'a>,
    at: Instant,
}

impl Institution {
    /// Takes an event's obligations, after the event itself.
    pub(crate) fn take_obligations(
        &self,
        docket: &mut Docket,
        code: &InstitutionCode,
        event: &Event,
        law: &Law<'_>,
    ) {
        let crate::event::EventData::Institution(facts) = &event.data else { return };
        let kind = InstitutionKind::of(code);
        Desk { docket, state: self, code, kind, event, law, at: event.effective_at }.take(facts);
    }
}

impl Desk<'_> {
    fn take(&mut self, facts: &InstitutionEvent) {
        use InstitutionEvent as E;
        self.doubt(facts);
        match facts {
            E::Applied(data) => self.applied(data),
            E::ReviewRaised(data) => self.review_elsewhere(data),
            E::ApplicationAccepted(data) => self.accepted(data.area),
            E::ApplicationReturned(data) => {
                self.meet(data.area, &[Kind::AcceptApplication]);
                self.drop(data.area, &[Kind::Evaluate]);
            }
            E::Evaluated(data) => self.evaluated(data),
            E::PublicNoticeGiven(data) => self.meet(data.area, &[Kind::PubliciseCandidate]),
            E::Refused(data) => self.drop(data.area, &APPLICATION),
            E::BarRaised(data) => {
                if data.bar.class == BarClass::EvaluationFailed {
                    self.drop(data.area, &APPLICATION);
                }
            }
            E::AgreementSigned(data) => self.signed(data),
            E::ProbationStarted(data) => self.probation(data.area, data.until),
            E::ProbationExtended(data) => {
                self.drop(data.area, &[Kind::EndProbation]);
                self.probation(data.area, data.until);
            }
            E::ProbationPassed(data) => self.meet(data.area, &[Kind::EndProbation]),
            E::AgreementRenewed(data) => {
                self.meet(data.area, &[Kind::ApplyRenewal]);
                self.drop(data.area, &[Kind::RenewalReview]);
                self.file_agreement(data.area);
                self.apply_renewal(data.area, data.until);
            }
            E::RenewalRefused(data) => {
                self.meet(data.area, &[Kind::RenewalReview]);
                self.drop(data.area, &[Kind::ApplyRenewal]);
            }
            E::AgreementLapsed(data) => {
                self.drop(data.area, &RUNNING);
                self.answered(data.area, self.at, Ending::Dropped);
                self.whole_reviews(self.at, false);
            }
            E::AgreementSuspended(data) => {
                self.suspended(data.area, data.at_request == Some(true), data.until);
            }
            E::AgreementResumed(data) => {
                self.meet(data.area, &[Kind::ReviewResumption, Kind::ApplyResumption]);
                self.answered(data.area, self.at, Ending::Met);
                self.resumed(data.area);
            }
            E::AgreementTerminated(data) => self.terminated(data),
            E::AgreementWithdrawn(data) => {
                let at = data.from.max(self.at);
                let (area, by) = (data.area, Ending::Dropped(self.event.version));
                self.docket.end(at, by, |entry| is_about(entry, area, &RUNNING));
                self.answered(area, at, Ending::Dropped);
                self.whole_reviews(at, false);
            }
            E::LiabilitySettled(data) => {
                let (by, liability) = (Ending::Met(self.event.version), data.liability);
                self.docket
                    .end_named(self.at, by, |entry, id| entry.kind == Kind::PayFine && id == liability);
            }
            E::DepartmentOrdered(_) => self.rights(None),
            E::RectificationOrdered(data) => {
                let clock = if data.until.is_some() { Clock::Set } else { Clock::InTime };
                let start = data.until.unwrap_or(self.at);
                let mut raise = self.draft(Kind::Rectify, data.area, None, clock);
                raise.start = start;
                self.raise(raise);
            }
            E::RectificationAccepted(data) => self.rectified(data.order, true),
            E::RectificationFailed(data) => self.rectified(data.order, false),
            E::RecordsDemanded(data) => self.records_demanded(data.due),
            E::RecordsProvided(data) if data.complete => {
                let (by, demand, at) = (Ending::Met(self.event.version), data.demand, self.at);
                self.docket.end_named(at, by, |entry, id| {
                    id == demand && (entry.kind == Kind::ProvideRecords || at < entry.from)
                });
            }
            E::DetailsChanged(data) => self.changed(data),
            E::ChangeFiled(data) => {
                let (by, change, at) = (Ending::Met(self.event.version), data.change, self.at);
                self.docket.end_named(at, by, |entry, id| {
                    id == change && (entry.kind == Kind::FileChange || at < entry.from)
                });
            }
            E::FineImposed(data) => self.fined(data),
            E::SettlementDeclared(data) => self.declared(data.area),
            E::SettlementPaid(data) if data.complete => {
                let (by, declaration) = (Ending::Met(self.event.version), data.declaration);
                let paid = |entry: &Entry, id| entry.kind == Kind::PaySettlement && id == declaration;
                self.docket.end_named(self.at, by, paid);
            }
            E::Referred(_) => {
                let raise = self.draft(Kind::FollowReferral, None, None, Clock::InTime);
                self.raise(raise);
            }
            E::Reported(_) => {
                let by = Ending::Met(self.event.version);
                self.docket.end(self.at, by, |entry| entry.kind == Kind::ReportMeasure);
            }
            E::AssessmentRecorded(data) => self.assessed(data),
            E::Closed(data) => self.closed_down(data.reported),
            E::CreditRated(data) => self.credit(Some(data.area)).rated(data),
            E::CreditRepaired(data) => self.credit(None).repaired(data),
            E::Committed(data) => self.credit(None).committed(data),
            E::Disciplined(data) => self.credit(None).disciplined(data),
            E::DisciplineLifted(data) => self.credit(None).discipline_lifted(data),
            E::SettlementHeld(data) => self.held(data),
            E::SettlementReleased(data) => self.released(data),
            E::Objected(data) => credit::objected(self.docket, self.event, data, self.whole_area(), self.law),
            E::ObjectionDecided(data) => credit::objection_decided(self.docket, self.event, data),
            E::Appealed(data) => credit::appealed(self.docket, self.event, data, self.whole_area(), self.law),
            E::AppealDecided(data) => credit::appeal_decided(self.docket, self.event, data),
            // Nothing is due because of these, and nothing is done by them but what the docket itself takes.
            E::AuditRecorded(_)
            | E::SelfCheckRecorded(_)
            | E::RecordsProvided(_)
            | E::SuspensionRequested(_)
            | E::DepartmentOrderLifted(_)
            | E::CrossRegionOpened(_)
            | E::CrossRegionClosed(_)
            | E::InterviewHeld(_)
            | E::Warned(_)
            | E::Circulated(_)
            | E::CasePublicised(_)
            | E::PaymentDenied(_)
            | E::FundsRecovered(_)
            | E::LiquidatedDamagesCharged(_)
            | E::CoefficientAdjusted(_)
            | E::Prepaid(_)
            | E::SettlementPaid(_)
            | E::InspectionRecorded(_)
            | E::ObligationClosed(_)
            | E::PersonalDataRead(_)
            | E::PersonalDataErased(_)
            | E::DecisionAnnulled(_)
            | E::RecordCorrected(_) => {}
        }
    }

    /// An obligation that arises with the event and has no end but its doing.
    fn draft<'r>(
        &self,
        kind: Kind,
        area: Option<AreaCode>,
        rule: Option<&'r Rule>,
        clock: Clock,
    ) -> Raise<'r> {
        let area = area.or_else(|| self.whole_area());
        Raise {
            kind,
            about: About { area, ..About::default() },
            from: self.at,
            clock,
            start: self.at,
            rule,
            expires: Instant::MAX,
        }
    }

    /// The area of what concerns the institution as a whole: where it is at home.
    fn whole_area(&self) -> Option<AreaCode> {
        self.state.home(self.code)
    }

    /// The desk of credit, where the area is the one named, else that of the institution as a whole.
    fn credit(&mut self, area: Option<AreaCode>) -> credit::Desk<'_> {
        let area = area.or_else(|| self.whole_area());
        credit::Desk { docket: self.docket, event: self.event, area, law: self.law }
    }

    fn raise(&mut self, raise: Raise<'_>) {
        self.docket.raise(self.event, raise, self.law);
    }

    /// One that has no day, where a rule in force calls for it.
    fn raise_in_time(&mut self, kind: Kind, param: &str, area: AreaCode, detail: &str) {
        let law = *self.law;
        let Some(rule) = law.rulebook.rule(param, self.at, Some(area)) else { return };
        let mut raise = self.draft(kind, Some(area), Some(rule), Clock::InTime);
        raise.about.detail = detail.into();
        self.raise(raise);
    }

    fn meet(&mut self, area: AreaCode, kinds: &[Kind]) {
        let by = Ending::Met(self.event.version);
        self.docket.end(self.at, by, |entry| is_about(entry, area, kinds));
    }

    fn drop(&mut self, area: AreaCode, kinds: &[Kind]) {
        let by = Ending::Dropped(self.event.version);
        self.docket.end(self.at, by, |entry| is_about(entry, area, kinds));
    }

    fn by_kind(&self, param: ByKind) -> &'static str {
        param.of(self.kind)
    }

    fn applied(&mut self, data: &Application) {
        let area = data.area;
        // An application for one more line of a running agreement brings nothing to a stage.
        let opens = |a: &Agreement| a.stage == Stage::Applied && a.stage_cause == self.event.version;
        if !self.state.agreements_in(area).any(opens) {
            return;
        }
        self.drop(area, &APPLICATION);
        let law = *self.law;
        let param = self.by_kind(law::ACCEPTANCE_WORKING_DAYS);
        if let Some((days, rule)) = law::count(law.rulebook, param, self.at, Some(area)) {
            let raise = self.draft(Kind::AcceptApplication, Some(area), Some(rule), Clock::WorkingDays(days));
            self.raise(raise);
        }
        self.verify_facts(data);
    }

    /// What the rules in force ask for and the application does not tell.
    fn verify_facts(&mut self, data: &Application) {
        let (law, area) = (*self.law, Some(data.area));
        let mut asked = vec![("opened_on", self.by_kind(law::OPERATING_MONTHS), data.opened_on.is_none())];
        if self.kind.is_medical() {
            asked.push(("physicians", law::PHYSICIANS, data.physicians.is_none()));
            let tests = data.tests_offered;
            let technicians = tests == Some(true) && data.technicians.is_none();
            asked.push(("tests_offered", law::TECHNICIANS, tests.is_none()));
            asked.push(("technicians", law::TECHNICIANS, technicians));
            let untold = data.traceability_codes.is_none();
            asked.push(("traceability_codes", law::TRACEABILITY_CODES, untold));
            let large = law::count(law.rulebook, law::DEPARTMENT_BEDS, self.at, area)
                .is_some_and(|(from, _)| data.beds.is_some_and(|beds| from <= beds));
            let untold = large && data.insurance_department.is_none();
            asked.push(("insurance_department", law::DEPARTMENT_BEDS, untold));
        } else {
            asked.push(("pharmacists", law::PHARMACISTS, data.pharmacists.is_none()));
            asked.push(("insurance_staff", law::INSURANCE_STAFF, data.insurance_staff.is_none()));
            let untold = data.staff_contract_months.is_none();
            asked.push(("staff_contract_months", law::CONTRACT_MONTHS, untold));
        }
        let unknown: Vec<_> = asked
            .into_iter()
            .filter(|(.., unknown)| *unknown)
            .filter_map(|(fact, param, _)| Some((fact, law.rulebook.rule(param, self.at, area)?)))
            .collect();
        let Some((_, rule)) = unknown.first() else { return };
        let mut raise = self.draft(Kind::VerifyFacts, area, Some(rule), Clock::InTime);
        let facts: Vec<_> = unknown.iter().map(|(fact, _)| *fact).collect();
        raise.about.detail = facts.join(", ").into();
        self.raise(raise);
    }

    fn accepted(&mut self, area: AreaCode) {
        self.meet(area, &[Kind::AcceptApplication]);
        let law = *self.law;
        let param = self.by_kind(law::EVALUATION_MONTHS);
        if let Some((months, rule)) = law::count(law.rulebook, param, self.at, Some(area)) {
            let raise = self.draft(Kind::Evaluate, Some(area), Some(rule), Clock::Months(months));
            self.raise(raise);
        }
    }

    fn evaluated(&mut self, data: &Evaluation) {
        let (law, area) = (*self.law, data.area);
        self.meet(area, &[Kind::AcceptApplication, Kind::Evaluate, Kind::Reevaluate]);
        match data.verdict {
            Verdict::Pass => {
                self.meet(area, &[Kind::VerifyFacts]);
                self.raise_in_time(Kind::PubliciseCandidate, self.by_kind(law::PUBLICISE), area, "");
            }
            Verdict::Fail => {
                let param = self.by_kind(law::RETRY_MONTHS);
                if let Some((months, rule)) = law::count(law.rulebook, param, self.at, Some(area)) {
                    let mut raise = self.draft(Kind::Reevaluate, Some(area), Some(rule), Clock::InTime);
                    raise.from = self.at.plus_months(months);
                    self.raise(raise);
                }
            }
        }
    }

    fn signed(&mut self, data: &Signing) {
        let area = data.area;
        let done = [Kind::AcceptApplication, Kind::VerifyFacts, Kind::Evaluate, Kind::Reevaluate];
        self.meet(area, &done);
        self.drop(area, &[Kind::PubliciseCandidate]);
        if data.lines.contains(&Line::Basic) {
            self.meet(area, &[Kind::ApplyRenewal]);
        }
        // One taken over with unknown begin was published and filed, or not, before the ledger knew of it.
        if data.from.is_some() {
            self.raise_in_time(Kind::PublishList, law::PUBLISH_LIST, area, "signed");
            self.file_agreement(area);
        }
        self.apply_renewal(area, data.until);
    }

    fn file_agreement(&mut self, area: AreaCode) {
        self.raise_in_time(Kind::FileAgreement, law::FILE_AGREEMENT, area, "");
    }

    fn apply_renewal(&mut self, area: AreaCode, until: Option<Instant>) {
        let law = *self.law;
        let Some(until) = until else { return };
        let param = self.by_kind(law::RENEWAL_MONTHS);
        let Some((months, rule)) = law::count(law.rulebook, param, self.at, Some(area)) else { return };
        let mut raise = self.draft(Kind::ApplyRenewal, Some(area), Some(rule), Clock::MonthsBefore(months));
        (raise.start, raise.expires) = (until, until);
        self.raise(raise);
    }

    fn probation(&mut self, area: AreaCode, until: Instant) {
        let law = *self.law;
        let rule = law.rulebook.rule(law::PROBATION_MONTHS, self.at, Some(area));
        let mut raise = self.draft(Kind::EndProbation, Some(area), rule, Clock::MonthsBefore(0));
        (raise.start, raise.expires) = (until, until);
        self.raise(raise);
    }

    /// An act on an agreement that had ended by then, in spite of a bar, or because of a first designation that was not the
    /// first: where that only became known afterwards, both are named for review.
    fn doubt(&mut self, facts: &InstitutionEvent) {
        use InstitutionEvent as E;
        let (area, lines): (AreaCode, &[Line]) = match facts {
            E::Applied(data) => (data.area, &data.lines),
            E::AgreementSigned(data) => (data.area, &data.lines),
            E::AgreementSuspended(data) => (data.area, data.line.as_slice()),
            E::AgreementResumed(data) => (data.area, data.line.as_slice()),
            E::AgreementTerminated(data) => (data.area, data.line.as_slice()),
            E::AgreementRenewed(data) => (data.area, &[]),
            E::RenewalRefused(data) => (data.area, &[]),
            E::AgreementWithdrawn(data) | E::SuspensionRequested(data) => (data.area, &[]),
            E::ProbationStarted(data) => (data.area, &[]),
            E::ProbationExtended(data) => (data.area, &[]),
            E::AgreementLapsed(data)
            | E::ProbationPassed(data)
            | E::CrossRegionOpened(data)
            | E::CrossRegionClosed(data) => (data.area, &[]),
            // None of these rests on an agreement that runs, on no bar being on, or on being the first.
            E::ReviewRaised(_)
            | E::ApplicationAccepted(_)
            | E::ApplicationReturned(_)
            | E::Evaluated(_)
            | E::PublicNoticeGiven(_)
            | E::Refused(_)
            | E::BarRaised(_)
            | E::LiabilitySettled(_)
            | E::DepartmentOrdered(_)
            | E::DepartmentOrderLifted(_)
            | E::RectificationOrdered(_)
            | E::RectificationAccepted(_)
            | E::RectificationFailed(_)
            | E::RecordsDemanded(_)
            | E::RecordsProvided(_)
            | E::DetailsChanged(_)
            | E::ChangeFiled(_)
            | E::FineImposed(_)
            | E::SettlementDeclared(_)
            | E::SettlementPaid(_)
            | E::SettlementHeld(_)
            | E::SettlementReleased(_)
            | E::Referred(_)
            | E::Reported(_)
            | E::AssessmentRecorded(_)
            | E::Closed(_)
            | E::CreditRated(_)
            | E::CreditRepaired(_)
            | E::Committed(_)
            | E::Disciplined(_)
            | E::DisciplineLifted(_)
            | E::Objected(_)
            | E::ObjectionDecided(_)
            | E::Appealed(_)
            | E::AppealDecided(_)
            | E::AuditRecorded(_)
            | E::SelfCheckRecorded(_)
            | E::InterviewHeld(_)
            | E::Warned(_)
            | E::Circulated(_)
            | E::CasePublicised(_)
            | E::PaymentDenied(_)
            | E::FundsRecovered(_)
            | E::LiquidatedDamagesCharged(_)
            | E::CoefficientAdjusted(_)
            | E::Prepaid(_)
            | E::InspectionRecorded(_)
            | E::ObligationClosed(_)
            | E::PersonalDataRead(_)
            | E::PersonalDataErased(_)
            | E::DecisionAnnulled(_)
            | E::RecordCorrected(_) => return,
        };
        let admits = matches!(facts, E::Applied(_) | E::AgreementSigned(_));
        // What settles how the term ends is in doubt by any other end, be it announced for later.
        let ends_term = matches!(
            facts,
            E::AgreementRenewed(_) | E::RenewalRefused(_) | E::AgreementLapsed(_) | E::AgreementWithdrawn(_)
        );
        let state = self.state;
        let named = lines.iter().filter_map(|line| state.agreement(area, *line));
        let whole = state
            .agreement(area, Line::Basic)
            .or_else(|| state.agreements_in(area).next().filter(|_| lines.is_empty()));
        let ended = named.chain(whole).filter_map(|agreement| agreement.current(self.at).ended.as_deref());
        let ended = ended.filter(|ended| ends_term || ended.at <= self.at).map(|ended| ended.cause);
        let bars = state.bars().iter().filter(|bar| admits && bar.covers(area, self.at));
        // A probation that a signing began belongs to the first designation.
        let first = state
            .designated
            .filter(|_| matches!(facts, E::ProbationStarted(_)) && self.event.caused_by.is_some());
        let causes: BTreeSet<Version> = ended.chain(bars.map(|bar| bar.cause)).chain(first).collect();
        for cause in causes.into_iter().filter(|cause| self.event.version < *cause) {
            let mut raise = self.draft(Kind::ReviewLaterAct, Some(area), None, Clock::InTime);
            raise.about.detail = format!("act:{cause}").into();
            self.raise(raise);
        }
    }
}

fn is_about(entry: &Entry, area: AreaCode, kinds: &[Kind]) -> bool {
    entry.about.area == Some(area) && kinds.contains(&entry.kind) && !is_whole(entry)
}

/// A review of the whole institution, which no end of one agreement answers while another runs.
fn is_whole(entry: &Entry) -> bool {
    entry.kind == Kind::TerminationReview
        && matches!(&*entry.about.detail, "records" | "fraud" | "unfiled-change" | "unreported-closure")
}
