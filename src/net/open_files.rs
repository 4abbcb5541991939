//! The limit on the files and sockets that this process may have open.

use std::fs::File;
use std::io;
use std::sync::Mutex;
use std::time::{Duration, Instant};

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use tracing::{debug, warn};

/// The assumed number of open descriptors if the system does not list them.
const USUALLY_OPEN: u64 = 32;

/// Descriptors that the runtime, the store and the sockets of a process need.
const NEEDED: usize = 24;

/// Minimum time between two log lines about missing descriptors.
const LOG_EVERY: Duration = Duration::from_mins(1);

/// The reason why the process has too few descriptors to begin its work.
#[derive(Debug, thiserror::Error)]
pub(crate) enum TooFew {
    /// The limit of the process is too low.
    #[error(
        "out of file descriptors: this process may have {limit} open, and it needs {NEEDED} more than it has: raise the \
         limit (`ulimit -n 1024`, or LimitNOFILE= of its unit)"
    )]
    Process {
        /// The limit of the process.
        limit: u64,
    },
    /// The whole system has no free descriptor.
    #[error("out of file descriptors: the whole system has no free one: end other programs, or raise fs.file-max")]
    System,
}

/// Raises the limit to the maximum that the system allows, and checks that the process can begin its work. Without
/// descriptors, the runtime would panic and the store would not open.
///
/// # Errors
/// [`TooFew`] with the limit and what to do.
pub(crate) fn prepare() -> Result<(), TooFew> {
    allow_as_many_as_possible();
    let mut open = Vec::with_capacity(NEEDED);
    while open.len() < NEEDED {
        match File::open("/dev/null") {
            Ok(file) => open.push(file),
            Err(error) => match error.raw_os_error() {
                Some(libc::EMFILE) => {
                    let limit = limit().unwrap_or_default();
                    return Err(TooFew::Process { limit });
                }
                Some(libc::ENFILE) => return Err(TooFew::System),
                // There may be no /dev/null, and then nothing is known.
                _ => return Ok(()),
            },
        }
    }
    Ok(())
}

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
#[must_use]
pub(crate) fn limit() -> Option<u64> {
    getrlimit(Resource::Nofile).current
}

/// Returns how many more descriptors connections may use if `reserved` must stay free.
#[must_use]
pub(crate) fn for_connections(reserved: u64) -> u64 {
    let open = std::fs::read_dir("/proc/self/fd").map_or(USUALLY_OPEN, |entries| entries.count() as u64);
    limit().map_or(u64::MAX, |limit| limit.saturating_sub(reserved + open).max(1))
}

/// Returns whether an error means that the process or the system has no free descriptor.
fn are_exhausted(error: &io::Error) -> bool {
    matches!(error.raw_os_error(), Some(libc::EMFILE | libc::ENFILE))
}

/// Logs that a connection could not be accepted, at most once a minute for the whole process. `socket` names the
/// listening socket.
pub(crate) fn warn_not_accepted(socket: &'static str, error: &io::Error) {
    static LAST: Mutex<Option<Instant>> = Mutex::new(None);
    let Ok(mut last) = LAST.lock() else {
        return;
    };
    if !is_due(&mut last) {
        return;
    }
    if are_exhausted(error) {
        let limit = limit();
        warn!(%error, ?limit, socket, "out of descriptors: connections wait until one is free; raise the limit on open files");
    } else {
        warn!(%error, socket, "a connection could not be accepted");
    }
}

/// Returns whether the last log line is old enough, and if so records the current time.
pub(crate) fn is_due(last: &mut Option<Instant>) -> bool {
    let due = last.is_none_or(|last| last.elapsed() >= LOG_EVERY);
    if due {
        *last = Some(Instant::now());
    }
    due
}
