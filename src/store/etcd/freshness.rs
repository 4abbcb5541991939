//! The last signs of life of the cluster. While they are fresh, this process knows what the other ones have done.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use rustix::time::{ClockId, clock_gettime};

use crate::store::survey::ClusterSigns;

/// The seconds after which the cluster counts a silent process as gone.
pub(super) const LEASE_SECONDS: i64 = 10;

/// The time after a sign of life for which this process is sure. It ends before the lease does.
const SURE_FOR: Duration = Duration::from_secs(LEASE_SECONDS.unsigned_abs() - 2);

/// The last signs of life of the cluster.
pub(super) struct Freshness {
    /// The time when the last renewal of the lease was sent that was answered, in milliseconds.
    renewed: AtomicU64,
    /// The time of the last message of the watch, in milliseconds.
    heard: AtomicU64,
}

impl Default for Freshness {
    fn default() -> Self {
        let now = now();
        Self {
            renewed: now.into(),
            heard: now.into(),
        }
    }
}

impl Freshness {
    /// Notes that a renewal of the lease was answered that was sent at this time of [`now`].
    pub(super) fn note_renewal(&self, sent: u64) {
        self.renewed.fetch_max(sent, Ordering::Release);
    }

    /// Notes a message of the watch.
    pub(super) fn note_message(&self) {
        self.heard.fetch_max(now(), Ordering::Release);
    }

    /// Notes that this process is no longer one of the servers.
    pub(super) fn end(&self) {
        self.renewed.store(0, Ordering::Release);
    }

    /// Returns the times since the last signs of life.
    pub(super) fn signs(&self, revision: u64) -> ClusterSigns {
        let since = |moment: &AtomicU64| now().saturating_sub(moment.load(Ordering::Acquire));
        ClusterSigns {
            revision,
            lease_millis: since(&self.renewed),
            watch_millis: since(&self.heard),
        }
    }

    /// Returns whether the lease lasts for certain, and whether the watch has brought a message since then.
    pub(super) fn is_current(&self) -> bool {
        let oldest = self
            .renewed
            .load(Ordering::Acquire)
            .min(self.heard.load(Ordering::Acquire));
        now().saturating_sub(oldest) < u64::try_from(SURE_FOR.as_millis()).unwrap_or_default()
    }
}

/// Returns the milliseconds since the machine was started, also those for which it slept.
pub(super) fn now() -> u64 {
    let time = clock_gettime(ClockId::Boottime);
    let seconds = u64::try_from(time.tv_sec).unwrap_or_default();
    seconds * 1000 + u64::try_from(time.tv_nsec).unwrap_or_default() / 1_000_000
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_signs_of_life_are_needed() {
        let old = now().saturating_sub(20_000);
        let fresh = Freshness {
            renewed: old.into(),
            heard: old.into(),
        };
        assert!(!fresh.is_current());
        fresh.note_message();
        assert!(!fresh.is_current(), "the lease may have ended");
        fresh.note_renewal(now());
        assert!(fresh.is_current());
        fresh.note_renewal(old);
        assert!(fresh.is_current(), "an older renewal changes nothing");
        fresh.end();
        assert!(!fresh.is_current());
    }
}
