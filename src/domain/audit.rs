//! The audit log: a record of who did what to whom, when, and from which address.

use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::username::{USERNAME_CHARACTERS, is_default};
use super::{Email, Timestamp};

/// The number of bytes of [`AuditEntry::order`].
pub const AUDIT_ORDER_BYTES: usize = 8;

/// One recorded action. Entries are never changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuditEntry {
    /// The time of the action.
    pub at: Timestamp,
    /// The position among the entries of the same millisecond. It is unique.
    pub order: [u8; AUDIT_ORDER_BYTES],
    /// The user, operator or anonymous caller that did it.
    pub actor: AuditParty,
    /// The client's address, if the action came over the network.
    pub address: Option<IpAddr>,
    /// The kind of the action.
    pub action: AuditAction,
    /// The user or object that the action changed.
    pub target: Option<AuditParty>,
    /// More details, in words; may be empty.
    pub detail: String,
}

/// The actor or the target of an audit entry.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct AuditParty {
    /// The type: `user`, `operator` (the command line), `anonymous`, `role`, `setting`, …
    pub kind: String,
    /// The id; empty if it has none.
    pub id: String,
    /// The name at the time of the action.
    pub name: String,
}

impl AuditParty {
    /// Creates a party of this kind.
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

/// The maximum length of a claimed e-mail address in an audit entry, in bytes.
const CLAIMED_EMAIL_BYTES: usize = 254;

/// Returns the text that an audit entry stores for the name that a failed login claimed. People type passwords in
/// that field, and attackers type commands for terminals, so that only texts in the form of a username or an e-mail
/// address are stored.
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
    /// Returns the id of the entry for lists: the time in milliseconds, then the order within it, both in hexadecimal.
    #[must_use]
    pub fn id(&self) -> String {
        format!("{:016x}{:016x}", self.at.as_millis(), u64::from_be_bytes(self.order))
    }
}

macro_rules! actions {
    ($($(#[$meaning:meta])* $name:ident = $word:literal,)*) => {
        /// A kind of action that the audit log records.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
        pub enum AuditAction {
            $($(#[$meaning])* #[serde(rename = $word)] $name,)*
        }

        impl AuditAction {
            /// All actions, in the order of their declaration.
            pub const ALL: &'static [Self] = &[$(Self::$name),*];

            /// Returns the word for the action. It never changes, because stores on disk contain it.
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
    /// A user logged in.
    Login = "login",
    /// A login attempt failed.
    LoginFailed = "login-failed",
    /// A user or an address was blocked after too many failed logins.
    LoginBlocked = "login-blocked",
    /// A user logged out.
    Logout = "logout",
    /// A user was created.
    UserCreated = "user-created",
    /// A user registered themselves.
    UserRegistered = "user-registered",
    /// A user's record was changed.
    UserUpdated = "user-updated",
    /// A user was deleted.
    UserDeleted = "user-deleted",
    /// An account was activated.
    UserActivated = "user-activated",
    /// An account was deactivated.
    UserDeactivated = "user-deactivated",
    /// The block of a user after failed logins was removed.
    UserUnlocked = "user-unlocked",
    /// A password was set.
    PasswordChanged = "password-changed",
    /// A user reported a forgotten password.
    PasswordForgotten = "password-forgotten",
    /// A link to set a password was created.
    PasswordResetLink = "password-reset-link",
    /// Tokens of a user were removed.
    TokensEnded = "tokens-ended",
    /// A token was created for a user.
    TokenCreated = "token-created",
    /// A personal access token was created.
    PersonalTokenCreated = "personal-token-created",
    /// A personal access token was removed.
    PersonalTokenRemoved = "personal-token-removed",
    /// The second factor of a user was enabled.
    TwoFactorEnabled = "two-factor-enabled",
    /// The second factor of a user was disabled.
    TwoFactorDisabled = "two-factor-disabled",
    /// New backup codes were created.
    BackupCodesMade = "backup-codes-made",
    /// An avatar was uploaded or removed.
    AvatarChanged = "avatar-changed",
    /// A role was created.
    RoleCreated = "role-created",
    /// A role was changed.
    RoleUpdated = "role-updated",
    /// A role was deleted.
    RoleDeleted = "role-deleted",
    /// A user was given a role.
    RoleGiven = "role-given",
    /// A role was removed from a user.
    RoleTaken = "role-taken",
    /// The roles of a permission were changed.
    PermissionChanged = "permission-changed",
    /// A setting was changed.
    SettingChanged = "setting-changed",
    /// An invitation was created.
    InvitationCreated = "invitation-created",
    /// An invitation was revoked.
    InvitationRevoked = "invitation-revoked",
    /// A board for a display on a wall was created.
    BoardCreated = "board-created",
    /// A board was revoked.
    BoardRevoked = "board-revoked",
    /// The operator confirmed that the machine's clock is right.
    ClockConfirmed = "clock-confirmed",
    /// A backup was begun.
    BackupMade = "backup-made",
    /// An export was begun.
    ExportMade = "export-made",
    /// A custom status was created.
    CustomStatusCreated = "custom-status-created",
    /// A custom status was changed.
    CustomStatusUpdated = "custom-status-updated",
    /// A custom status was deleted.
    CustomStatusDeleted = "custom-status-deleted",
}

/// The error for a text that names no audit action.
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
