//! Methods for personal access tokens (`api.md` §3.5).

use serde_json::json;

use super::params::Params;
use super::{Context, Method, MethodAnswer, Outcome, method};
use crate::domain::TokenName;
use crate::domain::scope::RequiredScope;
use crate::ops::personal_tokens::{self, NewPersonalToken};

pub(super) const METHODS: &[Method] = &[
    method!("personalAccessTokens:generateToken", RequiredScope::Full, generate).behind_fresh_proof(),
    method!("personalAccessTokens:regenerateToken", RequiredScope::Full, regenerate).behind_fresh_proof(),
    method!("personalAccessTokens:removeToken", RequiredScope::Full, remove).behind_two_factor(),
];

/// Handles the method `personalAccessTokens:generateToken({tokenName, bypassTwoFactor})`.
async fn generate(context: Context<'_>, mut params: Params) -> Outcome {
    let caller = context.caller()?;
    let mut wanted = params.object()?;
    let new = NewPersonalToken {
        name: TokenName::parse(&wanted.required_text("tokenName")?)?,
        bypass_two_factor: wanted.flag("bypassTwoFactor")?,
        expires_at: None,
        scopes: None,
    };
    let token = personal_tokens::generate(context.app, caller, new).await?;
    Ok(MethodAnswer::of(json!(token.expose())))
}

/// Handles the method `personalAccessTokens:regenerateToken({tokenName})`.
async fn regenerate(context: Context<'_>, mut params: Params) -> Outcome {
    let caller = context.caller()?;
    let name = TokenName::typed(&params.object()?.required_text("tokenName")?);
    let token = personal_tokens::regenerate(context.app, caller, &name).await?;
    Ok(MethodAnswer::of(json!(token.expose())))
}

/// Handles the method `personalAccessTokens:removeToken({tokenName})`.
async fn remove(context: Context<'_>, mut params: Params) -> Outcome {
    let caller = context.caller()?;
    let name = TokenName::typed(&params.object()?.required_text("tokenName")?);
    personal_tokens::remove(context.app, caller, &name).await?;
    Ok(MethodAnswer::NOTHING)
}
