//! The stored form of users, and the snapshot's look-ups for them.

use std::sync::Arc;

use memchr::memmem::Finder;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::codec::{self, Damage};
use super::record::Record;
use super::snapshot::Snapshot;
use super::table::Table;
use super::user_index::SearchableUser;
use crate::domain::role::built_in;
use crate::domain::two_factor::{KeyId, Salt};
use crate::domain::user::{Activity, PasswordHash, UserEmail};
use crate::domain::{
    BackupCodes, DisplayName, Email, EmailKey, Preferences, Profile, RoleId, SealedSecret, StoredSecret, Timestamp,
    TotpSecret, TwoFactor, User, UserId, Username, UsernameKey,
};

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

/// Version 2 of a stored user. Never changes. Maps are stored as JSON, since clients choose their content.
#[derive(Serialize, Deserialize)]
struct UserV2 {
    id: UserId,
    username: String,
    name: Option<String>,
    email: Option<(String, bool)>,
    password: Option<String>,
    password_history: Vec<String>,
    require_password_change: Option<String>,
    roles: Vec<RoleId>,
    activity: u8,
    bio: String,
    nickname: String,
    custom_fields: String,
    reason: String,
    preferences: String,
    totp_secret: Option<Vec<u8>>,
    totp_pending: Option<Vec<u8>>,
    backup_codes: Vec<[u8; 32]>,
    avatar: Option<String>,
    created_at: i64,
    updated_at: i64,
    last_login: Option<i64>,
    revision: u64,
}

impl From<UserV1> for UserV2 {
    fn from(old: UserV1) -> Self {
        Self {
            id: old.id,
            username: old.username,
            name: old.name,
            email: old.email,
            password: old.password,
            password_history: Vec::new(),
            require_password_change: None,
            roles: old.roles.iter().map(|role| RoleId::new(role)).collect(),
            activity: activity_byte(if old.active {
                Activity::Active
            } else {
                Activity::Deactivated
            }),
            bio: String::new(),
            nickname: String::new(),
            custom_fields: "{}".into(),
            reason: String::new(),
            preferences: "{}".into(),
            totp_secret: None,
            totp_pending: None,
            backup_codes: Vec::new(),
            avatar: None,
            created_at: old.created_at,
            updated_at: old.updated_at,
            last_login: old.last_login,
            revision: old.revision,
        }
    }
}

/// Version 3 of a stored user. Never changes. Secrets may be sealed, and backup codes have a salt.
#[derive(Serialize, Deserialize)]
struct UserV3 {
    id: UserId,
    username: String,
    name: Option<String>,
    email: Option<(String, bool)>,
    password: Option<String>,
    password_history: Vec<String>,
    require_password_change: Option<String>,
    roles: Vec<RoleId>,
    activity: u8,
    bio: String,
    nickname: String,
    custom_fields: String,
    reason: String,
    preferences: String,
    totp_secret: Option<SecretV3>,
    totp_pending: Option<SecretV3>,
    backup_salt: Option<Salt>,
    backup_codes: Vec<[u8; 32]>,
    avatar: Option<String>,
    created_at: i64,
    updated_at: i64,
    last_login: Option<i64>,
    revision: u64,
}

/// A secret in version 3 of a stored user. Never changes.
#[derive(Serialize, Deserialize)]
enum SecretV3 {
    Plain(Vec<u8>),
    Sealed {
        key: KeyId,
        nonce: [u8; 24],
        bytes: Vec<u8>,
    },
}

impl From<&StoredSecret> for SecretV3 {
    fn from(secret: &StoredSecret) -> Self {
        match secret {
            StoredSecret::Plain(secret) => Self::Plain(secret.expose().to_vec()),
            StoredSecret::Sealed(sealed) => Self::Sealed {
                key: sealed.key,
                nonce: sealed.nonce,
                bytes: sealed.bytes.clone(),
            },
        }
    }
}

impl From<SecretV3> for StoredSecret {
    fn from(stored: SecretV3) -> Self {
        match stored {
            SecretV3::Plain(bytes) => Self::Plain(TotpSecret::new(&bytes)),
            SecretV3::Sealed { key, nonce, bytes } => Self::Sealed(SealedSecret { key, nonce, bytes }),
        }
    }
}

impl From<UserV2> for UserV3 {
    fn from(old: UserV2) -> Self {
        Self {
            id: old.id,
            username: old.username,
            name: old.name,
            email: old.email,
            password: old.password,
            password_history: old.password_history,
            require_password_change: old.require_password_change,
            roles: old.roles,
            activity: old.activity,
            bio: old.bio,
            nickname: old.nickname,
            custom_fields: old.custom_fields,
            reason: old.reason,
            preferences: old.preferences,
            totp_secret: old.totp_secret.map(SecretV3::Plain),
            totp_pending: old.totp_pending.map(SecretV3::Plain),
            backup_salt: None,
            backup_codes: old.backup_codes,
            avatar: old.avatar,
            created_at: old.created_at,
            updated_at: old.updated_at,
            last_login: old.last_login,
            revision: old.revision,
        }
    }
}

impl Record for User {
    const TABLE: Table = Table::Users;
    const INDEXES: &'static [Table] = &[Table::UsersByUsername, Table::UsersByEmail];
    const VERSION: u8 = 3;

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

    /// Version 0.1 compared addresses in lower case only.
    fn former_index_keys(&self) -> Vec<(Table, Vec<u8>)> {
        let former = |email: &UserEmail| (Table::UsersByEmail, email.address.former_key().into());
        self.email.iter().map(former).collect()
    }

    /// If two accounts have the same address, the older one keeps it.
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
        let phc = |hash: &PasswordHash| hash.expose().to_owned();
        let stored = UserV3 {
            id: self.id.clone(),
            username: self.username.to_string(),
            name: self.name.as_ref().map(ToString::to_string),
            email: self
                .email
                .as_ref()
                .map(|email| (email.address.to_string(), email.verified)),
            password: self.password.as_ref().map(phc),
            password_history: self.password_history.iter().map(phc).collect(),
            require_password_change: self.require_password_change.clone(),
            roles: self.roles.clone(),
            activity: activity_byte(self.activity),
            bio: self.profile.bio.clone(),
            nickname: self.profile.nickname.clone(),
            custom_fields: json(&self.profile.custom_fields),
            reason: self.profile.reason.clone(),
            preferences: json(self.preferences.chosen()),
            totp_secret: self.two_factor.secret.as_ref().map(SecretV3::from),
            totp_pending: self.two_factor.pending.as_ref().map(SecretV3::from),
            backup_salt: self.two_factor.backup_codes.salt,
            backup_codes: self.two_factor.backup_codes.digests.clone(),
            avatar: self.avatar.clone(),
            created_at: self.created_at.as_millis(),
            updated_at: self.updated_at.as_millis(),
            last_login: self.last_login.map(Timestamp::as_millis),
            revision: self.revision,
        };
        codec::seal(Self::TABLE, self.id.as_str().as_bytes(), Self::VERSION, &stored)
    }

    fn decode_body(version: u8, body: &[u8]) -> Result<Self, Damage> {
        match version {
            1 => UserV3::from(UserV2::from(codec::decode::<UserV1>(body)?)).into_user(),
            2 => UserV3::from(codec::decode::<UserV2>(body)?).into_user(),
            3 => codec::decode::<UserV3>(body)?.into_user(),
            found => Err(Damage::Version {
                found,
                known: Self::VERSION,
            }),
        }
    }
}

impl UserV3 {
    fn into_user(self) -> Result<User, Damage> {
        Ok(User {
            id: self.id,
            username: Username::restore(&self.username),
            name: self.name.as_deref().map(DisplayName::restore),
            email: self.email.map(|(address, verified)| UserEmail {
                address: Email::restore(&address),
                verified,
            }),
            password: self.password.as_deref().map(PasswordHash::new),
            password_history: self.password_history.iter().map(|phc| PasswordHash::new(phc)).collect(),
            require_password_change: self.require_password_change,
            roles: self.roles,
            activity: activity_of(self.activity)?,
            profile: Profile {
                bio: self.bio,
                nickname: self.nickname,
                custom_fields: map(&self.custom_fields)?,
                reason: self.reason,
            },
            preferences: Preferences::restore(map(&self.preferences)?),
            two_factor: TwoFactor {
                secret: self.totp_secret.map(StoredSecret::from),
                pending: self.totp_pending.map(StoredSecret::from),
                backup_codes: BackupCodes {
                    salt: self.backup_salt,
                    digests: self.backup_codes,
                },
            },
            avatar: self.avatar,
            created_at: Timestamp::from_millis(self.created_at),
            updated_at: Timestamp::from_millis(self.updated_at),
            last_login: self.last_login.map(Timestamp::from_millis),
            revision: self.revision,
        })
    }
}

const fn activity_byte(activity: Activity) -> u8 {
    match activity {
        Activity::Active => 0,
        Activity::Deactivated => 1,
        Activity::PendingApproval => 2,
        Activity::IdleTooLong => 3,
    }
}

fn activity_of(byte: u8) -> Result<Activity, Damage> {
    match byte {
        0 => Ok(Activity::Active),
        1 => Ok(Activity::Deactivated),
        2 => Ok(Activity::PendingApproval),
        3 => Ok(Activity::IdleTooLong),
        _ => Err(Damage::Body(format!("{byte} says nothing of an account"))),
    }
}

fn json(map: &Map<String, Value>) -> String {
    // A map of JSON values can always be serialized.
    serde_json::to_string(map).unwrap_or_default()
}

fn map(text: &str) -> Result<Map<String, Value>, Damage> {
    serde_json::from_str(text).map_err(|error| Damage::Body(error.to_string()))
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

    /// Returns whether a user has the role `admin`.
    #[must_use]
    pub fn has_administrator(&self) -> bool {
        self.users_with_role(&RoleId::new(built_in::ADMIN)).next().is_some()
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

    pub(super) fn put_user(&mut self, user: User) {
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

    pub(super) fn take_user(&mut self, id: &UserId) {
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
            password_history: vec![PasswordHash::new("$argon2id$older")],
            require_password_change: Some("it was told".into()),
            roles: vec![RoleId::new("admin"), RoleId::new("night")],
            activity: Activity::IdleTooLong,
            profile: Profile {
                bio: "analyst".into(),
                custom_fields: [("team".to_owned(), Value::from("engine"))].into_iter().collect(),
                ..Profile::default()
            },
            preferences: Preferences::restore([("theme".to_owned(), Value::from("dark"))].into_iter().collect()),
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
            },
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

    #[test]
    fn a_user_of_version_1_is_upgraded() {
        let old = UserV1 {
            id: UserId::new("rbAXPnMktTFbNpwtJ"),
            username: "ada".into(),
            name: None,
            email: None,
            password: Some("$argon2id$…".into()),
            roles: vec!["user".into()],
            active: false,
            created_at: 1,
            updated_at: 2,
            last_login: None,
            revision: 3,
        };
        let bytes = codec::seal(Table::Users, b"rbAXPnMktTFbNpwtJ", 1, &old);
        let user = User::decode(b"rbAXPnMktTFbNpwtJ", &bytes).expect("a user");
        assert_eq!((user.activity, user.revision), (Activity::Deactivated, 3));
        assert_eq!(user.profile, Profile::default());
        assert_ne!(user.encode(), bytes, "it is written in the newest version");
    }
    #[test]
    fn a_user_of_version_2_keeps_a_plain_secret_and_codes_without_salt() {
        let old = UserV2 {
            totp_secret: Some(b"12345678901234567890".to_vec()),
            backup_codes: vec![[7; 32]],
            ..UserV2::from(UserV1 {
                id: UserId::new("rbAXPnMktTFbNpwtJ"),
                username: "ada".into(),
                name: None,
                email: None,
                password: None,
                roles: vec!["user".into()],
                active: true,
                created_at: 1,
                updated_at: 2,
                last_login: None,
                revision: 3,
            })
        };
        let bytes = codec::seal(Table::Users, b"rbAXPnMktTFbNpwtJ", 2, &old);
        let user = User::decode(b"rbAXPnMktTFbNpwtJ", &bytes).expect("a user");
        let plain = StoredSecret::Plain(TotpSecret::new(b"12345678901234567890"));
        assert_eq!(user.two_factor.secret, Some(plain));
        assert_eq!(user.two_factor.pending, None);
        let codes = BackupCodes {
            salt: None,
            digests: vec![[7; 32]],
        };
        assert_eq!(user.two_factor.backup_codes, codes);
        assert_eq!(
            User::decode(&user.key(), &user.encode()),
            Ok(user),
            "version 3 holds it too"
        );
    }
}
