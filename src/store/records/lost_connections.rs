//! The stored form of lost connections, and the snapshot's look-up for them.

use serde::{Deserialize, Serialize};

use super::{Record, Table};
use crate::domain::{LostConnections, Timestamp, TokenHash, UserId};
use crate::store::codec::{self, Damage};
use crate::store::snapshot::Snapshot;

/// Version 1 of stored lost connections. Never changes.
#[derive(Serialize, Deserialize)]
struct LostConnectionsV1 {
    token: [u8; 32],
    user: UserId,
    online: u32,
    away: u32,
    at: i64,
}

impl Record for LostConnections {
    const TABLE: Table = Table::LostConnections;

    fn key(&self) -> Vec<u8> {
        self.token.as_bytes().into()
    }

    fn encode(&self) -> Vec<u8> {
        let stored = LostConnectionsV1 {
            token: *self.token.as_bytes(),
            user: self.user.clone(),
            online: self.online,
            away: self.away,
            at: self.at.as_millis(),
        };
        codec::seal(Self::TABLE, &self.key(), Self::VERSION, &stored)
    }

    fn decode_body(version: u8, body: &[u8]) -> Result<Self, Damage> {
        match version {
            1 => {
                let stored: LostConnectionsV1 = codec::decode(body)?;
                Ok(Self {
                    token: TokenHash::new(stored.token),
                    user: stored.user,
                    online: stored.online,
                    away: stored.away,
                    at: Timestamp::from_millis(stored.at),
                })
            }
            found => Err(Damage::Version { found, known: 1 }),
        }
    }
}

impl Snapshot {
    /// Returns the connections that were open when the last server process ended. Empty once they are settled.
    pub fn lost_connections(&self) -> impl Iterator<Item = &LostConnections> {
        self.lost_connections.values()
    }
}
