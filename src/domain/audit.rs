//! The audit log: a record of who did what to whom, when, and from which address.

use std::net::IpAddr;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::username::{USERNAME_CHARACTERS, is_default};
use super::{Email, Timestamp};

/// The number of bytes of [`AuditEntry::order`].
pub(crate) const AUDIT_ORDER_BYTES: usize = 8;

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
pub(crate) fn claimed_name(text: &str) -> &str {
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

/// A kind of action that the audit log records. Its word never changes, because stores on disk contain it.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    Serialize,
    Deserialize,
    JsonSchema,
    strum::Display,
    strum::EnumString,
    strum::IntoStaticStr,
    strum::VariantArray,
)]
#[serde(rename_all = "kebab-case")]
#[strum(serialize_all = "kebab-case", parse_err_ty = NotAnAction, parse_err_fn = not_an_action)]
pub enum AuditAction {
    /// A user logged in.
    Login,
    /// A login attempt failed.
    LoginFailed,
    /// A user or an address was blocked after too many failed logins.
    LoginBlocked,
    /// A user logged out.
    Logout,
    /// A user was created.
    UserCreated,
    /// A user registered themselves.
    UserRegistered,
    /// A user's record was changed.
    UserUpdated,
    /// A user was deleted.
    UserDeleted,
    /// An account was activated.
    UserActivated,
    /// An account was deactivated.
    UserDeactivated,
    /// The block of a user after failed logins was removed.
    UserUnlocked,
    /// A password was set.
    PasswordChanged,
    /// A user reported a forgotten password.
    PasswordForgotten,
    /// A link to set a password was created.
    PasswordResetLink,
    /// Tokens of a user were removed.
    TokensEnded,
    /// A token was created for a user.
    TokenCreated,
    /// A personal access token was created.
    PersonalTokenCreated,
    /// A personal access token was removed.
    PersonalTokenRemoved,
    /// The second factor of a user was enabled.
    TwoFactorEnabled,
    /// The second factor of a user was disabled.
    TwoFactorDisabled,
    /// New backup codes were created.
    BackupCodesMade,
    /// An avatar was uploaded or removed.
    AvatarChanged,
    /// A role was created.
    RoleCreated,
    /// A role was changed.
    RoleUpdated,
    /// A role was deleted.
    RoleDeleted,
    /// A user was given a role.
    RoleGiven,
    /// A role was removed from a user.
    RoleTaken,
    /// The roles of a permission were changed.
    PermissionChanged,
    /// A setting was changed.
    SettingChanged,
    /// An invitation was created.
    InvitationCreated,
    /// An invitation was revoked.
    InvitationRevoked,
    /// A board for a display on a wall was created.
    BoardCreated,
    /// A board was revoked.
    BoardRevoked,
    /// The operator confirmed that the machine's clock is right.
    ClockConfirmed,
    /// A backup was begun.
    BackupMade,
    /// An export was begun.
    ExportMade,
    /// A custom status was created.
    CustomStatusCreated,
    /// A custom status was changed.
    CustomStatusUpdated,
    /// A custom status was deleted.
    CustomStatusDeleted,
}

impl AuditAction {
    /// All actions, in the order of their declaration.
    pub const ALL: &'static [Self] = <Self as strum::VariantArray>::VARIANTS;

    /// Returns the word for the action.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        self.into()
    }
}

/// The error for a text that names no audit action.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("is no action of the audit log")]
pub struct NotAnAction;

const fn not_an_action(_: &str) -> NotAnAction {
    NotAnAction
}
