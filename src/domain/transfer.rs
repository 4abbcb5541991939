//! The lines of an export, which an import reads. `docs/import.md` describes each field.
//!
//! The types hold texts as they are in a file: `ops::transfer` parses them by the rules of the API. None of them has
//! `Debug`, because a line may have secrets.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// The name of the format in the first line.
pub const EXPORT_FORMAT: &str = "rollcall-export";

/// The version of the format. An import refuses a newer one.
pub const EXPORT_VERSION: u32 = 1;

/// The maximum length of a line, in bytes. It holds a user with the largest picture, preferences and custom fields.
pub const LINE_BYTES: usize = 768 * 1024;

/// A line of an export.
#[derive(Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "lowercase")]
pub enum TransferLine {
    /// The first line of a file.
    Header(HeaderLine),
    /// A role that is not built in.
    Role(ExportedRole),
    /// The roles of a permission, if they are not the default.
    Grant(GrantLine),
    /// The value of a setting, if it is not the default.
    Setting(ExportedSetting),
    /// A custom status.
    Status(CustomStatusLine),
    /// A user with the user's own data.
    User(Box<UserLine>),
    /// The picture of a user, in a line of its own.
    Avatar(AvatarLine),
    /// The last line of a file.
    End(EndLine),
}

/// The origin and the format of a file.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct HeaderLine {
    /// The name of the format, [`EXPORT_FORMAT`].
    pub format: String,
    /// The version of the format.
    pub version: u32,
    /// The time of the export, ISO 8601.
    pub exported_at: String,
    /// The version of the server that made the export.
    pub server: String,
    /// True if the lines of users have secrets.
    pub secrets: bool,
}

/// The number of lines before this one, which shows that the file is whole.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct EndLine {
    /// The number of lines before this one, with the header.
    pub lines: u64,
}

/// A role that is not built in.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ExportedRole {
    /// The id of the role.
    pub id: String,
    /// The name of the role.
    pub name: String,
    /// The purpose of the role; may be empty.
    #[serde(default)]
    pub description: String,
    /// The place where the role counts: `Users` or `Subscriptions`.
    #[serde(default)]
    pub scope: Option<String>,
    /// True if users with this role must have a second factor.
    #[serde(rename = "mandatory2fa", default)]
    pub mandatory_two_factor: bool,
}

/// The roles of a permission.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct GrantLine {
    /// The name of the permission.
    pub permission: String,
    /// The ids of all roles that have the permission.
    pub roles: Vec<String>,
}

/// The value of a setting.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ExportedSetting {
    /// The name of the setting.
    pub id: String,
    /// The value: a boolean, a number or a text.
    pub value: Value,
}

/// A custom status.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct CustomStatusLine {
    /// The id of the custom status.
    pub id: String,
    /// The name of the custom status.
    pub name: String,
    /// The status type: `online`, `busy`, `away` or `offline`.
    pub status_type: String,
    /// The emoji that is set together with the status.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub emoji: Option<String>,
    /// The minutes after which the status ends.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub duration_minutes: Option<u32>,
}

/// The picture of a user.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct AvatarLine {
    /// The id of the user.
    pub user: String,
    /// The file of the picture as base64.
    pub picture: String,
}

/// A user. A field that is absent is not changed, and has the default value in a new account.
#[derive(Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct UserLine {
    /// The id of the user.
    pub id: String,
    /// The name for logins.
    pub username: String,
    /// The name that others see.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// The e-mail addresses. The first one is used.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub emails: Vec<EmailLine>,
    /// The ids of the roles. If absent, a new account has the default roles.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub roles: Option<Vec<String>>,
    /// False if the user may not log in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub active: Option<bool>,
    /// The reason of `active: false`: `deactivated`, `pending_approval` or `idle_too_long`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub inactive_reason: Option<String>,
    /// The text about the user.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bio: Option<String>,
    /// The nickname of the user.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub nickname: Option<String>,
    /// The reason that the user gave when they registered.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// The custom fields by name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub custom_fields: Option<Map<String, Value>>,
    /// The preferences that clients stored, by name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub preferences: Option<Map<String, Value>>,
    /// The status that shows while the user is connected: `online`, `busy`, `away` or `offline`. Only for new accounts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status_default: Option<String>,
    /// The text of the status. Only for new accounts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status_text: Option<String>,
    /// The emoji of the status. Only for new accounts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status_emoji: Option<String>,
    /// The precision in which others see when the user was last seen: `exact`, `coarse` or `hidden`. Only for new
    /// accounts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shows_last_seen: Option<String>,
    /// The ids of the users and roles from whom the user hides. Only for new accounts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hide_from: Option<HideFromLine>,
    /// The reason why the user must choose another password; may be empty.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub require_password_change: Option<String>,
    /// The time of the creation of the account, ISO 8601.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub created_at: Option<String>,
    /// The time of the last login with a password, ISO 8601. Only for new accounts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_login: Option<String>,
    /// The file of the picture as base64.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub avatar: Option<String>,
    /// The data that prove the identity of the user.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub secrets: Option<SecretsLine>,
}

/// An e-mail address of a user.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct EmailLine {
    /// The e-mail address itself.
    pub address: String,
    /// True if the user proved that they receive mail there.
    #[serde(default)]
    pub verified: bool,
}

/// The users and roles from whom a user hides.
#[derive(Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct HideFromLine {
    /// The ids of the users.
    #[serde(default)]
    pub users: Vec<String>,
    /// The ids of the roles.
    #[serde(default)]
    pub roles: Vec<String>,
}

/// The data that prove the identity of a user. Only an export with secrets has it.
#[derive(Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct SecretsLine {
    /// The hash of the password: argon2id (`$argon2id$…`) or bcrypt (`$2b$…`), both over the SHA-256 of the password
    /// in lower-case hexadecimal digits.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub password: Option<String>,
    /// The hashes of earlier passwords, newest first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub password_history: Vec<String>,
    /// The personal access tokens.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tokens: Vec<ExportedToken>,
    /// The second factor, if it is on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub totp: Option<TotpLine>,
}

/// A personal access token.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ExportedToken {
    /// The SHA-256 of the token as base64.
    pub hash: String,
    /// The name of the token.
    pub name: String,
    /// The last characters of the token.
    #[serde(default)]
    pub last_part: String,
    /// True if calls with the token need no second factor.
    #[serde(default)]
    pub bypass_two_factor: bool,
    /// The scopes of the token; absent for all rights of its owner.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scopes: Option<Vec<String>>,
    /// The time of its creation, ISO 8601.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub created_at: Option<String>,
    /// The time at which it expires, ISO 8601; absent if it never expires.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires_at: Option<String>,
    /// The time of its last use, ISO 8601.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_used_at: Option<String>,
}

/// The second factor of a user.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct TotpLine {
    /// The secret of the authenticator app as base32 without padding.
    pub secret: String,
    /// The digests of the unused backup codes as base64.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub backup_codes: Vec<String>,
    /// The salt of the digests as base64. Absent if they are plain SHA-256.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub backup_salt: Option<String>,
    /// The step of the last used code, counted since 1970.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_step: Option<u64>,
}

impl TransferLine {
    /// Returns the object of the line in words, for reports.
    #[must_use]
    pub fn subject(&self) -> String {
        match self {
            Self::Header(_) => "header".into(),
            Self::Role(role) => format!("role {}", role.name),
            Self::Grant(grant) => format!("permission {}", grant.permission),
            Self::Setting(setting) => format!("setting {}", setting.id),
            Self::Status(status) => format!("custom status {}", status.name),
            Self::User(user) => format!("user {}", user.username),
            Self::Avatar(avatar) => format!("picture of {}", avatar.user),
            Self::End(_) => "end".into(),
        }
    }
}

/// A line that a reader of files found.
pub struct SourceLine {
    /// The place in the file, for reports, as `line 12`.
    pub place: String,
    /// The line; or the object in words, and the reason why the file has no valid line there.
    pub line: Result<TransferLine, (String, String)>,
    /// The parts of the object that have no place in the line, each with the reason.
    pub notes: Vec<String>,
}

impl SourceLine {
    /// Creates a line without notes.
    #[must_use]
    pub const fn new(place: String, line: Result<TransferLine, (String, String)>) -> Self {
        Self {
            place,
            line,
            notes: Vec::new(),
        }
    }
}
