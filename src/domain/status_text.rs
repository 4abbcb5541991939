//! The text of a status.

use std::fmt;
use std::sync::Arc;

use schemars::JsonSchema;
use serde::{Serialize, Serializer};

use super::text;

/// The number of characters to which a status text is cut (`api.md` §6.1).
const STATUS_TEXT_CHARACTERS: usize = 120;

/// The text of a status, one line of at most 120 characters; may be empty. All copies have one text in memory.
#[derive(Debug, Default, Clone, PartialEq, Eq, JsonSchema)]
#[schemars(transparent)]
pub struct StatusText(#[schemars(with = "String")] Option<Arc<str>>);

impl StatusText {
    /// The text of a status that says nothing in words.
    pub const EMPTY: Self = Self(None);

    /// Cleans the text of a request: trims it, composes it (Unicode NFC), cuts it to 120 characters, and replaces control
    /// characters (also NUL and line ends) and characters that change the direction of text by spaces. A text without
    /// visible characters becomes empty. No text is refused, as in Rocket.Chat.
    #[must_use]
    pub fn clean(text: &str) -> Self {
        let line: String = text::cleaned_line(text).chars().take(STATUS_TEXT_CHARACTERS).collect();
        Self::restore(&line)
    }

    /// Restores a stored text.
    #[must_use]
    pub(crate) fn restore(text: &str) -> Self {
        Self((!text.is_empty()).then(|| text.into()))
    }

    /// Returns the text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        self.0.as_deref().unwrap_or_default()
    }

    /// Returns whether the text is empty.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.0.is_none()
    }
}

impl fmt::Display for StatusText {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(self.as_str())
    }
}

impl Serialize for StatusText {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_trimmed_and_cut_never_refused() {
        let clean = |text: &str| StatusText::clean(text).to_string();
        assert_eq!(clean("  in a call "), "in a call");
        assert_eq!(clean(&"é".repeat(121)), "é".repeat(120));
        assert_eq!(clean("a\u{202e}b\nc\0"), "a b c");
        assert_eq!(clean(&"e\u{301}".repeat(121)), "é".repeat(120));
        assert_eq!(StatusText::clean(" \u{202e} "), StatusText::EMPTY);
    }
}
