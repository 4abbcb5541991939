//! Returns memory to the system after a burst of requests.
//!
//! glibc's allocator does not return freed memory while a later block is in use. After 400 withheld bodies, 49 of the
//! 51 MB stayed with the process for ever; `malloc_trim(3)` returns the pages.

use std::time::Duration;

use tokio::task::spawn_blocking;

use crate::observe::process::resident_bytes;

/// The pause between two checks of the process's memory.
const RELEASE_INTERVAL: Duration = Duration::from_secs(20);

/// The growth of the resident memory, in bytes above its minimum, after which freed memory is returned.
const KEPT_BYTES: u64 = 8 * 1024 * 1024;

/// Returns freed memory to the system whenever the process has grown. Never ends on Linux; without `/proc` it
/// returns.
pub(super) async fn give_back_now_and_then() {
    // The start may have compacted the store, which takes several times the memory that the server needs later.
    let _ = spawn_blocking(give_back).await;
    let mut least = u64::MAX;
    while let Some(resident) = resident_bytes() {
        least = least.min(resident);
        if resident > least.saturating_add(KEPT_BYTES) {
            // The call holds the allocator's locks for some milliseconds.
            let _ = spawn_blocking(give_back).await;
        }
        tokio::time::sleep(RELEASE_INTERVAL).await;
    }
}

#[cfg(all(target_os = "linux", target_env = "gnu"))]
#[allow(unsafe_code)]
fn give_back() {
    // SAFETY: malloc_trim(3) takes a number and no pointer, returns only free memory, and may be called by any thread
    // at any time.
    unsafe { libc::malloc_trim(0) };
}

#[cfg(not(all(target_os = "linux", target_env = "gnu")))]
fn give_back() {}
