//! Compaction: copies all records into a new store, which then replaces the old one.
//!
//! sled never frees space, and the bytes of a removed or replaced record stay in its files until sled happens to
//! overwrite them. A new store has only the current records.

mod copier;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use sled::IVec;
use tracing::{info, warn};

use self::copier::{Copier, Job};
use super::commits::Commits;
use super::contain::contain;
use super::open::Engine;
use super::table::{Table, Trees};
use super::{OpenError, folder, swap};
use crate::clock::Clock;

/// Maximum entries, and bytes after which a transaction is full, when records are copied.
const BATCH_ENTRIES: usize = 256;
const BATCH_BYTES: usize = 1024 * 1024;

/// The free space that a compaction needs: `SPACE_FACTOR` times the bytes of the records, plus `SPACE_BYTES`.
const SPACE_FACTOR: u64 = 3;
const SPACE_BYTES: u64 = 8 * 1024 * 1024;

/// The time limit of one batch. sled waits for ever if a write of its own threads fails, for example on a full disk.
const BATCH_PATIENCE: Duration = Duration::from_secs(30);

/// The time limit of the check of the new store.
const CHECK_PATIENCE: Duration = Duration::from_mins(10);

/// The time between two log lines about the progress.
const PROGRESS_PAUSE: Duration = Duration::from_secs(5);

/// The result of a compaction.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Compaction {
    /// Bytes of the store's files before the compaction.
    pub before_bytes: u64,
    /// Bytes of the store's files after the compaction.
    pub after_bytes: u64,
    /// The number of records and index entries in the store.
    pub entries: u64,
}

/// The reason why a store was not compacted. The store is unchanged.
#[derive(Debug, thiserror::Error)]
pub enum CompactError {
    /// The store does not open or is damaged.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// The disk has too little free space.
    #[error(
        "a compaction of the store in {} needs {needed} bytes of free space, and there are {free}: free some, then try \
         again",
        folder.display()
    )]
    NoSpace {
        /// The path of the data folder.
        folder: PathBuf,
        /// The free bytes that a compaction needs.
        needed: u64,
        /// The bytes that are free now.
        free: u64,
    },
    /// The new store could not be written, or differs from the old one.
    #[error("the store in {} could not be compacted and is used as it is: {cause}", folder.display())]
    Failed {
        /// The path of the data folder.
        folder: PathBuf,
        /// The error as text.
        cause: String,
    },
}

/// Compacts the store in a data folder that no process has open.
pub(super) fn compact(path: &Path) -> Result<Compaction, CompactError> {
    let engine = Engine::open(path)?;
    let mut found = engine.verify();
    if let Some(error) = found.refusal(path) {
        return Err(error.into());
    }
    if !found.problems.is_empty() {
        return Err(CompactError::Open(OpenError::Damaged {
            folder: path.to_owned(),
            problems: found.problems,
        }));
    }
    let failed = |cause: String| CompactError::Failed {
        folder: path.to_owned(),
        cause,
    };
    check_space(path, found.live_bytes)?;
    let before_bytes = engine.file_bytes().map_err(|error| failed(error.to_string()))?;
    let (entries, commits) = (found.entries, found.snapshot.commits);
    drop(found);

    let compacting = engine.folder().compacting();
    let copied = copy(&engine, &compacting, entries, commits);
    let folder = engine.into_folder();
    if let Err(cause) = copied {
        // If this fails, the next start removes the folder.
        let _ = std::fs::remove_dir_all(&compacting);
        return Err(failed(cause));
    }
    let folder = folder.map_err(|error| failed(error.to_string()))?;
    swap::put_in_place(&folder).map_err(|error| failed(error.to_string()))?;
    let after_bytes = folder::file_bytes(&folder.store()).map_err(|error| failed(error.to_string()))?;
    Ok(Compaction {
        before_bytes,
        after_bytes,
        entries,
    })
}

/// Refuses a compaction if the disk has too little free space. If the file system does not report its free space, the
/// compaction goes on.
fn check_space(folder: &Path, live_bytes: u64) -> Result<(), CompactError> {
    let needed = live_bytes * SPACE_FACTOR + SPACE_BYTES;
    match folder::free_bytes(folder) {
        Ok(Some(free)) if free < needed => Err(CompactError::NoSpace {
            folder: folder.to_owned(),
            needed,
            free,
        }),
        Ok(_) => Ok(()),
        Err(error) => {
            warn!(%error, "the free space is unknown");
            Ok(())
        }
    }
}

/// The number and the checksum of the entries of each table.
type Sums = BTreeMap<&'static str, (u64, u32)>;

/// Copies all records into a new store in this folder and makes it durable.
fn copy(engine: &Engine, compacting: &Path, entries: u64, commits: Commits) -> Result<(), String> {
    let copier = Copier::start(compacting)?;
    let mut progress = Progress::new(entries);
    let mut sums = Sums::new();
    for table in Table::ALL {
        // The parts of long values are written with their values, and the counts at the end.
        if matches!(table, Table::Overflow | Table::Commits) {
            continue;
        }
        let mut sum = Sum::default();
        let mut batch = Batch::default();
        let mut rest = engine.trees.of(table).iter();
        while let Some((key, value)) = next(&engine.trees, table, &mut rest)? {
            sum.add(&key, &value);
            if let Some(full) = batch.add(key, value) {
                progress.add(full.len());
                copier.ask(Job::Put(table, full), BATCH_PATIENCE)?;
            }
        }
        if !batch.entries.is_empty() {
            progress.add(batch.entries.len());
            copier.ask(Job::Put(table, batch.entries), BATCH_PATIENCE)?;
        }
        sums.insert(table.name(), sum.done());
    }
    let commits = Commits {
        count: commits.count,
        erasures: 0,
        compacted_at: Some(Clock::System.now()),
        compacted_bytes: 0,
        ..commits
    };
    let written = copier.ask(Job::Finish(commits), CHECK_PATIENCE)?;
    if written == sums {
        Ok(())
    } else {
        Err("the new store has not the same records as the old one".into())
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

/// Returns the next entry of a table, with its whole value.
fn next(trees: &Trees, table: Table, rest: &mut sled::Iter) -> Result<Option<(IVec, IVec)>, String> {
    let read = || -> sled::Result<Option<(IVec, IVec)>> {
        let Some(entry) = rest.next() else {
            return Ok(None);
        };
        let (key, placed) = entry?;
        let value = trees.whole(table, &key, placed)?.unwrap_or_default();
        Ok(Some((key, value)))
    };
    contain(read)?.map_err(|error| error.to_string())
}

/// A running checksum of a table's entries.
#[derive(Default)]
struct Sum {
    count: u64,
    hasher: crc32fast::Hasher,
}

impl Sum {
    fn add(&mut self, key: &[u8], value: &[u8]) {
        self.count += 1;
        for bytes in [key, value] {
            self.hasher.update(&(bytes.len() as u64).to_le_bytes());
            self.hasher.update(bytes);
        }
    }

    fn done(self) -> (u64, u32) {
        (self.count, self.hasher.finalize())
    }
}

/// Logs the progress of a compaction that takes long.
struct Progress {
    copied: u64,
    entries: u64,
    logged: Instant,
}

impl Progress {
    fn new(entries: u64) -> Self {
        Self {
            copied: 0,
            entries,
            logged: Instant::now(),
        }
    }

    fn add(&mut self, copied: usize) {
        self.copied += copied as u64;
        if self.logged.elapsed() >= PROGRESS_PAUSE {
            self.logged = Instant::now();
            info!(copied = self.copied, of = self.entries, "compacting the store");
        }
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
