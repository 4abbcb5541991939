//! The stored form of links that set a password, and the snapshot's look-ups for them.

use serde::{Deserialize, Serialize};

use super::codec::{self, Damage};
use super::record::Record;
use super::snapshot::Snapshot;
use super::table::Table;
use crate::domain::{PasswordReset, Timestamp, TokenHash, UserId};

/// Version 1 of a stored link. Never changes.
#[derive(Serialize, Deserialize)]
struct PasswordResetV1 {
    user: UserId,
    hash: [u8; 32],
    expires_at: i64,
}

impl Record for PasswordReset {
    const TABLE: Table = Table::PasswordResets;

    fn key(&self) -> Vec<u8> {
        self.user.as_str().into()
    }

    fn encode(&self) -> Vec<u8> {
        let stored = PasswordResetV1 {
            user: self.user.clone(),
            hash: *self.hash.as_bytes(),
            expires_at: self.expires_at.as_millis(),
        };
        codec::seal(Self::TABLE, &self.key(), Self::VERSION, &stored)
    }

    fn decode_body(version: u8, body: &[u8]) -> Result<Self, Damage> {
        match version {
            1 => {
                let stored: PasswordResetV1 = codec::decode(body)?;
                Ok(Self {
                    user: stored.user,
                    hash: TokenHash::new(stored.hash),
                    expires_at: Timestamp::from_millis(stored.expires_at),
                })
            }
            found => Err(Damage::Version { found, known: 1 }),
        }
    }
}

impl Snapshot {
    /// Returns the password link of a user, live or expired.
    #[must_use]
    pub fn password_reset(&self, user: &UserId) -> Option<&PasswordReset> {
        self.password_resets.get(user)
    }

    /// Returns all password links, live and expired.
    pub fn password_resets(&self) -> impl Iterator<Item = &PasswordReset> {
        self.password_resets.values()
    }
}
