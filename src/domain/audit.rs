//! The audit log: who did what to whom, when, from where.

use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::username::{USERNAME_CHARACTERS, is_default};
use super::{Email, Timestamp};

/// Random bytes that make the key of an entry unique within its millisecond.
pub const AUDIT_KEY_BYTES: usize = 8;

/// One thing that was done. Entries are never changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuditEntry {
    /// When.
    pub at: Timestamp,
    /// Tells it from others of the same millisecond.
    pub random: [u8; AUDIT_KEY_BYTES],
    /// Who did it.
    pub actor: AuditParty,
    /// From where, if it came over the network.
    pub address: Option<IpAddr>,
    /// What was done.
    pub action: AuditAction,
    /// To whom or what.
    pub target: Option<AuditParty>,
    /// What else there is to say, in words.
    pub detail: String,
}

/// Who did something, or to whom or what it was done.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct AuditParty {
    /// `user`, `operator` (the command line), `anonymous`, `role`, `setting`, …
    pub kind: String,
    /// Its id, where it has one.
    pub id: String,
    /// Its name at that time.
    pub name: String,
}

impl AuditParty {
    /// A party of some kind.
    #[must_use]
    pub fn new(kind: &str, id: &str, name: &str) -> Self {
        Self {
            kind: kind.to_owned(),
            id: id.to_owned(),
            name: name.to_owned(),
        }
    }
}

/// The name in an audit entry for a text that cannot be a user's name.
const NOT_A_USERNAME: &str = "(not a username)";

/// Most bytes of a claimed e-mail address that an audit entry has.
const CLAIMED_EMAIL_BYTES: usize = 254;

/// Returns what an audit entry says of the name that a failed login claimed. People type passwords in
/// that field, and attackers type commands for terminals: only what looks like a username or an e-mail
/// address is kept.
#[must_use]
pub fn claimed_name(text: &str) -> &str {
    let text = text.trim();
    let is_email = || text.len() <= CLAIMED_EMAIL_BYTES && Email::parse(text).is_ok();
    let is_username = || text.len() <= USERNAME_CHARACTERS && is_default(text);
    if is_username() || is_email() {
        text
    } else {
        NOT_A_USERNAME
    }
}

impl AuditEntry {
    /// Its name in lists: the moment in hexadecimal, then what tells it from others.
    #[must_use]
    pub fn id(&self) -> String {
        format!("{:016x}{:016x}", self.at.as_millis(), u64::from_be_bytes(self.random))
    }
}

macro_rules! actions {
    ($($(#[$meaning:meta])* $name:ident = $word:literal,)*) => {
        /// Something that is worth remembering.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
        pub enum AuditAction {
            $($(#[$meaning])* #[serde(rename = $word)] $name,)*
        }

        impl AuditAction {
            /// All of them.
            pub const ALL: &'static [Self] = &[$(Self::$name),*];

            /// The word for it. Never changes: stores on disk have it.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self {
                    $(Self::$name => $word,)*
                }
            }
        }
    };
}

actions! {
    /// Somebody logged in.
    Login = "login",
    /// Somebody tried to log in.
    LoginFailed = "login-failed",
    /// Somebody was kept from trying.
    LoginBlocked = "login-blocked",
    /// Somebody ended a login.
    Logout = "logout",
    /// A user was created.
    UserCreated = "user-created",
    /// Somebody registered.
    UserRegistered = "user-registered",
    /// A user's record was changed.
    UserUpdated = "user-updated",
    /// A user was deleted.
    UserDeleted = "user-deleted",
    /// An account was switched on.
    UserActivated = "user-activated",
    /// An account was switched off.
    UserDeactivated = "user-deactivated",
    /// The block of a user was ended.
    UserUnlocked = "user-unlocked",
    /// A password was set.
    PasswordChanged = "password-changed",
    /// Somebody said that they forgot a password.
    PasswordForgotten = "password-forgotten",
    /// A link to set a password was made.
    PasswordResetLink = "password-reset-link",
    /// Tokens of a user were ended.
    TokensEnded = "tokens-ended",
    /// A token was made for a user.
    TokenCreated = "token-created",
    /// A personal access token was made.
    PersonalTokenCreated = "personal-token-created",
    /// A personal access token was removed.
    PersonalTokenRemoved = "personal-token-removed",
    /// A second factor was switched on.
    TwoFactorEnabled = "two-factor-enabled",
    /// A second factor was switched off.
    TwoFactorDisabled = "two-factor-disabled",
    /// Backup codes were made anew.
    BackupCodesMade = "backup-codes-made",
    /// A picture was put up or taken away.
    AvatarChanged = "avatar-changed",
    /// A role was created.
    RoleCreated = "role-created",
    /// A role was changed.
    RoleUpdated = "role-updated",
    /// A role was deleted.
    RoleDeleted = "role-deleted",
    /// A user was given a role.
    RoleGiven = "role-given",
    /// A role was taken from a user.
    RoleTaken = "role-taken",
    /// A permission was granted or taken.
    PermissionChanged = "permission-changed",
    /// A setting was changed.
    SettingChanged = "setting-changed",
    /// A custom status was created.
    CustomStatusCreated = "custom-status-created",
    /// A custom status was changed.
    CustomStatusUpdated = "custom-status-updated",
    /// A custom status was deleted.
    CustomStatusDeleted = "custom-status-deleted",
}

/// The text is no action.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("is no action of the audit log")]
pub struct NotAnAction;

impl FromStr for AuditAction {
    type Err = NotAnAction;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::ALL
            .iter()
            .copied()
            .find(|action| action.as_str() == text)
            .ok_or(NotAnAction)
    }
}

impl fmt::Display for AuditAction {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(self.as_str())
    }
}
