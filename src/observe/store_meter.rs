//! The meter of the store's writer.

use std::time::Duration;

use prometheus::{Histogram, IntCounter};

use super::instrument::{WORK_SECONDS, counter, histogram};

/// The meter of the store's writer. Cloning is cheap; all clones count together.
#[derive(Debug, Clone)]
pub struct StoreMeter {
    pub(super) commits: IntCounter,
    pub(super) batches: IntCounter,
    pub(super) flushes: Histogram,
}

impl Default for StoreMeter {
    fn default() -> Self {
        Self {
            commits: counter("rollcall_store_commits_total", "Changes that became durable."),
            batches: counter(
                "rollcall_store_batches_total",
                "Batches of changes, each with one flush of the disk.",
            ),
            flushes: histogram(
                "rollcall_store_flush_seconds",
                "Seconds for writing a batch and making it durable.",
                WORK_SECONDS,
            ),
        }
    }
}

impl StoreMeter {
    /// Records a batch of so many changes that took this time to become durable.
    pub fn flushed(&self, changes: usize, time: Duration) {
        self.batches.inc();
        self.commits.inc_by(changes as u64);
        self.flushes.observe(time.as_secs_f64());
    }
}
