//! The progress of a copy of a whole store, in the log.

use std::time::{Duration, Instant};

use tracing::info;

/// The time between two log lines.
const PAUSE: Duration = Duration::from_secs(5);

/// Logs the progress if it takes long.
pub(super) struct Progress {
    work: &'static str,
    copied: u64,
    entries: u64,
    logged: Instant,
}

impl Progress {
    /// Begins with nothing of this number of entries. `work` says in the log what is done.
    pub(super) fn new(work: &'static str, entries: u64) -> Self {
        Self {
            work,
            copied: 0,
            entries,
            logged: Instant::now(),
        }
    }

    /// Notes that so many more entries are copied.
    pub(super) fn add(&mut self, copied: usize) {
        self.copied += copied as u64;
        if self.logged.elapsed() >= PAUSE {
            self.logged = Instant::now();
            info!(copied = self.copied, of = self.entries, "{}", self.work);
        }
    }
}
