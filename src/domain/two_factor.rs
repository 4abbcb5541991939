//! The stored data of the second factor.

use std::fmt;

use schemars::JsonSchema;
use serde::Serialize;

/// The number of backup codes that a user gets at once.
pub(crate) const BACKUP_CODES: usize = 12;

/// A way to prove the caller's identity, beside the login token (`api.md` §4).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema, strum::EnumString, strum::IntoStaticStr)]
#[serde(rename_all = "lowercase")]
#[strum(serialize_all = "lowercase")]
pub enum TwoFactorMethod {
    /// A time-based code (RFC 6238) or a backup code.
    Totp,
    /// The SHA-256 of the password, sent again.
    Password,
}

impl TwoFactorMethod {
    /// Returns the method with this name, if there is one.
    #[must_use]
    pub fn named(word: &str) -> Option<Self> {
        word.parse().ok()
    }

    /// Returns the word in requests and responses.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        self.into()
    }
}

/// A secret shared with an authenticator app. `Debug` does not print it.
#[derive(Clone, PartialEq, Eq)]
pub struct TotpSecret(Box<[u8]>);

impl TotpSecret {
    /// Creates a secret from its bytes.
    #[must_use]
    pub fn new(bytes: &[u8]) -> Self {
        Self(bytes.into())
    }

    /// Returns the bytes, to check codes and to store the secret.
    #[must_use]
    pub const fn expose(&self) -> &[u8] {
        &self.0
    }
}

impl fmt::Debug for TotpSecret {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("TotpSecret(hidden)")
    }
}

/// The id of the key that encrypted a secret. It does not reveal the key.
pub(crate) type KeyId = [u8; 8];

/// An encrypted secret, as it is stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SealedSecret {
    /// The id of the key that decrypts it.
    pub key: KeyId,
    /// The nonce of the encryption, unique for each secret.
    pub nonce: [u8; 24],
    /// The encrypted bytes with their authentication tag.
    pub bytes: Vec<u8>,
}

/// A secret in the form in which the store has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum StoredSecret {
    /// A secret without encryption. Versions before 0.2 stored this form. The server encrypts such secrets
    /// when it starts.
    Plain(TotpSecret),
    /// A secret with encryption.
    Sealed(SealedSecret),
}

/// The length of the salt of backup codes, in bytes (RFC 9106, §3.1).
pub(crate) const SALT_BYTES: usize = 16;

/// The salt of a user's backup codes.
pub(crate) type Salt = [u8; SALT_BYTES];

/// A user's unused backup codes, as digests.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub struct BackupCodes {
    /// The salt of the digests. With a salt, the digests are argon2id over the SHA-256 of the code. Without a salt they
    /// are plain SHA-256, as versions before 0.2 stored them.
    pub salt: Option<Salt>,
    /// The digest of each unused code.
    pub digests: Vec<[u8; 32]>,
}

/// The second factor of a user.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub struct TwoFactor {
    /// The secret that checks codes; `None` while the second factor is off.
    pub secret: Option<StoredSecret>,
    /// A new secret that the user has not confirmed with a code yet.
    pub pending: Option<StoredSecret>,
    /// The unused backup codes.
    pub backup_codes: BackupCodes,
    /// The step of the last accepted code, counted since 1970. The server refuses this code and earlier
    /// ones, also after a restart.
    pub last_step: Option<u64>,
}

impl TwoFactor {
    /// Returns the active and the pending secret, as far as they exist.
    pub fn secrets(&self) -> impl Iterator<Item = &StoredSecret> {
        self.secret.iter().chain(&self.pending)
    }
}
