//! The names of personal access tokens.

use super::RequestError;
use super::plain_text::refuse_unless;
use super::text::{self, composed};

/// The maximum length of a token's name, in characters.
pub(crate) const TOKEN_NAME_CHARACTERS: usize = 120;

/// The name of a personal access token: trimmed, Unicode NFC. A new name has 1 to 120 characters, no control characters
/// and no characters that change the direction of text, and at least one visible character.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct TokenName(Box<str>);

impl TokenName {
    /// Parses the name of a new token.
    ///
    /// # Errors
    /// [`RequestError::InvalidParams`] with the rule for names.
    pub(crate) fn parse(typed: &str) -> Result<Self, RequestError> {
        let name = composed(typed);
        if text::is_blank(&name) || name.chars().count() > TOKEN_NAME_CHARACTERS {
            let words = format!("must have 1 to {TOKEN_NAME_CHARACTERS} characters");
            return Err(RequestError::invalid(words, "tokenName"));
        }
        refuse_unless(text::is_plain_line(&name), "tokenName")?;
        Ok(Self(name.into()))
    }

    /// Converts a text that a person typed to find a token, without checks.
    #[must_use]
    pub(crate) fn typed(typed: &str) -> Self {
        Self(composed(typed).into())
    }

    /// Returns whether a stored token has this name. Older versions stored names without composing them.
    #[must_use]
    pub(crate) fn is(&self, stored: &str) -> bool {
        *stored == *self.0 || *composed(stored) == *self.0
    }

    /// Returns the name as text.
    #[must_use]
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_found_in_every_composition() {
        let name = TokenName::parse(" cafe\u{301} ").expect("a name");
        assert_eq!(name.as_str(), "caf\u{e9}");
        assert!(TokenName::typed("caf\u{e9}").is(name.as_str()) && name.is("cafe\u{301}") && !name.is("Caf\u{e9}"));
    }

    #[test]
    fn blank_long_and_deceiving_names_are_refused() {
        for text in ["", " \u{200b}", &"x".repeat(121), "a\u{202e}b", "a\nb"] {
            assert!(TokenName::parse(text).is_err(), "{text:?}");
        }
    }
}
