//! How each event changes the state. Total: it never fails, whatever the order events become known in.

use super::CaseEvent as E;
use super::facts::FindingOutcome;
use crate::dated::Record;
use crate::event::Event;
use crate::track::{Track, Value};

/// Folds one event. Events come in the order of `(effective_at, position)`.
pub(crate) fn evolve(state: &mut Record, event: &Event, facts: &E) {
    state.count(event);
    let at = event.effective_at;
    let status = match facts {
        E::Opened(data) => {
            if let Some(title) = &data.title {
                state.rename(title);
            }
            Value::Open
        }
        E::LeadReceived(_) => Value::Unverified,
        E::Inspected(_) => Value::Inspecting,
        E::Found(data) => match data.outcome {
            FindingOutcome::Founded => Value::Founded,
            FindingOutcome::Unfounded => Value::Unfounded,
        },
        E::Referred(_) => Value::Referred,
        E::Transferred(_) => Value::Transferred,
        E::Closed(_) => {
            state.dated.end(&Track::Supervision, at);
            Value::Closed
        }
        E::Supervised(data) => {
            return state.dated.set(Track::Supervision, Value::On, at, data.until, event.version);
        }
        E::ReferralAccepted(_)
        | E::Publicised(_)
        | E::Rewarded(_)
        // A procedure beside the case, with clocks of its own.
        | E::PenaltyFiled(_)
        | E::PenaltyDecided(_)
        | E::PenaltyServed(_)
        | E::PenaltyNotified(_)
        | E::HearingRequested(_)
        | E::HearingHeld(_)
        // Changes no status, only what is due: see crate::obligation.
        | E::ObligationClosed(_)
        // Neither changes what stands.
        | E::PersonalDataRead(_)
        | E::PersonalDataErased(_)
        // Both act on the record, before the fold: see crate::timeline.
        | E::DecisionAnnulled(_)
        | E::RecordCorrected(_) => return,
    };
    state.dated.set(Track::Case, status, at, None, event.version);
}
