//! Restores a backup into a data folder.
//!
//! The backup is checked before anything is written, then written into a new store beside the old one, which is verified
//! as a whole, and only then put in place; see [`swap`]. A kill at any point leaves the old store or the new one.

use std::fs::{self, File};
use std::io::{self, BufReader, Seek};
use std::path::{Path, PathBuf};

use super::read::{self, Item};
use super::{BackupError, Decryption, Summary};
use crate::clock::Clock;
use crate::store::OpenError;
use crate::store::commits::Commits;
use crate::store::folder::{DataFolder, write_private};
use crate::store::sled::new_store::{NewStore, missing_space};
use crate::store::sled::{CommitMarker, swap};

/// The choices of a restoration.
#[derive(Debug, Clone, Copy)]
pub struct Restoring {
    /// `true` to put a store aside that is in the folder; otherwise such a store is an error.
    pub replace: bool,
    /// `true` to write the key of the backup to the data folder, if the backup has one.
    pub take_key: bool,
}

/// The result of a restoration.
#[derive(Debug)]
pub struct Restored {
    /// The contents of the backup.
    pub summary: Summary,
    /// The folder in which the old store is kept, if there was one.
    pub aside: Option<PathBuf>,
}

/// The reason why a backup was not restored. The data folder has the same store as before, except for
/// [`RestoreError::Unfinished`].
#[derive(Debug, thiserror::Error)]
pub enum RestoreError {
    /// The file is not a sound backup.
    #[error("{} is not restored: {cause}", file.display())]
    Backup {
        /// The path of the backup.
        file: PathBuf,
        /// The problem of the backup.
        cause: BackupError,
    },
    /// The data folder cannot be used, or a server uses it.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// The data folder has a store.
    #[error(
        "the data folder {} has a store already: name another folder with --data-dir, or add --replace, which keeps the \
         old store beside the new one",
        .0.display()
    )]
    Occupied(PathBuf),
    /// The disk has too little free space.
    #[error(
        "to restore the backup, {needed} bytes of free space are needed in {}, and there are {free}: free some, then try \
         again",
        folder.display()
    )]
    NoSpace {
        /// The path of the data folder.
        folder: PathBuf,
        /// The free bytes that are needed.
        needed: u64,
        /// The bytes that are free now.
        free: u64,
    },
    /// The backup was written, but not put in the place of the old store, or not durably.
    #[error(
        "the backup is written, but was not put in place in {}: {cause}; the next start of rollcall finishes the \
         restoration or keeps the old store",
        folder.display()
    )]
    Unfinished {
        /// The path of the data folder.
        folder: PathBuf,
        /// The error of the operating system.
        cause: io::Error,
    },
    /// The new store could not be written, or its records do not agree.
    #[error("the backup was not restored into {}, whose store is as it was: {cause}", folder.display())]
    Failed {
        /// The path of the data folder.
        folder: PathBuf,
        /// The error as text.
        cause: String,
    },
}

/// Restores a backup into a data folder on which no server runs.
///
/// # Errors
/// [`RestoreError`].
pub fn restore(
    folder: &Path,
    file: &Path,
    choices: Restoring,
    decryption: &Decryption,
) -> Result<Restored, RestoreError> {
    let broken = |cause: BackupError| RestoreError::Backup {
        file: file.to_owned(),
        cause,
    };
    let mut backup = File::open(file).map_err(|error| broken(BackupError::Read(error)))?;
    let summary = read::check_encrypted(BufReader::new(&backup), decryption).map_err(broken)?;
    let data = DataFolder::hold(folder)?;
    swap::settle(&data).map_err(|cause| OpenError::of_folder(folder, cause))?;
    let is_occupied = data.store().is_dir();
    if is_occupied && !choices.replace {
        return Err(RestoreError::Occupied(folder.to_owned()));
    }
    if let Some((needed, free)) = missing_space(folder, summary.live_bytes) {
        return Err(RestoreError::NoSpace {
            folder: folder.to_owned(),
            needed,
            free,
        });
    }
    let failed = |cause: String| RestoreError::Failed {
        folder: folder.to_owned(),
        cause,
    };
    backup.rewind().map_err(|error| broken(BackupError::Read(error)))?;
    if let Err(error) = write(&data, (&backup, decryption), &summary, choices.take_key) {
        // If this fails, the next opening removes what is left.
        let _ = fs::remove_dir_all(data.restoring());
        let _ = fs::remove_file(data.restored_key());
        return Err(match error {
            WriteError::Backup(cause) => broken(cause),
            WriteError::Store(cause) => failed(cause),
        });
    }
    let aside = data.aside("store", Clock::system().now());
    swap::put_restored(&data, &aside).map_err(|cause| RestoreError::Unfinished {
        folder: folder.to_owned(),
        cause,
    })?;
    Ok(Restored {
        summary,
        aside: is_occupied.then_some(aside),
    })
}

enum WriteError {
    Backup(BackupError),
    Store(String),
}

impl From<BackupError> for WriteError {
    fn from(cause: BackupError) -> Self {
        Self::Backup(cause)
    }
}

impl From<io::Error> for WriteError {
    fn from(error: io::Error) -> Self {
        Self::Store(error.to_string())
    }
}

impl From<String> for WriteError {
    fn from(cause: String) -> Self {
        Self::Store(cause)
    }
}

/// Writes the backup into a new store in the folder for it, and makes both the store and the key durable.
fn write(
    data: &DataFolder,
    (backup, decryption): (&File, &Decryption),
    summary: &Summary,
    take_key: bool,
) -> Result<(), WriteError> {
    let mut new = NewStore::begin(&data.restoring(), "restoring the backup", summary.entries)?;
    let mut take = |item: Item<'_>| -> Result<(), WriteError> {
        match item {
            Item::Key(key) if take_key => write_key(&data.restored_key(), key)?,
            Item::Key(_) => {}
            Item::Entry(table, key, value) => new.put(table, key, value)?,
        }
        Ok(())
    };
    let found = read::read(decryption.reader(BufReader::new(backup))?, &mut take)?;
    if found != *summary {
        return Err(WriteError::Store("the file changed while it was read".into()));
    }
    // A store that counts less than the last commit that was seen in this folder would be taken for a damaged one.
    let seen = CommitMarker::open(&data.witness())?.seen().unwrap_or_default();
    new.finish(Commits {
        count: summary.commits.max(seen),
        erasures: 0,
        compacted_at: Some(Clock::system().now()),
        compacted_bytes: 0,
        believed_at: None,
    })?;
    Ok(())
}

fn write_key(path: &Path, key: &str) -> io::Result<()> {
    write_private(path, format!("{key}\n").as_bytes())?;
    File::open(path)?.sync_all()
}
