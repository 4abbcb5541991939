//! The gauges that are set when the metrics are read.

use std::time::Duration;

use prometheus::core::Collector;
use prometheus::{Counter, Gauge, GaugeVec, IntCounter, IntGauge, IntGaugeVec};

use super::cluster_readings::ClusterReadings;
use super::instrument::{counter, gauge, gauges, optional, seconds, seconds_counter};
use crate::domain::Timestamp;

/// Sets a number that is not negative.
fn set(gauge: &IntGauge, number: u64) {
    gauge.set(i64::try_from(number).unwrap_or(i64::MAX));
}

/// Defines gauges with a method that sets each one.
macro_rules! gauges {
    ($($name:ident, $set:ident: $metric:literal, $help:literal;)*) => {
        /// The gauges that are set when the metrics are read.
        #[derive(Debug)]
        pub struct Readings {
            $($name: IntGauge,)*
            sockets: IntGauge,
            streams: IntGauge,
            ready: IntGaugeVec,
            users: IntGaugeVec,
            cpu: Counter,
            last_backup: GaugeVec,
            last_backup_failure: GaugeVec,
            backup_failures: IntCounter,
            certificate_end: GaugeVec,
            cluster: ClusterReadings,
            started: Gauge,
        }

        impl Readings {
            pub(super) fn new() -> Self {
                Self {
                    $($name: gauge($metric, $help),)*
                    sockets: gauge("rollcall_sockets", "Open sockets of the realtime protocol."),
                    streams: gauge("rollcall_event_streams", "Open streams of server-sent events."),
                    ready: gauges(
                        "rollcall_ready",
                        "1 if the check of /readyz passes, by check: store, disk, serving, and cluster with a store in one.",
                        &["check"],
                    ),
                    users: gauges("rollcall_users", "Accounts, by state: active, deactivated.", &["state"]),
                    cpu: seconds_counter(
                        "process_cpu_seconds_total",
                        "Seconds that the processors worked for the process.",
                    ),
                    last_backup: optional(
                        "rollcall_backup_last_success_timestamp_seconds",
                        "Unix time of the moment that the newest scheduled backup has; absent before the first one.",
                    ),
                    last_backup_failure: optional(
                        "rollcall_backup_last_failure_timestamp_seconds",
                        "Unix time of the last failure of a scheduled backup; absent before the first one.",
                    ),
                    backup_failures: counter("rollcall_backup_failures_total", "Scheduled backups that failed."),
                    certificate_end: optional(
                        "rollcall_certificate_end_timestamp_seconds",
                        "Unix time at which the server's certificate ends; absent without TLS.",
                    ),
                    cluster: ClusterReadings::new(),
                    started: seconds("process_start_time_seconds", "Unix time at which the process was started."),
                }
            }

            /// Returns all instruments.
            pub(super) fn collectors(&self) -> Vec<Box<dyn Collector>> {
                let mut all: Vec<Box<dyn Collector>> = vec![
                    $(Box::new(self.$name.clone()),)*
                    Box::new(self.sockets.clone()),
                    Box::new(self.streams.clone()),
                    Box::new(self.ready.clone()),
                    Box::new(self.users.clone()),
                    Box::new(self.cpu.clone()),
                    Box::new(self.last_backup.clone()),
                    Box::new(self.last_backup_failure.clone()),
                    Box::new(self.backup_failures.clone()),
                    Box::new(self.certificate_end.clone()),
                    Box::new(self.started.clone()),
                ];
                all.extend(self.cluster.collectors());
                all
            }

            $(
                #[doc = concat!("Sets the gauge `", $metric, "`.")]
                pub fn $set(&self, number: u64) {
                    set(&self.$name, number);
                }
            )*
        }
    };
}

gauges! {
    connections, set_connections: "rollcall_presence_connections",
        "Connections that count for a presence: sockets and streams with a login, and those lost a moment ago.";
    event_queue, set_event_queue: "rollcall_event_queue", "Events that wait to be sent to sockets or streams.";
    file_bytes, set_file_bytes: "rollcall_store_file_bytes", "Bytes of the store's files.";
    live_bytes, set_live_bytes: "rollcall_store_live_bytes",
        "Bytes of all keys and values of the store when it was opened.";
    waste_bytes, set_waste_bytes: "rollcall_store_waste_bytes",
        "Bytes of the store's files beyond the live bytes, which a compaction frees for the most part.";
    write_queue, set_write_queue: "rollcall_store_queue", "Changes that wait for the store's writer.";
    free_bytes, set_free_bytes: "rollcall_disk_free_bytes", "Free bytes of the disk with the store.";
    hashes_running, set_hashes_running: "rollcall_password_hashes_running", "Passwords that are hashed now.";
    hashes_waiting, set_hashes_waiting: "rollcall_password_hashes_waiting", "Passwords that wait for a core.";
    turns_held, set_turns_held: "rollcall_turns_held", "Guesses (passwords, codes, secrets) that have their turn now.";
    turns_waiting, set_turns_waiting: "rollcall_turns_waiting", "Guesses that wait for their turn.";
    backup_bytes, set_backup_bytes: "rollcall_backup_last_bytes", "Bytes of the newest scheduled backup; 0 without one.";
    clock_doubtful, set_clock_doubtful: "rollcall_clock_doubtful", "1 if the machine's clock is doubtful.";
    descriptors, set_descriptors: "process_open_fds", "Open file descriptors.";
    most_descriptors, set_most_descriptors: "process_max_fds", "The limit on open file descriptors.";
    resident, set_resident: "process_resident_memory_bytes", "Resident memory in bytes.";
}

/// One open socket or stream. Dropping it ends its count.
#[derive(Debug)]
pub struct Opened(IntGauge);

impl Opened {
    fn count(gauge: &IntGauge) -> Self {
        gauge.inc();
        Self(gauge.clone())
    }
}

impl Drop for Opened {
    fn drop(&mut self) {
        self.0.dec();
    }
}

impl Readings {
    /// Counts a socket until the result is dropped.
    #[must_use]
    pub fn open_socket(&self) -> Opened {
        Opened::count(&self.sockets)
    }

    /// Counts a stream of events until the result is dropped.
    #[must_use]
    pub fn open_stream(&self) -> Opened {
        Opened::count(&self.streams)
    }

    /// Sets whether a check of `/readyz` passes.
    pub fn set_ready(&self, check: &'static str, is_passed: bool) {
        self.ready.with_label_values(&[check]).set(i64::from(is_passed));
    }

    /// Sets the number of accounts that may log in, and of the others.
    pub fn set_users(&self, active: usize, deactivated: usize) {
        for (state, number) in [("active", active), ("deactivated", deactivated)] {
            set(&self.users.with_label_values(&[state]), number as u64);
        }
    }

    /// Sets the seconds that the processors worked for the process.
    pub fn set_cpu(&self, seconds: f64) {
        self.cpu.reset();
        self.cpu.inc_by(seconds);
    }

    /// Sets the moment of the newest scheduled backup.
    pub fn set_last_backup(&self, at: Timestamp) {
        set_optional(&self.last_backup, at);
    }

    /// Counts a scheduled backup that failed at this time.
    pub fn backup_failed(&self, at: Timestamp) {
        self.backup_failures.inc();
        set_optional(&self.last_backup_failure, at);
    }

    /// Sets the time at which the certificate of the server ends.
    pub fn set_certificate_end(&self, at: Timestamp) {
        set_optional(&self.certificate_end, at);
    }

    /// Returns the readings of the cluster with the store.
    #[must_use]
    pub const fn cluster(&self) -> &ClusterReadings {
        &self.cluster
    }

    /// Sets the Unix time at which the process was started.
    pub(super) fn set_started(&self, seconds: f64) {
        self.started.set(seconds);
    }
}

fn set_optional(gauge: &GaugeVec, at: Timestamp) {
    let none: [&str; 0] = [];
    let since = Duration::from_millis(u64::try_from(at.as_millis()).unwrap_or_default());
    gauge.with_label_values(&none).set(since.as_secs_f64());
}
