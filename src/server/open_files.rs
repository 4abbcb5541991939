//! How many files and sockets the system lets this process have open.

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use tracing::{debug, warn};

/// Descriptors that are taken to be open where the system does not list them.
const USUALLY_OPEN: u64 = 32;

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

/// Returns how many descriptors this process may have open, if the system has a limit.
pub(super) fn limit() -> Option<u64> {
    getrlimit(Resource::Nofile).current
}

/// Returns how many more descriptors connections may take when `reserved` are kept free.
pub(super) fn for_connections(reserved: u64) -> u64 {
    let open = std::fs::read_dir("/proc/self/fd").map_or(USUALLY_OPEN, |entries| entries.count() as u64);
    limit().map_or(u64::MAX, |limit| limit.saturating_sub(reserved + open).max(1))
}
