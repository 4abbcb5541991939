//! Opens sled's files so that they open after every crash.

use std::fs;
use std::io;
use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

use tracing::warn;

use super::commit_marker::CommitMarker;
use super::error::{is_locked, open_error};
use super::trees::Trees;
use super::unfinished_snapshot;
use super::{swap, temporary_copy};
use crate::store::catch_panic::catch_panic;
use crate::store::folder::{self, DataFolder};
use crate::store::open_error::OpenError;
use crate::store::room::{self, DiskRefusal};
use crate::store::sync::sync_folder;

/// The size of sled's page cache, in bytes. Reads use the snapshot, so the cache only serves the writer.
const CACHE_BYTES: u64 = 4 * 1024 * 1024;

/// The maximum time that sled's own threads may hold its lock after a store was closed.
const CLOSING_TIMEOUT: Duration = Duration::from_secs(5);

/// The open files of a store.
pub(super) struct SledFiles {
    pub(super) trees: Trees,
    pub(super) db: sled::Db,
    pub(super) marker: CommitMarker,
}

impl SledFiles {
    /// Opens sled in a locked data folder, and makes durable all that sled wrote meanwhile. Adds no table to a store of an
    /// older version.
    pub(super) fn open(folder: &DataFolder) -> Result<Self, OpenError> {
        let path = folder.path();
        let unusable = |cause: io::Error| OpenError::of_folder(path, cause);
        let unreadable = |error: sled::Error| open_error(path, &folder.store(), &error);
        swap::settle(folder).map_err(unusable)?;
        if !folder.store().is_dir() {
            // sled syncs neither its `conf` nor any name: a new store that a crash interrupts could never be opened
            // again. So it is created in another folder, and renamed when all of it is durable.
            clear(&folder.beginning()).map_err(unusable)?;
            open_sled(&folder.beginning()).map_err(unreadable)?;
            sync_folder(&folder.beginning()).map_err(unusable)?;
            fs::rename(folder.beginning(), folder.store()).map_err(unusable)?;
        }
        unfinished_snapshot::remove_all(&folder.store()).map_err(unusable)?;
        let (db, trees) = open_existing(&folder.store()).map_err(unreadable)?;
        if let Some(table) = Trees::unknown(&db) {
            return Err(OpenError::newer_table(path, folder::written_by(path), &table));
        }
        let marker = CommitMarker::open(&folder.witness()).map_err(unusable)?;
        marker.sync().map_err(unusable)?;
        sync(path, &folder.store()).map_err(unusable)?;
        Ok(Self { trees, db, marker })
    }

    /// Adds the tables that the older version of a store did not have.
    ///
    /// # Errors
    /// The error of sled.
    pub(super) fn add_tables(self, folder: &DataFolder) -> Result<Self, OpenError> {
        let trees = if self.trees.is_complete() {
            self.trees
        } else {
            with_all_tables(&self.db, folder)?
        };
        Ok(Self { trees, ..self })
    }

    /// Returns the opened files of the store. If it could not be opened because the disk takes no writes, opens a copy,
    /// and returns the reason too.
    ///
    /// # Errors
    /// The errors of [`Self::open_copy`].
    pub(super) fn or_copy(
        opened: Result<Self, OpenError>,
        folder: &DataFolder,
    ) -> Result<(Self, Option<DiskRefusal>), OpenError> {
        match opened {
            Ok(files) => Ok((files, None)),
            Err(error) => Self::open_copy(folder, error).map(|(files, refusal)| (files, Some(refusal))),
        }
    }

    /// Opens a copy of the store in a temporary folder, because the store itself cannot be opened for writing. sled has
    /// no other way to open files. Returns the reason why the store cannot be written.
    ///
    /// # Errors
    /// `error` itself if it has another reason or there is no store; [`OpenError::NoCopy`] if no temporary folder has
    /// enough space.
    fn open_copy(folder: &DataFolder, error: OpenError) -> Result<(Self, DiskRefusal), OpenError> {
        let refusal = match error {
            OpenError::Full { .. } => DiskRefusal::Full,
            OpenError::ReadOnly { .. } => DiskRefusal::ReadOnly,
            _ => return Err(error),
        };
        let Some(store) = folder.present_store() else {
            return Err(error);
        };
        let path = folder.path();
        let unusable = |cause: io::Error| OpenError::of_folder(path, cause);
        let bytes = room::file_bytes(&store).map_err(unusable)?;
        let Some(copy) = temporary_copy::make(&store, bytes).map_err(unusable)? else {
            return Err(OpenError::NoCopy {
                error: Box::new(error),
                bytes,
            });
        };
        let opened = open_existing(copy.path()).map_err(|error| open_error(path, copy.path(), &error));
        // sled has its only file open, so that nothing is left of the copy when this process ends.
        drop(copy);
        let (db, trees) = opened?;
        if let Some(table) = Trees::unknown(&db) {
            return Err(OpenError::newer_table(path, folder::written_by(path), &table));
        }
        let marker = CommitMarker::open_for_reading(&folder.witness()).map_err(unusable)?;
        warn!(reason = %error, bytes, "the store is only read, from a temporary copy, until it can be written");
        Ok((Self { trees, db, marker }, refusal))
    }
}

/// Creates an empty folder in place of one that an earlier attempt may have left.
pub(super) fn clear(beginning: &Path) -> io::Result<()> {
    match fs::remove_dir_all(beginning) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => folder::create_private(beginning),
    }
}

/// Waits until sled's own threads have closed the files, which takes a moment after the last handle is dropped.
///
/// # Errors
/// The error of the file system; `TimedOut` after five seconds.
pub(in crate::store) fn wait_until_closed(store: &Path) -> io::Result<()> {
    let file = fs::File::open(store.join("db"))?;
    folder::lock_within(&file, CLOSING_TIMEOUT).map_err(|error| match error {
        fs::TryLockError::WouldBlock => io::ErrorKind::TimedOut.into(),
        fs::TryLockError::Error(cause) => cause,
    })
}

/// Opens sled with all tables, and creates what is missing.
pub(in crate::store) fn open_sled(store: &Path) -> sled::Result<(sled::Db, Trees)> {
    panic_as_error(|| try_open_sled(store, Trees::open))
}

/// Opens sled with the tables that exist.
fn open_existing(store: &Path) -> sled::Result<(sled::Db, Trees)> {
    panic_as_error(|| try_open_sled(store, Trees::open_existing))
}

/// Opens all tables of an open store, creates those that are missing, and makes them durable.
pub(super) fn with_all_tables(db: &sled::Db, folder: &DataFolder) -> Result<Trees, OpenError> {
    let opened = panic_as_error(|| {
        let trees = Trees::open(db)?;
        db.flush()?;
        Ok(trees)
    });
    opened.map_err(|error| open_error(folder.path(), &folder.store(), &error))
}

fn panic_as_error<T>(run: impl FnOnce() -> sled::Result<T>) -> sled::Result<T> {
    catch_panic(run).unwrap_or_else(|panic| Err(sled::Error::ReportableBug(panic)))
}

fn try_open_sled(
    store: &Path,
    open_trees: impl FnOnce(&sled::Db) -> sled::Result<Trees>,
) -> sled::Result<(sled::Db, Trees)> {
    let config = sled::Config::new()
        .path(store)
        .cache_capacity(CACHE_BYTES)
        // The writer flushes after every batch, so sled's own flushing would only repeat that.
        .flush_every_ms(None);
    let begun = Instant::now();
    let db = loop {
        match config.open() {
            // The folder is locked by this process. So the lock on the files is held by sled's own threads of an
            // earlier opening in this process, which release it a moment after the last handle is dropped.
            Err(sled::Error::Io(error)) if is_locked(&error.to_string()) && begun.elapsed() < CLOSING_TIMEOUT => {
                thread::sleep(folder::LOCK_PAUSE);
            }
            outcome => break outcome?,
        }
    };
    let trees = open_trees(&db)?;
    db.flush()?;
    Ok((db, trees))
}

/// Makes the files durable, then the names of the folders above them.
fn sync(path: &Path, store: &Path) -> io::Result<()> {
    sync_folder(store)?;
    for folder in path.canonicalize()?.ancestors() {
        match fs::File::open(folder).and_then(|folder| folder.sync_all()) {
            // A parent folder that this user cannot open, or that is on a file system without syncs of folders,
            // existed before and need not be synced.
            Err(error) if folder != path && is_not_ours(&error) => {}
            outcome => outcome?,
        }
    }
    Ok(())
}

fn is_not_ours(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::PermissionDenied | io::ErrorKind::InvalidInput
    )
}
