//! What clients ask first (`api.md` §11).

use std::future::ready;

use serde_json::json;
use warp::http::Method;

use crate::auth::Actor;
use crate::domain::Permission;
use crate::http::reply::{self, Outcome};
use crate::http::routes::Route;

/// The version of Rocket.Chat whose behaviour this server follows.
const ROCKET_CHAT: &str = "8.8.0";

pub(super) fn routes() -> [Route; 1] {
    [Route::anyone(Method::GET, "info", |_, actor| {
        Box::pin(ready(info(actor.as_ref())))
    })]
}

/// `GET /api/info` and `GET info`. Who may see statistics gets the `info` that Rocket.Chat keeps for them.
fn info(actor: Option<&Actor>) -> Outcome {
    let mut info = json!({
        "version": ROCKET_CHAT,
        "minimumClientVersions": {"desktop": "3.9.6", "mobile": "4.39.0"},
        "rollcall": {"version": env!("CARGO_PKG_VERSION")},
    });
    let trusted = actor.is_some_and(|actor| actor.may(Permission::ViewStatistics));
    if trusted {
        info["info"] = json!({"version": ROCKET_CHAT});
    }
    reply::success(info)
}
