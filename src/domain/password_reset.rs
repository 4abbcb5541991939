//! Links with which a user can choose a new password.

use super::{Timestamp, TokenHash, UserId};

/// The number of hours for which a link is valid.
pub const RESET_HOURS: u32 = 24;

/// A link that was created and not used. The link itself is not stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PasswordReset {
    /// The user whose password the link sets. A user has at most one link: a new one replaces the old one.
    pub user: UserId,
    /// The SHA-256 of the link's secret.
    pub hash: TokenHash,
    /// The time at which the link expires.
    pub expires_at: Timestamp,
}
