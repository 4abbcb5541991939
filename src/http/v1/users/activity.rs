//! Endpoints that delete users, and activate or deactivate accounts (`api.md` §5.6).

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::required_target;
use crate::domain::user::Activity;
use crate::domain::{Permission, RequestError, RoleId, Scope, UserId, UsernameKey};
use crate::http::reply::Done;
use crate::http::request::UserRequest;
use crate::http::route::Route;
use crate::ops::{lockout, users};

/// The username of Rocket.Chat's built-in bot, which this server does not have.
const BOT: &str = "rocket.cat";

pub(super) fn routes() -> Vec<Route> {
    vec![
        Route::post("users.delete", "Delete a user", delete)
            .called("deleteUser")
            .permission(Permission::DeleteUser)
            .scope(Scope::UsersWrite)
            .two_factor(),
        Route::post("users.setActiveStatus", "Switch an account on or off", set_active)
            .called("setUserActiveStatus")
            .permission(Permission::EditOtherUserActiveStatus)
            .scope(Scope::UsersWrite)
            .two_factor(),
        Route::post("users.unlock", "End the block of a user after failed logins", unlock)
            .permission(Permission::EditOtherUserActiveStatus)
            .scope(Scope::UsersWrite)
            .two_factor(),
        Route::post(
            "users.deactivateIdle",
            "Switch off accounts that nobody used for long",
            deactivate_idle,
        )
        .permission(Permission::EditOtherUserActiveStatus)
        .scope(Scope::UsersWrite)
        .two_factor(),
    ]
}

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Delete {
    user_id: Option<String>,
    username: Option<String>,
    user: Option<String>,
    /// Accepted and ignored: this server has no rooms.
    #[serde(rename = "confirmRelinquish")]
    _confirm_relinquish: Option<bool>,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct Deleted {
    /// Always empty: this server has no rooms.
    deleted_rooms: Vec<String>,
}

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct SetActive {
    user_id: String,
    active_status: bool,
    /// Accepted and ignored: this server has no rooms.
    #[serde(rename = "confirmRelinquish")]
    _confirm_relinquish: Option<bool>,
}

#[derive(Serialize, JsonSchema)]
struct Changed {
    user: ActiveUser,
}

#[derive(Serialize, JsonSchema)]
struct ActiveUser {
    #[serde(rename = "_id")]
    id: String,
    active: bool,
}

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Unlock {
    user_id: Option<String>,
    username: Option<String>,
    user: Option<String>,
}

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct DeactivateIdle {
    days_idle: u32,
    /// Only users with this role; `user` if absent.
    role: Option<String>,
}

#[derive(Serialize, JsonSchema)]
struct Count {
    count: usize,
}

async fn delete(call: UserRequest, whom: Delete) -> Result<Deleted, RequestError> {
    let named = [&whom.user_id, &whom.username, &whom.user];
    let is_bot = |name: &String| UsernameKey::of(name).as_str() == BOT;
    if named.into_iter().flatten().any(is_bot) {
        return Err(RequestError::ActionNotAllowed {
            words: "Deleting the rocket.cat user is not allowed",
            action: "Delete_user",
        });
    }
    let user = required_target(&call.app, whom.user_id, whom.username, whom.user)?;
    users::delete(&call.app, &call.actor(), &user.id).await?;
    Ok(Deleted {
        deleted_rooms: Vec::new(),
    })
}

async fn set_active(call: UserRequest, new: SetActive) -> Result<Changed, RequestError> {
    let activity = if new.active_status {
        Activity::Active
    } else {
        Activity::Deactivated
    };
    users::set_active(&call.app, &call.actor(), &UserId::new(&new.user_id), activity).await?;
    Ok(Changed {
        user: ActiveUser {
            id: new.user_id,
            active: new.active_status,
        },
    })
}

async fn unlock(call: UserRequest, whom: Unlock) -> Result<Done, RequestError> {
    let user = required_target(&call.app, whom.user_id, whom.username, whom.user)?;
    lockout::unlock(&call.app, &call.actor(), &user.id).await?;
    Ok(Done {})
}

async fn deactivate_idle(call: UserRequest, which: DeactivateIdle) -> Result<Count, RequestError> {
    let role = which.role.as_deref().map_or_else(RoleId::user, RoleId::new);
    let count = users::deactivate_idle(&call.app, &call.actor(), which.days_idle, &role).await?;
    Ok(Count { count })
}
