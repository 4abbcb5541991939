//! Health endpoints for monitoring (`api.md` §11).

use serde_json::json;
use warp::filters::BoxedFilter;
use warp::http::StatusCode;
use warp::{Filter, Reply};

use crate::app::App;

/// Returns the filter of `/livez`, `/readyz` and the older `/health`.
#[must_use]
pub fn health(app: App) -> BoxedFilter<(warp::reply::Response,)> {
    let live = warp::path!("livez").map(|| checks(true));
    let writable = app.clone();
    let ready = warp::path!("readyz").map(move || checks(writable.store.is_writable()));
    let health = warp::path!("health").map(move || {
        if app.store.is_writable() {
            "ok".into_response()
        } else {
            warp::reply::with_status("not healthy", StatusCode::INTERNAL_SERVER_ERROR).into_response()
        }
    });
    let method = warp::get().or(warp::head()).unify();
    method.and(live.or(ready).unify().or(health).unify()).boxed()
}

fn checks(store: bool) -> warp::reply::Response {
    let word = |sound| if sound { "ok" } else { "unavailable" };
    let body = warp::reply::json(&json!({"status": word(store), "checks": {"store": word(store)}}));
    let status = if store {
        StatusCode::OK
    } else {
        StatusCode::SERVICE_UNAVAILABLE
    };
    warp::reply::with_status(body, status).into_response()
}
