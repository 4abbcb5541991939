//! The stored form of links that set a password, and the snapshot's look-ups for them.

use serde::{Deserialize, Serialize};

use super::{Record, Table};
use crate::domain::{PasswordReset, Timestamp, TokenHash, UserId};
use crate::store::codec::{self, Damage};
use crate::store::snapshot::Snapshot;

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

    /// Returns the link with this hash, live or expired.
    #[must_use]
    pub fn password_reset_by_hash(&self, hash: &TokenHash) -> Option<&PasswordReset> {
        self.password_reset(self.password_resets_by_hash.get(hash)?)
    }

    pub(in crate::store) fn put_password_reset(&mut self, reset: PasswordReset) {
        self.take_password_reset(&reset.user);
        self.password_resets_by_hash.insert(reset.hash, reset.user.clone());
        self.password_resets.insert(reset.user.clone(), reset);
    }

    pub(in crate::store) fn take_password_reset(&mut self, user: &UserId) {
        if let Some(before) = self.password_resets.remove(user) {
            self.password_resets_by_hash.remove(&before.hash);
        }
    }

    /// Returns all password links, live and expired.
    pub fn password_resets(&self) -> impl Iterator<Item = &PasswordReset> {
        self.password_resets.values()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_is_found_by_its_hash_until_another_one_replaces_it() {
        let link = |user: &str, byte: u8| PasswordReset {
            user: UserId::new(user),
            hash: TokenHash::new([byte; 32]),
            expires_at: Timestamp::from_millis(1),
        };
        let mut snapshot = Snapshot::default();
        let of = |snapshot: &Snapshot, byte| {
            let reset = snapshot.password_reset_by_hash(&TokenHash::new([byte; 32]));
            reset.map(|reset| reset.user.to_string())
        };
        snapshot.put_password_reset(link("ada", 1));
        snapshot.put_password_reset(link("bob", 2));
        assert_eq!(
            (of(&snapshot, 1), of(&snapshot, 2)),
            (Some("ada".into()), Some("bob".into()))
        );
        snapshot.put_password_reset(link("ada", 3));
        assert_eq!((of(&snapshot, 1), of(&snapshot, 3)), (None, Some("ada".into())));
        snapshot.take_password_reset(&UserId::new("ada"));
        assert_eq!((of(&snapshot, 3), of(&snapshot, 2)), (None, Some("bob".into())));
    }
}
