//! A time in a field of a request or of an import.

use super::{RequestError, Timestamp};

/// Parses the time in a field.
///
/// # Errors
/// [`RequestError::InvalidParams`] with the field's name and the required format.
pub(crate) fn moment_of_field(text: &str, field: &str) -> Result<Timestamp, RequestError> {
    let refused = || RequestError::invalid(format!("must match format \"date-time\": {}", Timestamp::FORM), field);
    Timestamp::parse(text).ok_or_else(refused)
}
