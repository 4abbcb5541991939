//! Usernames and their rules that no setting changes.

use std::sync::Arc;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use schemars::JsonSchema;
use serde::Serialize;

use super::RequestError;
use super::text::{self, checked_text, composed, folded};

/// The maximum length of a username, in characters.
pub(crate) const USERNAME_CHARACTERS: usize = 64;

/// Names that no user may have: clients use them for mentions of all users or for paths, or Rocket.Chat's bot has them.
const RESERVED: [&str; 5] = [".", "..", "all", "here", "rocket.cat"];

/// Characters of addresses, lists, paths and pages that no username may have, whatever the settings allow.
const FORBIDDEN: [char; 15] = [
    '@', '/', '\\', '<', '>', '"', '\'', '&', '?', '#', '%', ':', ',', ';', '`',
];

/// The characters that must be percent-encoded in a path (RFC 3986, §2.3).
const ENCODED_IN_PATHS: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'~');

/// A username: trimmed, Unicode NFC, 1 to 64 characters, without spaces, invisible characters and signs such
/// as `@` and `/`. [`super::UsernameRule`] limits new usernames further. Unique without regard to case:
/// compare by [`Username::key`].
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, JsonSchema)]
#[serde(transparent)]
pub struct Username(Arc<str>);

checked_text!(Username);

/// The reason why a text is not a username.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NotAUsername {
    /// The text has no visible character.
    #[error("is empty")]
    Blank,
    /// The text has too many characters.
    #[error("has more than {USERNAME_CHARACTERS} characters")]
    TooLong,
    /// The text has a forbidden character.
    #[error("has a character that usernames may not have")]
    Invalid,
}

impl NotAUsername {
    /// Returns the error for a text that is too long, and `otherwise` for the other reasons.
    #[must_use]
    pub fn or(self, otherwise: RequestError) -> RequestError {
        match self {
            Self::TooLong => RequestError::too_long(USERNAME_CHARACTERS, "username"),
            Self::Blank | Self::Invalid => otherwise,
        }
    }
}

impl Username {
    /// Returns the error for a username that another user has.
    #[must_use]
    pub fn taken(&self) -> RequestError {
        RequestError::UserFieldTaken {
            input: self.to_string(),
            field: "Username",
        }
    }

    /// Parses a username.
    ///
    /// # Errors
    /// [`NotAUsername`] with the reason.
    pub fn parse(text: &str) -> Result<Self, NotAUsername> {
        let name = composed(text);
        if text::is_blank(&name) {
            return Err(NotAUsername::Blank);
        }
        if name.chars().count() > USERNAME_CHARACTERS {
            return Err(NotAUsername::TooLong);
        }
        if name.contains(|character| FORBIDDEN.contains(&character) || text::is_invisible(character)) {
            return Err(NotAUsername::Invalid);
        }
        Ok(Self(name.into()))
    }

    /// Returns the key for comparisons: equal usernames have equal keys.
    #[must_use]
    pub fn key(&self) -> UsernameKey {
        UsernameKey::of(&self.0)
    }

    /// Returns the name percent-encoded for a path.
    #[must_use]
    pub fn in_path(&self) -> String {
        utf8_percent_encode(&self.0, ENCODED_IN_PATHS).to_string()
    }

    /// Returns whether no user may have the name, whatever the settings allow.
    #[must_use]
    pub fn is_reserved(&self) -> bool {
        RESERVED.contains(&self.key().as_str())
    }
}

/// The key that finds a user by username. It is the same for all cases and compositions.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct UsernameKey(Box<str>);

impl UsernameKey {
    /// Creates the key for a text that a person typed. The text does not have to be a username.
    #[must_use]
    pub fn of(typed: &str) -> Self {
        Self(folded(typed).into())
    }

    /// Returns the key as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Returns whether a text has only ASCII letters, digits, `-`, `_` and `.`, as the default of
/// `UTF8_User_Names_Validation` requires (`api.md` §5.1).
#[must_use]
pub(crate) fn is_default(text: &str) -> bool {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte);
    !text.is_empty() && text.bytes().all(allowed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_any_script_may_be_usernames() {
        for text in [
            "ada",
            "Ada.Lovelace",
            "a-b_c.9",
            "\u{e5}se",
            "王小明",
            "a+b",
            &"x".repeat(64),
            &"e\u{301}".repeat(64),
        ] {
            assert!(Username::parse(text).is_ok(), "{text:?}");
        }
        assert_eq!(Username::parse(" ada\n").map(|name| name.to_string()), Ok("ada".into()));
    }

    #[test]
    fn what_cannot_be_a_username_is_refused_with_the_reason() {
        for text in ["ada lovelace", "a@b", "a/b", "a\0b", "a\u{200b}b", "a,b", "a%b", "<a>"] {
            assert_eq!(Username::parse(text), Err(NotAUsername::Invalid), "{text:?}");
        }
        for text in ["", " ", "\u{200b}\u{2066}"] {
            assert_eq!(Username::parse(text), Err(NotAUsername::Blank), "{text:?}");
        }
        assert_eq!(Username::parse(&"x".repeat(65)), Err(NotAUsername::TooLong));
    }

    #[test]
    fn neither_case_nor_composition_makes_two_usernames() {
        let name = Username::parse("A\u{30a}SE").expect("a username");
        assert_eq!(name.as_str(), "\u{c5}SE");
        for typed in ["\u{e5}se", "a\u{30a}se", " \u{c5}se "] {
            assert_eq!(name.key(), UsernameKey::of(typed), "{typed:?}");
        }
        assert_eq!(UsernameKey::of("Ada").as_str(), "ada");
    }

    #[test]
    fn reserved_names_are_reserved_in_every_case() {
        for text in [".", "..", "all", "Here", "rocket.cat", "Rocket.Cat"] {
            assert!(Username::parse(text).is_ok_and(|name| name.is_reserved()), "{text}");
        }
        assert!(Username::parse("...").is_ok_and(|name| !name.is_reserved()));
    }
}
