//! The acts of enterprises, insured persons, pooling areas and cases that events record.

use crate::area::facts::{MoratoriumAct, MoratoriumEndAct, PlanAct, RulesAct, WorkAct};
use crate::area::{AreaCommand, AreaEvent};
use crate::case::{CaseCommand, CaseEvent};
use crate::credit::facts::{Appeal, AppealAct};
use crate::enterprise::{EnterpriseCommand, EnterpriseEvent};
use crate::insured::{InsuredCommand, InsuredEvent};
use crate::personal::{PersonalErasing, PersonalRead, PersonalReading};

/// An appeal without the clocks that rules set.
pub(super) fn appeal(data: Appeal) -> AppealAct {
    AppealAct {
        accepted_on: data.accepted_on,
        decision: data.decision,
        forum: data.forum,
        grounds: data.grounds,
        informed_on: data.informed_on,
        review: data.review,
    }
}

/// What was asked to be read: what was read.
pub(super) fn reading(data: PersonalRead) -> PersonalReading {
    PersonalReading { events: data.read.into_iter().map(|read| read.event).collect() }
}

pub(super) fn enterprise(facts: &EnterpriseEvent) -> EnterpriseCommand {
    use EnterpriseCommand as C;
    use EnterpriseEvent as E;
    match facts.clone() {
        E::CreditRated(data) => C::RateCredit(data),
        E::Committed(data) => C::Commit(data),
        E::Disciplined(data) => C::Discipline(data),
        E::DisciplineLifted(data) => C::LiftDiscipline(data),
        E::CreditRepaired(data) => C::RepairCredit(data),
        E::Objected(data) => C::Object(data),
        E::ObjectionDecided(data) => C::DecideObjection(data),
        E::ObligationClosed(data) => C::CloseObligation(data),
        E::DecisionAnnulled(data) => C::Annul(data),
        E::RecordCorrected(data) => C::Correct(data),
    }
}

pub(super) fn insured(facts: &InsuredEvent) -> InsuredCommand {
    use InsuredCommand as C;
    use InsuredEvent as E;
    match facts.clone() {
        E::CreditRated(data) => C::RateCredit(data),
        E::Committed(data) => C::Commit(data),
        E::Disciplined(data) => C::Discipline(data),
        E::DisciplineLifted(data) => C::LiftDiscipline(data),
        E::CreditRepaired(data) => C::RepairCredit(data),
        E::OnlineSettlementSuspended(data) => C::SuspendOnlineSettlement(data),
        E::OnlineSettlementResumed(data) => C::ResumeOnlineSettlement(data),
        E::PersonalDataRead(data) => C::ReadPersonalData(reading(data)),
        E::PersonalDataErased(data) => C::ErasePersonalData(PersonalErasing { note: data.note }),
        E::Objected(data) => C::Object(data),
        E::ObjectionDecided(data) => C::DecideObjection(data),
        E::ObligationClosed(data) => C::CloseObligation(data),
        E::DecisionAnnulled(data) => C::Annul(data),
        E::RecordCorrected(data) => C::Correct(data),
    }
}

pub(super) fn area(facts: &AreaEvent) -> AreaCommand {
    use AreaCommand as C;
    use AreaEvent as E;
    match facts.clone() {
        E::ResourcesPlanned(data) => C::PlanResources(PlanAct {
            departments_consulted: data.departments_consulted,
            medical_max: data.medical_max,
            note: data.note,
            pharmacy_max: data.pharmacy_max,
            provincial_review: data.provincial_review,
            title: data.title,
            until: data.until,
        }),
        E::RulesAdopted(data) => {
            C::AdoptRules(RulesAct { name: data.name, sha256: data.sha256, text: data.text })
        }
        E::WorkRecorded(data) => C::RecordWork(WorkAct {
            document: data.document,
            institutions: data.institutions,
            note: data.note,
            part: data.part,
            published: data.published,
            work: data.work,
            year: Some(data.year),
        }),
        E::MoratoriumStarted(data) => C::StartMoratorium(MoratoriumAct {
            basis_agreement: data.basis_agreement,
            designations: data.designations,
            ground: data.ground,
            until: data.until,
        }),
        E::MoratoriumEnded(data) => {
            C::EndMoratorium(MoratoriumEndAct { designations: data.designations, note: data.note })
        }
        E::ObligationClosed(data) => C::CloseObligation(data),
        E::DecisionAnnulled(data) => C::Annul(data),
        E::RecordCorrected(data) => C::Correct(data),
    }
}

pub(super) fn case(facts: &CaseEvent) -> CaseCommand {
    use CaseCommand as C;
    use CaseEvent as E;
    match facts.clone() {
        E::Opened(data) => C::Open(data),
        E::LeadReceived(data) => C::ReceiveLead(data),
        E::Inspected(data) => C::Inspect(data),
        E::Found(data) => C::Find(data),
        E::Referred(data) => C::Refer(data),
        E::ReferralAccepted(data) => C::AcceptReferral(data),
        E::Transferred(data) => C::Transfer(data),
        E::Supervised(data) => C::Supervise(data),
        E::PenaltyFiled(data) => C::FilePenalty(data),
        E::PenaltyDecided(data) => C::DecidePenalty(data),
        E::PenaltyNotified(data) => C::NotifyPenalty(data),
        E::HearingRequested(data) => C::RequestHearing(data),
        E::HearingHeld(data) => C::HoldHearing(data),
        E::PenaltyServed(data) => C::ServePenalty(data),
        E::Publicised(data) => C::Publicise(data),
        E::Rewarded(data) => C::Reward(data),
        E::Closed(data) => C::Close(data),
        E::ObligationClosed(data) => C::CloseObligation(data),
        E::PersonalDataRead(data) => C::ReadPersonalData(reading(data)),
        E::PersonalDataErased(data) => C::ErasePersonalData(PersonalErasing { note: data.note }),
        E::DecisionAnnulled(data) => C::Annul(data),
        E::RecordCorrected(data) => C::Correct(data),
    }
}
