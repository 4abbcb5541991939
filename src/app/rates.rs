//! Call counters for rate limits.

use std::borrow::Cow;
use std::collections::HashMap;
use std::num::NonZeroU32;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use governor::clock::Clock as GovernorClock;
use governor::middleware::StateInformationMiddleware;
use governor::state::keyed::HashMapStateStore;
use governor::{Quota, RateLimiter};

use super::Settings;
use super::account_key::AccountKey;
use crate::auth::Caller;
use crate::clock::Clock;
use crate::domain::{RequestError, SettingId, SourceAddress, Timestamp, UserId};

/// The number of calls after which callers without recent calls are removed from memory.
const FORGET_EVERY: u64 = 8192;

/// The name under which registrations are counted, for all endpoints and methods that register users.
pub(crate) const REGISTRATIONS: &str = "POST users.register";

/// The period of the setting `Rate_Limiter_Limit_RegisterUser`, in milliseconds.
const REGISTRATIONS_MILLIS: u32 = 60_000;

/// The source whose calls are counted.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum RateKey {
    /// The calls of a user.
    User(UserId),
    /// The calls from an address.
    Address(Option<SourceAddress>),
    /// The login attempts for an account.
    Account(AccountKey),
    /// The calls over a socket, by the socket's number.
    Socket(u64),
}

impl RateKey {
    /// Returns the source of a request: its caller, or the address without a login.
    #[must_use]
    pub fn of(caller: Option<&Caller>, address: Option<SourceAddress>) -> Self {
        match caller {
            Some(caller) => Self::User(caller.user.id.clone()),
            None => Self::Address(address),
        }
    }
}

/// The key of a counter.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Counted {
    /// The name of what is called, for example an endpoint.
    pub what: Cow<'static, str>,
    /// The source of the calls.
    pub who: RateKey,
}

/// A rate limit: a number of calls in a period.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Rate {
    /// The number of calls, at least 1.
    pub calls: u32,
    /// The period in milliseconds, at least 1.
    pub millis: u32,
}

impl Rate {
    /// Returns the rate limit of registrations in the current settings; `None` if calls are not limited.
    #[must_use]
    pub fn of_registrations(settings: &Settings) -> Option<Self> {
        settings.flag(SettingId::RateLimiterEnabled).then(|| Self {
            calls: settings.number(SettingId::RateLimiterRegister),
            millis: REGISTRATIONS_MILLIS,
        })
    }
}

/// The state of a caller's rate limit after a call.
#[derive(Debug, Clone, Copy)]
pub struct Left {
    /// The number of calls that the caller may still make now.
    pub remaining: u32,
    /// The time at which all calls are available again, in milliseconds since 1970.
    pub reset: u64,
    /// The time to wait for the next call in milliseconds; 0 if a call is left.
    pub wait: u64,
}

impl Left {
    /// Returns the whole seconds to wait for the next call, as `Retry-After` has them.
    #[must_use]
    pub const fn wait_seconds(self) -> u64 {
        self.wait.div_ceil(1000)
    }

    /// Returns the error for a call that the limit refuses.
    #[must_use]
    pub const fn refusal(self) -> RequestError {
        RequestError::TooManyRequests {
            seconds: self.wait_seconds(),
        }
    }
}

/// The steady time of the application, for governor. A clock that is set back makes no caller wait longer.
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

/// All counters. Each rate has its own limiter, so that counting starts again after a setting changes.
#[derive(Default)]
pub struct Rates {
    limiters: Mutex<HashMap<Rate, Arc<Limiter>>>,
    calls: AtomicU64,
    /// The number of servers that share the limits; 0 is like 1.
    servers: AtomicU32,
}

impl Rates {
    /// Counts a call, unless it exceeds the rate. A call that exceeds the rate must be refused.
    ///
    /// # Errors
    /// The state of the exceeded limit, with the time to wait.
    pub fn count(&self, clock: &Clock, rate: Rate, counted: &Counted) -> Result<Left, Left> {
        let rate = match counted.who {
            // A socket is at one server.
            RateKey::Socket(_) => rate,
            _ => self.share(rate),
        };
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

    /// Divides the rates by this number of servers, each of which counts its own calls. Each has at least one call. Rates of
    /// sockets are not divided.
    pub fn share_among(&self, servers: usize) {
        let servers = u32::try_from(servers).unwrap_or(u32::MAX);
        self.servers.store(servers, Ordering::Relaxed);
    }

    fn share(&self, rate: Rate) -> Rate {
        let servers = self.servers.load(Ordering::Relaxed).max(1);
        Rate {
            calls: (rate.calls / servers).max(1),
            ..rate
        }
    }

    fn limiter(&self, clock: &Clock, rate: Rate) -> Arc<Limiter> {
        let number = self.calls.fetch_add(1, Ordering::Relaxed);
        let mut limiters = self.limiters.lock().unwrap_or_else(PoisonError::into_inner);
        if number.is_multiple_of(FORGET_EVERY) {
            let all: Vec<_> = limiters.values().cloned().collect();
            // Calls go on meanwhile, but for those of the rate whose counters are looked at.
            drop(limiters);
            for limiter in &all {
                limiter.retain_recent();
            }
            limiters = self.limiters.lock().unwrap_or_else(PoisonError::into_inner);
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
