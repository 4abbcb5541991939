//! What clients keep for their users (`api.md` §5.5).

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::domain::{Fault, Scope, UserId};
use crate::http::input::Ignored;
use crate::http::request::Call;
use crate::http::routes::Route;
use crate::ops::{profile, two_factor};

pub(super) fn routes() -> Vec<Route> {
    vec![
        Route::get("users.getPreferences", "One's own preferences", get).scope(Scope::UsersRead),
        Route::post("users.setPreferences", "Change preferences", set).scope(Scope::UsersWrite),
    ]
}

#[derive(Serialize, JsonSchema)]
struct Effective {
    preferences: Map<String, Value>,
}

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Set {
    user_id: Option<String>,
    /// What is to be different; null takes a preference back.
    data: Map<String, Value>,
}

#[derive(Serialize, JsonSchema)]
struct Changed {
    user: Owner,
}

#[derive(Serialize, JsonSchema)]
struct Owner {
    #[serde(rename = "_id")]
    id: UserId,
    settings: Effective,
}

async fn get(call: Call, _: Ignored) -> Result<Effective, Fault> {
    Ok(Effective {
        preferences: call.caller.user.preferences.effective(),
    })
}

async fn set(call: Call, new: Set) -> Result<Changed, Fault> {
    let id = new
        .user_id
        .map_or_else(|| call.caller.user.id.clone(), |id| UserId::new(&id));
    two_factor::require_for_other(&call.app, &call.caller, &id, call.code.clone()).await?;
    let user = profile::set_preferences(&call.app, &call.actor(), &id, new.data).await?;
    Ok(Changed {
        user: Owner {
            id: user.id.clone(),
            settings: Effective {
                preferences: user.preferences.effective(),
            },
        },
    })
}
