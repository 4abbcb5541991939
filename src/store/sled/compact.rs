//! Compaction: copies all records into a new store, which then replaces the old one.
//!
//! sled frees space too seldom, and the bytes of a removed or replaced record stay in its files until sled happens to
//! overwrite them. A new store has only the current records.

use std::path::{Path, PathBuf};

use super::new_store::next_entry::next;
use super::new_store::{NewStore, missing_space};
use super::open_store::OpenStore;
use super::reserve_file::ReserveFile;
use super::swap;
use crate::clock::Clock;
use crate::store::commits::Commits;
use crate::store::records::Table;
use crate::store::{OpenError, room};

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
pub(in crate::store) fn compact(path: &Path) -> Result<Compaction, CompactError> {
    let store = OpenStore::open(path)?;
    let found = store.verify().sound(path)?;
    let failed = |cause: String| CompactError::Failed {
        folder: path.to_owned(),
        cause,
    };
    let reserve = ReserveFile::at(store.folder().reserve());
    if let Some((needed, free)) = missing_space(path, found.live_bytes)
        && (needed > free.saturating_add(reserve.bytes()) || reserve.release().is_err())
    {
        return Err(CompactError::NoSpace {
            folder: path.to_owned(),
            needed,
            free,
        });
    }
    let before_bytes = store.file_bytes().map_err(|error| failed(error.to_string()))?;
    let (entries, commits) = (found.entries, found.snapshot.commits);
    drop(found);

    let compacting = store.folder().compacting();
    let copied = copy(&store, &compacting, entries, commits);
    let folder = store.into_folder();
    if let Err(cause) = copied {
        // If this fails, the next start removes the folder.
        let _ = std::fs::remove_dir_all(&compacting);
        return Err(failed(cause));
    }
    let folder = folder.map_err(|error| failed(error.to_string()))?;
    swap::put_in_place(&folder).map_err(|error| failed(error.to_string()))?;
    let after_bytes = room::file_bytes(&folder.store()).map_err(|error| failed(error.to_string()))?;
    Ok(Compaction {
        before_bytes,
        after_bytes,
        entries,
    })
}

/// Copies all records into a new store in this folder and makes it durable.
fn copy(store: &OpenStore, compacting: &Path, entries: u64, commits: Commits) -> Result<(), String> {
    let mut new = NewStore::begin(compacting, "compacting the store", entries)?;
    for table in Table::ALL.iter().copied() {
        if !table.is_copied() {
            continue;
        }
        let mut rest = store.trees.of(table).iter();
        while let Some((key, value)) = next(&store.trees, table, &mut rest)? {
            new.put(table, key, value)?;
        }
    }
    let copied = new.finish(Commits {
        count: commits.count,
        erasures: 0,
        compacted_at: Some(Clock::system().now()),
        compacted_bytes: 0,
        ..commits
    });
    copied.map(drop)
}
