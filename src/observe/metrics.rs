//! All metrics of a server.

use std::time::{SystemTime, UNIX_EPOCH};

use prometheus::core::Collector;
use prometheus::{IntCounter, IntCounterVec, Registry, TextEncoder};

use super::instrument::{counters, gauges};
use super::{LogMeter, LoginMeter, PresenceMeter, Readings, RequestMeter, StoreMeter};

/// All metrics of a server.
#[derive(Debug)]
pub struct Metrics {
    registry: Registry,
    /// The meter of requests.
    pub requests: RequestMeter,
    /// The meter of logins.
    pub logins: LoginMeter,
    /// The gauges that are set when the metrics are read.
    pub readings: Readings,
    forwarded: IntCounterVec,
    from_trusted: IntCounter,
    from_others: IntCounter,
}

impl Metrics {
    /// Creates the metrics of a server with the meters of its store and its hub.
    #[must_use]
    pub fn new(store: &StoreMeter, presence: &PresenceMeter) -> Self {
        let forwarded = counters(
            "rollcall_forwarded_requests_total",
            "Requests with X-Forwarded-For, by whether trusted_proxies has the peer: trusted, other.",
            &["peer"],
        );
        let metrics = Self {
            registry: Registry::new(),
            requests: RequestMeter::new(),
            logins: LoginMeter::new(),
            readings: Readings::new(),
            from_trusted: forwarded.with_label_values(&["trusted"]),
            from_others: forwarded.with_label_values(&["other"]),
            forwarded,
        };
        let build = gauges("rollcall_build_info", "Always 1; the version is a label.", &["version"]);
        build.with_label_values(&[env!("CARGO_PKG_VERSION")]).set(1);
        metrics.add(build);
        metrics.add(metrics.requests.counts.clone());
        metrics.add(metrics.requests.times.clone());
        metrics.add(metrics.logins.all.clone());
        metrics.add(metrics.forwarded.clone());
        metrics.add(store.commits.clone());
        metrics.add(store.batches.clone());
        metrics.add(store.flushes.clone());
        metrics.add(presence.changes.clone());
        metrics.add(presence.missed.clone());
        metrics.add(presence.delays.clone());
        for collector in metrics.readings.collectors() {
            metrics.add_boxed(collector);
        }
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        metrics.readings.set_started(now.as_secs_f64());
        metrics
    }

    /// Adds the meter of the log, which is older than the server.
    pub fn add_log(&self, log: &LogMeter) {
        self.add(log.lost.clone());
        self.add(log.queued.clone());
    }

    /// Counts a request that has the header of a proxy.
    pub fn count_forwarded(&self, is_trusted: bool) {
        let counter = if is_trusted {
            &self.from_trusted
        } else {
            &self.from_others
        };
        counter.inc();
    }

    /// Returns the numbers of requests with the header of a proxy: from trusted proxies, and from other peers.
    #[must_use]
    pub fn forwarded(&self) -> (u64, u64) {
        (self.from_trusted.get(), self.from_others.get())
    }

    /// Returns all metrics in Prometheus's text format.
    #[must_use]
    pub fn text(&self) -> String {
        let families = self.registry.gather();
        // Writing to a text fails only for a family without values, and the registry leaves those out.
        TextEncoder::new().encode_to_string(&families).unwrap_or_default()
    }

    fn add(&self, collector: impl Collector + 'static) {
        self.add_boxed(Box::new(collector));
    }

    fn add_boxed(&self, collector: Box<dyn Collector>) {
        // It fails if the same one is there already.
        let _ = self.registry.register(collector);
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;
    use std::time::Duration;

    use super::*;
    use crate::domain::Timestamp;
    use crate::observe::RouteName;

    fn new() -> Metrics {
        Metrics::new(&StoreMeter::default(), &PresenceMeter::default())
    }

    #[test]
    fn a_route_has_one_series_for_each_status_it_answers_with() {
        let metrics = new();
        let before = metrics.text().lines().count();
        for round in 0..1000_u16 {
            metrics
                .requests
                .observe(RouteName::get("/a"), round, Duration::from_millis(1));
        }
        let text = metrics.text();
        let statuses = |line: &&str| line.starts_with("rollcall_http_requests_total{");
        let counted = text.lines().filter(statuses).count();
        assert!(counted <= 31, "{counted} statuses");
        assert!(text.contains("rollcall_http_requests_total{endpoint=\"/a\",method=\"GET\",status=\"200\"} 1\n"));
        assert!(text.contains("rollcall_http_request_seconds_count{endpoint=\"/a\",method=\"GET\"} 1000\n"));
        let again = metrics.text().lines().count();
        assert!(again - before < 60, "{again} lines, {before} before");
    }

    #[test]
    fn every_metric_has_a_help_and_a_type_and_one_name() {
        let metrics = new();
        metrics.add_log(&LogMeter::default());
        metrics.requests.observe(RouteName::UNKNOWN, 200, Duration::ZERO);
        for set in [
            Readings::set_last_backup,
            Readings::backup_failed,
            Readings::set_certificate_end,
        ] {
            set(&metrics.readings, Timestamp::from_millis(1));
        }
        metrics.readings.set_users(1, 0);
        metrics.readings.set_ready("store", true);
        let text = metrics.text();
        let names = |begin: &str| -> HashSet<String> {
            let lines = text.lines().filter_map(|line| line.strip_prefix(begin));
            lines
                .filter_map(|line| line.split(' ').next().map(str::to_owned))
                .collect()
        };
        assert_eq!(names("# HELP "), names("# TYPE "));
        assert!(names("# TYPE ").len() > 35, "{:?}", names("# TYPE "));
    }
}
