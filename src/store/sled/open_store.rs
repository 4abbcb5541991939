//! The open store of a locked data folder.

use std::io;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use tracing::warn;

use super::commit_marker::CommitMarker;
use super::durability;
use super::files::{SledFiles, wait_until_closed, with_all_tables};
use super::hold::SledMoment;
use super::reader::SledReader;
use super::reserve_file::ReserveFile;
use super::trees::Trees;
use crate::store::catch_panic::catch_panic;
use crate::store::findings::Findings;
use crate::store::folder::DataFolder;
use crate::store::held::Held;
use crate::store::open_error::OpenError;
use crate::store::room::{self, DiskRefusal};
use crate::store::stored::EngineReader;

/// An open sled store. The fields are dropped in this order, so that the folder is released last.
pub(in crate::store) struct OpenStore {
    pub(in crate::store) trees: Arc<Trees>,
    pub(super) db: sled::Db,
    pub(super) marker: Arc<CommitMarker>,
    folder: DataFolder,
    /// The reason why these are the files of a copy, which must not be written; `None` for those of the store itself.
    refusal: Option<DiskRefusal>,
}

impl OpenStore {
    /// Locks the data folder, opens sled in it, and makes durable all that sled wrote meanwhile.
    pub(in crate::store) fn open(path: &Path) -> Result<Self, OpenError> {
        let folder = hold(path)?;
        let files = SledFiles::open(&folder)?;
        Ok(Self::of(files, folder, None))
    }

    /// Opens the store as [`Self::open`] does. If the disk is full, releases the reserve file. If that is not enough, or
    /// if the disk is mounted read-only, opens a copy of the store that is only read.
    pub(in crate::store) fn open_or_copy(path: &Path) -> Result<Self, OpenError> {
        let folder = hold(path)?;
        let mut opened = SledFiles::open(&folder);
        if matches!(opened, Err(OpenError::Full { .. })) {
            match ReserveFile::at(folder.reserve()).release() {
                Ok(0) => {}
                Ok(bytes) => {
                    warn!(
                        bytes,
                        "the disk is full: the reserve file was released to open the store"
                    );
                    opened = SledFiles::open(&folder);
                }
                Err(cause) => warn!(%cause, "the reserve file cannot be released"),
            }
        }
        let (files, refusal) = SledFiles::or_copy(opened, &folder)?;
        Ok(Self::of(files, folder, refusal))
    }

    /// Returns the store of a locked data folder with these open files.
    pub(super) fn of(files: SledFiles, folder: DataFolder, refusal: Option<DiskRefusal>) -> Self {
        Self {
            trees: Arc::new(files.trees),
            db: files.db,
            marker: Arc::new(files.marker),
            folder,
            refusal,
        }
    }

    /// Returns whether the store has a tree for each table of this version.
    pub(in crate::store) fn is_complete(&self) -> bool {
        self.trees.is_complete()
    }

    /// Adds the tables that the older version of a store did not have. Nothing may be written to it before.
    ///
    /// # Errors
    /// The error of sled.
    pub(in crate::store) fn add_tables(&mut self) -> Result<(), OpenError> {
        if !self.trees.is_complete() && self.refusal.is_none() {
            self.trees = Arc::new(with_all_tables(&self.db, &self.folder)?);
        }
        Ok(())
    }

    /// Returns a reader of the store.
    pub(super) fn reader(&self) -> Arc<dyn EngineReader> {
        Arc::new(SledReader {
            trees: Arc::clone(&self.trees),
            marker: Arc::clone(&self.marker),
            files: self.folder().store(),
        })
    }

    /// Verifies the whole store. Returns a snapshot, all problems, and the edits that upgrade old records.
    pub(in crate::store) fn verify(&self) -> Findings {
        self.reader().verify(&AtomicBool::new(false))
    }

    /// Holds the state of a store to which nothing is written.
    ///
    /// # Errors
    /// The cause, as text for the log.
    pub(in crate::store) fn hold(&self, commits: u64) -> Result<Held, String> {
        let moment = SledMoment::begin(&self.trees, commits, Arc::default())?;
        Ok(Held(Arc::new(moment)))
    }

    /// Returns a function that wakes a write of sled that waits for ever. sled notes a failed write of its own threads in
    /// two places, and only one of them wakes those who wait. The waked write returns the failure.
    pub(super) fn waker(&self) -> Box<dyn Fn() + Send> {
        let db = self.db.clone();
        Box::new(move || {
            if db.context.global_error().is_err() {
                // This call wakes all waiting threads and fails at once.
                let _ = db.context.pagecache.log.make_stable(i64::MAX);
            }
        })
    }

    /// Returns the bytes of sled's files.
    pub(in crate::store) fn file_bytes(&self) -> io::Result<u64> {
        match self.folder.present_store() {
            Some(store) => room::file_bytes(&store),
            None => Ok(0),
        }
    }

    /// Returns the locked data folder.
    pub(in crate::store) const fn folder(&self) -> &DataFolder {
        &self.folder
    }

    /// Returns the reason why the store must not be written, if these are the files of a copy.
    pub(super) const fn refusal(&self) -> Option<DiskRefusal> {
        self.refusal
    }

    /// Closes sled, and returns the folder, which stays locked.
    pub(super) fn into_folder(self) -> io::Result<DataFolder> {
        let folder = self.release();
        wait_until_closed(&folder.store())?;
        Ok(folder)
    }

    /// Drops the handles of sled, and returns the folder, which stays locked. sled's own threads may still close its files.
    pub(super) fn release(self) -> DataFolder {
        let Self {
            trees,
            db,
            marker,
            folder,
            refusal: _,
        } = self;
        // A store that failed may panic when it is dropped.
        if let Err(cause) = catch_panic(|| drop((trees, db, marker))) {
            warn!(cause, "the storage engine did not close in good order");
        }
        folder
    }
}

/// Locks a data folder, if this build can make data durable.
fn hold(path: &Path) -> Result<DataFolder, OpenError> {
    if durability::flush_is_durable() {
        DataFolder::hold(path)
    } else {
        Err(OpenError::NotDurable)
    }
}
