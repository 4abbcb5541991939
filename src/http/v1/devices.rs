//! Endpoints that list and end sessions and tokens of all users, for administrators (Rocket.Chat's device
//! management).

use std::net::IpAddr;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::domain::{DisplayName, Permission, RequestError, SearchTerm, Timestamp, UserId, Username};
use crate::http::query;
use crate::http::request::UserRequest;
use crate::http::route::Route;
use crate::ops::devices::{self, Device, DeviceFilter};
use crate::ops::tokens;

pub(super) fn routes() -> Vec<Route> {
    vec![
        Route::get("sessions/list.all", "List sessions and tokens of all users", list)
            .permission(Permission::LogoutOtherUser)
            .two_factor(),
        Route::post("sessions/logout", "End a session or a token of any user", logout)
            .permission(Permission::LogoutOtherUser)
            .two_factor(),
    ]
}

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct List {
    /// Only tokens with this text in the username, the name, the client, the address or the token's name.
    filter: Option<String>,
    /// Only tokens of this user. Rollcall's own.
    user_id: Option<String>,
    /// Only tokens of this kind. Rollcall's own.
    #[serde(rename = "type")]
    kind: Option<Kind>,
    offset: Option<usize>,
    count: Option<usize>,
    sort: Option<String>,
}

#[derive(Clone, Copy, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
enum Kind {
    Session,
    PersonalAccessToken,
}

#[derive(Serialize, JsonSchema)]
struct Listed {
    sessions: Vec<Entry>,
    count: usize,
    offset: usize,
    total: usize,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct Entry {
    #[serde(rename = "_id")]
    id: String,
    session_id: String,
    user_id: UserId,
    #[serde(rename = "_user")]
    user: Owner,
    /// The time when the token was created.
    login_at: Timestamp,
    #[serde(skip_serializing_if = "Option::is_none")]
    ip: Option<IpAddr>,
    /// The name that the client gave itself (`User-Agent`). Rollcall's own.
    #[serde(skip_serializing_if = "Option::is_none")]
    client: Option<String>,
    /// The kind of the token. Rollcall's own.
    #[serde(rename = "type")]
    kind: Kind,
    /// The name of a personal access token. Rollcall's own.
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    last_used_at: Option<Timestamp>,
    #[serde(skip_serializing_if = "Option::is_none")]
    expires_at: Option<Timestamp>,
    /// True for the token of this request.
    current: bool,
}

#[derive(Serialize, JsonSchema)]
struct Owner {
    #[serde(rename = "_id")]
    id: UserId,
    username: Username,
    name: DisplayName,
}

async fn list(call: UserRequest, asked: List) -> Result<Listed, RequestError> {
    let filter = DeviceFilter {
        user: asked.user_id.map(|id| UserId::new(&id)),
        sessions: asked.kind.map(|kind| kind == Kind::Session),
        term: asked.filter.as_deref().and_then(SearchTerm::parse),
        sort: query::sort(asked.sort, devices::SORT_FIELDS)?,
    };
    let page = query::page(&call.app, asked.offset, asked.count);
    let found = devices::list(&call.app, &call.actor(), &filter, page)?;
    Ok(Listed {
        count: found.items.len(),
        offset: found.offset,
        total: found.total,
        sessions: found.items.iter().map(|device| entry(&call, device)).collect(),
    })
}

fn entry(call: &UserRequest, Device { token, user }: &Device) -> Entry {
    let session = token.session();
    Entry {
        id: token.hash.label(),
        session_id: token.hash.label(),
        user_id: user.id.clone(),
        user: Owner {
            id: user.id.clone(),
            username: user.username.clone(),
            name: user.shown_name(),
        },
        login_at: token.created_at,
        ip: session.and_then(|session| session.address),
        client: session.map(|session| session.client.to_string()),
        kind: match session {
            Some(_) => Kind::Session,
            None => Kind::PersonalAccessToken,
        },
        name: token.personal().map(|personal| personal.name.to_string()),
        last_used_at: token.last_used_at,
        expires_at: token.expires_at,
        current: token.hash == call.caller.token.hash,
    }
}

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Which {
    session_id: String,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct EndedSessions {
    pub session_id: String,
}

async fn logout(call: UserRequest, which: Which) -> Result<EndedSessions, RequestError> {
    tokens::revoke(&call.app, &call.actor(), None, &which.session_id).await?;
    Ok(EndedSessions {
        session_id: which.session_id,
    })
}
