//! What the acts of an institution's history make due, and what they bring to an end.

use super::InstitutionEvent;
use super::decide::law::{self, ByKind};
use super::facts::{
    Application, Assessment, Change, Evaluation, Fine, InstitutionKind, ReasonClass, ReviewCall,
    ReviewMatter, Signing, Termination, Verdict,
};
use super::state::{Agreement, Institution, Stage};
use crate::credit::docket as credit;
use crate::event::Event;
use crate::id::{AreaCode, InstitutionCode};
use crate::obligation::{About, Clock, Docket, Ending, Entry, Law, ObligationKind as Kind};
use crate::obligation::{Raise, Reading, day_after};
use crate::rulebook::Rule;
use crate::time::Instant;
use crate::track::{BarClass, Line};

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

/// When, and by which event, rectification failed in the extension of the probation of an area (fact sheet S0-17).
pub(super) fn failed_in_extension(
    state: &Institution,
    area: AreaCode,
    at: Instant,
) -> Option<(Instant, crate::id::Version)> {
    let probation = state.probation(area)?;
    let (until, _) = probation.extended?;
    state
        .rectifications()
        .iter()
        .filter(|order| order.area.is_none_or(|own| own == area))
        .filter_map(|order| match order.result {
            Some((false, on, cause)) => Some((on, cause)),
            Some((true, ..)) | None => None,
        })
        .find(|(on, _)| probation.initial_until <= *on && *on <= until && *on <= at)
}

/// Of an application, up to the signing.
const APPLICATION: [Kind; 5] =
    [Kind::AcceptApplication, Kind::VerifyFacts, Kind::Evaluate, Kind::Reevaluate, Kind::PubliciseCandidate];

/// About an agreement that is running: over when it is.
const RUNNING: [Kind; 5] = [
    Kind::ApplyRenewal,
    Kind::EndProbation,
    Kind::RenewalReview,
    Kind::ReviewResumption,
    Kind::TerminationReview,
];

/// One event at the desk, after which the state is as it is.
struct Desk<'a> {
    docket: &'a mut Docket,
    state: &'a Institution,
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
        Desk { docket, state: self, kind, event, law, at: event.effective_at }.take(facts);
    }
}

impl Desk<'_> {
    fn take(&mut self, facts: &InstitutionEvent) {
        use InstitutionEvent as E;
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
                self.doubt(data.area);
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
                self.whole_reviews(self.at, false);
            }
            E::AgreementSuspended(data) => {
                self.doubt(data.area);
                self.suspended(data.area, data.at_request == Some(true), data.until);
            }
            E::AgreementResumed(data) => self.meet(data.area, &[Kind::ReviewResumption]),
            E::AgreementTerminated(data) => self.terminated(data),
            E::AgreementWithdrawn(data) => {
                let at = data.from.max(self.at);
                let (area, by) = (data.area, Ending::Dropped(self.event.version));
                self.docket.end(at, by, |entry| is_about(entry, area, &RUNNING));
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
            E::Objected(data) => credit::objected(self.docket, self.event, data, self.first_area(), self.law),
            E::ObjectionDecided(data) => credit::objection_decided(self.docket, self.event, data),
            E::Appealed(data) => credit::appealed(self.docket, self.event, data, self.first_area(), self.law),
            E::AppealDecided(data) => credit::appeal_decided(self.docket, self.event, data),
            // Nothing is due because of these, and nothing is done by them but what the docket itself takes.
            E::AuditRecorded(_)
            | E::SelfCheckRecorded(_)
            | E::CreditRated(_)
            | E::Committed(_)
            | E::Disciplined(_)
            | E::DisciplineLifted(_)
            | E::CreditRepaired(_)
            | E::RecordsProvided(_)
            | E::SuspensionRequested(_)
            | E::SettlementHeld(_)
            | E::SettlementReleased(_)
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
        let area = area.or_else(|| self.first_area());
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

    /// The area of what concerns the institution as a whole: that of its first agreement.
    fn first_area(&self) -> Option<AreaCode> {
        self.state.agreements.first().map(|agreement| agreement.area)
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
        } else {
            asked.push(("pharmacists", law::PHARMACISTS, data.pharmacists.is_none()));
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

    /// An act on an agreement that had ended by then, which only became known afterwards.
    fn doubt(&mut self, area: AreaCode) {
        let ended = self.state.agreement(area, Line::Basic).and_then(|agreement| agreement.ended.as_deref());
        let Some(ended) = ended.filter(|e| e.at <= self.at && self.event.version < e.cause).copied() else {
            return;
        };
        let mut raise = self.draft(Kind::ReviewLaterAct, Some(area), None, Clock::InTime);
        raise.about.detail = format!("act:{}", ended.cause).into();
        self.raise(raise);
    }

    fn suspended(&mut self, area: AreaCode, at_request: bool, until: Option<Instant>) {
        if at_request {
            self.resumption(area, until);
            return;
        }
        self.raise_in_time(Kind::ReportMeasure, law::REPORT_MEASURE, area, "suspended");
        self.rights(Some(area));
        self.suspended_too_often(area);
    }

    /// 中止期满: a local rule gives the agency days to look at the request to resume.
    fn resumption(&mut self, area: AreaCode, until: Option<Instant>) {
        let law = *self.law;
        let rule = law::count(law.rulebook, law::RESUMPTION_WORKING_DAYS, self.at, Some(area));
        let (Some(until), Some((days, rule))) = (until, rule) else { return };
        let mut raise = self.draft(Kind::ReviewResumption, Some(area), Some(rule), Clock::WorkingDays(days));
        (raise.from, raise.start) = (until, until);
        self.raise(raise);
    }

    /// How many suspensions within a term call for termination, by the rule of the day of a suspension.
    fn limit<'r>(&self, law: Law<'r>, day: Instant, area: AreaCode) -> Option<(u32, &'r Rule)> {
        let limit = |param| law::count(law.rulebook, param, day, Some(area));
        limit(law::SUSPENSIONS.of(self.kind)).or_else(|| limit(law::SUSPENSIONS_2018))
    }

    /// 协议有效期内累计中止: raised by the suspension that reaches the number of its day. One suspension of all lines raises
    /// it once, and none is raised while one is open.
    fn suspended_too_often(&mut self, area: AreaCode) {
        let law = *self.law;
        let Some((limit, rule)) = self.limit(law, self.at, area) else { return };
        let counted = self.state.agreements_in(area).find_map(|agreement| {
            let term = agreement.term_at(self.at)?;
            let sanctions = agreement.sanctions(term, self.at);
            let own = sanctions.iter().any(|suspension| suspension.cause == self.event.version);
            (own && limit as usize <= sanctions.len()).then_some((
                agreement.line,
                sanctions.len(),
                term.until,
            ))
        });
        let Some((line, count, until)) = counted else { return };
        let same = |entry: &Entry| {
            is_about(entry, area, &[Kind::TerminationReview]) && entry.about.detail.starts_with("suspensions")
        };
        if self.docket.is_open(self.at, same) {
            return;
        }
        let mut raise = self.draft(Kind::TerminationReview, Some(area), Some(rule), Clock::InTime);
        raise.about.line = Some(line);
        raise.about.detail = format!("suspensions:{count}").into();
        raise.expires = until;
        self.raise(raise);
    }

    fn terminated(&mut self, data: &Termination) {
        let area = data.area;
        let consent = data.reason_class == ReasonClass::Consent;
        let line = data.line.filter(|line| *line != Line::Basic);
        let by = if consent { Ending::Dropped } else { Ending::Met }(self.event.version);
        let review = |entry: &Entry| {
            is_about(entry, area, &[Kind::TerminationReview])
                && (line.is_none() || line == entry.about.line)
                && !is_whole(entry)
        };
        self.docket.end(self.at, by, review);
        if line.is_none() {
            // What a chain or a person called for here was termination: it is there.
            self.docket.end(self.at, by, |entry| {
                is_about(entry, area, &[Kind::ReviewElsewhere]) && !entry.about.detail.starts_with("origin")
            });
            self.drop(
                area,
                &[Kind::ApplyRenewal, Kind::EndProbation, Kind::RenewalReview, Kind::ReviewResumption],
            );
            self.raise_in_time(Kind::PublishList, law::PUBLISH_LIST, area, "terminated");
        }
        self.whole_reviews(self.at, !consent);
        self.raise_in_time(Kind::ReportMeasure, law::REPORT_MEASURE, area, "terminated");
        // One mirrored into another area is the same decision; one that follows another institution's is its own.
        if !consent && self.event.caused_by.is_none() {
            self.rights(Some(area));
        }
    }

    /// Reviews of the whole institution end when no agreement is left: decided, if by termination.
    fn whole_reviews(&mut self, at: Instant, decided: bool) {
        if self.state.agreements.iter().any(|agreement| agreement.is_live(at)) {
            return;
        }
        let by = if decided { Ending::Met } else { Ending::Dropped }(self.event.version);
        self.docket.end(at, by, is_whole);
    }

    /// When all agreements known will have run out.
    fn last_end(&self) -> Instant {
        let live = self.state.agreements.iter().filter(|agreement| agreement.is_live(self.at));
        live.filter_map(Agreement::end).max().unwrap_or(Instant::MAX)
    }

    /// What happened to another subject is to be looked at here.
    fn review_elsewhere(&mut self, data: &ReviewCall) {
        let law = *self.law;
        let rule = match data.what {
            ReviewMatter::ChainTermination => law.rulebook.rule(law::CHAIN, self.at, data.area),
            ReviewMatter::ManagerBan => law.rulebook.rule(law::MANAGER_BAN_YEARS, self.at, data.area),
            ReviewMatter::OriginAnnulled => None,
        };
        let mut raise = self.draft(Kind::ReviewElsewhere, data.area, rule, Clock::InTime);
        let what = data.what.name();
        raise.about.detail = match &data.refusal {
            Some(code) => format!("{what}:{code}").into(),
            None => what.into(),
        };
        self.raise(raise);
    }

    /// A review of the whole institution: all its agreements are at stake.
    fn whole_review(&mut self, rule: &Rule, ground: &str, from: Instant) {
        let raise = self.draft_whole_review(rule, ground, from);
        self.raise(raise);
    }

    fn draft_whole_review<'r>(&self, rule: &'r Rule, ground: &str, from: Instant) -> Raise<'r> {
        let mut raise = self.draft(Kind::TerminationReview, None, Some(rule), Clock::InTime);
        raise.about.detail = ground.into();
        raise.from = from;
        raise.expires = self.last_end();
        raise
    }

    fn rectified(&mut self, order: uuid::Uuid, accepted: bool) {
        let version = self.event.version;
        let by = if accepted { Ending::Met } else { Ending::Dropped }(version);
        self.docket.end_named(self.at, by, |entry, id| entry.kind == Kind::Rectify && id == order);
        if accepted {
            return;
        }
        let orders = self.state.rectifications();
        let Some(area) = orders.iter().find(|known| known.id == order).map(|known| known.area) else {
            return;
        };
        self.unrectified_while_suspended(area);
        self.unrectified_in_probation(area);
    }

    /// 中止期间未按要求整改或整改不到位.
    fn unrectified_while_suspended(&mut self, area: Option<AreaCode>) {
        let law = *self.law;
        let suspended = self.state.agreements.iter().find(|agreement| {
            area.is_none_or(|area| area == agreement.area)
                && agreement.suspension(self.at).is_some_and(|suspension| !suspension.at_request)
        });
        let Some(agreement) = suspended else { return };
        let Some((_, rule)) = self.limit(law, self.at, agreement.area) else { return };
        let mut raise = self.draft(Kind::TerminationReview, Some(agreement.area), Some(rule), Clock::InTime);
        raise.about.line = Some(agreement.line);
        raise.about.detail = "unrectified".into();
        raise.expires = agreement.end().unwrap_or(Instant::MAX);
        self.raise(raise);
    }

    /// 延长期内整改不到位的不予续签.
    fn unrectified_in_probation(&mut self, area: Option<AreaCode>) {
        let law = *self.law;
        let areas: Vec<AreaCode> = self.state.areas.iter().map(|state| state.area).collect();
        for area in areas.into_iter().filter(|own| area.is_none_or(|area| area == *own)) {
            let failed = failed_in_extension(self.state, area, self.at);
            let rule = law.rulebook.rule(law::UNRECTIFIED_NOT_RENEWED, self.at, Some(area));
            let agreement = self
                .state
                .agreement(area, Line::Basic)
                .or_else(|| self.state.agreements_in(area).next())
                .filter(|agreement| agreement.renewal_refused.is_none());
            let (Some((_, cause)), Some(rule), Some(agreement)) = (failed, rule, agreement) else { continue };
            if cause != self.event.version {
                continue;
            }
            let end = agreement.end().unwrap_or(Instant::MAX);
            let mut raise = self.draft(Kind::RenewalReview, Some(area), Some(rule), Clock::Set);
            raise.about.detail = "unrectified-in-probation".into();
            (raise.start, raise.expires) = (end, end);
            self.raise(raise);
        }
    }

    /// 提供资料, and what follows when they are not produced in time.
    fn records_demanded(&mut self, due: Instant) {
        let law = *self.law;
        let (medical, area) = (self.kind.is_medical(), self.first_area());
        let days = law::count(law.rulebook, law::RECORDS_DAYS, self.at, area).filter(|_| medical);
        // Where the deadline is the rule's own, the sum says so.
        let (clock, start) = match days {
            Some((days, _)) if self.at.plus_days(i64::from(days)) == due => (Clock::Days(days), self.at),
            Some(_) | None => (Clock::Set, due),
        };
        let mut raise = self.draft(Kind::ProvideRecords, None, days.map(|(_, rule)| rule), clock);
        raise.start = start;
        self.raise(raise);
        if let Some(rule) = law.rulebook.rule(law::RECORDS_NOT_PRODUCED, due, area).filter(|_| medical) {
            self.whole_review(rule, "records", day_after(due));
        }
    }

    /// 重大信息变更备案, and what follows when it is not filed in time.
    fn changed(&mut self, data: &Change) {
        let law = *self.law;
        let Some(approved) = data.approved_on.filter(|_| is_major(&data.what)) else { return };
        let param = self.by_kind(law::FILING_WORKING_DAYS);
        let Some((days, rule)) = law::count(law.rulebook, param, approved, self.first_area()) else { return };
        let clock = Clock::WorkingDays(days);
        let mut raise = self.draft(Kind::FileChange, None, Some(rule), clock);
        raise.start = approved;
        self.raise(raise);
        // Called for from another day by each calendar that moves the last one.
        for reading in clock.readings(approved, law.calendar, self.event.recorded_at) {
            let Some(due) = reading.due else { continue };
            let param = self.by_kind(law::UNFILED_CHANGE);
            let Some(rule) = law.rulebook.rule(param, due, self.first_area()) else { continue };
            let review = self.draft_whole_review(rule, "unfiled-change", day_after(due).max(self.at));
            self.docket.raise_read(self.event, review, Reading { due: None, provisional: false, ..reading });
        }
    }

    fn fined(&mut self, data: &Fine) {
        let law = *self.law;
        if let Some((days, rule)) = law::count(law.rulebook, law::FINE_DAYS, self.at, self.first_area()) {
            let raise = self.draft(Kind::PayFine, None, Some(rule), Clock::Days(days));
            self.raise(raise);
        }
        self.rights(None);
        if data.article.as_deref() == Some("40")
            && let Some(rule) = law.rulebook.rule(self.by_kind(law::FRAUD_FOUND), self.at, self.first_area())
        {
            self.whole_review(rule, "fraud", self.at);
        }
    }

    /// 申报的费用: paid by the day a rule sets from the declaration on, else in time.
    fn declared(&mut self, area: AreaCode) {
        let law = *self.law;
        let days = law::count(law.rulebook, law::SETTLEMENT_WORKING_DAYS, self.at, Some(area));
        let Some((days, rule)) = days.filter(|_| self.kind.is_medical()) else {
            return self.raise_in_time(Kind::PaySettlement, law::SETTLE_IN_TIME, area, "");
        };
        let raise = self.draft(Kind::PaySettlement, Some(area), Some(rule), Clock::WorkingDays(days));
        self.raise(raise);
    }

    /// 停业、歇业 without the report that is due.
    fn closed_down(&mut self, reported: Option<bool>) {
        let law = *self.law;
        let rule = law.rulebook.rule(law::UNREPORTED_CLOSURE, self.at, self.first_area());
        if let Some(rule) = rule.filter(|_| reported == Some(false) && self.kind.is_medical()) {
            self.whole_review(rule, "unreported-closure", self.at);
        }
    }

    /// 年度考核 below the local line.
    fn assessed(&mut self, data: &Assessment) {
        let law = *self.law;
        let Some(least) = law::count(law.rulebook, law::LEAST_SCORE, self.at, Some(data.area)) else {
            return;
        };
        let (least, rule) = least;
        if least <= data.score {
            return;
        }
        let mut raise = self.draft(Kind::TerminationReview, Some(data.area), Some(rule), Clock::InTime);
        raise.about.detail = format!("score:{}", data.score).into();
        raise.expires = self.last_end();
        self.raise(raise);
    }

    /// 复议 and 诉讼: clocks of the party, which run out.
    fn rights(&mut self, area: Option<AreaCode>) {
        let (law, place) = (*self.law, area.or(self.first_area()));
        let days = law::count(law.rulebook, law::REVIEW_DAYS, self.at, place)
            .map(|(days, rule)| (Kind::SeekReview, Clock::Days(days), rule));
        let months = law::count(law.rulebook, law::SUIT_MONTHS, self.at, place)
            .map(|(months, rule)| (Kind::Sue, Clock::Months(months), rule));
        for (kind, clock, rule) in days.into_iter().chain(months) {
            let due = clock.last_day(self.at, law.calendar);
            let mut raise = self.draft(kind, area, Some(rule), clock);
            raise.expires = due.map_or(Instant::MAX, day_after);
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
