//! The ways to name a user, the search for a user by them, and the list of all users.

use std::sync::Arc;

use crate::app::App;
use crate::domain::{EmailKey, User, UserId, UsernameKey};
use crate::store::Snapshot;

/// A username, an e-mail address or an id. Each belongs to one user at most.
#[derive(Debug, Clone)]
pub enum UserIdentifier {
    /// The username, folded.
    Username(UsernameKey),
    /// The e-mail address, folded.
    Email(EmailKey),
    /// The id of the user.
    Id(UserId),
}

impl UserIdentifier {
    /// Parses what a user typed: a text with an `@` is an address, any other a username.
    #[must_use]
    pub fn typed(text: &str) -> Self {
        if text.contains('@') {
            Self::email(text)
        } else {
            Self::username(text)
        }
    }

    /// Returns the identifier with this username.
    pub(crate) fn username(text: &str) -> Self {
        Self::Username(UsernameKey::of(text))
    }

    /// Returns the identifier with this address.
    pub(crate) fn email(text: &str) -> Self {
        Self::Email(EmailKey::of(text))
    }

    /// Returns the identifier with this id.
    pub(crate) fn id(text: &str) -> Self {
        Self::Id(UserId::new(text))
    }

    /// Returns the folded name, which is equal for two spellings of the same name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        match self {
            Self::Username(name) => name.as_str(),
            Self::Email(address) => address.as_str(),
            Self::Id(id) => id.as_str(),
        }
    }

    /// Returns the user with this identifier.
    pub(in crate::ops) fn find<'snapshot>(&self, snapshot: &'snapshot Snapshot) -> Option<&'snapshot Arc<User>> {
        match self {
            Self::Username(name) => snapshot.user_named(name),
            Self::Email(address) => snapshot.user_at(address),
            Self::Id(id) => snapshot.user(id),
        }
    }
}

/// Returns all users, in the order of their usernames.
#[must_use]
pub(crate) fn all(app: &App) -> Vec<Arc<User>> {
    app.store.read().users().cloned().collect()
}

/// Returns the user with the first of these identifiers that a user has. E-mail addresses are private: only the operator
/// may find a user by one.
#[must_use]
pub(crate) fn find(app: &App, identifiers: &[UserIdentifier]) -> Option<Arc<User>> {
    let snapshot = app.store.read();
    identifiers
        .iter()
        .find_map(|identifier| identifier.find(&snapshot))
        .cloned()
}
