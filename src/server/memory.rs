//! Gives memory back to the system after a burst of requests.
//!
//! The allocator of glibc does not return freed memory while a later block is in use. After 400 bodies that were withheld, 49 of
//! the 51 MB stayed with the process for ever; `malloc_trim(3)` gives the pages back.

use std::time::Duration;

use tokio::task::spawn_blocking;

/// How often the process looks at its memory.
const PAUSE: Duration = Duration::from_secs(20);

/// How far the resident memory may be above the least that it was before freed memory is given back.
const KEPT_BYTES: u64 = 8 * 1024 * 1024;

/// Gives freed memory back whenever the process has grown. It never ends. On systems without glibc it does nothing.
pub(super) async fn give_back_now_and_then() {
    // A start may have compacted the store, which takes several times the memory that the server needs afterwards.
    let _ = spawn_blocking(give_back).await;
    let mut least = u64::MAX;
    while let Some(resident) = resident_bytes() {
        least = least.min(resident);
        if resident > least.saturating_add(KEPT_BYTES) {
            // It takes the locks of the allocator for some milliseconds.
            let _ = spawn_blocking(give_back).await;
        }
        tokio::time::sleep(PAUSE).await;
    }
}

/// Returns the resident memory of this process, where `/proc` tells it.
fn resident_bytes() -> Option<u64> {
    let pages = std::fs::read_to_string("/proc/self/statm").ok()?;
    let resident: u64 = pages.split_whitespace().nth(1)?.parse().ok()?;
    Some(resident * u64::try_from(rustix::param::page_size()).ok()?)
}

#[cfg(all(target_os = "linux", target_env = "gnu"))]
#[allow(unsafe_code)]
fn give_back() {
    // SAFETY: malloc_trim(3) takes a number and no pointer, gives back only memory that is free, and may be called by any
    // thread at any time.
    unsafe { libc::malloc_trim(0) };
}

#[cfg(not(all(target_os = "linux", target_env = "gnu")))]
fn give_back() {}
