//! Versions 5 and 6 of stored users: version 4, with the function of each password hash.

use serde::{Deserialize, Serialize};

use super::user_versions::UserV4;
use crate::domain::User;
use crate::domain::password_hash::{PackedHash, PasswordHash, PasswordScheme};
use crate::store::codec::Damage;

/// Version 5 of a stored user.
pub(super) type UserV5 = UserWithPasswords<PasswordV5>;

/// Version 6 of a stored user.
pub(super) type UserV6 = UserWithPasswords<PasswordV6>;

/// A stored user with passwords of one version. Never changes. The passwords of `rest` are absent.
#[derive(Serialize, Deserialize)]
pub(super) struct UserWithPasswords<P> {
    password: Option<P>,
    password_history: Vec<P>,
    rest: UserV4,
}

/// The hash of a password in version 5 of a stored user. Never changes.
#[derive(Serialize, Deserialize)]
pub(super) enum PasswordV5 {
    Argon2id(String),
    Bcrypt(String),
}

impl From<&PasswordHash> for PasswordV5 {
    fn from(hash: &PasswordHash) -> Self {
        let text = hash.expose().into_owned();
        match hash.scheme() {
            PasswordScheme::Argon2id => Self::Argon2id(text),
            PasswordScheme::Bcrypt => Self::Bcrypt(text),
        }
    }
}

impl From<PasswordV5> for PasswordHash {
    fn from(stored: PasswordV5) -> Self {
        match stored {
            PasswordV5::Argon2id(text) => Self::of(PasswordScheme::Argon2id, &text),
            PasswordV5::Bcrypt(text) => Self::of(PasswordScheme::Bcrypt, &text),
        }
    }
}

/// The hash of a password in version 6 of a stored user. Never changes.
#[derive(Serialize, Deserialize)]
pub(super) enum PasswordV6 {
    Text(PasswordV5),
    Packed {
        memory: u32,
        passes: u32,
        lanes: u32,
        salt_bytes: u8,
        bytes: Box<[u8]>,
    },
}

impl From<&PasswordHash> for PasswordV6 {
    fn from(hash: &PasswordHash) -> Self {
        match hash.packed() {
            None => Self::Text(hash.into()),
            Some(packed) => Self::Packed {
                memory: packed.memory,
                passes: packed.passes,
                lanes: packed.lanes,
                salt_bytes: packed.salt_bytes,
                bytes: packed.bytes.clone(),
            },
        }
    }
}

impl From<PasswordV6> for PasswordHash {
    fn from(stored: PasswordV6) -> Self {
        match stored {
            PasswordV6::Text(text) => text.into(),
            PasswordV6::Packed {
                memory,
                passes,
                lanes,
                salt_bytes,
                bytes,
            } => PackedHash {
                memory,
                passes,
                lanes,
                bytes,
                salt_bytes,
            }
            .into(),
        }
    }
}

impl<P: for<'hash> From<&'hash PasswordHash>> From<&User> for UserWithPasswords<P> {
    fn from(user: &User) -> Self {
        Self {
            password: user.password.as_ref().map(P::from),
            password_history: user.password_history.iter().map(P::from).collect(),
            rest: user.into(),
        }
    }
}

impl<P: Into<PasswordHash>> UserWithPasswords<P> {
    /// Converts the stored form to a user.
    ///
    /// # Errors
    /// [`Damage::Body`] if a value is invalid.
    pub(super) fn into_user(self) -> Result<User, Damage> {
        Ok(User {
            password: self.password.map(P::into),
            password_history: self.password_history.into_iter().map(P::into).collect(),
            ..self.rest.into_user()?
        })
    }
}
