//! Logging in and out (`api.md` §3.1 and §3.3).

use serde_json::{Value, json};
use warp::http::Method;

use super::me::Me;
use crate::auth::{Actor, PasswordDigest, TokenSecret};
use crate::domain::{Fault, UserId};
use crate::http::fields::{Fields, invalid};
use crate::http::reply::{self, Outcome};
use crate::http::request::Request;
use crate::http::routes::Route;
use crate::ops::login::{self, Account, Credentials};
use crate::ops::tokens;

pub(super) fn routes() -> [Route; 3] {
    [
        Route::anyone(Method::POST, "login", |request, _| Box::pin(login(request))),
        Route::logged_in(Method::POST, "logout", |request, actor| {
            Box::pin(logout(request, actor))
        }),
        Route::logged_in(Method::GET, "logout", |request, actor| Box::pin(logout(request, actor))),
    ]
}

/// `POST login`.
async fn login(request: Request) -> Outcome {
    let credentials = credentials(request.body.fields()?)?;
    let session = login::login(&request.app, credentials).await?;
    reply::json_reply(&json!({
        "status": "success",
        "data": {
            "userId": session.user.id,
            "authToken": session.token.expose(),
            "me": Me::of(&session.user, &request.app),
        },
        "success": true,
    }))
}

/// `POST logout`, and GET for older clients. The body is not looked at: clients send anything.
async fn logout(request: Request, actor: Actor) -> Outcome {
    tokens::logout(&request.app, &actor).await?;
    reply::json_reply(&json!({
        "status": "success",
        "data": {"message": "You've been logged out!"},
    }))
}

/// The credentials in any of the forms that clients send.
fn credentials(mut fields: Fields) -> Result<Credentials, Fault> {
    if fields.has("password") && fields.only(&["user", "username", "email", "password", "code"]) {
        return Ok(Credentials::Password {
            account: account(&mut fields)?,
            digest: digest(fields.take("password"))?,
        });
    }
    if fields.only(&["resume"])
        && let Some(token) = fields.text("resume")?
    {
        return Ok(Credentials::Resume(TokenSecret::presented(&token)));
    }
    Err(Fault::UnrecognizedLogin)
}

/// `user` as text or object, else `username`, else `email`.
fn account(fields: &mut Fields) -> Result<Account, Fault> {
    match fields.take("user") {
        Some(Value::String(typed)) => return Ok(Account::typed(&typed)),
        Some(Value::Object(user)) => {
            let mut user = Fields::new(user);
            if let Some(name) = user.text("username")? {
                return Ok(Account::Username(name));
            }
            if let Some(address) = user.text("email")? {
                return Ok(Account::Email(address));
            }
            let id = user.text("id")?.ok_or(Fault::UnrecognizedLogin)?;
            return Ok(Account::Id(UserId::new(&id)));
        }
        Some(_) => return Err(invalid("must be string or object", "user")),
        None => {}
    }
    if let Some(typed) = fields.text("username")? {
        return Ok(Account::typed(&typed));
    }
    match fields.text("email")? {
        Some(address) => Ok(Account::Email(address)),
        None => Err(Fault::UnrecognizedLogin),
    }
}

/// The password in the clear, or its SHA-256.
fn digest(password: Option<Value>) -> Result<PasswordDigest, Fault> {
    match password {
        Some(Value::String(password)) => Ok(PasswordDigest::of(&password)),
        Some(Value::Object(password)) => {
            let mut password = Fields::new(password);
            let digest = password.required_text("digest")?;
            match password.required_text("algorithm")?.as_str() {
                "sha-256" => Ok(PasswordDigest::presented(&digest)),
                _ => Err(invalid(
                    "must be equal to one of the allowed values",
                    "password.algorithm",
                )),
            }
        }
        _ => Err(invalid("must be string or object", "password")),
    }
}
