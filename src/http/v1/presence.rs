//! The endpoints that read presence (`api.md` §6.3).

use std::sync::Arc;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::users::target_or_caller;
use crate::domain::user_status::SeenAt;
use crate::domain::{
    ClaimSource, Emoji, Permission, RequestError, Scope, StatusText, StatusType, Timestamp, User, UserId,
};
use crate::http::input::Ignored;
use crate::http::query;
use crate::http::reply::Done;
use crate::http::request::UserRequest;
use crate::http::route::Route;
use crate::hub::PresenceEntry;
use crate::ops::presence::{self, Listed};
use crate::ops::viewed::View;

pub(super) fn routes() -> Vec<Route> {
    vec![
        Route::get("users.getStatus", "The status of a user", status).scope(Scope::PresenceRead),
        Route::get("users.getPresence", "Whether a user is here", get_presence).scope(Scope::PresenceRead),
        Route::get("users.presence", "Who is here, or what changed since", here).scope(Scope::PresenceRead),
        Route::get(
            "presence.getConnections",
            "How many live connections there are",
            connections,
        )
        .permission(Permission::ManageUserStatus)
        .scope(Scope::PresenceRead),
        Route::post("presence.enableBroadcast", "Tell everybody again who is here", enable)
            .permission(Permission::ManageUserStatus)
            .scope(Scope::Admin)
            .two_factor(),
    ]
}

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Whose {
    user_id: Option<String>,
    username: Option<String>,
    user: Option<String>,
}

impl Whose {
    /// Returns the user that the request names, or the caller if it names none.
    fn user(self, call: &UserRequest) -> Result<Arc<User>, RequestError> {
        target_or_caller(call, self.user_id, self.username, self.user)
    }
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct Status {
    #[serde(rename = "_id")]
    id: UserId,
    /// The presence of the user's live connections. Only in the caller's own record.
    #[serde(skip_serializing_if = "Option::is_none")]
    connection_status: Option<StatusType>,
    status: StatusType,
    message: StatusText,
    #[serde(skip_serializing_if = "Option::is_none")]
    status_emoji: Option<Emoji>,
    #[serde(skip_serializing_if = "Option::is_none")]
    status_source: Option<ClaimSource>,
    #[serde(skip_serializing_if = "Option::is_none")]
    status_expires_at: Option<Timestamp>,
    /// The time at which the status began. Absent for an offline user. Only Rollcall has this field.
    #[serde(skip_serializing_if = "Option::is_none")]
    status_since: Option<Timestamp>,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct PresenceView {
    presence: StatusType,
    /// The presence of the user's live connections. Only in the caller's own record.
    #[serde(skip_serializing_if = "Option::is_none")]
    connection_status: Option<StatusType>,
    #[serde(skip_serializing_if = "Option::is_none")]
    last_login: Option<Timestamp>,
    /// The time when the user was last seen, as far as the caller may know it. Rollcall's own.
    #[serde(skip_serializing_if = "Option::is_none")]
    last_seen: Option<SeenAt>,
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Asked {
    /// Only users whose presence changed after this moment: the `at` of the last response.
    from: Option<String>,
    /// Only users with these ids.
    ids: Option<Vec<String>>,
}

#[derive(Serialize, JsonSchema)]
struct Here {
    #[schemars(with = "Vec<PresenceEntry>")]
    users: Listed,
    /// True if `users` has all users who are not offline.
    full: bool,
    /// The value for `from` in the next request, so that no change is missed or sent twice. Rollcall's own.
    at: Timestamp,
}

#[derive(Serialize, JsonSchema)]
struct Connections {
    current: usize,
    max: usize,
}

async fn status(call: UserRequest, whose: Whose) -> Result<Status, RequestError> {
    let user = whose.user(&call)?;
    let actor = call.actor();
    let viewed = View::of(&call.app, &actor).user(&user);
    Ok(Status {
        id: viewed.id(),
        connection_status: viewed.own_connection(),
        status: viewed.status(),
        message: viewed.text(),
        status_emoji: viewed.emoji(),
        status_source: viewed.source(),
        status_expires_at: viewed.expires_at(),
        status_since: viewed.status_since(),
    })
}

async fn get_presence(call: UserRequest, whose: Whose) -> Result<PresenceView, RequestError> {
    let user = whose.user(&call)?;
    let actor = call.actor();
    let viewed = View::of(&call.app, &actor).user(&user);
    Ok(PresenceView {
        presence: viewed.status(),
        connection_status: viewed.own_connection(),
        last_login: viewed.own_last_login(),
        last_seen: viewed.last_seen(),
    })
}

async fn here(call: UserRequest, asked: Asked) -> Result<Here, RequestError> {
    let found = if let Some(ids) = asked.ids {
        let ids: Vec<_> = query::list(ids, "ids")?.iter().map(|id| UserId::new(id)).collect();
        presence::some(&call.app, &call.caller, &ids).into()
    } else {
        let from = asked.from.filter(|from| !from.is_empty());
        let moment = |text: String| Timestamp::parse(&text).ok_or(RequestError::FromInvalid);
        presence::here(&call.app, &call.caller, from.map(moment).transpose()?)
    };
    Ok(Here {
        users: found.users,
        full: found.full,
        at: found.at,
    })
}

async fn connections(call: UserRequest, _: Ignored) -> Result<Connections, RequestError> {
    let (current, max) = presence::connections(&call.app, &call.caller)?;
    Ok(Connections { current, max })
}

async fn enable(call: UserRequest, _: Ignored) -> Result<Done, RequestError> {
    presence::enable_broadcast(&call.app, &call.caller).await?;
    Ok(Done {})
}
