//! Endpoints for forgotten passwords. This server sends no mail: an administrator gives the link to the user.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::required_target;
use crate::domain::password_reset::RESET_HOURS;
use crate::domain::{EmailKey, Permission, RequestError};
use crate::http::reply::Done;
use crate::http::request::{AnyRequest, UserRequest};
use crate::http::route::Route;
use crate::ops::passwords;

pub(super) fn routes() -> Vec<Route> {
    vec![
        Route::post("users.forgotPassword", "Say that one forgot one's password", forgotten),
        Route::post(
            "users.createPasswordResetLink",
            "Make a link to choose a new password",
            make_link,
        )
        .permission(Permission::EditOtherUserPassword)
        .fresh_proof(),
        Route::post("users.resetPassword", "Choose a new password, with a link", reset).called("resetPassword"),
    ]
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Forgotten {
    email: String,
}

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct MakeLink {
    user_id: Option<String>,
    username: Option<String>,
    user: Option<String>,
}

#[derive(Serialize, JsonSchema)]
struct Link {
    /// Valid once, for a limited time.
    #[schemars(extend("description" = format!("Valid once, for {RESET_HOURS} hours.")))]
    link: String,
}

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Reset {
    /// The part of the link after the `#`.
    token: String,
    new_password: String,
}

async fn forgotten(call: AnyRequest, whose: Forgotten) -> Result<Done, RequestError> {
    passwords::forgotten(&call.app, &call.origin, &EmailKey::of(&whose.email)).await?;
    Ok(Done {})
}

async fn make_link(call: UserRequest, whose: MakeLink) -> Result<Link, RequestError> {
    let user = required_target(&call.app, whose.user_id, whose.username, whose.user)?;
    let link = passwords::make_link(&call.app, &call.actor(), &user.id).await?;
    Ok(Link { link })
}

async fn reset(call: AnyRequest, new: Reset) -> Result<Done, RequestError> {
    passwords::reset(&call.app, &call.origin, &new.token, &new.new_password).await?;
    Ok(Done {})
}
