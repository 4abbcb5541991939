//! The ids in the lines of a file.

use crate::domain::RequestError;
use crate::domain::id::MAX_ID_BYTES;

/// Checks an id from a file. Ids of this server and of Rocket.Chat have letters, digits, `.`, `_` and `-` only.
///
/// # Errors
/// [`RequestError::InvalidParams`] with the rule.
pub(super) fn checked<'text>(text: &'text str, field: &str) -> Result<&'text str, RequestError> {
    let is_known = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-');
    if (1..=MAX_ID_BYTES).contains(&text.len()) && text.bytes().all(is_known) {
        return Ok(text);
    }
    let words = format!("must have 1 to {MAX_ID_BYTES} letters, digits, '.', '_' or '-'");
    Err(RequestError::invalid(words, field))
}
