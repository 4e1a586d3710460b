//! Decisions.

use super::{Practitioner, PractitionerCommand};
use crate::command::Command;
use crate::decide::{Context, Decision};
use crate::rejection::Rejection;

/// Decides.
pub(crate) fn decide(
    _state: &Practitioner,
    _command: &Command,
    _act: &PractitionerCommand,
    _context: &Context<'_>,
) -> Result<Decision, Rejection> {
    Ok(Vec::new())
}
