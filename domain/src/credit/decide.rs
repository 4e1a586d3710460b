//! Decisions of credit management, the same for every kind of subject that has them.

use super::facts::Rating;
use crate::command::Command;
use crate::decide::{Context, ends_after, require_authority};
use crate::envelope::Authority;
use crate::rejection::Rejection;

/// 信用评级: by the agency or the bureau.
pub(crate) fn rate(command: &Command, context: &Context<'_>, data: &Rating) -> Result<Rating, Rejection> {
    require_authority(command, &[Authority::Agency, Authority::Bureau])?;
    if let Some(until) = data.until {
        ends_after(until, context.effective_at)?;
    }
    Ok(data.clone())
}
