//! Scopes: what a personal access token is good for, where its owner narrowed it.

use std::fmt;
use std::str::FromStr;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A part of the API. Rollcall's own: Rocket.Chat's personal access tokens can do all that their
/// owner can.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum Scope {
    /// Read custom statuses and one's own status.
    #[serde(rename = "status:read")]
    StatusRead,
    /// Set statuses, and manage custom ones.
    #[serde(rename = "status:write")]
    StatusWrite,
    /// See who is here.
    #[serde(rename = "presence:read")]
    PresenceRead,
    /// Read users and roles.
    #[serde(rename = "users:read")]
    UsersRead,
    /// Create, change and delete users, and one's own profile.
    #[serde(rename = "users:write")]
    UsersWrite,
    /// Administer roles, permissions, settings, and read the audit log.
    #[serde(rename = "admin")]
    Admin,
}

impl Scope {
    /// All of them.
    pub const ALL: [Self; 6] = [
        Self::StatusRead,
        Self::StatusWrite,
        Self::PresenceRead,
        Self::UsersRead,
        Self::UsersWrite,
        Self::Admin,
    ];

    /// The word on the wire.
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

/// The text is no scope.
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

/// What a call needs of the token it comes with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Need {
    /// Nothing: any live token will do.
    Any,
    /// This scope, or a token without scopes.
    Scope(Scope),
    /// A token without scopes: one that is narrowed must not make itself wider.
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
