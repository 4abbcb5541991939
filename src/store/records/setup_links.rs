//! The stored form of the one-time setup link.

use serde::{Deserialize, Serialize};

use super::{Record, Table};
use crate::domain::SetupLink;
use crate::store::codec::{self, Damage};

/// The only key of the table: there is at most one link.
const KEY: &[u8] = b"first administrator";

/// Version 1 of the stored link. Never changes.
#[derive(Serialize, Deserialize)]
struct SetupLinkV1 {
    secret: String,
}

impl Record for SetupLink {
    const TABLE: Table = Table::SetupLinks;

    fn key(&self) -> Vec<u8> {
        KEY.into()
    }

    fn encode(&self) -> Vec<u8> {
        let stored = SetupLinkV1 {
            secret: self.secret.clone(),
        };
        codec::seal(Self::TABLE, KEY, 1, &stored)
    }

    fn decode_body(version: u8, body: &[u8]) -> Result<Self, Damage> {
        match version {
            1 => codec::decode::<SetupLinkV1>(body).map(|stored| Self { secret: stored.secret }),
            found => Err(Damage::Version { found, known: 1 }),
        }
    }
}
