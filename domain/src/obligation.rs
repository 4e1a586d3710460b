//! What is due: something the rules call for that somebody has to decide or do. The ledger never does it on its own.
//!
//! Obligations are derived from the state and an instant, like the status; none is stored.

use crate::id::{Subject, Version};
use crate::institution::facts::InstitutionKind;
use crate::rejection::Words;
use crate::rulebook::{Citation, Rulebook};
use crate::state::State;
use crate::time::Instant;
use chrono::{Datelike, Weekday};
use serde::Serialize;

/// What kind of thing is due.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum ObligationKind {
    /// The rules call for termination; a person decides.
    TerminationReview,
    /// The rules leave no renewal; a person decides.
    RenewalReview,
    /// 受理: to tell the applicant what is missing, or accept.
    AcceptApplication,
    /// 评估.
    Evaluate,
    /// 提供资料.
    ProvideRecords,
    /// 限期整改.
    Rectify,
    /// 变更备案.
    FileChange,
}

/// How an obligation stands at an instant.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum ObligationState {
    /// To be done.
    Open,
    /// Done.
    Met,
    /// Not done when it was due.
    Late,
    /// No longer called for.
    Closed,
}

/// Something due.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct Obligation {
    /// What kind.
    pub kind: ObligationKind,
    /// By when; none where the rule only says "in time" (及时).
    pub due: Option<Instant>,
    /// The day may still move: it counts working days without knowing the public holidays.
    pub provisional: bool,
    /// The rule that calls for it; none where the decision itself set it.
    pub rule: Option<Citation>,
    /// The event of the subject's stream that raised it.
    pub raised_by: Version,
    /// How it stands.
    pub state: ObligationState,
    /// In words.
    pub sum: Words,
}

impl State {
    /// What is due for a subject at an instant, for a state folded from the events effective by then.
    #[must_use]
    pub fn obligations(&self, subject: &Subject, at: Instant, rulebook: &Rulebook) -> Vec<Obligation> {
        match (self, subject) {
            (Self::Institution(state), Subject::Institution(code)) => {
                state.reviews(InstitutionKind::of(code), at, rulebook)
            }
            (
                Self::Institution(_)
                | Self::Practitioner(_)
                | Self::Enterprise(_)
                | Self::Insured(_)
                | Self::Area(_)
                | Self::Case(_),
                _,
            ) => Vec::new(),
        }
    }
}

/// The day so many working days after another: Monday to Friday, public holidays not known, hence provisional.
#[must_use]
pub fn working_days_after(day: Instant, days: u32) -> Instant {
    let mut date = day.date();
    let mut left = days;
    while left > 0 {
        let Some(next) = date.succ_opt() else { return Instant::MAX };
        date = next;
        if !matches!(date.weekday(), Weekday::Sat | Weekday::Sun) {
            left -= 1;
        }
    }
    Instant::from_date(date)
}
