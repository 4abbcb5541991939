//! The meter of the log.

use prometheus::{IntCounter, IntGauge};

use super::instrument::{counter, gauge};

/// The meter of the log. Cloning is cheap; all clones count together.
#[derive(Debug, Clone)]
pub struct LogMeter {
    pub(super) lost: IntCounter,
    pub(super) queued: IntGauge,
}

impl Default for LogMeter {
    fn default() -> Self {
        Self {
            lost: counter(
                "rollcall_log_lost_lines_total",
                "Log lines that were dropped, because standard error was full or was not read.",
            ),
            queued: gauge(
                "rollcall_log_queue_bytes",
                "Bytes of the log lines that wait or are being written.",
            ),
        }
    }
}

impl LogMeter {
    /// Counts lines that were dropped.
    pub fn lose(&self, lines: u64) {
        self.lost.inc_by(lines);
    }

    /// Records how many bytes wait.
    pub fn set_queued(&self, bytes: usize) {
        self.queued.set(i64::try_from(bytes).unwrap_or(i64::MAX));
    }
}
