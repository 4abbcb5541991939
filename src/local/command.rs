//! What can be asked for, and what is answered.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::auth::KeyError;
use crate::domain::AuditParty;
use crate::store::Problem;

/// Something the operator wants done. `user` is a username, an e-mail address or an id.
#[derive(Serialize, Deserialize)]
pub enum Command {
    /// Creates a user; the first one becomes administrator.
    CreateUser {
        /// What it logs in with.
        username: String,
        /// Its address, if any.
        email: Option<String>,
        /// What others see, if it is more than the username.
        name: Option<String>,
        /// Its password in the clear.
        password: String,
        /// Its roles; none is `user`.
        roles: Vec<String>,
    },
    /// Lists all users.
    ListUsers,
    /// Shows one user.
    ShowUser {
        /// Which one.
        user: String,
    },
    /// Sets a user's password and ends all its tokens.
    SetPassword {
        /// Whose.
        user: String,
        /// The new password in the clear.
        password: String,
    },
    /// Switches an account on or off.
    SetActive {
        /// Whose.
        user: String,
        /// On or off.
        active: bool,
    },
    /// Ends the block of a user after failed logins.
    UnlockUser {
        /// The user.
        user: String,
    },
    /// Deletes a user.
    DeleteUser {
        /// Which one.
        user: String,
    },
    /// Lists live login tokens.
    ListTokens {
        /// Of one user only.
        user: Option<String>,
    },
    /// Ends one login token.
    RevokeToken {
        /// Its label in the list.
        label: String,
    },
    /// Ends all login tokens of a user.
    RevokeTokensOf {
        /// Whose.
        user: String,
    },
    /// Lists all custom statuses.
    ListStatuses,
    /// Creates a custom status.
    CreateStatus {
        /// Its name.
        name: String,
        /// Its status type.
        status_type: String,
    },
    /// Deletes a custom status.
    DeleteStatus {
        /// Its id or its name.
        status: String,
    },
    /// Makes a link with which a user can choose a new password.
    MakeResetLink {
        /// Whose.
        user: String,
    },
    /// Switches a user's second factor off.
    ResetTotp {
        /// Whose.
        user: String,
    },
    /// Reads the audit log, the newest entry first.
    ReadAudit(AuditQuestion),
    /// Verifies the whole store.
    Check,
}

/// Which entries of the audit log are asked for.
#[derive(Debug, Serialize, Deserialize)]
pub struct AuditQuestion {
    /// Only what this user did: a username or id.
    pub actor: Option<String>,
    /// Only what was done to this: a name or id.
    pub target: Option<String>,
    /// Only this.
    pub action: Option<String>,
    /// Only from this moment on, ISO 8601.
    pub from: Option<String>,
    /// Only before this moment, ISO 8601.
    pub until: Option<String>,
    /// At most so many entries.
    pub count: usize,
}

/// What came of a command.
#[derive(Debug, Serialize, Deserialize)]
pub enum Answer {
    /// The user it was about, as it is now; as it was, for a deletion.
    User(UserEntry),
    /// All users.
    Users(Vec<UserEntry>),
    /// Live tokens.
    Tokens(Vec<TokenEntry>),
    /// How many tokens were ended.
    Revoked(usize),
    /// The custom status it was about, as it is now; as it was, for a deletion.
    Status(StatusEntry),
    /// All custom statuses.
    Statuses(Vec<StatusEntry>),
    /// A link to choose a new password; its path where no server is there to say its own address.
    ResetLink(String),
    /// Entries of the audit log.
    Audit(Vec<AuditLine>),
    /// Everything wrong with the store and its key file; none is sound.
    Findings(Vec<Finding>),
}

/// Something that a check found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Finding {
    /// Something wrong in the store.
    Store(Problem),
    /// The next server could not use the file with the key that seals secrets.
    Key {
        /// The reason, and what to do next.
        key_file: String,
    },
}

impl Finding {
    /// Returns all that a check found.
    pub(super) fn all(problems: Vec<Problem>, key: Option<KeyError>) -> Vec<Self> {
        let key = key.map(|error| Self::Key {
            key_file: error.to_string(),
        });
        problems.into_iter().map(Self::Store).chain(key).collect()
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Store(problem) => problem.fmt(out),
            Self::Key { key_file } => out.write_str(key_file),
        }
    }
}

/// A user, as lists show it. The names are those of the HTTP API.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct UserEntry {
    /// Its id.
    #[serde(rename = "_id")]
    pub id: String,
    /// What it logs in with.
    pub username: String,
    /// What others see.
    pub name: Option<String>,
    /// Its address.
    pub email: Option<String>,
    /// The words of its roles.
    pub roles: Vec<String>,
    /// Whether it may log in.
    pub active: bool,
    /// When it was created, ISO 8601.
    pub created_at: String,
    /// When it last logged in with a password, ISO 8601.
    pub last_login: Option<String>,
}

/// A login token, as lists show it: never the token.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct TokenEntry {
    /// What names it in `token revoke`.
    pub label: String,
    /// Whom it logs in.
    pub username: String,
    /// When it was given out, ISO 8601.
    pub created_at: String,
    /// When it dies, ISO 8601; none is never.
    pub expires_at: Option<String>,
    /// When it was last used, to the minute, ISO 8601.
    pub last_used_at: Option<String>,
    /// The name of a personal access token, else what the client called itself.
    pub client: String,
    /// Where the login came from.
    pub address: Option<String>,
}

/// An entry of the audit log, as lists show it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct AuditLine {
    /// When, ISO 8601.
    pub at: String,
    /// Who did it: kind, id and name.
    pub actor: AuditParty,
    /// From where.
    pub address: Option<String>,
    /// What.
    pub action: String,
    /// To whom or what.
    pub target: Option<AuditParty>,
    /// What else there is to say.
    pub detail: String,
}

/// A custom status, as lists show it. The names are those of the HTTP API.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct StatusEntry {
    /// Its id.
    #[serde(rename = "_id")]
    pub id: String,
    /// Its name.
    pub name: String,
    /// Its status type.
    pub status_type: String,
    /// When it was created or last changed, ISO 8601.
    #[serde(rename = "_updatedAt")]
    pub updated_at: String,
}
