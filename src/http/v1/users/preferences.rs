//! Endpoints of preferences, which clients store for their users (`api.md` §5.5).

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use crate::domain::preferences::{IDLE_SECONDS, PreferenceKind};
use crate::domain::utc_offset::{LEAST_HOURS, MOST_HOURS};
use crate::domain::{RequestError, Scope, UserId};
use crate::http::input::Ignored;
use crate::http::request::UserRequest;
use crate::http::route::Route;
use crate::ops::profile;

pub(super) fn routes() -> Vec<Route> {
    vec![
        Route::get("users.getPreferences", "One's own preferences", get).scope(Scope::UsersRead),
        Route::post("users.setPreferences", "Change preferences", set)
            .scope(Scope::UsersWrite)
            .confirmed_by_handler(),
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
    /// The preferences to change. Null removes one; others are unchanged.
    #[schemars(schema_with = "known_preferences")]
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

/// Returns the schema of a change: each known preference with its type, or null.
fn known_preferences(_: &mut SchemaGenerator) -> Schema {
    let known = PreferenceKind::known();
    let known: Map<_, _> = known.map(|(name, kind)| (name.to_owned(), schema_of(kind))).collect();
    json_schema!({"type": "object", "properties": known, "additionalProperties": false})
}

fn schema_of(kind: PreferenceKind) -> Value {
    let objects =
        |properties: Value| json!({"type": "object", "properties": properties, "additionalProperties": false});
    let list = |items: Value| json!({"type": ["array", "null"], "items": items});
    match kind {
        PreferenceKind::Flag => json!({"type": ["boolean", "null"]}),
        PreferenceKind::Number => json!({"type": ["number", "null"]}),
        PreferenceKind::Text => json!({"type": ["string", "null"]}),
        PreferenceKind::Choice(words) => {
            json!({"enum": words.iter().map(|word| json!(word)).chain([Value::Null]).collect::<Vec<_>>()})
        }
        PreferenceKind::IdleSeconds => json!({"type": ["integer", "null"], "minimum": IDLE_SECONDS}),
        PreferenceKind::UtcOffset => json!({"type": ["number", "null"], "minimum": LEAST_HOURS, "maximum": MOST_HOURS}),
        PreferenceKind::Texts => list(json!({"type": "string"})),
        PreferenceKind::Questions => list(objects(
            json!({"action": {"type": "string"}, "label": {"type": "string"}}),
        )),
        PreferenceKind::Features => list(objects(
            json!({"name": {"type": "string"}, "value": {"type": "boolean"}}),
        )),
    }
}

async fn get(call: UserRequest, _: Ignored) -> Result<Effective, RequestError> {
    Ok(Effective {
        preferences: call.caller.user.preferences.effective(),
    })
}

async fn set(call: UserRequest, new: Set) -> Result<Changed, RequestError> {
    let id = call.caller.own_or(new.user_id);
    call.confirm_act_on(&id).await?;
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
