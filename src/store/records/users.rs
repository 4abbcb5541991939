//! The stored form of users, and the snapshot's look-ups for them.

use std::sync::Arc;

use memchr::memmem::Finder;

use super::user_passwords::{UserV5, UserV6};
use super::user_versions::{UserV1, UserV2, UserV3, UserV4};
use super::{Record, Table};
use crate::domain::user::UserEmail;
use crate::domain::{EmailKey, RoleId, User, UserId, UsernameKey};
use crate::store::codec::{self, Damage};
#[cfg(feature = "etcd")]
use crate::store::format::Format;
use crate::store::snapshot::Snapshot;
use crate::store::user_index::SearchableUser;

impl Record for User {
    const TABLE: Table = Table::Users;
    const INDEXES: &'static [Table] = &[Table::UsersByUsername, Table::UsersByEmail];
    const VERSION: u8 = 6;

    fn key(&self) -> Vec<u8> {
        self.id.as_str().into()
    }

    fn index_keys(&self) -> Vec<(Table, Vec<u8>)> {
        let mut keys = vec![(Table::UsersByUsername, self.username.key().as_str().into())];
        if let Some(email) = &self.email {
            keys.push((Table::UsersByEmail, email.address.key().as_str().into()));
        }
        keys
    }

    /// Returns the key of the address in version 0.1, which compared addresses in lower case only.
    fn former_index_keys(&self) -> Vec<(Table, Vec<u8>)> {
        let former = |email: &UserEmail| (Table::UsersByEmail, email.address.former_key().into());
        self.email.iter().map(former).collect()
    }

    /// Returns the time of creation: the older of two accounts with the same address keeps it.
    fn precedence(&self) -> i64 {
        self.created_at.as_millis()
    }

    fn without_index(self, table: Table) -> Self {
        match table {
            Table::UsersByEmail => Self { email: None, ..self },
            _ => self,
        }
    }

    fn encode(&self) -> Vec<u8> {
        let stored = UserV6::from(self);
        codec::seal(Self::TABLE, self.id.as_str().as_bytes(), Self::VERSION, &stored)
    }

    #[cfg(feature = "etcd")]
    fn version_in(format: Format) -> u8 {
        match format {
            Format::One => 5,
            Format::Two => Self::VERSION,
        }
    }

    #[cfg(feature = "etcd")]
    fn encode_in(&self, format: Format) -> Vec<u8> {
        let (key, version) = (self.id.as_str().as_bytes(), Self::version_in(format));
        match format {
            Format::One => codec::seal(Self::TABLE, key, version, &UserV5::from(self)),
            Format::Two => self.encode(),
        }
    }

    fn decode_body(version: u8, body: &[u8]) -> Result<Self, Damage> {
        match version {
            1 => UserV4::from(UserV3::from(UserV2::from(codec::decode::<UserV1>(body)?))).into_user(),
            2 => UserV4::from(UserV3::from(codec::decode::<UserV2>(body)?)).into_user(),
            3 => UserV4::from(codec::decode::<UserV3>(body)?).into_user(),
            4 => codec::decode::<UserV4>(body)?.into_user(),
            5 => codec::decode::<UserV5>(body)?.into_user(),
            6 => codec::decode::<UserV6>(body)?.into_user(),
            found => Err(Damage::Version {
                found,
                known: Self::VERSION,
            }),
        }
    }
}

impl Snapshot {
    /// Returns the user with this id.
    #[must_use]
    pub fn user(&self, id: &UserId) -> Option<&Arc<User>> {
        self.users.get(id)
    }

    /// Returns the user with this username.
    #[must_use]
    pub fn user_named(&self, name: &UsernameKey) -> Option<&Arc<User>> {
        self.users_by_username.get(name.as_str())
    }

    /// Returns the user with this e-mail address.
    #[must_use]
    pub fn user_at(&self, address: &EmailKey) -> Option<&Arc<User>> {
        self.users_by_email.get(address)
    }

    /// Returns all users in the order of their folded usernames.
    pub fn users(&self) -> impl Iterator<Item = &Arc<User>> {
        self.users_by_username.iter().map(SearchableUser::user)
    }

    /// Returns the number of users.
    #[must_use]
    pub const fn user_count(&self) -> usize {
        self.users_by_username.len()
    }

    /// Returns the users who have this role, in the order of their ids.
    pub fn users_with_role(&self, role: &RoleId) -> impl Iterator<Item = &Arc<User>> {
        let ids = self.users_by_role.get(role).into_iter().flatten();
        ids.filter_map(|id| self.users.get(id))
    }

    /// Returns the number of users who have this role.
    #[must_use]
    pub fn count_with_role(&self, role: &RoleId) -> usize {
        self.users_by_role.get(role).map_or(0, imbl::OrdSet::len)
    }

    /// Returns whether a user has the role `admin`.
    #[must_use]
    pub fn has_administrator(&self) -> bool {
        self.users_with_role(&RoleId::admin()).next().is_some()
    }

    /// Returns all users with the texts that searches compare, in the order of their folded usernames.
    #[must_use]
    pub fn searchable_users(&self) -> impl DoubleEndedIterator<Item = SearchableUser<'_>> {
        self.users_by_username.iter()
    }

    /// Returns all users who have this text in a folded username, name or nickname, and with `addresses` also those
    /// who have it in an id or e-mail address, in the order of their folded usernames. The result also has users who
    /// do not match, which the caller must filter.
    pub fn users_near<'snapshot>(
        &'snapshot self,
        text: &Finder<'_>,
        addresses: bool,
    ) -> impl Iterator<Item = SearchableUser<'snapshot>> {
        self.users_by_username.candidates(text, addresses)
    }

    pub(in crate::store) fn put_user(&mut self, mut user: User) {
        self.share_id(&mut user.id);
        self.share_roles(&mut user.roles);
        let user = Arc::new(user);
        if let Some(before) = self.users.insert(user.id.clone(), Arc::clone(&user)) {
            self.forget_indexes(&before, Some(&user));
        }
        for role in &user.roles {
            self.users_by_role
                .entry(role.clone())
                .or_default()
                .insert(user.id.clone());
        }
        if let Some(email) = &user.email {
            self.users_by_email.insert(email.address.key(), Arc::clone(&user));
        }
        self.users_by_username.insert(&user);
    }

    /// Replaces the ids of roles by those of other users with the same roles, so that all share one text.
    fn share_roles(&self, roles: &mut Vec<RoleId>) {
        for role in roles.iter_mut() {
            if let Some((known, _)) = self.users_by_role.get_key_value(role) {
                *role = known.clone();
            }
        }
        roles.shrink_to_fit();
    }

    pub(in crate::store) fn take_user(&mut self, id: &UserId) {
        if let Some(before) = self.users.remove(id) {
            self.forget_indexes(&before, None);
        }
    }

    /// Removes a record from the indexes, but leaves a username that the new record also has.
    fn forget_indexes(&mut self, before: &User, after: Option<&User>) {
        let username = before.username.key();
        if after.is_none_or(|after| after.username.key() != username) {
            self.users_by_username.remove(username.as_str());
        }
        if let Some(email) = &before.email {
            self.users_by_email.remove(&email.address.key());
        }
        for role in &before.roles {
            if let Some(users) = self.users_by_role.get_mut(role) {
                users.remove(&before.id);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;
    use crate::domain::password_hash::{PasswordHash, PasswordScheme};
    use crate::domain::user::Activity;
    use crate::domain::{
        BackupCodes, DisplayName, Email, Preferences, Profile, SealedSecret, StoredSecret, Timestamp, TotpSecret,
        TwoFactor, Username,
    };

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
            password_history: vec![PasswordHash::of(PasswordScheme::Bcrypt, "$2b$10$older")],
            require_password_change: Some("it was told".into()),
            roles: vec![RoleId::new("admin"), RoleId::new("night")],
            activity: Activity::IdleTooLong,
            profile: Profile {
                bio: "analyst".into(),
                custom_fields: [("team".to_owned(), Value::from("engine"))].into_iter().collect(),
                ..Profile::default()
            }
            .into(),
            preferences: Preferences::restore([("theme".to_owned(), Value::from("dark"))].into_iter().collect()).into(),
            two_factor: TwoFactor {
                secret: Some(StoredSecret::Sealed(SealedSecret {
                    key: [1; 8],
                    nonce: [2; 24],
                    bytes: vec![3; 36],
                })),
                pending: Some(StoredSecret::Plain(TotpSecret::new(b"12345678901234567890"))),
                backup_codes: BackupCodes {
                    salt: Some([4; 16]),
                    digests: vec![[7; 32]],
                },
                last_step: Some(56_636_608),
            }
            .into(),
            avatar: Some("etag".into()),
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
