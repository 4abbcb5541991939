//! The stored form of invitations, and the snapshot's look-ups for them.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::{Record, Table};
use crate::domain::{Invitation, RoleId, Timestamp, TokenHash, UserId};
use crate::store::codec::{self, Damage};
use crate::store::snapshot::Snapshot;

/// Version 1 of a stored invitation. Never changes.
#[derive(Serialize, Deserialize)]
struct InvitationV1 {
    place: u16,
    hash: [u8; 32],
    creator: Option<UserId>,
    created_at: i64,
    expires_at: i64,
    max_uses: Option<u32>,
    uses: u32,
    roles: Vec<RoleId>,
    note: String,
}

impl Record for Invitation {
    const TABLE: Table = Table::Invitations;

    /// The place is the key, so that the store bounds the number of invitations.
    fn key(&self) -> Vec<u8> {
        self.place.to_be_bytes().into()
    }

    fn encode(&self) -> Vec<u8> {
        let stored = InvitationV1 {
            place: self.place,
            hash: *self.hash.as_bytes(),
            creator: self.creator.clone(),
            created_at: self.created_at.as_millis(),
            expires_at: self.expires_at.as_millis(),
            max_uses: self.max_uses,
            uses: self.uses,
            roles: self.roles.clone(),
            note: self.note.clone(),
        };
        codec::seal(Self::TABLE, &self.key(), Self::VERSION, &stored)
    }

    fn decode_body(version: u8, body: &[u8]) -> Result<Self, Damage> {
        match version {
            1 => {
                let stored: InvitationV1 = codec::decode(body)?;
                Ok(Self {
                    place: stored.place,
                    hash: TokenHash::new(stored.hash),
                    creator: stored.creator,
                    created_at: Timestamp::from_millis(stored.created_at),
                    expires_at: Timestamp::from_millis(stored.expires_at),
                    max_uses: stored.max_uses,
                    uses: stored.uses,
                    roles: stored.roles,
                    note: stored.note,
                })
            }
            found => Err(Damage::Version { found, known: 1 }),
        }
    }
}

impl Snapshot {
    /// Returns the invitation at a place, open or expired.
    #[must_use]
    pub fn invitation_at(&self, place: u16) -> Option<&Arc<Invitation>> {
        self.invitations.get(&place)
    }

    /// Returns all invitations, open and expired. Their number is bounded, so that searches read all of them.
    pub fn invitations(&self) -> impl Iterator<Item = &Arc<Invitation>> {
        self.invitations.values()
    }
}
