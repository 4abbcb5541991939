//! Methods for logins and profiles.

use serde_json::{Map, Value, json};

use super::credentials::credentials;
use super::message::date;
use super::params::{Object, Params};
use super::{Context, LoginChange, Method, MethodAnswer, Outcome, method};
use crate::auth::WantedPassword;
use crate::domain::scope::RequiredScope;
use crate::domain::{
    CustomFieldChanges, DisplayName, Duty, Email, Profile, RequestError, Scope, StatusText, StatusType, Timestamp,
    Username, profile,
};
use crate::ops::login::{self, Credentials};
use crate::ops::profile as profiles;
use crate::ops::profile_edit::ProfileEdit;
use crate::ops::registration::{self, Registration};
use crate::ops::user_view::Suggestion;
use crate::ops::{avatars, own_profile, suggestions, tokens, two_factor, usernames};

pub(super) const METHODS: &[Method] = &[
    method!("login", RequiredScope::Any, log_in).serves(Duty::ALL),
    method!("logout", RequiredScope::Any, log_out).serves(Duty::ALL),
    method!("saveUserProfile", RequiredScope::Scope(Scope::UsersWrite), save_profile).serves(&[Duty::ChangePassword]),
    method!(
        "saveUserPreferences",
        RequiredScope::Scope(Scope::UsersWrite),
        save_preferences
    ),
    method!(
        "getUsernameSuggestion",
        RequiredScope::Scope(Scope::UsersRead),
        suggest_username
    ),
    method!("resetAvatar", RequiredScope::Scope(Scope::UsersWrite), reset_avatar),
    method!("setUsername", RequiredScope::Scope(Scope::UsersWrite), set_username),
    method!(
        "userSetUtcOffset",
        RequiredScope::Scope(Scope::UsersWrite),
        set_utc_offset
    ),
    method!("registerUser", RequiredScope::Any, register_user).serves(Duty::ALL),
    method!(
        "setAvatarFromService",
        RequiredScope::Scope(Scope::UsersWrite),
        set_avatar
    ),
    method!("spotlight", RequiredScope::Scope(Scope::UsersRead), spotlight),
];

/// The date that clients get for a token without expiry: the year 2100.
const END_OF_TIME: Timestamp = Timestamp::from_millis(4_102_444_800_000);

/// Handles the method `login({user, password} | {resume} | {totp})`.
async fn log_in(context: Context<'_>, mut params: Params) -> Outcome {
    let credentials = credentials(params.object()?.0)?;
    let kind = match credentials {
        Credentials::Password { .. } => "password",
        Credentials::Resume(_) => "resume",
    };
    let begun = login::login(context.app, context.origin, credentials).await?;
    let result = json!({
        "id": begun.user.id,
        "token": begun.token.expose(),
        // Clients require a date, even for a token that never expires.
        "tokenExpires": date(begun.expires_at.unwrap_or(END_OF_TIME)),
        "type": kind,
    });
    Ok(MethodAnswer {
        result: Some(result),
        login: Some(LoginChange::Begun(begun)),
    })
}

async fn log_out(context: Context<'_>, _: Params) -> Outcome {
    if let Some(caller) = context.caller {
        tokens::logout(context.app, caller).await?;
    }
    Ok(MethodAnswer {
        result: None,
        login: Some(LoginChange::Ended),
    })
}

/// Handles the method `saveUserProfile({email, username, realname, newPassword, …}, customFields)`.
async fn save_profile(context: Context<'_>, mut params: Params) -> Outcome {
    let caller = context.caller()?;
    let mut fields = params.object()?;
    let custom_fields = params.object()?.0;
    let edit = edit(&mut fields, custom_fields)?;
    let current = fields.text("typedPassword")?.filter(|text| !text.is_empty());
    let code = context.code.cloned();
    own_profile::update(context.app, caller, edit, current, code).await?;
    Ok(MethodAnswer::of(json!(true)))
}

/// Handles the method `saveUserPreferences(preferences)`.
async fn save_preferences(context: Context<'_>, mut params: Params) -> Outcome {
    let actor = context.actor()?;
    let id = &context.caller()?.user.id;
    profiles::set_preferences(context.app, &actor, id, params.object()?.0).await?;
    Ok(MethodAnswer::of(json!(true)))
}

async fn suggest_username(context: Context<'_>, _: Params) -> Outcome {
    let caller = context.caller()?;
    Ok(MethodAnswer::of(json!(usernames::suggest(context.app, &caller.user))))
}

/// Handles the method `resetAvatar(userId?)`.
async fn reset_avatar(context: Context<'_>, mut params: Params) -> Outcome {
    let actor = context.actor()?;
    let caller = context.caller()?;
    let id = caller.own_or(params.text()?);
    two_factor::require_for_other(context.app, caller, &id, context.code.cloned()).await?;
    avatars::reset(context.app, &actor, &id).await?;
    Ok(MethodAnswer::NOTHING)
}

/// Handles the method `setAvatarFromService(dataURI, contentType?, service?, userId?)`. Nothing is downloaded from a
/// service.
async fn set_avatar(context: Context<'_>, mut params: Params) -> Outcome {
    let caller = context.caller()?;
    let url = params.required_text()?;
    // The type of the image is detected from its bytes, and the service is ignored.
    let (_content_type, _service) = (params.text()?, params.text()?);
    let id = caller.own_or(params.text()?);
    let bytes = avatars::of_data_url(&url, "params.0")?;
    two_factor::require_for_other(context.app, caller, &id, context.code.cloned()).await?;
    avatars::set(context.app, &context.actor()?, &id, bytes).await?;
    Ok(MethodAnswer::NOTHING)
}

/// Handles the method `registerUser({username, email, pass, name?, secretURL?, reason?, customFields?})`. The result
/// is the new user's id.
/// id.
async fn register_user(context: Context<'_>, mut params: Params) -> Outcome {
    if context.caller.is_some() {
        return Err(RequestError::AlreadyLoggedIn);
    }
    let mut form = params.object()?;
    let new = Registration {
        username: form.required_text("username")?,
        email: form.required_text("email")?,
        name: form.text("name")?,
        password: form.required_text("pass")?,
        secret: form.text("secretURL")?,
        profile: Profile {
            reason: profile::reason(&form.text("reason")?.unwrap_or_default())?,
            ..Profile::default()
        },
        custom_fields: CustomFieldChanges::parse(form.object("customFields")?)?,
    };
    registration::admit(context.app, context.origin)?;
    let user = registration::register(context.app, context.origin, new).await?;
    Ok(MethodAnswer::of(json!(user.id)))
}

/// Handles the method `setUsername(username)`.
async fn set_username(context: Context<'_>, mut params: Params) -> Outcome {
    let caller = context.caller()?;
    let text = params.required_text()?;
    let username = Username::parse(&text).map_err(|error| error.or(RequestError::IdentityNotSaved))?;
    let edit = ProfileEdit {
        username: Some(username),
        ..ProfileEdit::default()
    };
    let user = own_profile::update(context.app, caller, edit, None, context.code.cloned()).await?;
    Ok(MethodAnswer::of(json!(user.username)))
}

/// Handles the method `userSetUtcOffset(hours)`.
async fn set_utc_offset(context: Context<'_>, mut params: Params) -> Outcome {
    let actor = context.actor()?;
    let id = &context.caller()?.user.id;
    let changes = Map::from_iter([("utcOffset".to_owned(), params.required()?)]);
    profiles::set_preferences(context.app, &actor, id, changes).await?;
    Ok(MethodAnswer::NOTHING)
}

/// Handles the method `spotlight(text)`, which finds users, and never rooms, since there are none.
async fn spotlight(context: Context<'_>, mut params: Params) -> Outcome {
    let actor = context.actor()?;
    let found = suggestions::spotlight(context.app, &actor, &params.required_text()?);
    let users: Vec<_> = found.iter().map(Suggestion::from).collect();
    Ok(MethodAnswer::of(json!({"users": users, "rooms": []})))
}

fn edit(fields: &mut Object, custom_fields: Map<String, Value>) -> Result<ProfileEdit, RequestError> {
    let mut given = |name: &str| Ok::<_, RequestError>(fields.text(name)?.filter(|text| !text.is_empty()));
    let username = |text: String| Username::parse(&text).map_err(|error| error.or(RequestError::IdentityNotSaved));
    let email = |text: String| Email::parse(&text).map_err(|_| RequestError::EmailInvalid);
    let name = |text: String| DisplayName::parse(&text).map_err(RequestError::from);
    let status = |text: String| text.parse::<StatusType>().map_err(|_| RequestError::StatusWordInvalid);
    Ok(ProfileEdit {
        username: given("username")?.map(username).transpose()?,
        email: given("email")?.map(email).transpose()?,
        name: given("realname")?.map(name).transpose()?,
        password: given("newPassword")?.map(WantedPassword::chosen),
        status: given("statusType")?.map(status).transpose()?,
        status_text: fields.text("statusText")?.map(|text| StatusText::clean(&text)),
        bio: fields.text("bio")?.map(|text| profile::bio(&text)).transpose()?,
        nickname: fields
            .text("nickname")?
            .map(|text| profile::nickname(&text))
            .transpose()?,
        custom_fields: CustomFieldChanges::parse_update(Some(custom_fields))?,
        ..ProfileEdit::default()
    })
}
