//! Restores a backup into a data folder or a cluster.
//!
//! The backup is checked before anything is written.

use std::fs::File;
use std::io::{BufReader, Seek};
use std::path::{Path, PathBuf};

use super::read::{self, Item};
use super::{BackupError, Decryption, Summary};
use crate::store::copy::{Destination, copy};
use crate::store::copy_error::CopyError;
use crate::store::source::{ReadingEnd, RecordSource, SourceContents, TakeEntry};
use crate::store::sums::RunningSums;

/// The choices of a restoration.
#[derive(Debug, Clone, Copy)]
pub struct Restoring<'choice> {
    /// The place of the restored store.
    pub to: Destination<'choice>,
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

/// The reason why a backup was not restored.
#[derive(Debug, thiserror::Error)]
pub enum RestoreError {
    /// The file is not a sound backup. Nothing was written.
    #[error("{} is not restored: {cause}", file.display())]
    Backup {
        /// The path of the backup.
        file: PathBuf,
        /// The problem of the backup.
        cause: BackupError,
    },
    /// The backup was not copied into a new store.
    #[error(transparent)]
    Copy(#[from] CopyError),
}

/// Restores a backup into a data folder or a cluster on which no server runs.
///
/// # Errors
/// [`RestoreError`].
pub fn restore(file: &Path, choices: Restoring<'_>, decryption: &Decryption) -> Result<Restored, RestoreError> {
    let opened = File::open(file).map_err(BackupError::Read);
    let source = opened.and_then(|file| CheckedBackup::of(file, decryption, choices.take_key));
    let source = source.map_err(|cause| RestoreError::Backup {
        file: file.to_owned(),
        cause,
    })?;
    let aside = copy(&source, choices.to)?;
    Ok(Restored {
        summary: source.summary,
        aside,
    })
}

/// A backup that was read to its end once and found sound.
struct CheckedBackup<'key> {
    file: File,
    decryption: &'key Decryption,
    summary: Summary,
    contents: SourceContents,
    key: Option<String>,
}

impl<'key> CheckedBackup<'key> {
    fn of(file: File, decryption: &'key Decryption, take_key: bool) -> Result<Self, BackupError> {
        let mut sums = RunningSums::begin();
        let mut found = None;
        let summary = read::read(decryption.reader(BufReader::new(&file))?, |item| {
            match item {
                Item::Key(key) => found = Some(key.to_owned()),
                Item::Entry(table, key, value) => sums.add(table, key, value),
            }
            Ok::<_, BackupError>(())
        })?;
        Ok(Self {
            contents: SourceContents {
                entries: summary.entries,
                live_bytes: summary.live_bytes,
                commits: summary.commits,
                sums: sums.done(),
            },
            file,
            decryption,
            summary,
            key: found.filter(|_| take_key),
        })
    }
}

impl From<BackupError> for ReadingEnd {
    fn from(error: BackupError) -> Self {
        Self(error.to_string())
    }
}

impl RecordSource for CheckedBackup<'_> {
    fn contents(&self) -> &SourceContents {
        &self.contents
    }

    fn key(&self) -> Option<&str> {
        self.key.as_deref()
    }

    fn read(&self, take: TakeEntry<'_>) -> Result<(), String> {
        let mut again = || -> Result<Summary, ReadingEnd> {
            let mut file = &self.file;
            file.rewind().map_err(BackupError::Read)?;
            read::read(self.decryption.reader(BufReader::new(file))?, |item| match item {
                Item::Key(_) => Ok(()),
                Item::Entry(table, key, value) => take(table, key, value).map_err(ReadingEnd),
            })
        };
        let found = again().map_err(|ReadingEnd(cause)| cause)?;
        if found == self.summary {
            Ok(())
        } else {
            Err("the file changed while it was read".into())
        }
    }
}
