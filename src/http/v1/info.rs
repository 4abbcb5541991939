//! What clients ask first (`api.md` §11).

use std::future::ready;

use serde_json::json;
use warp::http::Method;

use crate::domain::Permission;
use crate::http::reply::{self, Outcome};
use crate::http::request::Request;
use crate::http::routes::Route;

/// The version of Rocket.Chat whose behaviour this server follows.
const ROCKET_CHAT: &str = "8.8.0";

pub(super) fn routes() -> [Route; 1] {
    [Route::anyone(Method::GET, "info", |request| {
        Box::pin(ready(info(&request)))
    })]
}

/// `GET /api/info` and `GET info`. Our own version goes to who may see statistics.
fn info(request: &Request) -> Outcome {
    let mut info = json!({
        "version": ROCKET_CHAT,
        "minimumClientVersions": {"desktop": "3.9.6", "mobile": "4.39.0"},
        "rollcall": {"version": env!("CARGO_PKG_VERSION")},
    });
    let trusted = request
        .actor
        .as_ref()
        .is_some_and(|actor| actor.may(Permission::ViewStatistics));
    if trusted {
        info["info"] = json!({"version": ROCKET_CHAT});
    }
    reply::success(info)
}
