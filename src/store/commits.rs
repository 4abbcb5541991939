//! The number of committed batches, stored twice: in the store and in a file beside it.
//!
//! sled takes damage near the end of its log for a write that a crash cut short, and opens without the entries after
//! it. So every batch increments a count in the same transaction, and once it is durable the count is written to the
//! witness file. A store whose count is lower than the witness has lost acknowledged data. The file is written after
//! the flush and needs no flush of its own: a power cut can only make it older than the store, never newer.

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;
use std::path::Path;

use serde::{Deserialize, Serialize};

use super::codec::{self, Damage};
use super::folder::open_private;
use super::problem::Problem;
use super::record::Record;
use super::table::Table;
use crate::domain::Timestamp;

/// The only key of the table.
const KEY: &[u8] = b"count";

/// The minimum time between two compactions because of deleted data, in milliseconds: one day.
const COMPACTION_PAUSE_MILLIS: i64 = 24 * 60 * 60 * 1000;

/// A store of at most this size is not compacted because of its size.
const WORTHWHILE_BYTES: u64 = 16 * 1024 * 1024;

/// The growth since the last compaction, in percent of the files, that is always enough for another one. Without such a
/// condition, a store that a compaction does not make smaller would be compacted at each start.
const ENOUGH_GROWTH_PERCENT: u32 = 50;

/// The store's own counters, and the state of its last compaction.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Commits {
    /// The number of committed batches.
    pub(super) count: u64,
    /// The number of secrets or personal records that were removed or replaced since the last compaction. Their bytes
    /// may still be in the files.
    pub(super) erasures: u64,
    /// The time when the store was created or last compacted. Unknown in stores of versions before 0.2.
    pub(super) compacted_at: Option<Timestamp>,
    /// Bytes of the files after the last compaction; 0 before the first one.
    pub(super) compacted_bytes: u64,
    /// The time of the last commit that stored its time. A commit does not store it while the clock is ahead. `None` in
    /// stores of older versions.
    pub(super) believed_at: Option<Timestamp>,
}

/// The size of a store, in bytes.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Sizes {
    /// Bytes of all keys and values.
    pub(super) live: u64,
    /// Bytes of the files.
    pub(super) files: u64,
}

impl Commits {
    /// Returns whether a start should compact the store, for one of two reasons:
    ///
    /// - Something was deleted, and the last compaction was at least a day ago.
    /// - More than `waste_percent` of the files has no data, and since the last compaction the files have grown by more
    ///   than `waste_percent` or [`ENOUGH_GROWTH_PERCENT`] of their size.
    pub(super) fn is_compaction_due(&self, sizes: Sizes, now: Timestamp, waste_percent: u32) -> bool {
        let rest = |percent: u32| sizes.files / 100 * u64::from(100_u32.saturating_sub(percent));
        // A time in the future comes from a clock that was wrong then.
        let long_ago = |at: Timestamp| (now.as_millis() - at.as_millis()).abs() >= COMPACTION_PAUSE_MILLIS;
        let holds_deleted = self.erasures > 0 && self.compacted_at.is_none_or(long_ago);
        let is_large = sizes.files > WORTHWHILE_BYTES
            && rest(waste_percent) > sizes.live
            && rest(waste_percent.min(ENOUGH_GROWTH_PERCENT)) > self.compacted_bytes;
        holds_deleted || is_large
    }
}

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

/// The file with the number of the last durable commit.
pub(super) struct CommitMarker(File);

/// Bytes of the witness: the count and its CRC-32, both little-endian.
const WITNESS_BYTES: usize = 12;

impl CommitMarker {
    /// Opens the file, and creates it if it does not exist.
    pub(super) fn open(path: &Path) -> io::Result<Self> {
        open_private(path).map(Self)
    }

    /// Opens the file on a disk that takes no writes. If it does not exist, no commit was seen.
    pub(super) fn open_for_reading(path: &Path) -> io::Result<Self> {
        match File::open(path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => File::open("/dev/null").map(Self),
            opened => opened.map(Self),
        }
    }

    /// Writes the number of the last durable commit.
    pub(super) fn note(&self, count: u64) -> io::Result<()> {
        let count = count.to_le_bytes();
        let sum = crc32fast::hash(&count).to_le_bytes();
        self.0.write_all_at(&[&count[..], &sum].concat(), 0)
    }

    /// Syncs the file when the store closes.
    pub(super) fn sync(&self) -> io::Result<()> {
        self.0.sync_all()
    }

    /// Returns the number in the file, or `None` if it cannot be read: a power cut may leave such a file.
    pub(super) fn seen(&self) -> Option<u64> {
        let mut bytes = [0; WITNESS_BYTES];
        self.0.read_exact_at(&mut bytes, 0).ok()?;
        let (count, sum) = bytes.split_at(WITNESS_BYTES - 4);
        if crc32fast::hash(count).to_le_bytes() != sum {
            return None;
        }
        Some(u64::from_le_bytes(count.try_into().ok()?))
    }

    /// Returns a problem if the store's count is lower than the witness.
    pub(super) fn question(seen: u64, counted: u64) -> Option<Problem> {
        let what = format!(
            "it counts {counted} commits where {seen} were acknowledged: the last ones are lost, or an older store was put \
             in this one's place (if that was meant, remove the file {})",
            super::folder::WITNESS
        );
        (counted < seen).then(|| Problem::new(Table::Commits, KEY, what))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_store_that_counts_less_than_was_seen_has_lost_something() {
        let home = tempfile::tempdir().expect("a temporary folder");
        let witness = CommitMarker::open(&home.path().join("witness")).expect("a file");
        assert_eq!(witness.seen(), None, "nothing was seen yet");
        witness.note(7).expect("a note");
        assert_eq!(witness.seen(), Some(7));
        assert!(CommitMarker::question(7, 6).is_some());
        assert_eq!(CommitMarker::question(7, 7), None);
        assert_eq!(
            CommitMarker::question(7, 8),
            None,
            "a power cut may have kept the note from the disk"
        );
    }

    #[test]
    fn a_witness_that_cannot_be_read_saw_nothing() {
        let home = tempfile::tempdir().expect("a temporary folder");
        let witness = CommitMarker::open(&home.path().join("witness")).expect("a file");
        witness.note(7).expect("a note");
        witness.0.write_all_at(&[8], 0).expect("damage");
        assert_eq!(witness.seen(), None);
    }
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

    #[test]
    fn a_store_is_compacted_a_day_after_the_last_time_or_when_it_has_grown_much() {
        let day = Timestamp::from_millis(COMPACTION_PAUSE_MILLIS);
        let small = Sizes {
            live: 1,
            files: 500_000,
        };
        let erased = Commits {
            erasures: 1,
            compacted_at: Some(Timestamp::from_millis(0)),
            ..Commits::default()
        };
        let is_due = |commits: &Commits, sizes: Sizes, at: Timestamp| commits.is_compaction_due(sizes, at, 75);
        assert!(is_due(&erased, small, day));
        assert!(!is_due(
            &erased,
            small,
            Timestamp::from_millis(COMPACTION_PAUSE_MILLIS - 1)
        ));
        let unchanged = Commits { erasures: 0, ..erased };
        assert!(!is_due(&unchanged, small, day));
        let unknown = Commits {
            compacted_at: None,
            ..erased
        };
        assert!(is_due(&unknown, small, Timestamp::from_millis(0)));

        let grown = Sizes {
            live: WORTHWHILE_BYTES / 4,
            files: WORTHWHILE_BYTES + 1000,
        };
        assert!(is_due(&unchanged, grown, day));
        let full = Sizes {
            live: grown.files,
            ..grown
        };
        assert!(!is_due(&unchanged, full, day), "there is nothing to win");
        let as_before = Commits {
            compacted_bytes: grown.files,
            ..unchanged
        };
        assert!(!is_due(&as_before, grown, day), "a compaction does not make it smaller");
    }

    #[test]
    fn the_waste_at_which_a_store_is_compacted_is_a_setting() {
        let sizes = Sizes {
            live: 60_000_000,
            files: 100_000_000,
        };
        let now = Timestamp::from_millis(0);
        for (percent, compacted_bytes, is_due) in [
            (39, 0, true),
            (40, 0, false),
            (10, 89_000_000, true),
            (10, 90_000_000, false),
            (95, 0, false),
        ] {
            let commits = Commits {
                compacted_bytes,
                ..Commits::default()
            };
            assert_eq!(
                commits.is_compaction_due(sizes, now, percent),
                is_due,
                "{percent} {compacted_bytes}"
            );
        }
    }
}
