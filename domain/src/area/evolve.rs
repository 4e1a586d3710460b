//! How each event changes the state. Total: it never fails, whatever the order events become known in.

use super::AreaEvent as E;
use crate::dated::Record;
use crate::event::Event;
use crate::track::{Track, Value};

/// Folds one event. Events come in the order of `(effective_at, position)`.
pub(crate) fn evolve(state: &mut Record, event: &Event, facts: &E) {
    state.count(event);
    match facts {
        E::ResourcesPlanned(data) => {
            state.dated.set(Track::Plan, Value::On, event.effective_at, data.until, event.version);
        }
        E::RulesAdopted(data) => {
            let track = Track::Rules(data.name.clone());
            state.dated.set(track, Value::On, event.effective_at, None, event.version);
        }
        E::MoratoriumStarted(data) => {
            for kind in &data.designations {
                let track = Track::Moratorium(*kind);
                state.dated.set(track, Value::On, event.effective_at, data.until, event.version);
            }
        }
        E::MoratoriumEnded(data) => {
            for kind in &data.designations {
                state.dated.end(&Track::Moratorium(*kind), event.effective_at);
            }
        }
        // Changes no status, only what is due: see crate::obligation.
        E::ObligationClosed(_) => {}
        // Both act on the record, before the fold: see crate::timeline.
        E::DecisionAnnulled(_) | E::RecordCorrected(_) => {}
    }
}
