//! Facts for answers, from the views or the log.

use super::app::App;
use super::problem::Problem;
use crate::answers::{Coordinates, Gathered, gather};
use accord_domain::Subject;

/// What stood of a subject, and why.
///
/// # Errors
/// `unknown-subject`; else when log or views cannot be read.
pub(crate) async fn gather(app: &App, subject: &Subject, at: Coordinates) -> Result<Gathered, Problem> {
    gather::from_log(app.log(), subject, at).await.map_err(Problem::from)
}
