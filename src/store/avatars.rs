//! How pictures are stored. They are not in the snapshot: memory is for what every request asks.

use serde::{Deserialize, Serialize};

use super::codec::{self, Damage};
use super::record::Record;
use super::table::Table;
use crate::domain::{Avatar, ImageKind, UserId};

/// Version 1 of a stored picture. Never changes.
#[derive(Serialize, Deserialize)]
struct AvatarV1 {
    user: UserId,
    etag: String,
    kind: u8,
    bytes: Vec<u8>,
}

impl Record for Avatar {
    const TABLE: Table = Table::Avatars;

    fn key(&self) -> Vec<u8> {
        self.user.as_str().into()
    }

    fn encode(&self) -> Vec<u8> {
        let stored = AvatarV1 {
            user: self.user.clone(),
            etag: self.etag.clone(),
            kind: self.kind as u8,
            bytes: self.bytes.clone(),
        };
        codec::seal(Self::TABLE, &self.key(), Self::VERSION, &stored)
    }

    fn decode_body(version: u8, body: &[u8]) -> Result<Self, Damage> {
        match version {
            1 => {
                let stored: AvatarV1 = codec::decode(body)?;
                let kind = ImageKind::ALL.get(usize::from(stored.kind));
                Ok(Self {
                    user: stored.user,
                    etag: stored.etag,
                    kind: *kind.ok_or_else(|| Damage::Body(format!("{} is no kind of image", stored.kind)))?,
                    bytes: stored.bytes,
                })
            }
            found => Err(Damage::Version { found, known: 1 }),
        }
    }
}
