//! E-mail addresses and their keys.

use std::str::FromStr;
use std::sync::Arc;

use email_address::EmailAddress;
use schemars::JsonSchema;
use serde::Serialize;

use super::text::{self, checked_text, composed, folded};

/// The maximum length of an address in bytes, with its domain in ASCII (RFC 5321, §4.5.3.1.3).
pub(crate) const EMAIL_BYTES: usize = 254;

/// An e-mail address (RFC 5321 and 5322, without a display name): trimmed, Unicode NFC, with its case unchanged. Unique
/// without regard to case and to the form of its domain: compare by [`Email::key`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(transparent)]
pub struct Email(Arc<str>);

checked_text!(Email);

/// The error for a text that is not an e-mail address.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("Enter a valid email")]
pub struct NotAnEmail;

impl Email {
    /// Parses an e-mail address.
    ///
    /// # Errors
    /// [`NotAnEmail`] if the text is not an address.
    pub fn parse(text: &str) -> Result<Self, NotAnEmail> {
        let text = composed(text);
        let (local, domain) = text.rsplit_once('@').ok_or(NotAnEmail)?;
        let ascii = ascii_domain(domain).ok_or(NotAnEmail)?;
        // The standards define an international domain by its ASCII form.
        EmailAddress::from_str(&format!("{local}@{ascii}")).map_err(|_| NotAnEmail)?;
        // Quoted and bracketed forms are valid, but rare, and dangerous where pages print addresses.
        let is_plain = !text.contains(['"', '<', '>', '\\', '[']) && text::is_plain_line(&text);
        if !is_plain || local.len() + 1 + ascii.len() > EMAIL_BYTES {
            return Err(NotAnEmail);
        }
        Ok(Self(text.into()))
    }

    /// Returns whether addresses may be at this domain, which may have an `@` before it.
    #[must_use]
    pub fn is_domain(text: &str) -> bool {
        Self::parse(&format!("a@{}", text.trim().trim_start_matches('@'))).is_ok()
    }

    /// Returns whether the address belongs to this domain, without regard to case and to the form of the domain.
    #[must_use]
    pub fn is_of(&self, domain: &str) -> bool {
        let own = self.0.rsplit('@').next().unwrap_or_default();
        domain_key(own) == domain_key(domain.trim().trim_start_matches('@'))
    }

    /// Returns the key for comparisons: equal addresses have equal keys.
    #[must_use]
    pub fn key(&self) -> EmailKey {
        EmailKey::of(&self.0)
    }

    /// Returns the key of an address in stores of versions before 0.2: lower case, otherwise unchanged.
    #[must_use]
    pub(crate) fn former_key(&self) -> String {
        self.0.to_lowercase()
    }
}

/// The key that finds a user by e-mail address. It is the same for all cases and compositions, and for both forms of an
/// international domain (`münchen.example`, `xn--mnchen-3ya.example`).
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct EmailKey(Box<str>);

impl EmailKey {
    /// Creates the key for a text that a person typed. The text does not have to be an address.
    #[must_use]
    pub fn of(typed: &str) -> Self {
        let folded = folded(typed);
        match folded.rsplit_once('@') {
            Some((local, domain)) if is_international(domain) => Self(format!("{local}@{}", domain_key(domain)).into()),
            _ => Self(folded.into()),
        }
    }

    /// Returns the key as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Returns whether a domain has both an ASCII form and a Unicode form (RFC 5890).
fn is_international(domain: &str) -> bool {
    !domain.is_ascii()
        || domain
            .split('.')
            .any(|label| label.get(..4).is_some_and(|head| head.eq_ignore_ascii_case("xn--")))
}

/// Returns the ASCII form of a domain, if it has one.
fn ascii_domain(domain: &str) -> Option<String> {
    if is_international(domain) {
        idna::domain_to_ascii(domain).ok().filter(|ascii| !ascii.is_empty())
    } else {
        Some(domain.to_owned())
    }
}

/// Returns the form for comparisons: equal domains have equal texts.
fn domain_key(domain: &str) -> String {
    ascii_domain(domain).map_or_else(|| folded(domain), |ascii| ascii.to_ascii_lowercase())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_kept_as_written_and_compared_folded() {
        let email = Email::parse(" Ada@Example.com ").expect("an address");
        assert_eq!(
            (email.as_str(), email.key().as_str()),
            ("Ada@Example.com", "ada@example.com")
        );
        assert!(email.is_of("EXAMPLE.com") && email.is_of("@example.com") && !email.is_of("ample.com"));
    }

    #[test]
    fn compositions_and_forms_of_a_domain_are_one_address() {
        let email = Email::parse("jose\u{301}@Mu\u{308}nchen.example").expect("an address");
        assert_eq!(email.as_str(), "jos\u{e9}@M\u{fc}nchen.example");
        assert_eq!(email.key().as_str(), "jos\u{e9}@xn--mnchen-3ya.example");
        for typed in [
            "JOS\u{c9}@m\u{fc}nchen.example",
            "jose\u{301}@mu\u{308}nchen.EXAMPLE",
            "jos\u{e9}@XN--mnchen-3ya.example",
        ] {
            assert_eq!(EmailKey::of(typed), email.key(), "{typed}");
            assert_eq!(Email::parse(typed).expect(typed).key(), email.key(), "{typed}");
        }
        assert!(email.is_of("m\u{fc}nchen.example") && email.is_of("xn--MNCHEN-3ya.example"));
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
            "a\u{200b}@\u{202e}example.com",
            "ada@\u{200b}",
            "ada@xn--a-.example",
            &format!("a@{}.example", "x".repeat(64)),
            &format!("a@{}example", "x.".repeat(130)),
        ] {
            assert_eq!(Email::parse(text), Err(NotAnEmail), "{text:?}");
        }
    }
}
