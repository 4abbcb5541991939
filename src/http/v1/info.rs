//! The version endpoint, which clients call first (`api.md` §11).

use schemars::JsonSchema;
use serde::Serialize;
use serde_json::{Value, json};

use crate::domain::{Permission, RequestError};
use crate::http::input::Ignored;
use crate::http::request::AnyRequest;
use crate::http::route::{CallRate, Route};

/// The version of Rocket.Chat whose behaviour this server follows, as all callers see it.
pub(in crate::http) const API_VERSION: &str = "8.8";

/// The version of Rocket.Chat with its patch number, for callers with `view-statistics`.
pub(super) const FULL_API_VERSION: &str = "8.8.0";

pub(super) fn routes() -> Vec<Route> {
    vec![Route::get("info", "What this server is; also at `/api/info`", info).rate(CallRate::Unbounded)]
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct Info {
    version: &'static str,
    minimum_client_versions: Value,
    /// The name of this product.
    name: &'static str,
    #[serde(flatten)]
    full: Option<FullInfo>,
}

/// The fields for callers with `view-statistics`.
#[derive(Serialize, JsonSchema)]
struct FullInfo {
    rollcall: Product,
    info: Value,
}

/// The version of this product.
#[derive(Serialize, JsonSchema)]
pub(super) struct Product {
    version: &'static str,
}

impl Default for Product {
    fn default() -> Self {
        Self {
            version: env!("CARGO_PKG_VERSION"),
        }
    }
}

async fn info(call: AnyRequest, _: Ignored) -> Result<Info, RequestError> {
    let trusted = call.caller.is_some_and(|caller| caller.may(Permission::ViewStatistics));
    let build = || json!({"arch": std::env::consts::ARCH, "platform": std::env::consts::OS});
    Ok(Info {
        version: if trusted { FULL_API_VERSION } else { API_VERSION },
        minimum_client_versions: json!({"desktop": "3.9.6", "mobile": "4.39.0"}),
        name: "Rollcall",
        full: trusted.then(|| FullInfo {
            rollcall: Product::default(),
            info: json!({"version": FULL_API_VERSION, "build": build()}),
        }),
    })
}
