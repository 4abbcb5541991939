//! Rate limits of calls (`api.md` §1.7, §15). The API and the pages count the same calls together.
//!
//! Calls are counted per endpoint, and per user if logged in, else per address. So users
//! behind one office address do not share a limit.

use std::net::IpAddr;

use crate::app::App;
use crate::app::rates::{self, Counted, Left, RateKey};
use crate::auth::Caller;
use crate::domain::{Permission, RequestError, SettingId, SourceAddress};

/// The rate limit of an endpoint.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CallRate {
    /// The general limits of the settings.
    Default,
    /// The limit for registrations.
    Register,
    /// No rate limit of its own; other limits apply.
    Unbounded,
}

/// The state of a rate limit.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Allowance {
    /// The calls that the rate lets through.
    pub limit: u32,
    /// The calls that are left, and the time until the limit resets.
    pub left: Left,
}

/// Counts a call of an endpoint, which is named by its method and its path in the API. A caller who may bypass limits
/// is not counted, and has no allowance.
///
/// # Errors
/// [`RequestError::TooManyRequests`], with the exhausted allowance.
pub(crate) fn admit(
    app: &App,
    endpoint: impl FnOnce() -> String,
    rate: CallRate,
    caller: Option<&Caller>,
    address: Option<IpAddr>,
) -> Result<Option<Allowance>, (RequestError, Allowance)> {
    let Some(allowed) = of_settings(app, rate, caller) else {
        return Ok(None);
    };
    let counted = Counted {
        what: match rate {
            CallRate::Register => rates::REGISTRATIONS.into(),
            CallRate::Default | CallRate::Unbounded => endpoint().into(),
        },
        who: RateKey::of(caller, address.map(SourceAddress::of)),
    };
    let allowance = |left| Allowance {
        limit: allowed.calls,
        left,
    };
    match app.rates.count(&app.clock, allowed, &counted) {
        Ok(left) => Ok(Some(allowance(left))),
        Err(left) => Err((left.refusal(), allowance(left))),
    }
}

/// Counts a call without a login. All such calls of an address also share one limit, over all endpoints.
///
/// # Errors
/// [`RequestError::TooManyRequests`].
pub(crate) fn admit_anonymous(app: &App, address: Option<IpAddr>) -> Result<(), RequestError> {
    let settings = app.settings();
    if !settings.flag(SettingId::RateLimiterEnabled) {
        return Ok(());
    }
    let rate = rates::Rate {
        calls: settings.number(SettingId::RateLimiterAnonymousAll),
        millis: settings.number(SettingId::RateLimiterTime),
    };
    let counted = Counted {
        what: "anonymous calls".into(),
        who: RateKey::Address(address.map(SourceAddress::of)),
    };
    let counted = app.rates.count(&app.clock, rate, &counted);
    counted.map(drop).map_err(Left::refusal)
}

fn of_settings(app: &App, rate: CallRate, caller: Option<&Caller>) -> Option<rates::Rate> {
    let settings = app.settings();
    let bypasses = caller.is_some_and(|caller| caller.may(Permission::ApiBypassRateLimit));
    if bypasses || !settings.flag(SettingId::RateLimiterEnabled) {
        return None;
    }
    let calls = match (rate, caller) {
        (CallRate::Unbounded, _) => return None,
        (CallRate::Register, _) => return rates::Rate::of_registrations(&settings),
        (CallRate::Default, Some(_)) => SettingId::RateLimiterCalls,
        (CallRate::Default, None) => SettingId::RateLimiterAnonymousCalls,
    };
    Some(rates::Rate {
        calls: settings.number(calls),
        millis: settings.number(SettingId::RateLimiterTime),
    })
}
