//! How users are stored, and where the snapshot has them.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::codec::{self, Damage};
use super::record::Record;
use super::snapshot::Snapshot;
use super::table::Table;
use crate::domain::user::{PasswordHash, UserEmail};
use crate::domain::{DisplayName, Email, Role, Timestamp, User, UserId, Username, email, username};

/// Version 1 of a stored user. Never changes.
#[derive(Serialize, Deserialize)]
struct UserV1 {
    id: UserId,
    username: String,
    name: Option<String>,
    email: Option<(String, bool)>,
    password: Option<String>,
    roles: Vec<String>,
    active: bool,
    created_at: i64,
    updated_at: i64,
    last_login: Option<i64>,
    revision: u64,
}

impl Record for User {
    const TABLE: Table = Table::Users;
    const INDEXES: &'static [Table] = &[Table::UsersByUsername, Table::UsersByEmail];

    fn key(&self) -> Vec<u8> {
        self.id.as_str().into()
    }

    fn index_keys(&self) -> Vec<(Table, Vec<u8>)> {
        let mut keys = vec![(Table::UsersByUsername, self.username.folded().into())];
        if let Some(email) = &self.email {
            keys.push((Table::UsersByEmail, email.address.folded().into()));
        }
        keys
    }

    fn encode(&self) -> Vec<u8> {
        let stored = UserV1 {
            id: self.id.clone(),
            username: self.username.to_string(),
            name: self.name.as_ref().map(ToString::to_string),
            email: self
                .email
                .as_ref()
                .map(|email| (email.address.to_string(), email.verified)),
            password: self.password.as_ref().map(|hash| hash.expose().to_owned()),
            roles: self.roles.iter().map(ToString::to_string).collect(),
            active: self.active,
            created_at: self.created_at.as_millis(),
            updated_at: self.updated_at.as_millis(),
            last_login: self.last_login.map(Timestamp::as_millis),
            revision: self.revision,
        };
        codec::seal(Self::TABLE, self.id.as_str().as_bytes(), 1, &stored)
    }

    fn decode_body(version: u8, body: &[u8]) -> Result<Self, Damage> {
        match version {
            1 => codec::decode::<UserV1>(body)?.into_user(),
            found => Err(Damage::Version { found, known: 1 }),
        }
    }
}

impl UserV1 {
    fn into_user(self) -> Result<User, Damage> {
        let role = |word: &String| -> Result<Role, Damage> {
            word.parse()
                .map_err(|error| Damage::Body(format!("the role {word:?} {error}")))
        };
        Ok(User {
            id: self.id,
            username: Username::restore(&self.username),
            name: self.name.as_deref().map(DisplayName::restore),
            email: self.email.map(|(address, verified)| UserEmail {
                address: Email::restore(&address),
                verified,
            }),
            password: self.password.as_deref().map(PasswordHash::new),
            roles: self.roles.iter().map(role).collect::<Result<_, _>>()?,
            active: self.active,
            created_at: Timestamp::from_millis(self.created_at),
            updated_at: Timestamp::from_millis(self.updated_at),
            last_login: self.last_login.map(Timestamp::from_millis),
            revision: self.revision,
        })
    }
}

impl Snapshot {
    /// The user with this id.
    #[must_use]
    pub fn user(&self, id: &UserId) -> Option<&Arc<User>> {
        self.users.get(id)
    }

    /// The user with this username, whatever its case.
    #[must_use]
    pub fn user_named(&self, typed: &str) -> Option<&Arc<User>> {
        self.users_by_username.get(&username::fold(typed))
    }

    /// The user with this e-mail address, whatever its case.
    #[must_use]
    pub fn user_at(&self, typed: &str) -> Option<&Arc<User>> {
        self.users_by_email.get(&email::fold(typed))
    }

    /// All users in the order of their folded usernames.
    #[must_use]
    pub fn users(&self) -> impl ExactSizeIterator<Item = &Arc<User>> {
        self.users_by_username.values()
    }

    pub(super) fn put_user(&mut self, user: User) {
        self.take_user(&user.id);
        let user = Arc::new(user);
        self.users_by_username.insert(user.username.folded(), Arc::clone(&user));
        if let Some(email) = &user.email {
            self.users_by_email.insert(email.address.folded(), Arc::clone(&user));
        }
        self.users.insert(user.id.clone(), user);
    }

    pub(super) fn take_user(&mut self, id: &UserId) {
        if let Some(before) = self.users.remove(id) {
            self.users_by_username.remove(&before.username.folded());
            if let Some(email) = &before.email {
                self.users_by_email.remove(&email.address.folded());
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_user_is_found_again_as_it_was_stored() {
        let ada = User {
            id: UserId::new("rbAXPnMktTFbNpwtJ"),
            username: Username::parse("Ada").expect("a username"),
            name: Some(DisplayName::parse("Ada Lovelace").expect("a name")),
            email: Some(UserEmail {
                address: Email::parse("Ada@example.com").expect("an address"),
                verified: true,
            }),
            password: Some(PasswordHash::new("$argon2id$…")),
            roles: vec![Role::Admin, Role::User],
            active: true,
            created_at: Timestamp::from_millis(1),
            updated_at: Timestamp::from_millis(2),
            last_login: Some(Timestamp::from_millis(3)),
            revision: 4,
        };
        assert_eq!(User::decode(&ada.key(), &ada.encode()), Ok(ada.clone()));
        let indexes: Vec<_> = ada.index_keys().into_iter().map(|(_, key)| key).collect();
        assert_eq!(indexes, [b"ada".to_vec(), b"ada@example.com".to_vec()]);
    }
}
