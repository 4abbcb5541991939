//! Methods that end the user's other logins (`api.md` §3.3).

use serde_json::json;

use super::message::date;
use super::params::Params;
use super::{Context, Method, MethodAnswer, Outcome, method};
use crate::domain::scope::RequiredScope;
use crate::ops::tokens;

pub(super) const METHODS: &[Method] = &[
    method!("logoutOtherClients", RequiredScope::Full, logout_others),
    method!("removeOtherTokens", RequiredScope::Full, remove_others),
];

/// Handles the method `logoutOtherClients()`. The result is the token of this call, which stays valid.
async fn logout_others(context: Context<'_>, _: Params) -> Outcome {
    let caller = context.caller()?;
    tokens::logout_others(context.app, caller).await?;
    let mut kept = json!({"token": caller.presented.expose()});
    if let Some(end) = caller.token.expires_at {
        kept["tokenExpires"] = date(end);
    }
    Ok(MethodAnswer::of(kept))
}

async fn remove_others(context: Context<'_>, _: Params) -> Outcome {
    let caller = context.caller()?;
    tokens::logout_others(context.app, caller).await?;
    Ok(MethodAnswer::NOTHING)
}
