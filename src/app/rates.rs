//! Counting calls, so that who calls too often can be slowed down.

use std::borrow::Cow;
use std::collections::HashMap;
use std::num::NonZeroU32;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use governor::clock::Clock as GovernorClock;
use governor::middleware::StateInformationMiddleware;
use governor::state::keyed::HashMapStateStore;
use governor::{Quota, RateLimiter};

use super::Settings;
use super::attempts::AccountKey;
use crate::clock::Clock;
use crate::domain::{SettingId, SourceAddress, Timestamp, UserId};

/// How often callers are forgotten who have been quiet, in calls.
const FORGET_EVERY: u64 = 8192;

/// The name under which registrations are counted, whatever endpoint or method asks for one.
pub const REGISTRATIONS: &str = "POST users.register";

/// Milliseconds in which `Rate_Limiter_Limit_RegisterUser` registrations are let through.
const REGISTRATIONS_MILLIS: u32 = 60_000;

/// Whose calls are counted.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Who {
    /// Those of a user.
    User(UserId),
    /// Those from an address.
    Address(Option<SourceAddress>),
    /// Those that try to log in to an account.
    Account(AccountKey),
    /// Those over a socket, by its number.
    Socket(u64),
}

/// Which calls are counted together.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Counted {
    /// What is called.
    pub what: Cow<'static, str>,
    /// By whom.
    pub who: Who,
}

/// So many calls in so much time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Rate {
    /// How many, 1 at least.
    pub calls: u32,
    /// In how many milliseconds, 1 at least.
    pub millis: u32,
}

impl Rate {
    /// Returns the rate of registrations by the settings in force; none where calls are not limited.
    #[must_use]
    pub fn of_registrations(settings: &Settings) -> Option<Self> {
        settings.flag(SettingId::RateLimiterEnabled).then(|| Self {
            calls: settings.number(SettingId::RateLimiterRegister),
            millis: REGISTRATIONS_MILLIS,
        })
    }
}

/// What is left to a caller.
#[derive(Debug, Clone, Copy)]
pub struct Left {
    /// Calls that are left.
    pub remaining: u32,
    /// When all calls are free again, in milliseconds since 1970.
    pub reset: u64,
    /// How long to wait for the next call, in milliseconds; 0 where one is left.
    pub wait: u64,
}

/// The application's steady time, as governor wants it: a clock that is set back makes no caller wait longer.
struct Time(Clock);

impl GovernorClock for Time {
    type Instant = Duration;

    fn now(&self) -> Duration {
        since_1970(self.0.steady())
    }
}

fn since_1970(time: Timestamp) -> Duration {
    Duration::from_millis(u64::try_from(time.as_millis()).unwrap_or_default())
}

type Limiter = RateLimiter<Counted, HashMapStateStore<Counted>, Time, StateInformationMiddleware>;

/// All counts. A rate has a limiter of its own, so that a changed setting begins to count anew.
#[derive(Default)]
pub struct Rates {
    limiters: Mutex<HashMap<Rate, Arc<Limiter>>>,
    calls: AtomicU64,
}

impl Rates {
    /// Counts a call, unless it is one too many: then it is to be refused, and what is left says for
    /// how long.
    ///
    /// # Errors
    /// What is left of a rate that is used up.
    pub fn count(&self, clock: &Clock, rate: Rate, counted: &Counted) -> Result<Left, Left> {
        let limiter = self.limiter(clock, rate);
        let now = Time(clock.clone()).now();
        let left = |remaining: u32, wait: Duration| {
            let used = rate.calls.saturating_sub(remaining);
            let full = Duration::from_millis(u64::from(rate.millis)) * used / rate.calls.max(1);
            let millis = |time: Duration| u64::try_from(time.as_millis()).unwrap_or(u64::MAX);
            Left {
                remaining,
                reset: millis(since_1970(clock.now()) + full),
                wait: millis(wait),
            }
        };
        match limiter.check_key(counted) {
            Ok(state) => Ok(left(state.remaining_burst_capacity(), Duration::ZERO)),
            Err(not_until) => Err(left(0, not_until.wait_time_from(now).max(Duration::from_millis(1)))),
        }
    }

    fn limiter(&self, clock: &Clock, rate: Rate) -> Arc<Limiter> {
        let mut limiters = self.limiters.lock().unwrap_or_else(PoisonError::into_inner);
        let number = self.calls.fetch_add(1, Ordering::Relaxed);
        if number.is_multiple_of(FORGET_EVERY) {
            limiters.values().for_each(|limiter| limiter.retain_recent());
        }
        let new = || {
            let calls = NonZeroU32::new(rate.calls).unwrap_or(NonZeroU32::MIN);
            let time = Duration::from_millis(u64::from(rate.millis.max(1)));
            let one = Quota::with_period(time / calls.get()).unwrap_or(Quota::per_second(calls));
            let time = Time(clock.clone());
            Arc::new(RateLimiter::new(
                one.allow_burst(calls),
                HashMapStateStore::default(),
                time,
            ))
        };
        Arc::clone(limiters.entry(rate).or_insert_with(new))
    }
}
