//! Scopes: the parts of the API that a personal access token may use.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A part of the API. Scopes exist only in Rollcall: in Rocket.Chat, a personal access token may do all that its
/// owner may do.
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
#[strum(parse_err_ty = NotAScope, parse_err_fn = not_a_scope)]
pub enum Scope {
    /// Allows reading custom statuses and the caller's own status.
    #[serde(rename = "status:read")]
    #[strum(serialize = "status:read")]
    StatusRead,
    /// Allows setting statuses and managing custom statuses.
    #[serde(rename = "status:write")]
    #[strum(serialize = "status:write")]
    StatusWrite,
    /// Allows reading the presence of users.
    #[serde(rename = "presence:read")]
    #[strum(serialize = "presence:read")]
    PresenceRead,
    /// Allows reading users and roles.
    #[serde(rename = "users:read")]
    #[strum(serialize = "users:read")]
    UsersRead,
    /// Allows creating, changing and deleting users, and changing the caller's own profile.
    #[serde(rename = "users:write")]
    #[strum(serialize = "users:write")]
    UsersWrite,
    /// Allows administering roles, permissions and settings, and reading the audit log.
    #[serde(rename = "admin")]
    #[strum(serialize = "admin")]
    Admin,
}

impl Scope {
    /// All scopes, in the order of their declaration.
    pub const ALL: &'static [Self] = <Self as strum::VariantArray>::VARIANTS;

    /// Returns the word in requests and responses.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        self.into()
    }
}

/// The error for a text that names no scope.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("is not one of status:read, status:write, presence:read, users:read, users:write, admin")]
pub struct NotAScope;

const fn not_a_scope(_: &str) -> NotAScope {
    NotAScope
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
        for scope in Scope::ALL.iter().copied() {
            assert_eq!(scope.as_str().parse(), Ok(scope));
            assert_eq!(serde_json::to_value(scope).ok(), Some(scope.as_str().into()));
        }
        assert_eq!("users:*".parse::<Scope>(), Err(NotAScope));
    }
}
