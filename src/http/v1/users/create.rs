//! The endpoint `users.create` (`api.md` §5.2).

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::auth::WantedPassword;
use crate::domain::user::Activity;
use crate::domain::{CustomFieldChanges, Permission, Profile, RequestError, RoleId, Scope, StatusText, profile};
use crate::http::request::UserRequest;
use crate::http::route::Route;
use crate::ops::user_view::UserView;
use crate::ops::users::{self, NewUser};

pub(super) fn routes() -> Vec<Route> {
    vec![
        Route::post("users.create", "Create a user", create)
            .called("insertOrUpdateUser")
            .permission(Permission::CreateUser)
            .scope(Scope::UsersWrite),
    ]
}

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Create {
    email: String,
    name: String,
    username: String,
    /// Required unless `setRandomPassword` is true.
    password: Option<String>,
    active: Option<bool>,
    bio: Option<String>,
    nickname: Option<String>,
    status_text: Option<String>,
    roles: Option<Vec<String>>,
    require_password_change: Option<bool>,
    /// True for a random password that no person knows. The user can choose one with a reset link.
    set_random_password: Option<bool>,
    verified: Option<bool>,
    custom_fields: Option<Map<String, Value>>,
    /// Accepted and ignored: this server has no rooms.
    #[serde(rename = "joinDefaultChannels")]
    _join_default_channels: Option<bool>,
    /// Accepted and ignored: this server sends no mail.
    #[serde(rename = "sendWelcomeEmail")]
    _send_welcome_email: Option<bool>,
    /// Accepted and ignored: the response has all fields.
    #[serde(rename = "fields")]
    _fields: Option<String>,
    /// Accepted and ignored: this server has no telephony.
    #[serde(rename = "freeSwitchExtension")]
    _free_switch_extension: Option<String>,
}

#[derive(Serialize, JsonSchema)]
struct Created {
    user: UserView,
}

async fn create(call: UserRequest, new: Create) -> Result<Created, RequestError> {
    let random = new.set_random_password.unwrap_or_default();
    let name = users::parse_name(&new.name)?;
    let username = users::parse_username(&new.username)?;
    let password = match new.password {
        _ if random => WantedPassword::Random,
        Some(password) if !password.trim().is_empty() => WantedPassword::chosen(password),
        Some(_) => return Err(RequestError::UserFieldRequired { field: "Password" }),
        None => {
            return Err(RequestError::invalid(
                "must have required property 'password'",
                "password",
            ));
        }
    };
    let new = NewUser {
        username,
        email: Some(users::parse_email(&new.email)?),
        verified: new.verified.unwrap_or_default(),
        name: Some(name),
        password: Some(password),
        require_password_change: new.require_password_change.unwrap_or_default().then(String::new),
        roles: new
            .roles
            .unwrap_or_default()
            .iter()
            .map(|role| RoleId::new(role))
            .collect(),
        activity: if new.active == Some(false) {
            Activity::Deactivated
        } else {
            Activity::Active
        },
        profile: Profile {
            bio: profile::bio(&new.bio.unwrap_or_default())?,
            nickname: profile::nickname(&new.nickname.unwrap_or_default())?,
            ..Profile::default()
        },
        custom_fields: new.custom_fields.map(CustomFieldChanges::parse).transpose()?,
        status_text: StatusText::clean(&new.status_text.unwrap_or_default()),
    };
    let actor = call.actor();
    let user = users::create(&call.app, &actor, new)
        .await
        .map_err(RequestError::of_identity)?;
    Ok(Created {
        user: UserView::of(&call.app, &user, &actor),
    })
}
