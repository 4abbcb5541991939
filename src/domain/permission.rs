//! Who may do what.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// A built-in role (`api.md` §8).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// May do everything.
    Admin,
    /// Keeps order.
    Moderator,
    /// Leads a room.
    Leader,
    /// Owns a room.
    Owner,
    /// Everybody who has an account.
    User,
    /// A program.
    Bot,
    /// A program of an integration.
    App,
    /// A visitor with an account.
    Guest,
    /// A visitor without one.
    Anonymous,
}

impl Role {
    /// All of them.
    pub const ALL: [Self; 9] = [
        Self::Admin,
        Self::Moderator,
        Self::Leader,
        Self::Owner,
        Self::User,
        Self::Bot,
        Self::App,
        Self::Guest,
        Self::Anonymous,
    ];

    /// The role's id on the wire.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Admin => "admin",
            Self::Moderator => "moderator",
            Self::Leader => "leader",
            Self::Owner => "owner",
            Self::User => "user",
            Self::Bot => "bot",
            Self::App => "app",
            Self::Guest => "guest",
            Self::Anonymous => "anonymous",
        }
    }
}

/// The text names no role.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("is not one of admin, moderator, leader, owner, user, bot, app, guest, anonymous")]
pub struct NotARole;

impl FromStr for Role {
    type Err = NotARole;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::ALL.into_iter().find(|role| role.as_str() == text).ok_or(NotARole)
    }
}

impl fmt::Display for Role {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(self.as_str())
    }
}

/// Something that not everybody may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Permission {
    /// `manage-user-status`: create, change and delete custom statuses.
    ManageUserStatus,
    /// `view-statistics`: see the server's full version.
    ViewStatistics,
}

impl Permission {
    /// The roles that hold it (`api.md` §8, default grants).
    #[must_use]
    pub const fn holders(self) -> &'static [Role] {
        match self {
            Self::ManageUserStatus | Self::ViewStatistics => &[Role::Admin],
        }
    }

    /// Whether one of these roles holds it.
    #[must_use]
    pub fn is_held_by(self, roles: &[Role]) -> bool {
        roles.iter().any(|role| self.holders().contains(role))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_administrators_manage_custom_statuses() {
        for role in Role::ALL {
            assert_eq!(
                Permission::ManageUserStatus.is_held_by(&[role]),
                role == Role::Admin,
                "{role}"
            );
        }
        assert!(!Permission::ManageUserStatus.is_held_by(&[]));
        assert!(Permission::ManageUserStatus.is_held_by(&[Role::User, Role::Admin]));
    }

    #[test]
    fn a_role_is_named_by_its_word() {
        for role in Role::ALL {
            assert_eq!(role.as_str().parse(), Ok(role));
        }
        assert_eq!("Admin".parse::<Role>(), Err(NotARole));
    }
}
