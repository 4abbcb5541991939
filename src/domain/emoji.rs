//! The emoji of a status.

use std::sync::Arc;

use schemars::JsonSchema;
use serde::Serialize;

use super::text::{self, checked_text};

/// The maximum length in characters: enough for a short code like `:palm_tree:`, or an emoji with all its parts.
pub(crate) const EMOJI_CHARACTERS: usize = 64;

/// An emoji, as Unicode or as a short code that clients know: 1 to 64 characters, without spaces, control characters
/// and `> < & " '`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, JsonSchema)]
#[serde(transparent)]
pub struct Emoji(Arc<str>);

checked_text!(Emoji);

/// The error for a text that is not an [`Emoji`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("must be an emoji or its short code, {EMOJI_CHARACTERS} characters at most")]
pub struct NotAnEmoji;

impl Emoji {
    /// Parses an emoji or its short code.
    ///
    /// # Errors
    /// [`NotAnEmoji`] if the text is empty, too long or has a forbidden character.
    pub fn parse(text: &str) -> Result<Self, NotAnEmoji> {
        let refused = |c: char| c.is_whitespace() || ['>', '<', '&', '"', '\''].contains(&c);
        let fits = (1..=EMOJI_CHARACTERS).contains(&text.chars().count());
        if !fits || text.contains(refused) || !text::is_plain_line(text) {
            return Err(NotAnEmoji);
        }
        Ok(Self(text.into()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn emoji_and_short_codes_are_taken_and_words_are_not() {
        for text in ["🌴", ":palm_tree:", "👩‍👩‍👧‍👦"] {
            assert!(Emoji::parse(text).is_ok(), "{text}");
        }
        for text in ["", "two words", "<img>", &"x".repeat(65)] {
            assert_eq!(Emoji::parse(text), Err(NotAnEmoji), "{text}");
        }
    }
}
