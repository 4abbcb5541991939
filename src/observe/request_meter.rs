//! The meter of requests: numbers and durations, by route.

use std::collections::HashMap;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use arc_swap::ArcSwap;
use prometheus::{Histogram, HistogramVec, IntCounter, IntCounterVec};

use super::RouteName;
use super::instrument::{REQUEST_SECONDS, counters, histograms};

/// The statuses that the server answers with. Any other is counted as `other`, so that the labels are bounded.
const STATUSES: [u16; 30] = [
    101, 200, 201, 204, 206, 301, 302, 303, 304, 307, 308, 400, 401, 403, 404, 405, 406, 408, 409, 410, 411, 413, 415,
    421, 426, 429, 431, 500, 503, 507,
];

/// The label of a status that is not in the list.
const OTHER: &str = "other";

/// Counts and times requests by route. The instruments of a route are made at its first request.
#[derive(Debug)]
pub struct RequestMeter {
    pub(super) counts: IntCounterVec,
    pub(super) times: HistogramVec,
    routes: ArcSwap<HashMap<RouteName, Arc<RouteMeter>>>,
}

/// The instruments of one route.
#[derive(Debug)]
struct RouteMeter {
    time: Histogram,
    /// The counters of [`STATUSES`], and that of other statuses.
    counts: [OnceLock<IntCounter>; STATUSES.len() + 1],
}

impl RequestMeter {
    pub(super) fn new() -> Self {
        Self {
            counts: counters(
                "rollcall_http_requests_total",
                "Requests by the method and name of their route, and by the status of the answer.",
                &["method", "endpoint", "status"],
            ),
            times: histograms(
                "rollcall_http_request_seconds",
                "Seconds from the head of a request to the head of its answer, by the method and name of the route.",
                &["method", "endpoint"],
                REQUEST_SECONDS,
            ),
            routes: ArcSwap::default(),
        }
    }

    /// Counts a request that was answered with this status after this time.
    pub fn observe(&self, route: RouteName, status: u16, time: Duration) {
        // The meter is borrowed, so that no request clones its `Arc`.
        match self.routes.load().get(&route) {
            Some(meter) => self.count(meter, route, status, time),
            None => self.count(&self.add(route), route, status, time),
        }
    }

    fn count(&self, meter: &RouteMeter, route: RouteName, status: u16, time: Duration) {
        meter.time.observe(time.as_secs_f64());
        let place = STATUSES.iter().position(|known| *known == status);
        let counter = meter.counts[place.unwrap_or(STATUSES.len())].get_or_init(|| {
            let status = place.map_or_else(|| OTHER.to_owned(), |_| status.to_string());
            self.counts.with_label_values(&[route.method, route.endpoint, &status])
        });
        counter.inc();
    }

    /// Makes the instruments of a route. If two requests do so at the same time, both get the same instruments.
    fn add(&self, route: RouteName) -> Arc<RouteMeter> {
        let made = Arc::new(RouteMeter {
            time: self.times.with_label_values(&[route.method, route.endpoint]),
            counts: std::array::from_fn(|_| OnceLock::new()),
        });
        self.routes.rcu(|routes| {
            let mut routes = HashMap::clone(routes);
            routes.entry(route).or_insert_with(|| Arc::clone(&made));
            routes
        });
        made
    }
}
