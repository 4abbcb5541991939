//! Links with which a user can choose a new password.

use super::{Timestamp, TokenHash, UserId};

/// The number of hours for which a link is valid.
pub(crate) const RESET_HOURS: u32 = 24;

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

impl PasswordReset {
    /// Returns whether the link can be used at this time. A link that was created while the clock was ahead is refused: it
    /// would be valid for longer than [`RESET_HOURS`].
    #[must_use]
    pub fn is_open(&self, now: Timestamp) -> bool {
        let created = self.expires_at.plus_seconds(-i64::from(RESET_HOURS) * 3600);
        now < self.expires_at && !created.is_of_future(now)
    }
}
