//! What users tell of themselves.

use serde_json::{Map, Value};

use super::{Fault, text};

/// Most characters of a bio (`api.md` §5.4).
pub const BIO_CHARACTERS: usize = 260;

/// Most characters of a nickname (`api.md` §5.4).
pub const NICKNAME_CHARACTERS: usize = 120;

/// Characters to which the text of a status is cut (`api.md` §6.1).
pub const STATUS_TEXT_CHARACTERS: usize = 120;

/// Characters to which the reason for an account is cut.
pub const REASON_CHARACTERS: usize = 500;

/// What a user tells of themselves.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub struct Profile {
    /// A few words about them.
    pub bio: String,
    /// What they like to be called.
    pub nickname: String,
    /// Whatever the team keeps beside.
    pub custom_fields: Map<String, Value>,
    /// Why they want an account, as they said when they registered.
    pub reason: String,
}

/// Takes a bio.
///
/// # Errors
/// [`Fault::BioTooLong`] beyond 260 characters, [`Fault::InvalidParams`] for characters that texts may
/// not have.
pub fn bio(text: &str) -> Result<String, Fault> {
    within(text::block(text, "bio")?, BIO_CHARACTERS).ok_or(Fault::BioTooLong)
}

/// Takes a nickname.
///
/// # Errors
/// [`Fault::NicknameTooLong`] beyond 120 characters, [`Fault::InvalidParams`] for characters that texts
/// may not have.
pub fn nickname(text: &str) -> Result<String, Fault> {
    within(text::line(text, "nickname")?, NICKNAME_CHARACTERS).ok_or(Fault::NicknameTooLong)
}

/// Takes the reason that a user gives for an account, cut to 500 characters.
///
/// # Errors
/// [`Fault::InvalidParams`] for characters that texts may not have.
pub fn reason(text: &str) -> Result<String, Fault> {
    let text = text::block(text, "reason")?;
    Ok(text.chars().take(REASON_CHARACTERS).collect())
}

/// Takes the text of a status: trimmed, Unicode NFC, cut to 120 characters, with a space for each control character
/// (NUL and line ends too) and each character that turns text around. A text that shows as nothing is empty. The
/// reference refuses no text.
#[must_use]
pub fn status_text(text: &str) -> String {
    text::cleaned_line(text).chars().take(STATUS_TEXT_CHARACTERS).collect()
}

fn within(text: String, characters: usize) -> Option<String> {
    (text.chars().count() <= characters).then_some(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_status_text_is_trimmed_and_cut_never_refused() {
        assert_eq!(status_text("  in a call "), "in a call");
        assert_eq!(status_text(&"é".repeat(121)), "é".repeat(120));
        assert_eq!(status_text("a\u{202e}b\nc\0"), "a b c");
        assert_eq!(status_text(&"e\u{301}".repeat(121)), "é".repeat(120));
    }

    #[test]
    fn bio_and_nickname_have_their_bounds() {
        assert!(bio(&"x".repeat(260)).is_ok());
        assert_eq!(bio(&"x".repeat(261)), Err(Fault::BioTooLong));
        assert!(nickname(&"x".repeat(120)).is_ok());
        assert_eq!(nickname(&"x".repeat(121)), Err(Fault::NicknameTooLong));
    }
}
