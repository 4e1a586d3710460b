//! The way back from an event to the command that asked for it: what a decision under another law starts from.
//!
//! An event that no other caused carries the facts of its act. What the decision filled in from a rule is left out again,
//! so that another rule can fill it in; what a person chose stays.

mod others;

use super::{Act, Command, Envelope};
use crate::envelope::{Actor, Basis};
use crate::event::{Event, EventData, Finding};
use crate::id::{AreaCode, Subject};
use crate::institution::facts::{
    HoldAct, MoneyAct, MoneyMeasure, ProbationViolation, RecordsDemandAct, SuspensionAct, TerminationAct,
};
use crate::institution::{InstitutionCommand as I, InstitutionEvent as IE};
use crate::others::OtherFact;
use crate::personal::PersonalErasing;
use crate::practitioner::facts::{DeductionAct, ManagerBanAct, QualificationTerminationAct, RepairAct};
use crate::practitioner::{PractitionerCommand as P, PractitionerEvent as PE};
use crate::rulebook::Rulebook;
use crate::time::Instant;
use serde::Deserialize;
use std::collections::BTreeMap;

/// Months tried when a suspension's length is told back from its ends.
const MONTHS_MAX: u32 = 24;

/// The members of stored bytes that a decision looks at, or leaves behind, besides the facts.
#[derive(Clone, PartialEq, Debug, Deserialize)]
pub struct Circumstances {
    /// Who acted.
    pub actor: Actor,
    /// On what basis, as stated.
    #[serde(default)]
    pub basis: Vec<Basis>,
    /// When it was decided, where that differs.
    #[serde(default)]
    pub decided_at: Option<Instant>,
    /// What was noticed.
    #[serde(default)]
    pub findings: Vec<Finding>,
    /// What stood of other subjects.
    #[serde(default)]
    pub others: Vec<OtherFact>,
    /// The rules it was decided under, by id.
    #[serde(default)]
    pub rules: Vec<Box<str>>,
    /// What the source did not say.
    #[serde(default)]
    pub unknown: BTreeMap<String, String>,
}

impl Circumstances {
    /// Reads them from the stored bytes of an event.
    ///
    /// # Errors
    /// When the bytes are no event.
    pub fn read(body: &str) -> Result<Self, serde_json::Error> {
        serde_json::from_str(body)
    }
}

impl Command {
    /// The command an event records, with the events of the same decision that it caused; none for an event that only
    /// ever follows from another.
    #[must_use]
    pub fn recorded(
        subject: &Subject,
        event: &Event,
        caused: &[Event],
        circumstances: &Circumstances,
        law: &Rulebook,
    ) -> Option<Self> {
        let act = match &event.data {
            EventData::Institution(facts) => {
                Act::Institution(institution(facts, event, circumstances.actor.area, law)?)
            }
            EventData::Practitioner(facts) => {
                Act::Practitioner(practitioner(facts, event, caused, circumstances, law))
            }
            EventData::Enterprise(facts) => Act::Enterprise(others::enterprise(facts)),
            EventData::Insured(facts) => Act::Insured(others::insured(facts)),
            EventData::Area(facts) => Act::Area(others::area(facts)),
            EventData::Case(facts) => Act::Case(others::case(facts)),
        };
        let envelope = Envelope {
            effective_at: Some(event.effective_at),
            decided_at: circumstances.decided_at,
            actor: circumstances.actor.clone(),
            basis: Vec::new(),
            case: None,
            reason: None,
            evidence: Vec::new(),
            key: None,
            expected_version: None,
            unknown: circumstances.unknown.clone(),
        };
        Some(Self { subject: subject.clone(), envelope, act })
    }
}

fn institution(facts: &IE, event: &Event, area: Option<AreaCode>, law: &Rulebook) -> Option<I> {
    Some(match facts.clone() {
        IE::Applied(data) => I::Apply(data),
        IE::ApplicationAccepted(data) => I::AcceptApplication(data),
        IE::ApplicationReturned(data) => I::ReturnApplication(data),
        IE::Evaluated(data) => I::Evaluate(data),
        IE::PublicNoticeGiven(data) => I::Publicise(data),
        IE::Refused(data) => I::Refuse(data),
        IE::BarRaised(_) => return None,
        IE::AgreementSigned(data) => I::SignAgreement(data),
        IE::ProbationStarted(data) => I::StartProbation(data),
        IE::ProbationExtended(data) => {
            I::ExtendProbation(ProbationViolation { area: data.area, violation: data.violation })
        }
        IE::ProbationPassed(data) => I::PassProbation(data),
        IE::AgreementRenewed(data) => I::Renew(data),
        IE::RenewalRefused(data) => I::RefuseRenewal(data),
        IE::AgreementLapsed(data) => I::RecordLapse(data),
        IE::SuspensionRequested(data) => I::RequestSuspension(data),
        IE::AgreementSuspended(data) => I::SuspendAgreement(SuspensionAct {
            act_from: data.act_from,
            act_to: data.act_to,
            area: data.area,
            at_request: data.at_request,
            ground: data.ground,
            line: data.line,
            until: data.until,
        }),
        IE::AgreementResumed(data) => I::ResumeAgreement(data),
        IE::AgreementTerminated(data) => I::TerminateAgreement(TerminationAct {
            act_from: data.act_from,
            act_to: data.act_to,
            area: data.area,
            fraud_found_on: data.fraud_found_on,
            ground: data.ground,
            head_office: data.head_office,
            line: data.line,
            origin: data.origin,
            reason_class: data.reason_class,
            responsible: data.responsible,
        }),
        IE::AgreementWithdrawn(data) => I::Withdraw(data),
        IE::LiabilitySettled(data) => I::SettleLiability(data),
        IE::SettlementHeld(data) => I::HoldSettlement(HoldAct {
            act_from: data.act_from,
            act_to: data.act_to,
            approved_by_principal: data.approved_by_principal,
            area: data.area,
            ground: data.ground,
            lines: data.lines,
            refused_cooperation: data.refused_cooperation,
        }),
        IE::SettlementReleased(data) => I::ReleaseSettlement(data),
        IE::DepartmentOrdered(data) => I::OrderDepartment(data),
        IE::DepartmentOrderLifted(data) => I::LiftDepartmentOrder(data),
        IE::CrossRegionOpened(data) => I::OpenCrossRegion(data),
        IE::CrossRegionClosed(data) => I::CloseCrossRegion(data),
        IE::RectificationOrdered(data) => I::OrderRectification(data),
        IE::RectificationAccepted(data) => I::AcceptRectification(data),
        IE::RectificationFailed(data) => I::FailRectification(data),
        IE::InterviewHeld(data) => I::Interview(data),
        IE::Warned(data) => I::Warn(data),
        IE::Circulated(data) => I::Circulate(data),
        IE::CasePublicised(data) => I::PubliciseCase(data),
        IE::PaymentDenied(data) => I::DenyPayment(money(data)),
        IE::FundsRecovered(data) => I::RecoverFunds(money(data)),
        IE::LiquidatedDamagesCharged(data) => I::ChargeDamages(money(data)),
        IE::FineImposed(data) => I::ImposeFine(data),
        IE::CoefficientAdjusted(data) => I::AdjustCoefficient(data),
        IE::Prepaid(data) => I::Prepay(data),
        IE::SettlementDeclared(data) => I::DeclareSettlement(data),
        IE::SettlementPaid(data) => I::PaySettlement(data),
        IE::InspectionRecorded(data) => I::RecordInspection(data),
        IE::RecordsDemanded(data) => {
            let days = law.number("institution.records.days", event.effective_at, area);
            let set = days.map(|days| event.effective_at.plus_days(days.value));
            I::DemandRecords(RecordsDemandAct {
                due: Some(data.due).filter(|due| Some(*due) != set),
                what: data.what,
            })
        }
        IE::RecordsProvided(data) => I::ProvideRecords(data),
        IE::DetailsChanged(data) => I::ChangeDetails(data),
        IE::ChangeFiled(data) => I::FileChange(data),
        IE::Referred(data) => I::Refer(data),
        IE::Reported(data) => I::Report(data),
        IE::AuditRecorded(data) => I::RecordAudit(data),
        IE::AssessmentRecorded(data) => I::RecordAssessment(data),
        IE::SelfCheckRecorded(data) => I::RecordSelfCheck(data),
        IE::Closed(data) => I::Close(data),
        IE::CreditRated(data) => I::RateCredit(data),
        IE::Committed(data) => I::Commit(data),
        IE::Disciplined(data) => I::Discipline(data),
        IE::DisciplineLifted(data) => I::LiftDiscipline(data),
        IE::CreditRepaired(data) => I::RepairCredit(data),
        IE::Objected(data) => I::Object(data),
        IE::ObjectionDecided(data) => I::DecideObjection(data),
        IE::Appealed(data) => I::Appeal(others::appeal(data)),
        IE::AppealDecided(data) => I::DecideAppeal(data),
        IE::ObligationClosed(data) => I::CloseObligation(data),
        IE::PersonalDataRead(data) => I::ReadPersonalData(others::reading(data)),
        IE::PersonalDataErased(data) => I::ErasePersonalData(PersonalErasing { note: data.note }),
        IE::ReviewRaised(data) => I::RaiseReview(data),
        IE::DecisionAnnulled(data) => I::Annul(data),
        IE::RecordCorrected(data) => I::Correct(data),
    })
}

fn money(data: MoneyMeasure) -> MoneyAct {
    MoneyAct {
        act_from: data.act_from,
        act_to: data.act_to,
        amount_fen: data.amount_fen,
        area: data.area,
        note: data.note,
    }
}

fn practitioner(
    facts: &PE,
    event: &Event,
    caused: &[Event],
    circumstances: &Circumstances,
    law: &Rulebook,
) -> P {
    match facts.clone() {
        PE::Registered(data) => P::Register(data),
        PE::SiteAdded(data) => P::AddSite(data),
        PE::SiteRemoved(data) => P::RemoveSite(data),
        PE::Reregistered(data) => P::Reregister(data),
        PE::DetailsChanged(data) => P::ChangeDetails(data),
        PE::PointsDeducted(data) => P::DeductPoints(DeductionAct {
            act_from: data.act_from,
            act_to: data.act_to,
            area: data.area,
            behaviour: data.behaviour,
            decided_at: Some(data.decided_at),
            departure_reason: data.departure_reason,
            institution: data.institution,
            measure: data.measure,
            points: data.points,
            responsibility: data.responsibility,
            single: data.single,
            suspend_months: caused.iter().find_map(months),
        }),
        PE::PointsRepaired(data) => {
            P::RepairPoints(RepairAct { activity: data.activity, area: data.area, points: data.points })
        }
        PE::QualificationSuspended(data) => P::Suspend(data),
        PE::QualificationRestored(data) => P::Restore(data),
        PE::QualificationTerminated(data) => {
            P::Terminate(QualificationTerminationAct { barred_until: data.barred_until, ground: data.ground })
        }
        PE::ManagerBanned(data) => {
            let at = event.effective_at;
            let years = law.number("practitioner.manager_ban.years", at, circumstances.actor.area);
            let set = years.and_then(|years| Some(at.plus_years(u32::try_from(years.value).ok()?)));
            P::BanManager(ManagerBanAct { until: Some(data.until).filter(|until| Some(*until) != set) })
        }
        PE::InterviewHeld(data) => P::Interview(data),
        PE::Referred(data) => P::Refer(data),
        PE::Committed(data) => P::Commit(data),
        PE::Objected(data) => P::Object(data),
        PE::ObjectionDecided(data) => P::DecideObjection(data),
        PE::Appealed(data) => P::Appeal(others::appeal(data)),
        PE::AppealDecided(data) => P::DecideAppeal(data),
        PE::ObligationClosed(data) => P::CloseObligation(data),
        PE::PersonalDataRead(data) => P::ReadPersonalData(others::reading(data)),
        PE::PersonalDataErased(data) => P::ErasePersonalData(PersonalErasing { note: data.note }),
        PE::DecisionAnnulled(mut data) => {
            // Points that count are lowered with the points, by the decision.
            data.changes.remove("/data/counted");
            P::Annul(data)
        }
        PE::RecordCorrected(data) => P::Correct(data),
    }
}

/// The months of a suspension that points brought with them.
fn months(event: &Event) -> Option<u32> {
    let EventData::Practitioner(PE::QualificationSuspended(data)) = &event.data else { return None };
    let from = data.from.unwrap_or(event.effective_at);
    let until = data.until?;
    (1..=MONTHS_MAX).find(|months| from.plus_months(*months) == until)
}
