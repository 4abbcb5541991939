//! The stored form of the store's own counters.

use serde::{Deserialize, Serialize};

use super::{Record, Table};
use crate::domain::Timestamp;
use crate::store::codec::{self, Damage};
use crate::store::commits::Commits;

/// The only key of the table.
pub(in crate::store) const KEY: &[u8] = b"count";

/// Version 1 of the stored count. Never changes.
#[derive(Serialize, Deserialize)]
struct CommitsV1 {
    count: u64,
}

/// Version 2 of the stored count. Never changes.
#[derive(Serialize, Deserialize)]
struct CommitsV2 {
    count: u64,
    erasures: u64,
    compacted_at: Option<i64>,
    compacted_bytes: u64,
}

/// Version 3 of the stored count. Never changes.
#[derive(Serialize, Deserialize)]
struct CommitsV3 {
    count: u64,
    erasures: u64,
    compacted_at: Option<i64>,
    compacted_bytes: u64,
    believed_at: Option<i64>,
}

impl Record for Commits {
    const TABLE: Table = Table::Commits;
    const VERSION: u8 = 3;

    fn key(&self) -> Vec<u8> {
        KEY.into()
    }

    fn encode(&self) -> Vec<u8> {
        let stored = CommitsV3 {
            count: self.count,
            erasures: self.erasures,
            compacted_at: self.compacted_at.map(Timestamp::as_millis),
            compacted_bytes: self.compacted_bytes,
            believed_at: self.believed_at.map(Timestamp::as_millis),
        };
        codec::seal(Self::TABLE, KEY, Self::VERSION, &stored)
    }

    fn decode_body(version: u8, body: &[u8]) -> Result<Self, Damage> {
        match version {
            // It is unknown if something was deleted before, so the next start compacts the store.
            1 => codec::decode::<CommitsV1>(body).map(|stored| Self {
                count: stored.count,
                erasures: 1,
                ..Self::default()
            }),
            2 => codec::decode::<CommitsV2>(body).map(|stored| Self {
                count: stored.count,
                erasures: stored.erasures,
                compacted_at: stored.compacted_at.map(Timestamp::from_millis),
                compacted_bytes: stored.compacted_bytes,
                believed_at: None,
            }),
            3 => codec::decode::<CommitsV3>(body).map(|stored| Self {
                count: stored.count,
                erasures: stored.erasures,
                compacted_at: stored.compacted_at.map(Timestamp::from_millis),
                compacted_bytes: stored.compacted_bytes,
                believed_at: stored.believed_at.map(Timestamp::from_millis),
            }),
            found => Err(Damage::Version {
                found,
                known: Self::VERSION,
            }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_count_is_found_again_and_one_of_version_1_may_have_deleted_something() {
        let commits = Commits {
            count: 7,
            erasures: 2,
            compacted_at: Some(Timestamp::from_millis(3)),
            compacted_bytes: 4,
            believed_at: Some(Timestamp::from_millis(5)),
        };
        assert_eq!(Commits::decode(KEY, &commits.encode()), Ok(commits));
        let stored = CommitsV2 {
            count: 7,
            erasures: 2,
            compacted_at: Some(3),
            compacted_bytes: 4,
        };
        let second = codec::seal(Table::Commits, KEY, 2, &stored);
        let without_time = Commits {
            believed_at: None,
            ..commits
        };
        assert_eq!(Commits::decode(KEY, &second), Ok(without_time));
        let old = codec::seal(Table::Commits, KEY, 1, &CommitsV1 { count: 7 });
        let upgraded = Commits::decode(KEY, &old).expect("a count");
        assert_eq!((upgraded.count, upgraded.erasures, upgraded.compacted_at), (7, 1, None));
    }
}
