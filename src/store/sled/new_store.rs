//! A new store, written from the records of another store or of a backup.

mod copier;
pub(super) mod next_entry;

use std::path::Path;
use std::time::Duration;

use sled::IVec;
use tracing::warn;

use self::copier::{Copier, CopyJob};
use crate::store::commits::Commits;
use crate::store::progress::Progress;
use crate::store::records::Table;
use crate::store::room;
use crate::store::sums::{RunningSums, Sums};

/// Maximum entries, and bytes after which a transaction is full, when records are copied.
const BATCH_ENTRIES: usize = 256;
const BATCH_BYTES: usize = 1024 * 1024;

/// The time limit of one batch. sled waits for ever if a write of its own threads fails, for example on a full disk.
const BATCH_TIMEOUT: Duration = Duration::from_secs(30);

/// The time limit of the check of the new store.
const CHECK_TIMEOUT: Duration = Duration::from_mins(10);

/// The free space that a new store needs: `SPACE_FACTOR` times the bytes of the records, plus `SPACE_BYTES`.
const SPACE_FACTOR: u64 = 3;
const SPACE_BYTES: u64 = 8 * 1024 * 1024;

/// Returns the bytes of free space that a new store needs and the bytes that are free, if there are too few. If the file
/// system does not report its free space, there are enough.
pub(in crate::store) fn missing_space(path: &Path, live_bytes: u64) -> Option<(u64, u64)> {
    let needed = live_bytes.saturating_mul(SPACE_FACTOR).saturating_add(SPACE_BYTES);
    match room::free_bytes(path) {
        Ok(Some(free)) => (free < needed).then_some((needed, free)),
        Ok(None) => None,
        Err(error) => {
            warn!(%error, "the free space is unknown");
            None
        }
    }
}

/// A new store that is being written in a folder of its own.
pub(in crate::store) struct NewStore {
    copier: Copier,
    /// The table of the entries in the batch.
    table: Option<Table>,
    batch: Batch,
    sums: RunningSums,
    progress: Progress,
}

impl NewStore {
    /// Begins an empty store in this folder, and removes what the folder contains. `work` and the expected number of
    /// entries are for the log.
    pub(in crate::store) fn begin(folder: &Path, work: &'static str, entries: u64) -> Result<Self, String> {
        Ok(Self {
            copier: Copier::start(folder)?,
            table: None,
            batch: Batch::default(),
            sums: RunningSums::begin(),
            progress: Progress::new(work, entries),
        })
    }

    /// Adds an entry. The entries of a table must come in the order of their keys, without other tables' entries
    /// between them.
    pub(in crate::store) fn put(
        &mut self,
        table: Table,
        key: impl Into<IVec>,
        value: impl Into<IVec>,
    ) -> Result<(), String> {
        let (key, value) = (key.into(), value.into());
        if self.table != Some(table) {
            self.write_rest()?;
            self.table = Some(table);
        }
        self.sums.add(table, &key, &value);
        match self.batch.add(key, value) {
            Some(full) => self.write(table, full),
            None => Ok(()),
        }
    }

    /// Writes the rest, verifies the whole new store, compares it with the entries that were added, closes it and makes
    /// it durable. Returns the checksums of its tables.
    pub(in crate::store) fn finish(mut self, commits: Commits) -> Result<Sums, String> {
        self.write_rest()?;
        let written = self.copier.ask(CopyJob::Finish(commits), CHECK_TIMEOUT)?;
        if written == self.sums.done() {
            Ok(written)
        } else {
            Err("the new store does not have the same records as its source".into())
        }
    }

    fn write_rest(&mut self) -> Result<(), String> {
        match self.table {
            Some(table) if !self.batch.entries.is_empty() => {
                let rest = std::mem::take(&mut self.batch);
                self.write(table, rest.entries)
            }
            _ => Ok(()),
        }
    }

    fn write(&mut self, table: Table, entries: Vec<(IVec, IVec)>) -> Result<(), String> {
        self.progress.add(entries.len());
        self.copier.ask(CopyJob::Put(table, entries), BATCH_TIMEOUT).map(drop)
    }
}

/// The entries of one transaction.
#[derive(Default)]
struct Batch {
    entries: Vec<(IVec, IVec)>,
    bytes: usize,
}

impl Batch {
    /// Adds an entry. Returns and removes all entries once there are [`BATCH_ENTRIES`] of them or [`BATCH_BYTES`].
    fn add(&mut self, key: IVec, value: IVec) -> Option<Vec<(IVec, IVec)>> {
        self.bytes += key.len() + value.len();
        self.entries.push((key, value));
        if self.entries.len() < BATCH_ENTRIES && self.bytes < BATCH_BYTES {
            return None;
        }
        self.bytes = 0;
        Some(std::mem::take(&mut self.entries))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn value(bytes: usize) -> IVec {
        vec![7; bytes].into()
    }

    #[test]
    fn a_batch_has_so_many_entries_or_bytes_and_no_more() {
        let mut batch = Batch::default();
        let mut fill = |bytes: usize| {
            let mut entries = 1;
            loop {
                if let Some(full) = batch.add(IVec::from(b"key"), value(bytes)) {
                    assert_eq!(full.len(), entries);
                    assert!(batch.entries.is_empty() && batch.bytes == 0);
                    return entries;
                }
                entries += 1;
            }
        };
        assert_eq!(fill(0), 256);
        // The last value may exceed the limit by its own length.
        assert_eq!(fill(256 * 1024), 4);
        assert_eq!(fill(2 * 1024 * 1024), 1);
    }
}
