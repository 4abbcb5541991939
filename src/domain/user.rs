//! Users.

use std::fmt;

use super::{DisplayName, Email, Role, Timestamp, UserId, Username};

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
    /// What it may do.
    pub roles: Vec<Role>,
    /// Whether it may log in.
    pub active: bool,
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
    /// Whether it is an administrator who can log in.
    #[must_use]
    pub fn is_active_administrator(&self) -> bool {
        self.active && self.roles.contains(&Role::Admin)
    }
}
