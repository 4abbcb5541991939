//! The limits of a request and of a connection.

use std::time::Duration;

/// The limits of a request and of a connection. Tests set smaller ones.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Maximum bytes of the body of a request without a login.
    pub anonymous_body_bytes: usize,
    /// Maximum bytes of the body of a request with a login, unless its route has a higher limit.
    pub body_bytes: usize,
    /// Maximum bytes of all bodies that are in memory at one time.
    pub all_bodies_bytes: usize,
    /// Maximum bytes of the bodies that one user, or one address without a login, has in memory at one time.
    pub caller_bodies_bytes: usize,
    /// Maximum time from the head of a request to the end of its body.
    pub body_time: Duration,
    /// Maximum bytes of the head of a request.
    pub head_bytes: usize,
    /// Maximum time from the first byte of a request's head to its end.
    pub head_time: Duration,
    /// Maximum time that a connection waits for its first or next request.
    pub keep_alive_time: Duration,
    /// Maximum time in which a client reads nothing of a response.
    pub write_time: Duration,
    /// Maximum time for requests in flight, and for sockets to close, when the server stops.
    pub stop_time: Duration,
    /// File descriptors reserved for the store, the administration socket and the log.
    pub reserved_descriptors: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            anonymous_body_bytes: 8 * 1024,
            body_bytes: 64 * 1024,
            all_bodies_bytes: 64 * 1024 * 1024,
            caller_bodies_bytes: 16 * 1024 * 1024,
            body_time: Duration::from_secs(30),
            head_bytes: 32 * 1024,
            head_time: Duration::from_secs(30),
            keep_alive_time: Duration::from_secs(75),
            write_time: Duration::from_secs(30),
            stop_time: Duration::from_secs(5),
            reserved_descriptors: 64,
        }
    }
}
