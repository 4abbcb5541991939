//! Whether the server can take requests: the store takes writes, the disk has space, and the server does not stop.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use tokio::sync::Mutex;
use tokio::time::timeout;
use tracing::warn;

use crate::store::{Room, Store};

/// The time for which a measurement of the free space counts. Monitoring may ask as often as it likes.
const MEASURED_FOR: Duration = Duration::from_secs(1);

/// The time after which a disk that does not say how much space it has counts as full.
const MEASURE_TIMEOUT: Duration = Duration::from_secs(2);

/// The state that only the readiness needs.
#[derive(Debug, Default)]
pub struct Readiness {
    is_draining: AtomicBool,
    measured: Mutex<Option<Measured>>,
}

#[derive(Debug, Clone, Copy)]
struct Measured {
    at: Instant,
    has_space: bool,
}

/// The results of all checks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(clippy::struct_excessive_bools, reason = "one for each check")]
pub struct Checks {
    /// `true` if the store takes writes, or would if the disk had more space.
    pub store: bool,
    /// `true` if the disk is mounted read-only, so that the store takes no writes.
    pub read_only: bool,
    /// `true` if the disk has more free space than the reserve.
    pub disk: bool,
    /// `true` unless the server stops.
    pub serving: bool,
    /// `false` if the store is in a cluster that the server has lost; `None` without a cluster.
    pub cluster: Option<bool>,
}

impl Checks {
    /// Returns whether the server can take requests.
    #[must_use]
    pub const fn are_passed(self) -> bool {
        self.store && self.disk && self.serving && !matches!(self.cluster, Some(false))
    }
}

impl Readiness {
    /// Records that the server stops.
    pub fn drain(&self) {
        self.is_draining.store(true, Ordering::Release);
    }

    /// Runs all checks. `reserve_bytes` is the free space that the disk must have.
    pub async fn check(&self, store: &Store, reserve_bytes: u64) -> Checks {
        let room = store.room();
        let read_only = room == Room::ReadOnly;
        Checks {
            store: store.is_writable() && !read_only,
            read_only,
            disk: self.has_space(store, reserve_bytes).await && (read_only || room == Room::Enough),
            serving: !self.is_draining.load(Ordering::Acquire),
            cluster: store.is_shared().then(|| store.is_current()),
        }
    }

    /// Returns whether the disk has enough free space; without a store on it, it needs none. Of several callers one measures,
    /// and the others wait for it.
    async fn has_space(&self, store: &Store, reserve_bytes: u64) -> bool {
        if store.is_shared() {
            return true;
        }
        let mut measured = self.measured.lock().await;
        let last = *measured;
        if let Some(last) = last.filter(|last| last.at.elapsed() < MEASURED_FOR) {
            return last.has_space;
        }
        let free = timeout(MEASURE_TIMEOUT, store.free_bytes()).await;
        let has_space = match &free {
            // If the file system does not report its free space, the check passes.
            Ok(Ok(free)) => free.is_none_or(|free| free >= reserve_bytes),
            Ok(Err(_)) | Err(_) => false,
        };
        // The writer logs that there is too little.
        if !matches!(free, Ok(Ok(_))) && last.is_none_or(|last| last.has_space) {
            warn!("the free space of the disk cannot be read: check the disk; /readyz answers 503");
        }
        *measured = Some(Measured {
            at: Instant::now(),
            has_space,
        });
        has_space
    }
}
