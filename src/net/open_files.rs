//! The limit on the files and sockets that this process may have open.

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use tracing::{debug, warn};

/// The assumed number of open descriptors if the system does not list them.
const USUALLY_OPEN: u64 = 32;

/// Raises the limit to the maximum that the system allows. The initial limit is often 1024, and each connection needs
/// one descriptor.
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

/// Returns the maximum number of descriptors of this process, if there is a limit.
pub(super) fn limit() -> Option<u64> {
    getrlimit(Resource::Nofile).current
}

/// Returns how many more descriptors connections may use if `reserved` must stay free.
pub(super) fn for_connections(reserved: u64) -> u64 {
    let open = std::fs::read_dir("/proc/self/fd").map_or(USUALLY_OPEN, |entries| entries.count() as u64);
    limit().map_or(u64::MAX, |limit| limit.saturating_sub(reserved + open).max(1))
}
