//! Roles: names for groups of users, to which permissions are granted.

use std::sync::Arc;

use schemars::JsonSchema;
use serde::Serialize;

use super::text::{self, checked_text, composed};
use super::{RoleId, Timestamp};

/// Most characters the name or description of a role may have.
pub const ROLE_CHARACTERS: usize = 120;

/// A role.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Role {
    /// Its identity; that of a built-in role is its name.
    #[serde(rename = "_id")]
    pub id: RoleId,
    /// What people see; unique.
    pub name: RoleName,
    /// What it is for.
    pub description: String,
    /// Whether it is built in and can't be deleted.
    pub protected: bool,
    /// Where it counts.
    pub scope: RoleScope,
    /// Whether its users need a second factor.
    #[serde(rename = "mandatory2fa")]
    pub mandatory_two_factor: bool,
    /// When it was created or last changed.
    #[serde(rename = "_updatedAt")]
    pub updated_at: Timestamp,
}

/// Where a role counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, serde::Deserialize, JsonSchema)]
pub enum RoleScope {
    /// Everywhere.
    Users,
    /// In a room; this server has none, so that such a role only carries permissions.
    Subscriptions,
}

/// The name of a role: trimmed, Unicode NFC, 1 to 120 characters, no `<`, `>` or control character.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, JsonSchema)]
#[serde(transparent)]
pub struct RoleName(Arc<str>);

checked_text!(RoleName);

/// The text is not a role's name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("is not 1 to 120 characters without '<', '>' and control characters")]
pub struct NotARoleName;

impl RoleName {
    /// Takes a text as the name of a role.
    ///
    /// # Errors
    /// [`NotARoleName`] when it is blank, too long or has a character that names may not have.
    pub fn parse(text: &str) -> Result<Self, NotARoleName> {
        let name = composed(text);
        let fits = (1..=ROLE_CHARACTERS).contains(&name.chars().count());
        if !fits || name.contains(['<', '>']) || !text::is_plain_line(&name) {
            return Err(NotARoleName);
        }
        Ok(Self(name.into()))
    }
}

/// The ids of built-in roles that the rules name.
pub mod built_in {
    /// May do everything.
    pub const ADMIN: &str = "admin";
    /// Everybody who has an account.
    pub const USER: &str = "user";
}

/// The built-in roles (`api.md` §8): id, description, whether it counts in rooms.
const BUILT_IN: [(&str, &str, RoleScope); 9] = [
    (built_in::ADMIN, "Admin", RoleScope::Users),
    ("moderator", "Moderator", RoleScope::Subscriptions),
    ("leader", "Leader", RoleScope::Subscriptions),
    ("owner", "Owner", RoleScope::Subscriptions),
    (built_in::USER, "User", RoleScope::Users),
    ("bot", "Bot", RoleScope::Users),
    ("app", "App", RoleScope::Users),
    ("guest", "Guest", RoleScope::Users),
    ("anonymous", "Anonymous", RoleScope::Users),
];

impl Role {
    /// The roles that are always there.
    pub fn built_in() -> impl Iterator<Item = Self> {
        BUILT_IN.into_iter().map(|(id, description, scope)| Self {
            id: RoleId::new(id),
            name: RoleName::restore(id),
            description: description.to_owned(),
            protected: true,
            scope,
            mandatory_two_factor: false,
            updated_at: Timestamp::from_millis(0),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_trimmed_and_bounded() {
        assert_eq!(
            RoleName::parse(" night shift ").map(|name| name.to_string()),
            Ok("night shift".into())
        );
        for text in ["", " ", "<b>", "a\nb", "a\u{202e}b", "\u{200b}", &"x".repeat(121)] {
            assert_eq!(RoleName::parse(text), Err(NotARoleName), "{text:?}");
        }
    }
}
