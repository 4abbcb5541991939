//! A user with the texts that searches compare, made once when the record changes.

use std::sync::Arc;

use super::snapshot::Snapshot;
use crate::domain::User;

/// A user, and their names in lower case.
#[derive(Debug)]
pub struct SearchableUser {
    /// The user.
    pub user: Arc<User>,
    /// The folded username.
    pub username: Box<str>,
    /// The name in lower case.
    pub name: Option<Box<str>>,
    /// The nickname in lower case.
    pub nickname: Box<str>,
    /// The folded e-mail address.
    pub email: Option<Box<str>>,
}

impl SearchableUser {
    /// Makes the texts of a user.
    pub(super) fn of(user: Arc<User>) -> Self {
        Self {
            username: user.username.folded().into(),
            name: user.name.as_ref().map(|name| name.as_str().to_lowercase().into()),
            nickname: user.profile.nickname.to_lowercase().into(),
            email: user.email.as_ref().map(|email| email.address.folded().into()),
            user,
        }
    }
}

impl Snapshot {
    /// Returns all users with their texts, in the order of their folded usernames.
    #[must_use]
    pub fn searchable_users(&self) -> impl ExactSizeIterator<Item = &SearchableUser> + DoubleEndedIterator {
        self.users_by_username.values().map(|user| &**user)
    }
}
