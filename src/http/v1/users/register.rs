//! The endpoint `users.register` (`api.md` §5.3).

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::domain::{
    CustomFieldChanges, DisplayName, Profile, RequestError, StatusType, User, UserId, Username, profile,
};
use crate::http::request::AnyRequest;
use crate::http::route::{CallRate, Route};
use crate::ops::registration::{self, Registration};

pub(super) fn routes() -> Vec<Route> {
    vec![
        Route::post("users.register", "Register oneself", register)
            .called("registerUser")
            .rate(CallRate::Register),
    ]
}

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Register {
    username: String,
    email: String,
    pass: String,
    name: Option<String>,
    /// The registration secret, if the server requires one.
    secret: Option<String>,
    /// A text for the administrators who approve the account.
    reason: Option<String>,
    custom_fields: Option<Map<String, Value>>,
    /// The older name of `secret`, with the same meaning.
    #[serde(rename = "secretURL")]
    secret_url: Option<String>,
}

/// The account of a person who has registered.
#[derive(Serialize, JsonSchema)]
pub(in crate::http::v1) struct Registered {
    user: Account,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct Account {
    #[serde(rename = "_id")]
    id: UserId,
    #[serde(rename = "type")]
    kind: &'static str,
    status: StatusType,
    active: bool,
    name: DisplayName,
    username: Username,
    utc_offset: i8,
}

async fn register(call: AnyRequest, new: Register) -> Result<Registered, RequestError> {
    if call.caller.is_some() {
        return Err(RequestError::AlreadyLoggedIn);
    }
    let new = Registration {
        username: new.username,
        email: new.email,
        name: new.name,
        password: new.pass,
        secret: new.secret.or(new.secret_url),
        profile: Profile {
            reason: profile::reason(&new.reason.unwrap_or_default())?,
            ..Profile::default()
        },
        custom_fields: CustomFieldChanges::parse(new.custom_fields.unwrap_or_default())?,
    };
    let user = registration::register(&call.app, &call.origin, new).await?;
    Ok(Registered::of(&user))
}

impl Registered {
    pub(in crate::http::v1) fn of(user: &User) -> Self {
        Self {
            user: Account {
                id: user.id.clone(),
                kind: "user",
                status: StatusType::Offline,
                active: user.is_active(),
                name: user.shown_name(),
                username: user.username.clone(),
                utc_offset: 0,
            },
        }
    }
}
