//! Logging in and out (`api.md` §3.1 and §3.3).

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::Serialize;
use serde_json::Value;

use crate::auth::{PasswordDigest, TokenSecret};
use crate::domain::{Fault, UserId};
use crate::http::fields::Fields;
use crate::http::input::{Ignored, Input};
use crate::http::reply::Bare;
use crate::http::request::{Call, OpenCall, Request};
use crate::http::routes::{Rate, Route};
use crate::ops::login::{self, Account, Credentials};
use crate::ops::tokens;
use crate::ops::user_view::Me;

pub(super) fn routes() -> Vec<Route> {
    vec![
        // The block of failed logins and the queue before argon2 bound it: known clients log in
        // before every call.
        Route::post("login", "Log in", log_in).rate(Rate::Unbounded),
        Route::post("logout", "End this login", log_out).any_token(),
        Route::get("logout", "End this login, as older clients do it", log_out).any_token(),
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
    me: Me,
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

async fn log_in(call: OpenCall, LoginForm(mut credentials): LoginForm) -> Result<Bare<LoggedIn>, Fault> {
    if let (Credentials::Password { code, .. }, Some(header)) = (&mut credentials, call.code) {
        code.get_or_insert(header.code);
    }
    let session = login::login(&call.app, &call.origin, credentials).await?;
    Ok(Bare(LoggedIn {
        status: "success",
        data: Data {
            user_id: session.user.id.clone(),
            auth_token: session.token.expose().to_owned(),
            me: Me::of(&session.user, &call.app.settings().site_url()),
        },
        success: true,
    }))
}

/// The body is not looked at: clients send anything.
async fn log_out(call: Call, _: Ignored) -> Result<Bare<LoggedOut>, Fault> {
    tokens::logout(&call.app, &call.caller).await?;
    Ok(Bare(LoggedOut {
        status: "success",
        data: Message {
            message: "You've been logged out!",
        },
    }))
}

/// The credentials in any of the forms that clients send.
struct LoginForm(Credentials);

impl Input for LoginForm {
    fn read(request: &Request) -> Result<Self, Fault> {
        credentials(request.fields()?).map(Self)
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

fn credentials(mut fields: Fields) -> Result<Credentials, Fault> {
    if fields.has("password") && fields.only(&["user", "username", "email", "password", "code"]) {
        return Ok(Credentials::Password {
            account: account(&mut fields)?,
            digest: digest(fields.take("password"))?,
            code: fields.text("code")?,
        });
    }
    if fields.only(&["resume"])
        && let Some(token) = fields.text("resume")?
    {
        return Ok(Credentials::Resume(TokenSecret::presented(&token)));
    }
    if fields.only(&["totp"])
        && let Some(Value::Object(totp)) = fields.take("totp")
    {
        return with_code(Fields::new(totp));
    }
    Err(Fault::UnrecognizedLogin)
}

/// `{"code": …, "login": {…}}`.
fn with_code(mut fields: Fields) -> Result<Credentials, Fault> {
    let presented = fields.text("code")?.ok_or(Fault::UnrecognizedLogin)?;
    let Some(Value::Object(inner)) = fields.take("login") else {
        return Err(Fault::UnrecognizedLogin);
    };
    if inner.contains_key("totp") {
        return Err(Fault::UnrecognizedLogin);
    }
    let mut credentials = credentials(Fields::new(inner))?;
    if let Credentials::Password { code, .. } = &mut credentials {
        *code = Some(presented);
    }
    Ok(credentials)
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
        Some(_) => return Err(Fault::invalid("must be string or object", "user")),
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
            let missing = |name: &str| Fault::invalid(format!("must have required property '{name}'"), name);
            let digest = password.text("digest")?.ok_or_else(|| missing("digest"))?;
            match password
                .text("algorithm")?
                .ok_or_else(|| missing("algorithm"))?
                .as_str()
            {
                "sha-256" => Ok(PasswordDigest::presented(&digest)),
                _ => Err(Fault::invalid(
                    "must be equal to one of the allowed values",
                    "password.algorithm",
                )),
            }
        }
        _ => Err(Fault::invalid("must be string or object", "password")),
    }
}
