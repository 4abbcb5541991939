//! Slowing down those who call methods too often (`api.md` §9).

use super::{Context, MethodFault};
use crate::app::rates::{Counted, Rate, Who};
use crate::domain::{Permission, SettingId};

/// One call a second, as Rocket.Chat has it.
const SET_STATUS: Rate = Rate { calls: 1, millis: 1000 };

/// Counts a call for the address, for the user, and for the method and user. Who may bypass limits is
/// not counted.
///
/// # Errors
/// [`MethodFault::TooMany`].
pub(super) fn admit(context: &Context<'_>, method: &'static str) -> Result<(), MethodFault> {
    use SettingId as Id;
    let settings = context.app.settings();
    let address = Who::Address(context.origin.address);
    let user = context.caller.map(|caller| Who::User(caller.user.id.clone()));
    if context
        .caller
        .is_some_and(|caller| caller.may(Permission::API_BYPASS_RATE_LIMIT))
    {
        return Ok(());
    }
    let rate = |calls, millis| Rate {
        calls: settings.number(calls),
        millis: settings.number(millis),
    };
    let by_method = user.clone().unwrap_or(address.clone());
    let mut counts = vec![
        (
            Id::MethodsPerAddressEnabled,
            rate(Id::MethodsPerAddress, Id::MethodsPerAddressTime),
            "methods of an address".to_owned(),
            address,
        ),
        (
            Id::MethodPerUserEnabled,
            rate(Id::MethodPerUser, Id::MethodPerUserTime),
            format!("method {method}"),
            by_method.clone(),
        ),
    ];
    if method == "setUserStatus" {
        let what = format!("method {method} in a second");
        counts.push((Id::MethodPerUserEnabled, SET_STATUS, what, by_method));
    }
    if let Some(user) = user {
        let rate = rate(Id::MethodsPerUser, Id::MethodsPerUserTime);
        counts.push((Id::MethodsPerUserEnabled, rate, "methods of a user".to_owned(), user));
    }
    for (enabled, rate, what, who) in counts {
        if settings.flag(enabled) {
            let counted = Counted { what: what.into(), who };
            let counted = context.app.rates.count(&context.app.clock, rate, &counted);
            counted.map_err(|left| MethodFault::TooMany(left.wait))?;
        }
    }
    Ok(())
}
