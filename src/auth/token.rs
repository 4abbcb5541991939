//! Login tokens in plain text, as clients send them.

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use secrecy::{ExposeSecret, SecretString};
use sha2::{Digest, Sha256};

use super::random;
use crate::domain::TokenHash;

/// The maximum length of a login token that a client sends, in bytes.
pub(crate) const MAX_TOKEN_BYTES: usize = 512;

/// A login token in plain text. Tokens of this server have 43 characters with 256 random bits. `Debug` does
/// not print it.
#[derive(Debug, Clone)]
pub struct TokenSecret(SecretString);

impl From<SecretString> for TokenSecret {
    fn from(secret: SecretString) -> Self {
        Self(secret)
    }
}

impl TokenSecret {
    /// Creates a random token.
    #[must_use]
    pub fn generate() -> Self {
        Self(BASE64_URL_SAFE_NO_PAD.encode(random::bytes::<32>()).into())
    }

    /// Takes a token that a client sends, without checks.
    #[must_use]
    pub fn presented(text: &str) -> Self {
        Self(text.into())
    }

    /// Takes a login token that a client sends; returns `None` if it is longer than [`MAX_TOKEN_BYTES`].
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        (text.len() <= MAX_TOKEN_BYTES).then(|| Self::presented(text))
    }

    /// Returns the hash that is stored and that finds the token. SHA-256 without salt is enough, because 256 random
    /// bits can't be guessed.
    #[must_use]
    pub fn hash(&self) -> TokenHash {
        TokenHash::new(Sha256::digest(self.expose()).into())
    }

    /// Returns whether a caller presents this secret. The hashes are compared, so that the time does not reveal how much
    /// of it was right.
    #[must_use]
    pub fn is(&self, presented: &str) -> bool {
        self.hash() == Self::presented(presented).hash()
    }

    /// Returns the last six characters of the token, so that its owner recognizes it in lists.
    #[must_use]
    pub fn last_part(&self) -> &str {
        let text = self.expose();
        let start = text.char_indices().rev().nth(5).map_or(0, |(start, _)| start);
        &text[start..]
    }

    /// Returns the token itself, for the response to a login.
    #[must_use]
    pub fn expose(&self) -> &str {
        self.0.expose_secret()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_has_43_characters_that_fit_in_a_header() {
        let token = TokenSecret::generate();
        assert_eq!(token.expose().len(), 43);
        assert!(
            token
                .expose()
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte))
        );
        assert_ne!(token.expose(), TokenSecret::generate().expose());
    }

    #[test]
    fn a_text_that_is_too_long_is_no_token() {
        assert!(TokenSecret::parse(&"x".repeat(MAX_TOKEN_BYTES)).is_some());
        assert!(TokenSecret::parse(&"x".repeat(MAX_TOKEN_BYTES + 1)).is_none());
    }

    #[test]
    fn debug_does_not_show_it() {
        let shown = format!("{:?}", TokenSecret::presented("secret"));
        assert!(shown.contains("REDACTED") && !shown.contains("secret"), "{shown}");
    }
}
