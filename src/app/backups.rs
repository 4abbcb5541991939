//! The results of scheduled backups, for the page that shows them.

use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::domain::Timestamp;

/// The newest scheduled backup.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LastBackup {
    /// The moment that the backup has.
    pub taken_at: Timestamp,
    /// Bytes of its file.
    pub file_bytes: u64,
}

/// The results of scheduled backups since the start of the server.
#[derive(Debug, Default)]
pub struct ScheduledBackups(Mutex<(Option<LastBackup>, bool)>);

impl ScheduledBackups {
    fn state(&self) -> MutexGuard<'_, (Option<LastBackup>, bool)> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Records the newest backup, which was just made or was found at the start.
    pub fn succeeded(&self, taken_at: Timestamp, file_bytes: u64) {
        *self.state() = (Some(LastBackup { taken_at, file_bytes }), false);
    }

    /// Stores that a backup failed.
    pub fn failed(&self) {
        self.state().1 = true;
    }

    /// Returns the newest backup, if there is one, and whether a later one failed.
    #[must_use]
    pub fn last(&self) -> (Option<LastBackup>, bool) {
        *self.state()
    }
}
