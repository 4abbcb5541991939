//! Endpoints that find free usernames (`api.md` §5.5).

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::domain::{RequestError, Scope};
use crate::http::input::Ignored;
use crate::http::request::UserRequest;
use crate::http::route::Route;
use crate::ops::usernames;

pub(super) fn routes() -> Vec<Route> {
    vec![
        Route::get(
            "users.getUsernameSuggestion",
            "A free username made of one's name",
            suggest,
        )
        .scope(Scope::UsersRead),
        Route::get(
            "users.checkUsernameAvailability",
            "Whether one could take a username",
            check,
        )
        .called("checkUsernameAvailability")
        .scope(Scope::UsersRead),
    ]
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Check {
    username: String,
}

#[derive(Serialize, JsonSchema)]
struct Suggested {
    result: String,
}

#[derive(Serialize, JsonSchema)]
struct Available {
    result: bool,
}

async fn suggest(call: UserRequest, _: Ignored) -> Result<Suggested, RequestError> {
    Ok(Suggested {
        result: usernames::suggest(&call.app, &call.caller.user),
    })
}

async fn check(call: UserRequest, asked: Check) -> Result<Available, RequestError> {
    Ok(Available {
        result: usernames::is_available(&call.app, &call.caller.user, &asked.username)?,
    })
}
