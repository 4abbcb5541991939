//! How many files and sockets the system lets this process have open.

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use tracing::{debug, warn};

/// Has the system allow as many as it ever would: what it allows at first is often 1024, and each
/// connection takes one.
pub fn allow_as_many_as_possible() {
    let limit = getrlimit(Resource::Nofile);
    if limit.current == limit.maximum {
        return;
    }
    let raised = Rlimit {
        current: limit.maximum,
        ..limit
    };
    match setrlimit(Resource::Nofile, raised) {
        Ok(()) => debug!(before = ?limit.current, now = ?limit.maximum, "raised the limit on open files"),
        Err(error) => warn!(%error, limit = ?limit.current, "the limit on open files stays: it bounds the connections"),
    }
}
