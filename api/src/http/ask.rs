//! Facts for answers, from the views or the log.

use super::app::App;
use super::problem::Problem;
use crate::answers::{Coordinates, Gathered, gather};
use accord_domain::payable::EmergencyRules;
use accord_domain::rulebook::Rulebook;
use accord_domain::{AreaCode, Instant, Subject};

/// What stood of a subject, and why.
///
/// # Errors
/// `unknown-subject`; else when log or views cannot be read.
pub(crate) async fn gather(app: &App, subject: &Subject, at: Coordinates) -> Result<Gathered, Problem> {
    gather::from_log(app.log(), subject, at).await.map_err(Problem::from)
}

/// As [`gather`]; nothing stands of a subject nothing is recorded of.
///
/// # Errors
/// When log or views cannot be read.
pub(crate) async fn gather_or_nothing(
    app: &App,
    subject: &Subject,
    at: Coordinates,
) -> Result<Gathered, Problem> {
    let stored = gather::history(app.log(), subject, at.known_at).await?;
    gather::from_events(subject, at, &stored).map_err(Problem::from)
}

/// The emergency exceptions in force at the instant and place of a claim.
pub(crate) fn emergency(rulebook: &Rulebook, at: Instant, area: AreaCode) -> EmergencyRules {
    let rule = |param| rulebook.flag(param, at, Some(area));
    EmergencyRules {
        suspended_practitioner: rule("payable.emergency.suspended_practitioner"),
        terminated_practitioner: rule("payable.emergency.terminated_practitioner"),
        institution: rule("payable.emergency.institution"),
    }
}
