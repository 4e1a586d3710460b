//! Decisions.

use super::{Institution, InstitutionCommand};
use crate::command::Command;
use crate::decide::{Context, Decision};
use crate::rejection::Rejection;

/// Decides.
pub(crate) fn decide(
    _state: &Institution,
    _command: &Command,
    _act: &InstitutionCommand,
    _context: &Context<'_>,
) -> Result<Decision, Rejection> {
    Ok(Vec::new())
}
