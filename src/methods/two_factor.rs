//! Methods for the second factor (`api.md` §4), which older clients call instead of the endpoints.

use serde_json::json;

use super::params::Params;
use super::{Context, Method, MethodAnswer, Outcome, method};
use crate::domain::Duty;
use crate::domain::scope::RequiredScope;
use crate::ops::two_factor;

pub(super) const METHODS: &[Method] = &[
    method!("2fa:enable", RequiredScope::Full, begin)
        .behind_fresh_proof()
        .serves(&[Duty::EnableTwoFactor]),
    method!("2fa:validateTempToken", RequiredScope::Full, validate).serves(&[Duty::EnableTwoFactor]),
    method!("2fa:disable", RequiredScope::Full, disable),
    method!("2fa:regenerateCodes", RequiredScope::Full, regenerate),
    method!("2fa:checkCodesRemaining", RequiredScope::Full, remaining),
];

async fn begin(context: Context<'_>, _: Params) -> Outcome {
    let caller = context.caller()?;
    let begun = two_factor::begin(context.app, caller).await?;
    Ok(MethodAnswer::of(json!({"secret": begun.secret, "url": begun.url})))
}

/// Handles the method `2fa:validateTempToken(code)`.
async fn validate(context: Context<'_>, mut params: Params) -> Outcome {
    let caller = context.caller()?;
    let codes = two_factor::validate(context.app, caller, &params.required_text()?).await?;
    Ok(MethodAnswer::of(json!({"codes": codes})))
}

/// Handles the method `2fa:disable(code)`.
async fn disable(context: Context<'_>, mut params: Params) -> Outcome {
    let caller = context.caller()?;
    two_factor::disable(context.app, caller, &params.required_text()?).await?;
    Ok(MethodAnswer::of(json!(true)))
}

/// Handles the method `2fa:regenerateCodes(code)`.
async fn regenerate(context: Context<'_>, mut params: Params) -> Outcome {
    let caller = context.caller()?;
    let codes = two_factor::regenerate_codes(context.app, caller, &params.required_text()?).await?;
    Ok(MethodAnswer::of(json!({"codes": codes})))
}

async fn remaining(context: Context<'_>, _: Params) -> Outcome {
    let remaining = two_factor::codes_remaining(context.caller()?)?;
    Ok(MethodAnswer::of(json!({"remaining": remaining})))
}
