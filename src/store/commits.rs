//! How many batches were committed, told twice: in the store and in a file beside it.
//!
//! sled takes damage near the end of its log for the torn end of a crash, and opens without what
//! stood behind it. So every batch counts itself in the same transaction, and once it is durable the
//! count is written to the witness file. A store that counts fewer than the witness saw has lost
//! acknowledged data. The file is written after the flush and needs no flush of its own: a power cut
//! can only make it older than the store, never newer.

use std::fs::{File, OpenOptions};
use std::io;
use std::os::unix::fs::FileExt;
use std::path::Path;

use serde::{Deserialize, Serialize};

use super::Problem;
use super::codec::{self, Damage};
use super::record::Record;
use super::table::Table;

/// The one key of the table.
const KEY: &[u8] = b"count";

/// How many batches were committed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct CommitCount(pub(super) u64);

/// Version 1 of the stored count. Never changes.
#[derive(Serialize, Deserialize)]
struct CommitCountV1 {
    count: u64,
}

impl Record for CommitCount {
    const TABLE: Table = Table::Commits;

    fn key(&self) -> Vec<u8> {
        KEY.into()
    }

    fn encode(&self) -> Vec<u8> {
        codec::seal(Self::TABLE, KEY, 1, &CommitCountV1 { count: self.0 })
    }

    fn decode_body(version: u8, body: &[u8]) -> Result<Self, Damage> {
        match version {
            1 => codec::decode::<CommitCountV1>(body).map(|stored| Self(stored.count)),
            found => Err(Damage::Version { found, known: 1 }),
        }
    }
}

/// The file that saw the last commit.
pub(super) struct Witness(File);

/// Bytes of the witness: the count and its CRC-32, both little-endian.
const WITNESS_BYTES: usize = 12;

impl Witness {
    /// Opens the file, making it where it is absent.
    pub(super) fn open(path: &Path) -> io::Result<Self> {
        let mut options = OpenOptions::new();
        options
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .open(path)
            .map(Self)
    }

    /// Notes that a commit is durable.
    pub(super) fn note(&self, count: u64) -> io::Result<()> {
        let count = count.to_le_bytes();
        let sum = crc32fast::hash(&count).to_le_bytes();
        self.0.write_all_at(&[&count[..], &sum].concat(), 0)
    }

    /// Makes the file as new as the store, for the end in good order.
    pub(super) fn sync(&self) -> io::Result<()> {
        self.0.sync_all()
    }

    /// What is wrong with a store that counts less than the witness saw. A witness that cannot be
    /// read saw nothing: a power cut may leave one.
    pub(super) fn question(&self, counted: u64) -> Option<Problem> {
        let mut bytes = [0; WITNESS_BYTES];
        self.0.read_exact_at(&mut bytes, 0).ok()?;
        let (count, sum) = bytes.split_at(WITNESS_BYTES - 4);
        if crc32fast::hash(count).to_le_bytes() != sum {
            return None;
        }
        let seen = u64::from_le_bytes(count.try_into().ok()?);
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
        let witness = Witness::open(&home.path().join("witness")).expect("a file");
        assert_eq!(witness.question(0), None, "nothing was seen yet");
        witness.note(7).expect("a note");
        assert!(witness.question(6).is_some());
        assert_eq!(witness.question(7), None);
        assert_eq!(
            witness.question(8),
            None,
            "a power cut may have kept the note from the disk"
        );
    }

    #[test]
    fn a_witness_that_cannot_be_read_saw_nothing() {
        let home = tempfile::tempdir().expect("a temporary folder");
        let witness = Witness::open(&home.path().join("witness")).expect("a file");
        witness.note(7).expect("a note");
        witness.0.write_all_at(&[8], 0).expect("damage");
        assert_eq!(witness.question(0), None);
    }
}
