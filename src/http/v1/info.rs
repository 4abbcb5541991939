//! What clients ask first (`api.md` §11).

use schemars::JsonSchema;
use serde::Serialize;
use serde_json::{Value, json};

use crate::domain::{Fault, Permission};
use crate::http::input::Ignored;
use crate::http::request::OpenCall;
use crate::http::routes::{Rate, Route};

/// The version of Rocket.Chat whose behaviour this server follows.
const ROCKET_CHAT: &str = "8.8.0";

pub(super) fn routes() -> Vec<Route> {
    vec![Route::get("info", "What this server is; also at `/api/info`", info).rate(Rate::Unbounded)]
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct Info {
    version: &'static str,
    minimum_client_versions: Value,
    rollcall: Value,
    #[serde(skip_serializing_if = "Option::is_none")]
    info: Option<Value>,
}

/// Who may see statistics gets the `info` that Rocket.Chat keeps for them.
async fn info(call: OpenCall, _: Ignored) -> Result<Info, Fault> {
    let trusted = call
        .caller
        .is_some_and(|caller| caller.may(Permission::VIEW_STATISTICS));
    Ok(Info {
        version: ROCKET_CHAT,
        minimum_client_versions: json!({"desktop": "3.9.6", "mobile": "4.39.0"}),
        rollcall: json!({"version": env!("CARGO_PKG_VERSION")}),
        info: trusted.then(|| json!({"version": ROCKET_CHAT})),
    })
}
