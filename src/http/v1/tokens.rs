//! The endpoints of sessions and tokens (`api.md` §3.3, §3.5).

use std::net::IpAddr;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::devices::EndedSessions;
use crate::domain::page::once;
use crate::domain::{RequestError, Scope, Timestamp, Token, TokenName, UserId, moment_of_field};
use crate::http::input::{Ignored, Nothing};
use crate::http::reply::Done;
use crate::http::request::UserRequest;
use crate::http::route::Route;
use crate::ops::personal_tokens::{self, NewPersonalToken};
use crate::ops::tokens;

pub(super) fn routes() -> Vec<Route> {
    vec![
        Route::post("users.logout", "End all logins and tokens of a user", logout).confirmed_by_handler(),
        Route::post("users.logoutOtherClients", "End one's other logins", logout_others),
        Route::post("users.removeOtherTokens", "End one's other logins", remove_others),
        Route::get("sessions/list", "One's own live logins", sessions),
        Route::post("sessions/logout.me", "End one of one's own logins", logout_one),
        Route::post(
            "users.createToken",
            "Make a login for a user, with the server's secret",
            create_token,
        )
        .fresh_proof(),
        Route::post(
            "users.generatePersonalAccessToken",
            "Make a personal access token",
            generate,
        )
        .called("personalAccessTokens:generateToken")
        .fresh_proof(),
        Route::post(
            "users.regeneratePersonalAccessToken",
            "Replace a personal access token by a new one",
            regenerate,
        )
        .called("personalAccessTokens:regenerateToken")
        .fresh_proof(),
        Route::post("users.removePersonalAccessToken", "End a personal access token", remove)
            .called("personalAccessTokens:removeToken")
            .two_factor(),
        Route::get(
            "users.getPersonalAccessTokens",
            "One's own personal access tokens",
            personal,
        ),
    ]
}

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Logout {
    user_id: Option<String>,
}

#[derive(Serialize, JsonSchema)]
struct Message {
    message: String,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct CurrentToken {
    /// The token of this request. The server stores only hashes, so it cannot return another one.
    token: String,
    /// The time when the token expires, ISO 8601; empty if it never does.
    token_expires: String,
}

#[derive(Serialize, JsonSchema)]
struct Sessions {
    sessions: Vec<SessionView>,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct SessionView {
    session_id: String,
    created_at: Timestamp,
    #[serde(skip_serializing_if = "Option::is_none")]
    last_used_at: Option<Timestamp>,
    #[serde(skip_serializing_if = "Option::is_none")]
    expires_at: Option<Timestamp>,
    #[serde(skip_serializing_if = "Option::is_none")]
    address: Option<IpAddr>,
    client: String,
    /// True for the session of this request.
    current: bool,
}

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct OneSession {
    session_id: String,
}

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct CreateToken {
    user_id: String,
    secret: String,
}

#[derive(Serialize, JsonSchema)]
struct CreatedToken {
    data: TokenData,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct TokenData {
    user_id: String,
    auth_token: String,
}

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Generate {
    token_name: String,
    bypass_two_factor: Option<bool>,
    /// The time when the token expires, ISO 8601. Rollcall's own.
    expires_at: Option<String>,
    /// The scopes to which the token is limited. If absent, it has no limit. Rollcall's own.
    scopes: Option<Vec<Scope>>,
}

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Named {
    token_name: String,
}

#[derive(Serialize, JsonSchema)]
struct NewToken {
    token: String,
}

#[derive(Serialize, JsonSchema)]
struct PersonalTokens {
    tokens: Vec<PersonalView>,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct PersonalView {
    name: String,
    created_at: Timestamp,
    last_token_part: String,
    bypass_two_factor: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    expires_at: Option<Timestamp>,
    #[serde(skip_serializing_if = "Option::is_none")]
    last_used_at: Option<Timestamp>,
    #[serde(skip_serializing_if = "Option::is_none")]
    scopes: Option<Vec<Scope>>,
}

async fn logout(call: UserRequest, whose: Logout) -> Result<Message, RequestError> {
    let id = call.caller.own_or(whose.user_id);
    call.confirm_act_on(&id).await?;
    tokens::logout_user(&call.app, &call.actor(), &id).await?;
    Ok(Message {
        message: format!("User {id} has been logged out!"),
    })
}

async fn logout_others(call: UserRequest, _: Ignored) -> Result<CurrentToken, RequestError> {
    tokens::logout_others(&call.app, &call.caller).await?;
    Ok(CurrentToken {
        token: call.caller.presented.expose().to_owned(),
        token_expires: call
            .caller
            .token
            .expires_at
            .map_or_else(String::new, |end| end.to_string()),
    })
}

async fn remove_others(call: UserRequest, _: Ignored) -> Result<Done, RequestError> {
    tokens::logout_others(&call.app, &call.caller).await?;
    Ok(Done {})
}

async fn sessions(call: UserRequest, _: Nothing) -> Result<Sessions, RequestError> {
    let live = tokens::list(&call.app, Some(&call.caller.user.id));
    let view = |token: &Token| {
        let session = token.session()?;
        Some(SessionView {
            session_id: token.hash.label(),
            created_at: token.created_at,
            last_used_at: token.last_used_at,
            expires_at: token.expires_at,
            address: session.address,
            client: session.client.to_string(),
            current: token.hash == call.caller.token.hash,
        })
    };
    Ok(Sessions {
        sessions: live.iter().filter_map(|token| view(token)).collect(),
    })
}

async fn logout_one(call: UserRequest, which: OneSession) -> Result<EndedSessions, RequestError> {
    let own = Some(&call.caller.user.id);
    tokens::revoke(&call.app, &call.actor(), own, &which.session_id).await?;
    Ok(EndedSessions {
        session_id: which.session_id,
    })
}

async fn create_token(call: UserRequest, wanted: CreateToken) -> Result<CreatedToken, RequestError> {
    let id = UserId::new(&wanted.user_id);
    let token = personal_tokens::create_for(&call.app, &call.caller, &id, &wanted.secret).await?;
    Ok(CreatedToken {
        data: TokenData {
            user_id: wanted.user_id,
            auth_token: token.expose().to_owned(),
        },
    })
}

async fn generate(call: UserRequest, wanted: Generate) -> Result<NewToken, RequestError> {
    let moment = |text: String| moment_of_field(&text, "expiresAt");
    let new = NewPersonalToken {
        name: TokenName::parse(&wanted.token_name)?,
        bypass_two_factor: wanted.bypass_two_factor.unwrap_or_default(),
        expires_at: wanted.expires_at.map(moment).transpose()?,
        scopes: wanted.scopes.map(once),
    };
    let token = personal_tokens::generate(&call.app, &call.caller, new).await?;
    Ok(NewToken {
        token: token.expose().to_owned(),
    })
}

async fn regenerate(call: UserRequest, wanted: Named) -> Result<NewToken, RequestError> {
    let token = personal_tokens::regenerate(&call.app, &call.caller, &TokenName::typed(&wanted.token_name)).await?;
    Ok(NewToken {
        token: token.expose().to_owned(),
    })
}

async fn remove(call: UserRequest, wanted: Named) -> Result<Done, RequestError> {
    personal_tokens::remove(&call.app, &call.caller, &TokenName::typed(&wanted.token_name)).await?;
    Ok(Done {})
}

async fn personal(call: UserRequest, _: Ignored) -> Result<PersonalTokens, RequestError> {
    let tokens = personal_tokens::list(&call.app, &call.caller)?;
    let view = |token: &Token| {
        let personal = token.personal()?;
        Some(PersonalView {
            name: personal.name.to_string(),
            created_at: token.created_at,
            last_token_part: personal.last_part.to_string(),
            bypass_two_factor: personal.bypass_two_factor,
            expires_at: token.expires_at,
            last_used_at: token.last_used_at,
            scopes: personal.scopes.clone(),
        })
    };
    Ok(PersonalTokens {
        tokens: tokens.iter().filter_map(|token| view(token)).collect(),
    })
}
