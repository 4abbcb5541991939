//! The clock of the machine, or the clock that a test sets in its place.

use std::sync::{Arc, LazyLock, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use tokio::sync::Notify;
use tokio::sync::futures::Notified;
use tracing::warn;
use tz::TimeZone;

use crate::domain::Timestamp;

/// The longest sleep before the clock is read again, because the system's time may be changed, and timers do not count
/// the time while a machine is suspended.
pub(super) const LONGEST_SLEEP: Duration = Duration::from_secs(30);

/// The system's time and the monotonic time when the steady time was first requested.
static BEGAN: LazyLock<(Timestamp, Instant)> = LazyLock::new(|| (MachineClock::System.wall(), Instant::now()));

/// The time zone of the machine: from the variable `TZ`, else from `/etc/localtime`, else UTC.
static ZONE: LazyLock<Option<TimeZone>> = LazyLock::new(|| {
    let zone = match std::env::var("TZ") {
        Ok(zone) if !zone.is_empty() => TimeZone::from_posix_tz(&zone),
        _ => TimeZone::local(),
    };
    zone.inspect_err(|error| warn!(%error, "the time zone of this machine is not known: displays show UTC; set TZ"))
        .ok()
});

/// The clock of the machine.
#[derive(Debug, Clone)]
pub(super) enum MachineClock {
    /// The time of the operating system.
    System,
    /// A clock that tests set.
    Set(Arc<SetClock>),
}

impl MachineClock {
    /// Returns the time, right or wrong.
    pub(super) fn wall(&self) -> Timestamp {
        match self {
            Self::System => {
                // A clock before 1970 is wrong and counts as 1970.
                let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
                Timestamp::from_millis(i64::try_from(since.as_millis()).unwrap_or(i64::MAX))
            }
            Self::Set(clock) => clock.now(),
        }
    }

    /// Returns a time that never goes back while the process runs: the start time plus the elapsed time.
    pub(super) fn steady(&self) -> Timestamp {
        match self {
            Self::System => {
                let (began, at) = *BEGAN;
                began.plus_millis(i64::try_from(at.elapsed().as_millis()).unwrap_or(i64::MAX))
            }
            Self::Set(clock) => clock.times().1,
        }
    }

    /// Returns the time and the steady time, as of one moment.
    pub(super) fn wall_and_steady(&self) -> (Timestamp, Timestamp) {
        match self {
            Self::System => (self.wall(), self.steady()),
            Self::Set(clock) => clock.times(),
        }
    }

    /// Returns the offset of the time zone from UTC at this time, in minutes. A clock for tests has the offset 0.
    pub(super) fn offset_minutes(&self, at: Timestamp) -> i32 {
        match (self, ZONE.as_ref()) {
            (Self::System, Some(zone)) => zone
                .find_local_time_type(at.as_millis().div_euclid(1000))
                .map_or(0, |kind| kind.ut_offset() / 60),
            _ => 0,
        }
    }

    /// Returns the future of the next change of the clock by a test; `None` for the clock of the system.
    pub(super) fn set(&self) -> Option<Notified<'_>> {
        match self {
            Self::System => None,
            Self::Set(clock) => Some(clock.changed.notified()),
        }
    }
}

/// Waits until a test sets the clock, or until the system's clock should be read again.
pub(super) async fn wait(set: Option<Notified<'_>>) {
    match set {
        Some(set) => set.await,
        None => tokio::time::sleep(LONGEST_SLEEP).await,
    }
}

/// A clock for tests. Its time changes only when a test sets it.
#[derive(Debug)]
pub struct SetClock {
    /// The time and the steady time.
    times: Mutex<(Timestamp, Timestamp)>,
    changed: Notify,
}

impl SetClock {
    /// Creates a clock with this time, in milliseconds since 1970.
    #[must_use]
    pub fn at(millis: i64) -> Arc<Self> {
        Arc::new(Self {
            times: Mutex::new((Timestamp::from_millis(millis), Timestamp::from_millis(millis))),
            changed: Notify::new(),
        })
    }

    /// Returns the time to which the clock is set.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        self.times().0
    }

    fn times(&self) -> (Timestamp, Timestamp) {
        *self.lock()
    }

    fn lock(&self) -> MutexGuard<'_, (Timestamp, Timestamp)> {
        self.times.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Moves the clock forward by `millis` milliseconds, and wakes all waiting tasks.
    pub fn pass(&self, millis: i64) {
        self.change(millis, millis);
    }

    /// Sets the clock back by `millis` milliseconds. The steady time does not change.
    pub fn set_back(&self, millis: i64) {
        self.change(-millis, 0);
    }

    fn change(&self, millis: i64, steady_millis: i64) {
        let mut times = self.lock();
        *times = (times.0.plus_millis(millis), times.1.plus_millis(steady_millis));
        drop(times);
        self.changed.notify_waiters();
    }
}
