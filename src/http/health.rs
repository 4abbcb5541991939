//! Health endpoints for monitoring (`api.md` §11).

use serde_json::{Value, json};
use warp::filters::BoxedFilter;
use warp::http::StatusCode;
use warp::{Filter, Reply};

use crate::app::{App, Checks};
use crate::observe::RouteName;

/// The word for a store on a disk that is mounted read-only.
const READ_ONLY: &str = "read-only";

/// Returns the filter of `/livez`, `/readyz` and the older `/health`. `/livez` is about the process alone: a restart
/// does not mend a full disk. The others are about the server's ability to take requests.
#[must_use]
pub(crate) fn health(app: App) -> BoxedFilter<(warp::reply::Response,)> {
    let live = warp::path!("livez").map(|| named("/livez", answer(true, &json!({"process": "ok"}))));
    let readiness = app.clone();
    let ready = warp::path!("readyz").then(move || {
        let app = readiness.clone();
        async move {
            let checks = check(&app).await;
            let store = if checks.read_only {
                READ_ONLY
            } else {
                word(checks.store)
            };
            let words = [
                ("store", store),
                ("disk", word(checks.disk)),
                ("serving", word(checks.serving)),
            ];
            let cluster = checks.cluster.map(|passed| ("cluster", word(passed)));
            let words = words.into_iter().chain(cluster);
            let words = Value::Object(words.map(|(name, word)| (name.to_owned(), word.into())).collect());
            named("/readyz", answer(checks.are_passed(), &words))
        }
    });
    let health = warp::path!("health").then(move || {
        let app = app.clone();
        async move {
            let response = if check(&app).await.are_passed() {
                "ok".into_response()
            } else {
                warp::reply::with_status("not healthy", StatusCode::INTERNAL_SERVER_ERROR).into_response()
            };
            named("/health", response)
        }
    });
    let method = warp::get().or(warp::head()).unify();
    method.and(live.or(ready).unify().or(health).unify()).boxed()
}

fn named(path: &'static str, mut response: warp::reply::Response) -> warp::reply::Response {
    response.extensions_mut().insert(RouteName::get(path));
    response
}

async fn check(app: &App) -> Checks {
    app.readiness.check(&app.store, app.fixed.disk_reserve_bytes).await
}

const fn word(passed: bool) -> &'static str {
    if passed { "ok" } else { "unavailable" }
}

fn answer(passed: bool, checks: &Value) -> warp::reply::Response {
    let body = warp::reply::json(&json!({"status": word(passed), "checks": checks}));
    let status = if passed {
        StatusCode::OK
    } else {
        StatusCode::SERVICE_UNAVAILABLE
    };
    warp::reply::with_status(body, status).into_response()
}
