//! Profile texts that users write about themselves.

use serde_json::{Map, Value};

use super::{RequestError, plain_text};

/// The maximum length of a bio, in characters (`api.md` §5.4).
pub(crate) const BIO_CHARACTERS: usize = 260;

/// The maximum length of a nickname, in characters (`api.md` §5.4).
pub(crate) const NICKNAME_CHARACTERS: usize = 120;

/// The number of characters to which the reason for an account is cut.
pub(crate) const REASON_CHARACTERS: usize = 500;

/// The parts of an account that the user writes.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub struct Profile {
    /// A short text about the user.
    pub bio: String,
    /// The name that the user likes to be called.
    pub nickname: String,
    /// The custom fields, as JSON values by name.
    pub custom_fields: Map<String, Value>,
    /// The reason that the user gave when they registered.
    pub reason: String,
}

/// Checks and composes a bio.
///
/// # Errors
/// [`RequestError::BioTooLong`], [`RequestError::InvalidParams`] for forbidden characters.
pub(crate) fn bio(text: &str) -> Result<String, RequestError> {
    within(plain_text::block(text, "bio")?, BIO_CHARACTERS).ok_or(RequestError::BioTooLong { most: BIO_CHARACTERS })
}

/// Checks and composes a nickname.
///
/// # Errors
/// [`RequestError::NicknameTooLong`], [`RequestError::InvalidParams`] for forbidden characters.
pub(crate) fn nickname(text: &str) -> Result<String, RequestError> {
    within(plain_text::line(text, "nickname")?, NICKNAME_CHARACTERS).ok_or(RequestError::NicknameTooLong {
        most: NICKNAME_CHARACTERS,
    })
}

/// Checks and composes the reason for an account, and cuts it to 500 characters.
///
/// # Errors
/// [`RequestError::InvalidParams`] for forbidden characters.
pub(crate) fn reason(text: &str) -> Result<String, RequestError> {
    let text = plain_text::block(text, "reason")?;
    Ok(text.chars().take(REASON_CHARACTERS).collect())
}

fn within(text: String, characters: usize) -> Option<String> {
    (text.chars().count() <= characters).then_some(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bio_and_nickname_have_their_bounds() {
        assert!(bio(&"x".repeat(260)).is_ok());
        assert_eq!(bio(&"x".repeat(261)), Err(RequestError::BioTooLong { most: 260 }));
        assert!(nickname(&"x".repeat(120)).is_ok());
        assert_eq!(
            nickname(&"x".repeat(121)),
            Err(RequestError::NicknameTooLong { most: 120 })
        );
    }
}
