//! The second factor: what is kept of it.

use std::fmt;

use schemars::JsonSchema;
use serde::Serialize;

/// Backup codes that a user gets at once.
pub const BACKUP_CODES: usize = 12;

/// A way to show who one is, beside the password (`api.md` §4).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum TwoFactorMethod {
    /// A time-based code (RFC 6238), or a backup code.
    Totp,
    /// The SHA-256 of the password, once more.
    Password,
}

impl TwoFactorMethod {
    /// The method of this word; none where there is no such method.
    #[must_use]
    pub fn named(word: &str) -> Option<Self> {
        [Self::Totp, Self::Password]
            .into_iter()
            .find(|method| method.as_str() == word)
    }

    /// The word on the wire.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Totp => "totp",
            Self::Password => "password",
        }
    }
}

/// A secret shared with an authenticator app. Printed by nothing, `Debug` included.
#[derive(Clone, PartialEq, Eq)]
pub struct TotpSecret(Box<[u8]>);

impl TotpSecret {
    /// Takes the bytes of a secret.
    #[must_use]
    pub fn new(bytes: &[u8]) -> Self {
        Self(bytes.into())
    }

    /// The bytes, for the one who checks codes and the one who stores.
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

/// Names the key that sealed a secret, without giving the key away.
pub type KeyId = [u8; 8];

/// A secret as it is stored when it is encrypted. Only the holder of the key can read it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SealedSecret {
    /// The key that opens it.
    pub key: KeyId,
    /// The nonce of the encryption, unique for each secret.
    pub nonce: [u8; 24],
    /// The encrypted bytes with their authentication tag.
    pub bytes: Vec<u8>,
}

/// A secret as the store has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum StoredSecret {
    /// Not encrypted. Versions before 0.2 stored secrets in this form. The server seals them at its start.
    Plain(TotpSecret),
    /// Encrypted.
    Sealed(SealedSecret),
}

/// Bytes of the salt of backup codes (RFC 9106, §3.1).
pub const SALT_BYTES: usize = 16;

/// A salt of a user's backup codes.
pub type Salt = [u8; SALT_BYTES];

/// A user's backup codes that were not used, as digests.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub struct BackupCodes {
    /// The salt of the digests. Without a salt the digests are plain SHA-256, as versions before 0.2 stored
    /// them. With one they are argon2id over that SHA-256.
    pub salt: Option<Salt>,
    /// The digest of each code.
    pub digests: Vec<[u8; 32]>,
}

/// A user's second factor.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub struct TwoFactor {
    /// The secret that codes are checked against; none while it is off.
    pub secret: Option<StoredSecret>,
    /// A secret that was shown and not yet proved to have arrived.
    pub pending: Option<StoredSecret>,
    /// The backup codes that were not used.
    pub backup_codes: BackupCodes,
    /// The step of the last code of the secret that was accepted, in 30 seconds since 1970. It and those before it are
    /// refused, also after a restart.
    pub last_step: Option<u64>,
}

impl TwoFactor {
    /// Returns both secrets, of those that there are.
    pub fn secrets(&self) -> impl Iterator<Item = &StoredSecret> {
        self.secret.iter().chain(&self.pending)
    }
}
