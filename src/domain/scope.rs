//! Scopes: the parts of the API that a personal access token may use.

use std::fmt;
use std::str::FromStr;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A part of the API. Scopes exist only in Rollcall: in Rocket.Chat, a personal access token may do all that its
/// owner may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum Scope {
    /// Allows reading custom statuses and the caller's own status.
    #[serde(rename = "status:read")]
    StatusRead,
    /// Allows setting statuses and managing custom statuses.
    #[serde(rename = "status:write")]
    StatusWrite,
    /// Allows reading the presence of users.
    #[serde(rename = "presence:read")]
    PresenceRead,
    /// Allows reading users and roles.
    #[serde(rename = "users:read")]
    UsersRead,
    /// Allows creating, changing and deleting users, and changing the caller's own profile.
    #[serde(rename = "users:write")]
    UsersWrite,
    /// Allows administering roles, permissions and settings, and reading the audit log.
    #[serde(rename = "admin")]
    Admin,
}

impl Scope {
    /// All scopes, in the order of their declaration.
    pub const ALL: [Self; 6] = [
        Self::StatusRead,
        Self::StatusWrite,
        Self::PresenceRead,
        Self::UsersRead,
        Self::UsersWrite,
        Self::Admin,
    ];

    /// Returns the word in requests and responses.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::StatusRead => "status:read",
            Self::StatusWrite => "status:write",
            Self::PresenceRead => "presence:read",
            Self::UsersRead => "users:read",
            Self::UsersWrite => "users:write",
            Self::Admin => "admin",
        }
    }
}

/// The error for a text that names no scope.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("is not one of status:read, status:write, presence:read, users:read, users:write, admin")]
pub struct NotAScope;

impl FromStr for Scope {
    type Err = NotAScope;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::ALL
            .into_iter()
            .find(|scope| scope.as_str() == text)
            .ok_or(NotAScope)
    }
}

impl fmt::Display for Scope {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(self.as_str())
    }
}

/// The scope that a call requires of its token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RequiredScope {
    /// No scope: any live token is accepted.
    Any,
    /// This scope, or a token without scopes.
    Scope(Scope),
    /// A token without scopes, because a token with scopes must not extend its own rights.
    Full,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_scope_is_named_by_its_word() {
        for scope in Scope::ALL {
            assert_eq!(scope.as_str().parse(), Ok(scope));
            assert_eq!(serde_json::to_value(scope).ok(), Some(scope.as_str().into()));
        }
        assert_eq!("users:*".parse::<Scope>(), Err(NotAScope));
    }
}
