//! Roles: named groups of users, which have permissions.

use std::sync::Arc;

use schemars::JsonSchema;
use serde::Serialize;

use super::text::{self, checked_text, composed};
use super::{RoleId, Timestamp};

/// The maximum length of the name or description of a role, in characters.
pub(crate) const ROLE_CHARACTERS: usize = 120;

/// A role that users can have.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Role {
    /// The id of the role; the id of a built-in role is its name.
    #[serde(rename = "_id")]
    pub id: RoleId,
    /// The displayed name; unique among roles.
    pub name: RoleName,
    /// A short text about the purpose of the role.
    pub description: String,
    /// `true` if the role is built in and can't be deleted.
    pub protected: bool,
    /// The place where the role counts.
    pub scope: RoleScope,
    /// `true` if users with this role must enable a second factor.
    #[serde(rename = "mandatory2fa")]
    pub mandatory_two_factor: bool,
    /// The time of the last change, or of the creation.
    #[serde(rename = "_updatedAt")]
    pub updated_at: Timestamp,
}

/// The place where a role counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, serde::Deserialize, JsonSchema)]
pub enum RoleScope {
    /// The role counts on the whole server.
    Users,
    /// In Rocket.Chat the role counts in one room. This server has no rooms: such a role only carries permissions.
    Subscriptions,
}

/// The name of a role: trimmed, Unicode NFC, 1 to 120 characters, without `<`, `>` and control characters.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, JsonSchema)]
#[serde(transparent)]
pub struct RoleName(Arc<str>);

checked_text!(RoleName);

/// The error for a text that is not a role's name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("is not 1 to {ROLE_CHARACTERS} characters without '<', '>' and control characters")]
pub struct NotARoleName;

impl RoleName {
    /// Parses the name of a role.
    ///
    /// # Errors
    /// [`NotARoleName`] if the text is blank, too long or has a forbidden character.
    pub fn parse(text: &str) -> Result<Self, NotARoleName> {
        let name = composed(text);
        let fits = (1..=ROLE_CHARACTERS).contains(&name.chars().count());
        if !fits || name.contains(['<', '>']) || !text::is_plain_line(&name) {
            return Err(NotARoleName);
        }
        Ok(Self(name.into()))
    }
}

/// The built-in roles (`api.md` §8): id, description, and the place where the role counts.
const BUILT_IN: [(&str, &str, RoleScope); 9] = [
    (RoleId::ADMIN, "Admin", RoleScope::Users),
    ("moderator", "Moderator", RoleScope::Subscriptions),
    ("leader", "Leader", RoleScope::Subscriptions),
    ("owner", "Owner", RoleScope::Subscriptions),
    (RoleId::USER, "User", RoleScope::Users),
    ("bot", "Bot", RoleScope::Users),
    ("app", "App", RoleScope::Users),
    ("guest", "Guest", RoleScope::Users),
    ("anonymous", "Anonymous", RoleScope::Users),
];

impl Role {
    /// Returns the roles that always exist.
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
