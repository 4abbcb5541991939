//! The stored form of avatars. They are not in the snapshot: memory holds only what most requests need.

use serde::{Deserialize, Serialize};

use super::{Record, Table};
use crate::domain::{Avatar, ImageKind, UserId};
use crate::store::codec::{self, Damage};

/// Version 1 of a stored avatar. Never changes.
#[derive(Serialize, Deserialize)]
struct AvatarV1 {
    user: UserId,
    etag: String,
    kind: u8,
    bytes: Vec<u8>,
}

/// Version 2 of a stored avatar, which adds whether this server encoded the file. Never changes.
#[derive(Serialize, Deserialize)]
struct AvatarV2 {
    user: UserId,
    etag: String,
    kind: u8,
    bytes: Vec<u8>,
    clean: bool,
}

impl From<AvatarV1> for AvatarV2 {
    fn from(old: AvatarV1) -> Self {
        Self {
            user: old.user,
            etag: old.etag,
            kind: old.kind,
            bytes: old.bytes,
            clean: false,
        }
    }
}

/// Returns the stored number of a format. It never changes.
const fn number_of(kind: ImageKind) -> u8 {
    match kind {
        ImageKind::Png => 0,
        ImageKind::Jpeg => 1,
        ImageKind::WebP => 2,
    }
}

impl Record for Avatar {
    const TABLE: Table = Table::Avatars;
    const VERSION: u8 = 2;

    fn key(&self) -> Vec<u8> {
        self.user.as_str().into()
    }

    fn encode(&self) -> Vec<u8> {
        let stored = AvatarV2 {
            user: self.user.clone(),
            etag: self.etag.clone(),
            kind: number_of(self.kind),
            bytes: self.bytes.clone(),
            clean: self.clean,
        };
        codec::seal(Self::TABLE, &self.key(), Self::VERSION, &stored)
    }

    fn decode_body(version: u8, body: &[u8]) -> Result<Self, Damage> {
        let stored = match version {
            1 => codec::decode::<AvatarV1>(body)?.into(),
            2 => codec::decode::<AvatarV2>(body)?,
            found => {
                return Err(Damage::Version {
                    found,
                    known: Self::VERSION,
                });
            }
        };
        let kind = ImageKind::ALL.iter().find(|kind| number_of(**kind) == stored.kind);
        Ok(Self {
            user: stored.user,
            etag: stored.etag,
            kind: *kind.ok_or_else(|| Damage::Body(format!("{} is no kind of image", stored.kind)))?,
            bytes: stored.bytes,
            clean: stored.clean,
        })
    }
}
