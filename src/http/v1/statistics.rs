//! The endpoint of the server's statistics, for administrators.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::info::{FULL_API_VERSION, Product};
use crate::domain::{Permission, RequestError, Scope, Timestamp};
use crate::http::request::UserRequest;
use crate::http::route::Route;
use crate::ops::statistics;

pub(super) fn routes() -> Vec<Route> {
    vec![
        Route::get("statistics", "Figures of this server", figures)
            .permission(Permission::ViewStatistics)
            .scope(Scope::Admin),
    ]
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Asked {
    /// Accepted and ignored: every request counts again.
    #[serde(rename = "refresh")]
    _refresh: Option<bool>,
}

/// The figures that this server has, with Rocket.Chat's names. It has no rooms or messages, so their figures are
/// absent.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct Statistics {
    /// The version of Rocket.Chat whose behaviour this server follows.
    version: &'static str,
    rollcall: Product,
    total_users: usize,
    active_users: usize,
    non_active_users: usize,
    online_users: usize,
    away_users: usize,
    busy_users: usize,
    offline_users: usize,
    /// The number of users who are not offline.
    total_connected_users: usize,
    process: Process,
    store: Sizes,
    os: System,
    /// Always 1: this server is one process.
    instance_count: u8,
    created_at: Timestamp,
}

#[derive(Serialize, JsonSchema)]
struct Process {
    pid: u32,
    /// Seconds since the server was started.
    uptime: i64,
}

/// The sizes of the store and of the disk with it.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct Sizes {
    /// Bytes of the files now.
    file_bytes: u64,
    /// Bytes of all keys and values when the server was started.
    data_bytes_at_start: u64,
    /// Bytes of the files without data, if the data has not changed since the start. A compaction removes most of them.
    waste_bytes: u64,
    /// Bytes that are free on the disk; `null` if its file system does not know.
    free_bytes: Option<u64>,
}

#[derive(Serialize, JsonSchema)]
struct System {
    platform: &'static str,
    arch: &'static str,
}

async fn figures(call: UserRequest, _: Asked) -> Result<Statistics, RequestError> {
    let figures = statistics::figures(&call.app, &call.actor())?;
    let store = statistics::store(&call.app, &call.actor()).await?;
    let connected = figures.online + figures.away + figures.busy;
    Ok(Statistics {
        version: FULL_API_VERSION,
        rollcall: Product::default(),
        total_users: figures.users,
        active_users: figures.active,
        non_active_users: figures.users - figures.active,
        online_users: figures.online,
        away_users: figures.away,
        busy_users: figures.busy,
        offline_users: figures.users.saturating_sub(connected),
        total_connected_users: connected,
        process: Process {
            pid: std::process::id(),
            uptime: figures.uptime_millis / 1000,
        },
        store: Sizes {
            file_bytes: store.file_bytes,
            data_bytes_at_start: store.opened_bytes,
            waste_bytes: store.file_bytes.saturating_sub(store.opened_bytes),
            free_bytes: store.free_bytes,
        },
        os: System {
            platform: std::env::consts::OS,
            arch: std::env::consts::ARCH,
        },
        instance_count: 1,
        created_at: figures.at,
    })
}
