//! The stored forms of users, one struct per version.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::domain::password_hash::PasswordHash;
use crate::domain::two_factor::{KeyId, Salt};
use crate::domain::user::{Activity, UserEmail};
use crate::domain::{
    BackupCodes, DisplayName, Email, Preferences, Profile, RoleId, SealedSecret, StoredSecret, Timestamp, TotpSecret,
    TwoFactor, User, UserId, Username,
};
use crate::store::codec::Damage;

/// Version 1 of a stored user. Never changes.
#[derive(Serialize, Deserialize)]
pub(super) struct UserV1 {
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
pub(super) struct UserV2 {
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

/// Version 3 of a stored user. Never changes. Secrets may be encrypted, and backup codes have a salt.
#[derive(Serialize, Deserialize)]
pub(super) struct UserV3 {
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

/// Version 4 of a stored user. Never changes. It adds the time step of the last used code of the authenticator app.
#[derive(Serialize, Deserialize)]
pub(super) struct UserV4 {
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
    totp_step: Option<u64>,
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

impl From<UserV3> for UserV4 {
    fn from(old: UserV3) -> Self {
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
            totp_secret: old.totp_secret,
            totp_pending: old.totp_pending,
            backup_salt: old.backup_salt,
            backup_codes: old.backup_codes,
            totp_step: None,
            avatar: old.avatar,
            created_at: old.created_at,
            updated_at: old.updated_at,
            last_login: old.last_login,
            revision: old.revision,
        }
    }
}

impl From<&User> for UserV4 {
    /// Leaves the passwords out, which [`super::user_passwords`] stores beside.
    fn from(user: &User) -> Self {
        Self {
            id: user.id.clone(),
            username: user.username.to_string(),
            name: user.name.as_ref().map(ToString::to_string),
            email: user
                .email
                .as_ref()
                .map(|email| (email.address.to_string(), email.verified)),
            password: None,
            password_history: Vec::new(),
            require_password_change: user.require_password_change.clone(),
            roles: user.roles.clone(),
            activity: activity_byte(user.activity),
            bio: user.profile.bio.clone(),
            nickname: user.profile.nickname.clone(),
            custom_fields: json(&user.profile.custom_fields),
            reason: user.profile.reason.clone(),
            preferences: json(user.preferences.chosen()),
            totp_secret: user.two_factor.secret.as_ref().map(SecretV3::from),
            totp_pending: user.two_factor.pending.as_ref().map(SecretV3::from),
            backup_salt: user.two_factor.backup_codes.salt,
            backup_codes: user.two_factor.backup_codes.digests.clone(),
            totp_step: user.two_factor.last_step,
            avatar: user.avatar.clone(),
            created_at: user.created_at.as_millis(),
            updated_at: user.updated_at.as_millis(),
            last_login: user.last_login.map(Timestamp::as_millis),
            revision: user.revision,
        }
    }
}

impl UserV4 {
    /// Converts the stored form to a user.
    ///
    /// # Errors
    /// [`Damage::Body`] if a value is invalid.
    pub(super) fn into_user(self) -> Result<User, Damage> {
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
            }
            .into(),
            preferences: Preferences::restore(map(&self.preferences)?).into(),
            two_factor: TwoFactor {
                secret: self.totp_secret.map(StoredSecret::from),
                pending: self.totp_pending.map(StoredSecret::from),
                backup_codes: BackupCodes {
                    salt: self.backup_salt,
                    digests: self.backup_codes,
                },
                last_step: self.totp_step,
            }
            .into(),
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::codec;
    use crate::store::records::{Record, Table};

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
        assert_eq!(*user.profile, Profile::default());
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
            "the newest version holds it too"
        );
    }

    #[test]
    fn a_user_of_version_3_has_no_last_step() {
        let old = UserV3::from(UserV2::from(UserV1 {
            id: UserId::new("rbAXPnMktTFbNpwtJ"),
            username: "ada".into(),
            name: None,
            email: None,
            password: None,
            roles: vec!["user".into()],
            active: true,
            created_at: 1,
            updated_at: 2,
            last_login: Some(3),
            revision: 4,
        }));
        let old = UserV3 {
            totp_secret: Some(SecretV3::Plain(b"12345678901234567890".to_vec())),
            ..old
        };
        let bytes = codec::seal(Table::Users, b"rbAXPnMktTFbNpwtJ", 3, &old);
        let user = User::decode(b"rbAXPnMktTFbNpwtJ", &bytes).expect("a user");
        assert!(user.two_factor.secret.is_some());
        assert_eq!((user.two_factor.last_step, user.revision), (None, 4));
        assert_ne!(user.encode(), bytes, "it is written in the newest version");
    }

    #[test]
    fn a_user_of_version_4_keeps_its_argon2id_hashes() {
        let name = Username::parse("ada").expect("a username");
        let ada = User::new(
            UserId::new("rbAXPnMktTFbNpwtJ"),
            name,
            vec![RoleId::user()],
            Timestamp::from_millis(1),
        );
        let old = UserV4 {
            password: Some("$argon2id$new".to_owned()),
            password_history: vec!["$argon2id$old".to_owned()],
            ..UserV4::from(&ada)
        };
        let bytes = codec::seal(Table::Users, &ada.key(), 4, &old);
        let now = User {
            password: Some(PasswordHash::new("$argon2id$new")),
            password_history: vec![PasswordHash::new("$argon2id$old")],
            ..ada
        };
        assert_eq!(User::decode(&now.key(), &bytes), Ok(now.clone()));
        assert_ne!(now.encode(), bytes, "it is written in the newest version");
        assert_eq!(User::decode(&now.key(), &now.encode()), Ok(now));
    }
}
