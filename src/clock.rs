//! The clock of the server, which tests can replace.

mod machine_clock;
mod store_clock;

use std::sync::Arc;
use std::time::Duration;

pub use machine_clock::SetClock;
use machine_clock::{LONGEST_SLEEP, MachineClock, wait};
use store_clock::StoreClock;
pub(crate) use store_clock::{Doubt, Trust};

use crate::domain::Timestamp;

/// The source of the current time.
#[derive(Debug, Clone)]
pub struct Clock(Source);

#[derive(Debug, Clone)]
enum Source {
    Machine(MachineClock),
    /// The clock of an open store, which notices that the machine's clock is wrong.
    Store(Arc<StoreClock>),
}

impl Clock {
    /// Returns the clock of the operating system.
    #[must_use]
    pub const fn system() -> Self {
        Self(Source::Machine(MachineClock::System))
    }

    /// Returns a clock that a test sets. Its time does not pass by itself.
    #[must_use]
    pub const fn set_by(clock: Arc<SetClock>) -> Self {
        Self(Source::Machine(MachineClock::Set(clock)))
    }

    /// Returns this clock for a store whose last commit was made at this time, if it is known.
    #[must_use]
    pub fn of_store(self, last_commit: Option<Timestamp>) -> Self {
        let machine = self.machine().clone();
        // A clock that tests set has no relation to the build.
        let built = match &machine {
            MachineClock::System => built(),
            MachineClock::Set(_) => Timestamp::from_millis(0),
        };
        Self(Source::Store(Arc::new(StoreClock::new(machine, built, last_commit))))
    }

    /// Returns the clock of the machine behind this clock.
    fn machine(&self) -> &MachineClock {
        match &self.0 {
            Source::Machine(clock) => clock,
            Source::Store(clock) => &clock.source,
        }
    }

    /// Returns the current time.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        match &self.0 {
            Source::Store(clock) => clock.now(),
            Source::Machine(clock) => clock.wall(),
        }
    }

    /// Returns the time of the machine's clock, right or wrong. Authenticator apps compute their codes from this time.
    #[must_use]
    pub fn wall(&self) -> Timestamp {
        self.machine().wall()
    }

    /// Returns how far the time can be relied on.
    #[must_use]
    pub fn trust(&self) -> Trust {
        match &self.0 {
            Source::Store(clock) => clock.trust(),
            Source::Machine(_) => Trust::FULL,
        }
    }

    /// Returns the time for a commit to store; `None` if the clock is ahead of the expected time by more than a day.
    #[must_use]
    pub fn believed(&self) -> Option<Timestamp> {
        match &self.0 {
            Source::Store(clock) => clock.believed(),
            Source::Machine(_) => Some(self.now()),
        }
    }

    /// Believes the machine's clock from now on, because the operator says that it is right.
    pub fn confirm(&self) {
        if let Source::Store(clock) = &self.0 {
            clock.confirm();
        }
    }

    /// Waits until the trust in the time differs from `before`, and returns it.
    pub async fn other_trust(&self, before: Trust) -> Trust {
        let Source::Store(clock) = &self.0 else {
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

    /// Returns a time that never goes back while the process runs: the start time plus the elapsed time. Blocks and
    /// rate limits use it, so that setting the clock back makes no caller wait longer.
    #[must_use]
    pub fn steady(&self) -> Timestamp {
        self.machine().steady()
    }

    /// Returns the offset of the machine's time zone from UTC at this time, in minutes. A clock for tests has the
    /// offset 0.
    #[must_use]
    pub fn offset_minutes(&self, at: Timestamp) -> i32 {
        self.machine().offset_minutes(at)
    }

    /// Returns a future that ends when the clock may have changed: after half a minute, or when a test sets it. It also
    /// ends for a change between this call and the first poll.
    pub fn tick(&self) -> impl Future<Output = ()> + Send + '_ {
        wait(self.machine().set())
    }

    /// Waits until this time; waits forever for `None`.
    pub async fn reach(&self, moment: Option<Timestamp>) {
        let Some(moment) = moment else {
            return std::future::pending().await;
        };
        loop {
            let set = self.machine().set();
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

/// Returns the time at which this program was built.
#[must_use]
pub fn built() -> Timestamp {
    let seconds: i64 = env!("BUILD_SECONDS").parse().unwrap_or_default();
    Timestamp::from_millis(seconds.saturating_mul(1000))
}
