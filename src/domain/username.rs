//! Usernames.

use std::sync::Arc;

use schemars::JsonSchema;
use serde::Serialize;

use super::text::checked_text;

/// Most characters a username may have.
pub const USERNAME_CHARACTERS: usize = 64;

/// A username: letters, digits, `-`, `_` and `.` of ASCII, 1 to 64 of them, as it was written.
/// Unique without regard to case: compare by [`Username::folded`].
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, JsonSchema)]
#[serde(transparent)]
pub struct Username(Arc<str>);

checked_text!(Username);

/// The text is not a username.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("is not 1 to 64 of the letters a to z, digits, '-', '_' and '.'")]
pub struct NotAUsername;

impl Username {
    /// Takes a text as a username, by the default of `UTF8_User_Names_Validation`
    /// (`api.md` §5.1).
    ///
    /// # Errors
    /// [`NotAUsername`] when it has another character, none or too many.
    pub fn parse(text: &str) -> Result<Self, NotAUsername> {
        let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte);
        let fits = (1..=USERNAME_CHARACTERS).contains(&text.len());
        if fits && text.bytes().all(allowed) {
            Ok(Self(text.into()))
        } else {
            Err(NotAUsername)
        }
    }

    /// The form in which two equal usernames are equal texts.
    #[must_use]
    pub fn folded(&self) -> String {
        fold(&self.0)
    }
}

/// Folds what somebody typed as a username, for a look-up. It need not be a username.
#[must_use]
pub fn fold(text: &str) -> String {
    text.to_ascii_lowercase()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn letters_digits_and_three_signs_make_a_username() {
        for text in ["ada", "Ada.Lovelace", "a-b_c.9", &"x".repeat(64)] {
            assert!(Username::parse(text).is_ok(), "{text:?}");
        }
        for text in ["", "ada lovelace", "adä", "a@b", "a/b", "a\0", &"x".repeat(65)] {
            assert_eq!(Username::parse(text), Err(NotAUsername), "{text:?}");
        }
    }

    #[test]
    fn case_does_not_make_two_usernames() {
        assert_eq!(Username::parse("Ada").map(|name| name.folded()), Ok("ada".into()));
    }
}
