//! The endpoint that returns the caller's own record (`api.md` §3.2).

use crate::domain::{Duty, RequestError, Scope};
use crate::http::input::Ignored;
use crate::http::request::UserRequest;
use crate::http::route::Route;
use crate::ops::user_view::Me;

pub(super) fn routes() -> Vec<Route> {
    vec![
        Route::get("me", "What users see of themselves", me)
            .scope(Scope::UsersRead)
            .serves(Duty::ALL),
    ]
}

async fn me(call: UserRequest, _: Ignored) -> Result<Me, RequestError> {
    Ok(Me::of(&call.app, &call.caller.user))
}
