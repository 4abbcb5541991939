//! The results of scheduled backups, for the pages and metrics that show them.

use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::domain::Timestamp;

/// A scheduled backup.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ScheduledBackup {
    /// The moment that the backup has.
    pub taken_at: Timestamp,
    /// The name of its file.
    pub name: String,
    /// Bytes of its file.
    pub file_bytes: u64,
    /// `true` if the file is encrypted.
    pub is_encrypted: bool,
}

/// The state of scheduled backups, as the schedule found or made it last.
#[derive(Debug, Default, Clone)]
pub struct BackupState {
    /// The newest backup that was made, or that was found at the start.
    pub last: Option<ScheduledBackup>,
    /// The time of the last failure since the start.
    pub failed_at: Option<Timestamp>,
    /// `true` if a backup failed after the last one that was made.
    pub has_failed: bool,
    /// The files in the folder, the newest first.
    pub files: Vec<ScheduledBackup>,
}

/// The results of scheduled backups since the start of the server.
#[derive(Debug, Default)]
pub struct ScheduledBackups(Mutex<BackupState>);

impl ScheduledBackups {
    fn lock(&self) -> MutexGuard<'_, BackupState> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Records the newest backup, which was just made or was found at the start, and all files.
    pub fn succeeded(&self, last: Option<ScheduledBackup>, files: Vec<ScheduledBackup>) {
        let mut state = self.lock();
        state.last = last;
        state.has_failed = false;
        state.files = files;
    }

    /// Records that a backup failed at this time.
    pub fn failed(&self, at: Timestamp) {
        let mut state = self.lock();
        state.failed_at = Some(at);
        state.has_failed = true;
    }

    /// Returns the state.
    #[must_use]
    pub fn state(&self) -> BackupState {
        self.lock().clone()
    }
}
