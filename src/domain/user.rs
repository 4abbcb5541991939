//! Users and their stored data.

use super::password_hash::PasswordHash;
use super::rare::{Rare, shared_default};
use super::{AuditParty, DisplayName, Email, Preferences, Profile, RoleId, Timestamp, TwoFactor, UserId, Username};

shared_default!(Profile);
shared_default!(Preferences);
shared_default!(TwoFactor);

/// An account of a person or a program.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct User {
    /// The id of the user; never changes.
    pub id: UserId,
    /// The name for logins and mentions; unique.
    pub username: Username,
    /// The display name; `None` if it was never set.
    pub name: Option<DisplayName>,
    /// The e-mail address; unique; `None` if it was never set.
    pub email: Option<UserEmail>,
    /// The hash of the password; `None` if the user has no password.
    pub password: Option<PasswordHash>,
    /// Hashes of earlier passwords that may not be used again, newest first.
    pub password_history: Vec<PasswordHash>,
    /// The reason why the user must choose a new password first, maybe empty; `None` if not required.
    pub require_password_change: Option<String>,
    /// The ids of the user's roles.
    pub roles: Vec<RoleId>,
    /// The state of the account, which decides about logins.
    pub activity: Activity,
    /// The profile that the user wrote.
    pub profile: Rare<Profile>,
    /// The preferences that clients stored for the user.
    pub preferences: Rare<Preferences>,
    /// The second factor of the user.
    pub two_factor: Rare<TwoFactor>,
    /// The tag of the uploaded avatar; `None` if the user has no upload and gets initials.
    pub avatar: Option<String>,
    /// The time at which the account was created.
    pub created_at: Timestamp,
    /// The time of the account's last change.
    pub updated_at: Timestamp,
    /// The time of the last login with a password.
    pub last_login: Option<Timestamp>,
    /// A number that grows with every change of the user and every login. A change that depends on this record thereby
    /// also depends on the user's tokens, even within one millisecond.
    pub revision: u64,
}

/// The state of an account.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Activity {
    /// The user may log in.
    Active,
    /// The user may not log in: an administrator deactivated the account.
    Deactivated,
    /// The user may not log in yet: an administrator must approve the account.
    PendingApproval,
    /// The user may not log in: the account was not used for a long time.
    IdleTooLong,
}

impl Activity {
    /// Returns the state of an account with this reason to be inactive, in Rocket.Chat's words.
    #[must_use]
    pub fn inactive(reason: Option<&str>) -> Self {
        let named = |state: &Self| state.reason() == reason;
        let states = [Self::PendingApproval, Self::IdleTooLong];
        states.into_iter().find(named).unwrap_or(Self::Deactivated)
    }

    /// Returns Rocket.Chat's word for the reason why the user may not log in; `None` for an active account.
    #[must_use]
    pub const fn reason(self) -> Option<&'static str> {
        match self {
            Self::Active => None,
            Self::Deactivated => Some("deactivated"),
            Self::PendingApproval => Some("pending_approval"),
            Self::IdleTooLong => Some("idle_too_long"),
        }
    }
}

/// A user's e-mail address with its verification.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UserEmail {
    /// The e-mail address of the user.
    pub address: Email,
    /// `true` if the user proved that they receive mail there.
    pub verified: bool,
}

impl User {
    /// Returns an active user without a password, an address or a profile, created at this time.
    #[must_use]
    pub fn new(id: UserId, username: Username, roles: Vec<RoleId>, now: Timestamp) -> Self {
        Self {
            id,
            username,
            name: None,
            email: None,
            password: None,
            password_history: Vec::new(),
            require_password_change: None,
            roles,
            activity: Activity::Active,
            profile: Rare::default(),
            preferences: Rare::default(),
            two_factor: Rare::default(),
            avatar: None,
            created_at: now,
            updated_at: now,
            last_login: None,
            revision: 0,
        }
    }

    /// Returns whether the user may log in.
    #[must_use]
    pub fn is_active(&self) -> bool {
        self.activity == Activity::Active
    }

    /// Returns the name that others see: the display name, or the username if the user has no name.
    #[must_use]
    pub fn shown_name(&self) -> DisplayName {
        let username = || DisplayName::restore(self.username.as_str());
        self.name.clone().unwrap_or_else(username)
    }

    /// Returns the user as a party of the audit log.
    #[must_use]
    pub fn party(&self) -> AuditParty {
        AuditParty::new("user", self.id.as_str(), self.username.as_str())
    }

    /// Returns a copy for a change at this time, with a higher revision.
    #[must_use]
    pub fn changed(&self, now: Timestamp) -> Self {
        Self {
            updated_at: now,
            revision: self.revision + 1,
            ..self.clone()
        }
    }

    /// Returns whether the user has this role.
    #[must_use]
    pub fn has_role(&self, id: &str) -> bool {
        self.roles.iter().any(|role| role.as_str() == id)
    }

    /// Returns whether the user is an administrator.
    #[must_use]
    pub fn is_administrator(&self) -> bool {
        self.has_role(RoleId::ADMIN)
    }

    /// Returns whether the user is an administrator with an active account.
    #[must_use]
    pub fn is_active_administrator(&self) -> bool {
        self.is_active() && self.is_administrator()
    }
}
