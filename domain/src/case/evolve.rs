//! How each event changes the state. Total: it never fails, whatever the order events become known in.

use super::CaseEvent as E;
use crate::dated::Record;
use crate::event::Event;
use crate::track::{Track, Value};

/// Folds one event. Events come in the order of `(effective_at, position)`.
pub(crate) fn evolve(state: &mut Record, event: &Event, facts: &E) {
    state.count(event);
    let status = match facts {
        E::Opened(data) => {
            if let Some(title) = &data.title {
                state.rename(title);
            }
            Value::Open
        }
        E::Closed(_) => Value::Closed,
        // Both act on the record, before the fold: see crate::timeline.
        E::DecisionAnnulled(_) | E::RecordCorrected(_) => return,
    };
    state.dated.set(Track::Case, status, event.effective_at, None, event.version);
}
