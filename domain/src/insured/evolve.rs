//! How each event changes the state. Total: it never fails, whatever the order events become known in.

use super::InsuredEvent as E;
use crate::dated::Record;
use crate::event::Event;
use crate::personal::Personal;
use crate::track::Track;

/// Folds one event. Events come in the order of `(effective_at, position)`.
pub(crate) fn evolve(state: &mut Record, event: &Event, facts: &E) {
    state.count(event);
    match facts {
        E::CreditRated(data) => {
            if let Some(name) = data.name.as_ref().and_then(Personal::plain) {
                state.rename(name);
            }
            state.dated.rated(event, data);
        }
        E::Committed(data) => state.dated.committed(event, data),
        E::Disciplined(data) => state.dated.disciplined(event, data),
        E::DisciplineLifted(data) => state.dated.discipline_lifted(event, data.discipline),
        E::CreditRepaired(data) => state.dated.repaired(event, data),
        E::OnlineSettlementSuspended(data) => state.dated.suspended_online(event, data),
        E::OnlineSettlementResumed(_) => state.dated.end(&Track::OnlineSettlement, event.effective_at),
        E::Objected(_) => state.dated.pends(Track::Objection(event.version), event),
        E::ObjectionDecided(data) => state.dated.decided(Track::Objection, event, data.objection),
        // Changes no status, only what is due: see crate::obligation.
        E::ObligationClosed(_) => {}
        // Neither changes what stands.
        E::PersonalDataRead(_) | E::PersonalDataErased(_) => {}
        // Both act on the record, before the fold: see crate::timeline.
        E::DecisionAnnulled(_) | E::RecordCorrected(_) => {}
    }
}
