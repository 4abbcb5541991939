//! The number of committed batches, stored twice: in the store and in a file beside it.
//!
//! sled takes damage near the end of its log for a write that a crash cut short, and opens without the entries after
//! it. So every batch increments a count in the same transaction, and once it is durable the count is written to the
//! commit marker. A store whose count is lower than the marker has lost acknowledged data. The file is written after
//! the flush and needs no flush of its own: a power cut can only make it older than the store, never newer.

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;
use std::path::Path;

use crate::store::folder::{WITNESS, open_private};
use crate::store::problem::Problem;
use crate::store::records::Table;
use crate::store::records::commits::KEY;

/// The file with the number of the last durable commit.
pub(in crate::store) struct CommitMarker(File);

/// Bytes of the marker: the count and its CRC-32, both little-endian.
const MARKER_BYTES: usize = 12;

impl CommitMarker {
    /// Opens the file, and creates it if it does not exist.
    pub(in crate::store) fn open(path: &Path) -> io::Result<Self> {
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
    pub(in crate::store) fn seen(&self) -> Option<u64> {
        let mut bytes = [0; MARKER_BYTES];
        self.0.read_exact_at(&mut bytes, 0).ok()?;
        let (count, sum) = bytes.split_at(MARKER_BYTES - 4);
        if crc32fast::hash(count).to_le_bytes() != sum {
            return None;
        }
        Some(u64::from_le_bytes(count.try_into().ok()?))
    }

    /// Returns a problem if the store's count is lower than the marker.
    pub(super) fn question(seen: u64, counted: u64) -> Option<Problem> {
        let what = format!(
            "it counts {counted} commits where {seen} were acknowledged: the last ones are lost, or an older store was put \
             in this one's place (if that was meant, remove the file {WITNESS})"
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
        let marker = CommitMarker::open(&home.path().join("marker")).expect("a file");
        assert_eq!(marker.seen(), None, "nothing was seen yet");
        marker.note(7).expect("a note");
        assert_eq!(marker.seen(), Some(7));
        assert!(CommitMarker::question(7, 6).is_some());
        assert_eq!(CommitMarker::question(7, 7), None);
        assert_eq!(
            CommitMarker::question(7, 8),
            None,
            "a power cut may have kept the note from the disk"
        );
    }

    #[test]
    fn a_marker_that_cannot_be_read_saw_nothing() {
        let home = tempfile::tempdir().expect("a temporary folder");
        let marker = CommitMarker::open(&home.path().join("marker")).expect("a file");
        marker.note(7).expect("a note");
        marker.0.write_all_at(&[8], 0).expect("damage");
        assert_eq!(marker.seen(), None);
    }
}
