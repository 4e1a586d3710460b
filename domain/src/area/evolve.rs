//! How each event changes the state. Total: it never fails, whatever the order events become known in.

use super::{Area, AreaEvent as E};
use crate::event::Event;
use crate::track::{Track, Value};

/// Folds one event. Events come in the order of `(effective_at, position)`.
pub(crate) fn evolve(state: &mut Area, event: &Event, facts: &E) {
    state.record.count(event);
    let dated = &mut state.record.dated;
    match facts {
        E::ResourcesPlanned(data) => {
            dated.set(Track::Plan, Value::On, event.effective_at, data.until, event.version);
        }
        E::RulesAdopted(data) => {
            let track = Track::Rules(data.name.clone());
            dated.set(track, Value::On, event.effective_at, None, event.version);
        }
        E::WorkRecorded(data) => state.work(data),
        E::MoratoriumStarted(data) => {
            for kind in &data.designations {
                let track = Track::Moratorium(*kind);
                dated.set(track, Value::On, event.effective_at, data.until, event.version);
            }
        }
        E::MoratoriumEnded(data) => {
            for kind in &data.designations {
                dated.end(&Track::Moratorium(*kind), event.effective_at);
            }
        }
        // Changes no status, only what is due: see crate::obligation.
        E::ObligationClosed(_) => {}
        // Both act on the record, before the fold: see crate::timeline.
        E::DecisionAnnulled(_) | E::RecordCorrected(_) => {}
    }
    state.begin_years(event);
}
