//! The name people see.

use std::sync::Arc;

use schemars::JsonSchema;
use serde::Serialize;
use unicode_normalization::UnicodeNormalization;

use super::text::{self, checked_text};

/// Most characters a display name may have.
pub const DISPLAY_NAME_CHARACTERS: usize = 120;

/// A person's name as others see it: trimmed, Unicode NFC, 1 to 120 characters, no `<` or `>`,
/// no control character, nothing that turns text around, not invisible (`api.md` §5.1).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(transparent)]
pub struct DisplayName(Arc<str>);

checked_text!(DisplayName);

/// The text is not a display name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("Name contains invalid characters")]
pub struct NotADisplayName;

impl DisplayName {
    /// Takes a text as a display name.
    ///
    /// # Errors
    /// [`NotADisplayName`] when it is blank, too long or has a character that names may not have.
    pub fn parse(text: &str) -> Result<Self, NotADisplayName> {
        let name: String = text.trim().nfc().collect();
        let fits = (1..=DISPLAY_NAME_CHARACTERS).contains(&name.chars().count());
        if fits && !name.contains(['<', '>']) && text::is_plain_line(&name) {
            Ok(Self(name.into()))
        } else {
            Err(NotADisplayName)
        }
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
    fn blank_long_and_marked_up_names_are_refused() {
        for text in [
            "",
            "  ",
            "<b>",
            "a\u{7}b",
            "abc\u{202e}txt.exe",
            "\u{200b}",
            &"x".repeat(121),
        ] {
            assert_eq!(DisplayName::parse(text), Err(NotADisplayName), "{text:?}");
        }
    }
}
