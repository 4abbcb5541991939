//! Users.

use std::fmt;

use super::role::built_in;
use super::{AuditParty, DisplayName, Email, Preferences, Profile, RoleId, Timestamp, TwoFactor, UserId, Username};

/// A person or program with an account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct User {
    /// Its identity.
    pub id: UserId,
    /// What it logs in with and is mentioned by; unique.
    pub username: Username,
    /// What others see; none when never given.
    pub name: Option<DisplayName>,
    /// Where it is written to; unique; none when never given.
    pub email: Option<UserEmail>,
    /// What its password is checked against; none when it has no password.
    pub password: Option<PasswordHash>,
    /// Earlier passwords that may not come again, the newest first.
    pub password_history: Vec<PasswordHash>,
    /// Why it has to choose a new password before anything else, if it has to; may be empty.
    pub require_password_change: Option<String>,
    /// What it may do, by its roles.
    pub roles: Vec<RoleId>,
    /// Whether it may log in, and if not, why.
    pub activity: Activity,
    /// What it tells of itself.
    pub profile: Profile,
    /// What its clients keep for it.
    pub preferences: Preferences,
    /// Its second factor.
    pub two_factor: TwoFactor,
    /// What its picture is called; none while it has only its initials.
    pub avatar: Option<String>,
    /// When the account was made.
    pub created_at: Timestamp,
    /// When the account was last changed.
    pub updated_at: Timestamp,
    /// When it last logged in with a password.
    pub last_login: Option<Timestamp>,
    /// Grows with every change of the user and every login, so that a change which depends on this
    /// record depends on the user's tokens as well, even within one millisecond.
    pub revision: u64,
}

/// Whether an account may log in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Activity {
    /// It may.
    Active,
    /// It may not: an administrator switched it off.
    Deactivated,
    /// It may not yet: an administrator has to approve it.
    PendingApproval,
    /// It may not: nobody used it for long.
    IdleTooLong,
}

/// A user's address, and whether it was shown to be theirs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UserEmail {
    /// The address.
    pub address: Email,
    /// Whether the user proved to receive mail there.
    pub verified: bool,
}

/// An argon2id hash in PHC form. Printed by nothing, `Debug` included.
#[derive(Clone, PartialEq, Eq)]
pub struct PasswordHash(Box<str>);

impl PasswordHash {
    /// Takes a hash in PHC form.
    #[must_use]
    pub fn new(phc: &str) -> Self {
        Self(phc.into())
    }

    /// The PHC form, for the one who verifies and the one who stores.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for PasswordHash {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("PasswordHash(hidden)")
    }
}

impl User {
    /// Whether it may log in.
    #[must_use]
    pub fn is_active(&self) -> bool {
        self.activity == Activity::Active
    }

    /// Returns the name that others see: the username where the user has given no name.
    #[must_use]
    pub fn shown_name(&self) -> DisplayName {
        let username = || DisplayName::restore(self.username.as_str());
        self.name.clone().unwrap_or_else(username)
    }

    /// How the audit log names it.
    #[must_use]
    pub fn party(&self) -> AuditParty {
        AuditParty::new("user", self.id.as_str(), self.username.as_str())
    }

    /// The same after a change at this moment.
    #[must_use]
    pub fn changed(&self, now: Timestamp) -> Self {
        Self {
            updated_at: now,
            revision: self.revision + 1,
            ..self.clone()
        }
    }

    /// Whether it has a role.
    #[must_use]
    pub fn has_role(&self, id: &str) -> bool {
        self.roles.iter().any(|role| role.as_str() == id)
    }

    /// Whether it is an administrator.
    #[must_use]
    pub fn is_administrator(&self) -> bool {
        self.has_role(built_in::ADMIN)
    }

    /// Whether it is an administrator who can log in.
    #[must_use]
    pub fn is_active_administrator(&self) -> bool {
        self.is_active() && self.is_administrator()
    }
}
