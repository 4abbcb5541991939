//! The clock of the server, which tests can replace.

mod store_clock;

use std::sync::{Arc, LazyLock, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use tokio::sync::Notify;
use tokio::sync::futures::Notified;
use tracing::warn;
use tz::TimeZone;

use store_clock::StoreClock;
pub use store_clock::{Doubt, Trust};

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
    /// The clock of an open store, which notices that the machine's clock is wrong.
    Store(Arc<StoreClock>),
}

impl Clock {
    /// Returns this clock for a store whose last commit was made at this time, if it is known.
    #[must_use]
    pub fn of_store(self, last_commit: Option<Timestamp>) -> Self {
        // A clock that tests set has no relation to the build.
        let built = match &self {
            Self::System => built(),
            Self::Set(_) | Self::Store(_) => Timestamp::from_millis(0),
        };
        Self::Store(Arc::new(StoreClock::new(self, built, last_commit)))
    }

    /// Returns the current time.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        match self {
            Self::Store(clock) => clock.now(),
            Self::System | Self::Set(_) => self.wall(),
        }
    }

    /// Returns the time of the machine's clock, right or wrong. Authenticator apps compute their codes from this time.
    #[must_use]
    pub fn wall(&self) -> Timestamp {
        match self {
            Self::System => {
                // A clock before 1970 is wrong and counts as 1970.
                let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
                Timestamp::from_millis(i64::try_from(since.as_millis()).unwrap_or(i64::MAX))
            }
            Self::Set(clock) => clock.now(),
            Self::Store(clock) => clock.source.wall(),
        }
    }

    /// Returns how far the time can be relied on.
    #[must_use]
    pub fn trust(&self) -> Trust {
        match self {
            Self::Store(clock) => clock.trust(),
            Self::System | Self::Set(_) => Trust::FULL,
        }
    }

    /// Returns the time for a commit to store; `None` if the clock is ahead of the expected time by more than a day.
    #[must_use]
    pub fn believed(&self) -> Option<Timestamp> {
        match self {
            Self::Store(clock) => clock.believed(),
            Self::System | Self::Set(_) => Some(self.now()),
        }
    }

    /// Believes the machine's clock from now on, because the operator says that it is right.
    pub fn confirm(&self) {
        if let Self::Store(clock) = self {
            clock.confirm();
        }
    }

    /// Waits until the trust in the time differs from `before`, and returns it.
    pub async fn other_trust(&self, before: Trust) -> Trust {
        let Self::Store(clock) = self else {
            return std::future::pending().await;
        };
        let is_same =
            |trust: Trust| (trust.doubt.is_some(), trust.may_erase) == (before.doubt.is_some(), before.may_erase);
        loop {
            let confirmed = clock.confirmed.notified();
            let set = clock.source.set();
            let trust = clock.trust();
            if !is_same(trust) {
                return trust;
            }
            tokio::select! {
                () = confirmed => {}
                () = wait(set) => {}
            }
        }
    }

    /// Returns the future of the next change of the clock by a test; `None` for the clock of the system.
    fn set(&self) -> Option<Notified<'_>> {
        match self {
            Self::System => None,
            Self::Set(clock) => Some(clock.changed.notified()),
            Self::Store(clock) => clock.source.set(),
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
            Self::Set(clock) => clock.times().1,
            Self::Store(clock) => clock.source.steady(),
        }
    }

    /// Returns the time of the machine's clock and the steady time, as of one moment.
    fn wall_and_steady(&self) -> (Timestamp, Timestamp) {
        match self {
            Self::Set(clock) => clock.times(),
            Self::System | Self::Store(_) => (self.wall(), self.steady()),
        }
    }

    /// Returns the offset of the machine's time zone from UTC at this time, in minutes. A clock for tests has the
    /// offset 0.
    #[must_use]
    pub fn offset_minutes(&self, at: Timestamp) -> i32 {
        let seconds = at.as_millis().div_euclid(1000);
        let source = match self {
            Self::Store(clock) => &clock.source,
            other => other,
        };
        match (source, ZONE.as_ref()) {
            (Self::System, Some(zone)) => zone
                .find_local_time_type(seconds)
                .map_or(0, |kind| kind.ut_offset() / 60),
            _ => 0,
        }
    }

    /// Returns a future that ends when the clock may have changed: after half a minute, or when a test sets it. It also
    /// ends for a change between this call and the first poll.
    pub fn tick(&self) -> impl Future<Output = ()> + Send + '_ {
        wait(self.set())
    }

    /// Waits until this time; waits forever for `None`.
    pub async fn reach(&self, moment: Option<Timestamp>) {
        let Some(moment) = moment else {
            return std::future::pending().await;
        };
        loop {
            let set = self.set();
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

/// Waits until a test sets the clock, or until the system's clock should be read again.
async fn wait(set: Option<Notified<'_>>) {
    match set {
        Some(set) => set.await,
        None => tokio::time::sleep(LONGEST_SLEEP).await,
    }
}

/// Returns the time at which this program was built.
fn built() -> Timestamp {
    let seconds: i64 = env!("ROLLCALL_BUILT").parse().unwrap_or_default();
    Timestamp::from_millis(seconds.saturating_mul(1000))
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
