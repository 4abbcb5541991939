//! Slowing down those who call too often (`api.md` §1.7, §15).
//!
//! Calls are counted for each endpoint: of a user where one is logged in, else of an address, since
//! an office shares one.

use std::collections::HashMap;
use std::net::IpAddr;
use std::num::NonZeroU32;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use governor::clock::Clock as GovernorClock;
use governor::middleware::StateInformationMiddleware;
use governor::state::keyed::HashMapStateStore;
use governor::{Quota, RateLimiter};
use warp::http::HeaderMap;

use super::routes::{Rate, Route};
use crate::app::{App, Clock};
use crate::auth::Caller;
use crate::domain::{Fault, Permission, SettingId, UserId};

/// How often limits forget callers who have been quiet, in calls.
const FORGET_EVERY: u64 = 8192;

/// Milliseconds in which `Rate_Limiter_Limit_RegisterUser` registrations are let through.
const REGISTER_MILLIS: u32 = 60_000;

/// Whose calls are counted.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
enum Who {
    User(UserId),
    Address(Option<IpAddr>),
}

type Key = (&'static str, bool, Who);

/// So many calls in so much time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
struct Rule {
    calls: u32,
    millis: u32,
}

/// The application's time, as governor wants it.
struct Time(Clock);

impl GovernorClock for Time {
    type Instant = Duration;

    fn now(&self) -> Duration {
        Duration::from_millis(u64::try_from(self.0.now().as_millis()).unwrap_or_default())
    }
}

type Limiter = RateLimiter<Key, HashMapStateStore<Key>, Time, StateInformationMiddleware>;

/// What is told of a limit in headers.
#[derive(Debug, Clone, Copy)]
pub(super) struct Allowance {
    limit: u32,
    remaining: u32,
    /// When all calls are free again, in milliseconds since 1970.
    reset: u64,
}

impl Allowance {
    pub fn add_headers(self, headers: &mut HeaderMap) {
        headers.insert("x-ratelimit-limit", self.limit.into());
        headers.insert("x-ratelimit-remaining", self.remaining.into());
        headers.insert("x-ratelimit-reset", self.reset.into());
    }
}

/// The limits of all endpoints. A rule has a limiter of its own, so that a changed setting begins to
/// count anew.
#[derive(Default)]
pub(super) struct RateLimits(Mutex<HashMap<Rule, Arc<Limiter>>>);

impl RateLimits {
    /// Counts a call. Who may bypass limits is not counted, and has no allowance.
    ///
    /// # Errors
    /// [`Fault::TooManyRequests`], with the allowance that is used up.
    pub fn admit(
        &self,
        app: &App,
        route: &'static Route,
        caller: Option<&Caller>,
        address: Option<IpAddr>,
    ) -> Result<Option<Allowance>, (Fault, Allowance)> {
        let Some(rule) = rule(app, route, caller) else {
            return Ok(None);
        };
        let who = match caller {
            Some(caller) => Who::User(caller.user.id.clone()),
            None => Who::Address(address),
        };
        let limiter = self.limiter(app, rule);
        let now = Time(app.clock.clone()).now();
        let reset = |used: u32| {
            let full = Duration::from_millis(u64::from(rule.millis)) * used / rule.calls.max(1);
            u64::try_from((now + full).as_millis()).unwrap_or(u64::MAX)
        };
        let key = (route.endpoint, route.method == warp::http::Method::GET, who);
        match limiter.check_key(&key) {
            Ok(state) => {
                let remaining = state.remaining_burst_capacity();
                Ok(Some(Allowance {
                    limit: rule.calls,
                    remaining,
                    reset: reset(rule.calls.saturating_sub(remaining)),
                }))
            }
            Err(not_until) => {
                let wait = not_until.wait_time_from(now);
                let allowance = Allowance {
                    limit: rule.calls,
                    remaining: 0,
                    reset: reset(rule.calls),
                };
                let seconds = u64::try_from(wait.as_millis().div_ceil(1000))
                    .unwrap_or(u64::MAX)
                    .max(1);
                Err((Fault::TooManyRequests { seconds }, allowance))
            }
        }
    }

    fn limiter(&self, app: &App, rule: Rule) -> Arc<Limiter> {
        let mut limiters = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let new = || {
            let calls = NonZeroU32::new(rule.calls).unwrap_or(NonZeroU32::MIN);
            let time = Duration::from_millis(u64::from(rule.millis.max(1)));
            let one = Quota::with_period(time / calls.get()).unwrap_or(Quota::per_second(calls));
            let time = Time(app.clock.clone());
            Arc::new(RateLimiter::new(
                one.allow_burst(calls),
                HashMapStateStore::default(),
                time,
            ))
        };
        Arc::clone(limiters.entry(rule).or_insert_with(new))
    }

    /// Forgets callers who have been quiet for so long that it makes no difference, now and then.
    pub fn forget_the_quiet(&self, calls: u64) {
        if calls.is_multiple_of(FORGET_EVERY) {
            let limiters = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            for limiter in limiters.values() {
                limiter.retain_recent();
            }
        }
    }
}

fn rule(app: &App, route: &Route, caller: Option<&Caller>) -> Option<Rule> {
    let settings = app.settings();
    let bypasses = caller.is_some_and(|caller| caller.may(Permission::API_BYPASS_RATE_LIMIT));
    if bypasses || !settings.flag(SettingId::RateLimiterEnabled) {
        return None;
    }
    let calls = match (route.rate, caller) {
        (Rate::Unbounded, _) => return None,
        (Rate::Register, _) => {
            return Some(Rule {
                calls: settings.number(SettingId::RateLimiterRegister),
                millis: REGISTER_MILLIS,
            });
        }
        (Rate::Default, Some(_)) => SettingId::RateLimiterCalls,
        (Rate::Default, None) => SettingId::RateLimiterAnonymousCalls,
    };
    Some(Rule {
        calls: settings.number(calls),
        millis: settings.number(SettingId::RateLimiterTime),
    })
}
