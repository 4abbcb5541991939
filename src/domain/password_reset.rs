//! Links that let their holder choose a new password.

use super::{Timestamp, TokenHash, UserId};

/// Hours that a link is good for.
pub const RESET_HOURS: u32 = 24;

/// A link that was given out and not used; the link itself is not kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PasswordReset {
    /// Whose password it sets. A user has one link at most: a new one ends the one before.
    pub user: UserId,
    /// The SHA-256 of its secret.
    pub hash: TokenHash,
    /// From when on it is no good.
    pub expires_at: Timestamp,
}
