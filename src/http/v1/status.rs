//! The endpoints that set statuses (`api.md` §6.2).

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::users::target_or_caller;
use crate::domain::user_status::SeenAt;
use crate::domain::{
    ClaimSource, CustomStatusId, Emoji, LastSeen, RequestError, RoleId, Scope, StatusText, StatusType, Timestamp,
    UserId, Username,
};
use crate::http::input::Nothing;
use crate::http::reply::Done;
use crate::http::request::UserRequest;
use crate::http::route::Route;
use crate::ops::privacy;
use crate::ops::status::{self, CLAIM_ID_CHARACTERS, NewStatus};
use crate::ops::users::{self, UserIdentifier};

pub(super) fn routes() -> Vec<Route> {
    vec![
        Route::post("users.setStatus", "Set a status", set)
            .scope(Scope::StatusWrite)
            .confirmed_by_handler(),
        Route::post("status.end", "End a status, so that the one below shows again", end)
            .scope(Scope::StatusWrite)
            .confirmed_by_handler(),
        Route::get("status.recent", "The last statuses that one set by hand", recent).scope(Scope::StatusRead),
        Route::get("presence.getPrivacy", "From whom one hides", privacy).scope(Scope::StatusRead),
        Route::post("presence.setPrivacy", "Hide from users and roles", set_privacy).scope(Scope::StatusWrite),
    ]
}

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Set {
    status: Option<StatusType>,
    /// The text. It is trimmed, control characters become spaces, and it is cut to 120 characters. A text without
    /// visible characters becomes empty.
    message: Option<String>,
    /// The moment at which the status ends, ISO 8601.
    expires_at: Option<String>,
    /// The emoji of the status. Rollcall's own.
    emoji: Option<String>,
    /// The id of a custom status, whose values are used for the fields that are absent. Rollcall's own.
    custom_user_status_id: Option<String>,
    /// The source of the status: `manual`, or `external` for a program that sets statuses for the user. Rollcall's
    /// own.
    source: Option<Source>,
    /// A name chosen by the caller, with which to end or replace the status later. Rollcall's own.
    claim_id: Option<String>,
    user_id: Option<String>,
    username: Option<String>,
    user: Option<String>,
}

#[derive(Clone, Copy, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
enum Source {
    Manual,
    External,
}

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct End {
    /// The name given when the status was set. If absent, the visible status ends.
    claim_id: Option<String>,
    user_id: Option<String>,
    username: Option<String>,
    user: Option<String>,
}

#[derive(Serialize, JsonSchema)]
struct Recent {
    statuses: Vec<RecentLine>,
}

#[derive(Serialize, JsonSchema)]
struct RecentLine {
    status: StatusType,
    message: StatusText,
    #[serde(skip_serializing_if = "Option::is_none")]
    emoji: Option<Emoji>,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct PrivacyView {
    last_seen: LastSeen,
    hide_from: HiddenFrom,
    /// The time when others last saw the user, if others may see it.
    #[serde(skip_serializing_if = "Option::is_none")]
    last_seen_at: Option<SeenAt>,
}

#[derive(Serialize, JsonSchema)]
struct HiddenFrom {
    users: Vec<HiddenUser>,
    roles: Vec<RoleId>,
}

#[derive(Serialize, JsonSchema)]
struct HiddenUser {
    #[serde(rename = "_id")]
    id: UserId,
    username: Username,
}

/// A change of the caller's privacy. Absent fields leave the settings unchanged.
#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct SetPrivacy {
    last_seen: Option<LastSeen>,
    hide_from: Option<HideFrom>,
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct HideFrom {
    /// The ids or usernames of the users to hide from.
    users: Option<Vec<String>>,
    /// The ids of the roles to hide from.
    roles: Option<Vec<String>>,
}

async fn set(call: UserRequest, new: Set) -> Result<Done, RequestError> {
    if new.status.is_none() && new.message.is_none() && new.custom_user_status_id.is_none() {
        return Err(RequestError::StatusMissing);
    }
    let moment = |text: String| Timestamp::parse(&text).ok_or(RequestError::StatusEndInvalid);
    let emoji = |text: String| Emoji::parse(&text).map_err(|error| RequestError::invalid(error.to_string(), "emoji"));
    let user = target_or_caller(&call, new.user_id, new.username, new.user)?;
    let status = NewStatus {
        status: new.status,
        text: new.message.map(|text| StatusText::clean(&text)),
        emoji: new.emoji.filter(|text| !text.is_empty()).map(emoji).transpose()?,
        expires_at: new.expires_at.map(moment).transpose()?,
        custom_status: new.custom_user_status_id.as_deref().map(CustomStatusId::new),
        source: match new.source {
            Some(Source::External) => ClaimSource::External,
            _ => ClaimSource::Manual,
        },
        id: new.claim_id.map(claim_id).transpose()?,
    };
    call.confirm_act_on(&user.id).await?;
    status::set(&call.app, &call.actor(), &user.id, status).await?;
    Ok(Done {})
}

fn claim_id(text: String) -> Result<String, RequestError> {
    match text.chars().count() {
        1..=CLAIM_ID_CHARACTERS => Ok(text),
        _ => Err(RequestError::invalid(
            format!("must have 1 to {CLAIM_ID_CHARACTERS} characters"),
            "claimId",
        )),
    }
}

async fn end(call: UserRequest, which: End) -> Result<Done, RequestError> {
    let user = target_or_caller(&call, which.user_id, which.username, which.user)?;
    call.confirm_act_on(&user.id).await?;
    status::end(&call.app, &call.actor(), &user.id, which.claim_id.as_deref()).await?;
    Ok(Done {})
}

async fn recent(call: UserRequest, _: Nothing) -> Result<Recent, RequestError> {
    let recent = status::recent(&call.app, &call.caller.user.id);
    let line = |recent: crate::domain::RecentStatus| RecentLine {
        status: recent.status,
        message: recent.text,
        emoji: recent.emoji,
    };
    Ok(Recent {
        statuses: recent.into_iter().map(line).collect(),
    })
}

async fn privacy(call: UserRequest, _: Nothing) -> Result<PrivacyView, RequestError> {
    let privacy = privacy::of(&call.app, &call.caller.user);
    let users = privacy.users.iter().map(|user| HiddenUser {
        id: user.id.clone(),
        username: user.username.clone(),
    });
    Ok(PrivacyView {
        last_seen: privacy.last_seen,
        hide_from: HiddenFrom {
            users: users.collect(),
            roles: privacy.roles,
        },
        last_seen_at: privacy.seen,
    })
}

async fn set_privacy(call: UserRequest, new: SetPrivacy) -> Result<Done, RequestError> {
    let (users, roles) = new.hide_from.map_or((None, None), |from| (from.users, from.roles));
    let find = |text: &String| {
        let found = users::find(&call.app, &[UserIdentifier::id(text), UserIdentifier::username(text)]);
        found.map(|user| user.id.clone()).ok_or(RequestError::UserNotFound)
    };
    let users: Option<Result<Vec<_>, _>> = users.map(|users| users.iter().map(find).collect());
    let roles = roles.map(|roles| roles.iter().map(|role| RoleId::new(role)).collect());
    let actor = call.actor();
    let own = &call.caller.user.id;
    privacy::set(&call.app, &actor, own, new.last_seen, users.transpose()?, roles).await?;
    Ok(Done {})
}
