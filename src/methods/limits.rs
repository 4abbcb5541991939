//! Rate limits of method calls (`api.md` §9).

use super::{Context, MethodError};
use crate::app::rates::{Counted, Rate, RateKey};
use crate::domain::{Permission, SettingId};

/// The limit of `setUserStatus`: one call per second, as in Rocket.Chat.
const SET_STATUS: Rate = Rate { calls: 1, millis: 1000 };

/// Counts a call for the address, the user and the socket, and for the method per user and per socket. A caller who
/// may bypass limits is not counted.
///
/// # Errors
/// [`MethodError::TooMany`].
pub(super) fn admit(context: &Context<'_>, method: &'static str) -> Result<(), MethodError> {
    use SettingId as Id;
    let caller = context.caller;
    if caller.is_some_and(|caller| caller.may(Permission::ApiBypassRateLimit)) {
        return Ok(());
    }
    let address = Some(RateKey::Address(context.origin.source()));
    let user = caller.map(|caller| RateKey::User(caller.user.id.clone()));
    let socket = context.socket.map(RateKey::Socket);
    let settings = context.app.settings();
    let count = |who: &Option<RateKey>, what: &'static str, enabled, rate: Rate| {
        let Some(who) = who.as_ref().filter(|_| settings.flag(enabled)) else {
            return Ok(());
        };
        let counted = Counted {
            what: what.into(),
            who: who.clone(),
        };
        let counted = context.app.rates.count(&context.app.clock, rate, &counted);
        counted.map(drop).map_err(|left| MethodError::TooMany(left.wait))
    };
    let rate = |calls, millis| Rate {
        calls: settings.number(calls),
        millis: settings.number(millis),
    };
    count(
        &address,
        "methods",
        Id::MethodsPerAddressEnabled,
        rate(Id::MethodsPerAddress, Id::MethodsPerAddressTime),
    )?;
    count(
        &user,
        method,
        Id::MethodPerUserEnabled,
        rate(Id::MethodPerUser, Id::MethodPerUserTime),
    )?;
    if method == "setUserStatus" {
        count(&user, "setUserStatus in a second", Id::MethodPerUserEnabled, SET_STATUS)?;
    }
    count(
        &user,
        "methods",
        Id::MethodsPerUserEnabled,
        rate(Id::MethodsPerUser, Id::MethodsPerUserTime),
    )?;
    count(
        &socket,
        method,
        Id::MethodPerSocketEnabled,
        rate(Id::MethodPerSocket, Id::MethodPerSocketTime),
    )?;
    count(
        &socket,
        "methods",
        Id::MethodsPerSocketEnabled,
        rate(Id::MethodsPerSocket, Id::MethodsPerSocketTime),
    )
}
