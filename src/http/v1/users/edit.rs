//! Endpoints that change users and the caller's own account (`api.md` §5.4).

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::auth::{PasswordDigest, WantedPassword};
use crate::domain::{
    CustomFieldChanges, Duty, RequestError, RoleId, Scope, StatusText, StatusType, UserId, full_name, profile,
};
use crate::http::reply::Done;
use crate::http::request::UserRequest;
use crate::http::route::Route;
use crate::ops::own_profile;
use crate::ops::profile as profiles;
use crate::ops::profile_edit::ProfileEdit;
use crate::ops::user_view::UserView;
use crate::ops::users::{parse_email, parse_name, parse_username};

pub(super) fn routes() -> Vec<Route> {
    vec![
        Route::post("users.update", "Change a user", update)
            .called("insertOrUpdateUser")
            .scope(Scope::UsersWrite)
            .confirmed_by_handler(),
        Route::post("users.updateOwnBasicInfo", "Change oneself", update_own)
            .called("saveUserProfile")
            .scope(Scope::UsersWrite)
            .serves(&[Duty::ChangePassword]),
        Route::post("users.deleteOwnAccount", "Delete one's own account", delete_own).called("deleteUserOwnAccount"),
    ]
}

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Update {
    #[schemars(length(min = 1))]
    user_id: String,
    data: UpdateData,
    /// Accepted and ignored: this server has no rooms.
    #[serde(rename = "confirmRelinquish")]
    _confirm_relinquish: Option<bool>,
}

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct UpdateData {
    email: Option<String>,
    name: Option<String>,
    /// The first name. `firstName` and `lastName` replace `name`.
    first_name: Option<String>,
    last_name: Option<String>,
    password: Option<String>,
    username: Option<String>,
    bio: Option<String>,
    nickname: Option<String>,
    status_text: Option<String>,
    status: Option<StatusType>,
    active: Option<bool>,
    roles: Option<Vec<String>>,
    require_password_change: Option<bool>,
    verified: Option<bool>,
    /// The custom fields to change. Null removes a field; other fields are unchanged.
    custom_fields: Option<Map<String, Value>>,
    /// True for a random password that no person knows.
    set_random_password: Option<bool>,
    /// Accepted and ignored: this server sends no mail.
    #[serde(rename = "sendWelcomeEmail")]
    _send_welcome_email: Option<bool>,
    /// Accepted and ignored: this server has no telephony.
    #[serde(rename = "freeSwitchExtension")]
    _free_switch_extension: Option<String>,
}

#[derive(Serialize, JsonSchema)]
struct Updated {
    user: UserView,
}

/// Parses a name that came as a whole or in two parts. The parts are also checked separately.
fn name(
    whole: Option<String>,
    first: Option<String>,
    last: Option<String>,
) -> Result<Option<crate::domain::DisplayName>, RequestError> {
    match (whole, first, last) {
        (whole, None, None) => whole.map(|whole| parse_name(&whole)).transpose(),
        (_, first, last) => full_name::full_name(&first.unwrap_or_default(), &last.unwrap_or_default()).map(Some),
    }
}

async fn update(call: UserRequest, new: Update) -> Result<Updated, RequestError> {
    if new.user_id.is_empty() {
        return Err(RequestError::invalid("must NOT have fewer than 1 characters", "userId"));
    }
    let data = new.data;
    let random = data.set_random_password.unwrap_or_default();
    let edit = ProfileEdit {
        username: data.username.map(|text| parse_username(&text)).transpose()?,
        email: data.email.map(|text| parse_email(&text)).transpose()?,
        verified: data.verified,
        name: name(data.name, data.first_name, data.last_name)?,
        password: if random {
            Some(WantedPassword::Random)
        } else {
            data.password.map(WantedPassword::chosen)
        },
        require_password_change: data.require_password_change,
        roles: data
            .roles
            .map(|roles| roles.iter().map(|role| RoleId::new(role)).collect()),
        active: data.active,
        bio: data.bio.map(|text| profile::bio(&text)).transpose()?,
        nickname: data.nickname.map(|text| profile::nickname(&text)).transpose()?,
        status: data.status,
        status_text: data.status_text.map(|text| StatusText::clean(&text)),
        custom_fields: CustomFieldChanges::parse_update(data.custom_fields)?,
    };
    let actor = call.actor();
    let user = profiles::update(
        &call.app,
        &call.caller,
        &UserId::new(&new.user_id),
        edit,
        call.code.clone(),
    )
    .await
    .map_err(RequestError::of_identity)?;
    Ok(Updated {
        user: UserView::of(&call.app, &user, &actor),
    })
}

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct UpdateOwn {
    data: OwnData,
    /// The custom fields to change. Null removes a field; other fields are unchanged.
    custom_fields: Option<Map<String, Value>>,
}

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct OwnData {
    email: Option<String>,
    name: Option<String>,
    /// The first name. `firstName` and `lastName` replace `name`.
    first_name: Option<String>,
    last_name: Option<String>,
    username: Option<String>,
    nickname: Option<String>,
    bio: Option<String>,
    status_type: Option<StatusType>,
    status_text: Option<String>,
    /// The lower-case hexadecimal SHA-256 of the current password.
    current_password: Option<String>,
    new_password: Option<String>,
}

#[derive(Serialize, JsonSchema)]
struct Saved {
    user: UserView,
    /// A text for the user interface.
    message: &'static str,
}

async fn update_own(call: UserRequest, new: UpdateOwn) -> Result<Saved, RequestError> {
    let data = new.data;
    let edit = ProfileEdit {
        username: data
            .username
            .map(|text| {
                parse_username(&text).map_err(|error| match error {
                    // Rocket.Chat has no error text for a name that is too long.
                    RequestError::InvalidParams { .. } => error,
                    _ => RequestError::IdentityNotSaved,
                })
            })
            .transpose()?,
        email: data.email.map(|text| parse_email(&text)).transpose()?,
        name: name(data.name, data.first_name, data.last_name)?,
        password: data
            .new_password
            .filter(|password| !password.is_empty())
            .map(WantedPassword::chosen),
        bio: data.bio.map(|text| profile::bio(&text)).transpose()?,
        nickname: data.nickname.map(|text| profile::nickname(&text)).transpose()?,
        status: data.status_type,
        status_text: data.status_text.map(|text| StatusText::clean(&text)),
        custom_fields: CustomFieldChanges::parse_update(new.custom_fields)?,
        ..ProfileEdit::default()
    };
    let actor = call.actor();
    let user = own_profile::update(&call.app, &call.caller, edit, data.current_password, call.code).await?;
    Ok(Saved {
        user: UserView::of(&call.app, &user, &actor),
        message: "Your profile has been successfully updated.",
    })
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct DeleteOwn {
    /// The lower-case hexadecimal SHA-256 of the password.
    password: String,
    /// Accepted and ignored: this server has no rooms.
    #[serde(rename = "confirmRelinquish")]
    _confirm_relinquish: Option<bool>,
}

async fn delete_own(call: UserRequest, given: DeleteOwn) -> Result<Done, RequestError> {
    let digest = PasswordDigest::presented(&given.password);
    own_profile::delete(&call.app, &call.caller, digest).await?;
    Ok(Done {})
}
