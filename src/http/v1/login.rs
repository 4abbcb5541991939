//! Login and logout (`api.md` §3.1 and §3.3).

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::Serialize;

use crate::domain::{Duty, RequestError, UserId};
use crate::http::input::{Ignored, Input};
use crate::http::reply::Bare;
use crate::http::request::{AnyRequest, Request, UserRequest};
use crate::http::route::{CallRate, Route};
use crate::methods::credentials::credentials;
use crate::ops::login::{self, Credentials};
use crate::ops::tokens;
use crate::ops::user_view::OwnRecord;

pub(super) fn routes() -> Vec<Route> {
    vec![
        // The lockout after failed logins and the queue before argon2 limit this endpoint instead. Known clients log
        // in before every call.
        Route::post("login", "Log in", log_in)
            .rate(CallRate::Unbounded)
            .unauthorized("LoginRefused"),
        Route::post("logout", "End this login", log_out)
            .any_token()
            .serves(Duty::ALL),
        Route::get("logout", "End this login, as older clients do it", log_out)
            .any_token()
            .serves(Duty::ALL),
    ]
}

#[derive(Serialize, JsonSchema)]
struct LoggedIn {
    status: &'static str,
    data: Data,
    success: bool,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct Data {
    user_id: UserId,
    auth_token: String,
    me: OwnRecord,
}

#[derive(Serialize, JsonSchema)]
struct LoggedOut {
    status: &'static str,
    data: Message,
}

#[derive(Serialize, JsonSchema)]
struct Message {
    message: &'static str,
}

async fn log_in(call: AnyRequest, LoginForm(mut credentials): LoginForm) -> Result<Bare<LoggedIn>, RequestError> {
    if let (Credentials::Password { code, .. }, Some(header)) = (&mut credentials, call.code) {
        code.get_or_insert(header.code);
    }
    let session = login::login(&call.app, &call.origin, credentials).await?;
    Ok(Bare(LoggedIn {
        status: "success",
        data: Data {
            user_id: session.user.id.clone(),
            auth_token: session.token.expose().to_owned(),
            me: OwnRecord::of(&call.app, &session),
        },
        success: true,
    }))
}

/// Ends the login. The body is not parsed, since clients send arbitrary ones.
async fn log_out(call: UserRequest, _: Ignored) -> Result<Bare<LoggedOut>, RequestError> {
    tokens::logout(&call.app, &call.caller).await?;
    Ok(Bare(LoggedOut {
        status: "success",
        data: Message {
            message: "You've been logged out!",
        },
    }))
}

/// The credentials, in any of the forms that clients send.
struct LoginForm(Credentials);

impl Input for LoginForm {
    fn read(request: &Request) -> Result<Self, RequestError> {
        credentials(request.fields()?.into_map()).map(Self)
    }

    fn schema(_: &mut SchemaGenerator) -> Schema {
        let who = json_schema!({"type": "string", "description": "a username, or an e-mail address"});
        let password = json_schema!({
            "anyOf": [
                {"type": "string"},
                {
                    "type": "object",
                    "properties": {"digest": {"type": "string"}, "algorithm": {"const": "sha-256"}},
                    "required": ["digest", "algorithm"]
                }
            ]
        });
        json_schema!({
            "type": "object",
            "properties": {
                "user": {"anyOf": [who, {
                    "type": "object",
                    "properties": {
                        "username": {"type": "string"}, "email": {"type": "string"}, "id": {"type": "string"}
                    }
                }]},
                "username": who,
                "email": {"type": "string"},
                "password": password,
                "code": {"type": "string", "description": "the second factor"},
                "resume": {"type": "string", "description": "a token, in the place of all others"},
                "totp": {
                    "type": "object",
                    "description": "a code and a login, in the place of all others",
                    "properties": {"code": {"type": "string"}, "login": {"type": "object"}},
                    "required": ["code", "login"]
                }
            }
        })
    }
}
