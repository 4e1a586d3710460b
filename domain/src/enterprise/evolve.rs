//! How each event changes the state. Total: it never fails, whatever the order events become known in.

use super::EnterpriseEvent as E;
use crate::credit::evolve as credit;
use crate::dated::Record;
use crate::event::Event;

/// Folds one event. Events come in the order of `(effective_at, position)`.
pub(crate) fn evolve(state: &mut Record, event: &Event, facts: &E) {
    state.count(event);
    match facts {
        E::CreditRated(data) => {
            if let Some(name) = &data.name {
                state.rename(name);
            }
            credit::rated(&mut state.dated, event, data);
        }
        // Both act on the record, before the fold: see crate::timeline.
        E::DecisionAnnulled(_) | E::RecordCorrected(_) => {}
    }
}
