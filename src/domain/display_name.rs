//! The display name of a user.

use std::sync::Arc;

use schemars::JsonSchema;
use serde::Serialize;

use super::RequestError;
use super::text::{self, checked_text, composed};

/// The maximum length of a display name, in characters.
pub(crate) const DISPLAY_NAME_CHARACTERS: usize = 120;

/// A person's name as others see it: trimmed, Unicode NFC, 1 to 120 characters, without `<`, `>`, control characters
/// and characters that change the direction of text, and with at least one visible character (`api.md` §5.1).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(transparent)]
pub struct DisplayName(Arc<str>);

checked_text!(DisplayName);

/// The reason why a text is not a display name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NotADisplayName {
    /// The text has no visible character.
    #[error("is empty")]
    Blank,
    /// The text has too many characters.
    #[error("has more than {DISPLAY_NAME_CHARACTERS} characters")]
    TooLong,
    /// The text has a forbidden character.
    #[error("Name contains invalid characters")]
    Invalid,
}

impl From<NotADisplayName> for RequestError {
    fn from(reason: NotADisplayName) -> Self {
        match reason {
            NotADisplayName::Blank => Self::UserFieldRequired { field: "Name" },
            NotADisplayName::TooLong => Self::too_long(DISPLAY_NAME_CHARACTERS, "name"),
            NotADisplayName::Invalid => Self::DisplayNameInvalid,
        }
    }
}

impl DisplayName {
    /// Parses a display name.
    ///
    /// # Errors
    /// [`NotADisplayName`] with the reason.
    pub fn parse(text: &str) -> Result<Self, NotADisplayName> {
        let name = composed(text);
        if text::is_blank(&name) {
            return Err(NotADisplayName::Blank);
        }
        if name.chars().count() > DISPLAY_NAME_CHARACTERS {
            return Err(NotADisplayName::TooLong);
        }
        if name.contains(['<', '>']) || !text::is_plain_line(&name) {
            return Err(NotADisplayName::Invalid);
        }
        Ok(Self(name.into()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_any_script_are_names() {
        for text in ["Ada Lovelace", "Åse", "王小明", "O'Neill-Jones"] {
            assert!(DisplayName::parse(text).is_ok(), "{text:?}");
        }
    }

    #[test]
    fn blank_long_and_marked_up_names_are_refused_with_the_reason() {
        for text in ["", "  ", "\u{200b}", "\u{2066}\u{2069}"] {
            assert_eq!(DisplayName::parse(text), Err(NotADisplayName::Blank), "{text:?}");
        }
        for text in ["<b>", "a\u{7}b", "abc\u{202e}txt.exe"] {
            assert_eq!(DisplayName::parse(text), Err(NotADisplayName::Invalid), "{text:?}");
        }
        assert_eq!(DisplayName::parse(&"x".repeat(121)), Err(NotADisplayName::TooLong));
        assert!(DisplayName::parse(&"e\u{301}".repeat(120)).is_ok());
    }
}
