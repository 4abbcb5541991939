//! The stored form of the one-time setup link.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::codec::{self, Damage};
use super::record::Record;
use super::table::Table;

/// The only key of the table: there is at most one link.
const KEY: &[u8] = b"first administrator";

/// The secret of the link that creates the first administrator. It is stored in plain text, since a restart must
/// print the same link again. It is removed when the first user exists.
#[derive(Clone, PartialEq, Eq)]
pub struct SetupLink {
    /// The secret part of the link, in plain text.
    pub secret: String,
}

impl fmt::Debug for SetupLink {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("SetupLink(hidden)")
    }
}

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
