//! Makes the instruments of the crate `prometheus`. It refuses names that Prometheus does not allow; all names here are
//! constants, and a test makes every instrument.

use prometheus::{
    Counter, Gauge, GaugeVec, Histogram, HistogramOpts, HistogramVec, IntCounter, IntCounterVec, IntGauge, IntGaugeVec,
    Opts,
};

/// The media type of the text format.
pub(crate) const TEXT_FORMAT: &str = "text/plain; version=0.0.4; charset=utf-8";

/// Upper bounds of the durations of requests, in seconds.
pub(super) const REQUEST_SECONDS: &[f64] = &[0.001, 0.0025, 0.01, 0.05, 0.25, 1.0, 5.0];

/// Upper bounds of the durations of flushes and of the fan-out, in seconds.
pub(super) const WORK_SECONDS: &[f64] = &[
    0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1.0, 5.0, 30.0,
];

/// The message of `expect`. It never appears, because the names are constants.
const CONSTANT: &str = "a constant name that a test has made";

#[allow(clippy::expect_used, reason = "the names are constants")]
pub(super) fn counter(name: &str, help: &str) -> IntCounter {
    IntCounter::new(name, help).expect(CONSTANT)
}

#[allow(clippy::expect_used, reason = "the names are constants")]
pub(super) fn counters(name: &str, help: &str, labels: &[&str]) -> IntCounterVec {
    IntCounterVec::new(Opts::new(name, help), labels).expect(CONSTANT)
}

#[allow(clippy::expect_used, reason = "the names are constants")]
pub(super) fn gauge(name: &str, help: &str) -> IntGauge {
    IntGauge::new(name, help).expect(CONSTANT)
}

#[allow(clippy::expect_used, reason = "the names are constants")]
pub(super) fn seconds(name: &str, help: &str) -> Gauge {
    Gauge::new(name, help).expect(CONSTANT)
}

#[allow(clippy::expect_used, reason = "the names are constants")]
pub(super) fn gauges(name: &str, help: &str, labels: &[&str]) -> IntGaugeVec {
    IntGaugeVec::new(Opts::new(name, help), labels).expect(CONSTANT)
}

/// Makes a gauge in seconds that is absent until it has a value.
#[allow(clippy::expect_used, reason = "the names are constants")]
pub(super) fn optional(name: &str, help: &str) -> GaugeVec {
    GaugeVec::new(Opts::new(name, help), &[]).expect(CONSTANT)
}

#[allow(clippy::expect_used, reason = "the names are constants")]
pub(super) fn histogram(name: &str, help: &str, bounds: &[f64]) -> Histogram {
    Histogram::with_opts(HistogramOpts::new(name, help).buckets(bounds.to_vec())).expect(CONSTANT)
}

#[allow(clippy::expect_used, reason = "the names are constants")]
pub(super) fn histograms(name: &str, help: &str, labels: &[&str], bounds: &[f64]) -> HistogramVec {
    HistogramVec::new(HistogramOpts::new(name, help).buckets(bounds.to_vec()), labels).expect(CONSTANT)
}

#[allow(clippy::expect_used, reason = "the names are constants")]
pub(super) fn seconds_counter(name: &str, help: &str) -> Counter {
    Counter::new(name, help).expect(CONSTANT)
}
