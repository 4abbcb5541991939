//! Login tokens, as far as they are kept: never the token itself.

use std::fmt;

use super::{Timestamp, UserId};

/// The SHA-256 of a login token. What is stored of it, and what finds it.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TokenHash([u8; 32]);

impl TokenHash {
    /// Takes the 32 bytes of a SHA-256.
    #[must_use]
    pub const fn new(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// The 32 bytes.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// A short public name of the token for lists: the first 12 hexadecimal digits. It neither is
    /// nor yields the token.
    #[must_use]
    pub fn label(&self) -> String {
        let mut head = [0; 8];
        head[2..].copy_from_slice(&self.0[..6]);
        format!("{:012x}", u64::from_be_bytes(head))
    }
}

impl fmt::Debug for TokenHash {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "TokenHash({}…)", self.label())
    }
}

/// A login token that is alive until it expires or is removed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Token {
    /// What finds it.
    pub hash: TokenHash,
    /// Whom it logs in.
    pub user: UserId,
    /// When it was given out.
    pub created_at: Timestamp,
    /// From when on it is dead.
    pub expires_at: Timestamp,
}

impl Token {
    /// Whether it still logs its user in.
    #[must_use]
    pub fn is_live(&self, now: Timestamp) -> bool {
        now < self.expires_at
    }
}
