//! The meter of presence changes and of their distribution.

use std::time::Duration;

use prometheus::{Histogram, HistogramVec, IntCounter};

use super::instrument::{WORK_SECONDS, counter, histograms};

/// The readers of events.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EventReader {
    /// The sockets of the realtime protocol.
    Sockets,
    /// The streams of server-sent events.
    Streams,
}

/// The meter of presence changes. Cloning is cheap; all clones count together.
#[derive(Debug, Clone)]
pub struct PresenceMeter {
    pub(super) changes: IntCounter,
    pub(super) missed: IntCounter,
    pub(super) delays: HistogramVec,
    to_sockets: Histogram,
    to_streams: Histogram,
}

impl Default for PresenceMeter {
    fn default() -> Self {
        let help = "Seconds from the first event of a round until the round is sent to all readers.";
        let delays = histograms("rollcall_fanout_delay_seconds", help, &["reader"], WORK_SECONDS);
        Self {
            changes: counter("rollcall_presence_changes_total", "Changes of a visible presence."),
            missed: counter(
                "rollcall_events_missed_total",
                "Times at which events came faster than they could be sent, so that all readers began again.",
            ),
            to_sockets: delays.with_label_values(&["sockets"]),
            to_streams: delays.with_label_values(&["streams"]),
            delays,
        }
    }
}

impl PresenceMeter {
    /// Counts a change of a visible presence.
    pub fn change(&self) {
        self.changes.inc();
    }

    /// Counts a loss of events.
    pub fn miss(&self) {
        self.missed.inc();
    }

    /// Records the time from the first event of a round until all readers of this kind have it.
    pub fn sent(&self, to: EventReader, delay: Duration) {
        let delays = match to {
            EventReader::Sockets => &self.to_sockets,
            EventReader::Streams => &self.to_streams,
        };
        delays.observe(delay.as_secs_f64());
    }
}
