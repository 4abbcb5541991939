//! Login tokens in plain text, as clients send them.

use std::fmt;

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use sha2::{Digest, Sha256};

use super::random;
use crate::domain::TokenHash;

/// The maximum length of a login token that a client sends, in bytes.
pub const MAX_TOKEN_BYTES: usize = 512;

/// A login token in plain text. Tokens of this server have 43 characters with 256 random bits. `Debug` does
/// not print it.
#[derive(Clone, PartialEq, Eq)]
pub struct TokenSecret(String);

impl TokenSecret {
    /// Creates a random token.
    #[must_use]
    pub fn generate() -> Self {
        Self(BASE64_URL_SAFE_NO_PAD.encode(random::bytes::<32>()))
    }

    /// Takes a token that a client sends, without checks.
    #[must_use]
    pub fn presented(text: &str) -> Self {
        Self(text.to_owned())
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
        TokenHash::new(Sha256::digest(&self.0).into())
    }

    /// Returns the last six characters of the token, so that its owner recognizes it in lists.
    #[must_use]
    pub fn last_part(&self) -> &str {
        let start = self.0.char_indices().rev().nth(5).map_or(0, |(start, _)| start);
        &self.0[start..]
    }

    /// Returns the token itself, for the response to a login.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for TokenSecret {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("TokenSecret(hidden)")
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
        assert_ne!(token, TokenSecret::generate());
    }

    #[test]
    fn a_text_that_is_too_long_is_no_token() {
        assert!(TokenSecret::parse(&"x".repeat(MAX_TOKEN_BYTES)).is_some());
        assert!(TokenSecret::parse(&"x".repeat(MAX_TOKEN_BYTES + 1)).is_none());
    }

    #[test]
    fn debug_does_not_show_it() {
        assert_eq!(format!("{:?}", TokenSecret::presented("secret")), "TokenSecret(hidden)");
    }
}
