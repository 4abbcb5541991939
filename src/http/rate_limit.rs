//! Rate limits of API calls (`api.md` §1.7, §15).
//!
//! Calls are counted per endpoint, and per user if logged in, else per address. So users
//! behind one office address do not share a limit.

use std::net::IpAddr;

use warp::http::HeaderMap;

use super::routes::{self, Route};
use crate::app::App;
use crate::app::rates::{self, Counted, Left, Rate, Who};
use crate::auth::Caller;
use crate::domain::{Fault, Permission, SettingId, SourceAddress};

/// The state of a rate limit, sent in the response headers.
#[derive(Debug, Clone, Copy)]
pub(super) struct Allowance {
    limit: u32,
    left: Left,
}

impl Allowance {
    pub fn add_headers(self, headers: &mut HeaderMap) {
        headers.insert("x-ratelimit-limit", self.limit.into());
        headers.insert("x-ratelimit-remaining", self.left.remaining.into());
        headers.insert("x-ratelimit-reset", self.left.reset.into());
    }
}

/// Counts a call. A caller who may bypass limits is not counted, and has no allowance.
///
/// # Errors
/// [`Fault::TooManyRequests`], with the exhausted allowance.
pub(super) fn admit(
    app: &App,
    route: &'static Route,
    caller: Option<&Caller>,
    address: Option<IpAddr>,
) -> Result<Option<Allowance>, (Fault, Allowance)> {
    let Some(rate) = rate(app, route, caller) else {
        return Ok(None);
    };
    let counted = Counted {
        what: match route.rate {
            routes::Rate::Register => rates::REGISTRATIONS.into(),
            _ => format!("{} {}", route.method, route.endpoint).into(),
        },
        who: match caller {
            Some(caller) => Who::User(caller.user.id.clone()),
            None => Who::Address(address.map(SourceAddress::of)),
        },
    };
    let allowance = |left| Allowance {
        limit: rate.calls,
        left,
    };
    match app.rates.count(&app.clock, rate, &counted) {
        Ok(left) => Ok(Some(allowance(left))),
        Err(left) => {
            let seconds = left.wait.div_ceil(1000);
            Err((Fault::TooManyRequests { seconds }, allowance(left)))
        }
    }
}

/// Counts a call without a login. All such calls of an address also share one limit, over all endpoints.
///
/// # Errors
/// [`Fault::TooManyRequests`].
pub(super) fn admit_anonymous(app: &App, address: Option<IpAddr>) -> Result<(), Fault> {
    let settings = app.settings();
    if !settings.flag(SettingId::RateLimiterEnabled) {
        return Ok(());
    }
    let rate = Rate {
        calls: settings.number(SettingId::RateLimiterAnonymousAll),
        millis: settings.number(SettingId::RateLimiterTime),
    };
    let counted = Counted {
        what: "anonymous calls".into(),
        who: Who::Address(address.map(SourceAddress::of)),
    };
    let too_many = |left: Left| Fault::TooManyRequests {
        seconds: left.wait.div_ceil(1000),
    };
    app.rates.count(&app.clock, rate, &counted).map(drop).map_err(too_many)
}

fn rate(app: &App, route: &Route, caller: Option<&Caller>) -> Option<Rate> {
    let settings = app.settings();
    let bypasses = caller.is_some_and(|caller| caller.may(Permission::API_BYPASS_RATE_LIMIT));
    if bypasses || !settings.flag(SettingId::RateLimiterEnabled) {
        return None;
    }
    let calls = match (route.rate, caller) {
        (routes::Rate::Unbounded, _) => return None,
        (routes::Rate::Register, _) => return Rate::of_registrations(&settings),
        (routes::Rate::Default, Some(_)) => SettingId::RateLimiterCalls,
        (routes::Rate::Default, None) => SettingId::RateLimiterAnonymousCalls,
    };
    Some(Rate {
        calls: settings.number(calls),
        millis: settings.number(SettingId::RateLimiterTime),
    })
}
