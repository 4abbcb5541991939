//! E-mail addresses.

use std::str::FromStr;
use std::sync::Arc;

use email_address::EmailAddress;
use schemars::JsonSchema;
use serde::Serialize;

use super::text::{self, checked_text};

/// An e-mail address (RFC 5321 and 5322, without a display name), as it was written.
/// Unique without regard to case: compare by [`Email::folded`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(transparent)]
pub struct Email(Arc<str>);

checked_text!(Email);

/// The text is not an e-mail address.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("Enter a valid email")]
pub struct NotAnEmail;

impl Email {
    /// Takes a text as an address, blanks around it cut.
    ///
    /// # Errors
    /// [`NotAnEmail`] when it is none.
    pub fn parse(text: &str) -> Result<Self, NotAnEmail> {
        let address = EmailAddress::from_str(text.trim()).map_err(|_| NotAnEmail)?;
        // A quoted or bracketed form is valid but no team uses one, and pages print addresses.
        if address.as_str().contains(['"', '<', '>', '\\', '[']) || !text::is_plain_line(address.as_str()) {
            return Err(NotAnEmail);
        }
        Ok(Self(address.as_str().into()))
    }

    /// Whether it is at this domain, whatever the case.
    #[must_use]
    pub fn is_of(&self, domain: &str) -> bool {
        let own = self.0.rsplit('@').next().unwrap_or_default();
        own.eq_ignore_ascii_case(domain.trim_start_matches('@'))
    }

    /// The form in which two equal addresses are equal texts.
    #[must_use]
    pub fn folded(&self) -> String {
        fold(&self.0)
    }
}

/// Folds what somebody typed as an address, for a look-up. It need not be an address.
#[must_use]
pub fn fold(text: &str) -> String {
    text.to_lowercase()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_kept_as_written_and_compared_folded() {
        let email = Email::parse(" Ada@Example.com ").expect("an address");
        assert_eq!(
            (email.as_str(), email.folded().as_str()),
            ("Ada@Example.com", "ada@example.com")
        );
    }

    #[test]
    fn what_is_no_address_is_refused() {
        for text in [
            "",
            "ada",
            "ada@",
            "@example.com",
            "a b@example.com",
            "Ada <ada@example.com>",
            "a@b@c",
        ] {
            assert_eq!(Email::parse(text), Err(NotAnEmail), "{text:?}");
        }
    }
}
