//! The time, from outside, so that a test can set it.

use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, LazyLock};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use tokio::sync::Notify;

use crate::domain::Timestamp;

/// Longest that somebody sleeps without looking at the clock again: the system's time may be set, and
/// the timers of a machine that was suspended know nothing of it.
const LONGEST_SLEEP: Duration = Duration::from_secs(30);

/// The system's time when the process first asked for the steady time, and the moment of that.
static BEGAN: LazyLock<(Timestamp, Instant)> = LazyLock::new(|| (Clock::System.now(), Instant::now()));

/// What time it is: the system's, or one that somebody sets.
#[derive(Debug, Clone)]
pub enum Clock {
    /// The system's time.
    System,
    /// Stands still until somebody sets it.
    Set(Arc<SetClock>),
}

impl Clock {
    /// The present moment.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        match self {
            Self::System => {
                // A clock before 1970 is wrong in any case.
                let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
                Timestamp::from_millis(i64::try_from(since.as_millis()).unwrap_or(i64::MAX))
            }
            Self::Set(clock) => clock.now(),
        }
    }

    /// Returns a time that never goes back while the process runs: the time when it began, and what has passed since.
    /// Blocks and rates are counted by it, so that a clock that is set back prolongs none.
    #[must_use]
    pub fn steady(&self) -> Timestamp {
        match self {
            Self::System => {
                let (began, at) = *BEGAN;
                began.plus_millis(i64::try_from(at.elapsed().as_millis()).unwrap_or(i64::MAX))
            }
            Self::Set(clock) => Timestamp::from_millis(clock.steady_millis.load(Ordering::Acquire)),
        }
    }

    /// Waits for this moment; for ever where there is none.
    pub async fn reach(&self, moment: Option<Timestamp>) {
        let Some(moment) = moment else {
            return std::future::pending().await;
        };
        loop {
            let set = match self {
                Self::System => None,
                Self::Set(clock) => Some(clock.changed.notified()),
            };
            let missing = moment.as_millis().saturating_sub(self.now().as_millis());
            if missing <= 0 {
                return;
            }
            if let Some(set) = set {
                set.await;
            } else {
                let missing = Duration::from_millis(missing.unsigned_abs());
                tokio::time::sleep(missing.min(LONGEST_SLEEP)).await;
            }
        }
    }
}

/// A clock that stands still until somebody sets it.
#[derive(Debug)]
pub struct SetClock {
    millis: AtomicI64,
    steady_millis: AtomicI64,
    changed: Notify,
}

impl SetClock {
    /// One that stands at this many milliseconds since 1970.
    #[must_use]
    pub fn at(millis: i64) -> Arc<Self> {
        Arc::new(Self {
            millis: AtomicI64::new(millis),
            steady_millis: AtomicI64::new(millis),
            changed: Notify::new(),
        })
    }

    /// The moment it stands at.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        Timestamp::from_millis(self.millis.load(Ordering::Acquire))
    }

    /// Lets so many milliseconds pass, and wakes who waits for it.
    pub fn pass(&self, millis: i64) {
        self.steady_millis.fetch_add(millis, Ordering::AcqRel);
        self.set_back(-millis);
    }

    /// Sets the clock back by so many milliseconds. Its steady time stays as it is.
    pub fn set_back(&self, millis: i64) {
        self.millis.fetch_sub(millis, Ordering::AcqRel);
        self.changed.notify_waiters();
    }
}
