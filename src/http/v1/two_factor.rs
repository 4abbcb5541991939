//! The endpoints of the second factor (`api.md` §4).

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::users::target_or_caller;
use crate::domain::{Duty, RequestError};
use crate::http::input::Ignored;
use crate::http::reply::Done;
use crate::http::request::UserRequest;
use crate::http::route::Route;
use crate::ops::{proof, two_factor};

pub(super) fn routes() -> Vec<Route> {
    vec![
        Route::post("users.enableTotp", "Begin to switch the second factor on", begin)
            .fresh_proof()
            .serves(&[Duty::EnableTwoFactor]),
        Route::post(
            "users.validateTotp",
            "Switch the second factor on, with a first code",
            validate,
        )
        .serves(&[Duty::EnableTwoFactor]),
        Route::post(
            "users.disableTotp",
            "Switch the second factor off, with a code",
            disable,
        ),
        Route::post(
            "users.regenerateTotpCodes",
            "Make new backup codes, with a code",
            regenerate,
        ),
        Route::get("users.totpCodesRemaining", "How many backup codes are left", remaining),
        Route::post("users.resetTOTP", "Switch a lost second factor off", reset).confirmed_by_handler(),
    ]
}

#[derive(Serialize, JsonSchema)]
struct Enrolment {
    secret: String,
    url: String,
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Code {
    code: String,
}

#[derive(Serialize, JsonSchema)]
struct Codes {
    codes: Vec<String>,
}

#[derive(Serialize, JsonSchema)]
struct Disabled {
    disabled: bool,
}

#[derive(Serialize, JsonSchema)]
struct Remaining {
    remaining: usize,
}

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Reset {
    user_id: Option<String>,
    username: Option<String>,
    user: Option<String>,
}

async fn begin(call: UserRequest, _: Ignored) -> Result<Enrolment, RequestError> {
    let two_factor::Enrolment { secret, url } = two_factor::begin(&call.app, &call.caller).await?;
    Ok(Enrolment { secret, url })
}

async fn validate(call: UserRequest, given: Code) -> Result<Codes, RequestError> {
    let codes = two_factor::validate(&call.app, &call.caller, &given.code).await?;
    Ok(Codes { codes })
}

async fn disable(call: UserRequest, given: Code) -> Result<Disabled, RequestError> {
    two_factor::disable(&call.app, &call.caller, &given.code).await?;
    Ok(Disabled { disabled: true })
}

async fn regenerate(call: UserRequest, given: Code) -> Result<Codes, RequestError> {
    let codes = two_factor::regenerate_codes(&call.app, &call.caller, &given.code).await?;
    Ok(Codes { codes })
}

async fn remaining(call: UserRequest, _: Ignored) -> Result<Remaining, RequestError> {
    let remaining = two_factor::codes_remaining(&call.caller)?;
    Ok(Remaining { remaining })
}

async fn reset(call: UserRequest, whose: Reset) -> Result<Done, RequestError> {
    let user = target_or_caller(&call, whose.user_id, whose.username, whose.user)?;
    if call.caller.user.id == user.id {
        proof::require(&call.app, &call.caller, call.code.clone()).await?;
    } else {
        call.confirm_act_on(&user.id).await?;
    }
    two_factor::reset(&call.app, &call.actor(), &user.id).await?;
    Ok(Done {})
}
