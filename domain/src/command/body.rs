//! Bodies that are no command themselves but bring one, or parts of one: read as strictly, refused in the same form.

use super::{CommandError, check, fault};
use serde::Deserialize;

/// Reads one JSON object. The type says which members there are (`deny_unknown_fields`).
///
/// # Errors
/// [`CommandError`] with the place and what would be right.
pub fn object<'a, T: Deserialize<'a>>(text: &'a str) -> Result<T, CommandError> {
    check::whole_is_object(text)?;
    serde_json::from_str(text).map_err(|_| fault::in_object::<T>(text))
}
