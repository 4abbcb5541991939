//! A group of users.

use super::{RoleId, User, UserId};

/// A group of users, given by ids and by roles.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub struct Audience {
    /// The ids of single users.
    pub users: Vec<UserId>,
    /// The roles whose holders all belong to the group.
    pub roles: Vec<RoleId>,
}

impl Audience {
    /// Returns whether a user belongs to the group.
    #[must_use]
    pub fn has(&self, user: &User) -> bool {
        self.users.contains(&user.id) || user.roles.iter().any(|role| self.roles.contains(role))
    }

    /// Returns whether no user and no role is named.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.users.is_empty() && self.roles.is_empty()
    }
}
