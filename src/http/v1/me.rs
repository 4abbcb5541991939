//! The logged-in user's own record (`api.md` §3.2).

use std::future::ready;

use serde::Serialize;
use serde_json::{Value, json};
use warp::http::Method;

use crate::app::App;
use crate::auth::Actor;
use crate::domain::{DisplayName, Email, Fault, Role, StatusType, Timestamp, User, UserId, Username};
use crate::http::reply::{self, Outcome};
use crate::http::request::Request;
use crate::http::routes::Route;

pub(super) fn routes() -> [Route; 1] {
    [Route::logged_in(Method::GET, "me", |request, actor| {
        Box::pin(ready(me(&request, &actor)))
    })]
}

/// `GET me`.
fn me(request: &Request, actor: &Actor) -> Outcome {
    let Actor::User { user, .. } = actor else {
        return Err(Fault::NotLoggedIn);
    };
    reply::success(Me::of(user, &request.app))
}

/// What a user may see of themselves: never a hash, never a token.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Me<'user> {
    #[serde(rename = "_id")]
    id: &'user UserId,
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<&'user DisplayName>,
    username: &'user Username,
    emails: Vec<Address<'user>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    email: Option<&'user Email>,
    status: StatusType,
    status_connection: StatusType,
    status_text: &'static str,
    utc_offset: i8,
    roles: &'user [Role],
    active: bool,
    settings: Value,
    avatar_url: String,
    #[serde(rename = "isOAuthUser")]
    is_oauth_user: bool,
    services: Value,
    #[serde(rename = "_updatedAt")]
    updated_at: Timestamp,
}

#[derive(Serialize)]
struct Address<'user> {
    address: &'user Email,
    verified: bool,
}

impl<'user> Me<'user> {
    pub(super) fn of(user: &'user User, app: &App) -> Self {
        let email = user.email.as_ref();
        Self {
            id: &user.id,
            name: user.name.as_ref(),
            username: &user.username,
            emails: email
                .iter()
                .map(|email| Address {
                    address: &email.address,
                    verified: email.verified,
                })
                .collect(),
            email: email.filter(|email| email.verified).map(|email| &email.address),
            // Without a realtime connection a user is offline.
            status: StatusType::Offline,
            status_connection: StatusType::Offline,
            status_text: "",
            utc_offset: 0,
            roles: &user.roles,
            active: user.active,
            settings: json!({
                "profile": {},
                "preferences": {"enableAutoAway": true, "idleTimeLimit": 300},
            }),
            avatar_url: format!("{}/avatar/{}", app.rules.public_url, user.username),
            is_oauth_user: false,
            services: json!({"password": {"exists": user.password.is_some()}}),
            updated_at: user.updated_at,
        }
    }
}
