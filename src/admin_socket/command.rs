//! The commands of the administration socket, and their answers.

use serde::{Deserialize, Serialize};

use super::finding::Finding;
use crate::domain::AuditParty;
use crate::domain::import_result::{ImportMode, LineReport};

/// A command of the operator. `user` is a username, an e-mail address or an id.
#[derive(Serialize, Deserialize)]
pub enum Command {
    /// Creates a user; the first one becomes administrator.
    CreateUser {
        /// The username to log in with.
        username: String,
        /// The e-mail address, if there is one.
        email: Option<String>,
        /// The name that others see, if it is not the username.
        name: Option<String>,
        /// The password in plain text.
        password: String,
        /// The ids of the roles; empty means `user`.
        roles: Vec<String>,
    },
    /// Lists all users.
    ListUsers,
    /// Shows one user.
    ShowUser {
        /// The user to show.
        user: String,
    },
    /// Sets a user's password and ends all its tokens.
    SetPassword {
        /// The user to change.
        user: String,
        /// The new password in plain text.
        password: String,
    },
    /// Activates or deactivates an account.
    SetActive {
        /// The user to change.
        user: String,
        /// True to activate the account.
        active: bool,
    },
    /// Ends the lockout of a user.
    UnlockUser {
        /// The user to unlock.
        user: String,
    },
    /// Deletes a user.
    DeleteUser {
        /// The user to delete.
        user: String,
    },
    /// Lists live login tokens.
    ListTokens {
        /// The user whose tokens are listed; if absent, all tokens are.
        user: Option<String>,
    },
    /// Ends one login token.
    RevokeToken {
        /// The label of the token in the list.
        label: String,
    },
    /// Ends all login tokens of a user.
    RevokeTokensOf {
        /// The user whose tokens end.
        user: String,
    },
    /// Lists all custom statuses.
    ListStatuses,
    /// Creates a custom status.
    CreateStatus {
        /// The name of the status; unique.
        name: String,
        /// The status type: `online`, `busy`, `away` or `offline`.
        status_type: String,
    },
    /// Deletes a custom status.
    DeleteStatus {
        /// The id or the name of the status.
        status: String,
    },
    /// Creates a link with which a user can choose a new password.
    MakeResetLink {
        /// The user for whom the link is.
        user: String,
    },
    /// Creates an invitation.
    Invite {
        /// The number of people who may register with it; 0 sets no limit.
        max_uses: Option<u32>,
        /// The number of days for which it is valid.
        days: Option<u32>,
        /// The ids of the roles of those who register with it; empty means the default roles.
        roles: Vec<String>,
        /// A text about its purpose; may be empty.
        note: String,
    },
    /// Removes a user's second factor.
    ResetTotp {
        /// The user to change.
        user: String,
    },
    /// Reads the audit log, the newest entry first.
    ReadAudit(AuditQuestion),
    /// Verifies the whole store.
    Check,
    /// Reads the state of the clock.
    ReadClock,
    /// Believes the machine's clock.
    ConfirmClock,
    /// Measures the disk and the store.
    ReadDisk,
    /// Reads what the server knows of its surroundings.
    ReadSurroundings,
    /// Makes a backup. If the answer is [`CommandAnswer::Backup`], the bytes of the backup follow it.
    Backup {
        /// True to include the key that encrypts second factors.
        with_key: bool,
    },
    /// Makes an export. If the answer is [`CommandAnswer::Export`], the lines of the export follow it.
    Export {
        /// True to include password hashes, tokens and second factors.
        with_secrets: bool,
    },
    /// Begins an import. If the answer is [`CommandAnswer::Import`], the client sends lists of lines, one list in a line
    /// of JSON, and the server answers each list with [`CommandAnswer::Imported`].
    Import(ImportMode),
}

/// The filter of a request for audit entries.
#[derive(Debug, Serialize, Deserialize)]
pub struct AuditQuestion {
    /// Only actions by this user: a username or id.
    pub actor: Option<String>,
    /// Only actions on this object: a name or id.
    pub target: Option<String>,
    /// Only actions with this name.
    pub action: Option<String>,
    /// Only entries from this moment on, ISO 8601.
    pub from: Option<String>,
    /// Only entries before this moment, ISO 8601.
    pub until: Option<String>,
    /// The maximum number of entries.
    pub count: usize,
}

/// The result of a command.
#[derive(Debug, Serialize, Deserialize)]
pub enum CommandAnswer {
    /// The user after the command; for a deletion, the user before it.
    User(UserEntry),
    /// All users of the server.
    Users(Vec<UserEntry>),
    /// The live tokens, without their secrets.
    Tokens(Vec<TokenEntry>),
    /// The number of tokens that were ended.
    Revoked(usize),
    /// The custom status after the command; for a deletion, the status before it.
    Status(StatusEntry),
    /// All custom statuses of the server.
    Statuses(Vec<StatusEntry>),
    /// A link to choose a new password. Without a running server, it has the configured address.
    ResetLink(String),
    /// A link with which people register. Without a running server, its address may be the default one.
    Invitation(String),
    /// Entries of the audit log, the newest first.
    Audit(Vec<AuditLine>),
    /// A backup, whose bytes follow.
    Backup,
    /// An export, whose lines follow.
    Export,
    /// An import has begun.
    Import,
    /// The results of an import for each line of a list.
    Imported {
        /// The results, in the order of the lines. After an error, those of the lines before it.
        reports: Vec<LineReport>,
        /// True if an active user has the role `admin`.
        has_administrator: bool,
        /// The error that ended the import after these lines.
        failure: Option<String>,
    },
    /// All problems of the store and its key file; empty if there are none.
    Findings(Vec<Finding>),
    /// The state of the clock.
    Clock(ClockEntry),
    /// The state of the disk.
    Disk(DiskEntry),
    /// The server answers with what it knows of its surroundings.
    Surroundings(SurroundingsEntry),
}

/// The state of the disk with the data folder, and of the store on it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct DiskEntry {
    /// Bytes that are free on the disk; absent if its file system does not know.
    pub free_bytes: Option<u64>,
    /// The free bytes below which changes are refused.
    pub reserve_bytes: u64,
    /// Bytes of the files of the store.
    pub file_bytes: u64,
    /// Bytes of the records in the store when it was opened.
    pub data_bytes: u64,
    /// The reason why changes are refused, and what to do, in words; absent if they are made.
    pub problem: Option<String>,
}

/// The surroundings of a server, as far as it knows them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SurroundingsEntry {
    /// The public URL of the settings in force, if there is one.
    pub public_url: Option<String>,
    /// The number of requests with `X-Forwarded-For` from a trusted proxy since the start.
    pub forwarded_by_trusted: u64,
    /// The number of requests with this header from other peers.
    pub forwarded_by_others: u64,
    /// The time at which the server's certificate ends, ISO 8601, and the days until then; absent without TLS.
    pub certificate: Option<(String, i64)>,
}

/// The state of the clock.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ClockEntry {
    /// The time of the machine's clock, ISO 8601.
    pub machine: String,
    /// The time that the server uses, ISO 8601.
    pub used: String,
    /// The time of the last commit that was made with a clock without doubt, ISO 8601; absent if it is not known.
    pub last_commit: Option<String>,
    /// The reason why the clock is doubtful, in words.
    pub doubt: Option<String>,
    /// True if data that has ended may be erased.
    pub may_erase: bool,
}

/// A user in a list. The field names are those of the HTTP API.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct UserEntry {
    /// The id of the user.
    #[serde(rename = "_id")]
    pub id: String,
    /// The username to log in with.
    pub username: String,
    /// The name that others see.
    pub name: Option<String>,
    /// The e-mail address, if there is one.
    pub email: Option<String>,
    /// The ids of the user's roles.
    pub roles: Vec<String>,
    /// True if the account may log in.
    pub active: bool,
    /// The time when the account was created, ISO 8601.
    pub created_at: String,
    /// The time of the last login with a password, ISO 8601.
    pub last_login: Option<String>,
}

/// A login token in a list, without its secret.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct TokenEntry {
    /// The label with which `token revoke` selects the token.
    pub label: String,
    /// The username of the token's user.
    pub username: String,
    /// The time when the token was created, ISO 8601.
    pub created_at: String,
    /// The time when the token expires, ISO 8601; absent if it never does.
    pub expires_at: Option<String>,
    /// The time of the last use, to the minute, ISO 8601.
    pub last_used_at: Option<String>,
    /// The name of a personal access token, or the name of the session's client.
    pub client: String,
    /// The address from which the session was created.
    pub address: Option<String>,
}

/// An audit entry in a list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct AuditLine {
    /// The time of the action, ISO 8601.
    pub at: String,
    /// The actor: kind, id and name.
    pub actor: AuditParty,
    /// The address of the request.
    pub address: Option<String>,
    /// The name of the action.
    pub action: String,
    /// The target of the action: kind, id and name.
    pub target: Option<AuditParty>,
    /// Details of the action, for readers.
    pub detail: String,
}

/// A custom status in a list. The field names are those of the HTTP API.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct StatusEntry {
    /// The id of the custom status.
    #[serde(rename = "_id")]
    pub id: String,
    /// The name of the custom status.
    pub name: String,
    /// The status type that it sets.
    pub status_type: String,
    /// The time when it was created or last changed, ISO 8601.
    #[serde(rename = "_updatedAt")]
    pub updated_at: String,
}
