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

/// A user's second factor.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub struct TwoFactor {
    /// The secret that codes are checked against; none while it is off.
    pub secret: Option<TotpSecret>,
    /// A secret that was shown and not yet proved to have arrived.
    pub pending: Option<TotpSecret>,
    /// The SHA-256 of each backup code that was not used.
    pub backup_codes: Vec<[u8; 32]>,
}
