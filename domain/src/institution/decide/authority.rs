//! Who may do what: the agency runs the agreement, the bureau orders and fines, the institution asks.

use super::Matter;
use crate::decide::wrong_authority;
use crate::envelope::Authority::{self, Agency, Bureau, Institution};
use crate::event::NewEvent;
use crate::id::AreaCode;
use crate::institution::InstitutionCommand as C;
use crate::rejection::Rejection;

const ASKS: &[Authority] = &[Institution, Agency];
const AGENCY: &[Authority] = &[Agency];
const BUREAU: &[Authority] = &[Bureau];
/// The ledger's own reactions, which nobody else can ask for.
const REACTIONS: &[Authority] = &[Authority::System];
const EITHER: &[Authority] = &[Agency, Bureau];
const ANSWERS: &[Authority] = &[Institution, Agency, Bureau];
const PUBLIC: &[Authority] = &[
    Agency,
    Bureau,
    Authority::Court,
    Authority::Police,
    Authority::Procuratorate,
    Authority::Discipline,
    Authority::Health,
    Authority::Market,
    Authority::Drug,
    Authority::Finance,
];

/// Who may do an act. An agency may record what an institution asked for.
const fn may(act: &C) -> &'static [Authority] {
    match act {
        C::Apply(_) | C::RequestSuspension(_) | C::Withdraw(_) | C::DeclareSettlement(_) => ASKS,
        C::AcceptApplication(_)
        | C::ReturnApplication(_)
        | C::Evaluate(_)
        | C::Publicise(_)
        | C::Refuse(_)
        | C::SignAgreement(_)
        | C::StartProbation(_)
        | C::ExtendProbation(_)
        | C::PassProbation(_)
        | C::Renew(_)
        | C::RefuseRenewal(_)
        | C::RecordLapse(_)
        | C::SuspendAgreement(_)
        | C::ResumeAgreement(_)
        | C::TerminateAgreement(_)
        | C::OpenCrossRegion(_)
        | C::CloseCrossRegion(_)
        | C::DenyPayment(_)
        | C::ChargeDamages(_)
        | C::AdjustCoefficient(_)
        | C::Prepay(_)
        | C::PaySettlement(_)
        | C::RecordAudit(_)
        | C::RecordAssessment(_) => AGENCY,
        C::RaiseReview(_) => REACTIONS,
        C::OrderDepartment(_) | C::LiftDepartmentOrder(_) | C::ImposeFine(_) => BUREAU,
        C::SettleLiability(_)
        | C::HoldSettlement(_)
        | C::ReleaseSettlement(_)
        | C::OrderRectification(_)
        | C::AcceptRectification(_)
        | C::FailRectification(_)
        | C::RecoverFunds(_)
        | C::DemandRecords(_)
        | C::RateCredit(_)
        | C::Discipline(_)
        | C::LiftDiscipline(_)
        | C::RepairCredit(_)
        | C::DecideObjection(_)
        | C::CloseObligation(_)
        // Decided in crate::personal for every kind of subject alike.
        | C::ReadPersonalData(_)
        | C::ErasePersonalData(_) => EITHER,
        C::DecideAppeal(_) => &[Agency, Bureau, Authority::Court],
        C::ProvideRecords(_)
        | C::ChangeDetails(_)
        | C::FileChange(_)
        | C::RecordSelfCheck(_)
        | C::Close(_)
        | C::Commit(_)
        | C::Object(_)
        | C::Appeal(_) => ANSWERS,
        C::Interview(_)
        | C::Warn(_)
        | C::Circulate(_)
        | C::PubliciseCase(_)
        | C::RecordInspection(_)
        | C::Refer(_)
        | C::Report(_)
        | C::Annul(_)
        | C::Correct(_) => PUBLIC,
    }
}

/// Refuses an act of the wrong body.
pub(super) fn check(matter: &Matter<'_>, act: &C) -> Result<(), Rejection> {
    let actor = matter.envelope.actor.authority;
    let may = match act {
        C::TerminateAgreement(data) if data.origin.is_some() => REACTIONS,
        _ => may(act),
    };
    if may.contains(&actor) {
        return Ok(());
    }
    Err(wrong_authority(act.name(), actor, may))
}

/// Acts that may be the first thing known of an institution: those that begin a history, and measures that need no
/// agreement, since a published case often tells nothing else.
pub(super) const fn may_come_first(act: &C) -> bool {
    match act {
        C::Apply(_)
        | C::SignAgreement(_)
        | C::Interview(_)
        | C::Warn(_)
        | C::Circulate(_)
        | C::PubliciseCase(_)
        | C::RecordInspection(_)
        | C::DemandRecords(_)
        | C::OrderRectification(_)
        | C::OrderDepartment(_)
        | C::RecoverFunds(_)
        | C::ImposeFine(_)
        | C::Refer(_)
        | C::Report(_)
        | C::RecordSelfCheck(_)
        | C::DeclareSettlement(_)
        | C::RateCredit(_)
        | C::Commit(_)
        | C::Discipline(_) => true,
        C::AcceptApplication(_)
        | C::ReturnApplication(_)
        | C::Evaluate(_)
        | C::Publicise(_)
        | C::Refuse(_)
        | C::StartProbation(_)
        | C::ExtendProbation(_)
        | C::PassProbation(_)
        | C::Renew(_)
        | C::RefuseRenewal(_)
        | C::RecordLapse(_)
        | C::RequestSuspension(_)
        | C::SuspendAgreement(_)
        | C::ResumeAgreement(_)
        | C::TerminateAgreement(_)
        | C::Withdraw(_)
        | C::SettleLiability(_)
        | C::HoldSettlement(_)
        | C::ReleaseSettlement(_)
        | C::LiftDepartmentOrder(_)
        | C::OpenCrossRegion(_)
        | C::CloseCrossRegion(_)
        | C::AcceptRectification(_)
        | C::FailRectification(_)
        | C::DenyPayment(_)
        | C::ChargeDamages(_)
        | C::AdjustCoefficient(_)
        | C::Prepay(_)
        | C::PaySettlement(_)
        | C::ProvideRecords(_)
        | C::ChangeDetails(_)
        | C::FileChange(_)
        | C::RecordAudit(_)
        | C::RecordAssessment(_)
        | C::Close(_)
        | C::LiftDiscipline(_)
        | C::RepairCredit(_)
        | C::Object(_)
        | C::DecideObjection(_)
        | C::Appeal(_)
        | C::DecideAppeal(_)
        | C::CloseObligation(_)
        | C::ReadPersonalData(_)
        | C::ErasePersonalData(_)
        | C::RaiseReview(_)
        | C::Annul(_)
        | C::Correct(_) => false,
    }
}

/// The pooling area of an agreement act, where the law ties the body to the area.
const fn area(act: &C) -> Option<AreaCode> {
    match act {
        C::SignAgreement(data) => Some(data.area),
        C::Renew(data) => Some(data.area),
        C::RefuseRenewal(data) => Some(data.area),
        C::SuspendAgreement(data) => Some(data.area),
        C::ResumeAgreement(data) => Some(data.area),
        C::TerminateAgreement(data) => Some(data.area),
        C::HoldSettlement(data) => data.area,
        _ => None,
    }
}

/// An agency that acts on the agreement of an area that is neither its own nor above or below it.
pub(super) fn note_foreign_area(matter: &Matter<'_>, act: &C, decision: &mut [NewEvent]) {
    let (Some(own), Some(area)) = (matter.envelope.actor.area, area(act)) else { return };
    if !covers(own, area)
        && !covers(area, own)
        && let Some(first) = decision.first_mut()
    {
        first.findings.push(crate::event::Finding::new("actor-of-another-area", None));
    }
}

/// Whether one area is the other, its prefecture or its province.
pub(super) fn covers(outer: AreaCode, inner: AreaCode) -> bool {
    outer == inner || outer == inner.prefecture() || outer == inner.province()
}
