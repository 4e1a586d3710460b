//! What a correction may touch: what describes a decision, never what was decided.

use crate::event::EventData;
use crate::institution::InstitutionEvent;
use crate::practitioner::PractitionerEvent;

/// The facts that only describe: names, numbers, notes. Everything else is what was decided.
pub(super) fn fields(data: &EventData) -> &'static [&'static str] {
    match data {
        EventData::Institution(event) => institution_clerical(event),
        EventData::Practitioner(event) => practitioner_clerical(event),
        EventData::Enterprise(event) => crate::enterprise::clerical(event),
        EventData::Insured(event) => crate::insured::clerical(event),
        EventData::Area(event) => crate::area::clerical(event),
        EventData::Case(event) => crate::case::clerical(event),
    }
}

fn institution_clerical(event: &InstitutionEvent) -> &'static [&'static str] {
    use InstitutionEvent as E;
    match event {
        E::Applied(_) => &[
            "beds",
            "commitments",
            "controllers",
            "legal_representative",
            "level",
            "name",
            "opened_on",
            "ownership",
            "pharmacists",
            "physicians",
            "principal",
            "technicians",
            "tests_offered",
            "uscc",
        ],
        E::ApplicationReturned(_) => &["missing"],
        E::Evaluated(_) => &["findings", "score"],
        E::Refused(_) => &["grounds"],
        E::AgreementSigned(_) => &["name", "number", "ownership", "template", "uscc"],
        E::ProbationExtended(_) => &["violation"],
        E::AgreementRenewed(_) => &["number"],
        E::RenewalRefused(_)
        | E::AgreementSuspended(_)
        | E::AgreementTerminated(_)
        | E::SettlementHeld(_) => &["ground"],
        E::RectificationOrdered(_) => &["problems"],
        E::RectificationAccepted(_)
        | E::RectificationFailed(_)
        | E::PaymentDenied(_)
        | E::FundsRecovered(_)
        | E::LiquidatedDamagesCharged(_)
        | E::FineImposed(_)
        | E::CoefficientAdjusted(_)
        | E::Prepaid(_)
        | E::SettlementPaid(_) => &["note"],
        E::SettlementDeclared(_) => &["from", "note", "until"],
        E::InterviewHeld(_) | E::Warned(_) | E::Circulated(_) | E::CasePublicised(_) => {
            &["note", "recipient"]
        }
        E::InspectionRecorded(_) => &["findings", "inspection", "note"],
        E::RecordsDemanded(_) => &["what"],
        E::AuditRecorded(_) | E::DisciplineLifted(_) | E::ObjectionDecided(_) | E::AppealDecided(_) => {
            &["note"]
        }
        E::AssessmentRecorded(_) => &["findings", "result"],
        E::SelfCheckRecorded(_) => &["from", "problems", "until"],
        E::Closed(_) | E::Disciplined(_) => &["ground"],
        E::CreditRated(_) => &["name", "score", "year"],
        E::Committed(_) => &["content", "public"],
        E::CreditRepaired(_) => &["activity"],
        E::Objected(_) | E::Appealed(_) => &["grounds"],
        E::ObligationClosed(_) => &["reason"],
        E::PersonalDataRead(_) | E::PersonalDataErased(_) => &[],
        E::DetailsChanged(_) => &["approved_on", "from", "to", "what"],
        E::Referred(_) | E::Reported(_) => &["note", "to"],
        E::ReviewRaised(_)
        | E::ApplicationAccepted(_)
        | E::PublicNoticeGiven(_)
        | E::BarRaised(_)
        | E::ProbationStarted(_)
        | E::ProbationPassed(_)
        | E::AgreementLapsed(_)
        | E::SuspensionRequested(_)
        | E::AgreementResumed(_)
        | E::AgreementWithdrawn(_)
        | E::LiabilitySettled(_)
        | E::SettlementReleased(_)
        | E::DepartmentOrdered(_)
        | E::DepartmentOrderLifted(_)
        | E::CrossRegionOpened(_)
        | E::CrossRegionClosed(_)
        | E::RecordsProvided(_)
        | E::ChangeFiled(_)
        | E::DecisionAnnulled(_)
        | E::RecordCorrected(_) => &[],
    }
}

fn practitioner_clerical(event: &PractitionerEvent) -> &'static [&'static str] {
    use PractitionerEvent as E;
    match event {
        E::Registered(_) => &["category", "certificate", "commitment_signed", "name"],
        E::DetailsChanged(_) => &["from", "to", "what"],
        E::PointsDeducted(_) => &["act_from", "act_to", "departure_reason", "measure"],
        E::PointsRepaired(_) => &["activity"],
        E::QualificationSuspended(_) | E::QualificationTerminated(_) => &["ground"],
        E::QualificationRestored(_) | E::InterviewHeld(_) | E::ObjectionDecided(_) | E::AppealDecided(_) => {
            &["note"]
        }
        E::Committed(_) => &["content", "public"],
        E::Objected(_) | E::Appealed(_) => &["grounds"],
        E::ObligationClosed(_) => &["reason"],
        E::PersonalDataRead(_) | E::PersonalDataErased(_) => &[],
        E::Referred(_) => &["note", "to"],
        E::SiteAdded(_)
        | E::SiteRemoved(_)
        | E::Reregistered(_)
        | E::ManagerBanned(_)
        | E::DecisionAnnulled(_)
        | E::RecordCorrected(_) => &[],
    }
}
