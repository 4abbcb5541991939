//! The account that attempts are counted for.

use sha2::{Digest, Sha256};

use crate::domain::UserId;

/// The account that a caller tries to log in to.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum AccountKey {
    /// A user of this server.
    Known(UserId),
    /// The SHA-256 of a name that no user has. A hash, because names may be long.
    Unknown([u8; 32]),
}

impl AccountKey {
    /// Returns the key of a name that no user has, given in its folded form.
    #[must_use]
    pub fn unknown(folded: &str) -> Self {
        Self::Unknown(Sha256::digest(folded).into())
    }
}

/// The account of an attempt. `None` for secrets of the server, such as links, which belong to no account.
pub(super) type CountedAccount = Option<AccountKey>;
