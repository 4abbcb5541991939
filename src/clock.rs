//! The clock of the server, which tests can replace.

use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, LazyLock};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use tokio::sync::Notify;
use tracing::warn;
use tz::TimeZone;

use crate::domain::Timestamp;

/// The longest sleep before the clock is read again, because the system's time may be changed, and timers do not count
/// the time while a machine is suspended.
const LONGEST_SLEEP: Duration = Duration::from_secs(30);

/// The system's time and the monotonic time when the steady time was first requested.
static BEGAN: LazyLock<(Timestamp, Instant)> = LazyLock::new(|| (Clock::System.now(), Instant::now()));

/// The time zone of the machine: from the variable `TZ`, else from `/etc/localtime`, else UTC.
static ZONE: LazyLock<Option<TimeZone>> = LazyLock::new(|| {
    let zone = match std::env::var("TZ") {
        Ok(zone) if !zone.is_empty() => TimeZone::from_posix_tz(&zone),
        _ => TimeZone::local(),
    };
    zone.inspect_err(|error| warn!(%error, "the time zone of this machine is not known: displays show UTC; set TZ"))
        .ok()
});

/// The source of the current time.
#[derive(Debug, Clone)]
pub enum Clock {
    /// The time of the operating system.
    System,
    /// A clock that tests set. Its time does not pass by itself.
    Set(Arc<SetClock>),
}

impl Clock {
    /// Returns the current time.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        match self {
            Self::System => {
                // A clock before 1970 is wrong and counts as 1970.
                let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
                Timestamp::from_millis(i64::try_from(since.as_millis()).unwrap_or(i64::MAX))
            }
            Self::Set(clock) => clock.now(),
        }
    }

    /// Returns a time that never goes back while the process runs: the start time plus the elapsed time. Blocks and
    /// rate limits use it, so that setting the clock back makes no caller wait longer.
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

    /// Returns the offset of the machine's time zone from UTC at this time, in minutes. A clock for tests has the
    /// offset 0.
    #[must_use]
    pub fn offset_minutes(&self, at: Timestamp) -> i32 {
        let seconds = at.as_millis().div_euclid(1000);
        match (self, ZONE.as_ref()) {
            (Self::System, Some(zone)) => zone
                .find_local_time_type(seconds)
                .map_or(0, |kind| kind.ut_offset() / 60),
            _ => 0,
        }
    }

    /// Waits until this time; waits forever for `None`.
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

/// A clock for tests. Its time changes only when a test sets it.
#[derive(Debug)]
pub struct SetClock {
    millis: AtomicI64,
    steady_millis: AtomicI64,
    changed: Notify,
}

impl SetClock {
    /// Creates a clock with this time, in milliseconds since 1970.
    #[must_use]
    pub fn at(millis: i64) -> Arc<Self> {
        Arc::new(Self {
            millis: AtomicI64::new(millis),
            steady_millis: AtomicI64::new(millis),
            changed: Notify::new(),
        })
    }

    /// Returns the time to which the clock is set.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        Timestamp::from_millis(self.millis.load(Ordering::Acquire))
    }

    /// Moves the clock forward by `millis` milliseconds, and wakes all waiting tasks.
    pub fn pass(&self, millis: i64) {
        self.steady_millis.fetch_add(millis, Ordering::AcqRel);
        self.set_back(-millis);
    }

    /// Sets the clock back by `millis` milliseconds. The steady time does not change.
    pub fn set_back(&self, millis: i64) {
        self.millis.fetch_sub(millis, Ordering::AcqRel);
        self.changed.notify_waiters();
    }
}
